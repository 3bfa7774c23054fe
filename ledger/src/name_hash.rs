//! Maps by names that are hashes or random ids already: of keys, threads, tokens.
//!
//! Such names need no strong hash of their own, but a secret one. Authors choose the ids of their threads, and could choose
//! many that all meet in one place of a map that takes the names as they are; what is mixed in here is drawn anew for each
//! map, so that nobody knows what would meet.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A map by names.
pub type NameMap<K, V> = HashMap<K, V, NameHashing>;

/// An odd number without a pattern (the golden ratio's digits).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes the hashers of one map.
#[derive(Clone)]
pub struct NameHashing(u64);

impl Default for NameHashing {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for NameHashing {
    type Hasher = NameHasher;

    fn build_hasher(&self) -> NameHasher {
        NameHasher(self.0)
    }
}

/// Hashes one name, and the few small things that may stand beside it.
pub struct NameHasher(u64);

impl NameHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(SPREAD);
        let halves = product.to_le_bytes();
        let half = |at: usize| halves[at..].first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
        self.0 = half(0) ^ half(8);
    }
}

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_usize(&mut self, _: usize) {} // the length of a name, always the same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_alike_spread_and_do_so_otherwise_in_each_map() {
        let hashings = [NameHashing::default(), NameHashing::default()];
        let name = |number: u32| [[0; 12].as_slice(), &number.to_le_bytes()].concat();
        let places = |hashing: &NameHashing| -> Vec<u64> {
            let place = |number| {
                let mut hasher = hashing.build_hasher();
                hasher.write(&name(number));
                hasher.write(&[1]);
                hasher.finish() % 4_096
            };
            (0..4_096).map(place).collect()
        };
        let [first, second] = hashings.each_ref().map(places);
        for places in [&first, &second] {
            let met: std::collections::BTreeSet<&u64> = places.iter().collect();
            assert!(met.len() > 2_000, "4,096 names fall on {} places", met.len());
        }
        assert_ne!(first, second, "who knows one map knows nothing of another");
    }
}

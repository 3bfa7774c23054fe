//! A Bloom filter over keys: says of most keys that are not there that they are not.
//!
//! Keys begin with a table and the 16 bytes of a hash, or 17 of a token; those decide, so that it answers for all
//! keys that begin alike, too.

use crate::store::Table;

/// Bits for each key.
const BITS_EACH: usize = 10;
/// How many bits stand for a key.
const PROBES: u32 = 6;
/// What decides in most tables, with the table's own byte.
const GROUP_BYTES: usize = 1 + 16;

/// The filter.
pub(super) struct Filter {
    words: Vec<u64>,
}

fn group(key: &[u8]) -> Option<&[u8]> {
    let len = if key.first() == Some(&(Table::Tokens as u8)) { GROUP_BYTES + 1 } else { GROUP_BYTES };
    key.get(..len)
}

/// Which bits stand for a group, of so many. Its last 16 bytes are a hash already.
fn bits(group: &[u8], count: u64) -> impl Iterator<Item = u64> {
    let half = |at: usize| {
        let bytes = group.get(group.len() - at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let table = u64::from(group[0]).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (start, step) = (half(16) ^ table, half(8) | 1);
    (0..u64::from(PROBES)).map(move |probe| start.wrapping_add(step.wrapping_mul(probe)) % count)
}

impl Filter {
    /// Room for so many keys.
    pub(super) fn with_room(keys: usize) -> Self {
        Self { words: vec![0; (keys * BITS_EACH).div_ceil(64).max(1)] }
    }

    fn count(&self) -> u64 {
        self.words.len() as u64 * 64
    }

    /// Adds a key.
    pub(super) fn add(&mut self, key: &[u8]) {
        let Some(group) = group(key) else { return };
        for bit in bits(group, self.count()) {
            self.words[usize::try_from(bit / 64).unwrap_or(0)] |= 1 << (bit % 64);
        }
    }

    /// False if the key is not there, nor any that begins so.
    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        let holds = |bit: u64| self.words[usize::try_from(bit / 64).unwrap_or(0)] >> (bit % 64) & 1 == 1;
        group(key).is_none_or(|group| bits(group, self.count()).all(holds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_never_denied_and_most_of_the_rest_is() {
        let key = |number: u32| {
            let hash = vandel_core::hash::sha256(&[&number.to_be_bytes()]);
            [&[Table::Pieces as u8][..], &hash.0[..16]].concat()
        };
        let mut filter = Filter::with_room(10_000);
        (0..10_000).for_each(|number| filter.add(&key(number)));
        assert!((0..10_000).all(|number| filter.may_hold(&key(number))));
        let wrong = (10_000..110_000).filter(|number| filter.may_hold(&key(*number))).count();
        assert!(wrong < 3_000, "{wrong} of 100,000 keys that are not there seem to be");
        assert!(filter.may_hold(b"\x01short"), "too short to be told");
    }
}

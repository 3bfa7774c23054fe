//! Data keys in memory, by their names, and looking up many at once.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use super::seal::{DataKey, KeyId};
use super::{Vault, VaultError};

/// Keys by their names.
pub(super) type Keys = HashMap<KeyId, DataKey, NameHashing>;

/// An odd number without a pattern (the golden ratio's digits).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Names are hashes already. What is mixed in is drawn anew in each process, so that nobody can choose names that all
/// meet in one place.
#[derive(Clone)]
pub(super) struct NameHashing(u64);

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

/// Hashes one name.
pub(super) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, name: &[u8]) {
        for word in name.as_chunks::<8>().0 {
            let product = u128::from(self.0 ^ u64::from_le_bytes(*word)) * u128::from(SPREAD);
            let halves = product.to_le_bytes();
            let half = |at: usize| halves[at..].first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
            self.0 = half(0) ^ half(8);
        }
    }

    fn write_usize(&mut self, _: usize) {} // the length of a name, always the same
}

impl Vault {
    /// The keys with these names, as [`Vault::key`] gives them. Names lie anywhere in memory, and a processor that looks for
    /// several at once waits for all of them together.
    ///
    /// # Errors
    /// If a shard can't be read.
    pub fn keys(&self, names: &[KeyId]) -> Result<Vec<Option<DataKey>>, VaultError> {
        let found: Vec<Option<&DataKey>> = names.iter().map(|name| self.segment.keys.get(name)).collect();
        let pairs = names.iter().zip(found);
        pairs.map(|(name, found)| found.map_or_else(|| self.key(name), |key| Ok(Some(key.clone())))).collect()
    }
}

//! Data keys in memory, by their names, and looking up many at once.

use super::seal::{DataKey, KeyId};
use super::shards::find_keys;
use super::{Vault, VaultError};
use crate::name_hash::NameMap;

/// Keys by their names.
pub(super) type Keys = NameMap<KeyId, DataKey>;

impl Vault {
    /// The keys with these names, as [`Vault::key`] gives them. Names lie anywhere in memory, and a processor that looks for
    /// several at once waits for all of them together.
    ///
    /// # Errors
    /// If a shard can't be read.
    pub fn keys(&self, names: &[KeyId]) -> Result<Vec<Option<DataKey>>, VaultError> {
        let found: Vec<Option<&DataKey>> = names.iter().map(|name| self.segment.keys.get(name)).collect();
        let mut keys: Vec<Option<DataKey>> = found.into_iter().map(|found| found.cloned()).collect();
        let missing: Vec<usize> = (0..keys.len()).filter(|at| keys[*at].is_none()).collect();
        let shards = self.shards_at_hand(missing.iter().map(|at| &names[*at]));
        let in_shards = shards.iter().zip(&missing).map(|(shard, at)| {
            let keys = shard.as_ref().map_or(&[][..], |shard| shard.as_slice());
            (keys, &names[*at])
        });
        let in_shards = find_keys(in_shards);
        for ((at, shard), key) in missing.into_iter().zip(&shards).zip(in_shards) {
            keys[at] = if shard.is_some() { key } else { self.key(&names[at])? };
        }
        Ok(keys)
    }
}

//! Data keys in memory, by their names, and looking up many at once.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::open_shard::OpenShard;
use super::seal::{DataKey, KeyId};
use super::shards::{index_u32, shard_of};
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
        let at_hand = self.keys_at_hand(missing.iter().map(|at| &names[*at]));
        for (at, found) in missing.into_iter().zip(at_hand) {
            keys[at] = found.map_or_else(|| self.key(&names[at]), Ok)?;
        }
        Ok(keys)
    }

    /// The keys with these names, as far as their shards are in memory whole. Others may wait for as long as that takes,
    /// which is less than a shard for each name lent and given back would.
    fn keys_at_hand<'n>(&self, names: impl Iterator<Item = &'n KeyId>) -> Vec<Option<Option<DataKey>>> {
        if !self.keeps_shards.load(Relaxed) {
            return names.map(|_| None).collect();
        }
        let (caches, now) = (self.caches(), Instant::now());
        let shards: Vec<Option<(&OpenShard, &KeyId)>> = names
            .map(|name| {
                let number = shard_of(name, self.manifest.shards.len());
                let page = self.manifest.shards[number].as_ref()?;
                Some((&**caches.shards.get_at(index_u32(number), page.generation, now)?, name))
            })
            .collect();
        let found = OpenShard::find_all(shards.iter().copied());
        shards.iter().zip(found).map(|(shard, found)| shard.map(|_| found)).collect()
    }
}

//! Data keys in memory, by their names, and looking up many at once.

use super::seal::{DataKey, KeyId};
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
        let pairs = names.iter().zip(found);
        pairs.map(|(name, found)| found.map_or_else(|| self.key(name), |key| Ok(Some(key.clone())))).collect()
    }
}

//! What of the vault goes into a backup, and which keys some records use.

use std::collections::BTreeSet;

use super::bundle::file_name;
use super::open::overwrite_name;
use super::page::PageName;
use super::{KeyId, Vault, VaultError};

/// The names of the files that a copy of the vault needs, in the two halves of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupSet {
    /// Sealed content: bundles, ascending, and the directory of names.
    pub data: Vec<String>,
    /// What opens it under the root: the manifest and the pages it reaches.
    pub keys: Vec<String>,
}

impl Vault {
    /// The files that the present root reaches. Bundles that are being written come in order, so that only the
    /// last of them can be cut short by a copy.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn backup_set(&self) -> Result<BackupSet, VaultError> {
        let names = self.disk.list(&self.folder).map_err(VaultError::io("(folder)"))?;
        let number = |name: &String| name.strip_prefix("bundle-")?.parse::<u32>().ok();
        let mut bundles: Vec<u32> = names.iter().filter_map(number).collect();
        bundles.sort_unstable();
        let mut set = BackupSet {
            data: bundles.into_iter().map(file_name).collect(),
            keys: self.reachable().iter().map(PageName::file).collect(),
        };
        set.data.extend(names.iter().filter(|name| *name == "names").cloned());
        // What a rotation has still to overwrite is finished by whoever opens the copy.
        let waits = overwrite_name(self.epoch());
        set.keys.extend(names.iter().filter(|name| **name == waits).cloned());
        Ok(set)
    }

    /// The names of all keys that sealed a part of these records and are still there.
    ///
    /// # Errors
    /// If an index can't be read.
    pub fn keys_in(&self, records: &BTreeSet<u64>) -> Result<BTreeSet<KeyId>, VaultError> {
        let mut bundles: BTreeSet<usize> =
            records.iter().filter_map(|record| self.folded_bundle_of(*record)).collect();
        bundles.extend(self.segment.indexes.keys().map(|number| *number as usize));
        let mut keys = BTreeSet::new();
        for number in bundles {
            let index = self.index_of(number)?;
            for (_, parts) in index.iter().filter(|(entry, _)| records.contains(&entry.record)) {
                keys.extend(parts.iter().filter_map(|part| part.key));
            }
        }
        Ok(keys)
    }
}

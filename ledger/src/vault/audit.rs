//! What can be shown about a vault from its files and the root alone, and about copies of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use vandel_core::hash::Hash;

use super::bundle::{self, FoundHead, Place};
use super::open_shard::find_key;
use super::page::{PageKind, PageName, open_blob};
use super::root_cell::{decode_root, kind_of};
use super::seal::{DataKey, KeyId, part_binding};
use super::shards::{ids_in, index_u32};
use super::{Part, RootCellKind, Vault, VaultError};
use crate::disk::{Disk, read_all};

/// What the root reaches now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultAudit {
    /// The root's epoch.
    pub epoch: u64,
    /// The SHA-256 of its manifest.
    pub manifest: Hash,
    /// How the root is held.
    pub root_cell: Option<RootCellKind>,
    /// Every data key that the root reaches. A key that is not here is gone.
    pub keys: BTreeSet<KeyId>,
    /// Records of which every part opens.
    pub records_open: u64,
    /// Records of which some parts open and the others are erased.
    pub records_partly_erased: u64,
    /// Records of which every part is erased.
    pub records_erased: u64,
    /// Records with a part that should open and does not, or whose index can't be read.
    pub records_damaged: u64,
    /// What is damaged, in words that name files and records.
    pub damage: BTreeSet<String>,
    /// What each of the other blobs gave away.
    pub blobs: Vec<BlobFinding>,
}

/// What a blob from anywhere (a backup, a found disk) yields to whoever holds the present root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobFinding {
    /// Where it was.
    pub path: PathBuf,
    /// What its header says it is: `page`, `bundle`, `root-cell`, `sealed-root-cell` or `unknown`.
    pub looks_like: &'static str,
    /// For a root that lies open: its epoch. One before the present one opens, in old copies, what has been
    /// erased since.
    pub root_epoch: Option<u64>,
    /// Whether the root, or any key that it reaches, opens it.
    pub opens: bool,
    /// Data keys it yields that the root does not reach. Anything but zero undoes an erasure.
    pub forgotten_keys: u64,
    /// Erased parts in it that a reachable key opens. Anything but zero undoes an erasure.
    pub erased_parts_opened: u64,
}

impl BlobFinding {
    /// Whether it undoes an erasure, together with what is at hand or with an old copy.
    #[must_use]
    pub fn undoes_erasure(&self, present: u64) -> bool {
        let old_root = self.root_epoch.is_some_and(|epoch| epoch < present);
        old_root || self.forgotten_keys > 0 || self.erased_parts_opened > 0
    }
}

impl Vault {
    /// Reads everything, checks every page's hash and every part's seal, and tries all keys at hand on
    /// `extra_blobs`. Erased parts found in them are tried with every data key: allow for half a
    /// microsecond for each pair of part and key.
    pub fn audit(&self, extra_blobs: &[PathBuf]) -> Result<VaultAudit, VaultError> {
        self.audit_on(&*self.disk, extra_blobs)
    }

    /// The same, where the copies lie on another disk than the vault, such as one that shows a backup's files whole.
    ///
    /// # Errors
    /// As [`Vault::audit`].
    pub fn audit_on(&self, disk: &dyn Disk, extra_blobs: &[PathBuf]) -> Result<VaultAudit, VaultError> {
        let mut audit = VaultAudit {
            epoch: self.epoch(),
            manifest: self.manifest_hash,
            root_cell: Some(self.root_cell()),
            ..VaultAudit::default()
        };
        let keys = self.all_keys(&mut audit);
        audit.keys = keys.iter().map(|(id, _)| *id).collect();
        self.audit_records(&mut audit);
        for path in extra_blobs {
            let finding = self.try_blob(disk, path, &keys, &audit.keys)?;
            audit.blobs.push(finding);
        }
        Ok(audit)
    }

    /// How many erased parts of these records open, where their bytes still lie, under any data key that the
    /// root reaches: none, if they are gone.
    ///
    /// # Errors
    /// If an index or a bundle can't be read.
    pub fn try_all_keys(&self, records: &[u64]) -> Result<u64, VaultError> {
        let keys = self.all_keys(&mut VaultAudit::default());
        let bundles: BTreeSet<usize> =
            records.iter().filter_map(|record| self.folded_bundle_of(*record)).collect();
        let mut opened = 0;
        for number in bundles {
            let name = bundle::file_name(index_u32(number));
            let blob = match read_all(&*self.disk, &self.folder.join(&name)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other.map_err(VaultError::io(name))?,
            };
            opened += self.try_erased_parts(&blob, index_u32(number), &keys)?;
        }
        Ok(opened)
    }

    fn all_keys(&self, audit: &mut VaultAudit) -> Vec<(KeyId, DataKey)> {
        let mut keys: Vec<_> = self.segment.keys.iter().map(|(id, key)| (*id, key.clone())).collect();
        for number in 0..self.manifest.shards.len() {
            // The cache is passed by: an audit says what is on the disk, not what was.
            let Some(page) = &self.manifest.shards[number] else { continue };
            match self.read_page(PageKind::Shard, index_u32(number), page) {
                Ok(shard) => keys.extend(ids_in(&shard).filter_map(|id| Some((id, find_key(&shard, &id)?)))),
                Err(error) => {
                    audit.damage.insert(error.to_string());
                }
            }
        }
        keys
    }

    fn audit_records(&self, audit: &mut VaultAudit) {
        self.clear_caches();
        for opened in self.records(0) {
            let opened = match opened {
                Ok(opened) => opened,
                Err(error) => {
                    audit.records_damaged += 1;
                    audit.damage.insert(error.to_string());
                    continue;
                }
            };
            let has = |wanted: fn(&Part) -> bool| opened.parts.iter().any(|(_, part)| wanted(part));
            if has(|part| *part == Part::Damaged) {
                audit.records_damaged += 1;
                audit
                    .damage
                    .insert(format!("record {} has a part that does not open under its key", opened.record));
            } else if !has(|part| *part == Part::Erased) {
                audit.records_open += 1;
            } else if has(|part| matches!(part, Part::Open(_))) {
                audit.records_partly_erased += 1;
            } else {
                audit.records_erased += 1;
            }
        }
    }

    fn try_blob(
        &self,
        disk: &dyn Disk,
        path: &Path,
        keys: &[(KeyId, DataKey)],
        reachable: &BTreeSet<KeyId>,
    ) -> Result<BlobFinding, VaultError> {
        let blob = read_all(disk, path)
            .map_err(|source| VaultError::Io { file: path.display().to_string(), source })?;
        let mut finding = BlobFinding {
            path: path.to_owned(),
            looks_like: "unknown",
            root_epoch: None,
            opens: false,
            forgotten_keys: 0,
            erased_parts_opened: 0,
        };
        match kind_of(&blob) {
            Some(RootCellKind::File) => {
                finding.looks_like = "root-cell";
                finding.root_epoch = decode_root(&blob).ok().map(|root| root.epoch);
            }
            Some(RootCellKind::SealedFile) => finding.looks_like = "sealed-root-cell",
            None => {}
        }
        let mut yielded = BTreeSet::new();
        if let Some(name) = PageName::of_blob(&blob) {
            finding.looks_like = "page";
            for key in self.page_keys()? {
                let Some(plaintext) = open_blob(&blob, &self.ledger, name, &key) else { continue };
                finding.opens = true;
                if name.kind == PageKind::Shard {
                    yielded.extend(ids_in(&plaintext));
                }
            }
        }
        let heads = bundle::heads_in(&blob);
        if let Some(first) = heads.first() {
            finding.looks_like = "bundle";
            finding.erased_parts_opened = self.try_erased_parts(&blob, first.bundle, keys)?;
        }
        for FoundHead { bundle, offset, sequence, sealed } in heads {
            for key in self.page_keys()? {
                let place = Place { ledger: &self.ledger, bundle, offset, sequence, segment_key: &key };
                if let Some(head) = bundle::open_head(sealed, &place) {
                    finding.opens = true;
                    yielded.extend(head.keys.iter().map(|(id, _)| *id));
                }
            }
        }
        finding.forgotten_keys = yielded.difference(reachable).count() as u64;
        Ok(finding)
    }

    /// The root, the segment's key and the key of every page.
    fn page_keys(&self) -> Result<Vec<DataKey>, VaultError> {
        let mut keys = vec![self.manifest.segment_key.clone()];
        keys.extend(self.cell.load()?.map(|root| root.key));
        let indexes = self.manifest.bundles.iter().filter_map(|bundle| bundle.index.as_ref());
        let pages = self.manifest.shards.iter().flatten().chain(indexes);
        keys.extend(pages.map(|page| page.key.clone()));
        Ok(keys)
    }

    /// How many erased parts of a bundle open, in this copy of it, under any key that is left.
    fn try_erased_parts(
        &self,
        blob: &[u8],
        number: u32,
        keys: &[(KeyId, DataKey)],
    ) -> Result<u64, VaultError> {
        let index = self.index_of(number as usize)?;
        let mut opened = 0;
        for (entry, parts) in index.iter() {
            for part in parts.iter().filter(|part| part.key.is_none()) {
                let end = part.offset as usize + part.len as usize;
                let Some(sealed) = blob.get(part.offset as usize..end) else { continue };
                if sealed.iter().all(|byte| *byte == 0) {
                    continue;
                }
                let opens = keys.par_iter().any(|(id, key)| {
                    let binding = part_binding(&self.ledger, entry.record, &entry.statement, part.slot, id);
                    key.open(&binding, sealed).is_some()
                });
                opened += u64::from(opens);
            }
        }
        Ok(opened)
    }
}

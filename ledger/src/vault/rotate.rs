//! Rotation: how the vault forgets, and how it folds the open segment.
//!
//! The order is written once, in [`Vault::rotate`].

use std::collections::BTreeSet;

use vandel_core::hash::{Hash, sha256};

use super::bundle::{self, Span};
use super::coming::Unwritten;
use super::index::{Index, IndexPart};
use super::manifest::Manifest;
use super::open::overwrite_name;
use super::page::{self, PageKind, PageName};
use super::root_cell::{Root, RootCellError, RootCellKind};
use super::seal::{DataKey, KeyId};
use super::{Segment, Vault, VaultError};

/// What an erasure can show for itself. It names no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureEvidence {
    /// The epoch of the root from which the destroyed keys are no longer reachable.
    pub epoch: u64,
    /// How the root is held, and so how surely the old one is gone ([`RootCellKind::assurance`]).
    pub root_cell: RootCellKind,
    /// The SHA-256 of the manifest of that epoch.
    pub manifest: Hash,
    /// How many keys this call destroyed.
    pub keys_destroyed: u64,
    /// How many of the keys asked for are not reachable now: all of them, whoever destroyed them.
    pub keys_absent: u64,
    /// How many sealed parts this call overwrote with zeros.
    pub parts_overwritten: u64,
}

/// What a rotation leaves out.
pub(super) struct Change<'a> {
    pub(super) keys: &'a BTreeSet<KeyId>,
    records: &'a BTreeSet<u64>,
    pub(super) destroy_from: Option<u64>,
    /// The least epoch that the rotation leads to.
    epoch: u64,
}

impl Vault {
    /// Destroys keys, and overwrites what they sealed in these records. The records tell where the
    /// parts lie, so that no index has to be searched: a part in a record not named is unreadable
    /// too, but keeps its bytes and its key's id (and shows as damaged should that id get a new key,
    /// so name all). Idempotent: when nothing is left to do, the
    /// evidence is that of the present root.
    ///
    /// A crash before the commit leaves everything as it was; one after it leaves bytes to overwrite,
    /// of which nobody holds the key, and the next opening does that.
    pub fn erase(
        &mut self,
        keys: &BTreeSet<KeyId>,
        records: &BTreeSet<u64>,
    ) -> Result<ErasureEvidence, VaultError> {
        self.check_writer()?;
        let change = Change { keys, records, destroy_from: None, epoch: 0 };
        let (destroyed, overwritten) = match self.has_work(&change)? {
            true => self.rotate(&change)?,
            false => (0, 0),
        };
        Ok(self.evidence(keys.len() as u64, destroyed, overwritten))
    }

    /// Destroys the entries of `record` and all later ones, which no record of the settled log names,
    /// and the keys that only they use.
    pub fn destroy_after(&mut self, record: u64) -> Result<ErasureEvidence, VaultError> {
        self.check_writer()?;
        if self.last_record.is_none_or(|last| last < record) {
            return Ok(self.evidence(0, 0, 0));
        }
        let keys = self.keys_only_used_from(record)?;
        let change = Change { keys: &keys, records: &BTreeSet::new(), destroy_from: Some(record), epoch: 0 };
        let (destroyed, overwritten) = self.rotate(&change)?;
        Ok(self.evidence(keys.len() as u64, destroyed, overwritten))
    }

    /// Destroys again, in a restored vault, what erasures in the log had destroyed before, and goes on from
    /// an epoch that no erasure of the log has reached: so that the restored vault is not taken for an old one.
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub fn erase_again(
        &mut self,
        keys: &BTreeSet<KeyId>,
        records: &BTreeSet<u64>,
        epoch: u64,
    ) -> Result<ErasureEvidence, VaultError> {
        self.check_writer()?;
        let (destroyed, overwritten) = self.rotate(&Change { keys, records, destroy_from: None, epoch })?;
        Ok(self.evidence(keys.len() as u64, destroyed, overwritten))
    }

    /// Folds the open segment into shards and indexes and rotates the root. Nothing is forgotten but
    /// the segment's key.
    pub fn fold(&mut self) -> Result<(), VaultError> {
        self.check_writer()?;
        let none = BTreeSet::new();
        let change = Change { keys: &none, records: &BTreeSet::new(), destroy_from: None, epoch: 0 };
        self.rotate(&change).map(|_| ())
    }

    fn evidence(&self, asked: u64, keys_destroyed: u64, parts_overwritten: u64) -> ErasureEvidence {
        ErasureEvidence {
            epoch: self.epoch(),
            root_cell: self.root_cell(),
            manifest: self.manifest_hash,
            keys_destroyed,
            keys_absent: asked,
            parts_overwritten,
        }
    }

    fn has_work(&self, change: &Change<'_>) -> Result<bool, VaultError> {
        for id in change.keys {
            if self.key(id)?.is_some() {
                return Ok(true);
            }
        }
        for number in self.touched_bundles(change) {
            let index = self.index_of(number)?;
            if !forget(&mut Index::clone(&*index), change).is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The keys that entries from `record` on use and no earlier entry does.
    fn keys_only_used_from(&self, record: u64) -> Result<BTreeSet<KeyId>, VaultError> {
        let mut keys = BTreeSet::new();
        let count = self.bundle_count();
        let first = self.folded_bundle_of(record).unwrap_or(0);
        for number in first..count {
            let index = self.index_of(number)?;
            let later = index.iter().filter(|(entry, _)| entry.record >= record);
            keys.extend(later.flat_map(|(_, parts)| parts.iter().filter_map(|part| part.key)));
        }
        // A key made in the open segment is used by no entry before it; others may be used anywhere.
        let oldest = if keys.iter().all(|key| self.segment.keys.contains_key(key)) {
            self.manifest.segment_start.0 as usize
        } else {
            0
        };
        for number in (oldest..count).rev() {
            if keys.is_empty() {
                break;
            }
            let index = self.index_of(number)?;
            for (_, parts) in index.iter().filter(|(entry, _)| entry.record < record) {
                parts.iter().filter_map(|part| part.key).for_each(|key| {
                    keys.remove(&key);
                });
            }
        }
        Ok(keys)
    }

    /// The order of effects. Until the commit nothing that the present root reaches is changed;
    /// after it, everything that is left to do is tidying that any opening can finish.
    fn rotate(&mut self, change: &Change<'_>) -> Result<(u64, u64), VaultError> {
        self.set_failed(true);
        let mut next = Manifest {
            epoch: change.epoch.max(self.manifest.epoch + 1),
            segment_key: DataKey::random()?,
            segment_start: self
                .writer
                .as_ref()
                .map(|writer| (writer.bundle, writer.offset))
                .ok_or(VaultError::ReadOnly)?,
            ..self.manifest.clone()
        };
        // 1. Pages that change, without what is forgotten. A crash leaves files that no root reaches.
        let mut unwritten = Unwritten::default();
        let destroyed = self.change_shards(&mut next, change.keys, &mut unwritten)?;
        let mut spans = self.change_indexes(&mut next, change, &mut unwritten)?;
        spans.sort_unstable();
        // 2. The list of what to overwrite. Not reachable either before the manifest that hashes it.
        next.overwrite = self.add_spans(next.epoch, &spans, &mut unwritten)?;
        // 3. The manifest, under a root that is nowhere yet but in memory; then all of this is durable, and its names.
        let root = Root { epoch: next.epoch, key: DataKey::random()? };
        let name = PageName { kind: PageKind::Manifest, number: 0, generation: next.epoch };
        let (manifest, hash) = page::make(&self.ledger, name, &root.key, &next.encode())?;
        self.add(&mut unwritten, &name.file(), manifest)?;
        self.write(&mut unwritten)?;
        self.disk.sync_directory(&self.folder).map_err(VaultError::io("(folder)"))?;
        // 4. The commit. The cell looks at the fence once its own temporary file is written: from there on,
        //    whoever takes over either finds this root or has made its commit impossible.
        let fence = self.fence()?;
        let is_held = || fence.is_held();
        self.cell.replace(Some(self.manifest.epoch), &root, &is_held).map_err(|error| match error {
            RootCellError::Fenced { .. } | RootCellError::TakenOver => VaultError::Fenced,
            other => VaultError::RootCell(other),
        })?;
        self.adopt(next, hash, change.destroy_from)?;
        // 5. Overwrite the ciphertexts. Their keys are gone; a crash leaves the list, and the next opening goes on.
        let overwritten = self.finish_overwriting()?;
        // 6. Remove what the old root reached. A crash leaves noise, and the next opening removes it.
        self.remove_unreachable()?;
        self.set_failed(false);
        Ok((destroyed, overwritten))
    }

    fn set_failed(&mut self, failed: bool) {
        if let Some(writer) = &mut self.writer {
            writer.failed = failed;
        }
    }

    /// Makes the committed manifest the present one; the keys of the old one leave memory.
    fn adopt(&mut self, next: Manifest, hash: Hash, destroyed_from: Option<u64>) -> Result<(), VaultError> {
        self.manifest = next;
        self.manifest_hash = hash;
        self.segment = Segment::default();
        self.clear_caches();
        if destroyed_from.is_some() {
            self.last_record = self.last_record_before(self.manifest.bundles.len())?;
        }
        Ok(())
    }

    fn add_spans(&self, epoch: u64, spans: &[Span], unwritten: &mut Unwritten) -> Result<Hash, VaultError> {
        if spans.is_empty() {
            return Ok(Hash::ZERO);
        }
        let bytes = bundle::encode_spans(spans);
        let hash = sha256(&[&bytes]);
        self.add(unwritten, &overwrite_name(epoch), bytes)?;
        Ok(hash)
    }

    /// The bundles whose index changes: the open segment's, and those of the records named.
    pub(super) fn touched_bundles(&self, change: &Change<'_>) -> BTreeSet<usize> {
        let mut touched: BTreeSet<usize> =
            self.segment.indexes.keys().map(|number| *number as usize).collect();
        touched.extend(change.records.iter().filter_map(|record| self.folded_bundle_of(*record)));
        if let Some(record) = change.destroy_from {
            touched.extend(self.folded_bundle_of(record).unwrap_or(0)..self.bundle_count());
        }
        touched
    }
}

/// Takes out of an index what the change forgets, and returns the parts to overwrite.
pub(super) fn forget(index: &mut Index, change: &Change<'_>) -> Vec<IndexPart> {
    let mut gone = Vec::new();
    if let Some(record) = change.destroy_from {
        gone.extend(index.split_off(record).into_iter().filter(|part| part.key.is_some()));
    }
    let last = index.last_record().unwrap_or(0);
    let here = index.first_record().map(|first| change.records.range(first..=last));
    for record in here.into_iter().flatten() {
        for part in index.parts_mut(*record) {
            if part.key.is_some_and(|key| change.keys.contains(&key)) {
                gone.push(*part);
                part.key = None;
            }
        }
    }
    gone
}

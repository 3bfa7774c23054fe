//! Adding entries and keys: one append and one sync.

use std::collections::hash_map::Entry::Vacant;
use std::io;

use super::bundle::{self, Head, Place, body_len, file_name};
use super::keys::Keys;
use super::seal::{DataKey, KeyId};
use super::{Entry, Vault, VaultError, Writer};
use crate::disk::Open;
use crate::fence::FenceError;

/// More than this goes into several frames, each synced before the next, so that bundles stay bounded.
const FRAME_BYTES: usize = 4 << 20;

impl Vault {
    /// Adds entries, whose records ascend and are above all that are there, and makes the keys that
    /// are missing. When this returns, all of it is durable. A crash before that may leave the first
    /// entries: the caller learns from [`Vault::last_record`] and settles them with [`Vault::destroy_after`].
    pub fn put(&mut self, entries: &[Entry]) -> Result<(), VaultError> {
        self.check_writer()?;
        self.check_order(entries)?;
        let mut rest = entries;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|entry| {
                bytes += body_len(entry);
                bytes <= FRAME_BYTES
            });
            // An entry larger than a frame's usual size has a frame of its own.
            let (now, later) = rest.split_at(fits.count().max(1));
            self.append(now, now.iter().flat_map(|entry| entry.parts.iter().map(|part| part.key)))?;
            rest = later;
        }
        self.fold_if_large()
    }

    /// Makes the keys that are missing. When this returns they are durable. For callers that seal
    /// rows and snapshots of their own under a case's key.
    pub fn ensure_keys(&mut self, ids: &[KeyId]) -> Result<(), VaultError> {
        self.check_writer()?;
        for id in ids {
            if self.key(id)?.is_none() {
                self.append(&[], ids.iter().copied())?;
                return self.fold_if_large();
            }
        }
        Ok(())
    }

    fn check_order(&self, entries: &[Entry]) -> Result<(), VaultError> {
        let mut last = self.last_record;
        for entry in entries {
            let record = entry.record;
            if let Some(last) = last.filter(|last| *last >= record) {
                return Err(VaultError::OutOfOrder { record, last });
            }
            last = Some(record);
            let mut slots = [false; 256];
            for part in &entry.parts {
                if std::mem::replace(&mut slots[usize::from(part.slot)], true) {
                    return Err(VaultError::BadEntry { record });
                }
            }
            if entry.parts.len() > usize::from(u8::MAX) {
                return Err(VaultError::BadEntry { record });
            }
        }
        Ok(())
    }

    /// Appends one frame with these entries and those of the keys that do not exist yet.
    fn append(&mut self, entries: &[Entry], ids: impl Iterator<Item = KeyId>) -> Result<(), VaultError> {
        let mut keys = Keys::default();
        let mut new = Vec::new();
        let mut fresh = DataKey::fresh();
        for id in ids {
            if let Vacant(place) = keys.entry(id) {
                let known = self.key(&id)?;
                if known.is_none() {
                    new.push(id);
                }
                place.insert(known.map_or_else(&mut fresh, Ok)?);
            }
        }
        self.close_full_bundle();
        let writer = self.writer.as_mut().ok_or(VaultError::ReadOnly)?;
        let place = Place {
            ledger: &self.ledger,
            bundle: writer.bundle,
            offset: writer.offset,
            sequence: self.segment.frames,
            segment_key: &self.manifest.segment_key,
        };
        let (frame, index) = bundle::build_frame(&place, &new, entries, &keys)?;
        writer.failed = true;
        let bundle = writer.bundle;
        self.append_frame(&frame).map_err(VaultError::fenced(file_name(bundle)))?;
        // Still held after the sync: whoever takes over reads what was just written. Else it went nowhere.
        self.check_fence()?;
        let new = new.into_iter().filter_map(|id| Some((id, keys.remove(&id)?))).collect();
        self.take_head(bundle, Head { keys: new, index })?;
        if let Some(writer) = &mut self.writer {
            writer.failed = false;
        }
        Ok(())
    }

    fn append_frame(&mut self, frame: &[u8]) -> Result<(), FenceError> {
        let writer = self.writer.as_mut().ok_or(io::Error::from(io::ErrorKind::PermissionDenied))?;
        let created = writer.file.is_none();
        let file = match &mut writer.file {
            Some(file) => file,
            None => writer.file.insert(writer.fence.create(&self.folder.join(file_name(writer.bundle)))?),
        };
        file.write_all_at(frame, u64::from(writer.offset))?;
        file.sync()?;
        if created {
            self.disk.sync_directory(&self.folder)?;
        }
        writer.offset += u32::try_from(frame.len()).map_err(io::Error::other)?;
        Ok(())
    }

    /// Goes on to the next bundle if the open one has its size. All of its frames are synced.
    fn close_full_bundle(&mut self) {
        let full = self.config.bundle_bytes;
        if let Some(writer) = self.writer.as_mut().filter(|writer| writer.offset >= full) {
            writer.bundle += 1;
            writer.offset = 0;
            writer.file = None;
        }
    }

    /// Opens the file of the bundle that the next frame goes to, if it exists already.
    pub(super) fn reopen_bundle(&mut self) -> Result<(), VaultError> {
        let Some(Writer { bundle, file, .. }) = &mut self.writer else { return Ok(()) };
        match self.disk.open(&self.folder.join(file_name(*bundle)), Open::Write) {
            Ok(opened) => *file = Some(opened),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(VaultError::Io { file: file_name(*bundle), source }),
        }
        // Its entry in the folder may not be durable yet, if the crash came between the two syncs.
        self.disk.sync_directory(&self.folder).map_err(VaultError::io("(folder)"))
    }

    fn fold_if_large(&mut self) -> Result<(), VaultError> {
        if self.segment.keys.len().max(self.segment.records) >= self.config.segment_max {
            self.fold()?;
        }
        Ok(())
    }
}

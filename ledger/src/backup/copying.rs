//! Copying what a generation consists of, one file after the other.

use std::path::Path;
use std::sync::Arc;

use vandel_core::hash::{Hash, Hasher};
use vandel_core::id::PublicKey;

use super::create::Making;
use super::files::{CHUNK_BYTES, FileEntry};
use super::folder::Folder;
use super::{BackupError, Progress, at, not_found};
use crate::disk::{Disk, Open};
use crate::home_log::HomeLog;

/// The copying of one attempt.
pub(super) struct Copying<'a> {
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) making: &'a Making<'a>,
    pub(super) log: &'a HomeLog,
    /// The key that signs our labels: nobody else's copy is built upon.
    pub(super) service: PublicKey,
    pub(super) progress: &'a mut dyn FnMut(Progress),
    pub(super) told: Progress,
}

impl Copying<'_> {
    /// What is published first, so that the log reaches its checkpoint; then the log, so that the vault holds
    /// what its records are about; then the rest.
    pub(super) fn all(
        &mut self,
        data: &mut Folder,
        mut keys: Option<&mut Folder>,
    ) -> Result<(Vec<FileEntry>, Vec<FileEntry>), BackupError> {
        let (mut of_data, mut of_keys) = (Vec::new(), Vec::new());
        let home = self.making.home;
        self.folder(data, &home.public(), "public", &mut of_data)?;
        if self.log.is_in_files() {
            for name in self.list(&home.log())? {
                of_data.push(self.file(data, &home.log(), "log", &name)?);
            }
        } else {
            of_data.extend(self.stream(data)?);
        }
        let set = self.making.open_vault(self.disk, self.log.ledger())?.backup_set()?;
        for name in set.data {
            of_data.push(self.file(data, &home.vault(), "vault", &name)?);
        }
        self.folder(data, &home.plans(), "plans", &mut of_data)?;
        self.folder(data, &home.sinks(), "sinks", &mut of_data)?;
        let policy = home.memory_policy();
        if self.list(home.root())?.iter().any(|name| home.root().join(name) == policy) {
            of_data.push(self.file_at(data, &policy, "memory.policy".to_owned())?);
        }
        if let Some(keys) = &mut keys {
            for name in set.keys {
                of_keys.push(self.file(keys, &home.vault(), "vault", &name)?);
            }
            for name in self.list(&home.keys())? {
                of_keys.push(self.file(keys, &home.keys(), "keys", &name)?);
            }
            if self.making.root_cell {
                of_keys.push(self.file(keys, &home.vault(), "vault", "root.cell")?);
            }
        }
        Ok((of_data, of_keys))
    }

    /// A folder's files, without what is being written.
    fn folder(
        &mut self,
        data: &mut Folder,
        folder: &Path,
        inside: &str,
        entries: &mut Vec<FileEntry>,
    ) -> Result<(), BackupError> {
        let names = self.list(folder)?;
        for name in
            names.iter().filter(|name| !name.ends_with(".new") && !["lock", "entering"].contains(&&***name))
        {
            entries.push(self.file(data, folder, inside, name)?);
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, BackupError> {
        match self.disk.list(folder) {
            Err(error) if not_found(&error) => Ok(Vec::new()),
            other => other.map_err(at(folder)),
        }
    }

    /// Copies one file as it is now: a writer may add to it meanwhile, and what it adds comes next time.
    fn file(
        &mut self,
        folder: &mut Folder,
        from: &Path,
        inside: &str,
        name: &str,
    ) -> Result<FileEntry, BackupError> {
        self.file_at(folder, &from.join(name), format!("{inside}/{name}"))
    }

    fn file_at(
        &mut self,
        folder: &mut Folder,
        path: &Path,
        inside: String,
    ) -> Result<FileEntry, BackupError> {
        let file = self.disk.open(path, Open::Read).map_err(at(path))?;
        let len = file.len().map_err(at(path))?;
        let (mut whole, mut chunks) = (Hasher::new(), Vec::new());
        let mut offset = 0;
        while offset < len {
            let size = usize::try_from(len - offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let mut bytes = vec![0; size];
            file.read_exact_at(&mut bytes, offset).map_err(at(path))?;
            whole.update(&bytes);
            chunks.push(self.piece(folder, &bytes)?);
            offset += size as u64;
        }
        self.told.files += 1;
        (self.progress)(self.told);
        Ok(FileEntry { path: inside, len, hash: whole.finish(), chunks })
    }

    pub(super) fn piece(&mut self, folder: &mut Folder, bytes: &[u8]) -> Result<Hash, BackupError> {
        let (hash, written) = folder.put(bytes)?;
        self.told.written += written;
        self.told.bytes += bytes.len() as u64;
        (self.progress)(self.told);
        Ok(hash)
    }
}

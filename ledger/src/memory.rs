//! The memory: what the ledger has said about itself, kept where the log's failure does not reach.
//!
//! A memory is a compare-and-swap register of one (size, root). It takes a checkpoint only with a
//! proof that the tree it remembers is a prefix of the new one, and refuses to go back or sideways:
//! that is what a C2SP witness does, and this one is a witness in a file. A checkpoint leaves the
//! sequencer only after the memory has taken it (decision 6), so a log that is cut or rewritten later
//! is found out at the next start.
//!
//! An embedded memory does not survive a rollback of the whole home; put it elsewhere
//! (`--memory DIR`) or use witnesses on other machines.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::merkle::{self, verify_consistency};
use vandel_core::note::Note;
use vandel_core::statement::Seen;

use crate::disk::{Disk, read_all, replace_atomically};

/// A register that never goes back.
pub trait Memory: Send {
    /// What it remembers; size 0 before the first checkpoint.
    fn latest(&self) -> Seen;

    /// Takes a signed checkpoint (`note`, whose text is `checkpoint`) that extends what it remembers, proved by `proof` (RFC 9162 section 2.1.4).
    /// When this returns, the new value is durable. Taking what it already has is no error.
    ///
    /// # Errors
    /// [`MemoryError::Rollback`] and [`MemoryError::Fork`] mean that this log is not the one the
    /// memory knows; nothing may be published.
    fn advance(&mut self, note: &str, checkpoint: &Checkpoint, proof: &[Hash]) -> Result<(), MemoryError>;

    /// The last signed checkpoint taken.
    fn note(&self) -> Option<&str>;
}

/// Why a memory did not take a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The checkpoint is smaller than what is remembered.
    #[error("the memory has size {remembered}; a checkpoint of size {found} would go back")]
    Rollback {
        /// The size remembered.
        remembered: u64,
        /// The size offered.
        found: u64,
    },
    /// The checkpoint does not extend what is remembered: another history.
    #[error("the memory has root {remembered} at size {size}; the checkpoint does not extend it")]
    Fork {
        /// The size remembered.
        size: u64,
        /// The root remembered.
        remembered: Hash,
    },
    /// The checkpoint is of another ledger.
    #[error("the memory belongs to {remembered}; the checkpoint is of {found}")]
    Origin {
        /// The origin remembered.
        remembered: String,
        /// The origin offered.
        found: String,
    },
    /// Somebody else has written it since it was read.
    #[error("the memory at {} was changed by another writer; open the ledger anew", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// What is stored is not a checkpoint.
    #[error("{} is damaged: it holds no checkpoint", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The disk failed.
    #[error("the memory at {} cannot be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A memory in a file: `memory/checkpoint`, the last signed checkpoint taken.
pub struct FileMemory {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    remembered: Option<Remembered>,
}

struct Remembered {
    checkpoint: Checkpoint,
    note: String,
}

impl FileMemory {
    /// Opens the memory in a folder, and makes durable what it shows: an earlier instance may have been
    /// killed between the rename and the sync. An empty folder is a memory of nothing.
    ///
    /// # Errors
    /// If the file cannot be read or is not a checkpoint.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, MemoryError> {
        let path = folder.join("checkpoint");
        let remembered = match read_all(&*disk, &path) {
            Ok(bytes) => Some(parse(&bytes).ok_or(MemoryError::Damaged { path: path.clone() })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(MemoryError::Io { path, source }),
        };
        if remembered.is_some() {
            disk.sync_directory(folder).map_err(|source| MemoryError::Io { path: path.clone(), source })?;
        }
        Ok(Self { disk, path, remembered })
    }

    /// Refuses if the file is no longer what this handle read or wrote.
    fn check_unchanged(&self) -> Result<(), MemoryError> {
        let found = match read_all(&*self.disk, &self.path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(MemoryError::Io { path: self.path.clone(), source }),
        };
        let known = self.remembered.as_ref().map(|known| known.note.as_bytes());
        if found.as_deref() == known { Ok(()) } else { Err(MemoryError::Changed { path: self.path.clone() }) }
    }
}

fn parse(bytes: &[u8]) -> Option<Remembered> {
    let note = String::from_utf8(bytes.to_vec()).ok()?;
    let checkpoint = Note::parse(bytes).ok()?.text().parse().ok()?;
    Some(Remembered { checkpoint, note })
}

impl Memory for FileMemory {
    fn latest(&self) -> Seen {
        match &self.remembered {
            Some(Remembered { checkpoint, .. }) => Seen { size: checkpoint.size(), root: checkpoint.root() },
            None => Seen { size: 0, root: merkle::empty_root() },
        }
    }

    fn advance(&mut self, note: &str, checkpoint: &Checkpoint, proof: &[Hash]) -> Result<(), MemoryError> {
        let latest = self.latest();
        if let Some(remembered) = self.remembered.as_ref().map(|known| known.checkpoint.origin())
            && remembered != checkpoint.origin()
        {
            let (remembered, found) = (remembered.to_owned(), checkpoint.origin().to_owned());
            return Err(MemoryError::Origin { remembered, found });
        }
        if checkpoint.size() < latest.size {
            return Err(MemoryError::Rollback { remembered: latest.size, found: checkpoint.size() });
        }
        // From nothing to anything is consistent (RFC 9162 section 2.1.4 leaves that case out).
        let extends = latest.size == 0
            || verify_consistency(latest.size, &latest.root, checkpoint.size(), &checkpoint.root(), proof)
                .is_ok();
        if !extends {
            return Err(MemoryError::Fork { size: latest.size, remembered: latest.root });
        }
        if self.remembered.as_ref().is_some_and(|known| known.checkpoint == *checkpoint) {
            return Ok(());
        }
        self.check_unchanged()?;
        replace_atomically(&*self.disk, &self.path, note.as_bytes())
            .map_err(|source| MemoryError::Io { path: self.path.clone(), source })?;
        self.remembered = Some(Remembered { checkpoint: checkpoint.clone(), note: note.to_owned() });
        Ok(())
    }

    fn note(&self) -> Option<&str> {
        self.remembered.as_ref().map(|known| &*known.note)
    }
}

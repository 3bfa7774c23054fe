//! The memory: what the ledger has said about itself, kept where the log's failure does not reach.
//!
//! A memory is a compare-and-swap register of one (size, root). It takes a checkpoint only with a
//! proof that the tree it remembers is a prefix of the new one, and refuses to go back or sideways:
//! that is what a C2SP witness does, and this one is a witness in a file. A checkpoint leaves the
//! sequencer only after the memory has taken it (decision 6), so a log that is cut or rewritten later
//! is found out at the next start.
//!
//! An embedded memory does not survive a rollback of the whole home; put it elsewhere
//! (`--memory DIR`) or use witnesses on other machines ([`quorum`]).

#[cfg(feature = "network")]
mod highs;
pub mod policy;
#[cfg(feature = "network")]
pub mod quorum;
#[cfg(feature = "network")]
mod remote;
#[cfg(feature = "network")]
mod round;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::merkle::{self, verify_consistency};
use vandel_core::note::Note;
use vandel_core::statement::Seen;

use crate::disk::{Disk, read_all, replace_atomically};
use crate::fence::{Fence, FenceError};

/// Proves that the tree of the checkpoint that is being taken continues the tree of an earlier size
/// (RFC 9162 section 2.1.4), or says why it cannot. Only the memory knows from which sizes it needs proofs.
pub type Prover<'a> = &'a mut dyn FnMut(u64) -> Result<Vec<Hash>, String>;

/// A register that never goes back.
pub trait Memory: Send {
    /// What it remembers; size 0 before the first checkpoint.
    fn latest(&self) -> Seen;

    /// The largest size that any part of it is known to hold. A log that does not reach it was cut, even
    /// where nobody here can say what root belongs to it.
    fn floor(&self) -> u64 {
        self.latest().size
    }

    /// Takes a signed checkpoint (`note`, whose text is `checkpoint`) that extends what it remembers. When this
    /// returns, the new value is durable. Taking what it already has is no error. Returns the note as it may be
    /// published: with the cosignatures that it gained, if this memory makes any.
    ///
    /// # Errors
    /// [`MemoryError::Rollback`] and [`MemoryError::Fork`] mean that this log is not the one the
    /// memory knows; nothing may be published.
    fn advance(
        &mut self,
        note: &str,
        checkpoint: &Checkpoint,
        prove: Prover<'_>,
    ) -> Result<String, MemoryError>;

    /// The last signed checkpoint taken.
    fn note(&self) -> Option<&str>;

    /// Whether this note is what [`Memory::advance`] returned for the last checkpoint taken, so that nothing
    /// is left to be done for it.
    fn has_settled(&self, published: &str) -> bool {
        self.note() == Some(published)
    }

    /// Takes the right to write from an earlier holder that may still be alive: whatever that one was about to write
    /// does not come to be any more. Called by who takes over, before it looks at what is remembered.
    ///
    /// # Errors
    /// If the disk fails, or what is stored is no checkpoint.
    fn take_over(&mut self) -> Result<(), MemoryError>;

    /// Of how many witnesses it consists, beside a file.
    fn witnesses(&self) -> usize {
        0
    }

    /// What the operator should know about it, though nothing is lost yet: parts that did not answer.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
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
    /// A witness holds more than the checkpoint: somebody has published a longer log under this key.
    #[error(
        "the witness {witness} holds {held} records, the checkpoint has {found}: this log was cut, is an old copy, or \
         another instance has gone on"
    )]
    WitnessAhead {
        /// The witness's name.
        witness: String,
        /// The size it holds.
        held: u64,
        /// The size offered.
        found: u64,
    },
    /// A witness has cosigned another history.
    #[error("the witness {witness} refuses the checkpoint of {size} records as another history: {why}")]
    WitnessFork {
        /// The witness's name.
        witness: String,
        /// The size offered.
        size: u64,
        /// What it answered.
        why: String,
    },
    /// Too few witnesses have taken the checkpoint, or could be asked. It has not been published.
    #[error(
        "{taken} of {of} witnesses {did}, {needed} are needed ({})", why.join("; ")
    )]
    NoMajority {
        /// What they did.
        did: &'static str,
        /// How many did.
        taken: usize,
        /// How many there are.
        of: usize,
        /// How many are needed.
        needed: usize,
        /// What the others said.
        why: Vec<String>,
    },
    /// No proof could be made that the tree continues a size that the memory holds.
    #[error("it cannot be proved that the log continues the {size} records that are remembered: {why}")]
    Unproven {
        /// The size.
        size: u64,
        /// Why.
        why: String,
    },
    /// The list of witnesses cannot be used.
    #[error("the witnesses in {}: {why}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
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
    /// Held by who has taken over; others rest on a lock of their own.
    fence: Option<Fence>,
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
        Ok(Self { disk, path, fence: None, remembered })
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

    fn advance(
        &mut self,
        note: &str,
        checkpoint: &Checkpoint,
        prove: Prover<'_>,
    ) -> Result<String, MemoryError> {
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
        if self.remembered.as_ref().is_some_and(|known| known.checkpoint == *checkpoint) {
            return Ok(note.to_owned());
        }
        // From nothing to anything is consistent (RFC 9162 section 2.1.4 leaves that case out).
        if latest.size > 0 {
            let fork = MemoryError::Fork { size: latest.size, remembered: latest.root };
            if checkpoint.size() == latest.size {
                return Err(fork);
            }
            let proof = prove(latest.size).map_err(|why| MemoryError::Unproven { size: latest.size, why })?;
            verify_consistency(latest.size, &latest.root, checkpoint.size(), &checkpoint.root(), &proof)
                .map_err(|_| fork)?;
        }
        self.check_unchanged()?;
        let io = |source| MemoryError::Io { path: self.path.clone(), source };
        self.fence
            .as_ref()
            .map_or_else(
                || replace_atomically(&*self.disk, &self.path, note.as_bytes()).map_err(FenceError::Io),
                |fence| fence.replace_durably(&self.path, note.as_bytes()),
            )
            .map_err(|error| match error {
                FenceError::Lost => MemoryError::Changed { path: self.path.clone() },
                FenceError::Io(source) => io(source),
            })?;
        self.remembered = Some(Remembered { checkpoint: checkpoint.clone(), note: note.to_owned() });
        Ok(note.to_owned())
    }

    fn note(&self) -> Option<&str> {
        self.remembered.as_ref().map(|known| &*known.note)
    }

    fn take_over(&mut self) -> Result<(), MemoryError> {
        let io = |source| MemoryError::Io { path: self.path.clone(), source };
        let folder = self.path.parent().ok_or_else(|| io(io::ErrorKind::InvalidInput.into()))?.to_owned();
        let fence = Fence::take(self.disk.clone(), &folder.join("fence")).map_err(io)?;
        fence.withdraw_others(&folder).map_err(io)?;
        *self = Self { fence: Some(fence), ..Self::open(self.disk.clone(), &folder)? };
        Ok(())
    }
}

//! Backups: made while the ledger works, kept in generations, restored only with their erasures applied.
//!
//! A *generation* has two halves, in two folders that should lie in different hands:
//!
//! ```text
//! data   log/ · vault/bundle-* · vault/names · plans/ · public/ · sinks/      sealed, and useless alone
//! keys   vault/manifest.* · shard-* · index-* · keys/ [· vault/root.cell]       what opens it
//! ```
//!
//! Without the root cell the key half opens only under a root that somebody still holds; *with* it the two
//! halves are the whole ledger, erased content of that day included. So it goes in only when asked for.
//!
//! ```text
//! FOLDER/objects/<h>/<sha256>       pieces of files, at most 1 MiB each, named by their content
//! FOLDER/generation-<n>-data        a signed label (C2SP signed note); written last, so it is there or not
//! FOLDER/destroyed-<n>-data         who destroyed it and when: a copy of the register's signed entry
//! HOME/sinks/register               the register of sinks: no generation exists that is not in it
//! ```
//!
//! A generation shares the pieces that did not change with those before it. The log is copied first and the
//! vault after it, since a payload is durable before its record: so a copy never lacks a payload of its own
//! log. If the root was rotated meanwhile the copy is made again, which copies only what changed.
//!
//! Where the log lies on JetStream the generation holds it as segments all the same, so that it is restored into files or
//! onto a stream, whichever is asked for.
//!
//! Not here: the memory, which must not go back with a backup, and people's keys.

mod copying;
mod create;
mod destroy;
mod files;
mod folder;
mod from_stream;
mod label;
mod reconcile;
mod restore;
#[cfg(feature = "network")]
mod to_stream;
mod view;

use std::io;
use std::path::PathBuf;

use vandel_core::codec::DecodeError;
use vandel_core::id::LedgerId;

pub use create::{Made, Making, create};
pub use destroy::{Destroyed, Destroying, attest, destroy};
pub use files::{CHUNK_BYTES, FileEntry};
pub use folder::labels_in;
pub use label::{Files, Half, Label};
pub use restore::{Restored, Restoring, restore};
pub use view::{GenerationDisk, LaidOut, Problem};

use crate::gate::GateError;
use crate::log::ReadError;
use crate::memory::MemoryError;
use crate::opening::HomeError;
use crate::signer::KeyFileError;
use crate::sinks::RegisterError;
use crate::vault::{RootCellError, VaultError};

/// How long the data half is kept, unless said otherwise, in days.
pub const DATA_HORIZON_DAYS: u16 = 35;
/// How long the key half is kept, unless said otherwise, in days.
pub const KEYS_HORIZON_DAYS: u16 = 7;

/// How far a copy has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files dealt with.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that had to be written, since no generation had them.
    pub written: u64,
}

/// Why a backup could not be made, read, restored or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or a folder.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The root was rotated during every attempt.
    #[error(
        "the vault was rotated during each of {0} attempts: nothing was kept; try again at a quieter hour"
    )]
    Restless(u32),
    /// There is no such generation.
    #[error("there is no generation {generation} ({half}) in {}", folder.display())]
    NoGeneration {
        /// Its number.
        generation: u32,
        /// Which half.
        half: Half,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A label does not read, or is not signed by the key it names.
    #[error("{}: {why}", path.display())]
    Label {
        /// The label's file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file of a generation is not what was written.
    #[error("generation {generation}: {file} is damaged or missing; take another generation")]
    Damaged {
        /// The generation.
        generation: u32,
        /// The file in it, or the piece.
        file: String,
    },
    /// A generation of another ledger.
    #[error("the generation is of ledger {found}; {expected} was expected")]
    OtherLedger {
        /// The ledger expected.
        expected: LedgerId,
        /// The ledger found.
        found: LedgerId,
    },
    /// The two halves do not belong together.
    #[error("the data half has vault epoch {data}, the key half {keys}: they were not made together")]
    HalvesDiffer {
        /// The data half's epoch.
        data: u64,
        /// The key half's epoch.
        keys: u64,
    },
    /// A place that a label could not name.
    #[error("{} cannot be named in a label: it holds a line break", .0.display())]
    Place(PathBuf),
    /// A home is restored into an empty folder.
    #[error("{} is not empty: a home is restored into an empty folder, never over another", .0.display())]
    NotEmpty(PathBuf),
    /// There is no root to open the keys with.
    #[error(
        "generation {0} has no root cell: give the file that holds the root of its epoch, or restore one that has it"
    )]
    NoRootCell(u32),
    /// Which keys an erasure destroyed is not known here.
    #[error(
        "the log has an erasure (record {started}) that this generation is older than, and which keys it destroyed is \
         written neither in the memory's folder nor in a plan that opens here"
    )]
    UnknownErasure {
        /// The record that started it.
        started: u64,
    },
    /// The newer log is not a continuation of the one in the generation.
    #[error("the newer log differs from the generation's at block {0}: it is another history")]
    OtherHistory(u64),
    /// Sealed records came after the generation, and their payloads with them.
    #[error(
        "{count} sealed record(s) from {first} to {last} are in the log and their payloads not in this generation"
    )]
    PayloadsLost {
        /// How many.
        count: usize,
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// The log.
    #[error("{0}")]
    Log(#[from] ReadError),
    /// The chain in the log.
    #[error("the log in the generation is faulty: {0}")]
    Chain(String),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The root cell.
    #[error("{0}")]
    RootCell(#[from] RootCellError),
    /// The memory.
    #[error("{0}")]
    Memory(#[from] MemoryError),
    /// The home.
    #[error("{0}")]
    Home(Box<HomeError>),
    /// The service's key.
    #[error("{0}")]
    Key(#[from] KeyFileError),
    /// The register of sinks.
    #[error("{0}")]
    Register(#[from] RegisterError),
    /// The restored home does not pass the gate.
    #[error("{0}")]
    Gate(#[from] GateError),
    /// A list of destroyed keys.
    #[error("{0}")]
    List(#[from] DecodeError),
    /// The connection to the servers that the log is to lie on.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Bus(#[from] crate::bus::BusError),
    /// The stream that the log is to lie on.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Stream(#[from] crate::log::jetstream::StreamError),
    /// A block did not find its place on the stream.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Append(#[from] crate::log::AppendError),
}

impl From<HomeError> for BackupError {
    fn from(error: HomeError) -> Self {
        Self::Home(Box::new(error))
    }
}

/// An error of the disk, with the path.
fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.into();
    move |source| BackupError::Io { path, source }
}

fn not_found(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

//! Opening a home on the embedded default: lock, log, vault, memory, sequencer.

use std::io;
use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::id::LedgerId;

use crate::clock::Clock;
use crate::disk::Disk;
use crate::home::Home;
use crate::lock::{HomeLock, LockError};
use crate::log::ReadError;
use crate::log::file::FileLog;
use crate::memory::{self, FileMemory, Memory, MemoryError};
use crate::sequencer::{OpenError, Ports, Sequencer};
use crate::signer::{self, KeyFileError};
use crate::vault::{FileCell, RootCell, Vault, VaultConfig, VaultError};

/// A ledger opened for writing. The lock is held until it is closed or dropped.
pub struct OpenLedger {
    /// The one writer.
    pub sequencer: Sequencer,
    _lock: HomeLock,
}

/// Why a home could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The founding of a ledger was interrupted here.
    #[error(
        "no ledger in {}: its log has no first block and the memory at {} is empty, as when a founding is interrupted. \
         Nothing was acknowledged then; remove the folder and found the ledger again", home.display(), memory.display()
    )]
    FoundingInterrupted {
        /// The home.
        home: std::path::PathBuf,
        /// The memory.
        memory: std::path::PathBuf,
    },
    /// There is no ledger here.
    #[error("there is no ledger in {}", .0.display())]
    NoLedger(std::path::PathBuf),
    /// Another process writes.
    #[error("{0}")]
    Locked(#[from] LockError),
    /// A key file.
    #[error("{0}")]
    Key(#[from] KeyFileError),
    /// The log.
    #[error("{0}")]
    Log(#[from] ReadError),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The memory.
    #[error("{0}")]
    Memory(#[from] MemoryError),
    /// Log, memory and vault do not agree.
    #[error("{0}")]
    Open(#[from] OpenError),
}

/// How to open a home.
pub struct Opening {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The root cell; none for the file in the vault.
    pub cell: Option<Box<dyn RootCell>>,
    /// The passphrase of the service's keys, if they have one.
    pub passphrase: Option<zeroize::Zeroizing<String>>,
    /// Accept, this once, a memory that holds less than it must: see [`Ports::trust_new_memory`].
    pub trust_new_memory: bool,
}

/// The ledger that a home's log says it is: the id that its first block carries, which the fold over
/// that block checks against the opening statement.
///
/// # Errors
/// If there is no log, or its first block cannot be read.
pub fn ledger_id_of(disk: &Arc<dyn Disk>, home: &Home) -> Result<LedgerId, HomeError> {
    let no_ledger = || HomeError::NoLedger(home.root().to_owned());
    match disk.list(&home.log()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_ledger()),
        _ => {}
    }
    let mut blocks = FileLog::open_read_only(disk.clone(), &home.log(), None)?;
    let first = blocks.next().ok_or_else(no_ledger)??;
    let block = Block::decode(&first.bytes)
        .map_err(|error| HomeError::Open(OpenError::Decode { block: first.position, error }))?;
    Ok(block.head.ledger)
}

/// Opens a home for writing.
///
/// # Errors
/// [`HomeError`]; nothing has been changed then but, at most, views.
pub fn open(home: &Home, opening: Opening) -> Result<OpenLedger, HomeError> {
    if matches!(opening.disk.list(home.root()), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Err(HomeError::NoLedger(home.root().to_owned()));
    }
    let lock = HomeLock::acquire(home.root())?;
    Ok(OpenLedger { sequencer: open_unlocked(home, opening)?, _lock: lock })
}

/// Opens a home for writing without taking its lock: for a caller that holds it, and for disks that
/// have none. A second writer that comes in this way is stopped by the vault's fence or the log's
/// position, whichever it meets first.
///
/// # Errors
/// As [`open`].
pub fn open_unlocked(home: &Home, opening: Opening) -> Result<Sequencer, HomeError> {
    let Opening { disk, clock, cell, passphrase, trust_new_memory } = opening;
    let ledger = ledger_id_of(&disk, home).map_err(|error| interrupted(error, &disk, home))?;
    let passphrase = passphrase.as_ref().map(|text| text.as_str());
    let service = signer::read(&*disk, &home.service_key(), passphrase)?;
    let checkpoint_key = signer::read(&*disk, &home.checkpoint_key(), passphrase)?;
    let (log, _) = FileLog::open(disk.clone(), &home.log(), ledger)?;
    let cell = cell.unwrap_or_else(|| Box::new(FileCell::new(disk.clone(), &home.root_cell())));
    let vault = Vault::open(disk.clone(), &home.vault(), ledger, cell, VaultConfig::default())?;
    let memory = memory::policy::open(&disk, home, &checkpoint_key, trust_new_memory)?;
    let home = home.clone();
    let ports = Ports { home, disk, clock, log, vault, memory, service, checkpoint_key, trust_new_memory };
    Ok(Sequencer::open(ports, ledger, FileLog::cut_torn_tail)?)
}

/// A home without a first block and without a memory is one whose founding never ended.
fn interrupted(error: HomeError, disk: &Arc<dyn Disk>, home: &Home) -> HomeError {
    let memory = match FileMemory::open(disk.clone(), &home.memory()) {
        Ok(memory) => memory,
        Err(error) => return error.into(),
    };
    let begun = disk.list(home.root()).is_ok_and(|names| !names.is_empty());
    if begun && memory.note().is_none() {
        HomeError::FoundingInterrupted { home: home.root().to_owned(), memory: home.memory() }
    } else {
        error
    }
}

impl OpenLedger {
    /// Ends in order.
    ///
    /// # Errors
    /// If the end could not be noted; the ledger is whole all the same.
    pub fn close(self) -> Result<(), HomeError> {
        Ok(self.sequencer.close()?)
    }
}

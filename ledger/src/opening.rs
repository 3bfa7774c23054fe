//! Opening a home: lock, log, vault, memory, sequencer.

use std::io;
use std::sync::Arc;

use vandel_core::id::LedgerId;

use crate::announce::Announce;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::gate;
use crate::home::Home;
use crate::home_log::ledger_id_of;
use crate::lock::{HomeLock, LockError};
use crate::log::file::FileLog;
use crate::log::{Log, ReadError};
use crate::memory::{self, FileMemory, Memory, MemoryError};
use crate::place::{PlaceError, StreamPlace};
use crate::sequencer::{OpenError, Ports, Sequencer};
use crate::signer::{self, KeyFileError};
use crate::vault::{FileCell, RootCell, Vault, VaultConfig, VaultError};

/// A ledger opened for writing. The lock is held until it is closed or dropped.
pub struct OpenLedger {
    /// The one writer.
    pub sequencer: Sequencer,
    lock: HomeLock,
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
    /// Where the log lies.
    #[error("{0}")]
    Place(#[from] PlaceError),
    /// The connection to the log's servers.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Bus(#[from] crate::bus::BusError),
    /// The log's stream.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Stream(#[from] crate::log::jetstream::StreamError),
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
    /// An earlier writer may still be alive: see [`take_over`].
    pub take_over: bool,
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
    Ok(OpenLedger { sequencer: open_unlocked(home, opening)?, lock })
}

/// Opens a home for writing in the place of a process that holds its lock and does not answer any more. That one may
/// wake up at any moment: its vault, its memory and its log are fenced before anything is read from them.
///
/// # Errors
/// As [`open`]. If the witnesses can't be asked, the other instance has not been disturbed.
pub fn take_over(home: &Home, opening: Opening) -> Result<OpenLedger, HomeError> {
    let opening = Opening { take_over: true, ..opening };
    let sequencer = open_unlocked(home, opening)?;
    // Last: until it has succeeded, whoever holds the lock keeps everybody else out.
    Ok(OpenLedger { sequencer, lock: HomeLock::take_over(home.root())? })
}

/// Opens a home for writing without taking its lock: for a caller that holds it, and for disks that
/// have none. A second writer that comes in this way is stopped by the vault's fence or the log's
/// position, whichever it meets first.
///
/// # Errors
/// As [`open`].
pub fn open_unlocked(home: &Home, opening: Opening) -> Result<Sequencer, HomeError> {
    gate::check_restored(&*opening.disk, home).map_err(OpenError::Gate)?;
    match StreamPlace::of(&*opening.disk, home)? {
        Some(place) => open_on_stream(home, opening, &place),
        None => open_on_files(home, opening),
    }
}

fn open_on_files(home: &Home, opening: Opening) -> Result<Sequencer, HomeError> {
    let disk = opening.disk.clone();
    let ledger = ledger_id_of(&disk, home).map_err(|error| interrupted(error, &disk, home))?;
    let (log, _) = FileLog::open(disk, &home.log(), ledger)?;
    let log = log.with_places(&home.block_places());
    let ports = ports(home, opening, ledger, log, None)?;
    Ok(Sequencer::open(ports, ledger, FileLog::cut_torn_tail)?)
}

#[cfg(feature = "network")]
fn open_on_stream(home: &Home, opening: Opening, place: &StreamPlace) -> Result<Sequencer, HomeError> {
    use crate::log::Log as _;
    use crate::log::jetstream::{CheckpointStream, JetStreamLog, StreamError};
    use crate::sequencer::{Disagreement, Witness};
    let (disk, ledger, demands) = (opening.disk.clone(), place.ledger(), place.demands());
    let memory = FileMemory::open(disk, &home.memory())?;
    let founding_interrupted =
        || HomeError::FoundingInterrupted { home: home.root().to_owned(), memory: home.memory() };
    let bus = crate::bus::Bus::connect(&place.options(crate::bus::Role::Sequencer))?;
    let announce = CheckpointStream::new(bus.clone(), &ledger, demands.waits);
    let log = match JetStreamLog::open(bus, ledger, demands) {
        Err(StreamError::NoStream { .. }) if memory.note().is_none() => return Err(founding_interrupted()),
        other => other?,
    };
    if log.next_position() == 0 {
        let remembered = memory.latest().size;
        return Err(match remembered {
            0 => founding_interrupted(),
            _ => {
                OpenError::from(Disagreement::Behind { witness: Witness::Memory, size: 0, remembered }).into()
            }
        });
    }
    let ports = ports(home, opening, ledger, log, Some(Box::new(announce)))?;
    // A broker stores a message whole or not at all: there is no torn end to cut.
    Ok(Sequencer::open(ports, ledger, |_| Ok(()))?)
}

#[cfg(not(feature = "network"))]
fn open_on_stream(home: &Home, _: Opening, _: &StreamPlace) -> Result<Sequencer, HomeError> {
    Err(PlaceError::NoNetwork(home.root().to_owned()).into())
}

/// What is the same wherever the log lies.
fn ports<L: Log>(
    home: &Home,
    opening: Opening,
    ledger: LedgerId,
    log: L,
    announce: Option<Box<dyn Announce>>,
) -> Result<Ports<L>, HomeError> {
    let Opening { disk, clock, cell, passphrase, trust_new_memory, take_over } = opening;
    let passphrase = passphrase.as_ref().map(|text| text.as_str());
    let service = signer::read(&*disk, &home.service_key(), passphrase)?;
    let checkpoint_key = signer::read(&*disk, &home.checkpoint_key(), passphrase)?;
    let cell = cell.unwrap_or_else(|| Box::new(FileCell::new(disk.clone(), &home.root_cell())));
    // The witnesses first: who can't reach them does not disturb who can.
    let mut memory = memory::policy::open(&disk, home, &checkpoint_key, trust_new_memory)?;
    let config = VaultConfig { take_over, ..VaultConfig::default() };
    let vault = Vault::open(disk.clone(), &home.vault(), ledger, cell, config)?;
    if take_over {
        memory.take_over()?;
    }
    let home = home.clone();
    Ok(Ports { home, disk, clock, log, vault, memory, service, checkpoint_key, announce, trust_new_memory })
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
    /// The sequencer and the lock apart: for a service, which hands the sequencer to a desk. The lock must
    /// outlive it.
    #[must_use]
    pub fn into_parts(self) -> (Sequencer, HomeLock) {
        (self.sequencer, self.lock)
    }

    /// Ends in order.
    ///
    /// # Errors
    /// If the end could not be noted; the ledger is whole all the same.
    pub fn close(self) -> Result<(), HomeError> {
        Ok(self.sequencer.close()?)
    }
}

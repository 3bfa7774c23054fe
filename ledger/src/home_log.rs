//! A home's log for reading only, wherever it lies.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vandel_core::block::Block;
use vandel_core::id::LedgerId;

use crate::disk::Disk;
use crate::home::Home;
use crate::log::file::{Blocks, FileLog, Mark};
#[cfg(feature = "network")]
use crate::log::jetstream::JetStreamReader;
use crate::log::{PlacedBlock, ReadError};
use crate::opening::HomeError;
use crate::place::StreamPlace;
use crate::sequencer::OpenError;

/// How many places are remembered where blocks ended.
const MARKS_MAX: usize = 1_024;

/// Blocks in order, to the end.
pub type BlockReader<'a> = Box<dyn Iterator<Item = Result<PlacedBlock, ReadError>> + 'a>;

/// Where the last blocks ended that were read, by the position after them: so that whoever follows a log does not read
/// all of it again at each step.
#[derive(Default)]
struct Marks(Mutex<BTreeMap<u64, Mark>>);

impl Marks {
    fn held(&self) -> MutexGuard<'_, BTreeMap<u64, Mark>> {
        // A panic can't leave a map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn before(&self, position: u64) -> Option<Mark> {
        self.held().range(..=position).next_back().map(|(_, mark)| *mark)
    }

    fn note(&self, mark: Mark) {
        let mut held = self.held();
        held.insert(mark.position(), mark);
        if held.len() > MARKS_MAX {
            held.pop_first();
        }
    }
}

/// Blocks that leave marks.
struct Marking<'a> {
    blocks: Blocks,
    marks: &'a Marks,
}

impl Iterator for Marking<'_> {
    type Item = Result<PlacedBlock, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.blocks.next();
        if let (Some(Ok(_)), Some(mark)) = (&block, self.blocks.mark()) {
            self.marks.note(mark);
        }
        block
    }
}

/// A home's log for reading only. Nothing is changed, and no lock is taken.
pub struct HomeLog {
    ledger: LedgerId,
    kind: Kind,
}

enum Kind {
    Files {
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        marks: Marks,
    },
    #[cfg(feature = "network")]
    Stream(JetStreamReader),
}

impl HomeLog {
    /// Opens the log that a home says is its own.
    ///
    /// # Errors
    /// [`HomeError`], also if there is no ledger, or NATS can't be reached.
    pub fn open(disk: &Arc<dyn Disk>, home: &Home) -> Result<Self, HomeError> {
        let Some(place) = StreamPlace::of(&**disk, home)? else {
            let ledger = ledger_of_files(disk, home)?;
            let kind = Kind::Files { disk: disk.clone(), folder: home.log(), marks: Marks::default() };
            return Ok(Self { ledger, kind });
        };
        Self::open_stream(home, &place)
    }

    #[cfg(feature = "network")]
    fn open_stream(_: &Home, place: &StreamPlace) -> Result<Self, HomeError> {
        let bus = crate::bus::Bus::connect(&place.options(crate::bus::Role::Sequencer))?;
        let reader = JetStreamReader::open(bus, place.ledger(), place.demands().waits)?;
        Ok(Self::of_stream(reader))
    }

    #[cfg(not(feature = "network"))]
    fn open_stream(home: &Home, _: &StreamPlace) -> Result<Self, HomeError> {
        Err(crate::place::PlaceError::NoNetwork(home.root().to_owned()).into())
    }

    /// A log that is read over a connection of the caller's.
    #[cfg(feature = "network")]
    #[must_use]
    pub fn of_stream(reader: JetStreamReader) -> Self {
        Self { ledger: reader.ledger(), kind: Kind::Stream(reader) }
    }

    /// Whether it lies in segment files, in the home's own folder.
    #[must_use]
    pub fn is_in_files(&self) -> bool {
        matches!(self.kind, Kind::Files { .. })
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The blocks from a position to the end as it is now.
    ///
    /// # Errors
    /// If the log can't be read.
    pub fn blocks_from(&self, position: u64) -> Result<BlockReader<'_>, ReadError> {
        match &self.kind {
            Kind::Files { disk, folder, marks } => {
                let (disk, mark) = (disk.clone(), marks.before(position));
                let blocks = FileLog::open_read_only_from(disk, folder, self.ledger, position, mark)?;
                Ok(Box::new(Marking { blocks, marks }))
            }
            #[cfg(feature = "network")]
            Kind::Stream(reader) => Ok(Box::new(reader.blocks_from(position)?)),
        }
    }
}

/// The ledger that a home says it is: by its first block, or, where the log lies on JetStream, by
/// what the home was founded with; the fold over the first block checks it.
///
/// # Errors
/// If there is no log, or its first block cannot be read.
pub fn ledger_id_of(disk: &Arc<dyn Disk>, home: &Home) -> Result<LedgerId, HomeError> {
    match StreamPlace::of(&**disk, home)? {
        Some(place) => Ok(place.ledger()),
        None => ledger_of_files(disk, home),
    }
}

fn ledger_of_files(disk: &Arc<dyn Disk>, home: &Home) -> Result<LedgerId, HomeError> {
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

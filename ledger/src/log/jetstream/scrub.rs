//! Reading the whole log while the writer works.
//!
//! Opening reads the end of the log. What lies before it may have been damaged while nobody looked, and
//! nothing may be appended to a log with a hole: so the rest is read in the background, block after
//! block with its link to the one before, and what is found stops the writer.

use std::sync::{Arc, OnceLock, Weak};
use std::thread;

use vandel_core::block::{Block, block_hash};
use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;

use super::fault::StreamFault;
use super::read::JetStreamReader;
use crate::log::{PlacedBlock, ReadError};

/// How many blocks are read before a log counts as open.
const AT_ONCE_BLOCKS: u64 = 2_048;

/// What blocks must be, beyond being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Blocks of the ledger, each naming the hash of the one before.
    Chained,
    /// Any bytes: for tests of the log alone.
    Opaque,
}

/// What the background reading has found. The reading ends when this is dropped.
#[derive(Default)]
pub(super) struct Scrub {
    outcome: Arc<OnceLock<Result<u64, String>>>,
}

impl Scrub {
    /// Reads the end of a log of `blocks` blocks, and lets a thread read the rest.
    pub(super) fn start(
        reader: &JetStreamReader,
        blocks: u64,
        contents: Contents,
    ) -> Result<Self, ReadError> {
        let scrub = Self::default();
        let from = blocks.saturating_sub(AT_ONCE_BLOCKS);
        read_range(reader, from, blocks, contents, &mut || true)?;
        if from == 0 {
            let _ = scrub.outcome.set(Ok(blocks));
            return Ok(scrub);
        }
        let (reader, outcome) = (reader.clone(), Arc::downgrade(&scrub.outcome));
        thread::spawn(move || {
            // One block further than `from`, so that the link between the two parts is checked too.
            let read = read_range(&reader, 0, from + 1, contents, &mut || outcome.strong_count() > 0);
            report(&outcome, blocks, read);
        });
        Ok(scrub)
    }

    /// What is wrong, if anything was found.
    pub(super) fn found(&self) -> Option<&str> {
        self.outcome.get().and_then(|outcome| outcome.as_ref().err()).map(String::as_str)
    }

    /// How many blocks the log had when all of them had been read; none while it is being read.
    pub(super) fn done(&self) -> Option<u64> {
        self.outcome.get().and_then(|outcome| outcome.as_ref().ok()).copied()
    }
}

fn report(outcome: &Weak<OnceLock<Result<u64, String>>>, blocks: u64, read: Result<(), ReadError>) {
    let result = match read {
        Ok(()) => Ok(blocks),
        // A broker that is away says nothing about what it holds; the next start reads again.
        Err(ReadError::Unavailable { .. }) => return,
        Err(error) => Err(error.to_string()),
    };
    if let Some(outcome) = outcome.upgrade() {
        let _ = outcome.set(result);
    }
}

/// Reads blocks `from` up to `until` while `wanted`.
fn read_range(
    reader: &JetStreamReader,
    from: u64,
    until: u64,
    contents: Contents,
    wanted: &mut dyn FnMut() -> bool,
) -> Result<(), ReadError> {
    if from >= until {
        return Ok(());
    }
    let mut previous = None;
    for placed in reader.blocks_from(from)? {
        let placed = placed?;
        if placed.position >= until || !wanted() {
            break;
        }
        if contents == Contents::Chained {
            let hash = link(&placed, previous, reader.ledger)
                .map_err(|why| reader.damage(placed.position, StreamFault::OutOfPlace { why }))?;
            previous = Some(hash);
        }
    }
    Ok(())
}

/// Checks that a block is where it says, and follows the one before; returns its hash.
fn link(placed: &PlacedBlock, previous: Option<Hash>, ledger: LedgerId) -> Result<Hash, String> {
    let block = Block::decode(&placed.bytes).map_err(|error| format!("this is no block: {error}"))?;
    if block.head.ledger != ledger {
        return Err(format!("the block belongs to ledger {}", block.head.ledger));
    }
    if block.head.position != placed.position {
        return Err(format!("here stands block {}", block.head.position));
    }
    if previous.is_some_and(|previous| previous != block.head.previous) {
        return Err("the block does not follow the one before".to_owned());
    }
    Ok(block_hash(&placed.bytes))
}

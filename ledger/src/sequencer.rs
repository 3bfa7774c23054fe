//! The sequencer: the one writer, and the one way in which an event becomes part of the ledger.
//!
//! That way is the commit order (`sequencer/commit.rs`, to be read in order), whoever takes it: [`Sequencer::commit`] or the desk.
//! Recovery ([`Sequencer::open`]) ends in the same steps.

mod admission;
mod agreement;
#[cfg(feature = "network")]
mod announce;
mod checked;
mod commit;
mod founding;
#[cfg(feature = "network")]
mod founding_on_stream;
mod halt;
mod making;
mod receipts;
mod recovery;
mod replay;
mod settle;
mod snapshot;
mod snapshots;
mod upkeep;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

pub use agreement::{Disagreement, Witness};
pub use founding::{Founders, Founding, FoundingError, found};
#[cfg(feature = "network")]
pub use founding_on_stream::{NewStream, found_on_stream};
pub use recovery::{OpenError, Ports};
pub use replay::fold_threads;
pub use settle::SettleError;
pub(crate) use snapshot::SNAPSHOT_KEY;
pub use snapshots::Snapshots;

use vandel_core::chain::Chain;
use vandel_core::event::{Kind, Spine};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::limits::BLOCK_RECORDS_MAX;
use vandel_core::note::Note;
use vandel_core::signature::SigningKey;
use vandel_core::thread::{Case, Matter, Thread, Threads};
use vandel_core::time::{Day, Second};

use crate::announce::Announce;
use crate::author::Standpoint;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::home::Home;
use crate::log::Log;
use crate::memory::Memory;
use crate::people::People;
use crate::submission::{Halt, Submission};
use crate::threads::ThreadBook;
pub use crate::threads::ThreadsError;
use crate::tree::TreeFiles;
use crate::vault::Vault;

pub(crate) use admission::{Ticket, Waiting};
pub(crate) use checked::{Checked, check_all};
pub(crate) use commit::Coming;

/// The one writer of a ledger.
pub struct Sequencer {
    home: Home,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    log: Box<dyn Log>,
    vault: Vault,
    memory: Box<dyn Memory>,
    announce: Option<Box<dyn Announce>>,
    service: SigningKey,
    checkpoint_key: SigningKey,
    chain: Chain,
    threads: ThreadBook,
    tree: TreeFiles,
    /// The records of open statements by the statements' hash, for repeats.
    open_records: HashMap<Hash, u64>,
    /// The last published checkpoint, signed.
    checkpoint: String,
    /// Who is in the ledger, once somebody has asked. In memory only.
    people: RefCell<Option<People>>,
    /// How many records the last snapshot holds, or the one under way.
    snapshot_size: u64,
    snapshots: Snapshots,
    /// How many records a block may have.
    block_records: usize,
    /// Set when the outcome of an effect is unknown: only opening anew can tell.
    halted: Option<Halt>,
}

/// How the witnesses of the memory stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WitnessCounts {
    /// Of how many the memory consists.
    pub witnesses: usize,
    /// How many of them did not count last time.
    pub troubled: usize,
    /// Cosignatures on the newest published checkpoint.
    pub cosignatures: usize,
}

/// What was submitted together: all of it is taken, or none.
pub type Group = Vec<Submission>;

impl Sequencer {
    /// The chain as far as it is settled; in a sequencer that has stopped, perhaps with a block that is not.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// All threads. In a large ledger this opens a row for each, and keeps them in memory from then on: for one thread
    /// ask [`Sequencer::thread`].
    ///
    /// # Errors
    /// If the snapshot that they lie in can't be read.
    pub fn threads(&self) -> Result<&Threads, ThreadsError> {
        self.readable(self.threads.all(&self.vault))
    }

    /// A thread.
    ///
    /// # Errors
    /// If the snapshot that it lies in can't be read.
    pub fn thread(&self, thread: &ThreadId) -> Result<Option<Cow<'_, Thread>>, ThreadsError> {
        self.readable(self.threads.get(&self.vault, thread))
    }

    /// A case.
    ///
    /// # Errors
    /// As [`Sequencer::thread`].
    pub fn case(&self, thread: &ThreadId) -> Result<Option<Case>, ThreadsError> {
        Ok(self.thread(thread)?.and_then(|thread| match thread.into_owned().matter {
            Matter::Case(case) => Some(*case),
            _ => None,
        }))
    }

    /// The threads of somebody's readings.
    ///
    /// # Errors
    /// As [`Sequencer::thread`].
    pub fn readings_of(&self, actor: ActorId) -> Result<Vec<(ThreadId, Thread)>, ThreadsError> {
        self.readable(self.threads.readings_of(&self.vault, actor))
    }

    /// A snapshot that is damaged goes, so that the next start makes it anew from the log.
    fn readable<T>(&self, looked_up: Result<T, ThreadsError>) -> Result<T, ThreadsError> {
        looked_up.inspect_err(|error| snapshot::remove_if_damaged(&*self.disk, &self.home, error))
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The vault, to store names and to erase.
    pub fn vault_mut(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// The log, for readers.
    #[must_use]
    pub fn log(&self) -> &dyn Log {
        &*self.log
    }

    /// The last published checkpoint, signed.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// What the operator should know about the memory: witnesses that did not count last time.
    #[must_use]
    pub fn memory_remarks(&self) -> Vec<String> {
        self.memory.remarks()
    }

    /// How the witnesses stand, for metrics.
    #[must_use]
    pub fn witness_counts(&self) -> WitnessCounts {
        let note = Note::parse(self.checkpoint.as_bytes());
        WitnessCounts {
            witnesses: self.memory.witnesses(),
            troubled: self.memory.remarks().len(),
            // All lines but the ledger's own.
            cosignatures: note.map_or(0, |note| note.signatures().len().saturating_sub(1)),
        }
    }

    /// What an author must know to sign for this ledger now.
    #[must_use]
    pub fn standpoint(&self) -> Standpoint {
        let checkpoint = Some(self.checkpoint.clone());
        Standpoint { ledger: self.chain.ledger, seen: self.chain.tip(), checkpoint }
    }

    /// Where the next step of a thread stands.
    ///
    /// # Errors
    /// As [`Sequencer::thread`].
    pub fn next_spine(&self, thread: ThreadId, kind: Kind, day: Day) -> Result<Spine, ThreadsError> {
        let known = self.thread(&thread)?;
        let (number, previous) = known.map_or((0, Hash::ZERO), |thread| (thread.next(), thread.previous));
        Ok(Spine { thread, number, previous, kind, day })
    }

    /// Why it has stopped, if it has: an effect's outcome is unknown, or this log was rolled back.
    #[must_use]
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.as_ref()
    }

    /// Looks whether another instance has taken over, and stops if so: a sequencer that was thought dead learns it
    /// here, if nobody hands in anything. It could not have written anything any more.
    pub fn check_held(&mut self) {
        if self.halted.is_none() && self.is_replaced() {
            self.halted = Some(halt::replaced());
        }
    }

    /// Sets how many records a block may have: at least one, and no more than the format allows, which is what it takes
    /// without this.
    pub fn set_block_records(&mut self, most: usize) {
        self.block_records = most.clamp(1, BLOCK_RECORDS_MAX);
    }

    /// The clock it goes by.
    #[must_use]
    pub fn now(&self) -> Second {
        self.clock.now().max(self.chain.time)
    }
}

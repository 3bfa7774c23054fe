//! Opening a ledger: log, memory and vault must agree before anything is appended.

use std::io;
use std::sync::Arc;

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::chain::{Chain, Fault};
use vandel_core::event::{OpenEvent, SequencerStarted};
use vandel_core::hash::Hash;
use vandel_core::id::{LedgerId, ThreadId};
use vandel_core::record::Record;
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::statement::{Body, Seen};
use vandel_core::thread::{Matter, Thread, Threads};

use crate::clock::Clock;
use crate::disk::Disk;
use crate::home::Home;
use crate::log::{Log, ReadError};
use crate::memory::{Memory, MemoryError};
use crate::sealing::{Unsealed, from_opened};
use crate::sequencer::snapshot::{self, CleanEnd, Restored};
use crate::sequencer::{Sequencer, SettleError};
use crate::submission::SubmitError;
use crate::tree::{TreeFile, tree_path};
use crate::vault::{Vault, VaultError};

/// What a sequencer works with.
pub struct Ports<L> {
    /// The folder.
    pub home: Home,
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The log, opened; a torn tail may still stand.
    pub log: L,
    /// The vault, opened for writing.
    pub vault: Vault,
    /// The memory.
    pub memory: Box<dyn Memory>,
    /// The instance's key.
    pub service: SigningKey,
    /// The checkpoints' key.
    pub checkpoint_key: SigningKey,
}

/// Why a ledger could not be opened for appending. Nothing has been appended or published.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log cannot be read, or is damaged.
    #[error("{0}")]
    Log(#[from] ReadError),
    /// A block's bytes are refused.
    #[error("block {block}: {error}")]
    Decode {
        /// The block.
        block: u64,
        /// Why.
        error: BlockDecodeError,
    },
    /// The chain is faulty.
    #[error("record {}: {fault}", fault.place.record.unwrap_or_default())]
    Fault {
        /// Where and why.
        fault: Fault,
    },
    /// The log is of another ledger.
    #[error("the log is of ledger {found}; {expected} was expected")]
    WrongLedger {
        /// The ledger expected.
        expected: LedgerId,
        /// The ledger found.
        found: LedgerId,
    },
    /// The log ends before what the memory holds.
    #[error("the log ends at record {size}; the memory holds a checkpoint of {remembered} records")]
    Behind {
        /// The log's size.
        size: u64,
        /// The memory's size.
        remembered: u64,
    },
    /// The log is another history than the memory holds.
    #[error("the log has root {found} at size {size}; the memory holds {remembered}")]
    Fork {
        /// The size.
        size: u64,
        /// The root remembered.
        remembered: Hash,
        /// The root found.
        found: Hash,
    },
    /// A sealed record has no payload and no erasure explains it.
    #[error("record {record} is sealed and the vault does not hold its payload")]
    PayloadMissing {
        /// The record.
        record: u64,
    },
    /// A payload is damaged.
    #[error("the payload of record {record} is damaged")]
    PayloadDamaged {
        /// The record.
        record: u64,
    },
    /// The key in the keys folder is not the one that this ledger needs.
    #[error("the {what} key in the keys folder is not the one that the ledger names")]
    WrongKey {
        /// Which.
        what: &'static str,
    },
    /// The vault failed.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The memory failed.
    #[error("{0}")]
    Memory(#[from] MemoryError),
    /// The disk failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The tail could not be settled.
    #[error("{0}")]
    Settle(#[from] SettleError),
    /// The start could not be recorded.
    #[error("the sequencer's start could not be recorded: {0}")]
    Start(SubmitError),
}

impl Sequencer {
    /// Opens a ledger for appending. `cut_torn_tail` is called when log and memory agree: bytes of a
    /// block that was never acknowledged may then go.
    ///
    /// # Errors
    /// [`OpenError`]; in particular, a log that does not reach the memory's checkpoint is never
    /// repaired and never appended to.
    pub fn open<L: Log + 'static>(
        ports: Ports<L>,
        ledger: LedgerId,
        cut_torn_tail: impl FnOnce(&mut L) -> io::Result<()>,
    ) -> Result<Self, OpenError> {
        let Ports { home, disk, clock, mut log, vault, memory, service, checkpoint_key } = ports;
        disk.create_directory(&home.views())?;
        let restored = snapshot::read(&*disk, &home.views(), &vault, &ledger);
        let mut state = Replay::begin(restored, &log)?;
        let snapshot_size = state.chain.size();
        state.replay(&log, &vault, memory.latest())?;
        if state.chain.ledger != ledger {
            return Err(OpenError::WrongLedger { expected: ledger, found: state.chain.ledger });
        }
        compare(&state.chain, memory.latest())?;
        cut_torn_tail(&mut log)?;
        if state.chain.checkpoint_key(state.chain.size()) != Some(public_key(&checkpoint_key)) {
            return Err(OpenError::WrongKey { what: "checkpoint" });
        }
        let tree = open_tree(&disk, &home, &log, &state)?;
        let Replay { chain, threads, open_records, .. } = state;
        let mut sequencer = Self {
            home,
            disk,
            clock,
            log: Box::new(log),
            vault,
            memory,
            service,
            checkpoint_key,
            chain,
            threads,
            tree,
            open_records,
            checkpoint: String::new(),
            snapshot_size,
            halted: None,
        };
        sequencer.settle_tail()?;
        Ok(sequencer)
    }

    /// Sound blocks beyond the memory are adopted: the last steps of the commit order, run again.
    /// Then a start is recorded, unless the last instance ended in order right here, and payloads
    /// that no record names are destroyed.
    fn settle_tail(&mut self) -> Result<(), OpenError> {
        let adopted = self.memory.latest().size < self.chain.size();
        match self.memory.note().filter(|_| !adopted).map(str::to_owned) {
            Some(note) => {
                if self.published().as_deref() != Some(&note) {
                    self.remember_and_publish()?;
                }
                self.checkpoint = note;
            }
            None => self.remember_and_publish()?,
        }
        let end = self.clean_end();
        let ended_in_order = snapshot::take_clean_end(&*self.disk, &self.home.views(), &end);
        let same_instance = self.chain.sequencer == public_key(&self.service);
        if !(ended_in_order && same_instance) {
            self.record_start()?;
        }
        self.vault.destroy_after(self.chain.size())?;
        let replaced = |(id, thread): (&ThreadId, &Thread)| match &thread.matter {
            Matter::Case(case) if case.identity_step > Some(0) => Some(*id),
            _ => None,
        };
        let replaced: Vec<ThreadId> = self.threads.iter().filter_map(replaced).collect();
        self.destroy_superseded(&replaced)?;
        Ok(())
    }

    fn record_start(&mut self) -> Result<(), OpenError> {
        let mut instance = [0; 16];
        getrandom::fill(&mut instance)
            .map_err(|_| io::Error::other("the operating system gives no randomness"))?;
        let event = OpenEvent::SequencerStarted(SequencerStarted { instance });
        self.commit_own(event).map(|_| ()).map_err(OpenError::Start)
    }

    fn clean_end(&self) -> CleanEnd {
        CleanEnd { sequencer: public_key(&self.service), size: self.chain.size(), head: self.chain.head }
    }

    /// Ends in order: writes a snapshot if many records came since the last, and notes the end.
    ///
    /// # Errors
    /// If the vault or the disk refuses; the ledger is whole all the same.
    pub fn close(mut self) -> Result<(), OpenError> {
        if self.halted.is_some() {
            return Ok(());
        }
        let views = self.home.views();
        let grown = self.chain.size() - self.snapshot_size;
        if grown > 64.max(self.snapshot_size / 32) {
            snapshot::write(
                &*self.disk,
                &views,
                &mut self.vault,
                &self.chain,
                &self.threads,
                &self.open_records,
            )?;
        }
        Ok(snapshot::write_clean_end(&*self.disk, &views, &self.clean_end())?)
    }
}

/// The log must bear out what the memory holds.
fn compare(chain: &Chain, remembered: Seen) -> Result<(), OpenError> {
    match chain.root_at(remembered.size) {
        Some(root) if root == remembered.root => Ok(()),
        Some(found) => Err(OpenError::Fork { size: remembered.size, remembered: remembered.root, found }),
        None if remembered.size > chain.size() => {
            Err(OpenError::Behind { size: chain.size(), remembered: remembered.size })
        }
        None => {
            Err(OpenError::Fork { size: remembered.size, remembered: remembered.root, found: Hash::ZERO })
        }
    }
}

/// The fold over the log at opening.
struct Replay {
    chain: Chain,
    threads: Threads,
    open_records: std::collections::HashMap<Hash, u64>,
}

impl Replay {
    /// From the snapshot if it fits the log, else from the beginning.
    fn begin(restored: Option<Restored>, log: &dyn Log) -> Result<Self, OpenError> {
        if let Some(Restored { chain, threads, open_records }) = restored {
            let last = chain.blocks.checked_sub(1).map(|last| log.read(last)).transpose()?.flatten();
            if last.is_some_and(|bytes| vandel_core::block::block_hash(&bytes) == chain.block_head) {
                return Ok(Self { chain, threads, open_records });
            }
        }
        Ok(Self {
            chain: Chain::before_opening(),
            threads: Threads::default(),
            open_records: Default::default(),
        })
    }

    /// Folds the rest of the log. Signatures below the memory's checkpoint need no checking here: its
    /// root stands for those very bytes. What lies beyond it is adopted only if they are all right.
    fn replay(&mut self, log: &dyn Log, vault: &Vault, remembered: Seen) -> Result<(), OpenError> {
        for placed in log.blocks_from(self.chain.blocks) {
            let placed = placed?;
            let decode = |error| OpenError::Decode { block: placed.position, error };
            let block = Block::decode(&placed.bytes).map_err(decode)?;
            let mut checks = Vec::new();
            let (threads, open_records) = (&mut self.threads, &mut self.open_records);
            let mut outcome = Ok(());
            let taken = self.chain.take(&block, &mut checks, |chain, record| {
                if outcome.is_ok() {
                    outcome = fold_record(chain, record, vault, threads, open_records);
                }
            });
            taken.map_err(|fault| OpenError::Fault { fault })?;
            outcome?;
            if block.next_record() > remembered.size {
                checks
                    .iter()
                    .try_for_each(|check| check.check())
                    .map_err(|fault| OpenError::Fault { fault })?;
            }
        }
        Ok(())
    }
}

pub(super) fn fold_record(
    chain: &Chain,
    record: &Record<'_>,
    vault: &Vault,
    threads: &mut Threads,
    open_records: &mut std::collections::HashMap<Hash, u64>,
) -> Result<(), OpenError> {
    let hash = record.statement.hash();
    let commitment = match &record.statement.statement.body {
        Body::Open(_) => {
            open_records.insert(hash, record.number);
            return Ok(());
        }
        Body::Sealed(commitment) => commitment,
    };
    let missing = OpenError::PayloadMissing { record: record.number };
    let damaged = OpenError::PayloadDamaged { record: record.number };
    let opened = vault.get(record.number)?.filter(|opened| opened.statement == hash).ok_or(missing)?;
    match from_opened(&opened) {
        Unsealed::Erased => Ok(()),
        Unsealed::Damaged => Err(damaged),
        Unsealed::Payload(payload) => {
            let step = payload.open(commitment).map_err(|_| damaged)?;
            if let Some(author) = chain.keyring.get(&record.statement.statement.author) {
                threads.fold(&step, author.actor, record.number, hash);
            }
            Ok(())
        }
    }
}

/// The tree's nodes, rebuilt from the log if they do not give the chain's root.
fn open_tree(
    disk: &Arc<dyn Disk>,
    home: &Home,
    log: &dyn Log,
    state: &Replay,
) -> Result<TreeFile, OpenError> {
    let path = tree_path(&home.views());
    let size = state.chain.size();
    if let Ok(tree) = TreeFile::open(disk, &path, size)
        && tree.root() == state.chain.frontier.root()
    {
        return Ok(tree);
    }
    let mut tree = TreeFile::create(disk, &path)?;
    for placed in log.blocks_from(0) {
        let placed = placed?;
        let decode = |error| OpenError::Decode { block: placed.position, error };
        let block = Block::decode(&placed.bytes).map_err(decode)?;
        let hashes: Vec<Hash> = block.records.iter().map(Record::hash).collect();
        tree.append(&hashes)?;
    }
    Ok(tree)
}

//! Opening a ledger: log, memory and vault must agree before anything is appended.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::chain::Fault;
use vandel_core::event::{OpenEvent, SequencerStarted};
use vandel_core::id::{LedgerId, ThreadId};
use vandel_core::limits::BLOCK_RECORDS_MAX;
use vandel_core::record::Record;
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::statement::{Body, Seen};
use vandel_core::thread::{Matter, Thread};

use crate::announce::Announce;
use crate::clock::Clock;
use crate::disk::{Disk, create_durably, read_all};
use crate::gate::{self, GateError};
use crate::home::Home;
use crate::log::{Log, ReadError};
use crate::memory::{Memory, MemoryError};
use crate::sequencer::agreement::{self, Announced, Claims, Disagreement, signed_by_us};
use crate::sequencer::making::sign_checkpoint;
use crate::sequencer::replay::Replay;
use crate::sequencer::snapshot::{self, CleanEnd};
use crate::sequencer::{Sequencer, SettleError, Snapshots, ThreadsError};
use crate::submission::SubmitError;
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
    /// Where checkpoints are announced, beside the public folder.
    pub announce: Option<Box<dyn Announce>>,
    /// Accept, this once, a memory that holds less than it must have held: it was lost, and whoever
    /// opens has compared the log with receipts or witnesses. What the log holds is then checked in
    /// full, and what was published still has to be borne out.
    pub trust_new_memory: bool,
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
    /// Log, memory and published checkpoint contradict each other.
    #[error("{0}")]
    Disagreement(#[from] Disagreement),
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
    /// The vault is older than an erasure in the log, or a restore is unfinished.
    #[error("{0}")]
    Gate(#[from] GateError),
    /// The vault failed.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The memory failed.
    #[error("{0}")]
    Memory(#[from] MemoryError),
    /// The disk failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What is known of the threads can't be read or written.
    #[error("{0}")]
    Threads(#[from] ThreadsError),
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
        let Ports { home, disk, clock, mut log, vault, memory, service, checkpoint_key, .. } = ports;
        let Ports { announce, trust_new_memory, .. } = ports;
        create_durably(&*disk, &home.views())?;
        let (state, snapshot_size) = read(&disk, &home, (&log, &vault), ledger, memory.latest())?;
        if state.chain.ledger != ledger {
            return Err(OpenError::WrongLedger { expected: ledger, found: state.chain.ledger });
        }
        // A vault that is older than an erasure in this log must not serve: what was erased opens in it.
        gate::check(&*disk, &home, &state.chain, &vault)?;
        state.check_missing()?;
        // What an instance that was replaced is about to publish, it can't any more.
        vault.withdraw_beside(&home.public())?;
        let published = published(&*disk, &home);
        let announced = announce.as_deref().map(Announced::read).transpose()?;
        let claims = Claims {
            remembered: memory.latest(),
            floor: memory.floor(),
            memory: home.memory(),
            published: published.as_deref(),
            announced: announced.as_ref(),
            trust_new_memory,
        };
        agreement::compare(&state.chain, &claims)?;
        if state.chain.checkpoint_key(state.chain.size()) != Some(public_key(&checkpoint_key)) {
            return Err(OpenError::WrongKey { what: "checkpoint" });
        }
        if state.chain.keyring.get(&public_key(&service)).is_none() {
            return Err(OpenError::WrongKey { what: "service" });
        }
        // They agree: what is torn was never acknowledged.
        cut_torn_tail(&mut log)?;
        let Replay { chain, threads, open_records, tree, .. } = state;
        let mut sequencer = Self {
            home,
            disk,
            clock,
            log: Box::new(log),
            vault,
            memory,
            announce,
            service,
            checkpoint_key,
            chain,
            threads,
            tree,
            open_records,
            checkpoint: String::new(),
            people: RefCell::default(),
            snapshot_size,
            snapshots: Snapshots::default(),
            block_records: BLOCK_RECORDS_MAX,
            halted: None,
        };
        sequencer.settle_tail(published, announced)?;
        Ok(sequencer)
    }

    /// Sound blocks beyond the memory are adopted: the last steps of the commit order, run again.
    /// Then a start is recorded, unless the last instance ended in order right here, and payloads
    /// that no record names are destroyed.
    fn settle_tail(
        &mut self,
        published: Option<String>,
        announced: Option<Announced>,
    ) -> Result<(), OpenError> {
        let adopted = self.memory.latest().size < self.chain.size();
        let is_announced = |note: &String| {
            announced.as_ref().is_none_or(|announced| announced.note.as_deref() == Some(&**note))
        };
        match published.filter(|note| !adopted && self.memory.has_settled(note) && is_announced(note)) {
            Some(note) => self.checkpoint = note,
            None => {
                let tip = self.chain.tip();
                let (checkpoint, note) =
                    sign_checkpoint(&self.chain.origin, tip.size, tip.root, &self.checkpoint_key)?;
                self.settling().remember_and_publish(&checkpoint, &note)?;
            }
        }
        let end = self.clean_end();
        let ended_in_order = snapshot::take_clean_end(&*self.disk, &self.home.views(), &end);
        let same_instance = self.chain.sequencer == public_key(&self.service);
        if !(ended_in_order && same_instance) {
            self.record_start()?;
        }
        let named = self.payloads_named()?;
        self.vault.destroy_after(named)?;
        // Before a snapshot was written, what was replaced by then had been destroyed.
        let replaced = |(id, thread): (&ThreadId, &Thread)| match &thread.matter {
            Matter::Case(case) if case.identity_step > Some(0) => Some(*id),
            _ => None,
        };
        let replaced: Vec<ThreadId> = self.threads.changed().filter_map(replaced).collect();
        self.destroy_superseded(&replaced)?;
        Ok(())
    }

    /// The number after the last record that has a payload: whatever lies in the vault from there on
    /// was put for a block that never came. Its numbers may since have gone to open statements (the
    /// start that was just recorded, for one), so the tree's size does not tell; the log does. Only
    /// the blocks of open statements at its end are read, and the last sealed one.
    fn payloads_named(&self) -> Result<u64, OpenError> {
        if self.vault.last_record().is_none() {
            return Ok(0);
        }
        for position in (0..self.chain.blocks).rev() {
            let Some(bytes) = self.log.read(position)? else { continue };
            let block =
                Block::decode(&bytes).map_err(|error| OpenError::Decode { block: position, error })?;
            let sealed = |record: &&Record<'_>| matches!(record.statement.statement.body, Body::Sealed(_));
            if let Some(record) = block.records.iter().rev().find(sealed) {
                return Ok(record.number + 1);
            }
        }
        Ok(0)
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
        if let Some(announce) = &mut self.announce {
            let chain = &self.chain;
            announce.settle(&|note| signed_by_us(chain, note).map(|seen| seen.size))?;
        }
        self.write_last_snapshot()?;
        Ok(snapshot::write_clean_end(&*self.disk, &self.home.views(), &self.clean_end())?)
    }
}

/// What the snapshot and the log say, and how many records the snapshot holds.
fn read(
    disk: &Arc<dyn Disk>,
    home: &Home,
    (log, vault): (&dyn Log, &Vault),
    ledger: LedgerId,
    remembered: Seen,
) -> Result<(Replay, u64), OpenError> {
    let restored = snapshot::read(&**disk, &home.views(), vault, &ledger);
    let mut state = Replay::begin((ledger, restored), disk, home, log)?;
    let size = state.chain.size();
    match state.run(log, vault, remembered) {
        // The snapshot is of no use after all: everything is in the log.
        Err(OpenError::Threads(ThreadsError::Damaged | ThreadsError::Io(_))) => {
            let mut state = Replay::begin((ledger, None), disk, home, log)?;
            state.run(log, vault, remembered)?;
            Ok((state, 0))
        }
        other => other.map(|()| (state, size)),
    }
}

/// The last checkpoint that was published, as far as this home knows.
fn published(disk: &dyn Disk, home: &Home) -> Option<String> {
    read_all(disk, &home.checkpoint()).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

//! The sequencer: the one writer, and the one function in which an event becomes part of the ledger.
//!
//! [`Sequencer::commit`] is the way of every event; recovery ([`Sequencer::open`]) ends in the same
//! steps. Read the comments in `commit` in order: each says what a crash at that point leaves behind
//! and why that is safe.

mod admission;
mod agreement;
#[cfg(feature = "network")]
mod announce;
mod founding;
#[cfg(feature = "network")]
mod founding_on_stream;
mod halt;
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

use vandel_core::block::{BlockHead, FRAME_BYTES, encode_unsigned, record_bytes_in_block};
use vandel_core::chain::Chain;
use vandel_core::event::{Kind, Spine};
use vandel_core::hash::{Domain, Hash, leaf_hash};
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::limits::{BLOCK_BYTES_MAX, BLOCK_RECORDS_MAX};
use vandel_core::note::Note;
use vandel_core::record::encode_record;
use vandel_core::signature::{SigningKey, public_key, sign};
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
use crate::submission::{Halt, Receipt, Submission, SubmitError};
use crate::threads::ThreadBook;
pub use crate::threads::ThreadsError;
use crate::tree::TreeFile;
use crate::vault::{Entry, Vault};

use admission::{Admitted, Answer, Waiting};
pub(crate) use admission::{Checked, check_all};

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
    tree: TreeFile,
    /// The records of open statements by the statements' hash, for repeats.
    open_records: HashMap<Hash, u64>,
    /// The last published checkpoint, signed.
    checkpoint: String,
    /// Who is in the ledger, once somebody has asked. In memory only.
    people: RefCell<Option<People>>,
    /// How many records the last snapshot holds, or the one under way.
    snapshot_size: u64,
    snapshots: Snapshots,
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
    /// The chain as far as it is settled.
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
        if let Err(ThreadsError::Damaged) = &looked_up {
            // If it can't be removed, the next start meets the same damage, and says so again.
            let _ = snapshot::remove(&*self.disk, &self.home.views());
        }
        looked_up
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

    /// The tree's nodes, as the file has them: a proof made from them must be verified before it leaves.
    /// [`Sequencer::receipts`] and [`Sequencer::prove_consistency`] do that, and mend the file.
    #[must_use]
    pub fn tree(&self) -> &TreeFile {
        &self.tree
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

    /// The clock it goes by.
    #[must_use]
    pub fn now(&self) -> Second {
        self.clock.now().max(self.chain.time)
    }

    /// Takes groups of submissions into the ledger: as many as fit become one block. Answers come in
    /// the order of the groups, each with its receipts or the reason why nothing of it was taken.
    ///
    /// An error of one group leaves the others alone. If an effect's outcome is unknown the sequencer
    /// halts, and must be opened again, which finds out.
    pub fn commit(&mut self, groups: Vec<Group>) -> Vec<Result<Vec<Receipt>, SubmitError>> {
        let mut answers: Vec<_> = groups.iter().map(|_| None).collect();
        let checked = admission::check_all(&self.chain.keyring, groups);
        self.commit_checked(checked, |index, answer| answers[index] = Some(answer));
        let unanswered = || Err(SubmitError::Halted(Halt::of_io("the group was not reached")));
        answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
    }

    /// [`Sequencer::commit`] for groups that were checked ahead. Each answer is given as soon as its
    /// block is settled, with the group's index.
    pub(crate) fn commit_checked(
        &mut self,
        checked: Vec<Result<Checked, SubmitError>>,
        mut answer: impl FnMut(usize, Result<Vec<Receipt>, SubmitError>),
    ) {
        let mut waiting = Waiting::new();
        for (index, group) in checked.into_iter().enumerate() {
            match group {
                Ok(group) => waiting.push_back((index, group)),
                Err(error) => answer(index, Err(error)),
            }
        }
        while !waiting.is_empty() {
            self.commit_block(&mut waiting).into_iter().for_each(|(index, result)| answer(index, result));
        }
    }

    /// One block: the commit order. Takes from `waiting` what fits.
    fn commit_block(&mut self, waiting: &mut Waiting) -> Vec<Answer> {
        if let Some(halt) = self.halted.clone() {
            return waiting.drain(..).map(|(index, _)| halted(index, &halt)).collect();
        }
        // 1. Admit. Pure, in memory: a crash leaves nothing.
        let at = self.now();
        let (mut admitted, mut answers) = self.admit(waiting, at);
        self.count_refused(&answers, at);
        if let Some(halt) = answers.iter().find_map(|(_, answer)| halt::of_admission(answer)) {
            // This log is not what its own key has shown to somebody, or what is known of it can't be read: nothing
            // may follow on it.
            self.halted = Some(halt.clone());
            answers.extend(admitted.iter().map(|group| halted(group.index, &halt)));
            return answers;
        }
        if admitted.is_empty() {
            return answers;
        }
        // 2. Make the bytes, once. Whatever happens from here on, these bytes are appended or none.
        let (block, entries, hashes) = self.assemble(&mut admitted, at);
        let before = (self.chain.frontier.clone(), self.chain.head);
        match self.make_durable(&block, &entries, &hashes) {
            Ok(()) => {
                answers.extend(self.receipts_of(&admitted, (&before.0, before.1), &hashes));
                // 9. Identities that were replaced are destroyed. A crash before leaves the old one in
                //    the vault; the next start destroys it.
                let superseding: Vec<_> =
                    admitted.iter().flat_map(|group| group.superseding.clone()).collect();
                if let Err(error) = self.destroy_superseded(&superseding) {
                    self.halted =
                        Some(Halt::of_io(format!("a replaced identity was not destroyed: {error}")));
                }
                let identified: Vec<_> = admitted.into_iter().flat_map(|group| group.identified).collect();
                self.note_people(&identified);
                self.write_snapshot_if_due();
            }
            Err(halt) => {
                let halt = if self.is_replaced() { halt::replaced() } else { halt };
                self.halted = Some(halt.clone());
                answers.extend(admitted.iter().map(|group| halted(group.index, &halt)));
            }
        }
        answers
    }

    /// The effects of the commit order.
    fn make_durable(&mut self, block: &[u8], entries: &[Entry], hashes: &[Hash]) -> Result<(), Halt> {
        // 3. The vault holds the payloads and their keys, durably. A crash from here on leaves
        //    payloads that no record names; the next start destroys them once the tail is settled.
        if !entries.is_empty() {
            self.vault.put(entries).map_err(halt::of_vault)?;
        }
        // 4. The log holds the block, durably. A crash before the acknowledgement leaves the block
        //    there or not; the next start reads which, and adopts it if it is. It is never sent again
        //    with other bytes.
        let position = self.chain.blocks;
        self.log.append(position, block).map_err(|error| self.halt_of_append(error))?;
        // 5. to 7. Fold it in, let the memory take the new checkpoint, publish. A crash leaves a
        //    durable block beyond the memory; the next start runs these very steps.
        self.settle(block, hashes).map_err(halt::of_settling)
        // 8. Receipts leave. A crash leaves authors without an answer: they send the same statement
        //    again and get the first receipt.
    }

    /// Records around the statements, a block around the records, and the payloads for the vault.
    fn assemble(&self, admitted: &mut [Admitted], at: Second) -> (Vec<u8>, Vec<Entry>, Vec<Hash>) {
        let count = admitted.iter().map(|group| group.statements.len()).sum();
        let (mut records, mut hashes) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut entries = Vec::with_capacity(count);
        let mut previous = self.chain.head;
        for (statement, entry) in admitted.iter_mut().flat_map(|group| group.statements.drain(..)) {
            let number = self.chain.size() + records.len() as u64;
            let record = encode_record(number, at, &previous, &statement);
            previous = leaf_hash(&record);
            hashes.push(previous);
            records.push(record);
            entries.extend(entry);
        }
        let head = BlockHead {
            ledger: self.chain.ledger,
            position: self.chain.blocks,
            previous: self.chain.block_head,
            first_record: self.chain.size(),
            sequencer: public_key(&self.service),
        };
        let mut block = encode_unsigned(&head, records.iter().map(Vec::as_slice));
        let signature = sign(&self.service, Domain::Block, &[&block]);
        block.extend_from_slice(&signature);
        (block, entries, hashes)
    }
}

/// One group's answer, of a sequencer that has stopped.
fn halted(index: usize, halt: &Halt) -> Answer {
    (index, Err(SubmitError::Halted(halt.clone())))
}

/// Counts what still fits into a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    records: usize,
    bytes: usize,
}

impl Room {
    /// An empty block.
    pub(crate) const fn empty() -> Self {
        Self { records: 0, bytes: FRAME_BYTES }
    }

    /// Takes up the room for statements of these lengths; false if they do not fit.
    pub(crate) fn take(&mut self, statement_lens: impl Iterator<Item = usize>) -> bool {
        let mut after = *self;
        for len in statement_lens {
            after.records += 1;
            after.bytes += record_bytes_in_block(50 + len);
        }
        let fits = after.records <= BLOCK_RECORDS_MAX && after.bytes <= BLOCK_BYTES_MAX;
        if fits {
            *self = after;
        }
        fits
    }
}

//! The desk: where many hand in what they have signed, and one writer takes it.
//!
//! The *checkers* take what waits and verify its signatures on all cores, a lot each; the *writer*
//! owns the [`Sequencer`] and makes blocks of what has been checked. While a block is being synced the
//! next one's signatures are verified and more groups arrive, so blocks grow with load and nobody waits
//! for a timer.
//!
//! ```text
//! submit ──> waiting ──checkers─> checked ──writer──> one block ──> answers
//! ask ─────────────────────────────────────> writer, between two blocks
//! ```
//!
//! What was handed in counts against the desk's limits until it is answered; beyond them the answer is
//! [`DeskError::Busy`], at once, and nothing was taken. A desk that is closed answers what it has taken,
//! then ends the sequencer in order. A sequencer that halts answers everything with the reason.

mod queue;
mod threads;
mod writer;

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::sequencer::{Group, OpenError, Sequencer};
use crate::submission::{Halt, Receipt, SubmitError};

use queue::{Handed, Queue};

/// What a group is answered with.
pub type GroupAnswer = Result<Vec<Receipt>, SubmitError>;

/// How much may wait at a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskLimits {
    /// The most statements handed in and not yet answered.
    pub statements: usize,
    /// The most bytes of them, payloads included.
    pub bytes: usize,
    /// The most questions asked and not yet answered.
    pub questions: usize,
    /// How often an idle desk clears the vault's keys and indexes that have lived their time
    /// ([`crate::vault::Vault::forget_old_caches`]).
    pub forget_every: Duration,
}

impl Default for DeskLimits {
    /// A few seconds of work for a small machine, and a bound on its memory.
    fn default() -> Self {
        Self { statements: 16_384, bytes: 64 << 20, questions: 1_024, forget_every: Duration::from_secs(30) }
    }
}

/// Why a desk did not take something. Nothing of it was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// Too much is waiting.
    #[error("the ledger is busy; try again in {} ms", retry_after.as_millis())]
    Busy {
        /// When it is worth trying again, from how fast the queue has been moving.
        retry_after: Duration,
    },
    /// The desk is closing or closed.
    #[error("the ledger is closing; try again when it has been started anew")]
    Closing,
    /// The sequencer has stopped.
    #[error("the sequencer has stopped: {0}")]
    Halted(Halt),
}

/// What a desk has done and what waits there, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskCounts {
    /// Statements handed in and not yet answered.
    pub waiting: u64,
    /// Statements answered with a receipt.
    pub taken: u64,
    /// Groups answered with a refusal.
    pub refused: u64,
    /// Groups turned away because too much waited.
    pub busy: u64,
    /// Rounds of the writer: how often it took what had been checked.
    pub rounds: u64,
}

/// The desk. Whoever holds it may close it; others hand in through a [`DeskHandle`].
pub struct Desk {
    handle: DeskHandle,
    checkers: Vec<JoinHandle<()>>,
    writer: JoinHandle<Option<Sequencer>>,
}

/// A way to a desk, for any thread.
#[derive(Clone)]
pub struct DeskHandle {
    queue: Arc<Queue>,
}

impl Desk {
    /// Opens a desk before a sequencer. `on_halt` is called once, on the writer's thread, should the
    /// sequencer stop.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn open(
        sequencer: Sequencer,
        limits: DeskLimits,
        on_halt: impl FnOnce(Halt) + Send + 'static,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(limits, sequencer.chain().keyring.clone()));
        let handle = DeskHandle { queue: queue.clone() };
        let checkers = threads::spawn_checkers(&queue);
        let writer = threads::spawn_writer(queue.clone(), sequencer, on_halt);
        if checkers.is_err() || writer.is_err() {
            queue.close();
        }
        Ok(Self { handle, checkers: checkers?, writer: writer? })
    }

    /// A way to this desk.
    #[must_use]
    pub fn handle(&self) -> DeskHandle {
        self.handle.clone()
    }

    /// Takes nothing more, answers what was taken, and ends the sequencer in order.
    ///
    /// # Errors
    /// If the end could not be noted; the ledger is whole all the same.
    pub fn close(self) -> Result<(), OpenError> {
        match self.end() {
            Some(sequencer) => sequencer.close(),
            None => Ok(()),
        }
    }

    /// Takes nothing more, answers what was taken, and gives the sequencer back; none if its thread
    /// panicked, in which case opening the ledger finds out where it stands.
    #[must_use]
    pub fn end(self) -> Option<Sequencer> {
        self.handle.queue.close();
        // All of them, whatever became of the first.
        let checked = self.checkers.into_iter().map(|checker| checker.join().is_ok());
        let all_checked = checked.fold(true, |so_far, one| so_far & one);
        self.writer.join().ok().flatten().filter(|_| all_checked)
    }
}

impl DeskHandle {
    /// Hands in groups together. `answer` is called once, on one of the writer's threads, with the answers in their
    /// order when the last of them is there: it must not wait for anything. Each group stands or falls by itself.
    ///
    /// # Errors
    /// [`DeskError`] if none of them was taken; `answer` is then dropped uncalled.
    pub fn submit(
        &self,
        groups: Vec<Group>,
        answer: impl FnOnce(Vec<GroupAnswer>) + Send + 'static,
    ) -> Result<(), DeskError> {
        if groups.is_empty() {
            answer(Vec::new());
            return Ok(());
        }
        self.queue.hand_in(Handed::new(groups, Box::new(answer)))
    }

    /// Hands in a group and waits for its answer.
    ///
    /// # Errors
    /// [`DeskError`] if it was not taken, or if the desk's threads ended before it was answered: then
    /// the sequencer is gone, and opening the ledger finds out whether the group stands.
    pub fn submit_and_wait(&self, group: Group) -> Result<GroupAnswer, DeskError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(vec![group], move |answers| {
            answers.into_iter().for_each(|answer| drop(sender.send(answer)));
        })?;
        receiver.recv().map_err(|_| self.gone())
    }

    /// Has a question answered by the writer between two blocks, with the ledger as it stands there.
    /// `question` runs on the writer's thread: it must be short, for nothing is written meanwhile.
    ///
    /// # Errors
    /// As [`DeskHandle::submit`].
    pub fn ask(&self, question: impl FnOnce(&mut Sequencer) + Send + 'static) -> Result<(), DeskError> {
        self.queue.ask(Box::new(question))
    }

    /// Asks and waits.
    ///
    /// # Errors
    /// As [`DeskHandle::submit_and_wait`].
    pub fn ask_and_wait<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Sequencer) -> T + Send + 'static,
    ) -> Result<T, DeskError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.ask(move |sequencer| drop(sender.send(question(sequencer))))?;
        receiver.recv().map_err(|_| self.gone())
    }

    /// What it has done and what waits.
    #[must_use]
    pub fn counts(&self) -> DeskCounts {
        self.queue.counts()
    }

    /// Why the sequencer stopped, if it did.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        self.queue.halted()
    }

    fn gone(&self) -> DeskError {
        DeskError::Halted(self.halted().unwrap_or_else(|| Halt::of_io("its thread has ended")))
    }
}

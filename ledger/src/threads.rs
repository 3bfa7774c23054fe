//! The sequencer's threads: what has changed, in memory, over a snapshot in sealed files that are looked up when
//! needed.
//!
//! ```text
//! at hand   what has changed since the snapshot, and some of what was looked up; or everything
//! stored    sealed files of rows in the order of their keys, newest first; few, since they are merged
//! ```
//!
//! Nothing is judged by a part: who judges asks [`AtHand`], which notes what it was asked for and does not know; then
//! that is looked up, and the step is judged again. A row that can't be read is an error, never an absent thread.
//! Files are disposable: what is wrong with one is mended by folding the log anew.

mod at_hand;
mod level;
mod merge;
mod row;
mod stored;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::name_hash::NameHashing;
use vandel_core::admit::{Occasion, Proposal, Refusal, State, admit};
use vandel_core::chain::Chain;
use vandel_core::event::Step;
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, LedgerId, ThreadId};
use vandel_core::thread::{Matter, Thread, Threads};

use crate::disk::Disk;
use crate::vault::{DataKey, Vault, VaultError};

use at_hand::{Asked, AtHand};
pub(crate) use level::LevelHead;
pub(crate) use stored::Stored;
pub(crate) use write::Commit;
use write::{Changed, Place};

/// How many threads that have not changed stay in memory: some tens of megabytes.
const AT_HAND_MAX: usize = 1 << 16;

/// Why a thread could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum ThreadsError {
    /// A file is not what was written.
    #[error(
        "the snapshot of admission is damaged: it is thrown away, and made anew from the log at the next start"
    )]
    Damaged,
    /// The disk.
    #[error("the snapshot of admission cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// The threads of a ledger that is open for writing.
pub(crate) struct ThreadBook {
    at_hand: AtHand,
    stored: Stored,
    /// What has changed since the last snapshot was begun.
    changed: HashSet<ThreadId, NameHashing>,
    /// A snapshot under way.
    writing: Option<Writing>,
    /// All threads, once somebody has asked, until the next change.
    all: OnceCell<Threads>,
    /// Somebody has asked for all: they stay in memory.
    keeps_all: bool,
}

/// A snapshot that is being written beside the writer.
struct Writing {
    /// What is in it, and so not changed unless the writing fails.
    threads: HashSet<ThreadId, NameHashing>,
    handle: JoinHandle<Result<Stored, ThreadsError>>,
}

impl ThreadBook {
    /// No thread yet, and all that come are in memory.
    pub(crate) fn new(ledger: LedgerId) -> Self {
        Self::with(AtHand::whole(Threads::default()), Stored::none(ledger))
    }

    /// What a snapshot holds.
    pub(crate) fn over(stored: Stored) -> Self {
        Self::with(AtHand::default(), stored)
    }

    fn with(at_hand: AtHand, stored: Stored) -> Self {
        Self {
            at_hand,
            stored,
            changed: HashSet::default(),
            writing: None,
            all: OnceCell::new(),
            keeps_all: false,
        }
    }

    /// A thread.
    pub(crate) fn get(&self, vault: &Vault, id: &ThreadId) -> Result<Option<Cow<'_, Thread>>, ThreadsError> {
        match self.at_hand.knows(id) {
            true => Ok(self.at_hand.threads().get(id).map(Cow::Borrowed)),
            false => Ok(self.stored.thread(vault, id)?.map(Cow::Owned)),
        }
    }

    /// All threads. Where only a part is in memory, all rows are opened.
    pub(crate) fn all(&self, vault: &Vault) -> Result<&Threads, ThreadsError> {
        if self.at_hand.is_whole() {
            return Ok(self.at_hand.threads());
        }
        if let Some(all) = self.all.get() {
            return Ok(all);
        }
        let mut all = self.stored.all(vault, |id| self.at_hand.knows(id))?;
        self.at_hand.threads().iter().for_each(|(id, thread)| all.restore(*id, Some(thread.clone())));
        Ok(self.all.get_or_init(|| all))
    }

    /// The threads of somebody's readings.
    pub(crate) fn readings_of(
        &self,
        vault: &Vault,
        actor: ActorId,
    ) -> Result<Vec<(ThreadId, Thread)>, ThreadsError> {
        let is_theirs = |thread: &Thread| matches!(thread.matter, Matter::Reader(reader) if reader == actor);
        let mut found: Vec<(ThreadId, Thread)> = Vec::new();
        let here = self.at_hand.threads().iter().filter(|(_, thread)| is_theirs(thread));
        found.extend(here.map(|(id, thread)| (*id, thread.clone())));
        if !self.at_hand.is_whole() {
            for id in self.stored.linked(&row::of_reader(&actor))? {
                if !self.at_hand.knows(&id) {
                    found.extend(self.stored.thread(vault, &id)?.map(|thread| (id, thread)));
                }
            }
        }
        found.sort_unstable_by_key(|(id, _)| *id);
        Ok(found)
    }

    /// What has changed since the snapshot that it was opened with.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&ThreadId, &Thread)> {
        self.changed.iter().filter_map(|id| Some((id, self.at_hand.threads().get(id)?)))
    }

    /// Judges a step that is to be folded in if it is admitted.
    pub(crate) fn admit(
        &mut self,
        vault: &Vault,
        chain: &Chain,
        proposal: Proposal<'_>,
    ) -> Result<Result<ActorId, Refusal>, ThreadsError> {
        self.begin_change();
        let mut asked = Asked::by(proposal.step);
        loop {
            look_up(&self.stored, vault, &asked, &mut self.at_hand)?;
            let verdict = admit(State { chain, threads: &self.at_hand }, proposal, Occasion::New);
            asked = self.at_hand.take_missed();
            if asked.is_empty() {
                return Ok(verdict);
            }
        }
    }

    /// Folds in a step that was admitted, or that stands in the log.
    pub(crate) fn fold(
        &mut self,
        vault: &Vault,
        step: &Step,
        actor: ActorId,
        (record, statement): (u64, Hash),
    ) -> Result<(), ThreadsError> {
        self.begin_change();
        let thread = step.spine.thread;
        if !self.at_hand.knows(&thread) {
            let found = self.stored.thread(vault, &thread)?;
            self.at_hand.put(thread, found);
        }
        self.at_hand.threads_mut().fold(step, actor, record, statement);
        self.changed.insert(thread);
        Ok(())
    }

    /// Puts a thread back as it was, or away.
    pub(crate) fn restore(&mut self, id: ThreadId, before: Option<Thread>) {
        self.begin_change();
        self.at_hand.put(id, before);
        self.changed.insert(id);
    }

    /// Who has asked for all threads keeps them in memory, and what comes is folded into them.
    fn begin_change(&mut self) {
        if let Some(all) = self.all.take() {
            self.at_hand = AtHand::whole(all);
            self.keeps_all = true;
        }
    }

    /// Begins to write a snapshot of everything as it is now, on another thread or, if `wait`, on this one.
    pub(crate) fn begin_snapshot(
        &mut self,
        (disk, folder): (&Arc<dyn Disk>, &Path),
        (vault, key): (&Vault, DataKey),
        commit: Commit,
        wait: bool,
    ) -> Result<(), ThreadsError> {
        self.finish_snapshot(true)?;
        let of = |id: &ThreadId| Changed::of(*id, self.at_hand.threads().get(id), vault);
        let rows = self.changed.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let place = Place { disk: disk.clone(), folder: folder.to_owned(), key };
        let stored = self.stored.clone();
        let work = move || write::write(&place, &stored, rows, commit);
        if wait {
            self.stored = work()?;
            self.changed.clear();
            return Ok(());
        }
        let handle = std::thread::Builder::new().name("admission-snapshot".to_owned()).spawn(work)?;
        self.writing = Some(Writing { threads: std::mem::take(&mut self.changed), handle });
        Ok(())
    }

    /// Takes over a snapshot that has been written; waits for it if asked to. One that could not be written costs a
    /// slower start: what was in it counts as changed again.
    pub(crate) fn finish_snapshot(&mut self, wait: bool) -> Result<(), ThreadsError> {
        let Some(Writing { threads, handle }) =
            self.writing.take_if(|writing| wait || writing.handle.is_finished())
        else {
            return Ok(());
        };
        let panicked = |_| Err(ThreadsError::Io(io::Error::other("the snapshot's thread has panicked")));
        match handle.join().unwrap_or_else(panicked) {
            Ok(stored) => self.stored = stored,
            Err(error) => {
                self.changed.extend(threads);
                return Err(error);
            }
        }
        if self.at_hand.threads().len() > AT_HAND_MAX && !self.keeps_all {
            let changed = &self.changed;
            self.at_hand.keep(|id| changed.contains(id));
        }
        Ok(())
    }
}

impl Drop for ThreadBook {
    fn drop(&mut self) {
        // Nothing is written to the folder after its owner has gone.
        let _ = self.finish_snapshot(true);
    }
}

/// Takes what was asked for into memory.
fn look_up(stored: &Stored, vault: &Vault, asked: &Asked, known: &mut AtHand) -> Result<(), ThreadsError> {
    let take = |id: ThreadId, known: &mut AtHand| {
        if !known.knows(&id) {
            known.put(id, stored.thread(vault, &id)?);
        }
        Ok::<(), ThreadsError>(())
    };
    asked.threads.iter().try_for_each(|id| take(*id, known))?;
    for assignment in &asked.assignments {
        if !known.knows_assignment(assignment) {
            // Those that are in memory already stand where their own opening says.
            stored.linked(&row::of_assignment(assignment))?.into_iter().try_for_each(|id| take(id, known))?;
            known.complete(*assignment);
        }
    }
    Ok(())
}

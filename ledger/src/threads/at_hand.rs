//! The threads that are in memory: all there are, or a part, of which it is known what it leaves out.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use vandel_core::event::{Note, Process, Step};
use vandel_core::id::{AssignmentId, ThreadId};
use vandel_core::thread::{Case, KnownThreads, Thread, Threads};

use crate::name_hash::NameHashing;

/// Threads in memory.
#[derive(Debug, Default)]
pub(super) struct AtHand {
    threads: Threads,
    /// Threads that are known not to be there.
    absent: HashSet<ThreadId, NameHashing>,
    /// Assignments all of whose open cases are in memory.
    assignments: HashSet<AssignmentId, NameHashing>,
    /// Everything is in memory.
    whole: bool,
    /// What was asked for and is not known. A verdict in which it was asked for counts for nothing.
    missed: Mutex<Asked>,
}

/// What a judge looks up.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) threads: Vec<ThreadId>,
    pub(super) assignments: Vec<AssignmentId>,
}

impl Asked {
    /// What a step names: most of what its admission asks for, so that it is not judged again and again.
    pub(super) fn by(step: &Step) -> Self {
        let mut asked = Self { threads: vec![step.spine.thread], assignments: Vec::new() };
        if let Some(Process::CaseOpened(opening)) = &step.process {
            asked.threads.extend(opening.position);
            asked.assignments.push(opening.assignment);
        }
        if let Some(Note::Exempted { thread, .. }) = &step.note {
            asked.threads.push(*thread);
        }
        asked.threads.extend(step.reading.as_ref().and_then(|reading| reading.thread));
        asked
    }

    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.assignments.is_empty()
    }
}

impl AtHand {
    /// All threads there are.
    pub(super) fn whole(threads: Threads) -> Self {
        Self { threads, whole: true, ..Self::default() }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// What is in memory.
    pub(super) fn threads(&self) -> &Threads {
        &self.threads
    }

    pub(super) fn threads_mut(&mut self) -> &mut Threads {
        &mut self.threads
    }

    /// Whether it is known if the thread is there, and what it says.
    pub(super) fn knows(&self, thread: &ThreadId) -> bool {
        self.whole || self.threads.get(thread).is_some() || self.absent.contains(thread)
    }

    pub(super) fn knows_assignment(&self, assignment: &AssignmentId) -> bool {
        self.whole || self.assignments.contains(assignment)
    }

    /// Takes in what was found of a thread.
    pub(super) fn put(&mut self, id: ThreadId, found: Option<Thread>) {
        if found.is_none() {
            self.absent.insert(id);
        }
        self.threads.restore(id, found);
    }

    /// Notes that all open cases of an assignment have been taken in.
    pub(super) fn complete(&mut self, assignment: AssignmentId) {
        self.assignments.insert(assignment);
    }

    /// Keeps only these threads. What is not kept is not known any more.
    pub(super) fn keep(&mut self, keep: impl Fn(&ThreadId) -> bool) {
        let gone: Vec<ThreadId> =
            self.threads.iter().map(|(id, _)| *id).filter(|thread| !keep(thread)).collect();
        // From the last on: so they leave the lists of open cases, which ascend, at the end.
        gone.into_iter().rev().for_each(|thread| self.threads.restore(thread, None));
        self.absent.retain(|thread| keep(thread));
        self.assignments.clear();
        self.whole = false;
    }

    /// What has been asked for in vain since the last time.
    pub(super) fn take_missed(&self) -> Asked {
        std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn miss(&self, note: impl FnOnce(&mut Asked)) {
        note(&mut self.missed.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl KnownThreads for AtHand {
    fn get(&self, thread: &ThreadId) -> Option<&Thread> {
        let found = self.threads.get(thread);
        if found.is_none() && !self.knows(thread) {
            self.miss(|asked| asked.threads.push(*thread));
        }
        found
    }

    fn open_cases(&self, assignment: &AssignmentId) -> Vec<&Case> {
        if !self.knows_assignment(assignment) {
            self.miss(|asked| asked.assignments.push(*assignment));
        }
        self.threads.open_threads(assignment).filter_map(|thread| self.threads.case(thread)).collect()
    }
}

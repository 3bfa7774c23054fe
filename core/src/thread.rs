//! Threads as a fold: what is known of each case, position and reader from opened payloads.
//!
//! Nothing here lives longer than the payload it came from. A case whose payloads have been erased is
//! simply not there; one that lost a compartment lacks what that compartment told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::erasure::{Notice, NoticeMark};
use crate::event::{
    Compartment, Kind, Note, Opening, Outcome, PositionAssessment, Process, Scope, Step, ThreadSort,
};
use crate::hash::Hash;
use crate::id::{ActorId, AssignmentId, SubjectId, ThreadId};
use crate::stretches::Stretches;
use crate::time::Day;

/// All threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Threads {
    threads: Stretches<ThreadId, Thread>,
    /// The open cases of each assignment, ascending: only the chosen candidate is asked.
    open_by_assignment: Stretches<AssignmentId, Vec<ThreadId>>,
}

/// Where whoever judges a step looks threads up: among all of them, or among those that are at hand. Who holds only
/// a part must notice what it was asked for and did not know, and then not use the verdict.
pub trait KnownThreads: std::fmt::Debug + Sync {
    /// A thread.
    fn get(&self, thread: &ThreadId) -> Option<&Thread>;

    /// The open cases of an assignment.
    fn open_cases(&self, assignment: &AssignmentId) -> Vec<&Case>;

    /// A case.
    fn case(&self, thread: &ThreadId) -> Option<&Case> {
        self.get(thread)?.case()
    }
}

impl KnownThreads for Threads {
    fn get(&self, thread: &ThreadId) -> Option<&Thread> {
        self.threads.get(thread)
    }

    fn open_cases(&self, assignment: &AssignmentId) -> Vec<&Case> {
        self.open_threads(assignment).filter_map(|thread| self.case(thread)).collect()
    }
}

/// One thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The records of its steps; the index is the number in the thread.
    pub records: Vec<u64>,
    /// The hash of the last statement.
    pub previous: Hash,
    /// The day of the last step.
    pub last: Day,
    /// What its readings gave notice of: stopped plans, requests for erasure. None in other threads.
    pub notices: Vec<NoticeMark>,
    /// What it is about.
    pub matter: Matter,
}

/// What a thread is about, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matter {
    /// A case.
    Case(Box<Case>),
    /// A position: its assessments, the last one counting; none where it has been erased.
    Position(Option<Box<PositionAssessment>>),
    /// The readings of one person.
    Reader(ActorId),
}

/// A step that was taken, as the spine and the chain tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What happened.
    pub kind: Kind,
    /// When.
    pub day: Day,
    /// Who said so.
    pub actor: ActorId,
}

/// A case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its steps; the index is the number in the case. Empty numbers cannot occur: a case's spines
    /// live and die together.
    pub steps: Vec<Mark>,
    /// What it was opened for.
    pub opening: Option<Opening>,
    /// Whom it is about, by random id.
    pub subject: Option<SubjectId>,
    /// Protected identity.
    pub protected: bool,
    /// The number of the step that holds the identity in force; earlier ones are superseded, and
    /// their identity parts are destroyed.
    pub identity_step: Option<u32>,
    /// The compartments that could still be opened, without the spine.
    pub existing: Compartments,
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// The statement that holds the note of a shown extract, and its day.
    pub noted: Option<(Hash, Day)>,
    /// The case whose note is relied on.
    pub relies_on: Option<ThreadId>,
    /// Holds and restrictions in force, by the number of the step that placed them.
    pub holds: BTreeMap<u32, Hold>,
}

/// A set of compartments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compartments(u8);

impl Compartments {
    /// Puts one in.
    pub fn insert(&mut self, compartment: Compartment) {
        self.0 |= 1 << compartment as u8;
    }

    /// Whether one is in it.
    #[must_use]
    pub fn contains(self, compartment: Compartment) -> bool {
        self.0 & 1 << compartment as u8 != 0
    }

    /// All that are in it, in wire order.
    pub fn iter(self) -> impl Iterator<Item = Compartment> {
        Compartment::ALL.iter().copied().filter(move |compartment| self.contains(*compartment))
    }
}

/// A hold or a restriction in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// A restriction (GDPR art. 18), not merely a stop to erasure.
    pub restriction: bool,
    /// Since when.
    pub since: Day,
    /// When it is to be looked at again.
    pub review: Day,
    /// Who looks after it.
    pub owner: ActorId,
}

impl Thread {
    /// The number that the next step must have.
    #[must_use]
    pub fn next(&self) -> u32 {
        u32::try_from(self.records.len()).unwrap_or(u32::MAX)
    }

    /// The case that it is; none for other threads.
    #[must_use]
    pub fn case(&self) -> Option<&Case> {
        match &self.matter {
            Matter::Case(case) => Some(case),
            _ => None,
        }
    }
}

impl Case {
    /// The first step of this kind.
    #[must_use]
    pub fn first(&self, kind: Kind) -> Option<&Mark> {
        self.steps.iter().find(|mark| mark.kind == kind)
    }

    /// The last step of this kind.
    #[must_use]
    pub fn last(&self, kind: Kind) -> Option<&Mark> {
        self.steps.iter().rev().find(|mark| mark.kind == kind)
    }

    /// Whether a step of this kind has been taken.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.first(kind).is_some()
    }

    /// Whether the case has been closed.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.has(Kind::CaseClosed)
    }

    /// The assignment among whose open cases it is.
    fn open_for(&self) -> Option<AssignmentId> {
        let opening = self.opening.as_ref().filter(|_| !self.closed())?;
        Some(opening.assignment)
    }

    /// The day it was opened.
    #[must_use]
    pub fn opened(&self) -> Option<Day> {
        self.steps.first().map(|mark| mark.day)
    }

    /// Whether processing is restricted.
    #[must_use]
    pub fn restricted(&self) -> bool {
        self.holds.values().any(|hold| hold.restriction)
    }

    /// Where it belongs, for the scope of roles.
    #[must_use]
    pub fn place(&self) -> Option<Scope> {
        self.opening.as_ref().map(place_of)
    }

    /// The numbers of the steps whose identity parts a later step has replaced.
    pub fn superseded_identities(&self) -> impl Iterator<Item = u32> {
        let in_force = self.identity_step.unwrap_or(0);
        let holds = |mark: &Mark| mark.kind.compartments().contains(&Compartment::Identity);
        (0..in_force).zip(&self.steps).filter(move |(_, mark)| holds(mark)).map(|(number, _)| number)
    }

    fn fold(&mut self, step: &Step, mark: Mark, statement: Hash) {
        let number = step.spine.number;
        self.steps.push(mark);
        let at_hand = [
            (Compartment::Identity, step.identity.is_some()),
            (Compartment::Process, step.process.is_some()),
            (Compartment::Note, step.note.is_some()),
            (Compartment::Copy, step.copy.is_some()),
            (Compartment::Assessment, step.assessment.is_some()),
        ];
        at_hand.iter().filter(|(_, there)| *there).for_each(|(one, _)| self.existing.insert(*one));
        if let Some(identity) = &step.identity {
            self.subject = Some(identity.subject);
            self.protected = identity.protected;
            self.identity_step = Some(number);
        }
        match &step.note {
            Some(Note::Shown { .. }) => self.noted = Some((statement, mark.day)),
            Some(Note::Exempted { thread, .. }) => self.relies_on = Some(*thread),
            None => {}
        }
        let hold = |restriction, owner, review| Hold { restriction, since: mark.day, review, owner };
        match &step.process {
            Some(Process::CaseOpened(opening)) => self.opening = Some(opening.clone()),
            Some(Process::DecisionMade { outcome, .. }) => self.outcome = Some(*outcome),
            Some(Process::EmploymentMoved { controller, unit }) => {
                if let Some(opening) = &mut self.opening {
                    (opening.controller, opening.unit) = (*controller, *unit);
                }
            }
            Some(Process::Held { owner, review, .. }) => {
                self.holds.insert(number, hold(false, *owner, *review));
            }
            Some(Process::Restricted { owner, review, .. }) => {
                self.holds.insert(number, hold(true, *owner, *review));
            }
            Some(Process::Released { number }) => {
                self.holds.remove(number);
            }
            _ => {}
        }
    }
}

/// The place of an opening, for the scope of roles.
#[must_use]
pub fn place_of(opening: &Opening) -> Scope {
    Scope {
        controller: Some(opening.controller),
        unit: Some(opening.unit),
        assignment: Some(opening.assignment),
    }
}

impl Threads {
    /// A thread.
    #[must_use]
    pub fn get(&self, thread: &ThreadId) -> Option<&Thread> {
        self.threads.get(thread)
    }

    /// A case.
    #[must_use]
    pub fn case(&self, thread: &ThreadId) -> Option<&Case> {
        match &self.threads.get(thread)?.matter {
            Matter::Case(case) => Some(case),
            _ => None,
        }
    }

    /// All threads, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&ThreadId, &Thread)> {
        self.threads.iter()
    }

    /// How many threads.
    #[must_use]
    pub fn len(&self) -> usize {
        self.threads.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// The threads of the open cases of an assignment.
    pub fn open_threads(&self, assignment: &AssignmentId) -> impl Iterator<Item = &ThreadId> {
        self.open_by_assignment.get(assignment).into_iter().flatten()
    }

    /// Folds in a step that was admitted, or that stands in the log.
    pub fn fold(&mut self, step: &Step, actor: ActorId, record: u64, statement: Hash) {
        let spine = step.spine;
        let thread = self.threads.get_or_insert_with(spine.thread, || Thread {
            records: Vec::new(),
            previous: Hash::ZERO,
            last: spine.day,
            notices: Vec::new(),
            matter: match spine.kind.thread_sort() {
                ThreadSort::Case => Matter::Case(Box::default()),
                ThreadSort::Position => Matter::Position(None),
                ThreadSort::Reader => Matter::Reader(actor),
            },
        });
        thread.records.push(record);
        thread.previous = statement;
        thread.last = spine.day;
        if let Some((reading, notice)) =
            step.reading.as_ref().and_then(|reading| Some((reading, Notice::read(reading)?)))
        {
            thread.notices.push(NoticeMark { notice, about: reading.thread, actor, day: spine.day, record });
        }
        match &mut thread.matter {
            Matter::Case(case) => {
                let before = case.open_for();
                case.fold(step, Mark { kind: spine.kind, day: spine.day, actor }, statement);
                let now = case.open_for();
                if before != now {
                    self.note_open(before, spine.thread, false);
                    self.note_open(now, spine.thread, true);
                }
            }
            Matter::Position(position) => {
                if let Some(Process::PositionAssessed(assessment)) = &step.process {
                    *position = Some(Box::new(assessment.clone()));
                }
            }
            Matter::Reader(_) => {}
        }
    }

    /// Puts a thread back as it was before steps that are not to stand after all.
    pub fn restore(&mut self, id: ThreadId, before: Option<Thread>) {
        let gone = self.threads.remove(&id);
        self.note_open(gone.as_ref().and_then(Thread::case).and_then(Case::open_for), id, false);
        if let Some(thread) = before {
            self.note_open(thread.case().and_then(Case::open_for), id, true);
            self.threads.insert(id, thread);
        }
    }

    /// Notes a case among the open ones of an assignment, or takes it out.
    fn note_open(&mut self, assignment: Option<AssignmentId>, thread: ThreadId, open: bool) {
        let Some(assignment) = assignment else { return };
        let cases = self.open_by_assignment.get_or_insert_with(assignment, Vec::new);
        match (cases.binary_search(&thread), open) {
            (Err(at), true) => cases.insert(at, thread),
            (Ok(at), false) => drop(cases.remove(at)),
            _ => {}
        }
        if cases.is_empty() {
            self.open_by_assignment.remove(&assignment);
        }
    }
}

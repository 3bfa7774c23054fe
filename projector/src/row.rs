//! Rows: what is known, one for each compartment of each thread.
//!
//! A row is folded from the parts of one compartment only, so it never outlives them. Its bytes are
//! postcard: the digest hashes them, so every field is deterministic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vandel_core::event::{
    Compartment, HoldGround, Identity, Kind, Opening, Outcome, PositionAssessment, Purpose,
    RestrictionGround, ThreadSort,
};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::keyring::KeyEntry;
use vandel_core::retention::Due;
use vandel_core::time::{Day, Second};

/// A row of any table. Order is the stored order: variants are only ever appended, and any change
/// raises [`crate::projector::SCHEMA`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    /// From the spine compartment.
    Spine(SpineRow),
    /// From the process compartment.
    Process(Box<ProcessRow>),
    /// From the note compartment.
    Note(NoteRow),
    /// From the copy or the assessment compartment: only that it is there.
    Presence(PresenceRow),
    /// From the identity compartment.
    Identity(Box<IdentityRow>),
    /// From the reads compartment.
    Reading(ReadingRow),
    /// When a compartment is due.
    Clock(ClockRow),
    /// A key, from the chain.
    Key(KeyEntry),
}

/// Rows print as their table's name alone, so that no log line and no panic can carry one.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Spine(_) => "Spine(sealed)",
            Self::Process(_) => "Process(sealed)",
            Self::Note(_) => "Note(sealed)",
            Self::Presence(_) => "Presence(sealed)",
            Self::Identity(_) => "Identity(sealed)",
            Self::Reading(_) => "Reading(sealed)",
            Self::Clock(_) => "Clock(sealed)",
            Self::Key(_) => "Key",
        })
    }
}

/// A thread's steps.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpineRow {
    /// The thread.
    pub thread: ThreadId,
    /// What it is about.
    pub sort: ThreadSort,
    /// Who took its first step: the reader, for a reader's thread.
    pub actor: ActorId,
    /// How many steps it has.
    pub count: u32,
    /// The last step's day.
    pub last: Day,
    /// The hash of the last statement.
    pub statement: Hash,
    /// The steps; the index is the number in the thread. Empty for readers, whose readings are rows
    /// of their own, since they are many.
    pub steps: Vec<StepRow>,
}

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRow {
    /// Its record.
    pub record: u64,
    /// When that was placed.
    pub time: Second,
    /// What happened.
    pub kind: Kind,
    /// On which day.
    pub day: Day,
    /// Who said so.
    pub actor: ActorId,
}

/// What was done in a case, or how a position was assessed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRow {
    /// The thread.
    pub thread: ThreadId,
    /// What the case was opened for; moved along with the person.
    pub opening: Option<Opening>,
    /// The last decision's outcome.
    pub outcome: Option<Outcome>,
    /// When the decision is to be followed up.
    pub follow_up: Option<Day>,
    /// Holds and restrictions in force, by the number of the step that placed them.
    pub holds: BTreeMap<u32, HoldRow>,
    /// The position's last assessment.
    pub position: Option<PositionAssessment>,
}

/// A hold or a restriction in force.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    /// Which.
    pub sort: HoldSort,
    /// Since when.
    pub since: Day,
    /// When it is to be looked at again.
    pub review: Day,
    /// Who looks after it.
    pub owner: ActorId,
}

/// Why erasure or processing is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldSort {
    /// Erasure is stopped.
    Hold(HoldGround),
    /// Processing is restricted (GDPR art. 18).
    Restriction(RestrictionGround),
}

/// The note of a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRow {
    /// The case.
    pub thread: ThreadId,
    /// The number of the step that noted a shown extract.
    pub shown: Option<u32>,
    /// The case whose note is relied on instead.
    pub relies_on: Option<ThreadId>,
}

/// That a case has content in a compartment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceRow {
    /// The case.
    pub thread: ThreadId,
    /// The compartment.
    pub compartment: Compartment,
    /// The numbers of the steps that hold it.
    pub steps: Vec<u32>,
}

/// Who a case is about, as one step told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRow {
    /// The case.
    pub thread: ThreadId,
    /// The step's number.
    pub number: u32,
    /// The person.
    pub identity: Identity,
}

/// One reading.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingRow {
    /// The reader's thread.
    pub thread: ThreadId,
    /// The number in it.
    pub number: u32,
    /// Its record.
    pub record: u64,
    /// When that was placed.
    pub time: Second,
    /// On which day.
    pub day: Day,
    /// Who read.
    pub actor: ActorId,
    /// The case, if it was one.
    pub case: Option<ThreadId>,
    /// Why.
    pub purpose: Purpose,
    /// What was shown.
    pub compartments: Vec<Compartment>,
    /// How many cases a search touched.
    pub count: u32,
}

/// When a compartment is due: sealed under the very key that is to be destroyed then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRow {
    /// Whose compartment it is.
    pub thread: ThreadId,
    /// For an identity: the number of the step that holds it.
    pub number: Option<u32>,
    /// Which.
    pub compartment: Compartment,
    /// The retention class.
    pub class: Option<String>,
    /// The first day on which it is to be erased; none while the clock has not started.
    pub date: Option<Day>,
    /// Erasure before this day is refused.
    pub never_before: Option<Day>,
    /// Erasure after this day is late.
    pub no_later_than: Option<Day>,
    /// A hold stops it.
    pub held: bool,
}

impl Row {
    /// The row's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        vandel_core::codec::encode_body(self)
    }

    /// The row's canonical bytes, in the place of what is in `bytes`.
    pub(crate) fn encode_into(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
        *bytes = vandel_core::codec::encode_body_after(std::mem::take(bytes), self);
    }

    /// The thread whose spine must still be there for the row to count.
    #[must_use]
    pub fn thread(&self) -> Option<&ThreadId> {
        match self {
            Self::Spine(row) => Some(&row.thread),
            Self::Process(row) => Some(&row.thread),
            Self::Note(row) => Some(&row.thread),
            Self::Presence(row) => Some(&row.thread),
            Self::Identity(row) => Some(&row.thread),
            Self::Reading(row) => Some(&row.thread),
            Self::Clock(row) => Some(&row.thread),
            Self::Key(_) => None,
        }
    }
}

impl SpineRow {
    /// Whether a step of this kind has been taken.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.steps.iter().any(|step| step.kind == kind)
    }

    /// The day of the first step.
    #[must_use]
    pub fn opened(&self) -> Option<Day> {
        self.steps.first().map(|step| step.day)
    }
}

impl ProcessRow {
    /// Nothing known yet.
    #[must_use]
    pub fn of(thread: ThreadId) -> Self {
        Self { thread, opening: None, outcome: None, follow_up: None, holds: BTreeMap::new(), position: None }
    }
}

impl ClockRow {
    /// The clock as the sum gave it.
    #[must_use]
    pub fn of(thread: ThreadId, number: Option<u32>, due: &Due, held: bool) -> Self {
        Self {
            thread,
            number,
            compartment: due.compartment,
            class: due.class.clone(),
            date: due.date,
            never_before: due.never_before,
            no_later_than: due.no_later_than,
            held,
        }
    }
}

//! Answers, ready to be printed or written as JSON. Those with sealed content have no `Debug` form.

use serde::Serialize;
use vandel_core::event::{Identity, Kind, PositionAssessment};
use vandel_core::id::{PublicKey, ThreadId};
use vandel_core::keyring::{KeyEnding, KeyEntry};

use crate::row::{HoldRow, HoldSort, ProcessRow, ReadingRow, SpineRow, StepRow};
use crate::seal::spine_key;

/// How far a case has come, as its steps tell. What came of it is another matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Opened.
    Open,
    /// An extract was shown or fetched, or an earlier note is relied on.
    Noted,
    /// Decided.
    Decided,
    /// Closed.
    Closed,
}

/// One case.
#[derive(Clone, Serialize)]
pub struct CaseAnswer {
    /// The thread; never shown.
    #[serde(skip)]
    pub thread: ThreadId,
    /// Where the case stands in listings, for the next page; never shown.
    #[serde(skip)]
    pub key: [u8; 16],
    /// The handle; none once the identity is erased.
    pub handle: Option<String>,
    /// The subject's random id.
    pub subject: Option<String>,
    /// The identity number's twelve digits, if there is one.
    pub number: Option<String>,
    /// Surname.
    pub surname: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Protected identity (*skyddade personuppgifter*).
    pub protected: bool,
    /// The role; this and what follows until `offered`, none once the process is erased.
    pub role: Option<String>,
    /// The board, by random id.
    pub controller: Option<String>,
    /// The unit, by random id.
    pub unit: Option<String>,
    /// The recruitment, by random id.
    pub assignment: Option<String>,
    /// The recruitment's reference.
    pub reference: Option<String>,
    /// Why now.
    pub occasion: Option<&'static str>,
    /// The day the post was offered.
    pub offered: Option<String>,
    /// The outcome.
    pub outcome: Option<&'static str>,
    /// When the decision is to be followed up.
    pub follow_up: Option<String>,
    /// Holds and restrictions in force.
    pub holds: Vec<HoldAnswer>,
    /// The handle of the case whose note is relied on.
    pub relies_on: Option<String>,
    /// The day it was opened.
    pub opened: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// The last step.
    pub last: Option<StepAnswer>,
    /// What it waits for.
    pub next: Option<&'static str>,
    /// How many steps it has.
    pub steps: u32,
    /// The hash of its last statement.
    pub statement: String,
}

/// A step in a timeline.
#[derive(Clone, Serialize)]
pub struct StepAnswer {
    /// Its number in the thread.
    pub number: usize,
    /// What happened.
    pub kind: &'static str,
    /// On which day.
    pub day: String,
    /// Who said so, by random id.
    pub actor: String,
    /// Its record.
    pub record: u64,
    /// When that was placed.
    pub time: String,
}

/// A hold or a restriction in force.
#[derive(Clone, Serialize)]
pub struct HoldAnswer {
    /// The number of the step that placed it.
    pub number: u32,
    /// Whether processing is restricted, or only erasure stopped.
    pub restriction: bool,
    /// Why.
    pub ground: &'static str,
    /// Since when.
    pub since: String,
    /// When it is to be looked at again.
    pub review: String,
    /// Who looks after it, by random id.
    pub owner: String,
}

/// A key. Public: it stands on the chain.
#[derive(Clone, Debug, Serialize)]
pub struct KeyAnswer {
    /// The public key.
    pub key: String,
    /// Who holds it, by random id.
    pub actor: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// The record that enrolled it.
    pub enrolled_at: u64,
    /// When that was.
    pub since: String,
    /// The last second at which it may sign.
    pub expires: Option<String>,
    /// The record that ended it.
    pub ended_at: Option<u64>,
    /// How it ended.
    pub ending: Option<String>,
}

/// A reading.
#[derive(Clone, Serialize)]
pub struct ReadingAnswer {
    /// Its record.
    pub record: u64,
    /// When that was placed.
    pub time: String,
    /// On which day.
    pub day: String,
    /// Who read, by random id.
    pub actor: String,
    /// The handle of the case that was shown, as long as there is one.
    pub case: Option<String>,
    /// Why.
    pub purpose: &'static str,
    /// What was shown.
    pub compartments: Vec<&'static str>,
    /// How many cases a search touched.
    pub count: u32,
}

/// An assessed position.
#[derive(Clone, Serialize)]
pub struct PositionAnswer {
    /// The thread; never shown.
    #[serde(skip)]
    pub thread: ThreadId,
    /// The position in words.
    pub title: String,
    /// The role.
    pub role: String,
    /// The board, by random id.
    pub controller: String,
    /// The unit, by random id.
    pub unit: String,
    /// Why a check is needed.
    pub need: String,
    /// Reference of the negotiation with the unions.
    pub union_reference: String,
    /// Reference of the impact assessment.
    pub impact_reference: String,
    /// The day of the last assessment.
    pub assessed: String,
    /// The last day it may be relied on.
    pub until: Option<String>,
    /// How often it was assessed.
    pub assessments: u32,
}

/// Where a view stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// How many records it has folded.
    pub position: u64,
    /// The chain head there.
    pub head: String,
    /// How many records it is behind.
    pub behind: u64,
    /// The version of what is stored.
    pub schema: u16,
}

/// A value as text.
pub(super) fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

impl Status {
    /// From what a case's steps tell.
    #[must_use]
    pub fn of(spine: &SpineRow) -> Self {
        let has = |kinds: &[Kind]| kinds.iter().any(|kind| spine.has(*kind));
        if has(&[Kind::CaseClosed]) {
            Self::Closed
        } else if has(&[Kind::DecisionMade]) {
            Self::Decided
        } else if has(&[Kind::ExtractShown, Kind::ExtractExempted, Kind::AuthorityFetched]) {
            Self::Noted
        } else {
            Self::Open
        }
    }
}

impl CaseAnswer {
    pub(super) fn of(
        spine: &SpineRow,
        process: Option<ProcessRow>,
        identity: Option<Identity>,
        relies_on: Option<String>,
        next: Option<Kind>,
    ) -> Self {
        let opening = process.as_ref().and_then(|process| process.opening.as_ref());
        let person = identity.as_ref();
        let holds = process.iter().flat_map(|process| &process.holds);
        Self {
            thread: spine.thread,
            key: spine_key(&spine.thread).0,
            handle: person.map(|person| person.handle.clone()),
            subject: text(person.map(|person| person.subject).or(opening.map(|opening| opening.subject))),
            number: person.and_then(|person| person.number.number()).map(|number| number.reveal()),
            surname: person.map(|person| person.surname.clone()),
            given_name: person.map(|person| person.given_name.clone()),
            protected: person.is_some_and(|person| person.protected),
            role: opening.map(|opening| opening.role.0.clone()),
            controller: text(opening.map(|opening| opening.controller)),
            unit: text(opening.map(|opening| opening.unit)),
            assignment: text(opening.map(|opening| opening.assignment)),
            reference: opening.map(|opening| opening.reference.clone()),
            occasion: opening.map(|opening| opening.occasion.name()),
            offered: text(opening.and_then(|opening| opening.offered)),
            outcome: process.as_ref().and_then(|process| process.outcome).map(|outcome| outcome.name()),
            follow_up: text(process.as_ref().and_then(|process| process.follow_up)),
            holds: holds.map(|(number, hold)| HoldAnswer::of(*number, hold)).collect(),
            relies_on,
            opened: text(spine.opened()),
            status: Status::of(spine),
            last: StepAnswer::of_all(&spine.steps).pop(),
            next: next.map(Kind::name),
            steps: spine.count,
            statement: spine.statement.to_string(),
        }
    }
}

impl StepAnswer {
    pub(super) fn of_all(steps: &[StepRow]) -> Vec<Self> {
        let answer = |(number, step): (usize, &StepRow)| Self {
            number,
            kind: step.kind.name(),
            day: step.day.to_string(),
            actor: step.actor.to_string(),
            record: step.record,
            time: step.time.to_string(),
        };
        steps.iter().enumerate().map(answer).collect()
    }
}

impl HoldAnswer {
    fn of(number: u32, hold: &HoldRow) -> Self {
        let (restriction, ground) = match hold.sort {
            HoldSort::Hold(ground) => (false, ground.name()),
            HoldSort::Restriction(ground) => (true, ground.name()),
        };
        let (since, review, owner) =
            (hold.since.to_string(), hold.review.to_string(), hold.owner.to_string());
        Self { number, restriction, ground, since, review, owner }
    }
}

impl KeyAnswer {
    pub(super) fn of(key: &[u8], entry: &KeyEntry) -> Self {
        let ending = entry.end.map(|end| match end.how {
            KeyEnding::Rotated(to) => format!("rotated to {to}"),
            KeyEnding::Revoked(reason) => format!("revoked: {reason:?}"),
        });
        Self {
            key: key.try_into().map(|key| PublicKey(key).to_string()).unwrap_or_default(),
            actor: entry.actor.to_string(),
            roles: entry.grants.iter().map(|grant| grant.role.name().to_owned()).collect(),
            enrolled_at: entry.enrolled_at,
            since: entry.since.to_string(),
            expires: text(entry.expires),
            ended_at: entry.end.map(|end| end.at),
            ending,
        }
    }
}

impl ReadingAnswer {
    pub(super) fn of(row: &ReadingRow, case: Option<String>) -> Self {
        Self {
            record: row.record,
            time: row.time.to_string(),
            day: row.day.to_string(),
            actor: row.actor.to_string(),
            case,
            purpose: row.purpose.name(),
            compartments: row.compartments.iter().map(|compartment| compartment.name()).collect(),
            count: row.count,
        }
    }
}

impl PositionAnswer {
    pub(super) fn of(spine: &SpineRow, assessment: &PositionAssessment) -> Self {
        Self {
            thread: spine.thread,
            title: assessment.title.clone(),
            role: assessment.role.0.clone(),
            controller: assessment.controller.to_string(),
            unit: assessment.unit.to_string(),
            need: assessment.need.clone(),
            union_reference: assessment.union_reference.clone(),
            impact_reference: assessment.impact_reference.clone(),
            assessed: spine.last.to_string(),
            until: text(assessment.until),
            assessments: spine.count,
        }
    }
}

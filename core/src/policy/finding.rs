//! What a check of a pack finds: where, what, and how grave.

use std::fmt;

use crate::event::{Compartment, Field, Kind};
use crate::policy::schedule::{Engagement, Trigger};
use crate::time::Day;

/// One thing found in a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The role's code; none if it concerns the pack.
    pub role: Option<String>,
    /// The line, from 1, where it is known: for a role, the line where the role begins.
    pub line: Option<usize>,
    /// The key.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// How grave a finding is. Ordered: the last is the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pack is sound; the role it concerns answers "policy incomplete".
    Note,
    /// The pack may be read and shown, but not adopted.
    Adoption,
    /// The pack is refused.
    Refusal,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, an unknown key or an unknown term.
    #[error("can't be read: {0}")]
    Unreadable(String),
    /// The pack is too long.
    #[error("has {0} bytes; at most {max} are allowed", max = crate::limits::POLICY_BYTES_MAX)]
    TooLong(usize),
    /// A key that a role under which checks are made must set.
    #[error("not set: the role answers \"policy incomplete\" until a jurist fills it")]
    Unset,
    /// The pack requires confirmation, and this key of it is not filled.
    #[error("must be filled before the pack can be adopted")]
    ConfirmationMissing,
    /// Somebody confirmed a role whose law has no number.
    #[error("the pack is confirmed, but the law has no SFS number: fill it in or take the role out")]
    ConfirmedWithoutSfs,
    /// Not of the form that the key has.
    #[error("{0:?} is not {1}")]
    BadForm(String, &'static str),
    /// The same thing twice.
    #[error("{0:?} stands twice")]
    Repeated(String),
    /// A name that the pack does not define.
    #[error("the pack defines no {1} {0:?}")]
    Undefined(String, &'static str),
    /// A mark on a key that does not exist.
    #[error("the mark {0:?} names no key of the role")]
    UnknownMark(String),
    /// The same role with the same first day twice.
    #[error("two versions of the role begin on {0}")]
    DuplicateRole(Day),
    /// A last day before the first.
    #[error("ends before it begins")]
    EndsBeforeStart,
    /// Two versions of a role cover the same day.
    #[error("overlaps the version that begins on {0}")]
    Overlap(Day),
    /// Between two versions of a role lie days that neither covers.
    #[error("no version covers the days before {0}")]
    DateGap(Day),
    /// A role under which no check is made says how to make one.
    #[error("a role that is forbidden or external makes no check here and may not set this")]
    NoCheckHere,
    /// The statute allows no documentation but the note.
    #[error("the law allows a note only: {} may not be recorded", .0.name())]
    NoteOnlyKind(Kind),
    /// The statute allows no documentation but the note.
    #[error("the law allows a note only: {} may not be recorded", .0.name())]
    NoteOnlyField(Field),
    /// A kind that is recorded in every role, or by nobody in a case.
    #[error("{} belongs to the position, not to a case", .0.name())]
    NotOfACase(Kind),
    /// A kind that needs something the role does not have.
    #[error("{} needs {needs}", .kind.name())]
    KindNeeds {
        /// The kind.
        kind: Kind,
        /// What it needs.
        needs: &'static str,
    },
    /// A rule that needs a kind which may not be recorded.
    #[error("needs that {} may be recorded", .0.name())]
    NeedsKind(Kind),
    /// A field of a kind that may not be recorded.
    #[error("{} belongs to a kind that may not be recorded", .0.name())]
    FieldWithoutKind(Field),
    /// A household is checked from a certain age, a candidate is not.
    #[error("subject_age_min goes with household_member, and only with it")]
    SubjectAge,
    /// Consent as a ground and as a rule must agree.
    #[error("consent_is_ground goes with the legal ground statutory_consent, and only with it")]
    ConsentMismatch,
    /// A foreign extract is allowed and listed, or neither.
    #[error("foreign_extract goes with the register foreign, and only with it")]
    ForeignMismatch,
    /// A compartment that can be filled has no retention.
    #[error("{} can be recorded but has no retention", .0.name())]
    RetentionMissing(Compartment),
    /// A compartment has neither one rule for all nor one for each outcome.
    #[error("{} needs one rule, or one for hired and one for not_hired", .0.name())]
    RetentionAmbiguous(Compartment),
    /// A compartment with the wrong trigger: the identity waits for the others, and only it does.
    #[error("{} may not be counted from {}", .0.name(), .1.name())]
    WrongTrigger(Compartment, Trigger),
    /// A clock that can never start.
    #[error("the clock of {} waits for {}, which this role never records", .0.name(), .1.name())]
    TriggerNeverRecorded(Compartment, Kind),
    /// Kept at least longer than kept at most.
    #[error("never_before of {} lies after no_later_than", .0.name())]
    BoundsContradict(Compartment),
    /// The period ends outside its own bounds.
    #[error("keep of {} ends outside its own bounds", .0.name())]
    KeepOutsideBounds(Compartment),
    /// A bound from another day would cut an extended period short.
    #[error("no_later_than of {} is counted from another day and would cut an interruption short", .0.name())]
    CeilingStopsInterruption(Compartment),
    /// The process compartment could be gone before one whose due day depends on it.
    #[error("process may be due before {}{}: due days depend on process", .0.name(), when(*.1))]
    ProcessTooShort(Compartment, Option<Engagement>),
}

impl Problem {
    /// How grave it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Unset => Severity::Note,
            Self::ConfirmationMissing => Severity::Adoption,
            _ => Severity::Refusal,
        }
    }
}

impl Finding {
    /// About the pack as a whole.
    pub(super) fn of_pack(line: Option<usize>, problem: Problem) -> Self {
        Self { role: None, line, field: "pack".to_owned(), problem }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(role) = &self.role {
            write!(f, "{role}: ")?;
        }
        write!(f, "{}: {}", self.field, self.problem)
    }
}

/// All findings in one line.
pub(super) fn join(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// ` at line 7`, or nothing.
pub(super) fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" at line {line}")).unwrap_or_default()
}

/// ` until 2026-02-28`, or nothing.
pub(super) fn until(until: Option<Day>) -> String {
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}

fn when(outcome: Option<Engagement>) -> String {
    outcome.map(|outcome| format!(" when {}", outcome.name())).unwrap_or_default()
}

//! Why a step was refused: a closed list, in order of precedence, each naming what it rests on.

use crate::admit::Recheck;
use crate::chain::FaultKind;
use crate::event::{Field, Kind, Occasion, Role, StepShapeError};
use crate::hash::Hash;
use crate::id::{ActorId, ThreadId};
use crate::keyring::KeyRefusal;
use crate::policy::RoleLookupError;
use crate::time::Day;

/// A rule of admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A step follows the last one of its thread.
    Thread,
    /// A step's day is not in the future and not before the case.
    Day,
    /// A closed case takes only what comes after closing.
    Closed,
    /// A restricted case takes only what restriction allows.
    Restricted,
    /// A hold on records whose erasure has begun comes too late.
    ErasureUnderWay,
    /// The author holds the role that the step asks for.
    Role,
    /// A second person approved what needs two.
    Approval,
    /// A policy applies and supports the check.
    Policy,
    /// The storage mode may record this kind and these fields.
    Recordable,
    /// The law covers this occasion.
    Occasion,
    /// The position has been assessed.
    Position,
    /// Only the chosen candidate is asked.
    OneRequest,
    /// Consent is recorded only where it is a ground.
    Consent,
    /// Steps come in the order that the law gives.
    Order,
    /// The extract is young enough, of the right law and registers, and authentic.
    Extract,
    /// An exemption rests on an earlier note.
    Exemption,
    /// Reviewer and decider are different people.
    Separation,
    /// The candidate was heard before a negative decision.
    Heard,
    /// What is released is a hold or restriction in force.
    Release,
}

/// Why a step was refused. The order of the variants is the order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub enum Refusal {
    /// The parts do not fit the kind.
    #[error("{0}")]
    Shape(#[from] StepShapeError),
    /// The author's checkpoint is not one of this chain's.
    #[error("{0}")]
    Seen(FaultKind),
    /// The author's key may not sign.
    #[error("{0}")]
    Key(#[from] KeyRefusal),
    /// There is no such case.
    #[error("there is no such case, position or reader")]
    UnknownThread { thread: ThreadId },
    /// Somebody else was quicker, or the step is out of line.
    #[error("the step has number {found}; number {expected} comes next")]
    Conflict { expected: u32, found: u32 },
    /// The step follows another one than the last.
    #[error("the step follows statement {found}; the last one is {expected}")]
    WrongPrevious { expected: Hash, found: Hash },
    /// The thread is about something else.
    #[error("a step of kind {} does not belong in this thread", kind.name())]
    WrongThread { kind: Kind },
    /// The day has not come.
    #[error("the day {day} has not come; today is {today}")]
    DayInFuture { day: Day, today: Day },
    /// The day lies before the case.
    #[error("the day {day} lies before the case was opened, on {opened}")]
    DayBeforeCase { day: Day, opened: Day },
    /// The case is closed.
    #[error("the case is closed; {} cannot be recorded any more", kind.name())]
    Closed { kind: Kind },
    /// The case is restricted.
    #[error("processing of the case is restricted; {} must wait", kind.name())]
    Restricted { kind: Kind },
    /// Erasure has begun.
    #[error("the erasure started by record {started} covers this case; a hold comes too late")]
    ErasureUnderWay { started: u64 },
    /// The author lacks the role.
    #[error("{} asks for the role {}; the author does not hold it here and today", kind.name(), role.name())]
    Role { kind: Kind, role: Role },
    /// Somebody else's readings.
    #[error("a reading belongs to its own reader's thread")]
    NotTheReader,
    /// The approval is wrong.
    #[error("the approval is not a signature of a second person who may approve: {reason}")]
    Approval { reason: &'static str },
    /// No policy.
    #[error("no policy applies on {day}")]
    NoPolicy { day: Day },
    /// The policy does not support the check.
    #[error("{0}")]
    Policy(#[from] RoleLookupError),
    /// The storage mode may not record this kind.
    #[error("{} may not be recorded for role {role} ({law})", kind.name())]
    KindNotRecordable { kind: Kind, role: String, law: String },
    /// The storage mode may not record this field.
    #[error("{} may not be recorded for role {role} ({law})", field.name())]
    FieldNotRecordable { field: Field, role: String, law: String },
    /// The law does not cover the occasion.
    #[error("a check on the occasion {} has no ground for role {role} ({law})", occasion.name())]
    OccasionNotCovered { occasion: Occasion, role: String, law: String },
    /// The position has not been assessed.
    #[error("the position has no assessment that covers the day: {reason}")]
    PositionNotAssessed { reason: &'static str },
    /// Another candidate is being asked.
    #[error("another case is open for this recruitment; only the chosen candidate is asked")]
    AnotherCaseOpen,
    /// Consent is no ground here.
    #[error("consent is not a ground for role {role} ({law}); record that information was acknowledged")]
    ConsentNotAGround { role: String, law: String },
    /// A step is missing before this one.
    #[error("{} comes after {}", kind.name(), missing.name())]
    TooEarly { kind: Kind, missing: Kind },
    /// A step that can be taken once was taken.
    #[error("{} has been recorded in this case", kind.name())]
    Repeated { kind: Kind },
    /// What the author saw is not stated.
    #[error("{what} of the extract must be stated; it is checked and not kept ({law})")]
    EvidenceMissing { what: &'static str, law: String },
    /// The extract is too old.
    #[error("the extract was issued on {issued}; it may not be issued before {earliest} ({law})")]
    ExtractTooOld { issued: Day, earliest: Day, law: String },
    /// The extract was issued after it was shown.
    #[error("the extract is dated {issued}, after {day}")]
    ExtractFromFuture { issued: Day, day: Day },
    /// The extract serves another law.
    #[error("the extract was issued under {found}; the check rests on {expected}")]
    ExtractWrongLaw { expected: String, found: String },
    /// The extract covers other registers.
    #[error("the extract does not cover the registers that the law names ({law})")]
    ExtractRegisters { law: String },
    /// There is no earlier note to rely on.
    #[error("the exemption has no support: {reason} ({law})")]
    NoExemption { reason: &'static str, law: String },
    /// One person in two parts.
    #[error("actor {actor} cannot both decide and review")]
    SamePerson { actor: ActorId },
    /// The candidate has not been heard.
    #[error("a negative decision needs that the candidate has been heard (FL 2017:900 section 25)")]
    NotHeard,
    /// Nobody reviewed it.
    #[error("the decision needs a review by a second person")]
    NotReviewed,
    /// There is no such hold.
    #[error("step {number} of the case placed no hold or restriction that is in force")]
    NothingToRelease { number: u32 },
}

/// The class of a refusal, which decides the command line's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitClass {
    /// 6: not authorised.
    NotAuthorised,
    /// 7: not found.
    NotFound,
    /// 8: refused by policy.
    Refused,
    /// 9: conflict; read again and retry.
    Conflict,
}

impl Refusal {
    /// A stable name for scripts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Shape(_) => "shape",
            Self::Seen(_) => "seen-checkpoint",
            Self::Key(_) => "key",
            Self::UnknownThread { .. } => "unknown-case",
            Self::Conflict { .. } => "conflict",
            Self::WrongPrevious { .. } => "wrong-previous",
            Self::WrongThread { .. } => "wrong-thread",
            Self::DayInFuture { .. } => "day-in-future",
            Self::DayBeforeCase { .. } => "day-before-case",
            Self::Closed { .. } => "closed",
            Self::Restricted { .. } => "restricted",
            Self::ErasureUnderWay { .. } => "erasure-under-way",
            Self::Role { .. } => "role",
            Self::NotTheReader => "not-the-reader",
            Self::Approval { .. } => "approval",
            Self::NoPolicy { .. } => "no-policy",
            Self::Policy(error) => match error {
                RoleLookupError::UnknownRole { .. } => "unknown-role",
                RoleLookupError::NotInForce { .. } => "role-not-in-force",
                RoleLookupError::Forbidden { .. } => "check-forbidden",
                RoleLookupError::External { .. } => "check-elsewhere",
                RoleLookupError::Incomplete { .. } => "policy-incomplete",
            },
            Self::KindNotRecordable { .. } => "kind-not-recordable",
            Self::FieldNotRecordable { .. } => "field-not-recordable",
            Self::OccasionNotCovered { .. } => "occasion-not-covered",
            Self::PositionNotAssessed { .. } => "position-not-assessed",
            Self::AnotherCaseOpen => "another-case-open",
            Self::ConsentNotAGround { .. } => "consent-not-a-ground",
            Self::TooEarly { .. } => "too-early",
            Self::Repeated { .. } => "repeated",
            Self::EvidenceMissing { .. } => "evidence-missing",
            Self::ExtractTooOld { .. } => "extract-too-old",
            Self::ExtractFromFuture { .. } => "extract-from-future",
            Self::ExtractWrongLaw { .. } => "extract-wrong-law",
            Self::ExtractRegisters { .. } => "extract-registers",
            Self::NoExemption { .. } => "no-exemption",
            Self::SamePerson { .. } => "same-person",
            Self::NotHeard => "not-heard",
            Self::NotReviewed => "not-reviewed",
            Self::NothingToRelease { .. } => "nothing-to-release",
        }
    }

    /// The rule that refused it; none for the checks that come before all rules.
    #[must_use]
    pub const fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::Shape(_) | Self::Seen(_) | Self::Key(_) => return None,
            Self::UnknownThread { .. }
            | Self::Conflict { .. }
            | Self::WrongPrevious { .. }
            | Self::WrongThread { .. } => Rule::Thread,
            Self::DayInFuture { .. } | Self::DayBeforeCase { .. } => Rule::Day,
            Self::Closed { .. } => Rule::Closed,
            Self::Restricted { .. } => Rule::Restricted,
            Self::ErasureUnderWay { .. } => Rule::ErasureUnderWay,
            Self::Role { .. } | Self::NotTheReader => Rule::Role,
            Self::Approval { .. } => Rule::Approval,
            Self::NoPolicy { .. } | Self::Policy(_) => Rule::Policy,
            Self::KindNotRecordable { .. } | Self::FieldNotRecordable { .. } => Rule::Recordable,
            Self::OccasionNotCovered { .. } => Rule::Occasion,
            Self::PositionNotAssessed { .. } => Rule::Position,
            Self::AnotherCaseOpen => Rule::OneRequest,
            Self::ConsentNotAGround { .. } => Rule::Consent,
            Self::TooEarly { .. } | Self::Repeated { .. } => Rule::Order,
            Self::EvidenceMissing { .. }
            | Self::ExtractTooOld { .. }
            | Self::ExtractFromFuture { .. }
            | Self::ExtractWrongLaw { .. }
            | Self::ExtractRegisters { .. } => Rule::Extract,
            Self::NoExemption { .. } => Rule::Exemption,
            Self::SamePerson { .. } => Rule::Separation,
            Self::NotHeard | Self::NotReviewed => Rule::Heard,
            Self::NothingToRelease { .. } => Rule::Release,
        })
    }

    /// The paragraph that the refusal rests on: the rule's own, or the role's law where the message
    /// names it.
    #[must_use]
    pub fn paragraph(&self) -> String {
        match self {
            Self::Policy(RoleLookupError::Forbidden { law } | RoleLookupError::External { law })
            | Self::KindNotRecordable { law, .. }
            | Self::FieldNotRecordable { law, .. }
            | Self::OccasionNotCovered { law, .. }
            | Self::ConsentNotAGround { law, .. }
            | Self::EvidenceMissing { law, .. }
            | Self::ExtractTooOld { law, .. }
            | Self::ExtractWrongLaw { expected: law, .. }
            | Self::ExtractRegisters { law }
            | Self::NoExemption { law, .. } => law.clone(),
            _ => self.rule().map_or("docs/format.md", Rule::paragraph).to_owned(),
        }
    }

    /// The class, for exit codes.
    #[must_use]
    pub const fn exit_class(&self) -> ExitClass {
        match self {
            Self::Key(_) | Self::Role { .. } | Self::NotTheReader => ExitClass::NotAuthorised,
            Self::UnknownThread { .. } => ExitClass::NotFound,
            Self::Seen(_) | Self::Conflict { .. } | Self::WrongPrevious { .. } => ExitClass::Conflict,
            _ => ExitClass::Refused,
        }
    }
}

impl Rule {
    /// What the rule rests on where no role's law is nearer.
    #[must_use]
    pub const fn paragraph(self) -> &'static str {
        match self {
            Self::Thread => "docs/format.md, threads",
            Self::Day => "docs/format.md, days",
            Self::Closed => "GDPR art. 5.1 c",
            Self::Restricted => "GDPR art. 18.2",
            Self::ErasureUnderWay => "arkivlagen 1990:782 section 10",
            Self::Role => "KL 2017:725 ch. 6 section 37; OSL 2009:400 ch. 8 section 2",
            Self::Approval => "docs/decisions: two people",
            Self::Policy => "RF 2:6 and 2:20; GDPR art. 6.3 and 10",
            Self::Recordable => "the role's law; GDPR art. 5.1 c",
            Self::Occasion => "the role's law",
            Self::Position => "BRL 1998:620 section 7; MBL 1976:580 sections 11 and 19; GDPR art. 35",
            Self::OneRequest => "GDPR art. 5.1 c; the role's law",
            Self::Consent => "GDPR art. 6.1 and recital 43",
            Self::Order => "GDPR art. 13; the role's law",
            Self::Extract => "the role's law",
            Self::Exemption => "the role's law",
            Self::Separation => "FL 2017:900 sections 16 and 17",
            Self::Heard => "FL 2017:900 section 25",
            Self::Release => "docs/decisions: two people",
        }
    }

    /// Whether an audit with openings makes the check again.
    #[must_use]
    pub const fn recheck(self) -> Recheck {
        match self {
            Self::Extract => Recheck::Attested,
            _ => Recheck::Replayable,
        }
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Day => "day",
            Self::Closed => "closed",
            Self::Restricted => "restricted",
            Self::ErasureUnderWay => "erasure-under-way",
            Self::Role => "role",
            Self::Approval => "approval",
            Self::Policy => "policy",
            Self::Recordable => "recordable",
            Self::Occasion => "occasion",
            Self::Position => "position",
            Self::OneRequest => "one-request",
            Self::Consent => "consent",
            Self::Order => "order",
            Self::Extract => "extract",
            Self::Exemption => "exemption",
            Self::Separation => "separation",
            Self::Heard => "heard",
            Self::Release => "release",
        }
    }
}

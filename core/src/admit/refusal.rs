//! Why a step was refused: a closed list, in order of precedence, each naming what it rests on.

use crate::admit::Rule;
use crate::chain::FaultKind;
use crate::event::{Field, Kind, Occasion, Role, StepShapeError};
use crate::hash::Hash;
use crate::id::{ActorId, ThreadId};
use crate::keyring::KeyRefusal;
use crate::policy::RoleLookupError;
use crate::time::Day;

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
    /// The thread is about something else.
    #[error("a step of kind {} does not belong in this thread", kind.name())]
    WrongThread { kind: Kind },
    /// Somebody else was quicker, or the step is out of line.
    #[error("the step has number {found}; number {expected} comes next")]
    Conflict { expected: u32, found: u32 },
    /// The step follows another one than the last.
    #[error("the step follows statement {found}; the last one is {expected}")]
    WrongPrevious { expected: Hash, found: Hash },
    /// The day has not come.
    #[error("the day {day} has not come; today is {today}")]
    DayInFuture { day: Day, today: Day },
    /// The day lies before the case.
    #[error("the day {day} lies before the case was opened, on {opened}")]
    DayBeforeCase { day: Day, opened: Day },
    /// A reading is noted too late.
    #[error("a reading is noted when it is made: the day {day} lies before {earliest}")]
    DayTooOld { day: Day, earliest: Day },
    /// The case is closed.
    #[error("the case is closed; {} cannot be recorded any more", kind.name())]
    Closed { kind: Kind },
    /// The case is restricted.
    #[error("processing of the case is restricted; {} must wait", kind.name())]
    Restricted { kind: Kind },
    /// Erasure has begun.
    #[error(
        "the erasure started by record {started} covers this case; nothing can be added to it, and a hold comes too late"
    )]
    ErasureUnderWay { started: u64 },
    /// Somebody else's readings.
    #[error("a reading belongs to its own reader's thread")]
    NotTheReader,
    /// The author lacks the role.
    #[error("{} asks for the role {}; the author does not hold it here and today", kind.name(), role.name())]
    Role { kind: Kind, role: Role },
    /// The approval is wrong.
    #[error("the approval is not a signature of a second person who may approve: {reason}")]
    Approval { reason: &'static str },
    /// What the case was opened for is gone, so no law can be applied.
    #[error("what the case was opened for has been erased; nothing can be added to it")]
    OpeningErased,
    /// No policy.
    #[error("no policy applies on {day}")]
    NoPolicy { day: Day },
    /// The policy does not support the check.
    #[error("{0}")]
    Policy(#[from] RoleLookupError),
    /// Consent is no ground here.
    #[error("consent is not a ground for role {role} ({law})")]
    ConsentNotAGround { role: String, law: String },
    /// Consent is the ground, and there is none in force.
    #[error("{} needs a consent that has not been withdrawn; there is none ({law})", kind.name())]
    ConsentMissing { kind: Kind, law: String },
    /// The storage mode may not record this kind.
    #[error("{} may not be recorded for role {role} ({law})", kind.name())]
    KindNotRecordable { kind: Kind, role: String, law: String },
    /// The storage mode may not record this field.
    #[error("{} may not be recorded for role {role} ({law})", field.name())]
    FieldNotRecordable { field: Field, role: String, law: String },
    /// The storage mode keeps this field, so it is recorded and not merely stated.
    #[error("{} must be recorded for role {role} ({law})", field.name())]
    FieldMissing { field: Field, role: String, law: String },
    /// The law does not cover the occasion.
    #[error("a check on the occasion {} has no ground for role {role} ({law})", occasion.name())]
    OccasionNotCovered { occasion: Occasion, role: String, law: String },
    /// The step names another person than the case is about, or the same where another is meant.
    #[error("{} does not fit the person of the case: {reason}", kind.name())]
    WrongSubject { kind: Kind, reason: &'static str },
    /// Too young to be checked.
    #[error("the law covers people from {age_min} years; this person is younger ({law})")]
    TooYoung { age_min: u8, law: String },
    /// The position has not been assessed.
    #[error("the position has no assessment that covers the day: {reason}")]
    PositionNotAssessed { reason: &'static str },
    /// The position belongs to another board.
    #[error("the position belongs to another board; it is assessed there")]
    PositionElsewhere,
    /// Another candidate is being asked.
    #[error("another case is open for this recruitment; only the chosen candidate is asked")]
    AnotherCaseOpen,
    /// The candidate has left.
    #[error("the candidate has left the recruitment; {} cannot be recorded", kind.name())]
    Withdrawn { kind: Kind },
    /// A step that can be taken once was taken.
    #[error("{} has been recorded in this case", kind.name())]
    Repeated { kind: Kind },
    /// A later step has made this one pointless.
    #[error("{} comes before {}, which has been recorded", kind.name(), done.name())]
    TooLate { kind: Kind, done: Kind },
    /// A step is missing before this one.
    #[error("{} comes after {}", kind.name(), missing.name())]
    TooEarly { kind: Kind, missing: Kind },
    /// The days contradict the order.
    #[error("{} on {day} lies before {} on {on}", kind.name(), after.name())]
    DayOutOfOrder { kind: Kind, day: Day, after: Kind, on: Day },
    /// Words that the step cannot do without.
    #[error("{what} must be stated")]
    Unstated { what: &'static str },
    /// Support belongs to one outcome.
    #[error("support is recorded with the outcome fit-with-support, and with no other")]
    SupportMismatch,
    /// The step points to one that does not exist.
    #[error("the case has no step {number} before this one")]
    NoSuchStep { number: u32 },
    /// What the author saw is not stated.
    #[error("{what} of the extract must be stated; it is checked and not kept ({law})")]
    EvidenceMissing { what: &'static str, law: String },
    /// The extract was issued after it was shown.
    #[error("the extract is dated {issued}, after {day}")]
    ExtractFromFuture { issued: Day, day: Day },
    /// The extract is too old.
    #[error("the extract was issued on {issued}; it may not be issued before {earliest} ({law})")]
    ExtractTooOld { issued: Day, earliest: Day, law: String },
    /// The extract serves another law.
    #[error("the extract was issued under {found}; the check rests on {expected}")]
    ExtractWrongLaw { expected: String, found: String },
    /// The extract covers other registers.
    #[error("the registers are not those that the law names ({law})")]
    ExtractRegisters { law: String },
    /// There is no earlier note to rely on.
    #[error("the exemption has no support: {reason} ({law})")]
    NoExemption { reason: &'static str, law: String },
    /// One person in two parts.
    #[error("actor {actor} cannot both assess or decide and review")]
    SamePerson { actor: ActorId },
    /// The candidate has not been heard.
    #[error("a negative decision needs that the candidate has been heard (FL 2017:900 section 25)")]
    NotHeard,
    /// Nobody reviewed it.
    #[error("the decision needs a review of the last assessment by a second person")]
    NotReviewed,
    /// The hold is never looked at again.
    #[error("a hold is looked at again on a later day than {day}; {review} is not")]
    ReviewDay { review: Day, day: Day },
    /// Nobody looks after the hold.
    #[error("the hold's owner, actor {owner}, holds no key that may sign")]
    UnknownOwner { owner: ActorId },
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

/// The codes, once: the list and the match are made from the same lines.
macro_rules! codes {
    ($($pattern:pat => $code:literal, $rule:expr;)*) => {
        /// Every code, in order of precedence.
        pub const CODES: &'static [&'static str] = &[$($code),*];

        /// A stable name for scripts and for the texts in other languages.
        #[must_use]
        pub const fn code(&self) -> &'static str {
            match self { $($pattern => $code),* }
        }

        /// The rule that refused it; none for the checks that come before all rules.
        #[must_use]
        pub const fn rule(&self) -> Option<Rule> {
            match self { $($pattern => $rule),* }
        }
    };
}

impl Refusal {
    codes! {
        Self::Shape(_) => "shape", None;
        Self::Seen(_) => "seen-checkpoint", None;
        Self::Key(_) => "key", None;
        Self::UnknownThread { .. } => "unknown-case", Some(Rule::Thread);
        Self::WrongThread { .. } => "wrong-thread", Some(Rule::Thread);
        Self::Conflict { .. } => "conflict", Some(Rule::Thread);
        Self::WrongPrevious { .. } => "wrong-previous", Some(Rule::Thread);
        Self::DayInFuture { .. } => "day-in-future", Some(Rule::Day);
        Self::DayBeforeCase { .. } => "day-before-case", Some(Rule::Day);
        Self::DayTooOld { .. } => "day-too-old", Some(Rule::Day);
        Self::Closed { .. } => "closed", Some(Rule::Closed);
        Self::Restricted { .. } => "restricted", Some(Rule::Restricted);
        Self::ErasureUnderWay { .. } => "erasure-under-way", Some(Rule::ErasureUnderWay);
        Self::NotTheReader => "not-the-reader", Some(Rule::Role);
        Self::Role { .. } => "role", Some(Rule::Role);
        Self::Approval { .. } => "approval", Some(Rule::Approval);
        Self::OpeningErased => "opening-erased", Some(Rule::Policy);
        Self::NoPolicy { .. } => "no-policy", Some(Rule::Policy);
        Self::Policy(RoleLookupError::UnknownRole { .. }) => "unknown-role", Some(Rule::Policy);
        Self::Policy(RoleLookupError::NotInForce { .. }) => "role-not-in-force", Some(Rule::Policy);
        Self::Policy(RoleLookupError::Forbidden { .. }) => "check-forbidden", Some(Rule::Policy);
        Self::Policy(RoleLookupError::External { .. }) => "check-elsewhere", Some(Rule::Policy);
        Self::Policy(RoleLookupError::Incomplete { .. }) => "policy-incomplete", Some(Rule::Policy);
        Self::ConsentNotAGround { .. } => "consent-not-a-ground", Some(Rule::Consent);
        Self::ConsentMissing { .. } => "consent-missing", Some(Rule::Consent);
        Self::KindNotRecordable { .. } => "kind-not-recordable", Some(Rule::Recordable);
        Self::FieldNotRecordable { .. } => "field-not-recordable", Some(Rule::Recordable);
        Self::FieldMissing { .. } => "field-missing", Some(Rule::Recordable);
        Self::OccasionNotCovered { .. } => "occasion-not-covered", Some(Rule::Occasion);
        Self::WrongSubject { .. } => "wrong-subject", Some(Rule::Subject);
        Self::TooYoung { .. } => "too-young", Some(Rule::Subject);
        Self::PositionNotAssessed { .. } => "position-not-assessed", Some(Rule::Position);
        Self::PositionElsewhere => "position-elsewhere", Some(Rule::Position);
        Self::AnotherCaseOpen => "another-case-open", Some(Rule::OneRequest);
        Self::Withdrawn { .. } => "withdrawn", Some(Rule::Withdrawn);
        Self::Repeated { .. } => "repeated", Some(Rule::Order);
        Self::TooLate { .. } => "too-late", Some(Rule::Order);
        Self::TooEarly { .. } => "too-early", Some(Rule::Order);
        Self::DayOutOfOrder { .. } => "day-out-of-order", Some(Rule::Order);
        Self::Unstated { .. } => "unstated", Some(Rule::Content);
        Self::SupportMismatch => "support-mismatch", Some(Rule::Content);
        Self::NoSuchStep { .. } => "no-such-step", Some(Rule::Content);
        Self::EvidenceMissing { .. } => "evidence-missing", Some(Rule::Extract);
        Self::ExtractFromFuture { .. } => "extract-from-future", Some(Rule::Extract);
        Self::ExtractTooOld { .. } => "extract-too-old", Some(Rule::Extract);
        Self::ExtractWrongLaw { .. } => "extract-wrong-law", Some(Rule::Extract);
        Self::ExtractRegisters { .. } => "extract-registers", Some(Rule::Extract);
        Self::NoExemption { .. } => "no-exemption", Some(Rule::Exemption);
        Self::SamePerson { .. } => "same-person", Some(Rule::Separation);
        Self::NotHeard => "not-heard", Some(Rule::Heard);
        Self::NotReviewed => "not-reviewed", Some(Rule::Heard);
        Self::ReviewDay { .. } => "review-day", Some(Rule::Hold);
        Self::UnknownOwner { .. } => "unknown-owner", Some(Rule::Hold);
        Self::NothingToRelease { .. } => "nothing-to-release", Some(Rule::Hold);
    }

    /// The paragraph that the refusal rests on: the rule's own, or the role's law where the message
    /// names it.
    #[must_use]
    pub fn paragraph(&self) -> String {
        match self {
            Self::Policy(RoleLookupError::Forbidden { law } | RoleLookupError::External { law })
            | Self::KindNotRecordable { law, .. }
            | Self::FieldNotRecordable { law, .. }
            | Self::FieldMissing { law, .. }
            | Self::OccasionNotCovered { law, .. }
            | Self::ConsentNotAGround { law, .. }
            | Self::ConsentMissing { law, .. }
            | Self::TooYoung { law, .. }
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

    /// What to do next, where there is something to do.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Seen(_) => "read the newest checkpoint and sign again",
            Self::Conflict { .. } | Self::WrongPrevious { .. } => {
                "read the case again and sign the step anew"
            }
            Self::Key(_) => "have two administrators enrol or rotate the key: vandel key enroll",
            Self::Role { .. } => {
                "ask somebody who holds the role here, or have it granted: vandel key enroll"
            }
            Self::Closed { .. } => "correct a closed case with: vandel case rectify",
            Self::Restricted { .. } => "settle the restriction first: vandel hold release",
            Self::Approval { .. } => "let the controller's delegate, another person, approve it",
            Self::NoPolicy { .. } => "adopt a policy pack: vandel policy adopt",
            Self::Policy(RoleLookupError::Incomplete { .. }) => {
                "let a jurist fill in what is not set, and adopt the pack anew: vandel policy adopt"
            }
            Self::FieldNotRecordable { .. } => "leave the field out and take the step again",
            Self::FieldMissing { .. } => "fill the field in and take the step again",
            Self::WrongSubject { .. } => "for another person use vandel case reassign, else open a case",
            Self::PositionNotAssessed { .. } => "assess the position first: vandel position assess",
            Self::AnotherCaseOpen => "close the other case first: vandel case close",
            Self::Withdrawn { .. } => "close the case: vandel case close",
            Self::TooEarly { .. } => "record the missing step first",
            Self::EvidenceMissing { .. } => "state what the extract says; it is checked and not kept",
            Self::ExtractTooOld { .. } | Self::ExtractWrongLaw { .. } | Self::ExtractRegisters { .. } => {
                "ask for an extract that serves the law of this role"
            }
            Self::NoExemption { .. } => "ask for a new extract",
            Self::SamePerson { .. } => "let another person do it",
            Self::NotHeard => "hear the candidate first: vandel case hear",
            Self::NotReviewed => "have the assessment reviewed first: vandel case review",
            _ => return None,
        })
    }
}

//! Sealed steps, by compartment. What each may hold is limited here by type and again by policy.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::kind::{Compartment, Kind, Occasion, Register};
use crate::event::open::BodySignature;
use crate::event::terms::{
    AppealOutcome, Authenticity, HoldGround, Outcome, Purpose, RejectionReason, RestrictionGround, Support,
};
use crate::hash::Hash;
use crate::id::{ActorId, AssignmentId, ControllerId, PublicKey, SubjectId, ThreadId, UnitId};
use crate::person::IdentityNumber;
use crate::time::Day;

/// One step, as far as it can be opened: the spine, and each other compartment that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it stands in its thread.
    pub spine: Spine,
    /// Who the person is.
    pub identity: Option<Identity>,
    /// What was done.
    pub process: Option<Process>,
    /// The note of a shown extract.
    pub note: Option<Note>,
    /// A stored extract.
    pub copy: Option<Copy>,
    /// Findings and reasons.
    pub assessment: Option<Assessment>,
    /// A reading.
    pub reading: Option<Reading>,
    /// The second person's approval.
    pub approval: Option<Approval>,
}

/// Which thread, where in it, what and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spine {
    /// The thread.
    pub thread: ThreadId,
    /// The step's number in its thread, from 0.
    pub number: u32,
    /// The hash of the thread's previous statement; zero for number 0.
    pub previous: Hash,
    /// What happened.
    pub kind: Kind,
    /// The civil day on which it happened.
    pub day: Day,
}

/// Who the person is. Each identity part has a key of its own, so that one that was changed or wrong
/// can be destroyed when another takes its place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The person, the same in every case.
    pub subject: SubjectId,
    /// The case's handle: the only case id that people see. Dies with the identity.
    pub handle: String,
    /// The personal identity number, coordination number, or why there is none.
    pub number: IdentityNumber,
    /// Surname.
    pub surname: String,
    /// Given name.
    pub given_name: String,
    /// Protected identity (*skyddade personuppgifter*).
    pub protected: bool,
}

/// What a case was opened for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The person, as in the identity compartment, so that the case can be counted after the name is gone.
    pub subject: SubjectId,
    /// The board.
    pub controller: ControllerId,
    /// The unit.
    pub unit: UnitId,
    /// The recruitment, as a random id.
    pub assignment: AssignmentId,
    /// The recruitment's own reference, such as a diary number.
    pub reference: String,
    /// The role, which selects the law.
    pub role: RoleCode,
    /// The position's assessment that this check relies on.
    pub position: Option<ThreadId>,
    /// Why now.
    pub occasion: Occasion,
    /// The day the post was offered, where the mode keeps it.
    pub offered: Option<Day>,
}

/// A role's code in the policy pack, such as `SCHOOL`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleCode(pub String);

/// The process compartment: one variant for each kind that has one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Process {
    /// A position was weighed.
    PositionAssessed(PositionAssessment),
    /// A case was opened.
    CaseOpened(Opening),
    /// The candidate was informed of these registers.
    InformationGiven(Vec<Register>),
    /// The candidate acknowledged it.
    InformationAcknowledged,
    /// The candidate consented.
    ConsentGiven,
    /// The candidate withdrew the consent.
    ConsentWithdrawn,
    /// The candidate left.
    CandidateWithdrew,
    /// An extract covering these registers was asked for.
    ExtractRequested(Vec<Register>),
    /// An extract was refused.
    ExtractRejected(RejectionReason),
    /// The authority fetched it: from these registers, because.
    AuthorityFetched {
        /// The registers.
        registers: Vec<Register>,
        /// Why it is needed in this case (BRL 1998:620 section 7).
        need: String,
    },
    /// The decision.
    DecisionMade {
        /// The outcome.
        outcome: Outcome,
        /// The delegation that the decider acts under.
        delegation: String,
        /// When to follow up.
        follow_up: Option<Day>,
        /// Support agreed on; only with [`Outcome::FitWithSupport`].
        support: Option<Support>,
    },
    /// An appeal, with the court's case number.
    AppealLodged {
        /// The court's case number.
        reference: String,
    },
    /// How it ended.
    AppealSettled(AppealOutcome),
    /// The decision gained legal force on the step's day.
    LegalForceGained,
    /// Work began on the step's day.
    EmploymentStarted,
    /// The person moved.
    EmploymentMoved {
        /// To this board.
        controller: ControllerId,
        /// And unit.
        unit: UnitId,
    },
    /// Employment ended on the step's day.
    EmploymentEnded,
    /// The case was closed. No field: closing looks the same whatever came of it.
    CaseClosed,
    /// An earlier step of this case was wrong.
    Rectified {
        /// That step's number in the case.
        number: u32,
        /// What is right.
        correction: String,
    },
    /// Erasure is stopped.
    Held {
        /// Why.
        ground: HoldGround,
        /// Who looks after it.
        owner: ActorId,
        /// When it is looked at again.
        review: Day,
        /// Words of explanation.
        remark: String,
    },
    /// A hold or restriction ends.
    Released {
        /// The number in the case of the step that placed it.
        number: u32,
    },
    /// Processing is restricted.
    Restricted {
        /// Why.
        ground: RestrictionGround,
        /// Who looks after it.
        owner: ActorId,
        /// When it is looked at again.
        review: Day,
        /// Words of explanation.
        remark: String,
    },
    /// The Equality Ombudsman interrupted the limitation period.
    Interrupted {
        /// The ombudsman's case number.
        reference: String,
    },
}

/// A position's assessment: need against intrusion (BRL 1998:620 section 7), and what was negotiated first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionAssessment {
    /// The board.
    pub controller: ControllerId,
    /// The unit.
    pub unit: UnitId,
    /// The role.
    pub role: RoleCode,
    /// The position in words.
    pub title: String,
    /// Why a check is needed.
    pub need: String,
    /// Reference of the negotiation with the unions (MBL 1976:580 sections 11 and 19).
    pub union_reference: String,
    /// Reference of the impact assessment (GDPR art. 35).
    pub impact_reference: String,
    /// Last day it may be relied on.
    pub until: Option<Day>,
}

/// The note: *visats upp*. Every field besides the mere note is for modes that may keep it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// An extract was shown.
    Shown {
        /// Day of issue.
        issued: Option<Day>,
        /// The law it was issued under, as an SFS number.
        law: Option<String>,
        /// The registers it covers.
        registers: Option<Vec<Register>>,
        /// How its authenticity was checked.
        authenticity: Option<Authenticity>,
        /// A remark.
        remark: Option<String>,
    },
    /// An earlier note is relied on.
    Exempted {
        /// The earlier case.
        thread: ThreadId,
        /// The hash of the statement that holds the earlier note.
        statement: Hash,
    },
}

/// The copy compartment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Copy {
    /// The document itself.
    Document {
        /// Media type, such as `application/pdf`.
        media_type: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// On paper, in this place.
    Paper {
        /// Where.
        place: String,
    },
    /// It was returned or destroyed.
    Returned,
}

/// The assessment compartment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assessment {
    /// Entries, weighed.
    Findings(Vec<Finding>),
    /// What the candidate said.
    Heard(String),
    /// What the second reviewer holds.
    Reviewed {
        /// Whether the reviewer agrees.
        agrees: bool,
        /// In words.
        opinion: String,
    },
    /// Why the decision fell as it did.
    Reasons(Reasons),
}

/// One entry, weighed: how old and how relevant an offence is matters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of offence.
    pub offence: String,
    /// Whole years since.
    pub years_ago: u8,
    /// How it bears on the post.
    pub relevance: String,
}

/// Reasons for a decision.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasons {
    /// How relevant the entries are to the post.
    pub relevance: String,
    /// How much time has passed.
    pub time_elapsed: String,
    /// Everything else.
    pub remark: String,
}

/// A reading: staff data, kept on the reader's own thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The case that was shown; none for a search or an audit of many.
    pub thread: Option<ThreadId>,
    /// Why.
    pub purpose: Purpose,
    /// In words.
    pub remark: String,
    /// The compartments that were shown.
    pub compartments: Vec<Compartment>,
    /// How many cases a search or an audit touched.
    pub count: u32,
}

/// Approval by a second person, over the commitment list without this part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The approver's key.
    pub key: PublicKey,
    /// Ed25519 over [`crate::payload::approval_message`].
    pub signature: BodySignature,
}

/// Sealed content prints as its name alone, so that no log line and no panic can carry it.
macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(sealed)"))
            }
        }
    )*};
}
redacted!(Identity, Opening, Process, PositionAssessment, Note, Copy, Assessment, Finding, Reasons, Reading);

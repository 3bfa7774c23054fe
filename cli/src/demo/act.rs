//! What people do in the demonstration: one step as it is planned, before anybody has signed it.

use vandel_core::event::{
    AppealOutcome, HoldGround, Kind, Outcome, Purpose, RejectionReason, RestrictionGround, Support,
};
use vandel_core::time::Day;

use super::people::Person;

/// What somebody is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Handles cases of a board.
    Handler,
    /// Decides for a board.
    Decider,
    /// Reviews assessments for a board.
    Reviewer,
    /// A board's delegate, who approves what needs two people.
    Delegate,
    /// The data-protection officer of the municipality.
    Officer,
    /// The auditor.
    Auditor,
    /// One administrator.
    FirstAdministrator,
    /// The other administrator.
    SecondAdministrator,
}

/// A step in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Opens the case.
    Open,
    /// Tells the candidate which registers are asked.
    Inform,
    /// The candidate acknowledges that.
    Acknowledge,
    /// The candidate leaves.
    Withdraw,
    /// Asks for an extract.
    Request,
    /// Does not accept the extract.
    Reject(RejectionReason),
    /// Notes that an extract was shown, issued so many days before.
    Show {
        /// Days from the day of issue.
        days_old: u16,
    },
    /// Relies on the note of an earlier case.
    Exempt,
    /// Stores the extract: the document itself, or where the paper lies.
    Store {
        /// On paper.
        paper: bool,
    },
    /// Returns it.
    Return,
    /// The authority fetches the extract itself.
    Fetch,
    /// Assesses entries.
    Assess {
        /// Years since the offence.
        years_ago: u8,
        /// It bears on the work.
        grave: bool,
    },
    /// Hears the candidate.
    Hear,
    /// Reviews the assessment.
    Review,
    /// Decides.
    Decide {
        /// What.
        outcome: Outcome,
        /// With which support.
        support: Option<Support>,
        /// Whether there were entries, so that reasons are given.
        reasons: bool,
    },
    /// An appeal comes in.
    Appeal,
    /// It is settled.
    Settle(AppealOutcome),
    /// The decision gains legal force.
    GainLegalForce,
    /// Work begins.
    Start,
    /// The person moves to another unit of the board.
    Move,
    /// The employment ends.
    End,
    /// Closes the case.
    Close,
    /// Corrects an earlier step.
    Rectify {
        /// Its number in the case.
        number: u32,
    },
    /// The case was opened for the wrong person; here is the right one.
    Reassign(Box<Person>),
    /// Name or number changed; here is the person as they are now.
    ChangeIdentity(Box<Person>),
    /// Stops erasure.
    Hold(HoldGround),
    /// Restricts processing.
    Restrict(RestrictionGround),
    /// Releases a hold or restriction, with a second person.
    Release {
        /// The number of the step that placed it.
        number: u32,
    },
    /// The Equality Ombudsman interrupts the limitation period.
    Interrupt,
    /// Reads the case.
    Read(Purpose),
}

impl Act {
    /// The kind of step that it becomes.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Open => Kind::CaseOpened,
            Self::Inform => Kind::InformationGiven,
            Self::Acknowledge => Kind::InformationAcknowledged,
            Self::Withdraw => Kind::CandidateWithdrew,
            Self::Request => Kind::ExtractRequested,
            Self::Reject(_) => Kind::ExtractRejected,
            Self::Show { .. } => Kind::ExtractShown,
            Self::Exempt => Kind::ExtractExempted,
            Self::Store { .. } => Kind::CopyStored,
            Self::Return => Kind::CopyReturned,
            Self::Fetch => Kind::AuthorityFetched,
            Self::Assess { .. } => Kind::AssessmentMade,
            Self::Hear => Kind::CandidateHeard,
            Self::Review => Kind::SecondReviewed,
            Self::Decide { .. } => Kind::DecisionMade,
            Self::Appeal => Kind::AppealLodged,
            Self::Settle(_) => Kind::AppealSettled,
            Self::GainLegalForce => Kind::LegalForceGained,
            Self::Start => Kind::EmploymentStarted,
            Self::Move => Kind::EmploymentMoved,
            Self::End => Kind::EmploymentEnded,
            Self::Close => Kind::CaseClosed,
            Self::Rectify { .. } => Kind::Rectified,
            Self::Reassign(_) => Kind::Reassigned,
            Self::ChangeIdentity(_) => Kind::IdentityChanged,
            Self::Hold(_) => Kind::Held,
            Self::Restrict(_) => Kind::Restricted,
            Self::Release { .. } => Kind::Released,
            Self::Interrupt => Kind::Interrupted,
            Self::Read(_) => Kind::RecordRead,
        }
    }
}

/// A step as it is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub day: Day,
    /// By whom.
    pub by: Part,
    /// What.
    pub act: Act,
}

//! The kinds of sealed steps, the compartments they are cut into and their optional fields.
//!
//! Policy packs speak of all three by name: which kinds a storage mode may record, which fields, and
//! how long each compartment lives.

use serde::{Deserialize, Serialize};

named! {
    /// What happened. Order is the wire order: variants are only ever appended.
    Kind {
        /// A position was weighed: is a check needed, under which law (BRL 1998:620 section 7).
        PositionAssessed = "position_assessed",
        /// A check of one person for one recruitment began.
        CaseOpened = "case_opened",
        /// The candidate was told which registers are asked and why (GDPR art. 13).
        InformationGiven = "information_given",
        /// The candidate acknowledged the information. Not a consent.
        InformationAcknowledged = "information_acknowledged",
        /// The candidate consented, where the law makes consent a ground.
        ConsentGiven = "consent_given",
        /// The candidate withdrew a consent.
        ConsentWithdrawn = "consent_withdrawn",
        /// The candidate left the recruitment.
        CandidateWithdrew = "candidate_withdrew",
        /// The candidate was asked for an extract.
        ExtractRequested = "extract_requested",
        /// An extract was shown (*visats upp*).
        ExtractShown = "extract_shown",
        /// An extract was not accepted.
        ExtractRejected = "extract_rejected",
        /// A renewed engagement needs no new extract; an earlier case is relied on.
        ExtractExempted = "extract_exempted",
        /// An extract or a copy of it was stored, where the law demands that (2007:171 section 1).
        CopyStored = "copy_stored",
        /// The stored extract was returned.
        CopyReturned = "copy_returned",
        /// The authority fetched the extract itself (1999:1134 section 11).
        AuthorityFetched = "authority_fetched",
        /// Entries in the extract were assessed.
        AssessmentMade = "assessment_made",
        /// The candidate was heard about the entries (*kommunicering*, FL 2017:900 section 25).
        CandidateHeard = "candidate_heard",
        /// A second person reviewed the assessment.
        SecondReviewed = "second_reviewed",
        /// The decision.
        DecisionMade = "decision_made",
        /// The decision was appealed.
        AppealLodged = "appeal_lodged",
        /// The appeal was settled.
        AppealSettled = "appeal_settled",
        /// The decision gained legal force (*laga kraft*).
        LegalForceGained = "legal_force_gained",
        /// The person began to work.
        EmploymentStarted = "employment_started",
        /// The person moved to another post.
        EmploymentMoved = "employment_moved",
        /// The employment ended.
        EmploymentEnded = "employment_ended",
        /// The case was closed. Looks the same whatever came of it.
        CaseClosed = "case_closed",
        /// An earlier step was corrected (GDPR art. 16).
        Rectified = "rectified",
        /// The case had been opened for the wrong person; here is the right one.
        Reassigned = "reassigned",
        /// Erasure is stopped: a pending request for disclosure, a dispute.
        Held = "held",
        /// A hold or a restriction was released.
        Released = "released",
        /// Processing is restricted (GDPR art. 18).
        Restricted = "restricted",
        /// The Equality Ombudsman interrupted the limitation period (DL 2008:567 ch. 6 section 5).
        Interrupted = "interrupted",
        /// The person's name or number changed.
        IdentityChanged = "identity_changed",
        /// A person was shown sealed content, or searched for it.
        RecordRead = "record_read",
    }
}

named! {
    /// The parts of one case that live equally long. Order is the wire order.
    Compartment {
        /// Case, number, previous statement, kind and day. Lives as long as the longest other part.
        Spine = "spine",
        /// Who the person is. Lives until the last case that needs it has been erased.
        Identity = "identity",
        /// What was done, and what came of it.
        Process = "process",
        /// The note that an extract was shown.
        Note = "note",
        /// The extract or its copy.
        Copy = "copy",
        /// Findings, reasons, the candidate's words.
        Assessment = "assessment",
        /// One reading: staff data.
        Reads = "reads",
    }
}

named! {
    /// Fields that a storage mode may forbid to record.
    Field {
        /// The day the post was offered.
        OfferDay = "case_opened.offer_day",
        /// The extract's day of issue.
        ShownIssued = "extract_shown.issued",
        /// The law the extract was issued under.
        ShownLaw = "extract_shown.law",
        /// The registers the extract covers.
        ShownRegisters = "extract_shown.registers",
        /// How the extract's authenticity was checked.
        ShownAuthenticity = "extract_shown.authenticity",
        /// A free remark beside the note.
        ShownRemark = "extract_shown.remark",
        /// The reasons for a decision: relevance, time elapsed, text.
        DecisionReasons = "decision_made.reasons",
        /// The day a decision is to be followed up.
        DecisionFollowUp = "decision_made.follow_up",
        /// What support was agreed on.
        DecisionSupport = "decision_made.support",
    }
}

named! {
    /// A police register.
    Register {
        /// *Belastningsregistret* (1998:620).
        CriminalRecords = "criminal_records",
        /// *Misstankeregistret* (1998:621).
        Suspicions = "suspicions",
        /// *Belastningsregistret* without fines only (1999:1134 section 11 point 5).
        CriminalRecordsWithoutFines = "criminal_records_without_fines",
        /// A foreign register (EU or UK), through an extract of that state.
        Foreign = "foreign",
    }
}

named! {
    /// Why the person is checked now.
    Occasion {
        /// A new employment.
        NewEmployment = "new_employment",
        /// An employee is offered a post that asks for a check.
        InternalMove = "internal_move",
        /// The same employer engages the person again.
        Renewal = "renewal",
        /// An assignment without employment (*uppdrag*).
        Assignment = "assignment",
        /// Through a staffing agency or a contractor.
        Agency = "agency",
        /// Study placement or work practice (*VFU*, *praktik*).
        Placement = "placement",
        /// A volunteer.
        Volunteer = "volunteer",
    }
}

/// What a thread is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ThreadSort {
    /// One person's check for one recruitment.
    Case,
    /// One position's assessment.
    Position,
    /// One reader's readings.
    Reader,
}

impl Kind {
    /// The sort of thread that this kind belongs to.
    #[must_use]
    pub const fn thread_sort(self) -> ThreadSort {
        match self {
            Self::PositionAssessed => ThreadSort::Position,
            Self::RecordRead => ThreadSort::Reader,
            _ => ThreadSort::Case,
        }
    }

    /// Whether a step of this kind begins its thread: number 0, no previous statement.
    /// A position may be assessed again and a reader reads again, in the same thread.
    #[must_use]
    pub const fn must_begin_thread(self) -> bool {
        matches!(self, Self::CaseOpened)
    }

    /// The compartments, besides the spine, that a step of this kind always has.
    #[must_use]
    pub const fn compartments(self) -> &'static [Compartment] {
        use Compartment::{Assessment, Copy, Identity, Note, Process, Reads};
        match self {
            Self::CaseOpened => &[Identity, Process],
            Self::ExtractShown | Self::ExtractExempted => &[Note],
            Self::CopyStored | Self::CopyReturned => &[Copy],
            Self::AssessmentMade | Self::CandidateHeard | Self::SecondReviewed => &[Assessment],
            Self::Reassigned | Self::IdentityChanged => &[Identity],
            Self::RecordRead => &[Reads],
            _ => &[Process],
        }
    }

    /// A compartment that a step of this kind may have besides.
    #[must_use]
    pub const fn optional_compartment(self) -> Option<Compartment> {
        match self {
            Self::DecisionMade => Some(Compartment::Assessment),
            _ => None,
        }
    }

    /// Whether two people must stand behind it: the author and an approver (domain, point 6).
    #[must_use]
    pub const fn needs_approval(self) -> bool {
        matches!(self, Self::Released)
    }
}

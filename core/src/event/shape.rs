//! Which compartments a step has, and whether they fit its kind.

use crate::event::kind::{Compartment, Field, Kind};
use crate::event::step::{Assessment, Copy, Note, Process, Spine, Step};
use crate::limits::TEXT_BYTES_MAX;

/// The most entries in a list inside a part.
const LIST_MAX: usize = 64;

/// A step whose compartments do not fit its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepShapeError {
    /// A compartment that the kind must have is missing.
    #[error("a step of kind {} has no {} compartment", kind.name(), compartment.name())]
    Missing {
        /// The kind.
        kind: Kind,
        /// The compartment.
        compartment: Compartment,
    },
    /// A compartment that the kind may not have is there, or holds another kind's content.
    #[error("a step of kind {} may not have this {} compartment", kind.name(), compartment.name())]
    Unexpected {
        /// The kind.
        kind: Kind,
        /// The compartment.
        compartment: Compartment,
    },
    /// A step that needs an approval has none, or has one without need.
    #[error("a step of kind {} needs {} approval by a second person", kind.name(), if kind.needs_approval() { "an" } else { "no" })]
    Approval {
        /// The kind.
        kind: Kind,
    },
    /// A text is longer than [`crate::limits::TEXT_BYTES_MAX`], or a list longer than 64 entries.
    #[error("a text or list in the {} compartment is too long", compartment.name())]
    TooLong {
        /// The compartment.
        compartment: Compartment,
    },
}

impl Step {
    /// A step with nothing but its spine; the compartments are set by name.
    #[must_use]
    pub const fn new(spine: Spine) -> Self {
        Self {
            spine,
            identity: None,
            process: None,
            note: None,
            copy: None,
            assessment: None,
            reading: None,
            approval: None,
        }
    }

    /// The kind of content each compartment holds, for those that are there. Identity and reads
    /// fit several kinds or one, so they answer with the step's own.
    fn contents(&self) -> [(Compartment, Option<Kind>); 6] {
        let own = self.spine.kind;
        [
            (Compartment::Identity, self.identity.as_ref().map(|_| own)),
            (Compartment::Process, self.process.as_ref().map(Process::kind)),
            (Compartment::Note, self.note.as_ref().map(Note::kind)),
            (Compartment::Copy, self.copy.as_ref().map(|copy| copy.kind())),
            (Compartment::Assessment, self.assessment.as_ref().map(|assessment| assessment.kind())),
            (Compartment::Reads, self.reading.as_ref().map(|_| own)),
        ]
    }

    /// Whether every compartment that is there fits the step's kind.
    pub fn check_contents(&self) -> Result<(), StepShapeError> {
        let kind = self.spine.kind;
        for (compartment, content) in self.contents() {
            let allowed = kind.compartments().contains(&compartment)
                || kind.optional_compartment() == Some(compartment);
            if content.is_some_and(|content| !allowed || content != kind) {
                return Err(StepShapeError::Unexpected { kind, compartment });
            }
        }
        if self.approval.is_some() && !kind.needs_approval() {
            return Err(StepShapeError::Approval { kind });
        }
        self.check_lengths()
    }

    /// Whether, besides, no compartment is missing: the shape a new step must have.
    pub fn check_shape(&self) -> Result<(), StepShapeError> {
        self.check_contents()?;
        let kind = self.spine.kind;
        let missing = self
            .contents()
            .into_iter()
            .find(|(compartment, content)| kind.compartments().contains(compartment) && content.is_none());
        if let Some((compartment, _)) = missing {
            return Err(StepShapeError::Missing { kind, compartment });
        }
        if kind.needs_approval() && self.approval.is_none() {
            return Err(StepShapeError::Approval { kind });
        }
        Ok(())
    }

    /// The optional fields that are set, for the policy's list of what a mode may record.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut add = |set: bool, field: Field| fields.extend(set.then_some(field));
        match &self.process {
            Some(Process::CaseOpened(opening)) => add(opening.offered.is_some(), Field::OfferDay),
            Some(Process::DecisionMade { follow_up, support, .. }) => {
                add(follow_up.is_some(), Field::DecisionFollowUp);
                add(support.is_some(), Field::DecisionSupport);
            }
            _ => {}
        }
        if let Some(Note::Shown { issued, law, registers, authenticity, remark }) = &self.note {
            add(issued.is_some(), Field::ShownIssued);
            add(law.is_some(), Field::ShownLaw);
            add(registers.is_some(), Field::ShownRegisters);
            add(authenticity.is_some(), Field::ShownAuthenticity);
            add(remark.is_some(), Field::ShownRemark);
        }
        add(self.spine.kind == Kind::DecisionMade && self.assessment.is_some(), Field::DecisionReasons);
        fields
    }

    fn check_lengths(&self) -> Result<(), StepShapeError> {
        let too_long = self.longest_texts().into_iter().find(|(_, longest)| *longest > TEXT_BYTES_MAX);
        let too_many = self.lists().into_iter().find(|(_, length)| *length > LIST_MAX);
        match too_long.or(too_many) {
            Some((compartment, _)) => Err(StepShapeError::TooLong { compartment }),
            None => Ok(()),
        }
    }

    /// The length of the longest text in each compartment; 0 where there is none.
    fn longest_texts(&self) -> [(Compartment, usize); 6] {
        let identity = self
            .identity
            .as_ref()
            .map_or(0, |identity| longest([&*identity.handle, &*identity.surname, &*identity.given_name]));
        let note = match &self.note {
            Some(Note::Shown { law, remark, .. }) => longest(law.iter().chain(remark).map(|text| &**text)),
            Some(Note::Exempted { .. }) | None => 0,
        };
        [
            (Compartment::Identity, identity),
            (Compartment::Process, self.process.as_ref().map_or(0, Process::longest_text)),
            (Compartment::Note, note),
            (Compartment::Copy, self.copy.as_ref().map_or(0, |copy| copy.longest_text())),
            (Compartment::Assessment, self.assessment.as_ref().map_or(0, |one| one.longest_text())),
            (Compartment::Reads, self.reading.as_ref().map_or(0, |reading| reading.remark.len())),
        ]
    }

    /// The lengths of the lists that are there.
    fn lists(&self) -> [(Compartment, usize); 4] {
        let registers = match &self.process {
            Some(
                Process::InformationGiven(registers)
                | Process::ExtractRequested(registers)
                | Process::AuthorityFetched { registers, .. },
            ) => registers.len(),
            _ => 0,
        };
        let shown = match &self.note {
            Some(Note::Shown { registers: Some(registers), .. }) => registers.len(),
            _ => 0,
        };
        let findings = match &self.assessment {
            Some(Assessment::Findings(findings)) => findings.len(),
            _ => 0,
        };
        let compartments = self.reading.as_ref().map_or(0, |reading| reading.compartments.len());
        [
            (Compartment::Process, registers),
            (Compartment::Note, shown),
            (Compartment::Assessment, findings),
            (Compartment::Reads, compartments),
        ]
    }
}

impl Process {
    /// The kind of step that has this process content.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::PositionAssessed(_) => Kind::PositionAssessed,
            Self::CaseOpened(_) => Kind::CaseOpened,
            Self::InformationGiven(_) => Kind::InformationGiven,
            Self::InformationAcknowledged => Kind::InformationAcknowledged,
            Self::ConsentGiven => Kind::ConsentGiven,
            Self::ConsentWithdrawn => Kind::ConsentWithdrawn,
            Self::CandidateWithdrew => Kind::CandidateWithdrew,
            Self::ExtractRequested(_) => Kind::ExtractRequested,
            Self::ExtractRejected(_) => Kind::ExtractRejected,
            Self::AuthorityFetched { .. } => Kind::AuthorityFetched,
            Self::DecisionMade { .. } => Kind::DecisionMade,
            Self::AppealLodged { .. } => Kind::AppealLodged,
            Self::AppealSettled(_) => Kind::AppealSettled,
            Self::LegalForceGained => Kind::LegalForceGained,
            Self::EmploymentStarted => Kind::EmploymentStarted,
            Self::EmploymentMoved { .. } => Kind::EmploymentMoved,
            Self::EmploymentEnded => Kind::EmploymentEnded,
            Self::CaseClosed => Kind::CaseClosed,
            Self::Rectified { .. } => Kind::Rectified,
            Self::Held { .. } => Kind::Held,
            Self::Released { .. } => Kind::Released,
            Self::Restricted { .. } => Kind::Restricted,
            Self::Interrupted { .. } => Kind::Interrupted,
        }
    }

    fn longest_text(&self) -> usize {
        match self {
            Self::PositionAssessed(position) => longest([
                &*position.role.0,
                &*position.title,
                &*position.need,
                &*position.union_reference,
                &*position.impact_reference,
            ]),
            Self::CaseOpened(opening) => longest([&*opening.role.0, &*opening.reference]),
            Self::AuthorityFetched { need, .. } => need.len(),
            Self::DecisionMade { delegation, .. } => delegation.len(),
            Self::AppealLodged { reference } | Self::Interrupted { reference } => reference.len(),
            Self::Rectified { correction, .. } => correction.len(),
            Self::Held { remark, .. } | Self::Restricted { remark, .. } => remark.len(),
            _ => 0,
        }
    }
}

impl Note {
    const fn kind(&self) -> Kind {
        match self {
            Self::Shown { .. } => Kind::ExtractShown,
            Self::Exempted { .. } => Kind::ExtractExempted,
        }
    }
}

impl Copy {
    const fn kind(&self) -> Kind {
        match self {
            Self::Document { .. } | Self::Paper { .. } => Kind::CopyStored,
            Self::Returned => Kind::CopyReturned,
        }
    }

    const fn longest_text(&self) -> usize {
        match self {
            Self::Document { media_type, .. } => media_type.len(),
            Self::Paper { place } => place.len(),
            Self::Returned => 0,
        }
    }
}

impl Assessment {
    const fn kind(&self) -> Kind {
        match self {
            Self::Findings(_) => Kind::AssessmentMade,
            Self::Heard(_) => Kind::CandidateHeard,
            Self::Reviewed { .. } => Kind::SecondReviewed,
            Self::Reasons(_) => Kind::DecisionMade,
        }
    }

    fn longest_text(&self) -> usize {
        match self {
            Self::Findings(findings) => {
                longest(findings.iter().flat_map(|finding| [&*finding.offence, &*finding.relevance]))
            }
            Self::Heard(words) => words.len(),
            Self::Reviewed { opinion, .. } => opinion.len(),
            Self::Reasons(reasons) => {
                longest([&*reasons.relevance, &*reasons.time_elapsed, &*reasons.remark])
            }
        }
    }
}

/// The length of the longest of some texts, in bytes.
fn longest<'t>(texts: impl IntoIterator<Item = &'t str>) -> usize {
    texts.into_iter().map(str::len).max().unwrap_or(0)
}

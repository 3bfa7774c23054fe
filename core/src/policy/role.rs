//! The policy of one role during one stretch of days.

use crate::event::{Compartment, Field, Kind, Occasion, Register};
use crate::policy::schedule::{Retention, RetentionRule};
use crate::policy::terms::{Acquisition, DecidingDay, Duty, LegalGround, NotedBy, Storage, SubjectKind};
use crate::time::{Day, Period};

/// One version of a role's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePolicy {
    /// The pack that it stands in, as `name/version`.
    pub pack: String,
    /// The code, such as `SCHOOL`.
    pub code: String,
    /// What kind of work it is.
    pub title: Words,
    /// The law it rests on.
    pub law: Law,
    /// First day.
    pub in_force_from: Day,
    /// Last day; none means until further notice.
    pub in_force_until: Option<Day>,
    /// Whether the law demands, allows or forbids the check.
    pub duty: Duty,
    /// What may be kept. Unset: the role is refused.
    pub storage: Option<Storage>,
    /// How the extract may come.
    pub acquisition: Vec<Acquisition>,
    /// Who notes it.
    pub noted_by: Option<NotedBy>,
    /// Who is checked.
    pub subject: Subject,
    /// The ground in GDPR art. 6.1.
    pub legal_ground: Option<LegalGround>,
    /// Purposes, by name in the pack.
    pub purposes: Vec<String>,
    /// The registers that the extract covers, all of them.
    pub registers: Vec<Register>,
    /// When a check may be made.
    pub occasions: Vec<Occasion>,
    /// How old an extract may be; none only where the authority fetches it.
    pub extract_age: Option<AgeLimit>,
    /// When a renewed engagement needs no new extract; none means never.
    pub renewal: Option<RenewalExemption>,
    /// Whether the statute itself asks for consent. Elsewhere there is only acknowledgement of information.
    pub consent_is_ground: bool,
    /// Whether the candidate must have acknowledged the information before an extract is asked for.
    pub acknowledgement_required: bool,
    /// Whether an extract of another state may be asked for.
    pub foreign_extract: bool,
    /// Whether a purchased check may be referred to (JO 2023: not without support in law).
    pub vendor_check: bool,
    /// The kinds of step that may be recorded.
    pub records: Vec<Kind>,
    /// The optional fields that may be recorded.
    pub fields: Vec<Field>,
    /// What must stand before a case is opened.
    pub position: Option<PositionRules>,
    /// How entries are assessed; none where they may not be documented.
    pub assessment: Option<AssessmentRules>,
    /// How long each compartment lives.
    pub retention: Option<Retention>,
    /// How long a reading of its cases lives: the pack's rule, the same for every role.
    pub reads: RetentionRule,
    /// Keys that no source fixes: a local choice, decided by the authority.
    pub local: Vec<String>,
    /// Keys that were not read in the statute itself.
    pub unverified: Vec<String>,
    /// The line in the pack where the role begins, from 1.
    pub line: usize,
}

/// The same words in Swedish and in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In Swedish, in the statute's own terms.
    pub sv: String,
    /// In English.
    pub en: String,
}

/// A law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Law {
    /// Its number in *Svensk författningssamling*, such as `2010:800`; none while it is not known.
    pub sfs: Option<String>,
    /// The paragraph, as refusals show it.
    pub paragraph: String,
}

/// Who is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The candidate, or somebody of the household.
    pub kind: SubjectKind,
    /// From what age, in years; set for members of a household.
    pub age_min: Option<u8>,
}

/// How old an extract may be, and on which day that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeLimit {
    /// The oldest it may be.
    pub max: Period,
    /// The day it is counted back from.
    pub on: DecidingDay,
}

/// When a renewed engagement with the same employer needs no new extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalExemption {
    /// The longest since the earlier engagement.
    pub within: Period,
    /// The day it is counted back from.
    pub on: DecidingDay,
}

/// What must be in place before a case is opened (BRL 1998:620 section 7; MBL 1976:580; GDPR art. 35).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionRules {
    /// A current assessment of the position.
    pub assessed: bool,
    /// It names the negotiation with the unions.
    pub union_reference: bool,
    /// It names the data protection impact assessment.
    pub impact_reference: bool,
}

/// What an assessment of entries must pass before a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssessmentRules {
    /// The candidate is heard before a negative decision (FL 2017:900 section 25).
    pub candidate_heard: bool,
    /// A second person reviews it, who is not the decider.
    pub second_reviewer: bool,
}

/// Why a version of a role can't be used on a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyGap {
    /// The day lies outside its days.
    #[error("not in force: from {from}{}", crate::policy::finding::until(*.until))]
    NotInForce {
        /// Its first day.
        from: Day,
        /// Its last day.
        until: Option<Day>,
    },
    /// No law supports the check.
    #[error("forbidden: {law}")]
    Forbidden {
        /// The paragraph or principle.
        law: String,
    },
    /// The check is made under another regime.
    #[error("made outside this ledger: {law}")]
    External {
        /// The law of that regime.
        law: String,
    },
    /// Keys that the law must fill are not set.
    #[error("policy incomplete: {} not set", .what.join(", "))]
    Incomplete {
        /// Those keys.
        what: Vec<String>,
    },
}

impl RolePolicy {
    /// Whether the version covers a day.
    #[must_use]
    pub fn in_force_on(&self, day: Day) -> bool {
        self.in_force_from <= day && self.in_force_until.is_none_or(|until| day <= until)
    }

    /// Whether cases may be opened under it on a day. What is merely marked as unverified stays
    /// usable (strict placeholders); what is unset never is.
    ///
    /// # Errors
    /// The gap, with the keys to fill.
    pub fn usable_on(&self, day: Day) -> Result<(), PolicyGap> {
        if !self.in_force_on(day) {
            return Err(PolicyGap::NotInForce { from: self.in_force_from, until: self.in_force_until });
        }
        match self.duty {
            Duty::Forbidden => Err(PolicyGap::Forbidden { law: self.law.paragraph.clone() }),
            Duty::External => Err(PolicyGap::External { law: self.law.paragraph.clone() }),
            Duty::Mandatory | Duty::Optional => match self.unset() {
                what if what.is_empty() => Ok(()),
                what => Err(PolicyGap::Incomplete { what }),
            },
        }
    }

    /// The keys that a role under which checks are made must set, and this one does not.
    #[must_use]
    pub fn unset(&self) -> Vec<String> {
        if matches!(self.duty, Duty::Forbidden | Duty::External) {
            return Vec::new();
        }
        let only_fetched = self.acquisition == [Acquisition::Fetched];
        let assesses = self.records.contains(&Kind::AssessmentMade);
        [
            ("sfs", self.law.sfs.is_none()),
            ("storage", self.storage.is_none()),
            ("acquisition", self.acquisition.is_empty()),
            ("noted_by", self.noted_by.is_none()),
            ("legal_ground", self.legal_ground.is_none()),
            ("purposes", self.purposes.is_empty()),
            ("registers", self.registers.is_empty()),
            ("occasions", self.occasions.is_empty()),
            ("extract_age", self.extract_age.is_none() && !only_fetched),
            ("records", self.records.is_empty()),
            ("position", self.position.is_none()),
            ("assessment", self.assessment.is_none() && assesses),
            ("retention", self.retention.is_none()),
        ]
        .into_iter()
        .filter(|(_, unset)| *unset)
        .map(|(key, _)| key.to_owned())
        .collect()
    }

    /// Whether a step of this kind may be recorded in a case of the role. A position's assessment
    /// documents no check of a person, so no role forbids it.
    #[must_use]
    pub fn may_record(&self, kind: Kind) -> bool {
        kind == Kind::PositionAssessed || self.records.contains(&kind)
    }

    /// Whether an optional field may be recorded.
    #[must_use]
    pub fn may_record_field(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }

    /// The compartments that the recordable kinds fill, besides the spine and the read log.
    #[must_use]
    pub fn compartments(&self) -> Vec<Compartment> {
        let filled = |compartment: &Compartment| {
            self.records.iter().any(|kind| {
                let by_field = self.fields.iter().any(|field| field.name().starts_with(kind.name()));
                kind.compartments().contains(compartment)
                    || (by_field && kind.optional_compartment() == Some(*compartment))
            })
        };
        Compartment::ALL
            .iter()
            .copied()
            .filter(|compartment| !matches!(compartment, Compartment::Spine | Compartment::Reads))
            .filter(filled)
            .collect()
    }
}

//! From TOML to a pack. Strict: an unknown key or term is an error with its line.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error};
use toml::Spanned;

use crate::event::{Compartment, Field, Kind, Occasion, Register};
use crate::hash::Hash;
use crate::policy::finding::{Finding, Problem};
use crate::policy::role::{
    AgeLimit, AssessmentRules, Law, PositionRules, RenewalExemption, RolePolicy, Subject, Words,
};
use crate::policy::schedule::{Bound, Engagement, Retention, RetentionRule, Trigger};
use crate::policy::terms::{
    Acquisition, DecidingDay, Duty, LegalGround, NotedBy, Storage, SubjectKind, Term,
};
use crate::policy::{Named, PolicyError, PolicyPack};
use crate::time::{Day, Period};

/// A term read from one string.
struct Word<T>(T);

impl<'de, T: Term> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::read(&text).map(Word).ok_or_else(|| D::Error::custom(format!("{text:?} is not a {}", T::WHAT)))
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    name: String,
    version: String,
    title: RawWords,
    jurisdiction: String,
    confirmed_by: Option<String>,
    #[serde(default)]
    confirmation_required: bool,
    reads: RawRule,
    #[serde(default)]
    local: Vec<String>,
    #[serde(default)]
    purpose: Vec<RawNamed>,
    #[serde(default)]
    class: Vec<RawNamed>,
    #[serde(default)]
    retention: BTreeMap<String, RawSchedule>,
    role: Vec<RawRole>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    sv: String,
    en: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNamed {
    name: String,
    sv: String,
    en: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    class: String,
    when: Option<Word<Engagement>>,
    trigger: Word<Trigger>,
    otherwise: Option<Word<Trigger>>,
    keep: Word<Period>,
    never_before: Option<Word<Bound>>,
    no_later_than: Option<Word<Bound>>,
    #[serde(default)]
    interruption_extends: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSchedule {
    #[serde(default)]
    identity: Vec<RawRule>,
    #[serde(default)]
    process: Vec<RawRule>,
    #[serde(default)]
    note: Vec<RawRule>,
    #[serde(default)]
    copy: Vec<RawRule>,
    #[serde(default)]
    assessment: Vec<RawRule>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPosition {
    assessed: bool,
    union_reference: bool,
    impact_reference: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAssessment {
    candidate_heard: bool,
    second_reviewer: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAge {
    max: Word<Period>,
    on: Word<DecidingDay>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRenewal {
    within: Word<Period>,
    on: Word<DecidingDay>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRole {
    code: Spanned<String>,
    title: RawWords,
    sfs: Option<String>,
    law: String,
    in_force_from: Word<Day>,
    in_force_until: Option<Word<Day>>,
    duty: Word<Duty>,
    storage: Option<Word<Storage>>,
    #[serde(default)]
    acquisition: Vec<Word<Acquisition>>,
    noted_by: Option<Word<NotedBy>>,
    #[serde(default = "candidate")]
    subject: Word<SubjectKind>,
    subject_age_min: Option<u8>,
    legal_ground: Option<Word<LegalGround>>,
    #[serde(default)]
    purposes: Vec<String>,
    #[serde(default)]
    registers: Vec<Word<Register>>,
    #[serde(default)]
    occasions: Vec<Word<Occasion>>,
    extract_age: Option<RawAge>,
    renewal: Option<RawRenewal>,
    #[serde(default)]
    consent_is_ground: bool,
    #[serde(default)]
    acknowledgement_required: bool,
    #[serde(default)]
    foreign_extract: bool,
    #[serde(default)]
    vendor_check: bool,
    #[serde(default)]
    records: Vec<Word<Kind>>,
    #[serde(default)]
    fields: Vec<Word<Field>>,
    position: Option<RawPosition>,
    assessment: Option<RawAssessment>,
    retention: Option<String>,
    #[serde(default)]
    local: Vec<String>,
    #[serde(default)]
    unverified: Vec<String>,
}

fn candidate() -> Word<SubjectKind> {
    Word(SubjectKind::Candidate)
}

/// Reads a pack, and reports names of schedules that it does not define.
pub(super) fn read(text: &str, id: Hash) -> Result<(PolicyPack, Vec<Finding>), PolicyError> {
    let raw: RawPack = toml::from_str(text).map_err(|error| PolicyError::Unreadable {
        line: error.span().map(|span| line_of(text, span.start)),
        reason: error.message().to_owned(),
    })?;
    let schedules: BTreeMap<String, Retention> = raw
        .retention
        .into_iter()
        .map(|(name, schedule)| (name.clone(), Retention { name, rules: schedule.rules() }))
        .collect();
    let label = format!("{}/{}", raw.name, raw.version);
    let reads = raw.reads.rule(Compartment::Reads);
    let mut findings = Vec::new();
    let mut roles = Vec::new();
    for mut role in raw.role {
        let line = line_of(text, role.code.span().start);
        let retention = role.retention(line, &schedules, &mut findings);
        roles.push(role.resolve(label.clone(), line, retention, reads.clone()));
    }
    roles.sort_by(|a, b| (&a.code, a.in_force_from).cmp(&(&b.code, b.in_force_from)));
    let pack = PolicyPack {
        id,
        name: raw.name,
        version: raw.version,
        title: raw.title.into(),
        jurisdiction: raw.jurisdiction,
        confirmed_by: filled(raw.confirmed_by),
        confirmation_required: raw.confirmation_required,
        purposes: raw.purpose.into_iter().map(Named::from).collect(),
        classes: raw.class.into_iter().map(Named::from).collect(),
        reads,
        local: raw.local,
        roles,
    };
    Ok((pack, findings))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// An empty string is a place to fill in, and so unset.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn all<T>(words: Vec<Word<T>>) -> Vec<T> {
    words.into_iter().map(|word| word.0).collect()
}

impl<T> Word<T> {
    fn inner(self) -> T {
        self.0
    }
}

impl From<RawWords> for Words {
    fn from(raw: RawWords) -> Self {
        Self { sv: raw.sv, en: raw.en }
    }
}

impl From<RawNamed> for Named {
    fn from(raw: RawNamed) -> Self {
        Self { name: raw.name, title: Words { sv: raw.sv, en: raw.en } }
    }
}

impl RawRule {
    fn rule(self, compartment: Compartment) -> RetentionRule {
        RetentionRule {
            compartment,
            when: self.when.map(Word::inner),
            class: self.class,
            trigger: self.trigger.0,
            otherwise: self.otherwise.map(Word::inner),
            keep: self.keep.0,
            never_before: self.never_before.map(Word::inner),
            no_later_than: self.no_later_than.map(Word::inner),
            interruption_extends: self.interruption_extends,
        }
    }
}

impl RawSchedule {
    fn rules(self) -> Vec<RetentionRule> {
        [
            (Compartment::Identity, self.identity),
            (Compartment::Process, self.process),
            (Compartment::Note, self.note),
            (Compartment::Copy, self.copy),
            (Compartment::Assessment, self.assessment),
        ]
        .into_iter()
        .flat_map(|(compartment, rules)| rules.into_iter().map(move |rule| rule.rule(compartment)))
        .collect()
    }
}

impl RawRole {
    /// The schedule that the role names; a name that the pack does not define is a finding.
    fn retention(
        &mut self,
        line: usize,
        schedules: &BTreeMap<String, Retention>,
        findings: &mut Vec<Finding>,
    ) -> Option<Retention> {
        let name = filled(self.retention.take())?;
        let schedule = schedules.get(&name).cloned();
        if schedule.is_none() {
            findings.push(Finding {
                role: Some(self.code.get_ref().clone()),
                line: Some(line),
                field: "retention".to_owned(),
                problem: Problem::Undefined(name, "retention"),
            });
        }
        schedule
    }

    fn resolve(
        self,
        pack: String,
        line: usize,
        retention: Option<Retention>,
        reads: RetentionRule,
    ) -> RolePolicy {
        RolePolicy {
            pack,
            code: self.code.into_inner(),
            title: self.title.into(),
            law: Law { sfs: filled(self.sfs), paragraph: self.law },
            in_force_from: self.in_force_from.0,
            in_force_until: self.in_force_until.map(Word::inner),
            duty: self.duty.0,
            storage: self.storage.map(Word::inner),
            acquisition: all(self.acquisition),
            noted_by: self.noted_by.map(Word::inner),
            subject: Subject { kind: self.subject.0, age_min: self.subject_age_min },
            legal_ground: self.legal_ground.map(Word::inner),
            purposes: self.purposes,
            registers: all(self.registers),
            occasions: all(self.occasions),
            extract_age: self.extract_age.map(|age| AgeLimit { max: age.max.0, on: age.on.0 }),
            renewal: self
                .renewal
                .map(|renewal| RenewalExemption { within: renewal.within.0, on: renewal.on.0 }),
            consent_is_ground: self.consent_is_ground,
            acknowledgement_required: self.acknowledgement_required,
            foreign_extract: self.foreign_extract,
            vendor_check: self.vendor_check,
            records: all(self.records),
            fields: all(self.fields),
            position: self.position.map(|rules| PositionRules {
                assessed: rules.assessed,
                union_reference: rules.union_reference,
                impact_reference: rules.impact_reference,
            }),
            assessment: self.assessment.map(|rules| AssessmentRules {
                candidate_heard: rules.candidate_heard,
                second_reviewer: rules.second_reviewer,
            }),
            retention,
            reads,
            local: self.local,
            unverified: self.unverified,
            line,
        }
    }
}

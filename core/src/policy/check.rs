//! Whether a pack that can be read agrees with the statutes it stands on, and with itself.

use crate::event::{Compartment, Kind, Register};
use crate::policy::finding::{Finding, Problem};
use crate::policy::role::RolePolicy;
use crate::policy::schedule::{Bound, Engagement, Retention, RetentionRule, Trigger, never_shorter};
use crate::policy::terms::{Acquisition, Duty, LegalGround, Storage, SubjectKind};
use crate::policy::{PolicyPack, describe, process};

/// What a note-only role may record (skollagen 2:32, 2013:852 section 5): that a case was opened and
/// closed, the note, what the person's rights and secrecy demand, and readings. Nothing tells what
/// came of it. An exemption is allowed besides where the law has one (skollagen 2:33).
const NOTE_ONLY_KINDS: [Kind; 10] = [
    Kind::CaseOpened,
    Kind::ExtractShown,
    Kind::CaseClosed,
    Kind::Rectified,
    Kind::Restricted,
    Kind::Released,
    Kind::Held,
    Kind::RecordRead,
    Kind::Reassigned,
    Kind::IdentityChanged,
];

/// The longest role code, in bytes.
const CODE_BYTES_MAX: usize = 32;

/// Everything that is to be said about a pack.
pub(super) fn pack(pack: &PolicyPack) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |field: &str, problem| {
        findings.push(Finding { role: None, line: None, field: field.to_owned(), problem });
    };
    if pack.confirmation_required && pack.confirmed_by.is_none() {
        say("confirmed_by", Problem::ConfirmationMissing);
    }
    for (field, names) in [("purpose", &pack.purposes), ("class", &pack.classes)] {
        for repeated in repeated(names.iter().map(|named| &named.name)) {
            say(field, Problem::Repeated(repeated.clone()));
        }
    }
    if pack.reads.trigger != Trigger::Reading {
        say("reads", Problem::WrongTrigger(Compartment::Reads, pack.reads.trigger));
    }
    if !pack.classes.iter().any(|class| class.name == pack.reads.class) {
        say("reads", Problem::Undefined(pack.reads.class.clone(), "class"));
    }
    for problem in bounds(&pack.reads) {
        say("reads", problem);
    }
    for role in &pack.roles {
        let mut check = RoleCheck { pack, role, findings: &mut findings };
        check.all();
    }
    dates(&pack.roles, &mut findings);
    findings
}

/// Versions of one role follow each other day by day.
fn dates(roles: &[RolePolicy], findings: &mut Vec<Finding>) {
    let mut say = |role: &RolePolicy, problem| {
        findings.push(Finding {
            role: Some(role.code.clone()),
            line: Some(role.line),
            field: "in_force_from".to_owned(),
            problem,
        });
    };
    for role in
        roles.iter().filter(|role| role.in_force_until.is_some_and(|until| until < role.in_force_from))
    {
        say(role, Problem::EndsBeforeStart);
    }
    // Roles are sorted by code and first day.
    for pair in roles.windows(2).filter(|pair| pair[0].code == pair[1].code) {
        let (earlier, later) = (&pair[0], &pair[1]);
        if earlier.in_force_from == later.in_force_from {
            say(later, Problem::DuplicateRole(later.in_force_from));
        } else if earlier.in_force_until.is_none_or(|until| until >= later.in_force_from) {
            say(later, Problem::Overlap(earlier.in_force_from));
        } else if earlier.in_force_until.is_some_and(|until| later.in_force_from.days_after(until) > 1) {
            say(later, Problem::DateGap(later.in_force_from));
        }
    }
}

/// The checks of one role.
struct RoleCheck<'a> {
    pack: &'a PolicyPack,
    role: &'a RolePolicy,
    findings: &'a mut Vec<Finding>,
}

impl RoleCheck<'_> {
    fn say(&mut self, field: &str, problem: Problem) {
        self.findings.push(Finding {
            role: Some(self.role.code.clone()),
            line: Some(self.role.line),
            field: field.to_owned(),
            problem,
        });
    }

    fn all(&mut self) {
        self.names();
        self.marks();
        if matches!(self.role.duty, Duty::Forbidden | Duty::External) {
            self.makes_no_check();
            return;
        }
        self.unset();
        self.repetitions();
        self.kinds();
        self.fields();
        self.rules();
        self.retention();
    }

    fn names(&mut self) {
        let role = self.role;
        let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if role.code.is_empty() || role.code.len() > CODE_BYTES_MAX || !role.code.bytes().all(good) {
            self.say("code", Problem::BadForm(role.code.clone(), "a code of at most 32 of A-Z, 0-9 and _"));
        }
        if let Some(sfs) = role.law.sfs.as_ref().filter(|sfs| !is_sfs_number(sfs)) {
            self.say("sfs", Problem::BadForm(sfs.clone(), "an SFS number such as 2010:800"));
        }
        if role.law.paragraph.trim().is_empty() {
            self.say("law", Problem::BadForm(String::new(), "a paragraph to show in refusals"));
        }
        for purpose in &role.purposes {
            if !self.pack.purposes.iter().any(|named| named.name == *purpose) {
                self.say("purposes", Problem::Undefined(purpose.clone(), "purpose"));
            }
        }
    }

    fn marks(&mut self) {
        let keys = describe::keys(self.role);
        for (field, marks) in [("local", &self.role.local), ("unverified", &self.role.unverified)] {
            for mark in marks.iter().filter(|mark| !describe::names_a_key(&keys, mark)) {
                self.say(field, Problem::UnknownMark(mark.clone()));
            }
        }
    }

    fn makes_no_check(&mut self) {
        let role = self.role;
        for (field, set) in [
            ("storage", role.storage.is_some()),
            ("records", !role.records.is_empty()),
            ("fields", !role.fields.is_empty()),
            ("retention", role.retention.is_some()),
            ("acquisition", !role.acquisition.is_empty()),
        ] {
            if set {
                self.say(field, Problem::NoCheckHere);
            }
        }
    }

    fn unset(&mut self) {
        for key in self.role.unset() {
            let problem = match (key.as_str(), &self.pack.confirmed_by) {
                ("sfs", Some(_)) => Problem::ConfirmedWithoutSfs,
                _ if self.pack.confirmation_required => Problem::ConfirmationMissing,
                _ => Problem::Unset,
            };
            self.say(&key, problem);
        }
    }

    fn repetitions(&mut self) {
        let role = self.role;
        let lists = [
            ("records", repeated(role.records.iter()).into_iter().map(|one| one.name()).collect::<Vec<_>>()),
            ("fields", repeated(role.fields.iter()).into_iter().map(|one| one.name()).collect()),
            ("registers", repeated(role.registers.iter()).into_iter().map(|one| one.name()).collect()),
            ("occasions", repeated(role.occasions.iter()).into_iter().map(|one| one.name()).collect()),
            ("acquisition", repeated(role.acquisition.iter()).into_iter().map(|one| one.name()).collect()),
        ];
        for (field, names) in lists {
            for name in names {
                self.say(field, Problem::Repeated(name.to_owned()));
            }
        }
    }

    fn kinds(&mut self) {
        let role = self.role;
        for &kind in &role.records {
            if kind == Kind::PositionAssessed {
                self.say("records", Problem::NotOfACase(kind));
            } else if role.storage == Some(Storage::NoteOnly) && !note_only_may_record(role, kind) {
                self.say("records", Problem::NoteOnlyKind(kind));
            } else if let Some(needs) = missing_support(role, kind) {
                self.say("records", Problem::KindNeeds { kind, needs });
            }
        }
        if !role.records.is_empty() {
            for kind in [Kind::CaseOpened, Kind::CaseClosed] {
                self.needs_kind("records", kind);
            }
        }
    }

    fn fields(&mut self) {
        let role = self.role;
        for &field in &role.fields {
            let kind = field.name().split('.').next().and_then(Kind::from_name);
            if role.storage == Some(Storage::NoteOnly) {
                self.say("fields", Problem::NoteOnlyField(field));
            } else if !kind.is_some_and(|kind| role.records.contains(&kind)) {
                self.say("fields", Problem::FieldWithoutKind(field));
            }
        }
    }

    fn rules(&mut self) {
        let role = self.role;
        if (role.subject.kind == SubjectKind::HouseholdMember) != role.subject.age_min.is_some() {
            self.say("subject_age_min", Problem::SubjectAge);
        }
        let ground = role.legal_ground == Some(LegalGround::StatutoryConsent);
        if role.legal_ground.is_some() && ground != role.consent_is_ground {
            self.say("consent_is_ground", Problem::ConsentMismatch);
        }
        if role.foreign_extract != role.registers.contains(&Register::Foreign) {
            self.say("foreign_extract", Problem::ForeignMismatch);
        }
        if role.acknowledgement_required {
            self.needs_kind("acknowledgement_required", Kind::InformationAcknowledged);
        }
        if role.assessment.is_some_and(|rules| rules.candidate_heard) {
            self.needs_kind("assessment.candidate_heard", Kind::CandidateHeard);
        }
        if role.assessment.is_some_and(|rules| rules.second_reviewer) {
            self.needs_kind("assessment.second_reviewer", Kind::SecondReviewed);
        }
    }

    fn needs_kind(&mut self, field: &str, kind: Kind) {
        if !self.role.records.contains(&kind) {
            self.say(field, Problem::NeedsKind(kind));
        }
    }

    fn retention(&mut self) {
        let role = self.role;
        let Some(retention) = &role.retention else { return };
        for compartment in role.compartments() {
            let field = format!("retention.{}", compartment.name());
            if retention.of(compartment).next().is_none() {
                self.say(&field, Problem::RetentionMissing(compartment));
            } else if !one_rule_for_each_outcome(retention, compartment) {
                self.say(&field, Problem::RetentionAmbiguous(compartment));
            }
        }
        for rule in &retention.rules {
            self.rule(rule);
        }
        for (compartment, when) in process::outlived_by(role, retention) {
            self.say("retention.process", Problem::ProcessTooShort(compartment, when));
        }
    }

    fn rule(&mut self, rule: &RetentionRule) {
        let compartment = rule.compartment;
        let field = format!("retention.{}", compartment.name());
        if !self.pack.classes.iter().any(|class| class.name == rule.class) {
            self.say(&field, Problem::Undefined(rule.class.clone(), "class"));
        }
        let waits_for_others = rule.trigger == Trigger::LastLinked;
        if waits_for_others != (compartment == Compartment::Identity) || rule.trigger == Trigger::Reading {
            self.say(&field, Problem::WrongTrigger(compartment, rule.trigger));
        }
        let bound_triggers = [rule.never_before, rule.no_later_than].into_iter().flatten();
        let triggers =
            bound_triggers.filter_map(|bound| bound.trigger).chain(rule.otherwise).chain([rule.trigger]);
        for kind in triggers.filter_map(Trigger::kind) {
            // A schedule may serve several roles; what this one can't fill needs no clock.
            if self.role.compartments().contains(&compartment) && !self.role.records.contains(&kind) {
                self.say(&field, Problem::TriggerNeverRecorded(compartment, kind));
            }
        }
        for problem in bounds(rule) {
            self.say(&field, problem);
        }
        if rule.interruption_extends {
            self.needs_kind(&field, Kind::Interrupted);
        }
    }
}

fn note_only_may_record(role: &RolePolicy, kind: Kind) -> bool {
    NOTE_ONLY_KINDS.contains(&kind) || (kind == Kind::ExtractExempted && role.renewal.is_some())
}

/// What a kind needs and the role does not give.
fn missing_support(role: &RolePolicy, kind: Kind) -> Option<&'static str> {
    let (supported, needs) = match kind {
        Kind::CopyStored | Kind::CopyReturned => {
            (role.storage == Some(Storage::CopyRequired), "storage = copy_required")
        }
        Kind::AuthorityFetched => {
            (role.acquisition.contains(&Acquisition::Fetched), "fetched among the ways of acquisition")
        }
        Kind::ExtractExempted => (role.renewal.is_some(), "a renewal exemption"),
        Kind::ConsentGiven | Kind::ConsentWithdrawn => (role.consent_is_ground, "consent_is_ground"),
        _ => (true, ""),
    };
    (!supported).then_some(needs)
}

fn one_rule_for_each_outcome(retention: &Retention, compartment: Compartment) -> bool {
    let mut outcomes: Vec<_> = retention.of(compartment).map(|rule| rule.when).collect();
    outcomes.sort_unstable();
    outcomes == [None] || outcomes == [Some(Engagement::Hired), Some(Engagement::NotHired)]
}

/// Bounds that contradict each other or the period they bound.
fn bounds(rule: &RetentionRule) -> Vec<Problem> {
    let compartment = rule.compartment;
    let own = |bound: Option<Bound>| bound.filter(|bound| bound.trigger_under(rule) == rule.trigger);
    let (floor, ceiling) = (own(rule.never_before), own(rule.no_later_than));
    let mut problems = Vec::new();
    if let (Some(floor), Some(ceiling)) = (floor, ceiling)
        && !never_shorter(ceiling.period, floor.period)
    {
        problems.push(Problem::BoundsContradict(compartment));
        return problems;
    }
    let below = floor.is_some_and(|floor| !never_shorter(rule.keep, floor.period));
    let above = ceiling.is_some_and(|ceiling| !never_shorter(ceiling.period, rule.keep));
    if below || above {
        problems.push(Problem::KeepOutsideBounds(compartment));
    }
    if rule.interruption_extends && rule.no_later_than.is_some_and(|bound| bound.trigger.is_some()) {
        problems.push(Problem::CeilingStopsInterruption(compartment));
    }
    problems
}

/// `2010:800`: a year, a colon, a number. Old laws carry an issue (`1949:105 s.1`); none is in use here.
fn is_sfs_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(':').is_some_and(|(year, number)| year.len() == 4 && digits(year) && digits(number))
}

fn repeated<'a, T: PartialEq>(items: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    let items: Vec<&T> = items.collect();
    let again = |index: &usize| items[..*index].contains(&items[*index]);
    (0..items.len()).filter(again).map(|index| items[index]).collect()
}

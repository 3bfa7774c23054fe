//! A role's policy as a list of keys and values in words: for showing it, and for comparing two.

use crate::policy::role::RolePolicy;
use crate::policy::schedule::RetentionRule;

/// One key of a role and its value, in the words of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key's path, such as `extract_age.max` or `retention.note`.
    pub key: String,
    /// The value; none if it is unset.
    pub value: Option<String>,
    /// Whether the pack marks it as a local choice.
    pub local: bool,
    /// Whether the pack marks it as not read in the statute.
    pub unverified: bool,
}

impl RolePolicy {
    /// Every key of the role, in the order of the format, unset ones too.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let marked = |marks: &[String], key: &str| marks.iter().any(|mark| covers(mark, key));
        values(self)
            .into_iter()
            .map(|(key, value)| Entry {
                local: marked(&self.local, &key),
                unverified: marked(&self.unverified, &key),
                key,
                value,
            })
            .collect()
    }
}

/// The paths of all keys.
pub(super) fn keys(role: &RolePolicy) -> Vec<String> {
    values(role).into_iter().map(|(key, _)| key).collect()
}

/// Whether a mark names a key, or a table with keys in it.
pub(super) fn names_a_key(keys: &[String], mark: &str) -> bool {
    // While retention is unset, its marks may stand already.
    let retention_unset = keys.iter().any(|key| key == "retention");
    keys.iter().any(|key| covers(mark, key)) || (retention_unset && covers("retention", mark))
}

/// `retention` and `retention.note` cover `retention.note`; `retention.no` does not.
fn covers(mark: &str, key: &str) -> bool {
    key.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn values(role: &RolePolicy) -> Vec<(String, Option<String>)> {
    let mut values = Vec::new();
    let mut put = |key: &str, value: Option<String>| values.push((key.to_owned(), value));
    put("title.sv", Some(role.title.sv.clone()));
    put("title.en", Some(role.title.en.clone()));
    put("sfs", role.law.sfs.clone());
    put("law", Some(role.law.paragraph.clone()));
    put("in_force_from", Some(role.in_force_from.to_string()));
    put("in_force_until", role.in_force_until.map(|day| day.to_string()));
    put("duty", Some(role.duty.name().to_owned()));
    put("storage", role.storage.map(|storage| storage.name().to_owned()));
    put("acquisition", list(role.acquisition.iter().map(|one| one.name())));
    put("noted_by", role.noted_by.map(|one| one.name().to_owned()));
    put("subject", Some(role.subject.kind.name().to_owned()));
    put("subject_age_min", role.subject.age_min.map(|age| age.to_string()));
    put("legal_ground", role.legal_ground.map(|ground| ground.name().to_owned()));
    put("purposes", list(role.purposes.iter().map(String::as_str)));
    put("registers", list(role.registers.iter().map(|one| one.name())));
    put("occasions", list(role.occasions.iter().map(|one| one.name())));
    put("extract_age.max", role.extract_age.map(|age| age.max.to_string()));
    put("extract_age.on", role.extract_age.map(|age| age.on.name().to_owned()));
    put("renewal.within", role.renewal.map(|renewal| renewal.within.to_string()));
    put("renewal.on", role.renewal.map(|renewal| renewal.on.name().to_owned()));
    put("consent_is_ground", yes_no(Some(role.consent_is_ground)));
    put("acknowledgement_required", yes_no(Some(role.acknowledgement_required)));
    put("foreign_extract", yes_no(Some(role.foreign_extract)));
    put("vendor_check", yes_no(Some(role.vendor_check)));
    put("records", list(role.records.iter().map(|one| one.name())));
    put("fields", list(role.fields.iter().map(|one| one.name())));
    put("position.assessed", yes_no(role.position.map(|rules| rules.assessed)));
    put("position.union_reference", yes_no(role.position.map(|rules| rules.union_reference)));
    put("position.impact_reference", yes_no(role.position.map(|rules| rules.impact_reference)));
    put("assessment.candidate_heard", yes_no(role.assessment.map(|rules| rules.candidate_heard)));
    put("assessment.second_reviewer", yes_no(role.assessment.map(|rules| rules.second_reviewer)));
    if role.retention.is_none() {
        put("retention", None);
    }
    for rule in role.retention.iter().flat_map(|retention| &retention.rules) {
        let when = rule.when.map(|when| format!(".{}", when.name())).unwrap_or_default();
        put(&format!("retention.{}{when}", rule.compartment.name()), Some(rule.to_string()));
    }
    values
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn yes_no(value: Option<bool>) -> Option<String> {
    value.map(|value| if value { "yes" } else { "no" }.to_owned())
}

impl std::fmt::Display for RetentionRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} from {}", self.keep, self.trigger.name())?;
        if let Some(otherwise) = self.otherwise {
            write!(f, " (otherwise {})", otherwise.name())?;
        }
        if let Some(bound) = self.never_before {
            write!(f, ", never before {bound}")?;
        }
        if let Some(bound) = self.no_later_than {
            write!(f, ", no later than {bound}")?;
        }
        if self.interruption_extends {
            f.write_str(", an interruption starts it again")?;
        }
        write!(f, "; class {}", self.class)
    }
}

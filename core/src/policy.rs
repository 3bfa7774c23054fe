//! Policy packs: the law as data.
//!
//! A pack is a TOML file that a jurist can read and correct, key by key as `docs/policy.md` says. It
//! names the roles that may be checked, each with the days it is in force, what the check may rest
//! on, what may be recorded and how long each compartment lives. The bytes of the pack stand whole in
//! the event that adopts it, so every later audit applies the law that was adopted, not today's.
//!
//! Two things keep a pack honest. What a pack leaves unset is never guessed: the role answers "policy
//! incomplete". And what a statute forbids to record can't be written into a pack: reading refuses it.

mod check;
mod describe;
mod diff;
mod finding;
mod process;
mod read;
mod role;
mod schedule;
mod terms;

pub use describe::Entry;
pub use diff::{Change, diff};
pub use finding::{Finding, Problem, Severity};
pub use role::{
    AgeLimit, AssessmentRules, Law, PolicyGap, PositionRules, RenewalExemption, RolePolicy, Subject, Words,
};
pub use schedule::{Bound, Engagement, Retention, RetentionRule, Trigger};
pub use terms::{Acquisition, DecidingDay, Duty, LegalGround, NotedBy, Storage, SubjectKind};

use crate::hash::{Domain, Hash};
use crate::limits::POLICY_BYTES_MAX;
use crate::time::Day;

/// A policy pack that was read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPack {
    /// The hash of the pack's exact bytes, under [`Domain::Policy`].
    pub id: Hash,
    /// The pack's name, such as `se-2026`.
    pub name: String,
    /// The pack's version, counted by whoever edits it.
    pub version: String,
    /// What the pack covers.
    pub title: Words,
    /// Whose law it is, such as `SE`.
    pub jurisdiction: String,
    /// The office that confirmed the pack and the reference of its opinion; none while nobody has.
    pub confirmed_by: Option<String>,
    /// Whether the pack may be adopted only once it is confirmed: for law that is not known to be enacted.
    pub confirmation_required: bool,
    /// What the processing is for (GDPR art. 5.1 b, art. 30.1 b).
    pub purposes: Vec<Named>,
    /// The classes that disposal decisions name.
    pub classes: Vec<Named>,
    /// How long the read log lives. It is staff data and belongs to no role.
    pub reads: RetentionRule,
    /// Points of the pack itself that are local choices.
    pub local: Vec<String>,
    /// All versions of all roles, by code and first day.
    pub roles: Vec<RolePolicy>,
}

/// A purpose or a retention class: a name to refer to it by, and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name that roles and rules refer to.
    pub name: String,
    /// What it is.
    pub title: Words,
}

/// Why a pack was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_BYTES_MAX`].
    #[error("the policy pack has {found} bytes; at most {POLICY_BYTES_MAX} are allowed")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// Not TOML, an unknown key, or a value that is no term of the format.
    #[error("the policy pack can't be read{}: {reason}", finding::at_line(*.line))]
    Unreadable {
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// What was found and expected there.
        reason: String,
    },
    /// Readable, but it contradicts a statute or itself.
    #[error("the policy pack is refused: {}", finding::join(.0))]
    Refused(Vec<Finding>),
}

/// Why a role can't be used on a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleLookupError {
    /// The pack has no role of this code.
    #[error("the policy has no role {code}")]
    UnknownRole {
        /// The code asked for.
        code: String,
    },
    /// No version of the role covers the day.
    #[error("role {code} is not in force on {day}; it is from {from}{}", finding::until(*.until))]
    NotInForce {
        /// The role.
        code: String,
        /// The day asked for.
        day: Day,
        /// The first day of the role's first version.
        from: Day,
        /// The last day of its last version, if it ends.
        until: Option<Day>,
    },
    /// No law supports a check for this role.
    #[error("a check is not allowed: {law}")]
    Forbidden {
        /// The paragraph or principle, as shown.
        law: String,
    },
    /// The check follows a regime of its own, outside this ledger.
    #[error("this check is made outside this ledger: {law}")]
    External {
        /// The law of that regime.
        law: String,
    },
    /// Something that the law must say is not set.
    #[error("policy incomplete for role {code}: {} not set; a jurist must confirm it", .what.join(", "))]
    Incomplete {
        /// The role.
        code: String,
        /// The keys that are not set.
        what: Vec<String>,
    },
}

impl PolicyPack {
    /// Reads and checks a pack. A pack read so may be shown, compared and tried; roles with unset
    /// law answer "policy incomplete".
    ///
    /// # Errors
    /// If the text is too long, is not a pack, or has a finding of [`Severity::Refusal`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::parse_below(text, Severity::Refusal)
    }

    /// Reads a pack that is to be adopted, or was: a pack that requires confirmation must have it.
    ///
    /// # Errors
    /// As [`PolicyPack::parse`], and for every finding of [`Severity::Adoption`].
    pub fn parse_for_adoption(text: &str) -> Result<Self, PolicyError> {
        Self::parse_below(text, Severity::Adoption)
    }

    fn parse_below(text: &str, limit: Severity) -> Result<Self, PolicyError> {
        let (pack, mut findings) = Self::read_and_check(text)?;
        findings.retain(|finding| finding.problem.severity() >= limit);
        if findings.is_empty() { Ok(pack) } else { Err(PolicyError::Refused(findings)) }
    }

    fn read_and_check(text: &str) -> Result<(Self, Vec<Finding>), PolicyError> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong { found: text.len() });
        }
        let (pack, mut findings) = read::read(text, Domain::Policy.hash(&[text.as_bytes()]))?;
        findings.extend(check::pack(&pack));
        Ok((pack, findings))
    }

    /// The version of a role that is in force on a day and can be used.
    ///
    /// # Errors
    /// If there is none, or if its law forbids the check, places it elsewhere or is not fully set.
    pub fn role_on(&self, code: &str, day: Day) -> Result<&RolePolicy, RoleLookupError> {
        let role = self.version_on(code, day)?;
        match role.usable_on(day) {
            Ok(()) => Ok(role),
            Err(PolicyGap::Forbidden { law }) => Err(RoleLookupError::Forbidden { law }),
            Err(PolicyGap::External { law }) => Err(RoleLookupError::External { law }),
            Err(PolicyGap::Incomplete { what }) => {
                Err(RoleLookupError::Incomplete { code: code.to_owned(), what })
            }
            Err(PolicyGap::NotInForce { from, until }) => {
                Err(RoleLookupError::NotInForce { code: code.to_owned(), day, from, until })
            }
        }
    }

    /// The version of a role that is in force on a day, usable or not.
    ///
    /// # Errors
    /// [`RoleLookupError::UnknownRole`] or [`RoleLookupError::NotInForce`].
    pub fn version_on(&self, code: &str, day: Day) -> Result<&RolePolicy, RoleLookupError> {
        let mut first = None;
        let mut last = None;
        for role in self.roles.iter().filter(|role| role.code == code) {
            if role.in_force_on(day) {
                return Ok(role);
            }
            first = first.or(Some(role));
            last = Some(role);
        }
        match (first, last) {
            (Some(first), Some(last)) => Err(RoleLookupError::NotInForce {
                code: code.to_owned(),
                day,
                from: first.in_force_from,
                until: last.in_force_until,
            }),
            _ => Err(RoleLookupError::UnknownRole { code: code.to_owned() }),
        }
    }

    /// All versions of a role, oldest first.
    pub fn versions<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a RolePolicy> {
        self.roles.iter().filter(move |role| role.code == code)
    }
}

/// Everything that is to be said about a pack, at once. Empty: nothing. A finding may be a mere note
/// that a role is incomplete; [`Problem::severity`] tells.
#[must_use]
pub fn check(text: &str) -> Vec<Finding> {
    match PolicyPack::read_and_check(text) {
        Ok((_, findings)) | Err(PolicyError::Refused(findings)) => findings,
        Err(PolicyError::Unreadable { line, reason }) => {
            vec![Finding::of_pack(line, Problem::Unreadable(reason))]
        }
        Err(PolicyError::TooLong { found }) => vec![Finding::of_pack(None, Problem::TooLong(found))],
    }
}

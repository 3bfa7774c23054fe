//! Matching an employer's own list of hires: the only way to find who was hired without a check, where
//! the law lets the ledger keep nothing but a note.

use std::collections::BTreeMap;

use crate::chain::Chain;
use crate::conduct::Conduct;
use crate::event::Kind;
use crate::hash::{Domain, Hash};
use crate::id::ThreadId;
use crate::person::PersonalNumber;
use crate::policy::Duty;
use crate::thread::{Case, Matter};
use crate::time::Day;

/// One row of the list.
#[derive(Clone)]
pub struct Hire {
    /// The line of the file on which it stands: all that a report says of it.
    pub line: usize,
    /// The person's number; none where the file has none.
    pub number: Option<PersonalNumber>,
    /// The role's code.
    pub role: String,
    /// The first day of work.
    pub start: Day,
    /// The recruitment's reference.
    pub reference: String,
}

/// What was found for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A check was recorded on the first day of work or before.
    Checked,
    /// A check was recorded, after the first day of work.
    Late,
    /// There is a case and no check in it.
    NoCheck,
    /// There is no case: hired without a check.
    NoCase,
    /// There is no case, and the role's law does not demand one.
    NotDemanded,
    /// The role is none of the policy in force on the first day of work.
    UnknownRole,
    /// The row has no number to match by.
    NoNumber,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 7] = [
        Self::Checked,
        Self::Late,
        Self::NoCheck,
        Self::NoCase,
        Self::NotDemanded,
        Self::UnknownRole,
        Self::NoNumber,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Late => "checked-after-start",
            Self::NoCheck => "no-check",
            Self::NoCase => "no-case",
            Self::NotDemanded => "not-demanded",
            Self::UnknownRole => "unknown-role",
            Self::NoNumber => "no-number",
        }
    }

    /// Whether somebody who had to be checked was not, or too late.
    #[must_use]
    pub const fn is_breach(self) -> bool {
        matches!(self, Self::Late | Self::NoCheck | Self::NoCase)
    }

    /// Whether the row could not be judged.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::UnknownRole | Self::NoNumber)
    }
}

/// Matches each row. A case counts if it is about the same person and the same role; of several the one
/// of the same recruitment, else the one that answers best.
#[must_use]
pub fn reconcile(chain: &Chain, conduct: &Conduct, hires: &[Hire]) -> Vec<Outcome> {
    let mut cases: BTreeMap<&PersonalNumber, Vec<ThreadId>> = BTreeMap::new();
    for (thread, person) in &conduct.people {
        if let Some(number) = &person.number {
            cases.entry(number).or_default().push(*thread);
        }
    }
    hires.iter().map(|hire| outcome(chain, conduct, &cases, hire)).collect()
}

fn outcome(
    chain: &Chain,
    conduct: &Conduct,
    cases: &BTreeMap<&PersonalNumber, Vec<ThreadId>>,
    hire: &Hire,
) -> Outcome {
    let policy = chain.policy_on(hire.start);
    let role = policy.and_then(|policy| policy.pack.version_on(&hire.role, hire.start).ok());
    let Some(role) = role else { return Outcome::UnknownRole };
    let demanded = role.duty == Duty::Mandatory;
    let without = |outcome| if demanded { outcome } else { Outcome::NotDemanded };
    let Some(number) = &hire.number else { return Outcome::NoNumber };
    let of_person = cases.get(number).into_iter().flatten();
    let of_role = of_person.filter_map(|thread| match &conduct.threads.get(thread)?.matter {
        Matter::Case(case) => Some(&**case),
        _ => None,
    });
    let of_role: Vec<&Case> = of_role
        .filter(|case| case.opening.as_ref().is_some_and(|opening| opening.role.0 == hire.role))
        .collect();
    let same = |case: &&&Case| {
        case.opening.as_ref().is_some_and(|opening| opening.reference.trim() == hire.reference.trim())
    };
    let exact: Vec<&Case> = of_role.iter().filter(same).copied().collect();
    let candidates = if exact.is_empty() { of_role } else { exact };
    let best = candidates.into_iter().map(|case| match check_day(case) {
        Some(day) if day <= hire.start => Outcome::Checked,
        Some(_) => without(Outcome::Late),
        None => without(Outcome::NoCheck),
    });
    best.min().unwrap_or_else(|| without(Outcome::NoCase))
}

/// The day of a case's first check.
fn check_day(case: &Case) -> Option<Day> {
    let checks = [Kind::ExtractShown, Kind::ExtractExempted, Kind::CopyStored, Kind::AuthorityFetched];
    case.steps.iter().filter(|mark| checks.contains(&mark.kind)).map(|mark| mark.day).min()
}

/// The commitment to a reconciliation: over the file's hash and each row's line and outcome, salted, so
/// that the table can be shown later and nobody can guess it before.
#[must_use]
pub fn commitment(salt: &[u8; 32], file: &Hash, rows: &[(usize, Outcome)]) -> Hash {
    let mut table = Vec::new();
    for (line, outcome) in rows {
        table.extend_from_slice(format!("{line} {}\n", outcome.name()).as_bytes());
    }
    Domain::Statistics.hash(&[b"hires", salt, &file.0, &table])
}

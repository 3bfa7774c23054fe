//! When a compartment must be erased, and why: pure arithmetic on days, with every step of it kept,
//! so that `vandel retention why` can print the sum and an auditor can redo it by hand.

mod arithmetic;
mod explain;
mod facts;

use std::collections::BTreeMap;

pub use explain::{Ignored, Reason};
pub use facts::{History, case_dues};

use crate::event::Compartment;
use crate::policy::{Engagement, PolicyPack, RolePolicy, Trigger};
use crate::time::Day;

/// What is known about a case, as far as its clocks depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionFacts {
    /// The trigger days that have come. [`Trigger::LastLinked`] is never among them: it follows from `linked`.
    pub days: BTreeMap<Trigger, Day>,
    /// What came of the case. Hired once work began; not hired once turned down, withdrawn, or closed without a start.
    pub outcome: Option<Engagement>,
    /// Days on which the Equality Ombudsman interrupted the limitation period (DL 2008:567 ch. 6 section 5).
    pub interruptions: Vec<Day>,
    /// Holds that are in force: not released.
    pub holds: Vec<HoldInForce>,
    /// Days since when processing has been restricted (GDPR art. 18) and still is. Stops no clock.
    pub restrictions: Vec<Day>,
    /// Due days of what this compartment must outlive; none for a clock that has not started. For the
    /// identity: all compartments of all cases of the person. For a note: the notes of cases that
    /// rely on it. For the spine: all other compartments of its case. For the process nothing is
    /// needed in an orderly case, since packs are checked for it; a case whose days came out of
    /// order (work before the decision) is safe if the compartments that still exist are named here.
    pub linked: Vec<Option<Day>>,
}

/// A hold in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldInForce {
    /// The ground, by its name in commands and reports.
    pub ground: &'static str,
    /// The day it was placed.
    pub since: Day,
    /// The day by which its owner must look at it again.
    pub review_by: Day,
}

/// When a compartment is due, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The compartment.
    pub compartment: Compartment,
    /// The class that a disposal decision must name; none for the spine, which goes with the last
    /// of the others under theirs.
    pub class: Option<String>,
    /// The first day on which it is to be erased; none while the clock has not started.
    pub date: Option<Day>,
    /// Erasure before this day is refused, whoever asks.
    pub never_before: Option<Day>,
    /// Erasure after this day is late. Set whenever `date` is.
    pub no_later_than: Option<Day>,
    /// What the clock waits for; set exactly when `date` is not.
    pub awaits: Option<Awaited>,
    /// Where it stands on the day asked for.
    pub state: DueState,
    /// The sum, step by step.
    pub explanation: Vec<Reason>,
}

/// What a clock that has not started waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The policy has no rule for the compartment: it can't be filled under this role, and is due on no day.
    Rule,
    /// Whether the person was hired.
    Outcome,
    /// This day.
    Trigger(Trigger),
    /// The clock of something that it must outlive.
    Linked,
}

/// Where a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueState {
    /// It waits for something.
    NotStarted,
    /// It runs.
    Running,
    /// It is to be erased now; the last day has not passed.
    DueWithin,
    /// The last day has passed.
    Overdue,
    /// A hold stops erasure, whatever the day.
    Held,
}

/// When a compartment is due, as known from `facts`, seen on the day `as_of`.
#[must_use]
pub fn due(policy: &RolePolicy, compartment: Compartment, facts: &RetentionFacts, as_of: Day) -> Due {
    let mut explanation = vec![Reason::Policy {
        pack: policy.pack.clone(),
        role: policy.code.clone(),
        in_force_from: policy.in_force_from,
    }];
    let sum = arithmetic::sum(policy, compartment, facts, &mut explanation);
    state(compartment, sum, facts, as_of, explanation)
}

/// When a reading is due: staff data, which belongs to the reader and to no role.
#[must_use]
pub fn reads_due(pack: &PolicyPack, facts: &RetentionFacts, as_of: Day) -> Due {
    let mut explanation = vec![Reason::Pack(format!("{}/{}", pack.name, pack.version))];
    let sum = arithmetic::by_rule(&pack.reads, facts, &mut explanation);
    state(Compartment::Reads, sum, facts, as_of, explanation)
}

/// Where a clock stands, once its days are added up.
fn state(
    compartment: Compartment,
    sum: arithmetic::Sum,
    facts: &RetentionFacts,
    as_of: Day,
    mut explanation: Vec<Reason>,
) -> Due {
    explanation.extend(facts.restrictions.iter().map(|since| Reason::Restricted { since: *since }));
    explanation.extend(
        facts.holds.iter().map(|hold| Reason::Held { hold: *hold, review_late: hold.review_by < as_of }),
    );
    let (span, awaits) = match sum.span {
        Ok(span) => (Some(span), None),
        Err(awaits) => {
            explanation.push(Reason::Awaits(awaits));
            (None, Some(awaits))
        }
    };
    let state = match span {
        None => DueState::NotStarted,
        Some(_) if !facts.holds.is_empty() => DueState::Held,
        Some(span) if as_of < span.date => DueState::Running,
        Some(span) if as_of <= span.no_later_than => DueState::DueWithin,
        Some(_) => DueState::Overdue,
    };
    Due {
        compartment,
        class: sum.class,
        date: span.map(|span| span.date),
        never_before: span.and_then(|span| span.never_before),
        no_later_than: span.map(|span| span.no_later_than),
        awaits,
        state,
        explanation,
    }
}

impl DueState {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "not-started",
            Self::Running => "running",
            Self::DueWithin => "due",
            Self::Overdue => "overdue",
            Self::Held => "held",
        }
    }
}

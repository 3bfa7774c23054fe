//! What of a case may go, and what stays although it is due or asked for.

use crate::erasure::{ErasureReason, Ground, Line, Matters};
use crate::event::{Compartment, DisposalDecision};
use crate::id::ThreadId;
use crate::retention::{Due, DueState, Reason};
use crate::time::Day;

/// The order in which a line names its compartments; the identity and the spine, which hold the others
/// together, come last.
pub(crate) const ORDER: [Compartment; 5] =
    [Compartment::Copy, Compartment::Assessment, Compartment::Note, Compartment::Reads, Compartment::Process];

/// A compartment that is due, or asked for, and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Whose; never shown.
    pub thread: ThreadId,
    /// Which.
    pub compartment: Compartment,
    /// Since when it is due.
    pub due: Day,
    /// Why it stays.
    pub why: WhyLeftOut,
}

/// Why something that is due or asked for is not planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyLeftOut {
    /// A hold.
    #[error("a hold is in force")]
    Held,
    /// A restriction.
    #[error("processing is restricted (GDPR art. 18.2)")]
    Restricted,
    /// The law keeps it longer.
    #[error("it must be kept until {0}")]
    MinimumPeriod(Day),
    /// The decision does not name its class.
    #[error("the disposal decision does not cover the class {0}")]
    NotCovered(String),
    /// The rest of the case stays, and without an identity it would be nobody's.
    #[error("it goes with the last of the rest of the case")]
    WithTheRest,
}

impl WhyLeftOut {
    /// The name used in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Restricted => "restricted",
            Self::MinimumPeriod(_) => "minimum-period",
            Self::NotCovered(_) => "not-covered",
            Self::WithTheRest => "with-the-rest",
        }
    }
}

/// Why something stays that is due, or asked for on this ground; none if it goes.
#[must_use]
pub fn stays(
    due: &Due,
    decision: &DisposalDecision,
    as_of: Day,
    reason: ErasureReason,
    with_the_rest: bool,
) -> Option<WhyLeftOut> {
    if !with_the_rest {
        if due.state == DueState::Held || due.explanation.iter().any(|one| matches!(one, Reason::Held { .. }))
        {
            return Some(WhyLeftOut::Held);
        }
        if let Some(day) = due.never_before.filter(|day| as_of < *day) {
            return Some(WhyLeftOut::MinimumPeriod(day));
        }
        let restricted = due.explanation.iter().any(|one| matches!(one, Reason::Restricted { .. }));
        if restricted && reason == ErasureReason::Retention {
            return Some(WhyLeftOut::Restricted);
        }
    }
    let uncovered = due.class.clone().filter(|class| !decision.classes.contains(class));
    uncovered.map(WhyLeftOut::NotCovered)
}

/// What of one case may go on the person's own ground, as a plan's line; and what stays, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCase {
    /// The line; none if nothing may go.
    pub line: Option<Line>,
    /// What stays.
    pub left_out: Vec<LeftOut>,
}

/// Plans the erasure of one case on the person's own ground: everything that the law lets go.
#[must_use]
pub fn plan_case(
    matters: &impl Matters,
    thread: ThreadId,
    reason: ErasureReason,
    decision: &DisposalDecision,
    as_of: Day,
    pseudonym: [u8; 8],
) -> PlannedCase {
    let existing = matters.existing(&thread);
    let (mut compartments, mut left_out) = (Vec::<Ground>::new(), Vec::new());
    let mut take = |compartment, with_the_rest, compartments: &mut Vec<Ground>| {
        let Some(due) = matters.due(&thread, compartment, as_of) else { return };
        let date = due.date.unwrap_or(as_of);
        match stays(&due, decision, as_of, reason, with_the_rest) {
            Some(why) => left_out.push(LeftOut { thread, compartment, due: date, why }),
            None => compartments.push(Ground { compartment, reason, class: due.class, due: date }),
        }
    };
    for compartment in ORDER.into_iter().filter(|one| existing.contains(one)) {
        take(compartment, false, &mut compartments);
    }
    let has = |one: Compartment, compartments: &[Ground]| {
        compartments.iter().any(|ground| ground.compartment == one)
    };
    let mut rest = existing.iter().filter(|one| **one != Compartment::Identity);
    if existing.contains(&Compartment::Identity) {
        let rest_goes = rest.all(|one| has(*one, &compartments));
        take(Compartment::Identity, rest_goes, &mut compartments);
    }
    last_together(thread, &existing, &mut compartments, &mut left_out);
    let identities = match has(Compartment::Identity, &compartments) {
        true => matters.identities(&thread),
        false => Vec::new(),
    };
    let records = matters.records(&thread).unwrap_or_default();
    let line =
        (!compartments.is_empty()).then_some(Line { pseudonym, thread, identities, records, compartments });
    PlannedCase { line, left_out }
}

/// What holds a case together, the process, the identity and the spine, goes with the last of the rest or
/// not at all: without them nothing would tell whose the rest is, which law it goes by and when it is due.
pub fn last_together(
    thread: ThreadId,
    existing: &[Compartment],
    grounds: &mut Vec<Ground>,
    left_out: &mut Vec<LeftOut>,
) {
    let whole = existing.iter().all(|one| grounds.iter().any(|ground| ground.compartment == *one));
    match grounds.iter().max_by_key(|ground| ground.due) {
        None => {}
        Some(last) if whole => {
            let (reason, due) = (last.reason, last.due);
            grounds.push(Ground { compartment: Compartment::Spine, reason, class: None, due });
        }
        Some(_) => {
            let stays =
                |ground: &Ground| matches!(ground.compartment, Compartment::Process | Compartment::Identity);
            for ground in grounds.extract_if(.., |ground| stays(ground)) {
                let (compartment, due, why) = (ground.compartment, ground.due, WhyLeftOut::WithTheRest);
                left_out.push(LeftOut { thread, compartment, due, why });
            }
        }
    }
}

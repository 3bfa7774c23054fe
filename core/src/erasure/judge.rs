//! Whether a plan may be carried out: nothing before its day, nothing held, nothing without a decision.

use crate::chain::Chain;
use crate::erasure::{ErasureReason, Ground, Line, Plan};
use crate::event::Compartment;
use crate::id::ThreadId;
use crate::retention::{Due, DueState, Reason};
use crate::time::Day;

/// Why a plan is refused. The order is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub enum PlanRefusal {
    /// Made for another ledger.
    #[error("the plan was made for another ledger")]
    Ledger,
    /// Nothing in it.
    #[error("the plan is empty")]
    Empty,
    /// No such decision.
    #[error("record {disposal} is no disposal decision; adopt one with: vandel disposal adopt")]
    NoDisposal { disposal: u64 },
    /// The decision is not in force.
    #[error("the disposal decision of record {disposal} is not in force on {day}")]
    DisposalNotInForce { disposal: u64, day: Day },
    /// The decision does not cover a class.
    #[error(
        "line {line}: the disposal decision does not cover the class {class} (arkivlagen 1990:782 section 10)"
    )]
    NotCovered { line: usize, class: String },
    /// A case that is not there.
    #[error("line {line}: there is no such case")]
    UnknownThread { line: usize },
    /// The clock has not started, or not run out.
    #[error("line {line}: {} is not due: {}", compartment.name(), due.map_or_else(|| "its clock has not started".to_owned(), |due| format!("it is on {due}")))]
    NotDue { line: usize, compartment: Compartment, due: Option<Day> },
    /// The law keeps it longer, whoever asks.
    #[error("line {line}: {} must be kept until {never_before}", compartment.name())]
    TooEarly { line: usize, compartment: Compartment, never_before: Day },
    /// A hold stops it.
    #[error("line {line}: a hold is in force; release it first: vandel hold release")]
    Held { line: usize },
    /// A restriction stops what the person did not ask for.
    #[error(
        "line {line}: processing is restricted, so only the person's own request erases it (GDPR art. 18.2)"
    )]
    Restricted { line: usize },
    /// The identities named are not those of the case, or go without a ground.
    #[error("line {line}: the identities are not those of the case")]
    Identities { line: usize },
    /// A class that is not the policy's.
    #[error("line {line}: {} is not of the class that the plan gives it", compartment.name())]
    Class { line: usize, compartment: Compartment },
    /// The spine would go before what it holds together.
    #[error("line {line}: the spine goes with the last of the other compartments")]
    SpineBeforeOthers { line: usize },
    /// Nobody has asked.
    #[error(
        "line {line}: no request for erasure is recorded for the case; record it first: vandel subject request"
    )]
    NotRequested { line: usize },
    /// Nobody has withdrawn.
    #[error("line {line}: the candidate has not withdrawn; record it first: vandel case withdraw")]
    NotWithdrawn { line: usize },
    /// What tells the case's law and dates would go before what it dates.
    #[error(
        "line {line}: the process goes with the rest of the case; without it nothing would tell when the rest is due"
    )]
    ProcessBeforeOthers { line: usize },
    /// The records named are not those of the thread.
    #[error("line {line}: the records are not those of the case")]
    Records { line: usize },
}

/// What the ledger knows of a thread that a plan names.
pub trait Matters {
    /// The records of a thread, in order; none if there is no such thread.
    fn records(&self, thread: &ThreadId) -> Option<Vec<u64>>;

    /// The compartments of a thread that still exist, without the spine; its identity among them.
    fn existing(&self, thread: &ThreadId) -> Vec<Compartment>;

    /// The numbers of the steps whose identity parts still exist, ascending.
    fn identities(&self, thread: &ThreadId) -> Vec<u32>;

    /// Whether the person has asked for erasure, and has not been refused since (GDPR art. 17).
    fn requested(&self, thread: &ThreadId) -> bool;

    /// Whether the candidate withdrew, or the role's law lets nobody record it.
    fn withdrawn(&self, thread: &ThreadId) -> bool;

    /// When a compartment is due, seen on a day.
    fn due(&self, thread: &ThreadId, compartment: Compartment, as_of: Day) -> Option<Due>;
}

/// Judges a plan as it would be carried out on `day`.
///
/// # Errors
/// The first refusal, by line.
pub fn judge(plan: &Plan, chain: &Chain, matters: &impl Matters, day: Day) -> Result<(), PlanRefusal> {
    if plan.ledger != chain.ledger {
        return Err(PlanRefusal::Ledger);
    }
    if plan.lines.is_empty() {
        return Err(PlanRefusal::Empty);
    }
    let disposal = plan.disposal;
    let decision = chain.disposals.get(&disposal).ok_or(PlanRefusal::NoDisposal { disposal })?;
    if day < decision.from || decision.until.is_some_and(|until| until < day) {
        return Err(PlanRefusal::DisposalNotInForce { disposal, day });
    }
    for (line, what) in plan.lines.iter().enumerate() {
        judge_line(line, what, matters, day)?;
        let uncovered = what.compartments.iter().filter_map(|ground| ground.class.as_ref());
        if let Some(class) = uncovered.into_iter().find(|class| !decision.classes.contains(class)) {
            return Err(PlanRefusal::NotCovered { line, class: class.clone() });
        }
    }
    Ok(())
}

fn judge_line(line: usize, what: &Line, matters: &impl Matters, day: Day) -> Result<(), PlanRefusal> {
    let records = matters.records(&what.thread).ok_or(PlanRefusal::UnknownThread { line })?;
    let among = what.records.iter().all(|record| records.binary_search(record).is_ok());
    if what.records.is_empty() || !among || !what.records.is_sorted() {
        return Err(PlanRefusal::Records { line });
    }
    let identities = match what.erases(Compartment::Identity) {
        true => matters.identities(&what.thread),
        false => Vec::new(),
    };
    if what.identities != identities {
        return Err(PlanRefusal::Identities { line });
    }
    let on = |reason| what.compartments.iter().any(|ground| ground.reason == reason);
    if on(ErasureReason::Request) && !matters.requested(&what.thread) {
        return Err(PlanRefusal::NotRequested { line });
    }
    if on(ErasureReason::Withdrawal) && !matters.withdrawn(&what.thread) {
        return Err(PlanRefusal::NotWithdrawn { line });
    }
    for ground in &what.compartments {
        judge_ground(line, what, ground, matters, day)?;
    }
    if what.erases(Compartment::Process) && !what.erases(Compartment::Spine) {
        return Err(PlanRefusal::ProcessBeforeOthers { line });
    }
    if what.erases(Compartment::Spine) {
        let remains = matters.existing(&what.thread).into_iter().any(|other| !what.erases(other));
        if remains || what.records != records {
            return Err(PlanRefusal::SpineBeforeOthers { line });
        }
    }
    Ok(())
}

fn judge_ground(
    line: usize,
    what: &Line,
    ground: &Ground,
    matters: &impl Matters,
    day: Day,
) -> Result<(), PlanRefusal> {
    let compartment = ground.compartment;
    // What goes with the last of the others waits for no day of its own: the spine, and with it this case's
    // identity, for the person's other cases each hold theirs. Without a spine nothing would find it.
    if compartment == Compartment::Spine {
        return Ok(());
    }
    let not_due = |due| PlanRefusal::NotDue { line, compartment, due };
    let due = matters.due(&what.thread, compartment, day).ok_or(not_due(None))?;
    if due.class != ground.class {
        return Err(PlanRefusal::Class { line, compartment });
    }
    if compartment == Compartment::Identity && what.erases(Compartment::Spine) {
        return Ok(());
    }
    // A clock that has not started is held all the same.
    let held = due.explanation.iter().any(|reason| matches!(reason, Reason::Held { .. }));
    if held || due.state == DueState::Held {
        return Err(PlanRefusal::Held { line });
    }
    if let Some(never_before) = due.never_before.filter(|never_before| day < *never_before) {
        return Err(PlanRefusal::TooEarly { line, compartment, never_before });
    }
    let restricted = due.explanation.iter().any(|reason| matches!(reason, Reason::Restricted { .. }));
    if restricted && ground.reason == ErasureReason::Retention {
        return Err(PlanRefusal::Restricted { line });
    }
    match (ground.reason, due.date) {
        (ErasureReason::Retention, Some(date)) if date <= day => Ok(()),
        (ErasureReason::Retention, date) => Err(not_due(date)),
        // Without the rest of the case its identity stays, whoever asks: what is left would be nobody's.
        (_, date) if compartment == Compartment::Identity => Err(not_due(date)),
        // The person's own ground does not wait for the clock, only for what the law keeps.
        (ErasureReason::Request | ErasureReason::Withdrawal, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests;

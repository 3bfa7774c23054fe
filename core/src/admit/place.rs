//! Rules about where a step stands: its thread, its day, the state of its case.

use crate::admit::{Attempt, Refusal};
use crate::event::{Kind, Purpose, ThreadSort};
use crate::hash::Hash;
use crate::thread::{Case, Matter};
use crate::time::Period;

/// A step follows the last one of its thread: two writers get a conflict, and nothing is reordered or
/// left out.
pub(super) fn thread(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let spine = attempt.step().spine;
    let thread = attempt.thread;
    let (expected, previous) = thread.map_or((0, Hash::ZERO), |thread| (thread.next(), thread.previous));
    let sort = spine.kind.thread_sort();
    if thread.is_none() && sort == ThreadSort::Case && !spine.kind.must_begin_thread() {
        return Err(Refusal::UnknownThread { thread: spine.thread });
    }
    let fits = match thread.map(|thread| &thread.matter) {
        None => true,
        Some(Matter::Case(_)) => sort == ThreadSort::Case,
        Some(Matter::Position(_)) => sort == ThreadSort::Position,
        Some(Matter::Reader(_)) => sort == ThreadSort::Reader,
    };
    let begins_again = spine.kind.must_begin_thread() && thread.is_some() && spine.number != 0;
    if !fits || begins_again {
        return Err(Refusal::WrongThread { kind: spine.kind });
    }
    if spine.number != expected {
        return Err(Refusal::Conflict { expected, found: spine.number });
    }
    if spine.previous != previous {
        return Err(Refusal::WrongPrevious { expected: previous, found: spine.previous });
    }
    Ok(())
}

/// A day is not in the future and not before the case. A reading is noted when it is made: the period
/// for which the read log is kept is counted from that day, and the reader must not choose it.
pub(super) fn day(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (day, today) = (attempt.day(), attempt.proposal.at.latest_day_in_sweden());
    if day > today {
        return Err(Refusal::DayInFuture { day, today });
    }
    // One day for what is read around midnight.
    let earliest = today.minus(Period::days(1));
    if attempt.kind() == Kind::RecordRead && day < earliest {
        return Err(Refusal::DayTooOld { day, earliest });
    }
    match attempt.case.and_then(crate::thread::Case::opened) {
        Some(opened) if day < opened => Err(Refusal::DayBeforeCase { day, opened }),
        _ => Ok(()),
    }
}

/// What comes after closing: what time brings, and what the person has a right to.
pub(super) fn closed(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    let comes_after_closing = matches!(
        kind,
        Kind::ConsentWithdrawn
            | Kind::AppealLodged
            | Kind::AppealSettled
            | Kind::LegalForceGained
            | Kind::EmploymentStarted
            | Kind::EmploymentMoved
            | Kind::EmploymentEnded
            | Kind::CopyReturned
            | Kind::Rectified
            | Kind::Reassigned
            | Kind::Held
            | Kind::Released
            | Kind::Restricted
            | Kind::Interrupted
            | Kind::IdentityChanged
    );
    match attempt.case {
        Some(case) if case.closed() && !comes_after_closing => Err(Refusal::Closed { kind }),
        _ => Ok(()),
    }
}

/// Under restriction: what settles the contest, what the person does, and what a legal claim needs
/// (GDPR art. 18.2). A reading needs one of these purposes too, or is the owner's, who looks after the
/// restriction.
pub(super) fn restricted(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    let restricted = |case: &&Case| case.restricted();
    if let Some(reading) = &attempt.step().reading {
        let case = reading.thread.and_then(|thread| attempt.state.threads.case(&thread)).filter(restricted);
        let blocked = matches!(reading.purpose, Purpose::Handling | Purpose::Deciding | Purpose::Export);
        let owns = |case: &Case| {
            let mut restrictions = case.holds.values().filter(|hold| hold.restriction);
            reading.purpose != Purpose::Export && restrictions.any(|hold| hold.owner == attempt.author.actor)
        };
        return match case {
            Some(case) if blocked && !owns(case) => Err(Refusal::Restricted { kind }),
            _ => Ok(()),
        };
    }
    let allowed = matches!(
        kind,
        Kind::Released
            | Kind::Held
            | Kind::Restricted
            | Kind::Rectified
            | Kind::Reassigned
            | Kind::IdentityChanged
            | Kind::Interrupted
            | Kind::ConsentWithdrawn
            | Kind::CandidateWithdrew
            | Kind::AppealLodged
            | Kind::AppealSettled
    );
    match attempt.case.filter(restricted) {
        Some(_) if !allowed => Err(Refusal::Restricted { kind }),
        _ => Ok(()),
    }
}

/// From the record that starts an erasure until the one that says it was executed, the case takes
/// nothing: a hold comes too late, and any other step would be sealed under keys about to be destroyed.
pub(super) fn erasure_under_way(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let thread = match attempt.thread {
        Some(thread) if matches!(thread.matter, Matter::Case(_)) => thread,
        _ => return Ok(()),
    };
    let covered = attempt.state.chain.erasures.iter().find(|(_, erasure)| {
        let covers = |record: &u64| erasure.records.binary_search(record).is_ok();
        erasure.executed.is_none() && thread.records.iter().any(covers)
    });
    match covered {
        Some((started, _)) => Err(Refusal::ErasureUnderWay { started: *started }),
        None => Ok(()),
    }
}

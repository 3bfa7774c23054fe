//! Rules about where a step stands: its thread, its day, the state of its case.

use crate::admit::{Attempt, Refusal};
use crate::event::{Kind, Process, ThreadSort};
use crate::hash::Hash;
use crate::thread::Matter;

pub(super) fn thread(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let spine = attempt.step().spine;
    let thread = attempt.state.threads.get(&spine.thread);
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
    if !fits {
        return Err(Refusal::WrongThread { kind: spine.kind });
    }
    if spine.number != expected {
        return Err(Refusal::Conflict { expected, found: spine.number });
    }
    if spine.previous != previous {
        return Err(Refusal::WrongPrevious { expected: previous, found: spine.previous });
    }
    if spine.kind.must_begin_thread() && expected != 0 {
        return Err(Refusal::Repeated { kind: spine.kind });
    }
    Ok(())
}

pub(super) fn day(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (day, today) = (attempt.day(), attempt.proposal.at.latest_day_in_sweden());
    if day > today {
        return Err(Refusal::DayInFuture { day, today });
    }
    match attempt.case.and_then(crate::thread::Case::opened) {
        Some(opened) if day < opened => Err(Refusal::DayBeforeCase { day, opened }),
        _ => Ok(()),
    }
}

pub(super) fn closed(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    let comes_after_closing = matches!(
        kind,
        Kind::AppealLodged
            | Kind::AppealSettled
            | Kind::LegalForceGained
            | Kind::EmploymentStarted
            | Kind::EmploymentMoved
            | Kind::EmploymentEnded
            | Kind::CopyReturned
            | Kind::Rectified
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

pub(super) fn restricted(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    // What settles the contest itself, and what time brings whether or not anybody processes.
    let allowed = matches!(
        kind,
        Kind::Released
            | Kind::Held
            | Kind::Restricted
            | Kind::Rectified
            | Kind::IdentityChanged
            | Kind::Interrupted
    );
    match attempt.case {
        Some(case) if case.restricted() && !allowed => Err(Refusal::Restricted { kind }),
        _ => Ok(()),
    }
}

pub(super) fn erasure_under_way(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    if !matches!(attempt.kind(), Kind::Held | Kind::Restricted) {
        return Ok(());
    }
    let Some(thread) = attempt.state.threads.get(&attempt.step().spine.thread) else { return Ok(()) };
    let covered = attempt.state.chain.erasures.iter().find(|(_, erasure)| {
        let covers = |record: &u64| erasure.records.binary_search(record).is_ok();
        erasure.executed.is_none() && thread.records.iter().any(covers)
    });
    match covered {
        Some((started, _)) => Err(Refusal::ErasureUnderWay { started: *started }),
        None => Ok(()),
    }
}

pub(super) fn release(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    match &attempt.step().process {
        Some(Process::Released { number })
            if attempt.case.is_none_or(|case| !case.holds.contains_key(number)) =>
        {
            Err(Refusal::NothingToRelease { number: *number })
        }
        _ => Ok(()),
    }
}

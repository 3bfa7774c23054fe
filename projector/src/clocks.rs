//! The retention calendar: when each compartment is due, as the policies in force give it.
//!
//! A clock may depend on other cases: a note outlives the notes of cases that rely on it, an identity
//! outlives all cases of its person. Whatever changes is followed to the clocks that depend on it.

use std::collections::BTreeSet;

use rayon::prelude::*;
use vandel_core::chain::Chain;
use vandel_core::event::{Compartment, Outcome, ThreadSort};
use vandel_core::id::{SubjectId, ThreadId};
use vandel_core::policy::RolePolicy;
use vandel_core::retention::{self, Due, History, HoldInForce, RetentionFacts, case_dues};
use vandel_core::time::Day;
use vandel_ledger::sealing::{identity_key, thread_key};

use crate::fold::token_key;
use crate::projector::ProjectError;
use crate::row::{ClockRow, HoldSort, ProcessRow, Row, SpineRow};
use crate::seal::{Term, spine_key};
use crate::store::Table;
use crate::working::{Rows, Working};

/// The compartments of a thread that may have a clock of their own.
const OF_THREADS: [Compartment; 6] = [
    Compartment::Copy,
    Compartment::Assessment,
    Compartment::Note,
    Compartment::Process,
    Compartment::Spine,
    Compartment::Reads,
];

/// So many threads or subjects are added up together on all cores.
const TOGETHER: usize = 4_096;

/// A clock that was added up: whose key it goes by, and what it says.
type AddedUp = ([u8; 16], Option<ClockRow>);

/// Adds up again every clock that what was folded has touched.
pub(crate) fn recompute(rows: &mut Working<'_>, chain: &Chain) -> Result<(), ProjectError> {
    let threads: Vec<ThreadId> = with_relied_on(rows)?.into_iter().collect();
    for together in threads.chunks(TOGETHER) {
        let added: Vec<(Vec<AddedUp>, Vec<SubjectId>)> =
            together.par_iter().map(|thread| of_thread(rows, chain, thread)).collect::<Result<_, _>>()?;
        for (clocks, subjects) in added {
            rows.subjects.extend(subjects);
            clocks.into_iter().try_for_each(|(key, clock)| set(rows, key, clock))?;
        }
    }
    let subjects: Vec<SubjectId> = std::mem::take(&mut rows.subjects).into_iter().collect();
    for together in subjects.chunks(TOGETHER) {
        let added: Vec<Vec<AddedUp>> =
            together.par_iter().map(|subject| of_subject(rows, chain, subject)).collect::<Result<_, _>>()?;
        added.into_iter().flatten().try_for_each(|(key, clock)| set(rows, key, clock))?;
    }
    Ok(())
}

/// The clocks of a thread's compartments, and the people that the case has been about.
fn of_thread(
    rows: &Working<'_>,
    chain: &Chain,
    thread: &ThreadId,
) -> Result<(Vec<AddedUp>, Vec<SubjectId>), ProjectError> {
    let dues = dues_of(rows, chain, thread, Day::MIN)?;
    let held = is_held(rows, thread)?;
    let clock = |compartment| {
        let due = dues.iter().find(|due| due.compartment == compartment);
        (thread_key(compartment, thread).0, due.map(|due| ClockRow::of(*thread, None, due, held)))
    };
    let identities = rows.identities(&spine_key(thread).0)?;
    let subjects = identities.into_iter().map(|row| row.identity.subject).collect();
    Ok((OF_THREADS.into_iter().map(clock).collect(), subjects))
}

/// The clocks of a person's identities.
fn of_subject(rows: &Working<'_>, chain: &Chain, subject: &SubjectId) -> Result<Vec<AddedUp>, ProjectError> {
    let due = identity_due(rows, chain, subject, Day::MIN)?;
    let mut clocks = Vec::new();
    for thread in threads_of(rows, subject)? {
        for row in rows.identities(&spine_key(&thread).0)? {
            let clock = due.as_ref().map(|(due, held)| ClockRow::of(thread, Some(row.number), due, *held));
            clocks.push((identity_key(&thread, row.number).0, clock));
        }
    }
    Ok(clocks)
}

/// The threads touched, and those whose notes they rely on, all the way back.
fn with_relied_on(rows: &mut Working<'_>) -> Result<BTreeSet<ThreadId>, ProjectError> {
    let mut waiting: Vec<ThreadId> = std::mem::take(&mut rows.threads).into_iter().collect();
    let mut all = BTreeSet::new();
    while let Some(thread) = waiting.pop() {
        if all.insert(thread) {
            waiting.extend(rows.note(&thread)?.and_then(|note| note.relies_on));
        }
    }
    Ok(all)
}

/// Sets a clock and its entry in the calendar.
pub(crate) fn set(
    rows: &mut Working<'_>,
    key: [u8; 16],
    clock: Option<ClockRow>,
) -> Result<(), ProjectError> {
    let before = rows.row(Table::Clocks, &key)?;
    let old = match before.as_deref() {
        Some(Row::Clock(old)) => Some(old),
        _ => None,
    };
    if old == clock.as_ref() {
        return Ok(());
    }
    let date = old.and_then(|old| old.date);
    if let Some(date) = date {
        rows.note_day(key, date, false);
    }
    match clock {
        Some(clock) => {
            if let Some(date) = clock.date {
                rows.note_day(key, date, true);
            }
            rows.put(Table::Clocks, &key, Row::Clock(clock));
        }
        None => rows.remove(Table::Clocks, &key),
    }
    Ok(())
}

/// Where a clock stands in the calendar: by day, earliest first, then by the key that is to go.
pub(crate) fn calendar_key(date: Day, key: &[u8; 16]) -> Vec<u8> {
    [&day_prefix(date)[..], key].concat()
}

/// A day as bytes that sort as days do.
pub(crate) fn day_prefix(day: Day) -> [u8; 4] {
    day.days_since_epoch().abs_diff(Day::MIN.days_since_epoch()).to_be_bytes()
}

/// The compartments of a thread that still exist, without the spine and the identity.
pub(crate) fn existing(rows: &impl Rows, thread: &ThreadId) -> Result<BTreeSet<Compartment>, ProjectError> {
    use Compartment::{Assessment, Copy, Note, Process};
    let mut existing = BTreeSet::new();
    for compartment in [Copy, Assessment, Note, Process] {
        if rows.piece(compartment, thread)?.is_some() {
            existing.insert(compartment);
        }
    }
    Ok(existing)
}

/// All due days of a case (without the identity) or of a reader's readings; empty where no policy says
/// anything of it.
pub(crate) fn dues_of(
    rows: &impl Rows,
    chain: &Chain,
    thread: &ThreadId,
    as_of: Day,
) -> Result<Vec<Due>, ProjectError> {
    dues_within(rows, chain, thread, as_of, &mut BTreeSet::from([*thread]))
}

fn dues_within(
    rows: &impl Rows,
    chain: &Chain,
    thread: &ThreadId,
    as_of: Day,
    seen: &mut BTreeSet<ThreadId>,
) -> Result<Vec<Due>, ProjectError> {
    let Some(spine) = rows.spine(thread)? else { return Ok(Vec::new()) };
    if spine.sort == ThreadSort::Reader {
        let facts = RetentionFacts::of_reader(spine.last);
        let policy = chain.policy_on(spine.last);
        return Ok(policy
            .map(|policy| retention::reads_due(&policy.pack, &facts, as_of))
            .into_iter()
            .collect());
    }
    let process = rows.process(thread)?;
    let Some(policy) = policy_of(chain, &spine, process.as_deref()) else { return Ok(Vec::new()) };
    let existing = existing(rows, thread)?;
    let mut relying = Vec::new();
    if existing.contains(&Compartment::Note) {
        for key in rows.keys(Table::Relying, &spine_key(thread).0)? {
            let Some(other) = rows.spine_at(&key[16..])?.map(|spine| spine.thread) else { continue };
            if seen.insert(other) {
                let dues = dues_within(rows, chain, &other, as_of, seen)?;
                let note = dues.into_iter().find(|due| due.compartment == Compartment::Note);
                relying.extend(note.map(|due| due.date));
            }
        }
    }
    Ok(case_dues(policy, &existing, &facts_of(&spine, process.as_deref()), &relying, as_of))
}

/// When a person's identity is due, and whether a hold stops it: once nothing of any of the person's
/// cases is left.
pub(crate) fn identity_due(
    rows: &impl Rows,
    chain: &Chain,
    subject: &SubjectId,
    as_of: Day,
) -> Result<Option<(Due, bool)>, ProjectError> {
    let (mut linked, mut holds, mut restrictions, mut policies) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for thread in threads_of(rows, subject)? {
        let Some(spine) = rows.spine(&thread)? else { continue };
        let process = rows.process(&spine.thread)?;
        let dues = dues_of(rows, chain, &spine.thread, as_of)?;
        linked.push(dues.iter().find(|due| due.compartment == Compartment::Spine).and_then(|due| due.date));
        let facts = facts_of(&spine, process.as_deref());
        holds.extend(facts.holds);
        restrictions.extend(facts.restrictions);
        policies.extend(policy_of(chain, &spine, process.as_deref()));
    }
    let held = !holds.is_empty();
    let facts = RetentionFacts { linked, holds, restrictions, ..RetentionFacts::default() };
    let dues =
        policies.into_iter().map(|policy| retention::due(policy, Compartment::Identity, &facts, as_of));
    // Where the roles of the cases disagree, the latest day counts, and one that has not come most.
    Ok(dues.max_by_key(|due| due.date.map_or((1, Day::MAX), |date| (0, date))).map(|due| (due, held)))
}

/// The cases that are about a person now.
pub(crate) fn threads_of(rows: &impl Rows, subject: &SubjectId) -> Result<Vec<ThreadId>, ProjectError> {
    let mut threads = Vec::new();
    for key in rows.keys(Table::Tokens, &token_key(rows, Term::Subject, &subject.0, &[]))? {
        let identity = rows.identities(&key[17..])?.pop();
        threads.extend(identity.filter(|row| row.identity.subject == *subject).map(|row| row.thread));
    }
    Ok(threads)
}

/// The role's policy that a case goes by: that of the day it was opened, as everywhere.
pub(crate) fn policy_of<'c>(
    chain: &'c Chain,
    spine: &SpineRow,
    process: Option<&ProcessRow>,
) -> Option<&'c RolePolicy> {
    let opened = spine.opened()?;
    let opening = process?.opening.as_ref()?;
    chain.policy_on(opened)?.pack.version_on(&opening.role.0, opened).ok()
}

fn is_held(rows: &impl Rows, thread: &ThreadId) -> Result<bool, ProjectError> {
    let process = rows.process(thread)?;
    Ok(process.is_some_and(|row| row.holds.values().any(|hold| matches!(hold.sort, HoldSort::Hold(_)))))
}

fn facts_of(spine: &SpineRow, process: Option<&ProcessRow>) -> RetentionFacts {
    let steps: Vec<_> = spine.steps.iter().map(|step| (step.kind, step.day)).collect();
    let (mut holds, mut restrictions) = (Vec::new(), Vec::new());
    for hold in process.iter().flat_map(|process| process.holds.values()) {
        match hold.sort {
            HoldSort::Hold(ground) => {
                holds.push(HoldInForce { ground: ground.name(), since: hold.since, review_by: hold.review });
            }
            HoldSort::Restriction(_) => restrictions.push(hold.since),
        }
    }
    let turned_down = process.is_some_and(|process| process.outcome == Some(Outcome::NotFit));
    RetentionFacts::of_case(History {
        steps: &steps,
        turned_down,
        holds: &holds,
        restrictions: &restrictions,
    })
}

#[cfg(test)]
mod tests;

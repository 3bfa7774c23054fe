//! The retention calendar: when each compartment is due, as the policies in force give it.
//!
//! A clock may depend on other cases: a note outlives the notes of cases that rely on it, an identity
//! outlives all cases of its person. Whatever changes is followed to the clocks that depend on it.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;
use vandel_core::chain::Chain;
use vandel_core::event::{Compartment, Outcome, ThreadSort};
use vandel_core::id::{SubjectId, ThreadId};
use vandel_core::policy::RolePolicy;
use vandel_core::retention::{self, Due, History, HoldInForce, RetentionFacts, case_dues};
use vandel_core::time::Day;
use vandel_ledger::name_hash::NameHashing;

use crate::projector::ProjectError;
use crate::row::{ClockRow, HoldSort, ProcessRow, SpineRow};
use crate::rows::{Named, Rows, SpineName};
use crate::thread_rows::KeyOf;
use crate::working::Working;

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

/// A clock that was added up: whose it is, and what it says.
type AddedUp = (Named, KeyOf, Option<ClockRow>);

/// What adding up a thread's clocks gave.
struct OfThread {
    clocks: Vec<AddedUp>,
    /// The people that the case has been about.
    subjects: Vec<SubjectId>,
    /// The case whose note this one relies on.
    relies_on: Option<ThreadId>,
}

/// Adds up again every clock that what was folded has touched: of the threads themselves, of those whose notes they rely
/// on, all the way back, and of the people's identities.
pub(crate) fn recompute(rows: &mut Working<'_>, chain: &Chain) -> Result<(), ProjectError> {
    let mut waiting = rows.take_touched();
    let mut met: HashSet<SpineName, NameHashing> = waiting.iter().map(|named| named.spine).collect();
    while !waiting.is_empty() {
        let mut relied_on = Vec::new();
        for together in waiting.chunks(TOGETHER) {
            let added: Vec<OfThread> =
                together.par_iter().map(|named| of_thread(rows, chain, *named)).collect::<Result<_, _>>()?;
            for OfThread { clocks, subjects, relies_on } in added {
                rows.subjects.extend(subjects);
                set_all(rows, clocks)?;
                relied_on.extend(relies_on.as_ref().map(Named::from));
            }
        }
        relied_on.retain(|named| met.insert(named.spine));
        waiting = relied_on;
    }
    let subjects: Vec<SubjectId> = std::mem::take(&mut rows.subjects).into_iter().collect();
    for together in subjects.chunks(TOGETHER) {
        let added: Vec<Vec<AddedUp>> =
            together.par_iter().map(|subject| of_subject(rows, chain, subject)).collect::<Result<_, _>>()?;
        added.into_iter().try_for_each(|clocks| set_all(rows, clocks))?;
    }
    Ok(())
}

fn set_all(rows: &mut Working<'_>, clocks: Vec<AddedUp>) -> Result<(), ProjectError> {
    clocks.into_iter().try_for_each(|(named, of, clock)| rows.set_clock(named, of, clock))
}

/// The clocks of a thread's compartments, and what they lead to.
fn of_thread(rows: &Working<'_>, chain: &Chain, named: Named) -> Result<OfThread, ProjectError> {
    let dues = dues_of(rows, chain, named, Day::MIN)?;
    let held = is_held(rows, named)?;
    let clock = |compartment| {
        let due = dues.iter().find(|due| due.compartment == compartment);
        (named, (compartment, None), due.map(|due| ClockRow::of(named.thread, None, due, held)))
    };
    let identities = rows.identities(&named.spine)?;
    let subjects = identities.into_iter().map(|row| row.identity.subject).collect();
    let relies_on = rows.note(named)?.and_then(|note| note.relies_on);
    Ok(OfThread { clocks: OF_THREADS.into_iter().map(clock).collect(), subjects, relies_on })
}

/// The clocks of a person's identities.
fn of_subject(rows: &Working<'_>, chain: &Chain, subject: &SubjectId) -> Result<Vec<AddedUp>, ProjectError> {
    let threads = threads_of(rows, subject)?;
    let due = due_of_identity(rows, chain, &threads, Day::MIN)?;
    let mut clocks = Vec::new();
    for named in threads {
        for row in rows.identities(&named.spine)? {
            let clock =
                due.as_ref().map(|(due, held)| ClockRow::of(named.thread, Some(row.number), due, *held));
            clocks.push((named, (Compartment::Identity, Some(row.number)), clock));
        }
    }
    Ok(clocks)
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
pub(crate) fn existing(
    rows: &impl Rows,
    thread: impl Into<Named>,
) -> Result<BTreeSet<Compartment>, ProjectError> {
    use Compartment::{Assessment, Copy, Note, Process};
    let named = thread.into();
    let mut existing = BTreeSet::new();
    for compartment in [Copy, Assessment, Note, Process] {
        if rows.piece(compartment, named)?.is_some() {
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
    thread: impl Into<Named>,
    as_of: Day,
) -> Result<Vec<Due>, ProjectError> {
    let named = thread.into();
    dues_within(rows, chain, named, as_of, &mut BTreeSet::from([named.thread]))
}

fn dues_within(
    rows: &impl Rows,
    chain: &Chain,
    named: Named,
    as_of: Day,
    seen: &mut BTreeSet<ThreadId>,
) -> Result<Vec<Due>, ProjectError> {
    let Some(spine) = rows.spine(named)? else { return Ok(Vec::new()) };
    if spine.sort == ThreadSort::Reader {
        let facts = RetentionFacts::of_reader(spine.last);
        let policy = chain.policy_on(spine.last);
        return Ok(policy
            .map(|policy| retention::reads_due(&policy.pack, &facts, as_of))
            .into_iter()
            .collect());
    }
    let process = rows.process(named)?;
    let Some(policy) = policy_of(chain, &spine, process.as_deref()) else { return Ok(Vec::new()) };
    let existing = existing(rows, named)?;
    let mut relying = Vec::new();
    if existing.contains(&Compartment::Note) {
        for other in rows.relying_on(&named.spine)? {
            let Some(other) = named_at(rows, &other)? else { continue };
            if seen.insert(other.thread) {
                let dues = dues_within(rows, chain, other, as_of, seen)?;
                let note = dues.into_iter().find(|due| due.compartment == Compartment::Note);
                relying.extend(note.map(|due| due.date));
            }
        }
    }
    Ok(case_dues(policy, &existing, &facts_of(&spine, process.as_deref()), &relying, as_of))
}

/// The thread whose spine has this name.
fn named_at(rows: &impl Rows, name: &[u8]) -> Result<Option<Named>, ProjectError> {
    let spine = rows.spine_at(name)?;
    let name = name.try_into().ok();
    Ok(spine.zip(name).map(|(row, spine)| Named { thread: row.thread, spine }))
}

/// When a person's identity is due, and whether a hold stops it: once nothing of any of the person's
/// cases is left.
pub(crate) fn identity_due(
    rows: &impl Rows,
    chain: &Chain,
    subject: &SubjectId,
    as_of: Day,
) -> Result<Option<(Due, bool)>, ProjectError> {
    due_of_identity(rows, chain, &threads_of(rows, subject)?, as_of)
}

fn due_of_identity(
    rows: &impl Rows,
    chain: &Chain,
    threads: &[Named],
    as_of: Day,
) -> Result<Option<(Due, bool)>, ProjectError> {
    let (mut linked, mut holds, mut restrictions, mut policies) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for named in threads {
        let Some(spine) = rows.spine(*named)? else { continue };
        let process = rows.process(*named)?;
        let dues = dues_of(rows, chain, *named, as_of)?;
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
pub(crate) fn threads_of(rows: &impl Rows, subject: &SubjectId) -> Result<Vec<Named>, ProjectError> {
    let mut threads = Vec::new();
    for name in rows.about(subject)? {
        let identity = rows.identities(&name)?.pop().filter(|row| row.identity.subject == *subject);
        let spine = name.as_slice().try_into().ok();
        threads.extend(identity.zip(spine).map(|(row, spine)| Named { thread: row.thread, spine }));
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

fn is_held(rows: &impl Rows, named: Named) -> Result<bool, ProjectError> {
    let process = rows.process(named)?;
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

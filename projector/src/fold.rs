//! The fold: what one opened step changes. Pure but for reading the rows it changes.
//!
//! Each compartment's part changes that compartment's rows only. That is what makes a view folded
//! before an erasure equal to one rebuilt after it.

use std::borrow::Cow;

use vandel_core::event::{Compartment, Kind, Note, Process, Step, ThreadSort};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::time::Second;
use vandel_ledger::sealing::{identity_key, thread_key};

use crate::clocks;
use crate::projector::ProjectError;
use crate::row::{
    HoldRow, HoldSort, IdentityRow, NoteRow, PresenceRow, ProcessRow, ReadingRow, Row, SpineRow, StepRow,
};
use crate::seal::{Term, spine_key};
use crate::store::Table;
use crate::working::{Rows, Working};

/// Where a step stands on the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) record: u64,
    pub(crate) time: Second,
    pub(crate) actor: ActorId,
    pub(crate) statement: Hash,
}

/// Folds one step in.
pub(crate) fn fold(rows: &mut Working<'_>, step: &Step, place: Place) -> Result<(), ProjectError> {
    fold_spine(rows, step, place)?;
    if let Some(process) = &step.process {
        fold_process(rows, step, process)?;
    }
    if let Some(note) = &step.note {
        fold_note(rows, step, note)?;
    }
    for (compartment, present) in
        [(Compartment::Copy, step.copy.is_some()), (Compartment::Assessment, step.assessment.is_some())]
    {
        if present {
            fold_presence(rows, step, compartment)?;
        }
    }
    fold_identity(rows, step)?;
    fold_reading(rows, step, place);
    rows.threads.insert(step.spine.thread);
    Ok(())
}

fn fold_spine(rows: &mut Working<'_>, step: &Step, place: Place) -> Result<(), ProjectError> {
    let spine = &step.spine;
    let sort = spine.kind.thread_sort();
    let key = spine_key(&spine.thread).0;
    let mut row = match rows.take(Table::Spines, &key)? {
        Some(Row::Spine(row)) => row,
        _ => SpineRow {
            thread: spine.thread,
            sort,
            actor: place.actor,
            count: 0,
            last: spine.day,
            statement: Hash::ZERO,
            steps: Vec::new(),
        },
    };
    row.count += 1;
    row.last = spine.day;
    row.statement = place.statement;
    if sort != ThreadSort::Reader {
        let Place { record, time, actor, .. } = place;
        row.steps.push(StepRow { record, time, kind: spine.kind, day: spine.day, actor });
    }
    rows.put(Table::Spines, &key, Row::Spine(row));
    Ok(())
}

fn fold_process(rows: &mut Working<'_>, step: &Step, process: &Process) -> Result<(), ProjectError> {
    let spine = &step.spine;
    let key = thread_key(Compartment::Process, &spine.thread).0;
    let mut row = match rows.take(Table::Pieces, &key)? {
        Some(Row::Process(row)) => row,
        _ => Box::new(ProcessRow::of(spine.thread)),
    };
    match process {
        Process::PositionAssessed(assessment) => row.position = Some(assessment.clone()),
        Process::CaseOpened(opening) => {
            enter(rows, Term::Reference, opening.reference.trim().as_bytes(), &spine.thread);
            row.opening = Some(opening.clone());
        }
        Process::DecisionMade { outcome, follow_up, .. } => {
            (row.outcome, row.follow_up) = (Some(*outcome), *follow_up);
        }
        Process::EmploymentMoved { controller, unit } => {
            if let Some(opening) = &mut row.opening {
                (opening.controller, opening.unit) = (*controller, *unit);
            }
        }
        Process::Held { ground, owner, review, .. } => {
            let hold =
                HoldRow { sort: HoldSort::Hold(*ground), since: spine.day, review: *review, owner: *owner };
            row.holds.insert(spine.number, hold);
        }
        Process::Restricted { ground, owner, review, .. } => {
            let sort = HoldSort::Restriction(*ground);
            row.holds
                .insert(spine.number, HoldRow { sort, since: spine.day, review: *review, owner: *owner });
        }
        Process::Released { number } => {
            row.holds.remove(number);
        }
        _ => {}
    }
    rows.put(Table::Pieces, &key, Row::Process(row));
    Ok(())
}

fn fold_note(rows: &mut Working<'_>, step: &Step, note: &Note) -> Result<(), ProjectError> {
    let thread = step.spine.thread;
    let mut row = rows.note(&thread)?.unwrap_or(NoteRow { thread, shown: None, relies_on: None });
    match note {
        Note::Shown { .. } => row.shown = Some(step.spine.number),
        Note::Exempted { thread: earlier, .. } => {
            row.relies_on = Some(*earlier);
            let key = [spine_key(earlier).0, spine_key(&thread).0].concat();
            rows.enter(Table::Relying, key, true);
        }
    }
    rows.put(Table::Pieces, &thread_key(Compartment::Note, &thread).0, Row::Note(row));
    Ok(())
}

fn fold_presence(rows: &mut Working<'_>, step: &Step, compartment: Compartment) -> Result<(), ProjectError> {
    let thread = step.spine.thread;
    let mut row = match rows.take(Table::Pieces, &thread_key(compartment, &thread).0)? {
        Some(Row::Presence(row)) => row,
        _ => PresenceRow { thread, compartment, steps: Vec::new() },
    };
    row.steps.push(step.spine.number);
    rows.put(Table::Pieces, &thread_key(compartment, &thread).0, Row::Presence(row));
    Ok(())
}

/// A later identity replaces those before it, whose parts are destroyed (domain, point 8). That holds
/// whether or not the later one still opens.
fn fold_identity(rows: &mut Working<'_>, step: &Step) -> Result<(), ProjectError> {
    let spine = &step.spine;
    if spine.kind.compartments().contains(&Compartment::Identity) {
        forget_identities(rows, &spine.thread)?;
    }
    rows.reassigned |= spine.kind == Kind::Reassigned;
    let Some(identity) = &step.identity else { return Ok(()) };
    let (thread, number) = (spine.thread, spine.number);
    enter(rows, Term::Handle, handle_term(&identity.handle).as_bytes(), &thread);
    enter(rows, Term::Subject, &identity.subject.0, &thread);
    rows.subjects.insert(identity.subject);
    let row = IdentityRow { thread, number, identity: identity.clone() };
    rows.put(Table::Identities, &identity_row_key(&thread, number), Row::Identity(row.into()));
    Ok(())
}

fn identity_row_key(thread: &ThreadId, number: u32) -> Vec<u8> {
    [&spine_key(thread).0[..], &number.to_be_bytes()].concat()
}

fn forget_identities(rows: &mut Working<'_>, thread: &ThreadId) -> Result<(), ProjectError> {
    let spine = spine_key(thread).0;
    let identities: Vec<IdentityRow> = rows.identities(&spine)?.into_iter().map(Cow::into_owned).collect();
    for row in identities {
        rows.subjects.insert(row.identity.subject);
        let handle = token_key(rows, Term::Handle, handle_term(&row.identity.handle).as_bytes(), &spine);
        let subject = token_key(rows, Term::Subject, &row.identity.subject.0, &spine);
        rows.enter(Table::Tokens, handle, false);
        rows.enter(Table::Tokens, subject, false);
        clocks::set(rows, identity_key(thread, row.number).0, None)?;
    }
    for key in rows.keys(Table::Identities, &spine)? {
        rows.remove(Table::Identities, &key);
    }
    Ok(())
}

fn fold_reading(rows: &mut Working<'_>, step: &Step, place: Place) {
    let Some(reading) = &step.reading else { return };
    let spine = &step.spine;
    let key = [&thread_key(Compartment::Reads, &spine.thread).0[..], &spine.number.to_be_bytes()].concat();
    if let Some(case) = &reading.thread {
        rows.enter(Table::Tokens, token_key(rows, Term::ReadCase, &case.0, &key), true);
    }
    let row = ReadingRow {
        thread: spine.thread,
        number: spine.number,
        record: place.record,
        time: place.time,
        day: spine.day,
        actor: place.actor,
        case: reading.thread,
        purpose: reading.purpose,
        compartments: reading.compartments.clone(),
        count: reading.count,
    };
    rows.put(Table::Readings, &key, Row::Reading(row));
}

/// A handle as people type it: case and surrounding space don't matter.
pub(crate) fn handle_term(handle: &str) -> String {
    handle.trim().to_uppercase()
}

/// The key of a token that leads to something.
pub(crate) fn token_key(rows: &impl Rows, term: Term, value: &[u8], leads_to: &[u8]) -> Vec<u8> {
    [&[term as u8], &rows.sealer().token(term, value)[..], leads_to].concat()
}

fn enter(rows: &mut Working<'_>, term: Term, value: &[u8], thread: &ThreadId) {
    let key = token_key(rows, term, value, &spine_key(thread).0);
    rows.enter(Table::Tokens, key, true);
}

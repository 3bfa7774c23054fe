//! The fold: what one opened step changes. Pure but for reading the rows it changes.
//!
//! Each compartment's part changes that compartment's rows only. That is what makes a view folded
//! before an erasure equal to one rebuilt after it.

use std::borrow::Cow;

use vandel_core::event::{Compartment, Kind, Note, Process, Reading, Spine, Step, ThreadSort};
use vandel_core::hash::Hash;
use vandel_core::id::ActorId;
use vandel_core::time::Second;
use vandel_ledger::sealing::thread_key;

use crate::projector::ProjectError;
use crate::row::{
    HoldRow, HoldSort, IdentityRow, NoteRow, PresenceRow, ProcessRow, ReadingRow, Row, SpineRow, StepRow,
};
use crate::rows::{Named, Rows};
use crate::seal::Term;
use crate::store::Table;
use crate::working::Working;

/// Where a step stands on the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) record: u64,
    pub(crate) time: Second,
    pub(crate) actor: ActorId,
    pub(crate) statement: Hash,
}

/// Folds one step of a thread in.
pub(crate) fn fold(
    rows: &mut Working<'_>,
    step: Step,
    named: Named,
    place: Place,
) -> Result<(), ProjectError> {
    let Step { spine, identity, process, note, copy, assessment, reading, .. } = step;
    fold_spine(rows, &spine, named, place)?;
    if let Some(process) = process {
        fold_process(rows, &spine, named, process)?;
    }
    if let Some(note) = &note {
        fold_note(rows, &spine, named, note)?;
    }
    for (compartment, present) in
        [(Compartment::Copy, copy.is_some()), (Compartment::Assessment, assessment.is_some())]
    {
        if present {
            fold_presence(rows, &spine, named, compartment)?;
        }
    }
    // A later identity replaces those before it, whose parts are destroyed (domain, point 8). That holds
    // whether or not the later one still opens.
    if spine.kind.compartments().contains(&Compartment::Identity) {
        forget_identities(rows, named)?;
    }
    rows.reassigned |= spine.kind == Kind::Reassigned;
    if let Some(identity) = identity {
        enter(rows, Term::Handle, handle_term(&identity.handle).as_bytes(), named);
        enter(rows, Term::Subject, &identity.subject.0, named);
        rows.subjects.insert(identity.subject);
        let row = IdentityRow { thread: spine.thread, number: spine.number, identity };
        rows.put_identity(named, row)?;
    }
    if let Some(reading) = reading {
        fold_reading(rows, &spine, named, reading, place)?;
    }
    rows.touch(named)
}

fn fold_spine(rows: &mut Working<'_>, spine: &Spine, named: Named, place: Place) -> Result<(), ProjectError> {
    let sort = spine.kind.thread_sort();
    let mut row = match rows.take(named, Compartment::Spine)? {
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
    rows.put(named, Compartment::Spine, Row::Spine(row))
}

fn fold_process(
    rows: &mut Working<'_>,
    spine: &Spine,
    named: Named,
    process: Process,
) -> Result<(), ProjectError> {
    let mut row = match rows.take(named, Compartment::Process)? {
        Some(Row::Process(row)) => row,
        _ => Box::new(ProcessRow::of(spine.thread)),
    };
    match process {
        Process::PositionAssessed(assessment) => row.position = Some(assessment),
        Process::CaseOpened(opening) => {
            enter(rows, Term::Reference, opening.reference.trim().as_bytes(), named);
            row.opening = Some(opening);
        }
        Process::DecisionMade { outcome, follow_up, .. } => {
            (row.outcome, row.follow_up) = (Some(outcome), follow_up);
        }
        Process::EmploymentMoved { controller, unit } => {
            if let Some(opening) = &mut row.opening {
                (opening.controller, opening.unit) = (controller, unit);
            }
        }
        Process::Held { ground, owner, review, .. } => {
            let hold = HoldRow { sort: HoldSort::Hold(ground), since: spine.day, review, owner };
            row.holds.insert(spine.number, hold);
        }
        Process::Restricted { ground, owner, review, .. } => {
            let sort = HoldSort::Restriction(ground);
            row.holds.insert(spine.number, HoldRow { sort, since: spine.day, review, owner });
        }
        Process::Released { number } => {
            row.holds.remove(&number);
        }
        _ => {}
    }
    rows.put(named, Compartment::Process, Row::Process(row))
}

fn fold_note(rows: &mut Working<'_>, spine: &Spine, named: Named, note: &Note) -> Result<(), ProjectError> {
    let mut row = match rows.take(named, Compartment::Note)? {
        Some(Row::Note(row)) => row,
        _ => NoteRow { thread: spine.thread, shown: None, relies_on: None },
    };
    match note {
        Note::Shown { .. } => row.shown = Some(spine.number),
        Note::Exempted { thread: earlier, .. } => {
            row.relies_on = Some(*earlier);
            let key = [Named::from(earlier).spine, named.spine].concat();
            rows.enter(Table::Relying, key, true);
        }
    }
    rows.put(named, Compartment::Note, Row::Note(row))
}

fn fold_presence(
    rows: &mut Working<'_>,
    spine: &Spine,
    named: Named,
    compartment: Compartment,
) -> Result<(), ProjectError> {
    let mut row = match rows.take(named, compartment)? {
        Some(Row::Presence(row)) => row,
        _ => PresenceRow { thread: spine.thread, compartment, steps: Vec::new() },
    };
    row.steps.push(spine.number);
    rows.put(named, compartment, Row::Presence(row))
}

fn forget_identities(rows: &mut Working<'_>, named: Named) -> Result<(), ProjectError> {
    let identities: Vec<IdentityRow> =
        rows.identities(&named.spine)?.into_iter().map(Cow::into_owned).collect();
    for row in identities {
        rows.subjects.insert(row.identity.subject);
        let handle = handle_term(&row.identity.handle);
        let handle = token_key(rows, Term::Handle, handle.as_bytes(), &named.spine);
        let subject = token_key(rows, Term::Subject, &row.identity.subject.0, &named.spine);
        rows.enter(Table::Tokens, handle, false);
        rows.enter(Table::Tokens, subject, false);
        rows.set_clock(named, (Compartment::Identity, Some(row.number)), None)?;
    }
    rows.remove_identities(named)
}

fn fold_reading(
    rows: &mut Working<'_>,
    spine: &Spine,
    named: Named,
    reading: Reading,
    place: Place,
) -> Result<(), ProjectError> {
    if let Some(case) = &reading.thread {
        let reads = thread_key(Compartment::Reads, &spine.thread);
        let key = [&reads.0[..], &spine.number.to_be_bytes()].concat();
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
        compartments: reading.compartments,
        count: reading.count,
    };
    rows.put_reading(named, row)
}

/// A handle as people type it: case and surrounding space don't matter.
pub(crate) fn handle_term(handle: &str) -> String {
    handle.trim().to_uppercase()
}

/// The key of a token that leads to something.
pub(crate) fn token_key(rows: &(impl Rows + ?Sized), term: Term, value: &[u8], leads_to: &[u8]) -> Vec<u8> {
    [&[term as u8], &rows.sealer().token(term, value)[..], leads_to].concat()
}

fn enter(rows: &mut Working<'_>, term: Term, value: &[u8], named: Named) {
    let key = token_key(rows, term, value, &named.spine);
    rows.enter(Table::Tokens, key, true);
}

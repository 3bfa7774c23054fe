//! Readings: what is shown to a person is recorded first, on the reader's own thread.

use serde::Serialize;
use vandel_core::event::{Compartment, Kind, Reading, Step};
use vandel_core::keyring::KeyEntry;
use vandel_ledger::author::sign_step;
use vandel_ledger::inquiry::{self, Asker, CaseFilter, CaseRow, Content, Question, Reply, Showing};

use crate::args::{CaseListArgs, CaseReadArgs};
use crate::context::Context;
use crate::counter::Counter;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::people::Person;
use crate::workbench::Workbench;

/// Appends a reading at home and says so. Only what is returned after it may be shown.
pub(crate) fn record(
    context: &Context,
    bench: &mut Workbench<'_>,
    reader: &Person,
    reading: Reading,
) -> Result<u64, CliError> {
    let own = Question::Own(reader.public_key());
    let Reply::Own(own) = inquiry::answer(bench.sequencer_mut(), Asker::Home, own)? else {
        return Err(wrong_showing());
    };
    let purpose = reading.purpose;
    let mut step = Step::new(own.readings.spine(Kind::RecordRead, context.today()));
    step.reading = Some(reading);
    let signed = sign_step(&bench.standpoint(reader)?, &reader.key, None, &step, None)?;
    let receipt = bench.submit(&[reader], signed.submission)?;
    let values = [("record", &*receipt.record.to_string()), ("purpose", purpose.name())];
    context.output.progress(&CaseText::ReadRecorded.with(context.lang, &values));
    Ok(receipt.record)
}

/// Lists cases.
pub(super) fn list(context: &Context, arguments: &CaseListArgs) -> Result<Exit, CliError> {
    let reader = Person::author(context, &arguments.author)?;
    let mut counter = Counter::open(context, &arguments.afar)?;
    let filter = CaseFilter {
        open: arguments.open,
        role: arguments.role.clone(),
        board: arguments.board.clone(),
        reference: arguments.reference.clone(),
        limit: u32::try_from(arguments.limit).unwrap_or(u32::MAX),
    };
    let reading = Reading {
        thread: None,
        purpose: arguments.purpose,
        remark: String::new(),
        compartments: vec![Compartment::Process],
        count: counter.count(&reader, filter.clone())?,
    };
    let Showing::List(rows) = counter.show(&reader, Content::List(filter), reading)? else {
        return Err(wrong_showing());
    };
    for row in &rows {
        context.output.line(row, || {
            format!(
                "{:<11}  {:<10}  {:<10}  {:<11}  {}  {}",
                row.handle, row.role, row.status, row.opened, row.reference, row.board
            )
        })?;
    }
    let text = CaseText::ListEnd.with(context.lang, &[("count", &rows.len().to_string())]);
    context.output.summary(&serde_json::json!({ "cases": rows.len() }), text)?;
    counter.close()?;
    Ok(Exit::Done)
}

/// The reader's key entry, if the key may sign now.
pub(crate) fn entry_of<'s>(bench: &'s Workbench<'_>, reader: &Person) -> Result<&'s KeyEntry, CliError> {
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&reader.public_key(), sequencer.now());
    Ok(signer.map_err(vandel_core::admit::Refusal::Key)?.0)
}

/// Has the reading of one case recorded and its content shown.
fn of_one_case(
    context: &Context,
    arguments: &CaseReadArgs,
    compartments: Vec<Compartment>,
    content: impl FnOnce(String) -> Content,
) -> Result<Showing, CliError> {
    let reader = Person::author(context, &arguments.author)?;
    let mut counter = Counter::open(context, &arguments.afar)?;
    let case = counter.case(&[&reader], &arguments.handle)?;
    let (purpose, remark) = (arguments.purpose, arguments.remark.clone());
    let reading = Reading { thread: Some(case.head.thread), purpose, remark, compartments, count: 1 };
    let showing = counter.show(&reader, content(case.handle), reading)?;
    counter.close()?;
    Ok(showing)
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: &'a CaseRow,
    surname: &'a Option<String>,
    given_name: &'a Option<String>,
    number: &'a Option<String>,
    outcome: &'a Option<String>,
    holds: u32,
}

/// Shows a case.
pub(super) fn show(context: &Context, arguments: &CaseReadArgs) -> Result<Exit, CliError> {
    let compartments = vec![Compartment::Identity, Compartment::Process];
    let showing = of_one_case(context, arguments, compartments, |handle| Content::Case { handle })?;
    let Showing::Case(case) = showing else { return Err(wrong_showing()) };
    if case.row.protected {
        context.output.warn(&CaseText::Protected.in_lang(context.lang));
    }
    let shown = Shown {
        row: &case.row,
        surname: &case.surname,
        given_name: &case.given_name,
        number: &case.number,
        outcome: &case.outcome,
        holds: case.holds,
    };
    context.output.result(&shown, || shown_text(context, &shown))?;
    Ok(Exit::Done)
}

fn shown_text(context: &Context, shown: &Shown<'_>) -> String {
    let erased = || CaseText::IdentityErased.in_lang(context.lang);
    let name = match (shown.given_name, shown.surname) {
        (Some(given_name), Some(surname)) => format!("{given_name} {surname}"),
        _ => erased(),
    };
    let row = shown.row;
    let mut lines = vec![
        format!("{}  {}", row.handle, name),
        format!("  {}  {} / {}  {}", row.role, row.board, row.unit, row.reference),
        format!("  {}  {}", row.opened, row.status),
    ];
    lines.extend(shown.number.as_ref().map(|number| format!("  {number}")));
    lines.extend(shown.outcome.as_ref().map(|outcome| format!("  {outcome}")));
    if !row.next.is_empty() && row.status != "closed" {
        lines.push(CaseText::NextSteps.with(context.lang, &[("steps", &row.next.join(", "))]));
    }
    lines.join("\n")
}

/// Shows every step of a case.
pub(super) fn timeline(context: &Context, arguments: &CaseReadArgs) -> Result<Exit, CliError> {
    let compartments = vec![Compartment::Spine];
    let showing = of_one_case(context, arguments, compartments, |handle| Content::Timeline { handle })?;
    let Showing::Timeline(steps) = showing else { return Err(wrong_showing()) };
    for mark in &steps {
        context.output.line(mark, || {
            format!("{:>3}  {}  {:<26}  {:>8}  {}", mark.step, mark.day, mark.kind, mark.record, mark.by)
        })?;
    }
    if context.output.is_json() {
        context.output.summary(&serde_json::json!({ "steps": steps.len() }), "")?;
    }
    Ok(Exit::Done)
}

/// What is shown is of another sort than what was asked for.
pub(in crate::commands) fn wrong_showing() -> CliError {
    CliError::new(Exit::Internal, "showing", "what is shown is of another sort than what was asked for")
}

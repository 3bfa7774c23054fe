//! Readings: what is shown to a person is recorded first, on the reader's own thread.

use serde::Serialize;
use vandel_core::event::{Compartment, Identity, Kind, Purpose, Reading, Step};
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyEntry;
use vandel_core::thread::{Case, Matter};
use vandel_ledger::author::sign_step;
use vandel_ledger::vault::NameKind;

use crate::args::{CaseListArgs, CaseReadArgs};
use crate::casework;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::names::Names;
use crate::people::Person;
use crate::workbench::Workbench;

use super::random;

/// Appends a reading and says so. Only what is returned after it may be shown.
pub(crate) fn record(
    context: &Context,
    bench: &mut Workbench<'_>,
    reader: &Person,
    reading: Reading,
) -> Result<u64, CliError> {
    let sequencer = bench.sequencer();
    let actor = entry_of(bench, reader)?.actor;
    let own = |matter: &Matter| matches!(matter, Matter::Reader(reader) if *reader == actor);
    let thread = sequencer.threads().iter().find(|(_, thread)| own(&thread.matter)).map(|(id, _)| *id);
    let thread = thread.map_or_else(|| random().map(ThreadId), Ok)?;
    let purpose = reading.purpose;
    let mut step = Step::new(sequencer.next_spine(thread, Kind::RecordRead, context.today()));
    step.reading = Some(reading);
    let signed = sign_step(&bench.standpoint(reader)?, &reader.key, None, &step, None)?;
    let receipt = bench.submit(&[reader], signed.submission)?;
    let values = [("record", &*receipt.record.to_string()), ("purpose", purpose.name())];
    context.output.progress(&CaseText::ReadRecorded.with(context.lang, &values));
    Ok(receipt.record)
}

/// One row of the list: what a handler needs to find the case, and no name.
#[derive(Serialize)]
struct Row {
    handle: String,
    role: String,
    board: String,
    unit: String,
    reference: String,
    opened: String,
    status: &'static str,
    protected: bool,
    next: Vec<&'static str>,
}

fn status(case: &Case) -> &'static str {
    let told = [
        (case.restricted(), "restricted"),
        (case.closed(), "closed"),
        (case.has(Kind::CandidateWithdrew), "withdrawn"),
        (case.has(Kind::DecisionMade), "decided"),
        (case.has(Kind::ExtractShown) || case.has(Kind::ExtractExempted), "noted"),
        (case.has(Kind::AuthorityFetched), "fetched"),
        (case.has(Kind::ExtractRequested), "requested"),
    ];
    told.into_iter().find(|(holds, _)| *holds).map_or("open", |(_, name)| name)
}

/// The cases that an argument asks for and that the reader's roles reach, newest first. A protected
/// identity is listed for nobody who has not named the recruitment: named handlers only (domain,
/// point 8).
fn selected(
    context: &Context,
    bench: &Workbench<'_>,
    names: &Names,
    reader: &Person,
    arguments: &CaseListArgs,
) -> Result<Vec<(u64, ThreadId)>, CliError> {
    let controller = arguments.board.as_ref().map(|board| names.controller(board)).transpose()?;
    let role = arguments.role.as_ref().map(|role| role.to_uppercase());
    let reader = entry_of(bench, reader)?;
    let mut found = Vec::new();
    for (id, thread) in bench.sequencer().threads().iter() {
        let Matter::Case(case) = &thread.matter else { continue };
        let opening = case.opening.as_ref();
        let fits = (!arguments.open || !case.closed())
            && role.as_ref().is_none_or(|role| opening.is_some_and(|opening| opening.role.0 == *role))
            && controller.is_none_or(|board| opening.is_some_and(|opening| opening.controller == board))
            && arguments
                .reference
                .as_ref()
                .is_none_or(|reference| opening.is_some_and(|opening| opening.reference == *reference))
            && (!case.protected || arguments.reference.is_some())
            && casework::may_read(reader, &case.place().unwrap_or_default(), context.today());
        if fits {
            found.push((thread.records.first().copied().unwrap_or(0), *id));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(arguments.limit);
    Ok(found)
}

/// Lists cases.
pub(super) fn list(context: &Context, arguments: &CaseListArgs) -> Result<Exit, CliError> {
    let reader = Person::author(context, &arguments.author)?;
    let mut bench = Workbench::open(context)?;
    let names = Names::read(bench.sequencer().vault())?;
    let found = selected(context, &bench, &names, &reader, arguments)?;
    let reading = Reading {
        thread: None,
        purpose: arguments.purpose,
        remark: String::new(),
        compartments: vec![Compartment::Process],
        count: u32::try_from(found.len()).unwrap_or(u32::MAX),
    };
    record(context, &mut bench, &reader, reading)?;
    for (_, id) in &found {
        let Some(case) = bench.sequencer().threads().case(id) else { continue };
        let handle = casework::identity(bench.sequencer(), *id)?.map(|identity| identity.handle);
        let row = row(&bench, &names, case, handle);
        context.output.line(&row, || {
            format!(
                "{:<11}  {:<10}  {:<10}  {:<11}  {}  {}",
                row.handle, row.role, row.status, row.opened, row.reference, row.board
            )
        })?;
    }
    let count = found.len().to_string();
    let text = CaseText::ListEnd.with(context.lang, &[("count", &count)]);
    context.output.summary(&serde_json::json!({ "cases": found.len() }), text)?;
    bench.close()?;
    Ok(Exit::Done)
}

fn row(bench: &Workbench<'_>, names: &Names, case: &Case, handle: Option<String>) -> Row {
    let opening = case.opening.as_ref();
    let text = |kind, id: Option<[u8; 16]>| id.map_or_else(String::new, |id| names.text(kind, id));
    Row {
        handle: handle.unwrap_or_else(|| "–".to_owned()),
        role: opening.map_or_else(String::new, |opening| opening.role.0.clone()),
        board: text(NameKind::Controller, opening.map(|opening| opening.controller.0)),
        unit: text(NameKind::Unit, opening.map(|opening| opening.unit.0)),
        reference: opening.map_or_else(String::new, |opening| opening.reference.clone()),
        opened: case.opened().map_or_else(String::new, |day| day.to_string()),
        status: status(case),
        protected: case.protected,
        next: casework::next_steps(bench.sequencer(), case).into_iter().map(Kind::name).collect(),
    }
}

/// The reader's key entry, if the key may sign now.
pub(crate) fn entry_of<'s>(bench: &'s Workbench<'_>, reader: &Person) -> Result<&'s KeyEntry, CliError> {
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&reader.public_key(), sequencer.now());
    Ok(signer.map_err(vandel_core::admit::Refusal::Key)?.0)
}

/// Opens the home, finds the case, records the reading: then it may be shown.
fn begin<'a>(
    context: &'a Context,
    arguments: &CaseReadArgs,
    compartments: Vec<Compartment>,
) -> Result<(Workbench<'a>, ThreadId), CliError> {
    let reader = Person::author(context, &arguments.author)?;
    let mut bench = Workbench::open(context)?;
    let thread = casework::find(bench.sequencer(), &arguments.handle)?;
    let (purpose, remark) = (arguments.purpose, arguments.remark.clone());
    if bench.sequencer().threads().case(&thread).is_some_and(Case::restricted) && purpose == Purpose::Handling
    {
        let error = CliError::new(Exit::Refused, "restricted", "processing of the case is restricted");
        let next = "open it for a purpose that restriction allows: --purpose subject-access or audit";
        return Err(error.paragraph("GDPR art. 18.2").next(next));
    }
    let reading = Reading { thread: Some(thread), purpose, remark, compartments, count: 1 };
    record(context, &mut bench, &reader, reading)?;
    Ok((bench, thread))
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: Row,
    surname: Option<String>,
    given_name: Option<String>,
    number: Option<String>,
    outcome: Option<&'static str>,
    holds: usize,
}

/// Shows a case.
pub(super) fn show(context: &Context, arguments: &CaseReadArgs) -> Result<Exit, CliError> {
    let (bench, thread) = begin(context, arguments, vec![Compartment::Identity, Compartment::Process])?;
    let names = Names::read(bench.sequencer().vault())?;
    let identity = casework::identity(bench.sequencer(), thread)?;
    if let Some(case) = bench.sequencer().threads().case(&thread) {
        if case.protected {
            context.output.warn(&CaseText::Protected.in_lang(context.lang));
        }
        let shown = shown(&bench, &names, case, identity);
        context.output.result(&shown, || shown_text(context, &shown))?;
    }
    bench.close()?;
    Ok(Exit::Done)
}

fn shown(bench: &Workbench<'_>, names: &Names, case: &Case, identity: Option<Identity>) -> Shown {
    let number = identity
        .as_ref()
        .and_then(|identity| identity.number.number().map(|number| number.reveal().to_owned()));
    Shown {
        row: row(bench, names, case, identity.as_ref().map(|identity| identity.handle.clone())),
        number,
        surname: identity.as_ref().map(|identity| identity.surname.clone()),
        given_name: identity.map(|identity| identity.given_name),
        outcome: case.outcome.map(vandel_core::event::Outcome::name),
        holds: case.holds.len(),
    }
}

fn shown_text(context: &Context, shown: &Shown) -> String {
    let erased = || CaseText::IdentityErased.in_lang(context.lang);
    let name = match (&shown.given_name, &shown.surname) {
        (Some(given_name), Some(surname)) => format!("{given_name} {surname}"),
        _ => erased(),
    };
    let row = &shown.row;
    let mut lines = vec![
        format!("{}  {}", row.handle, name),
        format!("  {}  {} / {}  {}", row.role, row.board, row.unit, row.reference),
        format!("  {}  {}", row.opened, row.status),
    ];
    lines.extend(shown.number.as_ref().map(|number| format!("  {number}")));
    lines.extend(shown.outcome.map(|outcome| format!("  {outcome}")));
    if !row.next.is_empty() && row.status != "closed" {
        lines.push(CaseText::NextSteps.with(context.lang, &[("steps", &row.next.join(", "))]));
    }
    lines.join("\n")
}

#[derive(Serialize)]
struct Mark {
    step: usize,
    kind: &'static str,
    day: String,
    record: u64,
    by: String,
}

/// Shows every step of a case.
pub(super) fn timeline(context: &Context, arguments: &CaseReadArgs) -> Result<Exit, CliError> {
    let (bench, thread) = begin(context, arguments, vec![Compartment::Spine])?;
    let names = Names::read(bench.sequencer().vault())?;
    let threads = bench.sequencer().threads();
    let records = threads.get(&thread).map(|thread| thread.records.clone()).unwrap_or_default();
    let steps = threads.case(&thread).map(|case| case.steps.clone()).unwrap_or_default();
    for (number, (mark, record)) in steps.iter().zip(&records).enumerate() {
        let mark = Mark {
            step: number,
            kind: mark.kind.name(),
            day: mark.day.to_string(),
            record: *record,
            by: names.text(NameKind::Actor, mark.actor.0),
        };
        context.output.line(&mark, || {
            format!("{:>3}  {}  {:<26}  {:>8}  {}", mark.step, mark.day, mark.kind, mark.record, mark.by)
        })?;
    }
    if context.output.is_json() {
        context.output.summary(&serde_json::json!({ "steps": steps.len() }), "")?;
    }
    bench.close()?;
    Ok(Exit::Done)
}

//! `vandel hold`: what stops erasure, and what restricts processing. Release takes two people.

use serde::Serialize;
use vandel_core::event::{Compartment, Kind, Process, Purpose, Reading, Step};
use vandel_core::thread::Matter;
use vandel_ledger::author::sign_step;
use vandel_ledger::vault::NameKind;

use super::case::{CaseStep, record_reading, tell};
use crate::args::{HoldCommand, HoldListArgs, HoldReleaseArgs, StepArgs};
use crate::casework;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::names::Names;
use crate::people::Person;
use crate::workbench::Workbench;

/// Runs a command about holds.
pub(super) fn run(context: &Context, command: HoldCommand) -> Result<Exit, CliError> {
    match command {
        HoldCommand::Place(arguments) => place(context, &arguments.step, Kind::Held, |owner| Process::Held {
            ground: arguments.ground,
            owner,
            review: arguments.review,
            remark: arguments.remark.clone(),
        }),
        HoldCommand::Restrict(arguments) => {
            place(context, &arguments.step, Kind::Restricted, |owner| Process::Restricted {
                ground: arguments.ground,
                owner,
                review: arguments.review,
                remark: arguments.remark.clone(),
            })
        }
        HoldCommand::Release(arguments) => release(context, &arguments),
        HoldCommand::List(arguments) => list(context, &arguments),
    }
}

/// Who places it looks after it.
fn place(
    context: &Context,
    arguments: &StepArgs,
    kind: Kind,
    what: impl FnOnce(vandel_core::id::ActorId) -> Process,
) -> Result<Exit, CliError> {
    let begun = CaseStep::begin(context, arguments)?;
    let sequencer = begun.bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&begun.author.public_key(), sequencer.now());
    let owner = signer.map_err(vandel_core::admit::Refusal::Key)?.0.actor;
    let number = sequencer.threads().get(&begun.thread).map_or(0, vandel_core::thread::Thread::next);
    let values = [("handle", &*begun.handle.clone()), ("number", &*number.to_string())];
    let placed = CaseText::HoldPlaced.with(context.lang, &values);
    let process = what(owner);
    let exit = begun.take(kind, None, |step| step.process = Some(process))?;
    context.output.progress(&placed);
    Ok(exit)
}

fn release(context: &Context, arguments: &HoldReleaseArgs) -> Result<Exit, CliError> {
    let (author, approver) = Person::two(context, &arguments.people)?;
    let mut bench = Workbench::open(context)?;
    let thread = casework::find(bench.sequencer(), &arguments.handle)?;
    let sequencer = bench.sequencer();
    let holds = sequencer.threads().case(&thread).map(|case| case.holds.clone()).unwrap_or_default();
    let number = match (arguments.number, &holds.keys().copied().collect::<Vec<_>>()[..]) {
        (Some(number), _) => number,
        (None, [only]) => *only,
        (None, found) => {
            let message = format!("the case has {} holds in force; name one with --number", found.len());
            return Err(CliError::new(Exit::Usage, "which-hold", message).next("vandel hold list"));
        }
    };
    let day = arguments.day.unwrap_or_else(|| context.today());
    let mut step = Step::new(sequencer.next_spine(thread, Kind::Released, day));
    step.process = Some(Process::Released { number });
    let at = step.spine.number;
    let standpoint = bench.standpoint(&author)?;
    approver.check_seen(context, bench.sequencer().chain())?;
    let signed = sign_step(&standpoint, &author.key, Some(&approver.key), &step, None)?;
    let receipt = bench.submit(&[&author, &approver], signed.submission)?;
    let handle = vandel_ledger::handle::parse_handle(&arguments.handle).unwrap_or_default();
    tell(context, &handle, Kind::Released, at, &receipt)?;
    bench.close()?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Row {
    handle: String,
    step: u32,
    restriction: bool,
    since: String,
    age_days: i32,
    review: String,
    review_late: bool,
    owner: String,
}

/// Lists holds; the handles only to a reader whose roles reach the case, and whose reading is recorded.
fn list(context: &Context, arguments: &HoldListArgs) -> Result<Exit, CliError> {
    let mut bench = Workbench::open(context)?;
    let names = Names::read(bench.sequencer().vault())?;
    let reader = match &arguments.key {
        Some(key) => Some(Person::read(context, key, arguments.passphrase_file.as_deref())?),
        None => None,
    };
    if let Some(reader) = &reader {
        let reading = Reading {
            thread: None,
            purpose: Purpose::Retention,
            remark: String::new(),
            compartments: vec![Compartment::Identity],
            count: 0,
        };
        record_reading(context, &mut bench, reader, reading)?;
    }
    let sequencer = bench.sequencer();
    let reader = reader.and_then(|reader| sequencer.chain().keyring.get(&reader.public_key()));
    let mut rows = Vec::new();
    for (id, thread) in sequencer.threads().iter() {
        let Matter::Case(case) = &thread.matter else { continue };
        if case.holds.is_empty() {
            continue;
        }
        let place = case.place().unwrap_or_default();
        let handle = match reader.filter(|reader| casework::may_read(reader, &place, context.today())) {
            Some(_) => casework::identity(sequencer, *id)?.map(|identity| identity.handle),
            None => None,
        };
        rows.extend(case.holds.iter().map(|(step, hold)| Row {
            handle: handle.clone().unwrap_or_else(|| "–".to_owned()),
            step: *step,
            restriction: hold.restriction,
            since: hold.since.to_string(),
            age_days: context.as_of().days_after(hold.since),
            review: hold.review.to_string(),
            review_late: hold.review < context.as_of(),
            owner: names.text(NameKind::Actor, hold.owner.0),
        }));
    }
    rows.sort_by(|a, b| a.since.cmp(&b.since).then(a.handle.cmp(&b.handle)));
    for row in &rows {
        context.output.line(row, || {
            let what = if row.restriction { "restriction" } else { "hold" };
            let late = if row.review_late { "  LATE" } else { "" };
            format!(
                "{:<11}  {what:<11}  {}  {:>4} d  {}{late}  {}",
                row.handle, row.since, row.age_days, row.review, row.owner
            )
        })?;
    }
    let count = rows.len();
    let text = CaseText::HoldsEnd.with(context.lang, &[("count", &count.to_string())]);
    context.output.summary(&serde_json::json!({ "holds": count }), text)?;
    bench.close()?;
    Ok(Exit::Done)
}

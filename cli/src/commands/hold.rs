//! `vandel hold`: what stops erasure, and what restricts processing. Release takes two people.

use serde::Serialize;
use vandel_core::event::{Compartment, Kind, Process, Purpose, Reading, Step};
use vandel_ledger::author::sign_step;
use vandel_ledger::inquiry::{self, Asker, Content, HoldRow, Showing};

use super::case::{CaseStep, tell, wrong_showing};
use crate::args::{HoldCommand, HoldListArgs, HoldReleaseArgs, HoldRestrictArgs, StepArgs};
use crate::context::Context;
use crate::counter::Counter;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::people::Person;

/// Runs a command about holds.
pub(super) fn run(context: &Context, command: HoldCommand) -> Result<Exit, CliError> {
    match command {
        HoldCommand::Place(arguments) => place(context, &arguments.step, Kind::Held, |owner| Process::Held {
            ground: arguments.ground,
            owner,
            review: arguments.review,
            remark: arguments.remark.clone(),
        }),
        HoldCommand::Restrict(arguments) => restrict(context, &arguments),
        HoldCommand::Release(arguments) => release(context, &arguments),
        HoldCommand::List(arguments) => list(context, &arguments),
    }
}

/// Restricts processing (GDPR art. 18).
pub(super) fn restrict(context: &Context, arguments: &HoldRestrictArgs) -> Result<Exit, CliError> {
    place(context, &arguments.step, Kind::Restricted, |owner| Process::Restricted {
        ground: arguments.ground,
        owner,
        review: arguments.review,
        remark: arguments.remark.clone(),
    })
}

/// Who places it looks after it.
fn place(
    context: &Context,
    arguments: &StepArgs,
    kind: Kind,
    what: impl FnOnce(vandel_core::id::ActorId) -> Process,
) -> Result<Exit, CliError> {
    let mut begun = CaseStep::begin(context, arguments)?;
    let owner = begun.counter.own(&begun.author)?.actor;
    let number = begun.case.head.next;
    let values = [("handle", &*begun.case.handle.clone()), ("number", &*number.to_string())];
    let placed = CaseText::HoldPlaced.with(context.lang, &values);
    let process = what(owner);
    let exit = begun.take(kind, None, |step| step.process = Some(process))?;
    context.output.progress(&placed);
    Ok(exit)
}

fn release(context: &Context, arguments: &HoldReleaseArgs) -> Result<Exit, CliError> {
    let (author, approver) = Person::two(context, &arguments.people)?;
    let mut counter = Counter::open(context, &arguments.afar)?;
    let case = counter.case(&[&author, &approver], &arguments.handle)?;
    let number = match (arguments.number, &case.holds[..]) {
        (Some(number), _) => number,
        (None, [only]) => *only,
        (None, found) => {
            let message = format!("the case has {} holds in force; name one with --number", found.len());
            return Err(CliError::new(Exit::Usage, "which-hold", message).next("vandel hold list"));
        }
    };
    let day = arguments.day.unwrap_or_else(|| context.today());
    let mut step = Step::new(case.head.spine(Kind::Released, day));
    step.process = Some(Process::Released { number });
    let standpoint = counter.standpoint(&[&author, &approver])?;
    let signed = sign_step(&standpoint, &author.key, Some(&approver.key), &step, None)?;
    let receipt = counter.submit(&[&author, &approver], signed.submission)?;
    tell(context, &case.handle, Kind::Released, step.spine.number, &receipt)?;
    counter.close()?;
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

/// Lists holds: with a key those of cases that its holder's roles reach, with handles, and the reading
/// is recorded; without one, at home only, all of them without handles.
fn list(context: &Context, arguments: &HoldListArgs) -> Result<Exit, CliError> {
    let reader = match &arguments.key {
        Some(key) => Some(Person::read(context, key, arguments.passphrase_file.as_deref())?),
        None => None,
    };
    let mut counter = Counter::open(context, &arguments.afar)?;
    let showing = match (&reader, counter.home()) {
        (Some(reader), _) => {
            let reading = Reading {
                thread: None,
                purpose: Purpose::Retention,
                remark: String::new(),
                compartments: vec![Compartment::Identity],
                count: 0,
            };
            counter.show(reader, Content::Holds, reading)?
        }
        (None, Some(home)) => inquiry::show(home.sequencer(), Asker::Home, &Content::Holds)?,
        (None, None) => {
            return Err(CliError::new(Exit::Usage, "key-needed", "from afar, whoever looks signs")
                .next("give --key FILE"));
        }
    };
    let Showing::Holds(holds) = showing else { return Err(wrong_showing()) };
    let row = |hold: HoldRow| Row {
        handle: hold.handle,
        step: hold.step,
        restriction: hold.restriction,
        since: hold.since.to_string(),
        age_days: context.as_of().days_after(hold.since),
        review: hold.review.to_string(),
        review_late: hold.review < context.as_of(),
        owner: hold.owner,
    };
    let rows: Vec<Row> = holds.into_iter().map(row).collect();
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
    counter.close()?;
    Ok(Exit::Done)
}

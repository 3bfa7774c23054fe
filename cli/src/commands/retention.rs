//! `vandel retention`: what is to be erased when, and why.
//!
//! The calendar without handles names nobody. With handles it is content, and showing it is a reading.

pub(super) mod moved;

use serde::Serialize;
use vandel_core::event::{Compartment, Purpose, Reading as ReadEvent};
use vandel_projector::source::Source;
use vandel_projector::view::{DueAnswer, WhyAnswer};
use vandel_projector::{Projector, Settings};

use crate::args::{RetentionCommand, RetentionDueArgs, RetentionWhyArgs};
use crate::casework;
use crate::commands::case::record_reading;
use crate::commands::erasure;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::{Lang, LedgerText, retention as words};
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

/// Runs a command about retention.
pub(super) fn run(context: &Context, command: RetentionCommand) -> Result<Exit, CliError> {
    match command {
        RetentionCommand::Due(arguments) => due(context, &arguments),
        RetentionCommand::Why(arguments) => why(context, &arguments),
        RetentionCommand::Plan(arguments) => erasure::plan(context, &arguments),
        RetentionCommand::Order(arguments) => erasure::order(context, &arguments),
        RetentionCommand::Approve(arguments) => erasure::approve(context, &arguments),
        RetentionCommand::Stop(arguments) => erasure::stop(context, &arguments),
        RetentionCommand::Release(arguments) => erasure::release(context, &arguments),
        RetentionCommand::Apply(arguments) => erasure::apply(context, &arguments),
        RetentionCommand::Complete(arguments) => erasure::complete(context, &arguments),
        RetentionCommand::Plans => erasure::plans(context),
        RetentionCommand::Done => erasure::done(context),
        RetentionCommand::Moved(arguments) => moved::run(context, &arguments),
    }
}

/// An answer of the views, and what it is.
#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    answer: &'a T,
}

#[derive(Serialize)]
struct DueEnd {
    as_of: String,
    count: usize,
    overdue: usize,
}

fn due(context: &Context, arguments: &RetentionDueArgs) -> Result<Exit, CliError> {
    let as_of = context.as_of();
    let mut answers = match &arguments.key {
        None => {
            let reading = Reading::open(context)?;
            let mut projector = reading.projector()?;
            let mut answers = projector.ask(&reading.source(), |views| views.due(as_of, arguments.within))?;
            answers.iter_mut().for_each(|answer| answer.handle = None);
            answers
        }
        Some(key) => due_with_handles(context, arguments, key)?,
    };
    answers.sort_by(|a, b| (&a.date, &a.handle).cmp(&(&b.date, &b.handle)));
    for answer in &answers {
        context.output.line(&Line { kind: "due", answer }, || describe_due(answer))?;
    }
    let overdue = answers.iter().filter(|answer| answer.state == "overdue").count();
    let end = DueEnd { as_of: as_of.to_string(), count: answers.len(), overdue };
    let (count, overdue) = (end.count.to_string(), end.overdue.to_string());
    let values = [("as_of", &*end.as_of), ("count", &*count), ("overdue", &*overdue)];
    context.output.summary(&end, LedgerText::DueEnd.with(context.lang, &values))?;
    Ok(Exit::Done)
}

fn due_with_handles(
    context: &Context,
    arguments: &RetentionDueArgs,
    key: &std::path::Path,
) -> Result<Vec<DueAnswer>, CliError> {
    let reader = Person::read(context, key, arguments.passphrase_file.as_deref())?;
    let mut bench = Workbench::open(context)?;
    let answers = {
        let source = Source::of(bench.sequencer());
        let mut projector = Projector::in_memory(&source, Settings::default())?;
        projector.ask(&source, |views| views.due(context.as_of(), arguments.within))?
    };
    let reading = ReadEvent {
        thread: None,
        purpose: Purpose::Retention,
        remark: String::new(),
        compartments: vec![Compartment::Identity],
        count: u32::try_from(answers.len()).unwrap_or(u32::MAX),
    };
    record_reading(context, &mut bench, &reader, reading)?;
    bench.close()?;
    Ok(answers)
}

fn describe_due(answer: &DueAnswer) -> String {
    let date = answer.date.as_deref().unwrap_or("-");
    let latest = answer.no_later_than.as_deref().unwrap_or("-");
    let class = answer.class.as_deref().unwrap_or("-");
    let handle = answer.handle.as_deref().unwrap_or("");
    let line =
        format!("{date}..{latest}  {:<8}  {:<10}  {class:<14}  {handle}", answer.state, answer.compartment);
    line.trim_end().to_owned()
}

#[derive(Serialize)]
struct WhyEnd<'a> {
    handle: &'a str,
    as_of: String,
    count: usize,
}

fn why(context: &Context, arguments: &RetentionWhyArgs) -> Result<Exit, CliError> {
    let reader = Person::author(context, &arguments.author)?;
    let mut bench = Workbench::open(context)?;
    let thread = casework::find(bench.sequencer(), &arguments.handle)?;
    let as_of = context.as_of();
    let answers = {
        let source = Source::of(bench.sequencer());
        let mut projector = Projector::in_memory(&source, Settings::default())?;
        projector.ask(&source, |views| views.why(&thread, as_of))?
    };
    let reading = ReadEvent {
        thread: Some(thread),
        purpose: Purpose::Retention,
        remark: String::new(),
        compartments: vec![Compartment::Process],
        count: 1,
    };
    record_reading(context, &mut bench, &reader, reading)?;
    bench.close()?;
    for answer in &answers {
        context.output.line(&Line { kind: "why", answer }, || describe_why(answer, context.lang))?;
    }
    let end = WhyEnd { handle: &arguments.handle, as_of: as_of.to_string(), count: answers.len() };
    let values = [("handle", end.handle), ("as_of", &*end.as_of)];
    context.output.summary(&end, LedgerText::WhyEnd.with(context.lang, &values))?;
    Ok(Exit::Done)
}

fn describe_why(answer: &WhyAnswer, lang: Lang) -> String {
    let date = answer.date.as_deref().unwrap_or("-");
    let compartment = words::compartment(answer.compartment, lang);
    let mut text = format!("{compartment:<10}  {date}  {}", words::state(answer.state, lang));
    answer.reasons.iter().for_each(|reason| text += &format!("\n  {}", words::reason(reason, lang)));
    text
}

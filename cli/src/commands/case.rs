//! `vandel case`: every step of a check, signed by who takes it.

mod export;
mod import;
mod open;
mod read;
mod steps;
mod texts;

pub(super) use export::open_sealed;
pub(super) use read::{record as record_reading, wrong_showing};

use serde::Serialize;
use vandel_core::admit::Evidence;
use vandel_core::event::{Kind, Step};
use vandel_ledger::author::sign_step;
use vandel_ledger::inquiry::CaseBrief;
use vandel_ledger::submission::Receipt;

use crate::args::{CaseCommand, StepArgs};
use crate::context::Context;
use crate::counter::Counter;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::people::Person;

pub(super) use open::random;
pub(super) use texts::read_text;

/// Runs a command about cases.
pub(super) fn run(context: &Context, command: CaseCommand) -> Result<Exit, CliError> {
    match command {
        CaseCommand::Open(arguments) => open::run(context, &arguments),
        CaseCommand::Import(arguments) => import::run(context, &arguments),
        CaseCommand::List(arguments) => read::list(context, &arguments),
        CaseCommand::Show(arguments) => read::show(context, &arguments),
        CaseCommand::Timeline(arguments) => read::timeline(context, &arguments),
        CaseCommand::Export(arguments) => export::run(context, &arguments),
        CaseCommand::Unseal(arguments) => export::unseal(context, &arguments),
        other => steps::run(context, other),
    }
}

/// What is told about a step that was taken.
#[derive(Serialize)]
pub(super) struct Taken<'a> {
    #[serde(rename = "type")]
    kind_of_result: &'static str,
    handle: &'a str,
    kind: &'static str,
    step: u32,
    record: u64,
    time: String,
    hash: String,
    checkpoint: &'a str,
}

/// A step in a case that exists: found by its handle, filled in, signed, taken, told.
pub(super) struct CaseStep<'a> {
    pub(super) context: &'a Context,
    pub(super) counter: Counter<'a>,
    pub(super) author: Person,
    pub(super) case: CaseBrief,
    arguments: &'a StepArgs,
}

impl<'a> CaseStep<'a> {
    /// Finds the case.
    pub(super) fn begin(context: &'a Context, arguments: &'a StepArgs) -> Result<Self, CliError> {
        let author = Person::author(context, &arguments.author)?;
        let mut counter = Counter::open(context, &arguments.afar)?;
        let case = counter.case(&[&author], &arguments.handle)?;
        Ok(Self { context, counter, author, case, arguments })
    }

    /// Takes the step and ends in order.
    pub(super) fn take(
        mut self,
        kind: Kind,
        evidence: Option<Evidence>,
        fill: impl FnOnce(&mut Step),
    ) -> Result<Exit, CliError> {
        let day = self.arguments.day.unwrap_or_else(|| self.context.today());
        let mut step = Step::new(self.case.head.spine(kind, day));
        fill(&mut step);
        let standpoint = self.counter.standpoint(&[&self.author])?;
        let signed = sign_step(&standpoint, &self.author.key, None, &step, evidence)?;
        let receipt = self.counter.submit(&[&self.author], signed.submission)?;
        tell(self.context, &self.case.handle, kind, step.spine.number, &receipt)?;
        tell_next(self.context, &mut self.counter, &self.author, &self.case.handle);
        self.counter.close()?;
        Ok(Exit::Done)
    }
}

/// Tells of a step that was taken.
pub(super) fn tell(
    context: &Context,
    handle: &str,
    kind: Kind,
    step: u32,
    receipt: &Receipt,
) -> Result<(), CliError> {
    let taken = Taken {
        kind_of_result: "step",
        handle,
        kind: kind.name(),
        step,
        record: receipt.record,
        time: receipt.time.to_string(),
        hash: receipt.hash.to_string(),
        checkpoint: &receipt.checkpoint,
    };
    context.output.result(&taken, || {
        let record = receipt.record.to_string();
        let values = [("handle", handle), ("kind", kind.name()), ("record", &*record)];
        CaseText::Recorded.with(context.lang, &values)
    })
}

/// Says what the law lets come next. Whoever may take a step need not be able to see that.
pub(super) fn tell_next(context: &Context, counter: &mut Counter<'_>, author: &Person, handle: &str) {
    if context.output.is_quiet() {
        return;
    }
    let Ok(case) = counter.case(&[author], handle) else { return };
    let steps: Vec<_> = case.next_steps.into_iter().map(Kind::name).collect();
    if !steps.is_empty() && !case.closed {
        context.output.progress(&CaseText::NextSteps.with(context.lang, &[("steps", &steps.join(", "))]));
    }
}

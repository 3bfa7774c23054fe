//! Erasure: planned under a disposal decision, ordered by one person, approved by another, carried out.

mod apply;
mod approve;
mod certificate;
mod check;
mod complete;
mod page;
mod plan;
mod sinks;
mod stop;

use vandel_core::erasure::Plan;
use vandel_core::time::{Day, Second};

pub(super) use apply::apply;
pub(super) use approve::{approve, order};
pub(super) use certificate::beside as certificates_beside;
pub(super) use complete::{complete, done, plans};
pub(super) use plan::plan;
pub(super) use stop::{release, stop};

use crate::args::ErasureCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::workbench::Workbench;
use vandel_verify::certificate::shown;

/// Runs a command about erasures that have been carried out.
pub(super) fn run(context: &Context, command: &ErasureCommand) -> Result<Exit, CliError> {
    match command {
        ErasureCommand::Certificate(arguments) => certificate::certificate(context, arguments),
        ErasureCommand::Verify(arguments) => check::verify(context, arguments),
    }
}

/// Judges a plan as it would be carried out today. Everybody who signs or carries out does so anew:
/// a hold may have been placed, a step taken, a decision run out since.
fn judge_today(context: &Context, bench: &Workbench<'_>, plan: &Plan) -> Result<(), CliError> {
    Ok(bench.sequencer().judge_plan(plan, context.today())?)
}

/// The last second of a day in UTC.
fn end_of(day: Day) -> Second {
    let days = u64::try_from(day.days_since_epoch()).unwrap_or(0);
    Second(days * 86_400 + 86_399)
}

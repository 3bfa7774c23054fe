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
use vandel_core::hash::Hash;
use vandel_core::time::{Day, Second};

pub(super) use apply::apply;
pub(super) use approve::{approve, order};
pub(super) use complete::{complete, done, plans};
pub(super) use plan::plan;
pub(super) use stop::{release, stop};

use crate::args::ErasureCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::workbench::Workbench;

/// Runs a command about erasures that have been carried out.
pub(super) fn run(context: &Context, command: &ErasureCommand) -> Result<Exit, CliError> {
    match command {
        ErasureCommand::Certificate(arguments) => certificate::certificate(context, arguments),
        ErasureCommand::Verify(arguments) => check::verify(context, arguments),
    }
}

/// A plan's hash as people pass it on.
fn shown(hash: &Hash) -> String {
    format!("sha256:{hash}")
}

/// Judges a plan as it would be carried out today. Everybody who signs or carries out does so anew:
/// a hold may have been placed, a step taken, a decision run out since.
fn judge_today(context: &Context, bench: &Workbench<'_>, plan: &Plan) -> Result<(), CliError> {
    Ok(bench.sequencer().judge_plan(plan, context.today())?)
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| if let [high, low] = pair { Some(digit(high)? << 4 | digit(low)?) } else { None })
        .collect()
}

/// The last second of a day in UTC.
fn end_of(day: Day) -> Second {
    let days = u64::try_from(day.days_since_epoch()).unwrap_or(0);
    Second(days * 86_400 + 86_399)
}

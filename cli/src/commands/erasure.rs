//! Erasure: planned under a disposal decision, ordered by one person, approved by another, carried out.

mod apply;
mod approve;
mod plan;

use vandel_core::erasure::{Plan, judge};
use vandel_core::hash::Hash;
use vandel_core::time::{Day, Second};
use vandel_projector::source::Source;
use vandel_projector::{Projector, Settings};

pub(super) use apply::apply;
pub(super) use approve::{approve, order};
pub(super) use plan::plan;

use crate::context::Context;
use crate::error::CliError;
use crate::workbench::Workbench;

/// A plan's hash as people pass it on.
fn shown(hash: &Hash) -> String {
    format!("sha256:{hash}")
}

/// Judges a plan as it would be carried out today. Everybody who signs or carries out does so anew:
/// a hold may have been placed, a step taken, a decision run out since.
fn judge_today(context: &Context, bench: &Workbench<'_>, plan: &Plan) -> Result<(), CliError> {
    let source = Source::of(bench.sequencer());
    let projector = Projector::in_memory(&source, Settings::default())?;
    Ok(judge(plan, bench.sequencer().chain(), &projector.views(&source), context.today())?)
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The last second of a day in UTC.
fn end_of(day: Day) -> Second {
    let days = u64::try_from(day.days_since_epoch()).unwrap_or(0);
    Second(days * 86_400 + 86_399)
}

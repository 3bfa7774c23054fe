//! `vandel retention complete`: two people say that every older copy is gone; and the lists of plans and erasures.

use serde::Serialize;
use vandel_core::chain::Erasure;
use vandel_core::event::{ErasureCompleted, OpenEvent};
use vandel_core::hash::Hash;
use vandel_ledger::erasure::ErasureRefusal;
use vandel_ledger::sinks::SinkState;

use super::shown;
use crate::args::RetentionCompleteArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Completed {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    started: u64,
    completed: u64,
    oldest_epoch: Option<u64>,
}

/// Completes an executed erasure.
pub(in crate::commands) fn complete(
    context: &Context,
    arguments: &RetentionCompleteArgs,
) -> Result<Exit, CliError> {
    let (first, second) = Person::two(context, &arguments.people)?;
    let mut bench = Workbench::open(context)?;
    let erasures = &bench.sequencer().chain().erasures;
    let found = erasures.iter().find(|(_, erasure)| erasure.plan == arguments.plan);
    let (started, before) = match found {
        Some((started, Erasure { executed: Some(_), completed, .. })) => (*started, *completed),
        _ => {
            let message = format!("{} has not been carried out", shown(&arguments.plan));
            return Err(CliError::new(Exit::Refused, "not-executed", message)
                .next(format!("vandel retention apply --plan {}", shown(&arguments.plan))));
        }
    };
    let plan = shown(&arguments.plan);
    let (kind, completed, oldest_epoch) = match before {
        Some(completed) => ("erasure_already_completed", completed, None),
        None => {
            let outstanding = bench.sequencer().outstanding(started)?;
            if !outstanding.sinks.is_empty() {
                let sinks = outstanding.sinks.iter().map(SinkState::to_string).collect();
                return Err(ErasureRefusal::OlderCopies { sinks }.into());
            }
            let oldest_epoch = outstanding.oldest_epoch;
            let event = OpenEvent::ErasureCompleted(ErasureCompleted { started, oldest_epoch });
            let receipt = bench.say((&first, &second), event)?;
            ("erasure_completed", receipt.record, Some(oldest_epoch))
        }
    };
    bench.close()?;
    let done = Completed { kind, plan, started, completed, oldest_epoch };
    context.output.result(&done, || {
        let text = if before.is_some() { ErasureText::AlreadyCompleted } else { ErasureText::Completed };
        text.with(context.lang, &[("plan", &*done.plan), ("record", &*completed.to_string())])
    })?;
    Ok(Exit::Done)
}

/// A plan in a list.
#[derive(Serialize)]
struct Row {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<usize>,
    records: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    executed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<u64>,
}

#[derive(Serialize)]
struct End {
    count: usize,
}

/// Lists the stored plans, from the newest made to the oldest, with how far each has come.
pub(in crate::commands) fn plans(context: &Context) -> Result<Exit, CliError> {
    let bench = Workbench::open(context)?;
    let mut rows = Vec::new();
    for name in context.disk.list(&context.home.plans()).unwrap_or_default() {
        let Some(hash) = name.strip_suffix(".plan").and_then(Hash::from_hex) else { continue };
        let sequencer = bench.sequencer();
        let plan = sequencer.load_plan(&hash)?;
        let order = sequencer.load_order(&plan)?;
        let erasures = &sequencer.chain().erasures;
        let erasure = erasures.iter().find(|(_, erasure)| erasure.plan == hash);
        let mut row = row_of(&hash, erasure.map(|(started, erasure)| (*started, erasure)));
        row.as_of = Some(plan.as_of.to_string());
        row.lines = Some(plan.lines.len());
        row.records = plan.records().len();
        row.expires = order.as_ref().map(|order| order.expires.to_string());
        row.stopped = sequencer.stop_of(&hash)?.map(|stop| stop.record);
        if erasure.is_none() {
            row.state = match &order {
                _ if row.stopped.is_some() => "stopped",
                Some(order) if order.expires < sequencer.now() => "expired",
                Some(order) if order.approver.is_some() => "approved",
                Some(_) => "ordered",
                None => "planned",
            };
        }
        rows.push(row);
    }
    bench.close()?;
    rows.sort_by(|a, b| (&b.as_of, &b.plan).cmp(&(&a.as_of, &a.plan)));
    print(context, &rows)
}

/// Lists the erasures on the chain. No plan is opened.
pub(in crate::commands) fn done(context: &Context) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let erasures = reading.chain().erasures.iter();
    let rows: Vec<Row> =
        erasures.map(|(started, erasure)| row_of(&erasure.plan, Some((*started, erasure)))).collect();
    print(context, &rows)
}

fn row_of(plan: &Hash, erasure: Option<(u64, &Erasure)>) -> Row {
    let executed = erasure.and_then(|(_, erasure)| erasure.executed).map(|(record, _)| record);
    let completed = erasure.and_then(|(_, erasure)| erasure.completed);
    let state = match (erasure, executed, completed) {
        (_, _, Some(_)) => "completed",
        (_, Some(_), None) => "executed",
        (Some(_), None, None) => "started",
        _ => "planned",
    };
    Row {
        kind: "plan",
        plan: shown(plan),
        state,
        as_of: None,
        lines: None,
        records: erasure.map_or(0, |(_, erasure)| erasure.records.len()),
        expires: None,
        stopped: None,
        started: erasure.map(|(started, _)| started),
        executed,
        completed,
    }
}

fn print(context: &Context, rows: &[Row]) -> Result<Exit, CliError> {
    for row in rows {
        context.output.line(row, || {
            let number =
                |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            format!(
                "{}  {:<9}  {} records  started {}  executed {}  completed {}",
                row.plan,
                row.state,
                row.records,
                number(row.started),
                number(row.executed),
                number(row.completed)
            )
        })?;
    }
    let end = End { count: rows.len() };
    let text = ErasureText::PlansEnd.with(context.lang, &[("count", &*end.count.to_string())]);
    context.output.summary(&end, text)?;
    Ok(Exit::Done)
}

//! `vandel retention apply`: carries out, or goes on where it was interrupted.

use serde::Serialize;
use vandel_core::event::Compartment;
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_ledger::erasure::ErasureError;
use vandel_projector::source::Source;
use vandel_projector::{Projector, Settings};

use super::approve::{not_approved, not_ordered};
use super::{judge_today, shown};
use crate::args::RetentionApplyArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Executed {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    started: u64,
    executed: u64,
    lines: usize,
    records: usize,
    keys_destroyed: u64,
    keys_absent: u64,
    parts_overwritten: u64,
    root_cell: &'static str,
    assurance: &'static str,
    epoch: u64,
    manifest: String,
    resumed: bool,
}

#[derive(Serialize)]
struct Already {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    started: u64,
    executed: u64,
}

/// Carries a plan out. Whatever an earlier run left half done is finished first.
pub(in crate::commands) fn apply(
    context: &Context,
    arguments: &RetentionApplyArgs,
) -> Result<Exit, CliError> {
    let mut bench = Workbench::open(context)?;
    let mut done = false;
    for (started, plan) in bench.sequencer().pending_erasures() {
        let values = [("record", &*started.to_string())];
        context.output.progress(&ErasureText::Resuming.with(context.lang, &values));
        execute(context, &mut bench, started, &plan, true)?;
        done |= plan == arguments.plan;
    }
    if !done {
        begin(context, &mut bench, &arguments.plan)?;
    }
    bench.close()?;
    Ok(Exit::Done)
}

fn begin(context: &Context, bench: &mut Workbench<'_>, plan_hash: &Hash) -> Result<(), CliError> {
    let erasures = &bench.sequencer().chain().erasures;
    let before = erasures.iter().find(|(_, erasure)| erasure.plan == *plan_hash);
    if let Some((started, Some((executed, _)))) = before.map(|(at, erasure)| (*at, erasure.executed)) {
        let already = Already { kind: "erasure_already_executed", plan: shown(plan_hash), started, executed };
        let values = [("plan", &*already.plan), ("executed", &*executed.to_string())];
        return context.output.result(&already, || ErasureText::Already.with(context.lang, &values));
    }
    let plan = bench.sequencer().load_plan(plan_hash)?;
    let order = bench.sequencer().load_order(&plan)?.ok_or_else(|| not_ordered(&shown(plan_hash)))?;
    if order.approver.is_none() {
        return Err(not_approved(&shown(plan_hash)));
    }
    judge_today(context, bench, &plan)?;
    bench.sequencer().foresee_order(&order)?;
    let started = bench.sequencer_mut().start_erasure(order.submission())?.record;
    let values = [("record", &*started.to_string())];
    context.output.progress(&ErasureText::Started.with(context.lang, &values));
    execute(context, bench, started, plan_hash, false)
}

fn execute(
    context: &Context,
    bench: &mut Workbench<'_>,
    started: u64,
    plan_hash: &Hash,
    resumed: bool,
) -> Result<(), CliError> {
    let records = bench.sequencer().chain().erasures.get(&started).map_or(0, |erasure| erasure.records.len());
    // A restored backup that was made before the plan does not have it; which keys go is known all the same.
    let lines = match bench.sequencer().load_plan(plan_hash) {
        Ok(plan) => plan.lines,
        Err(ErasureError::NoPlan { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let (evidence, receipt) = bench.sequencer_mut().execute_erasure(started)?;
    let gone = lines.iter().filter(|line| line.erases(Compartment::Spine)).map(|line| line.thread);
    catch_up(context, bench, &gone.collect::<Vec<_>>())?;
    let executed = Executed {
        kind: "erasure_executed",
        plan: shown(plan_hash),
        started,
        executed: receipt.record,
        lines: lines.len(),
        records,
        keys_destroyed: evidence.keys_destroyed,
        keys_absent: evidence.keys_absent,
        parts_overwritten: evidence.parts_overwritten,
        root_cell: evidence.root_cell.name(),
        assurance: evidence.root_cell.assurance(),
        epoch: evidence.epoch,
        manifest: evidence.manifest.to_string(),
        resumed,
    };
    context.output.line(&executed, || describe(context, &executed))
}

/// Brings the stored views up to date, and makes sure that nothing of what is gone answers.
fn catch_up(context: &Context, bench: &mut Workbench<'_>, gone: &[ThreadId]) -> Result<(), CliError> {
    Projector::prepare(bench.sequencer_mut().vault_mut())?;
    let source = Source::of(bench.sequencer());
    let mut projector = Projector::open(&context.home, &source, Settings::default())?;
    for thread in gone {
        if projector.ask(&source, |views| views.case(thread))?.is_some() {
            let message = "the views still answer about a case that was erased";
            return Err(CliError::new(Exit::Internal, "view-not-erased", message)
                .next("throw them away: vandel view rebuild"));
        }
    }
    Ok(())
}

fn describe(context: &Context, executed: &Executed) -> String {
    let number = |number: u64| number.to_string();
    let values = [
        ("started", number(executed.started)),
        ("executed", number(executed.executed)),
        ("keys", number(executed.keys_destroyed)),
        ("parts", number(executed.parts_overwritten)),
        ("records", executed.records.to_string()),
        ("epoch", number(executed.epoch)),
        ("plan", executed.plan.clone()),
        ("cell", executed.root_cell.to_owned()),
        ("assurance", executed.assurance.to_owned()),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    ErasureText::Executed.with(context.lang, &values)
}

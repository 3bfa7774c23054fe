//! `vandel retention stop` and `release`: the data-protection officer's own word, recorded as a reading.

use serde::Serialize;
use vandel_core::admit::Refusal;
use vandel_core::erasure::Notice;
use vandel_core::event::{Reading, Role};
use vandel_ledger::erasure::ErasureRefusal;

use super::shown;
use crate::args::RetentionStopArgs;
use crate::commands::case::record_reading;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Said {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    record: u64,
}

/// Stops a plan that has not begun.
pub(in crate::commands) fn stop(context: &Context, arguments: &RetentionStopArgs) -> Result<Exit, CliError> {
    say(context, arguments, true)
}

/// Lets a stopped plan go on.
pub(in crate::commands) fn release(
    context: &Context,
    arguments: &RetentionStopArgs,
) -> Result<Exit, CliError> {
    say(context, arguments, false)
}

fn say(context: &Context, arguments: &RetentionStopArgs, stops: bool) -> Result<Exit, CliError> {
    let officer = Person::author(context, &arguments.author)?;
    let reason = arguments.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(CliError::new(Exit::Usage, "no-reason", "say why with --reason"));
    }
    let mut bench = Workbench::open(context)?;
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&officer.public_key(), sequencer.now());
    let (entry, _) = signer.map_err(Refusal::Key)?;
    let (day, role) = (context.today(), Role::DataProtectionOfficer);
    if !entry.grants.iter().any(|grant| grant.role == role && grant.in_force_on(day)) {
        let message = "only the data-protection officer stops a plan, and lets it go on";
        return Err(CliError::new(Exit::NotAuthorised, "role", message)
            .paragraph("GDPR art. 38.6")
            .next("two administrators grant roles: vandel key enroll --help"));
    }
    let plan = sequencer.load_plan(&arguments.plan)?;
    let erasures = &sequencer.chain().erasures;
    if let Some((started, _)) = erasures.iter().find(|(_, erasure)| erasure.plan == arguments.plan) {
        return Err(ErasureRefusal::StartedBefore { plan: arguments.plan, started: *started }.into());
    }
    let notice = match stops {
        true => Notice::PlanStopped { plan: arguments.plan, reason },
        false => Notice::PlanReleased { plan: arguments.plan, reason },
    };
    let reading = Reading {
        thread: None,
        purpose: notice.purpose(),
        remark: notice.remark(),
        compartments: Vec::new(),
        count: u32::try_from(plan.lines.len()).unwrap_or(u32::MAX),
    };
    let record = record_reading(context, &mut bench, &officer, reading)?;
    bench.close()?;
    let (kind, text) = match stops {
        true => ("plan_stopped", ErasureText::Stopped),
        false => ("plan_released", ErasureText::Released),
    };
    let said = Said { kind, plan: shown(&arguments.plan), record };
    context.output.result(&said, || {
        text.with(context.lang, &[("plan", &*said.plan), ("record", &*record.to_string())])
    })?;
    Ok(Exit::Done)
}

//! `vandel retention order` and `approve`: two people sign the same bytes, one after the other.

use serde::Serialize;
use vandel_core::admit::Refusal;
use vandel_core::chain::OpenRefusal;
use vandel_core::event::OpenKind;
use vandel_core::id::ActorId;
use vandel_core::time::Period;
use vandel_ledger::erasure::Order;

use super::{end_of, judge_today, shown};
use crate::args::{RetentionApproveArgs, RetentionOrderArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::workbench::Workbench;

/// How long an order stands unless another day is named.
const ORDER_DAYS: u16 = 7;

#[derive(Serialize)]
struct Signed {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    expires: String,
    by: String,
}

/// The first signature.
pub(in crate::commands) fn order(
    context: &Context,
    arguments: &RetentionOrderArgs,
) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let bench = Workbench::open(context)?;
    let plan = bench.sequencer().load_plan(&arguments.plan)?;
    judge_today(context, &bench, &plan)?;
    let actor = actor(&bench, &author)?;
    bench.standpoint(&author)?;
    let until = arguments.expires.unwrap_or_else(|| context.today().plus(Period::days(ORDER_DAYS)));
    let expires = end_of(until);
    if expires < bench.sequencer().now() {
        return Err(OpenRefusal::ApprovalExpired { expired: expires }.into());
    }
    let order = Order::sign(bench.sequencer(), &plan, expires, &author.key)?;
    bench.sequencer().store_order(&arguments.plan, &order)?;
    bench.close()?;
    let signed = Signed {
        kind: "erasure_ordered",
        plan: shown(&arguments.plan),
        expires: expires.to_string(),
        by: actor.to_string(),
    };
    say(context, &signed, ErasureText::Ordered)
}

/// The second signature.
pub(in crate::commands) fn approve(
    context: &Context,
    arguments: &RetentionApproveArgs,
) -> Result<Exit, CliError> {
    let approver = Person::author(context, &arguments.author)?;
    let bench = Workbench::open(context)?;
    let plan = bench.sequencer().load_plan(&arguments.plan)?;
    let ordered = bench.sequencer().load_order(&plan)?.ok_or_else(|| not_ordered(&shown(&arguments.plan)))?;
    judge_today(context, &bench, &plan)?;
    let actor = actor(&bench, &approver)?;
    bench.standpoint(&approver)?;
    let approved = ordered.approve(&approver.key)?;
    bench.sequencer().foresee_order(&approved)?;
    bench.sequencer().store_order(&arguments.plan, &approved)?;
    bench.close()?;
    let signed = Signed {
        kind: "erasure_approved",
        plan: shown(&arguments.plan),
        expires: approved.expires.to_string(),
        by: actor.to_string(),
    };
    say(context, &signed, ErasureText::Approved)
}

/// Nobody has ordered it.
pub(super) fn not_ordered(plan: &str) -> CliError {
    CliError::new(Exit::Refused, "not-ordered", format!("nobody has ordered {plan}"))
        .next(format!("vandel retention order --plan {plan} --key FILE"))
}

/// Only one person has signed.
pub(super) fn not_approved(plan: &str) -> CliError {
    let refusal = OpenRefusal::SignatureCount { kind: OpenKind::ErasureStarted, needed: 2, found: 1 };
    CliError::new(Exit::Refused, "not-approved", format!("{plan} is not approved: {refusal}"))
        .next(format!("vandel retention approve --plan {plan} --key FILE"))
}

fn actor(bench: &Workbench<'_>, person: &Person) -> Result<ActorId, CliError> {
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&person.public_key(), sequencer.now());
    Ok(signer.map_err(Refusal::Key)?.0.actor)
}

fn say(context: &Context, signed: &Signed, text: ErasureText) -> Result<Exit, CliError> {
    let values = [("plan", &*signed.plan), ("expires", &*signed.expires)];
    context.output.result(signed, || text.with(context.lang, &values))?;
    Ok(Exit::Done)
}

//! `vandel feed tail` on a home: every record as it comes, with what is public of it.

use std::time::Duration;

use vandel_core::id::LedgerId;
use vandel_ledger::home_log::HomeLog;
use vandel_projector::feed::service::RecordEvent;
use vandel_projector::following::{Following, Judged};

use crate::args::FeedTailArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::FeedText;
use crate::monitor::Stop;

/// How many records are shown if none is named.
const LAST: usize = 10;
const PAUSE: Duration = Duration::from_millis(300);

/// Shows what is there, then what comes.
pub(super) fn run(context: &Context, arguments: &FeedTailArgs) -> Result<Exit, CliError> {
    let stop = Stop::on_signals()?;
    let log = HomeLog::open(&context.disk, &context.home)?;
    let mut there: Vec<Judged> = Vec::new();
    let mut following =
        Following::open(context.disk.clone(), &context.home, context.shared_root_cell()?, log, |judged| {
            // Without --from only the last ones are kept.
            if arguments.from.is_none_or(|from| judged.record >= from) {
                there.push(judged);
                if arguments.from.is_none() && there.len() > 2 * LAST {
                    there.drain(..LAST);
                }
            }
        })?;
    if arguments.from.is_none() {
        let extra = there.len().saturating_sub(LAST);
        there.drain(..extra);
    }
    let ledger = following.source().chain.ledger;
    let mut shown = 0;
    show(context, arguments, &ledger, &there, &mut shown)?;
    if arguments.no_follow {
        return end(context, shown);
    }
    let count = following.source().chain.size().to_string();
    context.output.progress(&FeedText::CaughtUp.with(context.lang, &[("count", &count)]));
    while !stop.wait(PAUSE) {
        let mut came = Vec::new();
        match following.advance(|judged| came.push(judged)) {
            Ok(_) => {}
            Err(error) if error.is_passing() => {}
            Err(error) => {
                show(context, arguments, &ledger, &came, &mut shown)?;
                return Err(error.into());
            }
        }
        show(context, arguments, &ledger, &came, &mut shown)?;
    }
    end(context, shown)
}

fn end(context: &Context, shown: u64) -> Result<Exit, CliError> {
    let text = FeedText::Shown.with(context.lang, &[("count", &shown.to_string())]);
    context.output.summary(&serde_json::json!({ "shown": shown }), text)?;
    Ok(Exit::Done)
}

fn show(
    context: &Context,
    arguments: &FeedTailArgs,
    ledger: &LedgerId,
    records: &[Judged],
    shown: &mut u64,
) -> Result<(), CliError> {
    for judged in records {
        let (record, time, hash) = (judged.record, judged.time, judged.hash);
        let line = |what: &str| format!("{record:>8}  {time}  {what:<24}  {hash}");
        let wanted = |names: &[&str]| {
            let kinds = &arguments.kinds;
            kinds.is_empty() || kinds.iter().any(|kind| names.contains(&&**kind))
        };
        match judged.event(ledger) {
            RecordEvent::Sealed(event) if wanted(&["recorded"]) => {
                context.output.line(&event, || line(&FeedText::Sealed.in_lang(context.lang)))?;
            }
            RecordEvent::Open(event) if wanted(&["act", &event.data.kind]) => {
                context.output.line(&event, || line(&event.data.kind))?;
            }
            _ => continue,
        }
        *shown += 1;
    }
    Ok(())
}

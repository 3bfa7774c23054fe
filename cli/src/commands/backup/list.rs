//! `vandel backup list`: what the register of sinks knows of generations.

use serde::Serialize;
use vandel_ledger::home_log::ledger_id_of;
use vandel_ledger::sinks::{Fate, Register, SinkKind, SinkState, What};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::BackupText;

#[derive(Serialize)]
struct Row {
    sink: String,
    half: &'static str,
    made: String,
    epoch: u64,
    expires: Option<String>,
    state: &'static str,
    how: Option<String>,
    place: String,
}

/// How a generation stands.
fn state(context: &Context, sink: &SinkState) -> &'static str {
    match &sink.fate {
        Fate::Destroyed(_) => "destroyed",
        Fate::NotReachable(_) => "not-reachable",
        Fate::Exists if sink.made.expires.is_some_and(|day| day < context.today()) => "late",
        Fate::Exists => "kept",
    }
}

pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    let ledger = ledger_id_of(&context.disk, &context.home)?;
    let register = Register::read(&*context.disk, &context.home, ledger)
        .map_err(vandel_ledger::backup::BackupError::from)?;
    let (mut living, mut late, mut destroyed) = (0, 0, 0);
    let is_backup = |sink: &SinkState| matches!(sink.made.kind, SinkKind::BackupData | SinkKind::BackupKeys);
    for sink in register.states().iter().filter(|sink| is_backup(sink)) {
        let state = state(context, sink);
        living += usize::from(state != "destroyed");
        late += usize::from(state == "late");
        destroyed += usize::from(state == "destroyed");
        let row = row(sink, state);
        context.output.line(&row, || {
            let expires = row.expires.as_deref().unwrap_or("-");
            format!(
                "{:<4}  {}  epoch {:>4}  until {expires}  {:<9}  {}",
                row.half, row.made, row.epoch, row.state, row.place
            )
        })?;
    }
    let counts =
        [("living", living), ("late", late), ("destroyed", destroyed)].map(|(name, n)| (name, n.to_string()));
    let text = BackupText::ListEnd.with(context.lang, &counts.each_ref().map(|(name, n)| (*name, &**n)));
    let summary = serde_json::json!({ "living": living, "late": late, "destroyed": destroyed });
    context.output.summary(&summary, text)?;
    Ok(Exit::Done)
}

fn row(sink: &SinkState, state: &'static str) -> Row {
    let how = match &sink.fate {
        Fate::Destroyed(signed) | Fate::NotReachable(signed) => match &signed.entry.what {
            What::Destroyed { how, .. } => Some(how.clone()),
            What::NotReachable { why, .. } => Some(why.clone()),
            What::Made(_) => None,
        },
        Fate::Exists => None,
    };
    Row {
        sink: sink.made.sink.to_string(),
        half: if sink.made.kind == SinkKind::BackupKeys { "keys" } else { "data" },
        made: sink.at.to_string(),
        epoch: sink.made.epoch,
        expires: sink.made.expires.map(|day| day.to_string()),
        state,
        how,
        place: sink.made.place.clone(),
    }
}

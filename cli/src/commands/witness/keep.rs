//! Keeping a witness: its key, the logs it knows, and the service.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use vandel_core::note::VerifierKey;
use vandel_core::trust::parse_trust;
use vandel_ledger::disk::read_all;
use vandel_ledger::witness::{Keeper, Rate, WitnessError, WitnessFolder, service};

use crate::args::{WitnessAddLogArgs, WitnessFolderArgs, WitnessInitArgs, WitnessServeArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::WitnessText;
use crate::reading::parse_checkpoint;

#[derive(Serialize)]
struct Made {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    key: String,
    line: String,
}

/// Makes a witness.
pub(super) fn init(context: &Context, arguments: &WitnessInitArgs) -> Result<Exit, CliError> {
    let key = WitnessFolder::new(&arguments.folder.dir).init(&*context.disk, &arguments.name)?;
    let line = format!("witness {} {key}", key.name());
    let made = Made { kind: "witness_made", name: key.name().to_owned(), key: key.to_string(), line };
    context.output.result(&made, || made.line.clone())?;
    context.output.progress(&WitnessText::Made.in_lang(context.lang));
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Added {
    #[serde(rename = "type")]
    kind: &'static str,
    added: usize,
}

/// Lets the witness know logs.
pub(super) fn add_log(context: &Context, arguments: &WitnessAddLogArgs) -> Result<Exit, CliError> {
    let mut keys = Vec::new();
    for log in &arguments.logs {
        // A verifier key has two plus signs; a file may have any name, so it is looked for first.
        match read_all(&*context.disk, Path::new(log)) {
            Ok(bytes) => {
                let trust = parse_trust(&bytes)
                    .map_err(|error| CliError::new(Exit::Usage, "trust-file", format!("{log}: {error}")))?;
                keys.extend(trust.logs().iter().map(|log| log.key.clone()));
            }
            Err(_) => keys.push(log.parse::<VerifierKey>().map_err(|error| {
                let message = format!("{log} is neither a readable file nor a verifier key: {error}");
                CliError::new(Exit::Usage, "log-key", message)
            })?),
        }
    }
    let folder = WitnessFolder::new(&arguments.folder.dir);
    folder.read(&*context.disk)?;
    let added = Added { kind: "logs_added", added: folder.add_logs(&*context.disk, keys)? };
    let count = added.added.to_string();
    context.output.result(&added, || WitnessText::LogsAdded.with(context.lang, &[("count", &count)]))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Serving {
    #[serde(rename = "type")]
    kind: &'static str,
    listen: String,
    key: String,
    logs: usize,
}

/// Serves until it is told to stop.
pub(super) fn serve(context: &Context, arguments: &WitnessServeArgs) -> Result<Exit, CliError> {
    let rate = Rate { per_second: arguments.rate, burst: arguments.rate.saturating_mul(5) };
    let folder = WitnessFolder::new(&arguments.folder.dir);
    let (disk, clock, files) = (context.disk.clone(), context.clock.clone(), arguments.trust.clone());
    let keeper = Arc::new(Keeper::open(disk, clock, folder, files, rate)?);
    let output = context.output.clone();
    let notice: service::Notice = Arc::new(move |what| output.warn(what));
    let network = |error: std::io::Error| {
        CliError::new(Exit::Io, "listen", format!("cannot listen on {}: {error}", arguments.listen))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(network)?.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen).await.map_err(network)?;
        let serving = Serving {
            kind: "witness_serving",
            listen: listener.local_addr().map_err(network)?.to_string(),
            key: keeper.verifier().to_string(),
            logs: keeper.known_logs().len(),
        };
        let values = [("listen", &*serving.listen), ("key", &*serving.key)];
        context.output.result(&serving, || WitnessText::Serving.with(context.lang, &values))?;
        service::serve(keeper, listener, notice, stop()).await.map_err(network)
    })?;
    Ok(Exit::Done)
}

/// Done when the process is asked to end.
async fn stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[derive(Serialize)]
struct Held {
    #[serde(rename = "type")]
    kind: &'static str,
    origin: String,
    size: Option<u64>,
    root: Option<String>,
    note: Option<String>,
}

#[derive(Serialize)]
struct Count {
    logs: usize,
}

/// Lists the logs and what is held of each.
pub(super) fn status(context: &Context, arguments: &WitnessFolderArgs) -> Result<Exit, CliError> {
    let folder = WitnessFolder::new(&arguments.dir);
    folder.read(&*context.disk)?;
    let mut logs = Vec::new();
    for note in folder.all_held(&context.disk)? {
        let (note, checkpoint) = parse_checkpoint(note.as_bytes()).map_err(|why| {
            CliError::new(Exit::Integrity, "checkpoint-damaged", format!("a checkpoint held is none: {why}"))
        })?;
        logs.push(Held {
            kind: "log_held",
            origin: checkpoint.origin().to_owned(),
            size: Some(checkpoint.size()),
            root: Some(checkpoint.root().to_string()),
            note: Some(note),
        });
    }
    for log in folder.known(&*context.disk)?.logs() {
        if !logs.iter().any(|held| held.origin == log.key.name()) {
            let origin = log.key.name().to_owned();
            logs.push(Held { kind: "log_held", origin, size: None, root: None, note: None });
        }
    }
    for held in &logs {
        let size = held.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        let values = [("origin", &*held.origin), ("size", &*size)];
        context.output.line(held, || WitnessText::Held.with(context.lang, &values))?;
    }
    let count = logs.len().to_string();
    let text = WitnessText::LogCount.with(context.lang, &[("count", &count)]);
    context.output.summary(&Count { logs: logs.len() }, text)?;
    Ok(Exit::Done)
}

impl From<WitnessError> for CliError {
    fn from(error: WitnessError) -> Self {
        let message = error.to_string();
        match error {
            WitnessError::Exists(_) => Self::new(Exit::Conflict, "witness-exists", message)
                .next("keep its key: others trust it; or name another folder with --dir"),
            WitnessError::None(_) => Self::new(Exit::NotFound, "no-witness", message),
            WitnessError::Busy { .. } => Self::new(Exit::Conflict, "witness-busy", message),
            WitnessError::Name(_) => Self::new(Exit::Usage, "witness-name", message),
            WitnessError::Key(error) => error.into(),
            WitnessError::Policy(_) => Self::new(Exit::Usage, "trust-file", message),
            WitnessError::Log(_) => Self::new(Exit::Usage, "log-key", message),
            WitnessError::Held(error) => error.into(),
            WitnessError::Io { .. } => Self::new(Exit::Io, "witness", message),
        }
    }
}

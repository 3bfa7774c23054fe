//! Making a ledger's streams, finding the ledgers that a server holds, and looking a log over.

use serde_json::Value;
use vandel_core::id::LedgerId;

use super::api::{Api, ApiError, code};
use super::fault::{Mismatch, StreamError};
use super::names::{LEDGER_KEY, checkpoint_stream, log_stream};
use super::read::{JetStreamReader, Waits};
use super::server::{self, ServerReport};
use super::{Demands, settings};
use crate::bus::Bus;

/// Whether the server that is connected to can hold a log at all: for a caller who is about to found a
/// ledger, before anything is made.
///
/// # Errors
/// [`StreamError::Settings`] and [`StreamError::SyncUnproven`], as [`super::JetStreamLog::open`].
pub fn preflight(bus: &Bus, demands: &Demands) -> Result<(), StreamError> {
    let wrong = server::judge_connection(bus);
    if !wrong.is_empty() {
        return Err(StreamError::Settings(wrong));
    }
    let addresses = match demands.monitoring.as_slice() {
        [] => server::usual_addresses(bus),
        named => named.to_vec(),
    };
    let connected = bus.server().server_name;
    server::judge(&[connected], &server::ask(&addresses), demands.accept_unproven_sync)
}

/// Makes the two streams of a new ledger: log and checkpoints.
///
/// # Errors
/// [`StreamError::Exists`] if one is there and is not empty; [`StreamError::Api`].
pub fn create_streams(bus: &Bus, ledger: &LedgerId, demands: &Demands) -> Result<(), StreamError> {
    for (stream, blocks) in make_streams(bus, ledger, demands)? {
        if blocks > 0 {
            return Err(StreamError::Exists { stream });
        }
    }
    Ok(())
}

/// Makes those of a ledger's two streams that are not there, for a log that is restored. What is in the others
/// is for the caller to compare.
///
/// # Errors
/// [`StreamError::Exists`] if one is there with other settings; [`StreamError::Api`].
pub fn ensure_streams(bus: &Bus, ledger: &LedgerId, demands: &Demands) -> Result<(), StreamError> {
    make_streams(bus, ledger, demands).map(|_| ())
}

/// Makes the streams, or finds them as they would be made. Gives what each is called, and how much it holds.
fn make_streams(bus: &Bus, ledger: &LedgerId, demands: &Demands) -> Result<[(String, u64); 2], StreamError> {
    let wrong = server::judge_connection(bus);
    if !wrong.is_empty() {
        return Err(StreamError::Settings(wrong));
    }
    let api = api(bus, demands.waits);
    let make = |name: String, config: Value| match api.create(&name, &config) {
        Ok(true) => Ok((name, 0)),
        Ok(false) => {
            let held = api.info(&name, false)?.last;
            Ok((name, held))
        }
        Err(error) if error.code() == Some(code::STREAM_EXISTS) => Err(StreamError::Exists { stream: name }),
        Err(error) => Err(error.into()),
    };
    Ok([
        make(log_stream(ledger), settings::log_settings(ledger, demands.replicas))?,
        make(checkpoint_stream(ledger), settings::checkpoint_settings(ledger, demands.replicas))?,
    ])
}

/// Removes the streams of a ledger that was not founded after all: those that are empty.
///
/// # Errors
/// [`ApiError`].
pub fn remove_empty_streams(bus: &Bus, ledger: &LedgerId, demands: &Demands) -> Result<(), ApiError> {
    let api = api(bus, demands.waits);
    for name in [log_stream(ledger), checkpoint_stream(ledger)] {
        if api.info(&name, false)?.last == 0 {
            api.delete(&name)?;
        }
    }
    Ok(())
}

/// The ledgers whose logs a server holds, as far as this connection may see them.
///
/// # Errors
/// [`ApiError`]; a role that may not list streams has to be told the ledger.
pub fn ledgers(bus: &Bus, waits: Waits) -> Result<Vec<LedgerId>, ApiError> {
    let api = api(bus, waits);
    let mut found = Vec::new();
    for name in api.streams_on("vandel.*.log")? {
        let info = api.info(&name, false)?;
        let named = info.config.get("metadata").and_then(|metadata| metadata[LEDGER_KEY].as_str());
        found.extend(named.and_then(|text| text.parse::<LedgerId>().ok()));
    }
    Ok(found)
}

fn api(bus: &Bus, waits: Waits) -> Api {
    Api { bus: bus.clone(), attempt: waits.attempt, patience: waits.patience }
}

/// What there is to see of a log, its stream and its servers, without appending anything.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The stream.
    pub stream: String,
    /// How many blocks it holds.
    pub blocks: u64,
    /// How many servers hold it.
    pub replicas: u64,
    /// The servers that hold it, the leader first.
    pub servers: Vec<String>,
    /// Those of them that are not up to date.
    pub behind: Vec<String>,
    /// Settings that a ledger can't rely on.
    pub mismatches: Vec<Mismatch>,
    /// What each monitoring address said, or why it said nothing.
    pub reports: Vec<Result<ServerReport, String>>,
    /// Whether every server that holds the log syncs before it acknowledges; if not, why.
    pub sync: Result<(), String>,
    /// That this is only not shown, rather than known to be otherwise.
    pub unproven: bool,
}

/// Looks a log over.
///
/// # Errors
/// [`StreamError`] if the stream can't be asked, is another ledger's, or has a hole by its own count.
pub fn inspect(bus: &Bus, ledger: LedgerId, demands: &Demands) -> Result<Inspection, StreamError> {
    let reader = JetStreamReader::unopened(bus.clone(), ledger, demands.waits);
    let info = reader.whole()?;
    let mut mismatches = server::judge_connection(bus);
    mismatches.extend(settings::judge(&info.config, &ledger, demands.replicas));
    let addresses = match demands.monitoring.as_slice() {
        [] => server::usual_addresses(bus),
        named => named.to_vec(),
    };
    let reports = server::ask(&addresses);
    let sync = server::judge(&info.present(), &reports, false);
    Ok(Inspection {
        stream: reader.stream,
        blocks: info.last,
        replicas: info.config.get("num_replicas").and_then(Value::as_u64).unwrap_or(0),
        unproven: matches!(sync, Err(StreamError::SyncUnproven { .. })),
        sync: sync.map_err(|error| error.to_string()),
        servers: info.servers,
        behind: info.behind,
        mismatches,
        reports,
    })
}

//! What only a server's monitoring endpoint tells: whether it syncs before it acknowledges.
//!
//! By default a NATS server acknowledges first and syncs within two minutes. Clients can't see which it
//! does; the endpoint `/varz` can. Every server that holds the log is asked, and matched by name, so
//! that the endpoint of another server proves nothing.

use std::time::Duration;

use serde::Deserialize;
use vandel_core::limits::BLOCK_BYTES_MAX;

use super::fault::{Mismatch, StreamError};
use super::settings::HEADER_BYTES_MAX;
use crate::bus::Bus;

/// The oldest server version that is relied on: older ones drop settings in silence that they do not know.
pub const OLDEST_SERVER: (u64, u64) = (2, 12);

/// How long an endpoint is waited for.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What a server says of itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServerReport {
    /// Its name.
    pub server_name: String,
    /// Its version.
    pub version: String,
    /// Its clock, RFC 3339.
    pub now: String,
    jetstream: JetStreamReport,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JetStreamReport {
    config: ConfigReport,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigReport {
    sync_always: bool,
    sync_interval: u64,
}

impl ServerReport {
    /// Whether it syncs every message before it acknowledges it.
    #[must_use]
    pub const fn syncs_always(&self) -> bool {
        self.jetstream.config.sync_always
    }
}

/// Asks the endpoints; each answer, or why there is none.
#[must_use]
pub(super) fn ask(monitoring: &[String]) -> Vec<Result<ServerReport, String>> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(true).build().into();
    let one = |address: &String| {
        let url = format!("{}/varz", address.trim_end_matches('/'));
        let text = agent
            .get(&url)
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
            .map_err(|error| format!("{url}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{url}: {error}"))
    };
    monitoring.iter().map(one).collect()
}

/// The addresses to ask when none is named: the servers' hosts, at the port that NATS documents.
#[must_use]
pub(super) fn usual_addresses(bus: &Bus) -> Vec<String> {
    let url = |host: String| {
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        format!("http://{host}:8222")
    };
    bus.options().hosts().into_iter().map(url).collect()
}

/// Judges the servers that hold a log by what they said.
///
/// # Errors
/// [`StreamError::Settings`] if one does not sync always or is too old; [`StreamError::SyncUnproven`] if
/// one was not heard, unless that is accepted.
pub(super) fn judge(
    holders: &[String],
    reports: &[Result<ServerReport, String>],
    accept_unproven: bool,
) -> Result<(), StreamError> {
    let mut wrong = Vec::new();
    let mut unheard = Vec::new();
    for name in holders {
        let report = reports.iter().flatten().find(|report| report.server_name == *name);
        let Some(report) = report else {
            unheard.push(name.clone());
            continue;
        };
        wrong.extend(version_mismatch(name, &report.version));
        if !report.syncs_always() {
            wrong.push(Mismatch {
                place: format!("server {name}"),
                setting: "jetstream.sync_interval".to_owned(),
                expected: "always".to_owned(),
                found: format!("{} s", report.jetstream.config.sync_interval / 1_000_000_000),
                mend: "write jetstream { sync_interval: always } into its configuration and restart it"
                    .to_owned(),
            });
        }
    }
    if !wrong.is_empty() {
        return Err(StreamError::Settings(wrong));
    }
    if unheard.is_empty() || accept_unproven {
        return Ok(());
    }
    let failures: Vec<String> = reports.iter().filter_map(|report| report.as_ref().err().cloned()).collect();
    let heard: Vec<&str> = reports.iter().flatten().map(|report| &*report.server_name).collect();
    let why = match (failures.as_slice(), heard.as_slice()) {
        ([], []) => "no monitoring address is known".to_owned(),
        ([], heard) => format!("heard from {} only", heard.join(", ")),
        (failures, _) => failures.join("; "),
    };
    Err(StreamError::SyncUnproven { servers: unheard, why })
}

/// What can be told of the server that the bus is connected to, without its monitoring.
pub(super) fn judge_connection(bus: &Bus) -> Vec<Mismatch> {
    let server = bus.server();
    let mut wrong: Vec<Mismatch> =
        version_mismatch(&server.server_name, &server.version).into_iter().collect();
    let needed = BLOCK_BYTES_MAX + HEADER_BYTES_MAX;
    if server.max_payload < needed {
        wrong.push(Mismatch {
            place: format!("server {}", server.server_name),
            setting: "max_payload".to_owned(),
            expected: format!("at least {needed}"),
            found: server.max_payload.to_string(),
            mend: "write max_payload: 1MB into its configuration and reload it".to_owned(),
        });
    }
    wrong
}

fn version_mismatch(name: &str, version: &str) -> Option<Mismatch> {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse::<u64>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (found < OLDEST_SERVER).then(|| Mismatch {
        place: format!("server {name}"),
        setting: "version".to_owned(),
        expected: format!("{}.{} or newer", OLDEST_SERVER.0, OLDEST_SERVER.1),
        found: version.to_owned(),
        mend: "install a current nats-server".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, version: &str, sync_always: bool) -> Result<ServerReport, String> {
        let config = ConfigReport { sync_always, sync_interval: 120_000_000_000 };
        let (server_name, version) = (name.to_owned(), version.to_owned());
        Ok(ServerReport { server_name, version, now: String::new(), jetstream: JetStreamReport { config } })
    }

    #[test]
    fn every_holder_must_be_heard_and_sync() {
        let holders = ["a".to_owned(), "b".to_owned()];
        let all = [report("a", "2.15.1", true), report("b", "2.12.0", true), report("c", "2.9.0", false)];
        assert!(judge(&holders, &all, false).is_ok());
        let unheard = judge(&holders, &all[..1], false).expect_err("b is unheard").to_string();
        assert!(unheard.contains("not by b") && unheard.contains("heard from a only"), "{unheard}");
        assert!(judge(&holders, &all[..1], true).is_ok());
        // Accepting what is unproven does not accept what is known to be wrong.
        for wrong in [report("b", "2.15.1", false), report("b", "2.9.10", true)] {
            let reports = [report("a", "2.15.1", true), wrong];
            assert!(matches!(judge(&holders, &reports, true), Err(StreamError::Settings(_))));
        }
    }
}

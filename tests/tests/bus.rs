//! The connection to NATS: what it says when something is forbidden, silent or gone.

#![allow(missing_docs, clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use vandel_ledger::bus::{Bus, BusError, BusOptions, Role};
use vandel_tests::nats_server::{Cluster, NatsServer, ServerOptions, nats_key};

fn options(server: &NatsServer) -> BusOptions {
    BusOptions::new(&server.url(), Role::Author)
}

#[test]
fn requests_are_answered_refused_or_met_with_silence() {
    let folder = tempfile::tempdir().unwrap();
    let (seed, key) = nats_key(folder.path(), "author");
    let extra = format!(
        "authorization {{ users: [ {{ nkey: {key}, permissions: {{ publish: {{ allow: [\"$JS.API.INFO\"] }} }} }} ] }}"
    );
    let server = NatsServer::with(ServerOptions { extra, ..ServerOptions::default() });
    let mut options = options(&server);
    assert!(matches!(Bus::connect(&options), Err(BusError::Refused { .. })));
    options.key = Some(nats_key(folder.path(), "stranger").0);
    assert!(matches!(Bus::connect(&options), Err(BusError::Refused { .. })));
    options.key = Some(seed);
    let bus = Bus::connect(&options).unwrap();
    let info = bus.request("$JS.API.INFO", Vec::new()).unwrap();
    assert!(info.payload.starts_with(b"{"));

    // What is forbidden is an error at once, not a time-out.
    let before = Instant::now();
    let denied = bus.request("$JS.API.STREAM.NAMES", Vec::new());
    assert!(matches!(&denied, Err(BusError::Denied { what }) if what.contains("STREAM.NAMES")), "{denied:?}");
    assert!(before.elapsed() < options.request_timeout);
    assert_eq!(bus.refusals().0, 1);
    // A refusal of the past says nothing about the next request.
    bus.request("$JS.API.INFO", Vec::new()).unwrap();
}

#[test]
fn a_hanging_server_is_silence_and_a_dead_one_unreachable() {
    let mut server = NatsServer::start();
    let mut options = options(&server);
    options.request_timeout = Duration::from_millis(300);
    let bus = Bus::connect(&options).unwrap();
    let nobody = bus.request("vandel.nobody", Vec::new());
    assert!(matches!(nobody, Err(BusError::NobodyListens { .. })), "{nobody:?}");
    let large = bus.request("$JS.API.INFO", vec![0; 2_000_000]);
    assert!(matches!(large, Err(BusError::TooLarge { bytes: 2_000_000, .. })), "{large:?}");
    server.pause();
    let silence = bus.request("$JS.API.INFO", Vec::new());
    assert!(matches!(silence, Err(BusError::Silence { .. })), "{silence:?}");
    options.connect_timeout = Duration::from_millis(300);
    assert!(matches!(Bus::connect(&options), Err(BusError::Unreachable { .. })));
    server.resume();
    server.kill();
    assert!(matches!(Bus::connect(&options), Err(BusError::Unreachable { .. })));

    // The same handle works again when the server is back.
    server.restart();
    let deadline = Instant::now() + Duration::from_secs(60);
    while bus.request("$JS.API.INFO", Vec::new()).is_err() {
        assert!(Instant::now() < deadline, "the connection does not come back");
    }
}

#[test]
fn a_seed_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed");
    let mut options = BusOptions::new("nats://localhost", Role::Author);
    options.key = Some(file.clone());
    assert!(matches!(options.seed(), Err(BusError::Key(_))));
    let seed = format!("SU{}", "A".repeat(56));
    std::fs::write(&file, format!("-----BEGIN USER NKEY SEED-----\n{seed}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(options.seed().unwrap_err().to_string().contains("chmod 600"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(options.seed().unwrap().unwrap().as_str(), seed);
    std::fs::write(&file, "no seed\n").unwrap();
    assert!(matches!(options.seed(), Err(BusError::Options(_))));
}

#[test]
fn three_servers_come_up_as_one() {
    let cluster = Cluster::start();
    let bus = Bus::connect(&BusOptions::new(&cluster.url(), Role::Operator)).unwrap();
    let answer = bus.request("$JS.API.INFO", Vec::new()).unwrap();
    assert!(!String::from_utf8_lossy(&answer.payload).contains("\"error\":"));
    assert_eq!(bus.server().cluster.as_deref(), Some("vandel"));
}

//! The feed, end to end: a town's ledger, a secured server, the service as a process, dashboards that watch.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod bench;
mod contract;
mod foreign;
mod world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use vandel_ledger::bus::Role;
use vandel_tests::canary::Canaries;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::secured::Secured;
use vandel_tests::town::{TODAY, Town, repository, vandel};

use world::{PATIENCE, Service, Watcher, access, copy, import, ledger_of, lines, records, scrape, sealed};

#[test]
fn dashboards_see_figures_at_once_and_every_record_once_it_is_settled() {
    let (town, server) = (Town::found(), Secured::start());
    let ledger = ledger_of(&town);
    import(&town, 20..80);

    let home = town.home();
    let report = town.path("report.json");
    let trust = home.join("public/trust.policy").to_string_lossy().into_owned();
    std::fs::write(&report, town.run(&["--json", "verify", "--trust", &trust]).stdout).unwrap();
    let mut service =
        Service::start(&town, &server, &home, &["--metrics", "127.0.0.1:0", "--verification", &report]);
    let address = service.await_words("http://").rsplit("http://").next().unwrap().to_owned();
    service.await_words("publishing the feed");
    let mut watcher = Watcher::of(&server, Role::CaseDashboard, "vandel.*.feed.case.>");
    let before = sealed(&town, 0).last().copied().unwrap_or(0) + 1;

    // A dashboard starts with the last values, without waiting for anything to happen.
    let tail = |role: &str, as_role: Role| {
        let mut arguments =
            vec!["--json".to_owned(), "feed".into(), "tail".into(), "--as".into(), role.into()];
        arguments.extend(["--no-follow".into(), "--ledger".into(), ledger.clone()]);
        arguments.extend(access(&server, as_role));
        town.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let deadline = Instant::now() + PATIENCE;
    let kept = loop {
        let events = lines(&tail("dashboard", Role::Dashboard));
        let kinds: BTreeSet<_> =
            events.iter().filter_map(|event| event["type"].as_str().map(str::to_owned)).collect();
        if kinds.len() >= 6 {
            break events;
        }
        assert!(Instant::now() < deadline, "too little is kept: {kinds:?}");
    };
    let of = |kind: &str| kept.iter().find(|event| event["type"] == format!("vandel.ops.{kind}.v1"));
    assert_eq!(of("heartbeat").unwrap()["data"]["lag"], 0);
    assert!(
        of("heartbeat").unwrap()["data"]["checkpoint"].as_str().unwrap().contains('\u{2014}'),
        "it is signed"
    );
    let verification = &of("verification").unwrap()["data"];
    assert_eq!((&verification["verdict"], &verification["anchor"]), (&"passed".into(), &"operator".into()));
    assert!(of("retention").is_some() && of("erasures").is_some() && of("activity").is_some());
    // Nothing that is kept names a case, a person or a board.
    let all = kept.iter().map(ToString::to_string).collect::<String>();
    for secret in ["handle", "subject\"", "Utbildnings", "surname", "case_id"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }

    // New records are told one by one, also over a crash of the service.
    import(&town, 1..4);
    let expected = sealed(&town, before);
    assert!(!expected.is_empty(), "nothing was recorded");
    let last = *expected.last().unwrap();
    let mut told = records(&watcher.until(|event| event["data"]["record"] == last));
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    import(&town, 4..8);
    let mut service = Service::start(&town, &server, &home, &["--metrics", "127.0.0.1:0"]);
    let other = service.await_words("http://").rsplit("http://").next().unwrap().to_owned();
    let expected = sealed(&town, before);
    let last = *expected.last().unwrap();
    let more = watcher.until(|event| event["data"]["record"] == last);
    for event in &more {
        let keys: Vec<_> = event["data"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["record"], "a case event says more than its record: {event}");
        assert_eq!(event["sequence"], format!("{:020}", event["data"]["record"].as_u64().unwrap()));
    }
    told.extend(records(&more));
    assert_eq!(told, expected, "skipped or invented");

    // Figures are shown after the first round of work.
    let deadline = Instant::now() + PATIENCE;
    let scraped = loop {
        let scraped = scrape(&other);
        if scraped.contains("vandel_projector_halted 0") && scraped.contains("scope=\"case\"") {
            break scraped;
        }
        assert!(Instant::now() < deadline, "{scraped}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert_ne!(address, other);
    let (code, said) = service.terminate();
    assert_eq!(code, Some(0), "{said}");

    // Whoever was imported is named in no event, figure or log line, and in no file of the broker.
    let people = people_of_the_export();
    let told_of = more.iter().map(ToString::to_string).collect::<String>();
    for (place, text) in [("kept", &all), ("told", &told_of), ("metrics", &scraped), ("log", &said)] {
        assert_eq!(people.search(text.as_bytes()), [], "{place}");
    }
    let found = people.search_folder(server.folder()).unwrap();
    assert!(found.is_empty(), "{found:?}");
    println!("feed deep: {} records told over a crash, {} events kept", told.len(), kept.len());
}

/// The numbers of everybody in the export that towns import.
fn people_of_the_export() -> Canaries {
    let export = repository("cli/tests/data/hr-export-utf8.csv");
    let mut people = Canaries::new();
    for cell in std::fs::read_to_string(export).unwrap().lines().flat_map(|line| line.split(';')) {
        let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
        if digits.len() == 12 && cell.chars().all(|one| one.is_ascii_digit() || one == '-') {
            people.add_number(&digits);
        }
    }
    assert!(people.len() > 100, "{} needles", people.len());
    people
}

#[test]
fn a_gap_stops_the_service_loudly_and_shows_everywhere() {
    let (town, server) = (Town::found(), Secured::start());
    // Another home that will get a checkpoint of records which its log lacks.
    let other = PathBuf::from(town.path("other"));
    copy(&town.home(), &other);
    let mut service = Service::start(&town, &server, &other, &[]);
    service.await_words("publishing the feed");
    let mut watcher = Watcher::of(&server, Role::Dashboard, "vandel.*.feed.ops.heartbeat");
    watcher.until(|event| event["data"]["state"] == "following");
    import(&town, 1..4);
    let checkpoint = |home: &Path| home.join("public/checkpoint");
    let newer = std::fs::read(checkpoint(&town.home())).unwrap();
    assert_ne!(newer, std::fs::read(checkpoint(&other)).unwrap(), "nothing was recorded");
    let beside = other.join("public/checkpoint.new");
    std::fs::write(&beside, newer).unwrap();
    std::fs::rename(beside, checkpoint(&other)).unwrap();

    let (code, said) = service.exit();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("rolled-back") && said.contains("record"), "{said}");
    let halted = watcher.until(|event| event["data"]["state"] == "halted");
    assert_eq!(halted.last().unwrap()["data"]["halted"]["code"], "rolled-back", "{halted:?}");
    let mut doctor = town.command(&["--json", "doctor"]);
    let output = doctor.env("VANDEL_HOME", &other).output().unwrap();
    let points = lines(&output);
    let feed = points.iter().find(|point| point["check"] == "feed").unwrap();
    assert_eq!((feed["state"].as_str(), output.status.code()), (Some("wrong"), Some(3)), "{feed}");

    // A start finds it too, and metrics stay up to show it until the service is stopped.
    let mut service = Service::start(&town, &server, &other, &["--metrics", "127.0.0.1:0"]);
    let address = service.await_words("http://").rsplit("http://").next().unwrap().to_owned();
    service.await_words("has halted");
    let scraped = scrape(&address);
    assert!(scraped.contains("vandel_projector_halted 1"), "{scraped}");
    let (code, said) = service.terminate();
    assert_eq!(code, Some(3), "{said}");
    println!("feed deep: 2 trials of a gap, seen by exit code, heartbeat, doctor and metrics");
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let town = Town::found();
    let mut nats = NatsServer::start();
    let mut command = town.command(&["feed", "serve", "--interval", "1"]);
    command.args(["--nats", &nats.url()]);
    let mut service = Service::run(command);
    service.await_words("publishing the feed");
    nats.stop();
    service.await_words("waiting: ");
    nats.restart();
    service.await_words("going on");
    let (code, said) = service.terminate();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_log_on_the_secured_server_is_followed_with_each_roles_own_key() {
    let server = Secured::start();
    let vandel = |arguments: &[&str], role: Role| {
        let mut command = Command::new(vandel());
        command.args(arguments).args(access(&server, role)).current_dir(server.folder());
        command
            .env("VANDEL_HOME", "home")
            .env("VANDEL_CLOCK", TODAY)
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL");
        command.env("VANDEL_NATS_MONITOR", format!("http://127.0.0.1:{}", server.monitor_port()));
        command
    };
    let ok = |arguments: &[&str], role: Role| {
        let output = vandel(arguments, role).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    ok(&["init", "--generate-keys", "keys", "--names", "Ada", "Bo"], Role::Sequencer);
    let mut service = Service::run(vandel(&["feed", "serve", "--interval", "1"], Role::Projector));
    service.await_words("publishing the feed");
    let mut watcher = Watcher::of(&server, Role::Dashboard, "vandel.*.feed.ops.act");
    let adopt =
        ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Kommunjuristen, dnr 1"];
    let people = ["--key", "keys/administrator-1.pem", "--second", "keys/administrator-2.pem"];
    ok(&[adopt.as_slice(), people.as_slice()].concat(), Role::Sequencer);
    let acts = watcher.until(|event| event["data"]["kind"] == "policy_adopted");
    assert_eq!(
        acts.last().unwrap()["data"]["record"].as_u64().map(|record| record > 0),
        Some(true),
        "{acts:?}"
    );
    let mut verify = vandel(&["verify", "--trust", "home/public/trust.policy"], Role::Auditor);
    let output = verify.env_remove("VANDEL_HOME").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (code, said) = service.terminate();
    assert_eq!(code, Some(0), "{said}");
}

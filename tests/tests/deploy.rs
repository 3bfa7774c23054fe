//! Everything in `deploy/` is parsed: units have sections and keys, and each command line that they start
//! is one that the binary understands.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;

use vandel_tests::secured;
use vandel_tests::town::{repository, vandel};

fn units() -> Vec<(PathBuf, String)> {
    let folder = repository("deploy/systemd");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

fn values<'t>(unit: &'t str, key: &str) -> Vec<&'t str> {
    unit.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| *name == key)
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn every_unit_is_well_formed_and_starts_a_command_that_exists() {
    let units = units();
    assert_eq!(
        units.len(),
        7,
        "a unit came or went: {:?}",
        units.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    let mut commands = 0;
    for (path, text) in &units {
        let place = path.display();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let section = line.starts_with('[') && line.ends_with(']');
            assert!(section || line.contains('='), "{place}: {line}");
        }
        for command in values(text, "ExecStart") {
            let mut words = command.split_whitespace();
            assert_eq!(words.next(), Some("/usr/bin/vandel"), "{place}");
            let output = Command::new(vandel()).args(words).arg("--help").output().unwrap();
            assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
            commands += 1;
        }
        let service = path.extension().is_some_and(|extension| extension == "service");
        assert!(!service || values(text, "NoNewPrivileges") == ["yes"], "{place} is not hardened");
        let timed = path.with_extension("timer").exists() && service;
        assert_eq!(timed, values(text, "WantedBy").is_empty(), "{place}: enabled by itself or by its timer");
        if !service {
            assert!(path.with_extension("service").exists(), "{place} starts nothing");
        }
    }
    assert_eq!(commands, 5);
}

#[test]
fn the_nats_configurations_are_ones_that_a_server_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    secured::certificates(place);
    let printed = secured::configure(place, &[]);
    assert!(printed.contains("nats-server -c "), "it does not say what to do next: {printed}");
    let mut more = vec!["--tls-ca", "ca.pem", "--listen", "0.0.0.0", "--origin", "https://board.example"];
    more.extend(["--node", "a=a.example", "--node", "b=b.example", "--node", "c=c.example"]);
    more.extend(["--user", "author=personnel", "--user", "dashboard=hall"]);
    let before = std::fs::read_to_string(place.join("nats/users")).unwrap();
    secured::configure(place, &more);
    let after = std::fs::read_to_string(place.join("nats/users")).unwrap();
    assert!(
        after.starts_with(&before) && after.contains("author personnel U"),
        "users lost their keys:\n{after}"
    );
    for name in ["nats-server", "a", "b", "c"] {
        let file = place.join(format!("nats/{name}.conf"));
        let output = Command::new(vandel_tests::nats_server::binary())
            .arg("-t")
            .arg("-c")
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}.conf: {}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("sync_interval: always"), "{name}.conf does not sync every message");
        assert_eq!(
            text.matches("tls {").count(),
            text.matches("min_version: \"1.3\"").count(),
            "{name}.conf"
        );
    }
    for seed in std::fs::read_dir(place.join("nats")).unwrap().map(|entry| entry.unwrap().path()) {
        if seed.extension().is_some_and(|extension| extension == "nk") {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&seed).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600, "{}", seed.display());
        }
    }
    // A second server's file is kept as its owner tuned it; who asks for nonsense is told.
    let refused = |more: &[&str]| {
        let mut command = Command::new(vandel());
        command.args(["nats", "config", "other", "--tls-cert", "server.pem", "--tls-key", "server.key"]);
        let output = command.args(more).current_dir(place).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    refused(&["--user", "admin"]);
    refused(&["--user", "author=Mats Berg"]);
    refused(&["--tls-ca", "ca.pem", "--node", "a=a.example"]);
    refused(&["--node", "a=a.example", "--node", "b=b.example", "--node", "c=c.example"]);
}

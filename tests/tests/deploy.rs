//! Everything in `deploy/` is parsed: units have sections and keys, and each command line that they start
//! is one that the binary understands.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;

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
        4,
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
        if !service {
            assert!(path.with_extension("service").exists(), "{place} starts nothing");
        }
    }
    assert_eq!(commands, 2);
}

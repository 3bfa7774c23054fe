//! The official clients of other languages, as dashboards: over TCP and over WebSocket, with a dashboard's key.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use vandel_ledger::bus::Role;
use vandel_tests::independent::node;
use vandel_tests::secured::Secured;
use vandel_tests::town::{Town, repository};

use crate::world::{Service, ledger_of, lines};

/// Where `cargo xtask foreign` has put them.
fn brought(name: &str) -> PathBuf {
    let path = repository("target/foreign").join(name);
    assert!(path.exists(), "{} is not there; run: cargo xtask foreign", path.display());
    path
}

/// A script in JavaScript, ready to run beside its packages.
pub(crate) fn javascript(script: &str) -> (Command, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let beside = folder.path().join(script);
    std::fs::copy(repository("tests/foreign").join(script), &beside).unwrap();
    std::os::unix::fs::symlink(
        brought("node/node_modules").canonicalize().unwrap(),
        folder.path().join("node_modules"),
    )
    .unwrap();
    let mut command = Command::new(node());
    command.arg(beside);
    (command, folder)
}

/// A script in Python.
pub(crate) fn python(script: &str) -> Command {
    let mut command = Command::new(brought("python/bin/python"));
    command.arg(repository("tests/foreign").join(script));
    command
}

/// What a client got and was refused.
fn judge(language: &str, output: &Output, refusals: u64) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{language}: {errors}\n{}", String::from_utf8_lossy(&output.stdout));
    let said = lines(output);
    let last = said.iter().find_map(|line| line.get("last")).unwrap();
    assert_eq!(last["type"], "vandel.ops.heartbeat.v1", "{language}: no last value at once");
    let live: Vec<&Value> = said.iter().filter(|line| line.get("live").is_some()).collect();
    assert_eq!(live.len(), 3, "{language}: {said:?}");
    for event in live {
        assert_eq!(event["type"], "application/cloudevents+json", "{language}: {event}");
        assert_eq!(event["live"]["specversion"], "1.0", "{language}: {event}");
        assert!(event["subject"].as_str().unwrap().contains(".feed.ops."), "{language}: {event}");
    }
    assert_eq!(said.last().unwrap()["refused"], refusals, "{language}");
}

#[test]
fn the_official_clients_of_python_and_javascript_watch_and_are_refused_everything_else() {
    let (town, server) = (Town::found(), Secured::start());
    let ledger = ledger_of(&town);
    let mut service = Service::start(&town, &server, &town.home(), &[]);
    service.await_words("publishing the feed");
    let (seed, ca) = (server.seed(Role::Dashboard), server.ca());
    let arguments = |url: &str| {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        [url.to_owned(), path(&ca), path(&seed), Role::Dashboard.inbox_prefix(), ledger.clone()]
    };
    let output = python("watch.py").args(arguments(&server.url())).output().unwrap();
    judge("Python over TCP", &output, 25);
    for (language, url) in
        [("JavaScript over TCP", server.url()), ("JavaScript over WebSocket", server.websocket_url())]
    {
        let (mut command, _folder) = javascript("watch.mjs");
        let output = command.args(arguments(&url)).env("NODE_EXTRA_CA_CERTS", &ca).output().unwrap();
        judge(language, &output, 20);
    }
    // Only dashboards come over WebSocket.
    let (mut command, _folder) = javascript("watch.mjs");
    let mut arguments = arguments(&server.websocket_url());
    arguments[2] = server.seed(Role::Author).to_string_lossy().into_owned();
    let output = command.args(arguments).env("NODE_EXTRA_CA_CERTS", &ca).output().unwrap();
    assert!(!output.status.success(), "an author came in over WebSocket");
    println!("foreign clients deep: 4 connections, 9 live events, 65 refusals");
}

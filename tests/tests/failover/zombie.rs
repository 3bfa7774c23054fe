//! The instance that serves is stopped (SIGSTOP), replaced, and woken up (SIGCONT); or killed.

use std::time::{Duration, Instant};

use vandel_tests::serving::Serving;
use vandel_tests::town::Town;

use crate::Scene;
use crate::author::Author;

/// A standby, which says so before it is relied on.
fn standby(scene: &Scene) -> Serving {
    let standby = Serving::spawn(&scene.town, &scene.server.url(), &["--standby", "--patience", "2"]);
    // Give it time to look at the lock once; nothing depends on it.
    std::thread::sleep(Duration::from_millis(500));
    standby
}

fn verify(town: &Town) {
    std::fs::copy(town.trust_file(), town.path("auditor.policy")).unwrap();
    town.ok(&["verify", "--trust", "auditor.policy", "--require", "witnessed", "--receipts", "receipts"]);
}

#[test]
fn a_hung_instance_is_replaced_and_wakes_up_fenced() {
    let scene = Scene::new();
    let url = scene.server.url();
    let (mut rounds, mut took) = (0, Vec::new());
    let mut active = Serving::start(&scene.town, &url, &[]);
    let mut author = Author::new(&scene.town, &url, 0x71);
    let wanted = if std::env::var_os("VANDEL_DEEP").is_some() { 20 } else { 2 };
    while rounds < wanted {
        (0..5).for_each(|_| author.step());
        let mut next = standby(&scene);
        active.signal("STOP");
        // The author goes on by itself, at the same subject.
        let began = Instant::now();
        author.step();
        took.push(began.elapsed());
        next.wait_until_it_serves();
        (0..3).for_each(|_| author.step());
        active.signal("CONT");
        let status = active.wait();
        assert_eq!(status.code(), Some(9), "{}", active.said());
        assert!(active.said().contains("another instance has taken over"), "{}", active.said());
        (0..3).for_each(|_| author.step());
        active = next;
        rounds += 1;
    }
    assert!(active.stop().success());
    // Every receipt names a record of its own.
    let mut records: Vec<u64> = author.receipts.iter().map(|(record, _)| *record).collect();
    records.dedup();
    assert_eq!(records.len(), author.receipts.len());
    verify(&scene.town);
    let heads = scene.only_one_head_of_each_size();
    let slowest = took.iter().max().unwrap();
    println!(
        "failover deep: {rounds} hung instances replaced, {} receipts, {heads} heads, slowest answer {slowest:?}",
        records.len()
    );
}

#[test]
fn an_instance_that_dies_is_replaced_at_once() {
    let scene = Scene::new();
    let url = scene.server.url();
    let active = Serving::start(&scene.town, &url, &[]);
    let mut author = Author::new(&scene.town, &url, 0x72);
    let mut next = standby(&scene);
    (0..5).for_each(|_| author.step());
    active.kill();
    author.step();
    next.wait_until_it_serves();
    author.step();
    assert!(next.stop().success());
    verify(&scene.town);
    scene.only_one_head_of_each_size();
}

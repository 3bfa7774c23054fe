//! A witness that is killed (SIGKILL) at moments nobody chose never cosigns two histories, and never goes back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vandel_tests::random::Random;
use vandel_tests::witnesses::{Connection, ServedWitness};

use crate::heads::{Heads, log_key};

/// Offers one history after the other until the connection breaks; what was cosigned, by size, with its branch.
fn offer(witness: &ServedWitness, from: u64, branches: &[Heads], done: &AtomicBool) -> Vec<(u64, usize)> {
    let (mut old, mut cosigned) = (from, Vec::new());
    let Ok(mut connection) = Connection::open(witness.address()) else { return cosigned };
    while !done.load(Ordering::SeqCst) {
        for (branch, heads) in branches.iter().enumerate() {
            let Ok(answer) = connection.submit(&heads.request(old, old + 1)) else { return cosigned };
            match answer.status {
                200 => {
                    cosigned.push((old + 1, branch));
                    old += 1;
                }
                409 => old = answer.body.trim().parse().unwrap(),
                422 => {}
                other => panic!("{other}: {}", answer.body),
            }
            if old + 2 > 400 {
                return cosigned;
            }
        }
    }
    cosigned
}

#[test]
fn a_killed_witness_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut witness = ServedWitness::start(
        &folder.path().join("w"),
        "witness.example/w1",
        &[&log_key()],
        &["--rate", "100000"],
    );
    let rounds = if std::env::var_os("VANDEL_DEEP").is_some() { 200 } else { 8 };
    let mut random = Random::seeded(8);
    // Both histories share their first leaf: the one that gets there first is the witness's from then on.
    let branches = [Heads::new(401, 1, 1), Heads::new(401, 1, 2)];
    let (mut roots, mut largest) = (BTreeMap::new(), 0);
    for round in 0..rounds {
        let done = AtomicBool::new(false);
        let cosigned: Vec<(u64, usize)> = std::thread::scope(|scope| {
            let (served, done, branches) = (&witness, &done, &branches);
            let askers: Vec<_> =
                (0..3).map(|_| scope.spawn(move || offer(served, largest, branches, done))).collect();
            std::thread::sleep(Duration::from_micros(random.below(120_000) as u64));
            // The address of the process stays while it is killed: only the handle is borrowed.
            kill(served);
            done.store(true, Ordering::SeqCst);
            askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect()
        });
        for (size, branch) in cosigned {
            let root = branches[branch].checkpoint(size).root();
            assert_eq!(
                *roots.entry(size).or_insert(root),
                root,
                "two roots for size {size} in round {round}"
            );
            largest = largest.max(size);
        }
        witness.kill();
        witness.restart();
        let held = Connection::open(witness.address()).unwrap().submit(&branches[0].request(0, 0)).unwrap();
        if largest > 0 {
            let held: u64 = held.body.trim().parse().unwrap();
            assert!(held >= largest, "it holds {held} after {largest} was cosigned, in round {round}");
        }
        if largest > 390 {
            break;
        }
    }
    println!("witness deep: {rounds} kills of a witness, {} sizes cosigned, one root each", roots.len());
    assert!(!roots.is_empty(), "nothing was ever cosigned: the test tests nothing");
}

fn kill(witness: &ServedWitness) {
    let status = std::process::Command::new("kill").args(["-9", &witness.id().to_string()]).status();
    assert!(status.unwrap().success());
}

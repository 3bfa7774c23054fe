//! A real process on a real disk, killed (SIGKILL) at moments nobody chose.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use vandel_core::block::Block;
use vandel_core::chain::{Chain, check_signatures};
use vandel_core::hash::Hash;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::home::Home;
use vandel_ledger::opening::{self, HomeError};
use vandel_tests::random::Random;
use vandel_tests::small_ledger::SmallLedger;

/// Runs the appender for a while, kills it, and gives back the whole lines it had printed.
fn run_and_kill(home: &Path, after: Duration) -> Vec<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_appender"))
        .arg(home)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(stdout).split(b'\n') {
            lines.push(String::from_utf8(line.unwrap()).unwrap());
        }
        lines
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "the appender ended by itself: {complaint}");
    // The last line may have been cut by the pipe's end; a receipt is whole with its 64 digits.
    reader.join().unwrap()
}

/// All record hashes of the log, after the whole chain has been verified with every signature.
fn verified(home: &Path) -> Result<BTreeMap<u64, Hash>, HomeError> {
    let ledger = SmallLedger::at(Arc::new(RealDisk), Home::new(home));
    let open = opening::open(&ledger.home, ledger.opening())?;
    let (mut chain, mut hashes) = (Chain::before_opening(), BTreeMap::new());
    for placed in open.sequencer.log().blocks_from(0) {
        let placed = placed.unwrap();
        let block = Block::decode(&placed.bytes).unwrap();
        let mut checks = Vec::new();
        chain.take(&block, &mut checks, |_, _| ()).unwrap();
        check_signatures(&checks).unwrap();
        hashes.extend(block.records.iter().map(|record| (record.number, record.hash())));
    }
    assert_eq!(chain.tip(), open.sequencer.chain().tip());
    Ok(hashes)
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let rounds = if std::env::var_os("VANDEL_DEEP").is_some() { 1_000 } else { 30 };
    let mut random = Random::seeded(30);
    let (mut promised, mut acknowledged, mut ledgers, mut interrupted) = (BTreeMap::new(), 0, 0, 0);
    let mut folder = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        // A new ledger now and then keeps a round short, and lets foundings be killed too.
        if round % 30 == 0 {
            folder = tempfile::tempdir().unwrap();
            promised.clear();
            ledgers += 1;
        }
        let home = folder.path().join("home");
        let after =
            Duration::from_micros(random.below(if round % 30 == 0 { 30_000 } else { 250_000 }) as u64);
        for line in run_and_kill(&home, after) {
            let Some((record, hash)) = line.split_once(' ') else { continue };
            promised.insert(record.parse::<u64>().unwrap(), hash.to_owned());
            acknowledged += 1;
        }
        match verified(&home) {
            Ok(standing) => {
                for (record, hash) in &promised {
                    let stands = standing.get(record).map(ToString::to_string);
                    assert_eq!(stands.as_ref(), Some(hash), "record {record} in round {round}");
                }
            }
            Err(error) => {
                // Only a founding may not have come to its end, and then nothing was promised.
                assert!(promised.is_empty(), "round {round}: {error}");
                interrupted += 1;
                folder = tempfile::tempdir().unwrap();
            }
        }
    }
    println!(
        "deep: {rounds} kills of a real process on {ledgers} ledgers, {acknowledged} receipts, {interrupted} \
         interrupted foundings"
    );
    assert!(acknowledged > rounds, "the appender was killed too early to mean anything");
}

//! What an opening reads, counted in bytes: the snapshot and the tail, not the ledger.

use std::path::Path;
use std::sync::Arc;

use vandel_ledger::log::file::FileLog;
use vandel_ledger::log::{Log, PlacedBlock};

use crate::script::{HOME, Operation, Run, ledger_on};

/// Bytes of the log that opening the ledger reads after the log itself was opened.
fn read_by_opening(run: &Run) -> (u64, u64) {
    let disk = run.disk.copy();
    let log = Path::new(HOME).join("log");
    let ledger = ledger_on(&disk);
    let id = vandel_ledger::home_log::ledger_id_of(&ledger.disk, &ledger.home).unwrap();
    let (opened, _) = FileLog::open(Arc::new(disk.clone()), &log, id).unwrap();
    let own = disk.bytes_read(&log);
    let len: u64 =
        opened.blocks_from(0).map(|block: Result<PlacedBlock, _>| block.unwrap().bytes.len() as u64).sum();
    drop(opened);
    let before = disk.bytes_read(&log);
    drop(ledger.open().unwrap());
    (disk.bytes_read(&log) - before - own, len)
}

#[test]
fn a_snapshot_is_written_when_the_ledger_has_grown_and_spares_reading_it_all() {
    let snapshot = Path::new(HOME).join("views/admission");
    let mut run = Run::begin();
    run.run(&[Operation::Assess { groups: 1, steps: 2 }, Operation::End]);
    assert_eq!(run.disk.bytes(&snapshot), None, "a handful of records is no reason for a snapshot");
    let large = Operation::Assess { groups: 12, steps: 100 };
    run.run(&[large, Operation::Kill]);
    run.kill();
    let (all, len) = read_by_opening(&run);
    assert!(all >= len, "without a snapshot all is read: {all} of {len}");

    run.run(&[Operation::End]);
    let first = run.disk.bytes(&snapshot).expect("a snapshot");
    run.run(&[Operation::Assess { groups: 1, steps: 2 }, Operation::End]);
    assert!(run.disk.bytes(&snapshot).as_ref() == Some(&first), "two records are no reason for another");
    run.kill();
    let (tail, len) = read_by_opening(&run);
    run.run(&[large, large, Operation::End]);
    run.kill();
    let (longer_tail, longer_len) = read_by_opening(&run);
    assert!(run.disk.bytes(&snapshot).as_ref() != Some(&first), "it has grown fourfold");
    println!("read: {all} without, {tail} of {len} and {longer_tail} of {longer_len} with a snapshot");
    // The tail, and whole blocks around it; the ledger's length adds nothing.
    let looks = 2 * 256 * 1024;
    assert!(longer_len > 2 * len && longer_len > looks, "long enough to tell");
    assert!(tail < looks && longer_tail < looks);
}

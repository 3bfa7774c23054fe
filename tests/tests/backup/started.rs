//! An erasure that was begun after the backup and not carried out: its plan is in no copy, and it reaches *executed*
//! all the same.

use std::path::Path;

use vandel_ledger::backup::{Restoring, restore};
use vandel_ledger::erasure::ErasureError;
use vandel_ledger::home::Home;
use vandel_tests::recording_disk::RecordingDisk;

use super::course::{
    FIRST, Known, LATER, backed_up, bring_back, check, files_under, first_generation, home, ledger_at,
    open_restored, restored_home, start,
};

/// A ledger whose first reader's erasure was begun after generation 1; its record.
fn begun_after_backup() -> (RecordingDisk, Known, u64) {
    let (disk, mut sequencer, mut known) = backed_up();
    let plan = known.plan(&sequencer, FIRST, 1);
    sequencer.store_plan(&plan).unwrap();
    let start = start(&sequencer, &plan);
    let started = sequencer.start_erasure(start).unwrap().record;
    known.forget(FIRST);
    (disk, known, started)
}

/// Goes on as `vandel retention apply` does, and looks at what came of it.
fn reaches_executed(disk: &RecordingDisk, known: &Known, started: u64) {
    let mut sequencer = open_restored(disk).unwrap();
    assert_eq!(sequencer.pending_erasures().len(), 1);
    sequencer.execute_erasure(started).unwrap();
    assert!(sequencer.pending_erasures().is_empty());
    check(&sequencer, known);
    assert!(sequencer.outstanding(started).unwrap().sinks.len() >= 2, "generation 1 still exists");
    drop(sequencer);
    // And it stays so: the gate lets the home open, in which nothing is pending.
    let sequencer = open_restored(disk).unwrap();
    assert!(sequencer.pending_erasures().is_empty());
    check(&sequencer, known);
}

#[test]
fn an_erasure_begun_after_the_backup_is_carried_out_without_its_plan() {
    let (disk, known, started) = begun_after_backup();
    bring_back(&disk, 1, Some(&home().log())).unwrap();
    reaches_executed(&disk, &known, started);
}

#[test]
fn a_list_from_another_memory_is_taken_over() {
    let (disk, known, started) = begun_after_backup();
    for (path, bytes) in files_under(&disk, Path::new("/memory/erased")) {
        disk.take(&path);
        disk.put(&Path::new("/elsewhere").join(path.file_name().unwrap()), &bytes);
    }
    let shared: std::sync::Arc<dyn vandel_ledger::disk::Disk> = std::sync::Arc::new(disk.clone());
    let restored = restored_home();
    let restoring = Restoring {
        newer_log: Some(&home().log()),
        erased_keys: Some("/elsewhere".into()),
        ..first_generation(&restored)
    };
    restore(&shared, &restoring, &mut |_| {}).unwrap();
    assert_eq!(files_under(&disk, &restored_home().erased_keys()).len(), 1);
    reaches_executed(&disk, &known, started);
}

#[test]
fn an_erasure_whose_keys_nobody_knows_is_executed_only_where_nothing_is_left() {
    let (disk, known, started) = begun_after_backup();
    for (path, _) in files_under(&disk, Path::new("/memory/erased")) {
        disk.take(&path);
    }
    // In the home itself: without plan and list its records still open, and nobody knows what should go.
    for (path, _) in files_under(&disk, &Home::new("/home").plans()) {
        disk.take(&path);
    }
    let mut sequencer = ledger_at(&disk, home(), LATER).open().unwrap();
    assert!(matches!(sequencer.execute_erasure(started), Err(ErasureError::NoPlan { .. })));
    assert_eq!(sequencer.pending_erasures().len(), 1);
    drop(sequencer);
    // Restored with all content of its records destroyed, it is over.
    let shared: std::sync::Arc<dyn vandel_ledger::disk::Disk> = std::sync::Arc::new(disk.clone());
    let restored = restored_home();
    let restoring = Restoring {
        newer_log: Some(&home().log()),
        erase_whole_records: true,
        ..first_generation(&restored)
    };
    restore(&shared, &restoring, &mut |_| {}).unwrap();
    reaches_executed(&disk, &known, started);
}

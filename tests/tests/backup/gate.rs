//! The gate: an old vault beside the present log serves nothing, by whatever door it is opened.

use std::sync::Arc;

use vandel_core::event::RootCellKind;
use vandel_core::hash::Hash;
use vandel_ledger::backup::Restoring;
use vandel_ledger::disk::{Disk, create_durably};
use vandel_ledger::erasure::keys_of;
use vandel_ledger::gate::{ErasedKeys, GateError};
use vandel_ledger::home::Home;
use vandel_ledger::opening::HomeError;
use vandel_ledger::sequencer::OpenError;
use vandel_projector::source::{ReadOnly, ReadOnlyError};
use vandel_tests::recording_disk::RecordingDisk;

use super::course::{
    FIRST, Known, LATER, backed_up, bring_back, bring_back_to, check, files_under, first_generation, home,
    ledger_at, open_restored, restored_home,
};

/// A ledger whose first reader was erased after generation 1.
fn erased_after_backup() -> (RecordingDisk, Known) {
    let (disk, mut sequencer, mut known) = backed_up();
    known.erase(&mut sequencer, FIRST, 1);
    drop(sequencer);
    (disk, known)
}

/// The vault of before the erasure is put in the place of the present one: what a careless hand does.
fn put_old_vault_back(disk: &RecordingDisk) {
    let other = Home::new("/other").with_memory(Some("/memory".into()));
    bring_back_to(disk, &other, 1, None).unwrap();
    let vault = home().vault();
    for (path, _) in files_under(disk, &vault) {
        disk.take(&path);
    }
    for (path, bytes) in files_under(disk, &other.vault()) {
        disk.put(&vault.join(path.file_name().unwrap()), &bytes);
    }
}

fn open_read_only(disk: &RecordingDisk) -> Result<ReadOnly, ReadOnlyError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    ReadOnly::open(disk, &home(), None)
}

#[test]
fn an_old_vault_beside_the_present_log_is_refused_at_every_door() {
    let (disk, known) = erased_after_backup();
    put_old_vault_back(&disk);
    match ledger_at(&disk, home(), LATER).open() {
        Err(HomeError::Open(OpenError::Gate(GateError::VaultBehind { .. }))) => {}
        other => panic!("the writer opened it: {:?}", other.map(|_| ())),
    }
    assert!(matches!(open_read_only(&disk), Err(ReadOnlyError::Gate(GateError::VaultBehind { .. }))));
    // The way that is offered works.
    let log = home().log();
    let restored = bring_back(&disk, 1, Some(&log)).unwrap();
    assert_eq!(restored.erasures, 1);
    check(&open_restored(&disk).unwrap(), &known);
}

#[test]
fn an_old_vault_that_was_rotated_past_the_erasure_is_refused_by_its_keys() {
    let (disk, _) = erased_after_backup();
    put_old_vault_back(&disk);
    let ledger =
        vandel_ledger::home_log::ledger_id_of(&(Arc::new(disk.clone()) as Arc<dyn Disk>), &home()).unwrap();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let cell = Box::new(vandel_ledger::vault::FileCell::new(shared.clone(), &home().root_cell()));
    let config = vandel_ledger::vault::VaultConfig::default();
    let mut vault = vandel_ledger::vault::Vault::open(shared, &home().vault(), ledger, cell, config).unwrap();
    for _ in 0..8 {
        vault.fold().unwrap();
    }
    drop(vault);
    match ledger_at(&disk, home(), LATER).open() {
        Err(HomeError::Open(OpenError::Gate(GateError::StillOpens { keys, .. }))) => assert!(keys > 0),
        other => panic!("the writer opened it: {:?}", other.map(|_| ())),
    }
    assert!(matches!(open_read_only(&disk), Err(ReadOnlyError::Gate(GateError::StillOpens { .. }))));
}

#[test]
fn a_home_that_is_being_restored_is_refused_at_every_door() {
    let (disk, _) = erased_after_backup();
    disk.put(&home().restoring(), b"generation 1 is being restored here\n");
    match ledger_at(&disk, home(), LATER).open() {
        Err(HomeError::Open(OpenError::Gate(GateError::RestoreUnfinished(_)))) => {}
        other => panic!("the writer opened it: {:?}", other.map(|_| ())),
    }
    assert!(matches!(open_read_only(&disk), Err(ReadOnlyError::Gate(GateError::RestoreUnfinished(_)))));
}

#[test]
fn a_list_of_destroyed_keys_that_was_changed_is_refused() {
    let (disk, _) = erased_after_backup();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let source = open_read_only(&disk).unwrap();
    let chain = source.source().chain.clone();
    let erasure = chain.erasures.values().next().unwrap();
    let lists = ErasedKeys::of(&home());
    assert!(lists.read(&*shared, &chain, &erasure.plan).unwrap().is_some());
    assert!(matches!(erasure.executed, Some((_, RootCellKind::File))));
    let path = home().erased_keys().join(format!("{}.keys", erasure.plan));
    let whole = disk.bytes(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        disk.put(&path, &changed);
        assert!(lists.read(&*shared, &chain, &erasure.plan).is_err(), "byte {at} changed and nobody noticed");
    }
    // Another's signature is none.
    create_durably(&*shared, &home().erased_keys()).unwrap();
    let keys = keys_of(&vandel_core::erasure::Plan {
        ledger: chain.ledger,
        salt: [0; 32],
        as_of: LATER.latest_day_in_sweden(),
        disposal: 0,
        lines: Vec::new(),
    });
    lists
        .note(&*shared, chain.ledger, &Hash([1; 32]), &keys, &vandel_tests::erasure_scene::person(1))
        .unwrap();
    assert!(lists.read(&*shared, &chain, &Hash([1; 32])).is_err());
}

#[test]
fn without_the_memory_an_unknown_erasure_is_refused_or_takes_all() {
    let (disk, known) = erased_after_backup();
    for (path, _) in files_under(&disk, std::path::Path::new("/memory/erased")) {
        disk.take(&path);
    }
    let log = home().log();
    assert!(matches!(
        bring_back(&disk, 1, Some(&log)),
        Err(vandel_ledger::backup::BackupError::UnknownErasure { .. })
    ));
    assert!(open_restored(&disk).is_err(), "what was not reconciled serves nothing");
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let restored = restored_home();
    let restoring =
        Restoring { newer_log: Some(&log), erase_whole_records: true, ..first_generation(&restored) };
    let restored = vandel_ledger::backup::restore(&shared, &restoring, &mut |_| {}).unwrap();
    assert_eq!(restored.whole_records.len(), 1);
    check(&open_restored(&disk).unwrap(), &known);
}

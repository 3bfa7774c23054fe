//! A disk that is full or read-only, and a second writer.

use std::path::Path;
use std::sync::Arc;

use vandel_ledger::lock::{HomeLock, LOCK_FILE, LockError};
use vandel_ledger::log::file::FileLog;
use vandel_ledger::log::{AppendError, Log, ReadError};
use vandel_tests::log_conformance::is_exactly;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::Spares;

use crate::{FOLDER, audit, filled, open};

#[test]
fn a_full_disk_loses_nothing_and_the_log_goes_on_when_there_is_space() {
    let mut refusals = 0;
    for space in 0..400 {
        let (disk, mut sent) = filled(4, 200, 600, 3);
        let (mut log, _) = open(&disk, 600).unwrap();
        let mut random = Random::seeded(space as u64);
        disk.limit_space(Some(space));
        for _ in 0..6 {
            let len = random.below(200);
            let block = random.bytes(len);
            let position = log.next_position();
            while let Err(error) = log.append(position, &block) {
                assert!(matches!(error, AppendError::Full { .. }), "{error}");
                refusals += 1;
                is_exactly(&log, &sent);
                let cut = disk.world().after_power_cut(Spares::Nothing, &mut random);
                let (survived, end) = audit(&cut);
                assert!(end.is_none(), "{end:?}");
                assert_eq!(survived, sent);
                disk.limit_space(if random.once_in(3) { None } else { Some(random.below(400)) });
            }
            sent.push(block);
        }
        let (survived, end) = audit(&disk.world().after_power_cut(Spares::Nothing, &mut random));
        assert!(end.is_none(), "{end:?}");
        assert_eq!(survived, sent);
    }
    println!("full disk: {refusals} refusals");
    assert!(refusals > 400);
}

#[test]
fn a_read_only_disk_refuses_appends_and_serves_audits() {
    let (disk, mut sent) = filled(20, 200, 600, 4);
    let (mut log, _) = open(&disk, 600).unwrap();
    disk.set_read_only(true);
    let next = log.next_position();
    for len in [1, 500] {
        let refused = log.append(next, &vec![0; len]);
        assert!(matches!(refused, Err(AppendError::ReadOnly)), "{refused:?}");
    }
    assert!(matches!(open(&disk, 600), Err(ReadError::Unavailable { .. })));
    let (read, end) = audit(&disk);
    assert!(end.is_none(), "{end:?}");
    assert_eq!(read, sent);
    disk.set_read_only(false);
    log.append(next, b"writable again").unwrap();
    sent.push(b"writable again".to_vec());
    is_exactly(&log, &sent);
}

#[test]
fn a_log_of_another_ledger_is_refused() {
    let (disk, _) = filled(3, 50, 600, 6);
    let other = vandel_core::id::LedgerId([8; 32]);
    let opened = FileLog::open(Arc::new(disk.clone()), Path::new(FOLDER), other);
    assert!(matches!(opened, Err(ReadError::Damaged(_))));
    let mut read = FileLog::open_read_only(Arc::new(disk), Path::new(FOLDER), Some(other)).unwrap();
    assert!(matches!(read.next(), Some(Err(ReadError::Damaged(_)))));
    assert!(read.next().is_none());
}

#[test]
fn a_second_writer_is_told_who_holds_the_home() {
    let home = tempfile::tempdir().unwrap();
    let held = HomeLock::acquire(home.path()).unwrap();
    let refused = HomeLock::acquire(home.path()).unwrap_err();
    let LockError::Held { path, pid } = &refused else { panic!("{refused}") };
    assert_eq!(path, &home.path().join(LOCK_FILE));
    assert_eq!(*pid, Some(std::process::id()));
    assert!(refused.to_string().contains(&std::process::id().to_string()));
    drop(held);
    HomeLock::acquire(home.path()).unwrap();
    // A holder that was killed leaves its name, not its lock.
    std::fs::write(home.path().join(LOCK_FILE), "4194304\n").unwrap();
    HomeLock::acquire(home.path()).unwrap();
    let missing = HomeLock::acquire(&home.path().join("nowhere"));
    assert!(matches!(missing, Err(LockError::Unavailable { .. })));
}

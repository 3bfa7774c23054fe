//! The file log under power cuts, failing disks, flipped bits and tampering hands.
//!
//! Every trial is seeded; each test prints how many it made (`cargo test -- --nocapture`).

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod onwards;
mod places;
mod power;
mod tamper;
mod trouble;

use std::path::Path;
use std::sync::Arc;

use vandel_core::id::LedgerId;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::log::file::FileLog;
use vandel_ledger::log::{Log, ReadError, TornTail};
use vandel_tests::log_conformance;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;

const LEDGER: LedgerId = LedgerId([7; 32]);
/// Where the log lies on a [`RecordingDisk`].
const FOLDER: &str = "/ledger/log";
/// The lengths of a segment's header and of a frame without its block, from the format.
const HEADER_BYTES: usize = 52;
const FRAME_HEADER_BYTES: usize = 20;

fn open(disk: &RecordingDisk, segment_bytes: u64) -> Result<(FileLog, Option<TornTail>), ReadError> {
    let (log, torn) = FileLog::open(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER)?;
    Ok((log.with_segment_bytes(segment_bytes), torn))
}

/// A disk with an empty home on it, durably, as `init` leaves it before it makes the log.
fn disk_with_home() -> RecordingDisk {
    let disk = RecordingDisk::default();
    disk.create_directory(Path::new("/ledger")).unwrap();
    disk.sync_directory(Path::new("/")).unwrap();
    disk
}

/// All blocks of a log without a torn tail.
fn blocks(log: &FileLog) -> Vec<Vec<u8>> {
    log.blocks_from(0).map(|block| block.unwrap().bytes).collect()
}

/// What an auditor reads: the sound blocks, and what ends them.
fn audit(disk: &RecordingDisk) -> (Vec<Vec<u8>>, Option<ReadError>) {
    let read = match FileLog::open_read_only(Arc::new(disk.clone()), Path::new(FOLDER), Some(LEDGER)) {
        Ok(read) => read,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut sound = Vec::new();
    for block in read {
        match block {
            Ok(block) => sound.push(block.bytes),
            Err(error) => return (sound, Some(error)),
        }
    }
    (sound, None)
}

/// A new log with `count` random blocks shorter than `bytes_below`.
fn filled(count: usize, bytes_below: usize, segment_bytes: u64, seed: u64) -> (RecordingDisk, Vec<Vec<u8>>) {
    let (disk, mut random) = (disk_with_home(), Random::seeded(seed));
    FileLog::create(&disk, Path::new(FOLDER), LEDGER).unwrap();
    let (mut log, _) = open(&disk, segment_bytes).unwrap();
    let mut sent = Vec::new();
    for _ in 0..count {
        let len = random.below(bytes_below);
        sent.push(random.bytes(len));
        log.append(log.next_position(), &sent[sent.len() - 1]).unwrap();
    }
    (disk, sent)
}

#[test]
fn conforms_on_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    FileLog::create(&RealDisk, &path, LEDGER).unwrap();
    for segment_bytes in [4 * 1024, 64 * 1024 * 1024] {
        let path = path.with_extension(segment_bytes.to_string());
        FileLog::create(&RealDisk, &path, LEDGER).unwrap();
        log_conformance::check(&mut || {
            let (log, torn) = FileLog::open(Arc::new(RealDisk), &path, LEDGER).unwrap();
            assert_eq!(torn, None);
            let places = path.with_extension(format!("{segment_bytes}-places"));
            Box::new(log.with_segment_bytes(segment_bytes).with_places(&places))
        });
    }
}

#[test]
fn conforms_on_the_recording_disk() {
    let disk = disk_with_home();
    FileLog::create(&disk, Path::new(FOLDER), LEDGER).unwrap();
    log_conformance::check(&mut || Box::new(open(&disk, 2_000).unwrap().0));
    assert_eq!(audit(&disk).0.len(), 113);
    assert!(disk.list(Path::new(FOLDER)).unwrap().len() > 10, "the suite rolls over");
}

#[test]
fn creating_twice_is_refused_and_a_killed_creation_is_completed() {
    let disk = disk_with_home();
    FileLog::create(&disk, Path::new(FOLDER), LEDGER).unwrap();
    let again = FileLog::create(&disk, Path::new(FOLDER), LEDGER).unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
    for kept in 0..HEADER_BYTES {
        let torn = disk.copy();
        let segment = Path::new(FOLDER).join("segment-00000000000000000000.vlog");
        torn.put(&segment, &disk.bytes(&segment).unwrap()[..kept]);
        FileLog::create(&torn, Path::new(FOLDER), LEDGER).unwrap();
        assert_eq!(torn.bytes(&segment), disk.bytes(&segment));
    }
}

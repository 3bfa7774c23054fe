//! Where blocks begin is noted in a file of hints: they spare reading, and wrong ones do no harm.

use std::path::{Path, PathBuf};

use vandel_ledger::log::Log;
use vandel_ledger::log::file::FileLog;
use vandel_tests::log_conformance::is_exactly;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;

use crate::{FOLDER, filled, open};

const PLACES: &str = "/ledger/places";
const SEGMENT_BYTES: u64 = 64 * 1024;

fn opened(disk: &RecordingDisk) -> FileLog {
    open(disk, SEGMENT_BYTES).unwrap().0.with_places(Path::new(PLACES))
}

/// A log of several segments, and all its places.
fn noted(seed: u64) -> (RecordingDisk, Vec<Vec<u8>>, Vec<u8>) {
    let (disk, sent) = filled(300, 2_000, SEGMENT_BYTES, seed);
    let log = opened(&disk);
    (0..300).for_each(|position| drop(log.read(position).unwrap()));
    drop(log);
    let places = disk.bytes(Path::new(PLACES)).unwrap();
    assert_eq!(places.len(), 300 * 8, "each block has a place, but for those that need none");
    (disk, sent, places)
}

fn read_of_segments(disk: &RecordingDisk) -> u64 {
    disk.bytes_read(Path::new(FOLDER))
}

#[test]
fn wrong_places_do_no_harm_and_are_mended() {
    let (disk, sent, sound) = noted(41);
    let (_, _, foreign) = noted(42);
    let mut random = Random::seeded(43);
    let mut versions: Vec<Vec<u8>> = vec![Vec::new(), vec![0; sound.len()], vec![0xff; sound.len()], foreign];
    versions.push([&sound[8..], &sound[..8]].concat());
    versions.push([&sound[..4], &sound[..]].concat());
    versions.extend([7, sound.len() / 2, sound.len() - 1].map(|kept| sound[..kept].to_vec()));
    versions.extend((0..20).map(|_| {
        let mut flipped = sound.clone();
        (0..40).for_each(|_| flipped[random.below(sound.len())] ^= 1 << random.below(8));
        flipped
    }));
    for version in &versions {
        let disk = disk.copy();
        disk.put(Path::new(PLACES), version);
        let log = opened(&disk);
        for position in (0..300).rev() {
            assert_eq!(log.read(position).unwrap().as_ref(), Some(&sent[usize::try_from(position).unwrap()]));
        }
        is_exactly(&log, &sent);
        // A block at a segment's beginning is found without.
        let mended = disk.bytes(Path::new(PLACES)).unwrap();
        let differ = mended.chunks(8).zip(sound.chunks(8)).filter(|(mended, sound)| mended != sound).count();
        assert!(differ <= 10, "{differ} places are still wrong");
    }
    println!("wrong files of places: {}", versions.len());
}

#[test]
fn a_log_just_opened_reads_an_old_block_alone() {
    let (disk, sent, _) = noted(44);
    let log = opened(&disk);
    let before = read_of_segments(&disk);
    assert_eq!(log.read(60).unwrap().as_ref(), Some(&sent[60]));
    let read = read_of_segments(&disk) - before;
    assert!(read < 20 * 1024, "{read} bytes for one block");
    // Without places the segment is read once, and never again.
    drop(log);
    disk.take(Path::new(PLACES));
    let log = opened(&disk);
    let before = read_of_segments(&disk);
    log.read(60).unwrap();
    assert!(read_of_segments(&disk) - before > SEGMENT_BYTES / 2);
    let before = read_of_segments(&disk);
    log.read(59).unwrap();
    assert!(read_of_segments(&disk) - before < 20 * 1024);
}

#[test]
fn a_disk_that_takes_no_places_stops_nothing() {
    let (disk, mut sent, _) = noted(46);
    // A folder stands where the file should be made, and none where it should stand.
    for places in [FOLDER, "/nowhere/places"] {
        let mut log = open(&disk, SEGMENT_BYTES).unwrap().0.with_places(&PathBuf::from(places));
        sent.push(vec![7; 100]);
        log.append(log.next_position(), &sent[sent.len() - 1]).unwrap();
        is_exactly(&log, &sent);
    }
}

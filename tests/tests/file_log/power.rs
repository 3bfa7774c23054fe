//! Power cuts at every operation, killed processes, and syncs that fail.

use std::path::Path;

use vandel_ledger::log::file::FileLog;
use vandel_ledger::log::{AppendError, Log};
use vandel_tests::log_conformance::is_exactly;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::{RecordingDisk, Spares, Trouble};

use crate::{FOLDER, LEDGER, audit, blocks, disk_with_home, filled, open};

const SEGMENT_BYTES: u64 = 4 * 1024;
/// The operations that make the home, before the log's own begin.
const HOME_OPERATIONS: usize = 2;

/// A run of appends: what was sent, and after how many operations each was acknowledged.
struct Run {
    disk: RecordingDisk,
    sent: Vec<Vec<u8>>,
    acked_after: Vec<usize>,
}

fn run(seed: u64, appends: usize) -> Run {
    let (disk, mut random) = (disk_with_home(), Random::seeded(seed));
    FileLog::create(&disk, Path::new(FOLDER), LEDGER).unwrap();
    let (mut log, _) = open(&disk, SEGMENT_BYTES).unwrap();
    let (mut sent, mut acked_after) = (Vec::new(), Vec::new());
    for _ in 0..appends {
        let len_max = if random.once_in(10) { 6_000 } else { 1_000 };
        let len = random.below(len_max);
        let block = random.bytes(len);
        log.append(log.next_position(), &block).unwrap();
        sent.push(block);
        acked_after.push(disk.operations());
    }
    Run { disk, sent, acked_after }
}

/// Opens what a crash left, as the sequencer does. Returns the log and whether its tail was torn.
fn recover(disk: &RecordingDisk, acked: usize) -> (FileLog, bool) {
    let (mut log, torn) = match open(disk, SEGMENT_BYTES) {
        Ok(opened) => opened,
        Err(error) if acked == 0 => {
            // The log was still being made.
            FileLog::create(disk, Path::new(FOLDER), LEDGER).unwrap_or_else(|_| panic!("{error}"));
            open(disk, SEGMENT_BYTES).unwrap()
        }
        Err(error) => panic!("{error}"),
    };
    if let Some(tail) = &torn {
        assert_eq!(tail.position, log.next_position());
        let refused = log.append(log.next_position(), b"x");
        assert!(matches!(refused, Err(AppendError::Torn(_))), "{refused:?}");
        log.cut_torn_tail().unwrap();
        assert_eq!(log.torn_tail(), None);
        let later = disk.world().after_power_cut(Spares::Nothing, &mut Random::seeded(0));
        let (survived, end) = audit(&later);
        assert!(end.is_none(), "the cut is durable at once: {end:?}");
        assert_eq!(survived.len() as u64, tail.position);
    }
    (log, torn.is_some())
}

/// acknowledged ⊆ recovered, and recovered is a prefix of what was sent; then life goes on.
fn check_recovered(disk: &RecordingDisk, sent: &[Vec<u8>], acked: usize) -> bool {
    let (mut log, was_torn) = recover(disk, acked);
    let recovered = blocks(&log);
    assert!(recovered.len() >= acked, "{acked} were acknowledged, {} are left", recovered.len());
    assert!(recovered.len() <= acked + 1, "only one block can be under way");
    assert_eq!(recovered, sent[..recovered.len()]);
    log.append(log.next_position(), b"and on it goes").unwrap();
    // What was recovered has been shown, so it must not be lost to the next power cut.
    let later = disk.world().after_power_cut(Spares::Nothing, &mut Random::seeded(0));
    let (survived, end) = audit(&later);
    assert!(end.is_none(), "{end:?}");
    assert_eq!(survived[..recovered.len()], recovered);
    assert_eq!(survived[recovered.len()..], [b"and on it goes".to_vec()]);
    was_torn
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_acknowledged() {
    let (mut images, mut torn) = (0, 0);
    for seed in 0..2 {
        let run = run(seed, 90);
        let mut random = Random::seeded(seed + 100);
        run.disk.replay(|count, _, world| {
            if count < HOME_OPERATIONS {
                return;
            }
            let acked = run.acked_after.partition_point(|&after| after <= count);
            let mut spares = vec![Spares::Nothing, Spares::Everything];
            spares.resize(8, Spares::AnyPart);
            for spares in spares {
                let image = world.after_power_cut(spares, &mut random);
                torn += usize::from(check_recovered(&image, &run.sent, acked));
                images += 1;
            }
        });
    }
    println!("power cuts: {images} images, {torn} with a torn tail");
    assert!(images > 3_000 && torn > 100);
}

#[test]
fn what_a_process_killed_before_its_sync_left_is_made_durable_before_it_is_shown() {
    let run = run(5, 60);
    let mut kills = 0;
    run.disk.replay(|count, _, world| {
        if count < HOME_OPERATIONS {
            return;
        }
        let acked = run.acked_after.partition_point(|&after| after <= count);
        check_recovered(&world.after_kill(), &run.sent, acked);
        kills += 1;
    });
    println!("killed processes: {kills}");
}

#[test]
fn power_cuts_while_a_torn_tail_is_cut_or_a_log_is_opened_lose_nothing() {
    let (original, sent) = filled(9, 700, 1_500, 11);
    let mut images = 0;
    for seed in 0..60 {
        let mut random = Random::seeded(seed);
        let disk = original.copy();
        let path = Path::new(FOLDER).join(last_segment(&disk));
        let mut bytes = disk.bytes(&path).unwrap();
        let torn_bytes = random.below(900);
        bytes.extend(random.bytes(torn_bytes));
        disk.put(&path, &bytes);
        for cut_after in 0..6 {
            let disk = disk.copy();
            disk.fail_after(cut_after, if random.once_in(2) { Trouble::Lost } else { Trouble::DoneAll });
            if let Ok((mut log, _)) = open(&disk, SEGMENT_BYTES) {
                let _ = log.cut_torn_tail();
            }
            let image = disk.world().after_power_cut(Spares::AnyPart, &mut random);
            check_recovered(&image, &sent, sent.len());
            images += 1;
        }
    }
    println!("power cuts while opening and cutting: {images}");
}

/// The name of the last segment.
fn last_segment(disk: &RecordingDisk) -> String {
    use vandel_ledger::disk::Disk;
    disk.list(Path::new(FOLDER)).unwrap().pop().unwrap()
}

#[test]
fn an_error_at_any_operation_ends_uncertain_and_is_resolved_by_reopening() {
    let (mut errors, mut stored) = (0, 0);
    for trouble in [Trouble::Lost, Trouble::DoneAll] {
        for after in 0..400 {
            let (disk, mut acked) = filled(3, 700, 1_500, after as u64);
            let mut random = Random::seeded(after as u64);
            let (mut log, _) = open(&disk, 1_500).unwrap();
            disk.fail_after(after % 60, trouble);
            for _ in 0..20 {
                let len = random.below(700);
                let block = random.bytes(len);
                let position = log.next_position();
                if let Err(error) = log.append(position, &block) {
                    assert!(matches!(error, AppendError::Uncertain { .. }), "{error}");
                    let refused = log.append(position, &block);
                    assert!(matches!(refused, Err(AppendError::Halted { .. })), "{refused:?}");
                    let (reopened, torn) = open(&disk, 1_500).unwrap();
                    log = reopened;
                    if torn.is_some() {
                        log.cut_torn_tail().unwrap();
                    }
                    stored += usize::from(log.next_position() > position);
                    log.append(position, &block).unwrap();
                    errors += 1;
                }
                acked.push(block);
            }
            is_exactly(&log, &acked);
            let later = disk.world().after_power_cut(Spares::Nothing, &mut random);
            let (survived, end) = audit(&later);
            assert!(end.is_none(), "{end:?}");
            assert_eq!(survived, acked);
        }
    }
    println!("errors: {errors}, of which {stored} had stored the block");
    assert!(errors > 500 && stored > 100);
}

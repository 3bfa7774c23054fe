//! Random histories: readings, erasures and backups in any order; then any generation is restored into a fresh
//! home, alone or with the newer log.

use std::path::Path;

use vandel_ledger::backup::BackupError;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::NOON;

use super::course::{FIRST, Known, LATER, back_up, bring_back, check, found, home, ledger_at, open_restored};

const READERS: u8 = 4;

/// What came of all trials.
#[derive(Default, Debug)]
struct Tally {
    trials: usize,
    served: usize,
    behind: usize,
    lost: usize,
    erased_again: u64,
    looked_for: usize,
}

/// One history; returns the disk, what is known at its end and how many generations it has.
fn history(random: &mut Random) -> (RecordingDisk, Known, u32) {
    let disk = RecordingDisk::default();
    let mut sequencer = found(&disk, READERS);
    let ledger = ledger_at(&disk, home(), NOON);
    let mut known = Known::default();
    let (mut generations, mut salt) = (0, 0);
    let acts = 10 + random.below(12);
    for act in 0..acts {
        // Readings are made in the first half, erased in the second: only then are they due.
        let reader = FIRST + u8::try_from(random.below(usize::from(READERS))).unwrap();
        match random.below(5) {
            0 | 1 if act < acts / 2 => known.read(&mut sequencer, reader, "granskning"),
            2 if act >= acts / 2 && known.living.contains_key(&reader) => {
                drop(sequencer);
                let later = ledger_at(&disk, home(), LATER);
                sequencer = later.open().unwrap();
                salt += 1;
                known.erase(&mut sequencer, reader, salt);
            }
            3 => {
                // A writer comes and goes.
                drop(sequencer);
                let at = if act < acts / 2 { ledger.clone() } else { ledger_at(&disk, home(), LATER) };
                sequencer = at.open().unwrap();
            }
            _ => {
                back_up(&disk, NOON).unwrap();
                generations += 1;
            }
        }
    }
    (disk, known, generations)
}

fn trial(disk: &RecordingDisk, known: &Known, generation: u32, with_log: bool, tally: &mut Tally) {
    let disk = disk.copy();
    tally.trials += 1;
    let log = home().log();
    let newer = with_log.then_some(Path::new(&log));
    match bring_back(&disk, generation, newer) {
        Ok(restored) => {
            tally.erased_again += restored.keys_destroyed;
            match (restored.behind, open_restored(&disk)) {
                (Some(_), Ok(_)) => panic!("a log behind the memory was opened"),
                (Some(_), Err(_)) => tally.behind += 1,
                (None, opened) => {
                    let opened = opened.unwrap();
                    check(&opened, known);
                    tally.looked_for += known.erased.len();
                    tally.served += 1;
                    drop(opened);
                    check(&open_restored(&disk).unwrap(), known);
                }
            }
        }
        Err(BackupError::PayloadsLost { .. }) => {
            assert!(with_log, "without a newer log nothing is missing");
            assert!(open_restored(&disk).is_err(), "a home with lost payloads was opened");
            tally.lost += 1;
        }
        Err(error) => panic!("generation {generation}, with the log: {with_log}: {error}"),
    }
}

#[test]
fn whatever_is_restored_nothing_erased_comes_back() {
    let deep = std::env::var_os("VANDEL_DEEP").is_some();
    let histories = if deep { 1_000 } else { 30 };
    let mut tally = Tally::default();
    for seed in 0..histories {
        let mut random = Random::seeded(seed);
        let (disk, known, generations) = history(&mut random);
        // The first, one in the middle and the last; all of them in depth.
        let some: std::collections::BTreeSet<u32> = [1, generations.div_ceil(2), generations].into();
        let chosen = (1..=generations).filter(|generation| deep || some.contains(generation));
        for generation in chosen {
            for with_log in [false, true] {
                let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    trial(&disk, &known, generation, with_log, &mut tally);
                }));
                assert!(ended.is_ok(), "seed {seed}, generation {generation}, with the log: {with_log}");
            }
        }
    }
    println!("deep: {} trials of backups restored in {histories} histories: {tally:?}", tally.trials);
    assert!(
        tally.served > 20 && tally.behind > 20 && tally.lost > 0,
        "the histories are too tame: {tally:?}"
    );
    assert!(tally.erased_again > 10 && tally.looked_for > 20, "nothing was erased again: {tally:?}");
}

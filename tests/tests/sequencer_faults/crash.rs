//! The machine stops: processes killed and power cut at every operation of the disk.

use vandel_ledger::opening::HomeError;
use vandel_ledger::sequencer::{Disagreement, OpenError};
use vandel_tests::random::Random;
use vandel_tests::recording_disk::{RecordingDisk, Spares, Trouble};

use crate::check::{check, statements};
use crate::script::{Run, ledger_on, script};
use crate::{deep, large};

/// What a founding that was interrupted says to whoever opens it.
fn founded_or_refused_with_advice(disk: &RecordingDisk) -> bool {
    match ledger_on(disk).open() {
        Ok(_) => true,
        Err(HomeError::NoLedger(_)) => false,
        Err(error @ HomeError::FoundingInterrupted { .. }) => {
            assert!(error.to_string().contains("remove the folder"), "{error}");
            false
        }
        Err(HomeError::Open(OpenError::Disagreement(error @ Disagreement::MemoryBehind { .. }))) => {
            assert!(error.to_string().contains("founding was interrupted"), "{error}");
            false
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_machine_that_stops_at_any_operation_loses_nothing_it_promised() {
    let (mut kills, mut cuts, mut unfounded, mut sent) = (0, 0, 0, 0);
    for seed in 0..deep(1, 12) as u64 {
        // Every other run writes a snapshot after each few records, and merges them.
        let every = if seed.is_multiple_of(2) { 4 } else { u64::MAX };
        let mut run = Run::begin().with_snapshots(every);
        run.run(&script(seed, 22, large(seed)));
        run.kill();
        sent += statements(&run.sent);
        let mut random = Random::seeded(seed);
        println!("seed {seed}: {} operations", run.disk.operations());
        let cuts_each = deep(1, 4);
        run.disk.replay(|count, operation, world| {
            let mut images = vec![world.after_kill()];
            let kinds = [Spares::Nothing, Spares::AnyPart, Spares::AnyPart];
            for cut in 0..cuts_each {
                images.push(world.after_power_cut(kinds[(count + cut) % kinds.len()], &mut random));
            }
            kills += 1;
            cuts += images.len() - 1;
            for image in images {
                if count < run.founded {
                    unfounded += usize::from(!founded_or_refused_with_advice(&image));
                    continue;
                }
                let at = format!("seed {seed}, operation {count}: {operation:?}");
                let checked = std::panic::catch_unwind(|| check(&image, &run.sent, count));
                assert!(checked.is_ok(), "failed at {}", at.chars().take(200).collect::<String>());
            }
        });
    }
    println!("deep: {kills} kills, {cuts} power cuts, {unfounded} interrupted foundings, {sent} statements");
    assert!(kills > 200 && unfounded > 20);
}

#[test]
fn a_machine_that_stops_during_recovery_recovers_the_next_time() {
    let mut run = Run::begin();
    run.run(&script(77, 6, 0));
    run.kill();
    let total = run.disk.operations();
    let mut worlds = Vec::new();
    let mut random = Random::seeded(77);
    run.disk.replay(|count, _, world| {
        if count > run.founded && random.once_in(deep(24, 2)) || count == total {
            worlds.push((count, world.clone()));
        }
    });
    let mut stops = 0;
    for (count, world) in worlds {
        for after in (0..60).step_by(deep(3, 1)) {
            // After a kill what was not synced is seen, and may still be lost once it has been shown.
            let disk = match random.once_in(2) {
                true => world.after_kill(),
                false => world.after_power_cut(Spares::AnyPart, &mut random),
            };
            let trouble = if random.once_in(2) { Trouble::Lost } else { Trouble::DoneAll };
            disk.fail_after(after, trouble);
            drop(ledger_on(&disk).open());
            if disk.stop_failing() {
                break; // The opening needed no more operations than this.
            }
            let image = disk.world().after_power_cut(Spares::AnyPart, &mut random);
            check(&image, &run.sent, count);
            stops += 1;
        }
    }
    println!("deep: {stops} stops during recovery");
    assert!(stops > 30);
}

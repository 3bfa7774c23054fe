//! An erasure that is stopped at any operation of the disk ends as one that was not.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::sync::Arc;

use vandel_core::time::Second;
use vandel_ledger::home::Home;
use vandel_tests::erasure_scene::{LATER, check, fill, go_on, ledger_at, plan};
use vandel_tests::random::Random;
use vandel_tests::recording_disk::{RecordingDisk, Spares};
use vandel_tests::small_ledger::{NOON, SmallLedger};

fn ledger_on(disk: &RecordingDisk, at: Second) -> SmallLedger {
    ledger_at(Arc::new(disk.clone()), Home::new("/home"), at)
}

#[test]
fn an_erasure_that_stops_at_any_operation_ends_as_one_that_did_not() {
    let disk = RecordingDisk::default();
    let ledger = ledger_on(&disk, NOON);
    let (mut sequencer, living) = fill(&ledger);
    let plan = plan(&sequencer);
    let begun = disk.operations();
    go_on(&mut sequencer, &plan);
    check(&sequencer, &plan, &living);
    drop(sequencer);

    let (mut random, mut stops) = (Random::seeded(4), 0);
    disk.replay(|count, operation, world| {
        if count < begun {
            return;
        }
        let mut images = vec![world.after_kill()];
        for spares in [Spares::Nothing, Spares::AnyPart, Spares::AnyPart, Spares::Everything] {
            images.push(world.after_power_cut(spares, &mut random));
        }
        for image in images {
            stops += 1;
            let at = format!("stopped after operation {count}: {operation:?}");
            let ended = std::panic::catch_unwind(|| {
                let mut sequencer = ledger_on(&image, LATER).open().unwrap();
                go_on(&mut sequencer, &plan);
                check(&sequencer, &plan, &living);
                drop(sequencer);
                check(&ledger_on(&image, LATER).open().unwrap(), &plan, &living);
            });
            assert!(ended.is_ok(), "{}", at.chars().take(200).collect::<String>());
        }
    });
    println!("{stops} stops in {} operations", disk.operations() - begun);
    assert!(stops > 100, "the erasure has too few operations to have been looked at: {stops}");
}

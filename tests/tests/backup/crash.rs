//! Stopped at any operation, by a kill or a power cut, a backup, a restore and a destruction leave nothing half.

use std::sync::Arc;

use vandel_ledger::backup::{GenerationDisk, Half, labels_in};
use vandel_ledger::disk::Disk;
use vandel_ledger::sinks::{Fate, Register};
use vandel_tests::random::Random;
use vandel_tests::recording_disk::{RecordingDisk, Spares, World};

use super::course::{
    DATA, FIRST, KEYS, Known, LATER, back_up, bring_back, check, destroy, files_under, found, home,
    ledger_at, open_restored,
};

/// A ledger with an erasure after its first generation; closed.
fn ledger() -> (RecordingDisk, Known) {
    let disk = RecordingDisk::default();
    let mut sequencer = found(&disk, 2);
    let mut known = Known::default();
    for reader in [FIRST, FIRST + 1] {
        known.read(&mut sequencer, reader, "granskning");
    }
    drop(sequencer);
    let mut sequencer = ledger_at(&disk, home(), LATER).open().unwrap();
    back_up(&disk, LATER).unwrap();
    known.erase(&mut sequencer, FIRST, 1);
    drop(sequencer);
    (disk, known)
}

fn images(world: &World, random: &mut Random) -> Vec<RecordingDisk> {
    let cut = |spares, random: &mut Random| world.after_power_cut(spares, random);
    vec![
        world.after_kill(),
        cut(Spares::Nothing, random),
        cut(Spares::AnyPart, random),
        cut(Spares::Everything, random),
    ]
}

/// Stops `run` after each of its operations and lets `look` judge what is left.
fn at_every_operation(
    disk: &RecordingDisk,
    run: impl FnOnce(&RecordingDisk),
    look: impl Fn(&RecordingDisk) + std::panic::RefUnwindSafe,
) -> usize {
    let begun = disk.operations();
    run(disk);
    let (mut random, mut stops) = (Random::seeded(7), 0);
    let every = if std::env::var_os("VANDEL_DEEP").is_some() { 1 } else { 3 };
    disk.replay(|count, operation, world| {
        if count < begun || !(count - begun).is_multiple_of(every) {
            return;
        }
        for image in images(world, &mut random) {
            stops += 1;
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(&image)));
            let at: String = format!("{operation:?}").chars().take(150).collect();
            assert!(ended.is_ok(), "stopped after operation {count}: {at}");
        }
    });
    stops
}

/// Every generation that is labelled is whole.
fn labelled_are_whole(disk: &RecordingDisk) -> Vec<u32> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut found = Vec::new();
    for label in labels_in(&shared, DATA.as_ref()).unwrap() {
        let root = std::path::Path::new("/generation");
        let generation =
            GenerationDisk::open(shared.clone(), root, label.generation, DATA.as_ref(), Some(KEYS.as_ref()));
        assert!(
            generation.unwrap().check(&mut |_| {}).unwrap().is_empty(),
            "generation {}",
            label.generation
        );
        found.push(label.generation);
    }
    found
}

#[test]
fn a_backup_that_stops_anywhere_is_there_or_not() {
    let (disk, _) = ledger();
    let stops = at_every_operation(
        &disk,
        |disk| drop(back_up(disk, LATER).unwrap()),
        |image| {
            let before = labelled_are_whole(image);
            assert!(before.contains(&1), "the earlier generation stands");
            let made = back_up(image, LATER).unwrap();
            assert!(made.generation > *before.last().unwrap());
            assert!(labelled_are_whole(image).contains(&made.generation));
            // The register knows every one that may exist, and the ledger itself was not touched.
            let open = ledger_at(image, home(), LATER).open().unwrap();
            let register = Register::read(image, &home(), open.chain().ledger).unwrap();
            assert!(register.states().len() >= 2 * (before.len() + 1));
        },
    );
    println!("deep: {stops} stops of a backup being made");
    assert!(stops > 50, "{stops}");
}

#[test]
fn a_restore_that_stops_anywhere_serves_nothing_until_it_is_done_again() {
    let (disk, known) = ledger();
    let log = home().log();
    let stops = at_every_operation(
        &disk,
        |disk| drop(bring_back(disk, 1, Some(&log)).unwrap()),
        |image| {
            match open_restored(image) {
                // Only the last operations leave a home that opens, and then it is whole.
                Ok(open) => check(&open, &known),
                Err(_) => {
                    bring_back(image, 1, Some(&log)).unwrap();
                    check(&open_restored(image).unwrap(), &known);
                }
            }
        },
    );
    println!("deep: {stops} stops of a restore");
    assert!(stops > 50, "{stops}");
}

#[test]
fn a_destruction_that_stops_anywhere_ends_as_one_that_did_not() {
    let (disk, _) = ledger();
    back_up(&disk, LATER).unwrap();
    let stops = at_every_operation(
        &disk,
        |disk| Half::ALL.into_iter().for_each(|half| drop(destroy(disk, 1, half).unwrap())),
        |image| {
            for half in Half::ALL {
                destroy(image, 1, half).unwrap();
            }
            assert_eq!(labelled_are_whole(image), [2], "the later generation stands, whole");
            let shared: Arc<dyn Disk> = Arc::new(image.clone());
            let id = vandel_ledger::home_log::ledger_id_of(&shared, &home()).unwrap();
            let register = Register::read(image, &home(), id).unwrap();
            let states = register.states();
            let destroyed = |fate: &Fate| matches!(fate, Fate::Destroyed(_));
            assert_eq!(states.iter().filter(|sink| destroyed(&sink.fate)).count(), 2, "each half once");
            assert!(destroyed(&states[0].fate) && destroyed(&states[1].fate));
            assert!(
                files_under(image, DATA.as_ref())
                    .iter()
                    .all(|(path, _)| !path.ends_with("generation-1-data"))
            );
        },
    );
    println!("deep: {stops} stops of a destruction");
    assert!(stops > 20, "{stops}");
}

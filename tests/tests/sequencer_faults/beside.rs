//! The second half of a block beside the first half of the next: whatever order the disk's operations come in, a machine
//! that stops, or a disk that fails, loses nothing that was promised.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::note::Note;
use vandel_ledger::desk::{Desk, DeskLimits, GroupAnswer};
use vandel_ledger::sequencer::{Group, Sequencer, Snapshots};
use vandel_ledger::submission::SubmitError;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::{Operation, RecordingDisk, Spares, Trouble};
use vandel_tests::small_ledger::{assess, enrol};

use crate::check::check;
use crate::deep;
use crate::script::{Sent, hold_up, prepared};

/// What is handed in: steps of several threads in turn; in the middle an open statement, a group once more, and one twice
/// at once.
fn groups(sequencer: &Sequencer, threads: u8, steps: usize) -> Vec<Group> {
    let each = (0..threads).map(|thread| assess(sequencer, 10 + thread, steps));
    let each: Vec<Group> = each.collect();
    let step = |number: usize| each.iter().map(move |steps| vec![steps[number].clone()]);
    let mut groups: Vec<Group> = (0..steps).flat_map(step).collect();
    let middle = groups.len() / 2;
    groups.insert(middle, vec![enrol(sequencer, 9)]);
    groups.insert(middle + 2, groups[0].clone());
    groups.insert(middle + 4, groups[middle + 3].clone());
    groups
}

/// Hands everything in before the writer takes any of it, and notes after how many operations each answer came.
fn run(
    disk: &RecordingDisk,
    mut sequencer: Sequencer,
    block_records: usize,
    groups: &[Group],
) -> Vec<(Sent, GroupAnswer)> {
    sequencer.set_block_records(block_records);
    sequencer.set_snapshots(Snapshots { every: 16, wait: true });
    let begun = disk.operations();
    let desk = Desk::open(sequencer, DeskLimits::default(), |_| ()).unwrap();
    let handle = desk.handle();
    let release = hold_up(&handle);
    let (sender, answers) = mpsc::channel();
    for (number, group) in groups.iter().enumerate() {
        let (sender, disk, asking) = (sender.clone(), disk.clone(), handle.clone());
        let note = move |mut answers: Vec<GroupAnswer>| {
            // Now and then somebody asks at just that moment.
            if number % 7 == 3 {
                let _ = asking.ask(sees_what_is_settled);
            }
            sender.send((number, disk.operations(), answers.remove(0))).unwrap();
        };
        handle.submit(vec![group.clone()], note).unwrap();
    }
    // Most of it is checked before any of it is placed, so that something always waits.
    thread::sleep(Duration::from_millis(100));
    // So that a desk that has died is noticed.
    drop(sender);
    drop(release);
    let mut answered: Vec<_> = groups.iter().map(|_| answers.recv().unwrap()).collect();
    drop(desk.end());
    answered.sort_by_key(|(number, ..)| *number);
    let answered = answered.into_iter().zip(groups);
    let sent = answered.map(|((_, after, answer), group)| {
        let promised = answer.as_ref().ok().map(|receipts| (after, receipts.clone()));
        (Sent { group: group.clone(), begun, promised }, answer)
    });
    sent.collect()
}

/// A question is put to a ledger in which nothing is on its way, and to none that has stopped. What fails here fails the
/// desk, and with it every group that waits.
fn sees_what_is_settled(sequencer: &mut Sequencer) {
    assert!(sequencer.halted().is_none(), "a sequencer that has stopped is asked");
    let note = Note::parse(sequencer.checkpoint().as_bytes()).unwrap();
    let published: Checkpoint = note.text().parse().unwrap();
    assert_eq!(published.size(), sequencer.chain().size(), "a block on its way is seen");
    let newest = sequencer.chain().size() - 1;
    assert_eq!(sequencer.receipts(&[newest]).unwrap()[0].record, newest);
}

/// How often payloads came into the vault while the memory did not have the block before.
fn begun_beside(disk: &RecordingDisk) -> usize {
    let mut files: BTreeMap<usize, PathBuf> = BTreeMap::new();
    let (mut under_way, mut beside) = (0_usize, 0);
    disk.replay(|_, operation, _| match operation {
        Operation::Create(path, file) => drop(files.insert(*file, path.clone())),
        Operation::Write(file, ..) if files[file].to_string_lossy().contains("vault/bundle-") => {
            beside += usize::from(under_way > 0);
            under_way += 1;
        }
        Operation::Rename(_, to) if to.ends_with("memory/checkpoint") => {
            under_way = under_way.saturating_sub(1);
        }
        _ => {}
    });
    beside
}

#[test]
fn a_machine_that_stops_with_two_blocks_under_way_loses_nothing_it_promised() {
    let (mut stops, mut beside) = (0, 0);
    for (seed, block_records) in (0..deep(2, 16) as u64).zip((1..=4).cycle()) {
        let (disk, sequencer) = prepared();
        let begun = disk.operations();
        let groups = groups(&sequencer, 5, deep(5, 8));
        let answered = run(&disk, sequencer, block_records, &groups);
        let sent: Vec<Sent> =
            answered.into_iter().map(|(sent, answer)| answer.map(|_| sent).unwrap()).collect();
        beside += begun_beside(&disk);
        let mut random = Random::seeded(seed);
        disk.replay(|count, operation, world| {
            if count < begun || !random.once_in(deep(3, 1)) {
                return;
            }
            let spares = if random.once_in(3) { Spares::Nothing } else { Spares::AnyPart };
            let image = if random.once_in(3) {
                world.after_kill()
            } else {
                world.after_power_cut(spares, &mut random)
            };
            let at = format!("seed {seed}, operation {count}: {operation:?}");
            let checked = std::panic::catch_unwind(|| check(&image, &sent, count));
            assert!(checked.is_ok(), "failed at {}", at.chars().take(200).collect::<String>());
            stops += 1;
        });
    }
    println!("deep: {stops} stops, {beside} blocks begun while the one before was on its way");
    assert!(stops > 100 && beside > 0);
}

#[test]
fn an_error_with_two_blocks_under_way_is_answered_and_resolved_by_opening_again() {
    let (mut trials, mut halted, mut promised) = (0, 0, 0);
    for trouble in [Trouble::Lost, Trouble::DoneAll, Trouble::Full, Trouble::ReadOnly] {
        for after in (0..).step_by(deep(17, 1)) {
            let (disk, sequencer) = prepared();
            let groups = groups(&sequencer, 4, 3);
            disk.fail_after(after, trouble);
            let answered = run(&disk, sequencer, 2, &groups);
            if disk.stop_failing() {
                break; // There are no more operations than this.
            }
            for (sent, answer) in &answered {
                match answer {
                    Ok(_) => promised += 1,
                    Err(SubmitError::Halted(_)) => halted += 1,
                    Err(error) => panic!("{trouble:?} at operation {after} of {:?}: {error}", sent.begun),
                }
            }
            let sent: Vec<Sent> = answered.into_iter().map(|(sent, _)| sent).collect();
            let checked = std::panic::catch_unwind(|| check(&disk, &sent, usize::MAX));
            assert!(checked.is_ok(), "failed at {trouble:?} at operation {after}");
            trials += 1;
        }
    }
    println!("deep: {trials} failing operations, {promised} groups promised, {halted} answered by a halt");
    assert!(trials > 20 && promised > 0 && halted > 0);
}

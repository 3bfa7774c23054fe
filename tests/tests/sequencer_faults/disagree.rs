//! Log, memory, vault, views and keys are taken back, swapped or damaged behind the sequencer's back.

use std::path::{Path, PathBuf};

use vandel_core::block::Block;
use vandel_core::time::Second;
use vandel_ledger::opening::{HomeError, open_unlocked};
use vandel_ledger::sequencer::{Disagreement, OpenError, Sequencer, Witness};
use vandel_ledger::submission::SubmitError;
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::{assess, enrol};

use crate::check::check;
use crate::script::{HOME, Operation, Run, ledger_on};

const STEP: Operation = Operation::Assess { groups: 1, steps: 1 };

fn path(file: &str) -> PathBuf {
    Path::new(HOME).join(file)
}

fn bytes(disk: &RecordingDisk, file: &str) -> Vec<u8> {
    disk.bytes(&path(file)).unwrap_or_else(|| panic!("no {file}"))
}

fn log_name() -> String {
    format!("log/{}", first_segment())
}

fn first_segment() -> String {
    use vandel_ledger::disk::Disk;
    let mut run = Run::begin();
    run.kill();
    run.disk.list(&path("log")).unwrap().remove(0)
}

/// A home, and a copy of it from before its last steps.
struct Story {
    earlier: RecordingDisk,
    now: Run,
}

/// The same of another ledger.
fn another_story(later: &[Operation]) -> Story {
    story(later)
}

fn story(later: &[Operation]) -> Story {
    let mut now = Run::begin();
    now.run(&[STEP, STEP]);
    now.kill();
    let earlier = now.disk.copy();
    now.run(later);
    now.kill();
    Story { earlier, now }
}

impl Story {
    /// The home of now, with these files as they were before.
    fn with_earlier(&self, files: &[&str]) -> RecordingDisk {
        let disk = self.now.disk.copy();
        files.iter().for_each(|file| disk.put(&path(file), &bytes(&self.earlier, file)));
        disk
    }
}

/// Opening is refused, and neither log nor memory nor what is published has changed by the attempt.
fn refused(disk: &RecordingDisk) -> OpenError {
    let kept = [log_name(), "memory/checkpoint".to_owned(), "public/checkpoint".to_owned()];
    let before: Vec<_> = kept.iter().map(|file| disk.bytes(&path(file))).collect();
    let Err(HomeError::Open(error)) = ledger_on(disk).open() else { panic!("it opened") };
    let after: Vec<_> = kept.iter().map(|file| disk.bytes(&path(file))).collect();
    assert!(before == after, "a refused opening has changed something");
    error
}

fn opened_with_trust(disk: &RecordingDisk) -> Result<Sequencer, HomeError> {
    let ledger = ledger_on(disk);
    let mut opening = ledger.opening();
    opening.trust_new_memory = true;
    open_unlocked(&ledger.home, opening)
}

#[test]
fn a_log_cut_back_is_behind_whoever_remembers_more() {
    let story = story(&[STEP, STEP]);
    let log = log_name();
    let disk = story.with_earlier(&[&log]);
    let error = refused(&disk);
    assert!(
        matches!(error, OpenError::Disagreement(Disagreement::Behind { witness: Witness::Memory, .. })),
        "{error:?}"
    );
    // The memory is taken back too: what was published still tells.
    let disk = story.with_earlier(&[&log, "memory/checkpoint"]);
    let error = refused(&disk);
    let OpenError::Disagreement(found) = error else { panic!("{error:?}") };
    assert!(matches!(found, Disagreement::Behind { witness: Witness::Published, .. }), "{found:?}");
    assert!(matches!(opened_with_trust(&disk), Err(HomeError::Open(OpenError::Disagreement(_)))));
}

#[test]
fn another_history_of_the_same_size_is_a_fork() {
    let mut story = story(&[]);
    let mut other = story.now.fork();
    story.now.run(&[STEP, STEP]);
    other.run(&[Operation::Enrol(50), Operation::Enrol(51)]);
    story.now.kill();
    other.kill();
    let disk = other.disk.copy();
    for file in ["memory/checkpoint", "public/checkpoint"] {
        disk.put(&path(file), &bytes(&story.now.disk, file));
    }
    let error = refused(&disk);
    assert!(matches!(error, OpenError::Disagreement(Disagreement::Fork { .. })), "{error:?}");
}

#[test]
fn a_memory_that_was_lost_or_went_back_is_not_taken_for_a_new_one() {
    let story = story(&[STEP, STEP, Operation::Enrol(50)]);
    let lost = story.now.disk.copy();
    lost.take(&path("memory/checkpoint"));
    let back = story.with_earlier(&["memory/checkpoint"]);
    let back_unpublished = story.with_earlier(&["memory/checkpoint"]);
    back_unpublished.take(&path("public/checkpoint"));
    for disk in [lost, back, back_unpublished] {
        let error = refused(&disk);
        let OpenError::Disagreement(Disagreement::MemoryBehind { remembered, held, .. }) = &error else {
            panic!("{error:?}")
        };
        assert!(remembered < held);
        assert!(error.to_string().contains("--trust-new-memory"), "{error}");
        drop(opened_with_trust(&disk).unwrap());
        check(&disk, &[], usize::MAX);
    }
}

#[test]
fn a_memory_one_block_behind_is_what_a_crash_leaves_and_is_caught_up() {
    let story = story(&[]);
    let before = story.now.disk.copy();
    let mut sequencer = ledger_on(&story.now.disk).open().unwrap();
    let one_back = bytes(&story.now.disk, "memory/checkpoint");
    let public = bytes(&story.now.disk, "public/checkpoint");
    let group = assess(&sequencer, 100, 1);
    sequencer.commit(vec![group]).remove(0).unwrap();
    drop(sequencer);
    assert_ne!(bytes(&before, "memory/checkpoint"), one_back);
    story.now.disk.put(&path("memory/checkpoint"), &one_back);
    story.now.disk.put(&path("public/checkpoint"), &public);
    check(&story.now.disk, &story.now.sent, usize::MAX);
}

#[test]
fn views_that_are_damaged_old_or_of_another_ledger_are_made_anew() {
    // So large that the tree has nodes in its second band, too.
    let large = [Operation::Assess { groups: 15, steps: 18 }, Operation::End, STEP, Operation::End];
    let story = story(&large);
    let other = another_story(&large);
    let files = [
        "views/admission",
        "views/clean-end",
        "views/block-places",
        "views/tree-0",
        "views/tree-1",
        "views/tree-2",
    ];
    let mut trials = 0;
    for file in files {
        let sound = bytes(&story.now.disk, file);
        let mut versions = vec![Vec::new(), vec![0; sound.len()], sound[..sound.len() / 2].to_vec()];
        versions.push([&sound[..], &[7; 100]].concat());
        versions.push(bytes(&other.now.disk, file));
        let places = [0, sound.len() / 3, sound.len() / 2, sound.len().saturating_sub(1)];
        for at in places.into_iter().filter(|at| *at < sound.len()) {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            versions.push(flipped);
        }
        for version in versions.into_iter().filter(|version| *version != sound) {
            let disk = story.now.disk.copy();
            disk.put(&path(file), &version);
            check(&disk, &story.now.sent, usize::MAX);
            trials += 1;
        }
        let disk = story.now.disk.copy();
        disk.take(&path(file));
        check(&disk, &story.now.sent, usize::MAX);
    }
    // As the version before had it: one file for the whole tree.
    let disk = story.now.disk.copy();
    ["views/tree-0", "views/tree-1", "views/tree-2"].iter().for_each(|file| disk.take(&path(file)));
    disk.put(&path("views/tree"), &bytes(&story.now.disk, "views/tree-0"));
    check(&disk, &story.now.sent, usize::MAX);
    assert_eq!(disk.bytes(&path("views/tree")), None, "the old file is in the way");
    // An end that was noted once and stayed behind is no end of today's.
    let stale = story.now.disk.copy();
    let size = ledger_on(&stale).open().unwrap().chain().size();
    drop(ledger_on(&stale).open().unwrap());
    stale.put(&path("views/clean-end"), &bytes(&story.now.disk, "views/clean-end"));
    assert_eq!(ledger_on(&stale).open().unwrap().chain().size(), size + 2, "each start is recorded");
    println!("damaged, old and foreign views: {trials}");
}

#[test]
fn keys_that_the_ledger_does_not_name_are_refused() {
    let story = story(&[STEP]);
    let other = another_story(&[]);
    for (file, what) in [("keys/service.pem", "service"), ("keys/checkpoint.pem", "checkpoint")] {
        let disk = story.now.disk.copy();
        disk.put(&path(file), &bytes(&other.now.disk, file));
        let error = refused(&disk);
        assert!(matches!(error, OpenError::WrongKey { what: found } if found == what), "{error:?}");
    }
}

#[test]
fn a_second_sequencer_shuts_out_the_first_whatever_that_one_tries() {
    for open_event in [false, true] {
        let story = story(&[STEP]);
        let ledger = ledger_on(&story.now.disk);
        let mut first = ledger.open().unwrap();
        let mut second = ledger.open().unwrap();
        let group = if open_event { vec![enrol(&first, 60)] } else { assess(&first, 100, 1) };
        let answer = first.commit(vec![group]).remove(0);
        assert!(matches!(answer, Err(SubmitError::Halted { .. })), "{answer:?}");
        let group = assess(&second, 101, 1);
        second.commit(vec![group]).remove(0).unwrap();
        drop((first, second));
        check(&story.now.disk, &story.now.sent, usize::MAX);
    }
}

#[test]
fn time_never_runs_back() {
    let mut run = Run::begin();
    run.run(&[STEP]);
    let before = run.sequencer().chain().time;
    run.ledger.clock.set(Second(before.0 - 1_000_000));
    run.run(&[STEP, Operation::Kill, STEP]);
    assert_eq!(run.sequencer().chain().time, before);
    run.ledger.clock.set(Second(before.0 + 5));
    run.run(&[STEP]);
    assert_eq!(run.sequencer().chain().time, Second(before.0 + 5));
    run.kill();
    check(&run.disk, &run.sent, usize::MAX);
}

#[test]
fn an_author_who_holds_a_checkpoint_that_the_log_lacks_stops_the_sequencer() {
    let mut story = story(&[]);
    // The whole home is taken back, memory and all: nothing in it can tell.
    story.now.run(&[STEP, STEP]);
    let group = assess(story.now.sequencer(), 100, 1);
    let mut restored = ledger_on(&story.earlier).open().unwrap();
    let innocent = assess(&restored, 101, 1);
    let size = restored.chain().size();
    let answers = restored.commit(vec![innocent.clone(), group.clone()]);
    assert!(matches!(answers[1], Err(SubmitError::RolledBack { .. })), "{answers:?}");
    assert!(matches!(answers[0], Err(SubmitError::Halted { .. })), "{answers:?}");
    assert_eq!(restored.chain().size(), size, "nothing is appended to a log that was rolled back");
    let later = restored.commit(vec![innocent]).remove(0);
    assert!(matches!(later, Err(SubmitError::Halted { .. })), "{later:?}");
    // A note that our key did not sign proves nothing.
    let mut forged = group;
    forged[0].seen = forged[0].seen.take().map(|note| note.replace("\n— ", "\n— x"));
    let mut fresh = ledger_on(&story.earlier).open().unwrap();
    let answer = fresh.commit(vec![forged]).remove(0);
    assert!(matches!(answer, Err(SubmitError::Refused(_) | SubmitError::Chain(_))), "{answer:?}");
    let group = assess(&fresh, 102, 1);
    fresh.commit(vec![group]).remove(0).unwrap();
}

#[test]
fn a_receipt_says_the_time_of_the_very_record_whatever_became_of_the_log_since() {
    let mut run = Run::begin();
    for operation in [STEP, Operation::Enrol(50), STEP, STEP] {
        let now = run.sequencer().now();
        run.ledger.clock.set(Second(now.0 + 60));
        run.run(&[operation]);
    }
    let mut sequencer = ledger_on(&run.disk).open().unwrap();
    let mut times: Vec<Second> = Vec::new();
    for placed in sequencer.log().blocks_from(0) {
        let bytes = placed.unwrap().bytes;
        times.extend(Block::decode(&bytes).unwrap().records.iter().map(|record| record.time));
    }
    assert!(times.iter().collect::<std::collections::BTreeSet<_>>().len() >= 4);
    let (segment, sound) = (path(&log_name()), bytes(&run.disk, &log_name()));
    run.disk.put(&segment, &vec![0; sound.len()]);
    for (record, time) in (0..).zip(&times) {
        assert_eq!(sequencer.receipts(&[record]).unwrap()[0].time, *time, "record {record}");
    }
    assert_eq!(sequencer.chain().time_of(times.len() as u64), None);
}

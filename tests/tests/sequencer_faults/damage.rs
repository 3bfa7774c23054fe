//! What lies of admission's snapshot on disk is damaged, cut, exchanged, old or gone: nothing is ever judged by it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_ledger::disk::{Disk, Open};
use vandel_ledger::sequencer::Group;
use vandel_ledger::submission::SubmitError;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::assess;

use crate::check::check;
use crate::deep;
use crate::script::{HOME, Operation, Run, ledger_on, script};

/// The snapshot and the files with the threads.
fn files(disk: &RecordingDisk) -> Vec<PathBuf> {
    let views = Path::new(HOME).join("views");
    let names = disk.list(&views).unwrap();
    let ours = names.into_iter().filter(|name| name == "admission" || name.starts_with("threads-"));
    ours.map(|name| views.join(name)).collect()
}

fn replace(disk: &RecordingDisk, path: &Path, bytes: &[u8]) {
    disk.remove(path).unwrap();
    let file = disk.open(path, Open::CreateNew).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.sync().unwrap();
}

/// Opens, and takes steps in old and new threads. If that stops at the damage, the next start mends it. Says whether it
/// stopped.
fn works_in_the_end(disk: &RecordingDisk, run: &Run, next: &[Group]) -> bool {
    let mut sequencer = ledger_on(disk).open().unwrap_or_else(|error| panic!("does not open: {error}"));
    let mut stopped = false;
    for group in next {
        match sequencer.commit(vec![group.clone()]).remove(0) {
            Ok(_) => {}
            Err(SubmitError::Halted(_)) => stopped = true,
            Err(error) => panic!("judged by something else than the log: {error}"),
        }
    }
    stopped |= sequencer.threads().is_err();
    drop(sequencer);
    let promised: Vec<_> = run.sent.iter().filter(|sent| sent.promised.is_some()).cloned().collect();
    check(disk, &promised, usize::MAX);
    stopped
}

#[test]
fn a_damaged_snapshot_is_made_anew_and_nothing_is_judged_by_it() {
    let (mut trials, mut late) = (0, 0);
    for seed in 0..deep(1, 8) as u64 {
        let mut run = Run::begin().with_snapshots(3);
        let large = Operation::Assess { groups: 24, steps: 4 };
        run.run(&[large]);
        let old = files(&run.disk);
        let old: Vec<(PathBuf, Vec<u8>)> =
            old.into_iter().filter_map(|path| Some((path.clone(), run.disk.bytes(&path)?))).collect();
        run.run(&script(seed, 8, 0));
        run.run(&[Operation::Assess { groups: 1, steps: 1 }, Operation::End]);
        // What the log allows next, in threads of long ago, of late and in a new one.
        let sound = ledger_on(&run.disk.copy()).open().unwrap();
        let next = [100, 101, 123, 150].map(|thread| assess(&sound, thread, 1));
        drop(sound);
        let files = files(&run.disk);
        assert!(files.len() > 1, "a snapshot and files with threads");
        let mut random = Random::seeded(seed);
        let contents: Vec<Vec<u8>> = files.iter().map(|path| run.disk.bytes(path).unwrap()).collect();
        let mut attempt = |harm: &dyn Fn(&RecordingDisk)| {
            let disk = run.disk.copy();
            harm(&disk);
            late += usize::from(works_in_the_end(&disk, &run, &next));
            trials += 1;
        };
        for (path, bytes) in files.iter().zip(&contents) {
            for _ in 0..deep(6, 40) {
                let at = random.below(bytes.len());
                attempt(&|disk| {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= 1 << (at % 8);
                    replace(disk, path, &bytes);
                });
                attempt(&|disk| replace(disk, path, &bytes[..at]));
            }
            attempt(&|disk| replace(disk, path, &[&bytes[..], b"more"].concat()));
            attempt(&|disk| disk.remove(path).unwrap());
            for other in &contents {
                attempt(&|disk| replace(disk, path, other));
            }
        }
        // The snapshot as it was earlier: with the files that it names, and without those that were merged since.
        for keep_files in [true, false] {
            attempt(&|disk| {
                for (path, bytes) in old.iter().filter(|(path, _)| keep_files || path.ends_with("admission"))
                {
                    let _ = disk.remove(path);
                    let file = disk.open(path, Open::CreateNew).unwrap();
                    file.write_all_at(bytes, 0).unwrap();
                }
            });
        }
    }
    println!("deep: {trials} damaged snapshots, {late} found only when a thread was looked up");
    assert!(trials > 40);
}

#[test]
fn files_of_a_snapshot_that_was_not_finished_are_removed() {
    let mut run = Run::begin().with_snapshots(3);
    run.run(&[Operation::Assess { groups: 24, steps: 4 }]);
    run.kill();
    let left = Path::new(HOME).join("views").join(format!("threads-{}", "5a".repeat(16)));
    let disk: Arc<dyn Disk> = Arc::new(run.disk.clone());
    disk.open(&left, Open::CreateNew).unwrap().write_all_at(b"half", 0).unwrap();
    let before = files(&run.disk).len();
    drop(run.ledger.open().unwrap());
    assert_eq!(run.disk.bytes(&left), None);
    assert_eq!(files(&run.disk).len(), before - 1, "those that are named stay");
}

//! An instance is paused between the memory and the public folder, and replaced meanwhile: when it wakes up, what the
//! other has published stays.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use vandel_core::note::Note;
use vandel_ledger::disk::{Disk, DiskFile, Open};
use vandel_ledger::home::Home;
use vandel_ledger::refused::RefusedClass;
use vandel_ledger::submission::{Halt, SubmitError};
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::{SmallLedger, assess};

use crate::script::{HOME, Operation, Run, ledger_on};

type Meanwhile = Box<dyn FnOnce() + Send>;

/// A disk on which its one user is paused before an operation on the published checkpoint.
#[derive(Clone)]
struct PausingDisk {
    disk: RecordingDisk,
    /// How many such operations go by before the pause, and what happens in it.
    pause: Arc<Mutex<Option<(usize, Meanwhile)>>>,
}

impl PausingDisk {
    fn look(&self, path: &Path) {
        if !path.starts_with(Path::new(HOME).join("public")) {
            return;
        }
        let mut pause = self.pause.lock().unwrap();
        match pause.take() {
            Some((0, meanwhile)) => {
                drop(pause);
                meanwhile();
            }
            other => *pause = other.map(|(left, meanwhile)| (left - 1, meanwhile)),
        }
    }
}

impl Disk for PausingDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        self.look(path);
        self.disk.open(path, open)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.disk.create_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.disk.list(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.look(from);
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.look(path);
        self.disk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_directory(path)
    }
}

fn published(disk: &RecordingDisk) -> u64 {
    let bytes = disk.bytes(&Path::new(HOME).join("public/checkpoint")).unwrap();
    let note = Note::parse(&bytes).unwrap();
    note.text().parse::<vandel_core::checkpoint::Checkpoint>().unwrap().size()
}

#[test]
fn an_instance_that_was_replaced_before_it_published_publishes_nothing_any_more() {
    let mut trials = 0;
    for before in 0.. {
        let mut run = Run::begin();
        run.run(&[Operation::Assess { groups: 1, steps: 1 }]);
        run.kill();
        let pausing = PausingDisk { disk: run.disk.clone(), pause: Arc::default() };
        let mut first =
            SmallLedger::at(Arc::new(pausing.clone()), Home::new(Path::new(HOME))).open().unwrap();
        let rival = run.disk.clone();
        let meanwhile = move || {
            let mut second = ledger_on(&rival).open().unwrap();
            for thread in [90, 91] {
                let group = assess(&second, thread, 2);
                second.commit(vec![group]).remove(0).unwrap();
            }
        };
        *pausing.pause.lock().unwrap() = Some((before, Box::new(meanwhile)));
        let group = assess(&first, 100, 1);
        let answer = first.commit(vec![group]).remove(0);
        if pausing.pause.lock().unwrap().is_some() {
            // It publishes in fewer operations.
            answer.unwrap();
            break;
        }
        let newest = ledger_on(&run.disk.copy()).open().unwrap().chain().size();
        // The start of the one that looked is the last record.
        assert_eq!(published(&run.disk), newest - 1, "paused before operation {before}");
        assert!(
            matches!(answer, Err(SubmitError::Halted(Halt { class: RefusedClass::Conflict, .. }))),
            "paused before operation {before}: {answer:?}"
        );
        trials += 1;
    }
    assert!(trials >= 3);
    println!("deep: {trials} places where an instance is paused and replaced before it has published");
}

//! A ledger on a disk in memory, whose readers' readings are made, erased two years later, and backed up.
//!
//! Each reader has a thread of its own; erasing one takes all its records. What is living and what is erased
//! is known by reader, so that every restored copy can be asked for both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::erasure::Plan;
use vandel_core::id::ThreadId;
use vandel_core::time::Second;
use vandel_ledger::backup::{
    self, BackupError, Destroyed, Destroying, Half, Made, Making, Restored, Restoring,
};
use vandel_ledger::disk::{Disk, Open};
use vandel_ledger::home::Home;
use vandel_ledger::opening::HomeError;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::Sequencer;
use vandel_tests::erasure_scene::{self, decide, enrol_delegate, person, plan_of};
pub(crate) use vandel_tests::erasure_scene::{LATER, start};
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::{NOON, SmallLedger, adopt_policy, enrol};

/// Where the halves of every generation lie.
pub(crate) const DATA: &str = "/data";
pub(crate) const KEYS: &str = "/keys";
/// The first reader's number; readers have the keys and threads of their numbers.
pub(crate) const FIRST: u8 = 30;

pub(crate) fn home() -> Home {
    Home::new("/home").with_memory(Some("/memory".into()))
}

/// A home to restore into, with the memory of the one that was lost.
pub(crate) fn restored_home() -> Home {
    Home::new("/restored").with_memory(Some("/memory".into()))
}

pub(crate) fn ledger_at(disk: &RecordingDisk, home: Home, at: Second) -> SmallLedger {
    erasure_scene::ledger_at(Arc::new(disk.clone()), home, at)
}

/// A ledger with a policy, a disposal decision and some readers.
pub(crate) fn found(disk: &RecordingDisk, readers: u8) -> Sequencer {
    let ledger = ledger_at(disk, home(), NOON);
    ledger.found().unwrap();
    let mut sequencer = ledger.open().unwrap();
    for submission in [adopt_policy, enrol_delegate, decide] {
        let submission = submission(&sequencer);
        sequencer.commit_one(submission).unwrap();
    }
    for reader in FIRST..FIRST + readers {
        let submission = enrol(&sequencer, reader);
        sequencer.commit_one(submission).unwrap();
    }
    sequencer
}

/// What is known of a history: each reader's living records, and what was erased of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) living: BTreeMap<u8, Vec<u64>>,
    pub(crate) erased: BTreeSet<u64>,
    threads: BTreeMap<u8, u8>,
}

impl Known {
    fn thread(&self, reader: u8) -> ThreadId {
        let mut id = [reader; 16];
        id[0] = self.threads.get(&reader).copied().unwrap_or(0);
        ThreadId(id)
    }

    /// A reader reads.
    pub(crate) fn read(&mut self, sequencer: &mut Sequencer, reader: u8, remark: &str) {
        let group = erasure_scene::read(sequencer, self.thread(reader), reader, &[remark]);
        let record = sequencer.commit(vec![group]).remove(0).unwrap()[0].record;
        self.living.entry(reader).or_default().push(record);
    }

    /// The plan that takes a reader's whole thread.
    pub(crate) fn plan(&self, sequencer: &Sequencer, reader: u8, salt: u8) -> Plan {
        plan_of(sequencer, self.thread(reader), salt)
    }

    /// All that a reader has read is erased; what the reader reads later is another thread.
    pub(crate) fn erase(&mut self, sequencer: &mut Sequencer, reader: u8, salt: u8) {
        let plan = self.plan(sequencer, reader, salt);
        sequencer.store_plan(&plan).unwrap();
        let start = start(sequencer, &plan);
        let started = sequencer.start_erasure(start).unwrap().record;
        sequencer.execute_erasure(started).unwrap();
        self.forget(reader);
    }

    pub(crate) fn forget(&mut self, reader: u8) {
        self.erased.extend(self.living.remove(&reader).unwrap_or_default());
        *self.threads.entry(reader).or_default() += 1;
    }
}

/// Makes a generation with everything in it, the root cell too.
pub(crate) fn back_up(disk: &RecordingDisk, at: Second) -> Result<Made, BackupError> {
    let day = at.latest_day_in_sweden();
    let making = Making {
        home: &home(),
        data: Path::new(DATA),
        keys: Some(Path::new(KEYS)),
        root_cell: true,
        root_passphrase: None,
        now: at,
        expires: (day, day),
    };
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    backup::create(&disk, &making, &mut |_| {})
}

pub(crate) fn bring_back(
    disk: &RecordingDisk,
    generation: u32,
    newer_log: Option<&Path>,
) -> Result<Restored, BackupError> {
    bring_back_to(disk, &restored_home(), generation, newer_log)
}

pub(crate) fn bring_back_to(
    disk: &RecordingDisk,
    home: &Home,
    generation: u32,
    newer_log: Option<&Path>,
) -> Result<Restored, BackupError> {
    let restoring = Restoring { generation, newer_log, ..first_generation(home) };
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    backup::restore(&disk, &restoring, &mut |_| {})
}

/// How generation 1 is restored, with nothing else at hand.
pub(crate) fn first_generation(home: &Home) -> Restoring<'_> {
    Restoring {
        data: Path::new(DATA),
        keys: Path::new(KEYS),
        generation: 1,
        home,
        root_cell: None,
        newer_log: None,
        erased_keys: None,
        erase_whole_records: false,
        root_passphrase: None,
        stream: None,
    }
}

/// A ledger with readings of two readers, three in all, backed up as generation 1.
pub(crate) fn backed_up() -> (RecordingDisk, Sequencer, Known) {
    let disk = RecordingDisk::default();
    let mut sequencer = found(&disk, 2);
    let mut known = Known::default();
    for reader in [FIRST, FIRST + 1, FIRST] {
        known.read(&mut sequencer, reader, "granskning");
    }
    drop(sequencer);
    let sequencer = ledger_at(&disk, home(), LATER).open().unwrap();
    back_up(&disk, LATER).unwrap();
    (disk, sequencer, known)
}

pub(crate) fn destroy(disk: &RecordingDisk, generation: u32, half: Half) -> Result<Destroyed, BackupError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let what = Destroying {
        home: &home(),
        ledger: vandel_ledger::home_log::ledger_id_of(&disk, &home()).unwrap(),
        folder: Path::new(if half == Half::Data { DATA } else { KEYS }),
        generation,
        half,
        by: &person(1),
        at: LATER,
    };
    backup::destroy(&disk, &what)
}

/// Opens the restored home as a fresh process would.
pub(crate) fn open_restored(disk: &RecordingDisk) -> Result<Sequencer, HomeError> {
    ledger_at(disk, restored_home(), Second(LATER.0 + 86_400)).open()
}

/// What must hold of any copy that serves: nothing erased opens, everything living does.
pub(crate) fn check(sequencer: &Sequencer, known: &Known) {
    for record in &known.erased {
        match sequencer.vault().get(*record).unwrap() {
            None => {}
            Some(opened) => {
                assert!(matches!(from_opened(opened), Unsealed::Erased), "record {record} came back");
            }
        }
    }
    for record in known.living.values().flatten() {
        let opened = sequencer.vault().get(*record).unwrap().unwrap();
        assert!(matches!(from_opened(opened), Unsealed::Payload(_)), "record {record} does not open");
    }
}

/// Every file under a folder of the disk.
pub(crate) fn files_under(disk: &RecordingDisk, folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for name in disk.list(&folder).unwrap_or_default() {
            let path = folder.join(name);
            match disk.open(&path, Open::Read) {
                Ok(file) => {
                    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
                    file.read_exact_at(&mut bytes, 0).unwrap();
                    files.push((path, bytes));
                }
                Err(_) => folders.push(path),
            }
        }
    }
    files
}

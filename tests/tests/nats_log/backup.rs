//! Backups of a ledger whose log lies on JetStream: made while it works, restored into files, onto new streams, and
//! onto streams that outlived the home.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::erasure::Plan;
use vandel_core::hash::Hash;
use vandel_core::verify::Level;
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::backup::{self, BackupError, GenerationDisk, Made, Making, Restored, Restoring};
use vandel_ledger::disk::Disk;
use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_ledger::opening::HomeError;
use vandel_ledger::sequencer::OpenError;
use vandel_tests::erasure_scene::{LATER, check, fill_founded, go_on, plan};
use vandel_tests::folders::copy_folder;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::small_ledger::{SmallLedger, assess};

use crate::home::{STREAM, access, at};

/// A ledger on a server, with readings that are due, and folders for its generations. The memory lies apart.
struct Scene {
    server: NatsServer,
    ledger: SmallLedger,
    folder: tempfile::TempDir,
    plan: Plan,
    living: Vec<u64>,
}

impl Scene {
    fn new() -> Self {
        let (server, folder) = (NatsServer::start(), tempfile::tempdir().unwrap());
        let mut ledger = at(folder.path(), &server);
        ledger.home = ledger.home.clone().with_memory(Some(folder.path().join("memory")));
        ledger.found_on_stream(&STREAM).unwrap();
        let (sequencer, living) = fill_founded(&ledger);
        let plan = plan(&sequencer);
        sequencer.close().unwrap();
        Self { server, ledger, folder, plan, living }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn work(&self, thread: u8) {
        let mut sequencer = self.ledger.open().unwrap();
        let group = assess(&sequencer, thread, 3);
        sequencer.commit(vec![group]).remove(0).unwrap();
        sequencer.close().unwrap();
    }

    fn erase(&self) {
        let mut sequencer = self.ledger.open().unwrap();
        go_on(&mut sequencer, &self.plan);
        sequencer.close().unwrap();
    }

    fn back_up(&self) -> Made {
        let day = LATER.latest_day_in_sweden();
        let (data, keys) = (self.path("data"), self.path("keys"));
        let making = Making {
            home: &self.ledger.home,
            data: &data,
            keys: Some(&keys),
            root_cell: true,
            root_passphrase: None,
            now: LATER,
            expires: (day, day),
        };
        backup::create(&self.ledger.disk, &making, &mut |_| {}).unwrap()
    }

    /// Another home with the memory of the first, its log on a server or in files.
    fn home(&self, name: &str, server: Option<&NatsServer>) -> SmallLedger {
        let home = Home::new(self.path(name)).with_memory(Some(self.path("memory")));
        let home = match server {
            Some(server) => home.with_nats(access(server)),
            None => home,
        };
        let restored = SmallLedger::at(self.ledger.disk.clone(), home);
        restored.clock.set(LATER);
        restored
    }

    fn restore(
        &self,
        to: &Home,
        generation: u32,
        on_stream: bool,
        newer_log: Option<&Path>,
    ) -> Result<Restored, BackupError> {
        let restoring = Restoring {
            data: &self.path("data"),
            keys: &self.path("keys"),
            generation,
            home: to,
            root_cell: None,
            newer_log,
            erased_keys: None,
            erase_whole_records: false,
            root_passphrase: None,
            stream: on_stream.then_some(STREAM),
        };
        backup::restore(&self.ledger.disk, &restoring, &mut |_| {})
    }

    fn hashes(&self, home: &Home) -> Vec<Hash> {
        let log = HomeLog::open(&self.ledger.disk, home).unwrap();
        let blocks = log.blocks_from(0).unwrap();
        blocks.map(|block| vandel_core::hash::sha256(&[&block.unwrap().bytes])).collect()
    }
}

fn verify(scene: &Scene, generation: u32) {
    let root = Path::new("/generation");
    let (data, keys) = (scene.path("data"), scene.path("keys"));
    let disk = GenerationDisk::open(scene.ledger.disk.clone(), root, generation, &data, Some(&keys)).unwrap();
    assert!(disk.check(&mut |_| {}).unwrap().is_empty());
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let options = AuditOptions {
        place: root.to_owned(),
        trust: Some(scene.ledger.home.trust()),
        levels: Some([Level::Integrity, Level::Coverage].into()),
        ..AuditOptions::default()
    };
    let report = audit(&disk, options, &mut |_| {}).unwrap();
    assert_eq!(report.exit, 0, "generation {generation}: {:?} {:?}", report.summary, report.findings);
}

#[test]
fn a_log_on_jetstream_is_backed_up_piece_by_piece_and_verified_where_it_lies() {
    let scene = Scene::new();
    let first = scene.back_up();
    verify(&scene, 1);
    let again = scene.back_up();
    assert!(again.progress.written * 4 < first.progress.written, "{first:?} {again:?}");
    // While a writer works: what it appends meanwhile is in this generation or in the next.
    let mut sequencer = scene.ledger.open().unwrap();
    let group = assess(&sequencer, 90, 3);
    sequencer.commit(vec![group]).remove(0).unwrap();
    let beside = scene.back_up();
    assert_eq!(beside.data.records, sequencer.chain().size());
    sequencer.close().unwrap();
    for generation in [2, 3] {
        verify(&scene, generation);
    }
}

#[test]
fn a_generation_is_restored_into_files_and_onto_new_streams() {
    let scene = Scene::new();
    scene.work(90);
    scene.back_up();
    let blocks = scene.hashes(&scene.ledger.home);
    let other = NatsServer::start();
    for (name, server) in [("in-files", None), ("on-stream", Some(&other))] {
        // Each with a copy of the memory: both go on from the same checkpoint.
        let memory = scene.path(&format!("memory-{name}"));
        copy_folder(&scene.path("memory"), &memory);
        let mut restored = scene.home(name, server);
        restored.home = restored.home.with_memory(Some(memory));
        let told = scene.restore(&restored.home, 1, server.is_some(), None).unwrap();
        assert_eq!((told.behind, told.newer, told.has_memory), (None, 0, true), "{name}");
        assert_eq!(scene.hashes(&restored.home), blocks, "{name}");
        let log = restored.home.log();
        let left = std::fs::read_dir(&log).map_or(0, Iterator::count);
        assert_eq!(left == 0, server.is_some(), "{name}: the log lies in one place");
        let mut sequencer = restored.open().unwrap();
        let group = assess(&sequencer, 91, 3);
        sequencer.commit(vec![group]).remove(0).unwrap();
        go_on(&mut sequencer, &scene.plan);
        check(&sequencer, &scene.plan, &scene.living);
        sequencer.close().unwrap();
    }
}

#[test]
fn the_streams_that_outlived_the_home_are_taken_up_and_their_erasures_applied() {
    let scene = Scene::new();
    scene.back_up();
    scene.erase();
    let blocks = scene.hashes(&scene.ledger.home);
    std::fs::remove_dir_all(scene.ledger.home.root()).unwrap();
    let restored = scene.home("restored", Some(&scene.server));
    // Into files alone it is behind what the memory knows, and serves nothing.
    let files = scene.home("files", None);
    let told = scene.restore(&files.home, 1, false, None).unwrap();
    assert!(told.behind.is_some());
    assert!(matches!(files.open(), Err(HomeError::Open(OpenError::Disagreement(_)))));

    let told = scene.restore(&restored.home, 1, true, None).unwrap();
    assert_eq!((told.behind, told.erasures), (None, 1));
    assert!(told.newer > 0);
    assert_eq!(scene.hashes(&restored.home), blocks, "nothing was written anew");
    let sequencer = restored.open().unwrap();
    check(&sequencer, &scene.plan, &scene.living);
    sequencer.close().unwrap();
}

#[test]
fn streams_of_another_history_and_interrupted_restores_serve_nothing() {
    let scene = Scene::new();
    scene.back_up();
    // Two homes go on from one generation, each its own way: a fork.
    for (name, thread) in [("one", 91), ("two", 92)] {
        let memory = scene.path(&format!("memory-{name}"));
        copy_folder(&scene.path("memory"), &memory);
        let mut fork = scene.home(name, None);
        fork.home = fork.home.with_memory(Some(memory));
        scene.restore(&fork.home, 1, false, None).unwrap();
        let mut sequencer = fork.open().unwrap();
        let group = assess(&sequencer, thread, 3);
        sequencer.commit(vec![group]).remove(0).unwrap();
        sequencer.close().unwrap();
    }
    let before = scene.hashes(&scene.ledger.home);
    scene.work(93);
    scene.back_up();
    let grown = scene.hashes(&scene.ledger.home);
    assert!(grown.len() > before.len());
    let target = scene.home("target", Some(&scene.server));
    let refused = scene.restore(&target.home, 1, true, Some(&scene.path("one").join("log")));
    assert!(matches!(refused, Err(BackupError::OtherHistory(_))), "{refused:?}");
    assert_eq!(scene.hashes(&scene.ledger.home), grown, "the stream is as it was");
    assert!(target.open().is_err(), "a restore that was refused left a mark");
    // The same folder is restored again, with what is there. An interrupted one had written its place already.
    std::fs::write(target.home.root().join("log.toml"), "half a pl").unwrap();
    let refused = scene.restore(&target.home, 1, true, None);
    assert!(matches!(refused, Err(BackupError::PayloadsLost { .. })), "{refused:?}");
    let told = scene.restore(&target.home, 2, true, None).unwrap();
    assert_eq!(told.behind, None);
    assert_eq!(scene.hashes(&target.home), grown);
    target.open().unwrap().close().unwrap();
}

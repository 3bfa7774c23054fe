//! A sequencer whose memory is three witnesses: nothing leaves before a majority has cosigned it, and a log that
//! was set back is refused before anything is signed.

use std::path::Path;
use std::sync::Arc;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::note::Note;
use vandel_core::trust::{Trust, parse_trust};
use vandel_core::verify::{Anchor, Report};
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::home_log::ledger_id_of;
use vandel_ledger::log::file::FileLog;
use vandel_ledger::memory::policy::{MemoryPolicy, with_witnesses};
use vandel_ledger::memory::quorum::QuorumMemory;
use vandel_ledger::memory::{FileMemory, MemoryError};
use vandel_ledger::sequencer::{Disagreement, OpenError, Ports, Sequencer};
use vandel_ledger::signer;
use vandel_ledger::submission::SubmitError;
use vandel_ledger::vault::{FileCell, Vault, VaultConfig};
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};
use vandel_tests::witnesses::{Manner, ScriptedWitness};

use crate::memory::{named, settings};

/// A founded ledger and its three witnesses.
struct Scene {
    folder: tempfile::TempDir,
    witnesses: Vec<Arc<ScriptedWitness>>,
    trust: Trust,
}

impl Scene {
    fn new() -> Self {
        Self::with_keys([101, 102, 103])
    }

    /// Witnesses whose keys are made from these seeds.
    fn with_keys(seeds: [u8; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        SmallLedger::at(Arc::new(RealDisk), home.clone()).found().unwrap();
        let trust = parse_trust(&std::fs::read(home.trust()).unwrap()).unwrap();
        let log = trust.logs()[0].key.clone();
        let witnesses: Vec<_> = seeds.map(|seed| ScriptedWitness::start(seed, &log)).into();
        let named: Vec<_> = witnesses.iter().map(|witness| named(witness)).collect();
        let trust = with_witnesses(&trust, &named).unwrap();
        Self { folder, witnesses, trust }
    }

    fn home(&self) -> Home {
        Home::new(self.folder.path().join("home"))
    }

    fn open(&self) -> Result<Sequencer, OpenError> {
        let (disk, home): (Arc<dyn Disk>, _) = (Arc::new(RealDisk), self.home());
        let ledger = ledger_id_of(&disk, &home).unwrap();
        let checkpoint_key = signer::read(&*disk, &home.checkpoint_key(), None).unwrap();
        let policy = MemoryPolicy::new(self.trust.clone()).unwrap();
        let file = FileMemory::open(disk.clone(), &home.memory())?;
        let settings = settings(&home.memory());
        let memory = QuorumMemory::open(disk.clone(), file, policy, &checkpoint_key, settings)?;
        let cell = Box::new(FileCell::new(disk.clone(), &home.root_cell()));
        let ports = Ports {
            log: FileLog::open(disk.clone(), &home.log(), ledger).unwrap().0,
            vault: Vault::open(disk.clone(), &home.vault(), ledger, cell, VaultConfig::default())?,
            service: signer::read(&*disk, &home.service_key(), None).unwrap(),
            clock: Arc::new(SmallLedger::at(disk.clone(), home.clone()).clock),
            announce: None,
            trust_new_memory: false,
            memory: Box::new(memory),
            checkpoint_key,
            home,
            disk,
        };
        Sequencer::open(ports, ledger, FileLog::cut_torn_tail)
    }

    fn published(&self) -> (Checkpoint, Note) {
        let note = Note::parse(&std::fs::read(self.home().checkpoint()).unwrap()).unwrap();
        (note.text().parse().unwrap(), note)
    }

    /// An audit that asks for the witnesses.
    fn audit(&self) -> Report {
        let file = self.folder.path().join("auditors.policy");
        std::fs::write(&file, self.trust.to_string()).unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let place = self.home().root().to_owned();
        let options =
            AuditOptions { place, trust: Some(file), require_witnessed: true, ..AuditOptions::default() };
        audit(&disk, options, &mut |_| ()).unwrap()
    }

    /// No witness was ever shown two trees of one size under the log's signature.
    fn only_one_head_of_each_size(&self) {
        for witness in &self.witnesses {
            for (size, roots) in &witness.script().shown {
                assert_eq!(roots.len(), 1, "two heads of size {size} left");
            }
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.witnesses.iter().for_each(|witness| witness.stop());
    }
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() { copy(&from, &to) } else { std::fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}

fn begin(sequencer: &mut Sequencer) {
    let policy = adopt_policy(sequencer);
    sequencer.commit_one(policy).unwrap();
    let enrolled = enrol(sequencer, 3);
    sequencer.commit_one(enrolled).unwrap();
}

#[test]
fn what_is_published_carries_the_cosignatures_that_an_auditor_asks_for() {
    let scene = Scene::new();
    let mut sequencer = scene.open().unwrap();
    begin(&mut sequencer);
    scene.witnesses[1].behave(Manner::Down);
    let steps = assess(&sequencer, 1, 5);
    let receipts = sequencer.commit(vec![steps]).pop().unwrap().unwrap();
    let (checkpoint, note) = scene.published();
    assert_eq!(checkpoint.size(), sequencer.chain().size());
    assert_eq!(note.signatures().len(), 3, "the log's line and two cosignatures");
    // Receipts carry them too, so that one alone proves its record to who trusts the witnesses.
    assert!(receipts.iter().all(|receipt| *receipt.checkpoint == *note.to_string()));
    let opened = scene.trust.open(receipts[0].checkpoint.as_bytes()).unwrap();
    assert!(scene.trust.quorum_met(&opened.cosigners()));
    sequencer.close().unwrap();
    let report = scene.audit();
    assert_eq!((report.exit, report.anchor.kind), (0, Anchor::Witnessed), "{:?}", report.not_proven);
    scene.only_one_head_of_each_size();
}

#[test]
fn keys_of_the_ledgers_own_are_no_witnesses_to_it() {
    // The administrators' and the decider's own keys, which the chain enrols.
    let scene = Scene::with_keys([1, 2, 3]);
    let mut sequencer = scene.open().unwrap();
    begin(&mut sequencer);
    sequencer.close().unwrap();
    let report = scene.audit();
    assert_eq!((report.exit, report.anchor.kind), (4, Anchor::Operator));
    let said = report.not_looked_at.iter().filter(|line| line.contains("no witness to itself"));
    assert_eq!(said.count(), 3, "{:?}", report.not_looked_at);
}

#[test]
fn nothing_leaves_while_there_is_no_majority_and_the_next_start_makes_good() {
    let scene = Scene::new();
    let mut sequencer = scene.open().unwrap();
    begin(&mut sequencer);
    let (before, _) = scene.published();
    scene.witnesses[0].behave(Manner::Down);
    scene.witnesses[2].behave(Manner::Down);
    let steps = assess(&sequencer, 1, 3);
    let answer = sequencer.commit(vec![steps.clone()]).pop().unwrap();
    assert!(
        matches!(&answer, Err(SubmitError::Halted(halt)) if halt.reason.contains("1 of 3 witnesses")),
        "{answer:?}"
    );
    assert_eq!(scene.published().0, before, "nothing was published");
    drop(sequencer);
    // An instance that can't reach them does not begin, and signs nothing.
    let error = scene.open().map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Memory(MemoryError::NoMajority { .. })), "{error}");
    assert_eq!(scene.published().0, before);
    scene.witnesses.iter().for_each(|witness| witness.behave(Manner::Honest));
    let mut sequencer = scene.open().unwrap();
    // The block was durable: it is adopted, and who sends again is told the same place.
    let receipts = sequencer.commit(vec![steps]).pop().unwrap().unwrap();
    assert_eq!(receipts[0].record, before.size());
    assert!(scene.published().0.size() > before.size());
    assert!(scene.witnesses.iter().all(|witness| witness.script().held.size == sequencer.chain().size()));
    scene.only_one_head_of_each_size();
}

#[test]
fn a_home_that_was_set_back_whole_is_refused_before_anything_is_signed() {
    let scene = Scene::new();
    let mut sequencer = scene.open().unwrap();
    begin(&mut sequencer);
    sequencer.close().unwrap();
    let old = scene.folder.path().join("old");
    copy(scene.home().root(), &old);
    let mut sequencer = scene.open().unwrap();
    let steps = assess(&sequencer, 1, 4);
    sequencer.commit(vec![steps]).pop().unwrap().unwrap();
    let size = sequencer.chain().size();
    sequencer.close().unwrap();
    // Log, vault, embedded memory, published checkpoint: all of it is as it was, and agrees with itself.
    copy(&old, scene.home().root());
    let shown: Vec<u64> = scene.witnesses.iter().map(|witness| witness.script().requests).collect();
    let error = scene.open().map(|_| ()).unwrap_err();
    let OpenError::Disagreement(Disagreement::Behind { remembered, size: found, .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!((*remembered, *found < size), (size, true), "{error}");
    for (witness, before) in scene.witnesses.iter().zip(shown) {
        assert_eq!(witness.script().requests, before + 1, "it was asked once, with the empty tree");
    }
    scene.only_one_head_of_each_size();
}

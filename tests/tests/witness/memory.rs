//! The memory that is a quorum: witnesses that are down, slow, lying, set back, ahead or of another history.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vandel_core::note::{Note, VerifierKey};
use vandel_core::trust::Trust;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::memory::policy::{MemoryPolicy, NamedWitness, with_witnesses};
use vandel_ledger::memory::quorum::{Patience, QuorumMemory, Settings};
use vandel_ledger::memory::{FileMemory, Memory, MemoryError};
use vandel_tests::witnesses::{Manner, ScriptedWitness};

use crate::heads::{Heads, log_key, secret};

/// Three witnesses, and a folder for the file beside them.
struct Scene {
    folder: tempfile::TempDir,
    witnesses: Vec<Arc<ScriptedWitness>>,
}

pub(crate) fn named(witness: &ScriptedWitness) -> NamedWitness {
    NamedWitness { key: witness.key.clone(), url: witness.url() }
}

/// Impatient enough for tests, patient enough for a busy machine.
pub(crate) fn settings(folder: &Path) -> Settings {
    let patience = Patience {
        answer: Duration::from_secs(3),
        majority: Duration::from_secs(4),
        rest: Duration::from_millis(500),
    };
    Settings { highs: folder.join("witnesses"), patience, trust_new_memory: false }
}

impl Scene {
    fn new() -> Self {
        let witnesses = (1..4).map(|seed| ScriptedWitness::start(seed, &log_key())).collect();
        Self { folder: tempfile::tempdir().unwrap(), witnesses }
    }

    fn policy(&self) -> MemoryPolicy {
        let mut log = Trust::default();
        log.add_log(log_key(), None).unwrap();
        let witnesses: Vec<_> = self.witnesses.iter().map(|witness| named(witness)).collect();
        MemoryPolicy::new(with_witnesses(&log, &witnesses).unwrap()).unwrap()
    }

    fn open_with(&self, settings: Settings) -> Result<QuorumMemory, MemoryError> {
        let file = FileMemory::open(Arc::new(RealDisk), self.folder.path())?;
        QuorumMemory::open(Arc::new(RealDisk), file, self.policy(), &secret(), settings)
    }

    fn open(&self) -> Result<QuorumMemory, MemoryError> {
        self.open_with(settings(self.folder.path()))
    }

    fn behave(&self, manners: [Manner; 3]) {
        self.witnesses.iter().zip(manners).for_each(|(witness, manner)| witness.behave(manner));
    }

    fn cosigners(&self, note: &str) -> Vec<bool> {
        let keys: Vec<VerifierKey> = self.witnesses.iter().map(|witness| witness.key.clone()).collect();
        let opened = Note::parse(note.as_bytes()).unwrap();
        let signed = opened.open(&keys).unwrap_or_default();
        keys.iter().map(|key| signed.iter().any(|one| one.key == key)).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.witnesses.iter().for_each(|witness| witness.stop());
    }
}

fn advance(memory: &mut QuorumMemory, heads: &Heads, size: u64) -> Result<String, MemoryError> {
    memory.advance(&heads.note(size), &heads.checkpoint(size), &mut |old| Ok(heads.proof(old, size)))
}

#[test]
fn all_cosign_and_one_that_is_down_is_missed_and_catches_up() {
    let (scene, heads) = (Scene::new(), Heads::new(40, 40, 0));
    let mut memory = scene.open().unwrap();
    let note = advance(&mut memory, &heads, 3).unwrap();
    assert_eq!(scene.cosigners(&note), [true; 3]);
    assert!(
        memory.has_settled(&note) && !memory.has_settled(&heads.note(3)),
        "without cosignatures it is not"
    );
    scene.behave([Manner::Honest, Manner::Down, Manner::Honest]);
    let note = advance(&mut memory, &heads, 9).unwrap();
    assert_eq!(scene.cosigners(&note), [true, false, true]);
    assert!(memory.remarks()[0].contains("scripted-2"), "{:?}", memory.remarks());
    // It comes back with what it had, and is brought on from there.
    scene.behave([Manner::Honest; 3]);
    let note = advance(&mut memory, &heads, 17).unwrap();
    assert_eq!(scene.cosigners(&note), [true; 3]);
    assert_eq!(memory.remarks(), [""; 0]);
    // Another that has never asked them learns at the first question what they hold.
    drop(memory);
    std::fs::remove_file(scene.folder.path().join("witnesses")).unwrap();
    let mut memory = scene.open().unwrap();
    assert_eq!((memory.floor(), memory.latest()), (17, heads.seen(17)));
    assert!(memory.has_settled(&note));
    assert_eq!(scene.cosigners(&advance(&mut memory, &heads, 18).unwrap()), [true; 3]);
}

#[test]
fn a_minority_is_not_enough_and_nothing_is_lost_by_waiting() {
    let (scene, heads) = (Scene::new(), Heads::new(40, 40, 0));
    let mut memory = scene.open().unwrap();
    advance(&mut memory, &heads, 3).unwrap();
    scene.behave([Manner::Down, Manner::BadSignature, Manner::Honest]);
    let error = advance(&mut memory, &heads, 4).unwrap_err();
    let MemoryError::NoMajority { taken, of, needed, why, .. } = &error else { panic!("{error}") };
    assert_eq!((*taken, *of, *needed), (1, 3, 2));
    assert!(why.iter().any(|why| why.contains("scripted-1")), "{error}");
    assert!(why.iter().any(|why| why.contains("scripted-2") && why.contains("worth nothing")), "{error}");
    // The head was signed: the file knows it, whatever becomes of this process.
    assert_eq!(memory.latest(), heads.seen(4));
    drop(memory);
    let other = Heads::new(40, 3, 1);
    scene.behave([Manner::Honest; 3]);
    let mut memory = scene.open().unwrap();
    let error = advance(&mut memory, &other, 4).unwrap_err();
    assert!(matches!(error, MemoryError::Fork { size: 4, .. }), "{error}");
    let note = advance(&mut memory, &heads, 4).unwrap();
    assert_eq!(scene.cosigners(&note), [true; 3]);
    // With two of three silent, no opening either.
    drop(memory);
    scene.behave([Manner::Down, Manner::Honest, Manner::Down]);
    let error = scene.open().map(|_| ()).unwrap_err();
    assert!(matches!(error, MemoryError::NoMajority { taken: 1, .. }), "{error}");
}

#[test]
fn a_slow_witness_keeps_nobody_waiting() {
    let (scene, heads) = (Scene::new(), Heads::new(40, 40, 0));
    let mut memory = scene.open().unwrap();
    scene.behave([Manner::Honest, Manner::Slow(Duration::from_secs(30)), Manner::Honest]);
    let began = Instant::now();
    for size in 1..6 {
        assert_eq!(scene.cosigners(&advance(&mut memory, &heads, size).unwrap()), [true, false, true]);
    }
    assert!(began.elapsed() < Duration::from_secs(25), "each waits a little for it, none for its answer");
}

#[test]
fn a_witness_that_has_gone_back_does_not_count_until_it_is_trusted_anew() {
    let (scene, heads) = (Scene::new(), Heads::new(40, 40, 0));
    let mut memory = scene.open().unwrap();
    advance(&mut memory, &heads, 20).unwrap();
    drop(memory);
    scene.witnesses[0].script().held = heads.seen(5);
    let mut memory = scene.open().unwrap();
    assert!(memory.remarks()[0].contains("gone back from 20 records to 5"), "{:?}", memory.remarks());
    // It takes the next one, and its word is not used.
    let note = advance(&mut memory, &heads, 21).unwrap();
    assert_eq!(scene.cosigners(&note), [false, true, true]);
    drop(memory);
    // With it, two would be a majority; without it they are not.
    scene.witnesses[0].script().held = heads.seen(5);
    scene.behave([Manner::Honest, Manner::Honest, Manner::Down]);
    let error = scene.open().map(|_| ()).unwrap_err();
    assert!(matches!(error, MemoryError::NoMajority { taken: 1, .. }), "{error}");
    let mut trusting = settings(scene.folder.path());
    trusting.trust_new_memory = true;
    let mut memory = scene.open_with(trusting).unwrap();
    assert_eq!(scene.cosigners(&advance(&mut memory, &heads, 22).unwrap()), [true, true, false]);
}

#[test]
fn a_witness_that_holds_more_stops_everything() {
    let (scene, heads) = (Scene::new(), Heads::new(40, 40, 0));
    let mut memory = scene.open().unwrap();
    advance(&mut memory, &heads, 6).unwrap();
    // Another instance goes on, while this one sleeps.
    for witness in &scene.witnesses {
        witness.script().held = heads.seen(12);
    }
    let error = advance(&mut memory, &heads, 7).unwrap_err();
    assert!(matches!(error, MemoryError::WitnessAhead { held: 12, found: 7, .. }), "{error}");
    drop(memory);
    assert_eq!(scene.open().unwrap().floor(), 12, "a log that ends before is too short");
    // One liar alone is not believed against a majority that has cosigned.
    for witness in &scene.witnesses {
        witness.script().held = heads.seen(7);
    }
    let mut memory = scene.open().unwrap();
    scene.behave([Manner::Claims(1_000_000), Manner::Honest, Manner::Honest]);
    assert_eq!(scene.cosigners(&advance(&mut memory, &heads, 8).unwrap()), [false, true, true]);
}

#[test]
fn another_history_at_the_witnesses_is_a_fork() {
    let (scene, heads, other) = (Scene::new(), Heads::new(40, 40, 0), Heads::new(40, 3, 1));
    for size in [6, 9] {
        for witness in &scene.witnesses {
            witness.script().held = other.seen(6);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = FileMemory::open(Arc::new(RealDisk), folder.path()).unwrap();
        let settings = settings(folder.path());
        let memory = QuorumMemory::open(Arc::new(RealDisk), file, scene.policy(), &secret(), settings);
        let error = advance(&mut memory.unwrap(), &heads, size).unwrap_err();
        assert!(matches!(error, MemoryError::WitnessFork { size: found, .. } if found == size), "{error}");
    }
    // What is asked at the opening is only ever the empty tree.
    let fresh = Scene::new();
    fresh.open().unwrap();
    for witness in &fresh.witnesses {
        assert_eq!(witness.script().shown.keys().copied().collect::<Vec<_>>(), [0]);
    }
}

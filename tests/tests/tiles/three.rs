//! A tiles folder as a stranger gets it, read by three verifiers that share no code, sound and tampered with.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use vandel_ledger::audit::AuditError;
use vandel_ledger::sequencer::Sequencer;
use vandel_tests::independent::{Batch, Independent, hex};
use vandel_tests::town::vandel_verify;

use crate::vectors::{Files, write};
use crate::{World, files, grow, long_policy};

/// Of every how many bytes one is changed: of a checkpoint, and of what is longer. Under `VANDEL_DEEP` more.
const STEPS: [usize; 2] = [3, 1_009];
const STEPS_DEEP: [usize; 2] = [1, 31];

/// The folder's files by their paths below it.
fn below(folder: &Path) -> Files {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    files(folder).into_iter().map(|(path, bytes)| (name(&path), bytes)).collect()
}

/// `vandel-verify FOLDER --trust FILE --json`: the exit code and the first record named.
fn ours(folder: &Path, trust: &Path) -> (i64, Option<u64>) {
    let mut command = Command::new(vandel_verify());
    let output = command.arg(folder).arg("--trust").arg(trust).arg("--json").output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (i64::from(output.status.code().unwrap()), said["findings"][0]["record"].as_u64())
}

fn said(verdict: &Value) -> (i64, Option<u64>) {
    (verdict["exit"].as_i64().unwrap(), verdict["findings"][0]["record"].as_u64())
}

/// A world whose tiles are full and partial, of records and of blocks, with a record too long for the specification.
fn exported() -> (World, Sequencer) {
    let (world, mut sequencer) = World::new();
    for _ in 0..130 {
        grow(&mut sequencer, 1);
    }
    world.export(&sequencer).unwrap();
    for _ in 0..150 {
        grow(&mut sequencer, 3);
    }
    sequencer.commit_one(long_policy(&sequencer)).unwrap();
    let written = world.export(&sequencer).unwrap();
    assert_eq!(written.long_bundles.len(), 1, "{written:?}");
    (world, sequencer)
}

#[test]
fn a_folder_is_read_whole_by_three_verifiers() {
    let (world, sequencer) = exported();
    let (size, trust) = (sequencer.chain().size(), world.ledger.home.trust());
    drop(sequencer);
    assert_eq!(ours(&world.tiles(), &trust), (0, None));
    let arguments = ["--trust", trust.to_str().unwrap()];
    for verifier in Independent::all() {
        let (code, verdict) = verifier.verify(&world.tiles(), &arguments);
        let found = (code, verdict["size"].as_u64(), verdict["anchor"].as_str());
        assert_eq!(found, (Some(0), Some(size), Some("operator")), "{}: {verdict:#}", verifier.language);
        // Nobody's word for it: not proven. And another program's folder, without the blocks.
        assert_eq!(verifier.verify(&world.tiles(), &[]).0, Some(4), "{}", verifier.language);
    }
    std::fs::remove_dir_all(world.tiles().join("vandel/blocks")).unwrap();
    assert_eq!(ours(&world.tiles(), &trust).0, 4);
    for verifier in Independent::all() {
        assert_eq!(verifier.verify(&world.tiles(), &arguments).0, Some(4), "{}", verifier.language);
    }
    println!("deep: a tiles folder of {size} records, read alike by three verifiers");
}

#[test]
fn what_was_tampered_with_is_found_alike() {
    let (world, mut sequencer) = World::new();
    for _ in 0..30 {
        grow(&mut sequencer, 9);
    }
    world.export(&sequencer).unwrap();
    let blocks: Vec<String> =
        sequencer.log().blocks_from(0).map(|placed| hex(&placed.unwrap().bytes)).collect();
    drop(sequencer);
    let trust = std::fs::read_to_string(world.ledger.home.trust()).unwrap();
    let whole = below(&world.tiles());
    let mut batches: Vec<Batch> = Independent::all().iter().map(Independent::batch).collect();
    batches.iter_mut().for_each(|batch| drop(batch.ask(&json!({ "base": blocks }))));
    let mut trials = std::collections::BTreeMap::new();
    let mut place = Try { world: &world, batches: &mut batches, trust, trials: &mut trials };
    assert_eq!(place.compare(&whole, "sound"), 0);
    for (path, bytes) in &whole {
        place.file(&whole, path, bytes);
    }
    place.moves(&whole);
    println!("deep: tampered tiles folders by exit code, three verifiers alike: {trials:?}");
}

/// Tampered folders, each given to all three.
struct Try<'a> {
    world: &'a World,
    batches: &'a mut [Batch],
    trust: String,
    trials: &'a mut std::collections::BTreeMap<i64, u32>,
}

impl Try<'_> {
    fn compare(&mut self, files: &Files, what: &str) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        let (ours, findings) = match self.world.verify(folder.path()) {
            Ok(report) => {
                let record = report.findings.first().and_then(|finding| finding.record);
                ((i64::from(report.exit), record), format!("{:#?}", report.findings))
            }
            Err(error @ AuditError::NoBlocks(_)) => ((i64::from(error.exit_code()), None), error.to_string()),
            Err(error) => panic!("{what}: {error}"),
        };
        let tiles: serde_json::Map<String, Value> =
            files.iter().map(|(path, bytes)| (path.clone(), hex(bytes).into())).collect();
        let case = json!({ "tiles": tiles, "trust": self.trust });
        for batch in self.batches.iter_mut() {
            let verdict = batch.ask(&case);
            assert_eq!(said(&verdict), ours, "{what}, {}: {verdict:#}\nours: {findings}", batch.language);
        }
        *self.trials.entry(ours.0).or_insert(0) += 1;
        ours.0
    }

    /// A file of it changed byte by byte, cut, longer, empty and gone.
    fn file(&mut self, whole: &Files, path: &str, bytes: &[u8]) {
        let mut with = |changed: Option<Vec<u8>>, what: &str| {
            let mut files = whole.clone();
            match changed {
                Some(bytes) => drop(files.insert(path.to_owned(), bytes)),
                None => drop(files.remove(path)),
            }
            let exit = self.compare(&files, &format!("{path}: {what}"));
            // A checkpoint by a name or key that the trust file does not know proves nothing, nor does a folder in
            // which there are no blocks.
            let proves_nothing =
                path == "checkpoint" || (what == "gone" && path.starts_with("vandel/blocks/"));
            assert!(exit == 3 || (exit == 4 && proves_nothing), "{path}: {what}: {exit}");
        };
        let steps = if std::env::var_os("VANDEL_DEEP").is_some() { STEPS_DEEP } else { STEPS };
        let step = steps[usize::from(path != "checkpoint")];
        for at in (0..bytes.len()).step_by(step) {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            with(Some(changed), &format!("byte {at}"));
        }
        with(Some(bytes[..bytes.len() - 1].to_vec()), "cut");
        with(Some([bytes, &b"\0"[..]].concat()), "longer");
        with(Some(Vec::new()), "empty");
        with(None, "gone");
    }

    /// Files exchanged, files of another width, files of another ledger.
    fn moves(&mut self, whole: &Files) {
        let (other, mut theirs) = World::new();
        for _ in 0..30 {
            grow(&mut theirs, 9);
        }
        other.export(&theirs).unwrap();
        let foreign = below(&other.tiles());
        let names: Vec<&String> = whole.keys().collect();
        for (at, one) in names.iter().enumerate() {
            if let Some(bytes) = foreign.get(*one) {
                let mut files = whole.clone();
                files.insert((*one).clone(), bytes.clone());
                assert_ne!(self.compare(&files, &format!("{one} of another ledger")), 0);
            }
            for two in &names[at + 1..] {
                let mut files = whole.clone();
                files.insert((*one).clone(), whole[*two].clone());
                files.insert((*two).clone(), whole[*one].clone());
                assert_eq!(self.compare(&files, &format!("{one} and {two} exchanged")), 3);
            }
            if let Some((path, width)) = one.rsplit_once(".p/") {
                let width: u32 = width.parse().unwrap();
                for other in [0, 1, 255, 256, width - 1].into_iter().filter(|other| *other != width) {
                    let mut files = whole.clone();
                    let bytes = files.remove(*one).unwrap();
                    files.insert(format!("{path}.p/{other}"), bytes);
                    assert_eq!(self.compare(&files, &format!("{one} as width {other}")), 3);
                }
            }
        }
        let both: Files = whole
            .iter()
            .map(|(path, bytes)| (path.clone(), foreign.get(path).unwrap_or(bytes).clone()))
            .collect();
        assert_ne!(self.compare(&both, "the folder of another ledger"), 0);
    }
}

//! Tiles: read by another program's client, written again without changing anything, verified as a log.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod three;
mod vectors;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlog_tiles::{HashReader, Tile, TileHashReader, TileReader};
use vandel_core::checkpoint::Checkpoint;
use vandel_core::event::{OpenEvent, PolicyAdopted};
use vandel_core::note::Note;
use vandel_core::signature::SigningKey;
use vandel_core::tiles::decode_entries;
use vandel_core::verify::Report;
use vandel_ledger::audit::{AuditError, AuditOptions, audit};
use vandel_ledger::author::sign_event;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::submission::Submission;
use vandel_ledger::tiles::{TilesError, TilesWriter, Written};
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};

struct World {
    folder: tempfile::TempDir,
    ledger: SmallLedger,
}

impl World {
    fn new() -> (Self, Sequencer) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SmallLedger::at(Arc::new(RealDisk), Home::new(folder.path().join("home")));
        ledger.found().unwrap();
        let mut sequencer = ledger.open().unwrap();
        for submission in [adopt_policy(&sequencer), enrol(&sequencer, 3)] {
            sequencer.commit_one(submission).unwrap_or_else(|error| panic!("{error}"));
        }
        (Self { folder, ledger }, sequencer)
    }

    fn tiles(&self) -> PathBuf {
        self.folder.path().join("tiles")
    }

    fn export(&self, sequencer: &Sequencer) -> Result<Written, TilesError> {
        let mut writer = TilesWriter::open(&RealDisk, &self.tiles(), sequencer.chain())?;
        for placed in sequencer.log().blocks_from(0) {
            writer.block(&placed.unwrap())?;
        }
        let note = sequencer.checkpoint();
        writer.finish(note, &checkpoint(note.as_bytes()))
    }

    fn verify(&self, place: &Path) -> Result<Report, AuditError> {
        let trust = Some(self.ledger.home.trust());
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        audit(&disk, AuditOptions { place: place.to_owned(), trust, ..AuditOptions::default() }, &mut |_| {})
    }
}

fn checkpoint(note: &[u8]) -> Checkpoint {
    Note::parse(note).unwrap().text().parse().unwrap()
}

fn grow(sequencer: &mut Sequencer, steps: usize) {
    let group = assess(sequencer, 7, steps);
    sequencer.commit(vec![group]).remove(0).unwrap();
}

/// The files of a folder, by path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// A client that knows the specification's paths and nothing of ours.
struct Client(PathBuf);

impl TileReader for Client {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        // The crate's own paths name the height, as Go's do; C2SP leaves it out.
        let path = |tile: &Tile| self.0.join(tile.path().replacen("tile/8/", "tile/", 1));
        Ok(tiles.iter().map(|tile| std::fs::read(path(tile)).unwrap()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[test]
fn a_client_of_another_program_proves_every_record_from_the_files_alone() {
    let (world, mut sequencer) = World::new();
    let mut proved = 0;
    for steps in [1, 250, 300, 999] {
        grow(&mut sequencer, steps);
        let written = world.export(&sequencer).unwrap();
        let head = checkpoint(&std::fs::read(world.tiles().join("checkpoint")).unwrap());
        assert_eq!(written.size, head.size());
        let client = Client(world.tiles());
        let root = tlog_tiles::Hash(head.root().0);
        let reader = TileHashReader::new(head.size(), root, &client);
        assert_eq!(tlog_tiles::tree_hash(head.size(), &reader).unwrap(), root);
        let entries = entries(&world.tiles(), head.size());
        for (index, entry) in (0..head.size()).zip(&entries) {
            let index_of_hash = tlog_tiles::stored_hash_index(0, index);
            let hash = tlog_tiles::record_hash(entry);
            assert_eq!(reader.read_hashes(&[index_of_hash]).unwrap(), [hash], "record {index}");
            proved += 1;
        }
        for index in [0, head.size() / 2, head.size() - 1] {
            let proof = tlog_tiles::prove_record(head.size(), index, &reader).unwrap();
            let hash = tlog_tiles::record_hash(&entries[usize::try_from(index).unwrap()]);
            tlog_tiles::check_record(&proof, head.size(), root, index, hash).unwrap();
        }
    }
    println!("tiles oracle deep: {proved} trials");
}

/// The records, as the specification's entry bundles have them.
fn entries(tiles: &Path, size: u64) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for tile in vandel_core::tiles::Tile::of_series(vandel_core::tiles::Series::Entries, size) {
        let bytes = std::fs::read(tiles.join(tile.path())).unwrap();
        let entries = decode_entries(tile.series, &bytes, tile.width).unwrap();
        found.extend(entries.into_iter().map(<[u8]>::to_vec));
    }
    found
}

#[test]
fn exporting_again_only_adds() {
    let (world, mut sequencer) = World::new();
    grow(&mut sequencer, 300);
    world.export(&sequencer).unwrap();
    let before = files(&world.tiles());
    let again = world.export(&sequencer).unwrap();
    assert_eq!(
        (again.added, again.known),
        (0, before.len() as u64 - 1),
        "nothing but the checkpoint is written"
    );
    grow(&mut sequencer, 300);
    let more = world.export(&sequencer).unwrap();
    assert!(more.added > 0);
    let after = files(&world.tiles());
    for (path, bytes) in &before {
        let same = after.get(path) == Some(bytes);
        assert!(same || path.ends_with("checkpoint"), "{} changed", path.display());
    }
    // A tile that was damaged or cut is written again from the log.
    let full = world.tiles().join("tile/0/000");
    std::fs::write(&full, b"cut").unwrap();
    assert_eq!(world.export(&sequencer).unwrap().added, 1);
    assert_eq!(std::fs::read(&full).unwrap(), after[&full]);
}

#[test]
fn another_historys_folder_and_a_folder_in_use_are_refused() {
    let (world, sequencer) = World::new();
    let (other, mut theirs) = World::new();
    grow(&mut theirs, 3);
    other.export(&theirs).unwrap();
    let refused = TilesWriter::open(&RealDisk, &other.tiles(), sequencer.chain()).map(|_| ());
    assert!(matches!(refused, Err(TilesError::OtherHistory { .. })), "{refused:?}");
    let refused = TilesWriter::open(&RealDisk, world.folder.path(), sequencer.chain()).map(|_| ());
    assert!(matches!(refused, Err(TilesError::NotTiles(_))), "{refused:?}");
}

#[test]
fn a_tiles_folder_is_verified_like_the_log_and_every_damage_is_found() {
    let (world, mut sequencer) = World::new();
    for _ in 0..30 {
        grow(&mut sequencer, 9);
    }
    world.export(&sequencer).unwrap();
    drop(sequencer);
    let log = world.verify(world.ledger.home.root()).unwrap();
    let tiles = world.verify(&world.tiles()).unwrap();
    assert_eq!(
        (tiles.exit, &tiles.root, tiles.counts.blocks),
        (0, &log.root, log.counts.blocks),
        "{tiles:?}"
    );
    assert_eq!(tiles.counts.signatures, log.counts.signatures);
    let mut trials = 0;
    for (path, bytes) in files(&world.tiles()) {
        let name = path.strip_prefix(world.tiles()).unwrap().display().to_string();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x04;
            std::fs::write(&path, &changed).unwrap();
            let exit = world.verify(&world.tiles()).unwrap().exit;
            // A checkpoint of another log has no signature that this trust file knows.
            assert!(exit == 3 || (exit == 4 && name == "checkpoint"), "{name}, byte {at}: {exit}");
            trials += 1;
        }
        std::fs::remove_file(&path).unwrap();
        match world.verify(&world.tiles()) {
            Ok(report) => {
                assert!(report.exit == 3 || name == "checkpoint", "{name} removed: {}", report.exit)
            }
            Err(error) => assert!(name == "checkpoint", "{name} removed: {error}"),
        }
        std::fs::write(&path, &bytes).unwrap();
        trials += 1;
    }
    assert_eq!(world.verify(&world.tiles()).unwrap().exit, 0);
    std::fs::remove_dir_all(world.tiles().join("vandel")).unwrap();
    assert!(matches!(world.verify(&world.tiles()), Err(AuditError::NoBlocks(_))));
    println!("tiles damage deep: {trials} trials");
}

/// A policy whose record is longer than an entry of the specification may be.
fn long_policy(sequencer: &Sequencer) -> Submission {
    let pack = include_str!("../../../schemas/policy/se-2026.toml");
    let policy = PolicyAdopted {
        pack: format!("{pack}\n# {}\n", "x".repeat(70_000)),
        from: "2026-01-01".parse().unwrap(),
        confirmed_by: "Kommunjuristen, dnr 2".to_owned(),
    };
    let key = |number: u8| SigningKey::from_bytes(&[number; 32]);
    sign_event(&sequencer.standpoint(), &key(1), Some(&key(2)), OpenEvent::PolicyAdopted(policy))
}

#[test]
fn a_record_too_long_for_the_specification_lies_beside_it_and_is_verified() {
    let (world, mut sequencer) = World::new();
    sequencer.commit_one(long_policy(&sequencer)).unwrap();
    grow(&mut sequencer, 300);
    let written = world.export(&sequencer).unwrap();
    assert_eq!(written.long_bundles, [0]);
    assert!(!world.tiles().join("tile/entries/000").exists());
    assert!(world.tiles().join("vandel/entries/000").exists() && world.tiles().join("tile/0/000").exists());
    drop(sequencer);
    assert_eq!(world.verify(&world.tiles()).unwrap().exit, 0);
}

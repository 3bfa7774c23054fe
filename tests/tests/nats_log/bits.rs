//! Flipped bits in the broker's own files, with and without its index; and a store taken back.
//!
//! JetStream passes over a message whose checksum is wrong, and after a lost index over everything
//! behind it in the same file, in silence. A ledger must open with exactly what it had, or not open and say where.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vandel_ledger::home_log::HomeLog;
use vandel_ledger::log::Log as _;
use vandel_ledger::log::jetstream::log_stream;
use vandel_ledger::sequencer::Sequencer;
use vandel_tests::folders::copy_folder;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::random::Random;
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};

use crate::home::{STREAM, at};
use crate::world::{self, LEDGER, World};

/// A stopped server with a ledger on it, and untouched copies of both.
struct Victim {
    server: NatsServer,
    ledger: SmallLedger,
    folder: tempfile::TempDir,
    blocks: Vec<Vec<u8>>,
}

fn work(sequencer: &mut Sequencer, rounds: usize) {
    for round in 0..rounds {
        let group = assess(sequencer, u8::try_from(round % 5).unwrap(), 1 + round % 3);
        for answer in sequencer.commit(vec![group]) {
            answer.unwrap();
        }
    }
}

fn blocks(ledger: &SmallLedger) -> Vec<Vec<u8>> {
    let log = HomeLog::open(&ledger.disk, &ledger.home).unwrap();
    log.blocks_from(0).unwrap().map(|block| block.unwrap().bytes).collect()
}

impl Victim {
    fn new(rounds: usize) -> Self {
        let (mut server, folder) = (NatsServer::start(), tempfile::tempdir().unwrap());
        let ledger = at(folder.path(), &server);
        ledger.found_on_stream(&STREAM).unwrap();
        let mut sequencer = ledger.open().unwrap();
        for submission in [adopt_policy(&sequencer), enrol(&sequencer, 3)] {
            sequencer.commit_one(submission).unwrap();
        }
        work(&mut sequencer, rounds);
        sequencer.close().unwrap();
        let blocks = blocks(&ledger);
        server.stop();
        copy_folder(&server.store(), &folder.path().join("store"));
        copy_folder(ledger.home.root(), &folder.path().join("untouched"));
        Self { server, ledger, folder, blocks }
    }

    /// Everything as it was; the server is stopped.
    fn restore(&mut self) {
        self.server.kill();
        for (copy, place) in [
            (self.folder.path().join("store"), self.server.store()),
            (self.folder.path().join("untouched"), self.ledger.home.root().to_owned()),
        ] {
            fs::remove_dir_all(&place).unwrap();
            copy_folder(&copy, &place);
        }
    }

    fn messages(&self) -> PathBuf {
        let id = HomeLogId::of(&self.ledger);
        self.server.stream_folder(&log_stream(&id.0)).join("msgs")
    }

    fn block_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.messages())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "blk"))
            .collect();
        files.sort();
        files
    }

    /// Opens the ledger: none if it opened with all that it had, else what was said.
    fn verdict(&mut self) -> Option<String> {
        if let Err(why) = self.server.try_restart() {
            return Some(format!("the server refuses, at record 0: {why}"));
        }
        match self.ledger.open() {
            Ok(sequencer) => {
                drop(sequencer);
                let found = blocks(&self.ledger);
                assert_eq!(found[..self.blocks.len()], self.blocks, "it opened with something else");
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }
}

/// A ledger's id without asking its server.
struct HomeLogId(vandel_core::id::LedgerId);

impl HomeLogId {
    fn of(ledger: &SmallLedger) -> Self {
        Self(vandel_ledger::home_log::ledger_id_of(&ledger.disk, &ledger.home).unwrap())
    }
}

/// Whether a message names a place in the ledger.
fn names_a_place(text: &str) -> bool {
    ["block ", "record ", "record", "sequence "].iter().any(|word| {
        let mut pieces = text.split(word).skip(1);
        pieces.any(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    }) || text.contains("no stream")
}

fn flip(file: &Path, random: &mut Random) -> String {
    let mut bytes = fs::read(file).unwrap();
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
    fs::write(file, bytes).unwrap();
    format!("byte {at}")
}

#[test]
fn flipped_bits_in_the_brokers_files_are_reported_or_harmless() {
    let mut victim = Victim::new(25);
    let (trials, mut random) = (world::trials(16, 400), Random::seeded(90));
    let (mut reported, mut harmless) = (0, 0);
    victim.restore();
    assert_eq!(victim.verdict(), None, "untouched, it opens");
    victim.restore();
    let _ = fs::remove_file(victim.messages().join("index.db"));
    assert_eq!(victim.verdict(), None, "without its index too");
    for trial in 0..trials {
        victim.restore();
        let files = victim.block_files();
        let file = &files[random.below(files.len())];
        let what = flip(file, &mut random);
        let with_index = trial % 2 == 0;
        if !with_index {
            let _ = fs::remove_file(victim.messages().join("index.db"));
        }
        match victim.verdict() {
            None => harmless += 1,
            Some(text) => {
                assert!(names_a_place(&text), "{what}, index kept: {with_index}: {text}");
                reported += 1;
            }
        }
    }
    assert!(reported > 0, "no flip was ever reported");
    println!(
        "deep: {trials} bits flipped in a broker's files, {reported} reported with their place, {harmless} harmless"
    );
}

/// A log too long to be read whole before it counts as open: damage in its older part stops the writer
/// all the same, a little later.
#[test]
fn damage_in_the_older_part_of_a_long_log_stops_the_writer() {
    let mut world = World::of(NatsServer::start());
    let mut log = world.open().unwrap();
    for position in 0..2_300_u64 {
        log.append(position, format!("a block that is found by its number {position:05}").as_bytes())
            .unwrap();
    }
    drop(log);
    world.server.stop();
    let folder = world.server.stream_folder(&log_stream(&LEDGER)).join("msgs");
    let file = folder.join("1.blk");
    let mut bytes = fs::read(&file).unwrap();
    let text = b"found by its number 00007";
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    bytes[at] ^= 1;
    fs::write(&file, bytes).unwrap();
    world.server.restart();
    let mut log = world.open().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let refused = loop {
        match log.append(log.next_position(), b"new") {
            Ok(()) => assert!(Instant::now() < deadline, "the damage is not found"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(refused.contains("block 7"), "{refused}");
}

#[test]
fn a_cut_or_emptied_file_is_reported() {
    let mut victim = Victim::new(8);
    let (trials, mut random) = (world::trials(6, 100), Random::seeded(91));
    for trial in 0..trials {
        victim.restore();
        let file = victim.block_files().pop().unwrap();
        let len = fs::metadata(&file).unwrap().len();
        // The last bytes at least: an acknowledged block loses its end.
        let keep = random.below(usize::try_from(len).unwrap() - 40) as u64;
        fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(keep).unwrap();
        if trial % 2 == 0 {
            let _ = fs::remove_file(victim.messages().join("index.db"));
        }
        let text = victim.verdict().expect("a file that was cut is reported");
        assert!(names_a_place(&text), "cut to {keep} of {len}: {text}");
    }
    println!("deep: {trials} files of a broker cut, each reported");
}

#[test]
fn a_store_that_was_taken_back_is_reported_with_the_record() {
    let mut victim = Victim::new(4);
    victim.restore();
    victim.server.restart();
    let mut sequencer = victim.ledger.open().unwrap();
    work(&mut sequencer, 4);
    let size = sequencer.chain().size();
    sequencer.close().unwrap();
    victim.server.kill();
    fs::remove_dir_all(victim.server.store()).unwrap();
    copy_folder(&victim.folder.path().join("store"), &victim.server.store());
    let text = victim.verdict().expect("an old store is reported");
    assert!(text.contains(&format!("{size} records")) && text.contains("ends at record"), "{text}");
}

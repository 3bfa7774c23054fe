//! A whole ledger over JetStream: founding, work, and what a start makes of streams that changed.

use std::sync::Arc;

use vandel_core::verify::Report;
use vandel_ledger::audit::AuditOptions;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_ledger::log::jetstream::{StreamError, checkpoint_stream, log_stream};
use vandel_ledger::opening::HomeError;
use vandel_ledger::place::NatsAccess;
use vandel_ledger::sequencer::{Disagreement, FoundingError, NewStream, OpenError, Sequencer, Witness};
use vandel_tests::nats_server::{NatsServer, ServerOptions};
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};

use crate::world::{administrate, connect};

pub(crate) const STREAM: NewStream = NewStream { replicas: 1, accept_unproven_sync: false, operator: None };

/// A ledger of a few records on a server.
struct Ledger {
    server: NatsServer,
    ledger: SmallLedger,
    folder: tempfile::TempDir,
}

pub(crate) fn access(server: &NatsServer) -> NatsAccess {
    NatsAccess { servers: Some(server.url()), monitoring: Some(server.monitor()), ..NatsAccess::default() }
}

pub(crate) fn at(folder: &std::path::Path, server: &NatsServer) -> SmallLedger {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    SmallLedger::at(disk, Home::new(folder.join("home")).with_nats(access(server)))
}

impl Ledger {
    /// Founded, with a policy, a decider and two blocks of steps.
    fn with_work() -> Self {
        let (server, folder) = (NatsServer::start(), tempfile::tempdir().unwrap());
        let ledger = at(folder.path(), &server);
        ledger.found_on_stream(&STREAM).unwrap();
        let mut sequencer = ledger.open().unwrap();
        let policy = adopt_policy(&sequencer);
        sequencer.commit_one(policy).unwrap();
        let decider = enrol(&sequencer, 3);
        sequencer.commit_one(decider).unwrap();
        let this = Self { server, ledger, folder };
        for thread in [1, 2] {
            work(&mut sequencer, thread);
        }
        sequencer.close().unwrap();
        this
    }

    fn open(&self) -> Result<Sequencer, HomeError> {
        self.ledger.open()
    }
}

fn work(sequencer: &mut Sequencer, thread: u8) {
    let group = assess(sequencer, thread, 3);
    for answer in sequencer.commit(vec![group]) {
        assert_eq!(answer.unwrap().len(), 3);
    }
}

#[test]
fn a_ledger_works_and_goes_on_after_a_restart() {
    let mut world = Ledger::with_work();
    // The home has no log of its own, and says where it is.
    assert!(!world.ledger.home.log().exists());
    world.server.restart();
    // Opened in order after an end in order: nothing is added.
    let before = HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap();
    let blocks = before.blocks_from(0).unwrap().count();
    let mut sequencer = world.open().unwrap();
    assert_eq!(sequencer.log().next_position(), blocks as u64);
    work(&mut sequencer, 1);
    let newest = sequencer.checkpoint().to_owned();
    sequencer.close().unwrap();

    // The newest checkpoint lies in the public folder and in its stream.
    let bus = connect(&world.server.url());
    let stream = checkpoint_stream(&before.ledger());
    let answer = administrate(&bus, &format!("STREAM.INFO.{stream}"), "");
    let last = answer["state"]["last_seq"].as_u64().unwrap();
    let message = administrate(&bus, &format!("STREAM.MSG.GET.{stream}"), &format!("{{\"seq\":{last}}}"));
    assert_eq!(
        message["message"]["subject"],
        format!("vandel.{}.checkpoint", &before.ledger().to_string()[..16])
    );
    assert_eq!(std::fs::read_to_string(world.ledger.home.checkpoint()).unwrap(), newest);
}

#[test]
fn a_home_opens_with_its_own_log_only() {
    let world = Ledger::with_work();
    // A log that appears beside the stream's description.
    std::fs::create_dir(world.ledger.home.log()).unwrap();
    std::fs::write(world.ledger.home.log().join("segment-00000000000000000000.vlog"), "").unwrap();
    assert!(matches!(world.open(), Err(HomeError::Place(_))));
    std::fs::remove_dir_all(world.ledger.home.log()).unwrap();
    // The description is lost: the home is not taken for one in files.
    let place = world.ledger.home.root().join("log.toml");
    let text = std::fs::read_to_string(&place).unwrap();
    std::fs::remove_file(&place).unwrap();
    assert!(matches!(world.open(), Err(HomeError::NoLedger(_))));
    std::fs::write(&place, &text).unwrap();
    // Another ledger's stream, on the same server.
    let other = at(&world.folder.path().join("other"), &world.server);
    other.found_on_stream(&STREAM).unwrap();
    std::fs::copy(other.home.root().join("log.toml"), &place).unwrap();
    let refused = world.open().err().unwrap().to_string();
    assert!(refused.contains("key") || refused.contains("vault") || refused.contains("ledger"), "{refused}");
    std::fs::write(&place, &text).unwrap();
    world.open().unwrap();
}

#[test]
fn a_server_that_may_lose_records_is_refused_at_founding_and_leaves_nothing() {
    let options = ServerOptions { sync_always: false, ..ServerOptions::default() };
    let (server, folder) = (NatsServer::with(options), tempfile::tempdir().unwrap());
    let ledger = at(folder.path(), &server);
    let refused = ledger.found_on_stream(&STREAM).unwrap_err();
    assert!(matches!(&refused, FoundingError::Stream(StreamError::Settings(_))), "{refused}");
    assert!(refused.to_string().contains("sync_interval: always"), "{refused}");
    // Accepting what is unproven is not accepting what is known to be wrong.
    let accepting = NewStream { accept_unproven_sync: true, ..STREAM };
    assert!(ledger.found_on_stream(&accepting).is_err());
    let bus = connect(&server.url());
    assert_eq!(administrate(&bus, "STREAM.NAMES", "")["total"], 0);
    assert_eq!(std::fs::read_dir(ledger.home.root()).unwrap().count(), 0);

    // Nobody who could show it: refused, unless the risk is accepted.
    let server = NatsServer::start();
    let silent = NatsAccess { monitoring: Some("http://127.0.0.1:9".to_owned()), ..access(&server) };
    let ledger = SmallLedger { home: Home::new(folder.path().join("silent")).with_nats(silent), ..ledger };
    let refused = ledger.found_on_stream(&STREAM).unwrap_err();
    assert!(matches!(&refused, FoundingError::Stream(StreamError::SyncUnproven { .. })), "{refused}");
    ledger.found_on_stream(&accepting).unwrap();
    ledger.open().unwrap();
}

#[test]
fn checkpoints_that_went_back_are_noticed_and_published_again_on_request() {
    let world = Ledger::with_work();
    let bus = connect(&world.server.url());
    let id = HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap().ledger();
    let stream = checkpoint_stream(&id);
    let settings = administrate(&bus, &format!("STREAM.INFO.{stream}"), "")["config"].clone();
    administrate(&bus, &format!("STREAM.DELETE.{stream}"), "");
    administrate(&bus, &format!("STREAM.CREATE.{stream}"), &settings.to_string());
    let refused = world.open().err().unwrap();
    let expected = matches!(
        &refused,
        HomeError::Open(OpenError::Disagreement(Disagreement::AnnouncedBehind { announced: 0, held, .. })) if *held > 0
    );
    assert!(expected, "{refused}");
    let mut opening = world.ledger.opening();
    opening.trust_new_memory = true;
    vandel_ledger::opening::open_unlocked(&world.ledger.home, opening).unwrap().close().unwrap();
    world.open().unwrap();
}

#[test]
fn a_stream_made_anew_is_a_log_that_went_back() {
    let world = Ledger::with_work();
    let bus = connect(&world.server.url());
    let id = HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap().ledger();
    let stream = log_stream(&id);
    let settings = administrate(&bus, &format!("STREAM.INFO.{stream}"), "")["config"].clone();
    administrate(&bus, &format!("STREAM.DELETE.{stream}"), "");
    let refused = world.open().err().unwrap();
    assert!(matches!(refused, HomeError::Stream(StreamError::NoStream { .. })), "{refused}");
    administrate(&bus, &format!("STREAM.CREATE.{stream}"), &settings.to_string());
    let refused = world.open().err().unwrap();
    let expected = matches!(
        &refused,
        HomeError::Open(OpenError::Disagreement(Disagreement::Behind {
            witness: Witness::Memory,
            size: 0,
            ..
        }))
    );
    assert!(expected, "{refused}");
}

/// What an auditor gets who has a trust file and may read.
fn audit(world: &Ledger, over_nats: bool) -> Report {
    let options = AuditOptions {
        place: world.ledger.home.root().to_owned(),
        nats: access(&world.server),
        over_nats,
        trust: Some(world.ledger.home.trust()),
        ..AuditOptions::default()
    };
    vandel_ledger::audit::audit(&world.ledger.disk, options, &mut |_| {}).unwrap()
}

#[test]
fn an_auditor_verifies_over_nats_and_sees_up_to_the_first_hole() {
    let world = Ledger::with_work();
    let (alone, with_home) = (audit(&world, true), audit(&world, false));
    assert_eq!((alone.exit, with_home.exit), (0, 0), "{}", alone.summary);
    assert_eq!(alone.size, with_home.size);
    assert_eq!(alone.checkpoints.len(), 1, "the checkpoint stream's");
    assert_eq!(with_home.checkpoints.len(), 3, "the folder's, the memory's and the stream's");

    // An administrator deletes one message, having allowed it first by making the stream anew.
    let bus = connect(&world.server.url());
    let id = HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap().ledger();
    let stream = log_stream(&id);
    let blocks: Vec<Vec<u8>> = {
        let log = HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap();
        log.blocks_from(0).unwrap().map(|block| block.unwrap().bytes).collect()
    };
    let mut settings = administrate(&bus, &format!("STREAM.INFO.{stream}"), "")["config"].clone();
    settings["deny_delete"] = false.into();
    administrate(&bus, &format!("STREAM.DELETE.{stream}"), "");
    administrate(&bus, &format!("STREAM.CREATE.{stream}"), &settings.to_string());
    for block in &blocks {
        bus.request(&format!("vandel.{}.log", &id.to_string()[..16]), block.clone()).unwrap();
    }
    assert_eq!(audit(&world, true).exit, 0, "the same blocks are the same log");
    administrate(&bus, &format!("STREAM.MSG.DELETE.{stream}"), "{\"seq\":3}");
    let report = audit(&world, true);
    assert_eq!(report.exit, 3);
    assert_eq!(report.counts.blocks, 2, "those before the hole");
    let finding = &report.findings[0];
    assert!(finding.what.contains("block 2") && finding.block == Some(2), "{finding:?}");
    let refused = world.open().err().unwrap();
    assert!(
        refused.to_string().contains("block 2") || refused.to_string().contains("deny_delete"),
        "{refused}"
    );
}

#[test]
fn a_message_that_is_no_block_of_this_ledger_is_named() {
    for foreign in ["no block at all", "a block of another ledger"] {
        let world = Ledger::with_work();
        let log = HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap();
        let blocks = log.blocks_from(0).unwrap().count();
        let body = if foreign.starts_with("no") {
            foreign.as_bytes().to_vec()
        } else {
            let other = Ledger::with_work();
            let other = HomeLog::open(&other.ledger.disk, &other.ledger.home).unwrap();
            other.blocks_from(0).unwrap().next().unwrap().unwrap().bytes
        };
        let bus = connect(&world.server.url());
        bus.request(&vandel_ledger::log::jetstream::log_subject(&log.ledger()), body).unwrap();
        let refused = world.open().err().unwrap().to_string();
        assert!(refused.contains(&format!("at block {blocks}")), "{foreign}: {refused}");
        assert_eq!(audit(&world, true).exit, 3, "{foreign}");
    }
}

/// A zombie: an instance that goes on after another has taken its place, on the same home.
#[test]
fn two_sequencers_on_one_ledger_make_one_chain() {
    let world = Ledger::with_work();
    let mut acknowledged = Vec::new();
    let mut old = world.open().unwrap();
    let rounds = crate::world::trials(4, 40);
    for round in 0..rounds {
        let mut new = world.open().unwrap();
        // The old one is refused, at the latest when it appends; what it was refused is nowhere.
        let group = assess(&old, 1, 2);
        let zombie = old.commit(vec![group]).pop().unwrap();
        assert!(zombie.is_err(), "round {round}");
        let group = assess(&new, 1, 2);
        acknowledged.extend(new.commit(vec![group]).pop().unwrap().unwrap());
        old = new;
    }
    old.close().unwrap();
    let report = audit(&world, false);
    assert_eq!(report.exit, 0, "{}", report.summary);
    let mut hashes = std::collections::BTreeMap::new();
    for placed in HomeLog::open(&world.ledger.disk, &world.ledger.home).unwrap().blocks_from(0).unwrap() {
        let placed = placed.unwrap();
        let block = vandel_core::block::Block::decode(&placed.bytes).unwrap();
        hashes.extend(block.records.iter().map(|record| (record.number, record.hash())));
    }
    for receipt in &acknowledged {
        assert_eq!(hashes.get(&receipt.record), Some(&receipt.hash));
    }
    println!(
        "deep: {rounds} sequencers replaced while they worked, {} receipts, one chain",
        acknowledged.len()
    );
}

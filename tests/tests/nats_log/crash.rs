//! Servers and writers killed (SIGKILL) at moments nobody chose.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vandel_core::block::Block;
use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_ledger::log::Log as _;
use vandel_ledger::log::jetstream::{JetStreamLog, create_streams};
use vandel_ledger::place::NatsAccess;
use vandel_tests::log_conformance::is_exactly;
use vandel_tests::nats_server::{Cluster, NatsServer};
use vandel_tests::random::Random;

use crate::world::{self, LEDGER, World, append_surely, demands};

#[test]
fn a_server_that_is_killed_while_appending_loses_nothing_acknowledged() {
    let World { server, bus } = World::of(NatsServer::start());
    let (kills, monitor) = (world::trials(10, 150), server.monitor());
    let (server, ended) = (Mutex::new(server), AtomicBool::new(false));
    let open = || JetStreamLog::open(bus.clone(), LEDGER, demands(&monitor)).unwrap();
    let sent = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::seeded(40);
            for _ in 0..kills {
                std::thread::sleep(Duration::from_micros(random.below(300_000) as u64));
                server.lock().unwrap().restart();
            }
            ended.store(true, Ordering::SeqCst);
        });
        let (mut random, mut sent, mut log) = (Random::seeded(41), Vec::new(), open());
        while !ended.load(Ordering::SeqCst) {
            let below = if random.once_in(20) { 500_000 } else { 5_000 };
            let len = random.below(below);
            let block = random.bytes(len);
            append_surely(&mut log, &block, open);
            sent.push(block);
        }
        sent
    });
    is_exactly(&open(), &sent);
    println!("deep: {kills} kills of a nats-server, {} blocks acknowledged, all there", sent.len());
}

#[test]
fn a_writer_that_is_killed_keeps_its_promises() {
    let (server, folder) = (NatsServer::start(), tempfile::tempdir().unwrap());
    let (kills, mut random) = (world::trials(10, 200), Random::seeded(42));
    let (mut promised, mut receipts) = (BTreeMap::new(), 0);
    let access = NatsAccess {
        servers: Some(server.url()),
        monitoring: Some(server.monitor()),
        ..NatsAccess::default()
    };
    let mut home = Home::new(folder.path());
    for kill in 0..kills {
        // A new ledger now and then keeps its start short. The first life founds it, which must come to its end.
        let is_first = kill % 10 == 0;
        if is_first {
            promised.clear();
            home = Home::new(folder.path().join(format!("home-{kill}"))).with_nats(access.clone());
        }
        let after = if is_first { 4_000_000 } else { 100_000 + random.below(900_000) as u64 };
        for line in run_and_kill(&home, &server, Duration::from_micros(after)) {
            let Some((record, hash)) = line.split_once(' ') else { continue };
            promised.insert(record.parse::<u64>().unwrap(), hash.to_owned());
            receipts += 1;
        }
        if !is_first || !promised.is_empty() {
            let standing = records(&home);
            for (record, hash) in &promised {
                assert_eq!(standing.get(record), Some(hash), "record {record} after kill {kill}");
            }
        }
    }
    assert!(receipts > 0, "nothing was ever acknowledged");
    println!("deep: {kills} kills of a sequencer on NATS, {receipts} receipts, all borne out");
}

fn run_and_kill(home: &Home, server: &NatsServer, after: Duration) -> Vec<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_appender"))
        .arg(home.root())
        .env("VANDEL_NATS", server.url())
        .env("VANDEL_NATS_MONITOR", server.monitor())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect());
    std::thread::sleep(after);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "the appender ended by itself: {complaint}");
    reader.join().unwrap()
}

/// The hash of every record in the log.
fn records(home: &Home) -> BTreeMap<u64, String> {
    let disk: std::sync::Arc<dyn vandel_ledger::disk::Disk> =
        std::sync::Arc::new(vandel_ledger::disk::RealDisk);
    let log = HomeLog::open(&disk, home).unwrap();
    let mut records = BTreeMap::new();
    for placed in log.blocks_from(0).unwrap() {
        let placed = placed.unwrap();
        let block = Block::decode(&placed.bytes).unwrap();
        records.extend(block.records.iter().map(|record| (record.number, record.hash().to_string())));
    }
    records
}

#[test]
fn a_leader_that_is_killed_again_and_again_costs_time_and_nothing_else() {
    let mut cluster = Cluster::start();
    let bus = world::connect(&cluster.url());
    let mut demands = demands(&cluster.monitor());
    demands.replicas = 3;
    create_streams(&bus, &LEDGER, &demands).unwrap();
    let (kills, ended) = (world::trials(3, 25), AtomicBool::new(false));
    let stream = vandel_ledger::log::jetstream::log_stream(&LEDGER);
    let open = || {
        // A server that is just coming back answers no monitoring yet.
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            match JetStreamLog::open(bus.clone(), LEDGER, demands.clone()) {
                Ok(log) => return log,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    let (sent, leaders) = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let (mut random, mut killed) = (Random::seeded(43), 0);
            for _ in 0..kills {
                std::thread::sleep(Duration::from_millis(300 + random.below(700) as u64));
                let leader = await_leader(&cluster, &stream);
                cluster.nodes[leader].kill();
                killed += 1;
                // The others elect while it is away.
                std::thread::sleep(Duration::from_millis(500 + random.below(1_500) as u64));
                cluster.nodes[leader].restart();
                cluster.await_healthy();
            }
            // All three at once.
            for node in &mut cluster.nodes {
                node.kill();
            }
            cluster.restart_all();
            ended.store(true, Ordering::SeqCst);
            killed
        });
        let (mut random, mut sent, mut log) = (Random::seeded(44), Vec::new(), open());
        while !ended.load(Ordering::SeqCst) {
            let len = random.below(3_000);
            let block = random.bytes(len);
            append_surely(&mut log, &block, open);
            sent.push(block);
        }
        (sent, killer.join().unwrap())
    });
    is_exactly(&open(), &sent);
    println!(
        "deep: {leaders} leaders of three killed and all three once, {} blocks acknowledged, all there",
        sent.len()
    );
}

/// A standby must be able to take over while one of three machines is down.
#[test]
fn a_log_on_three_servers_opens_and_goes_on_with_two() {
    let mut cluster = Cluster::start();
    let bus = world::connect(&cluster.url());
    let mut demands = demands(&cluster.monitor());
    demands.replicas = 3;
    create_streams(&bus, &LEDGER, &demands).unwrap();
    let mut log = JetStreamLog::open(bus.clone(), LEDGER, demands.clone()).unwrap();
    log.append(0, b"with three").unwrap();
    let leader = await_leader(&cluster, &vandel_ledger::log::jetstream::log_stream(&LEDGER));
    cluster.nodes[leader].kill();
    log.append(1, b"with two").unwrap();
    let mut taking_over = JetStreamLog::open(bus, LEDGER, demands).unwrap();
    taking_over.append(2, b"by another").unwrap();
    is_exactly(&taking_over, &[b"with three".to_vec(), b"with two".to_vec(), b"by another".to_vec()]);
}

fn await_leader(cluster: &Cluster, stream: &str) -> usize {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(leader) = cluster.leader_of(stream) {
            return leader;
        }
        assert!(Instant::now() < deadline, "nobody leads");
        std::thread::sleep(Duration::from_millis(50));
    }
}

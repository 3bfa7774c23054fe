//! Several writers on one log. The server's fence decides; every block stands once.

use vandel_ledger::log::jetstream::{JetStreamLog, create_streams};
use vandel_ledger::log::{AppendError, Log as _};
use vandel_tests::nats_server::{Cluster, NatsServer};
use vandel_tests::random::Random;

use crate::world::{self, LEDGER, World, connect, demands};

/// Appends blocks of its own until each was acknowledged; opens anew when another was first.
fn write(world: &World, writer: u64, blocks: usize) -> Vec<(u64, Vec<u8>)> {
    let bus = connect(&world.server.url());
    let open = || JetStreamLog::open(bus.clone(), LEDGER, demands(&world.server.monitor())).unwrap();
    let (mut random, mut log, mut acknowledged) = (Random::seeded(writer), open(), Vec::new());
    while acknowledged.len() < blocks {
        let block = random.bytes(40);
        loop {
            let position = log.next_position();
            match log.append(position, &block) {
                Ok(()) => {
                    acknowledged.push((position, block));
                    break;
                }
                Err(AppendError::Taken { .. }) => log = open(),
                Err(error) => panic!("{error}"),
            }
        }
    }
    acknowledged
}

#[test]
fn writers_who_compete_never_share_a_position() {
    let world = World::of(NatsServer::start());
    let blocks = world::trials(40, 1_500);
    let mut all: Vec<(u64, Vec<u8>)> = std::thread::scope(|scope| {
        let writers: Vec<_> = [60, 61, 62]
            .map(|seed| {
                scope.spawn({
                    let world = &world;
                    move || write(world, seed, blocks)
                })
            })
            .into();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    all.sort();
    let positions: Vec<u64> = all.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (0..3 * blocks as u64).collect::<Vec<_>>(), "each position has one owner");
    let log = world.open().unwrap();
    for (position, block) in &all {
        assert_eq!(log.read(*position).unwrap().as_ref(), Some(block));
    }
    println!("deep: 3 writers at once, {} blocks acknowledged, each at its own position", all.len());
}

/// Two handles that send the same bytes at the same moment, as when an attempt that was given up
/// arrives after all: both may hear yes, and the block stands once.
fn twins(url: &str, monitor: &str, replicas: usize, blocks: usize) {
    let mut demands = demands(monitor);
    demands.replicas = replicas;
    let bus = connect(url);
    create_streams(&bus, &LEDGER, &demands).unwrap();
    let open = || JetStreamLog::open(connect(url), LEDGER, demands.clone()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut log, mut random) = (open(), Random::seeded(70));
                for position in 0..blocks as u64 {
                    let block = random.bytes(100);
                    log.append(position, &block).unwrap();
                }
            });
        }
    });
    assert_eq!(open().next_position(), blocks as u64);
    println!("deep: {blocks} blocks sent twice at once to {replicas} server(s), each stored once");
}

#[test]
fn the_same_block_sent_twice_at_once_stands_once() {
    let server = NatsServer::start();
    twins(&server.url(), &server.monitor(), 1, world::trials(100, 3_000));
    let cluster = Cluster::start();
    twins(&cluster.url(), &cluster.monitor(), 3, world::trials(60, 1_000));
}

//! Networks that are slow, cut, or deaf on one side. Whatever they do: what was acknowledged stands
//! once, at its place, and nothing stands twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vandel_ledger::log::Log as _;
use vandel_ledger::log::jetstream::{JetStreamLog, Waits};
use vandel_tests::log_conformance::is_exactly;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::random::Random;
use vandel_tests::tcp_proxy::TcpProxy;

use crate::world::{self, LEDGER, World, demands};

fn through(proxy: &TcpProxy, world: &World) -> JetStreamLog {
    let mut demands = demands(&world.server.monitor());
    demands.waits = Waits { attempt: Duration::from_millis(400), patience: Duration::from_secs(60) };
    JetStreamLog::open(world::connect(&proxy.url()), LEDGER, demands).unwrap()
}

#[test]
fn an_acknowledgement_that_is_lost_is_read_back_and_nothing_is_stored_twice() {
    let world = World::of(NatsServer::start());
    let proxy = TcpProxy::before(world.server.port());
    let mut log = through(&proxy, &world);
    let (mut random, mut sent) = (Random::seeded(50), Vec::new());
    let trials = world::trials(12, 200);
    for trial in 0..trials {
        // Sometimes the second attempt's acknowledgement is lost as well.
        let expected = proxy.cut_so_far() + 1;
        proxy.cut_at_acknowledgements(1);
        let block = random.bytes(if trial % 4 == 0 { 200_000 } else { 300 });
        log.append(log.next_position(), &block).unwrap();
        sent.push(block);
        assert_eq!(proxy.cut_so_far(), expected, "the acknowledgement was lost");
    }
    is_exactly(&log, &sent);
    is_exactly(&world.open().unwrap(), &sent);
    println!("deep: {trials} acknowledgements lost over NATS, each block stored once");
}

#[test]
fn slow_cut_and_deaf_connections_lose_and_repeat_nothing() {
    let world = World::of(NatsServer::start());
    let proxy = TcpProxy::before(world.server.port());
    let mut log = through(&proxy, &world);
    let faults = world::trials(15, 300);
    let ended = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::seeded(51);
            for _ in 0..faults {
                match random.below(3) {
                    0 => proxy.cut(),
                    1 => proxy.delay(Duration::from_millis(20 + random.below(100) as u64)),
                    _ => proxy.swallow_answers(true),
                }
                std::thread::sleep(Duration::from_millis(50 + random.below(400) as u64));
                proxy.delay(Duration::ZERO);
                proxy.swallow_answers(false);
                std::thread::sleep(Duration::from_millis(random.below(300) as u64));
            }
            ended.store(true, Ordering::SeqCst);
        });
        let (mut random, mut sent) = (Random::seeded(52), Vec::new());
        while !ended.load(Ordering::SeqCst) {
            let block = random.bytes(1 + sent.len() % 3_000);
            world::append_surely(&mut log, &block, || through(&proxy, &world));
            sent.push(block);
        }
        sent
    });
    is_exactly(&world.open().unwrap(), &sent);
    println!("deep: {faults} faults of a network, {} blocks, each stored once", sent.len());
}

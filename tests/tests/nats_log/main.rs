//! The log on real nats-servers: conformance, and faults of every kind.
//!
//! Every test that makes trials prints how many (`cargo test -- --nocapture`), and makes more under
//! `VANDEL_DEEP`.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod administrator;
mod backup;
mod bits;
mod checkpoints;
mod crash;
mod home;
mod network;
mod secured;
mod space;
mod world;
mod writers;

use vandel_ledger::log::jetstream::JetStreamLog;
use vandel_tests::log_conformance;
use vandel_tests::nats_server::{Cluster, NatsServer};

use world::{World, demands};

#[test]
fn conforms_on_one_server() {
    let world = World::of(NatsServer::start());
    log_conformance::check(&mut || Box::new(world.open().unwrap()));
}

#[test]
fn conforms_on_three_servers() {
    let cluster = Cluster::start();
    let bus = world::connect(&cluster.url());
    let mut demands = demands(&cluster.monitor());
    demands.replicas = 3;
    vandel_ledger::log::jetstream::create_streams(&bus, &world::LEDGER, &demands).unwrap();
    log_conformance::check(&mut || {
        Box::new(JetStreamLog::open(bus.clone(), world::LEDGER, demands.clone()).unwrap())
    });
}

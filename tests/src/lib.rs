//! The harness of the end-to-end suites: disks that fail on command, a ledger to break, and suites
//! that every implementation of a port must pass.

pub mod assessor;
pub mod canary;
pub mod changes;
pub mod demo_town;
pub mod dossiers;
pub mod erasure_scene;
pub mod folders;
pub mod independent;
pub mod ledger_builder;
pub mod log_conformance;
pub mod nats_server;
pub mod operator;
pub mod random;
pub mod recording_disk;
pub mod schemas;
pub mod secured;
pub mod serving;
pub mod small_ledger;
pub mod tcp_proxy;
pub mod town;
pub mod transcript;
pub mod witnesses;

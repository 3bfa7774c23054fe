//! A broker without room: refused without a trace, and it goes on when there is room again.

use std::path::{Path, PathBuf};
use std::process::Command;

use vandel_ledger::log::{AppendError, Log as _};
use vandel_tests::log_conformance::is_exactly;
use vandel_tests::nats_server::{NatsServer, ServerOptions};
use vandel_tests::random::Random;

use crate::world::World;

/// Appends until there is no room; every refusal says so, and nothing is lost.
fn fill(world: &World, block_bytes: usize) -> Vec<Vec<u8>> {
    let (mut log, mut random, mut sent) = (world.open().unwrap(), Random::seeded(80), Vec::new());
    loop {
        let block = random.bytes(block_bytes);
        match log.append(log.next_position(), &block) {
            Ok(()) => sent.push(block),
            Err(AppendError::Full { position }) => {
                assert_eq!(position, sent.len() as u64);
                break;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(sent.len() < 10_000, "it never fills");
    }
    assert!(!sent.is_empty());
    is_exactly(&world.open().unwrap(), &sent);
    sent
}

/// With room again, the log goes on where it stopped.
fn goes_on(world: &World, mut sent: Vec<Vec<u8>>) {
    let mut log = world.open().unwrap();
    log.append(log.next_position(), b"room again").unwrap();
    sent.push(b"room again".to_vec());
    is_exactly(&world.open().unwrap(), &sent);
}

#[test]
fn a_store_at_its_limit_refuses_without_a_trace_and_goes_on_with_more_room() {
    let options = ServerOptions { jetstream: "max_file_store: 3MB".to_owned(), ..ServerOptions::default() };
    let mut world = World::of(NatsServer::with(options));
    let sent = fill(&world, 50_000);
    world.server.change(|options| options.jetstream = "max_file_store: 30MB".to_owned());
    world.server.restart();
    goes_on(&world, sent);
}

/// A file system of a few megabytes, gone with its handle.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where mounting is not allowed.
    fn mount(folder: &Path) -> Option<Self> {
        let path = folder.join("small");
        std::fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
            .arg(&path)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(path))
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=60m"]).arg(&self.0).status().unwrap();
        assert!(grown.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("deep: 0 trials with a full disk: this process may not mount one");
        return;
    };
    let store = Some(disk.0.join("store"));
    let mut world = World::of(NatsServer::with(ServerOptions { store, ..ServerOptions::default() }));
    let (mut log, mut random, mut sent) = (world.open().unwrap(), Random::seeded(81), Vec::new());
    let refused = loop {
        let block = random.bytes(20_000);
        match log.append(log.next_position(), &block) {
            Ok(()) => sent.push(block),
            Err(error) => break error,
        }
        assert!(sent.len() < 10_000, "it never fills");
    };
    // A server whose disk is full may refuse, or give up JetStream altogether: then nobody answers.
    let known = matches!(
        refused,
        AppendError::Full { .. } | AppendError::Uncertain { .. } | AppendError::Unavailable { .. }
    );
    assert!(known, "{refused}");
    disk.grow();
    world.server.restart();
    let log = world.open().unwrap();
    // The block that was refused may be there after all; those acknowledged must be.
    for (position, block) in (0..).zip(&sent) {
        assert_eq!(log.read(position).unwrap().as_ref(), Some(block), "block {position}");
    }
    assert!(log.next_position() <= sent.len() as u64 + 1);
    let mut log = world.open().unwrap();
    log.append(log.next_position(), b"room again").unwrap();
    println!("deep: 1 trial with a full disk, {} blocks acknowledged, all there ({refused})", sent.len());
}

//! The checkpoint stream goes forward only, also when an instance that was replaced wakes up.

use vandel_ledger::announce::Announce as _;
use vandel_ledger::log::jetstream::{CheckpointStream, Waits};
use vandel_tests::nats_server::NatsServer;

use crate::world::{LEDGER, World, administrate};

/// The size of a note "ours N"; others are nobody's.
fn size_of(note: &str) -> Option<u64> {
    note.strip_prefix("ours ")?.parse().ok()
}

fn put(stream: &mut CheckpointStream, size: u64) -> std::io::Result<()> {
    stream.announce(&format!("ours {size}"), &size_of)?;
    stream.settle(&size_of)
}

#[test]
fn an_instance_that_was_replaced_puts_no_older_checkpoint_behind_a_newer_one() {
    let world = World::of(NatsServer::start());
    let open = || CheckpointStream::new(world.bus.clone(), &LEDGER, Waits::default());
    let held = || {
        let stream = format!("STREAM.INFO.{}", vandel_ledger::log::jetstream::checkpoint_stream(&LEDGER));
        administrate(&world.bus, &stream, "")["state"]["messages"].as_u64().unwrap()
    };
    let (mut first, mut second) = (open(), open());
    put(&mut first, 1).unwrap();
    put(&mut first, 2).unwrap();
    // The first is paused with the third on its way; the second has looked, and both go on.
    second.announce("ours 4", &size_of).unwrap();
    second.settle(&size_of).unwrap();
    let refused = put(&mut first, 3).unwrap_err().to_string();
    assert!(refused.contains("4 records") && refused.contains("another instance"), "{refused}");
    assert_eq!(open().newest_note().unwrap().as_deref(), Some("ours 4"));
    // One that has never published looks before it does.
    let refused = put(&mut open(), 3).unwrap_err().to_string();
    assert!(refused.contains("another instance"), "{refused}");
    assert_eq!(held(), 3);
    // The other way round: the older one gets in first, and the newer one passes over it.
    let mut third = open();
    put(&mut third, 5).unwrap();
    put(&mut second, 6).unwrap();
    put(&mut third, 7).unwrap();
    assert_eq!(open().newest_note().unwrap().as_deref(), Some("ours 7"));
    // What this ledger did not sign keeps nobody from publishing.
    let subject = vandel_ledger::log::jetstream::checkpoint_subject(&LEDGER);
    world.bus.request(&subject, b"theirs 99".to_vec()).unwrap();
    put(&mut third, 8).unwrap();
    assert_eq!(open().newest_note().unwrap().as_deref(), Some("ours 8"));
    // The same one twice stands once: an acknowledgement was lost.
    let before = held();
    put(&mut open(), 8).unwrap();
    assert_eq!(held(), before);
    println!("deep: 6 trials of two instances at one checkpoint stream");
}

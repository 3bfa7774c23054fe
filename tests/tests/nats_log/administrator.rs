//! A hostile administrator at work while the writer's handle is open. Nothing new may be appended
//! behind what they did, and what they did is named.

use serde_json::{Value, json};
use vandel_ledger::log::jetstream::{JetStreamLog, StreamError, log_stream};
use vandel_ledger::log::{AppendError, Log as _, ReadError};
use vandel_tests::folders::copy_folder;
use vandel_tests::nats_server::NatsServer;

use crate::world::{LEDGER, World, administrate};

/// A world whose log holds `count` small blocks, with the handle that appended them.
fn with_blocks(count: u64) -> (World, JetStreamLog) {
    let world = World::of(NatsServer::start());
    let mut log = world.open().unwrap();
    for position in 0..count {
        log.append(position, format!("block {position}").as_bytes()).unwrap();
    }
    (world, log)
}

fn settings(world: &World) -> Value {
    administrate(&world.bus, &format!("STREAM.INFO.{}", log_stream(&LEDGER)), "")["config"].clone()
}

fn change(world: &World, settings: &Value) {
    administrate(&world.bus, &format!("STREAM.UPDATE.{}", log_stream(&LEDGER)), &settings.to_string());
}

/// How many messages the broker holds.
fn held(world: &World) -> u64 {
    let info = administrate(&world.bus, &format!("STREAM.INFO.{}", log_stream(&LEDGER)), "");
    info["state"]["last_seq"].as_u64().unwrap()
}

/// The next append is refused with a message that says all of this, and nothing is appended.
fn refuses(world: &World, log: &mut JetStreamLog, words: &[&str]) {
    let before = held(world);
    let refused = log.append(log.next_position(), b"something new").unwrap_err();
    let text = refused.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert_eq!(held(world), before, "nothing was appended");
}

#[test]
fn settings_that_change_under_a_writer_stop_it_until_they_are_mended() {
    let (world, mut log) = with_blocks(5);
    let right = settings(&world);
    let changes = [
        ("discard", json!("old"), "--discard=new"),
        ("max_bytes", json!(1_000_000), "--max-bytes=-1"),
        ("max_age", json!(3_600_000_000_000_u64), "--max-age=-1"),
        ("max_msgs", json!(1_000), "--max-msgs=-1"),
        ("max_msg_size", json!(1_000), "--max-msg-size=-1"),
        ("duplicate_window", json!(1_000_000_000), "--dupe-window=2m"),
        ("allow_rollup_hdrs", json!(true), ""),
        ("subjects", json!(["vandel.other"]), "--subjects="),
    ];
    let mut trials = 0;
    for (name, value, mend) in &changes {
        let mut wrong = right.clone();
        wrong[*name] = value.clone();
        let request = format!("$JS.API.STREAM.UPDATE.{}", log_stream(&LEDGER));
        let answer = world.bus.request(&request, wrong.to_string().into_bytes()).unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        if answer.get("error").is_some() {
            // The server itself refuses some: then nothing has changed.
            continue;
        }
        refuses(&world, &mut log, &[name, mend]);
        assert!(matches!(world.open(), Err(StreamError::Settings(_))), "{name}");
        change(&world, &right);
        trials += 1;
    }
    assert!(trials >= 6, "{trials} settings could be changed");
    log.append(5, b"mended").unwrap();
    println!("deep: {trials} settings changed under a writer, each named and mended");
}

#[test]
fn messages_that_a_limit_took_are_named_before_anything_new_stands_behind_them() {
    let (world, mut log) = with_blocks(6);
    let right = settings(&world);
    let mut limited = right.clone();
    limited["discard"] = json!("old");
    limited["max_msgs"] = json!(2);
    change(&world, &limited);
    refuses(&world, &mut log, &["block 0", "begins at sequence 5"]);
    // Setting it back brings nothing back.
    change(&world, &right);
    refuses(&world, &mut log, &["block 0"]);
    assert!(matches!(world.open(), Err(StreamError::Read(ReadError::Altered(_)))));
}

#[test]
fn a_stream_deleted_or_made_again_is_noticed_by_the_handle_that_had_it() {
    let (world, mut log) = with_blocks(3);
    let right = settings(&world);
    administrate(&world.bus, &format!("STREAM.DELETE.{}", log_stream(&LEDGER)), "");
    let gone = log.append(3, b"x").unwrap_err();
    assert!(matches!(&gone, AppendError::Broken { what } if what.contains("held 3 blocks")), "{gone}");

    let (world, mut log) = with_blocks(3);
    administrate(&world.bus, &format!("STREAM.DELETE.{}", log_stream(&LEDGER)), "");
    administrate(&world.bus, &format!("STREAM.CREATE.{}", log_stream(&LEDGER)), &right.to_string());
    refuses(&world, &mut log, &["made again"]);
    // Even where the same blocks were put back: the handle was opened on another stream.
    let (world, mut log) = with_blocks(3);
    administrate(&world.bus, &format!("STREAM.DELETE.{}", log_stream(&LEDGER)), "");
    administrate(&world.bus, &format!("STREAM.CREATE.{}", log_stream(&LEDGER)), &right.to_string());
    let mut other = world.open().unwrap();
    for position in 0..3 {
        other.append(position, format!("block {position}").as_bytes()).unwrap();
    }
    refuses(&world, &mut log, &["made again"]);
    world.open().unwrap().append(3, b"a fresh handle reads all of it first").unwrap();
}

#[test]
fn an_old_copy_of_the_store_is_noticed_by_the_handle_that_saw_more() {
    let (mut world, mut log) = with_blocks(4);
    world.server.stop();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&world.server.store(), copy.path());
    world.server.restart();
    log = {
        drop(log);
        world.open().unwrap()
    };
    for position in 4..9 {
        log.append(position, b"acknowledged, and gone with the old copy").unwrap();
    }
    world.server.stop();
    std::fs::remove_dir_all(world.server.store()).unwrap();
    copy_folder(copy.path(), &world.server.store());
    world.server.restart();
    refuses(&world, &mut log, &["block 4", "has held 9 blocks"]);
    // The handle stays stopped.
    assert!(matches!(log.append(9, b"x"), Err(AppendError::Broken { .. })));
}

#[test]
fn what_somebody_else_publishes_is_never_built_upon() {
    let (world, mut log) = with_blocks(3);
    let subject = vandel_ledger::log::jetstream::log_subject(&LEDGER);
    world.bus.request(&subject, b"a stranger's message".to_vec()).unwrap();
    let refused = log.append(3, b"ours").unwrap_err();
    assert!(matches!(refused, AppendError::Taken { position: 3, next: 4 }), "{refused}");

    // With the message id that our next block will have, so that the server takes ours for a repeat.
    let (world, mut log) = with_blocks(3);
    let block = b"the next block";
    let mut headers = vandel_ledger::bus::async_nats::HeaderMap::new();
    let id = format!("3-{}", vandel_core::hash::sha256(&[block]));
    headers.insert("Nats-Msg-Id", id);
    let limit = std::time::Duration::from_secs(10);
    let rogue = world.bus.ask(&subject, Some(headers), b"another body".to_vec(), limit);
    world.bus.block_on(rogue).unwrap();
    let refused = log.append(3, block).unwrap_err();
    assert!(matches!(refused, AppendError::Taken { position: 3, .. }), "{refused}");
    assert_eq!(held(&world), 4);
}

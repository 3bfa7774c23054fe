//! The log is lost, changed or made unfit while an instance serves: it ends at once, and says by its exit code what
//! sort of trouble it is. So does the author's command that met it.

use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::log::jetstream::{Waits, ledgers, log_stream, log_subject};
use vandel_tests::nats_server::NatsServer;
use vandel_tests::serving::Serving;
use vandel_tests::town::Town;

use crate::{identity, told};

/// What somebody does behind the ledger's back.
enum Hand {
    /// Deletes the stream.
    Delete,
    /// Lets the stream keep two messages only, which drops what is older.
    Limit,
    /// Publishes something on the log's subject.
    Publish,
    /// Lets the stream keep fewer messages than a log may have, and drops none yet.
    Loosen,
}

impl Hand {
    fn act(&self, bus: &Bus) {
        let ledger = ledgers(bus, Waits::default()).unwrap()[0];
        let (stream, subject) = (log_stream(&ledger), log_subject(&ledger));
        let update = |messages: u64| {
            let info = bus.request(&format!("$JS.API.STREAM.INFO.{stream}"), Vec::new()).unwrap();
            let info: serde_json::Value = serde_json::from_slice(&info.payload).unwrap();
            let mut config = info["config"].clone();
            config["max_msgs"] = messages.into();
            if messages < 10 {
                config["discard"] = "old".into();
            }
            (format!("$JS.API.STREAM.UPDATE.{stream}"), config.to_string().into_bytes())
        };
        let (subject, payload) = match self {
            Self::Delete => (format!("$JS.API.STREAM.DELETE.{stream}"), Vec::new()),
            Self::Limit => update(2),
            Self::Publish => (subject, b"no block".to_vec()),
            Self::Loosen => update(1_000_000),
        };
        let answer = bus.request(&subject, payload).unwrap();
        assert!(!String::from_utf8_lossy(&answer.payload).contains("\"error\""), "{answer:?}");
    }
}

#[test]
fn a_log_that_breaks_while_it_is_written_ends_the_service_at_once_with_its_exit_code() {
    let cases = [(Hand::Delete, 3), (Hand::Limit, 3), (Hand::Publish, 3), (Hand::Loosen, 8)];
    let trials = cases.len();
    for (hand, exit) in cases {
        let server = NatsServer::start();
        let town = Town::found_on(&server);
        let mut serving = Serving::start(&town, &server.url(), &[]);
        let bus = Bus::connect(&BusOptions::new(&server.url(), Role::Operator)).unwrap();
        hand.act(&bus);
        let file = identity(&town, "19961010-9945", "Kanariesson");
        let mut arguments = vec!["case", "open", "--role", "SCHOOL", "--board", "Utbildningsförvaltningen"];
        // Where the service says why, the answer comes at once; a loaded machine gets the time to give it.
        let wait = if exit == 3 { "20s" } else { "1s" };
        arguments.extend(["--unit", "Norra", "--reference", "REK-1", "--identity", &file, "--wait", wait]);
        let author = town.afar(&server.url(), "handler", &arguments).output().unwrap();
        assert_eq!(serving.wait().code(), Some(exit), "{}", serving.said());
        if exit == 3 {
            assert_eq!(author.status.code(), Some(3), "{}", told(&author));
            assert!(serving.said().contains("do not write to this ledger"), "{}", serving.said());
        } else {
            assert!(serving.said().contains("max_msgs"), "{}", serving.said());
        }
        // And so does the next start.
        let again = town.run(&["serve", "--nats", &server.url()]);
        let expected = if matches!(hand, Hand::Delete) { 7 } else { exit };
        assert_eq!(again.status.code(), Some(expected), "{}", told(&again));
    }
    println!("deep: {trials} trials of a log that breaks under an instance that serves");
}

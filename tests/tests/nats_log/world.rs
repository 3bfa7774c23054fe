//! A server, a ledger on it, and hands that change things behind its back.

use std::time::{Duration, Instant};

use serde_json::Value;
use vandel_core::id::LedgerId;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::log::jetstream::{Contents, Demands, JetStreamLog, StreamError, Waits, create_streams};
use vandel_ledger::log::{AppendError, Log as _};
use vandel_tests::nats_server::NatsServer;

pub(crate) const LEDGER: LedgerId = LedgerId([7; 32]);

/// A server with the streams of one ledger.
pub(crate) struct World {
    pub(crate) server: NatsServer,
    pub(crate) bus: Bus,
}

/// How many trials: the second number under `VANDEL_DEEP`.
pub(crate) fn trials(few: usize, many: usize) -> usize {
    if std::env::var_os("VANDEL_DEEP").is_some() { many } else { few }
}

/// Appends a block at the next position as a sequencer does: where the outcome is uncertain, it opens
/// the log anew and sends the same bytes again; where the log was away, it waits.
pub(crate) fn append_surely(log: &mut JetStreamLog, block: &[u8], open: impl Fn() -> JetStreamLog) {
    let position = log.next_position();
    let deadline = Instant::now() + Duration::from_secs(240);
    loop {
        match log.append(position, block) {
            Ok(()) => return,
            Err(
                AppendError::Uncertain { .. } | AppendError::Unavailable { .. } | AppendError::Halted { .. },
            ) => {
                assert!(Instant::now() < deadline, "block {position} finds no place");
                *log = open();
            }
            Err(error) => panic!("block {position}: {error}"),
        }
    }
}

/// A connection that loses no time.
pub(crate) fn connect(url: &str) -> Bus {
    let mut options = BusOptions::new(url, Role::Sequencer);
    options.connect_timeout = Duration::from_secs(20);
    Bus::connect(&options).unwrap()
}

/// What a log of random bytes asks of these servers.
pub(crate) fn demands(monitor: &str) -> Demands {
    Demands {
        monitoring: monitor.split(',').map(str::to_owned).collect(),
        contents: Contents::Opaque,
        waits: Waits { attempt: Duration::from_secs(2), patience: Duration::from_secs(40) },
        ..Demands::default()
    }
}

/// A request of an administrator, who may do anything; the answer must be no error.
pub(crate) fn administrate(bus: &Bus, request: &str, payload: &str) -> Value {
    let answer = bus.request(&format!("$JS.API.{request}"), payload.as_bytes().to_vec()).unwrap();
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert!(answer.get("error").is_none(), "{request}: {answer}");
    answer
}

impl World {
    pub(crate) fn of(server: NatsServer) -> Self {
        let bus = connect(&server.url());
        create_streams(&bus, &LEDGER, &demands(&server.monitor())).unwrap();
        Self { server, bus }
    }

    pub(crate) fn open(&self) -> Result<JetStreamLog, StreamError> {
        JetStreamLog::open(self.bus.clone(), LEDGER, demands(&self.server.monitor()))
    }
}

//! A server, a ledger on it, and hands that change things behind its back.

use std::time::Duration;

use vandel_core::id::LedgerId;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::log::jetstream::{
    Contents, Demands, JetStreamLog, StreamError, Waits, create_streams, log_stream,
};
use vandel_tests::nats_server::NatsServer;

pub const LEDGER: LedgerId = LedgerId([7; 32]);

/// A server with the streams of one ledger.
pub struct World {
    pub server: NatsServer,
    pub bus: Bus,
}

/// A connection that loses no time.
pub fn connect(url: &str) -> Bus {
    let mut options = BusOptions::new(url, Role::Sequencer);
    options.connect_timeout = Duration::from_secs(20);
    Bus::connect(&options).unwrap()
}

/// What a log of random bytes asks of these servers.
pub fn demands(monitor: &str) -> Demands {
    Demands {
        monitoring: monitor.split(',').map(str::to_owned).collect(),
        contents: Contents::Opaque,
        waits: Waits { attempt: Duration::from_secs(2), patience: Duration::from_secs(40) },
        ..Demands::default()
    }
}

impl World {
    pub fn of(server: NatsServer) -> Self {
        let bus = connect(&server.url());
        create_streams(&bus, &LEDGER, &demands(&server.monitor())).unwrap();
        Self { server, bus }
    }

    pub fn open(&self) -> Result<JetStreamLog, StreamError> {
        JetStreamLog::open(self.bus.clone(), LEDGER, demands(&self.server.monitor()))
    }

    pub fn stream(&self) -> String {
        log_stream(&LEDGER)
    }
}

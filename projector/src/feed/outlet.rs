//! The port to whoever carries events, and NATS behind it.

use std::time::Duration;

use serde_json::{Value, json};
use vandel_ledger::bus::async_nats::HeaderMap;
use vandel_ledger::bus::{Bus, BusError};

use super::cloud_event::MEDIA_TYPE;
use super::{STREAM, STREAM_SUBJECT};

/// How long an acknowledgement may take.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);

/// Why an event did not leave.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// The connection.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The server refused.
    #[error("the feed's stream {STREAM}: {0}")]
    Stream(String),
    /// The stream is not there, and this role may not make it.
    #[error("the feed's stream {STREAM} is not there: `vandel serve` makes it at its start")]
    Absent,
}

impl OutletError {
    /// Whether trying again later may succeed.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Bus(error) => error.is_passing() || matches!(error, BusError::Unreachable { .. }),
            // The sequencer, which makes it, may come up later.
            Self::Absent => true,
            Self::Stream(_) => false,
        }
    }
}

/// Carries events. An event may be carried twice; none may be said to be carried that is not.
pub trait Outlet {
    /// Replaces the last value on an operational subject. When this returns, it is kept.
    ///
    /// # Errors
    /// [`OutletError`].
    fn keep(&mut self, subject: &str, event: Vec<u8>) -> Result<(), OutletError>;

    /// The value kept on an operational subject.
    ///
    /// # Errors
    /// [`OutletError`].
    fn kept(&mut self, subject: &str) -> Result<Option<Vec<u8>>, OutletError>;

    /// Tells whoever listens now.
    ///
    /// # Errors
    /// [`OutletError`].
    fn tell(&mut self, subject: &str, event: Vec<u8>) -> Result<(), OutletError>;
}

/// Events over NATS.
pub struct NatsOutlet {
    bus: Bus,
}

impl NatsOutlet {
    /// An outlet onto the feed's stream, which [`ensure_stream`] makes if it is not there.
    ///
    /// # Errors
    /// As [`ensure_stream`].
    pub fn open(bus: Bus, replicas: usize) -> Result<Self, OutletError> {
        ensure_stream(&bus, replicas)?;
        Ok(Self { bus })
    }

    /// The connection.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }
}

impl Outlet for NatsOutlet {
    fn keep(&mut self, subject: &str, event: Vec<u8>) -> Result<(), OutletError> {
        let asked = self.bus.ask(subject, Some(headers()), event, ACKNOWLEDGED_WITHIN);
        let answer = self.bus.block_on(asked)?;
        judged(&answer.payload).map(|_| ()).map_err(|(_, why)| OutletError::Stream(why))
    }

    fn kept(&mut self, subject: &str) -> Result<Option<Vec<u8>>, OutletError> {
        let answer = self.bus.request(&format!("$JS.API.DIRECT.GET.{STREAM}.{subject}"), Vec::new())?;
        let found = answer.status.is_none_or(|status| status.as_u16() == 200);
        Ok(found.then(|| answer.payload.to_vec()))
    }

    fn tell(&mut self, subject: &str, event: Vec<u8>) -> Result<(), OutletError> {
        let publish = self.bus.client().publish_with_headers(subject.to_owned(), headers(), event.into());
        self.bus.block_on(publish).map_err(|error| OutletError::Bus(BusError::Client(error.to_string())))
    }
}

/// Makes the feed's stream, if it is not there, and looks at it, if it is.
///
/// The sequencer and whoever founds a ledger make it. On a secured server the projector may not: who can make a
/// stream can let it copy whatever it takes onto another subject, such as the log's.
///
/// # Errors
/// [`OutletError::Absent`] if it is not there and this role may not make it; [`OutletError::Stream`] if it keeps
/// another number of values than one for each subject.
pub fn ensure_stream(bus: &Bus, replicas: usize) -> Result<(), OutletError> {
    let config = json!({
        "name": STREAM,
        "description": "Vandel: the last value of each operational event",
        "subjects": [STREAM_SUBJECT],
        "storage": "file",
        "retention": "limits",
        "discard": "old",
        "max_msgs_per_subject": 1,
        "allow_direct": true,
        "num_replicas": replicas,
    });
    let found = match ask(bus, &format!("$JS.API.STREAM.INFO.{STREAM}"), Vec::new())? {
        Ok(info) => info,
        Err((10_059, _)) => {
            let create = format!("$JS.API.STREAM.CREATE.{STREAM}");
            let made = match ask(bus, &create, config.to_string().into_bytes()) {
                Err(OutletError::Bus(BusError::Denied { .. })) => return Err(OutletError::Absent),
                made => made?,
            };
            made.map_err(|(_, why)| OutletError::Stream(why))?
        }
        Err((_, why)) => return Err(OutletError::Stream(why)),
    };
    for setting in ["subjects", "max_msgs_per_subject", "allow_direct"] {
        let (expected, found) = (&config[setting], &found["config"][setting]);
        if expected != found {
            let why = format!("{setting} is {found}, not {expected}; delete the stream, it is made again");
            return Err(OutletError::Stream(why));
        }
    }
    Ok(())
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Content-Type", MEDIA_TYPE);
    headers
}

/// Asks JetStream: its answer, or its error's number and words.
fn ask(bus: &Bus, subject: &str, request: Vec<u8>) -> Result<Result<Value, (u64, String)>, OutletError> {
    Ok(judged(&bus.request(subject, request)?.payload))
}

fn judged(answer: &[u8]) -> Result<Value, (u64, String)> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|_| (0, "an answer that is no JSON".to_owned()))?;
    match answer.get("error") {
        None => Ok(answer),
        Some(error) => {
            let words = error["description"].as_str().unwrap_or("an error without words");
            Err((error["err_code"].as_u64().unwrap_or(0), words.to_owned()))
        }
    }
}

//! JetStream's own requests, as JSON: exactly those that a log needs, answered by the stream's leader.
//!
//! A typed client would drop what it does not know. Here a stream's settings stay as the server sent
//! them, so that one this version has never heard of is seen (`settings`).

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::bus::{Bus, BusError};

/// JetStream's numbers for errors (server/errors.json): stable, as their texts are not.
pub(super) mod code {
    pub(crate) const INSUFFICIENT_RESOURCES: u64 = 10_023;
    pub(crate) const NO_MESSAGE: u64 = 10_037;
    pub(crate) const STORAGE_EXCEEDED: u64 = 10_047;
    pub(crate) const MESSAGE_TOO_LARGE: u64 = 10_054;
    pub(crate) const NO_STREAM: u64 = 10_059;
    pub(crate) const STORE_FAILED: u64 = 10_077;
    pub(crate) const WRONG_LAST_SEQUENCE: u64 = 10_071;
    /// The same, found by a replicated stream's leader while the message before is still under way.
    pub(crate) const WRONG_LAST_SEQUENCE_IN_FLIGHT: u64 = 10_164;
    pub(crate) const SEALED: u64 = 10_109;
    pub(crate) const STREAM_EXISTS: u64 = 10_058;
    /// Errors of a cluster that is between two leaders.
    pub(crate) const PASSING: [u64; 3] = [10_008, 10_009, 10_005];
}

/// Why JetStream did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The request did not get there, or no answer came back.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// JetStream refused.
    #[error("JetStream refuses: {description} (error {code})")]
    Refused {
        /// JetStream's number for it.
        code: u64,
        /// Its words.
        description: String,
    },
    /// The answer is not what the protocol says.
    #[error("JetStream's answer makes no sense: {0}")]
    Nonsense(String),
}

impl ApiError {
    /// Whether trying again may help: nobody leads at this moment, or nobody answered.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Bus(error) => error.is_passing(),
            Self::Refused { code, .. } => code::PASSING.contains(code),
            Self::Nonsense(_) => false,
        }
    }

    /// JetStream's number, if it refused.
    pub(super) const fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl From<ApiError> for std::io::Error {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Bus(error) => error.into(),
            error => Self::other(error),
        }
    }
}

/// A stream as its leader describes it.
#[derive(Clone, Debug)]
pub(super) struct StreamInfo {
    /// The settings, as the server sent them.
    pub(super) config: Map<String, Value>,
    /// When it was made: a stream that was deleted and made again has another time.
    pub(super) created: String,
    /// The first sequence it holds; 0 or 1 if it is empty.
    pub(super) first: u64,
    /// The last sequence it gave out.
    pub(super) last: u64,
    /// How many messages it holds.
    pub(super) messages: u64,
    /// The sequences between first and last that it does not hold, where they were asked for.
    pub(super) deleted: Vec<u64>,
    /// The names of the servers that hold it, the leader first.
    pub(super) servers: Vec<String>,
    /// The names of those that are not up to date.
    pub(super) behind: Vec<String>,
}

impl StreamInfo {
    /// The servers that hold the stream and are up to date with it: those that acknowledge. One that is
    /// down acknowledges nothing, and must not keep the others from going on.
    pub(super) fn present(&self) -> Vec<String> {
        self.servers.iter().filter(|name| !self.behind.contains(name)).cloned().collect()
    }
}

/// A message as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) payload: Vec<u8>,
}

/// What JetStream answers to a publication.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Acknowledgement {
    pub(super) stream: String,
    pub(super) seq: u64,
    pub(super) duplicate: bool,
    error: Option<Refusal>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    err_code: u64,
    description: String,
}

/// JetStream over a connection.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) bus: Bus,
    /// How long one attempt waits. A leader that was killed is silent, so this is what finds it out.
    pub(super) attempt: Duration,
    /// How long attempts are repeated: longer than a cluster takes to elect.
    pub(super) patience: Duration,
}

impl Api {
    /// One request, one answer.
    fn call(&self, subject: &str, payload: &Value) -> Result<Value, ApiError> {
        let payload = if payload.is_null() { Vec::new() } else { payload.to_string().into_bytes() };
        let answer = self.bus.block_on(self.bus.ask(subject, None, payload, self.attempt))?;
        let nonsense = |error: serde_json::Error| ApiError::Nonsense(error.to_string());
        let mut answer: Value = serde_json::from_slice(&answer.payload).map_err(nonsense)?;
        match answer.get_mut("error") {
            Some(error) => {
                let refusal: Refusal = serde_json::from_value(error.take()).map_err(nonsense)?;
                Err(ApiError::Refused { code: refusal.err_code, description: refusal.description })
            }
            None => Ok(answer),
        }
    }

    /// The same, repeated while nobody leads.
    pub(super) fn call_patiently(&self, subject: &str, payload: &Value) -> Result<Value, ApiError> {
        let deadline = Instant::now() + self.patience;
        loop {
            match self.call(subject, payload) {
                Err(error) if error.is_passing() && Instant::now() < deadline => pause(),
                other => return other,
            }
        }
    }

    /// The stream, as its leader sees it; the sequences it lacks only if `with_deleted`.
    pub(super) fn info(&self, stream: &str, with_deleted: bool) -> Result<StreamInfo, ApiError> {
        let details = if with_deleted { json!({ "deleted_details": true }) } else { Value::Null };
        let answer = self.call_patiently(&format!("$JS.API.STREAM.INFO.{stream}"), &details)?;
        parse_info(&answer).ok_or_else(|| ApiError::Nonsense("a stream without settings or state".to_owned()))
    }

    /// The message at a sequence, from the leader; none if it holds none there.
    pub(super) fn message(&self, stream: &str, sequence: u64) -> Result<Option<Stored>, ApiError> {
        self.get(stream, &json!({ "seq": sequence }))
    }

    /// The last message on a subject, from the leader.
    pub(super) fn last_on(&self, stream: &str, subject: &str) -> Result<Option<Stored>, ApiError> {
        self.get(stream, &json!({ "last_by_subj": subject }))
    }

    fn get(&self, stream: &str, what: &Value) -> Result<Option<Stored>, ApiError> {
        match self.call_patiently(&format!("$JS.API.STREAM.MSG.GET.{stream}"), what) {
            Ok(answer) => parse_message(&answer["message"]).map(Some),
            Err(ApiError::Refused { code: code::NO_MESSAGE, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a stream. False if one with exactly these settings is there already.
    pub(super) fn create(&self, stream: &str, config: &Value) -> Result<bool, ApiError> {
        let answer = self.call_patiently(&format!("$JS.API.STREAM.CREATE.{stream}"), config)?;
        Ok(answer["did_create"].as_bool().unwrap_or(false))
    }

    /// Deletes a stream and all that it holds.
    pub(super) fn delete(&self, stream: &str) -> Result<(), ApiError> {
        self.call_patiently(&format!("$JS.API.STREAM.DELETE.{stream}"), &Value::Null).map(|_| ())
    }

    /// The names of the streams that listen on a subject, which may hold wildcards.
    pub(super) fn streams_on(&self, subject: &str) -> Result<Vec<String>, ApiError> {
        let answer = self.call_patiently("$JS.API.STREAM.NAMES", &json!({ "subject": subject }))?;
        let names = answer["streams"].as_array().cloned().unwrap_or_default();
        Ok(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Publishes, once, and waits for the acknowledgement as long as one attempt may take.
    pub(super) async fn publish(
        &self,
        subject: &str,
        headers: HeaderMap,
        payload: Vec<u8>,
    ) -> Result<Acknowledgement, ApiError> {
        let answer = self.bus.ask(subject, Some(headers), payload, self.attempt).await?;
        let acknowledgement: Acknowledgement = serde_json::from_slice(&answer.payload)
            .map_err(|error| ApiError::Nonsense(format!("an acknowledgement: {error}")))?;
        match acknowledgement.error {
            Some(refusal) => {
                Err(ApiError::Refused { code: refusal.err_code, description: refusal.description })
            }
            None => Ok(acknowledgement),
        }
    }
}

/// A moment between two attempts.
pub(super) fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

fn parse_info(answer: &Value) -> Option<StreamInfo> {
    let (config, state) = (answer["config"].as_object()?, answer["state"].as_object()?);
    let number = |name: &str| state.get(name).and_then(Value::as_u64).unwrap_or(0);
    let cluster = &answer["cluster"];
    let name = |value: &Value| value.as_str().map(str::to_owned);
    let replicas = cluster["replicas"].as_array().cloned().unwrap_or_default();
    let mut servers: Vec<String> = name(&cluster["leader"]).into_iter().collect();
    servers.extend(replicas.iter().filter_map(|replica| name(&replica["name"])));
    let is_behind = |replica: &&Value| !replica["current"].as_bool().unwrap_or(false);
    Some(StreamInfo {
        config: config.clone(),
        created: name(&answer["created"])?,
        first: number("first_seq"),
        last: number("last_seq"),
        messages: number("messages"),
        deleted: state
            .get("deleted")
            .and_then(Value::as_array)
            .map(|deleted| deleted.iter().filter_map(Value::as_u64).collect())
            .unwrap_or_default(),
        servers,
        behind: replicas.iter().filter(is_behind).filter_map(|replica| name(&replica["name"])).collect(),
    })
}

fn parse_message(message: &Value) -> Result<Stored, ApiError> {
    let nonsense = |what: &str| ApiError::Nonsense(format!("a stored message {what}"));
    let payload = message["data"].as_str().unwrap_or_default();
    Ok(Stored {
        sequence: message["seq"].as_u64().ok_or_else(|| nonsense("without a sequence"))?,
        subject: message["subject"].as_str().ok_or_else(|| nonsense("without a subject"))?.to_owned(),
        payload: STANDARD.decode(payload).map_err(|_| nonsense("that is no base64"))?,
    })
}

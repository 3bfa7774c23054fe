//! Reading a stream: single blocks from its leader, and many at once from whoever holds them.
//!
//! A server passes over a message that is unsound on its disk without a word, and a replica may be
//! behind. So nothing is taken on trust: sequences must be dense from the first to the last, and where
//! a batch has a gap the leader is asked for that one message. Only if it has none is the log damaged.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::Message;
use serde_json::json;
use tokio::task::JoinHandle;
use vandel_core::id::LedgerId;

use super::api::{Api, ApiError, Stored, StreamInfo, code};
use super::fault::{StreamDamage, StreamError, StreamFault};
use super::names::{LEDGER_KEY, log_stream, log_subject, position_of, sequence_of};
use crate::bus::{Bus, BusError};
use crate::log::{PlacedBlock, ReadError};

/// How many messages one request for many asks for.
const BATCH_MESSAGES: u64 = 512;

/// How many bytes one request for many asks for; the last message may go beyond.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// The header in which a server says that no more messages follow, or that there are none.
const END_OF_BATCH: [u16; 4] = [204, 404, 408, 413];

/// How long is waited, unless something else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For one answer.
    pub attempt: Duration,
    /// For repeated attempts together: longer than a cluster takes to elect a leader.
    pub patience: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { attempt: Duration::from_secs(2), patience: Duration::from_secs(30) }
    }
}

/// A ledger's log on JetStream, for reading only.
#[derive(Clone)]
pub struct JetStreamReader {
    pub(super) api: Api,
    pub(super) ledger: LedgerId,
    pub(super) stream: String,
    pub(super) subject: String,
}

impl JetStreamReader {
    /// Opens the log of a ledger. Nothing is asked of settings or servers: whoever only reads can't lose anything.
    ///
    /// # Errors
    /// [`StreamError`], among them that the stream has lost its beginning or something in its middle.
    pub fn open(bus: Bus, ledger: LedgerId, waits: Waits) -> Result<Self, StreamError> {
        let reader = Self::unopened(bus, ledger, waits);
        reader.whole()?;
        Ok(reader)
    }

    /// Opens the log of a ledger for whoever wants to see all of it, up to the first hole if it has any.
    ///
    /// # Errors
    /// [`StreamError`]: there is no such stream, it names another ledger, or it can't be asked.
    pub fn for_audit(bus: Bus, ledger: LedgerId, waits: Waits) -> Result<Self, StreamError> {
        let reader = Self::unopened(bus, ledger, waits);
        let info = reader.info(false)?;
        reader.judge_ledger(&info)?;
        Ok(reader)
    }

    pub(super) fn unopened(bus: Bus, ledger: LedgerId, waits: Waits) -> Self {
        let api = Api { bus, attempt: waits.attempt, patience: waits.patience };
        Self { api, ledger, stream: log_stream(&ledger), subject: log_subject(&ledger) }
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The stream's name.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The subject that blocks come in on, to be told of new ones.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The connection.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.api.bus
    }

    /// How many blocks there are now, by the leader's count.
    ///
    /// # Errors
    /// [`StreamError`], as [`JetStreamReader::open`].
    pub fn blocks(&self) -> Result<u64, StreamError> {
        Ok(self.whole()?.last)
    }

    /// The stream as its leader describes it, having made sure that it is this ledger's and, by its own
    /// count, without a hole.
    pub(super) fn whole(&self) -> Result<StreamInfo, StreamError> {
        let info = self.info(false)?;
        self.judge(&info)?;
        Ok(info)
    }

    pub(super) fn info(&self, with_deleted: bool) -> Result<StreamInfo, StreamError> {
        self.api.info(&self.stream, with_deleted).map_err(|error| match error.code() {
            Some(code::NO_STREAM) => {
                StreamError::NoStream { stream: self.stream.clone(), ledger: self.ledger }
            }
            _ => StreamError::Api(error),
        })
    }

    /// What the stream's own description gives away: another ledger's, or with a hole.
    pub(super) fn judge(&self, info: &StreamInfo) -> Result<(), StreamError> {
        self.judge_ledger(info)?;
        if info.first > 1 {
            return Err(self.damage(0, StreamFault::BeginsLate { first: info.first }).into());
        }
        if info.messages != info.last {
            let missing = self.info(true)?.deleted.first().copied().unwrap_or(info.last);
            return Err(self.damage(position_of(missing), StreamFault::Missing { last: info.last }).into());
        }
        Ok(())
    }

    fn judge_ledger(&self, info: &StreamInfo) -> Result<(), StreamError> {
        let named = info.config.get("metadata").and_then(|metadata| metadata[LEDGER_KEY].as_str());
        if named != Some(&self.ledger.to_string()) {
            let found = named.unwrap_or("none").to_owned();
            return Err(self.damage(0, StreamFault::OtherLedger { found }).into());
        }
        Ok(())
    }

    pub(super) fn damage(&self, position: u64, what: StreamFault) -> ReadError {
        let (stream, sequence) = (self.stream.clone(), sequence_of(position));
        ReadError::Altered(Box::new(StreamDamage { stream, sequence, position, what }))
    }

    pub(super) fn unavailable(&self, error: impl Into<std::io::Error>) -> ReadError {
        ReadError::Unavailable { place: format!("stream {}", self.stream), source: error.into() }
    }

    /// The block at a position, from the leader; none if the stream does not reach that far.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(&self, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        if position == u64::MAX {
            return Ok(None);
        }
        match self.api.message(&self.stream, sequence_of(position)) {
            Ok(Some(stored)) => self.block_of(position, stored).map(Some),
            // Either the log is not that long, or the message is gone.
            Ok(None) => self.explain_absence(position),
            Err(ApiError::Refused { code, .. }) if code != code::NO_STREAM => self.explain_absence(position),
            Err(error) => Err(self.unavailable(error)),
        }
    }

    fn explain_absence(&self, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let info = self.api.info(&self.stream, false).map_err(|error| self.unavailable(error))?;
        if sequence_of(position) > info.last {
            return Ok(None);
        }
        if sequence_of(position) < info.first {
            return Err(self.damage(position, StreamFault::BeginsLate { first: info.first }));
        }
        Err(self.damage(position, StreamFault::Missing { last: info.last }))
    }

    fn block_of(&self, position: u64, stored: Stored) -> Result<Vec<u8>, ReadError> {
        if stored.subject != self.subject {
            return Err(self.damage(position, StreamFault::OtherSubject { found: stored.subject }));
        }
        Ok(stored.payload)
    }

    /// The blocks from a position to the stream's end as it is now, in bounded memory, up to the first
    /// that is not as it should be.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn blocks_from(&self, position: u64) -> Result<StreamBlocks, ReadError> {
        let info = self.info(false).map_err(|error| error.into_read(&self.stream))?;
        Ok(StreamBlocks {
            reader: self.clone(),
            next: sequence_of(position),
            last: info.last,
            ready: VecDeque::new(),
            coming: None,
            from_anyone: true,
            ended: false,
        })
    }
}

/// Blocks in order, to an end that was fixed when reading began.
pub struct StreamBlocks {
    reader: JetStreamReader,
    /// The sequence that comes next.
    next: u64,
    last: u64,
    /// Read ahead: in order, perhaps with gaps.
    ready: VecDeque<Stored>,
    /// The batch after that.
    coming: Option<JoinHandle<Result<Vec<Stored>, BusError>>>,
    /// Whether reading in batches works here: a stream may not allow it, nor a role.
    from_anyone: bool,
    ended: bool,
}

impl StreamBlocks {
    /// The number of blocks that there were when reading began.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.last
    }

    /// The next block.
    fn advance(&mut self) -> Result<PlacedBlock, ReadError> {
        if self.ready.is_empty() && self.from_anyone {
            self.fetch();
        }
        let position = position_of(self.next);
        while self.ready.front().is_some_and(|stored| stored.sequence < self.next) {
            self.ready.pop_front();
        }
        let bytes = match self.ready.front() {
            Some(stored) if stored.sequence == self.next => {
                let stored = self.ready.pop_front().unwrap_or_else(|| unreachable!("it was just seen"));
                self.reader.block_of(position, stored)?
            }
            // A gap, or nothing at all: the leader knows.
            _ => match self.reader.read(position)? {
                Some(bytes) => bytes,
                None => {
                    let fault = StreamFault::CutShort { held: self.last };
                    return Err(self.reader.damage(position, fault));
                }
            },
        };
        self.next += 1;
        Ok(PlacedBlock { position, bytes })
    }

    /// Takes the batch that was asked for and asks for the one after, so that reading and folding overlap.
    fn fetch(&mut self) {
        let bus = self.reader.api.bus.clone();
        let coming = self.coming.take().unwrap_or_else(|| self.ask_from(self.next));
        let batch = match bus.block_on(coming) {
            Ok(Ok(batch)) if !batch.is_empty() => batch,
            // The leader is asked for each message then: slow, and never wrong.
            _ => {
                self.from_anyone = false;
                return;
            }
        };
        let after = batch.last().map_or(self.next, |stored| stored.sequence + 1);
        if after <= self.last {
            self.coming = Some(self.ask_from(after));
        }
        self.ready.extend(batch);
    }

    fn ask_from(&self, sequence: u64) -> JoinHandle<Result<Vec<Stored>, BusError>> {
        let (api, stream) = (self.reader.api.clone(), self.reader.stream.clone());
        let count = BATCH_MESSAGES.min(self.last + 1 - sequence.min(self.last));
        let runtime = api.bus.runtime().clone();
        runtime.spawn(async move {
            let request = json!({ "seq": sequence, "batch": count, "max_bytes": BATCH_BYTES });
            let subject = format!("$JS.API.DIRECT.GET.{stream}");
            let is_last = |message: &Message| {
                message
                    .status
                    .is_some_and(|status| END_OF_BATCH.contains(&status.as_u16()) || status.as_u16() == 503)
            };
            let payload = request.to_string().into_bytes();
            let messages = api.bus.gather(&subject, payload, api.attempt, is_last).await?;
            Ok(messages.iter().filter_map(stored).collect())
        })
    }
}

impl Drop for StreamBlocks {
    fn drop(&mut self) {
        if let Some(coming) = self.coming.take() {
            coming.abort();
        }
    }
}

impl Iterator for StreamBlocks {
    type Item = Result<PlacedBlock, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.next > self.last {
            return None;
        }
        let block = self.advance();
        self.ended = block.is_err();
        Some(block)
    }
}

/// A message of a batch. The server's headers come after those that the message was published with,
/// which anybody may have written: the last of each name counts. Without them there is no message.
fn stored(message: &Message) -> Option<Stored> {
    let headers = message.headers.as_ref()?;
    let last = |name: &str| headers.get_last(name).map(async_nats::HeaderValue::as_str);
    Some(Stored {
        sequence: last("Nats-Sequence")?.parse().ok()?,
        subject: last("Nats-Subject")?.to_owned(),
        payload: message.payload.to_vec(),
    })
}

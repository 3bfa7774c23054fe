//! The log on NATS JetStream: a block is one message.
//!
//! Block `n` is the message with sequence `n + 1` on the subject `vandel.<ledger>.log`. It is published
//! with the last sequence that the writer expects (`Nats-Expected-Last-Sequence: n`), so the server
//! itself refuses a stale writer, and whoever is late: a position is written once.
//!
//! One block is in flight at a time. While it is, the sequencer gathers the next one, so blocks grow
//! with load (docs/decisions, "One block in flight").
//!
//! **Nothing is assumed.** At opening, the stream's settings, the servers that hold it and the blocks
//! themselves are looked at (`settings`, `server`, `scrub`). Before every append the stream is looked at
//! again: an administrator who limits, purges, deletes or restores it is noticed before anything new
//! stands behind the loss.
//!
//! **What silence means** is decided in one place (`append`): the leader is asked what stands there.

mod api;
mod append;
mod checkpoint;
mod fault;
mod found;
mod names;
mod read;
mod scrub;
mod server;
mod settings;

use std::time::Instant;

use vandel_core::id::LedgerId;
use vandel_core::limits::BLOCK_BYTES_MAX;

use self::api::{StreamInfo, code};
use self::scrub::Scrub;
use super::{AppendError, Log, PlacedBlock, ReadError};
use crate::bus::{Bus, BusError};

pub use api::ApiError;
pub use checkpoint::CheckpointStream;
pub use fault::{Mismatch, StreamDamage, StreamError, StreamFault};
pub use found::{
    Inspection, create_streams, ensure_streams, inspect, ledgers, preflight, remove_empty_streams,
};
pub use names::{checkpoint_stream, checkpoint_subject, log_stream, log_subject, short};
pub use read::{JetStreamReader, StreamBlocks, Waits};
pub use scrub::Contents;
pub use server::{OLDEST_SERVER, ServerReport};

/// What a log's stream and servers must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demands {
    /// How many servers hold each block, at least.
    pub replicas: usize,
    /// The monitoring addresses of the servers; none for the usual port on the hosts connected to.
    pub monitoring: Vec<String>,
    /// Append even if nobody can show that a server syncs before it acknowledges.
    pub accept_unproven_sync: bool,
    /// What blocks are read for at opening.
    pub contents: Contents,
    /// How long is waited.
    pub waits: Waits,
}

impl Default for Demands {
    fn default() -> Self {
        Self {
            replicas: 1,
            monitoring: Vec::new(),
            accept_unproven_sync: false,
            contents: Contents::Chained,
            waits: Waits::default(),
        }
    }
}

/// A log on JetStream, open for appending.
pub struct JetStreamLog {
    reader: JetStreamReader,
    demands: Demands,
    /// The number of blocks, as far as this handle knows.
    next: u64,
    /// When the stream was made: it says so in every description.
    created: String,
    /// The servers that were shown to sync before they acknowledge.
    proven: Vec<String>,
    scrub: Scrub,
    state: State,
}

/// What stands in the way of an append.
enum State {
    Ready,
    /// Whether this position is stored is unknown.
    Halted {
        position: u64,
    },
    /// The stream has lost or changed something. Nothing follows on it.
    Broken(String),
}

impl JetStreamLog {
    /// Opens a ledger's log for appending.
    ///
    /// The stream's settings, its servers and the end of the log are checked; the rest is read in the
    /// background, and damage found there stops the next append.
    ///
    /// # Errors
    /// [`StreamError`]: nothing is appended to a stream that might lose it.
    pub fn open(bus: Bus, ledger: LedgerId, demands: Demands) -> Result<Self, StreamError> {
        let reader = JetStreamReader::unopened(bus, ledger, demands.waits);
        let info = reader.whole()?;
        let mut wrong = server::judge_connection(reader.bus());
        wrong.extend(settings::judge(&info.config, &ledger, demands.replicas));
        if !wrong.is_empty() {
            return Err(StreamError::Settings(wrong));
        }
        let proven = prove(&reader, &demands, &info)?;
        let scrub = Scrub::start(&reader, info.last, demands.contents)?;
        Ok(Self {
            reader,
            demands,
            next: info.last,
            created: info.created,
            proven,
            scrub,
            state: State::Ready,
        })
    }

    /// The same log for reading, on the same connection.
    #[must_use]
    pub fn reader(&self) -> JetStreamReader {
        self.reader.clone()
    }

    /// How many blocks had been read and found sound when the reading in the background was done; none
    /// while it goes on.
    #[must_use]
    pub fn scrubbed(&self) -> Option<u64> {
        self.scrub.done()
    }

    /// Refuses what can't be appended. `Ok(true)` if exactly this block stands there already.
    fn admit(&mut self, position: u64, block: &[u8]) -> Result<bool, AppendError> {
        match &self.state {
            State::Halted { position } => return Err(AppendError::Halted { position: *position }),
            State::Broken(what) => return Err(AppendError::Broken { what: what.clone() }),
            State::Ready => {}
        }
        if let Some(what) = self.scrub.found() {
            let what = what.to_owned();
            return Err(self.broken(what));
        }
        let next = self.next;
        match position {
            _ if block.len() > BLOCK_BYTES_MAX => Err(AppendError::TooLarge { bytes: block.len() }),
            position if position > next => Err(AppendError::Hole { position, next }),
            position if position == next => Ok(false),
            // Unreadable counts as taken: whatever stands there, it isn't known to be this block.
            _ => match self.reader.read(position) {
                Ok(Some(stored)) if stored == block => Ok(true),
                _ => Err(AppendError::Taken { position, next }),
            },
        }
    }

    /// Looks at the stream before appending: it must be the one that was opened, as it was set, as long
    /// as it was. Returns its length.
    fn look(&mut self) -> Result<u64, AppendError> {
        let position = self.next;
        let info = match self.reader.info(false) {
            Ok(info) => info,
            Err(StreamError::NoStream { stream, .. }) => {
                return Err(self.broken(format!("the stream {stream} is gone; it held {position} blocks")));
            }
            Err(StreamError::Api(ApiError::Bus(error @ BusError::Denied { .. }))) => {
                return Err(AppendError::Unavailable { position, source: error.into() });
            }
            Err(error) => {
                let source = std::io::Error::other(error.to_string());
                return Err(AppendError::Unavailable { position, source });
            }
        };
        self.judge(&info)?;
        Ok(info.last)
    }

    fn judge(&mut self, info: &StreamInfo) -> Result<(), AppendError> {
        if info.created != self.created {
            let (before, now) = (self.created.clone(), info.created.clone());
            let damage = self.reader.damage(0, StreamFault::MadeAgain { before, now });
            return Err(self.broken(damage.to_string()));
        }
        if info.last < self.next {
            let damage = self.reader.damage(info.last, StreamFault::CutShort { held: self.next });
            return Err(self.broken(damage.to_string()));
        }
        if let Err(error) = self.reader.judge(info) {
            return Err(match error {
                StreamError::Api(error) => {
                    AppendError::Unavailable { position: self.next, source: error.into() }
                }
                error => self.broken(error.to_string()),
            });
        }
        // A server that has come back, or taken another's place, acknowledges from now on.
        if info.present().iter().any(|server| !self.proven.contains(server)) {
            self.proven = prove(&self.reader, &self.demands, info)
                .map_err(|error| AppendError::Unfit { what: error.to_string() })?;
        }
        let wrong = settings::judge(&info.config, &self.reader.ledger, self.demands.replicas);
        match wrong.as_slice() {
            [] => Ok(()),
            wrong => {
                let what = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                Err(AppendError::Unfit { what })
            }
        }
    }

    fn broken(&mut self, what: String) -> AppendError {
        self.state = State::Broken(what.clone());
        AppendError::Broken { what }
    }
}

impl Log for JetStreamLog {
    fn next_position(&self) -> u64 {
        self.next
    }

    fn append(&mut self, position: u64, block: &[u8]) -> Result<(), AppendError> {
        if self.admit(position, block)? {
            return Ok(());
        }
        let last = self.look()?;
        if last > position {
            // Another writer was here, or an earlier attempt of this one that was given up.
            return match self.reader.read(position) {
                Ok(Some(stored)) if stored == block => {
                    self.next = position + 1;
                    Ok(())
                }
                _ => Err(AppendError::Taken { position, next: last }),
            };
        }
        let deadline = Instant::now() + self.demands.waits.patience;
        match append::place(&self.reader, position, block, deadline) {
            Ok(()) => {
                self.next = position + 1;
                Ok(())
            }
            Err(AppendError::Broken { what }) => Err(self.broken(what)),
            Err(error) => {
                if let AppendError::Uncertain { position, .. } = error {
                    self.state = State::Halted { position };
                }
                Err(error)
            }
        }
    }

    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let block = self.reader.read(position)?;
        if block.is_none() && position < self.next {
            return Err(self.reader.damage(position, StreamFault::CutShort { held: self.next }));
        }
        Ok(block)
    }

    fn blocks_from(&self, position: u64) -> Box<dyn Iterator<Item = Result<PlacedBlock, ReadError>> + '_> {
        let blocks = match self.reader.blocks_from(position) {
            Ok(blocks) => blocks,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let last = blocks.end();
        let short = (last < self.next)
            .then(|| Err(self.reader.damage(last, StreamFault::CutShort { held: self.next })));
        Box::new(blocks.chain(short))
    }
}

/// Asks every server that acknowledges whether it syncs first; gives back their names.
fn prove(reader: &JetStreamReader, demands: &Demands, info: &StreamInfo) -> Result<Vec<String>, StreamError> {
    let addresses = match demands.monitoring.as_slice() {
        [] => server::usual_addresses(reader.bus()),
        named => named.to_vec(),
    };
    let servers = info.present();
    server::judge(&servers, &server::ask(&addresses), demands.accept_unproven_sync)?;
    Ok(servers)
}

/// Whether a refusal says that there is no room.
fn is_full(error: &ApiError) -> bool {
    let full = [code::INSUFFICIENT_RESOURCES, code::STORAGE_EXCEEDED, code::STORE_FAILED];
    error.code().is_some_and(|code| full.contains(&code))
}

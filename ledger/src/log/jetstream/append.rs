//! Placing one block, and finding out what became of it.
//!
//! An acknowledgement can be lost although the block is stored. So whatever is not a plain
//! acknowledgement (the fence's error 10071, its twin 10164 on replicated streams, a refusal, silence)
//! leads to the same question, put to the stream's leader: what stands at this position?
//!
//! | found | then |
//! |---|---|
//! | these bytes | they are stored: success |
//! | other bytes | the position is taken |
//! | nothing, and the log is shorter than before | the broker lost something: stop |
//! | nothing, after a refusal | nothing was stored, and nothing will be |
//! | nothing, after silence | the same bytes are sent again, behind the same fence |
//!
//! The last line is safe: an earlier copy that is still on its way and the new one carry the same bytes
//! and the same expected sequence, so at most one of them is stored, and either will do. When the time
//! is up with nothing found, the outcome stays uncertain: the copy may arrive later.

use std::io;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use crc32c::crc32c;

use super::api::{Acknowledgement, ApiError, code, pause};
use super::fault::StreamFault;
use super::is_full;
use super::names::sequence_of;
use super::read::JetStreamReader;
use crate::bus::BusError;
use crate::log::AppendError;

/// What stands at a position.
enum Found {
    These,
    Others {
        next: u64,
    },
    Nothing,
    Shorter {
        last: u64,
    },
    /// The stream counts a message here and does not give it out.
    Gone {
        last: u64,
    },
}

/// Publishes a block and returns when it is known to be stored.
pub(super) fn place(
    reader: &JetStreamReader,
    position: u64,
    block: &[u8],
    deadline: Instant,
) -> Result<(), AppendError> {
    loop {
        let sent = publish(reader, position, block);
        let error = match sent {
            Ok(acknowledgement) if confirms(&acknowledgement, reader, position) => return Ok(()),
            // Stored before, or elsewhere: the leader will show which.
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let found = look(reader, position, block, deadline).map_err(|error| {
            // Nothing is known of the block then; only a denied request certainly left nothing.
            AppendError::Uncertain { position, source: error.into() }
        })?;
        match found {
            Found::These => return Ok(()),
            Found::Others { next } => return Err(AppendError::Taken { position, next }),
            Found::Shorter { last } => {
                let damage = reader.damage(last, StreamFault::CutShort { held: position });
                return Err(AppendError::Broken { what: damage.to_string() });
            }
            Found::Gone { last } => {
                let damage = reader.damage(position, StreamFault::Missing { last });
                return Err(AppendError::Broken { what: damage.to_string() });
            }
            Found::Nothing => {}
        }
        let Some(error) = error else {
            let what = format!(
                "stream {} acknowledged block {position} and does not hold it at sequence {}",
                reader.stream,
                sequence_of(position)
            );
            return Err(AppendError::Broken { what });
        };
        if let Some(refusal) = without_trace(reader, position, block, &error)? {
            return Err(refusal);
        }
        if Instant::now() >= deadline {
            return Err(AppendError::Uncertain { position, source: error.into() });
        }
        pause();
    }
}

fn publish(reader: &JetStreamReader, position: u64, block: &[u8]) -> Result<Acknowledgement, ApiError> {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Sequence", position.to_string());
    headers.insert("Nats-Expected-Stream", &*reader.stream);
    // Positions differ even where blocks do not. What is taken for a repeat and is none is found by looking.
    headers.insert("Nats-Msg-Id", format!("{position}-{:08x}", crc32c(block)));
    let api = &reader.api;
    api.bus.block_on(api.publish(&reader.subject, headers, block.to_vec()))
}

/// A plain acknowledgement: this stream, this sequence, and stored just now.
fn confirms(acknowledgement: &Acknowledgement, reader: &JetStreamReader, position: u64) -> bool {
    acknowledgement.stream == reader.stream
        && acknowledgement.seq == sequence_of(position)
        && !acknowledgement.duplicate
}

/// Asks the leader what stands at a position. Two questions can't be put at one moment: a message may be
/// stored between them, so what is counted and not yet shown is asked for again.
fn look(reader: &JetStreamReader, position: u64, block: &[u8], deadline: Instant) -> Result<Found, ApiError> {
    loop {
        let stored = match reader.api.message(&reader.stream, sequence_of(position)) {
            Ok(stored) => stored,
            Err(ApiError::Refused { .. }) => None,
            Err(error) => return Err(error),
        };
        let last = match reader.api.info(&reader.stream, false) {
            Ok(info) => info.last,
            Err(error) if error.code() == Some(code::NO_STREAM) => 0,
            Err(error) => return Err(error),
        };
        match stored {
            Some(stored) if stored.payload == block && stored.subject == reader.subject => {
                return Ok(Found::These);
            }
            Some(_) => return Ok(Found::Others { next: last }),
            None if last < position => return Ok(Found::Shorter { last }),
            None if last == position => return Ok(Found::Nothing),
            None if Instant::now() >= deadline => return Ok(Found::Gone { last }),
            None => pause(),
        }
    }
}

/// The error of a refusal that left nothing behind and would be repeated. None if it is worth trying again.
fn without_trace(
    reader: &JetStreamReader,
    position: u64,
    block: &[u8],
    error: &ApiError,
) -> Result<Option<AppendError>, AppendError> {
    let unfit = |what: String| Some(AppendError::Unfit { what });
    Ok(match error {
        ApiError::Bus(BusError::Denied { .. }) => Some(AppendError::PermissionDenied),
        ApiError::Bus(error @ BusError::TooLarge { .. }) => unfit(error.to_string()),
        ApiError::Refused { code: code::SEALED | code::MESSAGE_TOO_LARGE, .. } => {
            unfit(format!("stream {} does not take a block of {} bytes: {error}", reader.stream, block.len()))
        }
        // A replicated stream's leader may fail to store what the others do store.
        error if is_full(error) && replicas(reader) > 1 => {
            return Err(AppendError::Uncertain { position, source: io::Error::other(error.to_string()) });
        }
        error if is_full(error) => Some(AppendError::Full { position }),
        // The fence refused, and yet nothing stands there: a message before it has just been lost, or
        // is on its way.
        ApiError::Refused {
            code: code::WRONG_LAST_SEQUENCE | code::WRONG_LAST_SEQUENCE_IN_FLIGHT, ..
        } => {
            std::thread::sleep(Duration::from_millis(200));
            None
        }
        _ => None,
    })
}

fn replicas(reader: &JetStreamReader) -> u64 {
    let info = reader.api.info(&reader.stream, false).ok();
    // Unknown counts as many.
    info.and_then(|info| info.config.get("num_replicas").and_then(serde_json::Value::as_u64))
        .unwrap_or(u64::MAX)
}

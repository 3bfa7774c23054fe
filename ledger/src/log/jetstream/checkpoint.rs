//! Published checkpoints in a stream of their own, beside the public folder and the memory.
//!
//! Whoever follows the ledger over NATS (auditors, dashboards, witnesses) finds the newest signed
//! checkpoint there. The sequencer compares it with log and memory at every start.
//!
//! Each is published behind the last sequence that this instance knows of, so that an instance which was paused and
//! replaced can't put an older one after a newer. Whoever is refused looks: an older one of the other's may have been on
//! its way when it was replaced, and is passed over; a newer one means that oneself was replaced.

use std::io;
use std::time::Instant;

use async_nats::HeaderMap;
use tokio::task::JoinHandle;
use vandel_core::id::LedgerId;

use super::api::{Acknowledgement, Api, ApiError, code, pause};
use super::names::{checkpoint_stream, checkpoint_subject};
use super::read::Waits;
use crate::announce::{Announce, SizeOf};
use crate::bus::Bus;

type Sent = JoinHandle<Result<Acknowledgement, ApiError>>;

/// The checkpoint stream of a ledger.
pub struct CheckpointStream {
    api: Api,
    stream: String,
    subject: String,
    /// The last sequence in the stream, as far as this instance knows: the next one goes behind it.
    last: Option<u64>,
    /// The publication that is under way, and its note: the next one waits for it.
    under_way: Option<(String, Sent)>,
}

impl CheckpointStream {
    /// The checkpoints of a ledger, over a connection.
    #[must_use]
    pub fn new(bus: Bus, ledger: &LedgerId, waits: Waits) -> Self {
        let api = Api { bus, attempt: waits.attempt, patience: waits.patience };
        let (stream, subject) = (checkpoint_stream(ledger), checkpoint_subject(ledger));
        Self { api, stream, subject, last: None, under_way: None }
    }

    /// The newest checkpoint that was published, from the stream's leader.
    ///
    /// # Errors
    /// If the stream can't be asked.
    pub fn newest_note(&self) -> Result<Option<String>, ApiError> {
        let stored = self.api.last_on(&self.stream, &self.subject)?;
        Ok(stored.map(|stored| String::from_utf8_lossy(&stored.payload).into_owned()))
    }

    fn send(&self, note: &str, after: u64) -> Sent {
        let (api, subject, payload) = (self.api.clone(), self.subject.clone(), note.as_bytes().to_vec());
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Stream", &*self.stream);
        headers.insert("Nats-Expected-Last-Sequence", after.to_string());
        let runtime = self.api.bus.runtime().clone();
        runtime.spawn(async move { api.publish(&subject, headers, payload).await })
    }

    /// Looks where a note belongs: behind which sequence. True beside it if it stands there as the newest already.
    fn find_place(&self, note: &str, size_of: SizeOf<'_>) -> io::Result<(u64, bool)> {
        loop {
            let last = self.api.info(&self.stream, false)?.last;
            let Some(stored) = self.api.last_on(&self.stream, &self.subject)? else {
                return Ok((last, false));
            };
            // Stored between the two questions.
            if stored.sequence > last {
                continue;
            }
            let theirs = String::from_utf8_lossy(&stored.payload);
            if theirs == note {
                return Ok((last, true));
            }
            return match (size_of(&theirs), size_of(note)) {
                (Some(theirs), Some(ours)) if theirs > ours => Err(io::Error::other(format!(
                    "stream {} holds a checkpoint of {theirs} records, and {ours} were to follow it: another instance \
                     has taken over",
                    self.stream
                ))),
                _ => Ok((last, false)),
            };
        }
    }

    /// Waits until the publication under way is acknowledged; repeats it while nobody leads. The same note is never
    /// stored twice in a row.
    fn finish(&mut self, size_of: SizeOf<'_>) -> io::Result<()> {
        let Some((note, mut sent)) = self.under_way.take() else { return Ok(()) };
        let deadline = Instant::now() + self.api.patience;
        loop {
            let outcome = self.api.bus.block_on(sent).map_err(io::Error::other)?;
            match outcome {
                Ok(acknowledgement) if acknowledgement.stream == self.stream => {
                    self.last = Some(acknowledgement.seq);
                    return Ok(());
                }
                Ok(_) => return Err(io::Error::other("another stream took the checkpoint")),
                Err(error) if (is_misplaced(&error) || error.is_passing()) && Instant::now() < deadline => {
                    pause();
                    let (last, stands) = self.find_place(&note, size_of)?;
                    self.last = Some(last);
                    if stands {
                        return Ok(());
                    }
                    sent = self.send(&note, last);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether the server refused since something else stands behind the sequence that was named.
fn is_misplaced(error: &ApiError) -> bool {
    let misplaced = [code::WRONG_LAST_SEQUENCE, code::WRONG_LAST_SEQUENCE_IN_FLIGHT];
    error.code().is_some_and(|code| misplaced.contains(&code))
}

impl Announce for CheckpointStream {
    fn place(&self) -> String {
        format!("stream {}", self.stream)
    }

    fn newest(&self) -> io::Result<Option<String>> {
        Ok(self.newest_note()?)
    }

    fn announce(&mut self, note: &str, size_of: SizeOf<'_>) -> io::Result<()> {
        self.finish(size_of)?;
        let (last, stands) = match self.last {
            Some(last) => (last, false),
            None => self.find_place(note, size_of)?,
        };
        self.last = Some(last);
        if !stands {
            self.under_way = Some((note.to_owned(), self.send(note, last)));
        }
        Ok(())
    }

    fn settle(&mut self, size_of: SizeOf<'_>) -> io::Result<()> {
        self.finish(size_of)
    }
}

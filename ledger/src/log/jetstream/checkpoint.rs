//! Published checkpoints in a stream of their own, beside the public folder and the memory.
//!
//! Whoever follows the ledger over NATS (auditors, dashboards, witnesses) finds the newest signed
//! checkpoint there. The sequencer compares it with log and memory at every start.

use async_nats::HeaderMap;
use tokio::task::JoinHandle;
use vandel_core::id::LedgerId;

use super::api::{Acknowledgement, Api, ApiError, pause};
use super::names::{checkpoint_stream, checkpoint_subject};
use super::read::Waits;
use crate::announce::Announce;
use crate::bus::Bus;

/// The checkpoint stream of a ledger.
pub struct CheckpointStream {
    api: Api,
    stream: String,
    subject: String,
    /// The publication that is under way, and its note: the next one waits for it.
    under_way: Option<(String, JoinHandle<Result<Acknowledgement, ApiError>>)>,
}

impl CheckpointStream {
    /// The checkpoints of a ledger, over a connection.
    #[must_use]
    pub fn new(bus: Bus, ledger: &LedgerId, waits: Waits) -> Self {
        let api = Api { bus, attempt: waits.attempt, patience: waits.patience };
        Self { api, stream: checkpoint_stream(ledger), subject: checkpoint_subject(ledger), under_way: None }
    }

    /// The newest checkpoint that was published, from the stream's leader.
    ///
    /// # Errors
    /// If the stream can't be asked.
    pub fn newest_note(&self) -> Result<Option<String>, ApiError> {
        let stored = self.api.last_on(&self.stream, &self.subject)?;
        Ok(stored.map(|stored| String::from_utf8_lossy(&stored.payload).into_owned()))
    }

    fn send(&self, note: &str) -> JoinHandle<Result<Acknowledgement, ApiError>> {
        let (api, subject, payload) = (self.api.clone(), self.subject.clone(), note.as_bytes().to_vec());
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Stream", &*self.stream);
        let runtime = self.api.bus.runtime().clone();
        runtime.spawn(async move { api.publish(&subject, headers, payload).await })
    }

    /// Waits until the publication under way is acknowledged; repeats it while nobody leads. Publishing
    /// a checkpoint twice does no harm.
    fn finish(&mut self) -> std::io::Result<()> {
        let Some((note, mut sent)) = self.under_way.take() else { return Ok(()) };
        let deadline = std::time::Instant::now() + self.api.patience;
        loop {
            let outcome = self.api.bus.block_on(sent).map_err(std::io::Error::other)?;
            match outcome {
                Ok(acknowledgement) if acknowledgement.stream == self.stream => return Ok(()),
                Ok(_) => return Err(std::io::Error::other("another stream took the checkpoint")),
                Err(error) if error.is_passing() && std::time::Instant::now() < deadline => {
                    pause();
                    sent = self.send(&note);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Announce for CheckpointStream {
    fn place(&self) -> String {
        format!("stream {}", self.stream)
    }

    fn newest(&self) -> std::io::Result<Option<String>> {
        Ok(self.newest_note()?)
    }

    fn announce(&mut self, note: &str) -> std::io::Result<()> {
        self.finish()?;
        self.under_way = Some((note.to_owned(), self.send(note)));
        Ok(())
    }

    fn settle(&mut self) -> std::io::Result<()> {
        self.finish()
    }
}

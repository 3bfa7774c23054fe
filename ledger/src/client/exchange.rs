//! One request and its answer, sent again until there is one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::service::NATS_SERVICE_ERROR_CODE;
use async_nats::{Message, StatusCode};
use bytes::Bytes;
use futures_util::StreamExt;
use vandel_core::statement::Seen;
use zeroize::Zeroizing;

use super::{Client, ClientError};
use crate::bus::BusError;
use crate::wire::intake::{Announcement, Intake};
use crate::wire::sealed::{OpenedBody, seal_request};
use crate::wire::{Endpoint, RETRY_AFTER_HEADER, Trouble, subject};

/// Between two attempts where nothing else is said.
const PAUSE: Duration = Duration::from_millis(300);

/// When whoever waits is told so for the first time, and how long it is until the next.
const TELL_AFTER: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// When to give up, and what happened last.
pub(super) struct Deadline {
    since: Instant,
    whole: Duration,
    last: String,
    /// Whether every attempt was turned away before anything was taken.
    untaken: bool,
    /// When to tell that and why is waited.
    tell_at: Instant,
}

impl Deadline {
    pub(super) fn passed(&self) -> bool {
        self.since.elapsed() >= self.whole
    }

    fn error(&self) -> ClientError {
        let after = self.since.elapsed();
        if self.untaken {
            ClientError::Busy { after, last: self.last.clone() }
        } else {
            ClientError::NoAnswer { after, last: self.last.clone() }
        }
    }
}

/// What came back.
enum Heard<T> {
    Answer(T),
    Trouble(Trouble, Option<Duration>),
    Nobody,
}

/// What one attempt came to.
enum Attempt<T> {
    Answer(T),
    Again(Duration),
}

impl Client {
    pub(super) fn deadline(&self) -> Deadline {
        let now = Instant::now();
        Deadline {
            since: now,
            tell_at: now + TELL_AFTER[0],
            whole: self.patience.whole,
            last: "nothing was sent".to_owned(),
            untaken: true,
        }
    }

    /// A request that holds nothing, for the intake key. `accept` reads an answer.
    pub(super) fn in_clear<T>(
        &self,
        what: Endpoint,
        body: &[u8],
        accept: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, ClientError> {
        let mut deadline = self.deadline();
        let body = Bytes::copy_from_slice(body);
        loop {
            match self.attempt(what, &body, &mut deadline, &accept)? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Again(pause) => self.wait(pause, &mut deadline)?,
            }
        }
    }

    /// A sealed request. `body` is made anew for each intake key that it is sealed to.
    pub(super) fn sealed(
        &mut self,
        what: Endpoint,
        seen: Seen,
        deadline: &mut Deadline,
        body: impl Fn(&Intake) -> Arc<Zeroizing<Vec<u8>>>,
    ) -> Result<OpenedBody, ClientError> {
        loop {
            let Announcement { key, ledger, .. } = self.intake(seen)?.announcement;
            let body = body(self.intake(seen)?);
            let (bytes, answer_key) = seal_request(&key, &ledger, what, &body)?;
            match self.attempt(what, &bytes.into(), deadline, &|answer| answer_key.open(answer).ok()) {
                Ok(Attempt::Answer(answer)) => return Ok(answer),
                Ok(Attempt::Again(pause)) => self.wait(pause, deadline)?,
                Err(ClientError::Trouble(Trouble::UnknownKey)) => {
                    // The service has been started anew since: its keys lived in memory only.
                    self.intake = None;
                    Trouble::UnknownKey.text().clone_into(&mut deadline.last);
                    self.wait(Duration::from_millis(50), deadline)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends once, and waits for the first answer that `accept` takes.
    fn attempt<T>(
        &self,
        what: Endpoint,
        bytes: &Bytes,
        deadline: &mut Deadline,
        accept: &impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Attempt<T>, ClientError> {
        let subject = subject(&self.origin, what);
        let refusals = self.bus.refusals().0;
        let limit = self.patience.answer;
        let asked = self
            .bus
            .block_on(async { tokio::time::timeout(limit, self.converse(&subject, bytes, accept)).await });
        let (refused, words) = self.bus.refusals();
        match asked {
            Ok(Ok(Heard::Answer(answer))) => Ok(Attempt::Answer(answer)),
            Ok(Ok(Heard::Trouble(passing @ (Trouble::Busy | Trouble::Closing), after))) => {
                passing.text().clone_into(&mut deadline.last);
                Ok(Attempt::Again(after.unwrap_or(PAUSE)))
            }
            Ok(Ok(Heard::Trouble(other, _))) => Err(ClientError::Trouble(other)),
            Ok(Ok(Heard::Nobody)) => {
                deadline.last = BusError::NobodyListens { subject }.to_string();
                Ok(Attempt::Again(PAUSE))
            }
            _ if refused != refusals => Err(BusError::Denied { what: words }.into()),
            Ok(Err(error @ BusError::TooLarge { .. })) => Err(error.into()),
            Ok(Err(error)) => {
                (deadline.last, deadline.untaken) = (error.to_string(), false);
                Ok(Attempt::Again(PAUSE))
            }
            Err(_) => {
                let connected = self.bus.is_connected();
                deadline.last = BusError::Silence { subject, after: limit, connected }.to_string();
                deadline.untaken = false;
                Ok(Attempt::Again(PAUSE))
            }
        }
    }

    /// What does not open is passed over: a stream that somebody has laid over the subject acknowledges
    /// every request to the asker, and anybody who sees the request can answer it with noise.
    async fn converse<T>(
        &self,
        subject: &str,
        bytes: &Bytes,
        accept: &impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Heard<T>, BusError> {
        let failed = |error: &dyn std::fmt::Display| BusError::Client(error.to_string());
        let client = self.bus.client();
        let limit = client.max_payload();
        if bytes.len() > limit {
            return Err(BusError::TooLarge { bytes: bytes.len(), limit });
        }
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
        let sent = client.publish_with_reply(subject.to_owned(), inbox, bytes.clone()).await;
        sent.map_err(|error| failed(&error))?;
        while let Some(message) = answers.next().await {
            if message.status == Some(StatusCode::NO_RESPONDERS) {
                return Ok(Heard::Nobody);
            }
            if let Some(trouble) = trouble(&message) {
                return Ok(Heard::Trouble(trouble, retry_after(&message)));
            }
            if let Some(answer) = accept(&message.payload) {
                return Ok(Heard::Answer(answer));
            }
        }
        Err(failed(&"the connection ended"))
    }

    fn wait(&self, pause: Duration, deadline: &mut Deadline) -> Result<(), ClientError> {
        if deadline.passed() {
            return Err(deadline.error());
        }
        if let Some(on_waiting) = &self.on_waiting
            && Instant::now() >= deadline.tell_at
        {
            deadline.tell_at = Instant::now() + TELL_AFTER[1];
            on_waiting(&deadline.last, deadline.whole.saturating_sub(deadline.since.elapsed()));
        }
        std::thread::sleep(pause.min(deadline.whole.saturating_sub(deadline.since.elapsed())));
        Ok(())
    }
}

/// What a service says in clear instead of an answer. It is believed as far as it goes: whoever forges
/// it can only keep the author waiting, which the broker can do without forging anything.
fn trouble(message: &Message) -> Option<Trouble> {
    let code = message.headers.as_ref()?.get(NATS_SERVICE_ERROR_CODE)?;
    Some(Trouble::from_code(code.as_str()).unwrap_or(Trouble::Malformed))
}

fn retry_after(message: &Message) -> Option<Duration> {
    let header = message.headers.as_ref()?.get(RETRY_AFTER_HEADER)?;
    let stated = Duration::from_millis(header.as_str().parse().ok()?);
    Some(stated.clamp(Duration::from_millis(20), Duration::from_secs(10)))
}

//! A connection to NATS for code that is not asynchronous.
//!
//! The sequencer's commit, the projector and the command line are threads, so that each reads from top
//! to bottom. A [`Bus`] keeps the client, and a small runtime that drives it, behind one handle that is
//! cheap to clone. Whoever needs the client itself (subscriptions, micro services) takes
//! [`Bus::client`] and [`Bus::block_on`].
//!
//! A server answers a forbidden request with silence and, beside it, an error on the connection. Here
//! that becomes [`BusError::Denied`] at once, so that a wrong permission never looks like a slow network.

mod error;
mod options;

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, HeaderMap, Message};
use async_nats::{Request, RequestErrorKind, ServerError, ServerInfo};
use futures_util::StreamExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

pub use async_nats;
pub use error::BusError;
pub use options::{BusOptions, Role};

/// A connection to NATS. Clones share it; it closes with the last of them.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

struct Inner {
    /// Always there until dropped.
    runtime: Option<Runtime>,
    client: Client,
    refusals: watch::Receiver<Refusals>,
    options: BusOptions,
}

/// What the server has said it forbids, on this connection.
#[derive(Clone, Debug, Default)]
struct Refusals {
    count: u64,
    last: String,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Waiting for the runtime's threads here would stop a caller that is itself asynchronous.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bus {
    /// Connects.
    ///
    /// # Errors
    /// [`BusError`]; a server that can't be reached is not waited for longer than
    /// [`BusOptions::connect_timeout`].
    pub fn connect(options: &BusOptions) -> Result<Self, BusError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("vandel-bus")
            .enable_all()
            .build()
            .map_err(|error| BusError::Client(error.to_string()))?;
        let (sender, refusals) = watch::channel(Refusals::default());
        let connect = connect_options(options, sender)?;
        let servers = options.addresses()?;
        let limit = options.connect_timeout;
        let connecting = async { tokio::time::timeout(limit, connect.connect(servers)).await };
        let client = match runtime.block_on(connecting) {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(not_connected(options, &error)),
            Err(_) => {
                let why = format!("no answer within {} ms", options.connect_timeout.as_millis());
                return Err(BusError::Unreachable { servers: options.servers.join(", "), why });
            }
        };
        let inner = Inner { runtime: Some(runtime), client, refusals, options: options.clone() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The client, for what is asynchronous by nature.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// What it was connected with.
    #[must_use]
    pub fn options(&self) -> &BusOptions {
        &self.inner.options
    }

    /// What the server it is connected to says of itself.
    #[must_use]
    pub fn server(&self) -> ServerInfo {
        self.inner.client.server_info()
    }

    /// Whether the connection stands at this moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.client.connection_state() == State::Connected
    }

    /// Runs a future to its end on the bus's runtime. Not to be called from within a future. What needs
    /// the runtime when it is made, as `tokio::time::timeout` does, stands inside an `async` block.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime().block_on(future)
    }

    /// The runtime, to start tasks on.
    #[must_use]
    pub fn runtime(&self) -> &tokio::runtime::Handle {
        match &self.inner.runtime {
            Some(runtime) => runtime.handle(),
            None => unreachable!("the runtime is taken only when the bus is dropped"),
        }
    }

    /// A request with the time limit of the options.
    ///
    /// # Errors
    /// [`BusError`].
    pub fn request(&self, subject: &str, payload: Vec<u8>) -> Result<Message, BusError> {
        let limit = self.inner.options.request_timeout;
        self.block_on(self.ask(subject, None, payload, limit))
    }

    /// A request with headers and a time limit of its own, as a future.
    ///
    /// # Errors
    /// [`BusError`].
    pub async fn ask(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        payload: Vec<u8>,
        limit: Duration,
    ) -> Result<Message, BusError> {
        let (client, bytes) = (&self.inner.client, payload.len());
        let mut request = Request::new().payload(payload.into()).timeout(Some(limit));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let mut refusals = self.inner.refusals.clone();
        refusals.mark_unchanged();
        let answer = client.send_request(subject.to_owned(), request);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => {
                    return answer.map_err(|error| match error.kind() {
                        RequestErrorKind::TimedOut => {
                            let connected = self.is_connected();
                            BusError::Silence { subject: subject.to_owned(), after: limit, connected }
                        }
                        RequestErrorKind::NoResponders => {
                            BusError::NobodyListens { subject: subject.to_owned() }
                        }
                        RequestErrorKind::MaxPayloadExceeded => {
                            BusError::TooLarge { bytes, limit: client.max_payload() }
                        }
                        RequestErrorKind::InvalidSubject | RequestErrorKind::Other => {
                            BusError::Client(error.to_string())
                        }
                    });
                }
                changed = refusals.changed() => {
                    let what = refusals.borrow_and_update().last.clone();
                    if changed.is_ok() && concerns(&what, subject) {
                        return Err(BusError::Denied { what });
                    }
                }
            }
        }
    }

    /// A request that is answered by several messages: those that came until `is_last` said so of one
    /// (which is not among them), or until none came for `limit`.
    ///
    /// # Errors
    /// [`BusError`]; too few messages are no error.
    pub async fn gather(
        &self,
        subject: &str,
        payload: Vec<u8>,
        limit: Duration,
        mut is_last: impl FnMut(&Message) -> bool,
    ) -> Result<Vec<Message>, BusError> {
        let client = &self.inner.client;
        let failed = |error: &dyn std::fmt::Display| BusError::Client(error.to_string());
        let mut refusals = self.inner.refusals.clone();
        refusals.mark_unchanged();
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
        client
            .publish_with_reply(subject.to_owned(), inbox, payload.into())
            .await
            .map_err(|error| failed(&error))?;
        let mut gathered = Vec::new();
        loop {
            tokio::select! {
                answer = tokio::time::timeout(limit, answers.next()) => match answer {
                    Ok(Some(message)) if is_last(&message) => return Ok(gathered),
                    Ok(Some(message)) => gathered.push(message),
                    Ok(None) | Err(_) => return Ok(gathered),
                },
                changed = refusals.changed() => {
                    let what = refusals.borrow_and_update().last.clone();
                    if changed.is_ok() && concerns(&what, subject) {
                        return Err(BusError::Denied { what });
                    }
                }
            }
        }
    }

    /// How often the server has refused something on this connection, and its last words.
    #[must_use]
    pub fn refusals(&self) -> (u64, String) {
        let refusals = self.inner.refusals.borrow();
        (refusals.count, refusals.last.clone())
    }

    /// Returns when the server has taken everything published before.
    ///
    /// # Errors
    /// If it did not within the time limit of the options, or refused some of it.
    pub fn flush(&self) -> Result<(), BusError> {
        let before = self.refusals().0;
        let limit = self.inner.options.request_timeout;
        let flushed = self.block_on(async { tokio::time::timeout(limit, self.inner.client.flush()).await });
        let (after, what) = self.refusals();
        match flushed {
            _ if after != before => Err(BusError::Denied { what }),
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(BusError::Client(error.to_string())),
            Err(_) => Err(BusError::Silence {
                subject: "the connection".to_owned(),
                after: limit,
                connected: self.is_connected(),
            }),
        }
    }
}

/// Whether a refusal explains why a request on `subject` gets no answer: it names the subject, or it
/// forbids the subscription that the answer would come by.
fn concerns(refusal: &str, subject: &str) -> bool {
    let refusal = refusal.to_lowercase();
    refusal.contains(&format!("\"{}\"", subject.to_lowercase())) || refusal.contains("for subscription")
}

fn connect_options(
    options: &BusOptions,
    refusals: watch::Sender<Refusals>,
) -> Result<ConnectOptions, BusError> {
    let refusals = Arc::new(refusals);
    let mut connect = ConnectOptions::new()
        .name(options.name())
        .custom_inbox_prefix(options.role.inbox_prefix())
        .connection_timeout(options.connect_timeout)
        .request_timeout(Some(options.request_timeout))
        .ping_interval(Duration::from_secs(15))
        .reconnect_delay_callback(|attempts| Duration::from_millis((50 * attempts as u64).clamp(50, 1_000)))
        .require_tls(options.needs_tls())
        .event_callback(move |event| {
            let refusals = Arc::clone(&refusals);
            async move {
                if let Event::ServerError(ServerError::Other(what)) = event
                    && what.to_lowercase().contains("permissions violation")
                {
                    refusals.send_modify(|refusals| {
                        refusals.count += 1;
                        refusals.last = what;
                    });
                }
            }
        });
    if let Some(ca) = &options.ca {
        if !ca.is_file() {
            return Err(BusError::Options(format!("{}: there is no such CA file", ca.display())));
        }
        connect = connect.add_root_certificates(ca.clone());
    }
    if let Some(seed) = options.seed()? {
        connect = connect.nkey(seed.as_str().to_owned());
    }
    Ok(connect)
}

fn not_connected(options: &BusOptions, error: &ConnectError) -> BusError {
    let servers = options.servers.join(", ");
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !why.contains(&text) {
            why = format!("{why}: {text}");
        }
        source = cause.source();
    }
    if why.contains("UnknownIssuer") {
        why += "; give the authority that its certificate comes from: --nats-ca FILE";
    }
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            let why =
                if options.key.is_none() { "it wants a key: give --nats-key FILE".to_owned() } else { why };
            BusError::Refused { servers, why }
        }
        _ => BusError::Unreachable { servers, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_concerns_its_subject_and_every_lost_answer() {
        let publish = "Permissions Violation for Publish to \"$JS.API.STREAM.INFO.x\"";
        assert!(concerns(publish, "$JS.API.STREAM.INFO.x"));
        assert!(!concerns(publish, "$JS.API.STREAM.INFO.xy"));
        assert!(concerns("Permissions Violation for Subscription to \"_INBOX.a.*\"", "anything"));
    }
}

//! The sequencer as a micro service over NATS (ADR-32): info, statistics and discovery for free.
//!
//! ```text
//! vandel.<ledger>.service.key       the intake key, in clear
//! vandel.<ledger>.service.prepare   inquiries, sealed
//! vandel.<ledger>.service.submit    submissions, sealed
//! ```
//! Requests are opened and decoded on threads of their own; what they ask goes to the [`Desk`]. At every
//! door there is a limit, and a clear answer beyond it: so many requests under way, so many inquiries of
//! one author in a second, so much waiting at the desk. A service that is told to stop takes nothing
//! more, answers what it took, and ends the sequencer in order. Connections that drop come back by
//! themselves; a request whose answer is lost is sent again and gets the same receipt.

mod keys;
mod rate;
mod requests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::service::error::Error as ServiceError;
use async_nats::service::{Request, ServiceExt, endpoint::Endpoint as NatsEndpoint};
use async_nats::{Client, HeaderMap};
use futures_util::StreamExt;
use tokio::sync::{Semaphore, oneshot, watch};
use vandel_core::id::LedgerId;

use crate::bus::{Bus, BusError};
use crate::clock::Clock;
use crate::desk::{Desk, DeskError, DeskHandle, DeskLimits};
use crate::refused::Refused;
use crate::sequencer::{OpenError, Sequencer};
use crate::submission::Halt;
use crate::wire::{Endpoint, RETRY_AFTER_HEADER, SERVICE_NAME, Trouble, WIRE_VERSION, subject};

use keys::Keys;
use rate::Rates;

/// The stable name of what a sequencer says that has stopped.
pub(crate) const HALTED_CODE: &str = "halted";

/// How the service is run.
#[derive(Clone)]
pub struct ServiceOptions {
    /// The clock that intake keys and inquiries go by.
    pub clock: Arc<dyn Clock>,
    /// How much may wait at the desk.
    pub desk: DeskLimits,
    /// The most requests under way at once.
    pub requests: usize,
    /// How many inquiries an author may make in a second, on average; five times as many in one go.
    pub inquiries_per_second: u32,
    /// For how long an intake key is announced, in seconds. It is renewed at half of that.
    pub key_seconds: u64,
    /// How long a stopping service waits for requests under way.
    pub grace: Duration,
    /// Told how long each statement took from being taken to its receipt.
    pub observe: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
}

impl ServiceOptions {
    /// The defaults, with this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            desk: DeskLimits::default(),
            requests: 512,
            inquiries_per_second: 50,
            key_seconds: 2 * 3_600,
            grace: Duration::from_secs(30),
            observe: None,
        }
    }
}

/// Why a service did not start, or ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServiceFailure {
    /// NATS.
    #[error("{0}")]
    Bus(#[from] BusError),
    /// The service could not be registered, or its subscriptions ended.
    #[error("the service over NATS ended: {0}")]
    Nats(String),
    /// The instance may not announce a key.
    #[error("no intake key can be announced: {0}")]
    Key(Refused),
    /// The sequencer stopped by itself.
    #[error("the sequencer has stopped: {0}")]
    Halted(Halt),
    /// The ledger could not be read, or its end could not be noted.
    #[error("{0}")]
    Ledger(#[from] OpenError),
    /// The operating system gave no thread.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// A service that is running.
pub struct Service {
    bus: Bus,
    desk: Desk,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    halted: oneshot::Receiver<Halt>,
    nats: async_nats::service::Service,
    listeners: Vec<tokio::task::JoinHandle<()>>,
}

/// What all requests share.
struct Shared {
    ledger: LedgerId,
    options: ServiceOptions,
    desk: DeskHandle,
    keys: Keys,
    rates: Rates,
    under_way: Arc<Semaphore>,
}

impl Service {
    /// Starts a service on a connection of its own: a flood of requests must not delay the log's.
    ///
    /// # Errors
    /// [`ServiceFailure`].
    pub fn start(bus: Bus, sequencer: Sequencer, options: ServiceOptions) -> Result<Self, ServiceFailure> {
        let (ledger, origin) = (sequencer.chain().ledger, sequencer.chain().origin.clone());
        let keys = Keys::new(&sequencer, options.key_seconds)?;
        let (tell, halted) = oneshot::channel();
        let desk = Desk::open(sequencer, options.desk, move |halt| drop(tell.send(halt)))?;
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared {
            ledger,
            desk: desk.handle(),
            keys,
            rates: Rates::new(options.inquiries_per_second),
            under_way: Arc::new(Semaphore::new(options.requests)),
            options,
        });
        let listening = bus.block_on(listen(bus.client(), &origin, &shared, &stopping));
        let (nats, mut listeners) = listening?;
        // Whoever is told that it serves finds it listening.
        bus.flush()?;
        let renewing = keys::renew(Arc::clone(&shared), stopping);
        listeners.push(bus.runtime().spawn(renewing));
        Ok(Self { bus, desk, shared, stop, halted, nats, listeners })
    }

    /// A way to its desk, for whoever else hands in.
    #[must_use]
    pub fn desk(&self) -> DeskHandle {
        self.shared.desk.clone()
    }

    /// Serves until `stop` is done or the sequencer halts; then takes nothing more, answers what was
    /// taken, and ends the sequencer in order.
    ///
    /// # Errors
    /// [`ServiceFailure::Halted`] if the sequencer stopped by itself.
    pub fn run_until(mut self, stop: impl Future<Output = ()>) -> Result<(), ServiceFailure> {
        let halted = self.bus.block_on(async {
            tokio::select! {
                () = stop => None,
                halt = &mut self.halted => Some(halt.unwrap_or_else(|_| Halt::of_io("its thread has ended"))),
            }
        });
        let ended = self.stop();
        match halted {
            Some(halt) => Err(ServiceFailure::Halted(halt)),
            None => ended,
        }
    }

    /// Stops: takes nothing more, answers what was taken, ends the sequencer in order.
    ///
    /// # Errors
    /// If the end could not be noted; the ledger is whole all the same.
    pub fn stop(self) -> Result<(), ServiceFailure> {
        let Self { bus, desk, shared, stop, nats, listeners, .. } = self;
        stop.send_replace(true);
        bus.block_on(async {
            for listener in listeners {
                drop(listener.await);
            }
            let all = u32::try_from(shared.options.requests).unwrap_or(u32::MAX);
            let quiet = shared.under_way.acquire_many(all);
            drop(tokio::time::timeout(shared.options.grace, quiet).await);
            drop(nats.stop().await);
        });
        let closed = desk.close();
        drop(bus.flush());
        Ok(closed?)
    }
}

/// Registers the service and listens at its endpoints.
async fn listen(
    client: &Client,
    origin: &str,
    shared: &Arc<Shared>,
    stopping: &watch::Receiver<bool>,
) -> Result<(async_nats::service::Service, Vec<tokio::task::JoinHandle<()>>), ServiceFailure> {
    let failed = |error: async_nats::Error| ServiceFailure::Nats(error.to_string());
    let metadata = HashMap::from([
        ("ledger".to_owned(), shared.ledger.to_string()),
        ("origin".to_owned(), origin.to_owned()),
        ("wire".to_owned(), WIRE_VERSION.to_string()),
    ]);
    let desk = shared.desk.clone();
    let nats = client
        .service_builder()
        .description("The sequencer of a Vandel ledger")
        // A group of its own for each instance: a process that hangs must not take requests away from the one
        // that has taken over.
        .queue_group(instance_group().map_err(|error| ServiceFailure::Nats(error.to_string()))?)
        .metadata(metadata)
        .stats_handler(move |_, _| {
            let counts = desk.counts();
            serde_json::json!({
                "waiting": counts.waiting, "taken": counts.taken, "refused": counts.refused,
                "busy": counts.busy, "rounds": counts.rounds,
            })
        })
        .start(SERVICE_NAME, env!("CARGO_PKG_VERSION"))
        .await
        .map_err(failed)?;
    let mut listeners = Vec::new();
    for what in Endpoint::ALL {
        let builder = nats.endpoint_builder().name(what.name());
        let endpoint = builder.add(subject(origin, what)).await.map_err(failed)?;
        let (shared, stopping) = (Arc::clone(shared), stopping.clone());
        listeners.push(tokio::spawn(serve(endpoint, what, shared, stopping)));
    }
    Ok((nats, listeners))
}

fn instance_group() -> std::io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|_| std::io::Error::other("the operating system gives no randomness"))?;
    Ok(random.iter().fold("instance-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

/// Serves one endpoint until the service is stopped.
async fn serve(
    mut endpoint: NatsEndpoint,
    what: Endpoint,
    shared: Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let request = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            request = endpoint.next() => match request {
                Some(request) => request,
                None => return,
            },
        };
        let Ok(permit) = Arc::clone(&shared.under_way).try_acquire_owned() else {
            refuse(&request, Trouble::Busy, Some(Duration::from_millis(250))).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            match requests::answer(&shared, what, request.message.payload.clone()).await {
                Ok(answer) => drop(request.respond(Ok(answer.into())).await),
                Err((trouble, retry_after)) => refuse(&request, trouble, retry_after).await,
            }
            drop(permit);
        });
    }
    drop(endpoint.stop().await);
    // What the server had sent before it learned that nobody listens any more.
    while let Ok(Some(request)) = tokio::time::timeout(Duration::from_millis(200), endpoint.next()).await {
        refuse(&request, Trouble::Closing, None).await;
    }
}

/// Answers in clear that a request was not even opened.
async fn refuse(request: &Request, trouble: Trouble, retry_after: Option<Duration>) {
    let mut headers = HeaderMap::new();
    if let Some(after) = retry_after {
        headers.insert(RETRY_AFTER_HEADER, after.as_millis().to_string());
    }
    let error = ServiceError { status: trouble.text().to_owned(), code: trouble.code() };
    drop(request.respond_with_headers(Err(error), headers).await);
}

/// What a desk that does not take something is in clear.
fn trouble_of(error: &DeskError) -> (Trouble, Option<Duration>) {
    match error {
        DeskError::Busy { retry_after } => (Trouble::Busy, Some(*retry_after)),
        DeskError::Closing | DeskError::Halted(_) => (Trouble::Closing, None),
    }
}

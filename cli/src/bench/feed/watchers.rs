//! Subscribers: connections of their own over TCP, each with a case dashboard's key and permissions.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
use vandel_ledger::bus::async_nats::{Client, ConnectOptions, Message};
use vandel_ledger::bus::{BusOptions, Role};

use crate::bench::server::OwnServer;
use crate::bench::world::internal;
use crate::error::CliError;

/// For how long nothing may come before somebody is taken to have missed something.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether all has come.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// More messages than a round has: the client would throw away what its reader is behind with.
const ROOM: usize = 262_144;
/// What they listen to: each record, and each public act.
const SUBJECTS: [&str; 2] = ["vandel.*.feed.case.>", "vandel.*.feed.ops.act"];

/// The subscribers.
pub(super) struct Watchers {
    /// Always there until dropped.
    runtime: Option<Runtime>,
    ears: Vec<Arc<Ear>>,
}

/// What one of them has heard.
#[derive(Default)]
struct Ear {
    count: AtomicU64,
    /// Whether it notes every event, or only counts them.
    notes_all: AtomicBool,
    notes: Mutex<Vec<(u64, Instant)>>,
}

/// What is read of an event.
#[derive(Deserialize)]
struct Told<'a> {
    sequence: &'a str,
}

impl Ear {
    fn notes(&self) -> MutexGuard<'_, Vec<(u64, Instant)>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn listen(self: Arc<Self>, _connection: Client, mut coming: impl Stream<Item = Message> + Unpin) {
        while let Some(message) = coming.next().await {
            let at = Instant::now();
            if self.notes_all.load(Ordering::Acquire)
                && let Ok(told) = serde_json::from_slice::<Told<'_>>(&message.payload)
                && let Ok(record) = told.sequence.parse()
            {
                self.notes().push((record, at));
            }
            self.count.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Watchers {
    /// Connects so many.
    pub(super) fn connect(server: &OwnServer, count: usize) -> Result<Self, CliError> {
        let failed = |error: &dyn std::fmt::Display| internal(error);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("watchers")
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let options = server.options(Role::CaseDashboard);
        let ears: Vec<Arc<Ear>> = (0..count).map(|_| Arc::default()).collect();
        for ear in &ears {
            let (connection, coming) = runtime.block_on(subscribe(&options))?;
            runtime.spawn(Arc::clone(ear).listen(connection, coming));
        }
        Ok(Self { runtime: Some(runtime), ears })
    }

    /// Forgets what was heard. From now on all note what they hear, or the first alone: reading the events costs more
    /// than delivering them, and both sides of a comparison would seem alike.
    pub(super) fn listen_anew(&self, notes_all: bool) {
        for (number, ear) in self.ears.iter().enumerate() {
            ear.notes_all.store(notes_all || number == 0, Ordering::Release);
            ear.notes().clear();
            ear.count.store(0, Ordering::Release);
        }
    }

    /// How much the one has heard that has heard least.
    pub(super) fn fewest(&self) -> u64 {
        self.ears.iter().map(|ear| ear.count.load(Ordering::Acquire)).min().unwrap_or(0)
    }

    /// Returns when nothing more comes.
    pub(super) fn await_quiet(&self) {
        let all = || self.ears.iter().map(|ear| ear.count.load(Ordering::Acquire)).sum::<u64>();
        let mut before = all();
        loop {
            std::thread::sleep(Duration::from_millis(200));
            match all() {
                same if same == before => return,
                more => before = more,
            }
        }
    }

    /// Returns when each has heard so many events.
    pub(super) fn await_all(&self, count: u64) -> Result<(), CliError> {
        let (mut last, mut heard) = (Instant::now(), 0);
        loop {
            let fewest = self.fewest();
            if fewest >= count {
                break;
            }
            if fewest > heard {
                (last, heard) = (Instant::now(), fewest);
            }
            if last.elapsed() > PATIENCE {
                return Err(internal(&format!("a subscriber got {fewest} of {count} events")));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Each has heard as many events as there are in a run of records, and the first just these, in their order.
    pub(super) fn check_run(&self, records: Range<u64>) -> Result<(), CliError> {
        let count = records.end - records.start;
        let all = self.ears.iter().all(|ear| ear.count.load(Ordering::Acquire) == count);
        let in_order = self.ears[0].notes().iter().map(|(record, _)| *record).eq(records);
        if all && in_order { Ok(()) } else { Err(internal(&"a subscriber got other events than were told")) }
    }

    /// When which event was heard, by all of them.
    pub(super) fn heard(&self) -> Vec<(u64, Instant)> {
        self.ears.iter().flat_map(|ear| std::mem::take(&mut *ear.notes())).collect()
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection, and what comes over it.
async fn subscribe(
    options: &BusOptions,
) -> Result<(Client, impl Stream<Item = Message> + Unpin + use<>), CliError> {
    let failed = |error: &dyn std::fmt::Display| internal(error);
    let mut connect = ConnectOptions::new()
        .name(options.name())
        .custom_inbox_prefix(options.role.inbox_prefix())
        .subscription_capacity(ROOM);
    if let Some(seed) = options.seed().map_err(|error| failed(&error))? {
        connect = connect.nkey(seed.as_str().to_owned());
    }
    let addresses = options.addresses().map_err(|error| failed(&error))?;
    let client = connect.connect(addresses).await.map_err(|error| failed(&error))?;
    let mut coming = Vec::new();
    for subject in SUBJECTS {
        coming.push(client.subscribe(subject).await.map_err(|error| failed(&error))?);
    }
    Ok((client, futures_util::stream::select_all(coming)))
}

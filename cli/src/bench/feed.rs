//! `vandel bench feed`: what the projector tells many subscribers, beside bare NATS.
//!
//! *Fan-out.* Events are appended while the projector stands still. Then it takes them in as it always does: every block
//! is judged, every signature verified, the checkpoint opened, each event told, all folded into views and stored. The
//! clock runs until that is done and the last subscriber has the last event. The limit is one client that publishes as
//! many messages of the same bytes on the same subject to the same subscribers, and does nothing else.
//!
//! *Delay.* Authors hand in single statements at an even pace through the service; the clock of each runs from its
//! receipt, checked by its author, to each subscriber. Public acts, which are kept besides, come among them.

mod delay;
mod watchers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::time::Day;
use vandel_ledger::bus::async_nats::HeaderMap;
use vandel_ledger::bus::{Bus, Role};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::place::StreamPlace;
use vandel_ledger::vault::FileCell;
use vandel_projector::feed::cloud_event::MEDIA_TYPE;
use vandel_projector::feed::outlet::{NatsOutlet, ensure_stream};
use vandel_projector::feed::service::{RecordEvent, Service};
use vandel_projector::feed::{Scope, subject};
use vandel_projector::following::Judged;

use super::growth;
use super::measure::{Better, Comparison, Limit, Row, Series};
use super::world::{NOON, World, internal};
use crate::commands::feed::open_service;
use crate::error::CliError;

use delay::Delays;
use watchers::Watchers;

/// Seconds between two heartbeats: as `vandel feed serve` has it.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The ratio of the fan-out that the design asks for.
const FAN_OUT: f64 = 0.5;
/// The delay that 99 of 100 events may have, in microseconds.
const DELAY: f64 = 50_000.0;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Events a round whose fan-out is measured.
    pub events: u64,
    /// Subscribers.
    pub subscribers: usize,
    /// Events a second while delays are measured.
    pub rate: u32,
    /// For how many seconds a round.
    pub seconds: u32,
}

/// Measures fan-out and delay.
///
/// # Errors
/// If the ledger, the feed or the server refuses, or a subscriber misses an event.
pub fn run(
    world: &World,
    settings: Settings,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Row>, CliError> {
    let mut feed = open(world)?;
    let watchers = Watchers::connect(world.own_server()?, settings.subscribers)?;
    let bare = Bare::connect(world, feed.ledger())?;
    bare.ring(&watchers)?;
    let (mut ours, mut limit, mut delays, mut case) =
        (Series::default(), Series::default(), Delays::default(), 0);
    for round in 0..rounds {
        told(&format!("round {} of {rounds}: appending", round + 1));
        let begin = feed.standing().0;
        case = growth::fill(world, case, begin + settings.events, &|_| ())?;
        told("telling");
        let (events, took) = tell(&mut feed, &watchers)?;
        ours.push(events as f64 / took.as_secs_f64());
        let messages: Vec<_> = (0..events).map(|number| bare.message(begin + number)).collect();
        limit.push(events as f64 / bare.publish(messages, &watchers)?.as_secs_f64());
        told(&format!("{} events a second", settings.rate));
        case = delays.measure(world, settings, &mut feed, &watchers, (&bare, case), told)?;
    }
    let limits = vec![Limit { name: "bare NATS fan-out of messages of the same bytes", series: limit }];
    let fan_out = Comparison {
        name: "feed, fan-out",
        unit: "events/s",
        better: Better::More,
        ours,
        limits,
        reach: Some(FAN_OUT),
        single: None,
    };
    let mut rows = vec![fan_out.row()];
    rows.extend(delays.rows(DELAY));
    Ok(rows)
}

/// The projector's service on the world's ledger, as `vandel feed serve` opens it.
fn open(world: &World) -> Result<Service<NatsOutlet>, CliError> {
    let mut ledger = world.open()?;
    vandel_projector::Projector::prepare(ledger.sequencer.vault_mut())?;
    ledger.close()?;
    let server = world.own_server()?;
    // As `vandel serve` does.
    ensure_stream(&server.connect(Role::Sequencer)?, 1)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let place = StreamPlace::of(&*disk, &world.home).map_err(|error| internal(&error))?;
    let cell = Arc::new(FileCell::new(disk.clone(), &world.home.root_cell()));
    let (options, home) = (server.options(Role::Projector), &world.home);
    let mut feed = open_service(&disk, home, cell, (&options, place), HEARTBEAT, NOON)?;
    feed.tick(NOON, today(), None, None)?;
    Ok(feed)
}

/// The day of everything here.
fn today() -> Day {
    NOON.latest_day_in_sweden()
}

/// Lets the feed take in what was appended. Gives how many events that was, and how long it took until all had been
/// told, folded and stored, and every subscriber had every event.
fn tell(feed: &mut Service<NatsOutlet>, watchers: &Watchers) -> Result<(u64, Duration), CliError> {
    watchers.listen_anew(false);
    let begin = feed.standing().0;
    let (mut events, start) = (0, Instant::now());
    loop {
        let progress = feed.tick(NOON, today(), None, None)?;
        events += progress.case;
        if !progress.advanced && progress.lag == 0 {
            break;
        }
    }
    watchers.await_all(events)?;
    let took = start.elapsed();
    let end = feed.standing().0;
    watchers.check_run(begin..end)?;
    Ok((events, took))
}

/// A client that publishes and does nothing else.
struct Bare {
    bus: Bus,
    ledger: LedgerId,
    subject: String,
    headers: HeaderMap,
}

impl Bare {
    /// Connects with the projector's key.
    fn connect(world: &World, ledger: LedgerId) -> Result<Self, CliError> {
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", MEDIA_TYPE);
        let subject = subject(&ledger, Scope::Case, "recorded");
        Ok(Self { bus: world.own_server()?.connect(Role::Projector)?, ledger, subject, headers })
    }

    /// What the feed would tell of a sealed record, but for the hash.
    fn message(&self, record: u64) -> Vec<u8> {
        let judged = Judged { record, time: NOON, hash: Hash::ZERO, open: None };
        match judged.event(&self.ledger) {
            RecordEvent::Sealed(event) => serde_json::to_vec(&event).unwrap_or_default(),
            RecordEvent::Open(_) => Vec::new(),
        }
    }

    fn send(&self, message: Vec<u8>) -> Result<(), CliError> {
        let client = self.bus.client();
        let sent = client.publish_with_headers(self.subject.clone(), self.headers.clone(), message.into());
        self.bus.block_on(sent).map_err(|error| internal(&error))
    }

    /// Publishes until every subscriber has heard something: then all subscriptions stand.
    fn ring(&self, watchers: &Watchers) -> Result<(), CliError> {
        let start = Instant::now();
        while watchers.fewest() == 0 {
            if start.elapsed() > watchers::PATIENCE {
                return Err(internal(&"a subscriber hears nothing"));
            }
            self.send(self.message(0))?;
            std::thread::sleep(Duration::from_millis(20));
        }
        watchers.await_quiet();
        Ok(())
    }

    /// Publishes all as fast as it goes; gives how long it took until every subscriber had every message.
    fn publish(&self, messages: Vec<Vec<u8>>, watchers: &Watchers) -> Result<Duration, CliError> {
        let count = messages.len() as u64;
        watchers.listen_anew(false);
        let start = Instant::now();
        let client = self.bus.client();
        let sent = async {
            for message in messages {
                let (subject, headers) = (self.subject.clone(), self.headers.clone());
                client.publish_with_headers(subject, headers, message.into()).await?;
            }
            Ok::<_, vandel_ledger::bus::async_nats::PublishError>(())
        };
        self.bus.block_on(sent).map_err(|error| internal(&error))?;
        watchers.await_all(count)?;
        Ok(start.elapsed())
    }
}

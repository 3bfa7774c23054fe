//! `vandel serve`: the sequencer as a service over NATS.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use vandel_ledger::alive::Alive;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::desk::{DeskHandle, DeskLimits};
use vandel_ledger::opening::{HomeError, Opening};
use vandel_ledger::place::StreamPlace;
use vandel_ledger::publish::Publisher;
use vandel_ledger::service::{Service, ServiceOptions};

use super::feed;
use super::standby::open;
use crate::args::ServeArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ServeText;
use crate::monitor::{Endpoint, Health, Metrics, SequencerMetrics, systemd};
use crate::people::first_line;

/// How often the metrics are brought up to date.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Serving {
    #[serde(rename = "type")]
    kind: &'static str,
    ledger: String,
    origin: String,
    records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

/// Serves until SIGTERM (exit 0) or SIGINT (exit 130), having answered what it took.
pub(super) fn run(context: &Context, arguments: &ServeArgs) -> Result<Exit, CliError> {
    let bus = bus_options(context)?;
    let metrics = Arc::new(Metrics::new());
    let health = Health::not_ready("opening the ledger");
    let shown = metrics.sequencer();
    let endpoint = arguments
        .metrics
        .map(|address| Endpoint::listen(address, Arc::clone(&metrics), health.clone()))
        .transpose()?;

    let passphrase = match &arguments.service_passphrase_file {
        Some(file) => Some(first_line(context, file)?),
        None => None,
    };
    let opening = Opening {
        disk: context.disk.clone(),
        clock: context.clock.clone(),
        cell: context.root_cell()?,
        passphrase,
        trust_new_memory: context.trust_new_memory,
        take_over: false,
    };
    let (sequencer, lock) = open(context, arguments, opening)?.into_parts();
    let serving = Serving {
        kind: "serving",
        ledger: sequencer.chain().ledger.to_string(),
        origin: sequencer.chain().origin.clone(),
        records: sequencer.chain().size(),
        metrics: endpoint.as_ref().map(|endpoint| endpoint.address().to_string()),
    };
    let bus = Bus::connect(&bus)?;
    let place = StreamPlace::of(&*context.disk, &context.home).map_err(HomeError::from)?;
    feed::make_stream(context, &bus, place.map_or(1, |place| place.demands().replicas));
    let signals = Signals::install(&bus)?;
    let service = Service::start(bus, sequencer, options(context, arguments, &shown))?;
    let watching = watch(context, service.desk(), shown, health.clone());
    publish_now_and_then(service.desk(), context.output.clone(), arguments.publish_every, &watching);
    health.is_ready();
    systemd::ready("serving")?;
    let values = [("ledger", &*serving.ledger), ("records", &*serving.records.to_string())];
    context.output.result(&serving, || ServeText::Serving.with(context.lang, &values))?;

    let interrupted = Arc::new(AtomicBool::new(false));
    let ended = service.run_until(stop(signals, context, Arc::clone(&interrupted)));
    watching.store(true, Ordering::Relaxed);
    if let Err(error) = &ended {
        health.has_halted(&error.to_string());
    }
    // Held to the very end: nobody else may open the home before this one has ended in order.
    drop(lock);
    ended?;
    context.output.progress(&ServeText::Ended.in_lang(context.lang));
    Ok(if interrupted.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Done })
}

/// The servers that the command line names; else those that hold the ledger's log.
fn bus_options(context: &Context) -> Result<BusOptions, CliError> {
    if let Some(options) = context.nats.options(Role::Sequencer) {
        return Ok(options);
    }
    let place = StreamPlace::of(&*context.disk, &context.home).map_err(HomeError::from)?;
    place.map(|place| place.options(Role::Sequencer)).ok_or_else(|| {
        CliError::new(Exit::Usage, "nats-needed", "the service answers over NATS; no server is named")
            .next("give --nats URL, and --nats-key FILE if the server asks for one")
    })
}

fn options(context: &Context, arguments: &ServeArgs, metrics: &SequencerMetrics) -> ServiceOptions {
    let append_seconds = metrics.append_seconds.clone();
    ServiceOptions {
        desk: DeskLimits { statements: arguments.queue, ..DeskLimits::default() },
        requests: arguments.requests.max(1),
        inquiries_per_second: arguments.inquiries,
        key_seconds: arguments.key_seconds,
        observe: Some(Arc::new(move |took: Duration| append_seconds.observe(took.as_secs_f64()))),
        ..ServiceOptions::new(context.clock.clone())
    }
}

/// What tells the process to stop. Installed before it says that it serves: from then on a signal is an
/// end in order.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install(bus: &Bus) -> io::Result<Self> {
        let _runtime = bus.runtime().enter();
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
}

/// Done when the process is told to stop.
async fn stop(mut signals: Signals, context: &Context, interrupted: Arc<AtomicBool>) {
    tokio::select! {
        _ = signals.terminate.recv() => {}
        _ = signals.interrupt.recv() => interrupted.store(true, Ordering::Relaxed),
    }
    let _ = systemd::stopping();
    context.output.progress(&ServeText::Stopping.in_lang(context.lang));
}

/// Keeps metrics, health and systemd's watchdog up to date, until the flag that it gives is set. The
/// watchdog hears of a writer that answers, not merely of a process that runs.
fn watch(context: &Context, desk: DeskHandle, metrics: SequencerMetrics, health: Health) -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    let home = context.home.clone();
    metrics.active.set(1);
    std::thread::spawn(move || {
        let pause = systemd::watchdog_interval().map_or(LOOK_EVERY, |interval| interval.min(LOOK_EVERY));
        let (mut size, mut beat) = (0, 0_u64);
        while !flag.load(Ordering::Relaxed) {
            let counts = desk.counts();
            metrics.totals(counts.taken, counts.refused, counts.busy);
            metrics.queue.set(i64::try_from(counts.waiting).unwrap_or(i64::MAX));
            if let Ok((now, witnesses)) = desk.ask_and_wait(|sequencer| {
                sequencer.check_held();
                (sequencer.chain().size(), sequencer.witness_counts())
            }) {
                // A standby looks whether this changes. Who was replaced writes it no more: its desk has halted.
                beat += 1;
                let alive = Alive { process: std::process::id(), beat, waiting: counts.waiting };
                let _ = alive.write(&home);
                metrics.records.set(i64::try_from(now).unwrap_or(i64::MAX));
                if now != size {
                    size = now;
                    metrics.checkpoint.is_now();
                }
                let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                metrics.witnesses.set(number(witnesses.witnesses));
                metrics.witness_troubles.set(number(witnesses.troubled));
                metrics.cosignatures.set(number(witnesses.cosignatures));
                let _ = systemd::alive();
            }
            if let Some(halt) = desk.halted() {
                metrics.halted.set(1);
                health.has_halted(&halt.reason);
            }
            std::thread::sleep(pause);
        }
    });
    ended
}

/// Publishes the views' digests while the service runs. Whatever keeps it from that once is tried again:
/// an erasure under way ends, a halted sequencer ends the service.
fn publish_now_and_then(
    desk: DeskHandle,
    output: crate::output::Output,
    every: u64,
    ended: &Arc<AtomicBool>,
) {
    let ended = Arc::clone(ended);
    if every == 0 {
        return;
    }
    std::thread::spawn(move || {
        let mut publisher = Publisher::default();
        let (mut waited, every) = (Duration::ZERO, Duration::from_secs(every));
        while !ended.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK_EVERY);
            waited += LOOK_EVERY;
            if waited < every {
                continue;
            }
            waited = Duration::ZERO;
            let mut lent = std::mem::take(&mut publisher);
            let asked = desk.ask_and_wait(move |sequencer| {
                let published = lent.publish_news(sequencer);
                (lent, published.map_err(|error| error.to_string()))
            });
            let Ok((given_back, published)) = asked else { continue };
            publisher = given_back;
            if let Err(error) = published {
                output.warn(&error);
            }
        }
    });
}

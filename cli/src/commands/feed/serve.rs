//! `vandel feed serve`: the projector as a service.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vandel_core::time::Second;
use vandel_ledger::alive::Alive;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::disk::Disk;
use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_ledger::log::jetstream::JetStreamReader;
use vandel_ledger::place::StreamPlace;
use vandel_ledger::vault::RootCell;
use vandel_projector::feed::event::{Halt, Verification};
use vandel_projector::feed::outlet::NatsOutlet;
use vandel_projector::feed::service::{Progress, Service, ServiceError, Status};

use crate::args::FeedServeArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::FeedText;
use crate::monitor::metrics::Scope;
use crate::monitor::{Endpoint, Health, Metrics, ProjectorMetrics, Stop, systemd};

/// How long is waited between two looks at the ledger while records come, and at most when none do. A look that finds
/// nothing new reads one small file.
pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// How long is waited after a step that failed and may succeed later: an erasure or a writer at work must get on.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);
/// How long is waited before a server that was away is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Serves until it is told to stop.
pub(super) fn run(context: &Context, arguments: &FeedServeArgs) -> Result<Exit, CliError> {
    let stop = Stop::on_signals()?;
    let metrics = Arc::new(Metrics::new());
    let shown = metrics.projector();
    let health = Health::not_ready("reading the ledger");
    let endpoint = arguments
        .metrics
        .map(|address| {
            Endpoint::listen(address, metrics.clone(), health.clone())
                .map_err(|error| CliError::new(Exit::Io, "metrics", format!("{address}: {error}")))
        })
        .transpose()?;
    if let Some(endpoint) = &endpoint {
        let address = endpoint.address().to_string();
        context.output.progress(&FeedText::Metrics.with(context.lang, &[("address", &address)]));
    }
    let mut server = Server { context, arguments, shown, health, verification: None, waiting: None };
    let ended = server.serve(&stop);
    systemd::stopping()?;
    match ended {
        // Said at once and loudly; whoever scrapes metrics sees it there until somebody stops the service.
        Err(error) if error.exit() == Exit::Integrity && endpoint.is_some() => {
            context.output.error(&error);
            context.output.progress(&FeedText::Halted.in_lang(context.lang));
            while !stop.wait(Duration::from_secs(3_600)) {}
            Ok(error.exit())
        }
        ended => ended,
    }
}

/// Opens the service on a home, over a connection of its own. The home's log is read over the same one, if it lies there.
///
/// # Errors
/// If the server, the ledger or its views can't be opened.
pub(crate) fn open_service(
    disk: &Arc<dyn Disk>,
    home: &Home,
    cell: Arc<dyn RootCell>,
    (options, place): (&BusOptions, Option<StreamPlace>),
    interval: Duration,
    now: Second,
) -> Result<Service<NatsOutlet>, CliError> {
    let bus = Bus::connect(options)?;
    let (log, replicas) = match place {
        Some(place) => {
            let (ledger, demands) = (place.ledger(), place.demands());
            let reader = JetStreamReader::open(bus.clone(), ledger, demands.waits)?;
            (HomeLog::of_stream(reader), demands.replicas)
        }
        None => (HomeLog::open(disk, home)?, 1),
    };
    let outlet = NatsOutlet::open(bus, replicas)?;
    Ok(Service::open(disk.clone(), home, cell, log, outlet, interval, now)?)
}

/// How long is waited before the next look: shortly while records come, longer and longer once none do.
pub(crate) fn pause_after(before: Duration, advanced: bool) -> Duration {
    if advanced { SHORTEST_PAUSE } else { (before * 2).min(LONGEST_PAUSE) }
}

struct Server<'a> {
    context: &'a Context,
    arguments: &'a FeedServeArgs,
    shown: ProjectorMetrics,
    health: Health,
    /// The verification report as it was last read, and when it was written.
    verification: Option<(SystemTime, Verification)>,
    /// What is being waited for, as it was said.
    waiting: Option<String>,
}

impl Server<'_> {
    /// Serves until it is told to stop, or can't go on.
    fn serve(&mut self, stop: &Stop) -> Result<Exit, CliError> {
        let context = self.context;
        let Some(mut service) = self.open(stop)? else { return Ok(Exit::Done) };
        let (position, _) = service.standing();
        self.say_serving(&service, position);
        systemd::ready(&format!("at record {position}"))?;
        if let Some(error) = self.follow(&mut service, stop) {
            return Err(error);
        }
        service.write_status(context.now())?;
        let position = service.standing().0.to_string();
        context.output.progress(&FeedText::Stopped.with(context.lang, &[("position", &position)]));
        Ok(Exit::Done)
    }

    /// Opens the service; tries again while the server is away. None if it was told to stop meanwhile.
    fn open(&mut self, stop: &Stop) -> Result<Option<Service<NatsOutlet>>, CliError> {
        loop {
            let error = match self.try_open() {
                Ok(service) => return Ok(Some(service)),
                Err(error) => error,
            };
            if error.exit() == Exit::Integrity {
                let halt = self.show_halt(&error);
                // The error itself is worth more than that it can't be noted.
                let _ = Status::note_halt(&*self.context.disk, &self.context.home, halt, self.context.now());
            }
            if error.exit() != Exit::Io {
                return Err(error);
            }
            self.wait_for(&error.to_string());
            if stop.wait(RETRY_PAUSE) {
                return Ok(None);
            }
        }
    }

    fn try_open(&self) -> Result<Service<NatsOutlet>, CliError> {
        let context = self.context;
        let (options, place) = super::options(context, Role::Projector)?;
        let interval = Duration::from_secs(self.arguments.interval.into());
        let (cell, now) = (context.shared_root_cell()?, context.now());
        open_service(&context.disk, &context.home, cell, (&options, place), interval, now)
    }

    fn say_serving(&self, service: &Service<NatsOutlet>, position: u64) {
        let ledger = service.ledger().to_string();
        let (position, interval) = (position.to_string(), self.arguments.interval.to_string());
        let values = [("ledger", &*ledger), ("position", &*position), ("interval", &*interval)];
        self.context.output.progress(&FeedText::Serving.with(self.context.lang, &values));
    }

    /// Follows until it is told to stop (none) or can't go on.
    fn follow(&mut self, service: &mut Service<NatsOutlet>, stop: &Stop) -> Option<CliError> {
        let ledger = service.ledger().to_string();
        let mut pause = SHORTEST_PAUSE;
        loop {
            self.read_verification(&ledger);
            let (now, today) = (self.context.now(), self.context.today());
            let verification = self.verification.as_ref().map(|(_, verification)| verification);
            // Known only where the sequencer serves this very home.
            let queue = Alive::read_fresh(&self.context.home).map(|alive| alive.waiting);
            match service.tick(now, today, queue, verification) {
                Ok(progress) => {
                    pause = pause_after(pause, progress.advanced);
                    self.show(&progress);
                }
                Err(error) if error.is_passing() => {
                    self.shown.errors.inc();
                    self.wait_for(&error.to_string());
                    if stop.wait(TROUBLE_PAUSE) {
                        return None;
                    }
                }
                Err(error) => return Some(self.halt(service, now, error)),
            }
            // A watchdog that systemd does not ask for hears nothing.
            let _ = systemd::alive();
            if stop.wait(pause) {
                return None;
            }
        }
    }

    fn show(&mut self, progress: &Progress) {
        let number = |figure: u64| i64::try_from(figure).unwrap_or(i64::MAX);
        self.shown.position.set(number(progress.position));
        self.shown.lag.set(number(progress.lag));
        if progress.advanced {
            self.shown.checkpoint.is_now();
        }
        for (scope, count) in [("ops", progress.operational), ("case", progress.case)] {
            self.shown.published.get_or_create(&Scope { scope }).inc_by(count);
        }
        if let Some(exact) = progress.calendar {
            self.shown.retention(exact.overdue, exact.due_soon);
        }
        self.health.is_ready();
        if self.waiting.take().is_some() {
            self.context.output.progress(&FeedText::Resumed.in_lang(self.context.lang));
        }
    }

    /// Says what is being waited for, once.
    fn wait_for(&mut self, why: &str) {
        self.health.is_not_ready(why);
        if self.waiting.as_deref() != Some(why) {
            self.context.output.progress(&FeedText::Waiting.with(self.context.lang, &[("why", why)]));
            self.waiting = Some(why.to_owned());
        }
    }

    fn halt(&self, service: &mut Service<NatsOutlet>, now: Second, error: ServiceError) -> CliError {
        let error = CliError::from(error);
        let halt = self.show_halt(&error);
        if let Err(error) = service.halt(now, &halt) {
            self.context.output.progress(&error.to_string());
        }
        error
    }

    fn show_halt(&self, error: &CliError) -> Halt {
        let report = error.report();
        let halt =
            Halt { code: report.code.to_string(), record: report.record, message: report.message.clone() };
        self.shown.halted.set(1);
        self.health.has_halted(&halt.message);
        let _ = systemd::status(&format!("HALTED: {}", halt.message));
        halt
    }

    /// Reads the verification report again, if it was written anew. One that can't be read is left alone, since
    /// it may be half written, and so is one of another ledger.
    fn read_verification(&mut self, ledger: &str) {
        let Some(file) = &self.arguments.verification else { return };
        let Ok(written) = std::fs::metadata(file).and_then(|metadata| metadata.modified()) else { return };
        if self.verification.as_ref().is_some_and(|(known, _)| *known == written) {
            return;
        }
        if let Some(verification) = read_report(file, written, ledger) {
            let at = written.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            self.shown.verification(verification.verdict == "passed", at);
            self.verification = Some((written, verification));
        }
    }
}

fn read_report(file: &Path, written: SystemTime, ledger: &str) -> Option<Verification> {
    let text = std::fs::read_to_string(PathBuf::from(file)).ok()?;
    let report: serde_json::Value =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).next_back()?;
    if report["ledger"] != ledger {
        return None;
    }
    let at = written.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Verification {
        verdict: report["verdict"].as_str()?.to_owned(),
        anchor: report["anchor"]["kind"].as_str()?.to_owned(),
        records: report["size"].as_u64()?,
        ended: Second(at).to_string(),
    })
}

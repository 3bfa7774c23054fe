//! The delay from a receipt at its author to each subscriber, at an even pace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vandel_core::trust::{Trust, parse_trust};
use vandel_ledger::bus::Role;
use vandel_ledger::client::{Client, nothing_seen};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::service::{Service as Sequencing, ServiceOptions};
use vandel_ledger::submission::Submission;
use vandel_projector::feed::outlet::NatsOutlet;
use vandel_projector::feed::service::Service;

use super::watchers::Watchers;
use super::{Bare, Settings, today};
use crate::bench::latency::quantile;
use crate::bench::measure::{Better, Comparison, Limit, Row, Series};
use crate::bench::server::OwnServer;
use crate::bench::world::{NOON, World, internal};
use crate::commands::feed::{SHORTEST_PAUSE, pause_after};
use crate::error::CliError;

/// How many authors hand in at once, each one statement a request.
const AUTHORS: usize = 16;
/// Public acts a second, among the other events.
const ACTS: u32 = 10;

/// For how long events come before those that count: the ledger has only just been opened, and twenty thousand events were
/// folded the moment before.
const WARM_UP: Duration = Duration::from_secs(2);

/// When something happened, by record.
type Moments = BTreeMap<u64, Instant>;

/// What is measured of delays: the median and the 99th percentile.
#[derive(Default)]
pub(super) struct Delays {
    case: [Series; 2],
    act: [Series; 2],
    bare: [Series; 2],
}

/// What authors still have to hand in.
struct Pace {
    start: Instant,
    every: Duration,
    statements: Vec<Submission>,
}

impl Delays {
    /// Measures one round. `bare` is who publishes bare messages, and the number of the next case; gives the number
    /// after the last one.
    pub(super) fn measure(
        &mut self,
        world: &World,
        settings: Settings,
        feed: &mut Service<NatsOutlet>,
        watchers: &Watchers,
        (bare, case): (&Bare, u64),
        told: &dyn Fn(&str),
    ) -> Result<u64, CliError> {
        let (sequencer, lock) = world.open()?.into_parts();
        let standpoint = sequencer.standpoint();
        let seconds = settings.seconds + u32::try_from(WARM_UP.as_secs()).unwrap_or(0);
        let events = u64::from(settings.rate * seconds);
        // Eight steps a case on average; a few more cases, since they are dealt out whole.
        let cases = events.div_ceil(7);
        let signed = world.sign_cases(&standpoint, case, cases)?;
        let acts = world.sign_acts(&standpoint, case, u64::from(ACTS * seconds))?;
        let clock = Arc::new(SettableClock::at(NOON));
        let server = world.own_server()?;
        let service =
            Sequencing::start(server.connect(Role::Sequencer)?, sequencer, ServiceOptions::new(clock))
                .map_err(|error| internal(&error))?;
        watchers.listen_anew(true);
        let mut shares = vec![Vec::new(); AUTHORS];
        for (number, case) in signed.into_iter().enumerate() {
            shares[number % AUTHORS].extend(case);
        }
        for share in &mut shares {
            share.truncate(usize::try_from(events).unwrap_or(usize::MAX) / AUTHORS);
        }
        let every = Duration::from_secs(1) * u32::try_from(AUTHORS).unwrap_or(1) / settings.rate;
        let ended = AtomicBool::new(false);
        let start = Instant::now() + Duration::from_millis(200);
        let (receipts, followed) = std::thread::scope(|scope| {
            let following = scope.spawn(|| follow(feed, &ended));
            let receipts = hand_in_all(world, server, (shares, acts), (start, every));
            let took = start.elapsed();
            ended.store(true, Ordering::Release);
            let followed = following.join().unwrap_or_else(|_| Err(internal(&"the feed's thread panicked")));
            (receipts.map(|receipts| (receipts, took)), followed)
        });
        followed?;
        let ((mut cases_receipts, mut acts_receipts), took) = receipts?;
        service.stop().map_err(|error| internal(&error))?;
        drop(lock);
        let count = cases_receipts.len() + acts_receipts.len();
        watchers.await_all(count as u64)?;
        told(&format!("{:.0} events a second were appended", count as f64 / took.as_secs_f64()));
        let heard = watchers.heard();
        for receipts in [&mut cases_receipts, &mut acts_receipts] {
            receipts.retain(|_, at| *at >= start + WARM_UP);
        }
        take(&mut self.case, &cases_receipts, &heard);
        take(&mut self.act, &acts_receipts, &heard);
        watchers.listen_anew(true);
        let sent = publish_paced(bare, settings)?;
        watchers.await_all(sent.len() as u64)?;
        take(&mut self.bare, &sent, &watchers.heard());
        Ok(case + cases)
    }

    /// The rows: `aim` for the 99th percentile, in microseconds.
    pub(super) fn rows(self, aim: f64) -> Vec<Row> {
        let name = "bare NATS, from publishing to delivery";
        let row = |name_of, ours, bare: &Series| {
            let limits = vec![Limit { name, series: bare.clone() }];
            let (unit, better) = ("microseconds", Better::Less);
            Comparison { name: name_of, unit, better, ours, limits, reach: None, single: None }.row()
        };
        let ([case, case_tail], [act, act_tail], [bare, bare_tail]) = (self.case, self.act, self.bare);
        vec![
            row("feed, delay p50", case, &bare),
            row("feed, delay p99", case_tail, &bare_tail).aiming_at(aim, Better::Less),
            row("feed, delay of a public act, p50", act, &bare),
            row("feed, delay of a public act, p99", act_tail, &bare_tail).aiming_at(aim, Better::Less),
        ]
    }
}

/// Follows as `vandel feed serve` does, until it is told that all has been handed in, and has told all of it.
fn follow(feed: &mut Service<NatsOutlet>, ended: &AtomicBool) -> Result<(), CliError> {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let last = ended.load(Ordering::Acquire);
        let progress = feed.tick(NOON, today(), None, None)?;
        if last && !progress.advanced && progress.lag == 0 {
            return Ok(());
        }
        pause = pause_after(pause, progress.advanced);
        std::thread::sleep(pause);
    }
}

/// Hands in everything; gives when each receipt had been checked: of steps, and of public acts.
fn hand_in_all(
    world: &World,
    server: &OwnServer,
    (shares, acts): (Vec<Vec<Submission>>, Vec<Submission>),
    (start, every): (Instant, Duration),
) -> Result<(Moments, Moments), CliError> {
    let path = world.home.trust();
    let trust = std::fs::read(&path).map_err(|error| CliError::file(&path, &error))?;
    let trust = parse_trust(&trust).map_err(|error| internal(&error))?;
    let pace = |statements, number: usize| {
        let late = every * u32::try_from(number).unwrap_or(0) / u32::try_from(AUTHORS).unwrap_or(1);
        Pace { start: start + late, every, statements }
    };
    let acting = Pace { start, every: Duration::from_secs(1) / ACTS, statements: acts };
    std::thread::scope(|scope| {
        let trust = &trust;
        let paces = shares.into_iter().enumerate().map(|(number, share)| pace(share, number));
        let authors: Vec<_> = paces.map(|pace| scope.spawn(move || hand_in(server, trust, pace))).collect();
        let acting = scope.spawn(move || hand_in(server, trust, acting));
        let panicked = |_| Err(internal(&"an author's thread panicked"));
        let mut steps = Moments::new();
        for author in authors {
            steps.extend(author.join().unwrap_or_else(panicked)?);
        }
        Ok((steps, acting.join().unwrap_or_else(panicked)?))
    })
}

/// One author: the next statement when its time has come, and the one before has its receipt.
fn hand_in(server: &OwnServer, trust: &Trust, pace: Pace) -> Result<Moments, CliError> {
    let bus = server.connect(Role::Author)?;
    let clock = Arc::new(SettableClock::at(NOON));
    let mut client = Client::new(bus, trust.clone(), None, clock).map_err(|error| internal(&error))?;
    client.intake(nothing_seen()).map_err(|error| internal(&error))?;
    let (mut receipts, mut due) = (Moments::new(), pace.start);
    for statement in pace.statements {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due += pace.every;
        let answers = client.submit(nothing_seen(), &[vec![statement]]).map_err(|error| internal(&error))?;
        let at = Instant::now();
        for answer in answers {
            let receipt = answer.map_err(|refused| internal(&refused))?;
            receipts.extend(receipt.iter().map(|receipt| (receipt.record, at)));
        }
    }
    Ok(receipts)
}

/// Publishes bare messages at the same pace; gives when each was handed to the client.
fn publish_paced(bare: &Bare, settings: Settings) -> Result<Moments, CliError> {
    let (mut sent, mut due) = (Moments::new(), Instant::now());
    for record in 0..u64::from(settings.rate * settings.seconds) {
        let message = bare.message(record);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due += Duration::from_secs(1) / settings.rate;
        sent.insert(record, Instant::now());
        bare.send(message)?;
    }
    Ok(sent)
}

/// Takes a round's delays: of each event at each subscriber. Who hears of it before its author does, has not waited.
fn take(series: &mut [Series; 2], from: &Moments, heard: &[(u64, Instant)]) {
    let waited = |(record, at): &(u64, Instant)| {
        from.get(record).map(|from| at.saturating_duration_since(*from).as_secs_f64() * 1e6)
    };
    let mut delays: Vec<f64> = heard.iter().filter_map(waited).collect();
    for (series, thousandth) in series.iter_mut().zip([500, 990]) {
        series.push(quantile(&mut delays, thousandth));
    }
}

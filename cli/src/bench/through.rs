//! Handing in through the sequencer service: sealed requests over NATS, receipts checked by who sent them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vandel_core::trust::{Trust, parse_trust};
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::client::{Client, nothing_seen};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::desk::DeskLimits;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::service::{Service, ServiceOptions};
use vandel_ledger::submission::Submission;

use super::world::{NOON, SignedCase, World, internal};
use crate::error::CliError;

/// How many statements one request carries: as when a board's own system hands in what its people signed.
const STATEMENTS_EACH: usize = 256;

/// Hands everything in and waits until all of it has its receipt; ends service and sequencer in order.
///
/// # Errors
/// If anything is refused.
pub fn append(
    world: &World,
    server: &str,
    sequencer: Sequencer,
    cases: Vec<SignedCase>,
    clients: usize,
) -> Result<Duration, CliError> {
    let connections = clients.div_ceil(STATEMENTS_EACH);
    let failed = |error: &dyn std::fmt::Display| internal(error);
    let trust =
        std::fs::read(world.home.trust()).map_err(|error| CliError::file(&world.home.trust(), &error))?;
    let trust = parse_trust(&trust).map_err(|error| failed(&error))?;
    let bus = Bus::connect(&BusOptions::new(server, Role::Sequencer)).map_err(|error| failed(&error))?;
    let clock = Arc::new(SettableClock::at(NOON));
    let desk = DeskLimits { statements: 2 * connections * STATEMENTS_EACH, ..DeskLimits::default() };
    let options = ServiceOptions { desk, ..ServiceOptions::new(clock) };
    let service = Service::start(bus, sequencer, options).map_err(|error| failed(&error))?;
    let shares = share(cases, connections);
    let start = Instant::now();
    let sent: Vec<Result<(), CliError>> = std::thread::scope(|scope| {
        let hands = shares.into_iter().map(|cases| scope.spawn(|| hand_in(server, trust.clone(), cases)));
        let hands: Vec<_> = hands.collect();
        let panicked = |_| Err(internal(&"a connection's thread panicked"));
        hands.into_iter().map(|hand| hand.join().unwrap_or_else(panicked)).collect()
    });
    let took = start.elapsed();
    service.stop().map_err(|error| failed(&error))?;
    sent.into_iter().collect::<Result<(), _>>()?;
    Ok(took)
}

/// The cases, dealt out to the connections.
fn share(cases: Vec<SignedCase>, connections: usize) -> Vec<Vec<SignedCase>> {
    let mut shares: Vec<Vec<SignedCase>> = vec![Vec::new(); connections];
    for (number, case) in cases.into_iter().enumerate() {
        shares[number % connections].push(case);
    }
    shares
}

/// One connection: the next step of each case at work, until none has any left.
fn hand_in(server: &str, trust: Trust, cases: Vec<SignedCase>) -> Result<(), CliError> {
    let bus = Bus::connect(&BusOptions::new(server, Role::Author)).map_err(|error| internal(&error))?;
    let clock = Arc::new(SettableClock::at(NOON));
    let mut client = Client::new(bus, trust, None, clock).map_err(|error| internal(&error))?;
    let mut waiting = cases.into_iter().map(Vec::into_iter);
    let mut at_work: Vec<std::vec::IntoIter<Submission>> = waiting.by_ref().take(STATEMENTS_EACH).collect();
    loop {
        let mut groups = Vec::with_capacity(at_work.len());
        at_work.retain_mut(|case| {
            let next = case.next().or_else(|| {
                *case = waiting.next()?;
                case.next()
            });
            next.map(|submission| groups.push(vec![submission])).is_some()
        });
        if groups.is_empty() {
            return Ok(());
        }
        let answers = client.submit(nothing_seen(), &groups).map_err(|error| internal(&error))?;
        for answer in answers {
            answer.map_err(|refused| internal(&refused))?;
        }
    }
}

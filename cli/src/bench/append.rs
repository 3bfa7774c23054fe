//! `vandel bench append`: statements signed ahead, submitted by many clients, acknowledged when durable.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use vandel_ledger::desk::{Desk, DeskHandle, DeskLimits, GroupAnswer};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::submission::Submission;

use super::bare::{Signatures, group_committed_writes};
use super::measure::{Better, Comparison, Limit, Series};
use super::world::{SignedCase, World, internal};
use super::{publish, through};
use crate::error::CliError;

/// Appends `events` statements a round. `clients` of them are under way at once: each client waits for the
/// receipt of its case's last step before it hands in the next.
///
/// # Errors
/// If the ledger refuses.
pub fn run(
    world: &World,
    events: u64,
    clients: usize,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Comparison>, CliError> {
    let (mut ours, mut limits) = (Series::default(), Limits::new(world));
    let cases_each_round = events.div_ceil(8);
    for round in 0..rounds as u64 {
        told(&format!("round {} of {rounds}: signing ahead", round + 1));
        let mut open = world.open()?;
        let first_block = open.sequencer.chain().blocks;
        let standpoint = open.sequencer.standpoint();
        let cases = world.sign_cases(&standpoint, round * cases_each_round, cases_each_round)?;
        let mut bare = Signatures::default();
        for submission in cases.iter().flatten() {
            bare.add(&submission.statement)?;
        }
        let count = bare.len() as f64;
        told("appending");
        if let Some(server) = world.server() {
            let (sequencer, lock) = open.into_parts();
            ours.push(count / through::append(world, server, sequencer, cases, clients)?.as_secs_f64());
            drop(lock);
            open = world.open()?;
        } else {
            let took;
            (open.sequencer, took) = append(open.sequencer, cases, clients)?;
            ours.push(count / took.as_secs_f64());
        }
        told("the same, bare");
        limits.signatures.push(count / bare.verify_strict()?.as_secs_f64());
        limits.write(world, &block_lengths(&open.sequencer, first_block)?, count)?;
        open.close()?;
    }
    Ok(limits.beside(ours))
}

/// How many bare messages are under way at once: more only delays their acknowledgements.
const MESSAGES_UNDER_WAY: usize = 64;
/// The bytes of an event that is published alone: a sealed record.
const EVENT_BYTES: usize = vandel_core::record::SEALED_RECORD_BYTES;
/// How many events are published alone to know how fast that is.
const EVENTS_ALONE: usize = 4_000;

/// The limits beside which appending is measured.
struct Limits {
    on_server: bool,
    signatures: Series,
    writes: Series,
    alone: Series,
}

impl Limits {
    fn new(world: &World) -> Self {
        let (signatures, writes, alone) = (Series::default(), Series::default(), Series::default());
        Self { on_server: world.server().is_some(), signatures, writes, alone }
    }

    /// The same blocks, bare; on a server also events one by one.
    fn write(&mut self, world: &World, lengths: &[usize], count: f64) -> Result<(), CliError> {
        let Some(server) = world.server() else {
            self.writes.push(count / group_committed_writes(world.folder(), lengths)?.as_secs_f64());
            return Ok(());
        };
        let took = publish::fenced(server, "bare-blocks", lengths, MESSAGES_UNDER_WAY)?;
        self.writes.push(count / took.as_secs_f64());
        let events = vec![EVENT_BYTES; EVENTS_ALONE];
        let took = publish::fenced(server, "bare-events", &events, MESSAGES_UNDER_WAY)?;
        self.alone.push(EVENTS_ALONE as f64 / took.as_secs_f64());
        Ok(())
    }

    fn beside(self, ours: Series) -> Vec<Comparison> {
        let (name, writes_name, reach) = match self.on_server {
            true => ("append, through the service", "bare fenced publishing of the same blocks", 0.5),
            false => ("append, file log", "bare writes of the same blocks, synced", 0.6),
        };
        let limits = vec![
            Limit { name: "bare verify_strict of the statements, all cores", series: self.signatures },
            Limit { name: writes_name, series: self.writes },
        ];
        let alone = Limit { name: "fenced publishing, one event a message", series: self.alone };
        let single = self.on_server.then_some(alone);
        let (unit, better) = ("events/s", Better::More);
        vec![Comparison { name, unit, better, ours, limits, reach: Some(reach), single }]
    }
}

/// What one client still has to hand in, in order.
type Client = std::vec::IntoIter<Submission>;
/// A client's number, and what its last statement was answered with.
type Answered = (usize, GroupAnswer);

/// Hands everything in at a desk and waits until all of it has its receipt.
fn append(
    sequencer: Sequencer,
    cases: Vec<SignedCase>,
    clients: usize,
) -> Result<(Sequencer, Duration), CliError> {
    let limits = DeskLimits { statements: clients, ..DeskLimits::default() };
    let desk = Desk::open(sequencer, limits, |_| ())?;
    let handle = desk.handle();
    let mut waiting = cases.into_iter().map(Vec::into_iter);
    let mut at_work: Vec<Client> = waiting.by_ref().take(clients).collect();
    let (sender, answers) = mpsc::channel();
    let start = Instant::now();
    let mut under_way = 0;
    for (number, client) in at_work.iter_mut().enumerate() {
        under_way += usize::from(hand_in(&handle, &sender, number, client)?);
    }
    while under_way > 0 {
        let (number, answer) = answers.recv().map_err(|error| internal(&error))?;
        answer?;
        let client = &mut at_work[number];
        if client.len() == 0
            && let Some(next) = waiting.next()
        {
            *client = next;
        }
        under_way -= usize::from(!hand_in(&handle, &sender, number, client)?);
    }
    let took = start.elapsed();
    let sequencer = desk.end().ok_or_else(|| internal(&"the desk's thread panicked"))?;
    Ok((sequencer, took))
}

/// Hands in a client's next statement; false if it has none left.
fn hand_in(
    handle: &DeskHandle,
    sender: &mpsc::Sender<Answered>,
    number: usize,
    client: &mut Client,
) -> Result<bool, CliError> {
    let Some(submission) = client.next() else { return Ok(false) };
    let sender = sender.clone();
    // The receiver lives until every answer has come.
    let answer = move |answers: Vec<GroupAnswer>| {
        answers.into_iter().for_each(|answer| drop(sender.send((number, answer))));
    };
    handle.submit(vec![vec![submission]], answer).map_err(|error| internal(&error))?;
    Ok(true)
}

fn block_lengths(sequencer: &Sequencer, first: u64) -> Result<Vec<usize>, CliError> {
    let blocks = sequencer.log().blocks_from(first);
    Ok(blocks.map(|placed| placed.map(|placed| placed.bytes.len())).collect::<Result<_, _>>()?)
}

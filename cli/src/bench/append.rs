//! `vandel bench append`: statements signed ahead, submitted by many clients, acknowledged when durable.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use vandel_ledger::desk::{Desk, DeskHandle, DeskLimits, GroupAnswer};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::submission::Submission;

use super::bare::{Signatures, group_committed_writes};
use super::measure::{Better, Comparison, Limit, Series};
use super::world::{SignedCase, World, internal};
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
    let (mut ours, mut signatures, mut writes) = (Series::default(), Series::default(), Series::default());
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
        let took;
        (open.sequencer, took) = append(open.sequencer, cases, clients)?;
        ours.push(count / took.as_secs_f64());
        let lengths = block_lengths(&open.sequencer, first_block)?;
        told("bare signatures and bare writes");
        signatures.push(count / bare.verify_strict()?.as_secs_f64());
        writes.push(count / group_committed_writes(world.folder(), &lengths)?.as_secs_f64());
        open.close()?;
    }
    let limits = vec![
        Limit { name: "bare verify_strict of the statements, all cores", series: signatures },
        Limit { name: "bare writes of the same blocks, synced", series: writes },
    ];
    let (name, unit, better) = ("append, file log", "events/s", Better::More);
    Ok(vec![Comparison { name, unit, better, ours, limits, reach: Some(0.6) }])
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
    let answer = move |answer| drop(sender.send((number, answer)));
    handle.submit(vec![submission], answer).map_err(|error| internal(&error))?;
    Ok(true)
}

fn block_lengths(sequencer: &Sequencer, first: u64) -> Result<Vec<usize>, CliError> {
    let blocks = sequencer.log().blocks_from(first);
    Ok(blocks.map(|placed| placed.map(|placed| placed.bytes.len())).collect::<Result<_, _>>()?)
}

//! `vandel bench append`: statements signed ahead, submitted by many clients, acknowledged when durable.

use std::time::{Duration, Instant};

use vandel_ledger::opening::OpenLedger;
use vandel_ledger::submission::Submission;

use super::bare::{Signatures, group_committed_writes};
use super::measure::{Better, Comparison, Limit, Series};
use super::world::{SignedCase, World};
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
    let mut open = world.open()?;
    let (mut ours, mut signatures, mut writes) = (Series::default(), Series::default(), Series::default());
    let cases_each_round = events.div_ceil(8);
    for round in 0..rounds as u64 {
        told(&format!("round {} of {rounds}: signing ahead", round + 1));
        let cases =
            world.sign_cases(&open.sequencer.standpoint(), round * cases_each_round, cases_each_round)?;
        let mut bare = Signatures::default();
        for submission in cases.iter().flatten() {
            bare.add(&submission.statement)?;
        }
        let count = bare.len() as f64;
        let first_block = open.sequencer.log().next_position();
        told("appending");
        ours.push(count / append(&mut open, cases, clients)?.as_secs_f64());
        let lengths = block_lengths(&open, first_block)?;
        told("bare signatures and bare writes");
        signatures.push(count / bare.verify_strict()?.as_secs_f64());
        writes.push(count / group_committed_writes(world.folder(), &lengths)?.as_secs_f64());
    }
    open.close()?;
    let limits = vec![
        Limit { name: "bare verify_strict of the statements, all cores", series: signatures },
        Limit { name: "bare writes of the same blocks, synced", series: writes },
    ];
    let (name, unit, better) = ("append, file log", "events/s", Better::More);
    Ok(vec![Comparison { name, unit, better, ours, limits, reach: Some(0.6) }])
}

/// One client: what it still has to hand in, in order.
struct Client(std::vec::IntoIter<Submission>);

fn append(open: &mut OpenLedger, cases: Vec<SignedCase>, clients: usize) -> Result<Duration, CliError> {
    let mut waiting = cases.into_iter().map(|case| Client(case.into_iter()));
    let mut at_work: Vec<Client> = waiting.by_ref().take(clients).collect();
    let start = Instant::now();
    loop {
        let mut groups = Vec::with_capacity(at_work.len());
        at_work.retain_mut(|client| {
            let next = client.0.next().or_else(|| {
                *client = waiting.next()?;
                client.0.next()
            });
            next.map(|submission| groups.push(vec![submission])).is_some()
        });
        if groups.is_empty() {
            return Ok(start.elapsed());
        }
        for answer in open.sequencer.commit(groups) {
            answer?;
        }
    }
}

fn block_lengths(open: &OpenLedger, first: u64) -> Result<Vec<usize>, CliError> {
    let blocks = open.sequencer.log().blocks_from(first);
    Ok(blocks.map(|placed| placed.map(|placed| placed.bytes.len())).collect::<Result<_, _>>()?)
}

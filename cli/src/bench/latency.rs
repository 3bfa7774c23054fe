//! `vandel bench latency`: one event at a time, from handing in to the receipt.

use std::time::Instant;

use super::bare::commit_syncs;
use super::measure::{Better, Comparison, Limit, Series};
use super::world::World;
use crate::error::CliError;

/// The vault's frame for one event is about this long.
const FRAME_BYTES: usize = 3_000;

/// Hands in `events` statements a round, each after the receipt of the one before.
///
/// # Errors
/// If the ledger refuses.
pub fn run(
    world: &World,
    events: usize,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Comparison>, CliError> {
    let mut open = world.open()?;
    let (mut ours, mut bare) =
        ([Series::default(), Series::default()], [Series::default(), Series::default()]);
    let cases = events.div_ceil(8) as u64;
    for round in 0..rounds as u64 {
        told(&format!("round {} of {rounds}", round + 1));
        let signed = world.sign_cases(&open.sequencer.standpoint(), round * cases, cases)?;
        let mut took = Vec::with_capacity(events);
        for submission in signed.into_iter().flatten() {
            let start = Instant::now();
            open.sequencer.commit_one(submission)?;
            took.push(start.elapsed().as_secs_f64() * 1e6);
        }
        let last = open.sequencer.log().next_position() - 1;
        let block = open.sequencer.log().read(last)?.map_or(0, |block| block.len());
        let syncs = commit_syncs(world.folder(), FRAME_BYTES, block, took.len())?;
        let mut syncs: Vec<f64> = syncs.iter().map(|took| took.as_secs_f64() * 1e6).collect();
        for (series, thousandth) in [(0, 500), (1, 990)] {
            ours[series].push(quantile(&mut took, thousandth));
            bare[series].push(quantile(&mut syncs, thousandth));
        }
    }
    open.close()?;
    let [ours_median, ours_tail] = ours;
    let [bare_median, bare_tail] = bare;
    let row = |name, ours, series, reach| Comparison {
        name,
        unit: "microseconds",
        better: Better::Less,
        ours,
        limits: vec![Limit { name: "the syncs of the commit order, bare", series }],
        reach,
        single: None,
    };
    Ok(vec![
        row("latency, p50", ours_median, bare_median, Some(1.5)),
        row("latency, p99", ours_tail, bare_tail, None),
    ])
}

/// The value below which so many of a thousand lie.
pub(super) fn quantile(values: &mut [f64], thousandth: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * thousandth / 1_000).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

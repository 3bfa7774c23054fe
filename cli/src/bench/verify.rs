//! `vandel bench verify`: a full audit, beside nothing but the signatures.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use vandel_core::block::Block;
use vandel_core::verify::Level;

use super::bare::Signatures;
use super::measure::{Better, Comparison, Limit, Series};
use super::world::{World, internal};
use crate::error::CliError;
use crate::verify::{VerifyOptions, verify};

/// Builds a ledger of about so many events and audits it again and again.
///
/// # Errors
/// If the ledger can't be built, or the audit finds fault with it.
pub fn run(
    world: &World,
    events: u64,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Comparison>, CliError> {
    let signatures = build(world, events, told)?;
    let count = signatures.records as f64;
    let (mut whole, mut integrity, mut bare) = (Series::default(), Series::default(), Series::default());
    for round in 0..rounds {
        told(&format!("round {} of {rounds}", round + 1));
        whole.push(count / audit(world, None, signatures.records)?.as_secs_f64());
        let took = signatures.authors.verify_strict()?;
        bare.push(count / took.as_secs_f64());
        let only = BTreeSet::from([Level::Integrity]);
        integrity.push(count / audit(world, Some(only), signatures.records)?.as_secs_f64());
    }
    let limit = || Limit { name: "bare verify_strict of the statements, all cores", series: bare.clone() };
    let row = |name, ours| Comparison {
        name,
        unit: "events/s",
        better: Better::More,
        ours,
        limits: vec![limit()],
        reach: Some(0.85),
        single: None,
    };
    Ok(vec![row("verify, all levels", whole), row("verify, integrity", integrity)])
}

/// The signatures of a built ledger.
struct Built {
    authors: Signatures,
    records: u64,
}

fn build(world: &World, events: u64, told: &dyn Fn(&str)) -> Result<Built, CliError> {
    let mut open = world.open()?;
    let (mut case, step) = (0, 2_000);
    while open.sequencer.chain().size() < events {
        told(&format!("{} of {events} events appended", open.sequencer.chain().size()));
        let cases = world.sign_cases(&open.sequencer.standpoint(), case, step)?;
        case += step;
        // Whole cases as groups: this ledger is to be read, not its appending to be measured.
        for answer in open.sequencer.commit(cases) {
            answer?;
        }
    }
    let mut authors = Signatures::default();
    for placed in open.sequencer.log().blocks_from(0) {
        let placed = placed?;
        let block = Block::decode(&placed.bytes).map_err(|error| internal(&error))?;
        for record in &block.records {
            authors.add(record.statement_bytes)?;
        }
    }
    let records = open.sequencer.chain().size();
    open.close()?;
    Ok(Built { authors, records })
}

/// One audit, from the files; its verdict must be that of a sound ledger.
pub(super) fn audit(
    world: &World,
    levels: Option<BTreeSet<Level>>,
    records: u64,
) -> Result<Duration, CliError> {
    let keep_shut = levels.is_some();
    let options = VerifyOptions {
        place: world.home.root().to_owned(),
        trust: Some(world.home.trust()),
        levels,
        keep_shut,
        ..VerifyOptions::default()
    };
    let start = Instant::now();
    let report = verify(options, &mut |_| {}).map_err(|error| internal(&error))?;
    let took = start.elapsed();
    if report.exit != 0 || report.size != records {
        return Err(internal(&format!("the audit of a sound ledger says: {}", report.summary)));
    }
    Ok(took)
}

//! `vandel bench rebuild`: all views from an empty folder, beside what can't be avoided.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vandel_core::block::Block;
use vandel_core::statement::Body;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_projector::store::{Change, LayeredStore, SledStore, Table, ViewStore};
use vandel_projector::{Projector, ReadOnly, Settings, Source};

use super::growth;
use super::measure::{Better, Comparison, Limit, Row, Series};
use super::world::{World, internal};
use crate::error::CliError;

/// How many events a second the design asks for.
const AIM: f64 = 150_000.0;
/// How many rows are at hand at once when they are loaded bare.
const ROWS_EACH: usize = 100_000;

/// Builds a ledger of about so many events and its views again and again.
///
/// # Errors
/// If the ledger or a view can't be built.
pub fn run(world: &World, events: u64, rounds: usize, told: &dyn Fn(&str)) -> Result<Vec<Row>, CliError> {
    growth::fill(world, 0, events, told)?;
    let views = world.folder().join("bench-views");
    let (mut ours, mut opened, mut loaded) = (Series::default(), Series::default(), Series::default());
    for round in 0..rounds {
        told(&format!("round {} of {rounds}", round + 1));
        let (records, took) = rebuild(world, &views)?;
        let rate = |took: Duration| records as f64 / took.as_secs_f64();
        ours.push(rate(took));
        opened.push(rate(open_bare(world, records)?));
        loaded.push(rate(load_bare(world, &views)?));
    }
    remove(&views)?;
    let limits = vec![
        Limit { name: "reading, hashing, opening, decoding; no views", series: opened },
        Limit { name: "bare sled, the same rows loaded in order", series: loaded },
    ];
    let (unit, better) = ("events/s", Better::More);
    let row =
        Comparison { name: "rebuild of all views", unit, better, ours, limits, reach: None, single: None };
    Ok(vec![row.row().aiming_at(AIM, better)])
}

/// Everything a fresh start does: the chain is judged up to the remembered checkpoint, then all views are built in an
/// empty folder. Gives the number of records.
///
/// # Errors
/// If it can't be done.
pub fn rebuild(world: &World, views: &Path) -> Result<(u64, Duration), CliError> {
    remove(views)?;
    let start = Instant::now();
    let home = ReadOnly::open(Arc::new(RealDisk), &world.home, None).map_err(|error| internal(&error))?;
    let source = home.source();
    let projector =
        Projector::open_in(views, &source, Settings::default()).map_err(|error| internal(&error))?;
    let took = start.elapsed();
    let position = projector.position();
    if position.records != source.chain.size() || position.head != source.chain.head {
        return Err(internal(&"the views did not reach the chain's head"));
    }
    Ok((position.records, took))
}

/// Reads every block, hashes and links its records, opens every payload on all cores and decodes it.
fn open_bare(world: &World, records: u64) -> Result<Duration, CliError> {
    let start = Instant::now();
    let home = ReadOnly::open(Arc::new(RealDisk), &world.home, None).map_err(|error| internal(&error))?;
    let Source { vault, chain, .. } = home.source();
    let mut head = vandel_core::hash::Hash::ZERO;
    let mut opened = 0;
    for placed in home.source().blocks_from(0)? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes).map_err(|error| internal(&error))?;
        for record in &block.records {
            if record.previous != head {
                return Err(internal(&"the records are not linked"));
            }
            head = record.hash();
        }
        let sealed = block.records.iter().filter_map(|record| match &record.statement.statement.body {
            Body::Sealed(commitment) => Some((record.number, commitment)),
            Body::Open(_) => None,
        });
        let sealed: Vec<_> = sealed.collect();
        let sound = vault.see_all(
            &sealed,
            |(number, _)| *number,
            |(_, commitment), held| {
                let Ok(Some(held)) = held else { return false };
                matches!(from_opened(held), Unsealed::Payload(payload) if payload.open(commitment).is_ok())
            },
        );
        if sound.contains(&false) {
            return Err(internal(&"a payload does not open"));
        }
        opened += block.records.len() as u64;
    }
    if opened < records || head != chain.head {
        return Err(internal(&"the log has another head"));
    }
    Ok(start.elapsed())
}

/// Loads the rows that were just built into a sled of its own, in the order of their keys and no more than some at a
/// time; only the loading counts.
fn load_bare(world: &World, views: &Path) -> Result<Duration, CliError> {
    let failed = |error: vandel_projector::store::StoreError| internal(&error);
    let bare = world.folder().join("bench-sled");
    remove(&bare)?;
    let built =
        LayeredStore::open(&views.join("projection"), Settings::default().cache_bytes).map_err(failed)?;
    let start = Instant::now();
    let mut store = SledStore::open(&bare, Settings::default().cache_bytes).map_err(failed)?;
    let mut took = start.elapsed();
    for table in Table::ALL {
        let mut pairs = built.scan(table, std::ops::Bound::Unbounded);
        loop {
            let lot: Vec<Change> = pairs
                .by_ref()
                .take(ROWS_EACH)
                .map(|pair| pair.map(|(key, value)| Change { table, key, value: Some(value) }))
                .collect::<Result<_, _>>()
                .map_err(failed)?;
            if lot.is_empty() {
                break;
            }
            let start = Instant::now();
            store.load(&lot).map_err(failed)?;
            took += start.elapsed();
        }
    }
    let start = Instant::now();
    store.flush().map_err(failed)?;
    took += start.elapsed();
    drop(store);
    remove(&bare)?;
    Ok(took)
}

/// Removes a folder, if it is there.
///
/// # Errors
/// If it can't be removed.
pub(super) fn remove(folder: &Path) -> Result<(), CliError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CliError::file(folder, &error)),
        _ => Ok(()),
    }
}

//! `vandel bench query`: what people wait for, beside one read of a sled.

use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use vandel_core::time::Day;
use vandel_ledger::disk::RealDisk;
use vandel_projector::store::{Change, LayeredStore, SledStore, Table, ViewStore};
use vandel_projector::{Projector, ReadOnly, Settings};

use super::growth;
use super::measure::{Better, Comparison, Limit, Row, Series};
use super::rebuild::{rebuild, remove};
use super::world::{NOON, World, case_thread, id, internal};
use crate::error::CliError;

/// How long a due list is.
const LIST: usize = 100;
/// How many rows are loaded into the bare sled at once.
const ROWS_EACH: usize = 100_000;
/// p99 in milliseconds that the design asks for: due list, case, proof.
const AIMS: [f64; 3] = [5.0, 1.0, 1.0];

/// Builds a ledger of about so many events and its views, and asks so many times a round.
///
/// # Errors
/// If the ledger or a view can't be built, or an answer is wrong.
pub fn run(
    world: &World,
    events: u64,
    queries: u32,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Row>, CliError> {
    let cases = growth::fill(world, 0, events, told)?;
    let views = world.folder().join("bench-views");
    told("building the views");
    rebuild(world, &views)?;
    let rows = ask(world, &views, cases, queries, rounds, told)?;
    remove(&views)?;
    Ok(rows)
}

/// The delays of one kind of question in one round, in milliseconds.
struct Delays(Vec<f64>);

impl Delays {
    fn of(count: u32, mut question: impl FnMut(u64) -> Result<(), CliError>) -> Result<Self, CliError> {
        let mut delays = Vec::with_capacity(count as usize);
        for number in 0..u64::from(count) {
            let start = Instant::now();
            question(number)?;
            delays.push(start.elapsed().as_secs_f64() * 1e3);
        }
        delays.sort_by(f64::total_cmp);
        Ok(Self(delays))
    }

    fn at(&self, percent: usize) -> f64 {
        self.0.get((self.0.len() * percent / 100).min(self.0.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }
}

/// Asks a ledger that is there and its views; nothing that is asked for was asked for before.
///
/// # Errors
/// If an answer can't be had, or is wrong.
pub fn ask(
    world: &World,
    views: &Path,
    cases: u64,
    queries: u32,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Row>, CliError> {
    let sled = world.folder().join("bench-sled");
    told("loading a bare sled");
    let bare = load_spines(views, &sled)?;
    let home = ReadOnly::open(Arc::new(RealDisk), &world.home, None)?;
    let source = home.source();
    let projector = Projector::open_in(views, &source, Settings::default())?;
    let asked = projector.views(&source);
    let mut open = world.open()?;
    let size = open.sequencer.chain().size();
    let day = due_day(&asked)?;
    let names = ["due list of 100", "one case", "one inclusion proof"];
    let mut series: [[Series; 2]; 3] = Default::default();
    let mut read: [Series; 2] = Default::default();
    for round in 0..rounds as u64 {
        told(&format!("round {} of {rounds}", round + 1));
        let draw = |sort: u8, number: u64| id(sort, round * u64::from(queries) + number);
        let below =
            |bytes: [u8; 16], bound: u64| u64::from_be_bytes(*bytes.first_chunk().unwrap_or(&[0; 8])) % bound;
        let lists = Delays::of(queries.div_ceil(10), |number| {
            let from = Some((day, draw(20, number)));
            let list = asked.due_from(NOON.latest_day_in_sweden(), u16::MAX, from, LIST)?;
            if list.is_empty() { Err(internal(&"nothing is due")) } else { Ok(()) }
        })?;
        let one = Delays::of(queries, |number| {
            let case = asked.case(&case_thread(below(draw(21, number), cases)))?;
            case.map(|_| ()).ok_or_else(|| internal(&"a case is missing"))
        })?;
        let proofs = Delays::of(queries, |number| {
            let receipts = open.sequencer.receipts(&[below(draw(22, number), size)])?;
            if receipts.len() == 1 { Ok(()) } else { Err(internal(&"a receipt is missing")) }
        })?;
        let reads = Delays::of(queries, |number| {
            let key = vandel_projector::seal::spine_key(&case_thread(below(draw(23, number), cases)));
            let found = bare.get(Table::Spines, &key.0).map_err(|error| internal(&error))?;
            found.map(|_| ()).ok_or_else(|| internal(&"a row is missing"))
        })?;
        for (series, delays) in series.iter_mut().zip([&lists, &one, &proofs]) {
            series[0].push(delays.at(50));
            series[1].push(delays.at(99));
        }
        read[0].push(reads.at(50));
        read[1].push(reads.at(99));
    }
    open.close()?;
    drop(bare);
    remove(&sled)?;
    let mut rows = Vec::new();
    for ((name, aim), series) in names.into_iter().zip(AIMS).zip(series) {
        for ((ours, read), percentile) in series.into_iter().zip(&read).zip(["p50", "p99"]) {
            let limits = vec![Limit { name: "one read of a bare sled", series: read.clone() }];
            let (unit, better) = ("milliseconds", Better::Less);
            let name = named(name, percentile);
            let row = Comparison { name, unit, better, ours, limits, reach: None, single: None }.row();
            rows.push(if percentile == "p99" { row.aiming_at(aim, Better::Less) } else { row });
        }
    }
    Ok(rows)
}

/// The names of rows live as long as the program.
fn named(name: &str, percentile: &str) -> &'static str {
    match (name, percentile) {
        ("due list of 100", "p50") => "due list of 100, p50",
        ("due list of 100", _) => "due list of 100, p99",
        ("one case", "p50") => "one case, p50",
        ("one case", _) => "one case, p99",
        (_, "p50") => "one inclusion proof, p50",
        _ => "one inclusion proof, p99",
    }
}

/// A day on which many things are due: in this ledger everything happened at once.
fn due_day(views: &vandel_projector::Views<'_>) -> Result<Day, CliError> {
    let list = views.due_from(NOON.latest_day_in_sweden(), u16::MAX, None, 1)?;
    let date = list.first().and_then(|due| due.date.as_deref()?.parse().ok());
    date.ok_or_else(|| internal(&"nothing is due"))
}

/// A sled with the spines of all cases, flushed and opened anew.
fn load_spines(views: &Path, folder: &Path) -> Result<SledStore, CliError> {
    let failed = |error: vandel_projector::store::StoreError| internal(&error);
    remove(folder)?;
    let cache = Settings::default().cache_bytes;
    let built = LayeredStore::open(&views.join("projection"), cache).map_err(failed)?;
    let mut store = SledStore::open(folder, cache).map_err(failed)?;
    let table = Table::Spines;
    let mut pairs = built.scan(table, Bound::Unbounded);
    loop {
        let lot = pairs.by_ref().take(ROWS_EACH);
        let change = |(key, value)| Change { table, key, value: Some(value) };
        let lot = lot.map(|pair| pair.map(change)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        if lot.is_empty() {
            break;
        }
        store.load(&lot).map_err(failed)?;
    }
    store.flush().map_err(failed)?;
    drop(store);
    SledStore::open(folder, cache).map_err(failed)
}

//! `vandel bench national`: a whole country, at three sizes on the way there.
//!
//! One ledger grows to a hundredth, a tenth and the whole of the events. At each size the same things are measured, so
//! that what grows is seen. Each measurement is a process of its own, so that its memory is its own too.

use std::path::Path;

use serde::Serialize;

use super::measure::Row;
use super::plot::{Line, plot};
use super::query;
use super::rebuild::remove;
use super::stage::{self, Took};
use super::world::{World, internal};
use crate::args::BenchStage;
use crate::error::CliError;

/// How many cases are appended to know what an event costs at a size; fewer in a small country.
const CASES_MEASURED: u64 = 5_000;

/// What an event costs at a size.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Microseconds on the clock, which others on the machine lengthen.
    pub clock_microseconds: f64,
    /// Microseconds of processor time over all cores, which hardly depends on others.
    pub processor_microseconds: f64,
    /// The most memory that the stage's process had, in MiB.
    pub memory_mebibytes: u64,
}

/// What one size showed.
#[derive(Clone, Debug, Serialize)]
pub struct Size {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Events in the ledger.
    pub events: u64,
    /// Cases in it.
    pub cases: u64,
    /// An event signed and appended on the way to this size from the one before; the vault's folding and the merging of
    /// snapshots are part of it.
    pub fill: Cost,
    /// An event appended by whole cases that were signed ahead, by a process that has just been started.
    pub append: Cost,
    /// An event in a full audit's first level.
    pub integrity: Cost,
    /// An event in a full audit.
    pub audit: Cost,
    /// An event in all views from an empty folder, the chain's own judging included.
    pub rebuild: Cost,
    /// Seconds to open the ledger for writing after it was ended in order.
    pub start_seconds: f64,
    /// The most memory that took, in MiB.
    pub start_memory_mebibytes: u64,
    /// The whole ledger on disk, in MiB.
    pub disk_mebibytes: u64,
}

/// All that was found.
#[derive(Debug)]
pub struct National {
    /// By size, the smallest first.
    pub sizes: Vec<Size>,
    /// The questions, at the whole size.
    pub queries: Vec<Row>,
}

/// Grows a ledger to `events` and measures on the way; at the end each question is asked `queries` times.
///
/// # Errors
/// If the ledger refuses, or anything it says is wrong.
pub fn run(world: &World, events: u64, queries: u32, told: &dyn Fn(&str)) -> Result<National, CliError> {
    world.leave_keys()?;
    let measured = CASES_MEASURED.min(events.div_ceil(100));
    let (mut sizes, mut cases) = (Vec::new(), 0);
    for part in [100, 10, 1] {
        let size = measure(world, &mut cases, (events / part, measured), told)?;
        told(&size.text());
        sizes.push(size);
    }
    let views = stage::views(world);
    let queries = query::ask(world, &views, cases, queries, 3, told)?;
    remove(&views)?;
    Ok(National { sizes, queries })
}

fn measure(
    world: &World,
    cases: &mut u64,
    (events, measured): (u64, u64),
    told: &dyn Fn(&str),
) -> Result<Size, CliError> {
    let take = |stage, what: (u64, u64), name: &str| -> Result<Took, CliError> {
        told(name);
        let took = stage::run(world, stage, what)?;
        told(&format!("{name}: {}", took.text()));
        Ok(took)
    };
    let fill = take(BenchStage::Fill, (*cases, events), &format!("appending up to {events} events"))?;
    *cases = fill.cases;
    let start = take(BenchStage::Start, (0, 0), "starting")?;
    let append = take(BenchStage::Append, (*cases, measured), "appending")?;
    *cases = append.cases;
    let records = stage::run(world, BenchStage::Start, (0, 0))?.events;
    let integrity = take(BenchStage::Integrity, (0, records), "auditing, first level")?;
    let audit = take(BenchStage::Audit, (0, records), "auditing, all levels")?;
    let rebuild = take(BenchStage::Rebuild, (0, records), "rebuilding")?;
    Ok(Size {
        kind: "size",
        events: records,
        cases: *cases,
        fill: Cost::of(&fill),
        append: Cost::of(&append),
        integrity: Cost::of(&integrity),
        audit: Cost::of(&audit),
        rebuild: Cost::of(&rebuild),
        start_seconds: start.clock,
        start_memory_mebibytes: start.memory_mebibytes,
        disk_mebibytes: bytes_in(world.home.root())? >> 20,
    })
}

impl Cost {
    fn of(took: &Took) -> Self {
        let each = |seconds: f64| seconds * 1e6 / took.events.max(1) as f64;
        Self {
            clock_microseconds: each(took.clock),
            processor_microseconds: each(took.processor),
            memory_mebibytes: took.memory_mebibytes,
        }
    }

    fn text(&self) -> String {
        let Self { clock_microseconds: clock, processor_microseconds: processor, memory_mebibytes } = self;
        format!("{clock:.1} µs ({processor:.1} µs of processor, {memory_mebibytes} MiB)")
    }
}

fn bytes_in(folder: &Path) -> Result<u64, CliError> {
    let failed = |error: std::io::Error| CliError::file(folder, &error);
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let found = entry.metadata().map_err(failed)?;
        bytes += if found.is_dir() { bytes_in(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

impl Size {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { fill, append, integrity, audit, rebuild, .. } = self;
        format!(
            "{} events, {} cases, {} MiB on disk, start in {:.2} s ({} MiB); an event: sign and append {}; append {}; \
             verify, integrity {}; verify, all levels {}; rebuild {}",
            self.events,
            self.cases,
            self.disk_mebibytes,
            self.start_seconds,
            self.start_memory_mebibytes,
            fill.text(),
            append.text(),
            integrity.text(),
            audit.text(),
            rebuild.text(),
        )
    }
}

impl National {
    /// Cost of an event against the size of the ledger, as SVG.
    ///
    /// # Errors
    /// If nothing was measured.
    pub fn plot(&self) -> Result<String, CliError> {
        let line = |name, of: fn(&Size) -> Cost| {
            let point = |size: &Size| (size.events as f64, of(size).processor_microseconds);
            Line { name, points: self.sizes.iter().map(point).collect() }
        };
        let lines = [
            line("append", |size| size.append),
            line("verify, integrity", |size| size.integrity),
            line("verify, all levels", |size| size.audit),
            line("rebuild of all views", |size| size.rebuild),
        ];
        plot("Cost of an event", "events in the ledger", "microseconds of processor time, all cores", &lines)
            .ok_or_else(|| internal(&"nothing was measured"))
    }
}

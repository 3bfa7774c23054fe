//! `vandel bench national`: a whole country, at three sizes on the way there.
//!
//! One ledger grows to a hundredth, a tenth and the whole of the events. At each size the same things are measured, so
//! that what grows is seen.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use vandel_core::verify::Level;

use super::measure::Row;
use super::plot::{Line, plot};
use super::rebuild::{rebuild, remove};
use super::world::{World, internal};
use super::{growth, query, verify};
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
    /// The most memory that the process had meanwhile, in MiB.
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
    /// An event appended by whole cases that were signed ahead.
    pub append: Cost,
    /// An event in a full audit's first level.
    pub integrity: Cost,
    /// An event in a full audit.
    pub audit: Cost,
    /// An event in all views from an empty folder, the chain's own judging included.
    pub rebuild: Cost,
    /// Seconds to open the ledger for writing after it was ended in order.
    pub start_seconds: f64,
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
    let (views, measured) = (world.folder().join("bench-views"), CASES_MEASURED.min(events.div_ceil(100)));
    let (mut sizes, mut cases) = (Vec::new(), 0);
    for part in [100, 10, 1] {
        cases = growth::fill(world, cases, events / part, told)?;
        let size = measure(world, &views, (&mut cases, measured), told)?;
        told(&size.text());
        sizes.push(size);
    }
    let queries = query::ask(world, &views, cases, queries, 3, told)?;
    remove(&views)?;
    Ok(National { sizes, queries })
}

fn measure(
    world: &World,
    views: &Path,
    (cases, measured): (&mut u64, u64),
    told: &dyn Fn(&str),
) -> Result<Size, CliError> {
    let start = Instant::now();
    let open = world.open()?;
    let start_seconds = start.elapsed().as_secs_f64();
    open.close()?;
    told("appending");
    let append = append(world, cases, measured)?;
    let open = world.open()?;
    let records = open.sequencer.chain().size();
    open.close()?;
    told("auditing, first level");
    let only = std::collections::BTreeSet::from([Level::Integrity]);
    let integrity = Cost::of(records, || verify::audit(world, Some(only), records).map(drop))?;
    told("auditing, all levels");
    let audit = Cost::of(records, || verify::audit(world, None, records).map(drop))?;
    told("rebuilding");
    let rebuild = Cost::of(records, || rebuild(world, views).map(drop))?;
    let disk_mebibytes = bytes_in(world.home.root())? >> 20;
    let (kind, events, cases) = ("size", records, *cases);
    Ok(Size { kind, events, cases, append, integrity, audit, rebuild, start_seconds, disk_mebibytes })
}

/// Appends cases that were signed ahead.
fn append(world: &World, cases: &mut u64, measured: u64) -> Result<Cost, CliError> {
    let mut open = world.open()?;
    let signed = world.sign_cases(&open.sequencer.standpoint(), *cases, measured)?;
    *cases += measured;
    let events = signed.iter().map(|case| case.len() as u64).sum();
    let cost = Cost::of(events, || {
        for answer in open.sequencer.commit(signed) {
            answer?;
        }
        Ok(())
    })?;
    open.close()?;
    Ok(cost)
}

impl Cost {
    fn of(events: u64, work: impl FnOnce() -> Result<(), CliError>) -> Result<Self, CliError> {
        // Where the kernel does not let the mark be taken back, the most since the start is told.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let (start, before) = (Instant::now(), processor_seconds());
        work()?;
        let (clock, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        let each = |seconds: f64| seconds * 1e6 / events as f64;
        Ok(Self {
            clock_microseconds: each(clock),
            processor_microseconds: each(processor),
            memory_mebibytes: peak.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10,
        })
    }

    fn text(&self) -> String {
        let Self { clock_microseconds: clock, processor_microseconds: processor, memory_mebibytes } = self;
        format!("{clock:.1} µs ({processor:.1} µs of processor, {memory_mebibytes} MiB)")
    }
}

/// Processor time of this process so far: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second on Linux.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    fields.into_iter().flatten().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
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
        let Self { append, integrity, audit, rebuild, .. } = self;
        format!(
            "{} events, {} cases, {} MiB on disk, start in {:.2} s; an event: append {}; verify, integrity {}; verify, all \
             levels {}; rebuild {}",
            self.events,
            self.cases,
            self.disk_mebibytes,
            self.start_seconds,
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

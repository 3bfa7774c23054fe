//! One stage of `vandel bench national` in a process of its own: so that its memory is its own, and nothing that an
//! earlier stage has read is still there but in the kernel's cache.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use vandel_core::verify::Level;

use super::rebuild::rebuild;
use super::world::{World, internal};
use super::{growth, verify};
use crate::args::{BenchStage, BenchStageArgs};
use crate::error::CliError;

/// What a stage took, for all of its events.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Took {
    /// Events, or records of the ledger where all are looked at.
    pub events: u64,
    /// The number after the last case.
    pub cases: u64,
    /// Seconds on the clock, which others on the machine lengthen.
    pub clock: f64,
    /// Seconds of processor time over all cores, which hardly depends on others.
    pub processor: f64,
    /// The most memory that the process ever had, in MiB.
    pub memory_mebibytes: u64,
}

impl Took {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { events, clock, processor, memory_mebibytes, .. } = self;
        format!(
            "{events} events, {clock:.2} s, {processor:.2} s of processor, at most {memory_mebibytes} MiB"
        )
    }
}

/// Runs a stage in a process of its own.
///
/// # Errors
/// If it fails: what it says of that goes to standard error.
pub fn run(world: &World, stage: BenchStage, (first, count): (u64, u64)) -> Result<Took, CliError> {
    let program = std::env::current_exe()?;
    let name = stage.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let output = Command::new(program)
        .args(["--quiet", "bench", "stage", &name])
        .arg("--dir")
        .arg(world.folder())
        .args(["--first", &first.to_string(), "--count", &count.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(internal(&format!("the stage {name} failed")));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| internal(&error))
}

/// Takes a stage in this process, which has done nothing else.
///
/// # Errors
/// If the ledger refuses, or what it says is wrong.
pub fn take(arguments: &BenchStageArgs, told: &dyn Fn(&str)) -> Result<Took, CliError> {
    let world = World::again(&arguments.dir)?;
    let (first, count) = (arguments.first, arguments.count);
    let records = || -> Result<u64, CliError> {
        let open = world.open()?;
        let records = open.sequencer.chain().size();
        open.close()?;
        Ok(records)
    };
    let mut cases = first;
    match arguments.stage {
        BenchStage::Fill => {
            let before = records()?;
            let mut took = measured(|| {
                cases = growth::fill(&world, first, count, told)?;
                Ok(0)
            })?;
            (took.events, took.cases) = (records()? - before, cases);
            Ok(took)
        }
        BenchStage::Start => {
            let mut open = None;
            let took = measured(|| {
                let opened = open.insert(world.open()?);
                Ok(opened.sequencer.chain().size())
            })?;
            open.map_or(Ok(()), vandel_ledger::opening::OpenLedger::close)?;
            Ok(took)
        }
        BenchStage::Append => append(&world, first, count),
        BenchStage::Integrity => {
            let only = std::collections::BTreeSet::from([Level::Integrity]);
            measured(|| verify::audit(&world, Some(only), count).map(|_| count))
        }
        BenchStage::Audit => measured(|| verify::audit(&world, None, count).map(|_| count)),
        BenchStage::Rebuild => measured(|| rebuild(&world, &views(&world)).map(|_| count)),
    }
}

/// Where the views are built that are measured.
#[must_use]
pub fn views(world: &World) -> std::path::PathBuf {
    Path::new(world.folder()).join("bench-views")
}

/// Appends cases that were signed ahead.
fn append(world: &World, first: u64, count: u64) -> Result<Took, CliError> {
    let mut open = world.open()?;
    let signed = world.sign_cases(&open.sequencer.standpoint(), first, count)?;
    let events = signed.iter().map(|case| case.len() as u64).sum();
    let mut took = measured(|| {
        for answer in open.sequencer.commit(signed) {
            answer?;
        }
        Ok(events)
    })?;
    open.close()?;
    took.cases = first + count;
    Ok(took)
}

fn measured(work: impl FnOnce() -> Result<u64, CliError>) -> Result<Took, CliError> {
    let (start, before) = (Instant::now(), processor_seconds());
    let events = work()?;
    let (clock, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    let memory_mebibytes = peak.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10;
    Ok(Took { events, cases: 0, clock, processor, memory_mebibytes })
}

/// Processor time of this process so far: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second on Linux.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    fields.into_iter().flatten().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

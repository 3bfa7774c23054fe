//! Dossiers: what a reader brings to one, and what is said of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use vandel_core::dossier::{DossierReport, PolicyReport};
use vandel_core::hash::Hash;
use vandel_core::verify::{Report, Verdict, ViewOutcome};
use vandel_core::view::{Computed, ComputedDigests};
use vandel_ledger::disk::{Disk, read_all, replace_atomically};

use crate::Refusal;

/// Reads digests that the reader has computed and kept.
///
/// # Errors
/// If a file cannot be read, or holds something else.
pub fn read_digests(disk: &dyn Disk, files: &[PathBuf]) -> Result<Vec<ComputedDigests>, Refusal> {
    let read = |file: &PathBuf| {
        let bytes = read_all(disk, file).map_err(|error| Refusal::file(file, &error))?;
        String::from_utf8_lossy(&bytes).parse::<ComputedDigests>().map_err(|error| {
            Refusal::unreadable("digests", format!("{}: {error}", file.display()))
                .next("make it with: vandel verify HOME --views --write-digests FILE")
        })
    };
    files.iter().map(read).collect()
}

/// Writes the digests that an audit has computed and found to be those that were published.
///
/// # Errors
/// If the file cannot be written.
pub fn write_digests(disk: &dyn Disk, file: &Path, report: &Report) -> Result<(), Refusal> {
    let Some(ledger) = report.ledger.as_ref().and_then(|ledger| ledger.parse().ok()) else { return Ok(()) };
    let agrees = report.views.iter().filter(|view| view.outcome == ViewOutcome::Agrees);
    let digests = agrees.filter_map(|view| {
        let digest = Hash::from_hex(&view.digest)?;
        Some(Computed { view: view.view.clone(), position: view.position, digest })
    });
    let kept = ComputedDigests { ledger, digests: digests.collect() };
    replace_atomically(disk, file, kept.to_string().as_bytes()).map_err(|error| Refusal::file(file, &error))
}

/// The judgement in words: the verdict first, then what it rests on, the steps, and what was not checked.
#[must_use]
pub fn render_dossier(report: &DossierReport) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_dossier(&mut text, report);
    text
}

fn write_dossier(text: &mut String, report: &DossierReport) -> std::fmt::Result {
    let verdict = match report.verdict {
        Verdict::Passed => "VERIFIED",
        Verdict::Failed => "VIOLATION",
        Verdict::NotProven | Verdict::NotChecked => "NOT PROVEN",
    };
    writeln!(text, "{verdict}: {}\n", report.summary)?;
    if let Some(ledger) = &report.ledger {
        writeln!(text, "ledger     {ledger}")?;
    }
    if let Some(size) = report.size {
        writeln!(text, "anchor     {}, checkpoint of {size} records", report.anchor.name())?;
    }
    if let Some(complete) = &report.complete {
        writeln!(
            text,
            "complete   below record {}, by the digest in record {} of key {}",
            complete.below_record, complete.published, complete.key
        )?;
        let by = if complete.recomputed_by.is_empty() {
            "nobody".to_owned()
        } else {
            complete.recomputed_by.join(", ")
        };
        writeln!(text, "           recomputed by {by}; {} later step(s) shown", complete.later_steps)?;
    }
    if let Some(policy) = &report.policy {
        let PolicyReport { name, version, record, from, id } = policy;
        writeln!(text, "policy     {name} {version}, in force when the case was opened")?;
        writeln!(text, "           adopted in record {record}, from {from}, id {id}")?;
    }
    for step in &report.steps {
        write!(text, "step {:<5} {}  {}, record {}", step.number, step.day, step.kind, step.record)?;
        for (what, compartments) in [("not shown", &step.withheld), ("replaced", &step.replaced)] {
            if !compartments.is_empty() {
                write!(text, "; {what}: {}", compartments.join(", "))?;
            }
        }
        for erased in &step.erased {
            write!(text, "; erased: {}, {}", erased.compartment, erased.plan)?;
        }
        writeln!(text)?;
    }
    writeln!(text, "\nnot checked:")?;
    report.not_checked.iter().try_for_each(|line| writeln!(text, "  - {line}"))
}

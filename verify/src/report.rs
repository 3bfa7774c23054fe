//! `vandel verify`: what the audit says, in words.
//!
//! The report itself is the JSON (`serde_json::to_string_pretty(&report)`); its exit code is
//! [`Report::exit`], or [`VerifyError::exit_code`] where nothing could be said.

use std::fmt::Write as _;
use std::sync::Arc;

use vandel_core::verify::{Finding, Level, Pending, Report, Severity, TrustReport, Verdict};
pub use vandel_ledger::audit::{AuditError as VerifyError, AuditOptions as VerifyOptions, Progress};
use vandel_ledger::disk::{Disk, RealDisk};

/// How many findings the text lists; the JSON has more.
const FINDINGS_SHOWN: usize = 10;

/// Verifies a home, or a copy of its log.
///
/// # Errors
/// [`VerifyError`] if there is nothing to say anything about; a violation is a report.
pub fn verify(options: VerifyOptions, progress: &mut dyn FnMut(Progress)) -> Result<Report, VerifyError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    vandel_ledger::audit::audit(&disk, options, progress)
}

/// The report as text: the verdict first, then what it rests on, what is wrong, and what was not
/// looked at.
#[must_use]
pub fn render_text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut text, report);
    text
}

fn write_report(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(text, "{}", headline(report))?;
    writeln!(text)?;
    if let Some(ledger) = &report.ledger {
        writeln!(text, "ledger     {ledger}")?;
        writeln!(text, "origin     {}", report.origin.as_deref().unwrap_or("unknown"))?;
        writeln!(text, "tree       {} records, root {}", report.size, report.root)?;
    }
    write_levels(text, report)?;
    write_anchor(text, report)?;
    write_counts(text, report)?;
    for view in &report.views {
        writeln!(
            text,
            "view       {}, record {}, position {}: {:?}, {}",
            view.view, view.record, view.position, view.outcome, view.why
        )?;
    }
    write_pending(text, &report.pending)?;
    write_findings(text, report)?;
    for suspect in &report.suspects {
        let bound = if suspect.at_least { "at least " } else { "" };
        let (count, since) = (suspect.records.len(), suspect.suspect_since);
        writeln!(
            text,
            "suspect    {bound}{count} record(s) by key {} since {since} (UTC seconds)",
            suspect.key
        )?;
    }
    list(text, "not proven", &report.not_proven)?;
    list(text, "undetected", &report.anchor.undetected)?;
    list(text, "not looked at", &report.not_looked_at)
}

fn headline(report: &Report) -> String {
    let verdict = match report.verdict {
        Verdict::Passed => "VERIFIED",
        Verdict::Failed => "VIOLATION",
        Verdict::NotProven | Verdict::NotChecked => "NOT PROVEN",
    };
    format!("{verdict}: {}", report.summary)
}

fn write_levels(text: &mut String, report: &Report) -> std::fmt::Result {
    for level in &report.levels {
        writeln!(text, "{:<10} {}: {}", level.level.name(), level.verdict.name(), level.why)?;
    }
    Ok(())
}

fn write_anchor(text: &mut String, report: &Report) -> std::fmt::Result {
    let anchor = &report.anchor;
    writeln!(text, "anchor     {}, over {} records", anchor.kind.name(), anchor.size)?;
    writeln!(text, "           who could have rewritten it: {}", anchor.could_have_rewritten)?;
    if let Some(TrustReport { file, sha256, inside_audited_folder, .. }) = &report.trust {
        writeln!(text, "trust      {file}, SHA-256 {sha256}")?;
        if *inside_audited_folder {
            writeln!(
                text,
                "           it lies inside the audited folder: whoever could change the log could change it too"
            )?;
        }
    }
    for checkpoint in &report.checkpoints {
        let size = checkpoint.size.map_or_else(|| "?".to_owned(), |size| size.to_string());
        writeln!(text, "checkpoint {size}, {}: {}", checkpoint.source, checkpoint.what)?;
    }
    Ok(())
}

fn write_counts(text: &mut String, report: &Report) -> std::fmt::Result {
    let counts = &report.counts;
    writeln!(
        text,
        "checked    {} blocks, {} records ({} open, {} sealed), {} signatures{}, {} seen checkpoints, {} receipts",
        counts.blocks,
        counts.records,
        counts.open,
        counts.sealed,
        counts.signatures,
        if counts.signatures_before == 0 {
            String::new()
        } else {
            format!(" ({} verified before)", counts.signatures_before)
        },
        counts.seen_checkpoints,
        counts.receipts
    )?;
    if report
        .levels
        .iter()
        .any(|level| level.level != Level::Integrity && level.verdict != Verdict::NotChecked)
    {
        writeln!(
            text,
            "           {} commitments, {} erased, {} threads, {} steps judged again",
            counts.commitments, counts.erased, counts.threads, counts.steps_judged
        )?;
        if let Some(late) = counts.overdue.filter(|late| *late > 0) {
            writeln!(
                text,
                "overdue    {late} thread(s) kept longer than their retention allows: findings below, no fault of the log"
            )?;
        }
    }
    let attested = report.rules.iter().filter(|rule| rule.attested > 0);
    for rule in attested {
        writeln!(text, "attested   rule {} in {} step(s), not re-checked", rule.rule, rule.attested)?;
    }
    Ok(())
}

fn write_pending(text: &mut String, pending: &Pending) -> std::fmt::Result {
    if let (Some(first), Some(last)) = (pending.first, pending.last) {
        writeln!(text, "pending    records {first} to {last}: sound, and no checkpoint covers them yet")?;
    }
    match &pending.torn {
        Some(torn) => writeln!(text, "pending    {torn}; no checkpoint covers it"),
        None => Ok(()),
    }
}

fn write_findings(text: &mut String, report: &Report) -> std::fmt::Result {
    for finding in report.findings.iter().take(FINDINGS_SHOWN) {
        write_finding(text, finding)?;
    }
    let shown = report.findings.len().min(FINDINGS_SHOWN) as u64;
    match report.findings_total - shown {
        0 => Ok(()),
        more => {
            writeln!(text, "\n… and {more} more finding(s); --json lists up to {}", report.findings.len())
        }
    }
}

fn write_finding(text: &mut String, finding: &Finding) -> std::fmt::Result {
    let place = match (finding.record, finding.through) {
        (Some(record), Some(last)) if last != record => format!("records {record} to {last}"),
        (Some(record), _) => format!("record {record}"),
        (None, _) => "no one record".to_owned(),
    };
    let block = finding.block.map_or_else(String::new, |block| format!(", block {block}"));
    let weight = match finding.severity {
        Severity::Violation => "",
        Severity::Notice => ", to act on",
    };
    writeln!(text, "\nfinding    {} ({}{weight}) at {place}{block}", finding.code, finding.level.name())?;
    writeln!(text, "           {}", finding.what)?;
    if let (Some(expected), Some(found)) = (&finding.expected, &finding.found) {
        writeln!(text, "           expected {expected}, found {found}")?;
    }
    if let Some(paragraph) = &finding.paragraph {
        writeln!(text, "           rests on {paragraph}")?;
    }
    writeln!(text, "           next: {}", finding.advice)
}

fn list(text: &mut String, title: &str, lines: &[String]) -> std::fmt::Result {
    if !lines.is_empty() {
        writeln!(text, "\n{title}:")?;
    }
    lines.iter().try_for_each(|line| writeln!(text, "  - {line}"))
}

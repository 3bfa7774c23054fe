//! `vandel verify FILE`: the judgement of a dossier, in words.

use std::path::Path;

use vandel_core::dossier::{Brought, Dossier, DossierReport, SealedDossier, check};
use vandel_core::verify::Verdict;
use vandel_ledger::disk::read_all;
use vandel_verify::dossier::read_digests;

use super::case::open_sealed;
use super::proof::read_trust;
use crate::args::{Require, VerifyArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::DossierText;

/// Judges a dossier's file.
pub(super) fn verify(context: &Context, file: &Path, arguments: &VerifyArgs) -> Result<Exit, CliError> {
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let plain = if SealedDossier::begins(&bytes) {
        open_sealed(context, &bytes, &arguments.unseal)?.1
    } else if Dossier::begins(&bytes) {
        bytes.into()
    } else {
        let message = format!("{} is neither a ledger nor a dossier", file.display());
        return Err(CliError::new(Exit::Usage, "no-dossier", message)
            .next("proofs: vandel proof check; certificates: vandel erasure verify"));
    };
    let brought = Brought {
        trust: arguments.trust.as_ref().map(|trust| read_trust(context, trust)).transpose()?,
        require_witnessed: arguments.require == Some(Require::Witnessed),
        ledger: arguments.ledger,
        recomputed: read_digests(&*context.disk, &arguments.digests)?,
    };
    let report = check(&plain, &brought);
    context.output.result(&report, || text(context, &report))?;
    Ok(match report.exit {
        0 => Exit::Done,
        3 => Exit::Integrity,
        _ => Exit::NotProven,
    })
}

/// The judgement: the verdict first, then what it rests on, the steps, and what was not looked at.
fn text(context: &Context, report: &DossierReport) -> String {
    let lang = context.lang;
    let verdict = match report.verdict {
        Verdict::Passed => DossierText::Verified,
        Verdict::Failed => DossierText::Violation,
        Verdict::NotProven | Verdict::NotChecked => DossierText::NotProven,
    };
    let mut lines = vec![format!("{}: {}", verdict.in_lang(lang), report.summary), String::new()];
    if let Some(ledger) = &report.ledger {
        lines.push(DossierText::Ledger.with(lang, &[("ledger", ledger)]));
    }
    if let Some(size) = report.size {
        let values = [("anchor", report.anchor.name()), ("size", &*size.to_string())];
        lines.push(DossierText::Anchor.with(lang, &values));
    }
    complete(context, report, &mut lines);
    steps(context, report, &mut lines);
    if !report.not_checked.is_empty() {
        lines.push(format!("\n{}", DossierText::NotChecked.in_lang(lang)));
        lines.extend(report.not_checked.iter().map(|line| format!("  - {line}")));
    }
    lines.join("\n")
}

fn complete(context: &Context, report: &DossierReport, lines: &mut Vec<String>) {
    let Some(complete) = &report.complete else { return };
    let (below, published) = (complete.below_record.to_string(), complete.published.to_string());
    let values = [("below", &*below), ("published", &*published), ("key", &*complete.key)];
    lines.push(DossierText::Complete.with(context.lang, &values));
    let by = complete.recomputed_by.iter();
    lines.extend(by.map(|who| DossierText::RecomputedBy.with(context.lang, &[("who", who)])));
    if complete.recomputed_by.is_empty() {
        lines.push(DossierText::RecomputedByNobody.in_lang(context.lang));
    }
    if complete.later_steps > 0 {
        let count = complete.later_steps.to_string();
        lines.push(DossierText::Later.with(context.lang, &[("count", &count)]));
    }
}

fn steps(context: &Context, report: &DossierReport, lines: &mut Vec<String>) {
    let lang = context.lang;
    for step in &report.steps {
        let (number, record) = (step.number.to_string(), step.record.to_string());
        let values = [
            ("number", &*number),
            ("day", &*step.day),
            ("kind", step.kind),
            ("record", &*record),
            ("key", step.key.get(..16).unwrap_or(&step.key)),
        ];
        lines.push(DossierText::Step.with(lang, &values));
        if !step.withheld.is_empty() {
            let what = step.withheld.join(", ");
            lines.push(format!("  {}", DossierText::Withheld.with(lang, &[("what", &what)])));
        }
        if !step.replaced.is_empty() {
            let what = step.replaced.join(", ");
            lines.push(format!("  {}", DossierText::Replaced.with(lang, &[("what", &what)])));
        }
        for erased in &step.erased {
            let executed = erased.executed.map_or_else(|| "–".to_owned(), |record| record.to_string());
            let started = erased.started.to_string();
            let values = [
                ("what", erased.compartment),
                ("plan", &*erased.plan),
                ("started", &*started),
                ("executed", &*executed),
            ];
            lines.push(format!("  {}", DossierText::Erased.with(lang, &values)));
        }
    }
}

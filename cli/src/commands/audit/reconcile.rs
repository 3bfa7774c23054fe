//! `vandel audit reconcile`: the employer's own list of hires against the ledger.
//!
//! Where only a note is allowed the ledger does not know who was hired; the recruitment system does. What
//! is recorded of the matching is a reading with counts and a commitment to the table: whoever is later
//! shown the table and its salt can check that it is the one. No row is named by anything but its line.

use std::collections::BTreeMap;

use vandel_core::conduct::hires::{Hire, Outcome, commitment, reconcile};
use vandel_core::hash::{Hash, sha256};
use vandel_ledger::disk::read_all;

use super::Session;
use super::conduct::report;
use super::page::Table;
use crate::args::AuditReconcileArgs;
use crate::commands::case::random;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::import;
use crate::lang::AuditText;

/// Matches hires.
pub(super) fn run(context: &Context, arguments: &AuditReconcileArgs) -> Result<Exit, CliError> {
    let file = &arguments.hires;
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let read = import::read(&bytes, context.today())
        .map_err(|error| CliError::new(Exit::Usage, "hires", format!("{}: {error}", file.display())))?;
    let mut session = Session::open(context, &arguments.auditor)?;
    let hires: Vec<Hire> = read.rows.iter().map(hire).collect();
    let outcomes = reconcile(&session.chain, &session.conduct, &hires);
    let rows: Vec<(usize, Outcome)> =
        hires.iter().map(|hire| hire.line).zip(outcomes.iter().copied()).collect();
    let salt = salt()?;
    let file_hash = sha256(&[&bytes]);
    let committed = commitment(&salt, &file_hash, &rows);
    let breaches = outcomes.iter().filter(|outcome| outcome.is_breach()).count();
    let open = outcomes.iter().filter(|outcome| outcome.is_open()).count();
    let remark =
        format!("audit reconcile: {} lines, {breaches} without a check in time; {committed}", rows.len());
    let logged = session.record(context, rows.len(), remark)?;
    let tables = vec![by_role(context, &hires, &outcomes), lines(context, &hires, &outcomes)];
    let not_checked = not_checked(context, read.rejected.len(), open);
    let mut report =
        report(context, &session, "reconciliation", AuditText::Reconcile, logged, tables, not_checked);
    let values = [
        ("commitment", committed.to_string()),
        ("salt", Hash(salt).to_string()),
        ("file", file_hash.to_string()),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    report.remarks.push(AuditText::Commitment.with(context.lang, &values));
    report.print(context, arguments.format)?;
    session.close()?;
    Ok(match (breaches, open + read.rejected.len()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::NotProven,
        _ => Exit::Integrity,
    })
}

fn salt() -> Result<[u8; 32], CliError> {
    let (first, second): ([u8; 16], [u8; 16]) = (random()?, random()?);
    let mut salt = [0; 32];
    salt[..16].copy_from_slice(&first);
    salt[16..].copy_from_slice(&second);
    Ok(salt)
}

fn hire(row: &import::Row) -> Hire {
    Hire {
        line: row.line,
        number: row.identity.number().cloned(),
        role: row.role.clone(),
        start: row.start,
        reference: row.recruitment.clone(),
    }
}

fn by_role(context: &Context, hires: &[Hire], outcomes: &[Outcome]) -> Table {
    let mut counts: BTreeMap<(&str, Outcome), u64> = BTreeMap::new();
    for (hire, outcome) in hires.iter().zip(outcomes) {
        *counts.entry((&hire.role, *outcome)).or_default() += 1;
    }
    let rows = counts
        .into_iter()
        .map(|((role, outcome), count)| vec![role.to_owned(), outcome.name().to_owned(), count.to_string()]);
    let columns = [AuditText::Role, AuditText::Outcome, AuditText::Count];
    Table::new(context, "hires", AuditText::Hires, &columns, rows.collect())
}

fn lines(context: &Context, hires: &[Hire], outcomes: &[Outcome]) -> Table {
    let found = hires.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_breach());
    let rows = found
        .map(|(hire, outcome)| vec![hire.line.to_string(), hire.role.clone(), outcome.name().to_owned()]);
    let columns = [AuditText::Line, AuditText::Role, AuditText::Outcome];
    let mut table =
        Table::new(context, "hired-without-check", AuditText::HireLines, &columns, rows.collect());
    table.breach = true;
    table
}

fn not_checked(context: &Context, rejected: usize, open: usize) -> Vec<String> {
    let mut lines = vec![AuditText::NotErasedHires.in_lang(context.lang)];
    for (count, text) in [(rejected, AuditText::NotRows), (open, AuditText::NotMatched)] {
        if count > 0 {
            lines.push(text.with(context.lang, &[("count", &count.to_string())]));
        }
    }
    lines
}

//! `vandel statistics`: tables for the council, protected, kept, and committed to on the chain.

mod count;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vandel_core::block::Block;
use vandel_core::event::{OpenEvent, StatisticsCommitted};
use vandel_core::hash::Hash;
use vandel_core::statement::Body;
use vandel_core::statistics::{Cell, Period, Sort, commitment, protect};
use vandel_core::time::Day;
use vandel_ledger::author::sign_event;
use vandel_ledger::disk::{create_durably, read_all, replace_atomically};

use crate::args::{SortArg, StatisticsCommand, StatisticsReleaseArgs, StatisticsVerifyArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::StatisticsText;
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

/// A released table: public, with the salt that lets its commitment be computed again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Released {
    /// `vandel-statistics/1`.
    #[serde(rename = "type")]
    form: String,
    /// 32 random bytes, in hexadecimal digits.
    salt: String,
    /// The table's own text: the bytes that are committed to.
    table: String,
}

/// The table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    ledger: String,
    sort: Sort,
    #[serde(flatten)]
    period: Period,
    released: Day,
    /// The tables that were protected together, by their dimensions.
    tables: Vec<Vec<String>>,
    /// Every cell that may be shown; of all others nothing is said.
    cells: Vec<Cell>,
    /// What the figures cannot tell.
    notes: Vec<String>,
}

const FORM: &str = "vandel-statistics/1";

/// Runs a command about statistics.
pub(super) fn run(context: &Context, command: &StatisticsCommand) -> Result<Exit, CliError> {
    match command {
        StatisticsCommand::Release(arguments) => release(context, arguments),
        StatisticsCommand::Verify(arguments) => verify(context, arguments),
        StatisticsCommand::List => list(context),
    }
}

fn folder(context: &Context) -> PathBuf {
    context.home.root().join("statistics")
}

fn release(context: &Context, arguments: &StatisticsReleaseArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let sort = match arguments.sort {
        SortArg::Volume => Sort::Volume,
        SortArg::Outcome => Sort::Outcome,
        SortArg::LeadTime => Sort::LeadTime,
    };
    let period = Period { from: arguments.from, until: arguments.until };
    let mut bench = Workbench::open(context)?;
    let before = committed(context)?;
    let same: Vec<Period> = before.iter().filter(|one| one.1 == sort).map(|one| one.0).collect();
    period
        .check(sort, context.today(), &same)
        .map_err(|error| CliError::new(Exit::Refused, "statistics-period", error.to_string()))?;
    let counted = count::count(context, &bench, sort, period)?;
    let tables = count::tables(sort);
    let cells = protect(&counted.cube, tables);
    let table = Table {
        ledger: bench.sequencer().chain().ledger.to_string(),
        sort,
        period,
        released: context.today(),
        tables: tables.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect(),
        cells,
        notes: counted.notes,
    };
    let text = serde_json::to_string(&table).map_err(|error| internal(&error))?;
    let mut salt = [0; 32];
    getrandom::fill(&mut salt)
        .map_err(|_| CliError::new(Exit::Io, "randomness", "the operating system gives no randomness"))?;
    let hash = commitment(&salt, text.as_bytes());
    let released = Released { form: FORM.to_owned(), salt: hex(&salt), table: text };
    // 1. The table, durably. A crash leaves a file whose commitment is not on the chain: it was not released.
    let path = folder(context).join(format!("{hash}.json"));
    let bytes = serde_json::to_vec_pretty(&released).map_err(|error| internal(&error))?;
    create_durably(&*context.disk, &folder(context)).map_err(|error| CliError::file(&path, &error))?;
    replace_atomically(&*context.disk, &path, &bytes).map_err(|error| CliError::file(&path, &error))?;
    // 2. Its commitment.
    let (from, until) = (period.from, period.until);
    let event = OpenEvent::StatisticsCommitted(StatisticsCommitted { from, until, commitment: hash });
    let submission = sign_event(&bench.standpoint(&author)?, &author.key, None, event);
    let receipt = bench.submit(&[&author], submission)?;
    bench.close()?;
    let shown = table.cells.len();
    let told = serde_json::json!({
        "type": "statistics_released", "record": receipt.record, "file": path, "commitment": hash.to_string(),
        "cells": shown, "sort": sort, "from": from, "until": until, "notes": table.notes,
    });
    context
        .output
        .result(&told, || describe(context, &table, &path.display().to_string(), receipt.record))?;
    Ok(Exit::Done)
}

fn describe(context: &Context, table: &Table, path: &str, record: u64) -> String {
    let values = [
        ("from", table.period.from.to_string()),
        ("until", table.period.until.to_string()),
        ("record", record.to_string()),
        ("file", path.to_owned()),
        ("cells", table.cells.len().to_string()),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    let mut lines = vec![StatisticsText::Released.with(context.lang, &values)];
    lines.extend(table.cells.iter().map(|cell| format!("{:>8}  {}", cell.count, conditions(&cell.of))));
    lines.extend(table.notes.iter().map(|note| format!("  {note}")));
    lines.join("\n")
}

fn conditions(of: &BTreeMap<String, String>) -> String {
    let named: Vec<String> = of.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if named.is_empty() { "all".to_owned() } else { named.join(", ") }
}

/// What the chain has of releases: each with what its kept table counts. A commitment without its table would
/// leave the periods unknown, so it stops a new release.
fn committed(context: &Context) -> Result<Vec<(Period, Sort, Hash)>, CliError> {
    let mut found = Vec::new();
    for (_, event) in on_chain(context)? {
        let path = folder(context).join(format!("{}.json", event.commitment));
        let (table, hash) = read(context, &path)?;
        if hash != event.commitment {
            return Err(not_it(&path, &hash, &event.commitment));
        }
        found.push((Period { from: event.from, until: event.until }, table.sort, hash));
    }
    Ok(found)
}

fn on_chain(context: &Context) -> Result<Vec<(u64, StatisticsCommitted)>, CliError> {
    let reading = Reading::open(context)?;
    let mut found = Vec::new();
    for placed in reading.source().blocks_from(0)? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes)
            .map_err(|error| CliError::new(Exit::Integrity, "block-undecodable", error.to_string()))?;
        for record in &block.records {
            if let Body::Open(event) = &record.statement.statement.body
                && let OpenEvent::StatisticsCommitted(committed) = &**event
            {
                found.push((record.number, committed.clone()));
            }
        }
    }
    Ok(found)
}

/// A released file: its table, and the commitment that its bytes and salt give.
fn read(context: &Context, path: &Path) -> Result<(Table, Hash), CliError> {
    let bytes = read_all(&*context.disk, path).map_err(|error| CliError::file(path, &error))?;
    let wrong = |what: &str| {
        CliError::new(
            Exit::Integrity,
            "statistics-file",
            format!("{} is no released table: {what}", path.display()),
        )
    };
    let released: Released = serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()))?;
    let salt = Hash::from_hex(&released.salt).ok_or_else(|| wrong("its salt is not 32 bytes"))?;
    let table: Table = serde_json::from_str(&released.table).map_err(|error| wrong(&error.to_string()))?;
    if released.form != FORM {
        return Err(wrong("it is of another form"));
    }
    Ok((table, commitment(&salt.0, released.table.as_bytes())))
}

fn not_it(path: &Path, found: &Hash, expected: &Hash) -> CliError {
    let message = format!("{} is not the table that was released", path.display());
    CliError::new(Exit::Integrity, "statistics-commitment", message).expected(expected, found)
}

fn verify(context: &Context, arguments: &StatisticsVerifyArgs) -> Result<Exit, CliError> {
    let (table, hash) = read(context, &arguments.file)?;
    let events = on_chain(context)?;
    let is_it = |event: &StatisticsCommitted| {
        event.commitment == hash && (event.from, event.until) == (table.period.from, table.period.until)
    };
    let Some((record, _)) = events.iter().find(|(_, event)| is_it(event)) else {
        let message = format!("{} gives a commitment that is not on this chain", arguments.file.display());
        return Err(CliError::new(Exit::Integrity, "statistics-commitment", message)
            .expected("one of the chain's commitments", hash)
            .next("compare it with the file in the home's statistics/ folder"));
    };
    let told = serde_json::json!({
        "type": "statistics_verified", "record": record, "commitment": hash.to_string(), "cells": table.cells.len(),
        "from": table.period.from, "until": table.period.until,
    });
    let values = [("record", &*record.to_string()), ("cells", &*table.cells.len().to_string())];
    context.output.result(&told, || StatisticsText::Verified.with(context.lang, &values))?;
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let events = on_chain(context)?;
    for (record, event) in &events {
        let row = serde_json::json!({
            "type": "statistics", "record": record, "from": event.from, "until": event.until,
            "commitment": event.commitment.to_string(),
        });
        context
            .output
            .line(&row, || format!("{record:>8}  {}  {}  {}", event.from, event.until, event.commitment))?;
    }
    let text = StatisticsText::End.with(context.lang, &[("count", &events.len().to_string())]);
    context.output.summary(&serde_json::json!({ "count": events.len() }), text)?;
    Ok(Exit::Done)
}

fn internal(error: &dyn std::fmt::Display) -> CliError {
    CliError::new(Exit::Internal, "json", error.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

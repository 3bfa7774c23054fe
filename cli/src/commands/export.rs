//! `vandel export`: what may be public, for other programs. Nothing sealed is opened, so nothing is a reading.

mod events;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::Serialize;
use vandel_core::block::Block;
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_ledger::tiles::TilesWriter;

use crate::args::{ExportCommand, ExportRecordsArgs, ExportTilesArgs};
use crate::cells::csv_line;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ExportText;
use crate::reading::Reading;

/// Runs an export.
pub(super) fn run(context: &Context, command: ExportCommand) -> Result<Exit, CliError> {
    match command {
        ExportCommand::Tiles(arguments) => tiles(context, &arguments),
        ExportCommand::Jsonl(arguments) => jsonl(context, &arguments),
        ExportCommand::Csv(arguments) => csv(context, &arguments),
    }
}

#[derive(Serialize)]
struct Tiles {
    #[serde(rename = "type")]
    kind: &'static str,
    dir: String,
    #[serde(flatten)]
    written: vandel_ledger::tiles::Written,
}

fn tiles(context: &Context, arguments: &ExportTilesArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let (note, checkpoint) = reading.checkpoint()?;
    let mut writer = TilesWriter::open(&*context.disk, &arguments.dir, reading.chain())?;
    let mut records = 0;
    for placed in reading.source().blocks_from(0)? {
        if records >= checkpoint.size() {
            break;
        }
        let placed = placed?;
        writer.block(&placed)?;
        let block = Block::decode(&placed.bytes)
            .map_err(|error| CliError::new(Exit::Integrity, "block-undecodable", error.to_string()))?;
        records = block.next_record();
    }
    let written = writer.finish(&note, &checkpoint)?;
    open_to_all(&arguments.dir)?;
    for index in &written.long_bundles {
        context.output.warn(&ExportText::LongBundle.with(context.lang, &[("index", &index.to_string())]));
    }
    let tiles = Tiles { kind: "tiles", dir: arguments.dir.display().to_string(), written };
    context.output.result(&tiles, || {
        let (size, added, known) = (tiles.written.size, tiles.written.added, tiles.written.known);
        let (size, added, known) = (size.to_string(), added.to_string(), known.to_string());
        let values = [("dir", &*tiles.dir), ("size", &*size), ("added", &*added), ("known", &*known)];
        ExportText::Tiles.with(context.lang, &values)
    })?;
    Ok(Exit::Done)
}

/// Files are made for their owner alone; these are for a web server's user too.
fn open_to_all(path: &Path) -> Result<(), CliError> {
    let fault = |error: std::io::Error| CliError::file(path, &error);
    let metadata = std::fs::metadata(path).map_err(fault)?;
    let mode = if metadata.is_dir() { 0o755 } else { 0o644 };
    if metadata.permissions().mode() & 0o777 != mode {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(fault)?;
    }
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).map_err(fault)? {
            open_to_all(&entry.map_err(fault)?.path())?;
        }
    }
    Ok(())
}

/// Shows each record that was asked for.
fn each(
    context: &Context,
    arguments: &ExportRecordsArgs,
    mut show: impl FnMut(&Record<'_>) -> Result<(), CliError>,
) -> Result<u64, CliError> {
    let reading = Reading::open(context)?;
    let (size, mut count) = (reading.chain().size(), 0);
    for placed in reading.source().blocks_from(0)? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes)
            .map_err(|error| CliError::new(Exit::Integrity, "block-undecodable", error.to_string()))?;
        for record in block.records.iter().filter(|record| record.number < size) {
            let is_open = matches!(record.statement.statement.body, Body::Open(_));
            if record.number >= arguments.from && (is_open || !arguments.open_only) {
                show(record)?;
                count += 1;
            }
        }
        if block.next_record() >= size {
            break;
        }
    }
    Ok(count)
}

fn jsonl(context: &Context, arguments: &ExportRecordsArgs) -> Result<Exit, CliError> {
    let count = each(context, arguments, |record| context.output.write(&format!("{}\n", line(record))))?;
    context.output.write(&format!("{}\n", serde_json::json!({ "type": "summary", "records": count })))?;
    Ok(Exit::Done)
}

/// A record's header; an open event in full, a sealed one's commitment.
fn line(record: &Record<'_>) -> serde_json::Value {
    let statement = &record.statement.statement;
    let mut line = serde_json::json!({
        "type": "record",
        "record": record.number,
        "time": record.time.to_string(),
        "hash": record.hash().to_string(),
        "previous": record.previous.to_string(),
        "author": statement.author.to_string(),
        "second": record.statement.second.map(|(key, _)| key.to_string()),
        "seen_size": statement.seen.size,
        "seen_root": statement.seen.root.to_string(),
    });
    match &statement.body {
        Body::Sealed(commitment) => {
            line["sort"] = "sealed".into();
            line["commitment"] = commitment.to_string().into();
        }
        Body::Open(event) => {
            line["sort"] = "open".into();
            line["kind"] = event.kind().name().into();
            line["event"] = events::json(event);
        }
    }
    line
}

fn csv(context: &Context, arguments: &ExportRecordsArgs) -> Result<Exit, CliError> {
    let heading = [
        "record",
        "time",
        "hash",
        "previous",
        "author",
        "second",
        "seen_size",
        "seen_root",
        "sort",
        "kind",
        "commitment",
    ];
    context.output.write(&csv_line(heading))?;
    let count = each(context, arguments, |record| {
        let statement = &record.statement.statement;
        let (sort, kind, commitment) = match &statement.body {
            Body::Open(event) => ("open", event.kind().name(), String::new()),
            Body::Sealed(commitment) => ("sealed", "", commitment.to_string()),
        };
        let second = record.statement.second.map_or_else(String::new, |(key, _)| key.to_string());
        context.output.write(&csv_line([
            &*record.number.to_string(),
            &record.time.to_string(),
            &record.hash().to_string(),
            &record.previous.to_string(),
            &statement.author.to_string(),
            &second,
            &statement.seen.size.to_string(),
            &statement.seen.root.to_string(),
            sort,
            kind,
            &commitment,
        ]))
    })?;
    context.output.progress(&ExportText::Records.with(context.lang, &[("count", &count.to_string())]));
    Ok(Exit::Done)
}

//! `vandel vault audit`: what the root key reaches, whether every blob is whole, and what copies still open.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vandel_ledger::backup::LaidOut;
use vandel_ledger::vault::BlobFinding;

use crate::args::{VaultAuditArgs, VaultCommand};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::LedgerText;
use crate::reading::Reading;

#[derive(Serialize)]
struct Key {
    #[serde(rename = "type")]
    kind: &'static str,
    key: String,
}

#[derive(Serialize)]
struct Damage<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    what: &'a str,
}

#[derive(Serialize)]
struct Blob {
    #[serde(rename = "type")]
    kind: &'static str,
    path: PathBuf,
    looks_like: &'static str,
    opens: bool,
    root_epoch: Option<u64>,
    forgotten_keys: u64,
    erased_parts_opened: u64,
    undoes_erasure: bool,
}

#[derive(Serialize)]
struct End {
    epoch: u64,
    manifest: String,
    root_cell: &'static str,
    assurance: &'static str,
    keys: usize,
    records_open: u64,
    records_partly_erased: u64,
    records_erased: u64,
    records_damaged: u64,
    damage: usize,
    blobs: usize,
    blobs_that_undo: usize,
}

/// Runs a command about the vault.
pub(super) fn run(context: &Context, command: &VaultCommand) -> Result<Exit, CliError> {
    match command {
        VaultCommand::Audit(arguments) => audit(context, arguments),
    }
}

fn audit(context: &Context, arguments: &VaultAuditArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let (mut disk, mut files) = (context.disk.clone(), Vec::new());
    for path in &arguments.blobs {
        let mut found = Vec::new();
        files_in(path, &mut found).map_err(|error| CliError::file(path, &error))?;
        // Of a backup, every file that its pieces make up, and whatever else lies there.
        let laid = LaidOut::of(disk, path)?;
        found.retain(|file| !laid.pieces.contains(file));
        files.extend(laid.files.into_iter().chain(found));
        disk = laid.disk;
    }
    let vault = reading.vault();
    let audit = vault.audit_on(&*disk, &files)?;
    if arguments.keys {
        for key in &audit.keys {
            let line = Key { kind: "key", key: format!("{key:?}") };
            context.output.line(&line, || line.key.clone())?;
        }
    }
    for what in &audit.damage {
        context.output.line(&Damage { kind: "damage", what }, || what.clone())?;
    }
    for found in &audit.blobs {
        let blob = blob(found, audit.epoch);
        context.output.line(&blob, || describe(&blob))?;
    }
    let blobs_that_undo = audit.blobs.iter().filter(|found| found.undoes_erasure(audit.epoch)).count();
    let end = End {
        epoch: audit.epoch,
        manifest: audit.manifest.to_string(),
        root_cell: vault.root_cell().name(),
        assurance: vault.root_cell().assurance(),
        keys: audit.keys.len(),
        records_open: audit.records_open,
        records_partly_erased: audit.records_partly_erased,
        records_erased: audit.records_erased,
        records_damaged: audit.records_damaged,
        damage: audit.damage.len(),
        blobs: audit.blobs.len(),
        blobs_that_undo,
    };
    let numbers = [
        ("epoch", end.epoch),
        ("keys", end.keys as u64),
        ("open", end.records_open),
        ("partly", end.records_partly_erased),
        ("erased", end.records_erased),
        ("damaged", end.records_damaged),
        ("blobs", end.blobs as u64),
        ("undo", end.blobs_that_undo as u64),
    ];
    let numbers = numbers.map(|(name, number)| (name, number.to_string()));
    let mut values: Vec<(&str, &str)> = numbers.iter().map(|(name, value)| (*name, &**value)).collect();
    values.extend([("cell", end.root_cell), ("assurance", end.assurance)]);
    context.output.summary(&end, LedgerText::VaultEnd.with(context.lang, &values))?;
    let whole = end.damage == 0 && end.records_damaged == 0 && blobs_that_undo == 0;
    Ok(if whole { Exit::Done } else { Exit::Integrity })
}

/// A file, or every file in a folder, the folders in it too.
fn files_in(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut names =
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    names.iter().try_for_each(|name| files_in(name, files))
}

fn blob(found: &BlobFinding, present: u64) -> Blob {
    Blob {
        kind: "blob",
        path: found.path.clone(),
        looks_like: found.looks_like,
        opens: found.opens,
        root_epoch: found.root_epoch,
        forgotten_keys: found.forgotten_keys,
        erased_parts_opened: found.erased_parts_opened,
        undoes_erasure: found.undoes_erasure(present),
    }
}

fn describe(blob: &Blob) -> String {
    let epoch = blob.root_epoch.map(|epoch| format!("  epoch {epoch}")).unwrap_or_default();
    let undoes = if blob.undoes_erasure { "  UNDOES AN ERASURE" } else { "" };
    let opens = if blob.opens { "opens" } else { "shut" };
    format!("{}  {}  {opens}{epoch}{undoes}", blob.path.display(), blob.looks_like)
}

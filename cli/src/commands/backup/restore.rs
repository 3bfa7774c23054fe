//! `vandel backup restore`.

use std::path::Path;

use serde::Serialize;
use vandel_ledger::backup::{self, GenerationDisk, Restored, Restoring};
use vandel_ledger::home::Home;
use vandel_ledger::lock::HomeLock;
use zeroize::Zeroizing;

use super::teller;
use crate::args::BackupRestoreArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::BackupText;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    generation: u32,
    home: String,
    records: u64,
    newer: u64,
    erasures: u64,
    keys_destroyed: u64,
    whole_records: Vec<u64>,
    epoch: u64,
    behind: Option<u64>,
    serves: bool,
}

pub(super) fn run(context: &Context, arguments: &BackupRestoreArgs) -> Result<Exit, CliError> {
    let which = &arguments.generation;
    let keys = which.keys_from.as_deref().ok_or_else(|| {
        CliError::new(Exit::Usage, "keys-needed", "a home is restored from both halves of a generation")
            .next("--keys-from DIR")
    })?;
    let root = context.home.root();
    context.disk.create_directory(root).map_err(|error| CliError::file(root, &error))?;
    let lock = HomeLock::acquire(root)?;
    let root_passphrase = root_passphrase(context, arguments, keys)?;
    let restoring = Restoring {
        data: &which.from,
        keys,
        generation: which.generation,
        home: &context.home,
        root_cell: arguments.root_cell.as_deref(),
        newer_log: arguments.log.as_deref(),
        erased_keys: arguments.old_memory.as_ref().map(|memory| memory.join("erased")),
        erase_whole_records: arguments.erase_whole_records,
        root_passphrase,
        stream: arguments.stream.on(&context.nats),
    };
    let restored = backup::restore(&context.disk, &restoring, &mut teller(context))?;
    let told = told(context, which.generation, &restored);
    context.output.result(&told, || text(context, &told))?;
    if let Some(remembered) = restored.behind {
        let message = format!(
            "the restored log has {} records and the memory a checkpoint of {remembered}: the home serves nothing",
            restored.records
        );
        return Err(CliError::new(Exit::Integrity, "rolled-back", message).expected(remembered, restored.records).next(
            "restore with --log DIR, the log that was saved; if the rest is truly lost, found a successor: \
             vandel init --successor-of CHECKPOINT (deploy/restore.md)",
        ));
    }
    if !restored.has_memory && context.trust_new_memory {
        drop(lock);
        return Workbench::open(context)?.close().map(|()| Exit::Done);
    }
    if !restored.has_memory {
        let memory = context.home.memory().display().to_string();
        context.output.warn(&BackupText::NoMemory.with(context.lang, &[("memory", &memory)]));
    }
    Ok(Exit::Done)
}

/// Asked for before anything is written, if the root of the generation is sealed.
fn root_passphrase(
    context: &Context,
    arguments: &BackupRestoreArgs,
    keys: &Path,
) -> Result<Option<Zeroizing<String>>, CliError> {
    if let Some(path) = &arguments.root_cell {
        return context.root_passphrase_of(&*context.disk, path);
    }
    let (which, root) = (&arguments.generation, Path::new("/generation"));
    let disk = GenerationDisk::open(context.disk.clone(), root, which.generation, &which.from, Some(keys))?;
    context.root_passphrase_of(&disk, &Home::new(root).root_cell())
}

fn told(context: &Context, generation: u32, restored: &Restored) -> Told {
    Told {
        kind: "backup_restored",
        generation,
        home: context.home.root().display().to_string(),
        records: restored.records,
        newer: restored.newer,
        erasures: restored.erasures,
        keys_destroyed: restored.keys_destroyed,
        whole_records: restored.whole_records.clone(),
        epoch: restored.epoch,
        behind: restored.behind,
        serves: restored.behind.is_none() && restored.has_memory,
    }
}

fn text(context: &Context, told: &Told) -> String {
    let values = [
        ("generation", told.generation.to_string()),
        ("home", told.home.clone()),
        ("records", told.records.to_string()),
        ("newer", told.newer.to_string()),
        ("erasures", told.erasures.to_string()),
        ("keys", told.keys_destroyed.to_string()),
        ("epoch", told.epoch.to_string()),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    let mut lines = vec![BackupText::Restored.with(context.lang, &values)];
    if !told.whole_records.is_empty() {
        let records: Vec<String> = told.whole_records.iter().map(u64::to_string).collect();
        lines.push(BackupText::WholeRecords.with(context.lang, &[("records", &records.join(", "))]));
    }
    if told.serves {
        lines.push(BackupText::RestoredNext.with(context.lang, &[("home", &told.home)]));
    }
    lines.join("\n")
}

//! `vandel backup verify`: a generation is audited as a ledger is, where it lies.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use vandel_core::verify::Report;
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::backup::GenerationDisk;
use vandel_ledger::disk::Disk;
use vandel_ledger::home::Home;
use vandel_ledger::vault::{VaultError, cell_in};

use super::teller;
use crate::args::BackupVerifyArgs;
use crate::commands::verify::refuse;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::BackupText;
use crate::verify::render_text;

/// Where the generation is laid.
const ROOT: &str = "/generation";

#[derive(Serialize)]
struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    generation: u32,
    created: String,
    files: usize,
    damaged: Vec<String>,
    not_checked: Vec<&'static str>,
    report: Report,
}

pub(super) fn run(context: &Context, arguments: &BackupVerifyArgs) -> Result<Exit, CliError> {
    let which = &arguments.generation;
    let disk = GenerationDisk::open(
        context.disk.clone(),
        Path::new(ROOT),
        which.generation,
        &which.from,
        which.keys_from.as_deref(),
    )?;
    let problems = disk.check(&mut teller(context))?;
    let has_root = disk.labels().iter().any(|label| label.root_cell) || arguments.root_cell.is_some();
    let mut not_checked = Vec::new();
    if which.keys_from.is_none() {
        not_checked.push("whether its keys open the payloads: the key half was not given");
    } else if !has_root {
        not_checked.push("whether its keys open the payloads: the root cell is not in it and was not given");
    }
    not_checked.push("whether another copy of this generation exists");
    let (created, files) = (disk.labels()[0].created.to_string(), disk.files().count());
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let cell_file = arguments.root_cell.clone().unwrap_or_else(|| Home::new(ROOT).root_cell());
    let cell = match has_root && which.keys_from.is_some() {
        true => {
            let passphrase = context.root_passphrase_of(&*disk, &cell_file)?;
            Some(cell_in(&disk, &cell_file, passphrase.as_ref()).map_err(VaultError::from)?)
        }
        false => None,
    };
    let options = AuditOptions {
        place: ROOT.into(),
        memory: context.memory.clone(),
        trust: arguments.trust.clone(),
        levels: (!arguments.level.is_empty())
            .then(|| arguments.level.iter().map(|level| (*level).into()).collect()),
        keep_shut: !has_root || which.keys_from.is_none(),
        cell,
        ..AuditOptions::default()
    };
    let report = audit(&disk, options, &mut |_| {}).map_err(refuse)?;
    let damaged = problems.iter().map(|problem| format!("{}: {}", problem.file, problem.what)).collect();
    let told = Told {
        kind: "backup_verified",
        generation: which.generation,
        created,
        files,
        damaged,
        not_checked,
        report,
    };
    context.output.result(&told, || text(context, &told))?;
    Ok(match (told.damaged.is_empty(), told.report.exit) {
        (false, _) => Exit::Integrity,
        (true, 0) => Exit::Done,
        (true, 3) => Exit::Integrity,
        (true, _) => Exit::NotProven,
    })
}

fn text(context: &Context, told: &Told) -> String {
    let values = [("files", told.files.to_string()), ("problems", told.damaged.len().to_string())];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    let mut lines = vec![BackupText::Files.with(context.lang, &values)];
    lines.extend(told.damaged.iter().map(|damaged| format!("           {damaged}")));
    for what in &told.not_checked {
        lines.push(BackupText::NotChecked.with(context.lang, &[("what", what)]));
    }
    lines.push(render_text(&told.report));
    lines.join("\n")
}

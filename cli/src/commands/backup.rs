//! `vandel backup`: generations of the ledger, and their end.

mod create;
mod destroy;
mod list;
mod restore;
mod verify;

use std::time::{Duration, Instant};

use vandel_ledger::backup::Progress;
use vandel_ledger::disk::create_durably;
use vandel_ledger::lock::HomeLock;

use crate::args::BackupCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::BackupText;

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

/// Runs a command about backups.
pub(super) fn run(context: &Context, command: &BackupCommand) -> Result<Exit, CliError> {
    match command {
        BackupCommand::Create(arguments) => create::run(context, arguments),
        BackupCommand::List => list::run(context),
        BackupCommand::Verify(arguments) => verify::run(context, arguments),
        BackupCommand::Restore(arguments) => restore::run(context, arguments),
        BackupCommand::Destroy(arguments) => destroy::run(context, arguments),
    }
}

/// One backup is made or destroyed at a time; the ledger itself goes on working.
fn lock(context: &Context) -> Result<HomeLock, CliError> {
    let folder = context.home.sinks();
    create_durably(&*context.disk, &folder).map_err(|error| CliError::file(&folder, &error))?;
    Ok(HomeLock::acquire(&folder)?)
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Tells progress now and then.
fn teller(context: &Context) -> impl FnMut(Progress) + '_ {
    let mut last = Instant::now();
    move |told| {
        if last.elapsed() >= EVERY {
            last = Instant::now();
            let values = [
                ("files", told.files.to_string()),
                ("bytes", mebibytes(told.bytes)),
                ("written", mebibytes(told.written)),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, &**value));
            context.output.progress(&BackupText::Copying.with(context.lang, &values));
        }
    }
}

//! `vandel backup create`.

use serde::Serialize;
use vandel_core::time::Period;
use vandel_ledger::backup::{self, Label, Made, Making};

use super::{lock, mebibytes, teller};
use crate::args::BackupCreateArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::BackupText;

#[derive(Serialize)]
struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    generation: u32,
    ledger: String,
    created: String,
    records: u64,
    epoch: u64,
    data: Half,
    keys: Option<Half>,
    files: u64,
    bytes: u64,
    written: u64,
    attempts: u32,
}

#[derive(Serialize)]
struct Half {
    place: String,
    expires: String,
    sink: String,
    files: u64,
    bytes: u64,
    root_cell: bool,
}

impl Half {
    fn of(label: &Label) -> Self {
        Self {
            place: label.place.clone(),
            expires: label.expires.to_string(),
            sink: label.sink.to_string(),
            files: label.files.count,
            bytes: label.files.bytes,
            root_cell: label.root_cell,
        }
    }
}

pub(super) fn run(context: &Context, arguments: &BackupCreateArgs) -> Result<Exit, CliError> {
    let same = arguments.keys_to.as_ref().is_some_and(|keys| *keys == arguments.to);
    if same {
        return Err(CliError::new(Exit::Usage, "halves-together", "data and keys are to lie in one folder")
            .next("give the keys another folder, in other hands: --keys-to DIR"));
    }
    let _lock = lock(context)?;
    let today = context.today();
    let data = absolute(&arguments.to)?;
    let keys = arguments.keys_to.as_deref().map(absolute).transpose()?;
    let making = Making {
        home: &context.home,
        data: &data,
        keys: keys.as_deref(),
        root_cell: arguments.with_root_cell,
        root_passphrase: context.root_passphrase_of(&*context.disk, &context.home.root_cell())?,
        now: context.now(),
        expires: (
            today.plus(Period::days(arguments.horizon)),
            today.plus(Period::days(arguments.keys_horizon)),
        ),
    };
    let made = backup::create(&context.disk, &making, &mut teller(context))?;
    if arguments.with_root_cell {
        let number = made.generation.to_string();
        context.output.warn(&BackupText::RootWarning.with(context.lang, &[("generation", &number)]));
    }
    let told = told(&made);
    context.output.result(&told, || text(context, &told))?;
    Ok(Exit::Done)
}

/// The register names places as they can be found again from anywhere.
fn absolute(path: impl AsRef<std::path::Path>) -> Result<std::path::PathBuf, CliError> {
    let path = path.as_ref();
    std::path::absolute(path).map_err(|error| CliError::file(path, &error))
}

fn told(made: &Made) -> Told {
    Told {
        kind: "backup_made",
        generation: made.generation,
        ledger: made.data.ledger.to_string(),
        created: made.data.created.to_string(),
        records: made.data.records,
        epoch: made.data.epoch,
        data: Half::of(&made.data),
        keys: made.keys.as_ref().map(Half::of),
        files: made.progress.files,
        bytes: made.progress.bytes,
        written: made.progress.written,
        attempts: made.attempts,
    }
}

fn text(context: &Context, told: &Told) -> String {
    let keys = match &told.keys {
        None => BackupText::NoKeys.in_lang(context.lang),
        Some(keys) => {
            let root = if keys.root_cell { BackupText::WithRoot } else { BackupText::WithoutRoot };
            let root = root.in_lang(context.lang);
            let values = [("place", &*keys.place), ("expires", &*keys.expires), ("root", &*root)];
            BackupText::KeysAt.with(context.lang, &values)
        }
    };
    let values = [
        ("generation", told.generation.to_string()),
        ("records", told.records.to_string()),
        ("epoch", told.epoch.to_string()),
        ("place", told.data.place.clone()),
        ("expires", told.data.expires.clone()),
        ("keys", keys),
        ("files", told.files.to_string()),
        ("bytes", mebibytes(told.bytes)),
        ("written", mebibytes(told.written)),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    BackupText::Made.with(context.lang, &values)
}

//! `vandel backup destroy`: deleted here, or attested for a copy elsewhere; signed by a person either way.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vandel_core::event::Role;
use vandel_core::keyring::KeyEntry;
use vandel_ledger::backup::{self, Destroyed, Destroying, Half};

use super::lock;
use crate::args::BackupDestroyArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::BackupText;
use crate::people::Person;
use crate::reading::Reading;

#[derive(Serialize)]
struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    generation: u32,
    half: &'static str,
    sink: String,
    how: String,
    objects: u64,
    before: bool,
}

pub(super) fn run(context: &Context, arguments: &BackupDestroyArgs) -> Result<Exit, CliError> {
    let person = Person::author(context, &arguments.author)?;
    let reading = Reading::open(context)?;
    check_role(context, &reading, &person)?;
    let _lock = lock(context)?;
    let halves = [(Half::Keys, &arguments.keys_from), (Half::Data, &arguments.from)];
    for (half, folder) in halves.into_iter().filter_map(|(half, folder)| Some((half, folder.as_deref()?))) {
        let folder: PathBuf = std::path::absolute(folder).map_err(|error| CliError::file(folder, &error))?;
        let destroyed = one(context, arguments, &reading, &person, half, &folder)?;
        say(context, arguments.generation, half, &destroyed)?;
    }
    Ok(Exit::Done)
}

fn one(
    context: &Context,
    arguments: &BackupDestroyArgs,
    reading: &Reading<'_>,
    person: &Person,
    half: Half,
    folder: &Path,
) -> Result<Destroyed, CliError> {
    let what = Destroying {
        home: &context.home,
        ledger: reading.chain().ledger,
        folder,
        generation: arguments.generation,
        half,
        by: &person.key,
        at: context.now(),
    };
    Ok(match &arguments.attested {
        Some(how) => backup::attest(&context.disk, &what, how)?,
        None => backup::destroy(&context.disk, &what)?,
    })
}

/// Whoever keeps the ledger or answers for the data: the word of nobody else completes an erasure.
fn check_role(context: &Context, reading: &Reading<'_>, person: &Person) -> Result<(), CliError> {
    let signer = reading.chain().keyring.signer(&person.public_key(), context.now());
    let entry: &KeyEntry = signer.map_err(vandel_core::admit::Refusal::Key)?.0;
    let roles = [Role::Administrator, Role::DataProtectionOfficer, Role::ControllersDelegate];
    let today = context.today();
    let holds = entry.grants.iter().any(|grant| roles.contains(&grant.role) && grant.in_force_on(today));
    if holds {
        return Ok(());
    }
    let message =
        "a backup is destroyed by an administrator, the data-protection officer or the controller's delegate";
    Err(CliError::new(Exit::NotAuthorised, "role", message).next("see who may sign: vandel key list"))
}

fn say(context: &Context, generation: u32, half: Half, destroyed: &Destroyed) -> Result<(), CliError> {
    let told = Told {
        kind: "backup_destroyed",
        generation,
        half: half.name(),
        sink: destroyed.sink.to_string(),
        how: destroyed.how.clone(),
        objects: destroyed.objects,
        before: destroyed.before,
    };
    context.output.line(&told, || {
        let number = generation.to_string();
        let values = [("generation", &*number), ("half", told.half), ("how", &*told.how)];
        if told.before {
            return BackupText::Before.with(context.lang, &values);
        }
        let [generation, half, how] = values;
        BackupText::Destroyed.with(context.lang, &[generation, half, how, ("sink", &*told.sink)])
    })
}

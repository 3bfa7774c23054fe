//! `vandel init`: two administrators found a ledger.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vandel_core::id::{ActorId, LedgerId};
use vandel_ledger::bus::{Bus, Role};
use vandel_ledger::disk::read_all;
use vandel_ledger::log::jetstream::{Demands, preflight};
use vandel_ledger::sequencer::{Founders, Founding, found, found_on_stream};
use vandel_ledger::signer;
use vandel_ledger::vault::{Name, NameKind};
use vandel_projector::Projector;
use zeroize::Zeroizing;

use crate::args::{InitArgs, RootCellArg};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::LedgerText;
use crate::people::{Person, first_line};
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Founded {
    #[serde(rename = "type")]
    kind: &'static str,
    ledger: String,
    origin: String,
    home: PathBuf,
    trust: PathBuf,
    administrators: Vec<Founder>,
}

#[derive(Serialize)]
struct Founder {
    actor: String,
    key: String,
    file: PathBuf,
}

/// Founds a ledger.
pub(super) fn run(context: &Context, arguments: &InitArgs) -> Result<Exit, CliError> {
    let predecessor =
        arguments.predecessor.as_deref().map(|file| read_predecessor(context, file)).transpose()?;
    look_ahead(context, arguments)?;
    // Asked for before anything is made.
    let cell = match arguments.root_cell {
        RootCellArg::File => None,
        RootCellArg::Passphrase => Some(context.sealed_cell(&context.home.root_cell(), true)?),
    };
    let (first, second) = administrators(context, arguments)?;
    let actors = [random_actor()?, random_actor()?];
    let founders = Founders { first: (&first.key, actors[0]), second: (&second.key, actors[1]) };
    let founding = Founding { founders, at: context.now(), predecessor, cell };
    if let Some(parent) = context.home.root().parent() {
        std::fs::create_dir_all(parent).map_err(|error| CliError::file(parent, &error))?;
    }
    let witnesses = super::witness::parse_all(&arguments.witnesses)?;
    let ledger = match arguments.stream.on(&context.nats) {
        None => found(&context.disk, &context.home, founding)?,
        Some(stream) => {
            let ledger = found_on_stream(&context.disk, &context.home, founding, &stream)?;
            if let Some(options) = stream.operator.or_else(|| context.nats.options(Role::Sequencer)) {
                super::feed::make_stream(context, &Bus::connect(&options)?, stream.replicas);
            }
            ledger
        }
    };
    let origin = first_start(context, arguments, actors, [&first, &second])?;
    // From the next start on: no witness can know a ledger before it is founded.
    if !witnesses.is_empty() {
        super::witness::add_to_home(context, &witnesses, false)?;
    }
    report(context, ledger, origin, actors, [&first, &second])
}

/// A server that can't hold a log is found out before keys are made.
fn look_ahead(context: &Context, arguments: &InitArgs) -> Result<(), CliError> {
    let Some(options) = context.nats.options(Role::Sequencer) else { return Ok(()) };
    let demands = Demands {
        replicas: usize::from(arguments.stream.replicas),
        monitoring: context.nats.monitoring_addresses(),
        accept_unproven_sync: arguments.stream.accept_unproven_sync,
        ..Demands::default()
    };
    Ok(preflight(&Bus::connect(&options)?, &demands)?)
}

/// Opens the new ledger once: it proves that it opens, and takes the names.
fn first_start(
    context: &Context,
    arguments: &InitArgs,
    actors: [ActorId; 2],
    people: [&Person; 2],
) -> Result<String, CliError> {
    let mut bench = Workbench::open(context)?;
    Projector::prepare(bench.sequencer_mut().vault_mut())?;
    for (name, actor) in arguments.names.iter().zip(actors) {
        let text = Zeroizing::new(name.clone());
        bench.sequencer_mut().vault_mut().put_name(&Name {
            kind: NameKind::Actor,
            id: actor.0,
            parent: None,
            text,
        })?;
    }
    for person in people {
        person.remember(context, bench.sequencer().checkpoint())?;
    }
    let origin = bench.sequencer().chain().origin.clone();
    bench.close()?;
    Ok(origin)
}

fn report(
    context: &Context,
    ledger: LedgerId,
    origin: String,
    actors: [ActorId; 2],
    people: [&Person; 2],
) -> Result<Exit, CliError> {
    let administrators = people.iter().zip(actors).map(|(person, actor)| Founder {
        actor: actor.to_string(),
        key: person.public_key().to_string(),
        file: person.file.clone(),
    });
    let founded = Founded {
        kind: "ledger_founded",
        ledger: ledger.to_string(),
        origin,
        home: context.home.root().to_owned(),
        trust: context.home.trust(),
        administrators: administrators.collect(),
    };
    let home = founded.home.display().to_string();
    let trust = founded.trust.display().to_string();
    context.output.result(&founded, || {
        LedgerText::Founded
            .with(context.lang, &[("ledger", &founded.ledger), ("home", &home), ("trust", &trust)])
    })?;
    Ok(Exit::Done)
}

/// The two administrators: their own key files, or new ones.
fn administrators(context: &Context, arguments: &InitArgs) -> Result<(Person, Person), CliError> {
    let passphrases = [&arguments.passphrase_file, &arguments.second_passphrase_file];
    let files = match (&arguments.generate_keys, &arguments.admin_key, &arguments.second_admin_key) {
        (Some(folder), ..) => return generate(context, folder, passphrases),
        (None, Some(first), Some(second)) => [first, second],
        _ => return Err(CliError::new(Exit::Usage, "usage", "two administrators are needed")),
    };
    let [first, second] =
        [0, 1].map(|at: usize| Person::read(context, files[at], passphrases[at].as_deref()));
    let (first, second) = (first?, second?);
    if first.public_key() == second.public_key() {
        return Err(CliError::new(Exit::Refused, "same-person", "both files hold the same key")
            .next("two different people found a ledger, each with a key of their own")
            .paragraph("docs/decisions: two people"));
    }
    Ok((first, second))
}

fn generate(
    context: &Context,
    folder: &Path,
    passphrases: [&Option<PathBuf>; 2],
) -> Result<(Person, Person), CliError> {
    // A key inside the home would be copied with every copy of the ledger.
    if folder.starts_with(context.home.root()) {
        return Err(CliError::new(Exit::Usage, "keys-in-home", "people's keys do not belong in the home")
            .next("name a folder outside it with --generate-keys"));
    }
    context.disk.create_directory(folder).map_err(|error| CliError::file(folder, &error))?;
    let make = |name: &str, passphrase: &Option<PathBuf>| {
        let passphrase = passphrase.as_deref().map(|file| first_line(context, file)).transpose()?;
        let (file, key) = (folder.join(name), signer::generate()?);
        signer::write(&*context.disk, &file, &key, passphrase.as_ref().map(|text| text.as_str()))?;
        Ok::<_, CliError>(Person { file, key, receipts: None })
    };
    Ok((make("administrator-1.pem", passphrases[0])?, make("administrator-2.pem", passphrases[1])?))
}

fn read_predecessor(context: &Context, file: &Path) -> Result<String, CliError> {
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let note = vandel_core::note::Note::parse(&bytes).map_err(|error| error.to_string());
    let checkpoint = note.and_then(|note| {
        note.text().parse::<vandel_core::checkpoint::Checkpoint>().map_err(|error| error.to_string())
    });
    match (checkpoint, String::from_utf8(bytes)) {
        (Ok(_), Ok(text)) => Ok(text),
        (Err(error), _) => {
            let message = format!("{} is no signed checkpoint: {error}", file.display());
            Err(CliError::new(Exit::Usage, "not-a-checkpoint", message))
        }
        (_, Err(_)) => Err(CliError::new(Exit::Usage, "not-a-checkpoint", "the checkpoint is not UTF-8")),
    }
}

/// A new actor: random, so that a chain names nobody.
pub(crate) fn random_actor() -> Result<ActorId, CliError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)
        .map_err(|_| CliError::new(Exit::Io, "randomness", "the operating system gives no randomness"))?;
    Ok(ActorId(id))
}

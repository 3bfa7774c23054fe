//! What each command does, by noun.

mod audit;
mod backup;
mod bench;
mod case;
mod checkpoint;
mod completions;
mod demo;
mod directory;
mod disposal;
mod doctor;
mod dossier;
mod erasure;
mod export;
pub(crate) mod feed;
mod hold;
mod init;
mod key;
pub(crate) mod nats;
mod policy;
mod position;
mod proof;
mod read;
mod retention;
mod serve;
mod sink;
mod standby;
mod statistics;
mod subject;
mod vault;
mod verify;
mod view;
mod witness;

pub(crate) use proof::read_trust;

use serde::Serialize;
use vandel_ledger::submission::Receipt;

use crate::args::Command;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::Text;

/// Runs a command.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn run(context: &Context, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Demo(arguments) => demo::run(context, &arguments),
        Command::Init(arguments) => init::run(context, &arguments),
        Command::Key(command) => key::run(context, command),
        Command::Position(command) => position::run(context, command),
        Command::Case(command) => case::run(context, command),
        Command::Hold(command) => hold::run(context, command),
        Command::Directory(command) => directory::run(context, command),
        Command::Policy(command) => policy::run(context, command),
        Command::Disposal(command) => disposal::run(context, command),
        Command::Backup(command) => backup::run(context, &command),
        Command::Verify(arguments) => verify::run(context, arguments),
        Command::Serve(arguments) => serve::run(context, &arguments),
        Command::Audit(command) => audit::run(context, command),
        Command::Doctor => doctor::run(context),
        Command::Checkpoint(command) => checkpoint::run(context, command),
        Command::Proof(command) => proof::run(context, command),
        Command::View(command) => view::run(context, command),
        Command::Export(command) => export::run(context, command),
        Command::Retention(command) => retention::run(context, command),
        Command::Read(command) => read::run(context, &command),
        Command::Statistics(command) => statistics::run(context, &command),
        Command::Subject(command) => subject::run(context, &command),
        Command::Vault(command) => vault::run(context, &command),
        Command::Sink(command) => sink::run(context, &command),
        Command::Erasure(command) => erasure::run(context, &command),
        Command::Feed(command) => feed::run(context, &command),
        Command::Nats(command) => nats::run(context, &command),
        Command::Witness(command) => witness::run(context, &command),
        Command::Bench(command) => bench::run(context, command),
        Command::Completions(arguments) => completions::run(context, &arguments),
    }
}

/// What stands in the ledger now.
#[derive(Serialize)]
struct Recorded<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    record: u64,
    time: String,
    #[serde(flatten)]
    about: std::collections::BTreeMap<&'a str, &'a str>,
}

/// Says that a step was recorded, and what it was about: names and values.
fn say_recorded(
    context: &Context,
    kind: &str,
    receipt: &Receipt,
    about: &[(&str, &str)],
) -> Result<Exit, CliError> {
    let about = about.iter().copied().collect();
    let recorded = Recorded { kind, record: receipt.record, time: receipt.time.to_string(), about };
    context.output.result(&recorded, || {
        let record = recorded.record.to_string();
        let values = [("what", kind), ("record", &*record), ("time", &*recorded.time)];
        let mut text = Text::Recorded.with(context.lang, &values);
        for (name, value) in &recorded.about {
            text += &format!("\n  {name}: {value}");
        }
        text
    })?;
    Ok(Exit::Done)
}

//! What each command does, by noun.

mod case;
mod completions;
mod demo;
mod hold;
mod init;
mod key;
mod position;

use crate::args::Command;
use crate::context::Context;
use crate::error::{CliError, Exit};

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
        Command::Completions(arguments) => completions::run(context, &arguments),
    }
}

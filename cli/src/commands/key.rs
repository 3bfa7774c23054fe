//! `vandel key`: who may sign, for what, from when to when.

mod new;

use crate::args::KeyCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Runs a command about keys.
pub(super) fn run(context: &Context, command: KeyCommand) -> Result<Exit, CliError> {
    match command {
        KeyCommand::New(arguments) => new::run(context, &arguments),
    }
}

//! `vandel witness`: keeping a witness for others, and using theirs.

mod keep;
mod using;

use crate::args::WitnessCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};

pub(super) use using::{add_to_home, parse_all};

/// Runs a command about witnesses.
pub(super) fn run(context: &Context, command: &WitnessCommand) -> Result<Exit, CliError> {
    match command {
        WitnessCommand::Init(arguments) => keep::init(context, arguments),
        WitnessCommand::AddLog(arguments) => keep::add_log(context, arguments),
        WitnessCommand::Serve(arguments) => keep::serve(context, arguments),
        WitnessCommand::Status(arguments) => keep::status(context, arguments),
        WitnessCommand::Use(arguments) => using::run(context, arguments),
    }
}

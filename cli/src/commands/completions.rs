//! `vandel completions`.

use clap::CommandFactory;

use crate::args::{Arguments, CompletionsArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Prints a shell's completions.
pub(super) fn run(context: &Context, arguments: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "vandel", &mut script);
    context.output.write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

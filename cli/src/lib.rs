//! The command `vandel`: thin. It parses ([`args`]), calls ([`commands`]) and prints ([`output`]).
//!
//! The contract that scripts rely on, exit codes and all, is in [`error::Exit`] and [`output`].

#[cfg(vandel_stubbed)]
compile_error!("signatures and hashes are stubbed out: this build is for `cargo xtask instructions` alone");

pub mod args;
pub mod bench;
pub mod casework;
pub mod cells;
pub mod commands;
pub mod context;
pub mod counter;
pub mod demo;
pub mod error;
pub mod import;
pub mod lang;
pub mod monitor;
pub mod output;
pub mod packs;
pub mod people;
pub mod reading;
pub mod rights;
pub mod workbench;

pub use vandel_ledger::names;
pub use vandel_verify::report as verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::Arguments;
use context::Context;
use error::{CliError, Exit};
use output::Output;

/// Runs one command line and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return refuse_usage(&error, arguments.iter().any(|argument| argument == "--json")),
    };
    let output = Output::new(&parsed.global);
    let result = Context::new(&parsed.global, output.clone())
        .and_then(|context| commands::run(&context, parsed.command));
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.error(&error);
            error.exit().into()
        }
    }
}

/// Help and version are results; everything else that clap says is a usage error, in JSON if asked for.
fn refuse_usage(error: &clap::Error, json: bool) -> ExitCode {
    if json && error.use_stderr() {
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let error = CliError::new(Exit::Usage, "usage", message).next("vandel --help");
        output::write_json_error(&error);
        return Exit::Usage.into();
    }
    // A closed pipe is no reason to fail.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

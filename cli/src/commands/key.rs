//! `vandel key`: who may sign, for what, from when to when.

mod change;
mod enroll;
mod list;
mod new;
mod request;

use vandel_core::chain::Chain;
use vandel_core::id::PublicKey;
use vandel_core::time::{Day, Second};

use crate::args::KeyCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Runs a command about keys.
pub(super) fn run(context: &Context, command: KeyCommand) -> Result<Exit, CliError> {
    match command {
        KeyCommand::New(arguments) => new::new(context, &arguments),
        KeyCommand::Request(arguments) => new::request(context, &arguments),
        KeyCommand::Enroll(arguments) => enroll::run(context, &arguments),
        KeyCommand::Rotate(arguments) => change::rotate(context, &arguments),
        KeyCommand::Revoke(arguments) => change::revoke(context, &arguments),
        KeyCommand::List(arguments) => list::run(context, &arguments),
    }
}

/// A key of the keyring by its hexadecimal form or at least eight of its first digits.
fn find_key(chain: &Chain, text: &str) -> Result<PublicKey, CliError> {
    let text = text.to_ascii_lowercase();
    if text.len() < 8 {
        return Err(CliError::new(Exit::Usage, "key-prefix", "give at least eight digits of the public key"));
    }
    let mut found = chain.keyring.entries().keys().filter(|key| key.to_string().starts_with(&text));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(*key),
        (None, _) => {
            Err(CliError::new(Exit::NotFound, "unknown-key", format!("no enrolled key begins with {text}"))
                .next("vandel key list --all"))
        }
        _ => Err(CliError::new(Exit::Conflict, "key-prefix", format!("several keys begin with {text}"))),
    }
}

/// The last second of a day, in UTC; a key that expires on a day may sign all of it.
fn end_of(day: Day) -> Result<Second, CliError> {
    start_of(day).map(|start| Second(start.0 + 86_399))
}

/// The first second of a day in UTC.
fn start_of(day: Day) -> Result<Second, CliError> {
    let days = u64::try_from(day.days_since_epoch());
    days.map(|days| Second(days * 86_400)).map_err(|_| {
        CliError::new(Exit::Usage, "day-too-early", format!("{day} lies before 1970, when seconds begin"))
    })
}

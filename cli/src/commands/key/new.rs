//! `vandel key new` and `vandel key request`: the holder's side, done without the ledger if need be.

use std::path::Path;

use serde::Serialize;
use vandel_core::signature::{SigningKey, public_key};
use vandel_ledger::home_log::ledger_id_of;
use vandel_ledger::opening::HomeError;
use vandel_ledger::signer;

use crate::args::{KeyNewArgs, KeyRequestArgs, WhoseArgs};
use crate::commands::init::random_actor;
use crate::commands::key::request::Request;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::KeyText;
use crate::people::{Person, new_passphrase};

#[derive(Serialize)]
struct NewKey {
    #[serde(rename = "type")]
    kind: &'static str,
    file: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
}

/// Makes a key file, and a request if the ledger is known.
pub(super) fn new(context: &Context, arguments: &KeyNewArgs) -> Result<Exit, CliError> {
    let file = &arguments.file;
    let passphrase = if arguments.no_passphrase {
        None
    } else {
        new_passphrase(context, file, arguments.passphrase_file.as_deref())?
    };
    let key = signer::generate()?;
    signer::write(&*context.disk, file, &key, passphrase.as_ref().map(|text| text.as_str()))?;
    let request = make_request(context, &arguments.whose, &key)?;
    report(context, file, &key, request)
}

/// Writes a request for a key that is there.
pub(super) fn request(context: &Context, arguments: &KeyRequestArgs) -> Result<Exit, CliError> {
    let holder = Person::read(context, &arguments.file, arguments.passphrase_file.as_deref())?;
    let request = make_request(context, &arguments.whose, &holder.key)?;
    if request.is_none() {
        return Err(CliError::new(Exit::NotFound, "no-ledger", "for which ledger is the request?")
            .next("name the ledger's id with --ledger, or its folder with --home"));
    }
    report(context, &holder.file, &holder.key, request)
}

/// A request for the ledger that was named or lies in the home; none if there is neither.
fn make_request(context: &Context, whose: &WhoseArgs, key: &SigningKey) -> Result<Option<Request>, CliError> {
    let ledger = match whose.ledger {
        Some(ledger) => ledger,
        None => match ledger_id_of(&context.disk, &context.home) {
            Ok(ledger) => ledger,
            Err(HomeError::NoLedger(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        },
    };
    let actor = whose.actor.map_or_else(random_actor, Ok)?;
    Ok(Some(Request::make(ledger, actor, key)))
}

fn report(
    context: &Context,
    file: &Path,
    key: &SigningKey,
    request: Option<Request>,
) -> Result<Exit, CliError> {
    let written = request.as_ref().map(|request| request.write(context, file)).transpose()?;
    let made = NewKey {
        kind: "key",
        file: file.display().to_string(),
        key: public_key(key).to_string(),
        request: written.map(|path| path.display().to_string()),
        actor: request.map(|request| request.actor.to_string()),
    };
    context.output.result(&made, || {
        let text = KeyText::Made.with(context.lang, &[("file", &made.file), ("key", &made.key)]);
        let next = match &made.request {
            Some(request) => KeyText::HandIn.with(context.lang, &[("request", request)]),
            None => KeyText::NoRequest.with(context.lang, &[("file", &made.file)]),
        };
        format!("{text}\n{next}")
    })?;
    Ok(Exit::Done)
}

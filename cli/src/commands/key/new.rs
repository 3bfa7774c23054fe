//! `vandel key new`.

use serde::Serialize;
use vandel_ledger::signer;

use crate::args::KeyNewArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::KeyText;
use crate::people::new_passphrase;

#[derive(Serialize)]
struct NewKey {
    #[serde(rename = "type")]
    kind: &'static str,
    file: String,
    key: String,
    encrypted: bool,
}

/// Makes a key file.
pub(super) fn run(context: &Context, arguments: &KeyNewArgs) -> Result<Exit, CliError> {
    let file = &arguments.file;
    let passphrase = match arguments.no_passphrase {
        true => None,
        false => new_passphrase(context, file, arguments.passphrase_file.as_deref())?,
    };
    let key = signer::generate()?;
    let public = signer::write(&*context.disk, file, &key, passphrase.as_ref().map(|text| text.as_str()))?;
    let made = NewKey {
        kind: "key",
        file: file.display().to_string(),
        key: public.to_string(),
        encrypted: passphrase.is_some(),
    };
    context
        .output
        .result(&made, || KeyText::Made.with(context.lang, &[("file", &made.file), ("key", &made.key)]))?;
    Ok(Exit::Done)
}

//! `vandel erasure verify`: a certificate against a trust file, and against the home where it is there.

use vandel_core::event::Compartment;
use vandel_ledger::disk::read_all;
use vandel_ledger::erasure::keys_of;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sinks::Register;
use vandel_projector::{Projector, Settings};
use vandel_verify::certificate::{self, Certificate, Shown};

use super::sinks;
use crate::args::ErasureVerifyArgs;
use crate::commands::proof::read_trust;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::reading::Reading;

/// Checks a certificate.
pub(super) fn verify(context: &Context, arguments: &ErasureVerifyArgs) -> Result<Exit, CliError> {
    let file = &arguments.file;
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let certificate = Certificate::read(&file.display().to_string(), &bytes)?;
    let trust = read_trust(context, &arguments.trust)?;
    let (mut checked, shown) = certificate::check(&certificate, &trust)?;
    if look_at_home(context, &certificate, &shown)? {
        checked = checked.with_home();
    }
    context.output.result(&checked, || {
        let values =
            [("pseudonym", &*checked.pseudonym), ("plan", &*checked.plan), ("anchor", checked.anchor.name())];
        let mut text = ErasureText::Verified.with(context.lang, &values);
        checked.not_looked_at.iter().for_each(|one| text += &format!("\n  - {one}"));
        text
    })?;
    Ok(Exit::Done)
}

/// What the home contradicts.
fn wrong(what: &str) -> CliError {
    CliError::new(Exit::Integrity, "certificate-wrong", what).next("do not rely on it; ask for a new one")
}

/// Looks into the home, if it holds this ledger: keys, payloads, views. False if it does not.
fn look_at_home(context: &Context, certificate: &Certificate, shown: &Shown) -> Result<bool, CliError> {
    let reading = match Reading::open(context) {
        Ok(reading) => reading,
        Err(error) if error.exit() == Exit::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if reading.chain().ledger != shown.ledger {
        return Ok(false);
    }
    for person in [&certificate.ordered_by, &certificate.approved_by] {
        let entries = reading.chain().keyring.entries();
        let entry = entries.iter().find(|(key, _)| key.to_string() == person.key).map(|(_, entry)| entry);
        let stated = entry.map(|entry| (entry.actor.to_string(), entry.enrolled_at));
        if stated != Some((person.actor.clone(), person.enrolled_at)) {
            return Err(wrong("the chain gives a signer's key to another person"));
        }
    }
    let remains = |what: String| {
        Err(CliError::new(Exit::Integrity, "not-erased", what)
            .next("run: vandel retention apply --plan HASH, then verify again"))
    };
    let register = Register::read(&*context.disk, &context.home, shown.ledger)?;
    let now = sinks::all(&register, &shown.executed, &shown.line);
    if now.iter().any(|sink| !certificate.sinks.contains(sink)) {
        context.output.warn(&ErasureText::SinksChanged.in_lang(context.lang));
    }
    for key in keys_of(&shown.plan) {
        if reading.vault().key(&key)?.is_some() {
            return remains("a key that was to be destroyed is in the vault".to_owned());
        }
    }
    let whole = shown.line.erases(Compartment::Spine);
    for record in shown.line.records.iter().filter(|_| whole) {
        let opened = reading.vault().get(*record)?;
        if opened.is_some_and(|opened| !matches!(from_opened(opened), Unsealed::Erased)) {
            return remains(format!("the payload of record {record} still opens"));
        }
    }
    // The negative test: every key that the vault still reaches is tried on every part that went.
    let opens = reading.vault().try_all_keys(&shown.line.records)?;
    if opens > 0 {
        return remains(format!("{opens} erased part(s) open under a key that is still there"));
    }
    let source = reading.source();
    let views = [reading.projector()?, Projector::in_memory(&source, Settings::default())?];
    for projector in &views {
        let views = projector.views(&source);
        let left = views.existing(&shown.line.thread);
        let answers = left.iter().any(|one| shown.line.erases(*one));
        if answers || (whole && views.records(&shown.line.thread).is_some()) {
            return remains("the views still answer about what was erased".to_owned());
        }
    }
    Ok(true)
}

//! `vandel key rotate` and `vandel key revoke`.

use vandel_core::event::{KeyRevoked, KeyRotated, OpenEvent};

use crate::args::{KeyRevokeArgs, KeyRotateArgs};
use crate::commands::key::enroll::Holder;
use crate::commands::key::{end_of, find_key, start_of};
use crate::commands::say_recorded;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::people::Person;
use crate::workbench::Workbench;

/// Lets a key take another's place.
pub(super) fn rotate(context: &Context, arguments: &KeyRotateArgs) -> Result<Exit, CliError> {
    let (first, second) = Person::two(context, &arguments.people)?;
    let holder = Holder::read(context, &arguments.holder, arguments.new_passphrase_file.as_ref())?;
    let mut bench = Workbench::open(context)?;
    let chain = bench.sequencer().chain();
    let old = find_key(chain, &arguments.old)?;
    // Found above, so it is in the keyring.
    let actor = chain.keyring.get(&old).map(|entry| entry.actor);
    let actor =
        actor.ok_or_else(|| CliError::new(Exit::NotFound, "unknown-key", "the key is not enrolled"))?;
    let request = holder.request(chain.ledger, actor)?;
    let expires = arguments.expires.map(end_of).transpose()?;
    let (new, possession) = (request.key, request.possession);
    let event = KeyRotated { old, new, expires, possession };
    let receipt = bench.say((&first, &second), OpenEvent::KeyRotated(event))?;
    bench.close()?;
    let about = [("key", new.to_string()), ("actor", actor.to_string())];
    say_recorded(context, "key_rotated", &receipt, &about.each_ref().map(|(name, value)| (*name, &**value)))
}

/// Ends a key.
pub(super) fn revoke(context: &Context, arguments: &KeyRevokeArgs) -> Result<Exit, CliError> {
    let (first, second) = Person::two(context, &arguments.people)?;
    let mut bench = Workbench::open(context)?;
    let key = find_key(bench.sequencer().chain(), &arguments.public_key)?;
    let suspect_since = arguments.suspect_since.map(start_of).transpose()?;
    let event = KeyRevoked { key, reason: arguments.reason.into(), suspect_since };
    let receipt = bench.say((&first, &second), OpenEvent::KeyRevoked(event))?;
    bench.close()?;
    say_recorded(context, "key_revoked", &receipt, &[("key", &key.to_string())])
}

//! `vandel key enroll`: two administrators give a key its roles; its holder has shown to hold it.

use std::path::PathBuf;

use vandel_core::event::{Grant, KeyEnrolled, OpenEvent, Scope};
use vandel_core::id::{ActorId, AssignmentId, LedgerId};
use vandel_ledger::vault::{Name, NameKind};
use zeroize::Zeroizing;

use crate::args::{HolderArgs, KeyEnrollArgs, RoleArg};
use crate::commands::init::random_actor;
use crate::commands::key::end_of;
use crate::commands::key::request::Request;
use crate::commands::say_recorded;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::names::Names;
use crate::people::Person;
use crate::workbench::Workbench;

/// Enrolls a key.
pub(super) fn run(context: &Context, arguments: &KeyEnrollArgs) -> Result<Exit, CliError> {
    let (first, second) = Person::two(context, &arguments.people)?;
    let holder = Holder::read(context, &arguments.holder, arguments.new_passphrase_file.as_ref())?;
    let mut bench = Workbench::open(context)?;
    let names = Names::read(bench.sequencer().vault())?;
    let actor = actor(&names, arguments.actor.as_deref(), &holder)?;
    let request = holder.request(bench.sequencer().chain().ledger, actor)?;
    let from = arguments.from.unwrap_or_else(|| context.today());
    let grant = |role: &RoleArg| {
        Ok::<_, CliError>(Grant {
            role: role.role,
            scope: scope(&names, role)?,
            from,
            until: arguments.until,
        })
    };
    let grants = arguments.roles.iter().map(grant).collect::<Result<Vec<_>, _>>()?;
    let Request { actor, key, possession, .. } = request;
    let expires = arguments.expires.map(end_of).transpose()?;
    let event = OpenEvent::KeyEnrolled(KeyEnrolled { actor, key, grants, expires, possession });
    let receipt = bench.say((&first, &second), event)?;
    if let Some(name) = &arguments.name {
        let text = Zeroizing::new(name.trim().to_owned());
        let name = Name { kind: NameKind::Actor, id: actor.0, parent: None, text };
        // The key is enrolled, whatever becomes of the name.
        if let Err(error) = bench.sequencer_mut().vault_mut().put_name(&name) {
            context.output.warn(&format!("record {} stands; the name was not kept: {error}", receipt.record));
        }
    }
    bench.close()?;
    let about = [("key", key.to_string()), ("actor", actor.to_string())];
    say_recorded(context, "key_enrolled", &receipt, &about.each_ref().map(|(name, value)| (*name, &**value)))
}

/// The holder of a new key, by the request or by the key.
pub(super) enum Holder {
    /// The holder signed earlier.
    Asked(Request),
    /// The holder is here.
    Present(Person),
}

impl Holder {
    /// Reads the request, or the key file.
    pub(super) fn read(
        context: &Context,
        arguments: &HolderArgs,
        passphrase_file: Option<&PathBuf>,
    ) -> Result<Self, CliError> {
        match (&arguments.request, &arguments.new_key) {
            (Some(file), _) => Request::read(context, file).map(Self::Asked),
            (None, Some(file)) => {
                Person::read(context, file, passphrase_file.map(PathBuf::as_path)).map(Self::Present)
            }
            (None, None) => Err(CliError::new(Exit::Usage, "usage", "give --request or --new-key")),
        }
    }

    /// The request for this ledger and person; refuses one that was made for others.
    pub(super) fn request(self, ledger: LedgerId, actor: ActorId) -> Result<Request, CliError> {
        let request = match self {
            Self::Present(person) => return Ok(Request::make(ledger, actor, &person.key)),
            Self::Asked(request) => request,
        };
        let wrong = |code, what: &str, expected: String, found: String| {
            let message = format!("the request was made for another {what}");
            Err(CliError::new(Exit::Usage, code, message)
                .expected(expected, found)
                .next("its holder writes a new one: vandel key request KEYFILE --ledger ID --actor ID"))
        };
        if request.ledger != ledger {
            return wrong("request-ledger", "ledger", ledger.to_string(), request.ledger.to_string());
        }
        if request.actor != actor {
            return wrong("request-actor", "person", actor.to_string(), request.actor.to_string());
        }
        Ok(request)
    }
}

fn actor(names: &Names, asked: Option<&str>, holder: &Holder) -> Result<ActorId, CliError> {
    match (asked, holder) {
        (None, Holder::Asked(request)) => Ok(request.actor),
        (None | Some("new"), Holder::Present(_)) => random_actor(),
        // A new person: the request has drawn the id.
        (Some("new"), Holder::Asked(request)) => Ok(request.actor),
        (Some(text), _) => match text.parse() {
            Ok(actor) => Ok(actor),
            Err(_) => Ok(names.actor(text)?),
        },
    }
}

/// The place where a role holds.
fn scope(names: &Names, role: &RoleArg) -> Result<Scope, CliError> {
    let mut scope = Scope::default();
    let mut place = role.place.iter();
    let Some(controller) = place.next() else { return Ok(scope) };
    let controller = names.controller(controller)?;
    scope.controller = Some(controller);
    if let Some(unit) = place.next() {
        scope.unit = Some(names.unit(controller, unit)?);
    }
    if let Some(assignment) = place.next() {
        let id: AssignmentId = assignment
            .parse()
            .map_err(|error| CliError::new(Exit::Usage, "assignment", format!("{error}")))?;
        scope.assignment = Some(id);
    }
    Ok(scope)
}

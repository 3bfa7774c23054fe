//! `vandel directory`: what the random ids of controllers and units are called.
//!
//! Names lie sealed in the vault and on no chain, so adding one is no signed step. What a name is used
//! for, a role's scope or a case's place, is.

use serde::Serialize;
use vandel_core::id::ActorId;
use vandel_ledger::vault::{Name, NameKind};

use crate::args::{DirectoryAddCommand, DirectoryCommand};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::Text;
use crate::names::{Names, NamesError};
use crate::reading::Reading;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<String>,
}

#[derive(Serialize)]
struct Count {
    count: usize,
}

/// Runs a command about the directory.
pub(super) fn run(context: &Context, command: DirectoryCommand) -> Result<Exit, CliError> {
    match command {
        DirectoryCommand::Add(command) => add(context, &command),
        DirectoryCommand::List => list(context),
    }
}

fn add(context: &Context, command: &DirectoryAddCommand) -> Result<Exit, CliError> {
    let text = match command {
        DirectoryAddCommand::Controller(arguments) => arguments.name.trim(),
        DirectoryAddCommand::Unit(arguments) => arguments.name.trim(),
    };
    // Scopes are written CONTROLLER/UNIT.
    if text.is_empty() || text.contains('/') || text.chars().any(char::is_control) {
        return Err(CliError::new(Exit::Usage, "name", "a name is not empty and holds no slash"));
    }
    let mut bench = Workbench::open(context)?;
    let mut names = Names::read(bench.sequencer().vault())?;
    let (kind, parent, known) = match command {
        DirectoryAddCommand::Controller(_) => {
            (NameKind::Controller, None, names.controller(text).map(|id| id.0))
        }
        DirectoryAddCommand::Unit(arguments) => {
            let controller = names.controller(&arguments.controller)?;
            (NameKind::Unit, Some(controller.0), names.unit(controller, text).map(|id| id.0))
        }
    };
    let id = match known {
        Err(NamesError::Unknown { .. }) => {
            names.add(bench.sequencer_mut().vault_mut(), kind, parent, text)?
        }
        // It is there: nothing to do.
        Ok(id) => id,
        Err(error) => return Err(error.into()),
    };
    bench.close()?;
    let controller = parent.map(|id| names.text(NameKind::Controller, id));
    show(
        context,
        &Entry { kind: kind_name(kind), id: ActorId(id).to_string(), name: text.to_owned(), controller },
    )?;
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let names = Reading::open(context)?.names()?;
    let mut count = 0;
    for kind in [NameKind::Controller, NameKind::Unit, NameKind::Actor] {
        for Name { id, parent, text, .. } in names.of(kind) {
            count += 1;
            let controller = parent.map(|id| names.text(NameKind::Controller, id));
            let (id, name) = (ActorId(*id).to_string(), text.to_string());
            show(context, &Entry { kind: kind_name(kind), id, name, controller })?;
        }
    }
    let text = Text::Count.with(context.lang, &[("count", &count.to_string())]);
    context.output.summary(&Count { count }, text)?;
    Ok(Exit::Done)
}

fn show(context: &Context, entry: &Entry) -> Result<(), CliError> {
    context.output.line(entry, || {
        let place = entry.controller.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
        format!("{}  {:<10}  {place}{}", entry.id, entry.kind, entry.name)
    })
}

const fn kind_name(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Actor => "person",
        NameKind::Controller => "controller",
        NameKind::Unit => "unit",
    }
}

//! `vandel view`: disposable views, and the digest by which two of them are compared.

use serde::Serialize;
use vandel_projector::source::Source;
use vandel_projector::view::Standing;
use vandel_projector::{Projector, Settings};

use crate::args::ViewCommand;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::LedgerText;
use crate::reading::Reading;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Status {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    standing: Standing,
    rows: std::collections::BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    notes: Vec<String>,
}

/// Runs a command about views.
pub(super) fn run(context: &Context, command: ViewCommand) -> Result<Exit, CliError> {
    match command {
        ViewCommand::Rebuild => rebuild(context),
        ViewCommand::Status => status(context, false),
        ViewCommand::Digest => status(context, true),
    }
}

fn status(context: &Context, with_digest: bool) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let mut projector = reading.projector()?;
    show(context, &mut projector, &reading.source(), with_digest)
}

fn rebuild(context: &Context) -> Result<Exit, CliError> {
    let mut bench = Workbench::open(context)?;
    Projector::prepare(bench.sequencer_mut().vault_mut())?;
    let source = Source::of(bench.sequencer());
    let mut projector = Projector::open(&context.home, &source, Settings::default())?;
    projector.rebuild(&source)?;
    let exit = show(context, &mut projector, &source, true)?;
    drop(projector);
    bench.close()?;
    Ok(exit)
}

fn show(
    context: &Context,
    projector: &mut Projector,
    source: &Source<'_>,
    with_digest: bool,
) -> Result<Exit, CliError> {
    let (standing, rows) = projector.ask(source, |views| Ok((views.standing(), views.counts()?)))?;
    let digest = with_digest.then(|| projector.digest(source)).transpose()?;
    let digest = digest.map(|digest| digest.to_string());
    let status = Status { kind: "view", standing, rows, digest, notes: projector.take_notes() };
    context.output.result(&status, || {
        let position = status.standing.position.to_string();
        let behind = status.standing.behind.to_string();
        let mut text =
            LedgerText::ViewStands.with(context.lang, &[("position", &position), ("behind", &behind)]);
        status.rows.iter().for_each(|(table, count)| text += &format!("\n  {table:<16} {count}"));
        status.notes.iter().for_each(|note| text += &format!("\n  {note}"));
        match &status.digest {
            Some(digest) => format!("{text}\n{digest}"),
            None => text,
        }
    })?;
    Ok(Exit::Done)
}

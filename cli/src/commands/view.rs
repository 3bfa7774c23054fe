//! `vandel view`: disposable views, and the digest by which two of them are compared.

use serde::Serialize;
use vandel_core::block::Block;
use vandel_core::event::{DigestPublished, OpenEvent};
use vandel_core::statement::Body;
use vandel_core::view::{CASES, ViewTree};
use vandel_ledger::publish::publish_views;
use vandel_projector::source::Source;
use vandel_projector::view::Standing;
use vandel_projector::{Projector, Settings};

use crate::args::{ViewCommand, ViewPublishArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::{DossierText, LedgerText};
use crate::people::Person;
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
        ViewCommand::Status => status(context),
        ViewCommand::Digest => digest(context),
        ViewCommand::Publish(arguments) => publish(context, &arguments),
    }
}

#[derive(Serialize)]
struct Published {
    #[serde(rename = "type")]
    kind: &'static str,
    view: String,
    position: u64,
    digest: String,
    record: u64,
}

/// Publishes both views' digests.
fn publish(context: &Context, arguments: &ViewPublishArgs) -> Result<Exit, CliError> {
    let key = arguments.key.as_ref();
    let service =
        key.map(|key| Person::read(context, key, arguments.passphrase_file.as_deref())).transpose()?;
    let mut bench = Workbench::open(context)?;
    let receipts = publish_views(bench.sequencer_mut(), service.as_ref().map(|service| &service.key))?;
    for receipt in receipts {
        let source = Source::of(bench.sequencer());
        let published = published(&source, receipt.record)?.pop().map(|(_, event)| event);
        let Some(event) = published else { continue };
        let published = Published {
            kind: "digest_published",
            view: event.view,
            position: event.position,
            digest: event.digest.to_string(),
            record: receipt.record,
        };
        context.output.line(&published, || {
            let (position, record) = (published.position.to_string(), published.record.to_string());
            let values = [
                ("view", &*published.view),
                ("position", &*position),
                ("digest", &*published.digest),
                ("record", &*record),
            ];
            DossierText::Published.with(context.lang, &values)
        })?;
    }
    context.output.summary(&serde_json::json!({ "digests": 2 }), "")?;
    bench.close()?;
    Ok(Exit::Done)
}

/// The digests that were published from a record on.
fn published(source: &Source<'_>, from: u64) -> Result<Vec<(u64, DigestPublished)>, CliError> {
    let mut found = Vec::new();
    for placed in source.blocks_from(0)? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes)
            .map_err(|error| CliError::new(Exit::Integrity, "block-undecodable", error.to_string()))?;
        for record in block.records.iter().filter(|record| record.number >= from) {
            if let Body::Open(event) = &record.statement.statement.body
                && let OpenEvent::DigestPublished(published) = &**event
            {
                found.push((record.number, published.clone()));
            }
        }
    }
    Ok(found)
}

/// The state digest, and the newest published digest of the view over cases held against the stored view.
fn digest(context: &Context) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let mut projector = reading.projector()?;
    let source = reading.source();
    let exit = show(context, &mut projector, &source, true)?;
    let newest = published(&source, 0)?.into_iter().rfind(|(_, event)| event.view == CASES);
    let Some((record, event)) = newest else { return Ok(exit) };
    let (rows, last) = projector.ask(&source, |views| views.case_rows())?;
    let erased = source.chain.erasures.values();
    let mut since = erased.filter(|erasure| erasure.executed.is_none_or(|(at, _)| at >= event.position));
    let moved_on = last.is_some_and(|last| last >= event.position) || since.next().is_some();
    let found = ViewTree::of_cases(&rows).digest(&source.chain.ledger, event.position);
    if !moved_on && found != event.digest {
        let message = format!("the view {CASES} is not what record {record} published");
        return Err(CliError::new(Exit::Integrity, "view-digest", message)
            .record(record)
            .expected(event.digest, found)
            .next("compute it from the log: vandel verify HOME --views; then vandel view rebuild"));
    }
    let text = if moved_on { DossierText::ViewMovedOn } else { DossierText::ViewAgrees };
    let (number, position) = (record.to_string(), event.position.to_string());
    let values = [("view", CASES), ("record", &*number), ("position", &*position)];
    context.output.progress(&text.with(context.lang, &values));
    Ok(exit)
}

fn status(context: &Context) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let mut projector = reading.projector()?;
    show(context, &mut projector, &reading.source(), false)
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

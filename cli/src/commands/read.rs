//! `vandel read list`: the readings, reviewed by who has to. Reviewing is a reading too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use vandel_core::event::{Compartment, Purpose, Reading, Role};
use vandel_core::id::ActorId;
use vandel_core::keyring::KeyEntry;
use vandel_core::thread::{Case, Matter};
use vandel_core::time::Day;
use vandel_ledger::names::Names;
use vandel_ledger::vault::NameKind;

use crate::args::{ReadCommand, ReadListArgs};
use crate::casework;
use crate::commands::case::record_reading;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::SubjectText;
use crate::people::Person;
use crate::workbench::Workbench;

/// One reading, or with a count all of one reader, purpose and month.
#[derive(Serialize)]
struct Row {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The day; the month where readings are counted.
    day: String,
    reader: String,
    purpose: &'static str,
    readings: usize,
    /// The case, where it is one and the reviewer's roles reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    shown: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
}

/// A reading as it is reviewed.
struct Found {
    day: Day,
    actor: ActorId,
    reading: Reading,
    record: u64,
}

/// Runs a command about readings.
pub(super) fn run(context: &Context, command: &ReadCommand) -> Result<Exit, CliError> {
    match command {
        ReadCommand::List(arguments) => list(context, arguments),
    }
}

fn list(context: &Context, arguments: &ReadListArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let mut bench = Workbench::open(context)?;
    let names = Names::read(bench.sequencer().vault())?;
    let entry = reviewer(context, &bench, &author)?;
    let found = find(&bench, &names, arguments)?;
    let reading = Reading {
        thread: None,
        purpose: Purpose::Audit,
        remark: "review of readings".to_owned(),
        compartments: vec![Compartment::Reads],
        count: u32::try_from(found.len()).unwrap_or(u32::MAX),
    };
    record_reading(context, &mut bench, &author, reading)?;
    let rows = match arguments.sample {
        Some(size) => sampled(context, &bench, &names, &entry, draw(&found, size)?)?,
        None => counted(&names, &found),
    };
    for row in &rows {
        context.output.line(row, || {
            let (count, what) =
                (row.readings.to_string(), row.handle.clone().unwrap_or_else(|| row.shown.join(", ")));
            let values = [
                ("day", &*row.day),
                ("reader", &*row.reader),
                ("purpose", row.purpose),
                ("count", &*count),
                ("what", &*what),
            ];
            SubjectText::ReviewRow.with(context.lang, &values)
        })?;
    }
    let readers: BTreeSet<ActorId> = found.iter().map(|one| one.actor).collect();
    let sampled = if arguments.sample.is_some() { rows.len() } else { 0 };
    let values = [
        ("readings", found.len().to_string()),
        ("readers", readers.len().to_string()),
        ("sampled", sampled.to_string()),
    ];
    let text =
        SubjectText::ReviewEnd.with(context.lang, &values.each_ref().map(|(name, value)| (*name, &**value)));
    let summary =
        serde_json::json!({ "readings": found.len(), "readers": readers.len(), "sampled": sampled });
    context.output.summary(&summary, text)?;
    bench.close()?;
    Ok(Exit::Done)
}

/// The read log is staff data: shown to whoever has to review it, and to nobody else.
fn reviewer(context: &Context, bench: &Workbench<'_>, person: &Person) -> Result<KeyEntry, CliError> {
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&person.public_key(), sequencer.now());
    let entry = signer.map_err(vandel_core::admit::Refusal::Key)?.0;
    let roles = [Role::DataProtectionOfficer, Role::Auditor, Role::ControllersDelegate];
    let today = context.today();
    if entry.grants.iter().any(|grant| roles.contains(&grant.role) && grant.in_force_on(today)) {
        return Ok(entry.clone());
    }
    let message =
        "readings are reviewed by the data-protection officer, an auditor or the controller's delegate";
    Err(CliError::new(Exit::NotAuthorised, "role", message).next("see who may: vandel key list"))
}

fn find(bench: &Workbench<'_>, names: &Names, arguments: &ReadListArgs) -> Result<Vec<Found>, CliError> {
    let wanted = arguments.reader.as_ref().map(|reader| names.actor(reader)).transpose()?;
    let sequencer = bench.sequencer();
    let mut found = Vec::new();
    for (id, thread) in sequencer.threads()?.iter() {
        let Matter::Reader(actor) = thread.matter else { continue };
        if wanted.is_some_and(|wanted| wanted != actor) {
            continue;
        }
        for (number, record) in (0_u32..).zip(&thread.records) {
            let Some(step) = casework::step(sequencer, *id, number)? else { continue };
            let (day, Some(reading)) = (step.spine.day, step.reading) else { continue };
            let in_month =
                arguments.month.as_ref().is_none_or(|month| day.to_string().starts_with(month.as_str()));
            if in_month && arguments.purpose.is_none_or(|purpose| purpose == reading.purpose) {
                found.push(Found { day, actor, reading, record: *record });
            }
        }
    }
    found.sort_by_key(|one| one.record);
    Ok(found)
}

/// How often, by month, reader and purpose: what stands out is asked about.
fn counted(names: &Names, found: &[Found]) -> Vec<Row> {
    let mut counts: BTreeMap<(String, ActorId, &'static str), (usize, BTreeSet<&'static str>)> =
        BTreeMap::new();
    for one in found {
        let month = one.day.to_string()[..7].to_owned();
        let count = counts.entry((month, one.actor, one.reading.purpose.name())).or_default();
        count.0 += 1;
        count.1.extend(one.reading.compartments.iter().map(|compartment| compartment.name()));
    }
    let row = |((day, actor, purpose), (readings, shown)): (
        (String, ActorId, &'static str),
        (usize, BTreeSet<_>),
    )| {
        let reader = names.text(NameKind::Actor, actor.0);
        Row {
            kind: "readings",
            day,
            reader,
            purpose,
            readings,
            handle: None,
            shown: shown.into_iter().collect(),
            record: None,
        }
    };
    counts.into_iter().map(row).collect()
}

/// So many readings, drawn without regard to who or why: nobody can know which will be asked about.
fn draw(found: &[Found], size: usize) -> Result<Vec<&Found>, CliError> {
    let mut left: Vec<&Found> = found.iter().collect();
    let mut drawn = Vec::new();
    while drawn.len() < size && !left.is_empty() {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|_| CliError::new(Exit::Io, "randomness", "the operating system gives no randomness"))?;
        // Of 2^64 values a few thousand readings take so few that the bias is no matter.
        let at = u64::from_be_bytes(random) % left.len() as u64;
        drawn.push(left.swap_remove(usize::try_from(at).unwrap_or(0)));
    }
    drawn.sort_by_key(|one| one.record);
    Ok(drawn)
}

fn sampled(
    context: &Context,
    bench: &Workbench<'_>,
    names: &Names,
    entry: &KeyEntry,
    drawn: Vec<&Found>,
) -> Result<Vec<Row>, CliError> {
    let sequencer = bench.sequencer();
    let mut rows = Vec::new();
    for one in drawn {
        let case = one.reading.thread;
        let known = case.map(|case| sequencer.case(&case)).transpose()?.flatten();
        let place = known.as_ref().and_then(Case::place);
        let reaches = place.is_some_and(|place| casework::may_read(entry, &place, context.today()));
        let handle = match case.filter(|_| reaches) {
            Some(case) => casework::identity(sequencer, case)?.map(|identity| identity.handle),
            None => None,
        };
        rows.push(Row {
            kind: "reading",
            day: one.day.to_string(),
            reader: names.text(NameKind::Actor, one.actor.0),
            purpose: one.reading.purpose.name(),
            readings: 1,
            handle,
            shown: one.reading.compartments.iter().map(|compartment| compartment.name()).collect(),
            record: Some(one.record),
        });
    }
    Ok(rows)
}

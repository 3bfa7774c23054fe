//! `vandel sink`: the register of every other place that got a payload or a key, and what became of each.

use serde::Serialize;
use vandel_core::admit::Refusal;
use vandel_core::event::{Compartment, Role};
use vandel_ledger::sealing::thread_key;
use vandel_ledger::sinks::{Fate, Made, Register, SinkId, SinkState, What};

use crate::args::{SinkAddArgs, SinkCommand, SinkEndArgs};
use crate::casework;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

/// A sink as it is listed. Which cases are in it is not told.
#[derive(Serialize)]
struct Row {
    #[serde(rename = "type")]
    kind: &'static str,
    sink: String,
    what: &'static str,
    state: &'static str,
    place: String,
    made: String,
    epoch: u64,
    cases: usize,
    expires: Option<String>,
    ended: Option<String>,
    how: Option<String>,
    /// The day on which it was to be gone has passed.
    late: bool,
}

#[derive(Serialize)]
struct End {
    sinks: usize,
    outstanding: usize,
}

/// Runs a command about sinks.
pub(super) fn run(context: &Context, command: &SinkCommand) -> Result<Exit, CliError> {
    match command {
        SinkCommand::Add(arguments) => add(context, arguments),
        SinkCommand::Destroyed(arguments) => {
            end(context, arguments, |sink, how| What::Destroyed { sink, how })
        }
        SinkCommand::Unreachable(arguments) => {
            end(context, arguments, |sink, why| What::NotReachable { sink, why })
        }
        SinkCommand::List => list(context),
    }
}

fn add(context: &Context, arguments: &SinkAddArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    if arguments.kind.holds_keys_or_blobs() != arguments.cases.is_empty() {
        let message = "a backup or a root key holds every case; any other place names those that are in it";
        return Err(CliError::new(Exit::Usage, "sink-cases", message).next("see: vandel sink add --help"));
    }
    let bench = Workbench::open(context)?;
    let mut cases = Vec::new();
    for handle in &arguments.cases {
        let thread = casework::find(bench.sequencer(), handle)?;
        cases.push(thread_key(Compartment::Spine, &thread).0);
    }
    cases.sort_unstable();
    let mut id = [0; 16];
    getrandom::fill(&mut id)
        .map_err(|_| CliError::new(Exit::Io, "randomness", "the operating system gives no randomness"))?;
    let made = Made {
        sink: SinkId(id),
        kind: arguments.kind,
        epoch: bench.sequencer().vault().epoch(),
        expires: arguments.expires,
        cases,
        place: arguments.place.trim().to_owned(),
    };
    enter(context, bench, &author, What::Made(made), SinkId(id))
}

fn end(
    context: &Context,
    arguments: &SinkEndArgs,
    what: impl FnOnce(SinkId, String) -> What,
) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let how = arguments.how.trim().to_owned();
    if how.is_empty() {
        return Err(CliError::new(Exit::Usage, "no-reason", "say how, or why, with --how"));
    }
    let bench = Workbench::open(context)?;
    enter(context, bench, &author, what(arguments.sink, how), arguments.sink)
}

/// Whoever signs an entry is a person of the ledger.
fn enter(
    context: &Context,
    bench: Workbench<'_>,
    author: &Person,
    what: What,
    sink: SinkId,
) -> Result<Exit, CliError> {
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&author.public_key(), sequencer.now());
    let (entry, _) = signer.map_err(Refusal::Key)?;
    if entry.grants.iter().all(|grant| grant.role == Role::Service) {
        let message = "a service signs for no sink: a person has seen to it";
        return Err(CliError::new(Exit::NotAuthorised, "role", message));
    }
    author.check_seen(context, sequencer.chain())?;
    let mut register = sequencer.sinks()?;
    register.enter(&*context.disk, &context.home, what, sequencer.now(), &author.key)?;
    bench.close()?;
    let state = register.states().into_iter().find(|state| state.made.sink == sink);
    let row = state.map(|state| row(context, &state));
    if let Some(row) = row {
        context.output.result(&row, || describe(&row))?;
    }
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let register = Register::read(&*context.disk, &context.home, reading.chain().ledger)?;
    let rows: Vec<Row> = register.states().iter().map(|state| row(context, state)).collect();
    for row in &rows {
        context.output.line(row, || describe(row))?;
    }
    let outstanding = rows.iter().filter(|row| row.state == "outstanding").count();
    let end = End { sinks: rows.len(), outstanding };
    let values = [("count", &*end.sinks.to_string()), ("outstanding", &*outstanding.to_string())];
    context.output.summary(&end, ErasureText::SinksEnd.with(context.lang, &values))?;
    Ok(Exit::Done)
}

fn row(context: &Context, state: &SinkState) -> Row {
    let (ended, how) = match &state.fate {
        Fate::Exists => (None, None),
        Fate::Destroyed(signed) | Fate::NotReachable(signed) => {
            let words = match &signed.entry.what {
                What::Destroyed { how, .. } => how.clone(),
                What::NotReachable { why, .. } => why.clone(),
                What::Made(_) => String::new(),
            };
            (Some(signed.entry.at.to_string()), Some(words))
        }
    };
    let outstanding = state.fate == Fate::Exists;
    Row {
        kind: "sink",
        sink: state.made.sink.to_string(),
        what: state.made.kind.name(),
        state: state.fate.name(),
        place: state.made.place.clone(),
        made: state.at.to_string(),
        epoch: state.made.epoch,
        cases: state.made.cases.len(),
        expires: state.made.expires.map(|day| day.to_string()),
        ended,
        how,
        late: outstanding && state.made.expires.is_some_and(|day| day < context.as_of()),
    }
}

fn describe(row: &Row) -> String {
    let end = row.expires.as_ref().map(|day| format!("  until {day}")).unwrap_or_default();
    let late = if row.late { "  LATE" } else { "" };
    let how = row.how.as_ref().map(|how| format!("\n    {how}")).unwrap_or_default();
    format!("{}  {:<14}  {:<13}  {}  {}{end}{late}{how}", row.sink, row.what, row.state, row.made, row.place)
}

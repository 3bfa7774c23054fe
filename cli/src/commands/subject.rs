//! `vandel subject`: what a person may ask for. A request for erasure is recorded, answered within a month, and
//! carried out by a plan of two people like every other erasure, or refused with its reason.

mod report;

use serde::Serialize;
use vandel_core::admit::Refusal;
use vandel_core::erasure::{ErasureReason, Notice, NoticeMark, PlannedCase, ThreadMatters, plan_case};
use vandel_core::event::{Compartment, DisposalDecision, Purpose, Reading as ReadEvent};
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyEntry;
use vandel_core::thread::{Case, Threads};
use vandel_core::time::{Day, Period};

use crate::args::{SubjectCommand, SubjectRefuseArgs, SubjectRequestArgs, SubjectRequestsArgs};
use crate::casework;
use crate::commands::case::record_reading;
use crate::commands::hold;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

/// GDPR art. 12.3: without undue delay and in any event within one month of receipt.
const MONTH: Period = Period { years: 0, months: 1, days: 0 };

#[derive(Serialize)]
struct Requested {
    #[serde(rename = "type")]
    kind: &'static str,
    handle: String,
    record: u64,
    received: String,
    answer_by: String,
    goes: Vec<&'static str>,
    stays: Vec<Stays>,
}

#[derive(Serialize)]
struct Stays {
    compartment: &'static str,
    reason: &'static str,
    why: String,
}

#[derive(Serialize)]
struct Refused {
    #[serde(rename = "type")]
    kind: &'static str,
    handle: String,
    record: u64,
    received: String,
}

/// Runs a command about what a person asked for.
pub(super) fn run(context: &Context, command: &SubjectCommand) -> Result<Exit, CliError> {
    match command {
        SubjectCommand::Request(arguments) => request(context, arguments),
        SubjectCommand::Report(arguments) => report::run(context, arguments),
        SubjectCommand::Restrict(arguments) => hold::restrict(context, arguments),
        SubjectCommand::Refuse(arguments) => refuse(context, arguments),
        SubjectCommand::Requests(arguments) => requests(context, arguments),
    }
}

/// The day by which a request must be answered.
pub(super) fn answer_by(received: Day) -> Day {
    received.plus(MONTH)
}

fn request(context: &Context, arguments: &SubjectRequestArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let mut bench = Workbench::open(context)?;
    let thread = reachable(context, &bench, &author, &arguments.handle)?;
    let received = arguments.received.unwrap_or_else(|| context.today());
    if received > context.today() {
        return Err(CliError::new(Exit::Refused, "day-in-future", "the request can't have come after today")
            .expected(format!("{} or before", context.today()), received));
    }
    let notice = Notice::ErasureRequested { received };
    let record = give_notice(context, &mut bench, &author, thread, &notice)?;
    let planned = what_may_go(context, &bench, thread);
    bench.close()?;
    let goes =
        planned.line.iter().flat_map(|line| &line.compartments).map(|ground| ground.compartment.name());
    let stays = planned.left_out.iter().map(|left| Stays {
        compartment: left.compartment.name(),
        reason: left.why.name(),
        why: left.why.to_string(),
    });
    let told = Requested {
        kind: "erasure_requested",
        handle: vandel_ledger::handle::parse_handle(&arguments.handle).unwrap_or_default(),
        record,
        received: received.to_string(),
        answer_by: answer_by(received).to_string(),
        goes: goes.collect(),
        stays: stays.collect(),
    };
    context.output.result(&told, || describe(context, &told))?;
    Ok(Exit::Done)
}

fn describe(context: &Context, told: &Requested) -> String {
    let goes = if told.goes.is_empty() { "-".to_owned() } else { told.goes.join(", ") };
    let values = [
        ("received", &*told.received),
        ("record", &*told.record.to_string()),
        ("answer_by", &*told.answer_by),
        ("handle", &*told.handle),
        ("goes", &*goes),
    ];
    let mut text = ErasureText::Requested.with(context.lang, &values);
    for stays in &told.stays {
        let values = [("compartment", stays.compartment), ("why", &*stays.why)];
        text += "\n";
        text += &ErasureText::StaysAsked.with(context.lang, &values);
    }
    text
}

fn refuse(context: &Context, arguments: &SubjectRefuseArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let reason = arguments.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(
            CliError::new(Exit::Usage, "no-reason", "say why with --reason").paragraph("GDPR art. 12.4")
        );
    }
    let mut bench = Workbench::open(context)?;
    let thread = reachable(context, &bench, &author, &arguments.handle)?;
    let standing = bench.sequencer().matters().request(&thread).map(|mark| mark.notice.clone());
    let received = match standing {
        Some(Notice::ErasureRequested { received }) => received,
        _ => {
            let message = "no request for erasure of the case waits for an answer";
            return Err(CliError::new(Exit::NotFound, "not-requested", message)
                .next("record it first: vandel subject request HANDLE"));
        }
    };
    let notice = Notice::ErasureRefused { received, reason };
    let record = give_notice(context, &mut bench, &author, thread, &notice)?;
    bench.close()?;
    let told = Refused {
        kind: "erasure_refused",
        handle: vandel_ledger::handle::parse_handle(&arguments.handle).unwrap_or_default(),
        record,
        received: received.to_string(),
    };
    context.output.result(&told, || {
        let values = [("received", &*told.received), ("record", &*record.to_string())];
        ErasureText::RequestRefused.with(context.lang, &values)
    })?;
    Ok(Exit::Done)
}

/// The case of a handle, if the person's roles reach it.
fn reachable(
    context: &Context,
    bench: &Workbench<'_>,
    person: &Person,
    handle: &str,
) -> Result<ThreadId, CliError> {
    let sequencer = bench.sequencer();
    let thread = casework::find(sequencer, handle)?;
    let signer = sequencer.chain().keyring.signer(&person.public_key(), sequencer.now());
    let (entry, _) = signer.map_err(Refusal::Key)?;
    if reaches(entry, sequencer.threads(), &thread, context.today()) {
        Ok(thread)
    } else {
        Err(CliError::new(Exit::NotAuthorised, "role", "no role of yours reaches the case")
            .paragraph("OSL 2009:400 ch. 8 section 2")
            .next("see who may: vandel key list"))
    }
}

fn reaches(entry: &KeyEntry, threads: &Threads, thread: &ThreadId, day: Day) -> bool {
    let place = threads.case(thread).and_then(Case::place).unwrap_or_default();
    casework::may_read(entry, &place, day)
}

fn give_notice(
    context: &Context,
    bench: &mut Workbench<'_>,
    person: &Person,
    thread: ThreadId,
    notice: &Notice,
) -> Result<u64, CliError> {
    let reading = ReadEvent {
        thread: Some(thread),
        purpose: notice.purpose(),
        remark: notice.remark(),
        compartments: vec![Compartment::Identity, Compartment::Process],
        count: 1,
    };
    record_reading(context, bench, person, reading)
}

/// What the law lets go of a case today, under the newest decision in force.
fn what_may_go(context: &Context, bench: &Workbench<'_>, thread: ThreadId) -> PlannedCase {
    let (chain, today) = (bench.sequencer().chain(), context.today());
    let in_force = |decision: &&DisposalDecision| {
        decision.from <= today && decision.until.is_none_or(|until| today <= until)
    };
    let none = DisposalDecision {
        body: String::new(),
        number: String::new(),
        decided: today,
        classes: Vec::new(),
        from: today,
        until: None,
    };
    let decision = chain.disposals.values().rev().find(in_force).unwrap_or(&none);
    let matters = bench.sequencer().matters();
    plan_case(&matters, thread, ErasureReason::Request, decision, today, [0; 8])
}

/// A request as it is listed.
#[derive(Serialize)]
struct Row {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    received: String,
    answer_by: String,
    state: &'static str,
    record: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct End {
    as_of: String,
    count: usize,
    open: usize,
    late: usize,
}

fn requests(context: &Context, arguments: &SubjectRequestsArgs) -> Result<Exit, CliError> {
    let mut rows = match &arguments.key {
        Some(key) => {
            let reader = Person::read(context, key, arguments.passphrase_file.as_deref())?;
            shown(context, &reader)?
        }
        None => {
            let reading = Reading::open(context)?;
            let threads = reading.threads()?;
            let matters = ThreadMatters::of(reading.chain(), &threads);
            matters.requests().filter_map(|(thread, mark)| row(context, &threads, thread, mark)).collect()
        }
    };
    rows.sort_by(|a, b| (&a.answer_by, a.record).cmp(&(&b.answer_by, b.record)));
    for row in &rows {
        context.output.line(row, || {
            let handle = row.handle.as_deref().unwrap_or("-");
            let reason = row.reason.as_ref().map(|reason| format!("\n    {reason}")).unwrap_or_default();
            format!("{handle:<11}  {}  {}  {}{reason}", row.received, row.answer_by, row.state)
        })?;
    }
    let count = |states: &[&str]| rows.iter().filter(|row| states.contains(&row.state)).count();
    let (open, late) = (count(&["open", "late"]), count(&["late"]));
    let end = End { as_of: context.as_of().to_string(), count: rows.len(), open, late };
    let values =
        [("count", &*end.count.to_string()), ("open", &*open.to_string()), ("late", &*late.to_string())];
    context.output.summary(&end, ErasureText::RequestsEnd.with(context.lang, &values))?;
    Ok(Exit::Done)
}

/// With handles and reasons it is content, and showing it is a reading.
fn shown(context: &Context, reader: &Person) -> Result<Vec<Row>, CliError> {
    let mut bench = Workbench::open(context)?;
    let count = bench.sequencer().matters().requests().count();
    let reading = ReadEvent {
        thread: None,
        purpose: Purpose::SubjectAccess,
        remark: String::new(),
        compartments: vec![Compartment::Identity, Compartment::Process],
        count: u32::try_from(count).unwrap_or(u32::MAX),
    };
    record_reading(context, &mut bench, reader, reading)?;
    let sequencer = bench.sequencer();
    let (entry, _) =
        sequencer.chain().keyring.signer(&reader.public_key(), sequencer.now()).map_err(Refusal::Key)?;
    let mut rows = Vec::new();
    for (thread, mark) in sequencer.matters().requests() {
        let Some(mut row) = row(context, sequencer.threads(), thread, mark) else { continue };
        let known = sequencer.threads().get(thread).is_some();
        if known && reaches(entry, sequencer.threads(), thread, context.today()) {
            row.handle = casework::identity(sequencer, *thread)?.map(|identity| identity.handle);
            if let Notice::ErasureRefused { reason, .. } = &mark.notice {
                row.reason = Some(reason.clone());
            }
        }
        rows.push(row);
    }
    bench.close()?;
    Ok(rows)
}

fn row(context: &Context, threads: &Threads, thread: &ThreadId, mark: &NoticeMark) -> Option<Row> {
    let received = mark.notice.received()?;
    let answer_by = answer_by(received);
    let state = match &mark.notice {
        Notice::ErasureRefused { .. } => "refused",
        _ if threads.get(thread).is_none() => "erased",
        _ if answer_by < context.as_of() => "late",
        _ => "open",
    };
    Some(Row {
        kind: "request",
        handle: None,
        received: received.to_string(),
        answer_by: answer_by.to_string(),
        state,
        record: mark.record,
        reason: None,
    })
}

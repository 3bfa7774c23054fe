//! `vandel subject`: what a person may ask for. A request is recorded and answered within a month, or within three if the
//! person was told so within the first. One for erasure is carried out by a plan of two people like every other
//! erasure, one for access by the report; either is refused with its reason.

mod listed;
mod report;

use serde::Serialize;
use vandel_core::admit::Refusal;
use vandel_core::erasure::{ErasureReason, Notice, PlannedCase, Request, Right, answer_by, plan_case};
use vandel_core::event::{Compartment, DisposalDecision, Reading as ReadEvent};
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyEntry;
use vandel_core::thread::Case;
use vandel_core::time::Day;
use vandel_ledger::handle::parse_handle;
use vandel_ledger::sequencer::Sequencer;

use crate::args::{RightArg, SubjectCommand, SubjectExtendArgs, SubjectRefuseArgs, SubjectRequestArgs};
use crate::casework;
use crate::commands::case::record_reading;
use crate::commands::hold;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::workbench::Workbench;

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

#[derive(Serialize)]
struct Extended {
    #[serde(rename = "type")]
    kind: &'static str,
    handle: String,
    right: &'static str,
    record: u64,
    received: String,
    answer_by: String,
}

/// Runs a command about what a person asked for.
pub(super) fn run(context: &Context, command: &SubjectCommand) -> Result<Exit, CliError> {
    match command {
        SubjectCommand::Request(arguments) => request(context, arguments),
        SubjectCommand::Report(arguments) => report::run(context, arguments),
        SubjectCommand::Restrict(arguments) => hold::restrict(context, arguments),
        SubjectCommand::Refuse(arguments) => refuse(context, arguments),
        SubjectCommand::Extend(arguments) => extend(context, arguments),
        SubjectCommand::Requests(arguments) => listed::requests(context, arguments),
    }
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
    if arguments.right == RightArg::Access {
        let record =
            give_notice(context, &mut bench, &author, thread, &Notice::AccessRequested { received })?;
        bench.close()?;
        return tell_access(context, &arguments.handle, received, record);
    }
    let notice = Notice::ErasureRequested { received };
    let record = give_notice(context, &mut bench, &author, thread, &notice)?;
    let planned = what_may_go(context, &bench, thread)?;
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
        handle: parse_handle(&arguments.handle).unwrap_or_default(),
        record,
        received: received.to_string(),
        answer_by: answer_by(received).to_string(),
        goes: goes.collect(),
        stays: stays.collect(),
    };
    context.output.result(&told, || describe(context, &told))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct AccessRequested {
    #[serde(rename = "type")]
    kind: &'static str,
    handle: String,
    record: u64,
    received: String,
    answer_by: String,
}

fn tell_access(context: &Context, handle: &str, received: Day, record: u64) -> Result<Exit, CliError> {
    let told = AccessRequested {
        kind: "access_requested",
        handle: parse_handle(handle).unwrap_or_default(),
        record,
        received: received.to_string(),
        answer_by: answer_by(received).to_string(),
    };
    context.output.result(&told, || {
        let values = [
            ("received", &*told.received),
            ("record", &*record.to_string()),
            ("answer_by", &*told.answer_by),
            ("handle", &*told.handle),
        ];
        ErasureText::AccessRequested.with(context.lang, &values)
    })?;
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
    let reason = reason(&arguments.reason, "GDPR art. 12.4")?;
    let mut bench = Workbench::open(context)?;
    let thread = reachable(context, &bench, &author, &arguments.handle)?;
    let received = waiting(&bench, arguments.right.into(), &thread, &arguments.handle)?.0;
    let notice = match arguments.right {
        RightArg::Erasure => Notice::ErasureRefused { received, reason },
        RightArg::Access => Notice::AccessRefused { received, reason },
    };
    let record = give_notice(context, &mut bench, &author, thread, &notice)?;
    bench.close()?;
    let told = Refused {
        kind: match arguments.right {
            RightArg::Erasure => "erasure_refused",
            RightArg::Access => "access_refused",
        },
        handle: parse_handle(&arguments.handle).unwrap_or_default(),
        record,
        received: received.to_string(),
    };
    context.output.result(&told, || {
        let values = [("received", &*told.received), ("record", &*record.to_string())];
        ErasureText::RequestRefused.with(context.lang, &values)
    })?;
    Ok(Exit::Done)
}

fn reason(text: &str, paragraph: &'static str) -> Result<String, CliError> {
    match text.trim() {
        "" => Err(CliError::new(Exit::Usage, "no-reason", "say why with --reason").paragraph(paragraph)),
        reason => Ok(reason.to_owned()),
    }
}

/// The day on which the request came that waits for an answer, and the last day on which that can be put off.
fn waiting(
    bench: &Workbench<'_>,
    right: Right,
    thread: &ThreadId,
    handle: &str,
) -> Result<(Day, Day), CliError> {
    let matters = bench.sequencer().matters()?;
    match matters.request(right, thread).filter(|request| request.waits()) {
        Some(request) => Ok((request.received, request.extend_by())),
        None => {
            let message = format!("no request for {} of the case waits for an answer", right.name());
            let next = format!("record it first: vandel subject request {handle} --right {}", right.name());
            Err(CliError::new(Exit::NotFound, "not-requested", message).next(next))
        }
    }
}

/// Two months more, once, and said within the first (GDPR art. 12.3).
fn extend(context: &Context, arguments: &SubjectExtendArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let (reason, right) = (reason(&arguments.reason, "GDPR art. 12.3")?, Right::from(arguments.right));
    let mut bench = Workbench::open(context)?;
    let thread = reachable(context, &bench, &author, &arguments.handle)?;
    let (received, extend_by) = waiting(&bench, right, &thread, &arguments.handle)?;
    if context.today() > extend_by {
        let message = "the time to answer is extended within one month of the request, or not at all";
        return Err(CliError::new(Exit::Refused, "extension-too-late", message)
            .expected(format!("{extend_by} or before"), context.today())
            .paragraph("GDPR art. 12.3"));
    }
    let notice = Notice::AnswerExtended { right, received, reason };
    let record = give_notice(context, &mut bench, &author, thread, &notice)?;
    let answer_by = bench.sequencer().matters()?.request(right, &thread).map(Request::answer_by);
    bench.close()?;
    let told = Extended {
        kind: "answer_extended",
        handle: parse_handle(&arguments.handle).unwrap_or_default(),
        right: right.name(),
        record,
        received: received.to_string(),
        answer_by: answer_by.unwrap_or(extend_by).to_string(),
    };
    context.output.result(&told, || {
        let values = [
            ("received", &*told.received),
            ("record", &*record.to_string()),
            ("answer_by", &*told.answer_by),
        ];
        ErasureText::RequestExtended.with(context.lang, &values)
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
    if reaches(entry, sequencer, &thread, context.today())? {
        Ok(thread)
    } else {
        Err(CliError::new(Exit::NotAuthorised, "role", "no role of yours reaches the case")
            .paragraph("OSL 2009:400 ch. 8 section 2")
            .next("see who may: vandel key list"))
    }
}

fn reaches(entry: &KeyEntry, sequencer: &Sequencer, thread: &ThreadId, day: Day) -> Result<bool, CliError> {
    let place = sequencer.case(thread)?.as_ref().and_then(Case::place).unwrap_or_default();
    Ok(casework::may_read(entry, &place, day))
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
fn what_may_go(context: &Context, bench: &Workbench<'_>, thread: ThreadId) -> Result<PlannedCase, CliError> {
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
    let matters = bench.sequencer().matters()?;
    Ok(plan_case(&matters, thread, ErasureReason::Request, decision, today, [0; 8]))
}

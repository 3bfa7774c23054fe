//! `vandel subject report`: everything held on a person, recorded as read before any of it is shown.

use std::io::Write as _;
use std::time::Instant;

use vandel_core::erasure::{Notice, Right, answer_by};
use vandel_core::event::{Compartment, Purpose, Reading};
use vandel_core::id::ThreadId;
use vandel_core::person::IdentityNumber;
use vandel_core::thread::{Case, Matter};
use vandel_core::time::Day;
use vandel_ledger::names::Names;
use vandel_ledger::people::PersonKey;
use vandel_ledger::sealing::thread_key;
use vandel_ledger::sinks::{Made, SinkId, SinkKind, What};
use vandel_projector::source::Source;
use vandel_projector::{Projector, Settings};

use crate::args::{ReportForm, SubjectReportArgs};
use crate::casework;
use crate::commands::case::{random, read_text, record_reading};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::SubjectText;
use crate::people::Person;
use crate::rights::{self, Asked, Report};
use crate::workbench::Workbench;

/// Makes the report.
pub(super) fn run(context: &Context, arguments: &SubjectReportArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let today = context.today();
    if let Some(received) = arguments.received.filter(|received| *received > today) {
        return Err(CliError::new(Exit::Refused, "day-in-future", "the request can't have come after today")
            .expected(format!("{today} or before"), received));
    }
    if let Some(path) = arguments.out.as_ref().filter(|path| path.exists()) {
        // Before anything is recorded as answered.
        return Err(CliError::file(path, &std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut bench = Workbench::open(context)?;
    let cases = find(context, &bench, arguments)?;
    let cases = reached(context, &bench, &author, cases)?;
    let asked = Standing::of(&bench, &cases, arguments.received, today)?;
    let received = asked.received;
    // 1. The search is a reading, also where it finds nothing.
    search(context, &mut bench, &author, arguments, cases.len(), received)?;
    if cases.is_empty() {
        bench.close()?;
        return Err(CliError::new(
            Exit::NotFound,
            "nobody",
            "no case that your roles reach is about this person",
        )
        .next("answer that nothing is held here; the search itself has been recorded"));
    }
    // 2. Each case is read, in the reader's own name, before anything is shown.
    for thread in &cases {
        read_case(context, &mut bench, &author, arguments, *thread, &asked)?;
    }
    // 3. The report is a copy of it all: a sink, until somebody says what became of it.
    enter_sink(context, &bench, &author, &cases)?;
    // 4. What the ledger holds now, the readings of this very report included.
    let report = gather(context, &mut bench, arguments, &cases, &asked)?;
    bench.close()?;
    show(context, arguments, &report)?;
    Ok(Exit::Done)
}

/// The request that is answered: as it was recorded for the cases, else as it is said now.
struct Standing {
    received: Day,
    answer_by: Day,
    /// The cases whose recorded request this answers.
    cases: Vec<ThreadId>,
}

impl Standing {
    fn of(
        bench: &Workbench<'_>,
        cases: &[ThreadId],
        said: Option<Day>,
        today: Day,
    ) -> Result<Self, CliError> {
        let matters = bench.sequencer().matters()?;
        let waits = |thread: &ThreadId| {
            let request = matters.request(Right::Access, thread)?;
            (request.waits() && said.is_none_or(|said| said == request.received))
                .then(|| (request.received, request.answer_by(), *thread))
        };
        let mut waiting: Vec<_> = cases.iter().filter_map(waits).collect();
        waiting.sort_unstable();
        let Some((received, answer_by, _)) = waiting.first().copied() else {
            let received = said.unwrap_or(today);
            return Ok(Self { received, answer_by: answer_by(received), cases: Vec::new() });
        };
        let same = waiting.into_iter().filter(|(other, _, _)| *other == received);
        Ok(Self { received, answer_by, cases: same.map(|(_, _, thread)| thread).collect() })
    }
}

/// The person's cases, by handle or by number; in no order.
fn find(
    context: &Context,
    bench: &Workbench<'_>,
    arguments: &SubjectReportArgs,
) -> Result<Vec<ThreadId>, CliError> {
    let sequencer = bench.sequencer();
    let Some(handle) = &arguments.handle else {
        let what = "the identity number";
        let from = arguments.number.as_deref().filter(|path| path.as_os_str() != "-");
        let text = read_text(context, from, what)?;
        let line = text.lines().next().unwrap_or_default();
        let number = IdentityNumber::parse(line.trim(), context.today()).ok();
        let number = number.filter(|number| number.number().is_some()).ok_or_else(|| {
            CliError::new(Exit::Usage, "identity-number", "the first line is no personal identity number")
        })?;
        let begun = Instant::now();
        let person = PersonKey::of(&number, "", "");
        let (found, count) = sequencer.people(|people| (people.cases_of(&person), people.len()))?;
        let (count, took) = (count.to_string(), begun.elapsed().as_millis().to_string());
        let values = [("count", &*count), ("milliseconds", &*took)];
        context.output.progress(&SubjectText::Indexed.with(context.lang, &values));
        return Ok(found);
    };
    let thread = casework::find(sequencer, handle)?;
    let subject = sequencer.case(&thread)?.and_then(|case| case.subject);
    let same = |case: &Case| subject.is_some() && case.subject == subject;
    let all = sequencer.threads()?.iter().filter(|(id, other)| match &other.matter {
        Matter::Case(case) => **id == thread || same(case),
        _ => false,
    });
    Ok(all.map(|(id, _)| *id).collect())
}

/// There is secrecy between boards: only what the reader's roles reach, in the order of opening.
fn reached(
    context: &Context,
    bench: &Workbench<'_>,
    reader: &Person,
    cases: Vec<ThreadId>,
) -> Result<Vec<ThreadId>, CliError> {
    let sequencer = bench.sequencer();
    let signer = sequencer.chain().keyring.signer(&reader.public_key(), sequencer.now());
    let entry = signer.map_err(vandel_core::admit::Refusal::Key)?.0;
    let mut reached: Vec<(u64, ThreadId)> = Vec::new();
    for thread in cases {
        let place = sequencer.case(&thread)?.as_ref().and_then(Case::place).unwrap_or_default();
        if casework::may_read(entry, &place, context.today()) {
            let first = sequencer.thread(&thread)?.and_then(|thread| thread.records.first().copied());
            reached.push((first.unwrap_or(0), thread));
        }
    }
    reached.sort_unstable();
    Ok(reached.into_iter().map(|(_, thread)| thread).collect())
}

fn search(
    context: &Context,
    bench: &mut Workbench<'_>,
    reader: &Person,
    arguments: &SubjectReportArgs,
    found: usize,
    received: Day,
) -> Result<(), CliError> {
    let by = if arguments.handle.is_some() { "handle" } else { "number" };
    let reading = Reading {
        thread: None,
        purpose: Purpose::SubjectAccess,
        remark: format!("access-requested {received}, searched by {by}"),
        compartments: vec![Compartment::Identity],
        count: u32::try_from(found).unwrap_or(u32::MAX),
    };
    record_reading(context, bench, reader, reading).map(|_| ())
}

fn read_case(
    context: &Context,
    bench: &mut Workbench<'_>,
    reader: &Person,
    arguments: &SubjectReportArgs,
    thread: ThreadId,
    asked: &Standing,
) -> Result<(), CliError> {
    let case = bench.sequencer().case(&thread)?;
    let compartments = case.as_ref().map(rights::shown_of).unwrap_or_default();
    // The weighing that lets staff be named is recorded with the reading that names them.
    let remark = match &arguments.name_staff {
        Some(weighing) => format!("report under art. 15; staff named: {weighing}"),
        None => "report under art. 15".to_owned(),
    };
    // The same reading answers the request that was recorded for the case.
    let remark = match asked.cases.contains(&thread) {
        true => Notice::AccessAnswered { received: asked.received, how: remark }.remark(),
        false => remark,
    };
    let reading =
        Reading { thread: Some(thread), purpose: Purpose::SubjectAccess, remark, compartments, count: 1 };
    record_reading(context, bench, reader, reading).map(|_| ())
}

fn enter_sink(
    context: &Context,
    bench: &Workbench<'_>,
    reader: &Person,
    cases: &[ThreadId],
) -> Result<(), CliError> {
    let sequencer = bench.sequencer();
    let made = Made {
        sink: SinkId(random()?),
        kind: SinkKind::Report,
        epoch: sequencer.vault().epoch(),
        expires: None,
        cases: cases.iter().map(|thread| thread_key(Compartment::Spine, thread).0).collect(),
        place: "the person, on request under GDPR art. 15".to_owned(),
    };
    let mut register = sequencer.sinks()?;
    let what = What::Made(made);
    register
        .enter(&*context.disk, &context.home, what, context.now(), &reader.key)
        .map_err(vandel_ledger::erasure::ErasureError::from)?;
    Ok(())
}

fn gather(
    context: &Context,
    bench: &mut Workbench<'_>,
    arguments: &SubjectReportArgs,
    cases: &[ThreadId],
    asked: &Standing,
) -> Result<Report, CliError> {
    Projector::prepare(bench.sequencer_mut().vault_mut())?;
    let sequencer = bench.sequencer();
    let source = Source::of(sequencer);
    let mut projector = Projector::open(&context.home, &source, Settings::default())?;
    let names = Names::read(sequencer.vault())?;
    let asked = Asked {
        as_of: context.as_of(),
        received: Some((asked.received, asked.answer_by)),
        staff_named_by: arguments.name_staff.clone(),
    };
    rights::gather(sequencer, &mut projector, &names, &sequencer.sinks()?, cases, asked)
}

fn show(context: &Context, arguments: &SubjectReportArgs, report: &Report) -> Result<(), CliError> {
    let Some(path) = &arguments.out else {
        return context.output.result(report, || match arguments.form {
            ReportForm::Text => rights::as_text(report, context.lang),
            ReportForm::Html => rights::as_html(report, context.lang),
        });
    };
    let text = match arguments.form {
        _ if context.output.is_json() => serde_json::to_string_pretty(report)
            .map_err(|error| CliError::new(Exit::Internal, "json", error.to_string()))?,
        ReportForm::Text => rights::as_text(report, context.lang),
        ReportForm::Html => rights::as_html(report, context.lang),
    };
    // The person's data is the owner's alone to read, and never written over another file.
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create_new(true), 0o600);
    let mut file = options.open(path).map_err(|error| CliError::file(path, &error))?;
    file.write_all(text.as_bytes()).map_err(|error| CliError::file(path, &error))
}

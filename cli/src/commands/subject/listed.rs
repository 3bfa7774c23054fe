//! `vandel subject requests`: what was asked, under which right, and by when each is to be answered.

use serde::Serialize;
use vandel_core::admit::Refusal;
use vandel_core::erasure::{Request, RequestState, ThreadMatters};
use vandel_core::event::{Compartment, Purpose, Reading as ReadEvent};
use vandel_core::id::ThreadId;
use vandel_core::thread::Threads;

use super::reaches;
use crate::args::SubjectRequestsArgs;
use crate::casework;
use crate::commands::case::record_reading;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

/// A request as it is listed.
#[derive(Serialize)]
struct Row {
    #[serde(rename = "type")]
    kind: &'static str,
    right: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    received: String,
    answer_by: String,
    extended: bool,
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

pub(super) fn requests(context: &Context, arguments: &SubjectRequestsArgs) -> Result<Exit, CliError> {
    let mut rows = match &arguments.key {
        Some(key) => {
            let reader = Person::read(context, key, arguments.passphrase_file.as_deref())?;
            shown(context, &reader)?
        }
        None => {
            let reading = Reading::open(context)?;
            let threads = reading.threads()?;
            let matters = ThreadMatters::of(reading.chain(), &threads);
            matters.requests().map(|(thread, request)| row(context, &threads, thread, request)).collect()
        }
    };
    rows.sort_by(|a, b| (&a.answer_by, a.record).cmp(&(&b.answer_by, b.record)));
    for row in &rows {
        context.output.line(row, || {
            let handle = row.handle.as_deref().unwrap_or("-");
            let reason = row.reason.as_ref().map(|reason| format!("\n    {reason}")).unwrap_or_default();
            format!(
                "{handle:<11}  {:<7}  {}  {}  {}{reason}",
                row.right, row.received, row.answer_by, row.state
            )
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
    let count = bench.sequencer().matters()?.requests().count();
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
    for (thread, request) in sequencer.matters()?.requests() {
        let mut row = row(context, sequencer.threads()?, thread, request);
        let known = sequencer.thread(thread)?.is_some();
        if known && reaches(entry, sequencer, thread, context.today())? {
            row.handle = casework::identity(sequencer, *thread)?.map(|identity| identity.handle);
            let mark = request.extended.filter(|_| request.waits()).unwrap_or(request.last);
            row.reason = mark.notice.reason().map(str::to_owned);
        }
        rows.push(row);
    }
    bench.close()?;
    Ok(rows)
}

fn row(context: &Context, threads: &Threads, thread: &ThreadId, request: &Request<'_>) -> Row {
    // A case that is gone is an answer to a request for erasure, and leaves nothing to give access to.
    let state = match request.state(context.as_of()) {
        RequestState::Refused => RequestState::Refused.name(),
        _ if threads.get(thread).is_none() => "erased",
        state => state.name(),
    };
    Row {
        kind: "request",
        right: request.right.name(),
        handle: None,
        received: request.received.to_string(),
        answer_by: request.answer_by().to_string(),
        extended: request.extended.is_some(),
        state,
        record: request.last.record,
        reason: None,
    }
}

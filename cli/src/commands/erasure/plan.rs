//! `vandel retention plan`: what may go, why, and what is due and stays.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;
use vandel_core::chain::Chain;
use vandel_core::erasure::{ErasureReason, LeftOut, Line, Plan, PlanRefusal, plan_case};
use vandel_core::event::{Compartment, DisposalDecision, Purpose, Reading, Role};
use vandel_core::id::ThreadId;
use vandel_core::thread::Case;
use vandel_core::time::Day;
use vandel_ledger::disk::replace_atomically;
use vandel_ledger::sequencer::Sequencer;
use vandel_projector::source::Source;
use vandel_projector::view::{Planned, Views};
use vandel_projector::{ProjectError, Projector, Settings};
use vandel_verify::certificate::hex;

use super::shown;
use crate::args::RetentionPlanArgs;
use crate::casework;
use crate::commands::case::record_reading;
use crate::context::Context;
use crate::error::CliError;
use crate::error::Exit;
use crate::lang::ErasureText;
use crate::people::Person;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct PlannedLine {
    #[serde(rename = "type")]
    kind: &'static str,
    plan: String,
    line: usize,
    #[serde(skip)]
    thread: ThreadId,
    pseudonym: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    records: usize,
    compartments: Vec<Going>,
}

#[derive(Serialize)]
struct Going {
    compartment: &'static str,
    class: Option<String>,
    due: String,
    ground: &'static str,
    why: Vec<String>,
}

#[derive(Serialize)]
struct Staying {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip)]
    thread: ThreadId,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    compartment: &'static str,
    due: String,
    reason: &'static str,
    why: String,
}

#[derive(Serialize)]
struct End {
    as_of: String,
    disposal: u64,
    plans: Vec<String>,
    lines: usize,
    left_out: usize,
}

/// What is to be printed.
struct Told {
    lines: Vec<PlannedLine>,
    staying: Vec<Staying>,
}

/// Plans, and stores the plans sealed.
pub(in crate::commands) fn plan(context: &Context, arguments: &RetentionPlanArgs) -> Result<Exit, CliError> {
    let reader =
        arguments.key.as_ref().map(|key| Person::read(context, key, arguments.passphrase_file.as_deref()));
    let reader = reader.transpose()?;
    let mut bench = Workbench::open(context)?;
    let as_of = context.as_of();
    decision(bench.sequencer().chain(), arguments.disposal, as_of)?;
    if let Some(reader) = &reader {
        // First of all: a reading is a step on the reader's own thread, which may be due itself.
        read_by(context, &mut bench, reader)?;
    }
    let of_case = match &arguments.case {
        Some(handle) => Some(plan_of_case(bench.sequencer(), arguments, handle, as_of)?),
        None => None,
    };
    let (planned, mut told) = {
        let sequencer = bench.sequencer();
        let decision = decision(sequencer.chain(), arguments.disposal, as_of)?;
        let source = Source::of(sequencer);
        let mut projector = Projector::in_memory(&source, Settings::default())?;
        projector.ask(&source, |views| {
            let planned = match &of_case {
                Some(planned) => planned.clone(),
                None => views.plan((arguments.disposal, decision), as_of, random)?,
            };
            let told = tell(views, &planned, as_of)?;
            Ok::<_, ProjectError>((planned, told))
        })?
    };
    // What is stored has passed the very judgement that it must pass again when it is carried out.
    // The views made it, and the sequencer's own threads judge it: where the two differ, it is refused.
    for plan in &planned.plans {
        bench.sequencer().judge_plan(plan, as_of)?;
    }
    for plan in &planned.plans {
        bench.sequencer_mut().store_plan(plan)?;
    }
    match &reader {
        None => told.forget_handles(|_| true),
        // The rest is of boards that the reader's roles do not reach.
        Some(reader) => {
            told.forget_handles(|thread| !reaches(context, &bench, reader, thread).unwrap_or(false));
        }
    }
    bench.close()?;
    print(context, arguments, &planned.plans, told)
}

/// What of one case may go on the person's own ground.
fn plan_of_case(
    sequencer: &Sequencer,
    arguments: &RetentionPlanArgs,
    handle: &str,
    as_of: Day,
) -> Result<Planned, CliError> {
    let thread = casework::find(sequencer, handle)?;
    let decision = decision(sequencer.chain(), arguments.disposal, as_of)?;
    let reason = arguments.ground.unwrap_or(ErasureReason::Request);
    let mut pseudonym = [0; 8];
    pseudonym.copy_from_slice(&random()?[..8]);
    let planned = plan_case(&sequencer.matters()?, thread, reason, decision, as_of, pseudonym);
    let ledger = sequencer.chain().ledger;
    let salt = random()?;
    let plan = |line| Plan { ledger, salt, as_of, disposal: arguments.disposal, lines: vec![line] };
    Ok(Planned { plans: planned.line.map(plan).into_iter().collect(), left_out: planned.left_out })
}

/// Thirty-two bytes of the operating system's randomness.
fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    Ok(bytes)
}

fn decision(chain: &Chain, disposal: u64, day: Day) -> Result<&DisposalDecision, CliError> {
    let decision = chain.disposals.get(&disposal).ok_or(PlanRefusal::NoDisposal { disposal })?;
    if day < decision.from || decision.until.is_some_and(|until| until < day) {
        return Err(PlanRefusal::DisposalNotInForce { disposal, day }.into());
    }
    Ok(decision)
}

/// Whether one of the reader's roles opens a case: those that a reading of it needs (domain, point 10).
fn reaches(
    context: &Context,
    bench: &Workbench<'_>,
    reader: &Person,
    thread: &ThreadId,
) -> Result<bool, CliError> {
    use Role::{Auditor, ControllersDelegate, DataProtectionOfficer, Decider, Handler, Reviewer};
    let roles = [Handler, Decider, Reviewer, DataProtectionOfficer, ControllersDelegate, Auditor];
    let case = bench.sequencer().case(thread)?;
    let place = case.as_ref().and_then(Case::place).unwrap_or_default();
    let entry = bench.sequencer().chain().keyring.get(&reader.public_key());
    Ok(entry.is_some_and(|entry| roles.iter().any(|role| entry.holds(*role, &place, context.today()))))
}

/// With handles it is content, and showing it is a reading.
fn read_by(context: &Context, bench: &mut Workbench<'_>, reader: &Person) -> Result<(), CliError> {
    let due = {
        let source = Source::of(bench.sequencer());
        let mut projector = Projector::in_memory(&source, Settings::default())?;
        projector.ask(&source, |views| views.due(context.as_of(), 0))?
    };
    let threads: BTreeSet<ThreadId> = due.into_iter().map(|answer| answer.thread).collect();
    let reading = Reading {
        thread: None,
        purpose: Purpose::Retention,
        remark: String::new(),
        compartments: vec![Compartment::Identity],
        count: u32::try_from(threads.len()).unwrap_or(u32::MAX),
    };
    record_reading(context, bench, reader, reading).map(|_| ())
}

fn handle(views: &Views<'_>, thread: &ThreadId) -> Result<Option<String>, ProjectError> {
    Ok(views.case(thread)?.and_then(|case| case.handle))
}

fn tell(views: &Views<'_>, planned: &Planned, as_of: Day) -> Result<Told, ProjectError> {
    let mut told = Told { lines: Vec::new(), staying: Vec::new() };
    for plan in &planned.plans {
        for (number, line) in plan.lines.iter().enumerate() {
            told.lines.push(tell_line(views, plan, number, line, as_of)?);
        }
    }
    for LeftOut { thread, compartment, due, why } in &planned.left_out {
        told.staying.push(Staying {
            kind: "left_out",
            thread: *thread,
            handle: handle(views, thread)?,
            compartment: compartment.name(),
            due: due.to_string(),
            reason: why.name(),
            why: why.to_string(),
        });
    }
    Ok(told)
}

fn tell_line(
    views: &Views<'_>,
    plan: &Plan,
    number: usize,
    line: &Line,
    as_of: Day,
) -> Result<PlannedLine, ProjectError> {
    let reasons = views.why(&line.thread, as_of)?;
    let compartments = line.compartments.iter().map(|ground| {
        let name = ground.compartment.name();
        let why = reasons.iter().find(|reason| reason.compartment == name);
        Going {
            compartment: name,
            class: ground.class.clone(),
            due: ground.due.to_string(),
            ground: ground.reason.name(),
            why: why.map(|why| why.explanation.clone()).unwrap_or_default(),
        }
    });
    Ok(PlannedLine {
        kind: "line",
        plan: shown(&plan.hash()),
        line: number,
        thread: line.thread,
        pseudonym: hex(&line.pseudonym),
        handle: handle(views, &line.thread)?,
        records: line.records.len(),
        compartments: compartments.collect(),
    })
}

impl Told {
    fn forget_handles(&mut self, of: impl Fn(&ThreadId) -> bool) {
        self.lines.iter_mut().filter(|line| of(&line.thread)).for_each(|line| line.handle = None);
        self.staying
            .iter_mut()
            .filter(|staying| of(&staying.thread))
            .for_each(|staying| staying.handle = None);
    }
}

fn print(
    context: &Context,
    arguments: &RetentionPlanArgs,
    plans: &[Plan],
    mut told: Told,
) -> Result<Exit, CliError> {
    for line in &told.lines {
        context.output.line(line, || describe(line))?;
    }
    for staying in &told.staying {
        context.output.line(staying, || {
            let values =
                [("compartment", staying.compartment), ("due", &*staying.due), ("why", &*staying.why)];
            let text = ErasureText::Stays.with(context.lang, &values);
            format!("{:<11}  {text}", staying.handle.as_deref().unwrap_or("-"))
        })?;
    }
    let end = End {
        as_of: context.as_of().to_string(),
        disposal: arguments.disposal,
        plans: plans.iter().map(|plan| shown(&plan.hash())).collect(),
        lines: told.lines.len(),
        left_out: told.staying.len(),
    };
    let (lines, count, left_out) = (end.lines.to_string(), plans.len().to_string(), end.left_out.to_string());
    let hashes = end.plans.join("\n");
    let values = [
        ("as_of", &*end.as_of),
        ("lines", &*lines),
        ("plans", &*count),
        ("left_out", &*left_out),
        ("hashes", &*hashes),
    ];
    let text = ErasureText::PlanEnd.with(context.lang, &values);
    // The hashes are the result: whoever orders the plan needs them, from a pipe too.
    if context.output.is_json() {
        context.output.summary(&end, text)?;
    } else {
        context.output.write(&(text + "\n"))?;
    }
    if let Some(first) = end.plans.first() {
        context.output.progress(&ErasureText::PlanNext.with(context.lang, &[("plan", first)]));
    }
    if let Some(out) = &arguments.out {
        told.forget_handles(|_| true);
        let json = serde_json::json!({ "type": "erasure_plan", "end": end, "lines": told.lines, "left_out": told.staying });
        replace_atomically(&*context.disk, out, format!("{json:#}\n").as_bytes())
            .map_err(|error| CliError::file(out, &error))?;
    }
    Ok(Exit::Done)
}

fn describe(line: &PlannedLine) -> String {
    let mut text =
        format!("{:<11}  line {}  {}", line.handle.as_deref().unwrap_or("-"), line.line, line.pseudonym);
    for going in &line.compartments {
        let class = going.class.as_deref().unwrap_or("-");
        text += &format!("\n  {}  {:<10}  {class}", going.due, going.compartment);
        going.why.iter().for_each(|why| text += &format!("\n    {why}"));
    }
    text
}

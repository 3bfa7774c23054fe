//! The steps of a case that exists already, each a few lines: what it holds, and nothing more.

use vandel_core::admit::Evidence;
use vandel_core::event::{Assessment, Copy, Finding, Kind, Note, Process, Reasons, Register};
use vandel_core::limits::PART_BYTES_MAX;
use vandel_ledger::inquiry::{Question, Reply};

use super::open::read_identity;
use super::texts::{field, read_text, required};
use super::{CaseStep, random};
use crate::args::{
    CaseCommand, CaseCopyArgs, CaseDecideArgs, CaseExemptArgs, CaseIdentityArgs, CaseShownArgs, CaseTextArgs,
    StepArgs,
};
use crate::context::Context;
use crate::error::{CliError, Exit};

/// Runs a step.
pub(super) fn run(context: &Context, command: CaseCommand) -> Result<Exit, CliError> {
    match command {
        CaseCommand::Inform(step) => with_registers(context, &step, Process::InformationGiven),
        CaseCommand::Request(step) => with_registers(context, &step, Process::ExtractRequested),
        CaseCommand::Fetch(arguments) => with_registers(context, &arguments.step, |registers| {
            Process::AuthorityFetched { registers, need: arguments.need.clone() }
        }),
        CaseCommand::Move(arguments) => {
            let mut begun = CaseStep::begin(context, &arguments.step)?;
            let (board, unit) = (arguments.board.clone(), arguments.unit.clone());
            let place = |reply| match reply {
                Reply::Place { controller, unit } => Some((controller, unit)),
                _ => None,
            };
            let asked = begun.counter.reply(&begun.author, Question::Place { board, unit }, place);
            let (controller, unit) = asked?;
            process(begun, Process::EmploymentMoved { controller, unit })
        }
        CaseCommand::Rectify(arguments) => {
            let correction = text(context, &arguments.text, "the correction")?;
            plain(context, &arguments.text.step, Process::Rectified { number: arguments.number, correction })
        }
        CaseCommand::Shown(arguments) => shown(context, &arguments),
        CaseCommand::Exempt(arguments) => exempt(context, &arguments),
        CaseCommand::Copy(arguments) => copy(context, &arguments),
        CaseCommand::Assess(arguments) => {
            let text =
                text(context, &arguments, "findings: lines `offence: …`, `years ago: …`, `relevance: …`")?;
            let findings = findings(&text)?;
            assessment(context, &arguments.step, Kind::AssessmentMade, Assessment::Findings(findings))
        }
        CaseCommand::Hear(arguments) => {
            let words = text(context, &arguments, "what the candidate said")?;
            assessment(context, &arguments.step, Kind::CandidateHeard, Assessment::Heard(words))
        }
        CaseCommand::Review(arguments) => {
            let opinion = text(context, &arguments.text, "the opinion")?;
            let reviewed = Assessment::Reviewed { agrees: !arguments.disagrees, opinion };
            assessment(context, &arguments.text.step, Kind::SecondReviewed, reviewed)
        }
        CaseCommand::Decide(arguments) => decide(context, &arguments),
        CaseCommand::Reassign(arguments) => identity(context, &arguments, Kind::Reassigned),
        CaseCommand::Identity(arguments) => identity(context, &arguments, Kind::IdentityChanged),
        other => match stated(other) {
            Some((step, what)) => plain(context, &step, what),
            None => Err(CliError::new(Exit::Internal, "command", "not a step")),
        },
    }
}

/// Steps that hold nothing but what the command line states.
fn stated(command: CaseCommand) -> Option<(StepArgs, Process)> {
    Some(match command {
        CaseCommand::Acknowledge(step) => (step, Process::InformationAcknowledged),
        CaseCommand::Consent(arguments) if arguments.withdrawn => (arguments.step, Process::ConsentWithdrawn),
        CaseCommand::Consent(arguments) => (arguments.step, Process::ConsentGiven),
        CaseCommand::Withdraw(step) => (step, Process::CandidateWithdrew),
        CaseCommand::Reject(arguments) => (arguments.step, Process::ExtractRejected(arguments.reason)),
        CaseCommand::LegalForce(step) => (step, Process::LegalForceGained),
        CaseCommand::Start(step) => (step, Process::EmploymentStarted),
        CaseCommand::End(step) => (step, Process::EmploymentEnded),
        CaseCommand::Close(step) => (step, Process::CaseClosed),
        CaseCommand::Interrupt(arguments) => {
            (arguments.step, Process::Interrupted { reference: arguments.reference })
        }
        CaseCommand::Appeal(arguments) => match (arguments.reference, arguments.settled) {
            (Some(reference), _) => (arguments.step, Process::AppealLodged { reference }),
            (None, outcome) => (arguments.step, Process::AppealSettled(outcome?)),
        },
        _ => return None,
    })
}

/// A step that names the registers which the role's law names.
fn with_registers(
    context: &Context,
    step: &StepArgs,
    what: impl FnOnce(Vec<Register>) -> Process,
) -> Result<Exit, CliError> {
    let begun = CaseStep::begin(context, step)?;
    let registers = begun.case.role.as_ref().map(|role| role.registers.clone()).unwrap_or_default();
    process(begun, what(registers))
}

fn exempt(context: &Context, arguments: &CaseExemptArgs) -> Result<Exit, CliError> {
    let mut begun = CaseStep::begin(context, &arguments.step)?;
    let earlier = begun.counter.case(&[&begun.author], &arguments.relies_on)?;
    let nothing = || CliError::new(Exit::Refused, "no-exemption", "nothing was shown in the earlier case");
    let (thread, statement) = (earlier.head.thread, earlier.noted.ok_or_else(nothing)?);
    begun.take(Kind::ExtractExempted, None, |step| step.note = Some(Note::Exempted { thread, statement }))
}

fn plain(context: &Context, step: &StepArgs, what: Process) -> Result<Exit, CliError> {
    process(CaseStep::begin(context, step)?, what)
}

fn process(begun: CaseStep<'_>, what: Process) -> Result<Exit, CliError> {
    begun.take(what.kind(), None, |step| step.process = Some(what))
}

fn assessment(context: &Context, step: &StepArgs, kind: Kind, what: Assessment) -> Result<Exit, CliError> {
    CaseStep::begin(context, step)?.take(kind, None, |step| step.assessment = Some(what))
}

fn text(context: &Context, arguments: &CaseTextArgs, what: &str) -> Result<String, CliError> {
    read_text(context, arguments.from.as_deref(), what).map(|text| text.to_string())
}

/// What is stated of an extract is kept where the role's law lets it be kept; the rest is evidence,
/// which is checked and then gone.
fn shown(context: &Context, arguments: &CaseShownArgs) -> Result<Exit, CliError> {
    use vandel_core::event::Field;
    let begun = CaseStep::begin(context, &arguments.step)?;
    let role = begun.case.role.clone();
    let may = |field: Field| role.as_ref().is_some_and(|role| role.fields.contains(&field));
    let law = arguments.law.clone().or_else(|| role.as_ref().and_then(|role| role.sfs.clone()));
    let registers = match &arguments.registers[..] {
        [] => role.as_ref().map(|role| role.registers.clone()),
        stated => Some(stated.to_vec()),
    };
    let evidence = Evidence {
        issued: arguments.issued,
        law,
        registers,
        authenticity: arguments.authenticity,
        offered: arguments.offered,
    };
    let note = Note::Shown {
        issued: evidence.issued.filter(|_| may(Field::ShownIssued)),
        law: evidence.law.clone().filter(|_| may(Field::ShownLaw)),
        registers: evidence.registers.clone().filter(|_| may(Field::ShownRegisters)),
        authenticity: evidence.authenticity.filter(|_| may(Field::ShownAuthenticity)),
        // A remark is sent as it was typed: where the law forbids it, that must be refused and not dropped.
        remark: arguments.remark.clone(),
    };
    begun.take(Kind::ExtractShown, Some(evidence), |step| step.note = Some(note))
}

fn copy(context: &Context, arguments: &CaseCopyArgs) -> Result<Exit, CliError> {
    let what = match (&arguments.document, &arguments.paper) {
        (Some(path), _) => {
            let bytes = std::fs::read(path).map_err(|error| CliError::file(path, &error))?;
            if bytes.len() > PART_BYTES_MAX - 1024 {
                let message = format!(
                    "{} has {} bytes; at most {} can be kept",
                    path.display(),
                    bytes.len(),
                    PART_BYTES_MAX - 1024
                );
                let error = CliError::new(Exit::Usage, "too-long", message);
                return Err(error.next("scan it smaller, or keep it on paper: --paper PLACE"));
            }
            let pdf = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
            let media_type = if pdf { "application/pdf" } else { "application/octet-stream" };
            Copy::Document { media_type: media_type.to_owned(), bytes }
        }
        (None, Some(place)) => Copy::Paper { place: place.clone() },
        (None, None) => Copy::Returned,
    };
    let kind = if matches!(what, Copy::Returned) { Kind::CopyReturned } else { Kind::CopyStored };
    CaseStep::begin(context, &arguments.step)?.take(kind, None, |step| step.copy = Some(what))
}

/// Findings: blocks of lines, each begun by its `offence`.
fn findings(text: &str) -> Result<Vec<Finding>, CliError> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if line.to_lowercase().starts_with("offence:") || blocks.is_empty() {
            blocks.push(Vec::new());
        }
        if let Some(block) = blocks.last_mut() {
            block.push(line);
        }
    }
    let read = |block: Vec<&str>| {
        let block = block.join("\n");
        let years_ago = required(&block, &["years ago"])?.parse().map_err(|_| {
            CliError::new(Exit::Usage, "years-ago", "a line `years ago: …` holds no number from 0 to 255")
        })?;
        let owned = |names: &[&str]| required(&block, names).map(str::to_owned);
        Ok(Finding { offence: owned(&["offence"])?, years_ago, relevance: owned(&["relevance"])? })
    };
    blocks.into_iter().map(read).collect()
}

fn decide(context: &Context, arguments: &CaseDecideArgs) -> Result<Exit, CliError> {
    let reasons = match &arguments.reasons {
        None => None,
        Some(path) => {
            let text = read_text(context, Some(path), "the reasons")?;
            let owned = |name: &str| field(&text, name).unwrap_or_default().to_owned();
            Some(Reasons {
                relevance: owned("relevance"),
                time_elapsed: owned("time elapsed"),
                remark: owned("remark"),
            })
        }
    };
    let decision = Process::DecisionMade {
        outcome: arguments.outcome,
        delegation: arguments.delegation.clone(),
        follow_up: arguments.follow_up,
        support: arguments.support,
    };
    CaseStep::begin(context, &arguments.step)?.take(Kind::DecisionMade, None, |step| {
        step.process = Some(decision);
        step.assessment = reasons.map(Assessment::Reasons);
    })
}

fn identity(context: &Context, arguments: &CaseIdentityArgs, kind: Kind) -> Result<Exit, CliError> {
    let stated = read_identity(context, arguments.identity.as_deref(), context.today())?;
    let mut begun = CaseStep::begin(context, &arguments.step)?;
    let subject = match (kind, begun.case.subject) {
        (Kind::IdentityChanged, Some(subject)) => subject,
        (Kind::IdentityChanged, None) => vandel_core::id::SubjectId(random()?),
        _ => stated.subject(&mut begun.counter, &begun.author)?,
    };
    let identity = stated.identity(subject, &begun.case.handle);
    begun.take(kind, None, |step| step.identity = Some(identity))
}

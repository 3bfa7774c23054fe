//! `vandel position`: the need for a check, weighed before anybody is checked.

use serde::Serialize;
use vandel_core::event::{Kind, PositionAssessment, Process, RoleCode, Step};
use vandel_core::id::{ActorId, ThreadId};
use vandel_ledger::author::sign_step;
use vandel_ledger::inquiry::{Question, Reply, ThreadHead};
use vandel_ledger::vault::NameKind;
use vandel_projector::view::PositionAnswer;

use super::case::random;
use crate::args::{PositionAssessArgs, PositionCommand, PositionShowArgs, PositionSimulateArgs};
use crate::context::Context;
use crate::counter::Counter;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::names::Names;
use crate::people::Person;
use crate::reading::Reading;

/// Runs a command about positions.
pub(super) fn run(context: &Context, command: PositionCommand) -> Result<Exit, CliError> {
    match command {
        PositionCommand::Assess(arguments) => assess(context, &arguments),
        PositionCommand::List => list(context),
        PositionCommand::Show(arguments) => show(context, &arguments),
        PositionCommand::Simulate(arguments) => simulate(context, &arguments),
    }
}

#[derive(Serialize)]
struct Assessed<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'a str,
    board: &'a str,
    record: u64,
}

fn assess(context: &Context, arguments: &PositionAssessArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let mut counter = Counter::open(context, &arguments.afar)?;
    let question = Question::Position {
        board: arguments.board.clone(),
        unit: arguments.unit.clone(),
        roles: arguments.roles.clone(),
        day: context.today(),
    };
    let (controller, unit) = counter.reply(&author, question, |reply| match reply {
        Reply::Place { controller, unit } => Some((controller, unit)),
        _ => None,
    })?;
    for role in &arguments.roles {
        let role = role.to_uppercase();
        let thread = ThreadId(random()?);
        let mut step = Step::new(ThreadHead::new(thread).spine(Kind::PositionAssessed, context.today()));
        step.process = Some(Process::PositionAssessed(PositionAssessment {
            controller,
            unit,
            role: RoleCode(role.clone()),
            title: arguments.title.clone(),
            need: arguments.need.clone(),
            union_reference: arguments.union_reference.clone(),
            impact_reference: arguments.impact_reference.clone(),
            until: arguments.until,
        }));
        let signed = sign_step(&counter.standpoint(&[&author])?, &author.key, None, &step, None)?;
        let receipt = counter.submit(&[&author], signed.submission)?;
        let told =
            Assessed { kind: "position", role: &role, board: &arguments.board, record: receipt.record };
        context.output.line(&told, || {
            let record = receipt.record.to_string();
            let values = [("role", &*role), ("board", &*arguments.board), ("record", &*record)];
            CaseText::Assessed.with(context.lang, &values)
        })?;
    }
    counter.close()?;
    Ok(Exit::Done)
}

/// A position's last assessment, with names in the place of ids.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    position: PositionAnswer,
    board: String,
    unit_name: String,
}

/// The assessed positions. They are no one's personal data: looking at them is no reading.
fn rows(context: &Context) -> Result<(Names, Vec<Row>), CliError> {
    let reading = Reading::open(context)?;
    let names = reading.names()?;
    let mut projector = reading.projector()?;
    let positions = projector.ask(&reading.source(), |views| views.positions())?;
    let text =
        |kind, id: &str| id.parse().map_or_else(|_| id.to_owned(), |id: ActorId| names.text(kind, id.0));
    let mut rows: Vec<Row> = positions
        .into_iter()
        .map(|position| Row {
            board: text(NameKind::Controller, &position.controller),
            unit_name: text(NameKind::Unit, &position.unit),
            position,
        })
        .collect();
    rows.sort_by(|a, b| {
        (&a.board, &a.position.role, &a.unit_name).cmp(&(&b.board, &b.position.role, &b.unit_name))
    });
    Ok((names, rows))
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let (_, rows) = rows(context)?;
    for row in &rows {
        context.output.line(row, || {
            let position = &row.position;
            let references = format!("{}  {}", position.union_reference, position.impact_reference);
            format!("{:<12}  {} / {}  {references}", position.role, row.board, row.unit_name)
        })?;
    }
    end(context, rows.len())
}

fn show(context: &Context, arguments: &PositionShowArgs) -> Result<Exit, CliError> {
    let (names, mut rows) = rows(context)?;
    let board = arguments.board.as_ref().map(|board| names.controller(board)).transpose()?;
    let board = board.map(|board| board.to_string());
    let role = arguments.role.to_uppercase();
    rows.retain(|row| {
        row.position.role == role && board.as_ref().is_none_or(|board| row.position.controller == *board)
    });
    if rows.is_empty() {
        let message = format!("no position of role {role} has been assessed there");
        return Err(
            CliError::new(Exit::NotFound, "no-position", message).next("vandel position assess --help")
        );
    }
    for row in &rows {
        context.output.line(row, || {
            let position = &row.position;
            let until = position.until.as_deref().unwrap_or("–");
            format!(
                "{}  {} / {}  {}\n  {}\n  {}  {}\n  {} .. {until}",
                position.role,
                row.board,
                row.unit_name,
                position.title,
                position.need,
                position.union_reference,
                position.impact_reference,
                position.assessed
            )
        })?;
    }
    end(context, rows.len())
}

fn end(context: &Context, count: usize) -> Result<Exit, CliError> {
    let text = CaseText::PositionsEnd.with(context.lang, &[("count", &count.to_string())]);
    context.output.summary(&serde_json::json!({ "positions": count }), text)?;
    Ok(Exit::Done)
}

/// What a role's law says, from the adopted policy, key by key.
fn simulate(context: &Context, arguments: &PositionSimulateArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let day = context.as_of();
    let policy = reading.chain().policy_on(day).ok_or(vandel_core::admit::Refusal::NoPolicy { day })?;
    let code = arguments.role.to_uppercase();
    let role = policy.pack.version_on(&code, day).map_err(vandel_core::admit::Refusal::from)?;
    let entries: Vec<_> = role
        .entries()
        .into_iter()
        .map(|entry| serde_json::json!({ "key": entry.key, "value": entry.value, "local": entry.local, "unverified": entry.unverified }))
        .collect();
    let usable = role.usable_on(day).map_err(|gap| gap.to_string());
    let value = serde_json::json!({ "role": code, "law": role.law.paragraph, "usable": usable.is_ok(), "why_not": usable.as_ref().err(), "entries": entries });
    context.output.result(&value, || {
        let mut lines = vec![format!("{code}  {}", role.law.paragraph)];
        lines.extend(usable.err().map(|gap| format!("  {gap}")));
        lines.extend(role.entries().into_iter().map(|entry| {
            let marks = [(entry.local, "local"), (entry.unverified, "unverified")];
            let marks: Vec<_> = marks.into_iter().filter(|(set, _)| *set).map(|(_, mark)| mark).collect();
            let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join(", ")) };
            format!("  {:<28} {}{marks}", entry.key, entry.value.as_deref().unwrap_or("–"))
        }));
        lines.join("\n")
    })?;
    Ok(Exit::Done)
}

//! `vandel disposal`: the decisions without which nothing official is erased (arkivlagen 1990:782 section 10).

use std::collections::BTreeSet;

use serde::Serialize;
use vandel_core::chain::Chain;
use vandel_core::event::{DisposalDecision, OpenEvent};

use crate::args::{DisposalAdoptArgs, DisposalCommand};
use crate::commands::say_recorded;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::Text;
use crate::people::Person;
use crate::reading::Reading;
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: &'static str,
    record: u64,
    body: String,
    number: String,
    decided: String,
    classes: Vec<String>,
    from: String,
    until: Option<String>,
    in_force: bool,
}

#[derive(Serialize)]
struct Count {
    count: usize,
}

/// Runs a command about disposal decisions.
pub(super) fn run(context: &Context, command: DisposalCommand) -> Result<Exit, CliError> {
    match command {
        DisposalCommand::Adopt(arguments) => adopt(context, &arguments),
        DisposalCommand::List => list(context),
    }
}

fn adopt(context: &Context, arguments: &DisposalAdoptArgs) -> Result<Exit, CliError> {
    let (first, second) = Person::two(context, &arguments.people)?;
    let mut bench = Workbench::open(context)?;
    check_classes(bench.sequencer().chain(), &arguments.classes)?;
    let decision = DisposalDecision {
        body: arguments.body.trim().to_owned(),
        number: arguments.number.trim().to_owned(),
        decided: arguments.decided,
        classes: arguments.classes.clone(),
        from: arguments.from.unwrap_or(arguments.decided),
        until: arguments.until,
    };
    let receipt = bench.say((&first, &second), OpenEvent::DisposalAdopted(decision))?;
    bench.close()?;
    say_recorded(context, "disposal_adopted", &receipt, &[])
}

/// A decision that names a class which no adopted pack has would never cover anything.
fn check_classes(chain: &Chain, classes: &[String]) -> Result<(), CliError> {
    let known: BTreeSet<&str> = chain
        .policies
        .iter()
        .flat_map(|adopted| adopted.pack.classes.iter().map(|class| &*class.name))
        .collect();
    if known.is_empty() {
        return Err(CliError::new(
            Exit::Refused,
            "no-policy",
            "no policy pack has been adopted, so there are no classes",
        )
        .next("adopt one first: vandel policy adopt --help"));
    }
    match classes.iter().find(|class| !known.contains(&***class)) {
        None => Ok(()),
        Some(class) => {
            let known: Vec<&str> = known.into_iter().collect();
            Err(CliError::new(
                Exit::Refused,
                "unknown-class",
                format!("no adopted policy pack has a class {class:?}"),
            )
            .next(format!("the classes are {}", known.join(", "))))
        }
    }
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let day = context.as_of();
    for (record, decision) in &reading.chain().disposals {
        let listed = Listed {
            kind: "disposal_decision",
            record: *record,
            body: decision.body.clone(),
            number: decision.number.clone(),
            decided: decision.decided.to_string(),
            classes: decision.classes.clone(),
            from: decision.from.to_string(),
            until: decision.until.map(|day| day.to_string()),
            in_force: decision.from <= day && decision.until.is_none_or(|until| day <= until),
        };
        context.output.line(&listed, || {
            let Listed { body, number, decided, from, until, .. } = &listed;
            let until = until.as_deref().unwrap_or("");
            format!(
                "{record}  {body}, {number} ({decided})  {from}..{until}\n  {}",
                listed.classes.join(", ")
            )
        })?;
    }
    let count = reading.chain().disposals.len();
    let text = Text::Count.with(context.lang, &[("count", &count.to_string())]);
    context.output.summary(&Count { count }, text)?;
    Ok(Exit::Done)
}

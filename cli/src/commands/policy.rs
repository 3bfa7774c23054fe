//! `vandel policy`: the law as data, shown, checked, compared and put into force.

mod show;

use serde::Serialize;
use vandel_core::event::{OpenEvent, PolicyAdopted};
use vandel_core::policy::{self, PolicyPack, Severity};

use crate::args::{PolicyAdoptArgs, PolicyCheckArgs, PolicyCommand, PolicyDiffArgs};
use crate::commands::say_recorded;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::PolicyText;
use crate::packs;
use crate::people::Person;
use crate::workbench::Workbench;

/// Runs a command about policy packs.
pub(super) fn run(context: &Context, command: PolicyCommand) -> Result<Exit, CliError> {
    match command {
        PolicyCommand::Show(arguments) => show::run(context, &arguments),
        PolicyCommand::Check(arguments) => check(context, &arguments),
        PolicyCommand::Diff(arguments) => diff(context, &arguments),
        PolicyCommand::Adopt(arguments) => adopt(context, &arguments),
    }
}

#[derive(Serialize)]
struct Finding {
    #[serde(rename = "type")]
    kind: &'static str,
    severity: &'static str,
    role: Option<String>,
    line: Option<usize>,
    key: String,
    problem: String,
}

#[derive(Serialize)]
struct Checked {
    adoptable: bool,
    refusals: usize,
    before_adoption: usize,
    notes: usize,
}

fn check(context: &Context, arguments: &PolicyCheckArgs) -> Result<Exit, CliError> {
    let text = packs::text_of(context, &arguments.pack)?;
    let findings = policy::check(&text);
    for finding in &findings {
        let line = Finding {
            kind: "finding",
            severity: severity_name(finding.problem.severity()),
            role: finding.role.clone(),
            line: finding.line,
            key: finding.field.clone(),
            problem: finding.problem.to_string(),
        };
        context.output.line(&line, || format!("{}: {finding}", line.severity))?;
    }
    let count = |severity| findings.iter().filter(|one| one.problem.severity() == severity).count();
    let checked = Checked {
        adoptable: count(Severity::Refusal) + count(Severity::Adoption) == 0,
        refusals: count(Severity::Refusal),
        before_adoption: count(Severity::Adoption),
        notes: count(Severity::Note),
    };
    let verdict = if checked.adoptable { PolicyText::Adoptable } else { PolicyText::NotAdoptable };
    context.output.summary(&checked, verdict.with(context.lang, &[("notes", &checked.notes.to_string())]))?;
    Ok(if checked.adoptable { Exit::Done } else { Exit::Refused })
}

const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Adoption => "before-adoption",
        Severity::Refusal => "refusal",
    }
}

#[derive(Serialize)]
struct Change {
    #[serde(rename = "type")]
    kind: &'static str,
    role: Option<String>,
    key: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Changes {
    changes: usize,
}

fn diff(context: &Context, arguments: &PolicyDiffArgs) -> Result<Exit, CliError> {
    let (old, new) = (parse(context, &arguments.old)?, parse(context, &arguments.new)?);
    let changes = policy::diff(&old, &new);
    for change in &changes {
        let line = Change {
            kind: "change",
            role: change.role.clone(),
            key: change.key.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        };
        context.output.line(&line, || change.to_string())?;
    }
    let count = changes.len();
    let text = PolicyText::Changes.with(context.lang, &[("count", &count.to_string())]);
    context.output.summary(&Changes { changes: count }, text)?;
    Ok(Exit::Done)
}

/// A pack that can be read, adoptable or not.
fn parse(context: &Context, pack: &str) -> Result<PolicyPack, CliError> {
    PolicyPack::parse(&packs::text_of(context, pack)?).map_err(|error| {
        CliError::new(Exit::Refused, "policy", error.to_string()).next("vandel policy check PACK")
    })
}

fn adopt(context: &Context, arguments: &PolicyAdoptArgs) -> Result<Exit, CliError> {
    let pack = packs::text_of(context, &arguments.pack)?;
    // Refused here as it would be there, before anybody is asked for a passphrase.
    PolicyPack::parse_for_adoption(&pack).map_err(|error| {
        CliError::new(Exit::Refused, "policy", error.to_string())
            .next(format!("vandel policy check {}", arguments.pack))
    })?;
    let (first, second) = Person::two(context, &arguments.people)?;
    let mut bench = Workbench::open(context)?;
    let (from, confirmed_by) = (arguments.from, arguments.confirmed_by.trim().to_owned());
    let event = OpenEvent::PolicyAdopted(PolicyAdopted { pack, from, confirmed_by });
    let receipt = bench.say((&first, &second), event)?;
    bench.close()?;
    say_recorded(context, "policy_adopted", &receipt, &[])
}

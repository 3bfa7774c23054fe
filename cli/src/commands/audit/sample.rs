//! `vandel audit sample`: cases drawn so that nobody could have steered the draw.

use vandel_core::conduct::sample::draw;
use vandel_core::statement::Seen;

use super::Session;
use super::conduct::report;
use super::page::Table;
use crate::args::AuditSampleArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::AuditText;

/// Draws cases.
pub(super) fn run(context: &Context, arguments: &AuditSampleArgs) -> Result<Exit, CliError> {
    if arguments.seed.trim().is_empty() {
        return Err(CliError::new(Exit::Usage, "seed", "--seed is empty: anyone could have chosen that"));
    }
    let mut session = Session::open(context, &arguments.auditor)?;
    let checkpoint = session.checkpoint(context, arguments.checkpoint.as_deref())?;
    let seen = Seen { size: checkpoint.size(), root: checkpoint.root() };
    let role = arguments.role.as_ref().map(|role| role.to_uppercase());
    let (cases, hidden) = session.cases(context);
    let population = cases.into_iter().filter(|id| {
        let thread = session.conduct.threads.get(id);
        let first = thread.and_then(|thread| thread.records.first());
        let opening = session.conduct.threads.case(id).and_then(|case| case.opening.as_ref());
        first.is_some_and(|record| *record < seen.size)
            && role.as_ref().is_none_or(|role| opening.is_some_and(|opening| opening.role.0 == *role))
    });
    let population: Vec<_> = population.collect();
    let drawn = draw(seen, &arguments.seed, population.iter().copied(), arguments.count);
    let rows = drawn.iter().map(|(rank, id)| {
        let case = session.conduct.threads.case(id);
        let opening = case.and_then(|case| case.opening.as_ref());
        vec![
            session.handle(context, id),
            opening.map_or_else(String::new, |opening| opening.role.0.clone()),
            case.and_then(vandel_core::thread::Case::opened).map_or_else(String::new, |day| day.to_string()),
            rank.to_string().chars().take(16).collect(),
        ]
    });
    let columns = [AuditText::Case, AuditText::Role, AuditText::Opened, AuditText::Rank];
    let table = Table::new(context, "drawn", AuditText::Drawn, &columns, rows.collect());
    let mut not_checked = vec![AuditText::SamplePopulation.in_lang(context.lang)];
    if hidden > 0 {
        not_checked.push(AuditText::NotReached.with(context.lang, &[("count", &hidden.to_string())]));
    }
    let logged = session.record(context, drawn.len(), format!("audit sample: {}", arguments.seed))?;
    let mut report = report(context, &session, "sample", AuditText::Sample, logged, vec![table], not_checked);
    let (size, root) = (seen.size.to_string(), seen.root.to_string());
    let population = population.len().to_string();
    let values =
        [("seed", &*arguments.seed), ("size", &*size), ("root", &*root), ("population", &*population)];
    report.remarks.push(AuditText::SampleHead.with(context.lang, &values));
    report.print(context, arguments.format)?;
    session.close()?;
    Ok(Exit::Done)
}

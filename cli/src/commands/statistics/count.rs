//! What is counted: of cases that are still there, and how much of the period is not.

use vandel_core::block::Block;
use vandel_core::event::{Kind, Outcome};
use vandel_core::statement::Body;
use vandel_core::statistics::{Cube, Period, SMALL, Sort, lead_time};
use vandel_core::thread::{Case, Matter};
use vandel_ledger::names::Names;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::vault::NameKind;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::workbench::Workbench;

/// What was counted.
pub(super) struct Counted {
    pub(super) cube: Cube,
    pub(super) notes: Vec<String>,
}

/// The tables of a release: protected together, with all their margins.
pub(super) const fn tables(sort: Sort) -> &'static [&'static [&'static str]] {
    match sort {
        Sort::Volume => &[&["month", "role"], &["role", "unit"], &["ground", "month"]],
        Sort::Outcome => &[&["outcome"], &["support"]],
        Sort::LeadTime => &[&["lead-time"]],
    }
}

pub(super) fn count(
    context: &Context,
    bench: &Workbench<'_>,
    sort: Sort,
    period: Period,
) -> Result<Counted, CliError> {
    let names = Names::read(bench.sequencer().vault())?;
    let dimensions = match sort {
        Sort::Volume => vec!["month", "role", "unit", "ground"],
        Sort::Outcome => vec!["outcome", "support"],
        Sort::LeadTime => vec!["lead-time"],
    };
    let mut cube = Cube { dimensions, ..Cube::default() };
    for (_, thread) in bench.sequencer().threads()?.iter() {
        let Matter::Case(case) = &thread.matter else { continue };
        let values = match sort {
            Sort::Volume => opened(bench, &names, case, period),
            Sort::Outcome => decided(case, period),
            Sort::LeadTime => closed(case, period),
        };
        if let Some(values) = values {
            cube.add(values);
        }
    }
    let mut notes = vec![format!("cells under {SMALL} are not shown, nor what would reveal them")];
    notes.extend(erased(bench, period)?);
    if context.as_of() != context.today() {
        notes.push("counted as of another day than the release".to_owned());
    }
    Ok(Counted { cube, notes })
}

/// A case that was opened within the period.
fn opened(bench: &Workbench<'_>, names: &Names, case: &Case, period: Period) -> Option<Vec<String>> {
    let day = case.opened().filter(|day| (period.from..=period.until).contains(day))?;
    let opening = case.opening.as_ref()?;
    let role = bench.sequencer().chain().policy_on(day)?.pack.role_on(&opening.role.0, day).ok();
    let ground = role.map_or_else(|| "unknown".to_owned(), |role| role.law.paragraph.clone());
    let (year, month, _) = day.ymd();
    let board = names.text(NameKind::Controller, opening.controller.0);
    let unit = names.text(NameKind::Unit, opening.unit.0);
    Some(vec![format!("{year}-{month:02}"), opening.role.0.clone(), format!("{board} / {unit}"), ground])
}

/// A decision within the period: of the whole ledger only, and by no unit, role or month.
fn decided(case: &Case, period: Period) -> Option<Vec<String>> {
    let decided = case.last(Kind::DecisionMade)?;
    let outcome = case.outcome.filter(|_| (period.from..=period.until).contains(&decided.day))?;
    let support = if outcome == Outcome::FitWithSupport { "yes" } else { "no" };
    Some(vec![outcome.name().to_owned(), support.to_owned()])
}

/// A case that was closed within the period. What came of it, and whose it was, is not counted with it.
fn closed(case: &Case, period: Period) -> Option<Vec<String>> {
    let closed = case.last(Kind::CaseClosed)?.day;
    let opened = case.opened().filter(|_| (period.from..=period.until).contains(&closed))?;
    Some(vec![lead_time(opened, closed).to_owned()])
}

/// Sealed records of the period of which nothing opens any more: what they told is not in the figures.
fn erased(bench: &Workbench<'_>, period: Period) -> Result<Option<String>, CliError> {
    let sequencer = bench.sequencer();
    let covered = |record: u64| {
        sequencer.chain().erasures.values().any(|erasure| erasure.records.binary_search(&record).is_ok())
    };
    let mut gone = 0_u64;
    for placed in sequencer.log().blocks_from(0) {
        let placed = placed?;
        let block = Block::decode(&placed.bytes)
            .map_err(|error| CliError::new(Exit::Integrity, "block-undecodable", error.to_string()))?;
        for record in &block.records {
            let sealed = matches!(record.statement.statement.body, Body::Sealed(_));
            let within = (period.from..=period.until).contains(&record.time.day_in_sweden());
            if sealed && within && covered(record.number) {
                let held = sequencer.vault().get(record.number)?;
                gone += u64::from(held.is_none_or(|held| matches!(from_opened(held), Unsealed::Erased)));
            }
        }
    }
    Ok(match gone {
        0 => None,
        few if few < SMALL => {
            Some("some records of the period have been erased: the figures count what is left".to_owned())
        }
        many => {
            Some(format!("{many} records of the period have been erased: the figures count what is left"))
        }
    })
}

//! Routine steps by role, in a week that has ended, made coarse.
//!
//! Why so, and what an observer could still recover, stands in docs/decisions ("The feed tells figures that
//! cannot be counted back"). In short: a week is published once and never again, so two values cannot be
//! subtracted; rounding down leaves of every figure an unknown rest of 0 to 4, so a total known from
//! checkpoints gives away no single one; and what only some cases have is not counted at all.

use std::collections::BTreeMap;

use vandel_core::event::{Kind, ThreadSort};
use vandel_core::time::Second;

use super::event::Activity;
use crate::projector::ProjectError;
use crate::view::Views;

/// Figures that follow from cases come in multiples of this.
pub const STEP: u64 = 5;

const WEEK: u64 = 7 * 86_400;
/// 1970-01-05 was a Monday.
const FIRST_MONDAY: u64 = 4 * 86_400;

/// A week that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// Its first second.
    pub from: Second,
    /// The first second after it.
    pub until: Second,
}

impl Week {
    /// The last week that had ended at a second.
    #[must_use]
    pub fn before(at: Second) -> Self {
        let weeks = at.0.saturating_sub(FIRST_MONDAY) / WEEK;
        let until = FIRST_MONDAY + weeks * WEEK;
        Self { from: Second(until.saturating_sub(WEEK)), until: Second(until) }
    }
}

/// What a routine step is counted as. What only some cases have is not counted: an assessment, a hearing, a
/// rejection, a decision, a withdrawal or a hold tells something about somebody.
fn counted_as(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::CaseOpened
        | Kind::InformationGiven
        | Kind::InformationAcknowledged
        | Kind::ExtractRequested => Some(kind.name()),
        // How it was noted is nobody's business here.
        Kind::ExtractShown | Kind::ExtractExempted | Kind::AuthorityFetched => Some("noted"),
        _ => None,
    }
}

/// Counts the routine steps that were recorded in a week.
///
/// # Errors
/// If the view or the vault can't be read.
pub fn of_week(views: &Views<'_>, week: Week) -> Result<Activity, ProjectError> {
    let mut exact: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
    views.each_spine(|spine, process| {
        let role = process.and_then(|process| process.opening.as_ref()).map(|opening| &opening.role.0);
        let (ThreadSort::Case, Some(role)) = (spine.sort, role) else { return };
        for step in spine.steps.iter().filter(|step| (week.from..week.until).contains(&step.time)) {
            if let Some(name) = counted_as(step.kind) {
                *exact.entry(role.clone()).or_default().entry(name).or_default() += 1;
            }
        }
    })?;
    Ok(Activity {
        from: week.from.to_string(),
        until: week.until.to_string(),
        step: STEP,
        roles: coarse(exact),
    })
}

/// Rounds down to multiples of [`STEP`] and leaves out what is under it.
fn coarse(exact: BTreeMap<String, BTreeMap<&'static str, u64>>) -> BTreeMap<String, BTreeMap<String, u64>> {
    let rounded = |kinds: BTreeMap<&'static str, u64>| -> BTreeMap<String, u64> {
        let round = |(name, count): (&str, u64)| (name.to_owned(), count / STEP * STEP);
        kinds.into_iter().map(round).filter(|(_, count)| *count > 0).collect()
    };
    exact
        .into_iter()
        .map(|(role, kinds)| (role, rounded(kinds)))
        .filter(|(_, kinds)| !kinds.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_week_runs_from_monday_to_monday() {
        for (at, from) in [
            ("2026-11-25T12:00:00Z", "2026-11-16T00:00:00Z"),
            ("2026-11-23T00:00:00Z", "2026-11-16T00:00:00Z"),
            ("2026-11-22T23:59:59Z", "2026-11-09T00:00:00Z"),
        ] {
            let at = second(at);
            let week = Week::before(at);
            assert_eq!(week.from.to_string(), from);
            assert_eq!(week.until.0 - week.from.0, WEEK);
            assert!(week.until <= at && at.0 - week.until.0 < WEEK);
        }
    }

    fn second(text: &str) -> Second {
        let (day, time) = text.split_once('T').expect("a time");
        let day: vandel_core::time::Day = day.parse().expect("a day");
        let parts: Vec<u64> =
            time.trim_end_matches('Z').split(':').map(|part| part.parse().expect("a number")).collect();
        Second(
            u64::try_from(day.days_since_epoch()).expect("after 1970") * 86_400
                + parts[0] * 3_600
                + parts[1] * 60
                + parts[2],
        )
    }

    fn table(cells: &[(u8, u8, u64)]) -> BTreeMap<String, BTreeMap<&'static str, u64>> {
        let names = ["case_opened", "information_given", "noted"];
        let mut table: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
        for (role, kind, count) in cells {
            table.entry(format!("R{role}")).or_default().insert(names[usize::from(*kind)], *count);
        }
        table
    }

    proptest! {
        /// Whoever watches cannot tell one step more from none: every figure shown is the same for all exact
        /// figures of its band, and no figure from one to four is ever shown.
        #[test]
        fn what_is_shown_is_the_same_for_all_of_a_band(cells in prop::collection::vec((0..4_u8, 0..3_u8, 0..40_u64), 0..12)) {
            let shown = coarse(table(&cells));
            for kinds in shown.values() {
                prop_assert!(!kinds.is_empty());
                prop_assert!(kinds.values().all(|count| *count >= STEP && count % STEP == 0));
            }
            let lowest: Vec<_> = cells.iter().map(|(role, kind, count)| (*role, *kind, count / STEP * STEP)).collect();
            let highest: Vec<_> = cells.iter().map(|(role, kind, count)| (*role, *kind, count / STEP * STEP + STEP - 1)).collect();
            prop_assert_eq!(&shown, &coarse(table(&lowest)));
            prop_assert_eq!(&shown, &coarse(table(&highest)));
        }
    }
}

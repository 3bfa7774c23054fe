//! Tables for the council that tell nothing of anybody: small cells are left out, and so is what would reveal them.
//!
//! A *cell* is a count under some conditions, such as "role SCHOOL, March 2026"; the same cell may stand in
//! several tables, inside one and in the margin of another. The rule has three parts:
//!
//! 1. Only cells of five and more are shown. Of all others nothing is said; that some cell is empty may follow, and
//!    tells of nobody.
//! 2. A cell that is not shown must not follow from those that are. All tables of a release are judged together,
//!    margins and totals included: for every cell that is left out and not empty there is a *move*, a change of the
//!    underlying counts that keeps each shown figure, leaves every count possible (a whole number, none below
//!    zero) and changes the hidden cell. So the shown figures fit at least two worlds that differ in it.
//! 3. Where there is no such move, another cell is hidden too: the smallest in a line with the first, inner cells
//!    before margins, margins before totals. Then all is judged again. It ends at the latest when nothing is shown.
//!
//! Moves are looked for by linear algebra: the shown cells are sums over the combinations that occur, and a move is
//! a vector of the null space of those sums. The elimination runs modulo a prime; each move found is checked in
//! whole numbers before it counts, so a mistake of the arithmetic can hide too much and never too little.
//!
//! What it does not promise: that the two worlds are far apart, or that a reader who knows some of the persons
//! learns nothing. Releases of different periods are kept apart by their days ([`Period`] never overlap).

mod algebra;
mod table;

pub use table::{Cell, CellKey, Cube, SMALL, protect};

use serde::{Deserialize, Serialize};

use crate::codec::encode_body;
use crate::hash::{Domain, Hash};
use crate::time::Day;

/// What a release counts. No two are about the same events, so that one is not subtracted from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// Cases opened, by unit, role, legal ground and month.
    Volume,
    /// Decisions, by outcome: for the whole ledger and a whole calendar year only.
    Outcome,
    /// Cases closed, by how long they were open: for the whole ledger and a whole calendar year only, since how long one
    /// case took is known to more people than its board.
    LeadTime,
}

/// How long a case was open, in the classes that are released; days are counted from opening to closing.
#[must_use]
pub fn lead_time(opened: Day, closed: Day) -> &'static str {
    match closed.days_since_epoch().saturating_sub(opened.days_since_epoch()) {
        ..=7 => "0-7 days",
        8..=14 => "8-14 days",
        15..=30 => "15-30 days",
        31..=60 => "31-60 days",
        61.. => "over 60 days",
    }
}

/// The days that a release covers: whole months, or for outcomes one whole year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
}

/// Why nothing was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not whole months.
    #[error("a release covers whole calendar months: from the first day of one to the last day of another")]
    NotWholeMonths,
    /// Outcomes or lead times for less or more than a year.
    #[error("figures on outcome and on lead time are given for one whole calendar year at a time")]
    NotOneYear,
    /// The period is not over.
    #[error(
        "the period is not over: the same figures would be released twice, and differ by who came in between"
    )]
    NotOver,
    /// Another release covers some of it.
    #[error(
        "a release from {from} to {until} covers some of these days; figures over both would tell of the difference"
    )]
    Overlaps {
        /// Its first day.
        from: Day,
        /// Its last day.
        until: Day,
    },
}

impl Period {
    /// Whether the period may be released now, beside the releases of the same sort that were made before.
    ///
    /// # Errors
    /// [`PeriodError`].
    pub fn check(self, sort: Sort, today: Day, before: &[Self]) -> Result<(), PeriodError> {
        let (first, last) = (self.from.ymd(), self.until.ymd());
        let after = self.until.plus(crate::time::Period::days(1)).ymd();
        if first.2 != 1 || after.2 != 1 || self.until < self.from {
            return Err(PeriodError::NotWholeMonths);
        }
        let is_yearly = sort != Sort::Volume;
        if is_yearly && (first.0 != last.0 || first.1 != 1 || last.1 != 12) {
            return Err(PeriodError::NotOneYear);
        }
        if today <= self.until {
            return Err(PeriodError::NotOver);
        }
        match before.iter().find(|other| other.from <= self.until && self.from <= other.until) {
            Some(other) => Err(PeriodError::Overlaps { from: other.from, until: other.until }),
            None => Ok(()),
        }
    }
}

/// The commitment that stands on the chain: over the table's bytes, salted, so that a table that was not
/// released cannot be guessed.
#[must_use]
pub fn commitment(salt: &[u8; 32], table: &[u8]) -> Hash {
    Domain::Statistics.hash(&[b"table", salt, &encode_body(&(table.len() as u64)), table])
}

#[cfg(test)]
mod tests;

//! What the retention calendar says, made coarse.

use vandel_core::retention::DueState;
use vandel_core::time::Day;

use super::activity::STEP;
use super::event::Retention;
use crate::projector::ProjectError;
use crate::view::Views;

/// How far ahead is looked.
pub const DAYS: u16 = 30;

/// Exact figures, for whoever may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    /// Compartments that should have been erased.
    pub overdue: u64,
    /// Compartments due within [`DAYS`], held ones left out.
    pub due_soon: u64,
}

/// Counts what is overdue and what is due soon on a day.
///
/// # Errors
/// If the view or the vault can't be read.
pub fn of_day(views: &Views<'_>, day: Day) -> Result<Exact, ProjectError> {
    let mut exact = Exact { overdue: 0, due_soon: 0 };
    for answer in views.due(day, DAYS)? {
        if answer.state == DueState::Overdue.name() {
            exact.overdue += 1;
        } else if answer.state != DueState::Held.name() {
            exact.due_soon += 1;
        }
    }
    Ok(exact)
}

impl Exact {
    /// As they may be told: rounded up, so that 0 is none and 5 is one to five.
    #[must_use]
    pub fn coarse(self, day: Day) -> Retention {
        let up = |figure: u64| figure.div_ceil(STEP) * STEP;
        Retention {
            as_of: day.to_string(),
            overdue_at_most: up(self.overdue),
            due_soon_at_most: up(self.due_soon),
            days: DAYS,
            step: STEP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_none_and_one_is_at_most_five() {
        let day = Day::from_ymd(2026, 3, 20).expect("a day");
        for (exact, shown) in [(0, 0), (1, 5), (5, 5), (6, 10)] {
            let retention = Exact { overdue: exact, due_soon: exact }.coarse(day);
            assert_eq!((retention.overdue_at_most, retention.due_soon_at_most), (shown, shown));
        }
    }
}

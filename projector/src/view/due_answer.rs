//! The calendar's answers, ready to be printed or written as JSON.

use serde::Serialize;
use vandel_core::id::ThreadId;
use vandel_core::retention::{Due, DueState, Reason};

use crate::row::ClockRow;
use crate::view::answer::text;

/// An entry of the retention calendar.
#[derive(Clone, Serialize)]
pub struct DueAnswer {
    /// Whose it is; never shown.
    #[serde(skip)]
    pub thread: ThreadId,
    /// For an identity: the number of the step that holds it; never shown.
    #[serde(skip)]
    pub number: Option<u32>,
    /// The case's handle; none once the identity is erased, and for readers.
    pub handle: Option<String>,
    /// The compartment.
    pub compartment: &'static str,
    /// The retention class.
    pub class: Option<String>,
    /// The first day on which it is to be erased.
    pub date: Option<String>,
    /// Erasure before this day is refused.
    pub never_before: Option<String>,
    /// Erasure after this day is late.
    pub no_later_than: Option<String>,
    /// Where it stands.
    pub state: &'static str,
}

/// When a compartment is due, and why.
#[derive(Clone, Serialize)]
pub struct WhyAnswer {
    /// The compartment.
    pub compartment: &'static str,
    /// The retention class.
    pub class: Option<String>,
    /// The first day on which it is to be erased.
    pub date: Option<String>,
    /// The last.
    pub no_later_than: Option<String>,
    /// Where it stands.
    pub state: &'static str,
    /// The sum, step by step.
    pub explanation: Vec<String>,
    /// The same, for who says it in other words.
    #[serde(skip)]
    pub reasons: Vec<Reason>,
}

impl DueAnswer {
    pub(super) fn of(clock: &ClockRow, state: DueState, handle: Option<String>) -> Self {
        Self {
            thread: clock.thread,
            number: clock.number,
            handle,
            compartment: clock.compartment.name(),
            class: clock.class.clone(),
            date: text(clock.date),
            never_before: text(clock.never_before),
            no_later_than: text(clock.no_later_than),
            state: state.name(),
        }
    }
}

impl WhyAnswer {
    pub(super) fn of(due: &Due) -> Self {
        Self {
            compartment: due.compartment.name(),
            class: due.class.clone(),
            date: text(due.date),
            no_later_than: text(due.no_later_than),
            state: due.state.name(),
            explanation: due.explanation.iter().map(ToString::to_string).collect(),
            reasons: due.explanation.clone(),
        }
    }
}

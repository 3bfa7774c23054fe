//! The views of a demonstration: built, thrown away, built again, and asked what is to be erased.

use std::collections::BTreeMap;

use serde::Serialize;
use vandel_core::retention::DueState;
use vandel_core::time::Day;
use vandel_ledger::home::Home;
use vandel_projector::{Projector, Settings, Source};

use super::DemoError;
use super::stage::Stage;

/// How far the calendar looks ahead, in days.
const AHEAD_DAYS: u16 = 90;

/// How much of a class is to be erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DueCount {
    /// Within the next ninety days.
    pub due: usize,
    /// Past the last day.
    pub overdue: usize,
    /// Stopped by a hold.
    pub held: usize,
}

/// What the views told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ViewsShown {
    /// How many records they hold.
    pub position: u64,
    /// Their state digest.
    pub digest: String,
    /// Whether they had the same digest when they were thrown away and built again.
    pub same_when_rebuilt: bool,
    /// The retention calendar, by class of the disposal decision.
    pub calendar: BTreeMap<String, DueCount>,
    /// The handle of a case with something overdue.
    pub overdue_case: Option<String>,
}

impl Stage<'_> {
    /// Builds the views twice, and asks them.
    pub(super) fn show_views(&mut self, home: &Home, as_of: Day) -> Result<ViewsShown, DemoError> {
        Projector::prepare(self.sequencer().vault_mut())?;
        let source = Source::of(self.sequencer());
        let mut projector = Projector::open(home, &source, Settings::default())?;
        let digest = projector.digest(&source)?;
        projector.rebuild(&source)?;
        let rebuilt = projector.digest(&source)?;
        let due = projector.ask(&source, |views| views.due(as_of, AHEAD_DAYS))?;
        let mut calendar: BTreeMap<String, DueCount> = BTreeMap::new();
        let mut overdue_case = None;
        for answer in due {
            // A spine has no class: it goes with the last of the others.
            let Some(class) = answer.class else { continue };
            let count = calendar.entry(class).or_default();
            if answer.state == DueState::Held.name() {
                count.held += 1;
            } else if answer.state == DueState::Overdue.name() {
                count.overdue += 1;
                overdue_case = overdue_case.or(answer.handle);
            } else {
                count.due += 1;
            }
        }
        Ok(ViewsShown {
            position: source.chain.size(),
            digest: digest.to_string(),
            same_when_rebuilt: digest == rebuilt,
            calendar,
            overdue_case,
        })
    }
}

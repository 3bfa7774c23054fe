//! From what happened in a case to the facts that its clocks depend on, and from those to all of its
//! due days at once.
//!
//! Only kinds and days are read here, and what the process compartment says of holds and outcome:
//! no due day depends on a part that lives shorter than what it dates.

use std::collections::BTreeSet;

use crate::event::{Compartment, Kind};
use crate::policy::{Engagement, RolePolicy, Trigger};
use crate::retention::{Due, HoldInForce, RetentionFacts, due};
use crate::time::Day;

/// What a case's clocks need of its history.
#[derive(Clone, Copy, Debug, Default)]
pub struct History<'a> {
    /// Its steps in order.
    pub steps: &'a [(Kind, Day)],
    /// Whether the last decision was against the person.
    pub turned_down: bool,
    /// Holds in force.
    pub holds: &'a [HoldInForce],
    /// Days since when processing has been restricted and still is.
    pub restrictions: &'a [Day],
}

impl RetentionFacts {
    /// The facts of a case, without what it must outlive.
    ///
    /// Where a day was recorded more than once the last one counts: it is the later one in an
    /// orderly case, so nothing is due too early.
    #[must_use]
    pub fn of_case(history: History<'_>) -> Self {
        let mut facts = Self {
            holds: history.holds.to_vec(),
            restrictions: history.restrictions.to_vec(),
            outcome: outcome(&history),
            ..Self::default()
        };
        for (kind, day) in history.steps {
            if *kind == Kind::Interrupted {
                facts.interruptions.push(*day);
            }
            if let Some(trigger) = trigger_of(*kind) {
                facts.days.insert(trigger, *day);
            }
        }
        facts
    }

    /// The facts of a reader's thread: its last reading starts the clock of them all.
    #[must_use]
    pub fn of_reader(last: Day) -> Self {
        Self { days: [(Trigger::Reading, last)].into(), ..Self::default() }
    }
}

/// The trigger whose day a step of this kind records.
fn trigger_of(kind: Kind) -> Option<Trigger> {
    Trigger::ALL.iter().copied().find(|trigger| trigger.kind() == Some(kind))
}

/// Hired once work began; not hired once turned down, withdrawn, or closed without a start.
fn outcome(history: &History<'_>) -> Option<Engagement> {
    let has = |wanted: &[Kind]| history.steps.iter().any(|(kind, _)| wanted.contains(kind));
    if has(&[Kind::EmploymentStarted]) {
        return Some(Engagement::Hired);
    }
    let ended = has(&[Kind::CandidateWithdrew, Kind::CaseClosed]);
    (history.turned_down || ended).then_some(Engagement::NotHired)
}

/// All due days of a case, in the order copy, assessment, note, process, spine; the identity is the
/// subject's and not here. `existing` are the compartments that the case has; `relying` the due days
/// of the notes of cases that rely on this one's.
#[must_use]
pub fn case_dues(
    policy: &RolePolicy,
    existing: &BTreeSet<Compartment>,
    facts: &RetentionFacts,
    relying: &[Option<Day>],
    as_of: Day,
) -> Vec<Due> {
    use Compartment::{Assessment, Copy, Note, Process, Spine};
    let mut dues: Vec<Due> = Vec::new();
    for compartment in [Copy, Assessment, Note, Process, Spine] {
        if compartment != Spine && !existing.contains(&compartment) {
            continue;
        }
        let linked = match compartment {
            Note => relying.to_vec(),
            // A case whose days came out of order: what still exists is outlived all the same.
            Process | Spine => dues.iter().map(|due| due.date).collect(),
            _ => Vec::new(),
        };
        dues.push(due(policy, compartment, &RetentionFacts { linked, ..facts.clone() }, as_of));
    }
    dues
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_start_makes_a_hire_whatever_came_before_and_a_closing_without_one_does_not() {
        let opened = (Kind::CaseOpened, day("2026-01-01"));
        let closed = (Kind::CaseClosed, day("2026-02-01"));
        let started = (Kind::EmploymentStarted, day("2026-03-01"));
        let of = |steps: &[(Kind, Day)], turned_down| {
            RetentionFacts::of_case(History { steps, turned_down, ..History::default() }).outcome
        };
        assert_eq!(of(&[opened], false), None);
        assert_eq!(of(&[opened], true), Some(Engagement::NotHired));
        assert_eq!(of(&[opened, closed], false), Some(Engagement::NotHired));
        assert_eq!(of(&[opened, closed, started], false), Some(Engagement::Hired));
        assert_eq!(of(&[opened, (Kind::Reassigned, day("2026-01-02"))], false), None);
    }

    #[test]
    fn the_last_day_of_a_kind_counts_and_interruptions_are_kept_in_order() {
        let steps = [
            (Kind::CaseOpened, day("2026-01-01")),
            (Kind::DecisionMade, day("2026-02-01")),
            (Kind::Interrupted, day("2026-02-20")),
            (Kind::DecisionMade, day("2026-03-01")),
        ];
        let facts = RetentionFacts::of_case(History { steps: &steps, ..History::default() });
        assert_eq!(facts.days[&Trigger::Decision], day("2026-03-01"));
        assert_eq!(facts.days[&Trigger::Opened], day("2026-01-01"));
        assert_eq!(facts.interruptions, [day("2026-02-20")]);
        assert!(!facts.days.contains_key(&Trigger::Closed));
    }
}

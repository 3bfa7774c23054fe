//! The sum itself: start, period, interruption, bounds, and what must be outlived.

use crate::event::Compartment;
use crate::policy::{Bound, RetentionRule, RolePolicy, Trigger};
use crate::retention::explain::{Ignored, Reason};
use crate::retention::{Awaited, RetentionFacts};
use crate::time::Day;

/// What the sum gives.
pub(super) struct Sum {
    pub(super) class: Option<String>,
    pub(super) span: Result<Span, Awaited>,
}

/// The days of a clock that runs.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) date: Day,
    pub(super) never_before: Option<Day>,
    pub(super) no_later_than: Day,
}

/// Adds up one compartment's clock.
pub(super) fn sum(
    policy: &RolePolicy,
    compartment: Compartment,
    facts: &RetentionFacts,
    reasons: &mut Vec<Reason>,
) -> Sum {
    if compartment == Compartment::Spine {
        // The spine has no rule of its own: it goes with the last of the others.
        let span =
            last_linked(facts, reasons).map(|date| Span { date, never_before: None, no_later_than: date });
        return Sum { class: None, span };
    }
    if compartment == Compartment::Reads {
        return by_rule(&policy.reads, facts, reasons);
    }
    let retention = policy.retention.as_ref();
    if let Some(rule) = retention.and_then(|retention| retention.rule(compartment, facts.outcome)) {
        return by_rule(rule, facts, reasons);
    }
    let by_outcome = retention.is_some_and(|retention| retention.of(compartment).next().is_some());
    let awaits = if by_outcome { Awaited::Outcome } else { Awaited::Rule };
    Sum { class: None, span: Err(awaits) }
}

/// Adds up the clock of one rule.
pub(super) fn by_rule(rule: &RetentionRule, facts: &RetentionFacts, reasons: &mut Vec<Reason>) -> Sum {
    reasons.push(Reason::Rule(rule.to_string()));
    Sum { class: Some(rule.class.clone()), span: span(rule, facts, reasons) }
}

fn span(rule: &RetentionRule, facts: &RetentionFacts, reasons: &mut Vec<Reason>) -> Result<Span, Awaited> {
    let start = start(rule, facts, reasons)?;
    let start = interrupted(rule, start, facts, reasons);
    let date = start.plus(rule.keep);
    reasons.push(Reason::Period { from: start, keep: rule.keep, date });
    let mut span = bounded(rule, start, date, facts, reasons)?;
    // The identity's linked clocks were its trigger already.
    if rule.trigger != Trigger::LastLinked && !facts.linked.is_empty() {
        span = outliving(span, last_linked(facts, reasons)?, reasons);
    }
    reasons.push(Reason::LastDay(span.no_later_than));
    Ok(span)
}

/// The day that starts the clock.
fn start(rule: &RetentionRule, facts: &RetentionFacts, reasons: &mut Vec<Reason>) -> Result<Day, Awaited> {
    if rule.trigger == Trigger::LastLinked {
        return last_linked(facts, reasons);
    }
    if let Some(&day) = facts.days.get(&rule.trigger) {
        reasons.push(Reason::Started { trigger: rule.trigger, day });
        return Ok(day);
    }
    let instead = rule.otherwise.and_then(|trigger| Some((trigger, *facts.days.get(&trigger)?)));
    let (trigger, day) = instead.ok_or(Awaited::Trigger(rule.trigger))?;
    reasons.push(Reason::StartedInstead { missing: rule.trigger, trigger, day });
    Ok(day)
}

/// The last of the days on which what must be outlived is due.
fn last_linked(facts: &RetentionFacts, reasons: &mut Vec<Reason>) -> Result<Day, Awaited> {
    let days: Option<Vec<Day>> = facts.linked.iter().copied().collect();
    let day = days.and_then(|days| days.into_iter().max()).ok_or(Awaited::Linked)?;
    reasons.push(Reason::Linked { day, count: facts.linked.len() });
    Ok(day)
}

/// The day that the period is counted from once the first interruption within it has been heeded.
fn interrupted(rule: &RetentionRule, start: Day, facts: &RetentionFacts, reasons: &mut Vec<Reason>) -> Day {
    let mut counted_from = None;
    let mut interruptions = facts.interruptions.clone();
    interruptions.sort_unstable();
    for day in interruptions {
        let end = counted_from.unwrap_or(start).plus(rule.keep);
        let ignored = if !rule.interruption_extends {
            Some(Ignored::RuleNotExtended)
        } else if counted_from.is_some() {
            Some(Ignored::OnlyOnce)
        } else if day < start {
            Some(Ignored::BeforeStart)
        } else if day >= end {
            Some(Ignored::AfterEnd)
        } else {
            None
        };
        reasons.push(match ignored {
            Some(why) => Reason::InterruptionIgnored { day, why },
            None => Reason::Interrupted { day, instead_of: end },
        });
        if ignored.is_none() {
            counted_from = Some(day);
        }
    }
    counted_from.unwrap_or(start)
}

/// Applies the floor, then the ceiling. The floor is law where the two disagree: a ceiling gives way.
fn bounded(
    rule: &RetentionRule,
    start: Day,
    date: Day,
    facts: &RetentionFacts,
    reasons: &mut Vec<Reason>,
) -> Result<Span, Awaited> {
    let never_before = rule.never_before.map(|bound| bound_day(bound, start, facts)).transpose()?;
    // A ceiling whose day is not known yet bounds nothing yet.
    let ceiling = rule.no_later_than.and_then(|bound| bound_day(bound, start, facts).ok());
    let mut date = date;
    if let Some(day) = never_before.filter(|day| date < *day) {
        reasons.push(Reason::NotBefore { day, instead_of: date });
        date = day;
    }
    let Some(ceiling) = ceiling else {
        return Ok(Span { date, never_before, no_later_than: date });
    };
    if never_before.is_some_and(|floor| ceiling < floor) {
        reasons.push(Reason::CeilingGivesWay { ceiling, to: date });
        return Ok(Span { date, never_before, no_later_than: date });
    }
    if ceiling < date {
        reasons.push(Reason::NotAfter { day: ceiling, instead_of: date });
        date = ceiling;
    }
    Ok(Span { date, never_before, no_later_than: ceiling })
}

/// The day of a bound: from its own trigger, or from where the period is counted.
fn bound_day(bound: Bound, start: Day, facts: &RetentionFacts) -> Result<Day, Awaited> {
    let from = match bound.trigger {
        None => start,
        Some(trigger) => *facts.days.get(&trigger).ok_or(Awaited::Trigger(trigger))?,
    };
    Ok(from.plus(bound.period))
}

/// Moves a span so that it ends no earlier than what must be outlived.
fn outliving(span: Span, linked: Day, reasons: &mut Vec<Reason>) -> Span {
    if linked <= span.date {
        return span;
    }
    reasons.push(Reason::NotBefore { day: linked, instead_of: span.date });
    if span.no_later_than < linked {
        reasons.push(Reason::CeilingGivesWay { ceiling: span.no_later_than, to: linked });
    }
    Span {
        date: linked,
        never_before: span.never_before.max(Some(linked)),
        no_later_than: span.no_later_than.max(linked),
    }
}

//! The process compartment holds the days that other compartments are counted from, so it must live
//! at least as long as they do. This proves it from triggers and periods alone, or says that it can't.

use crate::event::Compartment;
use crate::policy::role::RolePolicy;
use crate::policy::schedule::{Engagement, Retention, RetentionRule, Trigger, never_shorter};
use crate::time::Period;

/// The compartments that may outlive the process compartment, and for which outcome.
pub(super) fn outlived_by(
    role: &RolePolicy,
    retention: &Retention,
) -> Vec<(Compartment, Option<Engagement>)> {
    let mut findings = Vec::new();
    for compartment in role.compartments() {
        if !matches!(compartment, Compartment::Note | Compartment::Copy | Compartment::Assessment) {
            continue;
        }
        for outcome in [Engagement::Hired, Engagement::NotHired] {
            let process = retention.rule(Compartment::Process, Some(outcome));
            let other = retention.rule(compartment, Some(outcome));
            // A missing rule is a finding of its own.
            if let (Some(process), Some(other)) = (process, other)
                && !lives_at_least_as_long(process, other)
            {
                findings.push((compartment, other.when.or(process.when)));
            }
        }
    }
    findings.dedup();
    findings
}

/// Whether `process` is never due before `other`, wherever each is counted from.
fn lives_at_least_as_long(process: &RetentionRule, other: &RetentionRule) -> bool {
    // A ceiling from another day could cut the process short; an interruption could stretch the other.
    let cut = process.no_later_than.is_some_and(|bound| bound.trigger_under(process) != process.trigger);
    let stretched = other.interruption_extends && !process.interruption_extends;
    if cut || stretched {
        return false;
    }
    let reaches = |from: Trigger, period: Period, other_from: Trigger| {
        other_from.never_after(from) && never_shorter(process.keep, period)
    };
    // Both clocks always start on the same day.
    let together = process.trigger == other.trigger && process.otherwise == other.otherwise;
    if together && other.never_before.is_none() {
        return never_shorter(process.keep, other.keep);
    }
    let first = reaches(process.trigger, other.keep, other.trigger);
    // What the other is counted from instead, against what the process is counted from then.
    let instead = match (process.otherwise, other.otherwise) {
        (None, None) => true,
        (Some(from), None) => reaches(from, other.keep, other.trigger),
        (None, Some(other_from)) => reaches(process.trigger, other.keep, other_from),
        (Some(from), Some(other_from)) => {
            reaches(from, other.keep, other_from) && reaches(from, other.keep, other.trigger)
        }
    };
    let floor = other
        .never_before
        .is_none_or(|bound| reaches(process.trigger, bound.period, bound.trigger_under(other)));
    first && instead && floor
}

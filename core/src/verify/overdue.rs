//! What is kept longer than the policy lets it be, as the auditor adds it up.

use std::collections::BTreeSet;

use crate::chain::Chain;
use crate::erasure::{Matters, ThreadMatters};
use crate::event::Compartment;
use crate::retention::{DueState, Reason};
use crate::thread::Threads;
use crate::time::Day;
use crate::verify::finding::Finding;
use crate::verify::report::Level;

/// A finding for each thread of which something should have been erased before `as_of`. What a hold stops, what is
/// restricted and what is being erased is not late.
pub(super) fn find(threads: &Threads, chain: &Chain, as_of: Day) -> Vec<Finding> {
    let mut findings = Vec::new();
    let matters = ThreadMatters::of(chain, threads);
    let pending = chain.erasures.values().filter(|erasure| erasure.executed.is_none());
    let under_way: BTreeSet<u64> = pending.flat_map(|erasure| &erasure.records).copied().collect();
    for (id, thread) in threads.iter() {
        let Some(first) = thread.records.first() else { continue };
        if thread.records.iter().any(|record| under_way.contains(record)) {
            continue;
        }
        // The spine and the identity go with the rest: while the rest may wait, so may they.
        let dues = matters.dues(id, as_of);
        let mut rest = dues.iter().filter(|due| due.compartment != Compartment::Spine);
        if !rest.any(|due| due.state == DueState::Overdue) {
            continue;
        }
        let identity = matters.due(id, Compartment::Identity, as_of);
        let late = dues.into_iter().chain(identity).filter(|due| {
            let stopped = |reason: &Reason| matches!(reason, Reason::Held { .. } | Reason::Restricted { .. });
            due.state == DueState::Overdue && !due.explanation.iter().any(stopped)
        });
        let late: Vec<_> = late.collect();
        let Some(last) = late.iter().filter_map(|due| due.no_later_than).max() else { continue };
        let names: Vec<&str> = late.iter().map(|due| due.compartment.name()).collect();
        let what = format!("kept longer than its retention allows: {}", names.join(", "));
        let finding = Finding::new("overdue", Level::Conduct, what).at(None, *first);
        findings.push(finding.expected(format!("erased by {last}"), format!("still there on {as_of}")));
    }
    findings
}

//! What the threads tell of the cases that a plan names: the sequencer's and the auditor's own calendar.
//!
//! A view has the same calendar, kept row by row. This one is added up from the threads alone, so that
//! whoever judges a plan or an overdue case asks no view; a test holds the two against each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::Chain;
use crate::erasure::request::requests;
use crate::erasure::{Matters, Request, Right};
use crate::event::{Compartment, Kind, Outcome};
use crate::id::{SubjectId, ThreadId};
use crate::policy::RolePolicy;
use crate::retention::{self, Due, History, HoldInForce, RetentionFacts, case_dues};
use crate::thread::{Case, Matter, Thread, Threads};
use crate::time::Day;

/// The threads, with what leads from one to another.
pub struct ThreadMatters<'a> {
    chain: &'a Chain,
    threads: &'a Threads,
    by_subject: BTreeMap<SubjectId, Vec<ThreadId>>,
    relying: BTreeMap<ThreadId, Vec<ThreadId>>,
    requests: BTreeMap<(Right, ThreadId), Request<'a>>,
}

impl<'a> ThreadMatters<'a> {
    /// Looks through all threads once.
    #[must_use]
    pub fn of(chain: &'a Chain, threads: &'a Threads) -> Self {
        let (mut by_subject, mut relying) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (id, thread) in threads.iter() {
            if let Matter::Case(case) = &thread.matter {
                if let Some(subject) = case.subject {
                    by_subject.entry(subject).or_default().push(*id);
                }
                if let Some(earlier) = case.relies_on {
                    relying.entry(earlier).or_default().push(*id);
                }
            }
        }
        let requests = requests(threads.iter().flat_map(|(_, thread)| &thread.notices));
        Self { chain, threads, by_subject, relying, requests }
    }

    /// What was asked about a case under a right.
    #[must_use]
    pub fn request(&self, right: Right, thread: &ThreadId) -> Option<&Request<'a>> {
        self.requests.get(&(right, *thread))
    }

    /// All requests, also about cases that are gone.
    pub fn requests(&self) -> impl Iterator<Item = (&ThreadId, &Request<'a>)> {
        self.requests.iter().map(|((_, thread), request)| (thread, request))
    }

    /// All due days of a case, without the identity, or of a reader's readings; empty where no policy says
    /// anything of it.
    #[must_use]
    pub fn dues(&self, thread: &ThreadId, as_of: Day) -> Vec<Due> {
        self.dues_within(thread, as_of, &mut BTreeSet::from([*thread]))
    }

    fn dues_within(&self, id: &ThreadId, as_of: Day, seen: &mut BTreeSet<ThreadId>) -> Vec<Due> {
        let Some(thread) = self.threads.get(id) else { return Vec::new() };
        let case = match &thread.matter {
            Matter::Case(case) => case,
            Matter::Reader(_) => return self.reads_due(thread, as_of).into_iter().collect(),
            Matter::Position(_) => return Vec::new(),
        };
        let Some(policy) = self.policy_of(case) else { return Vec::new() };
        let existing: BTreeSet<Compartment> =
            case.existing.iter().filter(|one| *one != Compartment::Identity).collect();
        let mut relying = Vec::new();
        if existing.contains(&Compartment::Note) {
            for other in self.relying.get(id).into_iter().flatten() {
                if seen.insert(*other) {
                    let dues = self.dues_within(other, as_of, seen);
                    let note = dues.into_iter().find(|due| due.compartment == Compartment::Note);
                    relying.extend(note.map(|due| due.date));
                }
            }
        }
        case_dues(policy, &existing, &facts_of(case), &relying, as_of)
    }

    fn reads_due(&self, thread: &Thread, as_of: Day) -> Option<Due> {
        let policy = self.chain.policy_on(thread.last)?;
        Some(retention::reads_due(&policy.pack, &RetentionFacts::of_reader(thread.last), as_of))
    }

    /// When a person's identity is due: once nothing of any of the person's cases is left.
    fn identity_due(&self, subject: &SubjectId, as_of: Day) -> Option<Due> {
        let (mut facts, mut policies) = (RetentionFacts::default(), Vec::new());
        for id in self.by_subject.get(subject)? {
            let Some(case) = self.threads.case(id) else { continue };
            let dues = self.dues(id, as_of);
            let spine = dues.iter().find(|due| due.compartment == Compartment::Spine);
            facts.linked.push(spine.and_then(|due| due.date));
            let of_case = facts_of(case);
            facts.holds.extend(of_case.holds);
            facts.restrictions.extend(of_case.restrictions);
            policies.extend(self.policy_of(case));
        }
        let dues =
            policies.into_iter().map(|policy| retention::due(policy, Compartment::Identity, &facts, as_of));
        // Where the roles of the cases disagree, the latest day counts, and one that has not come most.
        dues.max_by_key(|due| due.date.map_or((1, Day::MAX), |date| (0, date)))
    }

    /// The role's policy that a case goes by: that of the day it was opened, as everywhere.
    fn policy_of(&self, case: &Case) -> Option<&'a RolePolicy> {
        let (opened, opening) = (case.opened()?, case.opening.as_ref()?);
        self.chain.policy_on(opened)?.pack.version_on(&opening.role.0, opened).ok()
    }
}

/// What a case's clocks need of its history. The ground of a hold is content and moves no day.
fn facts_of(case: &Case) -> RetentionFacts {
    let steps: Vec<_> = case.steps.iter().map(|mark| (mark.kind, mark.day)).collect();
    let (mut holds, mut restrictions) = (Vec::new(), Vec::new());
    for hold in case.holds.values() {
        match hold.restriction {
            true => restrictions.push(hold.since),
            false => holds.push(HoldInForce { ground: "hold", since: hold.since, review_by: hold.review }),
        }
    }
    let turned_down = case.outcome == Some(Outcome::NotFit);
    RetentionFacts::of_case(History {
        steps: &steps,
        turned_down,
        holds: &holds,
        restrictions: &restrictions,
    })
}

impl Matters for ThreadMatters<'_> {
    fn records(&self, thread: &ThreadId) -> Option<Vec<u64>> {
        self.threads.get(thread).map(|thread| thread.records.clone())
    }

    fn existing(&self, thread: &ThreadId) -> Vec<Compartment> {
        match self.threads.get(thread).map(|thread| &thread.matter) {
            Some(Matter::Case(case)) => case.existing.iter().collect(),
            Some(Matter::Reader(_)) => vec![Compartment::Reads],
            Some(Matter::Position(assessed)) => assessed.iter().map(|_| Compartment::Process).collect(),
            None => Vec::new(),
        }
    }

    fn identities(&self, thread: &ThreadId) -> Vec<u32> {
        self.threads.case(thread).and_then(|case| case.identity_step).into_iter().collect()
    }

    fn requested(&self, thread: &ThreadId) -> bool {
        self.request(Right::Erasure, thread).is_some_and(Request::waits)
    }

    fn withdrawn(&self, thread: &ThreadId) -> bool {
        let Some(case) = self.threads.case(thread) else { return false };
        let recordable = |policy: &RolePolicy| policy.records.contains(&Kind::CandidateWithdrew);
        let never_hired = !case.has(Kind::EmploymentStarted);
        case.has(Kind::CandidateWithdrew)
            || never_hired && self.policy_of(case).is_some_and(|policy| !recordable(policy))
    }

    fn due(&self, thread: &ThreadId, compartment: Compartment, as_of: Day) -> Option<Due> {
        if compartment == Compartment::Identity {
            return self.identity_due(&self.threads.case(thread)?.subject?, as_of);
        }
        self.dues(thread, as_of).into_iter().find(|due| due.compartment == compartment)
    }
}

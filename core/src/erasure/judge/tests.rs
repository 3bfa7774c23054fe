//! Every refusal of a plan, and the plans that pass; how a plan is made is the projector's.

use std::collections::BTreeMap;

use super::*;
use crate::event::DisposalDecision;

/// One case with a note, an identity and its process, all due on one day.
struct Case {
    existing: Vec<Compartment>,
    requested: bool,
    dues: BTreeMap<Compartment, Due>,
}

const THREAD: ThreadId = ThreadId([4; 16]);

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn today() -> Day {
    day("2028-04-01")
}

impl Matters for Case {
    fn records(&self, thread: &ThreadId) -> Option<Vec<u64>> {
        (*thread == THREAD).then(|| vec![7, 8, 9])
    }

    fn existing(&self, _: &ThreadId) -> Vec<Compartment> {
        self.existing.clone()
    }

    fn identities(&self, _: &ThreadId) -> Vec<u32> {
        vec![0]
    }

    fn requested(&self, _: &ThreadId) -> bool {
        self.requested
    }

    fn withdrawn(&self, _: &ThreadId) -> bool {
        false
    }

    fn due(&self, _: &ThreadId, compartment: Compartment, _: Day) -> Option<Due> {
        self.dues.get(&compartment).cloned()
    }
}

fn due(compartment: Compartment, class: &str) -> Due {
    Due {
        compartment,
        class: Some(class.to_owned()),
        date: Some(day("2028-03-20")),
        never_before: None,
        no_later_than: Some(day("2028-04-19")),
        awaits: None,
        state: DueState::DueWithin,
        explanation: Vec::new(),
    }
}

fn case() -> Case {
    let dues =
        [(Compartment::Note, "note"), (Compartment::Identity, "identity"), (Compartment::Process, "case")];
    let existing = dues.iter().map(|(compartment, _)| *compartment).collect();
    let dues = dues.into_iter().map(|(compartment, class)| (compartment, due(compartment, class)));
    Case { existing, requested: true, dues: dues.collect() }
}

fn ground(compartment: Compartment, class: Option<&str>) -> Ground {
    let class = class.map(str::to_owned);
    Ground { compartment, reason: ErasureReason::Retention, class, due: day("2028-03-20") }
}

fn plan() -> Plan {
    let compartments = vec![
        ground(Compartment::Note, Some("note")),
        ground(Compartment::Process, Some("case")),
        ground(Compartment::Identity, Some("identity")),
        ground(Compartment::Spine, None),
    ];
    let line =
        Line { pseudonym: [1; 8], thread: THREAD, identities: vec![0], records: vec![7, 8, 9], compartments };
    Plan { ledger: chain().ledger, salt: [2; 32], as_of: today(), disposal: 3, lines: vec![line] }
}

fn chain() -> Chain {
    let mut chain = Chain::before_opening();
    let decision = DisposalDecision {
        body: "KF".to_owned(),
        number: "7".to_owned(),
        decided: day("2026-01-10"),
        classes: ["note", "case", "identity"].map(str::to_owned).to_vec(),
        from: day("2026-01-10"),
        until: Some(day("2030-01-01")),
    };
    chain.disposals.insert(3, decision);
    chain
}

/// The refusal of a plan that was changed, of a case that was changed, on a day.
fn refusal(change: impl FnOnce(&mut Plan, &mut Case)) -> Option<PlanRefusal> {
    let (mut plan, mut case) = (plan(), case());
    change(&mut plan, &mut case);
    judge(&plan, &chain(), &case, today()).err()
}

#[test]
fn an_orderly_plan_passes() {
    assert_eq!(refusal(|_, _| {}), None);
}

#[test]
fn a_plan_rests_on_a_decision_that_is_in_force_and_covers_it() {
    assert_eq!(refusal(|plan, _| plan.disposal = 4), Some(PlanRefusal::NoDisposal { disposal: 4 }));
    assert_eq!(refusal(|plan, _| plan.lines.clear()), Some(PlanRefusal::Empty));
    assert_eq!(refusal(|plan, _| plan.ledger.0[0] ^= 1), Some(PlanRefusal::Ledger));
    for text in ["2026-01-09", "2030-01-02"] {
        let found = judge(&plan(), &chain(), &case(), day(text)).err();
        assert_eq!(found, Some(PlanRefusal::DisposalNotInForce { disposal: 3, day: day(text) }));
    }
    let mut narrow = chain();
    narrow.disposals.get_mut(&3).expect("there").classes.retain(|class| class != "case");
    let found = judge(&plan(), &narrow, &case(), today()).err();
    assert_eq!(found, Some(PlanRefusal::NotCovered { line: 0, class: "case".to_owned() }));
}

#[test]
fn a_class_left_out_of_a_plan_does_not_slip_past_the_decision() {
    let found = refusal(|plan, _| plan.lines[0].compartments[1].class = None);
    assert_eq!(found, Some(PlanRefusal::Class { line: 0, compartment: Compartment::Process }));
}

#[test]
fn what_is_held_restricted_or_too_early_stays() {
    let note = |change: fn(&mut Due)| {
        refusal(|_, case| change(case.dues.get_mut(&Compartment::Note).expect("there")))
    };
    assert_eq!(note(|due| due.state = DueState::Held), Some(PlanRefusal::Held { line: 0 }));
    let restricted = note(|due| due.explanation.push(Reason::Restricted { since: day("2028-01-01") }));
    assert_eq!(restricted, Some(PlanRefusal::Restricted { line: 0 }));
    let (compartment, never_before) = (Compartment::Note, day("2028-04-02"));
    let early = PlanRefusal::TooEarly { line: 0, compartment, never_before };
    assert_eq!(note(|due| due.never_before = Some(day("2028-04-02"))), Some(early));
    let tomorrow = Some(day("2028-04-02"));
    let not_due = PlanRefusal::NotDue { line: 0, compartment, due: tomorrow };
    assert_eq!(note(|due| due.date = Some(day("2028-04-02"))), Some(not_due));
    let never = refusal(|_, case| drop(case.dues.remove(&Compartment::Note)));
    assert_eq!(never, Some(PlanRefusal::NotDue { line: 0, compartment, due: None }));
}

#[test]
fn the_persons_own_request_waits_for_the_law_and_for_holds_but_not_for_the_clock() {
    let asked = |change: fn(&mut Due)| {
        refusal(|plan, case| {
            plan.lines[0].compartments.iter_mut().for_each(|ground| ground.reason = ErasureReason::Request);
            change(case.dues.get_mut(&Compartment::Note).expect("there"));
        })
    };
    assert_eq!(asked(|due| due.date = None), None);
    assert_eq!(asked(|due| due.explanation.push(Reason::Restricted { since: day("2028-01-01") })), None);
    assert!(matches!(
        asked(|due| due.never_before = Some(day("2028-04-02"))),
        Some(PlanRefusal::TooEarly { .. })
    ));
    assert_eq!(asked(|due| due.state = DueState::Held), Some(PlanRefusal::Held { line: 0 }));
}

#[test]
fn a_ground_that_is_the_persons_own_must_be_recorded() {
    let on = |reason, requested| {
        refusal(|plan, case| {
            plan.lines[0].compartments.iter_mut().for_each(|ground| ground.reason = reason);
            case.requested = requested;
        })
    };
    assert_eq!(on(ErasureReason::Request, true), None);
    assert_eq!(on(ErasureReason::Request, false), Some(PlanRefusal::NotRequested { line: 0 }));
    assert_eq!(on(ErasureReason::Withdrawal, true), Some(PlanRefusal::NotWithdrawn { line: 0 }));
    let alone = refusal(|plan, _| {
        plan.lines[0].compartments.retain(|ground| ground.compartment == Compartment::Identity);
        plan.lines[0].compartments[0].reason = ErasureReason::Request;
    });
    assert!(matches!(alone, Some(PlanRefusal::NotDue { compartment: Compartment::Identity, .. })));
}

#[test]
fn a_line_names_its_case_its_records_and_its_identities_exactly() {
    assert_eq!(
        refusal(|plan, _| plan.lines[0].thread = ThreadId([5; 16])),
        Some(PlanRefusal::UnknownThread { line: 0 })
    );
    for records in [vec![], vec![7, 10], vec![8, 7, 9]] {
        let found = refusal(|plan, _| plan.lines[0].records = records);
        assert_eq!(found, Some(PlanRefusal::Records { line: 0 }));
    }
    for identities in [vec![], vec![1], vec![0, 1]] {
        let found = refusal(|plan, _| plan.lines[0].identities = identities);
        assert_eq!(found, Some(PlanRefusal::Identities { line: 0 }));
    }
    let without_ground = refusal(|plan, _| {
        plan.lines[0].compartments.retain(|ground| ground.compartment == Compartment::Note);
    });
    assert_eq!(without_ground, Some(PlanRefusal::Identities { line: 0 }), "no identity goes unjudged");
}

#[test]
fn the_spine_goes_last_and_takes_the_identity_along_but_nothing_else() {
    let some = refusal(|plan, _| plan.lines[0].records = vec![7, 8]);
    assert_eq!(some, Some(PlanRefusal::SpineBeforeOthers { line: 0 }));
    let process = refusal(|plan, _| {
        plan.lines[0]
            .compartments
            .retain(|ground| matches!(ground.compartment, Compartment::Note | Compartment::Process));
        plan.lines[0].identities.clear();
    });
    assert_eq!(process, Some(PlanRefusal::ProcessBeforeOthers { line: 0 }));
    let copy_left = refusal(|_, case| case.existing.push(Compartment::Copy));
    assert_eq!(copy_left, Some(PlanRefusal::SpineBeforeOthers { line: 0 }));
    let later = |due: &mut Due| due.date = Some(day("2030-01-01"));
    let with_the_rest = refusal(|_, case| later(case.dues.get_mut(&Compartment::Identity).expect("there")));
    assert_eq!(with_the_rest, None);
    let by_itself = refusal(|plan, case| {
        plan.lines[0].compartments.retain(|ground| ground.compartment != Compartment::Spine);
        later(case.dues.get_mut(&Compartment::Identity).expect("there"));
    });
    assert!(matches!(by_itself, Some(PlanRefusal::NotDue { compartment: Compartment::Identity, .. })));
}

#[test]
fn a_plans_hash_covers_its_head_and_every_line() {
    let whole = plan();
    let hashes = whole.line_hashes();
    assert_eq!(whole.head().hash(&hashes), whole.hash());
    assert_eq!(whole.lines[0].hash(&whole.line_salt(0)), hashes[0]);
    let changes: [fn(&mut Plan); 6] = [
        |plan| plan.salt[0] ^= 1,
        |plan| plan.disposal = 4,
        |plan| plan.as_of = day("2028-04-02"),
        |plan| plan.lines[0].records.truncate(1),
        |plan| plan.lines[0].compartments[0].reason = ErasureReason::Withdrawal,
        |plan| plan.lines.push(plan.lines[0].clone()),
    ];
    for change in changes {
        let mut changed = plan();
        change(&mut changed);
        assert_ne!(changed.hash(), whole.hash());
    }
}

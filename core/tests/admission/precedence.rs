//! A step that is wrong in many ways gets one answer, always the same: the first in order.

use vandel_core::admit::{Occasion as Judging, Refusal, rules};
use vandel_core::event::{Note, Process};
use vandel_core::hash::Hash;

use crate::ledger::{AUDITOR, DECIDER, STRANGER, day, ledger};
use crate::moves::{acknowledged, decided, informed, opened, shown};

#[test]
fn refusals_are_listed_in_the_order_of_the_rules() {
    let order: Vec<_> = rules().collect();
    let mut sorted = order.clone();
    sorted.sort();
    assert_eq!(order, sorted, "the enum of rules is in the order of judging");
    let mut codes = Refusal::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refusal::CODES.len(), "a code names one refusal");
}

/// Wrong in seven ways; each answer repairs the first, and the next comes to light.
#[test]
fn the_first_answer_comes_first() {
    let mut ledger = ledger("HVB");
    for step in [opened(), informed(), acknowledged()] {
        ledger.take(step);
    }
    let spoil_note = |step: &mut vandel_core::event::Step| {
        if let Some(Note::Shown { issued, law, registers, .. }) = &mut step.note {
            (*issued, *law, *registers) =
                (Some(day("2020-01-01")), Some("2010:800".to_owned()), Some(vec![]));
        }
    };
    let step = |repaired: usize| {
        let mut step = shown("HVB").with(spoil_note);
        if repaired < 6 {
            step = step.with(|step| {
                if let Some(Note::Shown { authenticity, .. }) = &mut step.note {
                    *authenticity = None;
                }
            });
        }
        if repaired < 5 {
            step = step.by(AUDITOR);
        }
        if repaired < 4 {
            step = step.on("2026-03-21");
        }
        if repaired < 3 {
            step = step.with(|step| (step.spine.number, step.spine.previous) = (9, Hash([1; 32])));
        }
        if repaired < 2 {
            step = step.by(STRANGER);
        }
        if repaired < 1 {
            step = step.seeing_another_history();
        }
        if repaired >= 5 { step.by(DECIDER) } else { step }
    };
    let answers = ["seen-checkpoint", "key", "conflict", "day-in-future", "role", "field-missing"];
    for (repaired, code) in answers.into_iter().enumerate() {
        let answer = ledger.judge(&step(repaired), Judging::New).unwrap_err();
        assert_eq!(answer.code(), code, "{answer}");
    }
    let answer = ledger.judge(&step(6), Judging::New).unwrap_err();
    assert_eq!(answer.code(), "extract-too-old", "{answer}");
}

#[test]
fn of_two_wrongs_the_law_speaks_before_the_order() {
    let mut school = ledger("SCHOOL");
    school.take(opened());
    let decision = decided(vandel_core::event::Outcome::Fit);
    let answer = school.judge(&decision, Judging::New).unwrap_err();
    assert_eq!(answer.code(), "kind-not-recordable", "not too-early: it may never be recorded");
    let blank = decided(vandel_core::event::Outcome::Fit).with(|step| {
        if let Some(Process::DecisionMade { delegation, .. }) = &mut step.process {
            delegation.clear();
        }
    });
    let mut hvb = ledger("HVB");
    hvb.take(opened());
    assert_eq!(hvb.judge(&blank, Judging::New).unwrap_err().code(), "too-early");
}

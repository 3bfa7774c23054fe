//! A ledger from founding through a case, closed, killed and opened again.

#![allow(clippy::unwrap_used, missing_docs)]

mod world;

use vandel_core::admit::{Evidence, Refusal};
use vandel_core::event::{Authenticity, Kind, Process, Register, Step};
use vandel_core::merkle::verify_inclusion;
use vandel_ledger::author::sign_step;
use vandel_ledger::submission::SubmitError;
use world::{World, shown, today};

#[test]
fn a_case_goes_through_and_the_ledger_opens_again() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);

    let without = world.take(&mut ledger.sequencer, case, Kind::ExtractShown, None, shown);
    assert!(matches!(without, Err(SubmitError::Refused(Refusal::EvidenceMissing { .. }))), "{without:?}");
    let evidence = Evidence {
        issued: Some("2026-02-01".parse().unwrap()),
        law: Some("2010:800".to_owned()),
        registers: Some(vec![Register::CriminalRecords]),
        authenticity: Some(Authenticity::ControlService),
        offered: None,
    };
    let receipt = world.take(&mut ledger.sequencer, case, Kind::ExtractShown, Some(evidence), shown).unwrap();
    let tip = ledger.sequencer.chain().tip();
    verify_inclusion(&receipt.hash, receipt.record, tip.size, &tip.root, &receipt.proof).unwrap();

    let heard = world.take(&mut ledger.sequencer, case, Kind::EmploymentStarted, None, |step| {
        step.process = Some(Process::EmploymentStarted);
    });
    assert!(matches!(heard, Err(SubmitError::Refused(Refusal::KindNotRecordable { .. }))), "{heard:?}");
    let size = ledger.sequencer.chain().size();
    ledger.close().unwrap();

    let again = world.open();
    assert_eq!(again.sequencer.chain().size(), size, "a ledger that ended in order needs no new start");
    assert!(again.sequencer.threads().expect("the threads").case(&case).unwrap().has(Kind::ExtractShown));
    drop(again);
    let killed = world.open();
    assert_eq!(killed.sequencer.chain().size(), size + 1, "after a crash the start is recorded");
}

#[test]
fn a_repeat_gets_the_first_receipt_and_a_stale_number_a_conflict() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;

    let mut step = Step::new(sequencer.next_spine(case, Kind::CaseClosed, today()).expect("the threads"));
    step.process = Some(Process::CaseClosed);
    let standpoint = sequencer.standpoint();
    let first = sign_step(&standpoint, &world.decider, None, &step, None).unwrap().submission;
    let other = sign_step(&standpoint, &world.decider, None, &step, None).unwrap().submission;

    let answers = sequencer.commit(vec![vec![first.clone()], vec![other]]);
    let receipt = answers[0].as_ref().unwrap()[0].clone();
    assert!(matches!(answers[1], Err(SubmitError::Refused(Refusal::Conflict { expected: 2, found: 1 }))));
    let again = sequencer.commit(vec![vec![first]]).remove(0).unwrap().remove(0);
    assert_eq!((again.record, again.hash), (receipt.record, receipt.hash));
}

#[test]
fn a_group_stands_or_falls_together() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let size = sequencer.chain().size();

    let mut close = Step::new(sequencer.next_spine(case, Kind::CaseClosed, today()).expect("the threads"));
    close.process = Some(Process::CaseClosed);
    let standpoint = sequencer.standpoint();
    let first = sign_step(&standpoint, &world.decider, None, &close, None).unwrap();
    let mut twice = close.clone();
    (twice.spine.number, twice.spine.previous) = (2, first.hash);
    let second = sign_step(&standpoint, &world.decider, None, &twice, None).unwrap();
    let answer = sequencer.commit(vec![vec![first.submission, second.submission]]).remove(0);
    assert!(matches!(answer, Err(SubmitError::Refused(Refusal::Closed { .. } | Refusal::Repeated { .. }))));
    assert_eq!(sequencer.chain().size(), size);
    assert!(!sequencer.threads().expect("the threads").case(&case).unwrap().closed());
}

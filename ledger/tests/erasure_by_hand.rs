//! Erasures started, executed and completed by statements made by hand, past every command: two valid signatures
//! are not enough. Each is refused with its reason, nothing is appended, and what may be erased still is.

#![allow(clippy::unwrap_used, missing_docs)]

mod world;

use vandel_core::erasure::{Notice, Plan, PlanRefusal};
use vandel_core::event::{
    Compartment, ErasureCompleted, ErasureExecuted, HoldGround, Kind, OpenEvent, Process, Role, RootCellKind,
};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ThreadId};
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::erasure::ErasureRefusal;
use vandel_ledger::opening::OpenLedger;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_ledger::sinks::{Made, SinkId, SinkKind, What};
use vandel_ledger::submission::{Submission, SubmitError};
use world::{World, today};

/// A ledger with one case of which erasure was asked, and the plan of it, which is not stored yet.
fn with_plan() -> (World, OpenLedger, ThreadId, Plan) {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    world.enrol_delegate(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let plan = world.plan_on_request(&mut ledger.sequencer, case).unwrap();
    (world, ledger, case, plan)
}

/// Submits it: refused for a reason of erasure, and nothing is appended.
#[track_caller]
fn refused(sequencer: &mut Sequencer, submission: Submission) -> ErasureRefusal {
    let before = (sequencer.chain().tip(), sequencer.chain().blocks, sequencer.vault().epoch());
    let answer = sequencer.commit_one(submission).expect_err("it is refused");
    assert_eq!((sequencer.chain().tip(), sequencer.chain().blocks, sequencer.vault().epoch()), before);
    match answer {
        SubmitError::Erasure(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

/// A changed plan, stored, and started by two valid signatures.
#[track_caller]
fn started(
    world: &World,
    sequencer: &mut Sequencer,
    plan: &Plan,
    change: impl FnOnce(&mut Plan),
) -> ErasureRefusal {
    let mut changed = plan.clone();
    change(&mut changed);
    sequencer.store_plan(&changed).unwrap();
    let start = world.start(sequencer, &changed);
    refused(sequencer, start)
}

#[test]
fn a_start_needs_a_stored_plan_of_these_very_records() {
    let (world, mut ledger, _, plan) = with_plan();
    let sequencer = &mut ledger.sequencer;
    let start = world.start(sequencer, &plan);
    let answer = refused(sequencer, start);
    assert_eq!(answer, ErasureRefusal::NoPlan { plan: plan.hash() });

    let hash = sequencer.store_plan(&plan).unwrap();
    let mut other = world.start(sequencer, &plan);
    let records: Vec<u64> = plan.records().into_iter().map(|record| record - 1).collect();
    let event = vandel_core::event::ErasureStarted {
        records,
        plan: hash,
        expires: vandel_core::time::Second(sequencer.now().0 + 60),
    };
    let spoiled = world.sign_with_delegate(sequencer, OpenEvent::ErasureStarted(event));
    assert_eq!(refused(sequencer, spoiled), ErasureRefusal::OtherRecords { plan: hash });

    // A plan put under another's name.
    let mut salted = plan.clone();
    salted.salt[0] ^= 1;
    let folder = sequencer.home().plans();
    sequencer.store_plan(&salted).unwrap();
    std::fs::copy(folder.join(format!("{}.plan", salted.hash())), folder.join(format!("{hash}.plan")))
        .unwrap();
    let answer = refused(sequencer, other.clone());
    assert!(matches!(answer, ErasureRefusal::Unreadable { .. }), "{answer:?}");

    sequencer.store_plan(&plan).unwrap();
    other = world.start(sequencer, &plan);
    let record = sequencer.start_erasure(other).unwrap().record;
    // Another plan of the same case while this one is under way; and the same plan again.
    assert_eq!(
        started(&world, sequencer, &plan, |plan| plan.salt[0] ^= 2),
        ErasureRefusal::UnderWay { started: record }
    );
    let again = started(&world, sequencer, &plan, |_| {});
    assert_eq!(again, ErasureRefusal::StartedBefore { plan: hash, started: record });
    sequencer.execute_erasure(record).unwrap();
}

#[test]
fn a_start_is_judged_by_the_law_of_that_day() {
    let (world, mut ledger, case, plan) = with_plan();
    let sequencer = &mut ledger.sequencer;
    let refusal =
        |sequencer: &mut Sequencer, change: fn(&mut Plan)| match started(&world, sequencer, &plan, change) {
            ErasureRefusal::Plan(refusal) => refusal,
            other => panic!("{other:?}"),
        };
    let found = refusal(sequencer, |plan| plan.disposal = 1);
    assert_eq!(found, PlanRefusal::NoDisposal { disposal: 1 });
    let found = refusal(sequencer, |plan| plan.lines[0].thread = ThreadId([77; 16]));
    assert_eq!(found, PlanRefusal::UnknownThread { line: 0 });
    let found = refusal(sequencer, |plan| plan.lines[0].identities = vec![3]);
    assert_eq!(found, PlanRefusal::Identities { line: 0 });
    let found = refusal(sequencer, |plan| plan.lines[0].records = vec![0]);
    assert_eq!(found, PlanRefusal::Records { line: 0 });
    let found = refusal(sequencer, |plan| plan.ledger.0[0] ^= 1);
    assert_eq!(found, PlanRefusal::Ledger);
    // On the ground of retention the clock would have to have run out; nobody has withdrawn.
    let found = refusal(sequencer, |plan| {
        plan.lines[0].compartments.iter_mut().for_each(|ground| {
            ground.reason = vandel_core::erasure::ErasureReason::Retention;
        });
    });
    assert!(
        matches!(found, PlanRefusal::NotDue { line: 0, compartment: Compartment::Process, .. }),
        "{found:?}"
    );
    let found = refusal(sequencer, |plan| plan.lines[0].compartments[0].class = None);
    assert!(matches!(found, PlanRefusal::Class { .. }), "{found:?}");
    let found = refusal(sequencer, |plan| plan.lines[0].compartments.truncate(1));
    assert_eq!(found, PlanRefusal::Identities { line: 0 });

    // A decision that does not cover the class.
    let narrow = world.decide(sequencer, &["note"]);
    let answer = started(&world, sequencer, &plan, |plan| plan.disposal = narrow);
    assert!(matches!(answer, ErasureRefusal::Plan(PlanRefusal::NotCovered { .. })), "{answer:?}");

    // The request is refused: then it is no ground any more.
    let reason = "arkivlagen".to_owned();
    world.notice(sequencer, Some(case), &Notice::ErasureRefused { received: today(), reason });
    let answer = started(&world, sequencer, &plan, |_| {});
    assert_eq!(answer, ErasureRefusal::Plan(PlanRefusal::NotRequested { line: 0 }));
    world.notice(sequencer, Some(case), &Notice::ErasureRequested { received: today() });

    // A hold, although no clock of the case has started.
    let hold = |step: &mut vandel_core::event::Step| {
        step.process = Some(Process::Held {
            ground: HoldGround::DisclosureRequest,
            owner: ActorId([3; 16]),
            review: "2026-09-01".parse().unwrap(),
            remark: String::new(),
        });
    };
    world.take(sequencer, case, Kind::Held, None, hold).unwrap();
    let records = sequencer.threads().expect("the threads").get(&case).unwrap().records.clone();
    let answer = started(&world, sequencer, &plan, |plan| plan.lines[0].records = records);
    assert_eq!(answer, ErasureRefusal::Plan(PlanRefusal::Held { line: 0 }));
}

#[test]
fn the_officer_stops_a_plan_and_nobody_else_does() {
    let (world, mut ledger, _, plan) = with_plan();
    let sequencer = &mut ledger.sequencer;
    let hash = sequencer.store_plan(&plan).unwrap();
    let officer = signer::generate().unwrap();
    world.enrol(sequencer, ActorId([6; 16]), &officer, Role::DataProtectionOfficer);
    let notice = |sequencer: &mut Sequencer, notice: &Notice| {
        let mut step = vandel_core::event::Step::new(
            sequencer.next_spine(ThreadId([6; 16]), Kind::RecordRead, today()).expect("the threads"),
        );
        step.reading = Some(vandel_core::event::Reading {
            thread: None,
            purpose: notice.purpose(),
            remark: notice.remark(),
            compartments: Vec::new(),
            count: 1,
        });
        let signed = sign_step(&sequencer.standpoint(), &officer, None, &step, None).unwrap();
        sequencer.commit_one(signed.submission).unwrap().record
    };
    let stop = || Notice::PlanStopped { plan: hash, reason: "saknar beslut".to_owned() };
    // A decider's notice stops nothing, and an officer's stop of another plan not this one.
    world.notice(sequencer, None, &stop());
    assert_eq!(sequencer.stop_of(&hash).unwrap(), None);
    notice(sequencer, &Notice::PlanStopped { plan: Hash([9; 32]), reason: String::new() });
    assert_eq!(sequencer.judge_plan(&plan, today()), Ok(()));

    let record = notice(sequencer, &stop());
    let start = world.start(sequencer, &plan);
    let stopped = ErasureRefusal::Stopped { plan: hash, day: today(), record };
    assert_eq!(refused(sequencer, start.clone()), stopped);
    // Who is no officer releases nothing; and the stop outlives a restart.
    world.notice(sequencer, None, &Notice::PlanReleased { plan: hash, reason: String::new() });
    assert_eq!(refused(sequencer, start.clone()), stopped);
    drop(ledger);
    let mut ledger = world.open();
    let sequencer = &mut ledger.sequencer;
    assert_eq!(refused(sequencer, start), stopped);
    notice(sequencer, &Notice::PlanReleased { plan: hash, reason: "beslutet finns".to_owned() });
    let start = world.start(sequencer, &plan);
    let record = sequencer.start_erasure(start).unwrap().record;
    sequencer.execute_erasure(record).unwrap();
}

#[test]
fn nothing_is_called_executed_or_completed_that_is_not() {
    let (world, mut ledger, _, plan) = with_plan();
    let sequencer = &mut ledger.sequencer;
    sequencer.store_plan(&plan).unwrap();
    let service = signer::read(&**sequencer.disk(), &sequencer.home().service_key(), None).unwrap();
    let (epoch, disk, home) = (sequencer.vault().epoch(), sequencer.disk().clone(), sequencer.home().clone());
    let made = |id: u8, kind| {
        let (sink, place) = (SinkId([id; 16]), "bandrobot 1".to_owned());
        What::Made(Made { sink, kind, epoch, expires: None, cases: Vec::new(), place })
    };
    let mut register = sequencer.sinks().unwrap();
    for what in [made(1, SinkKind::BackupData), made(2, SinkKind::BackupKeys), made(3, SinkKind::Paper)] {
        register.enter(&*disk, &home, what, sequencer.now(), &service).unwrap();
    }
    let start = world.start(sequencer, &plan);
    let started = sequencer.start_erasure(start).unwrap().record;
    // The service says that it is done, and has destroyed nothing.
    let said = |sequencer: &Sequencer, event: ErasureExecuted| {
        sign_event(&sequencer.standpoint(), &service, None, OpenEvent::ErasureExecuted(event))
    };
    let event = ErasureExecuted { started, root_cell: RootCellKind::File, epoch, manifest: Hash([1; 32]) };
    let early = said(sequencer, event);
    let answer = refused(sequencer, early);
    assert!(matches!(answer, ErasureRefusal::NotDestroyed { remaining, .. } if remaining > 0), "{answer:?}");

    sequencer.execute_erasure(started).unwrap();
    let present = sequencer.vault().epoch();
    let complete = |sequencer: &Sequencer, oldest_epoch| {
        let event = OpenEvent::ErasureCompleted(ErasureCompleted { started, oldest_epoch });
        world.sign_with_delegate(sequencer, event)
    };
    let older = |sequencer: &mut Sequencer| {
        let submission = complete(sequencer, present);
        match refused(sequencer, submission) {
            ErasureRefusal::OlderCopies { sinks } => sinks.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(older(sequencer), 2, "the paper holds no key and not this case");
    let destroyed = |id: u8| What::Destroyed { sink: SinkId([id; 16]), how: "avmagnetiserad".to_owned() };
    let lost = What::NotReachable { sink: SinkId([2; 16]), why: "förkommen".to_owned() };
    register.enter(&*disk, &home, destroyed(1), sequencer.now(), &world.delegate).unwrap();
    register.enter(&*disk, &home, lost, sequencer.now(), &world.delegate).unwrap();
    assert_eq!(older(sequencer), 1, "a root key that is merely lost may be found");
    register.enter(&*disk, &home, destroyed(2), sequencer.now(), &world.delegate).unwrap();
    // What is claimed must be what the register shows.
    for claimed in [epoch, present + 1] {
        let submission = complete(sequencer, claimed);
        let answer = refused(sequencer, submission);
        assert_eq!(answer, ErasureRefusal::OldestEpoch { oldest: present, claimed });
    }
    let submission = complete(sequencer, present);
    let completed = sequencer.commit_one(submission).unwrap().record;
    assert_eq!(sequencer.chain().erasures[&started].completed, Some(completed));
}

//! An erasure that is stopped at any operation of the disk ends as one that was not.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::sync::Arc;

use vandel_core::chain::possession_message;
use vandel_core::erasure::{ErasureReason, Ground, Line, Plan};
use vandel_core::event::{
    BodySignature, Compartment, DisposalDecision, ErasureStarted, Grant, KeyEnrolled, Kind, OpenEvent,
    Purpose, Reading, Role, Scope, Step,
};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::Second;
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::erasure::keys_of;
use vandel_ledger::home::Home;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::{Group, Sequencer};
use vandel_ledger::submission::Submission;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::{RecordingDisk, Spares};
use vandel_tests::small_ledger::{NOON, SmallLedger, adopt_policy, enrol};

/// The readers whose readings go and stay; each thread has its reader's number.
const GOES: u8 = 3;
const STAYS: u8 = 4;
/// Two years and some days later, when the readings of 2026 are due.
const LATER: Second = Second(NOON.0 + 740 * 86_400);

fn ledger_on(disk: &RecordingDisk, at: Second) -> SmallLedger {
    let ledger = SmallLedger::at(Arc::new(disk.clone()), Home::new("/home"));
    ledger.clock.set(at);
    ledger
}

fn person(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn delegate() -> SigningKey {
    person(9)
}

fn enrol_delegate(sequencer: &Sequencer) -> Submission {
    let (actor, key) = (ActorId([9; 16]), public_key(&delegate()));
    let message = possession_message(&sequencer.chain().ledger, &actor, &key);
    let possession = BodySignature::from_bytes(&sign(&delegate(), Domain::Possession, &[&message]));
    let from = "2026-01-01".parse().unwrap();
    let grant = Grant { role: Role::ControllersDelegate, scope: Scope::default(), from, until: None };
    let event =
        OpenEvent::KeyEnrolled(KeyEnrolled { actor, key, grants: vec![grant], expires: None, possession });
    sign_event(&sequencer.standpoint(), &person(1), Some(&person(2)), event)
}

fn decide(sequencer: &Sequencer) -> Submission {
    let decision = DisposalDecision {
        body: "KF".to_owned(),
        number: "7".to_owned(),
        decided: "2026-01-10".parse().unwrap(),
        classes: vec!["reads".to_owned()],
        from: "2026-01-10".parse().unwrap(),
        until: None,
    };
    let event = OpenEvent::DisposalAdopted(decision);
    sign_event(&sequencer.standpoint(), &person(1), Some(&person(2)), event)
}

/// Readings of one person, each after the one before, as one group.
fn read(sequencer: &Sequencer, reader: u8, steps: usize) -> Group {
    let (standpoint, day) = (sequencer.standpoint(), sequencer.now().day_in_sweden());
    let mut spine = sequencer.next_spine(ThreadId([reader; 16]), Kind::RecordRead, day);
    let mut group = Group::new();
    for _ in 0..steps {
        let mut step = Step::new(spine);
        step.reading = Some(Reading {
            thread: None,
            purpose: Purpose::Audit,
            remark: String::new(),
            compartments: vec![Compartment::Process],
            count: 3,
        });
        let signed = sign_step(&standpoint, &person(reader), None, &step, None).unwrap();
        (spine.number, spine.previous) = (spine.number + 1, signed.hash);
        group.push(signed.submission);
    }
    group
}

/// The whole of one reader's thread.
fn plan(sequencer: &Sequencer) -> Plan {
    let (thread, as_of) = (ThreadId([GOES; 16]), LATER.day_in_sweden());
    let due = sequencer.matters().dues(&thread, as_of).remove(0);
    let (reason, due, class) = (ErasureReason::Retention, due.date.unwrap(), due.class);
    let line = Line {
        pseudonym: [1; 8],
        thread,
        identities: Vec::new(),
        records: sequencer.threads().get(&thread).unwrap().records.clone(),
        compartments: vec![
            Ground { compartment: Compartment::Reads, reason, class, due },
            Ground { compartment: Compartment::Spine, reason, class: None, due },
        ],
    };
    let disposal = *sequencer.chain().disposals.keys().next().unwrap();
    Plan { ledger: sequencer.chain().ledger, salt: [7; 32], as_of, disposal, lines: vec![line] }
}

fn start(sequencer: &Sequencer, plan: &Plan) -> Submission {
    let event =
        ErasureStarted { records: plan.records(), plan: plan.hash(), expires: Second(LATER.0 + 3600) };
    sign_event(&sequencer.standpoint(), &person(1), Some(&delegate()), OpenEvent::ErasureStarted(event))
}

/// Goes on from wherever it stands, as `vandel retention apply` does.
fn go_on(sequencer: &mut Sequencer, plan: &Plan) {
    if sequencer.chain().erasures.is_empty() {
        sequencer.store_plan(plan).unwrap();
        let start = start(sequencer, plan);
        sequencer.start_erasure(start).unwrap();
    }
    for (started, hash) in sequencer.pending_erasures() {
        assert_eq!(hash, plan.hash());
        sequencer.execute_erasure(started).unwrap();
    }
}

/// What must hold once it is done, however it came about.
fn check(sequencer: &Sequencer, plan: &Plan, living: &[u64]) {
    assert!(sequencer.pending_erasures().is_empty());
    assert_eq!(sequencer.chain().erasures.len(), 1, "it was started once");
    for key in keys_of(plan) {
        assert!(sequencer.vault().key(&key).unwrap().is_none(), "a key is still there");
    }
    for record in plan.records() {
        let opened = sequencer.vault().get(record).unwrap().unwrap();
        assert!(matches!(from_opened(&opened), Unsealed::Erased), "record {record} still opens");
    }
    for record in living {
        let opened = sequencer.vault().get(*record).unwrap().unwrap();
        assert!(matches!(from_opened(&opened), Unsealed::Payload(_)), "record {record} does not open");
    }
    assert!(sequencer.threads().get(&ThreadId([GOES; 16])).is_none());
    assert_eq!(sequencer.threads().get(&ThreadId([STAYS; 16])).unwrap().records, living);
}

#[test]
fn an_erasure_that_stops_at_any_operation_ends_as_one_that_did_not() {
    let disk = RecordingDisk::default();
    let ledger = ledger_on(&disk, NOON);
    ledger.found().unwrap();
    let mut sequencer = ledger.open().unwrap();
    let enrolments: [fn(&Sequencer) -> Submission; 5] = [
        adopt_policy,
        |sequencer| enrol(sequencer, GOES),
        |sequencer| enrol(sequencer, STAYS),
        enrol_delegate,
        decide,
    ];
    for submission in enrolments {
        let submission = submission(&sequencer);
        sequencer.commit_one(submission).unwrap();
    }
    for thread in [GOES, STAYS, GOES, STAYS] {
        let group = read(&sequencer, thread, 2);
        sequencer.commit(vec![group]).remove(0).unwrap();
    }
    ledger.clock.set(LATER);
    let plan = plan(&sequencer);
    let living = sequencer.threads().get(&ThreadId([STAYS; 16])).unwrap().records.clone();
    let begun = disk.operations();
    go_on(&mut sequencer, &plan);
    check(&sequencer, &plan, &living);
    drop(sequencer);

    let (mut random, mut stops) = (Random::seeded(4), 0);
    disk.replay(|count, operation, world| {
        if count < begun {
            return;
        }
        let mut images = vec![world.after_kill()];
        for spares in [Spares::Nothing, Spares::AnyPart, Spares::AnyPart, Spares::Everything] {
            images.push(world.after_power_cut(spares, &mut random));
        }
        for image in images {
            stops += 1;
            let at = format!("stopped after operation {count}: {operation:?}");
            let ended = std::panic::catch_unwind(|| {
                let mut sequencer = ledger_on(&image, LATER).open().unwrap();
                go_on(&mut sequencer, &plan);
                check(&sequencer, &plan, &living);
                drop(sequencer);
                check(&ledger_on(&image, LATER).open().unwrap(), &plan, &living);
            });
            assert!(ended.is_ok(), "{}", at.chars().take(200).collect::<String>());
        }
    });
    println!("{stops} stops in {} operations", disk.operations() - begun);
    assert!(stops > 100, "the erasure has too few operations to have been looked at: {stops}");
}

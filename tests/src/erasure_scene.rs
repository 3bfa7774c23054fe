//! One erasure to be interrupted: two readers, of whom one's readings are due and go, and one's stay.
//!
//! The people's keys are fixed, so that a process that was killed is followed by one that can sign for them.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a fixture that fails is a test that fails"
)]

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
use vandel_ledger::disk::Disk;
use vandel_ledger::erasure::keys_of;
use vandel_ledger::home::Home;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::{Group, Sequencer};
use vandel_ledger::submission::Submission;

use crate::small_ledger::{NOON, SmallLedger, adopt_policy, enrol};

/// Whose readings go.
pub const GOES: u8 = 3;
/// Whose readings stay. Each thread has its reader's number.
pub const STAYS: u8 = 4;
/// Two years and some days later, when the readings of 2026 are due.
pub const LATER: Second = Second(NOON.0 + 740 * 86_400);

/// The people at a home, at a second.
#[must_use]
pub fn ledger_at(disk: Arc<dyn Disk>, home: Home, at: Second) -> SmallLedger {
    let ledger = SmallLedger::at(disk, home);
    ledger.clock.set(at);
    ledger
}

/// The key of a person.
#[must_use]
pub fn person(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn delegate() -> SigningKey {
    person(9)
}

/// The controller's delegate, who approves.
#[must_use]
pub fn enrol_delegate(sequencer: &Sequencer) -> Submission {
    let (actor, key) = (ActorId([9; 16]), public_key(&delegate()));
    let message = possession_message(&sequencer.chain().ledger, &actor, &key);
    let possession = BodySignature::from_bytes(&sign(&delegate(), Domain::Possession, &[&message]));
    let from = "2026-01-01".parse().unwrap();
    let grant = Grant { role: Role::ControllersDelegate, scope: Scope::default(), from, until: None };
    let event =
        OpenEvent::KeyEnrolled(KeyEnrolled { actor, key, grants: vec![grant], expires: None, possession });
    sign_event(&sequencer.standpoint(), &person(1), Some(&person(2)), event)
}

/// The disposal decision that covers readings.
#[must_use]
pub fn decide(sequencer: &Sequencer) -> Submission {
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
#[must_use]
pub fn read(sequencer: &Sequencer, thread: ThreadId, reader: u8, remarks: &[&str]) -> Group {
    let (standpoint, day) = (sequencer.standpoint(), sequencer.now().latest_day_in_sweden());
    let mut spine = sequencer.next_spine(thread, Kind::RecordRead, day).expect("the threads");
    let mut group = Group::new();
    for remark in remarks {
        let mut step = Step::new(spine);
        step.reading = Some(Reading {
            thread: None,
            purpose: Purpose::Audit,
            remark: (*remark).to_owned(),
            compartments: vec![Compartment::Process],
            count: 3,
        });
        let signed = sign_step(&standpoint, &person(reader), None, &step, None).unwrap();
        (spine.number, spine.previous) = (spine.number + 1, signed.hash);
        group.push(signed.submission);
    }
    group
}

/// The plan that takes the whole of a reader's thread, which is due.
#[must_use]
pub fn plan_of(sequencer: &Sequencer, thread: ThreadId, salt: u8) -> Plan {
    let as_of = sequencer.now().day_in_sweden();
    let due = sequencer.matters().expect("the threads").dues(&thread, as_of).remove(0);
    let (reason, due, class) = (ErasureReason::Retention, due.date.unwrap(), due.class);
    let line = Line {
        pseudonym: [1; 8],
        thread,
        identities: Vec::new(),
        records: sequencer.threads().expect("the threads").get(&thread).unwrap().records.clone(),
        compartments: vec![
            Ground { compartment: Compartment::Reads, reason, class, due },
            Ground { compartment: Compartment::Spine, reason, class: None, due },
        ],
    };
    let disposal = *sequencer.chain().disposals.keys().next().unwrap();
    Plan { ledger: sequencer.chain().ledger, salt: [salt; 32], as_of, disposal, lines: vec![line] }
}

/// The plan of the thread that goes.
#[must_use]
pub fn plan(sequencer: &Sequencer) -> Plan {
    plan_of(sequencer, ThreadId([GOES; 16]), 7)
}

/// The start of an erasure, ordered and approved.
#[must_use]
pub fn start(sequencer: &Sequencer, plan: &Plan) -> Submission {
    let expires = Second(sequencer.now().0 + 3600);
    let event = ErasureStarted { records: plan.records(), plan: plan.hash(), expires };
    sign_event(&sequencer.standpoint(), &person(1), Some(&delegate()), OpenEvent::ErasureStarted(event))
}

/// Goes on from wherever it stands, as `vandel retention apply` does.
pub fn go_on(sequencer: &mut Sequencer, plan: &Plan) {
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
pub fn check(sequencer: &Sequencer, plan: &Plan, living: &[u64]) {
    assert!(sequencer.pending_erasures().is_empty());
    assert_eq!(sequencer.chain().erasures.len(), 1, "it was started once");
    for key in keys_of(plan) {
        assert!(sequencer.vault().key(&key).unwrap().is_none(), "a key is still there");
    }
    for record in plan.records() {
        let opened = sequencer.vault().get(record).unwrap().unwrap();
        assert!(matches!(from_opened(opened), Unsealed::Erased), "record {record} still opens");
    }
    for record in living {
        let opened = sequencer.vault().get(*record).unwrap().unwrap();
        assert!(matches!(from_opened(opened), Unsealed::Payload(_)), "record {record} does not open");
    }
    assert!(sequencer.threads().expect("the threads").get(&ThreadId([GOES; 16])).is_none());
    assert_eq!(
        sequencer.threads().expect("the threads").get(&ThreadId([STAYS; 16])).unwrap().records,
        living
    );
}

/// Founds the ledger at [`NOON`] and fills it; the sequencer is then at [`LATER`]. Gives the records that stay.
pub fn fill(ledger: &SmallLedger) -> (Sequencer, Vec<u64>) {
    ledger.found().unwrap();
    fill_founded(ledger)
}

/// The same where the ledger has been founded, wherever its log lies.
pub fn fill_founded(ledger: &SmallLedger) -> (Sequencer, Vec<u64>) {
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
        let group = read(&sequencer, ThreadId([thread; 16]), thread, &["", ""]);
        sequencer.commit(vec![group]).remove(0).unwrap();
    }
    ledger.clock.set(LATER);
    let living =
        sequencer.threads().expect("the threads").get(&ThreadId([STAYS; 16])).unwrap().records.clone();
    (sequencer, living)
}

//! What is erased is gone, the rest stands, and the ledger opens again.

#![allow(clippy::unwrap_used, missing_docs)]

mod world;

use vandel_core::event::{Identity, Kind, Step};
use vandel_core::id::SubjectId;
use vandel_core::person::IdentityNumber;
use vandel_ledger::sealing::{Unsealed, from_opened, identity_key};
use vandel_ledger::sequencer::Sequencer;
use world::{World, today};

fn unsealed(sequencer: &Sequencer, record: u64) -> Unsealed {
    from_opened(sequencer.vault().get(record).unwrap().unwrap())
}

#[test]
fn an_erased_case_is_gone_and_the_ledger_opens_again() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    world.enrol_delegate(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let plan = world.plan_on_request(sequencer, case).unwrap();
    let record = plan.records()[0];
    assert!(matches!(unsealed(sequencer, record), Unsealed::Payload(_)));

    let hash = sequencer.store_plan(&plan).unwrap();
    let started = sequencer.start_erasure(world.start(sequencer, &plan)).unwrap().record;
    assert_eq!(sequencer.pending_erasures(), [(started, hash)]);
    let (evidence, _) = sequencer.execute_erasure(started).unwrap();
    assert_eq!(evidence.keys_destroyed, 3);
    assert!(matches!(unsealed(sequencer, record), Unsealed::Erased));
    assert!(sequencer.threads().expect("the threads").get(&case).is_none());
    assert!(sequencer.pending_erasures().is_empty());
    assert!(sequencer.execute_erasure(started).is_err(), "it is executed once");
    let size = sequencer.chain().size();
    ledger.close().unwrap();

    let again = world.open();
    assert_eq!(again.sequencer.chain().size(), size);
    assert!(again.sequencer.threads().expect("the threads").get(&case).is_none());
}

#[test]
fn an_erasure_that_was_interrupted_is_resumed() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    world.enrol_delegate(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let plan = world.plan_on_request(&mut ledger.sequencer, case).unwrap();
    ledger.sequencer.store_plan(&plan).unwrap();
    let start = world.start(&ledger.sequencer, &plan);
    let started = ledger.sequencer.start_erasure(start).unwrap().record;
    drop(ledger);

    let mut again = world.open();
    assert_eq!(again.sequencer.pending_erasures(), [(started, plan.hash())]);
    again.sequencer.execute_erasure(started).unwrap();
    assert!(again.sequencer.threads().expect("the threads").get(&case).is_none());
}

#[test]
fn a_replaced_identity_is_destroyed_at_once() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let first = sequencer.threads().expect("the threads").get(&case).unwrap().records[0];
    assert!(sequencer.vault().key(&identity_key(&case, 0)).unwrap().is_some());
    world
        .take(sequencer, case, Kind::IdentityChanged, None, |step: &mut Step| {
            step.identity = Some(Identity {
                subject: SubjectId([11; 16]),
                handle: "K-TEST".to_owned(),
                number: IdentityNumber::parse("19820321-9848", today()).unwrap(),
                surname: "Ny".to_owned(),
                given_name: "Namn".to_owned(),
                protected: true,
            });
        })
        .unwrap();
    assert!(sequencer.vault().key(&identity_key(&case, 0)).unwrap().is_none());
    let Unsealed::Payload(payload) = unsealed(sequencer, first) else { panic!("the rest stands") };
    assert!(payload.parts[1].is_none() && payload.parts[2].is_some());
    assert!(sequencer.threads().expect("the threads").case(&case).unwrap().protected);
    drop(ledger);
    assert!(world.open().sequencer.threads().expect("the threads").case(&case).unwrap().protected);
}

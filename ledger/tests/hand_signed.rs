//! Statements made by hand, past every helper of the author's side: each gets the right answer,
//! nothing is appended, and the sequencer goes on.

#![allow(clippy::unwrap_used, missing_docs)]

mod world;

use vandel_core::admit::Refusal;
use vandel_core::chain::{FaultKind, OpenRefusal};
use vandel_core::event::{
    KeyRevoked, Kind, Note, OpenEvent, PolicyAdopted, Process, Revocation, Step, StepShapeError,
};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, ThreadId};
use vandel_core::keyring::KeyRefusal;
use vandel_core::limits::{BLOCK_RECORDS_MAX, TEXT_BYTES_MAX};
use vandel_core::payload::{Part, Payload, PayloadError, Slot};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{Body, Seen, Statement, assemble};
use vandel_ledger::author::seal;
use vandel_ledger::opening::OpenLedger;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_ledger::submission::{Submission, SubmitError};
use world::{World, today};

/// A ledger with one open school case.
fn with_case() -> (World, OpenLedger, ThreadId) {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let case = world.open_case(&mut ledger.sequencer);
    (world, ledger, case)
}

/// The next step of the case, closing it.
fn closing(sequencer: &Sequencer, case: ThreadId) -> Step {
    let mut step = Step::new(sequencer.next_spine(case, Kind::CaseClosed, today()).expect("the threads"));
    step.process = Some(Process::CaseClosed);
    step
}

/// A sealed statement over this payload, spoiled before it is signed.
fn by_hand(
    sequencer: &Sequencer,
    author: &SigningKey,
    payload: Payload,
    spoil: impl FnOnce(&mut Statement),
) -> Submission {
    let mut statement = Statement {
        ledger: sequencer.chain().ledger,
        author: public_key(author),
        seen: sequencer.chain().tip(),
        body: Body::Sealed(payload.header.commitment()),
    };
    spoil(&mut statement);
    let bytes = statement.encode();
    let signature = sign(author, Domain::Statement, &[&bytes]);
    let statement = assemble(&bytes, &signature, None);
    Submission { statement, payload: Some(payload), evidence: None, seen: None }
}

/// Submits it alone: refused, and the ledger stands where it stood.
#[track_caller]
fn refused(sequencer: &mut Sequencer, submission: Submission) -> SubmitError {
    refused_group(sequencer, vec![submission])
}

#[track_caller]
fn refused_group(sequencer: &mut Sequencer, group: Vec<Submission>) -> SubmitError {
    let before = (
        sequencer.chain().tip(),
        sequencer.chain().blocks,
        sequencer.threads().expect("the threads").clone(),
    );
    let checkpoint = sequencer.checkpoint().to_owned();
    let answer = sequencer.commit(vec![group]).remove(0);
    let after = (
        sequencer.chain().tip(),
        sequencer.chain().blocks,
        sequencer.threads().expect("the threads").clone(),
    );
    assert_eq!(before, after, "nothing was appended");
    assert_eq!(sequencer.checkpoint(), checkpoint, "nothing was published");
    answer.expect_err("it is refused")
}

/// The sequencer still works: an honest step goes in, and the ledger opens again.
#[track_caller]
fn still_works(world: &World, mut ledger: OpenLedger, case: ThreadId) {
    let step = closing(&ledger.sequencer, case);
    let payload = seal(&step).unwrap();
    let honest = by_hand(&ledger.sequencer, &world.decider, payload, |_| {});
    ledger.sequencer.commit(vec![vec![honest]]).remove(0).unwrap();
    let size = ledger.sequencer.chain().size();
    ledger.close().unwrap();
    assert_eq!(world.open().sequencer.chain().size(), size);
}

#[test]
fn a_payload_must_be_the_one_that_was_signed() {
    let (world, mut ledger, case) = with_case();
    let sequencer = &mut ledger.sequencer;
    let step = closing(sequencer, case);
    let payload = || seal(&step).unwrap();

    let mut exchanged = by_hand(sequencer, &world.decider, payload(), |_| {});
    exchanged.payload = Some(payload());
    let answer = refused(sequencer, exchanged);
    assert!(matches!(answer, SubmitError::Payload(PayloadError::Commitment { .. })), "{answer:?}");

    // A part that the header does not name: in an empty slot, and in place of another.
    for slot in [Slot::Note, Slot::Process] {
        let mut extra = by_hand(sequencer, &world.decider, payload(), |_| {});
        let part = Part::new([1; 32], &[0]);
        extra.payload.as_mut().unwrap().parts[slot.index()] = Some(part);
        let answer = refused(sequencer, extra);
        assert!(
            matches!(answer, SubmitError::Payload(PayloadError::PartHash { slot: found }) if found == slot),
            "{answer:?}"
        );
    }

    // A part that the header names and the kind may not have.
    let mut with_note = step.clone();
    with_note.note =
        Some(Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None });
    let extra = by_hand(sequencer, &world.decider, seal(&with_note).unwrap(), |_| {});
    let answer = refused(sequencer, extra);
    let shape = |answer: &SubmitError| {
        matches!(answer, SubmitError::Payload(PayloadError::Shape(StepShapeError::Unexpected { .. })))
    };
    assert!(shape(&answer), "{answer:?}");

    // Bytes that are no canonical part.
    let mut trailing = payload();
    let mut stored = trailing.parts[Slot::Process.index()].clone().unwrap().into_stored();
    stored.push(0);
    trailing.set(Slot::Process, Part::decode(&stored).unwrap());
    let trailing = by_hand(sequencer, &world.decider, trailing, |_| {});
    let answer = refused(sequencer, trailing);
    assert!(matches!(answer, SubmitError::Payload(PayloadError::Part { .. })), "{answer:?}");

    // No payload at all, and no spine.
    let mut without = by_hand(sequencer, &world.decider, payload(), |_| {});
    without.payload = None;
    assert_eq!(refused(sequencer, without), SubmitError::PayloadMismatch);
    let mut spineless = by_hand(sequencer, &world.decider, payload(), |_| {});
    spineless.payload.as_mut().unwrap().parts[Slot::Spine.index()] = None;
    assert_eq!(refused(sequencer, spineless), SubmitError::Payload(PayloadError::NoSpine));
    let mut hollow = by_hand(sequencer, &world.decider, payload(), |_| {});
    hollow.payload.as_mut().unwrap().parts[Slot::Process.index()] = None;
    let answer = refused(sequencer, hollow);
    assert!(matches!(answer, SubmitError::Refused(Refusal::Shape(_))), "{answer:?}");
    still_works(&world, ledger, case);
}

#[test]
fn a_statement_must_be_for_this_ledger_and_this_place() {
    let (world, mut ledger, case) = with_case();
    let sequencer = &mut ledger.sequencer;
    let step = closing(sequencer, case);
    let payload = || seal(&step).unwrap();

    let foreign =
        by_hand(sequencer, &world.decider, payload(), |statement| statement.ledger = LedgerId([3; 32]));
    let answer = refused(sequencer, foreign);
    assert!(matches!(answer, SubmitError::Chain(FaultKind::Ledger { .. })), "{answer:?}");

    let unknown = Seen { size: 1, root: Hash([4; 32]) };
    let blind = by_hand(sequencer, &world.decider, payload(), |statement| statement.seen = unknown);
    let answer = refused(sequencer, blind);
    assert!(matches!(answer, SubmitError::Refused(Refusal::Seen(FaultKind::SeenRoot { .. }))), "{answer:?}");
    let ahead = Seen { size: 999, root: Hash([4; 32]) };
    let early = by_hand(sequencer, &world.decider, payload(), |statement| statement.seen = ahead);
    let answer = refused(sequencer, early);
    assert!(matches!(answer, SubmitError::Refused(Refusal::Seen(FaultKind::SeenSize { .. }))), "{answer:?}");

    let mut elsewhere = step.clone();
    elsewhere.spine.thread = ThreadId([77; 16]);
    let elsewhere = by_hand(sequencer, &world.decider, seal(&elsewhere).unwrap(), |_| {});
    let answer = refused(sequencer, elsewhere);
    assert!(matches!(answer, SubmitError::Refused(Refusal::UnknownThread { .. })), "{answer:?}");
    let mut position = step.clone();
    position.spine.thread = ThreadId([9; 16]);
    let position = by_hand(sequencer, &world.decider, seal(&position).unwrap(), |_| {});
    let answer = refused(sequencer, position);
    assert!(matches!(answer, SubmitError::Refused(Refusal::WrongThread { .. })), "{answer:?}");
    still_works(&world, ledger, case);
}

#[test]
fn a_signature_must_be_the_authors_and_its_key_in_force() {
    let (world, mut ledger, case) = with_case();
    world.enrol_delegate(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let step = closing(sequencer, case);
    let payload = || seal(&step).unwrap();

    // Another enrolled key signs in the decider's name.
    let mut forged = by_hand(sequencer, &world.decider, payload(), |_| {});
    let signed = forged.statement.len() - 65;
    let signature = sign(&world.delegate, Domain::Statement, &[&forged.statement[..signed]]);
    forged.statement[signed..signed + 64].copy_from_slice(&signature);
    let answer = refused(sequencer, forged);
    assert!(matches!(answer, SubmitError::Signature(_)), "{answer:?}");

    // The right key under another domain: an approval is no statement.
    let mut misused = by_hand(sequencer, &world.decider, payload(), |_| {});
    let signature = sign(&world.decider, Domain::Approval, &[&misused.statement[..signed]]);
    misused.statement[signed..signed + 64].copy_from_slice(&signature);
    let answer = refused(sequencer, misused);
    assert!(matches!(answer, SubmitError::Signature(_)), "{answer:?}");

    let stranger = by_hand(sequencer, &signer::generate().unwrap(), payload(), |_| {});
    let answer = refused(sequencer, stranger);
    assert!(matches!(answer, SubmitError::Refused(Refusal::Key(KeyRefusal::Unknown(_)))), "{answer:?}");

    let mut cut = by_hand(sequencer, &world.decider, payload(), |_| {});
    cut.statement.pop();
    assert!(matches!(refused(sequencer, cut), SubmitError::Decode(_)));
    let mut longer = by_hand(sequencer, &world.decider, payload(), |_| {});
    longer.statement.push(0);
    assert!(matches!(refused(sequencer, longer), SubmitError::Decode(_)));

    let key = public_key(&world.delegate);
    let revoked = KeyRevoked { key, reason: Revocation::Lost, suspect_since: None };
    world.say(sequencer, OpenEvent::KeyRevoked(revoked)).unwrap();
    let late = by_hand(sequencer, &world.delegate, payload(), |_| {});
    let answer = refused(sequencer, late);
    assert!(matches!(answer, SubmitError::Refused(Refusal::Key(KeyRefusal::Ended { .. }))), "{answer:?}");
    still_works(&world, ledger, case);
}

#[test]
fn an_expired_key_signs_nothing_more() {
    let (world, mut ledger, case) = with_case();
    let sequencer = &mut ledger.sequencer;
    let expires = Some(world::NOON);
    let (old, new) = (public_key(&world.decider), signer::generate().unwrap());
    let actor = sequencer.chain().keyring.get(&old).unwrap().actor;
    let message =
        vandel_core::chain::possession_message(&sequencer.chain().ledger, &actor, &public_key(&new));
    let possession =
        vandel_core::event::BodySignature::from_bytes(&sign(&new, Domain::Possession, &[&message]));
    let rotated = vandel_core::event::KeyRotated { old, new: public_key(&new), expires, possession };
    world.say(sequencer, OpenEvent::KeyRotated(rotated)).unwrap();
    world.clock.set(vandel_core::time::Second(world::NOON.0 + 1));
    let step = closing(sequencer, case);
    let late = by_hand(sequencer, &new, seal(&step).unwrap(), |_| {});
    let answer = refused(sequencer, late);
    assert!(matches!(answer, SubmitError::Refused(Refusal::Key(KeyRefusal::Expired { .. }))), "{answer:?}");
}

#[test]
fn what_the_law_forbids_is_refused_to_a_hand_too() {
    let (world, mut ledger, case) = with_case();
    let sequencer = &mut ledger.sequencer;
    let spine = |kind| sequencer.next_spine(case, kind, today()).expect("the threads");
    let mut kept = Step::new(spine(Kind::ExtractShown));
    let issued = Some("2026-02-01".parse().unwrap());
    kept.note = Some(Note::Shown { issued, law: None, registers: None, authenticity: None, remark: None });
    let mut remark = Step::new(spine(Kind::ExtractShown));
    let words = Some("inga anmärkningar".to_owned());
    remark.note =
        Some(Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: words });
    let mut long = Step::new(spine(Kind::Rectified));
    let correction = "x".repeat(TEXT_BYTES_MAX + 1);
    long.process = Some(Process::Rectified { number: 0, correction });

    for step in [kept, remark] {
        let submission = by_hand(sequencer, &world.decider, seal(&step).unwrap(), |_| {});
        let answer = refused(sequencer, submission);
        let SubmitError::Refused(refusal @ Refusal::FieldNotRecordable { .. }) = answer else {
            panic!("{answer:?}")
        };
        assert!(refusal.paragraph().contains("skollagen 2 kap."));
    }
    let submission = by_hand(sequencer, &world.decider, seal(&long).unwrap(), |_| {});
    let answer = refused(sequencer, submission);
    let too_long =
        matches!(answer, SubmitError::Payload(PayloadError::Shape(StepShapeError::TooLong { .. })));
    assert!(too_long, "{answer:?}");
    still_works(&world, ledger, case);
}

#[test]
fn two_people_are_two_people() {
    let (world, mut ledger, case) = with_case();
    let sequencer = &mut ledger.sequencer;
    let policy = || {
        OpenEvent::PolicyAdopted(PolicyAdopted {
            pack: world::PACK.to_owned(),
            from: "2026-01-01".parse().unwrap(),
            confirmed_by: "Kommunjuristen, dnr 2".to_owned(),
        })
    };
    let [first, second] = &world.administrators;
    let standpoint = sequencer.standpoint();
    let sign_event =
        |author, second, event| vandel_ledger::author::sign_event(&standpoint, author, second, event);

    let twice = sign_event(first, Some(first), policy());
    let answer = refused(sequencer, twice);
    assert!(matches!(answer, SubmitError::Open(OpenRefusal::SamePerson { .. })), "{answer:?}");
    let alone = sign_event(first, None, policy());
    let answer = refused(sequencer, alone);
    assert!(matches!(answer, SubmitError::Open(OpenRefusal::SignatureCount { .. })), "{answer:?}");
    // The second signature is of other bytes.
    let mut spoiled = sign_event(first, Some(second), policy());
    let last = spoiled.statement.len() - 1;
    spoiled.statement[last] ^= 1;
    let answer = refused(sequencer, spoiled);
    assert!(matches!(answer, SubmitError::Signature(_)), "{answer:?}");
    // An open statement brings no payload.
    let mut laden = sign_event(first, Some(second), policy());
    laden.payload = Some(seal(&closing(sequencer, case)).unwrap());
    assert_eq!(refused(sequencer, laden), SubmitError::PayloadMismatch);
    still_works(&world, ledger, case);
}

#[test]
fn a_group_is_of_one_sort_and_fits_a_block() {
    let (world, mut ledger, case) = with_case();
    let sequencer = &mut ledger.sequencer;
    let sealed = by_hand(sequencer, &world.decider, seal(&closing(sequencer, case)).unwrap(), |_| {});
    let standpoint = sequencer.standpoint();
    let [first, second] = &world.administrators;
    let key = public_key(&world.decider);
    let revoked = OpenEvent::KeyRevoked(KeyRevoked { key, reason: Revocation::Lost, suspect_since: None });
    let open = vandel_ledger::author::sign_event(&standpoint, first, Some(second), revoked);
    let too_large = SubmitError::Group { max: BLOCK_RECORDS_MAX };
    for group in [
        vec![sealed.clone(), open.clone()],
        vec![open.clone(), sealed.clone()],
        vec![open.clone(), open],
        vec![],
        vec![sealed; BLOCK_RECORDS_MAX + 1],
    ] {
        assert_eq!(refused_group(sequencer, group), too_large);
    }
    still_works(&world, ledger, case);
}

//! Where a step stands: its shape and key, its thread, its day, a closed or restricted case, an erasure.

use vandel_core::event::{ErasureStarted, KeyRevoked, Kind, OpenEvent, Purpose, Revocation};
use vandel_core::hash::Hash;
use vandel_core::limits::TEXT_BYTES_MAX;
use vandel_core::signature::public_key;
use vandel_core::time::Second;

use crate::ledger::{AUDITOR, DECIDER, HANDLER, Ledger, STRANGER, key, ledger};
use crate::moves::{
    CASE, OTHER_CASE, POSITION, appealed, assessed_position, closed, heard, held, informed, interrupted,
    opened, read, reassigned, rectified, released, renamed, restricted, returned, shown, withdrew,
};
use crate::{admitted, given, refused};

fn school() -> Ledger {
    ledger("SCHOOL")
}

fn erasing(ledger: &mut Ledger) {
    let records = ledger.threads.get(&CASE).unwrap().records.clone();
    let expires = Second(ledger.at.0 + 3600);
    let started = ErasureStarted { records, plan: Hash([1; 32]), expires };
    ledger
        .say_as(OpenEvent::ErasureStarted(started), crate::ledger::ANNA, Some(crate::ledger::DELEGATE))
        .unwrap();
}

fn revoking(ledger: &mut Ledger) {
    let key = public_key(&key(HANDLER));
    let revoked = KeyRevoked { key, reason: Revocation::DutiesEnded, suspect_since: None };
    ledger.say(OpenEvent::KeyRevoked(revoked)).unwrap();
}

pub(crate) fn rows() -> Vec<&'static str> {
    [thread_rows(), day_rows(), state_rows()].concat()
}

fn thread_rows() -> Vec<&'static str> {
    let long = |step: &mut vandel_core::event::Step| {
        step.identity.as_mut().unwrap().surname = "x".repeat(TEXT_BYTES_MAX + 1);
    };
    vec![
        given(school()).when(opened().with(long)).then(refused("shape", "format")),
        given(school()).when(opened().with(|step| step.identity = None)).then(refused("shape", "format")),
        given(school())
            .and([opened()])
            .when(closed().with(|step| step.note = Some(crate::moves::bare_note())))
            .then(refused("shape", "format")),
        given(school()).when(opened().seeing_another_history()).then(refused("seen-checkpoint", "format")),
        given(school()).when(opened().by(STRANGER)).then(refused("key", "format")),
        given(school()).having(revoking).when(opened()).then(refused("key", "format")),
        given(school()).when(closed()).then(refused("unknown-case", "threads")),
        given(school()).when(opened().of(POSITION)).then(refused("wrong-thread", "threads")),
        given(school()).and([opened()]).when(opened()).then(refused("wrong-thread", "threads")),
        given(school())
            .and([opened()])
            .when(read(Purpose::Handling).of(CASE))
            .then(refused("wrong-thread", "threads")),
        given(school())
            .and([opened()])
            .when(closed().with(|step| step.spine.number = 7))
            .then(refused("conflict", "threads")),
        given(school())
            .and([opened()])
            .when(opened().with(|step| step.spine.number = 0))
            .then(refused("conflict", "threads")),
        given(school())
            .and([opened()])
            .when(closed().with(|step| step.spine.previous = Hash([3; 32])))
            .then(refused("wrong-previous", "threads")),
        given(school()).and([opened()]).when(assessed_position()).then(admitted()),
    ]
}

fn day_rows() -> Vec<&'static str> {
    vec![
        given(school()).when(opened().on("2026-03-21")).then(refused("day-in-future", "days")),
        given(school()).when(opened().on("2026-03-20")).then(admitted()),
        given(school())
            .and([opened()])
            .when(closed().on("2026-03-01"))
            .then(refused("day-before-case", "days")),
        given(school()).and([opened()]).when(closed().on("2026-03-02")).then(admitted()),
        given(school()).when(read(Purpose::Handling).on("2026-03-18")).then(refused("day-too-old", "days")),
        given(school()).when(read(Purpose::Handling).on("2026-03-19")).then(admitted()),
    ]
}

fn state_rows() -> Vec<&'static str> {
    let hvb = || given(ledger("HVB")).and([opened(), informed()]);
    let shut = || given(school()).and([opened(), closed()]);
    let contested = || given(school()).and([opened(), restricted()]);
    let mut rows = vec![
        shut().when(shown("SCHOOL")).then(refused("closed", "art. 5.1 c")),
        shut().when(closed()).then(refused("closed", "art. 5.1 c")),
        hvb().and([closed()]).when(withdrew()).then(refused("closed", "art. 5.1 c")),
        contested().when(shown("SCHOOL")).then(refused("restricted", "art. 18.2")),
        contested().when(closed()).then(refused("restricted", "art. 18.2")),
        given(ledger("HVB"))
            .and([opened(), restricted()])
            .when(informed())
            .then(refused("restricted", "18.2")),
        given(ledger("HVB")).and([opened(), restricted()]).when(withdrew()).then(admitted()),
        given(school())
            .and([opened()])
            .having(erasing)
            .when(held())
            .then(refused("erasure-under-way", "arkivlagen")),
        given(school())
            .and([opened()])
            .having(erasing)
            .when(closed())
            .then(refused("erasure-under-way", "arkivlagen")),
        given(school())
            .and([opened()])
            .having(erasing)
            .when(opened().of(OTHER_CASE))
            .then(refused("another-case-open", "art. 5.1 c")),
    ];
    // A hold is no restriction: work goes on.
    rows.push(given(school()).and([opened(), held()]).when(closed()).then(admitted()));
    // What the person has a right to, and what settles the contest.
    for allowed in [rectified(0), renamed(), reassigned(), held(), restricted(), released(1)] {
        rows.push(contested().when(allowed).then(admitted()));
    }
    for allowed in [rectified(0), renamed(), reassigned(), held(), restricted()] {
        rows.push(shut().when(allowed).then(admitted()));
    }
    rows
}

#[test]
fn a_restriction_blocks_reading_except_for_its_own_purposes() {
    let contested = || given(ledger("SCHOOL")).and([opened(), restricted()]);
    for purpose in Purpose::ALL {
        let blocked = matches!(purpose, Purpose::Handling | Purpose::Deciding | Purpose::Export);
        let expected = if blocked { refused("restricted", "18.2") } else { admitted() };
        contested().when(read(*purpose)).then(expected);
        // The owner looks after the restriction; export is for nobody.
        let owner = if *purpose == Purpose::Export { refused("restricted", "18.2") } else { admitted() };
        contested().when(read(*purpose).by(HANDLER)).then(owner);
        given(ledger("SCHOOL")).and([opened()]).when(read(*purpose).by(AUDITOR)).then(admitted());
    }
    let free = contested().and([released(1)]);
    free.when(read(Purpose::Export)).then(admitted());
}

#[test]
fn after_closing_comes_what_time_and_the_person_bring_and_nothing_else() {
    let shut = || given(ledger("HVB")).and([opened(), informed(), closed()]);
    let admissible = [Kind::Rectified, Kind::IdentityChanged, Kind::Reassigned, Kind::Interrupted];
    for step in [rectified(0), renamed(), reassigned(), interrupted()] {
        assert!(admissible.contains(&step.kind));
        shut().when(step).then(admitted());
    }
    for step in [informed(), shown("HVB"), heard(), withdrew(), closed()] {
        shut().when(step).then(refused("closed", "GDPR"));
    }
    // Admitted by the closed case, stopped by the order alone.
    for step in [appealed(), returned()] {
        shut().when(step).then(refused("too-early", "GDPR"));
    }
}

#[test]
fn closing_looks_the_same_whatever_came_of_it() {
    use vandel_core::event::{Outcome, Process};
    let mut checked = ledger("HVB");
    let mut empty = ledger("HVB");
    empty.take(opened());
    for step in [opened(), informed(), crate::moves::acknowledged(), shown("HVB")] {
        checked.take(step);
    }
    checked.take(crate::moves::decided(Outcome::Fit));
    for ledger in [&checked, &empty] {
        let step = closed().step(ledger);
        assert_eq!(step.process, Some(Process::CaseClosed));
        assert!(step.fields().is_empty() && step.note.is_none() && step.assessment.is_none());
        given((*ledger).clone()).when(closed().by(DECIDER)).then(admitted());
    }
}

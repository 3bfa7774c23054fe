//! Open events: every refusal, and that two keys of one person are never two people.

use vandel_core::chain::{FaultKind, OpenRefusal};
use vandel_core::event::{
    CheckpointKeyRotated, DigestPublished, DisposalDecision, ErasureCompleted, ErasureExecuted,
    ErasureStarted, Grant, KeyEnrolled, KeyRevoked, KeyRotated, OpenEvent, Revocation, Role, RootCellKind,
    SequencerStarted,
};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, PublicKey};
use vandel_core::signature::{public_key, sign};
use vandel_core::statement::{Body, Statement, assemble};
use vandel_core::time::Second;

use crate::ledger::{
    ANNA, BO, DECIDER, DELEGATE, HANDLER, Ledger, SE_2026, SERVICE, STRANGER, actor, adoption, day, empty,
    everywhere, founding, key, ledger, possession,
};
use crate::moves::opened;

fn revocation(who: u8) -> OpenEvent {
    let key = public_key(&key(who));
    OpenEvent::KeyRevoked(KeyRevoked { key, reason: Revocation::DutiesEnded, suspect_since: None })
}

fn digest() -> OpenEvent {
    let digest = Hash([1; 32]);
    OpenEvent::DigestPublished(DigestPublished { view: "cases".to_owned(), version: 1, position: 1, digest })
}

fn disposal() -> DisposalDecision {
    DisposalDecision {
        body: "Kommunstyrelsen".to_owned(),
        number: "§ 12".to_owned(),
        decided: day("2026-01-10"),
        classes: vec!["note".to_owned()],
        from: day("2026-02-01"),
        until: None,
    }
}

fn erasure(ledger: &Ledger, records: Vec<u64>) -> ErasureStarted {
    ErasureStarted { records, plan: Hash([1; 32]), expires: Second(ledger.at.0 + 60) }
}

fn executed(started: u64) -> OpenEvent {
    let root_cell = RootCellKind::File;
    OpenEvent::ErasureExecuted(ErasureExecuted { started, root_cell, epoch: 1, manifest: Hash([2; 32]) })
}

/// Says it as both administrators, and answers with the code of the refusal.
#[track_caller]
fn refusal(ledger: &Ledger, event: OpenEvent) -> &'static str {
    refusal_as(ledger, event, ANNA, Some(BO))
}

#[track_caller]
fn refusal_as(ledger: &Ledger, event: OpenEvent, author: u8, second: Option<u8>) -> &'static str {
    let mut tried = ledger.clone();
    let refusal = tried.say_as(event, author, second).expect_err("it is refused");
    assert_eq!(tried.chain.size(), ledger.chain.size(), "nothing was appended");
    refusal.code()
}

/// A founding that is spoiled, as the first block of another ledger.
fn founded(spoil: impl Fn(&mut vandel_core::event::LedgerOpened), second: Option<u8>) -> &'static str {
    let mut opened = founding();
    spoil(&mut opened);
    let chain = vandel_core::chain::Chain::before_opening();
    let ledger = Ledger { chain, ..empty("SCHOOL") };
    refusal_as(&ledger, OpenEvent::LedgerOpened(opened), ANNA, second)
}

pub(crate) fn rows() -> Vec<&'static str> {
    [founding_rows(), people_rows(), key_rows(), law_rows(), erasure_rows()].concat()
}

/// Each row found what it expected.
#[track_caller]
fn as_expected(rows: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<&'static str> {
    let check = |(found, code)| {
        assert_eq!(found, code);
        found
    };
    rows.into_iter().map(check).collect()
}

fn founding_rows() -> Vec<&'static str> {
    let ledger = ledger("SCHOOL");
    as_expected([
        (not_opened(), "not-opened"),
        (refusal(&ledger, OpenEvent::LedgerOpened(founding())), "opened-again"),
        (founded(|opened| opened.administrators[1].actor = actor(ANNA), Some(BO)), "same-person"),
        (founded(|opened| opened.administrators.swap(0, 1), Some(BO)), "role"),
        (founded(|opened| opened.checkpoint_key = opened.service_key, Some(BO)), "key-known"),
        (founded(|opened| opened.checkpoint_key = PublicKey([2; 32]), Some(BO)), "bad-key"),
        (founded(|opened| opened.origin = "two words".to_owned(), Some(BO)), "origin"),
        (start_not_first(), "start-not-first"),
    ])
}

/// The first block says something else.
fn not_opened() -> &'static str {
    let chain = vandel_core::chain::Chain::before_opening();
    let mut ledger = Ledger { chain, ..empty("SCHOOL") };
    ledger.say_as(digest(), SERVICE, None).unwrap_err().code()
}

/// A second record in a block starts a sequencer.
fn start_not_first() -> &'static str {
    let mut ledger = ledger("SCHOOL");
    let statement = |event| {
        let body = Body::Open(Box::new(event));
        let author = public_key(&key(SERVICE));
        let bytes =
            Statement { ledger: ledger.chain.ledger, author, seen: ledger.chain.tip(), body }.encode();
        let signature = sign(&key(SERVICE), vandel_core::hash::Domain::Statement, &[&bytes]);
        assemble(&bytes, &signature, None)
    };
    let start = OpenEvent::SequencerStarted(SequencerStarted { instance: [1; 16] });
    let statements = [statement(digest()), statement(start)];
    match ledger.append(&statements, SERVICE) {
        Err(FaultKind::Open(refusal)) => refusal.code(),
        other => panic!("{other:?}"),
    }
}

fn people_rows() -> Vec<&'static str> {
    let mut ledger = ledger("SCHOOL");
    let policy = || adoption(SE_2026);
    // A second key of Anna's, with the same role.
    let twin = KeyEnrolled {
        actor: actor(ANNA),
        key: public_key(&key(60)),
        grants: vec![everywhere(Role::Administrator)],
        expires: None,
        possession: possession(&ledger.chain.ledger, &key(60), actor(ANNA)),
    };
    ledger.say(OpenEvent::KeyEnrolled(twin)).unwrap();
    let rows = [
        (refusal_as(&ledger, policy(), ANNA, None), "signature-count"),
        (refusal_as(&ledger, digest(), SERVICE, Some(BO)), "signature-count"),
        (refusal_as(&ledger, policy(), STRANGER, Some(BO)), "key"),
        (refusal_as(&ledger, policy(), ANNA, Some(STRANGER)), "key"),
        (refusal_as(&ledger, policy(), ANNA, Some(60)), "same-person"),
        (refusal_as(&ledger, policy(), ANNA, Some(ANNA)), "same-person"),
        (refusal_as(&ledger, policy(), DECIDER, Some(BO)), "role"),
        (refusal_as(&ledger, policy(), ANNA, Some(DELEGATE)), "role"),
        (refusal_as(&ledger, digest(), ANNA, None), "role"),
    ];
    as_expected(rows)
}

fn key_rows() -> Vec<&'static str> {
    let ledger = ledger("SCHOOL");
    let id = ledger.chain.ledger;
    let enrol = |change: &dyn Fn(&mut KeyEnrolled)| {
        let mut enrolled = ledger.enrolment(70, vec![everywhere(Role::Handler)]);
        change(&mut enrolled);
        refusal(&ledger, OpenEvent::KeyEnrolled(enrolled))
    };
    let backwards = Grant { until: Some(day("2025-01-01")), ..everywhere(Role::Handler) };
    let rotated = KeyRotated {
        old: public_key(&key(HANDLER)),
        new: public_key(&key(DECIDER)),
        expires: None,
        possession: possession(&id, &key(DECIDER), actor(HANDLER)),
    };
    let checkpoint = |proof| CheckpointKeyRotated { new: public_key(&key(71)), possession: proof };
    let demoted = ledger.enrolment(ANNA, vec![everywhere(Role::Auditor)]);
    let rows = [
        (enrol(&|enrolled| enrolled.key = PublicKey([2; 32])), "bad-key"),
        (enrol(&|enrolled| enrolled.actor = ActorId([72; 16])), "possession"),
        (enrol(&|enrolled| enrolled.possession = possession(&id, &key(73), actor(70))), "possession"),
        (
            enrol(&|enrolled| {
                enrolled.key = public_key(&key(HANDLER));
                enrolled.possession = possession(&id, &key(HANDLER), enrolled.actor);
            }),
            "key-known",
        ),
        (enrol(&|enrolled| enrolled.grants.clear()), "grants"),
        (enrol(&|enrolled| enrolled.grants = vec![backwards]), "grants"),
        (enrol(&|enrolled| enrolled.grants = vec![everywhere(Role::Handler); 65]), "grants"),
        (refusal(&ledger, OpenEvent::KeyRotated(rotated)), "key-known"),
        (
            refusal(
                &ledger,
                OpenEvent::CheckpointKeyRotated(checkpoint(possession(&id, &key(71), actor(ANNA)))),
            ),
            "possession",
        ),
        (refusal(&ledger, revocation(STRANGER)), "key"),
        (refusal(&ledger, revocation(ANNA)), "last-administrators"),
        (refusal(&ledger, OpenEvent::KeyEnrolled(demoted)), "last-administrators"),
    ];
    as_expected(rows)
}

fn law_rows() -> Vec<&'static str> {
    let ledger = ledger("SCHOOL");
    let mut earlier = adoption(SE_2026);
    if let OpenEvent::PolicyAdopted(adopted) = &mut earlier {
        adopted.from = day("2021-01-01");
    }
    let mut unconfirmed = adoption(SE_2026);
    if let OpenEvent::PolicyAdopted(adopted) = &mut unconfirmed {
        adopted.confirmed_by = " ".to_owned();
    }
    let proposed = include_str!("../../../schemas/policy/se-school-2026-07-15.toml");
    let dispose = |change: fn(&mut DisposalDecision)| {
        let mut decision = disposal();
        change(&mut decision);
        refusal(&ledger, OpenEvent::DisposalAdopted(decision))
    };
    let rows = [
        (refusal(&ledger, adoption("not toml")), "policy"),
        // A law that is not known to be enacted.
        (refusal(&ledger, adoption(proposed)), "policy"),
        (refusal(&ledger, unconfirmed), "policy"),
        (refusal(&ledger, earlier), "policy-order"),
        (dispose(|decision| decision.body = " ".to_owned()), "disposal"),
        (dispose(|decision| decision.number.clear()), "disposal"),
        (dispose(|decision| decision.classes.clear()), "disposal"),
        (dispose(|decision| decision.classes.push(String::new())), "disposal"),
        (dispose(|decision| decision.until = Some(day("2026-01-31"))), "disposal"),
    ];
    as_expected(rows)
}

fn erasure_rows() -> Vec<&'static str> {
    let mut ledger = ledger("SCHOOL");
    ledger.take(opened());
    let last = ledger.chain.size() - 1;
    let start = |ledger: &Ledger, records| {
        refusal_as(ledger, OpenEvent::ErasureStarted(erasure(ledger, records)), ANNA, Some(DELEGATE))
    };
    let mut late = erasure(&ledger, vec![last]);
    late.expires = Second(ledger.at.0 - 1);
    let mut rows = vec![
        (start(&ledger, vec![]), "erasure-records"),
        (start(&ledger, vec![2, 1]), "erasure-records"),
        (start(&ledger, vec![2, 2]), "erasure-records"),
        (start(&ledger, vec![last + 1]), "erasure-records"),
        (refusal_as(&ledger, OpenEvent::ErasureStarted(late), ANNA, Some(DELEGATE)), "approval-expired"),
        (
            refusal_as(&ledger, OpenEvent::ErasureStarted(erasure(&ledger, vec![last])), ANNA, Some(BO)),
            "role",
        ),
        (refusal_as(&ledger, executed(last), SERVICE, None), "erasure-state"),
    ];
    let event = OpenEvent::ErasureStarted(erasure(&ledger, vec![last]));
    let started = ledger.say_as(event, ANNA, Some(DELEGATE)).unwrap();
    let completed = || OpenEvent::ErasureCompleted(ErasureCompleted { started, oldest_epoch: 1 });
    rows.push((refusal_as(&ledger, completed(), ANNA, Some(DELEGATE)), "erasure-state"));
    ledger.say(executed(started)).unwrap();
    rows.push((refusal_as(&ledger, executed(started), SERVICE, None), "erasure-state"));
    ledger.say_as(completed(), ANNA, Some(DELEGATE)).unwrap();
    rows.push((refusal_as(&ledger, completed(), ANNA, Some(DELEGATE)), "erasure-state"));
    as_expected(rows)
}

#[test]
fn codes_are_distinct() {
    let mut codes = OpenRefusal::CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), OpenRefusal::CODES.len());
}

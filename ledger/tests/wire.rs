//! What travels: one encoding and no panic, keys that are refused, and nothing that anybody else can read.

#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod world;

use proptest::prelude::*;
use vandel_core::admit::Evidence;
use vandel_core::event::{BodySignature, Grant, KeyEnrolled, KeyRevoked, OpenEvent, Revocation, Role, Scope};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, LedgerId};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::Seen;
use vandel_core::time::Second;
use vandel_core::trust::{Trust, parse_trust};
use vandel_ledger::client::nothing_seen;
use vandel_ledger::disk::read_all;
use vandel_ledger::inquiry::{CaseFilter, Content, Question};
use vandel_ledger::refused::{Refused, RefusedClass};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_ledger::submission::{Receipt, Submission};
use vandel_ledger::wire::body::{
    Asked, ConsistentCheckpoint, decode_answers, decode_inquiry, decode_inquiry_answer, decode_submit,
    encode_answers, encode_inquiry, encode_submit,
};
use vandel_ledger::wire::intake::{Announcement, IntakeRefusal, KeyAnswer, KeyRequest, Known, check};
use vandel_ledger::wire::sealed::{IntakePublic, IntakeSecret, OpenedBody, open_request, seal_request};
use vandel_ledger::wire::{Endpoint, MESSAGE_BYTES_MAX, Trouble, WIRE_VERSION};
use world::{NOON, World, today};

fn deep(shallow: u32, far: u32) -> u32 {
    if std::env::var_os("VANDEL_DEEP").is_some() { far } else { shallow }
}

// --- sealing ---

const LEDGER: LedgerId = LedgerId([7; 32]);

#[test]
fn a_request_opens_for_its_ledger_endpoint_and_key_alone_and_its_answer_for_the_asker() {
    let (secret, other) = (IntakeSecret::generate(), IntakeSecret::generate());
    let body = b"Kanariesson".repeat(90);
    let (request, asker) = seal_request(&secret.public(), &LEDGER, Endpoint::Submit, &body).unwrap();
    let (opened, service) = open_request(&secret, &LEDGER, Endpoint::Submit, &request).unwrap();
    assert_eq!(*opened, body);
    let answer = service.seal(b"the receipt").unwrap();
    assert_eq!(&*asker.open(&answer).unwrap(), b"the receipt");

    let refused = |result: Result<_, Trouble>| result.map(|(body, _): (OpenedBody, _)| body.to_vec());
    let opened =
        |secret, ledger: &LedgerId, endpoint| refused(open_request(secret, ledger, endpoint, &request));
    assert_eq!(opened(&other, &LEDGER, Endpoint::Submit), Err(Trouble::UnknownKey));
    assert_eq!(opened(&secret, &LedgerId([8; 32]), Endpoint::Submit), Err(Trouble::Malformed));
    assert_eq!(opened(&secret, &LEDGER, Endpoint::Prepare), Err(Trouble::Malformed));
    // The same request under another endpoint's number: its associated data speaks against it.
    let mut relabelled = request.clone();
    relabelled[2] = Endpoint::Prepare as u8;
    let relabelled = refused(open_request(&secret, &LEDGER, Endpoint::Prepare, &relabelled));
    assert_eq!(relabelled, Err(Trouble::Malformed));
    // An answer to another request does not open, although the same key was asked.
    let (second, asker_of_second) = seal_request(&secret.public(), &LEDGER, Endpoint::Submit, b"x").unwrap();
    assert!(asker_of_second.open(&answer).is_err());
    assert_ne!(second[11..43], request[11..43], "every request has a context of its own");
    // Lengths tell little: what differs by a few bytes is as long.
    let (longer, _) =
        seal_request(&secret.public(), &LEDGER, Endpoint::Submit, &[&body[..], b"more"].concat()).unwrap();
    assert_eq!(longer.len(), request.len());
    assert!(seal_request(&secret.public(), &LEDGER, Endpoint::Submit, &vec![0; MESSAGE_BYTES_MAX]).is_err());
    // A key of small order has no secret: nothing is sealed to it.
    assert!(seal_request(&IntakePublic([0; 32]), &LEDGER, Endpoint::Submit, b"x").is_err());
}

#[test]
fn no_changed_bit_of_a_request_or_an_answer_opens() {
    let secret = IntakeSecret::generate();
    let (request, asker) = seal_request(&secret.public(), &LEDGER, Endpoint::Prepare, b"question").unwrap();
    let (_, service) = open_request(&secret, &LEDGER, Endpoint::Prepare, &request).unwrap();
    let answer = service.seal(b"answer").unwrap();
    let mut trials = 0;
    for at in 0..request.len() {
        let mut changed = request.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(open_request(&secret, &LEDGER, Endpoint::Prepare, &changed).is_err(), "byte {at}");
        trials += 1;
    }
    for at in 0..answer.len() {
        let mut changed = answer.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(asker.open(&changed).is_err(), "byte {at} of the answer");
        trials += 1;
    }
    for len in 0..60 {
        assert!(open_request(&secret, &LEDGER, Endpoint::Prepare, &request[..len]).is_err());
        assert!(asker.open(&answer[..len.min(answer.len())]).is_err());
    }
    println!("deep: {trials} changed bits of sealed messages, none opens");
}

// --- bodies ---

fn submission(world: &World, sequencer: &mut Sequencer) -> Submission {
    let case = world.open_case(sequencer);
    let mut step = vandel_core::event::Step::new(
        sequencer.next_spine(case, vandel_core::event::Kind::ExtractShown, today()).expect("the threads"),
    );
    world::shown(&mut step);
    let evidence = Evidence { law: Some("2010:800".to_owned()), ..Evidence::default() };
    vandel_ledger::author::sign_step(&sequencer.standpoint(), &world.decider, None, &step, Some(evidence))
        .unwrap()
        .submission
}

#[test]
fn what_is_read_is_written_again_byte_for_byte_and_no_reader_panics() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let one = submission(&world, &mut ledger.sequencer);
    let receipt = ledger.sequencer.receipts(&[0, 1]).unwrap();
    let refused =
        Refused::new(RefusedClass::Refused, "role", "no").paragraph("OSL").expected(1, 2).next("ask");
    let submit = encode_submit(&[vec![one.clone()], vec![one.clone(), one.clone()]]);
    assert_eq!(decode_submit(&submit).unwrap()[1][0], one);
    let answers = vec![Ok(receipt.clone()), Err(refused), Ok(Vec::<Receipt>::new())];
    assert_eq!(decode_answers(&encode_answers(&answers)).unwrap(), answers);
    let content = Asked::Content(Content::Case { handle: "K-7F3Q-9D2M".to_owned() }, Box::new(one));
    let question = Asked::Question(Question::Count(CaseFilter { limit: 3, ..CaseFilter::default() }));
    let inquiries = [content, question]
        .map(|asked| encode_inquiry(&world.decider, LEDGER, IntakePublic([9; 32]), NOON, &[3, 0], &asked));
    let key = vandel_core::signature::check_key(&public_key(&world.decider)).unwrap();
    for inquiry in &inquiries {
        decode_inquiry(inquiry).unwrap().verify(&key).unwrap();
    }
    let samples = [submit, encode_answers(&answers), inquiries[0].clone(), inquiries[1].clone()];
    let mut random =
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let (mut trials, mut accepted) = (0, 0);
    for (number, sample) in samples.iter().enumerate() {
        for _ in 0..deep(1_500, 60_000) {
            let mut bytes = sample.clone();
            for _ in 0..1 + random.next_u32() % 3 {
                let at = random.next_u32() as usize % bytes.len();
                match random.next_u32() % 4 {
                    0 => bytes[at] ^= 1 << (random.next_u32() % 8),
                    1 => bytes.truncate(at.max(1)),
                    2 => bytes.insert(at, (random.next_u32() & 0xff) as u8),
                    _ => drop(bytes.remove(at)),
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            trials += 1;
            match number {
                0 => {
                    if let Ok(groups) = decode_submit(&bytes) {
                        assert_eq!(encode_submit(&groups), bytes);
                        accepted += 1;
                    }
                }
                1 => {
                    if let Ok(answers) = decode_answers(&bytes) {
                        // Receipts may share a checkpoint that a strange writer had written twice.
                        assert_eq!(decode_answers(&encode_answers(&answers)).unwrap(), answers);
                        accepted += 1;
                    }
                }
                _ => {
                    if let Ok(inquiry) = decode_inquiry(&bytes) {
                        assert!(bytes == *sample || inquiry.verify(&key).is_err());
                        accepted += 1;
                    }
                }
            }
            let _ = (decode_inquiry_answer(&bytes), KeyAnswer::decode(&bytes), KeyRequest::decode(&bytes));
            let _ = Announcement::decode(&bytes);
        }
    }
    println!("deep: {trials} damaged wire bodies, {accepted} of them still one encoding of something");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(deep(200, 5_000)) })]
    #[test]
    fn noise_is_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = (decode_submit(&bytes), decode_answers(&bytes), decode_inquiry(&bytes));
        let _ = (decode_inquiry_answer(&bytes), KeyAnswer::decode(&bytes), KeyRequest::decode(&bytes));
        let secret = IntakeSecret::generate();
        for endpoint in Endpoint::ALL {
            prop_assert!(open_request(&secret, &LEDGER, endpoint, &bytes).is_err());
        }
    }
}

// --- the intake key ---

/// A key answer as the service makes it, for this announcement and these signers.
fn answer(
    sequencer: &mut Sequencer,
    announcement: Announcement,
    signers: (&SigningKey, &SigningKey),
    records: &[(u64, Vec<u8>)],
    seen: u64,
) -> KeyAnswer {
    let signed = announcement.sign(signers.0, signers.1);
    let numbers: Vec<u64> = records.iter().map(|(number, _)| *number).collect();
    let paths = sequencer.audit_paths(&numbers).unwrap();
    let extends = sequencer.extension(seen).unwrap().unwrap_or_default();
    let note = sequencer.checkpoint().to_owned();
    KeyAnswer {
        version: WIRE_VERSION,
        announcement: signed.bytes,
        by_service: signed.by_service,
        by_log: signed.by_log,
        records: records.to_vec(),
        paths,
        checkpoint: ConsistentCheckpoint { note, extends },
    }
}

struct Keys {
    service: SigningKey,
    checkpoint: SigningKey,
    trust: Trust,
}

fn keys(world: &World) -> Keys {
    let read = |path: std::path::PathBuf| signer::read(&*world.disk, &path, None).unwrap();
    let trust = parse_trust(&read_all(&*world.disk, &world.home.trust()).unwrap()).unwrap();
    Keys { service: read(world.home.service_key()), checkpoint: read(world.home.checkpoint_key()), trust }
}

fn known<'a>(trust: &'a Trust, seen: Seen) -> Known<'a> {
    Known { trust, ledger: None, seen, now: NOON }
}

#[test]
fn an_intake_key_is_believed_with_all_of_its_evidence_and_with_nothing_less() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let keys = keys(&world);
    let signers = (&keys.service, &keys.checkpoint);
    let (id, seen) = (sequencer.chain().ledger, sequencer.chain().tip());
    world.open_case(sequencer);
    let records = sequencer.service_records().unwrap();
    let secret = IntakeSecret::generate();
    let announced = Announcement::of(id, secret.public(), NOON, 7_200, &keys.service);
    let good = answer(sequencer, announced, signers, &records, seen.size);
    let decoded = KeyAnswer::decode(&good.encode()).unwrap();
    assert_eq!(decoded, good);
    let intake = check(&good, &known(&keys.trust, seen)).unwrap();
    assert_eq!((intake.announcement.key, intake.announcement.ledger), (secret.public(), id));
    check(&good, &known(&keys.trust, nothing_seen())).unwrap();

    let refused = |answer: &KeyAnswer, known: &Known<'_>| check(answer, known).map(|_| ()).unwrap_err();
    let by_default = |answer: &KeyAnswer| refused(answer, &known(&keys.trust, seen));
    // Another key in the announcement: neither signature fits any more.
    let mut substituted = good.clone();
    let other = Announcement { key: IntakeSecret::generate().public(), ..announced };
    substituted.announcement = other.encode();
    assert!(matches!(by_default(&substituted), IntakeRefusal::ByService));
    // Signed by a thief of the service key who does not have the checkpoint key: as after a revocation.
    let thief = signer::generate().unwrap();
    let stolen = answer(sequencer, other, (&keys.service, &thief), &records, seen.size);
    assert!(matches!(by_default(&stolen), IntakeRefusal::ByLog));
    // By a key that nobody enrolled, whoever else signed it.
    let unknown = Announcement::of(id, secret.public(), NOON, 7_200, &thief);
    let unknown = answer(sequencer, unknown, (&thief, &keys.checkpoint), &records, seen.size);
    assert!(matches!(by_default(&unknown), IntakeRefusal::NotEnrolled { .. }));
    // Expired, not yet begun, and for longer than anybody may announce.
    for (from, seconds) in
        [(NOON.0 - 7_201, 7_200), (NOON.0 + 3_600, 7_200), (NOON.0, 25 * 3_600), (NOON.0, 0)]
    {
        let announced = Announcement::of(id, secret.public(), Second(from), seconds, &keys.service);
        let answer = answer(sequencer, announced, signers, &records, seen.size);
        let refusal = by_default(&answer);
        assert!(matches!(refusal, IntakeRefusal::NotNow { .. }), "{from} {seconds}: {refusal}");
    }
    // Of another ledger: announced, or pinned.
    let elsewhere = Announcement { ledger: LedgerId([1; 32]), ..announced };
    let elsewhere = answer(sequencer, elsewhere, signers, &records, seen.size);
    assert!(matches!(by_default(&elsewhere), IntakeRefusal::AnotherLedger { .. }));
    let pinned = Known { ledger: Some(LedgerId([2; 32])), ..known(&keys.trust, seen) };
    assert!(matches!(refused(&good, &pinned), IntakeRefusal::AnotherLedger { .. }));
    // A record that the tree does not hold, and one that enrols nobody.
    let mut forged = good.clone();
    let at = forged.records[0].1.len() - 200;
    forged.records[0].1[at] ^= 1;
    assert!(matches!(by_default(&forged), IntakeRefusal::NotIncluded { .. } | IntakeRefusal::Decode(_)));
    let mut none = good.clone();
    (none.records, none.paths) = (Vec::new(), Vec::new());
    assert!(matches!(by_default(&none), IntakeRefusal::NotEnrolled { .. }));
    // A checkpoint of somebody else's log, and one that lacks what the author has seen.
    let stranger = World::found();
    let strangers = self::keys(&stranger);
    assert!(matches!(refused(&good, &known(&strangers.trust, nothing_seen())), IntakeRefusal::Checkpoint(_)));
    let unseen = Seen { root: vandel_core::hash::Hash([3; 32]), ..seen };
    assert!(matches!(refused(&good, &known(&keys.trust, unseen)), IntakeRefusal::DoesNotExtend { .. }));
    let later = Seen { size: 10_000, ..seen };
    assert!(matches!(refused(&good, &known(&keys.trust, later)), IntakeRefusal::DoesNotExtend { .. }));
    let mut unproved = good.clone();
    unproved.checkpoint.extends.clear();
    assert!(matches!(by_default(&unproved), IntakeRefusal::DoesNotExtend { .. }));
    // A trust file that asks for witnesses which have not cosigned.
    let witness = SigningKey::from_bytes(&[5; 32]);
    let line = vandel_core::note::VerifierKey::new(
        "witness.example",
        vandel_core::note::KeyKind::Cosignature,
        &public_key(&witness),
    )
    .unwrap();
    let mut asking = keys.trust.clone();
    asking.add_witness(vandel_core::trust::Witness { name: "w".to_owned(), key: line, url: None }).unwrap();
    asking.set_quorum("w").unwrap();
    assert!(matches!(refused(&good, &known(&asking, seen)), IntakeRefusal::Quorum { cosigned: 0 }));
}

#[test]
fn a_second_service_key_announces_with_the_record_that_enrolled_it_until_it_is_revoked() {
    let world = World::found();
    let mut ledger = world.open();
    world.prepare(&mut ledger.sequencer);
    let sequencer = &mut ledger.sequencer;
    let keys = keys(&world);
    let (second, actor) = (signer::generate().unwrap(), ActorId([77; 16]));
    let id = sequencer.chain().ledger;
    let message = vandel_core::chain::possession_message(&id, &actor, &public_key(&second));
    let possession = BodySignature::from_bytes(&sign(&second, Domain::Possession, &[&message]));
    let grant =
        |role| Grant { role, scope: Scope::default(), from: "2026-01-01".parse().unwrap(), until: None };
    let enrolled = |role| {
        let (key, grants) = (public_key(&second), vec![grant(role)]);
        OpenEvent::KeyEnrolled(KeyEnrolled { actor, key, grants, expires: None, possession })
    };
    let record = world.say(sequencer, enrolled(Role::Service)).unwrap().record;
    let mut records = sequencer.service_records().unwrap();
    let bytes = {
        let placed = sequencer.log().blocks_from(0).map(|placed| placed.unwrap().bytes);
        let blocks: Vec<Vec<u8>> = placed.collect();
        let found = blocks.iter().find_map(|bytes| {
            let block = vandel_core::block::Block::decode(bytes).unwrap();
            let found = block.records.iter().find(|one| one.number == record);
            found.map(|one| one.bytes.to_vec())
        });
        found.unwrap()
    };
    records.push((record, bytes));
    let secret = IntakeSecret::generate();
    let announced = Announcement::of(id, secret.public(), NOON, 7_200, &second);
    let before = sequencer.chain().tip();
    let good = answer(sequencer, announced, (&second, &keys.checkpoint), &records, before.size);
    check(&good, &known(&keys.trust, before)).unwrap();

    let revoked =
        KeyRevoked { key: public_key(&second), reason: Revocation::Compromised, suspect_since: None };
    world.say(sequencer, OpenEvent::KeyRevoked(revoked)).unwrap();
    let after = sequencer.chain().tip();
    // Whoever has seen the ledger after the revocation is not shown one from before it.
    let refusal = check(&good, &known(&keys.trust, after)).unwrap_err();
    assert!(matches!(refusal, IntakeRefusal::DoesNotExtend { .. }), "{refusal}");
    // And the thief has no checkpoint key to sign with.
    let thief = answer(sequencer, announced, (&second, &second), &records, after.size);
    assert!(matches!(check(&thief, &known(&keys.trust, after)), Err(IntakeRefusal::ByLog)));
}

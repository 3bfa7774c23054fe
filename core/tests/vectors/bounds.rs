//! What lies exactly on a bound is accepted, and one more is refused; and what writes a block is held against the bytes.

use vandel_core::block::{Block, encode_unsigned, next_record, record_bytes_in_block};
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::codec::{DecodeError, Reader, decode_body, encode_body};
use vandel_core::event::{ErasureStarted, Grant, KeyEnrolled, OpenEvent, PolicyAdopted, Role, Scope};
use vandel_core::hash::{Hash, Hasher, sha256};
use vandel_core::id::ControllerId;
use vandel_core::limits::{
    ADD_CHECKPOINT_BYTES_MAX, BLOCK_RECORDS_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, POLICY_BYTES_MAX,
    TRUST_BYTES_MAX,
};
use vandel_core::note::{Note, NoteError, NoteSignature, is_key_name};
use vandel_core::statement::{Body, ledger_id};
use vandel_core::trust::{TrustError, parse_trust};
use vandel_core::witness::{AddCheckpoint, RequestError};

use crate::file::Expected;
use crate::ledger::{ALICE, DORA, ERIK, Ledger, PACK, enrolled, opened, policy};
use crate::payloads;
use crate::world::{Draft, START, Said, TODAY, day, filler, open, public, second, secret, take};

fn ledger() -> Ledger {
    Ledger::build(&payloads::commitments())
}

/// What a chain says to one block more.
fn said(chain: &Chain, sequencer: &str, said: Vec<Said<'_>>) -> Result<Chain, Expected> {
    let mut next = chain.clone();
    take(&mut next, &Draft::after(chain, sequencer, said).fields().bytes()).map(|()| next)
}

fn by_two(event: OpenEvent) -> Vec<Said<'static>> {
    vec![("alice", Some("bob"), open(event))]
}

fn refused(result: Result<Chain, Expected>) -> String {
    match result {
        Ok(_) => panic!("it is not refused"),
        Err(expected) => expected.name,
    }
}

#[test]
fn an_origin_may_have_200_bytes() {
    for (length, sound) in [(200, true), (201, false)] {
        let mut event = opened();
        event.origin = "o".repeat(length);
        let chain = Chain::before_opening();
        let mut draft = Draft::after(&chain, "service", by_two(OpenEvent::LedgerOpened(event)));
        draft.head.ledger = ledger_id(&draft.records[0].unsigned_fields().bytes());
        assert_eq!(take(&mut Chain::before_opening(), &draft.fields().bytes()).is_ok(), sound, "{length}");
    }
}

#[test]
fn a_key_signs_in_its_last_second_and_not_after_it() {
    let chain = &ledger().chains[5];
    for (expires, sound) in [(START + 60 * 6, true), (START + 60 * 6 - 1, false)] {
        let mut event = enrolled(&chain.ledger, 0x77, "short", Role::Decider);
        event.expires = Some(second(expires));
        let chain = said(chain, "service", by_two(OpenEvent::KeyEnrolled(event))).expect("it is enrolled");
        let step = vec![("short", None, Body::Sealed(Hash(filler("step"))))];
        assert_eq!(said(&chain, "service", step).is_ok(), sound, "{expires}");
    }
}

#[test]
fn two_people_keep_the_role_of_administrator_for_the_whole_ledger() {
    let chain = &ledger().chains[5];
    let replaced = |role, scope, from, until| KeyEnrolled {
        grants: vec![Grant { role, scope, from: day(from), until }],
        ..enrolled(&chain.ledger, ALICE, "alice", Role::Administrator)
    };
    let narrow = Scope { controller: Some(ControllerId([1; 16])), ..Scope::default() };
    let cases = [
        (replaced(Role::Administrator, Scope::default(), TODAY, None), true),
        (replaced(Role::Administrator, Scope::default(), TODAY, Some(day(TODAY))), true),
        (replaced(Role::Administrator, narrow, TODAY, None), false),
        (replaced(Role::Auditor, Scope::default(), TODAY, None), false),
        (replaced(Role::Administrator, Scope::default(), TODAY + 1, None), false),
    ];
    for (event, sound) in cases {
        let result = said(chain, "service", by_two(OpenEvent::KeyEnrolled(event.clone())));
        if sound {
            assert!(result.is_ok(), "{event:?}");
        } else {
            assert_eq!(refused(result), "Open.LastAdministrators", "{event:?}");
        }
    }
}

#[test]
fn a_policy_may_fill_its_bound_and_begin_with_the_one_before() {
    let chain = &ledger().chains[4];
    let long = |length: usize| PolicyAdopted {
        pack: format!("{PACK}#{}\n", "x".repeat(length - PACK.len() - 2)),
        ..policy()
    };
    assert!(said(chain, "service", by_two(OpenEvent::PolicyAdopted(long(POLICY_BYTES_MAX)))).is_ok());
    let over = said(chain, "service", by_two(OpenEvent::PolicyAdopted(long(POLICY_BYTES_MAX + 1))));
    assert_eq!(refused(over), "Open.Policy");
    let from = |days| PolicyAdopted { from: day(days), ..policy() };
    let same = said(chain, "service", by_two(OpenEvent::PolicyAdopted(from(TODAY)))).expect("the same day");
    assert_eq!(
        same.policy_on(day(TODAY)).map(|found| found.record),
        Some(same.size() - 1),
        "the last adopted"
    );
    let later =
        said(chain, "service", by_two(OpenEvent::PolicyAdopted(from(TODAY + 1)))).expect("a later day");
    assert_eq!(
        later.policy_on(day(TODAY)).map(|found| found.record),
        Some(chain.size() - 1),
        "not yet in force"
    );
    assert_eq!(later.policy_on(day(TODAY + 1)).map(|found| found.record), Some(later.size() - 1));
    assert!(later.policy_on(day(TODAY - 1)).is_none());
    let earlier = said(chain, "service", by_two(OpenEvent::PolicyAdopted(from(TODAY - 1))));
    assert_eq!(refused(earlier), "Open.PolicyOrder");
}

#[test]
fn who_acts_for_one_board_may_order_and_approve_an_erasure() {
    let chain = &ledger().chains[6];
    let board = Scope { controller: Some(ControllerId([1; 16])), ..Scope::default() };
    let for_board = |holder, name, role| {
        let grants = vec![Grant { role, scope: board, from: day(TODAY), until: None }];
        OpenEvent::KeyEnrolled(KeyEnrolled { grants, ..enrolled(&chain.ledger, holder, name, role) })
    };
    let both = [
        ("alice", Some("bob"), open(for_board(ERIK, "erik", Role::Handler))),
        ("alice", Some("bob"), open(for_board(DORA, "dora", Role::ControllersDelegate))),
    ];
    let chain = said(chain, "service", both.to_vec()).expect("they are enrolled anew");
    let erasure = || {
        let plan = Hash(filler("plan"));
        open(OpenEvent::ErasureStarted(ErasureStarted {
            records: vec![7],
            plan,
            expires: second(START + 86_400),
        }))
    };
    assert!(said(&chain, "service", vec![("erik", Some("dora"), erasure())]).is_ok());
    assert_eq!(refused(said(&chain, "service", vec![("dora", Some("erik"), erasure())])), "Open.Role");
}

#[test]
fn a_block_is_written_as_it_is_read() {
    let ledger = ledger();
    let mut first = 0;
    for bytes in &ledger.blocks {
        let block = Block::decode(bytes).expect("sound");
        let records: Vec<&[u8]> = block.records.iter().map(|record| record.bytes).collect();
        let unsigned = encode_unsigned(&block.head, records.iter().copied());
        assert_eq!([&unsigned[..], &block.signature].concat(), *bytes);
        let in_records: usize = records.iter().map(|record| record_bytes_in_block(record.len())).sum();
        assert_eq!(in_records + 182, bytes.len());
        assert_eq!((block.head.first_record, block.next_record()), (first, first + records.len() as u64));
        first = block.next_record();
        assert_eq!(next_record(bytes), Some(first));
    }
    assert_eq!(next_record(&ledger.blocks[0][..100]), None);
    let chain = &ledger.chains[13];
    for (count, sound) in [(BLOCK_RECORDS_MAX, true), (BLOCK_RECORDS_MAX + 1, false)] {
        let step = |index: usize| ("carol 2", None, Body::Sealed(Hash(filler(&format!("full {index}")))));
        let bytes = Draft::after(chain, "service 2", (0..count).map(step).collect()).fields().bytes();
        assert_eq!(Block::decode(&bytes).is_ok(), sound, "{count} records");
    }
}

#[test]
fn lengths_are_refused_beyond_their_bound_alone() {
    let led = [&5_u32.to_be_bytes()[..], b"vande"].concat();
    let read = |max| {
        Reader::new(&led, "test", 64).and_then(|mut reader| reader.bytes("field", max).map(<[u8]>::to_vec))
    };
    assert_eq!(read(5), Ok(b"vande".to_vec()));
    assert!(matches!(read(4), Err(DecodeError::TooLong { found: 5, max: 4, .. })));
    let body = encode_body(&"vandel".to_owned());
    assert_eq!(decode_body::<String>(&body, "text", body.len()), Ok("vandel".to_owned()));
    assert!(matches!(decode_body::<String>(&body, "text", body.len() - 1), Err(DecodeError::TooLong { .. })));
    let mut hasher = Hasher::new();
    [&b"van"[..], b"del"].into_iter().for_each(|part| hasher.update(part));
    assert_eq!(hasher.finish(), sha256(&[b"vandel"]));
    assert_eq!(format!("{:?}", Hash([0xab; 32])).matches("ab").count(), 32);
}

#[test]
fn notes_trust_files_and_requests_may_fill_their_bounds() {
    let note = |text: &str| Note::new(text).expect("a text");
    let line = |index: usize, text: &str| {
        NoteSignature::sign(&format!("signer.example/{index}"), &secret("checkpoint"), text).expect("a name")
    };
    let mut full = note("text\n");
    for index in 0..NOTE_SIGNATURES_MAX {
        full.attach(line(index, "text\n")).expect("there is room for so many");
    }
    assert!(matches!(full.attach(line(NOTE_SIGNATURES_MAX, "text\n")), Err(NoteError::TooManySignatures)));
    assert!(full.attach(line(0, "text\n")).is_ok(), "in the place of its own earlier one");
    assert!(Note::parse(full.to_string().as_bytes()).is_ok());

    let signed = |length: usize| {
        let text = format!("{}\n", "x".repeat(length - 1));
        let mut signed = note(&text);
        signed.attach(line(0, &text)).map(|()| signed.to_string())
    };
    let around = signed(100).expect("short").len() - 100;
    let whole = signed(NOTE_BYTES_MAX - around).expect("it just fits");
    assert_eq!(whole.len(), NOTE_BYTES_MAX);
    assert!(Note::parse(whole.as_bytes()).is_ok());
    assert!(signed(NOTE_BYTES_MAX - around + 1).is_err());

    assert!(is_key_name("a!~") && !is_key_name("a b") && !is_key_name("a\u{1f}") && !is_key_name(""));
    let latest = NoteSignature::cosign("w", &secret("witness"), second((1 << 63) - 1), "text\n");
    let mut last = note("text\n");
    last.attach(latest.expect("the last second that is written")).expect("room");
    let known = [vandel_core::note::VerifierKey::new(
        "w",
        vandel_core::note::KeyKind::Cosignature,
        &public("witness"),
    )
    .expect("a key")];
    assert_eq!(last.open(&known).map(|signed| signed.len()), Ok(1));

    let trust = |length: usize| {
        let start = "quorum none\n#";
        format!("{start}{}\n", "x".repeat(length - start.len() - 1))
    };
    assert!(parse_trust(trust(TRUST_BYTES_MAX).as_bytes()).is_ok());
    assert!(matches!(parse_trust(trust(TRUST_BYTES_MAX + 1).as_bytes()), Err(TrustError::TooLong(_))));
    let checkpoint = Checkpoint::with_extensions(
        "log.example",
        0,
        vandel_core::merkle::empty_root(),
        vec!["extension".to_owned()],
    );
    assert_eq!(checkpoint.expect("sound").extensions(), ["extension"]);
    let request = vec![b'x'; ADD_CHECKPOINT_BYTES_MAX];
    assert!(!matches!(AddCheckpoint::parse(&request), Err(RequestError::TooLong(_))));
    assert!(matches!(AddCheckpoint::parse(&[&request[..], b"x"].concat()), Err(RequestError::TooLong(_))));
}

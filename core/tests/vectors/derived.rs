//! What is derived from the accepted ledger: the rows over authority, an excerpt of its records, and its chain as plain
//! data; and what a payload opens to.

use vandel_core::block::Block;
use vandel_core::chain::{Chain, FaultKind};
use vandel_core::event::{Assessment, Copy, Kind, Process, Spine, Step};
use vandel_core::hash::Hash;
use vandel_core::id::PublicKey;
use vandel_core::limits::PART_BYTES_MAX;
use vandel_core::payload::{Part, Payload, Slot};
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_core::view::{Authority, AuthorityRows};

use crate::ledger::Ledger;
use crate::parts::THREAD;
use crate::payloads::{commitments, fixed};
use crate::world::{TODAY, day, filler, public};

fn blocks(ledger: &Ledger) -> Vec<Block<'_>> {
    ledger.blocks.iter().map(|bytes| Block::decode(bytes).expect("sound")).collect()
}

fn records<'b>(blocks: &'b [Block<'_>]) -> Vec<&'b Record<'b>> {
    blocks.iter().flat_map(|block| &block.records).collect()
}

#[test]
fn each_key_policy_and_checkpoint_key_has_the_records_that_speak_of_it() {
    let ledger = Ledger::build(&commitments());
    let blocks = blocks(&ledger);
    let mut rows = AuthorityRows::default();
    for record in records(&blocks) {
        if let Body::Open(event) = &record.statement.statement.body {
            rows.fold(record.number, event);
        }
    }
    let of = |name: &str| rows.records(&Authority::Key(public(name))).to_vec();
    for (name, expected) in [
        ("alice", &[0_u64][..]),
        ("service", &[0]),
        ("carol", &[2, 9]),
        ("carol 2", &[9]),
        ("dora", &[3]),
        ("erik", &[4, 11]),
        ("service 2", &[12]),
        ("checkpoint 2", &[]),
    ] {
        assert_eq!(of(name), expected, "{name}");
    }
    assert_eq!(rows.records(&Authority::CheckpointKeys), [0, 10]);
    assert_eq!(rows.records(&Authority::Policies), [5]);
    assert_eq!(rows.index(&Authority::Key(PublicKey([0xff; 32]))), None);
    assert_eq!(rows.index(&Authority::Policies), Some(rows.tree().rows() - 1), "it is the last");
}

#[test]
fn an_excerpt_begins_with_the_opening_and_ascends() {
    let ledger = Ledger::build(&commitments());
    let blocks = blocks(&ledger);
    let all = records(&blocks);
    let shown = |numbers: &[usize]| {
        let (mut chain, mut checks) = (Chain::before_opening(), Vec::new());
        let mut take = |number: &usize| chain.take_shown(all[*number], &mut checks);
        numbers.iter().try_for_each(&mut take).map_err(|fault| (fault.place.record, fault.kind))
    };
    assert_eq!(shown(&[0, 2, 5, 7]), Ok(()));
    assert_eq!(shown(&[0, 2, 3, 4]), Ok(()), "of one block, at one time");
    let out_of_order = |expected, found| Err((Some(found), FaultKind::RecordNumber { expected, found }));
    assert_eq!(shown(&[2]), out_of_order(0, 2));
    assert_eq!(shown(&[0, 0]), out_of_order(1, 0));
    assert_eq!(shown(&[0, 2, 5, 2]), out_of_order(6, 2));
}

#[test]
fn a_chain_from_its_parts_goes_on_as_it_would_have() {
    let ledger = Ledger::build(&commitments());
    let blocks = blocks(&ledger);
    for at in [5, 9, 12] {
        let mut chain = Chain::from_parts(ledger.chains[at].to_parts()).expect("they fit together");
        for block in &blocks[at..] {
            chain.take(block, &mut Vec::new(), |_, _| {}).expect("what comes next");
        }
        let (found, expected) = (chain.to_parts(), ledger.chains[13].to_parts());
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        assert_eq!(found.keys.len(), 8, "with its keys");
    }
    let keyring = &ledger.chains[13].keyring;
    assert!(keyring.verifying(&public("alice")).is_some() && keyring.verifying(&public("mallory")).is_none());
    let parts = || ledger.chains[13].to_parts();
    let mut wrong = parts();
    wrong.size += 1;
    assert!(Chain::from_parts(wrong).is_none(), "another size than the subtrees are of");
    let mut wrong = parts();
    wrong.policies[0].2.push('\u{0}');
    assert!(Chain::from_parts(wrong).is_none(), "no policy");
}

#[test]
fn a_payload_opens_to_every_part_that_was_sealed() {
    let spine =
        |kind| Spine { thread: THREAD, number: 1, previous: Hash(filler("previous")), kind, day: day(TODAY) };
    let copied =
        Step { copy: Some(Copy::Paper { place: "Akt 12".to_owned() }), ..Step::new(spine(Kind::CopyStored)) };
    let heard = Step {
        assessment: Some(Assessment::Heard("Det var länge sedan".to_owned())),
        ..Step::new(spine(Kind::CandidateHeard))
    };
    let closed = Step { process: Some(Process::CaseClosed), ..Step::new(spine(Kind::CaseClosed)) };
    for step in [copied, heard, closed] {
        let payload = Payload::from_step(&step, fixed("opened"));
        assert_eq!(payload.open(&payload.header.commitment()), Ok(step));
    }
}

#[test]
fn a_part_may_fill_its_bound() {
    let stored = |content: usize| Part::new(filler("salt"), &vec![0; content]).into_stored();
    let whole = Part::decode(&stored(PART_BYTES_MAX)).expect("it just fits");
    assert_eq!((whole.salt(), whole.content().len()), (&filler("salt")[..], PART_BYTES_MAX));
    assert_eq!(whole.hash(Slot::Copy), Part::new(filler("salt"), &vec![0; PART_BYTES_MAX]).hash(Slot::Copy));
    assert!(Part::decode(&stored(PART_BYTES_MAX + 1)).is_err());
    assert!(Part::decode(&stored(0)).is_ok() && Part::decode(&stored(0)[1..]).is_err());
}

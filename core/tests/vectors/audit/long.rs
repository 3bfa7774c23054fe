//! A log that is longer than what an audit gathers at once: judged in parts, and every place stays right.

use vandel_core::event::{KeyRevoked, OpenEvent, Revocation};
use vandel_core::hash::Hash;
use vandel_core::limits::{BLOCK_RECORDS_MAX, POLICY_BYTES_MAX};
use vandel_core::statement::Body;
use vandel_core::verify::{Audit, LogEnd, Report, Request};

use super::{evidence, found, ledger, operator, published, with};
use crate::ledger::{Ledger, PACK, policy};
use crate::world::{Draft, START, Said, filler, open, public, second, take};

/// How much an audit gathers before it judges it.
const GATHERED: usize = 4 << 20;

fn append(ledger: &mut Ledger, said: Vec<Said<'_>>) {
    let mut chain = ledger.chains.last().expect("a chain").clone();
    let bytes = Draft::after(&chain, "service 2", said).fields().bytes();
    take(&mut chain, &bytes).expect("a sound block");
    ledger.chains.push(chain);
    ledger.blocks.push(bytes);
}

/// The accepted ledger, and 24 policies as long as they may be: six parts, and more than is gathered at once.
fn long() -> Ledger {
    let mut ledger = ledger();
    let pack = format!("{PACK}#{}\n", "x".repeat(POLICY_BYTES_MAX - PACK.len() - 2));
    for _ in 0..24 {
        let event = vandel_core::event::PolicyAdopted { pack: pack.clone(), ..policy() };
        append(&mut ledger, vec![("alice", Some("bob"), open(OpenEvent::PolicyAdopted(event)))]);
    }
    ledger
}

fn judged(blocks: &[Vec<u8>]) -> Report {
    with(blocks, evidence(operator(), Vec::new()))
}

#[test]
fn a_long_log_is_judged_as_soon_as_enough_of_it_is_gathered() {
    let ledger = long();
    let note = published(&super::checkpoint(&ledger, 37, None));
    let request = || Request { evidence: evidence(operator(), vec![note.clone()]), ..Request::default() };
    let (mut audit, mut gathered, mut judged) = (Audit::new(request(), None), 0, 0);
    for (index, block) in ledger.blocks.iter().enumerate() {
        audit.block(block.clone());
        gathered += block.len();
        if gathered >= GATHERED {
            (gathered, judged) = (0, ledger.chains[index + 1].size());
        }
        assert_eq!(audit.records(), judged, "after block {index}");
    }
    assert!(judged > 20 && judged < 44 && !audit.is_stopped());
    let report = audit.finish(LogEnd::Whole);
    assert_eq!((report.exit, report.size, report.counts.blocks), (0, 44, 37));
    assert_eq!(report.counts.signatures, super::signatures(&ledger.blocks));

    let (mut audit, mut cut) = (Audit::new(request(), None), ledger.blocks);
    cut[4].truncate(100);
    cut.into_iter().for_each(|block| audit.block(block));
    assert_eq!((audit.is_stopped(), audit.records()), (true, 6));
}

#[test]
fn a_wrong_signature_has_its_place_in_every_part() {
    let mut ledger = long();
    // The last signature of the log breaks no link: it is the one finding.
    let mut blocks = ledger.blocks.clone();
    *blocks[36].last_mut().expect("bytes") ^= 1;
    assert_eq!(found(&judged(&blocks)), [("block-signature", Some(43), None)]);
    let sealed = |name: &str| ("carol 2", None, Body::Sealed(Hash(filler(name))));
    append(&mut ledger, vec![sealed("one"), sealed("two")]);
    let mut blocks = ledger.blocks.clone();
    *blocks[37].last_mut().expect("bytes") ^= 1;
    let report = judged(&blocks);
    assert_eq!(found(&report), [("block-signature", Some(44), Some(45))]);
    assert_eq!(report.findings[0].block, Some(37));
    for at in [13, 20, 34] {
        let mut blocks = ledger.blocks.clone();
        *blocks[at].last_mut().expect("bytes") ^= 1;
        let record = at as u64 + 7;
        assert_eq!(found(&judged(&blocks))[0], ("block-signature", Some(record), None), "block {at}");
    }
}

#[test]
fn a_list_of_what_a_suspect_key_signed_says_where_it_may_be_longer() {
    let mut ledger = ledger();
    let sealed = |name: String| ("carol 2", None, Body::Sealed(Hash(filler(&name))));
    append(&mut ledger, (0..BLOCK_RECORDS_MAX).map(|index| sealed(format!("first {index}"))).collect());
    append(&mut ledger, (0..10).map(|index| sealed(format!("second {index}"))).collect());
    let last = START + 60 * 14;
    for (since, listed, at_least) in [(START, 1_000, true), (last, 10, false)] {
        let (key, reason) = (public("carol 2"), Revocation::Compromised);
        let revoked = KeyRevoked { key, reason, suspect_since: Some(second(since)) };
        let said = vec![("alice", Some("bob"), open(OpenEvent::KeyRevoked(revoked)))];
        let block = Draft::after(&ledger.chains[15], "service 2", said).fields().bytes();
        let report = judged(&[&ledger.blocks[..], &[block]].concat());
        let suspects = &report.suspects[0];
        assert_eq!((suspects.records.len(), suspects.at_least), (listed, at_least), "since {since}");
    }
}

//! What an audit finds in a changed log, and which record it lays it to.

use vandel_core::event::{KeyRevoked, OpenEvent, Revocation};
use vandel_core::hash::{Domain, Hash, leaf_hash};
use vandel_core::signature::sign;
use vandel_core::statement::{Body, Seen};
use vandel_core::verify::{FINDINGS_MAX, LogEnd, ReceiptEvidence, Remembered, Request, Verdict};

use super::{audit, checkpoint, evidence, found, kept, ledger, operator, published, signatures, with};
use crate::world::{Draft, START, filler, open, public, second, secret};

#[test]
fn how_the_log_ends_is_judged_by_what_was_signed() {
    let ledger = ledger();
    let trust = || evidence(operator(), vec![published(&checkpoint(&ledger, 13, None))]);
    let ends = |blocks: &[Vec<u8>], end: LogEnd| {
        audit(blocks, Request { evidence: trust(), ..Request::default() }, end)
    };
    let torn = || LogEnd::Torn { what: "torn".to_owned() };
    let damaged = |is_next| LogEnd::Damaged { what: "damaged".to_owned(), is_next };
    let report = ends(&ledger.blocks, torn());
    assert_eq!(
        (report.exit, report.pending.torn.as_deref()),
        (0, Some("torn")),
        "nobody was promised what is torn"
    );
    let report = ends(&ledger.blocks[..12], torn());
    assert_eq!(report.exit, 3);
    assert!(found(&report).contains(&("log-torn", Some(19), None)), "{:?}", found(&report));
    let report = ends(&ledger.blocks[..12], damaged(true));
    assert_eq!((report.exit, found(&report)), (3, vec![("log-damaged", Some(19), None)]));
    assert!(report.not_looked_at[0].contains("record 19"), "{:?}", report.not_looked_at);
    assert_eq!(found(&ends(&ledger.blocks, damaged(false))), [("log-damaged", None, None)]);
    // What was read is compared up to its last block, and not beyond.
    let forked = |blocks: usize| {
        let fork = checkpoint(&ledger, blocks, Some(Hash(filler("fork"))));
        let request = Request { evidence: evidence(operator(), vec![kept(&fork)]), ..Request::default() };
        let report = audit(&ledger.blocks[..6], request, damaged(true));
        found(&report).iter().any(|(code, ..)| *code == "checkpoint-root")
    };
    assert_eq!((forked(5), forked(6), forked(7)), (true, true, false));
    assert_eq!(found(&ends(&[], torn())), [("log-torn", Some(0), None)]);
    let report = ends(&[], LogEnd::Whole);
    assert_eq!((report.exit, found(&report)[0]), (3, ("log-empty", Some(0), None)));
    assert!(report.ledger.is_none() && report.origin.is_none());
}

#[test]
fn a_changed_byte_is_laid_to_the_record_that_it_stands_in() {
    let ledger = ledger();
    let judge = |blocks: &[Vec<u8>]| with(blocks, evidence(operator(), Vec::new()));
    let replaced = |at: usize, block: Vec<u8>| {
        let mut blocks = ledger.blocks.clone();
        blocks[at] = block;
        blocks
    };
    // Not signed so: the block's first. Signed so: the record that cannot be read.
    let mut bytes = ledger.blocks[5].clone();
    let second_record = bytes.len() - 64 - 254;
    bytes[second_record + 1] = 9;
    assert_eq!(found(&judge(&replaced(5, bytes.clone())))[0], ("block-undecodable", Some(7), None));
    let end = bytes.len() - 64;
    let signature = sign(&secret("service"), Domain::Block, &[&bytes[..end]]);
    bytes[end..].copy_from_slice(&signature);
    assert_eq!(found(&judge(&replaced(5, bytes)))[0], ("block-undecodable", Some(8), None));

    // A link inside a block that differs. Signed so it is the record's; else the one before was changed.
    let drafted = |sign_anew: bool| {
        let mut draft = ledger.draft(
            5,
            vec![
                ("carol", None, Body::Sealed(Hash(filler("a")))),
                ("carol", None, Body::Sealed(Hash(filler("b")))),
            ],
        );
        draft.records[1].previous = Some(Hash(filler("wrong")));
        let mut bytes = draft.fields().bytes();
        if !sign_anew {
            *bytes.last_mut().expect("bytes") ^= 1;
        }
        bytes
    };
    let report = judge(&replaced(5, drafted(true)));
    assert_eq!(found(&report)[0], ("record-chain", Some(8), None));
    let levels: Vec<Verdict> = report.levels.iter().map(|level| level.verdict).collect();
    assert_eq!(levels, [Verdict::Failed, Verdict::NotChecked, Verdict::NotChecked]);
    let first = &report.findings[0];
    assert_eq!(first.found.as_deref(), Some(Hash(filler("wrong")).to_string().as_str()));
    assert!(
        first.expected.is_some() && first.expected != first.found && first.advice.contains("keep this copy")
    );
    let report = judge(&replaced(5, drafted(false)));
    assert_eq!(found(&report), [("record-chain", Some(7), None), ("block-signature", Some(7), Some(8))]);

    // A signature: the author's record, or the whole block.
    let mut bytes = ledger.blocks[5].clone();
    let end = bytes.len();
    bytes[end - 1] ^= 1;
    assert_eq!(found(&judge(&replaced(5, bytes)))[0], ("block-signature", Some(7), Some(8)));
    let mut bytes = ledger.blocks[4].clone();
    let end = bytes.len();
    bytes[end - 1] ^= 1;
    assert_eq!(found(&judge(&replaced(4, bytes)))[0], ("block-signature", Some(6), None));
}

#[test]
fn more_findings_than_a_report_holds_are_counted_and_the_first_are_told() {
    let ledger = ledger();
    let sealed = |index: u64| ("carol 2", None, Body::Sealed(Hash(filler(&format!("many {index}")))));
    let mut draft = Draft::after(&ledger.chains[13], "service 2", (0..450).map(sealed).collect());
    // Every statement is another author's than the one who signed it.
    for record in &mut draft.records {
        record.author = secret("alice");
    }
    let mut fields = draft.fields();
    for index in 0..450 {
        fields = fields.with(&format!("{index}/author"), public("bob").0, "another author");
    }
    let end = fields.bytes().len() - 64;
    let mut bytes = fields.bytes();
    // The links are of the changed records.
    let mut at = 118;
    let mut previous = ledger.chains[13].head;
    for _ in 0..450 {
        let record = at + 4..at + 4 + 254;
        bytes[record.start + 18..record.start + 50].copy_from_slice(&previous.0);
        previous = leaf_hash(&bytes[record.clone()]);
        at = record.end;
    }
    let signature = sign(&secret("service 2"), Domain::Block, &[&bytes[..end]]);
    bytes[end..].copy_from_slice(&signature);
    let blocks = [&ledger.blocks[..], &[bytes]].concat();
    let report = with(&blocks, evidence(operator(), vec![published(&checkpoint(&ledger, 13, None))]));
    assert_eq!((report.exit, report.findings.len(), report.findings_total), (3, FINDINGS_MAX, 450));
    let expected: Vec<_> = (20..120).map(|record| ("author-signature", Some(record), None)).collect();
    assert_eq!(found(&report), expected);
}

#[test]
fn what_was_verified_before_is_compared_and_not_verified_again() {
    let ledger = ledger();
    let seen = Seen { size: 9, root: ledger.chains[6].frontier.root() };
    let request = || Request {
        evidence: evidence(
            operator(),
            vec![published(&checkpoint(&ledger, 13, None)), kept(&checkpoint(&ledger, 6, None))],
        ),
        verified: Some(seen),
        ..Request::default()
    };
    let report = audit(&ledger.blocks, request(), LogEnd::Whole);
    let all = with(&ledger.blocks, evidence(operator(), Vec::new())).counts.signatures;
    assert_eq!((report.exit, report.counts.signatures + report.counts.signatures_before), (0, all));
    assert_eq!(report.counts.signatures_before, signatures(&ledger.blocks[..6]));
    assert!(report.not_looked_at.iter().any(|line| line.contains("first 9 records")));
    // Beyond it a wrong signature is found as ever.
    let mut blocks = ledger.blocks.clone();
    *blocks[7].last_mut().expect("bytes") ^= 1;
    assert_eq!(audit(&blocks, request(), LogEnd::Whole).exit, 3);
}

#[test]
fn what_a_suspect_key_signed_is_listed_from_the_second_on() {
    let ledger = ledger();
    let suspect = |since: u64| {
        let revoked = KeyRevoked {
            key: public("carol 2"),
            reason: Revocation::Compromised,
            suspect_since: Some(second(since)),
        };
        let said = vec![("alice", Some("bob"), open(OpenEvent::KeyRevoked(revoked)))];
        let block = Draft::after(&ledger.chains[13], "service 2", said).fields().bytes();
        with(
            &[&ledger.blocks[..], &[block]].concat(),
            evidence(operator(), vec![published(&checkpoint(&ledger, 13, None))]),
        )
    };
    // Record 16 is the one step under that key, in the tenth block: a minute to each.
    let at = START + 60 * 9;
    let report = suspect(at);
    assert_eq!(report.exit, 0, "it stays valid");
    let listed = &report.suspects[..];
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (listed[0].records.as_slice(), listed[0].at_least, listed[0].revoked_by_record),
        (&[16][..], false, 20)
    );
    assert_eq!(
        (listed[0].suspect_since, listed[0].key.as_str()),
        (at, public("carol 2").to_string().as_str())
    );
    assert!(suspect(at + 1).suspects.is_empty());
    assert_eq!((report.pending.records, report.pending.first, report.pending.last), (1, Some(20), Some(20)));
}

#[test]
fn a_receipt_and_a_memory_are_read_as_they_are_written() {
    let ledger = ledger();
    let mut receipt = super::receipt(&ledger, 13, 7);
    let read = |text: &str| ReceiptEvidence::parse("mine", text);
    assert_eq!(read(&receipt.to_string()), Ok(receipt.clone()));
    receipt.proof = vec![Hash(filler("node")); 64];
    assert_eq!(read(&receipt.to_string()), Ok(receipt.clone()));
    receipt.proof.push(Hash(filler("node")));
    assert_eq!(read(&receipt.to_string()).map_err(|error| error.line), Err(68), "one hash too many");
    receipt.proof.truncate(2);
    let text = receipt.to_string();
    let lines: Vec<&str> = text.lines().collect();
    for line in 0..5 {
        let mut changed = lines.clone();
        changed[line] = "other";
        let error = read(&(changed.join("\n") + "\n")).expect_err("a line is wrong");
        assert_eq!(error.line, line + 1);
    }
    let memory = Remembered { ledger: ledger.id(), size: 9, root: ledger.chains[6].frontier.root() };
    let text = memory.to_string();
    assert_eq!(text.parse::<Remembered>(), Ok(memory));
    for line in 0..4 {
        let mut changed: Vec<&str> = text.lines().collect();
        changed[line] = "other";
        let error = (changed.join("\n") + "\n").parse::<Remembered>().expect_err("a line is wrong");
        assert_eq!(error.line, line + 1);
    }
    assert_eq!(format!("{text}more\n").parse::<Remembered>().map_err(|error| error.line), Err(5));
}

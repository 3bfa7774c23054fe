//! What a report says in words, where a person acts on it.

use vandel_core::block::Block;
use vandel_core::chain::{Chain, FaultKind, OpenRefusal};
use vandel_core::checkpoint::Checkpoint;
use vandel_core::event::{OpenEvent, OpenKind};
use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::statement::{Body, ledger_id};
use vandel_core::verify::{
    CheckpointSource, Level, LogEnd, Remembered, Report, Request, SignedCheckpoint, Verdict,
};

use super::{ORIGIN, audit, checkpoint, evidence, found, kept, ledger, operator, published, receipt, with};
use crate::ledger::{Ledger, opened};
use crate::world::{Draft, filler, open, secret};

fn sound(ledger: &Ledger) -> super::Evidence {
    evidence(operator(), vec![published(&checkpoint(ledger, 13, None))])
}

#[test]
fn a_summary_says_how_much_is_proven_and_what_is_wrong_where() {
    let ledger = ledger();
    let report = with(&ledger.blocks, sound(&ledger));
    assert_eq!(report.summary, "verified: 20 records, anchor operator");
    assert_eq!(report.origin.as_deref(), Some(ORIGIN));
    let older = evidence(operator(), vec![published(&checkpoint(&ledger, 10, None))]);
    let report = with(&ledger.blocks, older);
    assert_eq!(report.summary, "verified: 17 records, anchor operator; 3 more are sound and pending");
    let report = with(&ledger.blocks, evidence(None, Vec::new()));
    assert!(report.summary.starts_with("not proven: 20 records are consistent, but "), "{}", report.summary);
    let report = audit(&[], Request::default(), LogEnd::Whole);
    assert_eq!(report.summary, "violation at record 0: the log holds no block");
    let garbage = SignedCheckpoint { source: CheckpointSource::Memory, note: b"no note".to_vec() };
    let report = with(&ledger.blocks, evidence(operator(), vec![garbage]));
    assert!(report.summary.starts_with("violation: "), "{}", report.summary);
    assert!(report.checkpoints[0].source.contains("memory"));
}

#[test]
fn each_checkpoint_is_named_by_its_source_with_what_came_of_it() {
    let ledger = ledger();
    let notes = vec![published(&checkpoint(&ledger, 13, None)), kept(&checkpoint(&ledger, 6, None))];
    let report = with(&ledger.blocks, evidence(operator(), notes.clone()));
    let sources: Vec<&str> = report.checkpoints.iter().map(|one| one.source.as_str()).collect();
    assert_eq!(sources, ["published with the log", "kept by the auditor (kept)"]);
    assert!(report.checkpoints.iter().all(|one| one.what == "agrees with the log"));
    let end = LogEnd::Damaged { what: "damaged".to_owned(), is_next: true };
    let request = Request { evidence: evidence(operator(), notes), ..Request::default() };
    let report = audit(&ledger.blocks[..8], request, end);
    assert!(report.checkpoints[0].what.starts_with("not compared"), "{}", report.checkpoints[0].what);
    let fork = published(&checkpoint(&ledger, 13, Some(Hash(filler("fork")))));
    let report = with(&ledger.blocks, evidence(operator(), vec![fork]));
    assert_eq!(report.checkpoints[0].what, "contradicts the log");
}

#[test]
fn an_anchor_says_who_could_have_rewritten_history_and_what_nobody_would_see() {
    let ledger = ledger();
    let note = || published(&checkpoint(&ledger, 13, None));
    let older = kept(&checkpoint(&ledger, 6, None));
    for (brought, words, undetected) in [
        (evidence(None, vec![note()]), "Anyone", 4),
        (evidence(operator(), vec![note()]), "The operator", 4),
        (evidence(operator(), vec![note(), older]), "Nobody, for all up to the remembered size", 2),
    ] {
        let anchor = with(&ledger.blocks, brought).anchor;
        assert!(anchor.could_have_rewritten.starts_with(words), "{}", anchor.could_have_rewritten);
        assert_eq!(anchor.undetected.len(), undetected, "{words}");
        assert!(anchor.undetected.iter().all(|line| line.ends_with('.')));
    }
}

#[test]
fn levels_and_verdicts_have_the_names_that_commands_and_scripts_use() {
    for level in Level::ALL {
        assert_eq!(Level::from_name(level.name()), Some(level));
        assert_eq!(serde_json::to_value(level).expect("a name"), level.name());
    }
    assert_eq!(Level::from_name("all"), None);
    let verdicts = [Verdict::Passed, Verdict::Failed, Verdict::NotProven, Verdict::NotChecked];
    assert_eq!(verdicts.map(Verdict::name), ["passed", "failed", "not proven", "not checked"]);
}

/// A finding's code, whose signature it is about, and what was expected and found.
fn first(report: &Report) -> (&str, &str, bool) {
    let finding = &report.findings[0];
    let compares = finding.expected.is_some() && finding.found.is_some() && finding.expected != finding.found;
    (finding.code.as_str(), finding.what.as_str(), compares)
}

#[test]
fn a_fault_tells_what_was_expected_and_what_was_found() {
    let ledger = ledger();
    let changed = |change: fn(&mut Draft)| {
        let mut draft = ledger.draft(13, vec![("carol 2", None, Body::Sealed(Hash(filler("more"))))]);
        change(&mut draft);
        with(&[&ledger.blocks[..], &[draft.fields().bytes()]].concat(), sound(&ledger))
    };
    type Row = (fn(&mut Draft), &'static str);
    let cases: [Row; 6] = [
        (|draft| draft.head.position += 1, "block-position"),
        (|draft| draft.records[0].number += 1, "record-number"),
        (|draft| draft.records[0].ledger = LedgerId(filler("other")), "other-ledger"),
        (|draft| draft.records[0].time = 1, "time-runs-back"),
        (|draft| draft.head.previous = Hash(filler("other")), "block-chain"),
        (|draft| draft.records[0].seen.root = Hash(filler("other")), "seen-checkpoint"),
    ];
    for (change, code) in cases {
        let report = changed(change);
        let (found, _, compares) = first(&report);
        assert_eq!((found, compares), (code, true), "{:?}", report.findings);
    }
    let other = changed(|draft| {
        draft.sequencer = secret("service");
        draft.head.sequencer = crate::world::public("service");
    });
    assert_eq!((first(&other).0, first(&other).2), ("sequencer-not-started", true));
}

#[test]
fn a_wrong_signature_is_named_as_whose_it_is() {
    let ledger = ledger();
    let flipped = |block: usize, from_end: usize| {
        let mut blocks = ledger.blocks[..=block].to_vec();
        let at = blocks[block].len() - from_end;
        blocks[block][at] ^= 1;
        with(&blocks, evidence(operator(), Vec::new()))
    };
    let report = flipped(4, 1);
    assert_eq!(
        (found(&report), first(&report).0),
        (vec![("block-signature", Some(6), None)], "block-signature")
    );
    assert!(first(&report).1.contains("the block's signature"), "{}", first(&report).1);
    // Before the block's 64 bytes: the second person's, then who that is, then the author's.
    let report = flipped(4, 65);
    assert_eq!(first(&report).0, "second-signature");
    assert!(first(&report).1.contains("the second person's signature"), "{}", first(&report).1);
    let report = flipped(4, 64 + 64 + 32 + 2);
    assert_eq!(first(&report).0, "author-signature");
    assert!(first(&report).1.contains("the author's signature"), "{}", first(&report).1);
}

#[test]
fn what_ended_the_reading_is_said_once() {
    let ledger = ledger();
    let mut blocks = ledger.blocks.clone();
    blocks[5].truncate(100);
    let end = LogEnd::Damaged { what: "damaged".to_owned(), is_next: true };
    let report = audit(&blocks, Request { evidence: sound(&ledger), ..Request::default() }, end);
    assert_eq!(found(&report), [("block-undecodable", Some(7), None)], "and not the damage beyond it");
    // The key that signed the checkpoint came in record 10: nobody can say that it is the wrong one.
    assert!(!report.checkpoints[0].agrees && report.checkpoints[0].what.starts_with("not compared"));
    let stranger = Checkpoint::new(ORIGIN, 7, ledger.chains[5].frontier.root()).expect("sound");
    let stranger = published(&stranger.sign(&secret("checkpoint 2")).expect("short"));
    let report = with(&blocks, evidence(operator(), vec![stranger]));
    assert!(found(&report).contains(&("checkpoint-signature", None, None)), "of what was read it is");
    // What was not read may hold what a receipt promises.
    let receipts = vec![receipt(&ledger, 6, 8)];
    let report = with(&blocks, super::Evidence { receipts, ..sound(&ledger) });
    assert_eq!((found(&report), report.counts.receipts), (vec![("block-undecodable", Some(7), None)], 0));
    // A fault in a block of one record, which its own signature does not cover either: one record, and no span.
    let mut bytes = ledger.blocks[4].clone();
    bytes[41] ^= 1;
    let report = with(&[&ledger.blocks[..4], &[bytes]].concat(), evidence(operator(), Vec::new()));
    assert_eq!(found(&report), [("block-position", Some(6), None), ("block-signature", Some(6), None)]);
    // A torn end that was promised is missing, and not pending.
    let torn = || LogEnd::Torn { what: "torn".to_owned() };
    let request = || Request { evidence: sound(&ledger), ..Request::default() };
    assert_eq!(audit(&ledger.blocks[..12], request(), torn()).pending.torn, None);
    assert_eq!(audit(&ledger.blocks, request(), torn()).pending.torn.as_deref(), Some("torn"));
    // Of a log that is not there, it is not said that it is another.
    let remembered = Remembered { ledger: LedgerId(filler("other")), size: 9, root: Hash(filler("root")) };
    let nothing = super::Evidence { remembered: Some(remembered), ..evidence(operator(), Vec::new()) };
    assert!(found(&with(&[], nothing)).iter().all(|(code, ..)| *code != "other-ledger"));
}

#[test]
fn a_founding_by_one_is_told_how_many_signatures_it_has() {
    let said = vec![("alice", None, open(OpenEvent::LedgerOpened(opened())))];
    let mut draft = Draft::after(&Chain::before_opening(), "service", said);
    draft.head.ledger = ledger_id(&draft.records[0].unsigned_fields().bytes());
    let bytes = draft.fields().bytes();
    let block = Block::decode(&bytes).expect("sound bytes");
    let fault = Chain::before_opening().take(&block, &mut Vec::new(), |_, _| {}).expect_err("two are needed");
    let refusal = OpenRefusal::SignatureCount { kind: OpenKind::LedgerOpened, needed: 2, found: 1 };
    assert_eq!(fault.kind, FaultKind::Open(refusal));
}

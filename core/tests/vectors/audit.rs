//! The audit of the accepted ledger, sound and not: what it rests on, what it finds, and where.

mod faults;
mod long;
mod words;

use vandel_core::block::Block;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::{Hash, leaf_hash, sha256};
use vandel_core::id::LedgerId;
use vandel_core::merkle::{NodeMemory, inclusion_proof};
use vandel_core::note::{KeyKind, Note, NoteSignature, VerifierKey};
use vandel_core::trust::parse_trust;
use vandel_core::verify::{
    Anchor, Audit, CheckpointSource, Evidence, Level, LogEnd, ReceiptEvidence, Remembered, Report, Request,
    SignedCheckpoint, TrustFile, Verdict,
};

use crate::ledger::Ledger;
use crate::payloads;
use crate::world::{START, filler, public, second, secret};

const ORIGIN: &str = "vandel.example/vectors";
const WITNESS: &str = "witness.example/one";

fn ledger() -> Ledger {
    Ledger::build(&payloads::commitments())
}

fn key(name: &str, kind: KeyKind, of: &str) -> VerifierKey {
    VerifierKey::new(name, kind, &public(of)).expect("a sound key")
}

fn trusted(text: &str) -> Option<TrustFile> {
    let trust = parse_trust(text.as_bytes()).expect("a trust file");
    Some(TrustFile {
        file: "trust.policy".to_owned(),
        hash: sha256(&[text.as_bytes()]),
        trust,
        is_inside: false,
    })
}

/// The log's own key, and nobody else.
fn operator() -> Option<TrustFile> {
    trusted(&format!("log {}\nquorum none\n", key(ORIGIN, KeyKind::Ed25519, "checkpoint")))
}

fn witnessed_by(name: &str) -> Option<TrustFile> {
    let log = key(ORIGIN, KeyKind::Ed25519, "checkpoint");
    trusted(&format!("log {log}\nwitness one {}\nquorum one\n", key(WITNESS, KeyKind::Cosignature, name)))
}

/// A checkpoint of the chain after so many blocks, or with another root.
fn checkpoint(ledger: &Ledger, blocks: usize, root: Option<Hash>) -> Note {
    let chain = &ledger.chains[blocks];
    signed(chain.size(), root.unwrap_or_else(|| chain.frontier.root()))
}

fn signed(size: u64, root: Hash) -> Note {
    // The checkpoint key is replaced in record 10.
    let name = if size <= 10 { "checkpoint" } else { "checkpoint 2" };
    Checkpoint::new(ORIGIN, size, root).expect("an origin").sign(&secret(name)).expect("a short note")
}

fn cosigned(mut note: Note, name: &str) -> Note {
    let line =
        NoteSignature::cosign(WITNESS, &secret(name), second(START + 900), note.text()).expect("a name");
    note.attach(line).expect("room");
    note
}

fn published(note: &Note) -> SignedCheckpoint {
    SignedCheckpoint { source: CheckpointSource::Published, note: note.to_string().into_bytes() }
}

fn kept(note: &Note) -> SignedCheckpoint {
    let source = CheckpointSource::Kept("kept".to_owned());
    SignedCheckpoint { source, note: note.to_string().into_bytes() }
}

fn evidence(trust: Option<TrustFile>, checkpoints: Vec<SignedCheckpoint>) -> Evidence {
    Evidence { trust, checkpoints, ..Evidence::default() }
}

fn audit(blocks: &[Vec<u8>], request: Request, end: LogEnd) -> Report {
    let mut audit = Audit::new(request, None);
    blocks.iter().for_each(|block| audit.block(block.clone()));
    audit.finish(end)
}

fn with(blocks: &[Vec<u8>], evidence: Evidence) -> Report {
    audit(blocks, Request { evidence, ..Request::default() }, LogEnd::Whole)
}

/// The codes of the findings with the first and the last record concerned.
fn found(report: &Report) -> Vec<(&str, Option<u64>, Option<u64>)> {
    report.findings.iter().map(|one| (one.code.as_str(), one.record, one.through)).collect()
}

/// How many signatures stand in blocks: of each author, each second person, each block.
fn signatures(blocks: &[Vec<u8>]) -> u64 {
    let of = |bytes: &Vec<u8>| {
        let block = Block::decode(bytes).expect("sound");
        let twice = block.records.iter().filter(|record| record.statement.second.is_some()).count();
        1 + block.records.len() + twice
    };
    blocks.iter().map(of).sum::<usize>() as u64
}

#[test]
fn a_sound_ledger_is_verified_and_the_report_says_what_was_looked_at() {
    let ledger = ledger();
    let report = with(&ledger.blocks, evidence(operator(), vec![published(&checkpoint(&ledger, 13, None))]));
    assert_eq!((report.exit, report.verdict), (0, Verdict::Passed), "{:?}", report.not_proven);
    assert_eq!((report.anchor.kind, report.anchor.size), (Anchor::Operator, 20));
    let counts = &report.counts;
    assert_eq!((counts.blocks, counts.records, counts.open, counts.sealed), (13, 20, 17, 3));
    assert_eq!(
        counts.signatures,
        signatures(&ledger.blocks),
        "every signature of authors, second people and blocks"
    );
    assert_eq!((counts.signatures_before, counts.seen_checkpoints, counts.receipts), (0, 20, 0));
    assert_eq!(report.root, ledger.chains[13].frontier.root().to_string());
    assert_eq!((report.pending.records, report.pending.first), (0, None));
    assert!(
        report.summary.contains("20 records") && report.summary.contains("operator"),
        "{}",
        report.summary
    );
    let [integrity, coverage, conduct] = &report.levels[..] else { panic!("three levels") };
    assert_eq!(
        (integrity.level, integrity.verdict, integrity.asked),
        (Level::Integrity, Verdict::Passed, true)
    );
    assert_eq!((coverage.verdict, conduct.verdict), (Verdict::NotChecked, Verdict::NotChecked));
    let sizes: Vec<u64> = report.log_keys.iter().map(|key| key.from_size).collect();
    assert_eq!(sizes, [0, 11]);
    let trust = report.trust.as_ref().expect("a trust file");
    assert!(trust.names_this_log && !trust.asks_for_witnesses && !trust.quorum_met && trust.witnesses == 0);
    assert!(report.checkpoints[0].agrees && report.checkpoints[0].size == Some(20));
    assert!(report.suspects.is_empty(), "the key that was revoked as suspect has signed nothing");
    // What was remembered of it lets the next audit begin there.
    assert_eq!(
        report.to_remember().map(|seen| (seen.size, seen.root)),
        Some((20, ledger.chains[13].frontier.root()))
    );
}

#[test]
fn nothing_is_proven_without_an_anchor() {
    let ledger = ledger();
    let note = checkpoint(&ledger, 13, None);
    let nobody = with(&ledger.blocks, evidence(None, vec![published(&note)]));
    assert_eq!((nobody.exit, nobody.anchor.kind, nobody.not_proven.len()), (4, Anchor::None, 1));
    assert!(nobody.to_remember().is_none() && nobody.not_proven[0].contains("no trust file"));
    let unsigned = with(&ledger.blocks, evidence(operator(), Vec::new()));
    assert_eq!((unsigned.exit, unsigned.anchor.kind), (4, Anchor::None));
    assert!(unsigned.not_proven[0].contains("no signed checkpoint"));
    assert_eq!(
        (unsigned.pending.records, unsigned.pending.first, unsigned.pending.last),
        (20, Some(0), Some(19))
    );
    let nameless =
        trusted(&format!("witness one {}\nquorum one\n", key(WITNESS, KeyKind::Cosignature, "witness")));
    let nameless =
        with(&ledger.blocks, evidence(nameless, vec![published(&cosigned(note.clone(), "witness"))]));
    assert_eq!((nameless.exit, nameless.anchor.kind, nameless.anchor.size), (4, Anchor::None, 0));
    assert!(
        nameless.not_proven.iter().any(|why| why.contains("names no checkpoint key")),
        "{:?}",
        nameless.not_proven
    );
    let other = trusted(&format!("log {}\nquorum none\n", key(ORIGIN, KeyKind::Ed25519, "checkpoint 2")));
    let other = with(&ledger.blocks, evidence(other, vec![published(&note)]));
    assert_eq!((other.exit, found(&other)[0]), (3, ("trust-other-log", Some(0), None)));
    let renamed =
        trusted(&format!("log {}\nquorum none\n", key("other.example", KeyKind::Ed25519, "checkpoint")));
    assert_eq!(with(&ledger.blocks, evidence(renamed, vec![published(&note)])).exit, 3);
}

#[test]
fn a_quorum_is_met_by_outsiders_alone() {
    let ledger = ledger();
    let note = checkpoint(&ledger, 13, None);
    let seen = with(
        &ledger.blocks,
        evidence(witnessed_by("witness"), vec![published(&cosigned(note.clone(), "witness"))]),
    );
    assert_eq!((seen.exit, seen.anchor.kind, seen.anchor.size), (0, Anchor::Witnessed, 20));
    let trust = seen.trust.as_ref().expect("a trust file");
    assert!(trust.asks_for_witnesses && trust.quorum_met && trust.witnesses == 1);
    assert_eq!(seen.checkpoints[0].cosignatures.len(), 1);
    let unseen = with(&ledger.blocks, evidence(witnessed_by("witness"), vec![published(&note)]));
    assert_eq!((unseen.exit, unseen.anchor.kind, unseen.anchor.size), (4, Anchor::Operator, 20));
    for own in ["alice", "carol", "service 2", "checkpoint 2", "erik"] {
        let report =
            with(&ledger.blocks, evidence(witnessed_by(own), vec![published(&cosigned(note.clone(), own))]));
        assert_eq!((report.exit, report.anchor.kind), (4, Anchor::Operator), "{own}");
        assert!(report.not_looked_at.iter().any(|line| line.contains("no witness to itself")), "{own}");
    }
    let demand = |trust, note: &Note| {
        let evidence = evidence(trust, vec![published(note)]);
        audit(
            &ledger.blocks,
            Request { evidence, require_witnessed: true, ..Request::default() },
            LogEnd::Whole,
        )
        .exit
    };
    assert_eq!(demand(operator(), &note), 4, "the trust file asks for none, and one is demanded");
    assert_eq!(demand(witnessed_by("witness"), &cosigned(note, "witness")), 0);
    // Older and witnessed, newer and not: as far as was witnessed.
    let older = cosigned(checkpoint(&ledger, 6, None), "witness");
    let both = vec![published(&checkpoint(&ledger, 13, None)), published(&older)];
    let report = with(&ledger.blocks, evidence(witnessed_by("witness"), both));
    assert_eq!((report.exit, report.anchor.kind, report.anchor.size), (0, Anchor::Witnessed, 9));
}

#[test]
fn what_was_kept_and_what_is_remembered_is_held_against_the_log() {
    let ledger = ledger();
    let newest = published(&checkpoint(&ledger, 13, None));
    let report =
        with(&ledger.blocks, evidence(operator(), vec![newest.clone(), kept(&checkpoint(&ledger, 6, None))]));
    assert_eq!((report.exit, report.anchor.kind, report.anchor.size), (0, Anchor::Remembered, 9));
    let fork = Some(Hash(filler("fork")));
    // They part somewhere between the largest size on which they agree and the one on which they do not.
    let forked = vec![newest.clone(), kept(&checkpoint(&ledger, 6, fork))];
    let report = with(&ledger.blocks, evidence(operator(), forked));
    assert_eq!((report.exit, found(&report)), (3, vec![("checkpoint-root", Some(0), Some(8))]));
    let nearer = vec![published(&checkpoint(&ledger, 3, None)), kept(&checkpoint(&ledger, 6, fork))];
    assert_eq!(
        found(&with(&ledger.blocks, evidence(operator(), nearer))),
        [("checkpoint-root", Some(5), Some(8))]
    );
    let next = vec![published(&checkpoint(&ledger, 9, None)), kept(&checkpoint(&ledger, 10, fork))];
    assert_eq!(
        found(&with(&ledger.blocks, evidence(operator(), next))),
        [("checkpoint-root", Some(16), None)]
    );
    // Of one size, and one of the two is this log's.
    let last = vec![newest.clone(), kept(&checkpoint(&ledger, 13, fork))];
    assert_eq!(
        found(&with(&ledger.blocks, evidence(operator(), last))),
        [("checkpoint-root", Some(0), Some(19))]
    );
    let beyond = vec![newest.clone(), kept(&signed(25, Hash(filler("beyond"))))];
    let report = with(&ledger.blocks, evidence(operator(), beyond));
    assert_eq!((report.exit, found(&report)), (3, vec![("records-missing", Some(20), Some(24))]));

    let remembered = |ledger_id, size, root| Evidence {
        remembered: Some(Remembered { ledger: ledger_id, size, root }),
        ..evidence(None, Vec::new())
    };
    let middle = ledger.chains[6].frontier.root();
    let report = with(&ledger.blocks, remembered(ledger.id(), 9, middle));
    assert_eq!((report.exit, report.anchor.kind, report.anchor.size), (0, Anchor::Remembered, 9));
    let nothing = with(&ledger.blocks, remembered(ledger.id(), 0, vandel_core::merkle::empty_root()));
    assert_eq!((nothing.exit, nothing.anchor.kind), (4, Anchor::None), "nothing was verified before");
    let cases = [
        (ledger.id(), 9, Hash(filler("fork")), ("remembered", Some(0), Some(8))),
        (ledger.id(), 30, middle, ("records-missing", Some(20), Some(29))),
        (LedgerId(filler("other")), 9, middle, ("other-ledger", Some(0), None)),
    ];
    for (id, size, root, expected) in cases {
        let report = with(&ledger.blocks, remembered(id, size, root));
        assert_eq!((report.exit, found(&report)), (3, vec![expected]));
    }
    let pinned = Evidence { ledger: Some(LedgerId(filler("other"))), ..evidence(operator(), vec![newest]) };
    assert_eq!(found(&with(&ledger.blocks, pinned))[0], ("other-ledger", Some(0), None));
}

#[test]
fn a_checkpoint_that_is_none_of_this_log_is_refused() {
    let ledger = ledger();
    let tip = ledger.chains[13].tip();
    let by = |origin: &str, name: &str, size| {
        let note =
            Checkpoint::new(origin, size, tip.root).expect("an origin").sign(&secret(name)).expect("short");
        published(&note)
    };
    let garbage = SignedCheckpoint { source: CheckpointSource::Memory, note: b"no note".to_vec() };
    let cases = [
        (by("other.example", "checkpoint 2", 20), "checkpoint-other-log"),
        (by(ORIGIN, "checkpoint", 20), "checkpoint-signature"),
        (by(ORIGIN, "checkpoint 2", 9), "checkpoint-signature"),
        (garbage, "checkpoint-unreadable"),
    ];
    for (note, code) in cases {
        let report = with(&ledger.blocks, evidence(operator(), vec![note]));
        assert_eq!((report.exit, found(&report)), (3, vec![(code, None, None)]));
        assert!(!report.checkpoints[0].agrees);
    }
}

/// A receipt for a record, by the checkpoint after so many blocks.
fn receipt(ledger: &Ledger, blocks: usize, record: u64) -> ReceiptEvidence {
    let mut nodes = NodeMemory::new();
    let mut hashes = Vec::new();
    for bytes in &ledger.blocks[..blocks] {
        for one in &Block::decode(bytes).expect("sound").records {
            hashes.push(leaf_hash(one.bytes));
            nodes.append(leaf_hash(one.bytes));
        }
    }
    let size = hashes.len() as u64;
    ReceiptEvidence {
        source: "mine".to_owned(),
        record,
        hash: hashes[usize::try_from(record).expect("few")],
        proof: inclusion_proof(&nodes, record, size).expect("a proof"),
        checkpoint: checkpoint(ledger, blocks, None).to_string(),
    }
}

#[test]
fn a_receipt_holds_the_log_to_its_record() {
    let ledger = ledger();
    let note = checkpoint(&ledger, 13, None);
    let brought = |receipts| Evidence { receipts, ..evidence(operator(), vec![published(&note)]) };
    let sound = receipt(&ledger, 10, 7);
    let report = with(&ledger.blocks, brought(vec![sound.clone()]));
    assert_eq!((report.exit, report.counts.receipts), (0, 1));
    // Its checkpoint alone is an anchor, as far as it goes.
    let alone = Evidence { receipts: vec![sound.clone()], ..evidence(operator(), Vec::new()) };
    let report = with(&ledger.blocks, alone);
    assert_eq!((report.exit, report.anchor.kind, report.anchor.size), (0, Anchor::Operator, 17));
    // The log was cut before what was promised.
    let cut = Evidence { receipts: vec![receipt(&ledger, 13, 19)], ..evidence(operator(), Vec::new()) };
    let report = with(&ledger.blocks[..12], cut);
    let codes = found(&report);
    assert_eq!(report.exit, 3);
    assert!(
        codes.contains(&("receipt", Some(19), None))
            && codes.contains(&("records-missing", Some(19), Some(19))),
        "{codes:?}"
    );
    // Another log: one block more than the log has, and another record in the place.
    let fork = Ledger::build(&[0, 1, 2].map(|index| Hash(filler(&format!("other commitment {index}")))));
    let report = with(&ledger.blocks, brought(vec![receipt(&fork, 13, 8)]));
    assert_eq!(report.exit, 3);
    assert!(found(&report).contains(&("receipt", Some(8), None)), "{:?}", found(&report));
    let mut wrong = sound.clone();
    wrong.proof[0] = Hash(filler("wrong"));
    let unsigned = ReceiptEvidence { checkpoint: "nothing".to_owned(), ..sound };
    for proves_nothing in [wrong, unsigned] {
        let report = with(&ledger.blocks, brought(vec![proves_nothing]));
        assert_eq!((report.exit, report.counts.receipts), (0, 0));
        assert!(
            report.not_looked_at.iter().any(|line| line.contains("Receipt mine")),
            "{:?}",
            report.not_looked_at
        );
    }
}

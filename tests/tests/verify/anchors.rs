//! Trust, checkpoints, memory, receipts, the auditor's own state: what each shows and what it doesn't.

use std::sync::Arc;

use vandel_core::verify::{Anchor, Level, ReceiptEvidence, Verdict};
use vandel_ledger::audit::{AuditError, AuditOptions, audit};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_tests::ledger_builder::LedgerBuilder;
use vandel_tests::operator::Operator;

use crate::{blocks_of, options, run, run_home, with_a_case, write_copy};

#[test]
fn a_sound_home_verifies_and_says_what_that_rests_on() {
    let built = with_a_case();
    let report = run_home(&built);
    assert_eq!((report.exit, report.anchor.kind), (0, Anchor::Operator), "{report:#?}");
    assert!(report.anchor.could_have_rewritten.starts_with("The operator"));
    assert!(!report.anchor.undetected.is_empty());
    assert!(report.trust.as_ref().unwrap().inside_audited_folder);
    assert!(report.levels.iter().all(|level| level.verdict == Verdict::Passed), "{:?}", report.levels);
    assert_eq!(report.counts.records, report.counts.open + report.counts.sealed);
    assert_eq!((report.counts.sealed, report.counts.commitments, report.counts.threads), (4, 4, 2));
    assert_eq!(report.pending.records, 0);
    let extract = report.rules.iter().find(|rule| rule.rule == "extract").unwrap();
    assert_eq!((extract.recheck, extract.attested), ("attested", 1));

    let copy = write_copy(&built, "copy", &blocks_of(&built));
    let trust = built.folder().join("trust.policy");
    std::fs::copy(built.home.trust(), &trust).unwrap();
    let of_copy = run(options(&copy, Some(trust.clone())));
    assert_eq!((of_copy.exit, of_copy.size, &of_copy.root), (0, report.size, &report.root));
    assert!(!of_copy.trust.as_ref().unwrap().inside_audited_folder);
    assert_eq!(of_copy.levels[1].verdict, Verdict::NotChecked);
    let of_segments = run(options(&copy.join("log"), Some(trust)));
    assert_eq!((of_segments.exit, of_segments.root), (0, of_copy.root));
}

#[test]
fn without_an_anchor_the_answer_is_not_proven() {
    let built = with_a_case();
    let unanchored = run(options(built.home.root(), None));
    assert_eq!((unanchored.exit, unanchored.anchor.kind), (4, Anchor::None));
    let witnessed =
        AuditOptions { require_witnessed: true, ..options(built.home.root(), Some(built.home.trust())) };
    assert_eq!(run(witnessed).exit, 4);

    let copy = write_copy(&built, "copy", &blocks_of(&built));
    let levels = Some([Level::Conduct].into());
    let asked = AuditOptions { levels, ..options(&copy, Some(built.home.trust())) };
    assert_eq!(run(asked).exit, 4, "a level without its data");
    std::fs::remove_file(copy.join("checkpoint")).unwrap();
    assert_eq!(run(options(&copy, Some(built.home.trust()))).exit, 4, "no checkpoint");
}

#[test]
fn a_trust_file_that_is_not_there_is_not_found() {
    let built = with_a_case();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let missing = options(built.home.root(), Some(built.folder().join("nothing")));
    let error = audit(&disk, missing, &mut |_| ()).unwrap_err();
    assert_eq!(error.exit_code(), 7, "{error}");
    // A folder in its place is there and can't be read.
    let folder = options(built.home.root(), Some(built.folder().to_owned()));
    assert_eq!(audit(&disk, folder, &mut |_| ()).unwrap_err().exit_code(), 5);
}

#[test]
fn another_ledgers_trust_file_or_id_is_a_violation() {
    let (built, other) = (with_a_case(), LedgerBuilder::found());
    let report = run(options(built.home.root(), Some(other.home.trust())));
    assert_eq!((report.exit, report.findings[0].code.as_str()), (3, "trust-other-log"));
    let pinned =
        AuditOptions { ledger: Some(other.ledger), ..options(built.home.root(), Some(built.home.trust())) };
    assert_eq!(run(pinned).findings[0].code, "other-ledger");
}

/// The operator dates the last record later and seals everything again.
#[test]
fn a_history_sealed_again_is_found_by_whatever_was_left() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let receipts = built.case(&mut open.sequencer, 0x11);
    let before = open.sequencer.checkpoint().to_owned();
    open.close().unwrap();
    let outside = built.folder().join("auditor");
    std::fs::create_dir(&outside).unwrap();
    let state = outside.join("state");
    let trust = || Some(built.home.trust());
    let with_state = || AuditOptions { state: Some(state.clone()), ..options(built.home.root(), trust()) };
    assert_eq!(run(with_state()).anchor.kind, Anchor::Operator, "nothing is remembered yet");
    assert_eq!(run(with_state()).anchor.kind, Anchor::Remembered);
    std::fs::write(outside.join("kept"), before).unwrap();
    let folder = outside.join("receipts");
    std::fs::create_dir(&folder).unwrap();
    for receipt in &receipts {
        let (record, hash) = (receipt.record, receipt.hash);
        let (proof, checkpoint) = (receipt.proof.clone(), receipt.checkpoint.clone());
        let evidence = ReceiptEvidence {
            source: String::new(),
            record,
            hash,
            proof,
            checkpoint: checkpoint.to_string(),
        };
        std::fs::write(folder.join(format!("{record}")), evidence.to_string()).unwrap();
    }

    let operator = Operator::of(&built);
    let mut history = operator.history(&built);
    history.last_mut().unwrap().last_mut().unwrap().0.0 += 3_600;
    operator.rewrite(&built, &history);
    let last = receipts.last().unwrap().record;

    let by_memory = run_home(&built);
    assert_eq!(
        (by_memory.exit, by_memory.findings[0].code.as_str()),
        (3, "checkpoint-root"),
        "{by_memory:#?}"
    );
    std::fs::copy(built.home.checkpoint(), built.home.memory().join("checkpoint")).unwrap();
    let undetected = run_home(&built);
    assert_eq!((undetected.exit, undetected.anchor.kind), (0, Anchor::Operator));
    assert!(undetected.anchor.undetected[0].contains("sealed again with the operator's own keys"));

    let by_state = run(with_state());
    assert_eq!((by_state.exit, by_state.findings[0].code.as_str()), (3, "remembered"));
    let kept = AuditOptions { kept: vec![outside.join("kept")], ..options(built.home.root(), trust()) };
    assert_eq!(run(kept).exit, 3);
    let receipts = AuditOptions { receipts: Some(folder), ..options(built.home.root(), trust()) };
    let by_receipts = run(receipts);
    assert_eq!((by_receipts.exit, by_receipts.findings[0].record), (3, Some(last)));
    assert_eq!(by_receipts.findings[0].code, "receipt");
    assert_eq!(by_receipts.counts.receipts, 4);
}

/// The operator cuts the last blocks and signs the shorter tree.
#[test]
fn a_cut_tail_is_found_by_whatever_remembers_it() {
    let built = with_a_case();
    let outside = built.folder().join("auditor");
    std::fs::create_dir(&outside).unwrap();
    let state = Some(outside.join("state"));
    let with_state =
        || AuditOptions { state: state.clone(), ..options(built.home.root(), Some(built.home.trust())) };
    let size = run(with_state()).size;
    let operator = Operator::of(&built);
    let whole = operator.history(&built);
    for cut in 1..whole.len() {
        let left: u64 = whole[..whole.len() - cut].iter().map(|block| block.len() as u64).sum();
        operator.rewrite(&built, &whole[..whole.len() - cut]);
        for report in [run_home(&built), run(with_state())] {
            assert_eq!(report.exit, 3);
            let finding = &report.findings[0];
            assert_eq!((finding.code.as_str(), finding.record), ("records-missing", Some(left)));
            assert_eq!(finding.expected, Some(size.to_string()));
        }
    }
}

#[test]
fn sound_records_beyond_the_checkpoint_are_pending_and_torn_bytes_are_named() {
    let built = with_a_case();
    let old = std::fs::read(built.home.checkpoint()).unwrap();
    let size = run_home(&built).size;
    let mut open = built.open();
    built.case(&mut open.sequencer, 0x22);
    open.close().unwrap();
    std::fs::write(built.home.checkpoint(), &old).unwrap();
    std::fs::write(built.home.memory().join("checkpoint"), &old).unwrap();
    let report = run_home(&built);
    assert_eq!(
        (report.exit, report.pending.records, report.pending.first),
        (0, 4, Some(size)),
        "{report:#?}"
    );

    let segment = std::fs::read_dir(built.home.log()).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &bytes[..bytes.len() - 1]).unwrap();
    let report = run_home(&built);
    assert_eq!((report.exit, report.pending.records), (0, 3));
    assert!(report.pending.torn.is_some());
}

#[test]
fn what_the_audited_party_could_write_is_no_memory_of_the_auditor() {
    let built = with_a_case();
    let inside = AuditOptions {
        state: Some(built.home.public().join("state")),
        ..options(built.home.root(), Some(built.home.trust()))
    };
    let disk: std::sync::Arc<dyn vandel_ledger::disk::Disk> =
        std::sync::Arc::new(vandel_ledger::disk::RealDisk);
    let refused = vandel_ledger::audit::audit(&disk, inside, &mut |_| ());
    assert!(matches!(refused, Err(AuditError::StateInside(_))));
    let kept = AuditOptions {
        kept: vec![built.home.checkpoint()],
        ..options(built.home.root(), Some(built.home.trust()))
    };
    assert_eq!(run(kept).anchor.kind, Anchor::Operator);
}

//! A ledger, and three verifiers that judge changed copies of it.

use rayon::prelude::*;
use serde_json::{Value, json};
use vandel_core::block::Block;
use vandel_core::event::{Kind, Process, Role};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::trust::parse_trust;
use vandel_core::verify::{
    Audit, CheckpointSource, Evidence, LogEnd, ReceiptEvidence, Report, Request, SignedCheckpoint, TrustFile,
};
use vandel_ledger::author::sign_step;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_ledger::submission::Submission;
use vandel_tests::independent::{Batch, Independent, hex};
use vandel_tests::ledger_builder::{LedgerBuilder, next_step, position_assessment};
use vandel_tests::operator::{Operator, blocks_of};

/// A ledger of so many records, in blocks of one to four.
pub(crate) fn ledger(records: u64) -> LedgerBuilder {
    let built = LedgerBuilder::found_without_policy();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    let extra = signer::generate().unwrap();
    built.enrol(sequencer, &extra, ActorId([4; 16]), Role::Reviewer);
    let mut made = 0_u8;
    for size in (1..=4).cycle() {
        let left = records - sequencer.chain().size();
        if left == 0 {
            break;
        }
        let groups = (0..size.min(left)).map(|_| {
            made += 1;
            vec![assessment(&built, sequencer, made)]
        });
        let groups = groups.collect();
        assert!(sequencer.commit(groups).iter().all(Result::is_ok));
    }
    open.close().unwrap();
    built
}

/// A step of its own thread.
pub(crate) fn assessment(built: &LedgerBuilder, sequencer: &Sequencer, seed: u8) -> Submission {
    let step = next_step(sequencer, ThreadId([seed; 16]), Kind::PositionAssessed, |step| {
        step.process = Some(Process::PositionAssessed(position_assessment()));
    });
    sign_step(&sequencer.standpoint(), &built.decider, None, &step, None).unwrap().submission
}

/// What an auditor brings besides the log.
#[derive(Clone, Default)]
pub(crate) struct Brings {
    pub(crate) published: Vec<Vec<u8>>,
    pub(crate) kept: Vec<Vec<u8>>,
    pub(crate) receipts: Vec<String>,
}

/// A changed copy, and whether all three are asked about it.
pub(crate) struct Case {
    pub(crate) blocks: Vec<Vec<u8>>,
    pub(crate) brings: Brings,
    pub(crate) asked: bool,
}

/// What three verifiers said, alike.
pub(crate) struct Judged {
    pub(crate) exit: u8,
    pub(crate) record: Option<u64>,
    /// The check that found it, by the name that `vandel verify --json` gives it.
    pub(crate) check: String,
}

/// A ledger and who judges it.
pub(crate) struct Three {
    pub(crate) built: LedgerBuilder,
    pub(crate) blocks: Vec<Vec<u8>>,
    pub(crate) operator: Operator,
    pub(crate) trust: String,
    pub(crate) checkpoint: String,
    pub(crate) others: Vec<Batch>,
}

impl Three {
    pub(crate) fn on(built: LedgerBuilder) -> Self {
        let blocks = blocks_of(&built);
        let mut others: Vec<Batch> = Independent::all().iter().map(Independent::batch).collect();
        let base: Vec<String> = blocks.iter().map(|block| hex(block)).collect();
        for other in &mut others {
            assert_eq!(other.ask(&json!({ "base": base })), json!({ "base": base.len() }));
        }
        let trust = std::fs::read_to_string(built.home.trust()).unwrap();
        let checkpoint = std::fs::read_to_string(built.home.checkpoint()).unwrap();
        let operator = Operator::of(&built);
        let mut three = Self { built, blocks, operator, trust, checkpoint, others };
        let (sound, brings) = (three.blocks.clone(), three.as_published());
        assert_eq!(three.judge(&sound, &brings, true).exit, 0, "the ledger is sound");
        three
    }

    /// What is published with the ledger.
    pub(crate) fn as_published(&self) -> Brings {
        Brings { published: vec![self.checkpoint.clone().into_bytes()], ..Brings::default() }
    }

    /// First and last record of each block.
    pub(crate) fn spans(&self) -> Vec<(u64, u64)> {
        let span = |bytes: &Vec<u8>| {
            let block = Block::decode(bytes).unwrap();
            (block.head.first_record, block.next_record() - 1)
        };
        self.blocks.iter().map(span).collect()
    }

    /// Judges changed blocks; with `three` the others must say the same: exit code and record.
    pub(crate) fn judge(&mut self, changed: &[Vec<u8>], brings: &Brings, three: bool) -> Judged {
        let case = Case { blocks: changed.to_vec(), brings: brings.clone(), asked: three };
        self.judge_all(&[case]).remove(0)
    }

    /// Judges many copies: ours on all cores, then the others beside each other.
    pub(crate) fn judge_all(&mut self, cases: &[Case]) -> Vec<Judged> {
        let reports: Vec<Report> =
            cases.par_iter().map(|case| self.ours(&case.blocks, &case.brings)).collect();
        let asked: Vec<(Value, &Report)> = cases
            .iter()
            .zip(&reports)
            .filter(|(case, _)| case.asked)
            .map(|(case, report)| (self.case(&case.blocks, &case.brings), report))
            .collect();
        std::thread::scope(|scope| {
            for other in &mut self.others {
                scope.spawn(|| asked.iter().for_each(|(case, report)| agrees(other, case, report)));
            }
        });
        reports.iter().map(judged).collect()
    }

    fn ours(&self, changed: &[Vec<u8>], brings: &Brings) -> Report {
        let trust = parse_trust(self.trust.as_bytes()).unwrap();
        let trust = TrustFile { file: "trust.policy".to_owned(), hash: Hash::ZERO, trust, is_inside: false };
        let note = |source: CheckpointSource| {
            move |note: &Vec<u8>| SignedCheckpoint { source: source.clone(), note: note.clone() }
        };
        let published = brings.published.iter().map(note(CheckpointSource::Published));
        let kept = brings.kept.iter().map(note(CheckpointSource::Kept("kept".to_owned())));
        let receipt = |text: &String| ReceiptEvidence::parse("receipt", text).unwrap();
        let evidence = Evidence {
            trust: Some(trust),
            checkpoints: published.chain(kept).collect(),
            receipts: brings.receipts.iter().map(receipt).collect(),
            ..Evidence::default()
        };
        let mut audit = Audit::new(Request { evidence, ..Request::default() }, None);
        changed.iter().for_each(|block| audit.block(block.clone()));
        audit.finish(LogEnd::Whole)
    }

    /// The case as a change of the base.
    fn case(&self, changed: &[Vec<u8>], brings: &Brings) -> Value {
        let keep = self.blocks.iter().zip(changed).take_while(|(one, other)| one == other).count();
        let alike = self
            .blocks
            .iter()
            .rev()
            .zip(changed.iter().rev())
            .take_while(|(one, other)| one == other)
            .count();
        let alike = alike.min(changed.len() - keep).min(self.blocks.len() - keep);
        let between: Vec<String> =
            changed[keep..changed.len() - alike].iter().map(|block| hex(block)).collect();
        let notes = |notes: &[Vec<u8>]| notes.iter().map(|note| hex(note)).collect::<Vec<_>>();
        let receipts: Vec<String> = brings.receipts.iter().map(|text| hex(text.as_bytes())).collect();
        json!({
            "keep": keep, "blocks": between, "then": self.blocks.len() - alike, "trust": self.trust,
            "checkpoints": notes(&brings.published), "kept": notes(&brings.kept), "receipts": receipts,
        })
    }
}

fn judged(report: &Report) -> Judged {
    let finding = report.findings.first();
    let check = finding.map_or_else(|| report.not_proven.join("; "), |finding| finding.code.clone());
    Judged { exit: report.exit, record: finding.and_then(|finding| finding.record), check }
}

/// Another verifier says the same: the exit code, and the record of the first finding.
fn agrees(other: &mut Batch, case: &Value, report: &Report) {
    let verdict = other.ask(case);
    let said = (verdict["exit"].as_u64(), verdict["findings"][0]["record"].as_u64());
    let ours = (Some(u64::from(report.exit)), judged(report).record);
    assert_eq!(said, ours, "{}: {verdict:#}\nours: {:#?}", other.language, report.findings);
}

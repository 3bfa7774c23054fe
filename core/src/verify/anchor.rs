//! What a verdict rests on: the trust file, signed checkpoints, receipts, the auditor's own memory.

use crate::chain::Chain;
use crate::checkpoint::{Checkpoint, OpenCheckpoint};
use crate::hash::Hash;
use crate::id::{LedgerId, PublicKey};
use crate::merkle::verify_inclusion;
use crate::note::{KeyKind, Note, VerifierKey};
use crate::trust::Trust;
use crate::verify::finding::{Finding, Findings};
use crate::verify::receipt::ReceiptEvidence;
use crate::verify::remembered::Remembered;
use crate::verify::report::{Anchor, CheckpointReport, Level, TrustReport};

/// A trust file and where it came from.
#[derive(Clone, Debug)]
pub struct TrustFile {
    /// Its path, for the report.
    pub file: String,
    /// SHA-256 of its bytes.
    pub hash: Hash,
    /// What it says.
    pub trust: Trust,
    /// It lies inside the audited folder.
    pub is_inside: bool,
}

/// A signed checkpoint and where it came from.
#[derive(Clone, Debug)]
pub struct SignedCheckpoint {
    /// Where it came from.
    pub source: CheckpointSource,
    /// The note's bytes.
    pub note: Vec<u8>,
}

/// Where a checkpoint came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointSource {
    /// Published with the log.
    Published,
    /// The operator's memory; no witness, yet its disagreement is a finding.
    Memory,
    /// The auditor kept it from before: its file.
    Kept(String),
}

impl CheckpointSource {
    fn name(&self) -> String {
        match self {
            Self::Published => "published with the log".to_owned(),
            Self::Memory => "the operator's memory".to_owned(),
            Self::Kept(file) => format!("kept by the auditor ({file})"),
        }
    }
}

/// What the auditor brings.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The trust file.
    pub trust: Option<TrustFile>,
    /// Signed checkpoints.
    pub checkpoints: Vec<SignedCheckpoint>,
    /// What the auditor verified last time.
    pub remembered: Option<Remembered>,
    /// The ledger that it must be.
    pub ledger: Option<LedgerId>,
    /// Receipts of authors.
    pub receipts: Vec<ReceiptEvidence>,
}

/// What the evidence came to.
pub(super) struct Anchored {
    pub(super) anchor: Anchor,
    /// How many records the anchor covers.
    pub(super) size: u64,
    /// How many records any agreeing checkpoint covers.
    pub(super) confirmed: u64,
    /// The largest size that something signed or remembered speaks of.
    pub(super) claimed: u64,
    pub(super) is_witnessed: bool,
    /// The receipts that prove something, by their index.
    pub(super) receipts: Vec<usize>,
    pub(super) not_proven: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) trust: Option<TrustReport>,
    pub(super) checkpoints: Vec<CheckpointReport>,
}

/// A tree head that somebody vouches for, and what the log says to it.
struct Claim {
    source: String,
    size: u64,
    root: Hash,
    /// Its contradiction's code.
    code: &'static str,
}

/// Why a note could not be opened: no code of a finding.
const NOT_REACHED: &str = "not-reached";

/// What the log says to a claim.
enum Answer {
    Agrees,
    /// The log was not read that far.
    NotReached,
    Contradicts,
}

/// Weighs all evidence against the chain. `is_whole`: the log was judged to its end, so that what is
/// not there is missing.
pub(super) fn weigh(evidence: &Evidence, chain: &Chain, is_whole: bool, findings: &mut Findings) -> Anchored {
    Weighing { evidence, chain, is_whole, findings, agreeing: Vec::new(), contradicting: Vec::new() }.weigh()
}

struct Weighing<'a> {
    evidence: &'a Evidence,
    chain: &'a Chain,
    is_whole: bool,
    findings: &'a mut Findings,
    agreeing: Vec<u64>,
    contradicting: Vec<Claim>,
}

impl Weighing<'_> {
    fn weigh(mut self) -> Anchored {
        let names_this_log = self.trust_names_this_log();
        let mut out = Anchored {
            anchor: Anchor::None,
            size: 0,
            confirmed: 0,
            claimed: 0,
            is_witnessed: false,
            receipts: Vec::new(),
            not_proven: Vec::new(),
            notes: Vec::new(),
            trust: None,
            checkpoints: Vec::new(),
        };
        self.weigh_checkpoints(&mut out);
        self.weigh_receipts(&mut out);
        let remembered = self.weigh_remembered(&mut out);
        self.report_contradictions();
        out.trust = self.evidence.trust.as_ref().map(|file| TrustReport {
            file: file.file.clone(),
            sha256: file.hash.to_string(),
            inside_audited_folder: file.is_inside,
            names_this_log,
            witnesses: file.trust.witnesses().count(),
            asks_for_witnesses: file.trust.asks_for_witnesses(),
            quorum_met: out.is_witnessed,
        });
        self.choose(&mut out, names_this_log, remembered);
        out
    }

    /// The genesis checkpoint key, under the ledger's origin, must be one of the trust file's logs.
    fn trust_names_this_log(&mut self) -> bool {
        let Some(file) = &self.evidence.trust else { return false };
        let Some((_, genesis)) = self.chain.checkpoint_keys.first() else { return false };
        let logs = file.trust.logs();
        let named =
            logs.iter().any(|log| log.key.name() == self.chain.origin && log.key.public_key() == *genesis);
        if !named && !logs.is_empty() {
            let what = "the trust file names another log than this one";
            let expected: Vec<&str> = logs.iter().map(|log| log.key.name()).collect();
            let finding = Finding::new("trust-other-log", Level::Integrity, what).at(Some(0), 0);
            self.findings.add(finding.expected(expected.join(", "), &self.chain.origin));
        }
        named
    }

    fn weigh_checkpoints(&mut self, out: &mut Anchored) {
        for signed in &self.evidence.checkpoints {
            let source = signed.source.name();
            let mut report = CheckpointReport {
                source: source.clone(),
                size: None,
                root: None,
                agrees: false,
                what: String::new(),
                cosignatures: Vec::new(),
            };
            match self.open(&signed.note) {
                // Nothing was read that could tell whose checkpoint it is.
                _ if self.chain.blocks == 0 => report.what = Answer::NotReached.words().to_owned(),
                Err((NOT_REACHED, _)) => report.what = Answer::NotReached.words().to_owned(),
                Err((code, why)) => {
                    report.what = why.clone();
                    let what = format!("the checkpoint {source} is refused: {why}");
                    self.findings.add(Finding::new(code, Level::Integrity, what));
                }
                Ok(opened) => {
                    let (size, root) = (opened.checkpoint.size(), opened.checkpoint.root());
                    out.claimed = out.claimed.max(size);
                    (report.size, report.root) = (Some(size), Some(root.to_string()));
                    report.cosignatures =
                        opened.cosignatures.iter().map(|one| (one.name.clone(), one.time.0)).collect();
                    let claim = Claim { source, size, root, code: "checkpoint-root" };
                    let answer = self.answer(claim);
                    report.agrees = matches!(answer, Answer::Agrees);
                    report.what = answer.words().to_owned();
                    if report.agrees {
                        self.take_agreeing(out, signed, &opened);
                    }
                }
            }
            out.checkpoints.push(report);
        }
    }

    fn take_agreeing(&self, out: &mut Anchored, signed: &SignedCheckpoint, opened: &OpenCheckpoint) {
        let size = opened.checkpoint.size();
        out.confirmed = out.confirmed.max(size);
        if let CheckpointSource::Kept(_) = signed.source {
            out.anchor = Anchor::Remembered;
            out.size = out.size.max(size);
        }
        let Some(TrustFile { trust, .. }) = &self.evidence.trust else { return };
        let (outside, own): (Vec<PublicKey>, Vec<PublicKey>) =
            opened.cosigners().into_iter().partition(|key| !self.chain.is_own_key(key));
        out.notes.extend(own.iter().map(|key| {
            format!("The cosignature by {key}: it is a key of this ledger's own, and no witness to itself.")
        }));
        if trust.asks_for_witnesses() && trust.quorum_met(&outside) {
            out.is_witnessed = true;
            if out.anchor <= Anchor::Witnessed {
                out.anchor = Anchor::Witnessed;
                out.size = out.size.max(size);
            }
        }
    }

    /// Verifies a note with the key that the chain says signs checkpoints of its size.
    fn open(&self, note: &[u8]) -> Result<OpenCheckpoint, (&'static str, String)> {
        let unreadable = |error: &dyn std::fmt::Display| ("checkpoint-unreadable", error.to_string());
        let text = Note::parse(note).map_err(|error| unreadable(&error))?;
        let claimed: Checkpoint = text.text().parse().map_err(|error| unreadable(&error))?;
        if claimed.origin() != self.chain.origin {
            let why = format!("it is of {}, not of {}", claimed.origin(), self.chain.origin);
            return Err(("checkpoint-other-log", why));
        }
        let key = self.chain.checkpoint_key(claimed.size());
        let key = key.and_then(|key| VerifierKey::new(&self.chain.origin, KeyKind::Ed25519, &key).ok());
        let mut known: Vec<VerifierKey> = key.into_iter().collect();
        if let Some(file) = &self.evidence.trust {
            known.extend(file.trust.witnesses().map(|witness| witness.key.clone()));
        }
        Checkpoint::open(note, &known).map_err(|error| {
            // What could not be read may have brought the key that signed it.
            let code = if self.reaches(claimed.size()) { "checkpoint-signature" } else { NOT_REACHED };
            (code, error.to_string())
        })
    }

    /// Whether the log was read as far as a tree of this size. Where reading stopped inside a block, its first records
    /// have no root to compare with.
    fn reaches(&self, size: u64) -> bool {
        self.is_whole || size <= self.chain.roots.last().map_or(0, |(reached, _)| *reached)
    }

    /// Receipts count only where the log's key signed their checkpoint and their path is right.
    fn weigh_receipts(&mut self, out: &mut Anchored) {
        for (index, receipt) in self.evidence.receipts.iter().enumerate() {
            let opened = match self.open(receipt.checkpoint.as_bytes()) {
                Ok(opened) => opened.checkpoint,
                Err((_, why)) => {
                    out.notes
                        .push(format!("Receipt {}: its checkpoint proves nothing ({why}).", receipt.source));
                    continue;
                }
            };
            let (size, root) = (opened.size(), opened.root());
            if let Err(error) = verify_inclusion(&receipt.hash, receipt.record, size, &root, &receipt.proof) {
                out.notes.push(format!("Receipt {}: it proves nothing ({error}).", receipt.source));
                continue;
            }
            out.receipts.push(index);
            out.claimed = out.claimed.max(size);
            let source = format!("receipt {} for record {}", receipt.source, receipt.record);
            let answer = self.answer(Claim { source, size, root, code: "receipt" });
            if matches!(answer, Answer::Agrees) {
                out.confirmed = out.confirmed.max(size);
            }
        }
    }

    /// True if the auditor remembers a part of this ledger, and the log bears it out.
    fn weigh_remembered(&mut self, out: &mut Anchored) -> Option<u64> {
        let remembered = self.evidence.remembered?;
        if self.chain.blocks > 0 && remembered.ledger != self.chain.ledger {
            let what = "the auditor remembers another ledger";
            let finding = Finding::new("other-ledger", Level::Integrity, what).at(Some(0), 0);
            self.findings.add(finding.expected(remembered.ledger, self.chain.ledger));
            return None;
        }
        let Remembered { size, root, .. } = remembered;
        out.claimed = out.claimed.max(size);
        let source = "the auditor's own memory".to_owned();
        let answer = self.answer(Claim { source, size, root, code: "remembered" });
        matches!(answer, Answer::Agrees).then_some(size).filter(|size| *size > 0)
    }

    fn answer(&mut self, claim: Claim) -> Answer {
        if !self.reaches(claim.size) {
            return Answer::NotReached;
        }
        if self.chain.root_at(claim.size) == Some(claim.root) {
            self.agreeing.push(claim.size);
            return Answer::Agrees;
        }
        self.contradicting.push(claim);
        Answer::Contradicts
    }

    /// One finding for each claim that the log contradicts. Where two histories part is known only
    /// between the largest size on which they agree and the size on which they do not.
    fn report_contradictions(&mut self) {
        for claim in std::mem::take(&mut self.contradicting) {
            let Claim { source, size, root, code } = claim;
            let found = self.chain.size();
            if size > found {
                let what = format!("{source} speaks of {size} records; the log ends after {found}");
                let finding = Finding::new("records-missing", Level::Integrity, what).at(None, found);
                self.findings.add(finding.through(size - 1).expected(size, found));
                continue;
            }
            let agreed = self.agreeing.iter().copied().filter(|agreed| *agreed < size).max().unwrap_or(0);
            let what = format!("{source} has another tree of {size} records: history was rewritten");
            let mut finding = Finding::new(code, Level::Integrity, what).at(None, agreed);
            if size > agreed + 1 {
                finding = finding.through(size - 1);
            }
            let found = self.chain.root_at(size);
            let found = found.map_or_else(|| "no block ends there".to_owned(), |root| root.to_string());
            self.findings.add(finding.expected(root, found));
        }
    }

    fn choose(&self, out: &mut Anchored, names_this_log: bool, remembered: Option<u64>) {
        if let Some(size) = remembered {
            out.confirmed = out.confirmed.max(size);
            (out.anchor, out.size) = (Anchor::Remembered, out.size.max(size));
        }
        match &self.evidence.trust {
            None if out.anchor == Anchor::Remembered => {}
            None => {
                out.not_proven
                    .push("there is no trust file (--trust): the log agrees with itself, no more".to_owned());
                (out.anchor, out.size) = (Anchor::None, 0);
            }
            Some(_) if !names_this_log => {
                out.not_proven.push("the trust file names no checkpoint key of this log".to_owned());
                (out.anchor, out.size) = (Anchor::None, 0);
            }
            Some(_) if out.confirmed == 0 => {
                out.not_proven.push("no signed checkpoint covers any part of the log".to_owned());
            }
            Some(file) => {
                if file.trust.asks_for_witnesses() && !out.is_witnessed {
                    out.not_proven.push("the trust file's quorum of witnesses is not met".to_owned());
                }
                if out.anchor == Anchor::None {
                    (out.anchor, out.size) = (Anchor::Operator, out.confirmed);
                }
            }
        }
    }
}

impl Answer {
    const fn words(&self) -> &'static str {
        match self {
            Self::Agrees => "agrees with the log",
            Self::NotReached => "not compared: the log could not be read that far",
            Self::Contradicts => "contradicts the log",
        }
    }
}

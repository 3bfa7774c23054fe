//! Judging a dossier: from its bytes, a trust file, and what the reader has recomputed.
//!
//! The steps have numbers, D1 to D12, in `docs/dossier.md`. The first fault ends the check: what comes
//! after it says nothing.

use rayon::prelude::*;

use crate::chain::{Chain, SignatureCheck, check_signatures};
use crate::checkpoint::{Checkpoint, OpenCheckpoint};
use crate::dossier::complete::{self, Complete};
use crate::dossier::report::{DossierCounts, DossierFault, DossierReport, PolicyReport, StepReport};
use crate::dossier::steps::Steps;
use crate::dossier::{Dossier, Hex};
use crate::hash::{Domain, Hash};
use crate::id::LedgerId;
use crate::merkle::verify_inclusion;
use crate::note::{KeyKind, Note, VerifierKey};
use crate::record::Record;
use crate::time::Day;
use crate::trust::Trust;
use crate::verify::{Anchor, Verdict};
use crate::view::ComputedDigests;

/// What the reader brings.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// The trust file.
    pub trust: Option<Trust>,
    /// A quorum of witnesses is demanded.
    pub require_witnessed: bool,
    /// The ledger that it must be of.
    pub ledger: Option<LedgerId>,
    /// Digests of views that the reader has computed for itself, from log and openings.
    pub recomputed: Vec<ComputedDigests>,
}

/// All that has been read, before it is weighed.
pub(super) struct Read<'d> {
    pub(super) dossier: &'d Dossier,
    pub(super) records: Vec<Record<'d>>,
    pub(super) chain: Chain,
    pub(super) counts: DossierCounts,
}

impl DossierFault {
    pub(super) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self { code, record: None, what: what.into() }
    }

    pub(super) fn at(mut self, record: u64) -> Self {
        self.record = Some(record);
        self
    }
}

/// Judges a dossier's file.
#[must_use]
pub fn check(bytes: &[u8], brought: &Brought) -> DossierReport {
    let mut report = empty_report();
    match judge(bytes, brought, &mut report) {
        Err(fault) => {
            let place = fault.record.map_or_else(String::new, |record| format!(", at record {record}"));
            report.summary = format!("the dossier is not what it says{place}: {fault}");
            (report.verdict, report.exit, report.fault) = (Verdict::Failed, 3, Some(fault));
            // What stood before the fault is not to be relied on.
            (report.complete, report.anchor) = (None, Anchor::None);
        }
        Ok(()) if report.not_proven.is_empty() => {
            (report.verdict, report.exit) = (Verdict::Passed, 0);
            report.summary = summary(&report);
        }
        Ok(()) => {
            (report.verdict, report.exit) = (Verdict::NotProven, 4);
            report.summary = report.not_proven.join("; ");
        }
    }
    report
}

fn empty_report() -> DossierReport {
    DossierReport {
        kind: "dossier_verdict",
        verdict: Verdict::NotChecked,
        exit: 4,
        summary: String::new(),
        fault: None,
        not_proven: Vec::new(),
        ledger: None,
        origin: None,
        anchor: Anchor::None,
        size: None,
        cosigned: Vec::new(),
        complete: None,
        steps: Vec::new(),
        counts: DossierCounts::default(),
        policy: None,
        not_checked: Vec::new(),
        tool: concat!("vandel ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

fn summary(report: &DossierReport) -> String {
    let complete = report.complete.as_ref().map_or_else(String::new, |complete| {
        format!(", complete below record {} by the word of key {}", complete.below_record, complete.key)
    });
    format!("{} steps{complete}, anchor {}", report.steps.len(), report.anchor.name())
}

fn judge(bytes: &[u8], brought: &Brought, report: &mut DossierReport) -> Result<(), DossierFault> {
    // D1: the form.
    let dossier =
        Dossier::decode(bytes).map_err(|error| DossierFault::new("malformed", error.to_string()))?;
    report.ledger = Some(dossier.ledger().to_string());
    if let Some(pinned) = brought.ledger.filter(|pinned| *pinned != dossier.ledger()) {
        return Err(DossierFault::new("other-ledger", format!("it is of another ledger than {pinned}")));
    }
    // D2, D3: every record is in the tree of one checkpoint.
    let claimed = claimed(&dossier)?;
    let records = records(&dossier, &claimed)?;
    // D4 to D8: the open records and the steps, merged in the order of the log.
    let chain = Chain::before_opening();
    let mut read = Read { dossier: &dossier, records, chain, counts: DossierCounts::default() };
    let steps = Steps::judge(&mut read)?;
    report.origin = Some(read.chain.origin.clone());
    // D9: who signed the checkpoint.
    weigh_checkpoint(&read, &claimed, brought, report)?;
    // D10, D11: nothing was left out.
    let complete = complete::judge(&read, &steps, brought)?;
    // D12: the rules of conduct.
    if let Some(fault) = steps.conduct {
        return Err(fault);
    }
    report.policy = steps.opened.and_then(|day| policy_on(&read.chain, day));
    say(report, &read, steps.reports, complete);
    report.not_checked.extend(steps.not_checked);
    Ok(())
}

/// The checkpoint as it says itself; its signature can be judged only when its key is known.
fn claimed(dossier: &Dossier) -> Result<Checkpoint, DossierFault> {
    let bad = |error: String| DossierFault::new("checkpoint", error);
    let note = Note::parse(dossier.checkpoint.as_bytes()).map_err(|error| bad(error.to_string()))?;
    note.text().parse().map_err(|error: crate::checkpoint::CheckpointError| bad(error.to_string()))
}

fn records<'d>(dossier: &'d Dossier, claimed: &Checkpoint) -> Result<Vec<Record<'d>>, DossierFault> {
    let ascending = dossier.records.windows(2).all(|pair| pair[0].record < pair[1].record);
    if !ascending || dossier.records.first().is_none_or(|first| first.record != 0) {
        return Err(DossierFault::new("record", "the records do not begin with record 0 and ascend"));
    }
    let read = dossier.records.par_iter().map(|shown| {
        let fault = |code, what: String| DossierFault::new(code, what).at(shown.record);
        let record = Record::decode(&shown.bytes.0).map_err(|error| fault("record", error.to_string()))?;
        if record.number != shown.record {
            return Err(fault("record", format!("its bytes are those of record {}", record.number)));
        }
        let proof = hashes(&shown.proof);
        verify_inclusion(&record.hash(), record.number, claimed.size(), &claimed.root(), &proof)
            .map_err(|error| fault("inclusion", error.to_string()))?;
        Ok(record)
    });
    // All are judged at once; the first in order is named.
    read.collect::<Vec<_>>().into_iter().collect()
}

/// A proof's hashes.
pub(super) fn hashes(proof: &[Hex<Hash>]) -> Vec<Hash> {
    proof.iter().map(|hash| hash.0).collect()
}

/// Makes all signature checks; the first that fails, in the order of the records, is the fault.
pub(super) fn verify_signatures(checks: &[SignatureCheck<'_>]) -> Result<(), DossierFault> {
    check_signatures(checks).map_err(|fault| {
        DossierFault::new("signature", fault.kind.to_string()).at(fault.place.record.unwrap_or_default())
    })
}

/// The log's own signature must be right; what it is worth depends on the trust file.
fn weigh_checkpoint(
    read: &Read<'_>,
    claimed: &Checkpoint,
    brought: &Brought,
    report: &mut DossierReport,
) -> Result<(), DossierFault> {
    let chain = &read.chain;
    report.size = Some(claimed.size());
    if claimed.origin() != chain.origin {
        let what =
            format!("the checkpoint is of {}, the ledger's origin is {}", claimed.origin(), chain.origin);
        return Err(DossierFault::new("checkpoint", what));
    }
    let opened = open(chain, &read.dossier.checkpoint, claimed.size(), brought)?;
    report.cosigned = opened.cosignatures.iter().map(|one| (one.name.clone(), one.time.0)).collect();
    let Some(trust) = &brought.trust else {
        report
            .not_proven
            .push("there is no trust file (--trust): the dossier agrees with itself, no more".into());
        return Ok(());
    };
    let genesis = chain.checkpoint_keys.first().map(|(_, key)| *key);
    let names =
        |log: &crate::trust::Log| log.key.name() == chain.origin && Some(log.key.public_key()) == genesis;
    if !trust.logs().iter().any(names) {
        return Err(DossierFault::new("trust-other-log", "the trust file names another log than this one"));
    }
    let outside: Vec<_> = opened.cosigners().into_iter().filter(|key| !chain.is_own_key(key)).collect();
    let witnessed = trust.asks_for_witnesses() && trust.quorum_met(&outside);
    report.anchor = if witnessed { Anchor::Witnessed } else { Anchor::Operator };
    if trust.asks_for_witnesses() && !witnessed {
        report.not_proven.push("the trust file's quorum of witnesses is not met".to_owned());
    } else if brought.require_witnessed && !witnessed {
        report.not_proven.push("a quorum of witnesses was required and is not there".to_owned());
    }
    Ok(())
}

/// The checkpoint under the key that signs trees of its size, and the witnesses that the reader knows.
fn open(chain: &Chain, note: &str, size: u64, brought: &Brought) -> Result<OpenCheckpoint, DossierFault> {
    let bad = |error: String| DossierFault::new("checkpoint-signature", error);
    let key = chain.checkpoint_key(size).ok_or_else(|| bad("no key is known for it".to_owned()))?;
    let log =
        VerifierKey::new(&chain.origin, KeyKind::Ed25519, &key).map_err(|error| bad(error.to_string()))?;
    let witnesses = brought.trust.iter().flat_map(Trust::witnesses).map(|witness| witness.key.clone());
    let known: Vec<VerifierKey> = [log].into_iter().chain(witnesses).collect();
    Checkpoint::open(note.as_bytes(), &known).map_err(|error| bad(error.to_string()))
}

fn policy_on(chain: &Chain, opened: Day) -> Option<PolicyReport> {
    let policy = chain.policy_on(opened)?;
    let id = Domain::Policy.hash(&[policy.text.as_bytes()]).to_string();
    let (name, version) = (policy.pack.name.clone(), policy.pack.version.clone());
    Some(PolicyReport { name, version, record: policy.record, from: policy.from.to_string(), id })
}

/// Puts together what was found.
fn say(report: &mut DossierReport, read: &Read<'_>, steps: Vec<StepReport>, complete: Complete) {
    report.counts = read.counts;
    report.steps = steps;
    report.not_checked = vec![
        "Whether the checkpoints that authors had seen are this chain's, the links between records and the \
         blocks: that takes the log."
            .to_owned(),
        "Rules about other cases: one open request for a recruitment, an earlier note relied on, the \
         position's assessment."
            .to_owned(),
    ];
    report.not_checked.extend(complete.not_checked);
    report.not_proven.extend(complete.not_proven);
    report.complete = Some(complete.report);
    if report.anchor == Anchor::Operator {
        report.not_checked.push(
            "Whether the operator shows somebody else another log: no witness was asked for.".to_owned(),
        );
    }
}

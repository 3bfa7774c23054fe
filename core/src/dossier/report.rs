//! What the judgement of a dossier says.

use serde::Serialize;

use crate::verify::{Anchor, Verdict};

/// What is wrong with a dossier: the first fault that was met, by the step of the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {what}")]
pub struct DossierFault {
    /// A stable name for scripts; `docs/dossier.md` lists them with the steps.
    pub code: &'static str,
    /// The record concerned.
    pub record: Option<u64>,
    /// What is wrong, in a sentence.
    pub what: String,
}

/// The judgement.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct DossierReport {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub verdict: Verdict,
    /// 0 verified, 3 violation, 4 not proven.
    pub exit: u8,
    pub summary: String,
    /// The fault, if there is one; nothing after it was looked at.
    pub fault: Option<DossierFault>,
    /// Why the answer is not proven, if it is not.
    pub not_proven: Vec<String>,
    pub ledger: Option<String>,
    pub origin: Option<String>,
    pub anchor: Anchor,
    /// The checkpoint's size, and who cosigned it with the second that each states.
    pub size: Option<u64>,
    pub cosigned: Vec<(String, u64)>,
    /// How far the case is shown to be complete.
    pub complete: Option<CompleteReport>,
    pub steps: Vec<StepReport>,
    pub counts: DossierCounts,
    /// The policy in force on the day the case was opened.
    pub policy: Option<PolicyReport>,
    pub not_checked: Vec<String>,
    pub tool: String,
}

/// How far a case is complete, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct CompleteReport {
    /// All records of the case below this number are here.
    pub below_record: u64,
    /// Steps that are shown besides, and after which others may have come.
    pub later_steps: usize,
    /// The record that published the digest, and the key that signed it.
    pub published: u64,
    pub key: String,
    pub actor: String,
    /// Who else computed the same digest: the reader, or another service.
    pub recomputed_by: Vec<String>,
    pub digest: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct StepReport {
    pub number: u32,
    pub record: u64,
    pub time: String,
    pub day: String,
    pub kind: &'static str,
    pub key: String,
    pub actor: String,
    pub shown: Vec<&'static str>,
    pub withheld: Vec<&'static str>,
    pub replaced: Vec<&'static str>,
    pub erased: Vec<ErasedReport>,
}

/// A compartment that was erased, and where the certificate's records stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct ErasedReport {
    pub compartment: &'static str,
    pub plan: String,
    pub started: u64,
    pub executed: Option<u64>,
}

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct PolicyReport {
    /// The pack's name and version, as it says itself.
    pub name: String,
    pub version: String,
    /// The record that adopted it.
    pub record: u64,
    pub from: String,
    /// `SHA-256(domain ‖ text)` of the pack.
    pub id: String,
}

/// How much was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct DossierCounts {
    pub records: u64,
    pub signatures: u64,
    pub parts: u64,
    pub steps_judged: u64,
    pub steps_beyond_judging: u64,
    pub keys: u64,
}

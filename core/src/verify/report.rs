//! The report: what was checked, what was found, what the verdict rests on and what it does not say.
//!
//! Field names are stable: scripts read them (`vandel verify --json`).

use schemars::JsonSchema;
use serde::Serialize;

use crate::verify::finding::Finding;

/// A level of verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Bytes, chain, signatures, keys, checkpoints: anyone with the chain and a trust file.
    Integrity,
    /// Every sealed record can be opened or is covered by an erasure.
    Coverage,
    /// The rules, step by step.
    Conduct,
}

impl Level {
    /// All levels, from what needs least.
    pub const ALL: [Self; 3] = [Self::Integrity, Self::Coverage, Self::Conduct];

    /// The name in commands and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Coverage => "coverage",
            Self::Conduct => "conduct",
        }
    }

    /// The level of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What came of a level, or of the whole audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Checked, and nothing was found.
    Passed,
    /// Something is wrong.
    Failed,
    /// Nothing is wrong, and nothing shows that it is the true history.
    NotProven,
    /// Not looked at.
    NotChecked,
}

impl Verdict {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotProven => "not proven",
            Self::NotChecked => "not checked",
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Nothing: the bytes may have been made by anyone.
    None,
    /// The operator's own checkpoint.
    Operator,
    /// A quorum of witnesses that the trust file names.
    Witnessed,
    /// A checkpoint that the auditor itself kept.
    Remembered,
}

impl Anchor {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Operator => "operator",
            Self::Witnessed => "witnessed",
            Self::Remembered => "remembered",
        }
    }

    /// Who could have rewritten history without this audit seeing it.
    pub(super) const fn could_have_rewritten(self) -> &'static str {
        match self {
            Self::None => {
                "Anyone: the log agrees with itself, and whoever makes one up can make one that does. Get a trust \
                 file from somebody other than whoever gave you the log."
            }
            Self::Operator => {
                "The operator, who holds the checkpoint key: all of history, if nobody outside has kept an earlier \
                 checkpoint or receipt. Nobody else."
            }
            Self::Witnessed => {
                "Only the operator together with the witnesses that make the quorum, for all up to the cosigned size."
            }
            Self::Remembered => {
                "Nobody, for all up to the remembered size. Beyond it, whoever holds the keys of the newer checkpoints."
            }
        }
    }

    /// What an attacker can still do under this anchor, and only a better one would show.
    pub(super) const fn undetected(self) -> &'static [&'static str] {
        match self {
            Self::None | Self::Operator => &[
                "A history rewritten from some record on and sealed again with the operator's own keys, if its memory \
                 and its published checkpoint were rewritten as well.",
                "The end of the log cut off together with the checkpoints over it.",
                "Another history shown to somebody else.",
                "Steps of a thread left out from some step to its end, and records dated later than they came.",
            ],
            Self::Witnessed => &["Steps that the operator never took into the log, or took in late."],
            Self::Remembered => &[
                "Steps that the operator never took into the log, or took in late.",
                "Beyond the remembered size: what the other anchors cannot show.",
            ],
        }
    }
}

/// The result of an audit.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct Report {
    pub verdict: Verdict,
    /// 0 verified, 3 violation, 4 not proven.
    pub exit: u8,
    pub summary: String,
    pub levels: Vec<LevelReport>,
    pub anchor: AnchorReport,
    /// Why the answer is not proven, if it is not.
    pub not_proven: Vec<String>,
    pub ledger: Option<String>,
    pub origin: Option<String>,
    pub predecessor: Option<String>,
    /// How many records were judged.
    pub size: u64,
    pub root: String,
    pub trust: Option<TrustReport>,
    pub log_keys: Vec<LogKeyReport>,
    pub checkpoints: Vec<CheckpointReport>,
    pub counts: Counts,
    pub rules: Vec<RuleReport>,
    /// The published digests of views, if they were to be computed again.
    pub views: Vec<super::ViewReport>,
    /// In the order of their places, the first first; at most [`super::FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    pub findings_total: u64,
    pub suspects: Vec<SuspectReport>,
    pub pending: Pending,
    pub not_looked_at: Vec<String>,
    pub tool: String,
}

/// What came of one level, and why.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct LevelReport {
    pub level: Level,
    pub verdict: Verdict,
    pub asked: bool,
    pub why: String,
}

/// What the verdict rests on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct AnchorReport {
    pub kind: Anchor,
    /// The number of records it covers.
    pub size: u64,
    pub could_have_rewritten: String,
    pub undetected: Vec<String>,
}

/// The trust file used.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct TrustReport {
    pub file: String,
    pub sha256: String,
    /// It lies inside the audited folder: whoever could change the log could change it too.
    pub inside_audited_folder: bool,
    /// Whether one of its log lines is this ledger's first checkpoint key.
    pub names_this_log: bool,
    pub witnesses: usize,
    pub asks_for_witnesses: bool,
    pub quorum_met: bool,
}

/// A checkpoint key and the sizes it signs.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct LogKeyReport {
    pub from_size: u64,
    pub key: String,
    pub key_id: String,
}

/// A checkpoint that was compared with the log.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct CheckpointReport {
    pub source: String,
    pub size: Option<u64>,
    pub root: Option<String>,
    pub agrees: bool,
    pub what: String,
    /// Witnesses of the trust file that cosigned it, with the second each states.
    pub cosignatures: Vec<(String, u64)>,
}

/// How much was checked.
#[derive(Clone, Debug, Default, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct Counts {
    pub blocks: u64,
    pub records: u64,
    pub open: u64,
    pub sealed: u64,
    /// Strict Ed25519 verifications (RFC 8032, canonical and torsion-free).
    pub signatures: u64,
    /// Signatures that this auditor verified in an earlier audit, and not again.
    pub signatures_before: u64,
    /// Checkpoints named by authors, compared with the tree.
    pub seen_checkpoints: u64,
    pub receipts: u64,
    /// Payloads whose commitment was checked.
    pub commitments: u64,
    pub erased: u64,
    pub threads: u64,
    pub steps_judged: u64,
    /// Steps that a rule could not judge again, since parts of their thread are gone.
    pub steps_beyond_judging: u64,
    /// Threads of which something is kept longer than its retention allows; none if no day was asked for.
    pub overdue: Option<u64>,
}

/// A rule of admission and how often it was applied again.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct RuleReport {
    pub rule: &'static str,
    pub paragraph: &'static str,
    /// `replayable`, or `attested`: checked once at admission where the law forbids to keep its inputs.
    pub recheck: &'static str,
    /// Steps it was applied to again.
    pub replayed: u64,
    /// Steps for which some check of it was not made again: its input was never kept, or is gone.
    pub attested: u64,
    pub refused: u64,
}

/// Records signed by a key that was revoked as suspect from some second on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct SuspectReport {
    pub key: String,
    pub actor: Option<String>,
    /// UTC seconds since 1970.
    pub suspect_since: u64,
    pub revoked_by_record: u64,
    pub records: Vec<u64>,
    /// Older ones may exist that were not kept track of.
    pub at_least: bool,
}

/// What stands in the log beyond every checkpoint.
#[derive(Clone, Debug, Default, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct Pending {
    pub records: u64,
    pub first: Option<u64>,
    pub last: Option<u64>,
    /// The torn end of an append that nothing covers.
    pub torn: Option<String>,
}

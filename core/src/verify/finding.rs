//! Findings: what is wrong, where, what was expected and what to do next.

use schemars::JsonSchema;
use serde::Serialize;

use crate::admit::Refusal;
use crate::block::BlockDecodeError;
use crate::chain::{Fault, FaultKind, Place, SignatureOf};
use crate::verify::report::Level;

/// The most findings that a report lists; more are counted.
pub const FINDINGS_MAX: usize = 100;

/// What a finding makes of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The level fails.
    Violation,
    /// Somebody must act, and nothing in the log is wrong: something is kept for too long.
    Notice,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Finding {
    /// A stable name for scripts.
    pub code: String,
    /// Whether the verdict depends on it.
    pub severity: Severity,
    /// The level it belongs to.
    pub level: Level,
    /// The first record concerned.
    pub record: Option<u64>,
    /// The last record that may be concerned, where it cannot be told which one is.
    pub through: Option<u64>,
    /// The block concerned.
    pub block: Option<u64>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// The paragraph that a broken rule rests on.
    pub paragraph: Option<String>,
    /// What to do next.
    pub advice: String,
}

impl Finding {
    /// A finding without a place.
    pub(super) fn new(code: &str, level: Level, what: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity: Severity::Violation,
            level,
            record: None,
            through: None,
            block: None,
            what: what.into(),
            expected: None,
            found: None,
            paragraph: None,
            advice: advice(code).to_owned(),
        }
    }

    pub(super) fn at(mut self, block: Option<u64>, record: u64) -> Self {
        (self.block, self.record) = (block, Some(record));
        self
    }

    pub(super) fn through(mut self, last: u64) -> Self {
        self.through = Some(last);
        self
    }

    pub(super) fn expected(mut self, expected: impl ToString, found: impl ToString) -> Self {
        (self.expected, self.found) = (Some(expected.to_string()), Some(found.to_string()));
        self
    }

    /// The same, without a say in the verdict.
    pub(super) fn noticed(mut self) -> Self {
        self.severity = Severity::Notice;
        self
    }

    /// A fault of the chain. Faults of a whole block stand at its first record.
    pub(super) fn of_fault(fault: &Fault, first_record: u64) -> Self {
        let Place { block, record } = fault.place;
        let finding = Self::new(code(&fault.kind), Level::Integrity, fault.kind.to_string());
        let finding = finding.at(Some(block), record.unwrap_or(first_record));
        match &fault.kind {
            FaultKind::Ledger { expected, found } => finding.expected(expected, found),
            FaultKind::BlockPosition { expected, found } | FaultKind::RecordNumber { expected, found } => {
                finding.expected(expected, found)
            }
            FaultKind::BlockPrevious { expected, found }
            | FaultKind::RecordPrevious { expected, found }
            | FaultKind::SeenRoot { expected, found, .. } => finding.expected(expected, found),
            FaultKind::NotTheStartedSequencer { expected, found } => finding.expected(expected, found),
            FaultKind::TimeRunsBack { before, found } => {
                finding.expected(format!("{before} or later"), found)
            }
            _ => finding,
        }
    }

    /// A block whose bytes are refused.
    pub(super) fn undecodable(block: u64, record: u64, error: BlockDecodeError) -> Self {
        let kind = FaultKind::Decode(error);
        Self::new(code(&kind), Level::Integrity, kind.to_string()).at(Some(block), record)
    }

    /// A step that the rules refuse.
    pub(super) fn of_refusal(refusal: &Refusal, block: u64, record: u64) -> Self {
        let mut finding = Self::new(refusal.code(), Level::Conduct, refusal.to_string());
        finding.paragraph = Some(refusal.paragraph());
        finding.advice =
            "the step stands in the log although the rules refuse it: ask who took it, and how it was \
                          let in"
                .to_owned();
        finding.at(Some(block), record)
    }

    /// Orders findings by place. What concerns a span comes after what can be laid to one record of it,
    /// and what has no place comes last. Notices come after all violations.
    fn order(&self) -> (Severity, u64, bool, Level) {
        let place = self.through.or(self.record).unwrap_or(u64::MAX);
        (self.severity, place, self.through.is_some(), self.level)
    }
}

fn code(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Decode(_) => "block-undecodable",
        FaultKind::Ledger { .. } => "other-ledger",
        FaultKind::BlockPosition { .. } => "block-position",
        FaultKind::BlockPrevious { .. } => "block-chain",
        FaultKind::RecordNumber { .. } => "record-number",
        FaultKind::RecordPrevious { .. } => "record-chain",
        FaultKind::TimeRunsBack { .. } => "time-runs-back",
        FaultKind::SeenSize { .. } | FaultKind::SeenRoot { .. } => "seen-checkpoint",
        FaultKind::Author(_) => "author-key",
        FaultKind::Sequencer(_) => "sequencer-key",
        FaultKind::NotTheStartedSequencer { .. } => "sequencer-not-started",
        FaultKind::Open(_) => "open-rule",
        FaultKind::Signature { of: SignatureOf::Author, .. } => "author-signature",
        FaultKind::Signature { of: SignatureOf::Second, .. } => "second-signature",
        FaultKind::Signature { of: SignatureOf::Block, .. } => "block-signature",
    }
}

fn advice(code: &str) -> &'static str {
    match code {
        "log-damaged" | "log-torn" | "block-undecodable" => {
            "keep this copy as evidence; compare with another copy of the log, and restore from one that verifies"
        }
        "records-missing" => {
            "keep the checkpoint: it is signed and proves that the records existed; find another copy"
        }
        "checkpoint-root" | "checkpoint-size" | "remembered" | "seen-checkpoint" | "receipt" => {
            "two histories exist: keep both copies and everything signed, and ask the operator which it showed to whom"
        }
        "checkpoint-signature" | "checkpoint-unreadable" => {
            "get the checkpoint again from where it was published, and compare"
        }
        "trust-other-log" | "other-ledger" => "check that the trust file and the log belong together",
        "payload-damaged" | "payload-commitment" | "payload-missing" => {
            "restore the vault from a backup that is as new; what cannot be restored was destroyed without a decision"
        }
        "erased-without-erasure" => "ask who destroyed the key: no erasure in the log covers the record",
        "view-digest" => {
            "the service published what the log does not give: rebuild the views, publish again, and ask who relied on it"
        }
        "overdue" => "plan its erasure under a disposal decision: vandel retention plan --disposal RECORD",
        "vault-behind-erasure" => {
            "serve nothing from it; restore with `vandel backup restore`, which erases again"
        }
        "started-without-check" | "checked-after-start" => {
            "ask the responsible board why work began before the check"
        }
        _ => "keep this copy as evidence, and compare with another copy of the log",
    }
}

/// All findings of an audit, bounded: violations before notices, so that no notice displaces one.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    total: u64,
    failed: Vec<Level>,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        self.total += 1;
        if finding.severity == Severity::Violation && !self.failed.contains(&finding.level) {
            self.failed.push(finding.level);
        }
        self.list.push(finding);
        // Twice the room, so that sorting costs little and the first by place are never lost.
        if self.list.len() >= 2 * FINDINGS_MAX {
            self.cut();
        }
    }

    pub(super) fn any(&self, level: Level) -> bool {
        self.failed.contains(&level)
    }

    /// Whether nothing was found that a verdict depends on.
    pub(super) fn is_sound(&self) -> bool {
        self.failed.is_empty()
    }

    fn cut(&mut self) {
        self.list.sort_by_key(Finding::order);
        self.list.truncate(FINDINGS_MAX);
    }

    /// The first by place, and how many there were.
    pub(super) fn into_list(mut self) -> (Vec<Finding>, u64) {
        self.cut();
        (self.list, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_next_fits_what_was_found() {
        for (codes, words) in [
            (&["log-damaged", "log-torn", "block-undecodable"][..], "restore from one that verifies"),
            (&["records-missing"], "keep the checkpoint"),
            (
                &["checkpoint-root", "checkpoint-size", "remembered", "seen-checkpoint", "receipt"],
                "two histories exist",
            ),
            (&["checkpoint-signature", "checkpoint-unreadable"], "get the checkpoint again"),
            (&["trust-other-log", "other-ledger"], "belong together"),
            (&["payload-damaged", "payload-commitment", "payload-missing"], "restore the vault"),
            (&["erased-without-erasure"], "who destroyed the key"),
            (&["view-digest"], "rebuild the views"),
            (&["overdue"], "vandel retention plan"),
            (&["vault-behind-erasure"], "which erases again"),
            (&["started-without-check", "checked-after-start"], "the responsible board"),
            (&["author-signature", "block-chain"], "compare with another copy of the log"),
        ] {
            for code in codes {
                assert!(advice(code).contains(words), "{code}: {}", advice(code));
            }
        }
    }
}

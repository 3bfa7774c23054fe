//! From what was found to a verdict.

use crate::chain::Chain;
use crate::hash::Hash;
use crate::note::{KeyKind, key_id};
use crate::verify::anchor::Anchored;
use crate::verify::finding::{Finding, Findings};
use crate::verify::remembered::Remembered;
use crate::verify::report::{AnchorReport, Level, LevelReport, LogKeyReport, Pending, Report, Verdict};
use crate::verify::{Along, Audit, LogEnd};

impl Audit<'_> {
    /// What this audit says nothing about.
    pub(super) fn say_what_was_not_looked_at(&self, lines: &mut Vec<String>) {
        if let Some(contents) = &self.along.contents {
            lines.push(
                "Rules marked `attested`: they were checked once, at admission, and the law forbids to keep their \
                 inputs."
                    .to_owned(),
            );
            if self.along.counts.overdue.is_none() {
                lines.push("Whether anything is kept longer than its retention day allows.".to_owned());
            }
            let open = contents.open_after_erasure(&self.chain);
            if open > 0 {
                lines.push(format!(
                    "{open} record(s) named by an executed erasure still open in full. Which parts had to go stands in \
                     the plan: check with `vandel erasure verify`."
                ));
            }
            if self.along.counts.steps_beyond_judging > 0 {
                lines.push(format!(
                    "{} step(s) could not be judged again, since parts of their thread are gone.",
                    self.along.counts.steps_beyond_judging
                ));
            }
        } else {
            lines.push(format!("The contents of sealed records: {}.", self.request.no_openings));
        }
        if let Some(seen) = self.request.verified {
            lines.push(format!(
                "The signatures of the first {} records: you have verified them before, and the log still has the tree \
                 that you kept.",
                seen.size
            ));
        }
        lines.push(
            "Whether every step that was taken was recorded; that needs an audit outside the ledger."
                .to_owned(),
        );
        lines.push("The names behind keys and ids, which lie in the vault.".to_owned());
    }

    /// The report. Exit 3 beats 4: what is wrong is said before what is not proven.
    pub(super) fn into_report(
        self,
        end: LogEnd,
        is_whole: bool,
        anchored: Anchored,
        not_looked_at: Vec<String>,
    ) -> Report {
        let Self { request, chain, along, .. } = self;
        let Along { counts, findings, contents, suspects, .. } = along;
        let mut not_proven = anchored.not_proven;
        if request.require_witnessed && !anchored.is_witnessed {
            not_proven.push("a quorum of witnesses was required and is not there".to_owned());
        }
        let levels = Level::ALL.map(|level| LevelReport {
            asked: request.levels.as_ref().is_none_or(|levels| levels.contains(&level)),
            ..judge_level(level, &findings, contents.is_some(), is_whole, &not_proven, &request.no_openings)
                .with_overdue(counts.overdue)
        });
        let missing = |report: &&LevelReport| report.verdict == Verdict::NotChecked;
        if let Some(asked) = &request.levels {
            let missing = levels.iter().filter(missing).filter(|report| asked.contains(&report.level));
            not_proven.extend(missing.map(|report| {
                format!("the level {} was asked for and not checked: {}", report.level.name(), report.why)
            }));
        }
        let (verdict, exit) = match (findings.is_sound(), not_proven.is_empty()) {
            (false, _) => (Verdict::Failed, 3),
            (true, false) => (Verdict::NotProven, 4),
            (true, true) => (Verdict::Passed, 0),
        };
        let (findings, findings_total) = findings.into_list();
        let pending = pending(&chain, &end, anchored.confirmed, anchored.claimed);
        let anchor = anchored.anchor;
        let mut report = Report {
            verdict,
            exit,
            summary: String::new(),
            levels: levels.to_vec(),
            anchor: AnchorReport {
                kind: anchor,
                size: anchored.size,
                could_have_rewritten: anchor.could_have_rewritten().to_owned(),
                undetected: anchor.undetected().iter().map(|line| (*line).to_owned()).collect(),
            },
            not_proven,
            ledger: (chain.blocks > 0).then(|| chain.ledger.to_string()),
            origin: (chain.blocks > 0).then(|| chain.origin.clone()),
            predecessor: chain.predecessor.clone(),
            size: chain.size(),
            root: chain.frontier.root().to_string(),
            trust: anchored.trust,
            log_keys: log_keys(&chain),
            checkpoints: anchored.checkpoints,
            rules: contents.as_ref().map(|contents| contents.rule_reports(&counts)).unwrap_or_default(),
            counts,
            views: Vec::new(),
            findings,
            findings_total,
            suspects: suspects.into_reports(),
            pending,
            not_looked_at,
            tool: concat!("vandel ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        report.summary = report.summarise();
        report
    }
}

impl LevelReport {
    /// Says beside a passed level of conduct what is kept for too long, which no rule of the log decides.
    fn with_overdue(mut self, overdue: Option<u64>) -> Self {
        let passed = self.level == Level::Conduct && self.verdict == Verdict::Passed;
        if let Some(late) = overdue.filter(|late| passed && *late > 0) {
            self.why += &format!("; {late} thread(s) are kept longer than their retention allows");
        }
        self
    }
}

fn log_keys(chain: &Chain) -> Vec<LogKeyReport> {
    let keys = chain.checkpoint_keys.iter().map(|(from_size, key)| LogKeyReport {
        from_size: *from_size,
        key: key.to_string(),
        key_id: key_id(&chain.origin, KeyKind::Ed25519, key).to_string(),
    });
    keys.collect()
}

fn judge_level(
    level: Level,
    findings: &Findings,
    has_openings: bool,
    is_whole: bool,
    not_proven: &[String],
    no_openings: &str,
) -> LevelReport {
    let (verdict, why) = if level != Level::Integrity && !has_openings {
        (Verdict::NotChecked, no_openings.to_owned())
    } else if findings.any(level) {
        (Verdict::Failed, "see the findings".to_owned())
    } else if level != Level::Integrity && !is_whole {
        (Verdict::NotChecked, "the log could not be followed to its end".to_owned())
    } else {
        match (level, not_proven.first()) {
            (Level::Integrity, Some(why)) => (Verdict::NotProven, why.clone()),
            (Level::Integrity, None) => {
                (Verdict::Passed, "bytes, chain, signatures, keys and checkpoints".to_owned())
            }
            (Level::Coverage, _) => (Verdict::Passed, "every sealed record opens or was erased".to_owned()),
            (Level::Conduct, _) => (Verdict::Passed, "every replayable rule holds".to_owned()),
        }
    };
    LevelReport { level, verdict, asked: true, why }
}

/// What stands beyond every checkpoint that agrees.
fn pending(chain: &Chain, end: &LogEnd, confirmed: u64, claimed: u64) -> Pending {
    let records = chain.size() - confirmed.min(chain.size());
    let torn = match end {
        LogEnd::Torn { what } if claimed <= chain.size() => Some(what.clone()),
        _ => None,
    };
    let place = |record: u64| (records > 0).then_some(record);
    Pending { records, first: place(confirmed), last: place(chain.size().saturating_sub(1)), torn }
}

impl Report {
    fn summarise(&self) -> String {
        let Self { size, anchor, .. } = self;
        match self.verdict {
            Verdict::Failed => match self.findings.first() {
                Some(Finding { record: Some(record), what, .. }) => {
                    format!("violation at record {record}: {what}")
                }
                Some(Finding { what, .. }) => format!("violation: {what}"),
                None => "violation".to_owned(),
            },
            Verdict::NotProven | Verdict::NotChecked => {
                let why = self.not_proven.first().map_or("", String::as_str);
                format!("not proven: {size} records are consistent, but {why}")
            }
            Verdict::Passed => {
                let pending = if self.pending.records == 0 {
                    String::new()
                } else {
                    format!("; {} more are sound and pending", self.pending.records)
                };
                let covered = size - self.pending.records.min(*size);
                let kept_too_long = match self.counts.overdue {
                    None | Some(0) => String::new(),
                    Some(late) => format!("; {late} overdue for erasure, see the findings"),
                };
                format!("verified: {covered} records, anchor {}{pending}{kept_too_long}", anchor.kind.name())
            }
        }
    }

    /// What the auditor remembers from a successful audit; none unless it was one.
    #[must_use]
    pub fn to_remember(&self) -> Option<Remembered> {
        let ledger = self.ledger.as_ref()?.parse().ok()?;
        let agreeing = self.checkpoints.iter().filter(|checkpoint| checkpoint.agrees);
        let (size, root) = agreeing
            .filter_map(|checkpoint| Some((checkpoint.size?, checkpoint.root.as_ref()?)))
            .max_by_key(|(size, _)| *size)?;
        let root = Hash::from_hex(root)?;
        (self.exit == 0).then_some(Remembered { ledger, size, root })
    }
}

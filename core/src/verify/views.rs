//! Published digests, computed again.

use schemars::JsonSchema;
use serde::Serialize;

use crate::chain::Chain;
use crate::event::{DigestPublished, OpenEvent};
use crate::hash::Hash;
use crate::record::Record;
use crate::statement::Body;
use crate::thread::{Matter, Threads};
use crate::verify::finding::{Finding, Findings};
use crate::verify::report::Level;
use crate::view::{AUTHORITY, AuthorityRows, CASES, CaseRow, VIEW_VERSION, ViewTree};

/// A published digest and what came of computing it again.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct ViewReport {
    pub view: String,
    pub version: u16,
    pub position: u64,
    /// The record that published it.
    pub record: u64,
    pub digest: String,
    pub computed: Option<String>,
    pub outcome: ViewOutcome,
    pub why: String,
}

/// What came of computing a digest again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewOutcome {
    /// It is the one that was published.
    Agrees,
    /// It is not.
    Differs,
    /// It could not be computed.
    NotComputed,
}

/// The fold over what published views are made of.
#[derive(Default)]
pub(super) struct ViewsFold {
    authority: AuthorityRows,
    published: Vec<(u64, DigestPublished)>,
    /// The statement hash of each sealed record: a digest may be of an earlier position than the last.
    statements: Vec<(u64, Hash)>,
}

impl ViewsFold {
    pub(super) fn visit(&mut self, record: &Record<'_>) {
        match &record.statement.statement.body {
            Body::Open(event) => {
                self.authority.fold(record.number, event);
                if let OpenEvent::DigestPublished(published) = &**event {
                    self.published.push((record.number, published.clone()));
                }
            }
            Body::Sealed(_) => self.statements.push((record.number, record.statement.hash())),
        }
    }

    /// Computes every published digest again. `threads` are those of the openings, if there are any and
    /// none of them was damaged or missing.
    pub(super) fn judge(
        &self,
        chain: &Chain,
        threads: Option<&Threads>,
        findings: &mut Findings,
    ) -> Vec<ViewReport> {
        let judged = self.published.iter().map(|(record, published)| {
            let report = self.judge_one(chain, threads, *record, published);
            if report.outcome == ViewOutcome::Differs {
                let level = if published.view == AUTHORITY { Level::Integrity } else { Level::Coverage };
                let what =
                    format!("the digest of the view {} is not that of the log: {}", report.view, report.why);
                let finding = Finding::new("view-digest", level, what).at(None, *record);
                let computed = report.computed.clone().unwrap_or_else(|| "no such state".to_owned());
                findings.add(finding.expected(computed, published.digest));
            }
            report
        });
        judged.collect()
    }

    fn judge_one(
        &self,
        chain: &Chain,
        threads: Option<&Threads>,
        record: u64,
        published: &DigestPublished,
    ) -> ViewReport {
        let position = published.position;
        let (computed, outcome, why) = match (&*published.view, published.version) {
            _ if position > record => (None, ViewOutcome::Differs, "its position had not come".to_owned()),
            (AUTHORITY, VIEW_VERSION) => {
                self.compare(chain, published, &self.authority.at(position).tree(), None)
            }
            (CASES, VIEW_VERSION) => match threads {
                None => not_computed("there are no openings, or not all of them open"),
                Some(threads) => {
                    let tree = ViewTree::of_cases(&self.rows(threads, position));
                    self.compare(chain, published, &tree, erased_since(chain, position))
                }
            },
            _ => not_computed("this release knows no such view"),
        };
        ViewReport {
            view: published.view.clone(),
            version: published.version,
            position,
            record,
            digest: published.digest.to_string(),
            computed: computed.map(|digest| digest.to_string()),
            outcome,
            why,
        }
    }

    fn compare(
        &self,
        chain: &Chain,
        published: &DigestPublished,
        tree: &ViewTree,
        erased: Option<u64>,
    ) -> (Option<Hash>, ViewOutcome, String) {
        let computed = tree.digest(&chain.ledger, published.position);
        if computed == published.digest {
            let why = format!("computed again over {} rows", tree.rows());
            return (Some(computed), ViewOutcome::Agrees, why);
        }
        match erased {
            Some(started) => not_computed(&format!(
                "what it was made of may have been erased since, by the erasure of record {started}"
            )),
            None => {
                (Some(computed), ViewOutcome::Differs, format!("computed again over {} rows", tree.rows()))
            }
        }
    }

    /// The rows as they stood at a position: each case with its steps below it.
    fn rows(&self, threads: &Threads, position: u64) -> Vec<CaseRow> {
        let row = |(id, thread): (&crate::id::ThreadId, &crate::thread::Thread)| {
            if !matches!(thread.matter, Matter::Case(_)) {
                return None;
            }
            let count = thread.records.partition_point(|record| *record < position);
            let last = thread.records.get(count.checked_sub(1)?)?;
            let index = self.statements.binary_search_by_key(last, |(record, _)| *record).ok()?;
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Some(CaseRow { thread: *id, count, last: self.statements[index].1 })
        };
        threads.iter().filter_map(row).collect()
    }
}

fn not_computed(why: &str) -> (Option<Hash>, ViewOutcome, String) {
    (None, ViewOutcome::NotComputed, why.to_owned())
}

/// An erasure that was not yet carried out at a position: cases may have left the view by it.
fn erased_since(chain: &Chain, position: u64) -> Option<u64> {
    let since = |erasure: &crate::chain::Erasure| erasure.executed.is_none_or(|(at, _)| at >= position);
    chain.erasures.iter().find(|(_, erasure)| since(erasure)).map(|(started, _)| *started)
}

/// What keeps a demand for computed views from being met: the newest digest of each view counts.
pub(super) fn unmet(reports: &[ViewReport]) -> Vec<String> {
    let mut lines = Vec::new();
    for view in [CASES, AUTHORITY] {
        match reports.iter().rev().find(|report| report.view == view) {
            None => {
                lines.push(format!("no digest of the view {view} has been published: vandel view publish"))
            }
            Some(report) if report.outcome == ViewOutcome::NotComputed => lines.push(format!(
                "the newest digest of the view {view}, record {}, was not computed again: {}",
                report.record, report.why
            )),
            Some(_) => {}
        }
    }
    lines
}

//! Verification: what can be said of a log, by whom, and on what it rests.
//!
//! An [`Audit`] is fed the blocks of a log in their order and ends in a [`Report`]. It uses the folds
//! that the sequencer itself uses ([`Chain::take`], [`crate::admit::admit`]); nothing here trusts a view, an index
//! or a checksum. Three [`Level`]s: *integrity* needs the log alone, *coverage* and *conduct* need
//! [`Openings`]. What it rests on is an [`Anchor`], and the report says who could have rewritten
//! history under it.
//!
//! Signatures are verified strictly and on all cores, a few megabytes of blocks at a time, so memory
//! does not grow with the log but by 40 bytes a block (the roots that authors can have seen).

mod anchor;
mod contents;
mod finding;
mod overdue;
mod part;
mod receipt;
mod remembered;
mod report;
mod suspects;
mod verdict;
mod views;

use std::collections::{BTreeMap, BTreeSet};

pub use anchor::{CheckpointSource, Evidence, SignedCheckpoint, TrustFile};
pub(crate) use contents::started_without_check;
pub use contents::{Opening, Openings, Wanted};
pub use finding::{FINDINGS_MAX, Finding, Severity};
pub use receipt::{ReceiptError, ReceiptEvidence};
pub use remembered::{Remembered, RememberedError};
pub use report::{
    Anchor, AnchorReport, CheckpointReport, Counts, Level, LevelReport, LogKeyReport, Pending, Report,
    RuleReport, SuspectReport, TrustReport, Verdict,
};

pub use views::{ViewOutcome, ViewReport};

use crate::block::{Block, BlockDecodeError};
use crate::chain::{Chain, Fault, FaultKind, Place};
use crate::hash::{Domain, Hash};
use crate::record::Record;
use crate::signature::verify_strict;
use crate::statement::{Body, Seen};
use crate::time::Day;
use anchor::Anchored;
use contents::Contents;
use finding::Findings;
use part::{Folded, part_len, wanted_in};
use suspects::Suspects;
use views::ViewsFold;

/// How many bytes of blocks are gathered before they are judged.
const GATHERED_BYTES: usize = 4 << 20;

/// What is to be verified, and against what.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What the auditor brings.
    pub evidence: Evidence,
    /// The levels asked for; none asks for all that the input supports.
    pub levels: Option<BTreeSet<Level>>,
    /// A quorum of witnesses is demanded.
    pub require_witnessed: bool,
    /// Why there are no openings, if there are none.
    pub no_openings: String,
    /// Published digests of views are to be computed again.
    pub views: bool,
    /// The day on which what is overdue is found; none if nobody asks.
    pub as_of: Option<Day>,
    /// Whether what is overdue is a violation, and not only a notice.
    pub overdue_violates: bool,
    /// The tree head up to which this auditor has verified the log before: signatures below it are not verified
    /// again if the log bears it out. It must also stand in the evidence, so that it is a finding if not.
    pub verified: Option<Seen>,
}

/// How the log ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEnd {
    /// Every byte of it was a block.
    Whole,
    /// The bytes after the last block are the beginning of another; what a crash leaves, or damage.
    Torn {
        /// File and offset, for the report.
        what: String,
    },
    /// What is stored is not what was written.
    Damaged {
        /// File, offset and fault, for the report.
        what: String,
        /// Whether the damage stands where the next block should be. If not, no record can be named.
        is_next: bool,
    },
}

/// An audit under way.
pub struct Audit<'o> {
    request: Request,
    chain: Chain,
    gathered: Vec<Vec<u8>>,
    gathered_bytes: usize,
    along: Along<'o>,
    /// A fault was found after which the chain cannot be followed.
    is_stopped: bool,
}

/// What is folded along with the chain.
struct Along<'o> {
    counts: Counts,
    findings: Findings,
    contents: Option<Contents<'o>>,
    /// None unless published digests are to be computed again.
    views: Option<ViewsFold>,
    suspects: Suspects,
    /// Records that receipts speak of, with the block and hash that the log has there.
    promised: BTreeMap<u64, Option<(u64, Hash)>>,
}

impl Along<'_> {
    fn visit(&mut self, chain: &Chain, record: &Record<'_>) {
        self.counts.seen_checkpoints += 1;
        if let Some(found) = self.promised.get_mut(&record.number) {
            *found = Some((chain.blocks, record.hash()));
        }
        self.suspects.visit(chain, record);
        if let Some(views) = &mut self.views {
            views.visit(record);
        }
        match &record.statement.statement.body {
            Body::Open(_) => self.counts.open += 1,
            Body::Sealed(_) => {
                self.counts.sealed += 1;
                if let Some(contents) = &mut self.contents {
                    contents.visit(chain, record, &mut self.counts, &mut self.findings);
                }
            }
        }
    }
}

impl<'o> Audit<'o> {
    /// Begins. Without `openings` only integrity is checked; they are not asked for anything if no
    /// level needs them.
    #[must_use]
    pub fn new(request: Request, openings: Option<&'o mut dyn Openings>) -> Self {
        let wanted = |level: &Level| request.levels.as_ref().is_none_or(|levels| levels.contains(level));
        let opens = wanted(&Level::Coverage) || wanted(&Level::Conduct);
        let promised = request.evidence.receipts.iter().map(|receipt| (receipt.record, None)).collect();
        let along = Along {
            counts: Counts::default(),
            findings: Findings::default(),
            contents: openings.filter(|_| opens).map(Contents::new),
            views: request.views.then(ViewsFold::default),
            suspects: Suspects::default(),
            promised,
        };
        let chain = Chain::before_opening();
        Self { request, chain, gathered: Vec::new(), gathered_bytes: 0, along, is_stopped: false }
    }

    /// Takes the next block's bytes. They may be judged now or with later ones.
    pub fn block(&mut self, bytes: Vec<u8>) {
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes >= GATHERED_BYTES {
            self.judge_gathered();
        }
    }

    /// How many records have been judged so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.chain.size()
    }

    /// Whether a fault was found after which blocks are no longer judged.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Judges what was gathered, part by part: while one part is folded, the signatures of the part before
    /// are verified. Both use all cores; neither waits for the other.
    fn judge_gathered(&mut self) {
        let gathered = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let mut before = Folded::default();
        let mut rest = &gathered[..];
        while !rest.is_empty() || !before.checks.is_empty() {
            let (part, later) = rest.split_at(part_len(rest));
            rest = later;
            let (folded, faults) = rayon::join(|| self.fold(part), || before.faults());
            self.report_signatures(&before, faults);
            before = folded;
        }
        self.along.counts.blocks = self.chain.blocks;
        self.along.counts.records = self.chain.size();
    }

    /// Folds blocks in and leaves their signatures to be verified.
    fn fold<'a>(&mut self, part: &'a [Vec<u8>]) -> Folded<'a> {
        let mut folded = Folded { first_block: self.chain.blocks, ..Folded::default() };
        if self.is_stopped {
            return folded;
        }
        let decoded: Vec<_> = part.iter().map(|bytes| (bytes, Block::decode(bytes))).collect();
        if let Some(contents) = &mut self.along.contents {
            let sound = decoded.iter().map_while(|(_, block)| block.as_ref().ok());
            contents.open_ahead(&sound.flat_map(wanted_in).collect::<Vec<_>>());
        }
        for (bytes, block) in decoded {
            let first = self.chain.size();
            let block = match block {
                Ok(block) => block,
                Err(error) => {
                    self.report_undecodable(bytes, error);
                    break;
                }
            };
            let along = &mut self.along;
            match self.chain.take(&block, &mut folded.checks, |chain, record| along.visit(chain, record)) {
                Ok(()) => {
                    folded.spans.push((first, self.chain.size() - 1));
                    if self.request.verified.is_some_and(|seen| self.chain.size() <= seen.size) {
                        // The tree head from then binds these very records, or is a finding; so it was
                        // for all blocks before.
                        along.counts.signatures_before += folded.checks.len() as u64;
                        folded.checks.clear();
                    }
                }
                Err(fault) => {
                    self.report_fault(&block, first, &fault);
                    folded.spans.push((first, self.chain.size().max(first)));
                    break;
                }
            }
        }
        self.along.counts.signatures += folded.checks.len() as u64;
        folded
    }

    fn report_signatures(&mut self, folded: &Folded<'_>, wrong: Vec<Fault>) {
        for fault in wrong {
            let place = usize::try_from(fault.place.block - folded.first_block).unwrap_or(0);
            let (first, last) = folded.spans[place];
            let finding = Finding::of_fault(&fault, first);
            let concerns_block = fault.place.record.is_none() && last > first;
            self.along.findings.add(if concerns_block { finding.through(last) } else { finding });
        }
    }

    /// A block that does not decode. If the sequencer signed these bytes the place of the first
    /// unreadable record is meant; else any byte of the block may be the changed one.
    fn report_undecodable(&mut self, bytes: &[u8], error: BlockDecodeError) {
        self.is_stopped = true;
        let first = self.chain.size();
        let signed = bytes.split_last_chunk::<64>().is_some_and(|(message, signature)| {
            verify_strict(&self.chain.sequencer, Domain::Block, &[message], signature).is_ok()
        });
        let record = if signed { first + u64::from(error.record_index.unwrap_or(0)) } else { first };
        self.along.findings.add(Finding::undecodable(self.chain.blocks, record, error));
    }

    /// A block that the chain refuses. Its own signature tells whether it was changed after signing;
    /// then a broken link may as well come from the record before it.
    fn report_fault(&mut self, block: &Block<'_>, first: u64, fault: &Fault) {
        self.is_stopped = true;
        let signature =
            verify_strict(&block.head.sequencer, Domain::Block, &[block.signed_bytes], &block.signature);
        let mut fault = fault.clone();
        if let (Err(_), FaultKind::RecordPrevious { .. }, Some(record)) =
            (&signature, &fault.kind, fault.place.record)
        {
            fault.place.record = Some(record.saturating_sub(1).max(first));
        }
        self.along.findings.add(Finding::of_fault(&fault, first));
        if let Err(error) = signature {
            let of = crate::chain::SignatureOf::Block;
            let place = Place { block: fault.place.block, record: None };
            let finding =
                Finding::of_fault(&Fault { place, kind: FaultKind::Signature { of, error } }, first);
            let last = (first + block.records.len() as u64).saturating_sub(1);
            self.along.findings.add(if last > first { finding.through(last) } else { finding });
        }
    }

    /// Ends, and says what was found.
    #[must_use]
    pub fn finish(mut self, end: LogEnd) -> Report {
        self.judge_gathered();
        let is_whole = !self.is_stopped && !matches!(end, LogEnd::Damaged { .. });
        self.check_pinned_ledger();
        let mut anchored =
            anchor::weigh(&self.request.evidence, &self.chain, is_whole, &mut self.along.findings);
        let mut not_looked_at = self.check_end(&end, &anchored);
        self.compare_receipts(&anchored.receipts, is_whole);
        if let Some(contents) = self.along.contents.as_mut().filter(|_| is_whole) {
            contents.finish(&self.chain, &mut self.along.counts, &mut self.along.findings);
            if let Some((as_of, threads)) = self.request.as_of.zip(contents.whole_threads()) {
                let late = overdue::find(threads, &self.chain, as_of);
                self.along.counts.overdue = Some(late.len() as u64);
                let violates = self.request.overdue_violates;
                let weighed = late.into_iter().map(|late| if violates { late } else { late.noticed() });
                weighed.for_each(|finding| self.along.findings.add(finding));
            }
        }
        let views = self.judge_views(is_whole);
        if self.request.views {
            anchored.not_proven.extend(views::unmet(&views));
        }
        not_looked_at.extend(anchored.notes.iter().cloned());
        self.say_what_was_not_looked_at(&mut not_looked_at);
        Report { views, ..self.into_report(end, is_whole, anchored, not_looked_at) }
    }

    fn judge_views(&mut self, is_whole: bool) -> Vec<ViewReport> {
        let Some(views) = self.along.views.as_ref().filter(|_| is_whole) else { return Vec::new() };
        let threads = self.along.contents.as_ref().and_then(Contents::whole_threads);
        views.judge(&self.chain, threads, &mut self.along.findings)
    }

    fn check_pinned_ledger(&mut self) {
        if let Some(pinned) = self.request.evidence.ledger.filter(|pinned| *pinned != self.chain.ledger) {
            let what = "this is another ledger than the one asked for";
            let finding = Finding::new("other-ledger", Level::Integrity, what).at(Some(0), 0);
            self.along.findings.add(finding.expected(pinned, self.chain.ledger));
        }
    }

    fn check_end(&mut self, end: &LogEnd, anchored: &Anchored) -> Vec<String> {
        let (next, block) = (self.chain.size(), self.chain.blocks);
        let unread = format!("Everything from record {next} on: the log could not be followed beyond it.");
        let finding = match end {
            _ if self.is_stopped => return vec![unread],
            LogEnd::Damaged { what, is_next } => {
                let finding = Finding::new("log-damaged", Level::Integrity, what.clone());
                if *is_next { finding.at(Some(block), next) } else { finding }
            }
            LogEnd::Torn { what } if next == 0 || anchored.claimed > next => {
                Finding::new("log-torn", Level::Integrity, what.clone()).at(Some(block), next)
            }
            LogEnd::Whole if next == 0 => {
                Finding::new("log-empty", Level::Integrity, "the log holds no block").at(Some(0), 0)
            }
            _ => return Vec::new(),
        };
        self.along.findings.add(finding);
        if matches!(end, LogEnd::Damaged { .. }) { vec![unread] } else { Vec::new() }
    }

    /// Holds the receipts that prove something, by their indices, against the records in their places.
    fn compare_receipts(&mut self, receipts: &[usize], is_whole: bool) {
        for receipt in receipts.iter().filter_map(|index| self.request.evidence.receipts.get(*index)) {
            let (record, promised, source) = (receipt.record, receipt.hash, &receipt.source);
            let finding = match self.along.promised.get(&record).copied().flatten() {
                Some((_, found)) if found == promised => None,
                Some((block, found)) => {
                    let what = format!("the receipt {source} was given for another record");
                    let finding = Finding::new("receipt", Level::Integrity, what).at(Some(block), record);
                    Some(finding.expected(promised, found))
                }
                // What was not read may hold it.
                None if !is_whole => continue,
                None => {
                    let what = format!("the receipt {source} was given for a record that is not in the log");
                    let finding = Finding::new("receipt", Level::Integrity, what).at(None, record);
                    Some(finding.expected(promised, "no record"))
                }
            };
            self.along.counts.receipts += 1;
            finding.into_iter().for_each(|finding| self.along.findings.add(finding));
        }
    }
}

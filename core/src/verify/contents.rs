//! Coverage and conduct: what the openings show.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rayon::prelude::*;

use crate::admit::{Occasion, Proposal, Recheck, Refusal, Rule, State, Unrepeated, admit, rules, unrepeated};
use crate::chain::Chain;
use crate::event::{Kind, Step};
use crate::hash::Hash;
use crate::id::ThreadId;
use crate::payload::{Payload, Slot};
use crate::policy::Duty;
use crate::record::Record;
use crate::thread::{Case, Matter, Thread, Threads};
use crate::verify::finding::{Finding, Findings};
use crate::verify::report::{Counts, Level, RuleReport};

/// Where openings come from: the vault, or a bundle that was handed out.
pub trait Openings: Send {
    /// What is held for these sealed records, in their order. They ascend.
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening>;

    /// The epoch of the vault that they come from and the hash of its manifest; none if they come from no vault.
    fn vault(&self) -> Option<(u64, Hash)> {
        None
    }
}

/// A sealed record whose opening is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The record's number.
    pub record: u64,
    /// The hash of its statement.
    pub statement: Hash,
    /// What the opening must open to.
    pub commitment: Hash,
}

/// What is held for a sealed record.
#[derive(Debug)]
pub enum Opening {
    /// Everything that was sealed.
    Whole(Box<Payload>),
    /// Some parts; the keys of those in these slots have been destroyed.
    Part(Box<Payload>, Vec<Slot>),
    /// The keys of all parts have been destroyed.
    Erased,
    /// Nothing is held for it, not even what was sealed.
    Missing,
    /// Something is there and does not open; why.
    Damaged(String),
}

/// What has to be covered by an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    Whole,
    Part,
    /// Nothing but the identity: a later step may have replaced it.
    Identity,
    Missing,
}

/// An opening that was held against its commitment, ahead of its place.
enum Ahead {
    /// It opens; the slots' parts are gone.
    Step(Box<(Payload, Step)>, Vec<Slot>),
    Erased,
    Missing,
    /// It does not open as it should: code and reason.
    Wrong(&'static str, String),
}

impl Ahead {
    fn of(opening: Opening, commitment: &Hash) -> Self {
        let (payload, slots) = match opening {
            Opening::Whole(payload) => (payload, Vec::new()),
            Opening::Part(payload, slots) => (payload, slots),
            Opening::Erased => return Self::Erased,
            Opening::Missing => return Self::Missing,
            Opening::Damaged(why) => return Self::Wrong("payload-damaged", why),
        };
        match payload.open(commitment) {
            Ok(step) => Self::Step(Box::new((*payload, step)), slots),
            Err(error) => Self::Wrong("payload-commitment", error.to_string()),
        }
    }
}

/// The fold over openings.
pub(super) struct Contents<'o> {
    openings: &'o mut dyn Openings,
    /// Of the records that come next: made together, on all cores.
    ahead: VecDeque<(u64, Ahead)>,
    threads: Threads,
    /// Records that lost something, judged at the end, since the erasure stands later in the log.
    gone: BTreeMap<u64, Gone>,
    /// Threads of which parts are gone: what rested on those parts cannot be judged again.
    eroded: BTreeSet<ThreadId>,
    /// A payload was damaged or missing before: numbers in threads may have holes on that account.
    has_gap: bool,
    /// Steps for which some check of the rule was not made again.
    attested: BTreeMap<Rule, u64>,
    refused: BTreeMap<Rule, u64>,
}

impl<'o> Contents<'o> {
    pub(super) fn new(openings: &'o mut dyn Openings) -> Self {
        Self {
            openings,
            ahead: VecDeque::new(),
            threads: Threads::default(),
            gone: BTreeMap::new(),
            eroded: BTreeSet::new(),
            has_gap: false,
            attested: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// Takes the openings of the sealed records that come next and holds each against its commitment.
    /// Neither depends on what stands before the record, so it is done on all cores.
    pub(super) fn open_ahead(&mut self, wanted: &[Wanted]) {
        let openings = self.openings.openings(wanted);
        let opened = wanted.par_iter().zip(openings);
        let opened = opened.map(|(wanted, opening)| (wanted.record, Ahead::of(opening, &wanted.commitment)));
        self.ahead = opened.collect::<Vec<_>>().into();
    }

    /// Judges the step of a sealed record as the sequencer had to.
    pub(super) fn visit(
        &mut self,
        chain: &Chain,
        record: &Record<'_>,
        counts: &mut Counts,
        findings: &mut Findings,
    ) {
        let hash = record.statement.hash();
        let ahead = self.ahead.pop_front().filter(|(number, _)| *number == record.number);
        let (opened, slots) = match ahead.map_or(Ahead::Missing, |(_, ahead)| ahead) {
            Ahead::Step(opened, slots) => (opened, slots),
            Ahead::Erased => {
                counts.erased += 1;
                self.gone.insert(record.number, Gone::Whole);
                return;
            }
            Ahead::Missing => {
                self.has_gap = true;
                self.gone.insert(record.number, Gone::Missing);
                return;
            }
            Ahead::Wrong(code, why) => {
                self.has_gap = true;
                counts.commitments += u64::from(code == "payload-commitment");
                let finding = Finding::new(code, Level::Coverage, why);
                findings.add(finding.at(Some(chain.blocks), record.number));
                return;
            }
        };
        counts.commitments += 1;
        let (payload, step) = &*opened;
        match slots.as_slice() {
            [] => {}
            // A name changes no rule.
            [Slot::Identity] => {
                self.gone.insert(record.number, Gone::Identity);
            }
            _ => {
                self.gone.insert(record.number, Gone::Part);
                self.eroded.insert(step.spine.thread);
            }
        }
        self.judge(chain, record, payload, step, counts, findings);
        if let Some(author) = chain.keyring.get(&record.statement.statement.author) {
            self.threads.fold(step, author.actor, record.number, hash);
        }
    }

    fn judge(
        &mut self,
        chain: &Chain,
        record: &Record<'_>,
        payload: &Payload,
        step: &Step,
        counts: &mut Counts,
        findings: &mut Findings,
    ) {
        let proposal = Proposal {
            statement: &record.statement.statement,
            header: &payload.header,
            step,
            evidence: None,
            at: record.time,
        };
        counts.steps_judged += 1;
        let state = State { chain, threads: &self.threads };
        let passed_over: BTreeSet<Rule> =
            unrepeated(state, proposal).into_iter().map(Unrepeated::rule).collect();
        passed_over.into_iter().for_each(|rule| *self.attested.entry(rule).or_default() += 1);
        let Err(refusal) = admit(state, proposal, Occasion::Audit) else {
            return;
        };
        if self.is_beyond_judging(&refusal, step) {
            counts.steps_beyond_judging += 1;
            return;
        }
        if let Some(rule) = refusal.rule() {
            *self.refused.entry(rule).or_default() += 1;
        }
        findings.add(Finding::of_refusal(&refusal, chain.blocks, record.number));
    }

    /// Whether a refusal may come from what is gone, and not from the step. What was never kept, `admit`
    /// passes over itself; the author's key the chain has judged.
    fn is_beyond_judging(&self, refusal: &Refusal, step: &Step) -> bool {
        match refusal.rule() {
            Some(Rule::Thread) => self.has_gap,
            _ => self.eroded.contains(&step.spine.thread),
        }
    }

    /// What can only be told at the end: erasures, and starts without a check.
    pub(super) fn finish(&mut self, chain: &Chain, counts: &mut Counts, findings: &mut Findings) {
        counts.threads = self.threads.len() as u64;
        let covered: BTreeSet<u64> =
            chain.erasures.values().flat_map(|erasure| &erasure.records).copied().collect();
        let superseded = self.superseded();
        let is_covered = |record: &u64, gone: Gone| {
            covered.contains(record) || gone == Gone::Identity && superseded.contains(record)
        };
        for (record, gone) in self.gone.iter().filter(|(record, gone)| !is_covered(record, **gone)) {
            let (code, what) = match gone {
                Gone::Whole => ("erased-without-erasure", "all keys of the payload have been destroyed"),
                Gone::Part | Gone::Identity => {
                    ("erased-without-erasure", "keys of some parts have been destroyed")
                }
                Gone::Missing => ("payload-missing", "no payload is held for this sealed record"),
            };
            let finding = Finding::new(code, Level::Coverage, what).at(None, *record);
            findings.add(finding.expected("an opening, or an erasure that covers the record", "neither"));
        }
        if let Some(finding) = self.vault_of_before(chain) {
            findings.add(finding);
        }
        for (_, thread) in self.threads.iter() {
            if let Matter::Case(case) = &thread.matter
                && let Some(finding) = started_without_check(chain, thread, case)
            {
                findings.add(finding);
            }
        }
    }

    /// The threads, if nothing that should open was damaged or missing.
    pub(super) fn whole_threads(&self) -> Option<&Threads> {
        (!self.has_gap).then_some(&self.threads)
    }

    /// A vault from before an erasure, in which the erased still opens: an old copy that was put back.
    fn vault_of_before(&self, chain: &Chain) -> Option<Finding> {
        let (epoch, manifest) = self.openings.vault()?;
        let executed =
            chain.erasures.values().filter_map(|erasure| Some((erasure.executed?.0, erasure.vault?)));
        let (record, (erasure, expected)) = executed.max_by_key(|(_, (epoch, _))| *epoch)?;
        let is_it = epoch > erasure || (epoch == erasure && manifest == expected);
        let what = "the vault is a copy from before this erasure: what was erased still opens in it";
        let finding = Finding::new("vault-behind-erasure", Level::Coverage, what).at(None, record);
        (!is_it).then(|| finding.expected(format!("epoch {erasure} or later"), format!("epoch {epoch}")))
    }

    /// Records whose identity a later step of the case has replaced; it is destroyed without a plan.
    fn superseded(&self) -> BTreeSet<u64> {
        let cases = self.threads.iter().filter_map(|(_, thread)| match &thread.matter {
            Matter::Case(case) => Some((thread, case)),
            _ => None,
        });
        let records = cases.flat_map(|(thread, case)| {
            case.superseded_identities().filter_map(|number| thread.records.get(number as usize).copied())
        });
        records.collect()
    }

    /// Records that an executed erasure names and that still open in full.
    pub(super) fn open_after_erasure(&self, chain: &Chain) -> usize {
        let executed = chain.erasures.values().filter(|erasure| erasure.executed.is_some());
        executed.flat_map(|erasure| &erasure.records).filter(|record| !self.gone.contains_key(record)).count()
    }

    /// Every rule and how often it was applied again.
    pub(super) fn rule_reports(&self, counts: &Counts) -> Vec<RuleReport> {
        let report = |rule: Rule| {
            let attested = self.attested.get(&rule).copied().unwrap_or(0);
            RuleReport {
                rule: rule.name(),
                paragraph: rule.paragraph(),
                recheck: if rule.recheck() == Recheck::Attested { "attested" } else { "replayable" },
                replayed: counts.steps_judged - attested,
                attested,
                refused: self.refused.get(&rule).copied().unwrap_or(0),
            }
        };
        rules().map(report).collect()
    }
}

/// Work begins after the check, where the law demands one.
pub(crate) fn started_without_check(chain: &Chain, thread: &Thread, case: &Case) -> Option<Finding> {
    let index = case.steps.iter().position(|mark| mark.kind == Kind::EmploymentStarted)?;
    let start = case.steps[index];
    let opened = case.opened()?;
    // Whether the law demanded a check can't be told once the opening has been erased.
    let opening = case.opening.as_ref()?;
    let role = chain.policy_on(opened)?.pack.role_on(&opening.role.0, opened).ok()?;
    if role.duty != Duty::Mandatory {
        return None;
    }
    let checks = [Kind::ExtractShown, Kind::ExtractExempted, Kind::CopyStored, Kind::AuthorityFetched];
    let checked = case.steps.iter().filter(|mark| checks.contains(&mark.kind)).map(|mark| mark.day).min();
    let (code, what) = match checked {
        Some(day) if day <= start.day => return None,
        Some(_) => ("checked-after-start", "work began before the check was made"),
        None => ("started-without-check", "work began, and no check was made"),
    };
    let found = checked.map_or_else(|| "no check".to_owned(), |day| format!("a check on {day}"));
    let mut finding = Finding::new(code, Level::Conduct, what).at(None, thread.records[index]);
    finding.paragraph = Some(role.law.paragraph.clone());
    Some(finding.expected(format!("a check by {}", start.day), found))
}

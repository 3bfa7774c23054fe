//! The conduct audit: what those who audit an employer ask, answered from the log and its openings.
//!
//! [`crate::verify`] says whether the ledger is sound; this says what the employer did. It folds for
//! itself, like every audit, and asks no view. Skolinspektionen asks whether everyone was checked at
//! hiring and how it was documented, IVO whether the extracts preceded the hiring, a municipality's
//! auditors whether who decided had the delegation, and whether logs are reviewed.
//!
//! | module | holds |
//! |---|---|
//! | this one | the fold, step by step, and the breaches of rules |
//! | [`hires`] | matching an employer's own list of hires |
//! | [`sample`] | drawing cases by a published seed |

pub mod hires;
pub mod sample;

use std::collections::{BTreeMap, BTreeSet};

use crate::admit::{Occasion, Proposal, Refusal, Rule, State, Unrepeated, admit, unrepeated};
use crate::chain::Chain;
use crate::event::{Kind, Note, Process, Purpose, Step};
use crate::id::{ActorId, ThreadId};
use crate::payload::{Payload, Slot};
use crate::person::PersonalNumber;
use crate::record::Record;
use crate::statement::Body;
use crate::thread::{Matter, Threads};
use crate::time::{Day, Second};
use crate::verify::{Opening, Openings, Wanted, started_without_check};

/// What an auditor asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Was anyone checked without a ground in law?
    Ground,
    /// Was an extract too old, of the wrong law or register, or unverified?
    Extract,
    /// Did anyone decide or note without the role, or beside the delegation?
    Delegation,
    /// Was more written down than the law allows?
    Recorded,
    /// Did anyone begin to work before the check, or without one?
    Start,
    /// Was any other rule broken?
    OtherRule,
}

/// One answer that names a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What it answers.
    pub question: Question,
    /// The record.
    pub record: u64,
    /// The case, position or reader.
    pub thread: ThreadId,
    /// The step's day.
    pub day: Day,
    /// What happened.
    pub kind: Kind,
    /// What is wrong, in a sentence; it quotes nothing from the case.
    pub what: String,
    /// What the rule rests on.
    pub paragraph: String,
}

/// How the notes of one role were documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Extracts that were noted, stored or fetched.
    pub checks: u64,
    /// Notes whose age could be judged again.
    pub judged: u64,
    /// Notes of which the law forbids to keep what would be judged.
    pub not_checkable: u64,
}

/// A decision.
#[derive(Clone, PartialEq, Eq)]
pub struct Decided {
    /// The record.
    pub record: u64,
    /// The case.
    pub thread: ThreadId,
    /// Who decided.
    pub actor: ActorId,
    /// The day.
    pub day: Day,
    /// The delegation that the decider acted under.
    pub delegation: String,
}

/// A reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The record.
    pub record: u64,
    /// When.
    pub time: Second,
    /// Who read.
    pub actor: ActorId,
    /// Why.
    pub purpose: Purpose,
    /// The case; none for searches.
    pub thread: Option<ThreadId>,
    /// How many cases a search touched.
    pub count: u32,
    /// The case was closed when it was read.
    pub closed: bool,
    /// The case is of a person with protected identity.
    pub protected: bool,
}

/// What is known of whom a case is about. Held in memory only.
#[derive(Clone)]
pub struct Person {
    /// The case's handle.
    pub handle: String,
    /// The number, if there is one.
    pub number: Option<PersonalNumber>,
    /// Protected identity.
    pub protected: bool,
}

/// The fold.
#[derive(Default)]
pub struct Conduct {
    /// The threads as the openings tell them.
    pub threads: Threads,
    /// Whom each case is about, as long as that has not been erased.
    pub people: BTreeMap<ThreadId, Person>,
    /// Steps that broke a rule, in the order of the log.
    pub breaches: Vec<Breach>,
    /// How checks were documented, by role.
    pub notes: BTreeMap<String, Notes>,
    /// Every decision that still opens.
    pub decisions: Vec<Decided>,
    /// Every reading that still opens.
    pub readings: Vec<Read>,
    /// Records whose content has been erased whole.
    pub erased: u64,
    /// Records that should open and do not, or of which nothing is held.
    pub unopened: Vec<u64>,
    /// Steps that could not be judged again, since what they rest on has been erased.
    pub beyond_judging: u64,
    eroded: BTreeSet<ThreadId>,
}

impl Conduct {
    /// Takes in the next record, with the chain as it stands before it.
    pub fn visit(&mut self, chain: &Chain, record: &Record<'_>, openings: &mut dyn Openings) {
        let Body::Sealed(commitment) = &record.statement.statement.body else { return };
        let hash = record.statement.hash();
        let wanted = Wanted { record: record.number, statement: hash, commitment: *commitment };
        let opening = openings.openings(&[wanted]).pop().unwrap_or(Opening::Missing);
        let (payload, gone) = match opening {
            Opening::Whole(payload) => (payload, Vec::new()),
            Opening::Part(payload, gone) => (payload, gone),
            Opening::Erased => {
                self.erased += 1;
                return;
            }
            Opening::Missing | Opening::Damaged(_) => {
                self.unopened.push(record.number);
                return;
            }
        };
        let Ok(step) = payload.open(commitment) else {
            self.unopened.push(record.number);
            return;
        };
        if gone.iter().any(|slot| *slot != Slot::Identity) {
            self.eroded.insert(step.spine.thread);
        }
        self.judge(chain, record, &payload, &step);
        let Some(author) = chain.keyring.get(&record.statement.statement.author) else { return };
        self.note_facts(record, &step, author.actor);
        self.threads.fold(&step, author.actor, record.number, hash);
    }

    /// What can only be told at the end: work that began without a check.
    pub fn finish(&mut self, chain: &Chain) {
        let mut found = Vec::new();
        for (id, thread) in self.threads.iter() {
            let Matter::Case(case) = &thread.matter else { continue };
            let Some(finding) = started_without_check(chain, thread, case) else { continue };
            let start = case.first(Kind::EmploymentStarted).map(|mark| mark.day);
            let seen = finding.found.as_deref().unwrap_or_default();
            found.push(Breach {
                question: Question::Start,
                record: finding.record.unwrap_or_default(),
                thread: *id,
                day: start.unwrap_or(Day::MAX),
                kind: Kind::EmploymentStarted,
                what: format!("{}: {seen}", finding.what),
                paragraph: finding.paragraph.unwrap_or_default(),
            });
        }
        self.breaches.extend(found);
        self.breaches.sort_by_key(|breach| breach.record);
    }

    fn judge(&mut self, chain: &Chain, record: &Record<'_>, payload: &Payload, step: &Step) {
        let (statement, header) = (&record.statement.statement, &payload.header);
        let proposal = Proposal { statement, header, step, evidence: None, at: record.time };
        let state = State { chain, threads: &self.threads };
        let passed_over = unrepeated(state, proposal);
        let refusal = admit(state, proposal, Occasion::Audit).err();
        self.count_note(step, &passed_over);
        let Some(refusal) = refusal else { return };
        let rule = refusal.rule();
        // Integrity reports keys; a hole in a thread is coverage's.
        if matches!(refusal, Refusal::Key(_)) || rule == Some(Rule::Thread) {
            return;
        }
        if self.eroded.contains(&step.spine.thread) {
            self.beyond_judging += 1;
            return;
        }
        self.breaches.push(Breach {
            question: question(rule, step.spine.kind),
            record: record.number,
            thread: step.spine.thread,
            day: step.spine.day,
            kind: step.spine.kind,
            what: refusal.to_string(),
            paragraph: refusal.paragraph(),
        });
    }

    fn count_note(&mut self, step: &Step, passed_over: &[Unrepeated]) {
        let checks = [Kind::ExtractShown, Kind::ExtractExempted, Kind::CopyStored, Kind::AuthorityFetched];
        if !checks.contains(&step.spine.kind) {
            return;
        }
        let case = self.threads.case(&step.spine.thread);
        let role = case.and_then(|case| case.opening.as_ref()).map(|opening| opening.role.0.clone());
        let notes = self.notes.entry(role.unwrap_or_default()).or_default();
        notes.checks += 1;
        if matches!(step.note, Some(Note::Shown { .. })) {
            match passed_over.iter().any(|one| one.rule() == Rule::Extract) {
                true => notes.not_checkable += 1,
                false => notes.judged += 1,
            }
        }
    }

    fn note_facts(&mut self, record: &Record<'_>, step: &Step, actor: ActorId) {
        let spine = &step.spine;
        if let Some(identity) = &step.identity {
            let person = Person {
                handle: identity.handle.clone(),
                number: identity.number.number().cloned(),
                protected: identity.protected,
            };
            self.people.insert(spine.thread, person);
        }
        if let Some(Process::DecisionMade { delegation, .. }) = &step.process {
            let (thread, day, delegation) = (spine.thread, spine.day, delegation.clone());
            self.decisions.push(Decided { record: record.number, thread, actor, day, delegation });
        }
        if let Some(reading) = &step.reading {
            let case = reading.thread.and_then(|thread| self.threads.case(&thread));
            self.readings.push(Read {
                record: record.number,
                time: record.time,
                actor,
                purpose: reading.purpose,
                thread: reading.thread,
                count: reading.count,
                closed: case.is_some_and(crate::thread::Case::closed),
                protected: case.is_some_and(|case| case.protected),
            });
        }
    }
}

/// Which of the auditor's questions a rule answers.
fn question(rule: Option<Rule>, kind: Kind) -> Question {
    match rule {
        Some(
            Rule::Policy
            | Rule::Occasion
            | Rule::Position
            | Rule::Consent
            | Rule::OneRequest
            | Rule::Subject
            | Rule::Withdrawn,
        ) => Question::Ground,
        Some(Rule::Extract | Rule::Exemption) => Question::Extract,
        Some(Rule::Role | Rule::Approval | Rule::Separation) => Question::Delegation,
        Some(Rule::Content) if kind == Kind::DecisionMade => Question::Delegation,
        Some(Rule::Recordable) => Question::Recorded,
        _ => Question::OtherRule,
    }
}

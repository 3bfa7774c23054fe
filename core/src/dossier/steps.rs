//! The records of a dossier in the order of the log: keys and policies as they were, and each step
//! against them.

use std::collections::{BTreeMap, BTreeSet};

use crate::admit::{Occasion, Proposal, Refusal, Rule, State, admit};
use crate::dossier::check::{Read, verify_signatures};
use crate::dossier::report::{DossierFault, ErasedReport, StepReport};
use crate::dossier::{Absence, AbsentPart, ShownStep};
use crate::event::{DigestPublished, Kind, OpenEvent, Step};
use crate::hash::Hash;
use crate::id::PublicKey;
use crate::payload::{Header, Part, Payload, Slot};
use crate::record::Record;
use crate::statement::Body;
use crate::thread::Threads;
use crate::time::Day;
use crate::view::AuthorityRows;

/// What the records have told.
#[derive(Default)]
pub(super) struct Steps {
    /// Which records speak of which key.
    pub(super) authority: AuthorityRows,
    /// The digests that are shown, with the key that signed each.
    pub(super) digests: BTreeMap<u64, (DigestPublished, PublicKey)>,
    /// Every key whose signature is shown.
    pub(super) signers: BTreeSet<PublicKey>,
    /// Each step's record and statement hash.
    pub(super) statements: Vec<(u64, Hash)>,
    /// The day of the first step.
    pub(super) opened: Option<Day>,
    pub(super) reports: Vec<StepReport>,
    pub(super) not_checked: Vec<String>,
    /// The first step that breaks a rule of conduct. It is told last, since what was left out may be to blame.
    pub(super) conduct: Option<DossierFault>,
    threads: Threads,
    kinds: Vec<Kind>,
    erasures: BTreeMap<u64, Erasure>,
    /// Something of the case is not shown, so rules may not have what they judge by.
    eroded: bool,
}

struct Erasure {
    plan: Hash,
    records: Vec<u64>,
    executed: Option<u64>,
}

impl Steps {
    /// D4 to D8.
    pub(super) fn judge(read: &mut Read<'_>) -> Result<Self, DossierFault> {
        let mut steps = Self::default();
        let mut checks = Vec::new();
        let mut next = read.dossier.case.steps.iter();
        let records = std::mem::take(&mut read.records);
        for record in &records {
            match &record.statement.statement.body {
                Body::Open(event) => steps.take_open(record, event)?,
                Body::Sealed(commitment) => {
                    let shown = next.next().filter(|shown| shown.record == record.number);
                    let shown = shown.ok_or_else(|| {
                        DossierFault::new(
                            "record",
                            "a sealed record is none of the case's steps, in their order",
                        )
                        .at(record.number)
                    })?;
                    steps.take_step(read, record, shown, commitment)?;
                }
            }
            let took = read.chain.take_shown(record, &mut checks);
            took.map_err(|fault| DossierFault::new("rule", fault.kind.to_string()).at(record.number))?;
            if read.chain.ledger != read.dossier.ledger() {
                return Err(DossierFault::new("other-ledger", "record 0 opens another ledger").at(0));
            }
            let statement = &record.statement.statement;
            steps.signers.insert(statement.author);
            steps.signers.extend(record.statement.second.map(|(key, _)| key));
        }
        if next.next().is_some() {
            return Err(DossierFault::new("step", "a step's record is not among the records"));
        }
        if steps.kinds.first() != Some(&Kind::CaseOpened) {
            return Err(DossierFault::new("step", "the case does not begin with its opening"));
        }
        verify_signatures(&checks)?;
        read.counts.records = records.len() as u64;
        read.counts.signatures = checks.len() as u64;
        steps.judge_absent(read)?;
        Ok(steps)
    }

    /// Open records are shown for one of a few reasons; others would only be ballast to hide things in.
    fn take_open(&mut self, record: &Record<'_>, event: &OpenEvent) -> Result<(), DossierFault> {
        let number = record.number;
        self.authority.fold(number, event);
        match event {
            OpenEvent::LedgerOpened(_)
            | OpenEvent::KeyEnrolled(_)
            | OpenEvent::KeyRotated(_)
            | OpenEvent::KeyRevoked(_)
            | OpenEvent::CheckpointKeyRotated(_)
            | OpenEvent::PolicyAdopted(_) => {}
            OpenEvent::DigestPublished(published) => {
                self.digests.insert(number, (published.clone(), record.statement.statement.author));
            }
            OpenEvent::ErasureStarted(started) => {
                let (plan, records) = (started.plan, started.records.clone());
                self.erasures.insert(number, Erasure { plan, records, executed: None });
            }
            OpenEvent::ErasureExecuted(executed) => {
                if let Some(erasure) = self.erasures.get_mut(&executed.started) {
                    erasure.executed = Some(number);
                }
            }
            other => {
                let what = format!("a dossier shows no {}", other.kind().name());
                return Err(DossierFault::new("record", what).at(number));
            }
        }
        Ok(())
    }

    fn take_step(
        &mut self,
        read: &mut Read<'_>,
        record: &Record<'_>,
        shown: &ShownStep,
        commitment: &Hash,
    ) -> Result<(), DossierFault> {
        let payload = payload(shown).map_err(|fault| fault.at(record.number))?;
        let step = payload
            .open(commitment)
            .map_err(|error| DossierFault::new("commitment", error.to_string()).at(record.number))?;
        read.counts.parts += shown.parts.len() as u64;
        self.check_thread(read, record, &step)?;
        check_slots(shown, step.spine.kind).map_err(|fault| fault.at(record.number))?;
        self.judge_rules(read, record, &payload, &step, shown)?;
        let entry = read.chain.keyring.get(&record.statement.statement.author);
        let actor = entry
            .map(|entry| entry.actor)
            .ok_or_else(|| DossierFault::new("rule", "the author's key is not enrolled").at(record.number))?;
        self.signers.extend(step.approval.map(|approval| approval.key));
        let hash = record.statement.hash();
        self.threads.fold(&step, actor, record.number, hash);
        self.statements.push((record.number, hash));
        self.kinds.push(step.spine.kind);
        self.opened = self.opened.or(Some(step.spine.day));
        let names = |wanted: fn(&Absence) -> bool| {
            let absent = shown.absent.iter().filter(move |part| wanted(&part.why));
            absent.filter_map(|part| Some(slot(part.slot)?.compartment().name())).collect::<Vec<_>>()
        };
        self.reports.push(StepReport {
            number: step.spine.number,
            record: record.number,
            time: record.time.to_string(),
            day: step.spine.day.to_string(),
            kind: step.spine.kind.name(),
            key: record.statement.statement.author.to_string(),
            actor: actor.to_string(),
            shown: shown.parts.iter().filter_map(|part| Some(slot_name(slot(part.slot)?))).collect(),
            withheld: names(|why| *why == Absence::Withheld),
            replaced: names(|why| *why == Absence::Replaced),
            erased: Vec::new(),
        });
        Ok(())
    }

    /// The case's own chain: one thread, numbers without a gap, each naming the statement before.
    fn check_thread(&self, read: &Read<'_>, record: &Record<'_>, step: &Step) -> Result<(), DossierFault> {
        let fault = |what: String| Err(DossierFault::new("thread", what).at(record.number));
        let spine = &step.spine;
        if spine.thread != read.dossier.case.thread.0 {
            return fault("the step belongs to another thread".to_owned());
        }
        let expected = self.statements.len();
        if spine.number as usize != expected {
            return fault(format!("the step has number {} in its case; {expected} comes next", spine.number));
        }
        let last = self.statements.last().map_or(Hash::ZERO, |(_, hash)| *hash);
        if spine.previous != last {
            return fault(format!("the step follows statement {}; the last one is {last}", spine.previous));
        }
        Ok(())
    }

    /// The rules of the time, as far as one case shows what they judge by.
    fn judge_rules(
        &mut self,
        read: &mut Read<'_>,
        record: &Record<'_>,
        payload: &Payload,
        step: &Step,
        shown: &ShownStep,
    ) -> Result<(), DossierFault> {
        self.eroded |= !shown.absent.is_empty();
        let state = State { chain: &read.chain, threads: &self.threads };
        let (statement, header) = (&record.statement.statement, &payload.header);
        let proposal = Proposal { statement, header, step, evidence: None, at: record.time };
        read.counts.steps_judged += 1;
        let Err(refusal) = admit(state, proposal, Occasion::Audit) else { return Ok(()) };
        // These rest on other cases, and on the position: what a dossier does not hold.
        let elsewhere = [Rule::Position, Rule::Exemption, Rule::OneRequest];
        let by_itself = matches!(refusal, Refusal::Key(_)) || refusal.rule() == Some(Rule::Thread);
        if !by_itself && (self.eroded || refusal.rule().is_some_and(|rule| elsewhere.contains(&rule))) {
            read.counts.steps_judged -= 1;
            read.counts.steps_beyond_judging += 1;
            return Ok(());
        }
        let what = format!("{refusal} ({})", refusal.paragraph());
        let fault = DossierFault::new("rule", what).at(record.number);
        if by_itself {
            return Err(fault);
        }
        self.conduct.get_or_insert(fault);
        Ok(())
    }

    /// What is not shown: an erasure must name the record, a replacement must have come.
    fn judge_absent(&mut self, read: &Read<'_>) -> Result<(), DossierFault> {
        for (number, shown) in read.dossier.case.steps.iter().enumerate() {
            for part in &shown.absent {
                let fault = |what: &str| DossierFault::new("absent", what).at(shown.record);
                let slot = slot(part.slot).ok_or_else(|| fault("there is no such slot"))?;
                match (part.why, part.started, part.executed, part.by) {
                    (Absence::Withheld, None, None, None) => {}
                    (Absence::Replaced, None, None, Some(by)) if slot == Slot::Identity => {
                        let by = by as usize;
                        let kind = self.kinds.get(by).filter(|_| by > number);
                        let replaces = matches!(kind, Some(Kind::IdentityChanged | Kind::Reassigned));
                        if !replaces {
                            return Err(fault("no later step has replaced this identity"));
                        }
                    }
                    (Absence::Erased, Some(started), executed, None) => {
                        let erasure = self.erasures.get(&started);
                        let erasure =
                            erasure.filter(|erasure| erasure.records.binary_search(&shown.record).is_ok());
                        let erasure =
                            erasure.ok_or_else(|| fault("no erasure that is shown names this record"))?;
                        if erasure.executed != executed {
                            return Err(fault("the erasure's end is not the one that is shown"));
                        }
                        let compartment = slot.compartment().name();
                        let plan = format!("sha256:{}", erasure.plan);
                        self.reports[number].erased.push(ErasedReport {
                            compartment,
                            plan,
                            started,
                            executed,
                        });
                    }
                    _ => return Err(fault("the reason why it is not shown is not one")),
                }
            }
        }
        if read.dossier.case.steps.iter().any(|step| step.absent.iter().any(withheld)) {
            self.not_checked
                .push("What was withheld: it was not shown, and may or may not be there.".to_owned());
        }
        Ok(())
    }
}

fn withheld(part: &AbsentPart) -> bool {
    part.why == Absence::Withheld
}

fn slot(number: u8) -> Option<Slot> {
    Slot::ALL.get(usize::from(number)).copied()
}

fn slot_name(slot: Slot) -> &'static str {
    if slot == Slot::Approval { "approval" } else { slot.compartment().name() }
}

fn payload(shown: &ShownStep) -> Result<Payload, DossierFault> {
    let bad = |what: String| DossierFault::new("step", what);
    let header = Header::decode(&shown.header.0).map_err(|error| bad(error.to_string()))?;
    let mut parts: [Option<Part>; Slot::ALL.len()] = Default::default();
    let ascending = shown.parts.windows(2).all(|pair| pair[0].slot < pair[1].slot);
    if !ascending {
        return Err(bad("the parts are not in the order of their slots".to_owned()));
    }
    for part in &shown.parts {
        let place =
            parts.get_mut(usize::from(part.slot)).ok_or_else(|| bad("there is no such slot".to_owned()))?;
        *place = Some(Part::decode(&part.bytes.0).map_err(|error| bad(error.to_string()))?);
    }
    Ok(Payload { header, parts })
}

/// Each part that the kind has is either shown or said not to be, and nothing else is said. The spine is there, or the
/// payload would not have opened.
fn check_slots(shown: &ShownStep, kind: Kind) -> Result<(), DossierFault> {
    let bad = |what: &str| DossierFault::new("step", what);
    if !shown.absent.windows(2).all(|pair| pair[0].slot < pair[1].slot) {
        return Err(bad("what is absent is not in the order of the slots"));
    }
    for slot in Slot::ALL {
        let here = shown.parts.iter().any(|part| part.slot == slot as u8);
        let absent = shown.absent.iter().any(|part| part.slot == slot as u8);
        let compartment = slot.compartment();
        let must = match slot {
            Slot::Approval => kind.needs_approval(),
            _ => kind.compartments().contains(&compartment),
        };
        let may = must || kind.optional_compartment() == Some(compartment);
        if here && absent || must && !here && !absent || absent && !may {
            return Err(bad("a part that the step has is neither shown nor said to be absent, or both"));
        }
    }
    match shown.absent.iter().any(|part| usize::from(part.slot) >= Slot::ALL.len()) {
        true => Err(bad("there is no such slot")),
        false => Ok(()),
    }
}

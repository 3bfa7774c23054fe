//! Taking the rows of an HR export into the ledger: a case for each row that the law supports.
//!
//! A row that is refused leaves nothing behind, not even its number; it is reported by line and code.
//! What a second import finds in the ledger already it leaves alone. Known people are recognised in
//! memory, from opened identities; nothing that could be tested by guessing numbers touches the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use vandel_core::event::{Identity, Kind, Occasion, Opening, Process, RoleCode, Step};
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId};
use vandel_core::person::IdentityNumber;
use vandel_core::retention::{DueState, RetentionFacts, due};
use vandel_core::signature::SigningKey;
use vandel_core::thread::Matter;
use vandel_core::time::Day;
use vandel_ledger::author::sign_step;
use vandel_ledger::handle::new_handle;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::submission::{Submission, SubmitError};
use vandel_ledger::vault::VaultError;

use super::{RejectedRow, Row};
use crate::names::{Names, NamesError};

/// How many cases are signed and submitted at a time.
const BATCH: usize = 100;

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The cases opened.
    pub opened: Vec<Opened>,
    /// Lines whose case is in the ledger already.
    pub known: Vec<usize>,
    /// Lines that the ledger refused: line and code.
    pub refused: Vec<(usize, String)>,
}

/// A case that stands in the ledger now.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Opened {
    /// The line of the file.
    pub line: usize,
    /// The case's handle.
    pub handle: String,
    /// The record that opened it.
    pub record: u64,
}

/// Why an import stopped. What was acknowledged until then stands.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The ledger stopped.
    #[error("{0}")]
    Submit(#[from] SubmitError),
    /// The vault failed.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// A name.
    #[error("{0}")]
    Names(#[from] NamesError),
    /// The operating system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A person, a recruitment and a role: what makes two rows the same case.
type CaseKey = (PersonKey, String, String);

/// What a person is recognised by, in memory only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum PersonKey {
    Number(String),
    Name(String, String),
}

fn person_key(number: &IdentityNumber, surname: &str, given_name: &str) -> PersonKey {
    match number.number() {
        Some(number) => PersonKey::Number(number.reveal().to_owned()),
        None => PersonKey::Name(surname.to_lowercase(), given_name.to_lowercase()),
    }
}

/// What the ledger knows already, opened once.
struct Known {
    cases: BTreeSet<CaseKey>,
    subjects: HashMap<PersonKey, SubjectId>,
    /// Assignments by board and reference.
    assignments: HashMap<(ControllerId, String), AssignmentId>,
    /// Current assessments by board and role.
    positions: BTreeMap<(ControllerId, RoleCode), ThreadId>,
}

/// Takes rows in, signed by `key`, on the day `today`. After each batch `progress` is told how many
/// rows are done and which cases the ledger has acknowledged: those stand, whatever happens next.
///
/// # Errors
/// [`TakeError`] if the ledger, the vault or the operating system stops it; a refused row does not.
pub fn take(
    sequencer: &mut Sequencer,
    key: &SigningKey,
    rows: Vec<Row>,
    today: Day,
    mut progress: impl FnMut(usize, &[Opened]) -> Result<(), io::Error>,
) -> Result<Taken, TakeError> {
    let mut names = Names::read(sequencer.vault())?;
    let mut known = Known::open(sequencer)?;
    let mut taken = Taken::default();
    let mut done = 0;
    for batch in rows.chunks(BATCH) {
        let mut waiting = Vec::new();
        for row in batch {
            match prepare(sequencer, key, &mut names, &mut known, row, today)? {
                Prepared::Known => taken.known.push(row.line),
                Prepared::Refused(code) => taken.refused.push((row.line, code)),
                Prepared::Ready(handle, submission) => waiting.push((row.line, handle, submission)),
            }
        }
        let before = taken.opened.len();
        let groups = waiting.iter().map(|(_, _, submission)| vec![(**submission).clone()]).collect();
        for ((line, handle, _), answer) in waiting.into_iter().zip(sequencer.commit(groups)) {
            match answer {
                Ok(receipts) => {
                    let record = receipts.first().map_or(0, |receipt| receipt.record);
                    taken.opened.push(Opened { line, handle, record });
                }
                Err(SubmitError::Refused(refusal)) => taken.refused.push((line, refusal.code().to_owned())),
                Err(other) => return Err(other.into()),
            }
        }
        done += batch.len();
        progress(done, &taken.opened[before..])?;
    }
    taken.refused.sort();
    Ok(taken)
}

/// What a row comes to before it is submitted.
enum Prepared {
    Known,
    Refused(String),
    Ready(String, Box<Submission>),
}

fn prepare(
    sequencer: &mut Sequencer,
    key: &SigningKey,
    names: &mut Names,
    known: &mut Known,
    row: &Row,
    today: Day,
) -> Result<Prepared, TakeError> {
    // What the law does not support is refused before anything about it is made or stored.
    if let Some(code) = refused_by_policy(sequencer, row, today) {
        return Ok(Prepared::Refused(code));
    }
    let person = person_key(&row.identity, &row.surname, &row.given_name);
    if !known.cases.insert((person.clone(), row.recruitment.clone(), row.role.clone())) {
        return Ok(Prepared::Known);
    }
    let Ok(controller) = names.controller(&row.administration) else {
        return Ok(Prepared::Refused("board-unknown".to_owned()));
    };
    let unit = names.unit_or_add(sequencer.vault_mut(), controller, row.unit.as_deref().unwrap_or("–"))?;
    let subject = match known.subjects.get(&person) {
        Some(subject) => *subject,
        None => *known.subjects.entry(person).or_insert(SubjectId(random()?)),
    };
    let assignment = match known.assignments.get(&(controller, row.recruitment.clone())) {
        Some(assignment) => *assignment,
        None => AssignmentId(random()?),
    };
    known.assignments.insert((controller, row.recruitment.clone()), assignment);
    let role = RoleCode(row.role.clone());
    let handle = new_handle()?;
    let mut step = Step::new(sequencer.next_spine(ThreadId(random()?), Kind::CaseOpened, today));
    step.identity = Some(Identity {
        subject,
        handle: handle.clone(),
        number: row.identity.clone(),
        surname: row.surname.clone(),
        given_name: row.given_name.clone(),
        protected: row.protected,
    });
    step.process = Some(Process::CaseOpened(Opening {
        subject,
        controller,
        unit,
        assignment,
        reference: row.recruitment.clone(),
        position: known.positions.get(&(controller, role.clone())).copied(),
        role,
        occasion: Occasion::NewEmployment,
        offered: None,
    }));
    let signed = sign_step(&sequencer.standpoint(), key, None, &step, None)?;
    Ok(Prepared::Ready(handle, Box::new(signed.submission)))
}

/// A role without a ground, or a row so old that all of it would have to go at once: taking it in
/// would resurrect what has been erased (domain, point 11).
fn refused_by_policy(sequencer: &Sequencer, row: &Row, today: Day) -> Option<String> {
    use vandel_core::admit::Refusal;
    let Some(adopted) = sequencer.chain().policy_on(today) else {
        return Some(Refusal::NoPolicy { day: today }.code().to_owned());
    };
    let role = match adopted.pack.role_on(&row.role, today) {
        Ok(role) => role,
        Err(error) => return Some(Refusal::from(error).code().to_owned()),
    };
    let mut facts = RetentionFacts::default();
    use vandel_core::policy::Trigger;
    for trigger in [Trigger::Opened, Trigger::Closed, Trigger::EmploymentStart] {
        facts.days.insert(trigger, row.start);
    }
    let compartments = role.compartments();
    let kept = compartments.iter().filter(|compartment| compartment.name() != "identity");
    let passed = kept.map(|compartment| due(role, *compartment, &facts, today).state);
    let states: Vec<DueState> = passed.collect();
    let all_passed = !states.is_empty() && states.iter().all(|state| *state == DueState::Overdue);
    all_passed.then(|| "retention-passed".to_owned())
}

impl Known {
    fn open(sequencer: &Sequencer) -> Result<Self, TakeError> {
        let mut known = Self {
            cases: BTreeSet::new(),
            subjects: HashMap::new(),
            assignments: HashMap::new(),
            positions: BTreeMap::new(),
        };
        for (id, thread) in sequencer.threads().iter() {
            match &thread.matter {
                Matter::Position(Some(position)) => {
                    known.positions.insert((position.controller, position.role.clone()), *id);
                }
                Matter::Case(case) => {
                    let record = case.identity_step.and_then(|step| thread.records.get(step as usize));
                    let (Some(record), Some(opening)) = (record, &case.opening) else { continue };
                    known
                        .assignments
                        .insert((opening.controller, opening.reference.clone()), opening.assignment);
                    known.take_identity(sequencer, *record, opening)?;
                }
                _ => {}
            }
        }
        Ok(known)
    }

    fn take_identity(
        &mut self,
        sequencer: &Sequencer,
        record: u64,
        opening: &Opening,
    ) -> Result<(), TakeError> {
        let Some(opened) = sequencer.vault().get(record)? else { return Ok(()) };
        let Unsealed::Payload(payload) = from_opened(&opened) else { return Ok(()) };
        let Ok(step) = payload.open(&payload.header.commitment()) else { return Ok(()) };
        if let Some(identity) = step.identity {
            let person = person_key(&identity.number, &identity.surname, &identity.given_name);
            self.cases.insert((person.clone(), opening.reference.clone(), opening.role.0.clone()));
            self.subjects.insert(person, identity.subject);
        }
        Ok(())
    }
}

fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    Ok(bytes)
}

/// All lines that were refused, by the reader and by the ledger, in order.
#[must_use]
pub fn refused_lines(rejected: &[RejectedRow], taken: &Taken) -> Vec<(usize, String)> {
    let read = rejected.iter().map(|row| (row.line, row.code.code().to_owned()));
    let mut lines: Vec<_> = read.chain(taken.refused.iter().cloned()).collect();
    lines.sort();
    lines
}

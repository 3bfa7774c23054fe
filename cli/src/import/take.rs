//! Taking the rows of an HR export into the ledger: a case for each row that the law supports.
//!
//! A row that is refused leaves nothing behind, not even its number; it is reported by line and code.
//! What a second import finds in the ledger already it leaves alone. Known people are recognised in
//! memory, from opened identities; nothing that could be tested by guessing numbers touches the disk.

use std::collections::BTreeSet;
use std::io;

use vandel_core::event::{Identity, Kind, Occasion, Opening, Process, RoleCode, Step};
use vandel_core::id::ThreadId;
use vandel_core::time::Day;
use vandel_ledger::author::sign_step;
use vandel_ledger::handle::new_handle;
use vandel_ledger::inquiry::{Applicant, OpeningBrief, ThreadHead};
use vandel_ledger::people::PersonKey;
use vandel_ledger::refused::{Refused, RefusedClass};
use vandel_ledger::submission::Submission;

use super::{RejectedRow, Row};
use crate::counter::Counter;
use crate::error::CliError;
use crate::people::Person;

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

/// A person, a recruitment and a role: what makes two rows the same case.
type CaseKey = (PersonKey, String, String);

/// Takes rows in, signed by `author`. After each batch `progress` is told how many rows are done and
/// which cases the ledger has acknowledged: those stand, whatever happens next.
///
/// # Errors
/// If the ledger, the network or the operating system stops it; a refused row does not.
pub fn take(
    counter: &mut Counter<'_>,
    author: &Person,
    rows: Vec<Row>,
    mut progress: impl FnMut(usize, &[Opened]) -> Result<(), io::Error>,
) -> Result<Taken, CliError> {
    let mut taken = Taken::default();
    let mut seen = BTreeSet::<CaseKey>::new();
    let mut done = 0;
    for batch in rows.chunks(BATCH) {
        let waiting = prepare(counter, author, batch, &mut seen, &mut taken)?;
        let before = taken.opened.len();
        let groups = waiting.iter().map(|one| vec![one.submission.clone()]).collect();
        for (one, answer) in waiting.into_iter().zip(counter.submit_all(&[author], groups)?) {
            match answer {
                Ok(receipts) => {
                    let record = receipts.first().map_or(0, |receipt| receipt.record);
                    taken.opened.push(Opened { line: one.line, handle: one.handle, record });
                }
                Err(refused) => refuse(&mut taken, one.line, refused)?,
            }
        }
        done += batch.len();
        progress(done, &taken.opened[before..])?;
    }
    taken.refused.sort();
    Ok(taken)
}

/// A refused row is a result; a ledger that has stopped is none.
fn refuse(taken: &mut Taken, line: usize, refused: Refused) -> Result<(), CliError> {
    match refused.class {
        RefusedClass::Internal | RefusedClass::Integrity | RefusedClass::Io => Err(refused.into()),
        _ => {
            taken.refused.push((line, refused.code.clone()));
            Ok(())
        }
    }
}

/// A case that is signed and waits to be handed in.
struct Waiting {
    line: usize,
    handle: String,
    submission: Submission,
}

fn prepare(
    counter: &mut Counter<'_>,
    author: &Person,
    rows: &[Row],
    seen: &mut BTreeSet<CaseKey>,
    taken: &mut Taken,
) -> Result<Vec<Waiting>, CliError> {
    let today = counter.today();
    let applicants = rows.iter().map(|row| applicant(row, today)).collect();
    let openings = counter.openings(author, applicants)?;
    let standpoint = counter.standpoint(&[author])?;
    let mut waiting = Vec::new();
    for (row, opening) in rows.iter().zip(openings) {
        let opening = match opening {
            Ok(opening) => opening,
            Err(refused) => {
                refuse(taken, row.line, refused)?;
                continue;
            }
        };
        let person = PersonKey::of(&row.identity, &row.surname, &row.given_name);
        // Twice in this file, or in the ledger already.
        if !seen.insert((person, row.recruitment.clone(), row.role.clone())) || opening.known {
            taken.known.push(row.line);
            continue;
        }
        let handle = new_handle()?;
        let step = opening_step(row, &opening, &handle, today)?;
        let signed = sign_step(&standpoint, &author.key, None, &step, None)?;
        waiting.push(Waiting { line: row.line, handle, submission: signed.submission });
    }
    Ok(waiting)
}

fn applicant(row: &Row, today: Day) -> Applicant {
    Applicant {
        number: row.identity.clone(),
        surname: row.surname.clone(),
        given_name: row.given_name.clone(),
        board: row.administration.clone(),
        unit: row.unit.clone().unwrap_or_else(|| "–".to_owned()),
        role: row.role.clone(),
        reference: row.recruitment.clone(),
        day: today,
        engaged: Some(row.start),
    }
}

fn opening_step(row: &Row, opening: &OpeningBrief, handle: &str, today: Day) -> io::Result<Step> {
    let mut step = Step::new(ThreadHead::new(ThreadId(random()?)).spine(Kind::CaseOpened, today));
    step.identity = Some(Identity {
        subject: opening.subject,
        handle: handle.to_owned(),
        number: row.identity.clone(),
        surname: row.surname.clone(),
        given_name: row.given_name.clone(),
        protected: row.protected,
    });
    step.process = Some(Process::CaseOpened(Opening {
        subject: opening.subject,
        controller: opening.controller,
        unit: opening.unit,
        assignment: opening.assignment,
        reference: row.recruitment.clone(),
        position: opening.position,
        role: RoleCode(row.role.clone()),
        occasion: Occasion::NewEmployment,
        offered: None,
    }));
    Ok(step)
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

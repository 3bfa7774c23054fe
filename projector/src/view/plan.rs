//! Planning an erasure: everything that is due, nothing that is held, only what the decision covers.

use std::collections::BTreeSet;
use std::io;

use vandel_core::erasure::{ErasureReason, Ground, LeftOut, Line, Plan, last_together, stays};
use vandel_core::event::{Compartment, DisposalDecision};
use vandel_core::id::ThreadId;
use vandel_core::limits::ERASURE_RECORDS_MAX;
use vandel_core::time::Day;

use crate::projector::ProjectError;
use crate::view::Views;

/// The order in which a line names its compartments; the identity and the spine, which hold the others
/// together, come last.
const ORDER: [Compartment; 5] =
    [Compartment::Copy, Compartment::Assessment, Compartment::Note, Compartment::Reads, Compartment::Process];

/// What is planned, and what is due and yet not planned.
#[derive(Clone)]
pub struct Planned {
    /// Plans of at most [`ERASURE_RECORDS_MAX`] records each; none if nothing may go.
    pub plans: Vec<Plan>,
    /// What is due and stays, and why.
    pub left_out: Vec<LeftOut>,
}

impl Views<'_> {
    /// Plans the erasure of everything that is due on a day and that a decision covers. `random` gives
    /// 32 fresh random bytes at each call.
    ///
    /// # Errors
    /// If the view or the vault can't be read, or there is no randomness.
    pub fn plan(
        &self,
        disposal: (u64, &DisposalDecision),
        as_of: Day,
        mut random: impl FnMut() -> io::Result<[u8; 32]>,
    ) -> Result<Planned, ProjectError> {
        let threads: BTreeSet<ThreadId> =
            self.due(as_of, 0)?.into_iter().map(|answer| answer.thread).collect();
        let (mut lines, mut left_out) = (Vec::new(), Vec::new());
        for thread in threads {
            let grounds = self.grounds(&thread, disposal.1, as_of, &mut left_out)?;
            if !grounds.is_empty() {
                lines.push(self.line(thread, grounds, pseudonym(&random()?)));
            }
        }
        let ledger = self.chain.ledger;
        let plan = |lines| {
            Ok::<_, ProjectError>(Plan { ledger, salt: random()?, as_of, disposal: disposal.0, lines })
        };
        Ok(Planned { plans: batches(lines).into_iter().map(plan).collect::<Result<_, _>>()?, left_out })
    }

    /// What of a thread goes, and on what ground.
    fn grounds(
        &self,
        thread: &ThreadId,
        decision: &DisposalDecision,
        as_of: Day,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Vec<Ground>, ProjectError> {
        let existing = self.existing_of(thread)?;
        let mut grounds: Vec<Ground> = Vec::new();
        let mut judge = |compartment, with_the_rest: bool, grounds: &mut Vec<Ground>| {
            let Some(due) = self.compartment_due(thread, compartment, as_of) else { return };
            let came = due.date.filter(|date| *date <= as_of);
            let Some(date) = came.or(with_the_rest.then_some(as_of)) else { return };
            match stays(&due, decision, as_of, ErasureReason::Retention, with_the_rest) {
                Some(why) => left_out.push(LeftOut { thread: *thread, compartment, due: date, why }),
                None => grounds.push(Ground {
                    compartment,
                    reason: ErasureReason::Retention,
                    class: due.class,
                    due: date,
                }),
            }
        };
        for compartment in ORDER.into_iter().filter(|one| existing.contains(one)) {
            judge(compartment, false, &mut grounds);
        }
        let goes =
            |one: &Compartment, grounds: &[Ground]| grounds.iter().any(|ground| ground.compartment == *one);
        if existing.contains(&Compartment::Identity) {
            // A case's own identity goes with the rest of it, whatever the person's other cases need.
            let rest = existing.iter().filter(|one| **one != Compartment::Identity);
            let rest_goes = rest.clone().count() > 0 && rest.clone().all(|one| goes(one, &grounds));
            judge(Compartment::Identity, rest_goes, &mut grounds);
        }
        last_together(*thread, &existing, &mut grounds, left_out);
        Ok(grounds)
    }

    fn line(&self, thread: ThreadId, compartments: Vec<Ground>, pseudonym: [u8; 8]) -> Line {
        let goes = |one| compartments.iter().any(|ground| ground.compartment == one);
        let identities = match goes(Compartment::Identity) {
            true => self.identities(&thread),
            false => Vec::new(),
        };
        // All records of the thread, also where a part lies in few of them: which records hold a copy
        // or an assessment would otherwise stand on the chain.
        let records = self.records(&thread).unwrap_or_default();
        Line { pseudonym, thread, identities, records, compartments }
    }
}

fn pseudonym(random: &[u8; 32]) -> [u8; 8] {
    let mut pseudonym = [0; 8];
    pseudonym.copy_from_slice(&random[..8]);
    pseudonym
}

/// Lines in batches that fit into one `erasure started` each.
fn batches(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut batches: Vec<Vec<Line>> = Vec::new();
    let mut room = 0;
    for line in lines {
        let records = line.records.len();
        match batches.last_mut().filter(|_| records <= room) {
            Some(batch) => {
                room -= records;
                batch.push(line);
            }
            None => {
                room = ERASURE_RECORDS_MAX.saturating_sub(records);
                batches.push(vec![line]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_every_line_whole_and_never_exceed_the_bound() {
        let line = |count: usize| Line {
            pseudonym: [0; 8],
            thread: ThreadId([0; 16]),
            identities: Vec::new(),
            records: vec![0; count],
            compartments: Vec::new(),
        };
        let sizes = [1, ERASURE_RECORDS_MAX - 1, 1, ERASURE_RECORDS_MAX, 2, 3];
        let batches = batches(sizes.map(line).to_vec());
        let found: Vec<Vec<usize>> =
            batches.iter().map(|batch| batch.iter().map(|line| line.records.len()).collect()).collect();
        assert_eq!(found, [vec![1, ERASURE_RECORDS_MAX - 1], vec![1], vec![ERASURE_RECORDS_MAX], vec![2, 3]]);
    }
}

//! The first step of the commit order: signatures in parallel, then the rules in order.

use rayon::prelude::*;
use vandel_core::admit::{Evidence, Occasion, Proposal, Refusal, State, admit};
use vandel_core::chain::{Chain, FaultKind};
use vandel_core::event::{Kind, OpenEvent, Step};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::ThreadId;
use vandel_core::limits::BLOCK_RECORDS_MAX;
use vandel_core::payload::Payload;
use vandel_core::record::{Record, encode_record};
use vandel_core::signature::verify_strict;
use vandel_core::statement::{Body, SignedStatement, Statement};
use vandel_core::thread::Thread;
use vandel_core::time::Second;

use crate::sealing::to_entry;
use crate::sequencer::agreement::signed_by_us;
use crate::sequencer::{Group, Room, Sequencer};
use crate::submission::{Receipt, Submission, SubmitError};
use crate::vault::Entry;

/// A submission whose bytes and signatures are in order; its place is still to be judged.
pub(super) struct Verified {
    bytes: Vec<u8>,
    statement: Statement,
    hash: Hash,
    evidence: Option<Evidence>,
    seen: Option<String>,
    step: Option<(Payload, Step)>,
}

/// A group that will stand in the next block.
pub(super) struct Admitted {
    /// Whose answer it is.
    pub(super) index: usize,
    /// The signed statements, each with its payload for the vault.
    pub(super) statements: Vec<Placed>,
    /// The numbers its records will have.
    pub(super) records: Vec<u64>,
    /// The threads in which it replaces an identity.
    pub(super) superseding: Vec<ThreadId>,
}

impl Admitted {
    /// Whether a group has a statement that stands in this one already.
    fn repeats(&self, group: &[Verified]) -> bool {
        group.iter().any(|one| self.statements.iter().any(|(bytes, _)| *bytes == one.bytes))
    }
}

/// A signed statement, and its payload for the vault.
pub(super) type Placed = (Vec<u8>, Option<Entry>);

/// A group's number in the commit, and its answer.
pub(super) type Answer = (usize, Result<Vec<Receipt>, SubmitError>);

/// What to put back should the group be refused after all.
type Undo = Vec<(ThreadId, Option<Thread>)>;

/// Decodes and verifies all submissions on all cores. Keys are looked up here only to verify against;
/// whether they may sign is judged at the place.
pub(super) fn verify_all(
    chain: &Chain,
    at: Second,
    groups: Vec<Group>,
) -> Vec<Result<Vec<Verified>, SubmitError>> {
    groups
        .into_par_iter()
        .map(|group| {
            if group.len() > BLOCK_RECORDS_MAX || group.is_empty() {
                return Err(SubmitError::Group { max: BLOCK_RECORDS_MAX });
            }
            let alone = group.len() == 1;
            let verified = group.into_iter().map(|submission| verify(chain, at, submission));
            let verified = verified.collect::<Result<Vec<_>, _>>()?;
            let open = verified.iter().any(|one| one.step.is_none());
            if open && !alone { Err(SubmitError::Group { max: BLOCK_RECORDS_MAX }) } else { Ok(verified) }
        })
        .collect()
}

fn verify(chain: &Chain, at: Second, submission: Submission) -> Result<Verified, SubmitError> {
    let Submission { statement: bytes, payload, evidence, seen } = submission;
    let signed = SignedStatement::decode(&bytes)?;
    let message = [signed.signed_bytes];
    match chain.keyring.signer(&signed.statement.author, at) {
        Ok((_, key)) => key.verify(Domain::Statement, &message, &signed.signature)?,
        Err(refusal) => return Err(Refusal::Key(refusal).into()),
    }
    if let Some((key, signature)) = &signed.second {
        verify_strict(key, Domain::Statement, &message, signature)?;
    }
    let step = match (&signed.statement.body, payload) {
        (Body::Open(_), None) => None,
        (Body::Sealed(commitment), Some(payload)) => {
            let step = payload.open(commitment)?;
            Some((payload, step))
        }
        _ => return Err(SubmitError::PayloadMismatch),
    };
    let (statement, hash) = (signed.statement.clone(), signed.hash());
    Ok(Verified { bytes, statement, hash, evidence, seen, step })
}

fn superseding(group: &[Verified]) -> Vec<ThreadId> {
    let steps = group.iter().filter_map(|one| one.step.as_ref().map(|(_, step)| step));
    let replaces = |step: &&Step| matches!(step.spine.kind, Kind::IdentityChanged | Kind::Reassigned);
    steps.filter(replaces).map(|step| step.spine.thread).collect()
}

impl Sequencer {
    /// Judges groups until the block is full. Open statements stand alone in their block, so that
    /// every sealed step of a block is judged by the same keys and policies.
    pub(super) fn admit(
        &mut self,
        waiting: &mut Vec<(usize, Vec<Verified>)>,
        at: Second,
    ) -> (Vec<Admitted>, Vec<Answer>) {
        let (mut admitted, mut answers): (Vec<Admitted>, Vec<Answer>) = (Vec::new(), Vec::new());
        let mut room = Room::empty();
        let mut next = self.chain.size();
        let mut taken = 0;
        for (index, group) in waiting.iter() {
            let open = group[0].step.is_none();
            let full = !room.take(group.iter().map(|one| one.bytes.len()));
            if full || (open && !admitted.is_empty()) {
                break;
            }
            if admitted.iter().any(|earlier| earlier.repeats(group)) {
                // Sent twice at once: the next block finds the first one's records.
                break;
            }
            taken += 1;
            if let Some(receipts) = self.repeated(group) {
                answers.push((*index, receipts));
                continue;
            }
            match self.admit_group(group, at, next) {
                Ok(statements) => {
                    let records: Vec<u64> = (next..next + statements.len() as u64).collect();
                    next += statements.len() as u64;
                    let superseding = superseding(group);
                    admitted.push(Admitted { index: *index, statements, records, superseding });
                }
                Err(error) => answers.push((*index, Err(error))),
            }
            if open {
                break;
            }
        }
        if taken == 0 {
            // Not even an empty block has room for it.
            let (index, _) = waiting.remove(0);
            answers.push((index, Err(SubmitError::Group { max: BLOCK_RECORDS_MAX })));
        } else {
            waiting.drain(..taken);
        }
        (admitted, answers)
    }

    fn admit_group(
        &mut self,
        group: &[Verified],
        at: Second,
        first: u64,
    ) -> Result<Vec<Placed>, SubmitError> {
        let mut undo = Undo::new();
        let mut statements = Vec::with_capacity(group.len());
        for (number, one) in (first..).zip(group) {
            match self.admit_one(one, at, number, &mut undo) {
                Ok(entry) => statements.push((one.bytes.clone(), entry)),
                Err(error) => {
                    undo.into_iter().rev().for_each(|(id, before)| self.threads.restore(id, before));
                    return Err(error);
                }
            }
        }
        Ok(statements)
    }

    fn admit_one(
        &mut self,
        one: &Verified,
        at: Second,
        number: u64,
        undo: &mut Undo,
    ) -> Result<Option<Entry>, SubmitError> {
        self.judge_rollback(one)?;
        if one.statement.ledger != self.chain.ledger {
            let (expected, found) = (self.chain.ledger, one.statement.ledger);
            return Err(SubmitError::Chain(FaultKind::Ledger { expected, found }));
        }
        match (&one.statement.body, &one.step) {
            (Body::Open(event), _) => self.admit_open(event, one, at, number).map(|()| None),
            (Body::Sealed(_), Some((payload, step))) => {
                let proposal = Proposal {
                    statement: &one.statement,
                    header: &payload.header,
                    step,
                    evidence: one.evidence.as_ref(),
                    at,
                };
                let state = State { chain: &self.chain, threads: &self.threads };
                let actor = admit(state, proposal, Occasion::New)?;
                let thread = step.spine.thread;
                undo.push((thread, self.threads.get(&thread).cloned()));
                self.threads.fold(step, actor, number, one.hash);
                Ok(Some(to_entry(number, one.hash, payload, step)))
            }
            (Body::Sealed(_), None) => Err(SubmitError::PayloadMismatch),
        }
    }

    fn admit_open(
        &self,
        event: &OpenEvent,
        one: &Verified,
        at: Second,
        number: u64,
    ) -> Result<(), SubmitError> {
        self.chain.check_seen(&one.statement.seen).map_err(SubmitError::Chain)?;
        let record = encode_record(number, at, &self.chain.head, &one.bytes);
        let record = Record::decode(&record)?;
        Ok(self.chain.judge_open(event, &record)?)
    }

    /// An author that holds a checkpoint signed by our own key which our log does not contain knows
    /// more of this ledger than we do.
    fn judge_rollback(&self, one: &Verified) -> Result<(), SubmitError> {
        let seen = one.statement.seen;
        if self.chain.root_at(seen.size) == Some(seen.root) {
            return Ok(());
        }
        let ours = one.seen.as_ref().and_then(|note| signed_by_us(&self.chain, note));
        if ours == Some(seen) { Err(SubmitError::RolledBack { size: seen.size }) } else { Ok(()) }
    }

    /// The receipts of a group that stands in the ledger already: sent again after a lost answer.
    fn repeated(&mut self, group: &[Verified]) -> Option<Result<Vec<Receipt>, SubmitError>> {
        let records: Option<Vec<u64>> = group.iter().map(|one| self.record_of(one)).collect();
        records.map(|records| self.receipts(&records))
    }

    fn record_of(&self, one: &Verified) -> Option<u64> {
        let Some((_, step)) = &one.step else {
            return self.open_records.get(&one.hash).copied();
        };
        let thread = self.threads.get(&step.spine.thread)?;
        let record = *thread.records.get(step.spine.number as usize)?;
        let stored = self.vault.get(record).ok()??;
        (stored.statement == one.hash && record < self.chain.size()).then_some(record)
    }
}

//! The first step of the commit order: the rules, in the order of the records.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};

use vandel_core::admit::{Proposal, Refusal};
use vandel_core::chain::{FaultKind, OpenRefusal};
use vandel_core::event::{Kind, OpenEvent, Step};
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyRefusal;
use vandel_core::limits::BLOCK_RECORDS_MAX;
use vandel_core::record::{Record, encode_record};
use vandel_core::statement::{Body, SignedStatement};
use vandel_core::thread::Thread;
use vandel_core::time::Second;

use crate::sealing::to_entry;
use crate::sequencer::agreement::signed_by_us;
use crate::sequencer::checked::{Checked, Verified, verify_signatures};
use crate::sequencer::commit::Room;
use crate::sequencer::{Sequencer, ThreadsError, halt};
use crate::submission::{Receipt, SubmitError};
use crate::vault::Entry;

/// A group that will stand in the next block.
pub(super) struct Admitted {
    /// Whose answer it is.
    pub(super) index: usize,
    /// The signed statements, each with its payload for the vault.
    pub(super) statements: Vec<Placed>,
    /// The numbers its records will have.
    pub(super) records: Vec<u64>,
    /// The cases to which it gives an identity, and those in which it replaces one.
    pub(super) identified: Vec<ThreadId>,
    /// The threads in which it replaces an identity.
    pub(super) superseding: Vec<ThreadId>,
}

/// A signed statement, and its payload for the vault.
pub(super) type Placed = (Vec<u8>, Option<Entry>);

/// A group's number in the commit, and its answer.
pub(super) type Answer = (usize, Result<Vec<Receipt>, SubmitError>);

/// Groups with the numbers of their answers, in order.
pub(super) type Waiting = VecDeque<(usize, Checked)>;

/// What to put back should the group be refused after all.
type Undo = Vec<(ThreadId, Option<Thread>)>;

/// The threads of the steps that fit.
fn threads_of(group: &[Verified], fits: impl Fn(&Step) -> bool) -> Vec<ThreadId> {
    let steps = group.iter().filter_map(|one| one.step.as_deref().map(|(_, step)| step));
    steps.filter(|step| fits(step)).map(|step| step.spine.thread).collect()
}

impl Sequencer {
    /// Judges groups until the block is full. Open statements stand alone in their block, so that
    /// every sealed step of a block is judged by the same keys and policies.
    pub(super) fn admit(&mut self, waiting: &mut Waiting, at: Second) -> (Vec<Admitted>, Vec<Answer>) {
        let (mut admitted, mut answers): (Vec<Admitted>, Vec<Answer>) = (Vec::new(), Vec::new());
        let mut placed = HashSet::new();
        let mut room = Room::empty();
        let mut next = self.chain.size();
        while let Some((index, Checked(group))) = waiting.pop_front() {
            let open = group[0].step.is_none();
            let full = !room.take(group.iter().map(|one| one.bytes.len()));
            if full && admitted.is_empty() && answers.is_empty() {
                // Not even an empty block has room for it.
                answers.push((index, Err(SubmitError::Group { max: BLOCK_RECORDS_MAX })));
                break;
            }
            // Sent twice at once: the next block finds the first one's records.
            let twice = group.iter().any(|one| placed.contains(&one.hash));
            if full || twice || (open && !admitted.is_empty()) {
                waiting.push_front((index, Checked(group)));
                break;
            }
            if let Some(receipts) = self.repeated(&group) {
                answers.push((index, receipts));
                continue;
            }
            let identified = threads_of(&group, |step| step.identity.is_some());
            let superseding = threads_of(&group, |step| {
                matches!(step.spine.kind, Kind::IdentityChanged | Kind::Reassigned)
            });
            let hashes: Vec<Hash> = group.iter().map(|one| one.hash).collect();
            match self.admit_group(group, at, next) {
                Ok(statements) => {
                    let records: Vec<u64> = (next..next + statements.len() as u64).collect();
                    next += statements.len() as u64;
                    placed.extend(hashes);
                    admitted.push(Admitted { index, statements, records, identified, superseding });
                }
                Err(error) => answers.push((index, Err(error))),
            }
            if open {
                break;
            }
        }
        (admitted, answers)
    }

    fn admit_group(
        &mut self,
        group: Vec<Verified>,
        at: Second,
        first: u64,
    ) -> Result<Vec<Placed>, SubmitError> {
        let mut undo = Undo::new();
        let mut statements = Vec::with_capacity(group.len());
        let last = group.len() - 1;
        for (position, mut one) in group.into_iter().enumerate() {
            // Nothing can fail after the last one is folded in, so it needs no way back.
            let keep = (position < last).then_some(&mut undo);
            match self.admit_one(&mut one, at, first + position as u64, keep) {
                Ok(entry) => statements.push((one.bytes, entry)),
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
        one: &mut Verified,
        at: Second,
        number: u64,
        undo: Option<&mut Undo>,
    ) -> Result<Option<Entry>, SubmitError> {
        self.judge_keys(one, at)?;
        self.judge_rollback(one)?;
        if one.statement.ledger != self.chain.ledger {
            let (expected, found) = (self.chain.ledger, one.statement.ledger);
            return Err(SubmitError::Chain(FaultKind::Ledger { expected, found }));
        }
        match (&one.statement.body, one.step.take()) {
            (Body::Open(event), _) => self.admit_open(event, one, at, number).map(|()| None),
            (Body::Sealed(_), Some(sealed)) => {
                let step = &sealed.1;
                let proposal = Proposal {
                    statement: &one.statement,
                    header: &sealed.0.header,
                    step,
                    evidence: one.evidence.as_ref(),
                    at,
                };
                let admitted = self.threads.admit(&self.vault, &self.chain, proposal);
                let actor = admitted.map_err(|error| self.unreadable(error))??;
                let thread = step.spine.thread;
                if let Some(undo) = undo {
                    let before = self.thread(&thread).map_err(|error| halt::of_threads(&error))?;
                    undo.push((thread, before.map(Cow::into_owned)));
                }
                let folded = self.threads.fold(&self.vault, step, actor, (number, one.hash));
                folded.map_err(|error| self.unreadable(error))?;
                Ok(Some(to_entry(number, one.hash, sealed.0, step)))
            }
            (Body::Sealed(_), None) => Err(SubmitError::PayloadMismatch),
        }
    }

    /// Whether the author's key may sign at this place; and the signatures by keys that were not known
    /// yet when the others were verified.
    fn judge_keys(&self, one: &Verified, at: Second) -> Result<(), SubmitError> {
        let keyring = &self.chain.keyring;
        keyring.signer(&one.statement.author, at).map_err(Refusal::Key)?;
        if !one.unverified {
            return Ok(());
        }
        let signed = SignedStatement::decode(&one.bytes)?;
        match (verify_signatures(keyring, &signed)?, signed.second) {
            (false, Some((second, _))) => Err(OpenRefusal::Key(KeyRefusal::Unknown(second)).into()),
            (false, None) => Err(Refusal::Key(KeyRefusal::Unknown(one.statement.author)).into()),
            (true, _) => Ok(()),
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
        self.chain.judge_open(event, &record)?;
        Ok(self.judge_erasure(event, at)?)
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
        let mut records = Vec::with_capacity(group.len());
        for one in group {
            match self.record_of(one) {
                Ok(record) => records.push(record?),
                Err(error) => return Some(Err(self.unreadable(error))),
            }
        }
        Some(self.receipts(&records))
    }

    fn record_of(&self, one: &Verified) -> Result<Option<u64>, ThreadsError> {
        let Some((_, step)) = one.step.as_deref() else {
            return Ok(self.open_records.get(&one.hash).copied());
        };
        let thread = self.thread(&step.spine.thread)?;
        let number = step.spine.number as usize;
        let Some(record) = thread.and_then(|thread| thread.records.get(number).copied()) else {
            return Ok(None);
        };
        let stored = self.vault.get(record).ok().flatten();
        let is_this = stored.is_some_and(|stored| stored.statement == one.hash);
        Ok(Some(record).filter(|record| is_this && *record < self.chain.size()))
    }

    /// A thread can't be looked up: nothing can be judged any more.
    fn unreadable(&self, error: ThreadsError) -> SubmitError {
        let halt = halt::of_threads(&error);
        // The error is in the halt; what is left to do is to throw a damaged snapshot away.
        let _ = self.readable::<()>(Err(error));
        halt
    }
}

//! The first step of the commit order: the rules, in the order of the records.
//!
//! A [`Judge`] judges sealed steps, and needs nothing for it that a block on its way into the log still changes. Open
//! statements, and groups that stand in the ledger already, are left to the [`Sequencer`] when nothing is on its way.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use vandel_core::admit::{Proposal, Refusal};
use vandel_core::chain::{Chain, FaultKind, OpenRefusal};
use vandel_core::event::{Kind, Step};
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyRefusal;
use vandel_core::record::{Record, encode_record};
use vandel_core::statement::{Body, SignedStatement};
use vandel_core::thread::Thread;
use vandel_core::time::Second;

use crate::disk::Disk;
use crate::home::Home;
use crate::name_hash::NameHashing;
use crate::sealing::to_entry;
use crate::sequencer::agreement::signed_by_us;
use crate::sequencer::checked::{Checked, Verified, verify_signatures};
use crate::sequencer::making::Room;
use crate::sequencer::{Sequencer, ThreadsError, halt, snapshot};
use crate::submission::{Halt, Receipt, SubmitError};
use crate::threads::ThreadBook;
use crate::vault::{Entry, Vault};

/// A group that will stand in the next block.
pub(super) struct Admitted {
    /// Whose answer it is.
    pub(super) ticket: Ticket,
    /// An open statement.
    pub(super) is_open: bool,
    /// The signed statements, each with its payload for the vault.
    pub(super) statements: Vec<Placed>,
    /// How many records it will have.
    pub(super) count: usize,
    /// The cases to which it gives an identity, and those in which it replaces one.
    pub(super) identified: Vec<ThreadId>,
    /// The threads in which it replaces an identity.
    pub(super) superseding: Vec<ThreadId>,
}

/// A signed statement, and its payload for the vault.
pub(super) type Placed = (Vec<u8>, Option<Entry>);

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The number of what was handed in together.
    pub(crate) slip: u64,
    /// The number of the group in it.
    pub(crate) group: usize,
}

/// A group's ticket, and its answer.
pub(super) type Answer = (Ticket, Result<Vec<Receipt>, SubmitError>);

/// Groups with their tickets, in order.
pub(crate) type Waiting = VecDeque<(Ticket, Checked)>;

/// What to put back should the group be refused after all.
type Undo = Vec<(ThreadId, Option<Thread>)>;

/// The threads of the steps that fit.
fn threads_of(group: &[Verified], fits: impl Fn(&Step) -> bool) -> Vec<ThreadId> {
    let steps = group.iter().filter_map(|one| one.step.as_deref().map(|(_, step)| step));
    steps.filter(|step| fits(step)).map(|step| step.spine.thread).collect()
}

/// What becomes the next block.
pub(super) struct Batch {
    /// The moment at which it is judged.
    pub(super) at: Second,
    pub(super) admitted: Vec<Admitted>,
    /// The answers of groups that have no place in it: refused, or taken earlier.
    pub(super) answers: Vec<Answer>,
    placed: HashSet<Hash, NameHashing>,
    room: Room,
    next: u64,
}

impl Batch {
    /// Whether there is a block to be made.
    pub(super) fn has_block(&self) -> bool {
        !self.admitted.is_empty() && self.halt().is_none()
    }

    /// Why the sequencer must stop, if one of the groups has shown it.
    pub(super) fn halt(&self) -> Option<Halt> {
        self.answers.iter().find_map(|(_, answer)| halt::of_admission(answer))
    }

    fn place(&mut self, ticket: Ticket, statements: Vec<Placed>) -> &mut Admitted {
        let count = statements.len();
        self.next += count as u64;
        let (is_open, identified, superseding) = (false, Vec::new(), Vec::new());
        self.admitted.push(Admitted { ticket, is_open, statements, count, identified, superseding });
        self.admitted.last_mut().expect("just put there")
    }
}

/// Why no further group was judged.
pub(super) enum Stop {
    /// The block has no room for the next, or holds it already; or none waits.
    Enough,
    /// The next stands in the ledger, under these numbers. Its receipts are proven in the newest tree.
    Repeated(Vec<u64>),
    /// The next is an open statement. It stands alone in its block, so that all sealed steps of a block are judged by
    /// the same keys and policies.
    Open,
}

/// Judges sealed steps.
pub(super) struct Judge<'a> {
    pub(super) chain: &'a Chain,
    pub(super) threads: &'a mut ThreadBook,
    pub(super) vault: &'a Vault,
    pub(super) open_records: &'a HashMap<Hash, u64>,
    pub(super) disk: &'a dyn Disk,
    pub(super) home: &'a Home,
}

impl Judge<'_> {
    /// Judges groups in their order, up to the first that has no place in this block. That one still waits.
    pub(super) fn admit(&mut self, waiting: &mut Waiting, batch: &mut Batch) -> Stop {
        while let Some((ticket, Checked(group))) = waiting.pop_front() {
            let full = !batch.room.take(group.iter().map(|one| one.bytes.len()));
            if full && batch.admitted.is_empty() && batch.answers.is_empty() {
                // Not even an empty block has room for it.
                batch.answers.push((ticket, Err(SubmitError::Group { max: batch.room.records_max })));
                return Stop::Enough;
            }
            // Sent twice at once: the next block finds the first one's records.
            let twice = group.iter().any(|one| batch.placed.contains(&one.hash));
            let stop = if full || twice { Ok(Some(Stop::Enough)) } else { self.stop_at(&group) };
            match stop {
                Err(error) => batch.answers.push((ticket, Err(error))),
                Ok(None) => self.admit_to(batch, ticket, group),
                Ok(Some(stop)) => {
                    waiting.push_front((ticket, Checked(group)));
                    return stop;
                }
            }
        }
        Stop::Enough
    }

    /// Whether a group is none that can be judged here.
    fn stop_at(&self, group: &[Verified]) -> Result<Option<Stop>, SubmitError> {
        let records = group.iter().map(|one| self.record_of(one)).collect::<Result<Option<Vec<u64>>, _>>();
        let repeated = records.map_err(|error| self.unreadable(error))?.map(Stop::Repeated);
        Ok(repeated.or_else(|| group[0].step.is_none().then_some(Stop::Open)))
    }

    fn admit_to(&mut self, batch: &mut Batch, ticket: Ticket, group: Vec<Verified>) {
        let identified = threads_of(&group, |step| step.identity.is_some());
        let superseding =
            threads_of(&group, |step| matches!(step.spine.kind, Kind::IdentityChanged | Kind::Reassigned));
        let hashes: Vec<Hash> = group.iter().map(|one| one.hash).collect();
        match self.admit_group(group, batch.at, batch.next) {
            Ok(statements) => {
                batch.placed.extend(hashes);
                let admitted = batch.place(ticket, statements);
                (admitted.identified, admitted.superseding) = (identified, superseding);
            }
            Err(error) => batch.answers.push((ticket, Err(error))),
        }
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
                Ok(entry) => statements.push((one.bytes, Some(entry))),
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
    ) -> Result<Entry, SubmitError> {
        self.judge_author(one, at)?;
        let Some((payload, step)) = one.step.as_deref_mut() else { return Err(SubmitError::PayloadMismatch) };
        let proposal = Proposal {
            statement: &one.statement,
            header: &payload.header,
            step,
            evidence: one.evidence.as_ref(),
            at,
        };
        let admitted = self.threads.admit(self.vault, self.chain, proposal);
        let actor = admitted.map_err(|error| self.unreadable(error))??;
        let thread = step.spine.thread;
        if let Some(undo) = undo {
            let before = self.threads.get(self.vault, &thread).map_err(|error| self.unreadable(error))?;
            undo.push((thread, before.map(Cow::into_owned)));
        }
        let folded = self.threads.fold(self.vault, step, actor, (number, one.hash));
        folded.map_err(|error| self.unreadable(error))?;
        Ok(to_entry(number, one.hash, payload, step))
    }

    /// Whether the author may sign at this place, and for this ledger.
    fn judge_author(&self, one: &Verified, at: Second) -> Result<(), SubmitError> {
        self.judge_keys(one, at)?;
        self.judge_rollback(one)?;
        let (expected, found) = (self.chain.ledger, one.statement.ledger);
        if expected == found {
            Ok(())
        } else {
            Err(SubmitError::Chain(FaultKind::Ledger { expected, found }))
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

    /// An author that holds a checkpoint signed by our own key which our log does not contain knows
    /// more of this ledger than we do.
    fn judge_rollback(&self, one: &Verified) -> Result<(), SubmitError> {
        let seen = one.statement.seen;
        if self.chain.root_at(seen.size) == Some(seen.root) {
            return Ok(());
        }
        let ours = one.seen.as_ref().and_then(|note| signed_by_us(self.chain, note));
        if ours == Some(seen) { Err(SubmitError::RolledBack { size: seen.size }) } else { Ok(()) }
    }

    /// The record of a statement that stands in the ledger already: sent again after a lost answer.
    fn record_of(&self, one: &Verified) -> Result<Option<u64>, ThreadsError> {
        let Some((_, step)) = one.step.as_deref() else {
            return Ok(self.open_records.get(&one.hash).copied());
        };
        let thread = self.threads.get(self.vault, &step.spine.thread)?;
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
        snapshot::remove_if_damaged(self.disk, self.home, &error);
        halt::of_threads(&error)
    }
}

impl Sequencer {
    fn judge(&mut self) -> Judge<'_> {
        let Self { chain, threads, vault, open_records, disk, home, .. } = self;
        Judge { chain, threads, vault, open_records, disk: &**disk, home }
    }

    /// What follows on the chain, with nothing in it yet.
    pub(super) fn empty_batch(&self) -> Batch {
        let room = Room::for_records(self.block_records);
        let (at, next) = (self.now(), self.chain.size());
        Batch { at, admitted: Vec::new(), answers: Vec::new(), placed: HashSet::default(), room, next }
    }

    /// Judges groups until the block is full. Nothing is on its way: what was taken is settled.
    pub(super) fn admit(&mut self, waiting: &mut Waiting) -> Batch {
        let mut batch = self.empty_batch();
        loop {
            match self.judge().admit(waiting, &mut batch) {
                Stop::Repeated(records) => {
                    let receipts = self.receipts(&records);
                    batch.answers.extend(waiting.pop_front().map(|(ticket, _)| (ticket, receipts)));
                }
                Stop::Open if batch.admitted.is_empty() => {
                    if let Some((ticket, Checked(group))) = waiting.pop_front() {
                        self.admit_open(ticket, group, &mut batch);
                    }
                    return batch;
                }
                Stop::Open | Stop::Enough => return batch,
            }
        }
    }

    fn admit_open(&mut self, ticket: Ticket, group: Vec<Verified>, batch: &mut Batch) {
        // Whoever checks a group sees to it that an open statement is alone in it.
        for one in group {
            match self.judge_open(&one, batch.at) {
                Ok(()) => batch.place(ticket, vec![(one.bytes, None)]).is_open = true,
                Err(error) => batch.answers.push((ticket, Err(error))),
            }
        }
    }

    fn judge_open(&mut self, one: &Verified, at: Second) -> Result<(), SubmitError> {
        self.judge().judge_author(one, at)?;
        let Body::Open(event) = &one.statement.body else { return Err(SubmitError::PayloadMismatch) };
        self.chain.check_seen(&one.statement.seen).map_err(SubmitError::Chain)?;
        let record = encode_record(self.chain.size(), at, &self.chain.head, &one.bytes);
        let record = Record::decode(&record)?;
        self.chain.judge_open(event, &record)?;
        Ok(self.judge_erasure(event, at)?)
    }
}

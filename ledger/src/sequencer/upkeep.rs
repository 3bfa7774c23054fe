//! What the instance does on its own account: its own events, and forgetting what was erased.

use std::collections::BTreeSet;
use std::sync::Arc;

use vandel_core::event::OpenEvent;
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::ThreadId;
use vandel_core::record::Record;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{Body, Statement, assemble};
use vandel_core::thread::{Matter, Thread};
use vandel_core::time::Second;

use crate::casework;
use crate::disk::Disk;
use crate::home::Home;
use crate::people::People;
use crate::refused_counts::{RefusedCounts, over_documented};
use crate::sealing::identity_key;
use crate::sequencer::admission::Answer;
use crate::sequencer::replay::fold_record;
use crate::sequencer::{OpenError, Sequencer, ThreadsError};
use crate::submission::{Halt, Receipt, Submission, SubmitError};

impl Sequencer {
    /// The home it works in.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The disk it works on.
    #[must_use]
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The instance's own key.
    pub(crate) fn service_key(&self) -> &SigningKey {
        &self.service
    }

    /// Takes one submission.
    ///
    /// # Errors
    /// As [`Sequencer::commit`].
    pub fn commit_one(&mut self, submission: Submission) -> Result<Receipt, SubmitError> {
        let answer = self.commit(vec![vec![submission]]).pop();
        let unanswered = || SubmitError::Halted(Halt::of_io("the submission was not reached"));
        answer.unwrap_or_else(|| Err(unanswered()))?.pop().ok_or_else(unanswered)
    }

    /// Appends an event of the instance's own, signed with its key.
    ///
    /// # Errors
    /// As [`Sequencer::commit`].
    pub fn commit_own(&mut self, event: OpenEvent) -> Result<Receipt, SubmitError> {
        let statement = Statement {
            ledger: self.chain.ledger,
            author: public_key(&self.service),
            seen: self.chain.tip(),
            body: Body::Open(Box::new(event)),
        };
        let bytes = statement.encode();
        let signature = sign(&self.service, Domain::Statement, &[&bytes]);
        let statement = assemble(&bytes, &signature, None);
        self.commit_one(Submission { statement, payload: None, evidence: None, seen: None })
    }

    /// Asks who is in the ledger. The index is made when it is first asked for: every identity is opened
    /// once then.
    ///
    /// # Errors
    /// If the vault cannot be read.
    pub fn people<T>(&self, question: impl FnOnce(&People) -> T) -> Result<T, ThreadsError> {
        let mut people = self.people.borrow_mut();
        if people.is_none() {
            let mut made = People::new().map_err(|_| crate::vault::VaultError::NoRandomness)?;
            let threads = self.threads()?;
            self.vault.keep_shards(true);
            let taken = threads.iter().try_for_each(|(id, thread)| self.take_person(&mut made, *id, thread));
            self.vault.keep_shards(false);
            taken?;
            *people = Some(made);
        }
        Ok(question(people.get_or_insert_with(People::default)))
    }

    /// Keeps the index up to date with cases whose identity has changed; not asked for, it is not made.
    pub(super) fn note_people(&mut self, threads: &[ThreadId]) {
        let Some(mut people) = self.people.take() else { return };
        let noted = threads.iter().try_for_each(|id| match self.thread(id)? {
            Some(thread) => self.take_person(&mut people, *id, &thread),
            None => Ok(()),
        });
        // A vault that cannot be read now is asked again at the next question.
        self.people.replace(noted.is_ok().then_some(people));
    }

    fn take_person(&self, people: &mut People, id: ThreadId, thread: &Thread) -> Result<(), ThreadsError> {
        let Matter::Case(case) = &thread.matter else { return Ok(()) };
        if let Some(identity) = casework::identity(self, id)? {
            people.take(id, &identity, case.opening.as_ref());
        }
        Ok(())
    }

    /// Counts what was refused because the role's law forbids to write it down. A count that cannot be
    /// written is lost, and the refusal stands: nobody's work waits for statistics.
    pub(super) fn count_refused(&self, answers: &[Answer], at: Second) {
        let refused = answers.iter().filter_map(|(_, answer)| match answer {
            Err(SubmitError::Refused(refusal)) => over_documented(refusal),
            _ => None,
        });
        let roles: Vec<&str> = refused.collect();
        if !roles.is_empty() {
            let _ = RefusedCounts::add(&*self.disk, self.home.root(), at.day_in_sweden(), roles);
        }
    }

    /// Destroys the identity parts that later steps have replaced (domain, point 8). Run after a
    /// block is settled and at every start; finds nothing to do where it has run before.
    pub(super) fn destroy_superseded(&mut self, threads: &[ThreadId]) -> Result<(), OpenError> {
        let (mut keys, mut records) = (BTreeSet::new(), BTreeSet::new());
        for id in threads {
            let Some(thread) = self.thread(id)? else { continue };
            let Matter::Case(case) = &thread.matter else { continue };
            for number in case.superseded_identities() {
                let key = identity_key(id, number);
                if self.vault.key(&key)?.is_some() {
                    keys.insert(key);
                    records.extend(thread.records.get(number as usize));
                }
            }
        }
        if !keys.is_empty() {
            self.vault.erase(&keys, &records)?;
        }
        Ok(())
    }

    /// Folds a thread anew from the records that hold it, as far as they still open.
    pub(crate) fn fold_thread_anew(&mut self, thread: ThreadId, records: &[u64]) -> Result<(), OpenError> {
        self.people.replace(None);
        self.threads.restore(thread, None);
        for number in records {
            let block = self.block_of(*number);
            let Some(bytes) = self.log.read(block)? else { continue };
            let decode = |error| OpenError::Decode { block, error };
            let block = vandel_core::block::Block::decode(&bytes).map_err(decode)?;
            let record = block.records.iter().find(|record| record.number == *number);
            if let Some(record) = record {
                self.fold_again(record)?;
            }
        }
        Ok(())
    }

    fn fold_again(&mut self, record: &Record<'_>) -> Result<(), OpenError> {
        let mut ignored = std::collections::HashMap::<Hash, u64>::new();
        let mut missing = Vec::new();
        fold_record(&self.chain, record, &self.vault, &mut self.threads, &mut ignored, &mut missing)
    }

    /// The block that holds a record.
    pub(crate) fn block_of(&self, record: u64) -> u64 {
        // The roots stand at all block boundaries: boundary i is the size before block i.
        let after = self.chain.roots.partition_point(|(size, _)| *size <= record);
        after.saturating_sub(1) as u64
    }
}

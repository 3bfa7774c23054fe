//! How an event becomes part of the ledger: the commit order, step by step.
//!
//! Read the comments in order: each says what a crash at that point leaves behind and why that is safe. A block has two
//! halves: [`Sequencer::begin`] judges what waits and makes the block (steps 1 to 4); [`Sequencer::end`] brings it into
//! the log and answers (steps 5 to 10). [`Sequencer::end_and_begin`] does the second half of one block beside the first
//! half of the next; there nothing is left to be done between publication and receipts (step 9).

use crate::sequencer::admission::{Admitted, Answer, Batch, Judge, Ticket, Waiting};
use crate::sequencer::checked::check_all;
use crate::sequencer::making::{Keys, Made, beside, make};
use crate::sequencer::settle::Settling;
use crate::sequencer::{Group, Sequencer, halt};
use crate::submission::{Halt, Receipt, SubmitError};

/// A block on its way: its bytes are made, its payloads are durable, and the chain in memory has taken it. Only
/// [`Sequencer::end`] settles it; without that the chain stays ahead of the log.
#[must_use]
pub(crate) struct Coming {
    pub(super) admitted: Vec<Admitted>,
    /// The answers of groups that were refused. They leave with the receipts, since a refusal may rest on what was
    /// admitted before it.
    refused: Vec<Answer>,
    pub(super) made: Made,
}

/// How answers leave. It must not wait for anything.
pub(crate) type Answering<'a> = &'a mut (dyn FnMut(Ticket, Result<Vec<Receipt>, SubmitError>) + Send);

impl Sequencer {
    /// Takes groups of submissions into the ledger: as many as fit become one block. Answers come in
    /// the order of the groups, each with its receipts or the reason why nothing of it was taken.
    ///
    /// An error of one group leaves the others alone. If an effect's outcome is unknown the sequencer
    /// halts, and must be opened again, which finds out.
    pub fn commit(&mut self, groups: Vec<Group>) -> Vec<Result<Vec<Receipt>, SubmitError>> {
        let mut answers: Vec<_> = groups.iter().map(|_| None).collect();
        let mut waiting = Waiting::new();
        for (group, checked) in check_all(&self.chain.keyring, groups).into_iter().enumerate() {
            match checked {
                Ok(checked) => waiting.push_back((Ticket { slip: 0, group }, checked)),
                Err(error) => answers[group] = Some(Err(error)),
            }
        }
        let mut answer = |ticket: Ticket, result| answers[ticket.group] = Some(result);
        let mut coming = None;
        while coming.is_some() || !waiting.is_empty() {
            coming = self.go_on(coming, &mut waiting, &mut answer);
        }
        let unanswered = || Err(SubmitError::Halted(Halt::of_io("the group was not reached")));
        answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
    }

    /// Ends the block that is on its way and begins one of what waits, beside each other where both are there.
    ///
    /// What waits must have been handed in before this is called: then nobody in it can have seen the checkpoint of the
    /// block on its way, which does not exist yet.
    pub(crate) fn go_on(
        &mut self,
        coming: Option<Coming>,
        waiting: &mut Waiting,
        answer: Answering<'_>,
    ) -> Option<Coming> {
        match coming {
            None => self.begin(waiting, answer),
            Some(coming) if !waiting.is_empty() && self.lets_next_begin(&coming) => {
                self.end_and_begin(coming, waiting, answer)
            }
            Some(coming) => {
                self.end(coming, answer);
                None
            }
        }
    }

    /// The first half, while nothing is on its way: a block of what waits, as much as fits. None if no group has a
    /// place in it; at least one is answered then.
    fn begin(&mut self, waiting: &mut Waiting, answer: Answering<'_>) -> Option<Coming> {
        if let Some(halt) = &self.halted {
            waiting.drain(..).for_each(|(ticket, _)| answer(ticket, Err(SubmitError::Halted(halt.clone()))));
            return None;
        }
        // 1. Admit. Pure, in memory: a crash leaves nothing.
        let mut batch = self.admit(waiting);
        let Self { chain, vault, service, checkpoint_key, .. } = self;
        let keys = Keys { service, checkpoint: checkpoint_key };
        let made = batch.has_block().then(|| make(&mut batch, chain, vault, keys));
        self.take_up(batch, made, answer)
    }

    /// 4. The chain in memory takes the block, and judges it as every audit will: a defect is found before the log has
    ///    it. A crash leaves what it left before.
    fn take_up(
        &mut self,
        batch: Batch,
        made: Option<Result<Made, Halt>>,
        answer: Answering<'_>,
    ) -> Option<Coming> {
        self.count_refused(&batch.answers, batch.at);
        let halt = batch.halt();
        let Batch { admitted, answers: refused, .. } = batch;
        let made = made.map(|made| {
            let made = made?;
            self.fold(&made).map_err(halt::of_settling)?;
            Ok(made)
        });
        let stopped = match (halt, made) {
            // This log is not what its own key has shown to somebody, or what is known of it can't be read: nothing
            // may follow on it.
            (Some(halt), _) => Some(halt),
            (None, Some(Ok(made))) => return Some(Coming { admitted, refused, made }),
            (None, Some(Err(halt))) => Some(self.or_replaced(halt)),
            (None, None) => None,
        };
        refused.into_iter().for_each(|(ticket, result)| answer(ticket, result));
        if let Some(halt) = stopped {
            self.stop(halt, &admitted, answer);
        }
        None
    }

    /// The second half.
    pub(crate) fn end(&mut self, mut coming: Coming, answer: Answering<'_>) {
        let settled = self.settling().settle(&mut coming);
        coming.refused.drain(..).for_each(|(ticket, result)| answer(ticket, result));
        match settled {
            Ok(receipts) => {
                self.clear_up(&coming);
                // 10. Receipts leave. A crash leaves authors without an answer: they send the same statement
                //     again and get the first receipt.
                receipts.into_iter().for_each(|(ticket, receipts)| answer(ticket, receipts));
                self.write_snapshot_if_due();
            }
            Err(halt) => {
                let halt = self.or_replaced(halt);
                self.stop(halt, &coming.admitted, answer);
            }
        }
    }

    /// 9. Identities that were replaced are destroyed. A crash before leaves the old one in the vault; the next start
    ///    destroys it.
    fn clear_up(&mut self, coming: &Coming) {
        let superseding: Vec<_> =
            coming.admitted.iter().flat_map(|group| &group.superseding).copied().collect();
        if let Err(error) = self.destroy_superseded(&superseding) {
            self.halted = Some(Halt::of_io(format!("a replaced identity was not destroyed: {error}")));
        }
        let identified: Vec<_> =
            coming.admitted.iter().flat_map(|group| &group.identified).copied().collect();
        self.note_people(&identified);
    }

    /// The second half of one block beside the first half of the next. Neither changes what the other looks at, and the
    /// order that recovery rests on stays: a block goes to the log when the one before it is settled. All that a crash
    /// can leave in addition is what step 3 leaves of the next block, payloads that no record names.
    fn end_and_begin(
        &mut self,
        mut coming: Coming,
        waiting: &mut Waiting,
        answer: Answering<'_>,
    ) -> Option<Coming> {
        let (mut batch, fence) = (self.empty_batch(), self.vault.fence_beside());
        let Self { chain, threads, vault, open_records, service, disk, home, .. } = self;
        let Self { log, tree, memory, announce, checkpoint, checkpoint_key, .. } = self;
        let (chain, keys) = (&*chain, Keys { service, checkpoint: checkpoint_key });
        let begin = || {
            Judge { chain, threads, vault, open_records, disk: &**disk, home }.admit(waiting, &mut batch);
            batch.has_block().then(|| make(&mut batch, chain, vault, keys))
        };
        let end = || {
            let (log, memory) = (&mut **log, &mut **memory);
            Settling { chain, log, tree, memory, announce, checkpoint, fence, disk, home }
                .settle(&mut coming)
                .map(|receipts| receipts.into_iter().for_each(|(ticket, receipts)| answer(ticket, receipts)))
        };
        let (made, ended) = beside(begin, end);
        self.take_over_snapshot();
        coming.refused.drain(..).for_each(|(ticket, result)| answer(ticket, result));
        if let Err(halt) = ended {
            let halt = self.or_replaced(halt);
            let taken = [&coming.admitted[..], &batch.admitted];
            taken.into_iter().for_each(|admitted| self.stop(halt.clone(), admitted, answer));
            batch.answers.into_iter().for_each(|(ticket, result)| answer(ticket, result));
            return None;
        }
        self.clear_up(&coming);
        self.take_up(batch, made, answer)
    }

    /// Whether the next block may begin before this one has ended: if nothing is left to do for it that changes what the
    /// next one is judged by, or wants threads and chain at one place.
    fn lets_next_begin(&self, coming: &Coming) -> bool {
        let is_plain = |group: &Admitted| !group.is_open && group.superseding.is_empty();
        coming.admitted.iter().all(is_plain) && !self.is_snapshot_due()
    }

    /// What an effect failed for, unless another instance has taken over: then that.
    fn or_replaced(&self, halt: Halt) -> Halt {
        if self.is_replaced() { halt::replaced() } else { halt }
    }

    /// Stops, and says so to those whose groups were to stand in a block.
    fn stop(&mut self, halt: Halt, admitted: &[Admitted], answer: Answering<'_>) {
        admitted.iter().for_each(|group| answer(group.ticket, Err(SubmitError::Halted(halt.clone()))));
        self.halted = Some(halt);
    }
}

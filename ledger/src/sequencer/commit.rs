//! How an event becomes part of the ledger: [`Sequencer::commit`], step by step.
//!
//! Read the comments in order: each says what a crash at that point leaves behind and why that is safe.

use std::sync::mpsc::sync_channel;

use vandel_core::block::{BlockHead, FRAME_BYTES, begin_unsigned, record_bytes_in_block};
use vandel_core::codec::put_len;
use vandel_core::hash::{Domain, Hash, leaf_hash};
use vandel_core::limits::{BLOCK_BYTES_MAX, BLOCK_RECORDS_MAX};
use vandel_core::merkle::prove_appended;
use vandel_core::record::{put_record, record_len};
use vandel_core::signature::{public_key, sign};
use vandel_core::time::Second;

use crate::sequencer::admission::{Admitted, Answer, Waiting};
use crate::sequencer::checked::{Checked, check_all};
use crate::sequencer::{Group, Sequencer, halt};
use crate::submission::{Halt, Receipt, SubmitError};
use crate::vault::Entry;

impl Sequencer {
    /// Takes groups of submissions into the ledger: as many as fit become one block. Answers come in
    /// the order of the groups, each with its receipts or the reason why nothing of it was taken.
    ///
    /// An error of one group leaves the others alone. If an effect's outcome is unknown the sequencer
    /// halts, and must be opened again, which finds out.
    pub fn commit(&mut self, groups: Vec<Group>) -> Vec<Result<Vec<Receipt>, SubmitError>> {
        let mut answers: Vec<_> = groups.iter().map(|_| None).collect();
        let checked = check_all(&self.chain.keyring, groups);
        self.commit_checked(checked, |index, answer| answers[index] = Some(answer));
        let unanswered = || Err(SubmitError::Halted(Halt::of_io("the group was not reached")));
        answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
    }

    /// [`Sequencer::commit`] for groups that were checked ahead. Each answer is given as soon as its
    /// block is settled, with the group's index.
    pub(crate) fn commit_checked(
        &mut self,
        checked: Vec<Result<Checked, SubmitError>>,
        mut answer: impl FnMut(usize, Result<Vec<Receipt>, SubmitError>),
    ) {
        let mut waiting = Waiting::new();
        for (index, group) in checked.into_iter().enumerate() {
            match group {
                Ok(group) => waiting.push_back((index, group)),
                Err(error) => answer(index, Err(error)),
            }
        }
        while !waiting.is_empty() {
            self.commit_block(&mut waiting).into_iter().for_each(|(index, result)| answer(index, result));
        }
    }

    /// One block: the commit order. Takes from `waiting` what fits.
    fn commit_block(&mut self, waiting: &mut Waiting) -> Vec<Answer> {
        if let Some(halt) = self.halted.clone() {
            return waiting.drain(..).map(|(index, _)| halted(index, &halt)).collect();
        }
        // 1. Admit. Pure, in memory: a crash leaves nothing.
        let at = self.now();
        let (mut admitted, mut answers) = self.admit(waiting, at);
        self.count_refused(&answers, at);
        if let Some(halt) = answers.iter().find_map(|(_, answer)| halt::of_admission(answer)) {
            // This log is not what its own key has shown to somebody, or what is known of it can't be read: nothing
            // may follow on it.
            self.halted = Some(halt.clone());
            answers.extend(admitted.iter().map(|group| halted(group.index, &halt)));
            return answers;
        }
        if admitted.is_empty() {
            return answers;
        }
        // 2. Make the bytes, once. Whatever happens from here on, these bytes are appended or none.
        let assembled = self.assemble(&mut admitted, at);
        let head = self.chain.head;
        match self.make_durable(assembled) {
            Ok(proven) => {
                answers.extend(self.receipts_of(&admitted, head, proven));
                // 9. Identities that were replaced are destroyed. A crash before leaves the old one in
                //    the vault; the next start destroys it.
                let superseding: Vec<_> =
                    admitted.iter().flat_map(|group| group.superseding.clone()).collect();
                if let Err(error) = self.destroy_superseded(&superseding) {
                    self.halted =
                        Some(Halt::of_io(format!("a replaced identity was not destroyed: {error}")));
                }
                let identified: Vec<_> = admitted.into_iter().flat_map(|group| group.identified).collect();
                self.note_people(&identified);
                self.write_snapshot_if_due();
            }
            Err(halt) => {
                let halt = if self.is_replaced() { halt::replaced() } else { halt };
                self.halted = Some(halt.clone());
                answers.extend(admitted.iter().map(|group| halted(group.index, &halt)));
            }
        }
        answers
    }

    /// The effects of the commit order. Gives back what the receipts are made of.
    fn make_durable(&mut self, assembled: Assembled) -> Result<Proven, Halt> {
        let Assembled { mut block, entries, hashes } = assembled;
        // 3. The vault holds the payloads and their keys, durably. A crash from here on leaves
        //    payloads that no record names; the next start destroys them once the tail is settled.
        //    Meanwhile the block is signed and its records are proven: both are pure, and neither leaves.
        let Self { vault, service, chain, .. } = self;
        let put = || if entries.is_empty() { Ok(()) } else { vault.put(&entries) };
        let seal = || (sign(service, Domain::Block, &[&block]), prove_appended(&chain.frontier, &hashes));
        let (stored, (signature, (root, proofs))) = beside(hashes.len(), put, seal);
        stored.map_err(halt::of_vault)?;
        block.extend_from_slice(&signature);
        // 4. The log holds the block, durably. A crash before the acknowledgement leaves the block
        //    there or not; the next start reads which, and adopts it if it is. It is never sent again
        //    with other bytes.
        let position = self.chain.blocks;
        self.log.append(position, &block).map_err(|error| self.halt_of_append(error))?;
        // 5. to 7. Fold it in, let the memory take the new checkpoint, publish. A crash leaves a
        //    durable block beyond the memory; the next start runs these very steps.
        self.settle(&block, &hashes).map_err(halt::of_settling)?;
        // 8. Receipts leave. A crash leaves authors without an answer: they send the same statement
        //    again and get the first receipt.
        Ok(Proven { hashes, root, proofs })
    }

    /// Records around the statements, a block around the records, and the payloads for the vault.
    fn assemble(&self, admitted: &mut [Admitted], at: Second) -> Assembled {
        let statements = admitted.iter().flat_map(|group| &group.statements);
        let lens = statements.map(|(statement, _)| record_bytes_in_block(record_len(statement.len())));
        let (count, room) = lens.fold((0, 0), |(count, room), len| (count + 1, room + len));
        let (mut hashes, mut entries) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let head = BlockHead {
            ledger: self.chain.ledger,
            position: self.chain.blocks,
            previous: self.chain.block_head,
            first_record: self.chain.size(),
            sequencer: public_key(&self.service),
        };
        let mut block = begin_unsigned(&head, count, room);
        let mut previous = self.chain.head;
        for (statement, entry) in admitted.iter_mut().flat_map(|group| group.statements.drain(..)) {
            let number = head.first_record + hashes.len() as u64;
            // Where it will stay, and hashed there.
            put_len(&mut block, record_len(statement.len()));
            let start = block.len();
            put_record(&mut block, number, at, &previous, &statement);
            previous = leaf_hash(&block[start..]);
            hashes.push(previous);
            entries.extend(entry);
        }
        Assembled { block, entries, hashes }
    }
}

/// A block's bytes before anything has been done with them.
struct Assembled {
    /// Without its signature.
    block: Vec<u8>,
    /// The payloads for the vault.
    entries: Vec<Entry>,
    /// The records' hashes.
    hashes: Vec<Hash>,
}

/// The records of a durable block, with what shows that they are in the tree.
pub(super) struct Proven {
    /// The records' hashes.
    pub(super) hashes: Vec<Hash>,
    /// The root in which all proofs meet.
    pub(super) root: Hash,
    /// An inclusion proof for each record.
    pub(super) proofs: Vec<Vec<Hash>>,
}

/// So few records are signed and proven quicker than another thread wakes.
const FEW_RECORDS: usize = 64;

/// Does the one on this thread and the other beside it, if the block has many records.
fn beside<A, B: Send>(records: usize, one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    if records <= FEW_RECORDS {
        return (one(), other());
    }
    let (sender, receiver) = sync_channel(1);
    let one = rayon::in_place_scope(|scope| {
        scope.spawn(move |_| drop(sender.send(other())));
        one()
    });
    (one, receiver.recv().expect("the scope has waited for it"))
}

/// One group's answer, of a sequencer that has stopped.
fn halted(index: usize, halt: &Halt) -> Answer {
    (index, Err(SubmitError::Halted(halt.clone())))
}

/// Counts what still fits into a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    records: usize,
    bytes: usize,
}

impl Room {
    /// An empty block.
    pub(super) const fn empty() -> Self {
        Self { records: 0, bytes: FRAME_BYTES }
    }

    /// Takes up the room for statements of these lengths; false if they do not fit.
    pub(super) fn take(&mut self, statement_lens: impl Iterator<Item = usize>) -> bool {
        let mut after = *self;
        for len in statement_lens {
            after.records += 1;
            after.bytes += record_bytes_in_block(record_len(len));
        }
        let fits = after.records <= BLOCK_RECORDS_MAX && after.bytes <= BLOCK_BYTES_MAX;
        if fits {
            *self = after;
        }
        fits
    }
}

//! The last steps of the commit order, which recovery runs too: fold in, remember, publish.

use std::io;
use std::sync::Arc;

use vandel_core::block::{Block, BlockDecodeError, sealed_record_in_block};
use vandel_core::chain::{Chain, Fault};
use vandel_core::checkpoint::{Checkpoint, CheckpointError, CheckpointSignError};
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::merkle::{
    Nodes, ProveError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion,
};
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_core::time::Second;

use crate::disk::Disk;
use crate::fence::FenceError;
use crate::home::Home;
use crate::log::Log;
use crate::memory::{Memory, MemoryError};
use crate::sequencer::Sequencer;
use crate::sequencer::admission::{Admitted, Answer};
use crate::sequencer::agreement::signed_by_us;
use crate::sequencer::commit::Proven;
use crate::sequencer::replay::rebuild_tree;
use crate::submission::{Halt, Receipt, SubmitError};
use crate::tree::TreeFiles;

/// Why a durable block could not be settled. Opening the ledger again tries the same steps.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Our own block does not decode: a defect, found before anything was published.
    #[error("our own block does not decode: {0}")]
    Decode(#[from] BlockDecodeError),
    /// Our own block is faulty: a defect, found before anything was published.
    #[error("our own block is faulty: {0}")]
    Fault(#[from] Fault),
    /// The tree's nodes cannot be written or read.
    #[error("the tree file failed: {0}")]
    Tree(#[from] io::Error),
    /// The tree's nodes are incomplete.
    #[error("the tree file is incomplete: {0}")]
    Nodes(#[from] ProveError),
    /// No block ended at this size.
    #[error("the ledger never had a checkpoint of size {size}")]
    NeverThisSize {
        /// The size asked for.
        size: u64,
    },
    /// The checkpoint cannot be made.
    #[error("the checkpoint cannot be made: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint cannot be signed.
    #[error("the checkpoint cannot be signed: {0}")]
    Sign(#[from] CheckpointSignError),
    /// The memory did not take the checkpoint.
    #[error("{0}")]
    Memory(#[from] MemoryError),
    /// The checkpoint could not be written to the public folder.
    #[error("the checkpoint could not be published: {0}")]
    Publish(io::Error),
    /// Another instance has taken over, between the memory and the public folder.
    #[error("the checkpoint was not published: another instance has taken over")]
    Replaced,
}

/// What consistency proofs are made from.
struct Proving<'a> {
    tree: &'a mut TreeFiles,
    chain: &'a Chain,
    disk: &'a Arc<dyn Disk>,
    home: &'a Home,
    log: &'a dyn Log,
}

impl Proving<'_> {
    /// Proves that the newest tree extends the one of this size. The tree file is disposable: if the proof
    /// does not hold, the nodes are made anew from the log before anybody hears of it.
    fn prove_from(&mut self, size: u64) -> Result<Vec<Hash>, SettleError> {
        if size == 0 {
            return Ok(Vec::new());
        }
        let root = self.chain.root_at(size).ok_or(SettleError::NeverThisSize { size })?;
        let tip = self.chain.tip();
        match consistency_proof(&self.tree.reader(), size, tip.size) {
            Ok(proof) if verify_consistency(size, &root, tip.size, &tip.root, &proof).is_ok() => Ok(proof),
            _ => {
                self.make_tree_anew()?;
                Ok(consistency_proof(&self.tree.reader(), size, tip.size)?)
            }
        }
    }

    pub(super) fn make_tree_anew(&mut self) -> Result<(), SettleError> {
        let rebuilt = rebuild_tree(self.disk, self.home, self.log, self.chain.blocks);
        *self.tree = rebuilt.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(())
    }
}

impl Sequencer {
    /// Folds in a durable block of our own, remembers the new checkpoint and publishes it.
    pub(super) fn settle(&mut self, block: &[u8], hashes: &[Hash]) -> Result<(), SettleError> {
        let block = Block::decode(block)?;
        // 5. Fold it in. The statements' signatures were verified before admission, and the block's
        //    is our own.
        let mut checks = Vec::with_capacity(block.records.len() + 1);
        self.chain.take(&block, &mut checks, |_, _| ())?;
        block.records.iter().for_each(|record| self.note_open(record));
        self.tree.append(hashes)?;
        self.remember_and_publish()
    }

    pub(super) fn note_open(&mut self, record: &Record<'_>) {
        if let Body::Open(_) = record.statement.statement.body {
            self.open_records.insert(record.statement.hash(), record.number);
        }
    }

    /// Steps 6 and 7: the memory takes the checkpoint, then it may leave.
    pub(super) fn remember_and_publish(&mut self) -> Result<(), SettleError> {
        let checkpoint = Checkpoint::new(&self.chain.origin, self.chain.size(), self.chain.frontier.root())?;
        let note = checkpoint.sign(&self.checkpoint_key)?.to_string();
        // 6. The memory takes it. A crash after this leaves a checkpoint that nobody has seen and
        //    that this log bears out. Witnesses that took it have cosigned it.
        let (mut proving, memory) = self.proving();
        let note = memory.advance(&note, &checkpoint, &mut |size| {
            proving.prove_from(size).map_err(|error| error.to_string())
        })?;
        // 7. Publish. Not synced: the memory holds the same note. Who was paused here, and replaced, puts nothing
        //    older in the place of what the other has published since: file and stream are fenced.
        self.publish(&note)?;
        if let Some(announce) = &mut self.announce {
            // A crash leaves the place one or two checkpoints behind; the next start announces again.
            let chain = &self.chain;
            let size_of = |note: &str| signed_by_us(chain, note).map(|seen| seen.size);
            announce.announce(&note, &size_of).map_err(SettleError::Publish)?;
        }
        self.checkpoint = note;
        Ok(())
    }

    /// What proofs are made from, and beside it the memory that asks for them.
    fn proving(&mut self) -> (Proving<'_>, &mut dyn Memory) {
        let Self { tree, chain, disk, home, log, memory, .. } = self;
        (Proving { tree, chain, disk, home, log: &**log }, &mut **memory)
    }

    /// Proves that the newest tree extends the one at an earlier block boundary (RFC 9162 section 2.1.4).
    ///
    /// # Errors
    /// If the tree was never of this size, or its nodes cannot be made.
    pub fn prove_consistency(&mut self, size: u64) -> Result<Vec<Hash>, SettleError> {
        self.proving().0.prove_from(size)
    }

    pub(super) fn make_tree_anew(&mut self) -> Result<(), SettleError> {
        self.proving().0.make_tree_anew()
    }

    fn publish(&self, note: &str) -> Result<(), SettleError> {
        let replaced = self.vault.replace_beside(&self.home.checkpoint(), note.as_bytes());
        replaced.map_err(|error| match error {
            FenceError::Lost => SettleError::Replaced,
            FenceError::Io(error) => SettleError::Publish(error),
        })
    }

    /// Receipts for records that stand in the published tree.
    ///
    /// A proof that does not hold never leaves: the nodes are then made anew, once.
    ///
    /// # Errors
    /// If there is no such record, or its proof cannot be made.
    pub fn receipts(&mut self, records: &[u64]) -> Result<Vec<Receipt>, SubmitError> {
        self.proven_receipts(records).or_else(|_| {
            let unproven = |error: SettleError| SubmitError::Halted(Halt::of_io(error.to_string()));
            self.make_tree_anew().map_err(unproven)?;
            self.proven_receipts(records)
        })
    }

    /// The answers of groups that stand in the block just settled: `head` is the chain's head before it. The proofs need
    /// nothing that lies in a file, and all hold if they meet in the published root.
    pub(super) fn receipts_of(&self, admitted: &[Admitted], head: Hash, proven: Proven) -> Vec<Answer> {
        let Proven { hashes, root, proofs } = proven;
        let tip = self.chain.tip();
        if root != tip.root {
            let error = unproven("the block's records do not give the tree's root");
            return admitted.iter().map(|group| (group.index, Err(error.clone()))).collect();
        }
        let (time, checkpoint) = (self.chain.time, Arc::<str>::from(&*self.checkpoint));
        let first = tip.size - hashes.len() as u64;
        let previous = std::iter::once(&head).chain(&hashes);
        let placed = (first..).zip(hashes.iter().zip(previous)).zip(proofs);
        let mut receipts = placed.map(|((record, (hash, previous)), proof)| Receipt {
            record,
            time,
            hash: *hash,
            previous: *previous,
            proof,
            checkpoint: checkpoint.clone(),
        });
        let mut of = |group: &Admitted| receipts.by_ref().take(group.records.len()).collect();
        admitted.iter().map(|group| (group.index, Ok(of(group)))).collect()
    }

    /// Where the log's record of this number stands if all of its block are sealed, as most are; nothing of the newest
    /// block, whose time is known.
    fn guessed_record(&self, number: u64) -> Result<Option<Vec<u8>>, SubmitError> {
        let (block, index) = self.place_of(number);
        match block + 1 == self.chain.blocks {
            true => Ok(None),
            false => self.log.read_part(block, sealed_record_in_block(index)).map_err(unproven),
        }
    }

    /// When a record was placed; a repeat learns the first time, not now. It is the time in the record of this hash, which
    /// also tells whether the guess was right.
    fn time_of(&self, number: u64, hash: &Hash, guessed: Option<&[u8]>) -> Result<Second, SubmitError> {
        let (block, _) = self.place_of(number);
        if block + 1 == self.chain.blocks {
            return Ok(self.chain.time);
        }
        let time_in = |bytes: &[u8]| {
            let is_this = leaf_hash(bytes) == *hash;
            if is_this { Record::decode(bytes).ok().map(|record| record.time) } else { None }
        };
        if let Some(time) = guessed.and_then(time_in) {
            return Ok(time);
        }
        let bytes = self.log.read(block).map_err(unproven)?.unwrap_or_default();
        let decoded = Block::decode(&bytes).map_err(unproven)?;
        let mut records = decoded.records.iter();
        let time = records.find(|record| record.number == number).and_then(|record| time_in(record.bytes));
        time.ok_or_else(|| unproven("the log's record is not the tree's"))
    }

    fn proven_receipts(&self, records: &[u64]) -> Result<Vec<Receipt>, SubmitError> {
        let (tree, tip, checkpoint) =
            (self.tree.reader(), self.chain.tip(), Arc::<str>::from(&*self.checkpoint));
        let receipt = |record: &u64| {
            let record = *record;
            // The log and the tree are read from the disk beside each other.
            self.tree.will_prove(record);
            let guessed = self.guessed_record(record)?;
            let proof = inclusion_proof(&tree, record, tip.size).map_err(unproven)?;
            let hash = tree.node(0, record).ok_or_else(|| unproven("the leaf is missing"))?;
            verify_inclusion(&hash, record, tip.size, &tip.root, &proof).map_err(unproven)?;
            let previous = record.checked_sub(1).map_or(Some(Hash::ZERO), |before| tree.node(0, before));
            let previous = previous.ok_or_else(|| unproven("the leaf before is missing"))?;
            let time = self.time_of(record, &hash, guessed.as_deref())?;
            Ok(Receipt { record, time, hash, previous, proof, checkpoint: checkpoint.clone() })
        };
        records.iter().map(receipt).collect()
    }
}

fn unproven(error: impl std::fmt::Display) -> SubmitError {
    SubmitError::Halted(Halt::of_io(format!("no proof can be made: {error}")))
}

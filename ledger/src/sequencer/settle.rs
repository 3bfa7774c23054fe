//! The last steps of the commit order, which recovery runs too: fold in, remember, publish.

use std::io;

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::chain::Fault;
use vandel_core::checkpoint::{Checkpoint, CheckpointError, CheckpointSignError};
use vandel_core::hash::Hash;
use vandel_core::merkle::{ProveError, consistency_proof, inclusion_proof};
use vandel_core::record::Record;
use vandel_core::statement::Body;

use crate::disk::{Open, read_all};
use crate::memory::MemoryError;
use crate::sequencer::Sequencer;
use crate::submission::{Receipt, SubmitError};

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
}

impl Sequencer {
    /// Folds in a durable block of our own, remembers the new checkpoint and publishes it.
    pub(super) fn settle(&mut self, block: &[u8], hashes: &[Hash]) -> Result<(), SettleError> {
        let block = Block::decode(block)?;
        // 5. Fold it in. The statements' signatures were verified before admission, and the block's
        //    is our own.
        self.chain.take(&block, &mut Vec::new(), |_, _| ())?;
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
        //    that this log bears out.
        let old = self.memory.latest().size;
        let proof =
            if old == 0 { Vec::new() } else { consistency_proof(&self.tree, old, checkpoint.size())? };
        self.memory.advance(&note, &checkpoint, &proof)?;
        // 7. Publish. Not synced: the memory holds the same note.
        self.publish(&note).map_err(SettleError::Publish)?;
        self.checkpoint = note;
        Ok(())
    }

    fn publish(&self, note: &str) -> io::Result<()> {
        let path = self.home.checkpoint();
        let beside = path.with_extension("new");
        match self.disk.remove(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.disk.open(&beside, Open::CreateNew)?.write_all_at(note.as_bytes(), 0)?;
        self.disk.rename(&beside, &path)
    }

    /// Receipts for records that stand in the published tree.
    pub(super) fn receipts(&self, records: &[u64]) -> Result<Vec<Receipt>, SubmitError> {
        let unproven = |error: &dyn std::fmt::Display| SubmitError::Halted {
            reason: format!("no proof can be made: {error}"),
        };
        let size = self.chain.size();
        let receipt = |record: &u64| {
            let proof = inclusion_proof(&self.tree, *record, size).map_err(|error| unproven(&error))?;
            let hash = vandel_core::merkle::Nodes::node(&self.tree, 0, *record)
                .ok_or_else(|| unproven(&"the leaf is missing"))?;
            Ok(Receipt {
                record: *record,
                time: self.chain.time,
                hash,
                proof,
                checkpoint: self.checkpoint.clone(),
            })
        };
        records.iter().map(receipt).collect()
    }

    /// The last checkpoint that was published or remembered, as far as this home knows.
    pub(super) fn published(&self) -> Option<String> {
        read_all(&*self.disk, &self.home.checkpoint()).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    }
}

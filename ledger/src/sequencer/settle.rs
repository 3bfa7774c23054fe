//! The second half of the commit order: log, memory, publication. Recovery runs the last of it too.

use std::io;
use std::sync::Arc;

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::chain::{Chain, Fault};
use vandel_core::checkpoint::{Checkpoint, CheckpointError, CheckpointSignError};
use vandel_core::hash::Hash;
use vandel_core::merkle::{ProveError, consistency_proof, verify_consistency};
use vandel_core::record::Record;
use vandel_core::statement::Body;

use crate::announce::Announce;
use crate::disk::Disk;
use crate::fence::{Fence, FenceError};
use crate::home::Home;
use crate::log::Log;
use crate::memory::{Memory, MemoryError};
use crate::sequencer::admission::{Admitted, Answer};
use crate::sequencer::agreement::signed_by_us;
use crate::sequencer::commit::Coming;
use crate::sequencer::making::Made;
use crate::sequencer::replay::rebuild_tree;
use crate::sequencer::{Sequencer, halt};
use crate::submission::{Halt, Receipt};
use crate::tree::TreeFiles;

/// Why a block of our own could not be settled. Opening the ledger again tries the same steps, if the log has it.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Our own block does not decode: a defect, found before the log has it.
    #[error("our own block does not decode: {0}")]
    Decode(#[from] BlockDecodeError),
    /// Our own block is faulty: a defect, found before the log has it.
    #[error("our own block is faulty: {0}")]
    Fault(#[from] Fault),
    /// Our own block's records do not give the root that their proofs meet in: a defect, found before the log has it.
    #[error("our own block's records do not give the tree's root")]
    Root,
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

/// What settling changes, and what it looks at. All of it is this module's alone while a block is on its way.
pub(super) struct Settling<'a> {
    /// With the block that is to be settled.
    pub(super) chain: &'a Chain,
    pub(super) log: &'a mut dyn Log,
    pub(super) tree: &'a mut TreeFiles,
    pub(super) memory: &'a mut dyn Memory,
    pub(super) announce: &'a mut Option<Box<dyn Announce>>,
    pub(super) checkpoint: &'a mut String,
    /// Held by who may write.
    pub(super) fence: Option<Arc<Fence>>,
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) home: &'a Home,
}

impl Settling<'_> {
    /// Brings a block into the log and its checkpoint into the world. Gives back the receipts, which may leave.
    pub(super) fn settle(&mut self, coming: &mut Coming) -> Result<Vec<Answer>, Halt> {
        // 5. The log holds the block, durably. A crash before the acknowledgement leaves the block
        //    there or not; the next start reads which, and adopts it if it is. It is never sent again
        //    with other bytes.
        let block = &coming.made.block;
        self.log.append(self.chain.blocks - 1, block).map_err(|error| self.halt_of_append(error, block))?;
        // 6. to 8. The tree's nodes, the memory, the publication. A crash leaves a durable block beyond the memory;
        //    the next start runs these very steps.
        self.tree.append(&coming.made.hashes).map_err(|error| halt::of_settling(error.into()))?;
        self.remember_and_publish(&coming.made.checkpoint, &coming.made.note).map_err(halt::of_settling)?;
        Ok(self.receipts_of(coming))
    }

    /// The memory takes the checkpoint, then it may leave.
    pub(super) fn remember_and_publish(
        &mut self,
        checkpoint: &Checkpoint,
        note: &str,
    ) -> Result<(), SettleError> {
        let chain = self.chain;
        // 7. The memory takes it. A crash after this leaves a checkpoint that nobody has seen and
        //    that this log bears out. Witnesses that took it have cosigned it.
        let note = {
            let Self { memory, tree, log, disk, home, .. } = self;
            let mut proving = Proving { tree, chain, disk, home, log: &**log };
            let mut prove = |size| proving.prove_from(size).map_err(|error| error.to_string());
            memory.advance(note, checkpoint, &mut prove)?
        };
        // 8. Publish. Not synced: the memory holds the same note. Who was paused here, and replaced, puts nothing
        //    older in the place of what the other has published since: file and stream are fenced.
        self.publish(&note)?;
        if let Some(announce) = self.announce {
            // A crash leaves the place one or two checkpoints behind; the next start announces again.
            let size_of = |note: &str| signed_by_us(chain, note).map(|seen| seen.size);
            announce.announce(&note, &size_of).map_err(SettleError::Publish)?;
        }
        *self.checkpoint = note;
        Ok(())
    }

    fn publish(&self, note: &str) -> Result<(), SettleError> {
        let fence = self.fence.as_ref().ok_or(SettleError::Replaced)?;
        fence.replace_unsynced(&self.home.checkpoint(), note.as_bytes()).map_err(|error| match error {
            FenceError::Lost => SettleError::Replaced,
            FenceError::Io(error) => SettleError::Publish(error),
        })
    }

    /// The answers of the groups in the block. Their proofs need nothing that lies in a file, and all meet in the root
    /// that was just published.
    fn receipts_of(&self, Coming { admitted, made, .. }: &mut Coming) -> Vec<Answer> {
        let (time, checkpoint) = (self.chain.time, Arc::<str>::from(&**self.checkpoint));
        let first = self.chain.size() - made.hashes.len() as u64;
        let previous = std::iter::once(&made.before).chain(&made.hashes);
        let placed = (first..).zip(made.hashes.iter().zip(previous)).zip(made.proofs.drain(..));
        let mut receipts = placed.map(|((record, (hash, previous)), proof)| Receipt {
            record,
            time,
            hash: *hash,
            previous: *previous,
            proof,
            checkpoint: checkpoint.clone(),
        });
        let mut of = |group: &Admitted| receipts.by_ref().take(group.count).collect();
        admitted.iter().map(|group| (group.ticket, Ok(of(group)))).collect()
    }
}

impl Sequencer {
    /// What settles a block.
    pub(super) fn settling(&mut self) -> Settling<'_> {
        let fence = self.vault.fence_beside();
        let Self { chain, log, tree, memory, announce, checkpoint, disk, home, .. } = self;
        Settling {
            chain,
            log: &mut **log,
            tree,
            memory: &mut **memory,
            announce,
            checkpoint,
            fence,
            disk,
            home,
        }
    }

    /// Folds in a block of our own that is not in the log yet. The statements' signatures were verified before
    /// admission, and the block's is our own.
    pub(super) fn fold(&mut self, made: &Made) -> Result<(), SettleError> {
        let block = Block::decode(&made.block)?;
        let mut checks = Vec::with_capacity(block.records.len() + 1);
        self.chain.take(&block, &mut checks, |_, _| ())?;
        if self.chain.frontier.root() != made.root {
            return Err(SettleError::Root);
        }
        block.records.iter().for_each(|record| self.note_open(record));
        Ok(())
    }

    pub(super) fn note_open(&mut self, record: &Record<'_>) {
        if let Body::Open(_) = record.statement.statement.body {
            self.open_records.insert(record.statement.hash(), record.number);
        }
    }

    /// What consistency proofs are made from.
    fn proving(&mut self) -> Proving<'_> {
        let Self { tree, chain, disk, home, log, .. } = self;
        Proving { tree, chain, disk, home, log: &**log }
    }

    /// Proves that the newest tree extends the one at an earlier block boundary (RFC 9162 section 2.1.4).
    ///
    /// # Errors
    /// If the tree was never of this size, or its nodes cannot be made.
    pub fn prove_consistency(&mut self, size: u64) -> Result<Vec<Hash>, SettleError> {
        self.proving().prove_from(size)
    }

    pub(super) fn make_tree_anew(&mut self) -> Result<(), SettleError> {
        self.proving().make_tree_anew()
    }
}

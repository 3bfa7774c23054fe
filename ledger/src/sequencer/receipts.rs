//! Receipts: that a record stands in the newest published tree.

use std::sync::Arc;

use vandel_core::hash::Hash;
use vandel_core::merkle::{Nodes, inclusion_proof, verify_inclusion};

use crate::sequencer::{Sequencer, SettleError};
use crate::submission::{Halt, Receipt, SubmitError};

impl Sequencer {
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

    fn proven_receipts(&self, records: &[u64]) -> Result<Vec<Receipt>, SubmitError> {
        let (tree, tip, checkpoint) =
            (self.tree.reader(), self.chain.tip(), Arc::<str>::from(&*self.checkpoint));
        let receipt = |record: &u64| {
            let record = *record;
            self.tree.will_prove(record);
            let proof = inclusion_proof(&tree, record, tip.size).map_err(unproven)?;
            let hash = tree.node(0, record).ok_or_else(|| unproven("the leaf is missing"))?;
            verify_inclusion(&hash, record, tip.size, &tip.root, &proof).map_err(unproven)?;
            let previous = record.checked_sub(1).map_or(Some(Hash::ZERO), |before| tree.node(0, before));
            let previous = previous.ok_or_else(|| unproven("the leaf before is missing"))?;
            // A repeat learns the first time, not now.
            let time = self.chain.time_of(record).ok_or_else(|| unproven("there is no such record"))?;
            Ok(Receipt { record, time, hash, previous, proof, checkpoint: checkpoint.clone() })
        };
        records.iter().map(receipt).collect()
    }
}

fn unproven(error: impl std::fmt::Display) -> SubmitError {
    SubmitError::Halted(Halt::of_io(format!("no proof can be made: {error}")))
}

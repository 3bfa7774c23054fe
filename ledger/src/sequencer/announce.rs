//! What the instance tells authors from afar: its intake key, whose key that is, and what has been
//! published.

use vandel_core::admit::Refusal;
use vandel_core::block::Block;
use vandel_core::hash::Hash;
use vandel_core::id::PublicKey;
use vandel_core::keyring::KeyEnding;
use vandel_core::merkle::{Nodes, inclusion_proof, verify_inclusion};
use vandel_core::signature::public_key;

use crate::sequencer::{OpenError, Sequencer, SettleError};
use crate::wire::intake::{Announcement, SignedAnnouncement};
use crate::wire::sealed::IntakePublic;

impl Sequencer {
    /// Announces an intake key from now on for so many seconds.
    ///
    /// # Errors
    /// If the instance's own key may no longer sign.
    pub fn announce(&self, key: IntakePublic, seconds: u64) -> Result<SignedAnnouncement, Refusal> {
        let now = self.now();
        self.chain.keyring.signer(&public_key(&self.service), now).map_err(Refusal::Key)?;
        let announcement = Announcement::of(self.chain.ledger, key, now, seconds, &self.service);
        Ok(announcement.sign(&self.service, &self.checkpoint_key))
    }

    /// The records that show whose key the instance has: the opening, the enrolment of the key or of the
    /// one it took over from, and the rotations in between; number and bytes.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn service_records(&self) -> Result<Vec<(u64, Vec<u8>)>, OpenError> {
        let keyring = &self.chain.keyring;
        let mut numbers = vec![0];
        let mut key = Some(public_key(&self.service));
        while let Some(entry) = key.and_then(|key| keyring.get(&key)) {
            numbers.push(entry.enrolled_at);
            key = key.and_then(|key| self.predecessor_of(&key)).filter(|_| numbers.len() < 16);
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(|number| Ok((number, self.record_bytes(number)?))).collect()
    }

    /// The key that this one took over from.
    fn predecessor_of(&self, key: &PublicKey) -> Option<PublicKey> {
        let mut entries = self.chain.keyring.entries().iter();
        let before =
            entries.find(|(_, entry)| entry.end.is_some_and(|end| end.how == KeyEnding::Rotated(*key)));
        before.map(|(old, _)| *old)
    }

    fn record_bytes(&self, number: u64) -> Result<Vec<u8>, OpenError> {
        let position = self.block_of(number);
        let bytes = self.log.read(position)?.unwrap_or_default();
        let block = Block::decode(&bytes).map_err(|error| OpenError::Decode { block: position, error })?;
        let record = block.records.iter().find(|record| record.number == number);
        Ok(record.map(|record| record.bytes.to_vec()).unwrap_or_default())
    }

    /// The audit paths of records in the newest tree (RFC 9162 section 2.1.3).
    ///
    /// # Errors
    /// If the tree's nodes cannot be made.
    pub fn audit_paths(&mut self, records: &[u64]) -> Result<Vec<Vec<Hash>>, SettleError> {
        if let Ok(paths) = self.proven_paths(records) {
            return Ok(paths);
        }
        self.make_tree_anew()?;
        self.proven_paths(records)
    }

    fn proven_paths(&self, records: &[u64]) -> Result<Vec<Vec<Hash>>, SettleError> {
        let (tree, tip) = (self.tree.reader(), self.chain.tip());
        let path = |record: &u64| {
            let path = inclusion_proof(&tree, *record, tip.size)?;
            let hash = tree.node(0, *record).unwrap_or(Hash::ZERO);
            verify_inclusion(&hash, *record, tip.size, &tip.root, &path)
                .map_err(|error| std::io::Error::other(error.to_string()))?;
            Ok(path)
        };
        records.iter().map(path).collect()
    }

    /// That the newest checkpoint extends the one of this size; none if there never was one.
    ///
    /// # Errors
    /// If the tree's nodes cannot be made.
    pub fn extension(&mut self, seen: u64) -> Result<Option<Vec<Hash>>, SettleError> {
        if seen == 0 || seen == self.chain.size() {
            return Ok(Some(Vec::new()));
        }
        match self.prove_consistency(seen) {
            Ok(proof) => Ok(Some(proof)),
            Err(SettleError::NeverThisSize { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

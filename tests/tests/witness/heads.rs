//! A log that exists only as tree heads: what a witness is shown.

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::merkle::{NodeMemory, consistency_proof, empty_root, root_at};
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::statement::Seen;
use vandel_core::witness::AddCheckpoint;

/// The log's origin.
pub(crate) const ORIGIN: &str = "vandel/heads";

/// One history of the log.
pub(crate) struct Heads {
    nodes: NodeMemory,
}

impl Heads {
    /// A history in which each leaf is of one of many kinds: two that begin alike share their beginning.
    pub(crate) fn of(leaves: &[u8]) -> Self {
        let mut nodes = NodeMemory::new();
        leaves.iter().for_each(|kind| nodes.append(leaf_hash(&[*kind])));
        Self { nodes }
    }

    /// `size` leaves, which differ from other branches' from `fork` on.
    pub(crate) fn new(size: usize, fork: usize, branch: u8) -> Self {
        Self::of(&(0..size).map(|leaf| if leaf < fork { 0 } else { branch }).collect::<Vec<_>>())
    }

    pub(crate) fn checkpoint(&self, size: u64) -> Checkpoint {
        let root = if size == 0 { empty_root() } else { root_at(&self.nodes, size).unwrap() };
        Checkpoint::new(ORIGIN, size, root).unwrap()
    }

    pub(crate) fn seen(&self, size: u64) -> Seen {
        Seen { size, root: self.checkpoint(size).root() }
    }

    pub(crate) fn note(&self, size: u64) -> String {
        self.checkpoint(size).sign(&secret()).unwrap().to_string()
    }

    pub(crate) fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        if old == 0 || old >= new { Vec::new() } else { consistency_proof(&self.nodes, old, new).unwrap() }
    }

    /// A request, signed by the log, as text.
    pub(crate) fn request(&self, old: u64, new: u64) -> String {
        AddCheckpoint { old, proof: self.proof(old, new), note: self.note(new) }.to_string()
    }
}

pub(crate) fn secret() -> SigningKey {
    SigningKey::from_bytes(&[77; 32])
}

pub(crate) fn log_key() -> VerifierKey {
    VerifierKey::new(ORIGIN, KeyKind::Ed25519, &public_key(&secret())).unwrap()
}

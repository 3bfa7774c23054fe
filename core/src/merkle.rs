//! The Merkle tree over record hashes (RFC 6962 section 2.1, RFC 9162 section 2.1).
//!
//! A *complete* subtree of level `l` and index `i` covers the 2^l leaves from `i · 2^l` on; its
//! hash never changes once the tree has grown past it. A tree of any size is a row of complete
//! subtrees, one for each bit set in its size, largest first, folded from the right. Everything
//! here follows from that: [`Frontier`] keeps only the row and can append; whoever keeps all
//! complete subtrees ([`Nodes`]) can prove things about every earlier size.
//!
//! Leaves enter as leaf hashes (see [`crate::hash::leaf_hash`]).

mod inclusions;
mod prove;
mod verify;

pub use inclusions::Inclusions;
pub use prove::{NodeMemory, Nodes, ProveError, consistency_proof, inclusion_proof, prove_appended, root_at};
pub use verify::{ConsistencyError, InclusionError, root_of_path, verify_consistency, verify_inclusion};

use crate::hash::{Hash, node_hash, sha256};

/// The most hashes in a proof that a reader need accept: a tree of 2^63 leaves needs no more
/// (C2SP tlog-witness has the same limit).
pub const PROOF_HASHES_MAX: usize = 63;

/// The root of the tree without leaves, SHA-256 of nothing (RFC 6962 section 2.1).
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The right edge of a growing tree: all that is needed to append and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The hashes of the complete subtrees, largest (leftmost) first, one for each bit of `size`.
    subtrees: Vec<Hash>,
}

/// Stored subtree hashes that don't belong to a tree of the stated size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {size} leaves has {expected} complete subtrees on its edge, not {found}")]
pub struct FrontierError {
    /// The stated number of leaves.
    pub size: u64,
    /// The number of hashes given.
    pub found: usize,
    /// The number of bits set in `size`.
    pub expected: usize,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge as [`Frontier::subtrees`] gave it. Only the count can be checked here: compare
    /// [`Frontier::root`] with a root that is trusted.
    pub fn from_parts(size: u64, subtrees: Vec<Hash>) -> Result<Self, FrontierError> {
        let expected = size.count_ones() as usize;
        if subtrees.len() == expected {
            Ok(Self { size, subtrees })
        } else {
            Err(FrontierError { size, found: subtrees.len(), expected })
        }
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the complete subtrees, largest first, to be kept in a snapshot.
    #[must_use]
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// Adds a leaf at the right.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("one subtree for each bit of the size");
            hash = node_hash(&left, &hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The tree's root.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold_right(&self.subtrees).unwrap_or_else(empty_root)
    }
}

impl Extend<Hash> for Frontier {
    fn extend<T: IntoIterator<Item = Hash>>(&mut self, leaves: T) {
        leaves.into_iter().for_each(|leaf| self.append(leaf));
    }
}

/// Joins a row of subtrees from the right; `None` for an empty row.
fn fold_right(row: &[Hash]) -> Option<Hash> {
    let (last, rest) = row.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash::leaf_hash;

    #[test]
    fn the_empty_tree_and_the_first_leaves_are_pinned() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::new().root().to_string(), empty);
        // Certificate Transparency's own test tree: one empty leaf, then the leaf 00.
        let mut frontier = Frontier::new();
        frontier.append(leaf_hash(b""));
        let one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(frontier.root().to_string(), one);
        frontier.append(leaf_hash(&[0x00]));
        let two = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        assert_eq!(frontier.root().to_string(), two);
    }

    #[test]
    fn a_frontier_of_the_wrong_shape_is_refused() {
        for (size, found, expected) in [(0, 1, 0), (1, 0, 1), (6, 1, 2), (6, 3, 2), (u64::MAX, 63, 64)] {
            let refused = Frontier::from_parts(size, vec![Hash::ZERO; found]);
            assert_eq!(refused, Err(FrontierError { size, found, expected }));
        }
    }

    proptest! {
        #[test]
        fn a_frontier_kept_and_restored_goes_on_as_if_nothing_had_happened(before in 0_u64..200, after in 0_u64..200) {
            let leaf = |index: u64| leaf_hash(&index.to_be_bytes());
            let mut whole = Frontier::new();
            whole.extend((0..before).map(leaf));
            let mut restored = Frontier::from_parts(whole.size(), whole.subtrees().to_vec()).expect("its own parts");
            whole.extend((before..before + after).map(leaf));
            restored.extend((before..before + after).map(leaf));
            prop_assert_eq!(restored.root(), whole.root());
            prop_assert_eq!(restored, whole);
        }
    }
}

//! Checking proofs. Nothing here trusts the prover: sizes come from checkpoints, hashes from bytes.

use super::empty_root;
use crate::hash::{Hash, node_hash};

/// Why an inclusion proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The leaf is not in a tree of this size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    NoSuchLeaf {
        /// The leaf, counted from 0.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The proof has more hashes than the path of this leaf.
    #[error("the proof has more hashes than the leaf's path")]
    TooLong,
    /// The proof has fewer hashes than the path of this leaf.
    #[error("the proof ends below the root")]
    TooShort,
    /// The path leads to another root.
    #[error("the proof leads to the root {found}, not to {expected}")]
    RootDiffers {
        /// The root that the leaf and the proof give.
        found: Hash,
        /// The root asked about.
        expected: Hash,
    },
}

/// Why a consistency proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} leaves cannot grow into one of {new}")]
    Shrinking {
        /// The older size.
        old: u64,
        /// The newer size.
        new: u64,
    },
    /// A tree of size 0 whose root is not that of the empty tree.
    #[error("the empty tree's root is not {0}")]
    EmptyRootDiffers(Hash),
    /// Two different roots for one size: a fork, whatever the proof says.
    #[error("two roots for {size} leaves: {old} and {new}")]
    Fork {
        /// The size that both trees have.
        size: u64,
        /// The older root.
        old: Hash,
        /// The newer root.
        new: Hash,
    },
    /// The proof has more hashes than these sizes ask for.
    #[error("the proof has more hashes than these sizes ask for")]
    TooLong,
    /// The proof has fewer hashes than these sizes ask for.
    #[error("the proof has fewer hashes than these sizes ask for")]
    TooShort,
    /// The proof does not lead to the older root: the older tree had other leaves.
    #[error("the proof leads to the older root {found}, not to {expected}")]
    OldRootDiffers {
        /// The root that the proof gives.
        found: Hash,
        /// The older root asked about.
        expected: Hash,
    },
    /// The proof does not lead to the newer root.
    #[error("the proof leads to the newer root {found}, not to {expected}")]
    NewRootDiffers {
        /// The root that the proof gives.
        found: Hash,
        /// The newer root asked about.
        expected: Hash,
    },
}

/// Verifies that the leaf with hash `leaf` stands at `index` (from 0) in the tree of `size` leaves
/// with root `root` (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), InclusionError> {
    Climb::whole(leaf, index, size, proof)?.arrive(root)
}

/// The root that a leaf and its audit path lead to, for who has the root only inside a digest.
///
/// # Errors
/// If the path is not one of this leaf in a tree of this size.
pub fn root_of_path(leaf: &Hash, index: u64, size: u64, proof: &[Hash]) -> Result<Hash, InclusionError> {
    Climb::whole(leaf, index, size, proof)?.top()
}

/// Where one stands on the way from a leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Climb {
    /// The position in its level.
    node: u64,
    /// The position of the level's last node, which tells the level too: it is lower on each.
    last: u64,
    hash: Hash,
}

impl Climb {
    pub(super) fn start(leaf: &Hash, index: u64, size: u64) -> Result<Self, InclusionError> {
        if index >= size {
            return Err(InclusionError::NoSuchLeaf { index, size });
        }
        Ok(Self { node: index, last: size - 1, hash: *leaf })
    }

    /// All the way that a proof leads.
    fn whole(leaf: &Hash, index: u64, size: u64, proof: &[Hash]) -> Result<Self, InclusionError> {
        let mut climb = Self::start(leaf, index, size)?;
        proof.iter().try_for_each(|sibling| climb.up(sibling))?;
        Ok(climb)
    }

    /// Takes the next hash of the proof.
    pub(super) fn up(&mut self, sibling: &Hash) -> Result<(), InclusionError> {
        if self.last == 0 {
            return Err(InclusionError::TooLong);
        }
        if self.node & 1 == 1 || self.node == self.last {
            self.hash = node_hash(sibling, &self.hash);
            // A last node without a sibling rises unchanged until it has one at its left.
            while self.node & 1 == 0 && self.node != 0 {
                self.node >>= 1;
                self.last >>= 1;
            }
        } else {
            self.hash = node_hash(&self.hash, sibling);
        }
        self.node >>= 1;
        self.last >>= 1;
        Ok(())
    }

    /// The hash at the top, if one has got there.
    pub(super) fn top(self) -> Result<Hash, InclusionError> {
        if self.last == 0 { Ok(self.hash) } else { Err(InclusionError::TooShort) }
    }

    /// Whether one has got to the top, and this is its hash.
    pub(super) fn arrive(self, root: &Hash) -> Result<(), InclusionError> {
        let found = self.top()?;
        if found == *root { Ok(()) } else { Err(InclusionError::RootDiffers { found, expected: *root }) }
    }
}

/// Verifies that the tree of `old` leaves with root `old_root` is a beginning of the tree of `new`
/// leaves with root `new_root` (RFC 9162 section 2.1.4.2).
///
/// Beyond the RFC, whose sizes start at 1: the empty tree is a beginning of every tree, and its
/// root is fixed (C2SP tlog-witness, add-checkpoint).
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ConsistencyError> {
    if old > new {
        return Err(ConsistencyError::Shrinking { old, new });
    }
    for (size, root) in [(old, old_root), (new, new_root)] {
        if size == 0 && *root != empty_root() {
            return Err(ConsistencyError::EmptyRootDiffers(*root));
        }
    }
    if old == new && old_root != new_root {
        return Err(ConsistencyError::Fork { size: old, old: *old_root, new: *new_root });
    }
    if old == 0 || old == new {
        return if proof.is_empty() { Ok(()) } else { Err(ConsistencyError::TooLong) };
    }
    let (found_old, found_new) = climb(old, old_root, new, proof)?;
    if found_old != *old_root {
        return Err(ConsistencyError::OldRootDiffers { found: found_old, expected: *old_root });
    }
    if found_new != *new_root {
        return Err(ConsistencyError::NewRootDiffers { found: found_new, expected: *new_root });
    }
    Ok(())
}

/// The older and the newer root that a proof gives, for `0 < old < new`.
fn climb(old: u64, old_root: &Hash, new: u64, proof: &[Hash]) -> Result<(Hash, Hash), ConsistencyError> {
    // Both start at the largest complete subtree that ends the old tree.
    let level = old.trailing_zeros();
    let (mut node, mut last) = ((old - 1) >> level, (new - 1) >> level);
    // If that subtree is the whole old tree, the proof leaves it out: it is the old root.
    let (start, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ConsistencyError::TooShort)?;
        (*first, rest)
    };
    let (mut old_hash, mut new_hash) = (start, start);
    for sibling in rest {
        if last == 0 {
            return Err(ConsistencyError::TooLong);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok((old_hash, new_hash)) } else { Err(ConsistencyError::TooShort) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Hash = Hash([1; 32]);
    const B: Hash = Hash([2; 32]);

    #[test]
    fn sizes_that_decide_alone_need_no_proof_and_allow_none() {
        let empty = empty_root();
        assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
        assert_eq!(verify_consistency(0, &empty, 5, &A, &[]), Ok(()));
        assert_eq!(verify_consistency(5, &A, 5, &A, &[]), Ok(()));
        assert_eq!(verify_consistency(0, &empty, 5, &A, &[B]), Err(ConsistencyError::TooLong));
        assert_eq!(verify_consistency(5, &A, 5, &A, &[B]), Err(ConsistencyError::TooLong));
        assert_eq!(verify_consistency(0, &A, 5, &A, &[]), Err(ConsistencyError::EmptyRootDiffers(A)));
        assert_eq!(verify_consistency(0, &empty, 0, &A, &[]), Err(ConsistencyError::EmptyRootDiffers(A)));
        let fork = ConsistencyError::Fork { size: 5, old: A, new: B };
        assert_eq!(verify_consistency(5, &A, 5, &B, &[]), Err(fork));
        assert_eq!(
            verify_consistency(6, &A, 5, &A, &[]),
            Err(ConsistencyError::Shrinking { old: 6, new: 5 })
        );
    }

    #[test]
    fn hostile_sizes_and_lengths_end_in_a_refusal() {
        let long = [A; 200];
        assert_eq!(
            verify_inclusion(&A, 0, 0, &A, &[]),
            Err(InclusionError::NoSuchLeaf { index: 0, size: 0 })
        );
        assert_eq!(verify_inclusion(&A, 0, 1, &A, &long), Err(InclusionError::TooLong));
        assert_eq!(verify_inclusion(&A, u64::MAX - 1, u64::MAX, &A, &long), Err(InclusionError::TooLong));
        assert_eq!(verify_inclusion(&A, 0, u64::MAX, &A, &long[..63]), Err(InclusionError::TooShort));
        assert_eq!(verify_consistency(1, &A, u64::MAX, &A, &long), Err(ConsistencyError::TooLong));
        assert_eq!(verify_consistency(3, &A, u64::MAX, &A, &[]), Err(ConsistencyError::TooShort));
        assert_eq!(verify_consistency(u64::MAX - 1, &A, u64::MAX, &A, &[A]), Err(ConsistencyError::TooShort));
    }
}

//! Making proofs, from complete subtrees that somebody keeps.

use super::{Frontier, empty_root, fold_right};
use crate::hash::{Hash, node_hash};

/// Whoever keeps the complete subtrees of a tree: memory, tiles in files, a view.
pub trait Nodes {
    /// The hash of the complete subtree over the leaves `index · 2^level` up to, but without,
    /// `(index + 1) · 2^level`; level 0 is a leaf's hash. `None` if it isn't there (yet).
    fn node(&self, level: u8, index: u64) -> Option<Hash>;
}

/// Why a proof or a root could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// A leaf that a tree of this size doesn't have.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    NoSuchLeaf {
        /// The leaf asked for, counted from 0.
        index: u64,
        /// The size asked for.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {old} leaves cannot grow into one of {new}")]
    Shrinking {
        /// The older size.
        old: u64,
        /// The newer size.
        new: u64,
    },
    /// The keeper lacks a complete subtree: it is behind this size, or damaged.
    #[error("the subtree of level {level} and index {index} is missing")]
    Missing {
        /// The subtree's level.
        level: u8,
        /// The subtree's index in its level.
        index: u64,
    },
}

/// All complete subtrees of a tree, in memory: about 64 bytes for each leaf.
#[derive(Clone, Debug, Default)]
pub struct NodeMemory {
    /// `levels[l][i]` is the complete subtree of level `l` and index `i`.
    levels: Vec<Vec<Hash>>,
}

impl NodeMemory {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds a leaf's hash, and every subtree that it completes.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => break,
            }
        }
    }
}

impl Nodes for NodeMemory {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }
}

/// The root when the tree had `size` leaves.
pub fn root_at(nodes: &impl Nodes, size: u64) -> Result<Hash, ProveError> {
    if size == 0 { Ok(empty_root()) } else { range_root(nodes, 0, size) }
}

/// The inclusion proof of leaf `index` (from 0) in the tree of `size` leaves: the sibling hashes
/// from the leaf up (RFC 9162 section 2.1.3.1, PATH).
pub fn inclusion_proof(nodes: &impl Nodes, index: u64, size: u64) -> Result<Vec<Hash>, ProveError> {
    if index >= size {
        return Err(ProveError::NoSuchLeaf { index, size });
    }
    let (mut low, mut high, mut proof) = (0, size, Vec::new());
    // From the root down: keep the half that holds the leaf, note the other half's root.
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range_root(nodes, middle, high)?);
            high = middle;
        } else {
            proof.push(range_root(nodes, low, middle)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The root of a tree after `leaves` were appended to the one that `before` is the edge of, and the
/// inclusion proof of each of them in it: what [`inclusion_proof`] gives, from the edge alone and with every
/// inner node hashed once.
#[must_use]
pub fn prove_appended(before: &Frontier, leaves: &[Hash]) -> (Hash, Vec<Vec<Hash>>) {
    let size = before.size() + leaves.len() as u64;
    // No path is longer than the tree is high.
    let height = (u64::BITS - size.leading_zeros()) as usize;
    let proofs = leaves.iter().map(|_| Vec::with_capacity(height)).collect();
    let mut appended = Appended { before, leaves, proofs };
    let root = if leaves.is_empty() { before.root() } else { appended.join(0, size) };
    (root, appended.proofs)
}

struct Appended<'a> {
    before: &'a Frontier,
    leaves: &'a [Hash],
    proofs: Vec<Vec<Hash>>,
}

impl Appended<'_> {
    /// The root over the leaves from `low` up to, but without, `high`. Siblings are noted on the way up.
    fn join(&mut self, low: u64, high: u64) -> Hash {
        let old = self.before.size();
        if high <= old {
            // The sibling of something new: one of the complete subtrees on the old edge.
            let larger = (old >> (high - low).trailing_zeros()) >> 1;
            return self.before.subtrees()[larger.count_ones() as usize];
        }
        if high - low == 1 {
            return self.leaves[self.among_new(low)];
        }
        let middle = low + split(high - low);
        let (left, right) = (self.join(low, middle), self.join(middle, high));
        self.note(low, middle, right);
        self.note(middle, high, left);
        node_hash(&left, &right)
    }

    /// A leaf's number among the new ones; 0 for an old one.
    fn among_new(&self, leaf: u64) -> usize {
        let number = leaf.saturating_sub(self.before.size());
        usize::try_from(number).expect("the new leaves are in memory")
    }

    /// Adds a sibling to the proofs of the new leaves in a range.
    fn note(&mut self, low: u64, high: u64, sibling: Hash) {
        let new = self.among_new(low)..self.among_new(high);
        self.proofs[new].iter_mut().for_each(|proof| proof.push(sibling));
    }
}

/// The proof that the tree of `old` leaves is a beginning of the tree of `new` leaves
/// (RFC 9162 section 2.1.4.1, PROOF). Empty if `old` is 0 or equal to `new`.
pub fn consistency_proof(nodes: &impl Nodes, old: u64, new: u64) -> Result<Vec<Hash>, ProveError> {
    if old > new {
        return Err(ProveError::Shrinking { old, new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut low, mut high, mut proof) = (0, new, Vec::new());
    // From the root down, along the old tree's right edge, until a subtree ends exactly there.
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range_root(nodes, middle, high)?);
            high = middle;
        } else {
            proof.push(range_root(nodes, low, middle)?);
            low = middle;
        }
    }
    // A subtree that is the whole old tree is known to the verifier as the old root.
    if low > 0 {
        proof.push(range_root(nodes, low, high)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The largest power of two below `count` (RFC 6962's k); `count` is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root over the leaves `low..high`, a range that the recursive definition arrives at: `low`
/// is a multiple of every complete subtree in the range. Not for empty ranges.
fn range_root(nodes: &impl Nodes, low: u64, high: u64) -> Result<Hash, ProveError> {
    let (mut at, mut row) = (low, Vec::new());
    while at < high {
        let level = (high - at).ilog2();
        let (level, index) = (u8::try_from(level).expect("a u64 has 64 bits"), at >> level);
        row.push(nodes.node(level, index).ok_or(ProveError::Missing { level, index })?);
        at += 1 << level;
    }
    Ok(fold_right(&row).expect("the range is not empty"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    fn tree(size: u64) -> NodeMemory {
        let mut nodes = NodeMemory::new();
        (0..size).for_each(|index| nodes.append(leaf_hash(&index.to_be_bytes())));
        nodes
    }

    #[test]
    fn what_cannot_be_proven_is_refused_by_name() {
        let nodes = tree(7);
        assert_eq!(inclusion_proof(&nodes, 7, 7), Err(ProveError::NoSuchLeaf { index: 7, size: 7 }));
        assert_eq!(inclusion_proof(&nodes, 0, 0), Err(ProveError::NoSuchLeaf { index: 0, size: 0 }));
        assert_eq!(consistency_proof(&nodes, 7, 6), Err(ProveError::Shrinking { old: 7, new: 6 }));
        assert_eq!(root_at(&nodes, 8), Err(ProveError::Missing { level: 3, index: 0 }));
        assert_eq!(inclusion_proof(&nodes, 0, 8), Err(ProveError::Missing { level: 2, index: 1 }));
        assert_eq!(root_at(&nodes, u64::MAX), Err(ProveError::Missing { level: 63, index: 0 }));
        assert_eq!(consistency_proof(&nodes, 0, u64::MAX), Ok(Vec::new()));
    }

    #[test]
    fn what_is_appended_is_proven_from_the_edge_as_from_the_whole_tree() {
        for old in 0..70_u64 {
            let mut before = Frontier::new();
            before.extend((0..old).map(|index: u64| leaf_hash(&index.to_be_bytes())));
            for new in 0..40_u64 {
                let leaves: Vec<Hash> = (old..old + new).map(|at| leaf_hash(&at.to_be_bytes())).collect();
                let nodes = tree(old + new);
                let (root, proofs) = prove_appended(&before, &leaves);
                assert_eq!(Ok(root), root_at(&nodes, old + new));
                let whole = (old..old + new).map(|index| inclusion_proof(&nodes, index, old + new));
                assert_eq!(Ok(proofs), whole.collect::<Result<Vec<_>, _>>(), "{new} after {old}");
            }
        }
    }

    #[test]
    fn the_keeper_has_every_complete_subtree_and_no_other() {
        let nodes = tree(6);
        assert_eq!(nodes.size(), 6);
        let kept = |level| (0..8).take_while(|index| nodes.node(level, *index).is_some()).count();
        assert_eq!((kept(0), kept(1), kept(2), kept(3)), (6, 3, 1, 0));
        let pair = |index| nodes.node(1, index).expect("complete");
        assert_eq!(nodes.node(2, 0), Some(node_hash(&pair(0), &pair(1))));
    }
}

//! Many inclusion proofs in one tree, for who gets the receipts of a whole block.

use super::verify::{Climb, InclusionError};
use crate::hash::Hash;

/// Verifies inclusion proofs in one tree, one after another, each as [`verify_inclusion`](super::verify_inclusion) does.
///
/// A path that meets the one before it, and has the same hashes from there on, leads where that one led. So the proofs of
/// neighbours cost a few hashes each, and not the height of the tree.
#[derive(Debug)]
pub struct Inclusions {
    size: u64,
    root: Hash,
    /// The path that was verified last: where it stood before each hash of its proof.
    path: Vec<Climb>,
    proof: Vec<Hash>,
    next_path: Vec<Climb>,
}

impl Inclusions {
    /// For proofs in the tree of `size` leaves with root `root`.
    #[must_use]
    pub fn new(size: u64, root: Hash) -> Self {
        Self { size, root, path: Vec::new(), proof: Vec::new(), next_path: Vec::new() }
    }

    /// Verifies that the leaf with hash `leaf` stands at `index`, counted from 0.
    ///
    /// # Errors
    /// As [`verify_inclusion`](super::verify_inclusion).
    pub fn verify(&mut self, leaf: &Hash, index: u64, proof: &[Hash]) -> Result<(), InclusionError> {
        let mut climb = Climb::start(leaf, index, self.size)?;
        self.next_path.clear();
        let mut joined = self.path.len();
        for (taken, sibling) in proof.iter().enumerate() {
            if let Some(at) = self.meets(&climb)
                && self.proof[at..] == proof[taken..]
            {
                joined = at;
                break;
            }
            self.next_path.push(climb.clone());
            climb.up(sibling)?;
        }
        if self.next_path.len() == proof.len() {
            climb.arrive(&self.root)?;
        }
        self.next_path.extend(self.path.drain(..).skip(joined));
        std::mem::swap(&mut self.path, &mut self.next_path);
        self.proof.clear();
        self.proof.extend_from_slice(proof);
        Ok(())
    }

    /// Where the last path came by here.
    fn meets(&self, climb: &Climb) -> Option<usize> {
        self.path.iter().position(|earlier| earlier == climb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use crate::merkle::{Frontier, prove_appended, verify_inclusion};

    /// What verifying alone says of it, and verifying after others: the same.
    fn both(
        inclusions: &mut Inclusions,
        leaf: &Hash,
        index: u64,
        proof: &[Hash],
    ) -> Result<(), InclusionError> {
        let alone = verify_inclusion(leaf, index, inclusions.size, &inclusions.root, proof);
        assert_eq!(inclusions.verify(leaf, index, proof), alone, "leaf {index} of {}", inclusions.size);
        alone
    }

    #[test]
    fn proofs_one_after_another_are_judged_as_each_alone() {
        let mut refused = 0;
        for size in 1..=40 {
            let leaves: Vec<Hash> = (0..size).map(|leaf: u64| leaf_hash(&leaf.to_be_bytes())).collect();
            let (root, proofs) = prove_appended(&Frontier::new(), &leaves);
            let mut inclusions = Inclusions::new(size, root);
            let scattered = (0..size).map(|step| step * 7 % size);
            for index in (0..size).chain((0..size).rev()).chain(scattered) {
                let number = usize::try_from(index).expect("forty leaves");
                let (leaf, proof) = (&leaves[number], &proofs[number]);
                assert!(both(&mut inclusions, leaf, index, proof).is_ok());
                let wrong_leaf = leaf_hash(b"another");
                let mut lies = vec![(wrong_leaf, index, proof.clone()), (*leaf, index + 1, proof.clone())];
                lies.push((*leaf, size, proof.clone()));
                lies.push((*leaf, index, [&proof[..], &[wrong_leaf]].concat()));
                if let Some((_, shorter)) = proof.split_last() {
                    lies.push((*leaf, index, shorter.to_vec()));
                }
                for at in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[at].0[0] ^= 1;
                    lies.push((*leaf, index, changed));
                }
                for (leaf, index, proof) in lies {
                    refused += u64::from(both(&mut inclusions, &leaf, index, &proof).is_err());
                    // A refused proof leaves nothing behind that others lean on.
                    assert!(both(&mut inclusions, &leaves[0], 0, &proofs[0]).is_ok());
                }
            }
        }
        assert!(refused > 10_000, "{refused}");
    }
}

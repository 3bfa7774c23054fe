//! The Merkle tree against two independent implementations: `tlog_tiles` (Cloudflare's port of
//! Go's tlog) for proofs and `ct-merkle` for roots. Every proof for every size up to 300 must be
//! the same bytes, and tampered proofs must be refused by us whatever was changed.

#![allow(clippy::print_stdout)] // the counts are what these tests report

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use tlog_tiles::tlog;
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::merkle::{
    Frontier, NodeMemory, PROOF_HASHES_MAX, consistency_proof, inclusion_proof, root_at, verify_consistency,
    verify_inclusion,
};

const SIZE_MAX: u64 = 300;

fn leaf(index: u64) -> Vec<u8> {
    format!("record {index}").into_bytes()
}

/// The oracle's storage: a flat list of hashes, read by its own numbering.
struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).expect("small")]).collect())
    }
}

fn trees() -> (NodeMemory, Stored) {
    let (mut nodes, mut stored) = (NodeMemory::new(), Stored(Vec::new()));
    for index in 0..SIZE_MAX {
        nodes.append(leaf_hash(&leaf(index)));
        let new = tlog::stored_hashes(index, &leaf(index), &stored).expect("the oracle stores");
        stored.0.extend(new);
    }
    (nodes, stored)
}

fn ours(proof: &[tlog::Hash]) -> Vec<Hash> {
    proof.iter().map(|hash| Hash(hash.0)).collect()
}

fn theirs(proof: &[Hash]) -> Vec<tlog::Hash> {
    proof.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

#[test]
fn roots_equal_those_of_two_other_implementations() {
    let (nodes, stored) = trees();
    let mut frontier = Frontier::new();
    let mut other = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for size in 0..=SIZE_MAX {
        let root = frontier.root();
        assert_eq!(root_at(&nodes, size), Ok(root), "size {size}");
        assert_eq!(tlog::tree_hash(size, &stored).expect("the oracle's root").0, root.0, "size {size}");
        assert_eq!(other.root().as_bytes().as_slice(), root.0, "size {size}");
        frontier.append(leaf_hash(&leaf(size)));
        other.push(leaf(size));
    }
    println!("{} roots equal in four computations", SIZE_MAX + 1);
}

#[test]
fn inclusion_proofs_are_the_oracles_bytes_and_tampering_is_refused() {
    let (nodes, stored) = trees();
    let (mut equal, mut refused) = (0, 0);
    for size in 1..=SIZE_MAX {
        let root = root_at(&nodes, size).expect("in range");
        for index in 0..size {
            let proof = inclusion_proof(&nodes, index, size).expect("in range");
            assert_eq!(proof, ours(&tlog::prove_record(size, index, &stored).expect("the oracle proves")));
            let hash = leaf_hash(&leaf(index));
            assert_eq!(verify_inclusion(&hash, index, size, &root, &proof), Ok(()));
            tlog::check_record(&theirs(&proof), size, tlog::Hash(root.0), index, tlog::Hash(hash.0))
                .expect("the oracle reads ours");
            equal += 1;

            for bad in tampered(&proof, index + size) {
                assert!(verify_inclusion(&hash, index, size, &root, &bad).is_err(), "{index} of {size}");
                refused += 1;
            }
            let wrong = leaf_hash(b"another record");
            assert!(verify_inclusion(&wrong, index, size, &root, &proof).is_err());
            assert!(verify_inclusion(&hash, index, size, &wrong, &proof).is_err());
            let elsewhere = (index + 1) % size;
            assert!(size == 1 || verify_inclusion(&hash, elsewhere, size, &root, &proof).is_err());
            assert!(verify_inclusion(&hash, index + size, size, &root, &proof).is_err());
            refused += 4;
        }
    }
    assert_eq!(equal, SIZE_MAX * (SIZE_MAX + 1) / 2);
    println!("{equal} inclusion proofs equal to tlog_tiles, {refused} tampered ones refused");
}

#[test]
fn consistency_proofs_are_the_oracles_bytes_and_tampering_is_refused() {
    let (nodes, stored) = trees();
    let roots: Vec<Hash> = (0..=SIZE_MAX).map(|size| root_at(&nodes, size).expect("in range")).collect();
    let root = |size: u64| roots[usize::try_from(size).expect("small")];
    let (mut equal, mut refused) = (0, 0);
    for new in 1..=SIZE_MAX {
        for old in 1..=new {
            let proof = consistency_proof(&nodes, old, new).expect("in range");
            assert_eq!(proof, ours(&tlog::prove_tree(new, old, &stored).expect("the oracle proves")));
            let (before, after) = (root(old), root(new));
            assert_eq!(verify_consistency(old, &before, new, &after, &proof), Ok(()));
            tlog::check_tree(&theirs(&proof), new, tlog::Hash(after.0), old, tlog::Hash(before.0))
                .expect("the oracle reads ours");
            equal += 1;

            for bad in tampered(&proof, old + new) {
                assert!(verify_consistency(old, &before, new, &after, &bad).is_err(), "{old} to {new}");
                refused += 1;
            }
            let wrong = leaf_hash(b"another history");
            assert!(verify_consistency(old, &wrong, new, &after, &proof).is_err());
            assert!(verify_consistency(old, &before, new, &wrong, &proof).is_err());
            assert!(old == new || verify_consistency(new, &after, old, &before, &proof).is_err());
            assert!(old == new || verify_consistency(old, &after, new, &before, &proof).is_err());
            refused += 4;
        }
    }
    assert_eq!(equal, SIZE_MAX * (SIZE_MAX + 1) / 2);
    println!("{equal} consistency proofs equal to tlog_tiles, {refused} tampered ones refused");
}

/// The proof with one bit turned, a hash too few (front, back), too many (front, back), two
/// neighbours exchanged, and far too long.
///
/// For every third proof only, which still touches every size and shape and keeps the suite quick.
fn tampered(proof: &[Hash], salt: u64) -> Vec<Vec<Hash>> {
    if !salt.is_multiple_of(3) {
        return Vec::new();
    }
    let salt = usize::try_from(salt).expect("small");
    let extra = proof.first().copied().unwrap_or(Hash::ZERO);
    let mut all = vec![
        [&[extra], proof].concat(),
        [proof, &[extra]].concat(),
        [proof, &[Hash::ZERO; PROOF_HASHES_MAX + 1]].concat(),
    ];
    if let ([_, tail @ ..], [head @ .., _]) = (proof, proof) {
        all.extend([tail.to_vec(), head.to_vec()]);
        let mut flipped = proof.to_vec();
        flipped[salt % proof.len()].0[salt % 32] ^= 1 << (salt % 8);
        all.push(flipped);
    }
    if let [first, second, rest @ ..] = proof {
        all.push([&[*second, *first], rest].concat());
    }
    all
}

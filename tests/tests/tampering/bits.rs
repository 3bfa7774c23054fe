//! Every bit: of the blocks, of the checkpoint, of a proof. Ours on all of them, the others on a sample.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rayon::prelude::*;
use vandel_core::block::Block;
use vandel_core::chain::{Chain, FaultKind, SignatureOf, check_signatures};
use vandel_core::hash::Hash;
use vandel_core::merkle::{NodeMemory, inclusion_proof};
use vandel_core::trust::parse_trust;
use vandel_core::verify::ReceiptEvidence;

use crate::matrix::{Matrix, is_deep};
use crate::three::{Brings, Case, Three};

/// Of so many bits one is shown to all three; of fewer under `VANDEL_DEEP`.
fn sample(every: usize) -> usize {
    if is_deep() { every.div_ceil(16) } else { every }
}

/// The check that finds a block with a flipped bit after sound ones, and the next block after it.
fn found_by(before: &Chain, flipped: &[u8], next: Option<&Vec<u8>>) -> Option<&'static str> {
    let Ok(block) = Block::decode(flipped) else { return Some("block-undecodable") };
    let (mut chain, mut checks) = (before.clone(), Vec::new());
    let fault = match chain.take(&block, &mut checks, |_, _| ()) {
        Err(fault) => Some(fault),
        Ok(()) => check_signatures(&checks).err(),
    };
    if let Some(fault) = fault {
        return Some(match fault.kind {
            FaultKind::Decode(_) => "block-undecodable",
            FaultKind::Ledger { .. } => "other-ledger",
            FaultKind::BlockPosition { .. } => "block-position",
            FaultKind::BlockPrevious { .. } => "block-chain",
            FaultKind::RecordNumber { .. } => "record-number",
            FaultKind::RecordPrevious { .. } => "record-chain",
            FaultKind::TimeRunsBack { .. } => "time-runs-back",
            FaultKind::SeenSize { .. } | FaultKind::SeenRoot { .. } => "seen-checkpoint",
            FaultKind::Author(_) => "author-key",
            FaultKind::Sequencer(_) => "sequencer-key",
            FaultKind::NotTheStartedSequencer { .. } => "sequencer-not-started",
            FaultKind::Open(_) => "open-rule",
            FaultKind::Signature { of: SignatureOf::Author, .. } => "author-signature",
            FaultKind::Signature { of: SignatureOf::Second, .. } => "second-signature",
            FaultKind::Signature { of: SignatureOf::Block, .. } => "block-signature",
        });
    }
    let refused = next.is_some_and(|next| {
        Block::decode(next).is_ok_and(|block| chain.take(&block, &mut Vec::new(), |_, _| ()).is_err())
    });
    refused.then_some("block-chain")
}

pub(crate) fn blocks(three: &mut Three, matrix: &mut Matrix) {
    let row = matrix.row("one bit of a block, 64 records");
    let mut before = Chain::before_opening();
    let blocks = three.blocks.clone();
    let mut number = 0;
    for (index, bytes) in blocks.iter().enumerate() {
        let counts: Mutex<BTreeMap<&str, u64>> = Mutex::default();
        (0..8 * bytes.len()).into_par_iter().for_each(|bit| {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let found = found_by(&before, &flipped, blocks.get(index + 1));
            let found = found.unwrap_or_else(|| panic!("block {index} bit {bit} passed"));
            *counts.lock().unwrap().entry(found).or_insert(0) += 1;
        });
        for (check, count) in counts.into_inner().unwrap() {
            (0..count).for_each(|_| row.found(check, false));
        }
        before.take(&Block::decode(bytes).unwrap(), &mut Vec::new(), |_, _| ()).unwrap();
    }
    let mut chosen = Vec::new();
    for (index, bytes) in blocks.iter().enumerate() {
        for bit in 0..8 * bytes.len() {
            number += 1;
            if usize::is_multiple_of(number, sample(199)) {
                chosen.push((index, bit));
            }
        }
    }
    let row = matrix.row("one bit of a block, a sample");
    // A few hundred at a time, since each is a copy of the whole.
    for some in chosen.chunks(500) {
        let case = |(index, bit): &(usize, usize)| {
            let mut flipped = blocks.clone();
            flipped[*index][bit / 8] ^= 1 << (bit % 8);
            Case { blocks: flipped, brings: three.as_published(), asked: true }
        };
        let cases: Vec<Case> = some.iter().map(case).collect();
        for judged in three.judge_all(&cases) {
            assert_eq!(judged.exit, 3);
            row.found(&judged.check, true);
        }
    }
}

pub(crate) fn checkpoint(three: &mut Three, matrix: &mut Matrix) {
    let row = matrix.row("one bit of the checkpoint");
    let sound = three.checkpoint.clone().into_bytes();
    let case = |bit: usize| {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let brings = Brings { published: vec![flipped], ..Brings::default() };
        Case { blocks: three.blocks.clone(), brings, asked: bit.is_multiple_of(sample(5)) }
    };
    let cases: Vec<Case> = (0..8 * sound.len()).map(case).collect();
    for (bit, (judged, case)) in three.judge_all(&cases).iter().zip(&cases).enumerate() {
        assert_eq!(judged.exit, 3, "bit {bit}");
        row.found(&judged.check, case.asked);
    }
}

pub(crate) fn proof(three: &mut Three, matrix: &mut Matrix) {
    let row = matrix.row("one bit of a proof");
    let mut nodes = NodeMemory::new();
    let mut hashes: Vec<Hash> = Vec::new();
    for block in &three.blocks {
        for record in Block::decode(block).unwrap().records {
            nodes.append(record.hash());
            hashes.push(record.hash());
        }
    }
    let (record, size) = (9, hashes.len() as u64);
    let path = inclusion_proof(&nodes, record, size).unwrap();
    let checkpoint = three.checkpoint.clone();
    let sound = ReceiptEvidence { source: String::new(), record, hash: hashes[9], proof: path, checkpoint };
    let sound = sound.to_string().into_bytes();
    let trust = parse_trust(three.trust.as_bytes()).unwrap();
    assert!(vandel_verify::proof::check("proof", &sound, &trust).is_ok());
    for bit in 0..8 * sound.len() {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let refused = vandel_verify::proof::check("proof", &flipped, &trust).unwrap_err();
        let asked = bit.is_multiple_of(sample(5));
        if asked {
            let case =
                serde_json::json!({ "file": vandel_tests::independent::hex(&flipped), "trust": three.trust });
            for other in &mut three.others {
                let answer = other.ask(&case);
                assert_eq!(answer["exit"].as_u64(), Some(u64::from(refused.exit)), "bit {bit}: {answer:#}");
            }
        }
        row.found(refused.code, asked);
    }
}

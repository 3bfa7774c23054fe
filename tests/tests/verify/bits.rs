//! Every bit of the log: as a storage administrator flips it in the files, and as one who knows the
//! format flips it inside a block and sums the frame again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use vandel_core::hash::Hash;
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::trust::{Trust, parse_trust};
use vandel_core::verify::{
    Audit, CheckpointSource, Evidence, LogEnd, Report, Request, SignedCheckpoint, TrustFile,
};
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::disk::{Disk, DiskFile, Open, RealDisk};
use vandel_tests::ledger_builder::LedgerBuilder;

use crate::{blocks_of, options, spans, with_a_case};

/// The real disk, with one bit of one kind of file read wrong.
struct FlippingDisk {
    offset: u64,
    mask: u8,
}

struct FlippedFile {
    file: Box<dyn DiskFile>,
    offset: u64,
    mask: u8,
}

impl Disk for FlippingDisk {
    fn open(&self, path: &Path, open: Open) -> std::io::Result<Box<dyn DiskFile>> {
        let file = RealDisk.open(path, open)?;
        let is_segment = path.extension().is_some_and(|extension| extension == "vlog");
        let (offset, mask) = (self.offset, self.mask);
        Ok(if is_segment { Box::new(FlippedFile { file, offset, mask }) } else { file })
    }
    fn create_directory(&self, path: &Path) -> std::io::Result<()> {
        RealDisk.create_directory(path)
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>> {
        RealDisk.list(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        RealDisk.remove(path)
    }
    fn sync_directory(&self, path: &Path) -> std::io::Result<()> {
        RealDisk.sync_directory(path)
    }
}

impl DiskFile for FlippedFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        self.file.read_exact_at(buffer, offset)?;
        let index = self.offset.checked_sub(offset).and_then(|index| usize::try_from(index).ok());
        if let Some(byte) = index.and_then(|index| buffer.get_mut(index)) {
            *byte ^= self.mask;
        }
        Ok(())
    }
    fn write_all_at(&self, _: &[u8], _: u64) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn len(&self) -> std::io::Result<u64> {
        self.file.len()
    }
    fn set_len(&self, _: u64) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn sync(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A small ledger with three records in its last block, and one with a case. Reading a policy pack is
/// slow where nothing is optimised, so of the second one's bytes only every so many are taken.
fn ledgers() -> [(LedgerBuilder, usize); 2] {
    let small = LedgerBuilder::found_without_policy();
    let large = with_a_case();
    for built in [&small, &large] {
        let mut open = built.open();
        crate::structure::three_in_one_block(built, &mut open.sequencer);
        open.close().unwrap();
    }
    [(small, 1), (large, 53)]
}

#[test]
fn every_bit_of_the_files_is_covered() {
    for (built, step) in ledgers() {
        let blocks = blocks_of(&built);
        // Segment header, then each frame: 20 bytes and the block.
        let mut owners: Vec<u64> = vec![0; 52];
        for (block, (first, _)) in blocks.iter().zip(spans(&blocks)) {
            owners.extend(std::iter::repeat_n(first, 20 + block.len()));
        }
        let chosen: Vec<usize> = (0..owners.len()).step_by(step).collect();
        chosen.par_iter().for_each(|&offset| {
            for bit in 0..8 {
                let disk: Arc<dyn Disk> = Arc::new(FlippingDisk { offset: offset as u64, mask: 1 << bit });
                let report = audit(&disk, shut(&built), &mut |_| ()).unwrap();
                assert_eq!(report.exit, 3, "byte {offset} bit {bit}");
                let found = report.findings[0].record;
                assert_eq!(found, Some(owners[offset]), "byte {offset} bit {bit}: {report:#?}");
            }
        });
        let (bits, bytes) = (8 * chosen.len(), owners.len());
        println!("{bits} bits of {bytes} bytes flipped in the files: all found, at the right record");
    }
}

/// An audit of the home that leaves the vault shut.
fn shut(built: &LedgerBuilder) -> AuditOptions {
    AuditOptions { keep_shut: true, ..options(built.home.root(), Some(built.home.trust())) }
}

/// An audit of blocks without files around them.
pub(crate) fn audit_blocks(built: &LedgerBuilder, blocks: &[Vec<u8>]) -> Report {
    let trust = TrustFile {
        file: "trust.policy".to_owned(),
        hash: Hash::ZERO,
        trust: parse_trust(&std::fs::read(built.home.trust()).unwrap()).unwrap(),
        is_inside: false,
    };
    let note = std::fs::read(built.home.checkpoint()).unwrap();
    let checkpoints = vec![SignedCheckpoint { source: CheckpointSource::Published, note }];
    let evidence = Evidence { trust: Some(trust), checkpoints, ..Evidence::default() };
    let mut audit = Audit::new(Request { evidence, ..Request::default() }, None);
    blocks.iter().for_each(|block| audit.block(block.clone()));
    audit.finish(LogEnd::Whole)
}

#[test]
fn every_bit_of_the_blocks_is_covered_by_chain_and_signatures() {
    for (built, step) in ledgers() {
        let blocks = blocks_of(&built);
        assert_eq!(audit_blocks(&built, &blocks).exit, 0);
        let (total, exact) = (AtomicU64::new(0), AtomicU64::new(0));
        for (index, (first, last)) in spans(&blocks).into_iter().enumerate() {
            let owners = owners(&blocks[index], first, last);
            let chosen: Vec<usize> = (0..owners.len()).step_by(step).collect();
            chosen.par_iter().for_each(|&offset| {
                for bit in 0..8 {
                    let mut flipped = blocks.clone();
                    flipped[index][offset] ^= 1 << bit;
                    let report = audit_blocks(&built, &flipped);
                    assert_eq!(report.exit, 3, "block {index} byte {offset} bit {bit}");
                    let finding = &report.findings[0];
                    let found = finding.record.unwrap();
                    let right = (first..=owners[offset]).contains(&found);
                    assert!(right, "block {index} byte {offset} bit {bit}: {finding:#?}");
                    exact.fetch_add(u64::from(found == owners[offset]), Ordering::Relaxed);
                    total.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        println!(
            "{total:?} bits flipped inside blocks: all found, {exact:?} at the very record, the others at one before it in the block"
        );
    }
}

/// For each byte of a block, the record it belongs to; the block's own fields belong to its first,
/// its signature to its last.
fn owners(block: &[u8], first: u64, last: u64) -> Vec<u64> {
    let mut owners = vec![first; 118];
    for record in first..=last {
        let at = owners.len();
        let length = u32::from_be_bytes(block[at..at + 4].try_into().unwrap()) as usize;
        owners.extend(std::iter::repeat_n(record, 4 + length));
    }
    owners.resize(block.len(), last);
    owners
}

#[test]
fn no_bit_of_the_checkpoint_can_change() {
    let built = LedgerBuilder::found_without_policy();
    let note = std::fs::read(built.home.checkpoint()).unwrap();
    for offset in 0..note.len() {
        for bit in 0..8 {
            let mut flipped = note.clone();
            flipped[offset] ^= 1 << bit;
            std::fs::write(built.home.checkpoint(), &flipped).unwrap();
            let shut =
                AuditOptions { keep_shut: true, ..options(built.home.root(), Some(built.home.trust())) };
            assert_eq!(crate::run(shut).exit, 3, "byte {offset} bit {bit}");
        }
    }
    println!("{} bits of the checkpoint flipped: all found", 8 * note.len());
}

#[test]
fn a_trust_file_with_a_witness_asks_for_it() {
    let built = with_a_case();
    let mut trust: Trust = parse_trust(&std::fs::read(built.home.trust()).unwrap()).unwrap();
    let key = vandel_core::signature::public_key(&built.decider);
    let key = VerifierKey::new("region.example/witness", KeyKind::Cosignature, &key).unwrap();
    let witness = vandel_core::trust::Witness { name: "region".to_owned(), key, url: None };
    trust.add_witness(witness).unwrap();
    trust.set_quorum("region").unwrap();
    let path = built.folder().join("witnessed.policy");
    std::fs::write(&path, trust.to_string()).unwrap();
    let report = crate::run(options(built.home.root(), Some(path)));
    assert_eq!(report.exit, 4);
    assert!(report.not_proven[0].contains("quorum"), "{:?}", report.not_proven);
}

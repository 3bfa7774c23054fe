//! `vandel verify` against ledgers that were tampered with in every way that the threat model names.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod anchors;
mod bits;
mod contents;
mod structure;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::verify::Report;
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::log::Log;
use vandel_ledger::log::file::FileLog;
use vandel_tests::ledger_builder::LedgerBuilder;
pub(crate) use vandel_tests::operator::blocks_of;

/// An audit of a folder with a trust file.
fn options(place: &Path, trust: Option<PathBuf>) -> AuditOptions {
    AuditOptions { place: place.to_owned(), trust, ..AuditOptions::default() }
}

fn run(options: AuditOptions) -> Report {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    audit(&disk, options, &mut |_| ()).unwrap()
}

fn run_home(built: &LedgerBuilder) -> Report {
    run(options(built.home.root(), Some(built.home.trust())))
}

/// A ledger with a case and closed in order.
fn with_a_case() -> LedgerBuilder {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    built.case(&mut open.sequencer, 0x11);
    open.close().unwrap();
    built
}

/// Writes blocks as a log with sound frames, whatever the blocks are, beside the home's checkpoint
/// and trust file. Returns the folder.
fn write_copy(built: &LedgerBuilder, name: &str, blocks: &[Vec<u8>]) -> PathBuf {
    let disk = RealDisk;
    let root = built.folder().join(name);
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    FileLog::create(&disk, &root.join("log"), built.ledger).unwrap();
    let (mut log, _) = FileLog::open(Arc::new(disk), &root.join("log"), built.ledger).unwrap();
    for (position, block) in blocks.iter().enumerate() {
        log.append(position as u64, block).unwrap();
    }
    std::fs::copy(built.home.checkpoint(), root.join("checkpoint")).unwrap();
    root
}

/// The first record's number and the count of records in each block.
fn spans(blocks: &[Vec<u8>]) -> Vec<(u64, u64)> {
    let span = |bytes: &Vec<u8>| {
        let block = Block::decode(bytes).unwrap();
        (block.head.first_record, block.next_record() - 1)
    };
    blocks.iter().map(span).collect()
}

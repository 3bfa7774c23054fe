//! Blocks and records that were removed, repeated, swapped, inserted or cut, with sound frames.

use vandel_core::block::{Block, BlockHead, encode_unsigned};
use vandel_core::event::{Kind, Process};
use vandel_core::hash::Domain;
use vandel_core::id::ThreadId;
use vandel_core::signature::sign;
use vandel_core::verify::Report;
use vandel_ledger::author::sign_step;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_tests::ledger_builder::{LedgerBuilder, next_step, position_assessment};

use crate::bits::audit_blocks;
use crate::{blocks_of, options, run, spans, with_a_case, write_copy};

/// Three records in one block.
pub(crate) fn three_in_one_block(built: &LedgerBuilder, sequencer: &mut Sequencer) {
    let group = |seed: u8| {
        let step = next_step(sequencer, ThreadId([seed; 16]), Kind::PositionAssessed, |step| {
            step.process = Some(Process::PositionAssessed(position_assessment()));
        });
        vec![sign_step(&sequencer.standpoint(), &built.decider, None, &step, None).unwrap().submission]
    };
    let groups = (0x31..0x34).map(group).collect();
    assert!(sequencer.commit(groups).iter().all(Result::is_ok));
}

fn ledger() -> (LedgerBuilder, Vec<Vec<u8>>) {
    let built = with_a_case();
    let mut open = built.open();
    three_in_one_block(&built, &mut open.sequencer);
    built.case(&mut open.sequencer, 0x22);
    open.close().unwrap();
    let blocks = blocks_of(&built);
    (built, blocks)
}

fn assert_at(report: &Report, record: u64, what: &str) {
    assert_eq!(report.exit, 3, "{what}");
    assert_eq!(report.findings[0].record, Some(record), "{what}: {:#?}", report.findings);
}

#[test]
fn blocks_cannot_be_moved() {
    let (built, blocks) = ledger();
    let other = blocks_of(&with_a_case());
    let spans = spans(&blocks);
    let mut count = 0;
    let mut check = |changed: Vec<Vec<u8>>, record: u64, what: &str| {
        // From files, since the frames are sound; and from bare blocks.
        let copy = write_copy(&built, "changed", &changed);
        assert_at(&run(options(&copy, Some(built.home.trust()))), record, what);
        assert_at(&audit_blocks(&built, &changed), record, what);
        count += 1;
    };
    for index in 0..blocks.len() {
        let (first, last) = spans[index];
        let mut dropped = blocks.clone();
        dropped.remove(index);
        check(dropped, first, "dropped");
        let mut repeated = blocks.clone();
        repeated.insert(index, blocks[index].clone());
        check(repeated, last + 1, "repeated");
        for with in index + 1..blocks.len() {
            let mut swapped = blocks.clone();
            swapped.swap(index, with);
            check(swapped, first, "swapped");
        }
        if index > 0 {
            check(blocks[..index].to_vec(), first, "cut");
            let mut inserted = blocks.clone();
            inserted.insert(index, other[index.min(other.len() - 1)].clone());
            check(inserted, first, "inserted from another ledger");
        }
    }
    println!("{count} rearrangements of {} blocks: all found, at the right record", blocks.len());
}

#[test]
fn records_cannot_be_moved_inside_a_block() {
    let (built, blocks) = ledger();
    let index = blocks.iter().position(|bytes| Block::decode(bytes).unwrap().records.len() == 3).unwrap();
    let service = signer::read(&RealDisk, &built.home.service_key(), None).unwrap();
    let block = Block::decode(&blocks[index]).unwrap();
    let records: Vec<&[u8]> = block.records.iter().map(|record| record.bytes).collect();
    let first = block.head.first_record;
    // Where the first wrong record stands.
    let orders: [(&[usize], u64); 9] = [
        (&[1, 2], 0),
        (&[0, 2], 1),
        (&[1, 0, 2], 0),
        (&[0, 2, 1], 1),
        (&[2, 1, 0], 0),
        (&[0, 0, 1, 2], 1),
        (&[0, 1, 1, 2], 2),
        (&[0, 1, 2, 2], 3),
        (&[0, 1, 2, 0], 3),
    ];
    for (order, wrong) in orders {
        for signs_anew in [false, true] {
            let head = BlockHead { ..block.head };
            let mut changed = encode_unsigned(&head, order.iter().map(|at| records[*at]));
            let signature =
                if signs_anew { sign(&service, Domain::Block, &[&changed]) } else { block.signature };
            changed.extend_from_slice(&signature);
            let mut all = blocks.clone();
            all[index] = changed;
            assert_at(
                &audit_blocks(&built, &all),
                first + wrong,
                &format!("{order:?} signed anew: {signs_anew}"),
            );
        }
    }
    // The last record left out breaks nothing inside its block, only what follows.
    let mut cut = encode_unsigned(&block.head, records[..2].iter().copied());
    let signature = sign(&service, Domain::Block, &[&cut]);
    cut.extend_from_slice(&signature);
    let mut all = blocks.clone();
    all[index] = cut;
    assert_at(&audit_blocks(&built, &all), first + 2, "the last record left out");
    println!("{} rearrangements of records: all found, at the right record", orders.len() * 2 + 1);
}

#[test]
fn a_file_that_is_gone_or_foreign_is_found() {
    let (built, _) = ledger();
    let log = built.home.log();
    let segment = std::fs::read_dir(&log).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&segment).unwrap();
    std::fs::write(log.join("notes.txt"), "x").unwrap();
    let report = crate::run_home(&built);
    assert_eq!((report.exit, report.findings[0].code.as_str()), (3, "log-damaged"));
    std::fs::remove_file(log.join("notes.txt")).unwrap();
    std::fs::remove_file(&segment).unwrap();
    assert_at(&crate::run_home(&built), 0, "segment removed");
    std::fs::remove_dir(&log).unwrap();
    assert_at(&crate::run_home(&built), 0, "log removed");
    std::fs::create_dir(&log).unwrap();
    for len in (0..bytes.len()).step_by(331) {
        std::fs::write(&segment, &bytes[..len]).unwrap();
        let report = crate::run_home(&built);
        assert_at(&report, report.size, "cut short");
    }
}

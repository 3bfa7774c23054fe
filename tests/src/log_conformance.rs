//! What every implementation of [`Log`] must do, whatever it is stored in.
//!
//! One suite for all of them, so that the sequencer can rely on the contract and on nothing else.

use vandel_core::limits::BLOCK_BYTES_MAX;
use vandel_ledger::log::{AppendError, Log, PlacedBlock};

use crate::random::Random;

/// Runs the suite. `open` gives a new handle on one and the same log, which is empty at first.
///
/// # Panics
/// If the implementation breaks the contract.
pub fn check(open: &mut dyn FnMut() -> Box<dyn Log>) {
    let mut random = Random::seeded(1);
    let mut sent = Vec::new();
    is_exactly(open().as_ref(), &sent);
    appends_in_order(open, &mut sent, &mut random);
    refuses_without_a_trace(open, &sent);
    accepts_the_same_bytes_again(open, &sent);
    shuts_out_a_stale_writer(open, &mut sent);
    takes_blocks_of_every_size(open, &mut sent, &mut random);
    reads_from_anywhere(open().as_ref(), &sent);
    is_exactly(open().as_ref(), &sent);
}

/// The log holds these blocks and no others.
///
/// # Panics
/// If it doesn't.
pub fn is_exactly(log: &dyn Log, blocks: &[Vec<u8>]) {
    assert_eq!(log.next_position(), blocks.len() as u64, "number of blocks");
    let mut read = log.blocks_from(0);
    for (position, bytes) in (0..).zip(blocks) {
        let block = read.next().expect("a block for each").expect("sound");
        assert_eq!(block, PlacedBlock { position, bytes: bytes.clone() });
    }
    assert!(read.next().is_none(), "more blocks than were sent");
}

/// Each block is readable at once, by this handle and by the next one.
fn appends_in_order(open: &mut dyn FnMut() -> Box<dyn Log>, sent: &mut Vec<Vec<u8>>, random: &mut Random) {
    for _ in 0..5 {
        let mut log = open();
        is_exactly(log.as_ref(), sent);
        for _ in 0..20 {
            let len = random.below(400);
            let block = random.bytes(len);
            let position = log.next_position();
            log.append(position, &block).expect("the next position is free");
            assert_eq!(log.next_position(), position + 1);
            assert_eq!(log.read(position).expect("sound").as_ref(), Some(&block));
            sent.push(block);
        }
    }
}

fn refuses_without_a_trace(open: &mut dyn FnMut() -> Box<dyn Log>, sent: &[Vec<u8>]) {
    let mut log = open();
    let next = sent.len() as u64;
    for position in 0..next {
        let refused = log.append(position, b"other bytes");
        assert!(matches!(refused, Err(AppendError::Taken { next: told, .. }) if told == next), "{refused:?}");
    }
    for position in [next + 1, next + 1_000, u64::MAX] {
        let refused = log.append(position, b"bytes");
        assert!(matches!(refused, Err(AppendError::Hole { next: told, .. }) if told == next), "{refused:?}");
        assert_eq!(log.read(position).expect("not an error"), None);
    }
    let refused = log.append(next, &vec![0; BLOCK_BYTES_MAX + 1]);
    assert!(matches!(refused, Err(AppendError::TooLarge { .. })), "{refused:?}");
    is_exactly(log.as_ref(), sent);
}

/// What a caller does whose acknowledgement was lost.
fn accepts_the_same_bytes_again(open: &mut dyn FnMut() -> Box<dyn Log>, sent: &[Vec<u8>]) {
    let mut log = open();
    for (position, block) in (0..).zip(sent) {
        log.append(position, block).expect("these bytes stand there already");
    }
    is_exactly(log.as_ref(), sent);
}

/// A handle that has missed an append by another stores nothing, whatever it says.
fn shuts_out_a_stale_writer(open: &mut dyn FnMut() -> Box<dyn Log>, sent: &mut Vec<Vec<u8>>) {
    let mut stale = open();
    let mut fresh = open();
    let position = sent.len() as u64;
    fresh.append(position, b"first come").expect("the next position is free");
    sent.push(b"first come".to_vec());
    let refused = stale.append(position, b"too late");
    let is_refusal = matches!(refused, Err(AppendError::Taken { .. } | AppendError::Uncertain { .. }));
    assert!(is_refusal, "{refused:?}");
    is_exactly(open().as_ref(), sent);
}

fn takes_blocks_of_every_size(
    open: &mut dyn FnMut() -> Box<dyn Log>,
    sent: &mut Vec<Vec<u8>>,
    random: &mut Random,
) {
    let mut log = open();
    for len in [0, 1, 2, 511, 512, 513, 65_535, 65_536, BLOCK_BYTES_MAX - 1, BLOCK_BYTES_MAX, 0, 1] {
        let block = random.bytes(len);
        log.append(log.next_position(), &block).expect("up to the limit");
        sent.push(block);
    }
    is_exactly(log.as_ref(), sent);
}

fn reads_from_anywhere(log: &dyn Log, sent: &[Vec<u8>]) {
    for start in 0..sent.len() {
        assert_eq!(log.read(start as u64).expect("sound").as_ref(), Some(&sent[start]));
        let block = log.blocks_from(start as u64).nth(1).transpose().expect("sound");
        assert_eq!(block.map(|block| block.bytes).as_ref(), sent.get(start + 1));
    }
    for beyond in [sent.len() as u64, sent.len() as u64 + 1, u64::MAX] {
        assert!(log.blocks_from(beyond).next().is_none());
    }
}

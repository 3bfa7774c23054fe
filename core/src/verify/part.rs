//! A part of what an audit gathers: folded in while the signatures of the part before are verified.

use super::{GATHERED_BYTES, Wanted};
use crate::block::Block;
use crate::chain::{Fault, SignatureCheck, wrong_signatures};
use crate::statement::Body;

/// How many bytes of them are folded while the signatures of those before are verified.
const PART_BYTES: usize = GATHERED_BYTES / 8;

/// Blocks that were folded in, and the signatures on which that rests.
#[derive(Default)]
pub(super) struct Folded<'a> {
    pub(super) first_block: u64,
    /// The first and last record of each block, for faults that concern a block as a whole.
    pub(super) spans: Vec<(u64, u64)>,
    pub(super) checks: Vec<SignatureCheck<'a>>,
}

impl Folded<'_> {
    /// Verifies the signatures on all cores.
    pub(super) fn faults(&self) -> Vec<Fault> {
        wrong_signatures(&self.checks)
    }
}

/// How many of these blocks make a part: at least one, if there is one.
pub(super) fn part_len(blocks: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    let fits = blocks.iter().take_while(|block| {
        bytes += block.len();
        bytes <= PART_BYTES
    });
    fits.count().max(1).min(blocks.len())
}

/// The sealed records of a block.
pub(super) fn wanted_in<'b>(block: &'b Block<'_>) -> impl Iterator<Item = Wanted> + 'b {
    block.records.iter().filter_map(|record| match &record.statement.statement.body {
        Body::Sealed(commitment) => {
            let statement = record.statement.hash();
            Some(Wanted { record: record.number, statement, commitment: *commitment })
        }
        Body::Open(_) => None,
    })
}

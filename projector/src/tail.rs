//! The part of the log that a view has not folded yet: linked to where the view stands, block by
//! block, up to the chain's head.

use std::sync::mpsc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vandel_core::block::{Block, block_hash, next_record};
use vandel_core::chain::Chain;
use vandel_core::event::Step;
use vandel_core::hash::Hash;
use vandel_core::payload::PayloadError;
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_ledger::log::PlacedBlock;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::vault::{Opened, Vault, VaultError};

use crate::fold::{Place, fold};
use crate::projector::ProjectError;
use crate::rows::Named;
use crate::source::Source;
use crate::working::Working;

/// So many records, at least, are opened together on all cores.
const LOT_RECORDS: u64 = 4_096;
/// How many lots are opened ahead of the fold, at most.
const LOTS_AHEAD: usize = 2;

/// How far a view has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Blocks folded.
    pub blocks: u64,
    /// Records folded.
    pub records: u64,
    /// The last block's hash.
    pub block_head: Hash,
    /// The last record's hash.
    pub head: Hash,
}

/// What is left to fold.
pub(crate) struct Tail<'a> {
    blocks: vandel_ledger::home_log::BlockReader<'a>,
    vault: &'a Vault,
    chain: &'a Chain,
    pub(crate) position: Position,
}

/// A step that has been opened and found to be what its record committed to.
struct OpenedStep {
    /// On the heap: it is handed from one core to another.
    step: Box<Step>,
    named: Named,
    place: Place,
}

/// A record, and how its payload was opened.
type Outcome = Result<Option<OpenedStep>, ProjectError>;

impl<'a> Tail<'a> {
    /// What comes after a position, once the log has been found to stand there as the view says.
    pub(crate) fn after(source: &Source<'a>, position: Position) -> Result<Self, ProjectError> {
        let chain = source.chain;
        let other = |what: &str| Err(ProjectError::OtherHistory(what.to_owned()));
        if position.records > chain.size() || position.blocks > chain.blocks {
            return other("it has folded more records than the log has");
        }
        let mut blocks = source.blocks_from(position.blocks.saturating_sub(1))?;
        if position.blocks > 0 {
            let Some(last) = blocks.next().transpose()? else { return other("the log is shorter") };
            let block = decode(last.position, &last.bytes)?;
            let head = block.records.last().map(Record::hash);
            if block.hash() != position.block_head
                || head != Some(position.head)
                || block.next_record() != position.records
            {
                return other("the log has another block where it stopped");
            }
        }
        Ok(Self { blocks, vault: source.vault, chain, position })
    }

    /// Folds whole blocks until at least `limit` records are folded or none is left. False if none was.
    pub(crate) fn fold_into(&mut self, rows: &mut Working<'_>, limit: u64) -> Result<bool, ProjectError> {
        let begin = self.position.records;
        while let Some(lot) = self.next_lot(limit.saturating_sub(self.position.records - begin))? {
            fold_lot(rows, lot)?;
        }
        Ok(self.position.records > begin)
    }

    /// As [`Tail::fold_into`], and while lots are folded the next ones are read and opened.
    pub(crate) fn fold_ahead(&mut self, rows: &mut Working<'_>, limit: u64) -> Result<bool, ProjectError> {
        let begin = self.position.records;
        std::thread::scope(|scope| {
            let (sender, lots) = mpsc::sync_channel::<Vec<OpenedStep>>(LOTS_AHEAD);
            let folding = scope.spawn(move || lots.iter().try_for_each(|lot| fold_lot(rows, lot)));
            let read = loop {
                match self.next_lot(limit.saturating_sub(self.position.records - begin)) {
                    // If nobody takes it, the fold has failed and says why.
                    Ok(Some(lot)) => {
                        if sender.send(lot).is_err() {
                            break Ok(());
                        }
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            drop(sender);
            let folded = folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            read.and(folded)
        })?;
        Ok(self.position.records > begin)
    }

    /// Reads, links and opens the next blocks. None if nothing is left, or nothing more was asked for.
    fn next_lot(&mut self, limit: u64) -> Result<Option<Vec<OpenedStep>>, ProjectError> {
        if limit == 0 || self.position.records == self.chain.size() {
            return Ok(None);
        }
        let placed = self.read_lot(limit.min(LOT_RECORDS))?;
        let blocks: Vec<(Block<'_>, Hash)> = placed
            .par_iter()
            .map(|placed| {
                decode(placed.position, &placed.bytes).map(|block| (block, block_hash(&placed.bytes)))
            })
            .collect::<Result<_, _>>()?;
        self.link(&blocks)?;
        let sealed: Vec<(&Record<'_>, &Hash)> = blocks
            .iter()
            .flat_map(|(block, _)| &block.records)
            .filter_map(|record| match &record.statement.statement.body {
                Body::Sealed(commitment) => Some((record, commitment)),
                Body::Open(_) => None,
            })
            .collect();
        let outcomes: Vec<Outcome> = self.vault.see_all(
            &sealed,
            |(record, _)| record.number,
            |(record, commitment), held| open(self.chain, record, commitment, held),
        );
        let mut lot = Vec::with_capacity(outcomes.len());
        for (outcome, (record, _)) in outcomes.into_iter().zip(&sealed) {
            match outcome? {
                Some(opened) => lot.push(opened),
                None => self.explained(record.number)?,
            }
        }
        Ok(Some(lot))
    }

    /// Blocks with at least so many records, or what is left.
    fn read_lot(&mut self, records: u64) -> Result<Vec<PlacedBlock>, ProjectError> {
        let mut placed = Vec::new();
        let (mut at, begin) = (self.position.records, self.position.records);
        while at < self.chain.size() && at - begin < records {
            let block = self.blocks.next().transpose()?.ok_or(ProjectError::NotTheChain)?;
            let next = next_record(&block.bytes);
            placed.push(block);
            // What is no block is told by decoding it.
            let Some(next) = next else { break };
            at = next;
        }
        Ok(placed)
    }

    /// Every block must follow on the one before, up to the chain's head. A block's hash covers all its bytes and the
    /// hash of the block before it: those that lead to the head are the very blocks that the chain was judged from, whose
    /// records were linked then.
    fn link(&mut self, blocks: &[(Block<'_>, Hash)]) -> Result<(), ProjectError> {
        for (block, hash) in blocks {
            let head = &block.head;
            let linked = head.ledger == self.chain.ledger
                && head.position == self.position.blocks
                && head.previous == self.position.block_head
                && head.first_record == self.position.records;
            if !linked {
                return Err(ProjectError::NotTheChain);
            }
            self.position.records = block.next_record();
            self.position.blocks += 1;
            self.position.block_head = *hash;
        }
        if let Some(last) = blocks.last().and_then(|(block, _)| block.records.last()) {
            self.position.head = last.hash();
        }
        let Position { records, block_head, head, .. } = self.position;
        let chain = self.chain;
        let is_at_end = records == chain.size();
        let is_chain = !is_at_end || (block_head == chain.block_head && head == chain.head);
        if is_chain && records <= chain.size() { Ok(()) } else { Err(ProjectError::NotTheChain) }
    }

    /// Every sealed record opens or is covered by an erasure (decision 10).
    fn explained(&self, record: u64) -> Result<(), ProjectError> {
        let covered = |erasure: &vandel_core::chain::Erasure| erasure.records.binary_search(&record).is_ok();
        if self.chain.erasures.values().any(covered) {
            Ok(())
        } else {
            Err(ProjectError::PayloadMissing { record })
        }
    }
}

fn fold_lot(rows: &mut Working<'_>, lot: Vec<OpenedStep>) -> Result<(), ProjectError> {
    lot.into_iter().try_for_each(|OpenedStep { step, named, place }| fold(rows, *step, named, place))
}

/// Opens what the vault holds of a record; none if there is nothing left that says what the step was.
fn open(
    chain: &Chain,
    record: &Record<'_>,
    commitment: &Hash,
    held: Result<Option<Opened>, VaultError>,
) -> Outcome {
    let damaged = || ProjectError::PayloadDamaged { record: record.number };
    let statement = record.statement.hash();
    let payload = match held? {
        Some(opened) if opened.statement != statement => return Err(damaged()),
        Some(opened) => match from_opened(opened) {
            Unsealed::Payload(payload) => payload,
            Unsealed::Erased => return Ok(None),
            Unsealed::Damaged => return Err(damaged()),
        },
        None => return Ok(None),
    };
    let step = match payload.open(commitment) {
        Ok(step) => Box::new(step),
        Err(PayloadError::NoSpine) => return Ok(None),
        Err(_) => return Err(damaged()),
    };
    let author = &record.statement.statement.author;
    let actor = chain.keyring.get(author).map(|entry| entry.actor).ok_or(ProjectError::NotTheChain)?;
    let place = Place { record: record.number, time: record.time, actor, statement };
    let named = Named::from(&step.spine.thread);
    Ok(Some(OpenedStep { step, named, place }))
}

fn decode(position: u64, bytes: &[u8]) -> Result<Block<'_>, ProjectError> {
    Block::decode(bytes).map_err(|error| ProjectError::Decode { block: position, error })
}

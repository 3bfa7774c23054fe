//! The part of the log that a view has not folded yet: linked to where the view stands, block by
//! block, up to the chain's head.

use std::iter::Peekable;

use serde::{Deserialize, Serialize};
use vandel_core::block::Block;
use vandel_core::chain::Chain;
use vandel_core::hash::Hash;
use vandel_core::payload::PayloadError;
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::vault::{Opened, Records, Vault, VaultError};

use crate::fold::{Place, fold};
use crate::projector::ProjectError;
use crate::source::Source;
use crate::working::Working;

/// From this many records on the vault is read front to back instead of record by record.
const READ_THROUGH_FROM: u64 = 256;

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
    openings: Openings<'a>,
    chain: &'a Chain,
    pub(crate) position: Position,
}

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
        let openings = Openings::new(source.vault, position.records, chain.size());
        Ok(Self { blocks, openings, chain, position })
    }

    /// Folds whole blocks until at least `limit` records are folded or none is left. False if none was.
    pub(crate) fn fold_into(&mut self, rows: &mut Working<'_>, limit: u64) -> Result<bool, ProjectError> {
        let begin = self.position.records;
        while self.position.records < self.chain.size() && self.position.records - begin < limit {
            let placed = self.blocks.next().transpose()?.ok_or(ProjectError::NotTheChain)?;
            let block = decode(placed.position, &placed.bytes)?;
            let head = &block.head;
            let linked = head.ledger == self.chain.ledger
                && head.position == self.position.blocks
                && head.previous == self.position.block_head
                && head.first_record == self.position.records;
            if !linked {
                return Err(ProjectError::NotTheChain);
            }
            for record in &block.records {
                self.fold_record(rows, record)?;
            }
            self.position.blocks += 1;
            self.position.block_head = block.hash();
        }
        if self.position.records == self.chain.size() && self.position.head != self.chain.head {
            return Err(ProjectError::NotTheChain);
        }
        Ok(self.position.records > begin)
    }

    fn fold_record(&mut self, rows: &mut Working<'_>, record: &Record<'_>) -> Result<(), ProjectError> {
        if record.previous != self.position.head || record.number != self.position.records {
            return Err(ProjectError::NotTheChain);
        }
        self.position.head = record.hash();
        self.position.records += 1;
        let Body::Sealed(commitment) = &record.statement.statement.body else { return Ok(()) };
        let number = record.number;
        let damaged = || ProjectError::PayloadDamaged { record: number };
        let statement = record.statement.hash();
        let payload = match self.openings.get(number)? {
            Some(opened) if opened.statement != statement => return Err(damaged()),
            Some(opened) => match from_opened(&opened) {
                Unsealed::Payload(payload) => Some(payload),
                Unsealed::Erased => None,
                Unsealed::Damaged => return Err(damaged()),
            },
            None => None,
        };
        let step = match payload.map(|payload| payload.open(commitment)) {
            Some(Ok(step)) => step,
            Some(Err(PayloadError::NoSpine)) | None => return self.explained(number),
            Some(Err(_)) => return Err(damaged()),
        };
        let author = &record.statement.statement.author;
        let actor =
            self.chain.keyring.get(author).map(|entry| entry.actor).ok_or(ProjectError::NotTheChain)?;
        fold(rows, &step, Place { record: number, time: record.time, actor, statement })
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

fn decode(position: u64, bytes: &[u8]) -> Result<Block<'_>, ProjectError> {
    Block::decode(bytes).map_err(|error| ProjectError::Decode { block: position, error })
}

/// Payloads in ascending order, by whichever way is cheaper.
struct Openings<'a> {
    vault: &'a Vault,
    through: Option<Peekable<Records<'a>>>,
}

impl<'a> Openings<'a> {
    fn new(vault: &'a Vault, from: u64, until: u64) -> Self {
        let through = (until - from >= READ_THROUGH_FROM).then(|| vault.records(from).peekable());
        Self { vault, through }
    }

    fn get(&mut self, record: u64) -> Result<Option<Opened>, VaultError> {
        let Some(through) = &mut self.through else { return self.vault.get(record) };
        let before = |next: &Result<Opened, VaultError>| matches!(next, Ok(next) if next.record < record);
        while through.next_if(before).is_some() {}
        let here =
            |next: &Result<Opened, VaultError>| next.as_ref().map_or(true, |next| next.record == record);
        through.next_if(here).transpose()
    }
}

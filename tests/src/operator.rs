//! The operator as an attacker: holds the service's and the checkpoints' keys, but nobody else's.

use std::sync::Arc;

use crate::ledger_builder::LedgerBuilder;
use vandel_core::block::{Block, BlockHead, block_hash, encode_unsigned};
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::{Domain, Hash, leaf_hash};
use vandel_core::merkle::Frontier;
use vandel_core::record::encode_record;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::Second;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::log::Log;
use vandel_ledger::log::file::FileLog;
use vandel_ledger::signer;

/// What a fixture cannot go on without.
const FIXTURE: &str = "the ledger is whole and its folder writable";

/// The blocks of a ledger's log, as they are stored.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn blocks_of(built: &LedgerBuilder) -> Vec<Vec<u8>> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let blocks = FileLog::open_read_only(disk, &built.home.log(), None).expect(FIXTURE);
    blocks.map(|placed| placed.expect(FIXTURE).bytes).collect()
}

/// Blocks of (second, signed statement).
pub type History = Vec<Vec<(Second, Vec<u8>)>>;

/// The keys that an operator has.
pub struct Operator {
    service: SigningKey,
    checkpoint: SigningKey,
    origin: String,
}

impl Operator {
    /// Those of a ledger that lies in files.
    ///
    /// # Panics
    /// If they are not there.
    #[must_use]
    pub fn of(built: &LedgerBuilder) -> Self {
        let read = |path: std::path::PathBuf| signer::read(&RealDisk, &path, None).expect(FIXTURE);
        let note = std::fs::read_to_string(built.home.checkpoint()).expect(FIXTURE);
        Self {
            service: read(built.home.service_key()),
            checkpoint: read(built.home.checkpoint_key()),
            origin: note.lines().next().expect(FIXTURE).to_owned(),
        }
    }

    /// What stands in the log.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn history(&self, built: &LedgerBuilder) -> History {
        let statements = |bytes: &Vec<u8>| {
            let block = Block::decode(bytes).expect(FIXTURE);
            block.records.iter().map(|record| (record.time, record.statement_bytes.to_vec())).collect()
        };
        blocks_of(built).iter().map(statements).collect()
    }

    /// Blocks around statements, numbered, chained and signed anew.
    #[must_use]
    pub fn seal(
        &self,
        built: &LedgerBuilder,
        history: &[Vec<(Second, Vec<u8>)>],
    ) -> (Vec<Vec<u8>>, Frontier) {
        let (mut head, mut previous, mut frontier) = (Hash::ZERO, Hash::ZERO, Frontier::new());
        let mut blocks = Vec::new();
        for (position, statements) in history.iter().enumerate() {
            let first_record = frontier.size();
            let mut records = Vec::new();
            for (time, statement) in statements {
                let record = encode_record(frontier.size(), *time, &head, statement);
                head = leaf_hash(&record);
                frontier.append(head);
                records.push(record);
            }
            let block_head = BlockHead {
                ledger: built.ledger,
                position: position as u64,
                previous,
                first_record,
                sequencer: public_key(&self.service),
            };
            let mut block = encode_unsigned(&block_head, records.iter().map(Vec::as_slice));
            let signature = sign(&self.service, Domain::Block, &[&block]);
            block.extend_from_slice(&signature);
            previous = block_hash(&block);
            blocks.push(block);
        }
        (blocks, frontier)
    }

    /// A checkpoint, signed.
    ///
    /// # Panics
    /// If the origin is none, which it is.
    #[must_use]
    pub fn checkpoint(&self, frontier: &Frontier) -> String {
        let note = Checkpoint::new(&self.origin, frontier.size(), frontier.root()).expect(FIXTURE);
        note.sign(&self.checkpoint).expect(FIXTURE).to_string()
    }

    /// Replaces log and published checkpoint; the memory is left as it was.
    ///
    /// # Panics
    /// If the folder cannot be written.
    pub fn rewrite(&self, built: &LedgerBuilder, history: &[Vec<(Second, Vec<u8>)>]) {
        let (blocks, frontier) = self.seal(built, history);
        std::fs::remove_dir_all(built.home.log()).expect(FIXTURE);
        FileLog::create(&RealDisk, &built.home.log(), built.ledger).expect(FIXTURE);
        let (mut log, _) = FileLog::open(Arc::new(RealDisk), &built.home.log(), built.ledger).expect(FIXTURE);
        for (position, block) in blocks.iter().enumerate() {
            log.append(position as u64, block).expect(FIXTURE);
        }
        std::fs::write(built.home.checkpoint(), self.checkpoint(&frontier)).expect(FIXTURE);
    }
}

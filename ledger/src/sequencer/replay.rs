//! The fold over the log at opening: the snapshot, then the tail.

use std::collections::HashMap;
use std::sync::Arc;

use vandel_core::block::{Block, block_hash};
use vandel_core::chain::{Chain, check_signatures};
use vandel_core::event::Step;
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, LedgerId};
use vandel_core::record::Record;
use vandel_core::statement::{Body, Seen};
use vandel_core::thread::Threads;

use crate::disk::Disk;
use crate::home::Home;
use crate::log::{Log, PlacedBlock, ReadError};
use crate::sealing::{Unsealed, from_opened};
use crate::sequencer::OpenError;
use crate::sequencer::snapshot::Restored;
use crate::threads::ThreadBook;
use crate::tree::TreeFiles;
use crate::vault::Vault;

/// What is known of a ledger as far as its log was read.
pub(super) struct Replay {
    pub(super) chain: Chain,
    pub(super) threads: ThreadBook,
    pub(super) open_records: HashMap<Hash, u64>,
    pub(super) tree: TreeFiles,
    /// Sealed records of which the vault holds nothing at all, not even that they were erased.
    pub(super) missing: Vec<u64>,
}

impl Replay {
    /// From the snapshot if it fits the log, else from the beginning.
    pub(super) fn begin(
        (ledger, restored): (LedgerId, Option<Restored>),
        disk: &Arc<dyn Disk>,
        home: &Home,
        log: &dyn Log,
    ) -> Result<Self, OpenError> {
        if let Some(Restored { chain, threads, open_records }) = restored {
            let last = chain.blocks.checked_sub(1).map(|last| log.read(last)).transpose()?.flatten();
            if last.is_some_and(|bytes| block_hash(&bytes) == chain.block_head) {
                let tree = open_tree(disk, home, log, &chain)?;
                let threads = ThreadBook::over(threads);
                return Ok(Self { chain, threads, open_records, tree, missing: Vec::new() });
            }
        }
        Ok(Self {
            chain: Chain::before_opening(),
            threads: ThreadBook::new(ledger),
            open_records: HashMap::new(),
            tree: TreeFiles::create(disk, &home.views())?,
            missing: Vec::new(),
        })
    }

    /// Folds the rest of the log. Signatures below the memory's checkpoint need no checking here: its
    /// root stands for those very bytes. What lies beyond it is adopted only if they are all right.
    pub(super) fn run(&mut self, log: &dyn Log, vault: &Vault, remembered: Seen) -> Result<(), OpenError> {
        // From the beginning on, nearly all keys of the vault are met.
        vault.keep_shards(self.chain.blocks == 0);
        let folded = self.fold(log, vault, remembered);
        vault.keep_shards(false);
        folded
    }

    fn fold(&mut self, log: &dyn Log, vault: &Vault, remembered: Seen) -> Result<(), OpenError> {
        for placed in log.blocks_from(self.chain.blocks) {
            let placed = placed?;
            let block = decode(&placed)?;
            let mut checks = Vec::new();
            let Self { chain, threads, open_records, missing, .. } = self;
            let mut outcome = Ok(());
            let taken = chain.take(&block, &mut checks, |chain, record| {
                if outcome.is_ok() {
                    outcome = fold_record(chain, record, vault, threads, open_records, missing);
                }
            });
            taken.map_err(|fault| OpenError::Fault { fault })?;
            outcome?;
            if block.next_record() > remembered.size {
                check_signatures(&checks).map_err(|fault| OpenError::Fault { fault })?;
            }
            self.tree.append(&hashes(&block))?;
        }
        Ok(())
    }

    /// A payload may be missing only where an erasure in the log covers the record: so it is in a restored
    /// backup that is older than a record which has been erased since.
    pub(super) fn check_missing(&self) -> Result<(), OpenError> {
        explained(&self.chain, &self.missing)
    }
}

fn explained(chain: &Chain, missing: &[u64]) -> Result<(), OpenError> {
    let covered =
        |record: &u64| chain.erasures.values().any(|erasure| erasure.records.binary_search(record).is_ok());
    match missing.iter().find(|record| !covered(record)) {
        Some(record) => Err(OpenError::PayloadMissing { record: *record }),
        None => Ok(()),
    }
}

fn decode(placed: &PlacedBlock) -> Result<Block<'_>, OpenError> {
    Block::decode(&placed.bytes).map_err(|error| OpenError::Decode { block: placed.position, error })
}

fn hashes(block: &Block<'_>) -> Vec<Hash> {
    block.records.iter().map(Record::hash).collect()
}

/// The threads of a log that a vault opens, for whoever reads beside the writer. `chain` is the log's.
///
/// # Errors
/// If a block or a payload can't be read.
pub fn fold_threads(
    chain: &Chain,
    blocks: impl Iterator<Item = Result<PlacedBlock, ReadError>>,
    vault: &Vault,
) -> Result<Threads, OpenError> {
    let (mut threads, mut missing) = (Threads::default(), Vec::new());
    for placed in blocks {
        let placed = placed?;
        let block = decode(&placed)?;
        let mut within = block.records.iter().filter(|record| record.number < chain.size());
        within.try_for_each(|record| {
            match step_of(chain, record, vault)? {
                StepOf::Missing => missing.push(record.number),
                StepOf::Taken(step, actor) => {
                    threads.fold(&step, actor, record.number, record.statement.hash());
                }
                StepOf::Open | StepOf::Gone => {}
            }
            Ok::<(), OpenError>(())
        })?;
    }
    explained(chain, &missing)?;
    Ok(threads)
}

/// What a record says of a thread, as far as its payload still opens.
pub(super) enum StepOf {
    /// An open statement is of none.
    Open,
    /// A step, and who took it.
    Taken(Box<Step>, ActorId),
    /// It has been erased.
    Gone,
    /// The vault holds nothing of it.
    Missing,
}

/// Opens a record's payload.
pub(super) fn step_of(chain: &Chain, record: &Record<'_>, vault: &Vault) -> Result<StepOf, OpenError> {
    let Body::Sealed(commitment) = &record.statement.statement.body else { return Ok(StepOf::Open) };
    let (hash, number) = (record.statement.hash(), record.number);
    let Some(opened) = vault.get(number)?.filter(|opened| opened.statement == hash) else {
        return Ok(StepOf::Missing);
    };
    let damaged = OpenError::PayloadDamaged { record: number };
    match from_opened(opened) {
        Unsealed::Erased => Ok(StepOf::Gone),
        Unsealed::Damaged => Err(damaged),
        Unsealed::Payload(payload) => {
            let step = payload.open(commitment).map_err(|_| damaged)?;
            let author = chain.keyring.get(&record.statement.statement.author);
            Ok(author.map_or(StepOf::Gone, |author| StepOf::Taken(Box::new(step), author.actor)))
        }
    }
}

/// Folds one record and its payload, as far as that still opens.
pub(super) fn fold_record(
    chain: &Chain,
    record: &Record<'_>,
    vault: &Vault,
    threads: &mut ThreadBook,
    open_records: &mut HashMap<Hash, u64>,
    missing: &mut Vec<u64>,
) -> Result<(), OpenError> {
    let hash = record.statement.hash();
    match step_of(chain, record, vault)? {
        StepOf::Open => drop(open_records.insert(hash, record.number)),
        StepOf::Taken(step, actor) => threads.fold(vault, &step, actor, (record.number, hash))?,
        StepOf::Gone => {}
        StepOf::Missing => missing.push(record.number),
    }
    Ok(())
}

/// The tree as it was at the snapshot; made anew from the log if it does not give the chain's root.
///
/// Only the nodes up to the snapshot were synced ([`super::snapshot::write`]). What a power cut made of
/// later ones is unknown, and a torn inner node does not show in the root: they are written again.
fn open_tree(
    disk: &Arc<dyn Disk>,
    home: &Home,
    log: &dyn Log,
    chain: &Chain,
) -> Result<TreeFiles, OpenError> {
    if let Ok(tree) = TreeFiles::open(disk, &home.views(), chain.size())
        && tree.root() == chain.frontier.root()
    {
        return Ok(tree);
    }
    rebuild_tree(disk, home, log, chain.blocks)
}

/// The tree over the first `blocks` blocks, from the log, in a new file.
pub(super) fn rebuild_tree(
    disk: &Arc<dyn Disk>,
    home: &Home,
    log: &dyn Log,
    blocks: u64,
) -> Result<TreeFiles, OpenError> {
    let mut tree = TreeFiles::create(disk, &home.views())?;
    for placed in log.blocks_from(0) {
        let placed = placed?;
        if placed.position == blocks {
            break;
        }
        tree.append(&hashes(&decode(&placed)?))?;
    }
    Ok(tree)
}

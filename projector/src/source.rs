//! Where views come from: a chain that has been judged, the blocks it was judged from, and the vault.
//!
//! Either the process has just committed and lends its sequencer, or a home is read without changing
//! anything in it ([`ReadOnly`]). Signatures are not checked here: that is the verifier's work. What
//! is checked is that the blocks are those of the chain, and the chain the one that the memory holds.

use std::sync::Arc;

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::chain::{Chain, Fault};
use vandel_core::hash::Hash;
use vandel_core::statement::Seen;
use vandel_ledger::disk::Disk;
use vandel_ledger::gate::{self, GateError};
use vandel_ledger::home::Home;
use vandel_ledger::home_log::{BlockReader, HomeLog};
use vandel_ledger::log::{Log, ReadError};
use vandel_ledger::memory::{FileMemory, Memory, MemoryError};
use vandel_ledger::opening::HomeError;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::vault::{FileCell, RootCell, Vault, VaultConfig, VaultError};

/// What views are folded from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The chain as far as it is settled; nothing beyond it is folded.
    pub chain: &'a Chain,
    /// The vault.
    pub vault: &'a Vault,
    blocks: Blocks<'a>,
}

#[derive(Clone, Copy)]
enum Blocks<'a> {
    Log(&'a dyn Log),
    Home(&'a HomeLog),
}

impl<'a> Source<'a> {
    /// From the writer in this process.
    #[must_use]
    pub fn of(sequencer: &'a Sequencer) -> Self {
        Self { chain: sequencer.chain(), vault: sequencer.vault(), blocks: Blocks::Log(sequencer.log()) }
    }

    /// From a home's log and vault, by a chain that was judged from them.
    #[must_use]
    pub fn of_home(chain: &'a Chain, vault: &'a Vault, log: &'a HomeLog) -> Self {
        Self { chain, vault, blocks: Blocks::Home(log) }
    }

    /// The blocks from a position on.
    ///
    /// # Errors
    /// If the log can't be read.
    pub fn blocks_from(&self, position: u64) -> Result<BlockReader<'a>, ReadError> {
        match self.blocks {
            Blocks::Log(log) => Ok(log.blocks_from(position)),
            Blocks::Home(log) => log.blocks_from(position),
        }
    }
}

/// A home opened for reading only. Nothing in it is changed, and no lock is taken.
pub struct ReadOnly {
    log: HomeLog,
    chain: Chain,
    vault: Vault,
}

/// Why a home could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadOnlyError {
    /// There is no ledger, or its first block can't be read.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A block's bytes are refused.
    #[error("block {block}: {error}")]
    Decode {
        /// The block.
        block: u64,
        /// Why.
        error: BlockDecodeError,
    },
    /// The chain is faulty.
    #[error("record {}: {}", .0.place.record.unwrap_or_default(), .0)]
    Fault(Box<Fault>),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The vault is older than an erasure in the log, or a restore is unfinished.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The memory holds nothing: this is a restored copy, or another ledger's place.
    #[error(
        "the memory at {} holds no checkpoint, so nothing here is vouched for: name the ledger's own memory with \
         --memory DIR; if it is truly lost, compare the log with receipts and open once with --trust-new-memory",
        .0.display()
    )]
    NoMemory(std::path::PathBuf),
    /// The log is not the one that the memory holds a checkpoint of.
    #[error(
        "the memory holds root {expected} at size {size}; the log has {}: it was cut or rewritten; run `vandel verify`",
        found.map_or_else(|| "no such size".to_owned(), |found| found.to_string())
    )]
    NotRemembered {
        /// The size remembered.
        size: u64,
        /// The root remembered.
        expected: Hash,
        /// The root found at that size.
        found: Option<Hash>,
    },
}

impl ReadOnly {
    /// Opens a home: folds the chain up to the checkpoint that the memory holds, which is as far as
    /// the ledger has promised anything.
    ///
    /// # Errors
    /// [`ReadOnlyError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        home: &Home,
        cell: Option<Box<dyn RootCell>>,
    ) -> Result<Self, ReadOnlyError> {
        gate::check_restored(&*disk, home)?;
        let log = HomeLog::open(&disk, home)?;
        let ledger = log.ledger();
        let remembered = FileMemory::open(disk.clone(), &home.memory())?.latest();
        if remembered.size == 0 {
            return Err(ReadOnlyError::NoMemory(home.memory()));
        }
        let cell = cell.unwrap_or_else(|| Box::new(FileCell::new(disk.clone(), &home.root_cell())));
        let config = VaultConfig::default();
        let open_vault = || Vault::open_read_only(disk.clone(), &home.vault(), ledger, cell, config);
        // Neither needs the other, and each is the work of one core.
        let (chain, vault) = rayon::join(|| judge(&log, &remembered), open_vault);
        let (chain, vault) = (chain?, vault?);
        gate::check(&*disk, home, &chain, &vault)?;
        Ok(Self { log, chain, vault })
    }

    /// What views are folded from.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source::of_home(&self.chain, &self.vault, &self.log)
    }
}

/// Judges the chain up to a remembered checkpoint, and that it leads there.
fn judge(log: &HomeLog, remembered: &Seen) -> Result<Chain, ReadOnlyError> {
    let mut chain = Chain::before_opening();
    for placed in log.blocks_from(0)? {
        if chain.size() >= remembered.size {
            break;
        }
        let placed = placed?;
        let decode = |error| ReadOnlyError::Decode { block: placed.position, error };
        let block = Block::decode(&placed.bytes).map_err(decode)?;
        chain
            .take(&block, &mut Vec::new(), |_, _| {})
            .map_err(|fault| ReadOnlyError::Fault(Box::new(fault)))?;
    }
    let found = chain.root_at(remembered.size);
    if chain.size() != remembered.size || found != Some(remembered.root) {
        let (size, expected) = (remembered.size, remembered.root);
        return Err(ReadOnlyError::NotRemembered { size, expected, found });
    }
    Ok(chain)
}

//! A home that is only looked at: nothing in it changes, no lock is taken, nothing is recorded.
//!
//! The chain is folded and compared with the checkpoint that the memory holds; signatures are the
//! verifier's work (`vandel verify`), which every text that could be taken for a verdict says.

use vandel_core::block::Block;
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::merkle::NodeMemory;
use vandel_core::note::Note;
use vandel_core::thread::Threads;
use vandel_ledger::disk::read_all;
use vandel_ledger::sequencer::fold_threads;
use vandel_projector::source::{ReadOnly, Source};
use vandel_projector::{ProjectError, Projector, Settings};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::names::Names;

/// A home that is open for reading.
pub struct Reading<'a> {
    context: &'a Context,
    home: ReadOnly,
}

impl<'a> Reading<'a> {
    /// Opens the home.
    ///
    /// # Errors
    /// If there is no ledger, or log and memory do not agree.
    pub fn open(context: &'a Context) -> Result<Self, CliError> {
        Ok(Self { context, home: ReadOnly::open(context.disk.clone(), &context.home, context.root_cell()?)? })
    }

    /// The chain, as far as the memory's checkpoint.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        self.home.source().chain
    }

    /// What views are folded from.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        self.home.source()
    }

    /// The stored views, brought up to date; views in memory where the stored ones are in use or have
    /// not been made.
    ///
    /// # Errors
    /// If they cannot be built.
    pub fn projector(&self) -> Result<Projector, CliError> {
        let (source, settings) = (self.source(), Settings::default());
        match Projector::open(&self.context.home, &source, settings) {
            Err(ProjectError::Busy(_) | ProjectError::NoViewKey) => {
                Ok(Projector::in_memory(&source, settings)?)
            }
            other => Ok(other?),
        }
    }

    /// The threads, folded from the whole log.
    ///
    /// # Errors
    /// If a block or a payload can't be read.
    pub fn threads(&self) -> Result<Threads, CliError> {
        let source = self.source();
        Ok(fold_threads(source.chain, source.blocks_from(0)?, source.vault)?)
    }

    /// The vault, for looking.
    #[must_use]
    pub fn vault(&self) -> &vandel_ledger::vault::Vault {
        self.home.source().vault
    }

    /// The directory of names.
    ///
    /// # Errors
    /// If the vault cannot be read.
    pub fn names(&self) -> Result<Names, CliError> {
        Ok(Names::read(self.vault())?)
    }

    /// The published checkpoint: the note, and what it says.
    ///
    /// # Errors
    /// If it cannot be read, or is not one of this chain's.
    pub fn checkpoint(&self) -> Result<(String, Checkpoint), CliError> {
        let file = self.context.home.checkpoint();
        let bytes = read_all(&*self.context.disk, &file).map_err(|error| CliError::file(&file, &error))?;
        let (note, checkpoint) = parse_checkpoint(&bytes).map_err(|why| {
            CliError::new(Exit::Integrity, "checkpoint-damaged", format!("{}: {why}", file.display()))
        })?;
        let (expected, chain) = (checkpoint.root(), self.chain());
        let found = chain.root_at(checkpoint.size());
        if checkpoint.origin() != chain.origin || found != Some(expected) {
            let message = format!("{} is not a checkpoint of this log", file.display());
            let found = found.map_or_else(|| "no such size".to_owned(), |root| root.to_string());
            return Err(CliError::new(Exit::Integrity, "fork", message)
                .expected(expected, found)
                .next("run: vandel verify HOME --trust FILE"));
        }
        Ok((note, checkpoint))
    }

    /// The hashes of the first `size` records and all nodes above them, for proofs.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn tree(&self, size: u64) -> Result<(Vec<Hash>, NodeMemory), CliError> {
        let (mut leaves, mut nodes) = (Vec::new(), NodeMemory::new());
        for placed in self.source().blocks_from(0)? {
            let placed = placed?;
            let block = Block::decode(&placed.bytes).map_err(|error| {
                let message = format!("block {}: {error}", placed.position);
                CliError::new(Exit::Integrity, "block-undecodable", message)
            })?;
            for record in block.records.iter().filter(|record| record.number < size) {
                leaves.push(record.hash());
                nodes.append(record.hash());
            }
            if nodes.size() >= size {
                break;
            }
        }
        Ok((leaves, nodes))
    }
}

/// A signed checkpoint from bytes; its signatures are not looked at.
///
/// # Errors
/// What it is not.
pub fn parse_checkpoint(bytes: &[u8]) -> Result<(String, Checkpoint), String> {
    let note = Note::parse(bytes).map_err(|error| error.to_string())?;
    let checkpoint = note.text().parse::<Checkpoint>().map_err(|error| error.to_string())?;
    Ok((note.to_string(), checkpoint))
}

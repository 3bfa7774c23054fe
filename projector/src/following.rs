//! Following a ledger while it grows: from where one stands to the newest published checkpoint, again and
//! again, each record judged and verified before anybody learns of it.
//!
//! A checkpoint is how far the ledger has promised anything; nothing beyond it is looked at. Between two
//! checkpoints every block must be there, linked, signed, and lead to the checkpoint's root: one that is
//! missing or different ends the following with an error, and nothing is passed over.

use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::chain::{Chain, Fault, check_signatures};
use vandel_core::checkpoint::{Checkpoint, CheckpointOpenError};
use vandel_core::event::OpenEvent;
use vandel_core::hash::Hash;
use vandel_core::note::{KeyKind, Note, VerifierKey};
use vandel_core::statement::Body;
use vandel_core::time::Second;
use vandel_ledger::disk::{Disk, read_all};
use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_ledger::vault::{RootCell, Vault, VaultConfig};

use crate::source::{ReadOnlyError, Source};

/// A ledger that is followed.
pub struct Following {
    disk: Arc<dyn Disk>,
    home: Home,
    log: HomeLog,
    chain: Chain,
    vault: Vault,
    note: String,
}

/// A record that has been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its number.
    pub record: u64,
    /// When it was placed.
    pub time: Second,
    /// Its hash.
    pub hash: Hash,
    /// What it says, if it is open.
    pub open: Option<Box<OpenEvent>>,
}

/// Why a ledger can't be followed further.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The home, log, vault or chain.
    #[error(transparent)]
    Source(#[from] ReadOnlyError),
    /// The published checkpoint is not one.
    #[error("the published checkpoint can't be read: {0}")]
    Checkpoint(String),
    /// The published checkpoint is not signed by the key that the chain names.
    #[error("the published checkpoint of {size} records is not this ledger's: {why}")]
    NotSigned {
        /// Its size.
        size: u64,
        /// Why.
        why: CheckpointOpenError,
    },
}

impl FollowError {
    /// Whether trying again later may succeed: nothing is known to be wrong with the ledger.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use vandel_ledger::log::ReadError;
        use vandel_ledger::vault::VaultError;
        match self {
            // A writer at work may be between two steps; a torn end is one that is being written.
            Self::Source(ReadOnlyError::Log(ReadError::Unavailable { .. } | ReadError::Torn(_))) => true,
            Self::Source(ReadOnlyError::Vault(VaultError::Io { .. })) => true,
            _ => false,
        }
    }

    /// The record that is wrong, if one is named.
    #[must_use]
    pub fn record(&self) -> Option<u64> {
        match self {
            Self::Source(ReadOnlyError::Fault(fault)) => fault.place.record,
            Self::Source(ReadOnlyError::NotRemembered { size, .. }) | Self::NotSigned { size, .. } => {
                size.checked_sub(1)
            }
            _ => None,
        }
    }
}

impl Following {
    /// Opens a ledger at its beginning and goes to the newest checkpoint. `cell` is the home's root
    /// cell.
    ///
    /// # Errors
    /// [`FollowError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        home: &Home,
        cell: Arc<dyn RootCell>,
        log: HomeLog,
        visit: impl FnMut(Judged),
    ) -> Result<Self, FollowError> {
        let vault = open_vault(&disk, home, &cell, &log)?;
        let (home, chain) = (home.clone(), Chain::before_opening());
        let mut following = Self { disk, home, log, chain, vault, note: String::new() };
        following.advance(visit)?;
        Ok(following)
    }

    /// Goes to the newest checkpoint, and shows every record on the way in order. False if there was none.
    ///
    /// # Errors
    /// [`FollowError`]. After one that is passing, go on; after any other this must not be used further.
    pub fn advance(&mut self, mut visit: impl FnMut(Judged)) -> Result<bool, FollowError> {
        let note = self.published()?;
        if note == self.note {
            return Ok(false);
        }
        let checkpoint = parse(&note)?;
        if checkpoint.size() < self.chain.size() {
            // Older than what was followed before: somebody put an old file back. The chain knows better.
            return Ok(false);
        }
        let before = self.chain.size();
        // Payloads are in the vault before their block is in the log, so a vault read now has them all.
        self.vault.refresh().map_err(ReadOnlyError::from)?;
        let log = &self.log;
        for placed in log.blocks_from(self.chain.blocks).map_err(ReadOnlyError::from)? {
            if self.chain.size() >= checkpoint.size() {
                break;
            }
            let placed = placed.map_err(ReadOnlyError::from)?;
            take(&mut self.chain, placed.position, &placed.bytes, &mut visit)?;
        }
        let (size, expected) = (checkpoint.size(), checkpoint.root());
        let found = self.chain.root_at(size);
        if self.chain.size() != size || found != Some(expected) {
            return Err(ReadOnlyError::NotRemembered { size, expected, found }.into());
        }
        verify(&note, &self.chain, size)?;
        self.note = note;
        Ok(self.chain.size() > before)
    }

    fn published(&self) -> Result<String, FollowError> {
        let file = self.home.checkpoint();
        let bytes = read_all(&*self.disk, &file)
            .map_err(|error| FollowError::Checkpoint(format!("{}: {error}", file.display())))?;
        String::from_utf8(bytes)
            .map_err(|_| FollowError::Checkpoint(format!("{} is no text", file.display())))
    }

    /// Clears the vault's keys and indexes that have been in memory for their lifetime: also of a ledger in which
    /// nothing happens.
    pub fn forget_old_caches(&self) {
        self.vault.forget_old_caches();
    }

    /// The newest checkpoint, signed.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// What views are folded from.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source::of_home(&self.chain, &self.vault, &self.log)
    }
}

fn open_vault(
    disk: &Arc<dyn Disk>,
    home: &Home,
    cell: &Arc<dyn RootCell>,
    log: &HomeLog,
) -> Result<Vault, FollowError> {
    let cell = Box::new(cell.clone());
    let vault =
        Vault::open_read_only(disk.clone(), &home.vault(), log.ledger(), cell, VaultConfig::default());
    Ok(vault.map_err(ReadOnlyError::from)?)
}

fn parse(note: &str) -> Result<Checkpoint, FollowError> {
    let parsed = Note::parse(note.as_bytes()).map_err(|error| error.to_string());
    let checkpoint = parsed.and_then(|note| {
        note.text().parse().map_err(|error: vandel_core::checkpoint::CheckpointError| error.to_string())
    });
    checkpoint.map_err(FollowError::Checkpoint)
}

/// Judges one block, and all its signatures.
fn take(
    chain: &mut Chain,
    position: u64,
    bytes: &[u8],
    visit: &mut impl FnMut(Judged),
) -> Result<(), FollowError> {
    let fault = |fault: Fault| ReadOnlyError::Fault(Box::new(fault));
    let block = Block::decode(bytes).map_err(|error| ReadOnlyError::Decode { block: position, error })?;
    let (mut checks, mut judged) = (Vec::new(), Vec::new());
    chain
        .take(&block, &mut checks, |_, record| {
            let open = match &record.statement.statement.body {
                Body::Open(event) => Some(event.clone()),
                Body::Sealed(_) => None,
            };
            judged.push(Judged { record: record.number, time: record.time, hash: record.hash(), open });
        })
        .map_err(fault)?;
    check_signatures(&checks).map_err(fault)?;
    judged.into_iter().for_each(visit);
    Ok(())
}

/// The checkpoint must be signed by the key that the chain names for its size.
fn verify(note: &str, chain: &Chain, size: u64) -> Result<(), FollowError> {
    let key = chain
        .checkpoint_key(size)
        .and_then(|key| VerifierKey::new(&chain.origin, KeyKind::Ed25519, &key).ok());
    let known: Vec<VerifierKey> = key.into_iter().collect();
    Checkpoint::open(note.as_bytes(), &known).map_err(|why| FollowError::NotSigned { size, why })?;
    Ok(())
}

//! The vault: sealed parts, the keys that open them, and a way to forget both.
//!
//! The vault knows nothing of events. For each record it holds *parts*, sealed under data keys that
//! the caller names; erasing a key makes every copy of what it sealed unreadable, on this disk and in
//! every backup of it.
//!
//! ```text
//! root.cell      {epoch, R}                                  the one place that must forget
//! manifest.<e>   AEAD(R, segment key, each page's key, generation and SHA-256)
//! shard-<i>.<e>  AEAD(SK, sorted key id ‖ data key), in pieces    data keys
//! index-<b>.<e>  AEAD(IK, record, statement, slot, key id, place)   what would link a case's steps
//! bundle-<b>     frames: AEAD(segment key, new keys, index), then parts, each AEAD(data key)
//! overwrite.<e>  what the rotation to epoch e still has to overwrite with zeros
//! names          the directory, each name under a key of its own
//! fence          the token of the one writer
//! ```
//!
//! *Adding* is one append and one sync: new keys, index and parts stand in one frame of the open
//! bundle, so a key is durable before the first record that needs it. *Forgetting* is a rotation: the
//! pages that change are written anew without what is forgotten, under new keys, then a manifest under
//! a new root, and replacing the root in its cell is the commit. What the old root opened is noise from
//! then on. Why indexes are pages too: key ids in clear would let anyone with an old copy of a bundle
//! see which records belong to one case, long after it was erased.

mod audit;
mod bundle;
mod caches;
mod coming;
mod copy;
mod directory;
mod index;
mod keys;
mod manifest;
mod open;
mod open_shard;
mod page;
mod passphrase_cell;
mod pieces;
mod put;
mod read;
mod root_cell;
mod rotate;
mod seal;
mod shards;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use zeroize::Zeroizing;

pub use audit::{BlobFinding, VaultAudit};
pub use copy::BackupSet;
pub use directory::{Name, NameKind, name_key};
pub use open::Recovery;
pub use passphrase_cell::{PassphraseCell, ScryptCost};
pub use read::Records;
pub use root_cell::{FileCell, Root, RootCell, RootCellError, RootCellKind, cell_in, cell_kind};
pub use rotate::ErasureEvidence;
pub use seal::{DataKey, KeyId, ReadyKey};

use crate::disk::{Disk, DiskFile};
use crate::fence::{Fence, FenceError};
use caches::Caches;
use index::Index;
use manifest::Manifest;

/// One part of a record's payload, in clear, on its way into the vault.
#[derive(Clone)]
pub struct EntryPart {
    /// Which part of the payload; unique in its record.
    pub slot: u8,
    /// The key to seal it under; made if it does not exist.
    pub key: KeyId,
    /// The part's bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// A record's payload on its way into the vault.
#[derive(Clone)]
pub struct Entry {
    /// The record's number. Entries come in ascending order.
    pub record: u64,
    /// The hash of the statement that the payload belongs to.
    pub statement: Hash,
    /// At most 255 parts.
    pub parts: Vec<EntryPart>,
}

/// One part of a payload as the vault holds it now.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// The part's bytes.
    Open(Zeroizing<Vec<u8>>),
    /// Its key is not reachable from the root: it was destroyed.
    Erased,
    /// Its key is there, but the bytes are not what was sealed.
    Damaged,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open(redacted)",
            Self::Erased => "Erased",
            Self::Damaged => "Damaged",
        })
    }
}

/// A record's payload as the vault holds it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The record's number.
    pub record: u64,
    /// The hash of the statement that the payload was stored for.
    pub statement: Hash,
    /// The parts, each with its slot, in the order in which they were stored.
    pub parts: Vec<(u8, Part)>,
}

impl Opened {
    /// The part in a slot.
    #[must_use]
    pub fn part(&self, slot: u8) -> Option<&Part> {
        self.parts.iter().find(|(held, _)| *held == slot).map(|(_, part)| part)
    }
}

/// Sizes. The defaults are for a municipality; nothing stored depends on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultConfig {
    /// The most shards; rounded up to a power of two.
    pub shards_max: usize,
    /// The number of shards doubles when they hold more keys than this on average.
    pub keys_per_shard: u64,
    /// A bundle that has reached this length is closed.
    pub bundle_bytes: u32,
    /// A rotation folds the open segment when it holds this many records or keys. It bounds memory.
    pub segment_max: usize,
    /// The most data keys kept in memory besides the segment's: 48 bytes each. Where a pass over the whole ledger meets
    /// more of them, nearly each one costs the reading of a shard.
    pub cached_keys: usize,
    /// The most index entries kept in memory besides the segment's.
    pub cached_entries: usize,
    /// How long a page that was opened may stay in memory. It is cleared at the next page that is read, or by
    /// [`Vault::forget_old_caches`].
    pub cache_lifetime: Duration,
    /// An earlier writer may still be alive: the open bundle is copied to a file of its own, so that what that one
    /// still writes goes nowhere. Not needed where a lock shows that it is dead.
    pub take_over: bool,
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            shards_max: 1_024,
            keys_per_shard: 1_024,
            bundle_bytes: 4 << 20,
            segment_max: 1 << 18,
            cached_keys: 1 << 24,
            cached_entries: 1 << 18,
            cache_lifetime: Duration::from_secs(600),
            take_over: false,
        }
    }
}

/// Why the vault refused or failed. Never holds a key, a part or a name.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The disk failed. The vault must be opened again before it writes.
    #[error("the vault's file {file} failed")]
    Io {
        /// The file's name in the vault's folder.
        file: String,
        /// What the disk said.
        source: io::Error,
    },
    /// The root cell failed or is held by another.
    #[error(transparent)]
    RootCell(#[from] RootCellError),
    /// A file is not what was written. It is never repaired: restore it from a backup that is as new.
    #[error(
        "the vault's file {file} is damaged: {what}; restore it from a backup, the vault changes nothing"
    )]
    Damaged {
        /// The file's name in the vault's folder.
        file: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is no vault here yet.
    #[error("the root cell is empty: this vault was never created, or its cell is lost")]
    NoRoot,
    /// A vault was to be created where one is.
    #[error("the root cell holds a root already: a vault is never created over another")]
    Exists,
    /// Another writer has opened the vault.
    #[error("another writer has opened the vault; this one may only read")]
    Fenced,
    /// The vault was opened for reading, or a write has failed before.
    #[error(
        "this handle may only read: it was opened so, or a write failed and the vault must be opened again"
    )]
    ReadOnly,
    /// An entry's number is not above all that are there.
    #[error("record {record} comes after record {last}: entries are only added at the end")]
    OutOfOrder {
        /// The entry's record.
        record: u64,
        /// The last record in the vault.
        last: u64,
    },
    /// Two parts in one slot, or too many.
    #[error("record {record} has two parts in one slot")]
    BadEntry {
        /// The entry's record.
        record: u64,
    },
    /// An entry is too large for a bundle.
    #[error("an entry or a name is too large for the vault")]
    TooLarge,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

impl VaultError {
    fn damaged(file: impl Into<String>, what: &'static str) -> Self {
        Self::Damaged { file: file.into(), what }
    }

    fn fenced(file: impl Into<String>) -> impl FnOnce(FenceError) -> Self {
        let file = file.into();
        move |error| match error {
            FenceError::Lost => Self::Fenced,
            FenceError::Io(source) => Self::Io { file, source },
        }
    }

    fn io(file: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }
}

/// What was added since the last rotation: keys and index are in memory, and sealed in the frames.
#[derive(Default)]
struct Segment {
    keys: keys::Keys,
    indexes: BTreeMap<u32, Index>,
    records: usize,
    frames: u32,
}

/// Where the one writer appends.
struct Writer {
    fence: Arc<Fence>,
    bundle: u32,
    offset: u32,
    file: Option<Box<dyn DiskFile>>,
    /// Set while a write is under way; if it stays set, the write failed and nothing is known.
    failed: bool,
}

/// The vault. Reads take `&self`; there is one writer.
pub struct Vault {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    ledger: LedgerId,
    cell: Box<dyn RootCell>,
    config: VaultConfig,
    manifest: Manifest,
    manifest_hash: Hash,
    segment: Segment,
    /// Where a reader has read the open segment to.
    read_until: (u32, u32),
    writer: Option<Writer>,
    last_record: Option<u64>,
    recovery: Recovery,
    caches: Mutex<Caches>,
    /// See [`Vault::keep_shards`].
    keeps_shards: AtomicBool,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("folder", &self.folder)
            .field("epoch", &self.epoch())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// How often the root has been replaced, counted from one.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.manifest.epoch
    }

    /// The SHA-256 of the present manifest.
    #[must_use]
    pub fn manifest_hash(&self) -> Hash {
        self.manifest_hash
    }

    /// How the root is held.
    #[must_use]
    pub fn root_cell(&self) -> RootCellKind {
        self.cell.kind()
    }

    /// The last record that has an entry.
    #[must_use]
    pub fn last_record(&self) -> Option<u64> {
        self.last_record
    }

    /// What opening the vault had to finish or cut.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Clears all keys and indexes that were read from pages. They are read again when needed.
    pub fn clear_caches(&self) {
        self.caches().clear();
    }

    /// Clears the keys and indexes that have been in memory longer than [`VaultConfig::cache_lifetime`]: for
    /// whoever keeps a vault open and idle.
    pub fn forget_old_caches(&self) {
        self.caches().forget_old();
    }

    /// How many pages of keys and indexes are in memory, whole or by where their pieces lie.
    #[must_use]
    pub fn cached_pages(&self) -> usize {
        let caches = self.caches();
        caches.shards.len() + caches.directories.len() + caches.indexes.len()
    }

    /// Sets how long pages stay in memory, for this handle; see [`VaultConfig::cache_lifetime`].
    pub fn set_cache_lifetime(&mut self, lifetime: Duration) {
        self.config.cache_lifetime = lifetime;
        self.caches().set_lifetime(lifetime);
    }

    fn caches(&self) -> MutexGuard<'_, Caches> {
        // A panic can't leave a cache half changed: pages are whole or absent.
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_caches(config: &VaultConfig) -> Mutex<Caches> {
        Mutex::new(Caches::new(config.cached_keys, config.cached_entries, config.cache_lifetime))
    }
}

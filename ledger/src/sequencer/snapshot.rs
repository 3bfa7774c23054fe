//! The admission snapshot: so that opening reads the tail of the log and not all of it.
//!
//! Sealed under a key of the vault's, bound to the position and the head it was taken at. It names the files in which
//! the threads lie ([`crate::threads`]). Anything wrong with it or with one of them, and it is thrown away and the log
//! is read from the beginning. A second, tiny file says that the last instance ended in order, and where: if the log
//! ends there too, nothing has to be settled and no new `sequencer started` is needed.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vandel_core::chain::{Chain, ChainParts};
use vandel_core::hash::Hash;
use vandel_core::id::{LedgerId, PublicKey};

use crate::disk::{Disk, read_all, replace_atomically};
use crate::home::Home;
use crate::threads::{LevelHead, Stored, ThreadsError};
use crate::vault::{DataKey, KeyId, Vault};

/// The key that seals the snapshot.
pub(crate) const SNAPSHOT_KEY: KeyId = KeyId(*b"admission-state\0");

/// The state of admission, but for the threads.
#[derive(Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) chain: ChainParts,
    pub(super) open_records: HashMap<Hash, u64>,
    /// The vault's epoch. A vault that is older holds again what was destroyed since, and has not been looked through.
    pub(super) epoch: u64,
    /// The files with the threads, newest first.
    pub(super) threads: Vec<LevelHead>,
}

/// The state that a snapshot gives back.
pub(super) struct Restored {
    pub(super) chain: Chain,
    pub(super) threads: Stored,
    pub(super) open_records: HashMap<Hash, u64>,
}

/// Says that an instance ended in order, and where.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct CleanEnd {
    pub(super) sequencer: PublicKey,
    pub(super) size: u64,
    pub(super) head: Hash,
}

fn snapshot_path(views: &Path) -> PathBuf {
    views.join("admission")
}

fn clean_path(views: &Path) -> PathBuf {
    views.join("clean-end")
}

fn binding(ledger: &LedgerId) -> Vec<u8> {
    [b"admission snapshot v4", &ledger.0[..]].concat()
}

/// Writes a snapshot, whose files are durable.
pub(super) fn write(
    disk: &dyn Disk,
    views: &Path,
    key: &DataKey,
    snapshot: &Snapshot,
) -> Result<(), ThreadsError> {
    let bytes = zeroize::Zeroizing::new(vandel_core::codec::encode_body(snapshot));
    let sealed = key.seal(&binding(&snapshot.chain.ledger), &bytes)?;
    Ok(replace_atomically(disk, &snapshot_path(views), &sealed)?)
}

/// Reads the snapshot, if there is one that opens and is of this ledger. Files that it does not name are removed.
pub(super) fn read(disk: &dyn Disk, views: &Path, vault: &Vault, ledger: &LedgerId) -> Option<Restored> {
    let restored = open(disk, views, vault, ledger);
    let none = Stored::none(*ledger);
    restored.as_ref().map_or(&none, |restored| &restored.threads).remove_others(disk, views);
    restored
}

fn open(disk: &dyn Disk, views: &Path, vault: &Vault, ledger: &LedgerId) -> Option<Restored> {
    let sealed = read_all(disk, &snapshot_path(views)).ok()?;
    let key = vault.key(&SNAPSHOT_KEY).ok()??;
    let bytes = key.open(&binding(ledger), &sealed)?;
    let snapshot: Snapshot = postcard::from_bytes(&bytes).ok()?;
    if snapshot.chain.ledger != *ledger || snapshot.epoch > vault.epoch() {
        return None;
    }
    let threads = Stored::open(disk, views, (&key, *ledger), &snapshot.threads).ok()?;
    let chain = Chain::from_parts(snapshot.chain)?;
    Some(Restored { chain, threads, open_records: snapshot.open_records })
}

/// Removes a snapshot that turned out to be damaged, so that the next start makes it anew from the log. If it can't be
/// removed, the next start meets the same damage, and says so again.
pub(super) fn remove_if_damaged(disk: &dyn Disk, home: &Home, error: &ThreadsError) {
    if let ThreadsError::Damaged = error {
        let _ = remove(disk, &home.views());
    }
}

/// Removes the snapshot.
fn remove(disk: &dyn Disk, views: &Path) -> io::Result<()> {
    match disk.remove(&snapshot_path(views)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => disk.sync_directory(views),
    }
}

/// Notes that the instance ends in order.
pub(super) fn write_clean_end(disk: &dyn Disk, views: &Path, end: &CleanEnd) -> io::Result<()> {
    replace_atomically(disk, &clean_path(views), &vandel_core::codec::encode_body(end))
}

/// Takes the note away, so that a crash from here on is seen as one. True if it was of this very end.
pub(super) fn take_clean_end(disk: &dyn Disk, views: &Path, end: &CleanEnd) -> bool {
    let path = clean_path(views);
    let noted = read_all(disk, &path).ok().and_then(|bytes| postcard::from_bytes::<CleanEnd>(&bytes).ok());
    let removed = disk.remove(&path).and_then(|()| disk.sync_directory(views));
    removed.is_ok() && noted.as_ref() == Some(end)
}

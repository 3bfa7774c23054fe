//! The admission snapshot: so that opening reads the tail of the log and not all of it.
//!
//! Sealed under a key of the vault's, bound to the position and the head it was taken at. Anything
//! wrong with it, and it is thrown away and the log is read from the beginning. A second, tiny file
//! says that the last instance ended in order, and where: if the log ends there too, nothing has to be
//! settled and no new `sequencer started` is needed.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vandel_core::chain::{Chain, ChainParts};
use vandel_core::hash::Hash;
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::thread::Threads;

use crate::disk::{Disk, read_all, replace_atomically};
use crate::vault::{KeyId, Vault, VaultError};

/// The key that seals the snapshot.
pub(crate) const SNAPSHOT_KEY: KeyId = KeyId(*b"admission-state\0");

/// The state of admission.
#[derive(Serialize, Deserialize)]
pub(super) struct Snapshot {
    chain: ChainParts,
    threads: Threads,
    open_records: HashMap<Hash, u64>,
}

/// The state that a snapshot gives back.
pub(super) struct Restored {
    pub(super) chain: Chain,
    pub(super) threads: Threads,
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
    [b"admission snapshot v2", &ledger.0[..]].concat()
}

/// Writes a snapshot.
pub(super) fn write(
    disk: &dyn Disk,
    views: &Path,
    vault: &mut Vault,
    chain: &Chain,
    threads: &Threads,
    open_records: &HashMap<Hash, u64>,
) -> Result<(), VaultError> {
    vault.ensure_keys(&[SNAPSHOT_KEY])?;
    let Some(key) = vault.key(&SNAPSHOT_KEY)? else { return Ok(()) };
    let snapshot =
        Snapshot { chain: chain.to_parts(), threads: threads.clone(), open_records: open_records.clone() };
    let bytes = zeroize::Zeroizing::new(vandel_core::codec::encode_body(&snapshot));
    let sealed = key.seal(&binding(&chain.ledger), &bytes)?;
    // A snapshot that cannot be written is a slower start next time, no more.
    let _ = replace_atomically(disk, &snapshot_path(views), &sealed);
    Ok(())
}

/// Reads the snapshot, if there is one that opens and is of this ledger.
pub(super) fn read(disk: &dyn Disk, views: &Path, vault: &Vault, ledger: &LedgerId) -> Option<Restored> {
    let sealed = read_all(disk, &snapshot_path(views)).ok()?;
    let key = vault.key(&SNAPSHOT_KEY).ok()??;
    let bytes = key.open(&binding(ledger), &sealed)?;
    let snapshot: Snapshot = postcard::from_bytes(&bytes).ok()?;
    let chain = Chain::from_parts(snapshot.chain)?;
    (chain.ledger == *ledger).then_some(Restored {
        chain,
        threads: snapshot.threads,
        open_records: snapshot.open_records,
    })
}

/// Removes the snapshot.
pub(super) fn remove(disk: &dyn Disk, views: &Path) -> io::Result<()> {
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

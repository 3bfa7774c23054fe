//! A page: one sealed file with a key of its own.
//!
//! Shards of data keys, the indexes of bundles and the manifest are pages. A page is never changed:
//! it is written anew, under a new random key, with the next epoch in its name. Its header stands in
//! clear so that an audit can try the right keys on a copy found anywhere, whatever its name there.

use std::path::Path;

use vandel_core::codec::{DecodeError, Reader};
use vandel_core::hash::{Hash, sha256};
use vandel_core::id::LedgerId;
use zeroize::Zeroizing;

use super::VaultError;
use super::pieces::{self, Directory, PiecePlace};
use super::seal::{DataKey, OVERHEAD_BYTES};
use crate::disk::{Disk, Open, read_all};

const MAGIC: [u8; 4] = *b"VVp1";
const HEADER_BYTES: usize = 17;
/// In the header of a shard in pieces ([`super::pieces`]), in the place of its kind.
const IN_PIECES: u8 = 4;

/// What a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PageKind {
    /// Data keys, sorted by their ids.
    Shard,
    /// Where the parts of a bundle's records are, and under which keys.
    Index,
    /// The keys and hashes of all other pages.
    Manifest,
}

/// Which page, in which generation. The generation is the epoch that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageName {
    pub(super) kind: PageKind,
    pub(super) number: u32,
    pub(super) generation: u64,
}

/// A page as the manifest knows it.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) generation: u64,
    pub(super) key: DataKey,
    pub(super) hash: Hash,
}

impl PageName {
    /// The file's name in the vault's folder.
    pub(super) fn file(&self) -> String {
        match self.kind {
            PageKind::Shard => format!("shard-{}.{}", self.number, self.generation),
            PageKind::Index => format!("index-{}.{}", self.number, self.generation),
            PageKind::Manifest => format!("manifest.{}", self.generation),
        }
    }

    /// The header of a shard in pieces.
    fn header_in_pieces(self) -> [u8; HEADER_BYTES] {
        let mut header = self.header();
        header[4] = IN_PIECES;
        header
    }

    fn header(self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..4].copy_from_slice(&MAGIC);
        header[4] = match self.kind {
            PageKind::Shard => 1,
            PageKind::Index => 2,
            PageKind::Manifest => 3,
        };
        header[5..9].copy_from_slice(&self.number.to_be_bytes());
        header[9..].copy_from_slice(&self.generation.to_be_bytes());
        header
    }

    /// The name in the header of a blob, if the blob is a page at all.
    pub(super) fn of_blob(blob: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(blob.get(..HEADER_BYTES)?, "page", HEADER_BYTES).ok()?;
        let read = |reader: &mut Reader<'_>| -> Result<_, DecodeError> {
            Ok((
                reader.array::<4>("magic")?,
                reader.u8("kind")?,
                reader.u32("number")?,
                reader.u64("generation")?,
            ))
        };
        let (magic, kind, number, generation) = read(&mut reader).ok()?;
        let kind = match kind {
            1 | IN_PIECES => PageKind::Shard,
            2 => PageKind::Index,
            3 => PageKind::Manifest,
            _ => return None,
        };
        (magic == MAGIC).then_some(Self { kind, number, generation })
    }

    fn binding(self, ledger: &LedgerId) -> Vec<u8> {
        [b"vandel/v1/vpage\0", &ledger.0[..], &self.header()].concat()
    }
}

/// The bytes of a page under a new key, and their hash.
pub(super) fn make(
    ledger: &LedgerId,
    name: PageName,
    key: &DataKey,
    plaintext: &[u8],
) -> Result<(Vec<u8>, Hash), VaultError> {
    let mut blob = Vec::with_capacity(HEADER_BYTES + plaintext.len() + OVERHEAD_BYTES);
    if name.kind == PageKind::Shard {
        blob.extend_from_slice(&name.header_in_pieces());
        pieces::seal_into(&mut blob, key, &name.binding(ledger), plaintext)?;
    } else {
        blob.extend_from_slice(&name.header());
        key.ready().seal_onto(&mut blob, &name.binding(ledger), plaintext)?;
    }
    let hash = sha256(&[&blob]);
    Ok((blob, hash))
}

/// Reads a page and checks its hash, where one is known, and its seal.
pub(super) fn read(
    disk: &dyn Disk,
    folder: &Path,
    ledger: &LedgerId,
    name: PageName,
    key: &DataKey,
    hash: Option<&Hash>,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let blob = read_all(disk, &folder.join(name.file()))
        .map_err(|source| VaultError::Io { file: name.file(), source })?;
    if hash.is_some_and(|hash| *hash != sha256(&[&blob])) {
        return Err(VaultError::damaged(name.file(), "its hash is not the one in the manifest"));
    }
    open_blob(&blob, ledger, name, key)
        .ok_or_else(|| VaultError::damaged(name.file(), "it does not open under its key"))
}

/// Opens the bytes of a page; `None` if they are another page, changed, or under another key.
pub(super) fn open_blob(
    blob: &[u8],
    ledger: &LedgerId,
    name: PageName,
    key: &DataKey,
) -> Option<Zeroizing<Vec<u8>>> {
    let (header, sealed) = blob.split_at_checked(HEADER_BYTES)?;
    if header == name.header() {
        key.open(&name.binding(ledger), sealed)
    } else if name.kind == PageKind::Shard && header == name.header_in_pieces() {
        pieces::open_all(key, &name.binding(ledger), sealed)
    } else {
        None
    }
}

/// The directory of a shard in pieces; `None` inside if it is an older one, sealed whole.
pub(super) fn read_directory(
    disk: &dyn Disk,
    folder: &Path,
    ledger: &LedgerId,
    (name, key): (PageName, &DataKey),
) -> Result<Option<Directory>, VaultError> {
    let damaged = || VaultError::damaged(name.file(), "it does not open under its key");
    let file = disk.open(&folder.join(name.file()), Open::Read).map_err(VaultError::io(name.file()))?;
    let mut head = [0; HEADER_BYTES + 4];
    file.read_exact_at(&mut head, 0).map_err(VaultError::io(name.file()))?;
    let (header, length) = head.split_last_chunk().ok_or_else(damaged)?;
    if header == name.header() {
        return Ok(None);
    }
    let len = Directory::sealed_len(*length);
    if header != name.header_in_pieces() || len as u64 > file.len().map_err(VaultError::io(name.file()))? {
        return Err(damaged());
    }
    let mut sealed = vec![0; len];
    file.read_exact_at(&mut sealed, head.len() as u64).map_err(VaultError::io(name.file()))?;
    Ok(Some(Directory::open(key, &name.binding(ledger), &sealed).ok_or_else(damaged)?))
}

/// The keys of one piece of a shard.
pub(super) fn read_piece(
    disk: &dyn Disk,
    folder: &Path,
    ledger: &LedgerId,
    (name, key): (PageName, &DataKey),
    place: PiecePlace,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut sealed = vec![0; place.len];
    let file = disk.open(&folder.join(name.file()), Open::Read).map_err(VaultError::io(name.file()))?;
    let read = file.read_exact_at(&mut sealed, (HEADER_BYTES + place.offset) as u64);
    read.map_err(VaultError::io(name.file()))?;
    pieces::open(key, &name.binding(ledger), place, &sealed)
        .ok_or_else(|| VaultError::damaged(name.file(), "it does not open under its key"))
}

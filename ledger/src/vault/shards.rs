//! Data keys in sharded pages.
//!
//! The number of shards is a power of two that grows with the keys, so that a small ledger has one
//! file and a large one rewrites about fifty kilobytes to forget a key.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use zeroize::Zeroizing;

use super::bundle::KEY_BYTES;
use super::index::Index;
use super::open_shard::{OpenShard, find_key};
use super::page::{self, Page, PageKind, PageName};
use super::seal::{DataKey, KeyId};
use super::{Vault, VaultError};

/// The shard of a key. Key ids are hashes already; the checksum only keeps an uneven caller from filling one shard.
pub(super) fn shard_of(id: &KeyId, shard_count: usize) -> usize {
    crc32c::crc32c(&id.0) as usize & (shard_count - 1)
}

/// The key ids in a shard's plaintext.
pub(super) fn ids_in(shard: &[u8]) -> impl Iterator<Item = KeyId> {
    shard.as_chunks::<KEY_BYTES>().0.iter().filter_map(|key| key.first_chunk().copied().map(KeyId))
}

/// Where a key is to be looked for.
enum Found {
    /// It was looked for in its piece.
    Here(Option<DataKey>),
    /// In the whole shard.
    WholeShard,
}

impl Vault {
    /// The opened shard of this number; `None` if it holds no key.
    fn shard(&self, number: usize) -> Result<Option<Arc<OpenShard>>, VaultError> {
        let Some(page) = &self.manifest.shards[number] else { return Ok(None) };
        let number = index_u32(number);
        if let Some(held) = self.caches().shards.get(number, page.generation) {
            return Ok(Some(held));
        }
        let shard = Arc::new(OpenShard::of(self.read_page(PageKind::Shard, number, page)?));
        self.caches().shards.put(number, page.generation, &shard, shard.len());
        Ok(Some(shard))
    }

    /// The opened index page of a bundle; `None` if it has none.
    pub(super) fn index_page(&self, number: usize) -> Result<Option<Arc<Index>>, VaultError> {
        let page = self.manifest.bundles.get(number).and_then(|bundle| bundle.index.as_ref());
        let Some(page) = page else { return Ok(None) };
        let number = index_u32(number);
        if let Some(held) = self.caches().indexes.get(number, page.generation) {
            return Ok(Some(held));
        }
        let plaintext = self.read_page(PageKind::Index, number, page)?;
        let index = Arc::new(Index::decode(&plaintext).map_err(|_| {
            VaultError::damaged(format!("index-{number}.{}", page.generation), "it is no index")
        })?);
        self.caches().indexes.put(number, page.generation, &index, index.len());
        Ok(Some(index))
    }

    pub(super) fn read_page(
        &self,
        kind: PageKind,
        number: u32,
        page: &Page,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let name = PageName { kind, number, generation: page.generation };
        page::read(&*self.disk, &self.folder, &self.ledger, name, &page.key, Some(&page.hash))
    }

    /// The key with this id, or `None`: it was never made, or it has been destroyed.
    pub fn key(&self, id: &KeyId) -> Result<Option<DataKey>, VaultError> {
        if let Some(key) = self.segment.keys.get(id) {
            return Ok(Some(key.clone()));
        }
        let number = shard_of(id, self.manifest.shards.len());
        match self.key_in_piece(number, id)? {
            Found::Here(key) => Ok(key),
            Found::WholeShard => Ok(self.shard(number)?.and_then(|shard| shard.find(id))),
        }
    }

    /// From now on whole shards are opened and kept in memory to find a key: for who looks many up, in no order. Without
    /// it one key is found in one piece of its shard, and nothing but directories stays in memory.
    pub fn keep_shards(&self, keep: bool) {
        self.keeps_shards.store(keep, Relaxed);
        if !keep {
            self.caches().shards.clear();
        }
    }

    fn key_in_piece(&self, number: usize, id: &KeyId) -> Result<Found, VaultError> {
        let Some(page) = &self.manifest.shards[number] else { return Ok(Found::Here(None)) };
        if self.keeps_shards.load(Relaxed) {
            return Ok(Found::WholeShard);
        }
        let number = index_u32(number);
        let name = PageName { kind: PageKind::Shard, number, generation: page.generation };
        let held = self.caches().directories.get(number, page.generation);
        let directory = match held {
            Some(held) => held,
            None => {
                let read = page::read_directory(&*self.disk, &self.folder, &self.ledger, (name, &page.key))?;
                let Some(read) = read else { return Ok(Found::WholeShard) };
                let read = Arc::new(read);
                self.caches().directories.put(number, page.generation, &read, read.pieces());
                read
            }
        };
        let Some(place) = directory.piece_of(&id.0) else { return Ok(Found::Here(None)) };
        let piece = page::read_piece(&*self.disk, &self.folder, &self.ledger, (name, &page.key), place)?;
        Ok(Found::Here(find_key(&piece, id)))
    }
}

/// Shards and bundles are numbered with 32 bits.
pub(super) fn index_u32(number: usize) -> u32 {
    u32::try_from(number).expect("no vault has four billion shards or bundles")
}

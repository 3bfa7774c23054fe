//! Data keys in sharded pages.
//!
//! The number of shards is a power of two that grows with the keys, so that a small ledger has one
//! file and a large one rewrites about fifty kilobytes to forget a key.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use zeroize::Zeroizing;

use super::bundle::KEY_BYTES;
use super::index::Index;
use super::page::{self, Page, PageKind, PageName};
use super::seal::{DataKey, KeyId};
use super::{Vault, VaultError};

/// The shard of a key. Key ids are hashes already; the checksum only keeps an uneven caller from filling one shard.
pub(super) fn shard_of(id: &KeyId, shard_count: usize) -> usize {
    crc32c::crc32c(&id.0) as usize & (shard_count - 1)
}

/// So few keys are not guessed among any more.
const FEW: usize = 2;
/// How often it is guessed where a key stands, at most.
const GUESSES: usize = 8;

/// A shard that has been opened whole.
pub(super) type OpenShard = Arc<Zeroizing<Vec<u8>>>;

/// Looks a key up in an opened shard.
pub(super) fn find_key(shard: &[u8], id: &KeyId) -> Option<DataKey> {
    let mut near = Near::begin(shard, id);
    while near.narrow() {}
    near.find(id)
}

/// Looks a key up in each of these shards. All guess in turn: a processor that looks at several places that don't depend on
/// each other waits for all of them together.
pub(super) fn find_keys<'s>(
    wanted: impl Iterator<Item = (&'s [u8], &'s KeyId)> + Clone,
) -> Vec<Option<DataKey>> {
    let mut all: Vec<Near<'s>> = wanted.clone().map(|(shard, id)| Near::begin(shard, id)).collect();
    let mut goes_on = true;
    while goes_on {
        goes_on = all.iter_mut().fold(false, |goes_on, near| near.narrow() | goes_on);
    }
    all.iter().zip(wanted).map(|(near, (_, id))| near.find(id)).collect()
}

/// Where a key stands in an opened shard, if it is there at all. Ids are hashes, so that their first bytes tell about where:
/// a few guesses look at a few places of a large shard, where halving it would look at twice as many, and at far ones. Ids
/// that are spread unevenly only leave more for the search that comes after.
struct Near<'s> {
    keys: &'s [[u8; KEY_BYTES]],
    wanted: u64,
    low: usize,
    high: usize,
    least: u64,
    most: u64,
    guesses_left: usize,
}

fn front(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |front| u64::from_be_bytes(*front))
}

impl<'s> Near<'s> {
    fn begin(shard: &'s [u8], id: &KeyId) -> Self {
        let keys = shard.as_chunks::<KEY_BYTES>().0;
        let (low, high, least, most) = (0, keys.len(), 0, u64::MAX);
        Self { keys, wanted: front(&id.0), low, high, least, most, guesses_left: GUESSES }
    }

    /// Guesses once; false if there is no need to, or no more.
    fn narrow(&mut self) -> bool {
        let Self { keys, wanted, low, high, least, most, guesses_left } = self;
        if *guesses_left == 0 || *high - *low <= FEW || most <= least {
            return false;
        }
        *guesses_left -= 1;
        // In 32 bits, where multiplying loses nothing and dividing is quick.
        let span = *most - *least;
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(u32::BITS);
        let part = ((*wanted - *least) >> shift) * (*high - *low) as u64 / ((span >> shift) + 1);
        let at = *low + usize::try_from(part).unwrap_or(0);
        let found = front(&keys[at]);
        match found.cmp(wanted) {
            Ordering::Less => (*low, *least) = (at + 1, found),
            Ordering::Greater => (*high, *most) = (at, found),
            Ordering::Equal => *guesses_left = 0,
        }
        true
    }

    fn find(&self, id: &KeyId) -> Option<DataKey> {
        let keys = &self.keys[self.low..self.high];
        let at = keys.binary_search_by(|key| key[..16].cmp(&id.0)).ok()?;
        keys[at].last_chunk().map(DataKey::from_bytes)
    }
}

/// The key ids in an opened shard.
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
    pub(super) fn shard(&self, number: usize) -> Result<Option<OpenShard>, VaultError> {
        let Some(page) = &self.manifest.shards[number] else { return Ok(None) };
        let number = index_u32(number);
        if let Some(held) = self.caches().shards.get(number, page.generation) {
            return Ok(Some(held));
        }
        let shard = Arc::new(self.read_page(PageKind::Shard, number, page)?);
        self.caches().shards.put(number, page.generation, &shard, shard.len() / KEY_BYTES);
        Ok(Some(shard))
    }

    /// The opened shards of these keys, as far as they are in memory whole.
    pub(super) fn shards_at_hand<'n>(
        &self,
        names: impl Iterator<Item = &'n KeyId>,
    ) -> Vec<Option<OpenShard>> {
        let mut names = names.peekable();
        if names.peek().is_none() || !self.keeps_shards.load(Relaxed) {
            return names.map(|_| None).collect();
        }
        let caches = self.caches();
        let shard = |name| {
            let number = shard_of(name, self.manifest.shards.len());
            let page = self.manifest.shards[number].as_ref()?;
            caches.shards.get(index_u32(number), page.generation)
        };
        names.map(shard).collect()
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
            Found::WholeShard => Ok(self.shard(number)?.and_then(|shard| find_key(&shard, id))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_where_halving_finds_it_and_no_other() {
        let even = |number: u64| vandel_core::hash::sha256(&[&number.to_be_bytes()]).0;
        let uneven = |number: u64| {
            let mut id = even(number);
            id[..8].copy_from_slice(&(number / 3).pow(3).to_be_bytes());
            id
        };
        let mut looked = 0;
        for id_of in [&even as &dyn Fn(u64) -> [u8; 32], &uneven] {
            for count in [0, 1, 2, 17, 300, 5_000] {
                let id_of = |number| KeyId(*id_of(number).first_chunk().expect("sixteen bytes"));
                let mut ids: Vec<KeyId> = (0..count).map(id_of).collect();
                ids.sort_unstable();
                let key = |at: u64| [at.to_be_bytes(); 4].concat();
                let shard: Vec<u8> =
                    (0..).zip(&ids).flat_map(|(at, id)| [&id.0[..], &key(at)].concat()).collect();
                for (at, id) in (0..).zip(&ids) {
                    let found = find_key(&shard, id).expect("it is there");
                    assert_eq!(found.bytes().as_slice(), key(at));
                }
                let together = find_keys(ids.iter().map(|id| (&shard[..], id)));
                assert!((0..).zip(together).all(|(at, found)| found.expect("there").bytes()[..] == key(at)));
                let edges = [KeyId([0; 16]), KeyId([255; 16])];
                for id in (count..count + 500).map(id_of).chain(edges) {
                    assert_eq!(find_key(&shard, &id).is_some(), ids.binary_search(&id).is_ok());
                    looked += 1;
                }
            }
        }
        assert_eq!(looked, 2 * 6 * 502);
    }
}

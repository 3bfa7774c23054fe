//! A shard that has been opened whole: its keys in the order of their ids, and where ids begin alike.
//!
//! Whoever reads a whole ledger looks keys up among all of a country's, which lie in no cache: what a look-up costs is how
//! often it waits for memory. Ids are hashes, so that their first bits divide a shard evenly: a table of where each
//! division begins leads to a handful of keys that lie beside each other.

use zeroize::Zeroizing;

use super::bundle::KEY_BYTES;
use super::seal::{DataKey, KeyId};

/// About so many keys begin with the same bits, or up to twice as many.
const KEYS_ALIKE: usize = 2;

/// An opened shard.
pub(super) struct OpenShard {
    keys: Zeroizing<Vec<u8>>,
    /// The number of the first key of each division, and behind them how many keys there are.
    begins: Vec<u32>,
    /// How far an id's first eight bytes are shifted to give its division.
    shift: u32,
}

/// Where a key can only stand in a shard.
struct Narrowed<'s> {
    keys: &'s [[u8; KEY_BYTES]],
    id: &'s KeyId,
}

fn front(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |front| u64::from_be_bytes(*front))
}

impl OpenShard {
    /// Of the plaintext of a shard's page: keys sorted by their ids.
    pub(super) fn of(keys: Zeroizing<Vec<u8>>) -> Self {
        let ids = keys.as_chunks::<KEY_BYTES>().0;
        let bits = (ids.len() / KEYS_ALIKE).max(2).ilog2();
        let shift = u64::BITS - bits;
        let mut begins = Vec::with_capacity((1 << bits) + 1);
        for (number, id) in (0_u32..).zip(ids) {
            // What comes out of order is in no division that it belongs to, and so is not found, as by halving.
            let division = usize::try_from(front(id) >> shift).unwrap_or(0);
            if division >= begins.len() {
                begins.resize(division + 1, number);
            }
        }
        begins.resize((1 << bits) + 1, u32::try_from(ids.len()).unwrap_or(u32::MAX));
        Self { keys, begins, shift }
    }

    /// How many keys.
    pub(super) fn len(&self) -> usize {
        self.keys.len() / KEY_BYTES
    }

    fn narrow<'s>(&'s self, id: &'s KeyId) -> Narrowed<'s> {
        let division = usize::try_from(front(&id.0) >> self.shift).unwrap_or(0);
        let begin = |at: usize| self.begins.get(at).map_or(0, |begin| *begin as usize);
        let keys = self.keys.as_chunks::<KEY_BYTES>().0;
        Narrowed { keys: keys.get(begin(division)..begin(division + 1)).unwrap_or_default(), id }
    }

    /// The key with this id.
    pub(super) fn find(&self, id: &KeyId) -> Option<DataKey> {
        self.narrow(id).find()
    }

    /// The keys with these ids, each of its shard. One step is taken for all of them before the next: a processor that
    /// looks at several places that don't depend on each other waits for all of them together.
    pub(super) fn find_all<'s>(
        wanted: impl Iterator<Item = Option<(&'s Self, &'s KeyId)>>,
    ) -> Vec<Option<DataKey>> {
        let narrow = |wanted: Option<(&'s Self, &'s KeyId)>| wanted.map(|(shard, id)| shard.narrow(id));
        let mut all: Vec<Option<Narrowed<'s>>> = wanted.map(narrow).collect();
        all.iter_mut().flatten().for_each(Narrowed::halve);
        all.into_iter().map(|narrowed| narrowed?.find()).collect()
    }
}

impl Narrowed<'_> {
    /// Halves what is left, so that its memory is asked for.
    fn halve(&mut self) {
        let (low, high) = self.keys.split_at(self.keys.len() / 2);
        let is_high = high.first().is_some_and(|key| key[..16] <= self.id.0[..]);
        self.keys = if is_high { high } else { low };
    }

    fn find(&self) -> Option<DataKey> {
        find_key(self.keys.as_flattened(), self.id)
    }
}

/// Looks a key up among a few sorted ones.
pub(super) fn find_key(keys: &[u8], id: &KeyId) -> Option<DataKey> {
    let keys = keys.as_chunks::<KEY_BYTES>().0;
    let at = keys.binary_search_by(|key| key[..16].cmp(&id.0)).ok()?;
    keys[at].last_chunk().map(DataKey::from_bytes)
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
            for count in [0, 1, 2, 3, 17, 300, 5_000] {
                let id_of = |number| KeyId(*id_of(number).first_chunk().expect("sixteen bytes"));
                let mut ids: Vec<KeyId> = (0..count).map(id_of).collect();
                ids.sort_unstable();
                let key = |at: u64| [at.to_be_bytes(); 4].concat();
                let rows = (0..).zip(&ids).flat_map(|(at, id)| [&id.0[..], &key(at)].concat());
                let rows: Vec<u8> = rows.collect();
                let shard = OpenShard::of(Zeroizing::new(rows.clone()));
                assert_eq!(shard.len(), ids.len());
                for (at, id) in (0..).zip(&ids) {
                    let found = shard.find(id).expect("it is there");
                    assert_eq!(found.bytes().as_slice(), key(at));
                }
                let together = OpenShard::find_all(ids.iter().map(|id| Some((&shard, id))));
                assert!((0..).zip(together).all(|(at, found)| found.expect("there").bytes()[..] == key(at)));
                let edges = [KeyId([0; 16]), KeyId([255; 16])];
                let others: Vec<KeyId> = (count..count + 500).map(id_of).chain(edges).collect();
                let together = OpenShard::find_all(others.iter().map(|id| Some((&shard, id))));
                for (id, found) in others.iter().zip(together) {
                    let is_there = find_key(&rows, id).is_some();
                    assert_eq!((shard.find(id).is_some(), found.is_some()), (is_there, is_there));
                    looked += 1;
                }
                assert!(OpenShard::find_all([None].into_iter()) == [None]);
            }
        }
        assert_eq!(looked, 2 * 7 * 502);
    }
}

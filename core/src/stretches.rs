//! An ordered map for keys that are random: small trees in a row, by how the keys begin.
//!
//! One tree of a million keys is seven nodes high, and each of them is waited for. Here the first bits of a key say in which
//! of many trees it stands, most of which are one node. Keys that are not random at all, as somebody might choose them, meet in one tree, where
//! they are found as slowly as in any other.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::id::{AssignmentId, ThreadId};

/// How many keys a tree has at most, on average: fewer than one node holds, since some have more than others.
const EACH: usize = 8;

/// A key that begins with random bits.
pub trait RandomKey: Ord + Copy {
    /// Its first bits. Keys are in the order of these first.
    fn start(&self) -> u64;
}

macro_rules! random_keys {
    ($($id:ty),*) => {$(
        impl RandomKey for $id {
            fn start(&self) -> u64 {
                u64::from_be_bytes(std::array::from_fn(|index| self.0[index]))
            }
        }
    )*};
}
random_keys!(ThreadId, AssignmentId);

/// The map.
#[derive(Clone, Debug)]
pub struct Stretches<K, V> {
    trees: Vec<BTreeMap<K, V>>,
    /// How many bits of a key say in which tree it stands.
    bits: u32,
    len: usize,
}

impl<K, V> Default for Stretches<K, V> {
    fn default() -> Self {
        Self { trees: vec![BTreeMap::new()], bits: 0, len: 0 }
    }
}

impl<K: RandomKey, V: PartialEq> PartialEq for Stretches<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: RandomKey, V: Eq> Eq for Stretches<K, V> {}

impl<K: RandomKey, V> Stretches<K, V> {
    fn place(&self, key: &K) -> usize {
        let place = key.start().checked_shr(u64::BITS - self.bits).unwrap_or(0);
        usize::try_from(place).expect("there are no more trees than keys")
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.trees[self.place(key)].get(key)
    }

    /// The value of a key; made and put there if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if self.len >= EACH << self.bits {
            self.part_further();
        }
        let place = self.place(&key);
        match self.trees[place].entry(key) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(vacant) => {
                self.len += 1;
                vacant.insert(make())
            }
        }
    }

    /// Puts a value there, and gives back the one that it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let mut value = Some(value);
        let held = self.get_or_insert_with(key, || value.take().expect("not taken yet"));
        value.map(|value| std::mem::replace(held, value))
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key);
        let removed = self.trees[place].remove(key);
        self.len -= usize::from(removed.is_some());
        removed
    }

    /// All of them, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.trees.iter().flatten()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn part_further(&mut self) {
        self.bits += 1;
        let trees = std::mem::take(&mut self.trees);
        self.trees.resize_with(1 << self.bits, BTreeMap::new);
        for (key, value) in trees.into_iter().flatten() {
            let place = self.place(&key);
            self.trees[place].insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map_in_order(changes in prop::collection::vec((any::<[u8; 2]>(), any::<bool>(), 0..4_u8), 0..400)) {
            let (mut map, mut model) = (Stretches::default(), BTreeMap::new());
            for (number, (start, random, change)) in changes.into_iter().enumerate() {
                let mut id = [0; 16];
                // Some that are random, and some that meet.
                let at = if random { 0 } else { 14 };
                id[at..at + 2].copy_from_slice(&start);
                let id = ThreadId(id);
                match change {
                    0 => prop_assert_eq!(map.remove(&id), model.remove(&id)),
                    1 => prop_assert_eq!(map.insert(id, number), model.insert(id, number)),
                    _ => {
                        let held = map.get_or_insert_with(id, || number);
                        prop_assert_eq!(held, model.entry(id).or_insert(number));
                    }
                }
                prop_assert_eq!(map.get(&id), model.get(&id));
                prop_assert_eq!(map.len(), model.len());
            }
            prop_assert!(map.iter().eq(model.iter()));
            let again: Stretches<ThreadId, usize> = model.iter().fold(Stretches::default(), |mut again, (id, number)| {
                again.insert(*id, *number);
                again
            });
            prop_assert_eq!(&map, &again, "however it came to be");
            prop_assert_eq!(map.is_empty(), model.is_empty());
        }
    }

    #[test]
    fn a_tree_stays_small() {
        let mut map = Stretches::default();
        for number in 0..10_000_u64 {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            map.insert(ThreadId(id), number);
        }
        assert_eq!((map.bits, map.len()), (11, 10_000));
        assert!(
            map.trees.iter().all(|tree| tree.len() <= 2 * EACH),
            "{:?}",
            map.trees.iter().map(BTreeMap::len).max()
        );
    }
}

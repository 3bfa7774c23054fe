//! The port to where views are kept. What is kept are opaque keys and values in ordered tables;
//! a batch of changes is taken whole, or not at all.
//!
//! No promise rests on a store: it may lose its last batches, or everything. It may not lose a part
//! of a batch, and it must say so when it can't read what it holds.

mod blocks;
mod entry;
mod filter;
mod layered;
mod merge;
mod sled_store;
mod sorted;

use std::collections::BTreeMap;
use std::ops::Bound;

pub use entry::Lot;
pub use layered::{Build, LayeredStore};
pub use sled_store::SledStore;

/// The front of a key that says what it belongs to: the name of a key of the vault.
pub(crate) const NAME_BYTES: usize = 16;
/// The same in the index of tokens: what a token stands for, and the token.
pub(crate) const TOKEN_BYTES: usize = 17;

/// A table. Names are stored, so they never change within a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// Position, chain head and schema.
    Meta = 0,
    /// By spine key: a thread's steps.
    Spines = 1,
    /// By compartment key: what the compartment told.
    Pieces = 2,
    /// By spine key and step number: who the case is about.
    Identities = 3,
    /// By reads key and step number: readings.
    Readings = 4,
    /// By compartment key: when it is due.
    Clocks = 5,
    /// By public key: keys.
    Keys = 6,
    /// Index: due day and compartment key.
    Calendar = 7,
    /// Index: token of a handle, reference, subject or read case, and the spine or row it leads to.
    Tokens = 8,
    /// Index: spine key of a case whose note is relied on, and spine key of the case that does.
    Relying = 9,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Meta,
        Self::Spines,
        Self::Pieces,
        Self::Identities,
        Self::Readings,
        Self::Clocks,
        Self::Keys,
        Self::Calendar,
        Self::Tokens,
        Self::Relying,
    ];

    /// The tables whose rows the state digest covers: all that hold rows. Indexes follow from them.
    pub const ROWS: [Self; 6] =
        [Self::Spines, Self::Pieces, Self::Identities, Self::Readings, Self::Clocks, Self::Keys];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Spines => "spines",
            Self::Pieces => "pieces",
            Self::Identities => "identities",
            Self::Readings => "readings",
            Self::Clocks => "clocks",
            Self::Keys => "keys",
            Self::Calendar => "calendar",
            Self::Tokens => "tokens",
            Self::Relying => "relying",
        }
    }
}

/// A change: the new value, or none to remove it.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// In which table.
    pub table: Table,
    /// At which key.
    pub key: Vec<u8>,
    /// The new value.
    pub value: Option<Vec<u8>>,
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The pairs of a scan, in order of their keys.
pub type Pairs<'a> = Box<dyn Iterator<Item = Result<Pair, StoreError>> + 'a>;

/// Why a store did not answer. Whatever the reason, its folder can be thrown away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the view store failed: {0}")]
pub struct StoreError(pub String);

/// Where views are kept.
pub trait ViewStore: Send + Sync {
    /// The value at a key.
    ///
    /// # Errors
    /// If the store can't read what it holds.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The pairs from a key on, in order.
    fn scan(&self, table: Table, from: Bound<&[u8]>) -> Pairs<'_>;

    /// Takes all changes, or none.
    ///
    /// # Errors
    /// If they could not be taken. None of them was then.
    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Writes changes out as far as the store can; no power-loss barrier.
    ///
    /// # Errors
    /// If the store can't write.
    fn flush(&mut self) -> Result<(), StoreError>;

    /// The pairs whose keys begin so.
    fn scan_prefix<'a>(&'a self, table: Table, prefix: &'a [u8]) -> Pairs<'a> {
        let begins = move |pair: &Result<Pair, StoreError>| {
            pair.as_ref().map_or(true, |(key, _)| key.starts_with(prefix))
        };
        Box::new(self.scan(table, Bound::Included(prefix)).take_while(begins))
    }
}

/// A store in memory: for reading a home that nothing may be written to, and the other's model in tests.
#[derive(Clone, Default)]
pub struct MemoryStore {
    pairs: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
}

impl ViewStore for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.pairs.get(&(table, key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, from: Bound<&[u8]>) -> Pairs<'_> {
        let from = match from {
            Bound::Included(key) => Bound::Included((table, key.to_vec())),
            Bound::Excluded(key) => Bound::Excluded((table, key.to_vec())),
            Bound::Unbounded => Bound::Included((table, Vec::new())),
        };
        let pairs = self.pairs.range((from, Bound::Unbounded));
        let of_table = pairs.take_while(move |((found, _), _)| *found == table);
        Box::new(of_table.map(|((_, key), value)| Ok((key.clone(), value.clone()))))
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        for Change { table, key, value } in changes {
            match value {
                Some(value) => self.pairs.insert((*table, key.clone()), value.clone()),
                None => self.pairs.remove(&(*table, key.clone())),
            };
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

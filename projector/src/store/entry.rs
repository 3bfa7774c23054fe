//! An entry of a file of rows, in its bytes, and entries that were made together.
//!
//! ```text
//! entry  table (1), length of the key (2), length of the value or REMOVED (4), key, value
//! ```

use std::cmp::Ordering;

use crate::store::{Change, StoreError, Table};

/// The length of a removed entry's value.
const REMOVED: u32 = u32::MAX;
/// An entry without key and value.
const HEAD_BYTES: usize = 7;
/// Where the length of the value stands.
const VALUE_LEN_AT: usize = 3;

pub(super) fn damaged() -> StoreError {
    StoreError("the rows are damaged".to_owned())
}

/// An entry, lent from where it lies.
#[derive(Clone, Copy)]
pub(super) struct Entry<'b> {
    pub(super) table: u8,
    pub(super) key: &'b [u8],
    /// None if the row is gone.
    pub(super) value: Option<&'b [u8]>,
    /// All its bytes.
    pub(super) bytes: &'b [u8],
}

/// What nearly always decides the order of entries: the table, and the first bytes of the key.
pub(super) type Front = (u8, u64);

impl<'b> Entry<'b> {
    /// Takes the next entry off the front.
    pub(super) fn next(rest: &mut &'b [u8]) -> Result<Self, StoreError> {
        let head: &[u8; HEAD_BYTES] = rest.first_chunk().ok_or_else(damaged)?;
        let key_len = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let value_len = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let is_there = value_len != REMOVED;
        let len = HEAD_BYTES + key_len + if is_there { value_len as usize } else { 0 };
        let (bytes, after) = rest.split_at_checked(len).ok_or_else(damaged)?;
        *rest = after;
        let (key, value) = bytes[HEAD_BYTES..].split_at(key_len);
        Ok(Self { table: head[0], key, value: is_there.then_some(value), bytes })
    }

    pub(super) fn front(&self) -> Front {
        front(self.table, self.key)
    }

    pub(super) fn cmp_key(&self, other: &Entry<'_>) -> Ordering {
        (self.table, self.key).cmp(&(other.table, other.key))
    }

    /// How it stands to a key with its table in front.
    pub(super) fn cmp_full(&self, full: &[u8]) -> Ordering {
        match full.split_first() {
            Some((table, key)) => (self.table, self.key).cmp(&(*table, key)),
            None => Ordering::Greater,
        }
    }
}

pub(super) fn front(table: u8, key: &[u8]) -> Front {
    let mut first = [0; 8];
    let len = key.len().min(first.len());
    first[..len].copy_from_slice(&key[..len]);
    (table, u64::from_be_bytes(first))
}

/// Entries that were made together, in no order.
#[derive(Default)]
pub struct Lot {
    bytes: Vec<u8>,
    places: Vec<(Front, u32)>,
}

impl Lot {
    /// With room for about so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), places: Vec::with_capacity(bytes / 128) }
    }

    fn begin(&mut self, table: Table, key: &[u8]) -> Result<usize, StoreError> {
        let at = self.bytes.len();
        let too_long = |_| StoreError("a batch of rows is too long".to_owned());
        self.places.push((front(table as u8, key), u32::try_from(at).map_err(too_long)?));
        self.bytes.push(table as u8);
        self.bytes.extend_from_slice(&u16::try_from(key.len()).map_err(too_long)?.to_be_bytes());
        self.bytes.extend_from_slice(&REMOVED.to_be_bytes());
        self.bytes.extend_from_slice(key);
        Ok(at)
    }

    /// The row at a key is gone.
    ///
    /// # Errors
    /// If the lot becomes too long.
    pub fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.begin(table, key).map(drop)
    }

    /// The row at a key is what `write` appends.
    ///
    /// # Errors
    /// What `write` gives, or if the lot becomes too long.
    pub fn put<E: From<StoreError>>(
        &mut self,
        table: Table,
        key: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = self.begin(table, key)?;
        let begin = self.bytes.len();
        write(&mut self.bytes)?;
        let len = u32::try_from(self.bytes.len() - begin).ok().filter(|len| *len != REMOVED);
        let len = len.ok_or_else(|| StoreError("a row is too long".to_owned()))?;
        self.bytes[at + VALUE_LEN_AT..at + HEAD_BYTES].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }

    /// Adds a change.
    ///
    /// # Errors
    /// If the lot becomes too long.
    pub fn push(&mut self, change: &Change) -> Result<(), StoreError> {
        match &change.value {
            None => self.remove(change.table, &change.key),
            Some(value) => self.put(change.table, &change.key, |out| {
                out.extend_from_slice(value);
                Ok(())
            }),
        }
    }

    fn at(&self, place: u32) -> Result<Entry<'_>, StoreError> {
        Entry::next(&mut self.bytes.get(place as usize..).ok_or_else(damaged)?)
    }

    /// All of it as changes.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Result<Change, StoreError>> {
        self.places.iter().map(|(_, place)| {
            let entry = self.at(*place)?;
            let table = Table::ALL.get(usize::from(entry.table)).ok_or_else(damaged)?;
            let value = entry.value.map(<[u8]>::to_vec);
            Ok(Change { table: *table, key: entry.key.to_vec(), value })
        })
    }
}

/// Lots, and the order of all their entries.
pub(super) struct Ordered<'l> {
    lots: &'l [Lot],
    order: Vec<(Front, u32, u32)>,
}

impl<'l> Ordered<'l> {
    /// Orders all entries, on all cores.
    pub(super) fn of(lots: &'l [Lot]) -> Result<Self, StoreError> {
        use rayon::prelude::*;
        let mut order = Vec::with_capacity(lots.iter().map(|lot| lot.places.len()).sum());
        for (number, lot) in (0..).zip(lots) {
            order.extend(lot.places.iter().map(|(front, place)| (*front, number, *place)));
        }
        let ordered = Self { lots, order: Vec::new() };
        order.par_sort_unstable_by(|a, b| {
            let keys = || (ordered.entry(a), ordered.entry(b));
            a.0.cmp(&b.0).then_with(|| match keys() {
                (Ok(a), Ok(b)) => a.cmp_key(&b),
                _ => Ordering::Equal,
            })
        });
        Ok(Self { order, ..ordered })
    }

    fn entry(&self, (_, lot, place): &(Front, u32, u32)) -> Result<Entry<'l>, StoreError> {
        self.lots[*lot as usize].at(*place)
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Some of them, in order.
    pub(super) fn range(
        &self,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = Result<Entry<'l>, StoreError>> {
        self.order[range].iter().map(|place| self.entry(place))
    }
}

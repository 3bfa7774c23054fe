//! Blocks of entries on their way into a file of rows: they can be made apart from each other and written in order.

use std::cmp::Ordering;

use crate::store::StoreError;
use crate::store::entry::{Entry, Ordered};
use crate::store::sorted::{FullKey, full_key_of};

/// What a block of entries is filled to.
const BLOCK_BYTES: usize = 16 * 1024;

/// Where a block stands.
pub(super) struct Place {
    pub(super) first: FullKey,
    pub(super) offset: u64,
    pub(super) len: u32,
}

/// Blocks, one after the other; their places count from the first one.
#[derive(Default)]
pub(super) struct Blocks {
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<Place>,
    pub(super) entries: u64,
    pub(super) last: FullKey,
    /// Where the block begins that is being filled.
    begin: usize,
}

impl Blocks {
    /// With room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Some of the entries of a batch.
    pub(super) fn of(ordered: &Ordered<'_>, range: std::ops::Range<usize>) -> Result<Self, StoreError> {
        let mut blocks = Self::default();
        for entry in ordered.range(range) {
            blocks.push(&entry?)?;
        }
        blocks.end()
    }

    /// Adds an entry after all others.
    pub(super) fn push(&mut self, entry: &Entry<'_>) -> Result<(), StoreError> {
        if self.entries > 0 && entry.cmp_full(&self.last) != Ordering::Greater {
            return Err(StoreError("rows came out of order".to_owned()));
        }
        if self.bytes.len() == self.begin {
            let first = full_key_of(entry.table, entry.key);
            self.places.push(Place { first, offset: self.begin as u64, len: 0 });
        }
        self.last.clear();
        self.last.push(entry.table);
        self.last.extend_from_slice(entry.key);
        self.entries += 1;
        self.bytes.extend_from_slice(entry.bytes);
        if self.bytes.len() - self.begin >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        if self.bytes.len() == self.begin {
            return Ok(());
        }
        let sum = crc32c::crc32c(&self.bytes[self.begin..]);
        self.bytes.extend_from_slice(&sum.to_be_bytes());
        let len = u32::try_from(self.bytes.len() - self.begin);
        if let Some(place) = self.places.last_mut() {
            place.len = len.map_err(|_| StoreError("a block of rows is too long".to_owned()))?;
        }
        self.begin = self.bytes.len();
        Ok(())
    }

    /// Ends the last block.
    pub(super) fn end(mut self) -> Result<Self, StoreError> {
        self.end_block()?;
        Ok(self)
    }
}

//! Rows in one file, in the order of their keys: written once, front to back, and only read afterwards.
//!
//! ```text
//! block   entries up to about 16 KiB, CRC-32C of them
//! …
//! index   for each block: its first key, its place
//! footer  place of the index, how many entries, CRC-32C of index and footer
//! ```
//!
//! Checksums tell damage from rows; what a row says is sealed, and tells by itself whether it was changed.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rayon::prelude::*;
use vandel_ledger::filter::Filter;

use crate::store::blocks::{Blocks, Place};
use crate::store::entry::{self, damaged};
use crate::store::filter::may_hold;
use crate::store::{StoreError, Table};

const MAGIC: [u8; 8] = *b"VVrows1\0";
const FOOTER_BYTES: usize = 8 + 8 + 8 + 8 + 4 + 4;
/// So many parts of a file are made ahead of the writing, at most.
const PARTS_AHEAD: usize = 8;

/// A key with its table in front: what entries are ordered by.
pub(super) type FullKey = Vec<u8>;
/// A key, and its value or that it is gone.
pub(super) type Entry = (FullKey, Option<Vec<u8>>);

/// A key with its table in front.
pub(super) fn full_key(table: Table, key: &[u8]) -> FullKey {
    full_key_of(table as u8, key)
}

pub(super) fn full_key_of(table: u8, key: &[u8]) -> FullKey {
    let mut full = Vec::with_capacity(1 + key.len());
    full.push(table);
    full.extend_from_slice(key);
    full
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

/// Writes a file of rows. Keys come in ascending order.
pub(super) struct SortedWriter {
    file: File,
    written: u64,
    places: Vec<Place>,
    last: FullKey,
    entries: u64,
}

impl SortedWriter {
    /// A new file.
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        let file = File::create_new(path).map_err(failed)?;
        Ok(Self { file, written: 0, places: Vec::new(), last: FullKey::new(), entries: 0 })
    }

    /// Adds blocks after all others.
    fn append(&mut self, blocks: Blocks) -> Result<(), StoreError> {
        let Blocks { bytes, places, entries, last, .. } = blocks;
        let Some(first) = places.first() else { return Ok(()) };
        if self.entries > 0 && first.first <= self.last {
            return Err(StoreError("rows came out of order".to_owned()));
        }
        let written = self.written;
        self.places.extend(places.into_iter().map(|place| Place { offset: written + place.offset, ..place }));
        self.file.write_all(&bytes).map_err(failed)?;
        self.written += bytes.len() as u64;
        self.entries += entries;
        self.last = last;
        Ok(())
    }

    /// Adds so many parts, which are made on all cores; while some are written the next ones are made.
    pub(super) fn append_all(
        &mut self,
        count: usize,
        make: impl Fn(usize) -> Result<Blocks, StoreError> + Sync,
    ) -> Result<(), StoreError> {
        let mut made: Vec<Blocks> = Vec::new();
        for begin in (0..count).step_by(PARTS_AHEAD) {
            let parts = (begin..count.min(begin + PARTS_AHEAD)).into_par_iter();
            let write = || made.into_iter().try_for_each(|blocks| self.append(blocks));
            let (written, next) = rayon::join(write, || parts.map(&make).collect::<Result<Vec<_>, _>>());
            written?;
            made = next?;
        }
        made.into_iter().try_for_each(|blocks| self.append(blocks))
    }

    /// Ends the file, and syncs it. Nothing rests on it, but a half one would be built anew at the next start.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        let mut index = Vec::new();
        for place in &self.places {
            index.extend_from_slice(&u16::try_from(place.first.len()).map_err(failed)?.to_be_bytes());
            index.extend_from_slice(&place.first);
            index.extend_from_slice(&place.offset.to_be_bytes());
            index.extend_from_slice(&place.len.to_be_bytes());
        }
        let mut footer = MAGIC.to_vec();
        footer.extend_from_slice(&self.written.to_be_bytes());
        footer.extend_from_slice(&(index.len() as u64).to_be_bytes());
        footer.extend_from_slice(&self.entries.to_be_bytes());
        footer.extend_from_slice(&crc32c::crc32c(&index).to_be_bytes());
        let sum = crc32c::crc32c(&footer);
        footer.extend_from_slice(&sum.to_be_bytes());
        index.append(&mut footer);
        self.file.write_all(&index).map_err(failed)?;
        self.file.sync_all().map_err(failed)
    }
}

/// A file of rows.
pub(super) struct SortedFile {
    file: File,
    pub(super) places: Vec<Place>,
    /// Tells most keys that are not there, while a view is built of several files.
    filter: Option<Filter>,
}

impl SortedFile {
    /// Opens a file and reads its index: about 70 bytes for each 16 KiB of rows stay in memory.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let footer_at = bytes.checked_sub(FOOTER_BYTES as u64).ok_or_else(damaged)?;
        let footer = read_at(&file, footer_at, FOOTER_BYTES)?;
        let (footer, sum) = footer.split_last_chunk().ok_or_else(damaged)?;
        let mut rest = footer;
        if crc32c::crc32c(footer) != u32::from_be_bytes(*sum) || take(&mut rest)? != MAGIC {
            return Err(damaged());
        }
        let index_offset = u64::from_be_bytes(take(&mut rest)?);
        let index_len = u64::from_be_bytes(take(&mut rest)?);
        let _entries: [u8; 8] = take(&mut rest)?;
        let sum = u32::from_be_bytes(take(&mut rest)?);
        if index_offset.checked_add(index_len) != Some(footer_at) {
            return Err(damaged());
        }
        let index = read_at(&file, index_offset, usize::try_from(index_len).map_err(failed)?)?;
        if crc32c::crc32c(&index) != sum {
            return Err(damaged());
        }
        Ok(Self { file, places: decode_index(&index)?, filter: None })
    }

    /// With a filter over its keys.
    pub(super) fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// The entry at a key; none if the file says nothing of it.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Option<Vec<u8>>>, StoreError> {
        if !self.may_hold(key) {
            return Ok(None);
        }
        let after = self.places.partition_point(|place| place.first.as_slice() <= key);
        let Some(place) = after.checked_sub(1).map(|at| &self.places[at]) else { return Ok(None) };
        let block = self.block(place)?;
        let mut rest = &block[..];
        while !rest.is_empty() {
            let entry = entry::Entry::next(&mut rest)?;
            match entry.cmp_full(key) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(Some(entry.value.map(<[u8]>::to_vec))),
                Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// False if no key begins so.
    pub(super) fn may_hold(&self, prefix: &[u8]) -> bool {
        self.filter.as_ref().is_none_or(|filter| may_hold(filter, prefix))
    }

    /// The entries from a key on, in order, through all tables.
    pub(super) fn scan(&self, from: Bound<&[u8]>) -> Entries<'_> {
        let key = match from {
            Bound::Included(key) | Bound::Excluded(key) => key,
            Bound::Unbounded => &[],
        };
        let next = self.places.partition_point(|place| place.first.as_slice() <= key).saturating_sub(1);
        Entries { file: self, next, block: Vec::new(), at: 0, from: from.map(<[u8]>::to_vec), ended: false }
    }

    fn block(&self, place: &Place) -> Result<Vec<u8>, StoreError> {
        let mut block = Vec::new();
        self.read_block(place, &mut block)?;
        Ok(block)
    }

    /// The entries of a block, in the place of what is in `block`.
    pub(super) fn read_block(&self, place: &Place, block: &mut Vec<u8>) -> Result<(), StoreError> {
        block.resize(place.len as usize, 0);
        self.file.read_exact_at(block, place.offset).map_err(failed)?;
        let (content, sum) = block.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32c::crc32c(content) != u32::from_be_bytes(*sum) {
            return Err(damaged());
        }
        let len = content.len();
        block.truncate(len);
        Ok(())
    }
}

fn read_at(file: &File, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![0; len];
    let read = file.read_exact_at(&mut bytes, offset);
    read.map_err(|error: io::Error| failed(error)).map(|()| bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], StoreError> {
    let (taken, after) = rest.split_first_chunk().ok_or_else(damaged)?;
    *rest = after;
    Ok(*taken)
}

fn take_slice<'b>(rest: &mut &'b [u8], len: usize) -> Result<&'b [u8], StoreError> {
    let (taken, after) = rest.split_at_checked(len).ok_or_else(damaged)?;
    *rest = after;
    Ok(taken)
}

fn decode_index(mut rest: &[u8]) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::new();
    while !rest.is_empty() {
        let len = u16::from_be_bytes(take(&mut rest)?);
        let first = take_slice(&mut rest, usize::from(len))?.to_vec();
        let offset = u64::from_be_bytes(take(&mut rest)?);
        places.push(Place { first, offset, len: u32::from_be_bytes(take(&mut rest)?) });
    }
    Ok(places)
}

/// The entries of a file, in order. It ends after an error.
pub(super) struct Entries<'a> {
    file: &'a SortedFile,
    next: usize,
    block: Vec<u8>,
    at: usize,
    from: Bound<FullKey>,
    ended: bool,
}

impl Entries<'_> {
    fn advance(&mut self) -> Result<Option<Entry>, StoreError> {
        loop {
            if self.at == self.block.len() {
                let Some(place) = self.file.places.get(self.next) else { return Ok(None) };
                self.block = self.file.block(place)?;
                (self.at, self.next) = (0, self.next + 1);
                continue;
            }
            let mut rest = &self.block[self.at..];
            let entry = entry::Entry::next(&mut rest)?;
            self.at = self.block.len() - rest.len();
            let skipped = match &self.from {
                Bound::Unbounded => false,
                Bound::Included(from) => entry.cmp_full(from) == Ordering::Less,
                Bound::Excluded(from) => entry.cmp_full(from) != Ordering::Greater,
            };
            if !skipped {
                self.from = Bound::Unbounded;
                let full = full_key_of(entry.table, entry.key);
                return Ok(Some((full, entry.value.map(<[u8]>::to_vec))));
            }
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.advance().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

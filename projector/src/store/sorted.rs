//! Rows in one file, in the order of their keys: written once, front to back, and only read afterwards.
//!
//! ```text
//! block   entries up to about BLOCK_BYTES, CRC-32C of them
//! …
//! index   for each block: its first key, its place
//! footer  place of the index, how many entries, CRC-32C of index and footer
//! entry   table (1), length of the key (2), length of the value or REMOVED (4), key, value
//! ```
//!
//! Checksums tell damage from rows; what a row says is sealed, and tells by itself whether it was changed.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::path::Path;

use vandel_ledger::filter::Filter;

use crate::store::filter::may_hold;
use crate::store::{StoreError, Table};

/// What a block of entries is filled to.
const BLOCK_BYTES: usize = 16 * 1024;
/// How many bytes are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;
/// The length of a removed entry's value.
const REMOVED: u32 = u32::MAX;
/// An entry without key and value.
const ENTRY_HEAD_BYTES: usize = 7;
const MAGIC: [u8; 8] = *b"VVrows1\0";
const FOOTER_BYTES: usize = 8 + 8 + 8 + 8 + 4 + 4;

/// A key with its table in front: what entries are ordered by.
pub(super) type FullKey = Vec<u8>;
/// A key, and its value or that it is gone.
pub(super) type Entry = (FullKey, Option<Vec<u8>>);

/// A key with its table in front.
pub(super) fn full_key(table: Table, key: &[u8]) -> FullKey {
    let mut full = Vec::with_capacity(1 + key.len());
    full.push(table as u8);
    full.extend_from_slice(key);
    full
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

fn damaged() -> StoreError {
    StoreError("the rows are damaged".to_owned())
}

/// Where a block stands.
struct Place {
    first: FullKey,
    offset: u64,
    len: u32,
}

/// Writes a file of rows. Keys come in ascending order.
pub(super) struct SortedWriter {
    file: File,
    buffer: Vec<u8>,
    written: u64,
    block: Vec<u8>,
    places: Vec<Place>,
    last: FullKey,
    entries: u64,
}

impl SortedWriter {
    /// A new file.
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        let file = File::create_new(path).map_err(failed)?;
        Ok(Self {
            file,
            buffer: Vec::with_capacity(BUFFER_BYTES + 2 * BLOCK_BYTES),
            written: 0,
            block: Vec::with_capacity(2 * BLOCK_BYTES),
            places: Vec::new(),
            last: FullKey::new(),
            entries: 0,
        })
    }

    /// Adds an entry after all others.
    pub(super) fn push(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        if self.entries > 0 && key <= self.last.as_slice() {
            return Err(StoreError("rows came out of order".to_owned()));
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        self.entries += 1;
        if self.block.is_empty() {
            self.places.push(Place { first: key.to_vec(), offset: 0, len: 0 });
        }
        let key_len = u16::try_from(key.len() - 1).map_err(failed)?;
        let value_len = match value {
            Some(value) => {
                u32::try_from(value.len()).ok().filter(|len| *len != REMOVED).ok_or_else(damaged)?
            }
            None => REMOVED,
        };
        self.block.push(key[0]);
        self.block.extend_from_slice(&key_len.to_be_bytes());
        self.block.extend_from_slice(&value_len.to_be_bytes());
        self.block.extend_from_slice(&key[1..]);
        self.block.extend_from_slice(value.unwrap_or_default());
        if self.block.len() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let sum = crc32c::crc32c(&self.block);
        self.block.extend_from_slice(&sum.to_be_bytes());
        if let Some(place) = self.places.last_mut() {
            place.offset = self.written + self.buffer.len() as u64;
            place.len = u32::try_from(self.block.len()).map_err(failed)?;
        }
        self.buffer.append(&mut self.block);
        if self.buffer.len() >= BUFFER_BYTES { self.write_buffer() } else { Ok(()) }
    }

    fn write_buffer(&mut self) -> Result<(), StoreError> {
        self.file.write_all(&self.buffer).map_err(failed)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the file, and syncs it. Nothing rests on it, but a half one would be built anew at the next start.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.end_block()?;
        let index_offset = self.written + self.buffer.len() as u64;
        let mut index = Vec::new();
        for place in &self.places {
            index.extend_from_slice(&u16::try_from(place.first.len()).map_err(failed)?.to_be_bytes());
            index.extend_from_slice(&place.first);
            index.extend_from_slice(&place.offset.to_be_bytes());
            index.extend_from_slice(&place.len.to_be_bytes());
        }
        let mut footer = MAGIC.to_vec();
        footer.extend_from_slice(&index_offset.to_be_bytes());
        footer.extend_from_slice(&(index.len() as u64).to_be_bytes());
        footer.extend_from_slice(&self.entries.to_be_bytes());
        footer.extend_from_slice(&crc32c::crc32c(&index).to_be_bytes());
        let sum = crc32c::crc32c(&footer);
        footer.extend_from_slice(&sum.to_be_bytes());
        self.buffer.append(&mut index);
        self.buffer.append(&mut footer);
        self.write_buffer()?;
        self.file.sync_all().map_err(failed)
    }
}

/// A file of rows.
pub(super) struct SortedFile {
    file: File,
    places: Vec<Place>,
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
            let (table, found, value) = next_entry(&mut rest)?;
            match table.cmp(&key[0]).then_with(|| found.cmp(&key[1..])) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Ok(Some(value.map(<[u8]>::to_vec))),
                std::cmp::Ordering::Greater => break,
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
        let mut block = read_at(&self.file, place.offset, place.len as usize)?;
        let (content, sum) = block.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32c::crc32c(content) != u32::from_be_bytes(*sum) {
            return Err(damaged());
        }
        let len = content.len();
        block.truncate(len);
        Ok(block)
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

/// An entry in its block: table, key, value unless it is gone.
type Held<'b> = (u8, &'b [u8], Option<&'b [u8]>);

fn next_entry<'b>(rest: &mut &'b [u8]) -> Result<Held<'b>, StoreError> {
    let head: [u8; ENTRY_HEAD_BYTES] = take(rest)?;
    let key_len = u16::from_be_bytes([head[1], head[2]]);
    let value_len = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    let key = take_slice(rest, usize::from(key_len))?;
    let value = (value_len != REMOVED).then(|| take_slice(rest, value_len as usize)).transpose()?;
    Ok((head[0], key, value))
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
            let (table, key, value) = next_entry(&mut rest)?;
            self.at = self.block.len() - rest.len();
            let is_before = |from: &[u8]| {
                (table, key) < (from.first().copied().unwrap_or(0), from.get(1..).unwrap_or_default())
            };
            let is_at =
                |from: &[u8]| from.split_first().is_some_and(|(first, from)| (*first, from) == (table, key));
            let skipped = match &self.from {
                Bound::Unbounded => false,
                Bound::Included(from) => is_before(from),
                Bound::Excluded(from) => is_before(from) || is_at(from),
            };
            if !skipped {
                self.from = Bound::Unbounded;
                let mut full = Vec::with_capacity(1 + key.len());
                full.push(table);
                full.extend_from_slice(key);
                return Ok(Some((full, value.map(<[u8]>::to_vec))));
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

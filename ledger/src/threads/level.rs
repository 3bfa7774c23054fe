//! One sealed file of rows in the order of their keys: written once, front to back, and only read afterwards.
//!
//! ```text
//! block   rows up to about BLOCK_BYTES, sealed
//! …
//! index   for each block its first key and its length; the filter over all rows; sealed
//! row     length of the key (1), length of the value or REMOVED (4), key, value
//! ```
//!
//! Everything is sealed under the snapshot's key and bound to the ledger, to the file's own random id and to its place
//! in it. So bytes that open are the bytes that were written there, and anything else is damage.

use std::ops::Bound;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vandel_core::id::LedgerId;
use zeroize::Zeroizing;

use super::ThreadsError;
use crate::disk::{Disk, DiskFile, Open};
use crate::filter::Filter;
use crate::vault::DataKey;

/// What a block of rows is filled to: one look-up opens one block.
const BLOCK_BYTES: usize = 8 * 1024;
/// How many bytes are gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;
/// A row takes the room of two in the filter. A new thread is asked for in every file: with the room of one, each file's
/// filter is wrong once in a hundred times and a block is opened in vain; with that of two, once in three thousand.
const ROOM_EACH: usize = 2;
/// The length of a removed row's value.
const REMOVED: u32 = u32::MAX;
/// What decides in the filter: the table, and the id that the key begins with.
const GROUP_BYTES: usize = 1 + 16;
/// The place of the index, as it is bound.
const INDEX: u64 = u64::MAX;
/// In front of the names of these files.
pub(super) const PREFIX: &str = "threads-";

/// A key, and its value or that it is gone.
pub(super) type Row = (Vec<u8>, Option<Vec<u8>>);

/// What must be known of a file to open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LevelHead {
    /// Its random name.
    id: [u8; 16],
    /// Where the index begins, and its length.
    index: (u64, u64),
    /// How many rows.
    rows: u64,
}

impl LevelHead {
    /// The file's name in its folder.
    pub(super) fn file_name(&self) -> String {
        let digits: String = self.id.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{digits}")
    }

    /// How many rows.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }
}

/// What seals a file, and what it is bound to.
#[derive(Clone)]
struct Seal {
    key: DataKey,
    ledger: LedgerId,
    id: [u8; 16],
}

impl Seal {
    fn binding(&self, place: u64) -> Vec<u8> {
        [b"vandel/v1/threads\0", &self.ledger.0[..], &self.id, &place.to_be_bytes()].concat()
    }

    fn seal(&self, place: u64, plaintext: &[u8]) -> Result<Vec<u8>, ThreadsError> {
        Ok(self.key.seal(&self.binding(place), plaintext)?)
    }

    fn open(&self, place: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ThreadsError> {
        self.key.open(&self.binding(place), sealed).ok_or(ThreadsError::Damaged)
    }
}

/// Where blocks stand, and what may be in them.
#[derive(Serialize, Deserialize)]
struct Index {
    /// Each block's first key and sealed length.
    blocks: Vec<(Vec<u8>, u32)>,
    filter: Vec<u64>,
}

/// Writes a file of rows. Keys come in ascending order.
pub(super) struct LevelWriter {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    seal: Seal,
    buffer: Vec<u8>,
    written: u64,
    block: Zeroizing<Vec<u8>>,
    first: Vec<u8>,
    index: Index,
    filter: Filter,
    last: Vec<u8>,
    rows: u64,
}

impl LevelWriter {
    /// A new file with a random name, with room for about so many rows in its filter.
    pub(super) fn create(
        disk: &dyn Disk,
        folder: &Path,
        (key, ledger): (&DataKey, LedgerId),
        room: usize,
    ) -> Result<Self, ThreadsError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| crate::vault::VaultError::NoRandomness)?;
        let head = LevelHead { id, index: (0, 0), rows: 0 };
        let path = folder.join(head.file_name());
        Ok(Self {
            file: disk.open(&path, Open::CreateNew)?,
            path,
            seal: Seal { key: key.clone(), ledger, id },
            buffer: Vec::with_capacity(BUFFER_BYTES + 2 * BLOCK_BYTES),
            written: 0,
            block: Zeroizing::new(Vec::with_capacity(2 * BLOCK_BYTES)),
            first: Vec::new(),
            index: Index { blocks: Vec::new(), filter: Vec::new() },
            filter: Filter::with_room(ROOM_EACH * room),
            last: Vec::new(),
            rows: 0,
        })
    }

    /// Where it lies, so that a file that was not finished can be removed.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a row after all others.
    pub(super) fn push(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), ThreadsError> {
        let (Ok(key_len), true) = (u8::try_from(key.len()), self.rows == 0 || key > self.last.as_slice())
        else {
            return Err(ThreadsError::Damaged);
        };
        self.last.clear();
        self.last.extend_from_slice(key);
        self.rows += 1;
        if let Some(group) = key.get(..GROUP_BYTES) {
            self.filter.add(group);
        }
        if self.block.is_empty() {
            self.first = key.to_vec();
        }
        let value_len = match value {
            Some(value) => u32::try_from(value.len()).ok().filter(|len| *len != REMOVED),
            None => Some(REMOVED),
        };
        self.block.push(key_len);
        self.block.extend_from_slice(&value_len.ok_or(ThreadsError::Damaged)?.to_be_bytes());
        self.block.extend_from_slice(key);
        self.block.extend_from_slice(value.unwrap_or_default());
        if self.block.len() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), ThreadsError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let sealed = self.seal.seal(self.index.blocks.len() as u64, &self.block)?;
        self.block.clear();
        let len = u32::try_from(sealed.len()).map_err(|_| ThreadsError::Damaged)?;
        self.index.blocks.push((std::mem::take(&mut self.first), len));
        self.buffer.extend_from_slice(&sealed);
        if self.buffer.len() >= BUFFER_BYTES { self.write_buffer() } else { Ok(()) }
    }

    fn write_buffer(&mut self) -> Result<(), ThreadsError> {
        self.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the file and syncs it; its name is durable once its folder is.
    pub(super) fn finish(mut self) -> Result<Level, ThreadsError> {
        self.end_block()?;
        let at = self.written + self.buffer.len() as u64;
        self.index.filter = self.filter.words().to_vec();
        let sealed = self.seal.seal(INDEX, &vandel_core::codec::encode_body(&self.index))?;
        self.buffer.extend_from_slice(&sealed);
        self.write_buffer()?;
        self.file.sync()?;
        let head = LevelHead { id: self.seal.id, index: (at, sealed.len() as u64), rows: self.rows };
        Level::new(head, self.file, self.seal, self.index)
    }
}

/// A file of rows.
pub(crate) struct Level {
    head: LevelHead,
    file: Box<dyn DiskFile>,
    seal: Seal,
    /// Each block's first key and where it begins and ends.
    blocks: Vec<(Box<[u8]>, u64, u64)>,
    filter: Filter,
}

impl Level {
    /// Opens a file and reads its index: about 60 bytes for each block, and twenty bits for each row, stay in memory.
    pub(super) fn open(
        disk: &dyn Disk,
        folder: &Path,
        (key, ledger): (&DataKey, LedgerId),
        head: LevelHead,
    ) -> Result<Self, ThreadsError> {
        let file = disk.open(&folder.join(head.file_name()), Open::Read)?;
        let (at, len) = head.index;
        if at.checked_add(len) != Some(file.len()?) {
            return Err(ThreadsError::Damaged);
        }
        let seal = Seal { key: key.clone(), ledger, id: head.id };
        let index = seal.open(INDEX, &read_at(&*file, at, len)?)?;
        let index = postcard::from_bytes(&index).map_err(|_| ThreadsError::Damaged)?;
        Self::new(head, file, seal, index)
    }

    fn new(head: LevelHead, file: Box<dyn DiskFile>, seal: Seal, index: Index) -> Result<Self, ThreadsError> {
        let mut at = 0;
        let placed = index.blocks.into_iter().map(|(first, len)| {
            let begin = at;
            at += u64::from(len);
            (first.into_boxed_slice(), begin, at)
        });
        let blocks = placed.collect();
        let filter = Filter::from_words(index.filter).ok_or(ThreadsError::Damaged)?;
        Ok(Self { head, file, seal, blocks, filter })
    }

    pub(super) fn head(&self) -> LevelHead {
        self.head
    }

    /// The row at a key; none if the file says nothing of it.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Option<Vec<u8>>>, ThreadsError> {
        if !self.may_hold(key) {
            return Ok(None);
        }
        let after = self.blocks.partition_point(|(first, ..)| **first <= *key);
        let Some(number) = after.checked_sub(1) else { return Ok(None) };
        let block = self.block(number)?;
        let mut rest = &block[..];
        while !rest.is_empty() {
            let (found, value) = next_row(&mut rest)?;
            match found.cmp(key) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Ok(Some(value.map(<[u8]>::to_vec))),
                std::cmp::Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    /// False if no key begins like this one.
    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        key.get(..GROUP_BYTES).is_none_or(|group| self.filter.may_hold(group))
    }

    /// The rows from a key on, in order.
    pub(super) fn scan(&self, from: &[u8]) -> Rows<'_> {
        let next = self.blocks.partition_point(|(first, ..)| **first <= *from).saturating_sub(1);
        Rows {
            level: self,
            next,
            block: Zeroizing::default(),
            at: 0,
            from: Bound::Included(from.to_vec()),
            ended: false,
        }
    }

    fn block(&self, number: usize) -> Result<Zeroizing<Vec<u8>>, ThreadsError> {
        let (_, begin, end) = &self.blocks[number];
        self.seal.open(number as u64, &read_at(&*self.file, *begin, end - begin)?)
    }
}

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Level").field("head", &self.head).finish_non_exhaustive()
    }
}

fn read_at(file: &dyn DiskFile, at: u64, len: u64) -> Result<Vec<u8>, ThreadsError> {
    let mut bytes = vec![0; usize::try_from(len).map_err(|_| ThreadsError::Damaged)?];
    file.read_exact_at(&mut bytes, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ThreadsError::Damaged,
        _ => ThreadsError::Io(error),
    })?;
    Ok(bytes)
}

fn next_row<'b>(rest: &mut &'b [u8]) -> Result<(&'b [u8], Option<&'b [u8]>), ThreadsError> {
    let mut take = |len: usize| {
        let (taken, after) = rest.split_at_checked(len).ok_or(ThreadsError::Damaged)?;
        *rest = after;
        Ok::<_, ThreadsError>(taken)
    };
    let key_len = usize::from(take(1)?[0]);
    let value_len = take(4)?.first_chunk().map_or(0, |len| u32::from_be_bytes(*len));
    let key = take(key_len)?;
    let value = (value_len != REMOVED).then(|| take(value_len as usize)).transpose()?;
    Ok((key, value))
}

/// The rows of a file, in order. It ends after an error.
pub(super) struct Rows<'a> {
    level: &'a Level,
    next: usize,
    block: Zeroizing<Vec<u8>>,
    at: usize,
    from: Bound<Vec<u8>>,
    ended: bool,
}

impl Rows<'_> {
    fn advance(&mut self) -> Result<Option<Row>, ThreadsError> {
        loop {
            if self.at == self.block.len() {
                if self.next == self.level.blocks.len() {
                    return Ok(None);
                }
                self.block = self.level.block(self.next)?;
                (self.at, self.next) = (0, self.next + 1);
                continue;
            }
            let mut rest = &self.block[self.at..];
            let (key, value) = next_row(&mut rest)?;
            self.at = self.block.len() - rest.len();
            if !matches!(&self.from, Bound::Included(from) if key < from.as_slice()) {
                self.from = Bound::Unbounded;
                return Ok(Some((key.to_vec(), value.map(<[u8]>::to_vec))));
            }
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, ThreadsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.advance().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

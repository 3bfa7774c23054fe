//! Where the parts of a bundle's records are, and under which keys.
//!
//! This is what would link the steps of one case, so it lies sealed: in the frames of the open
//! segment under the segment's key, and after a rotation in one page for each bundle. An erasure
//! writes the page anew under a new key; from then on no copy of the old one opens, and what the
//! bundle's own copies still hold are ciphertexts of which nobody can tell which belong together.

use vandel_core::codec::{DecodeError, Reader};
use vandel_core::hash::Hash;
use zeroize::Zeroizing;

use super::seal::KeyId;

const WHAT: &str = "a bundle's index";

/// One record's entry; its parts stand in [`Index::parts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) record: u64,
    pub(super) statement: Hash,
    first_part: u32,
    part_count: u8,
}

/// One part: which slot, under which key (`None` once erased), and where in the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexPart {
    pub(super) slot: u8,
    pub(super) key: Option<KeyId>,
    pub(super) offset: u32,
    pub(super) len: u32,
}

/// The records of one bundle, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    entries: Vec<IndexEntry>,
    parts: Vec<IndexPart>,
}

impl Index {
    /// Adds a record after all others.
    pub(super) fn push(&mut self, record: u64, statement: Hash, parts: impl IntoIterator<Item = IndexPart>) {
        let first = self.parts.len();
        self.parts.extend(parts);
        let first_part = u32::try_from(first).expect("a bundle is shorter than 4 GiB");
        let part_count = u8::try_from(self.parts.len() - first).expect("a record has at most 255 parts");
        self.entries.push(IndexEntry { record, statement, first_part, part_count });
    }

    /// Adds all records of an index that follows this one.
    pub(super) fn append(&mut self, later: &Self) {
        for (entry, parts) in later.iter() {
            self.push(entry.record, entry.statement, parts.iter().copied());
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn first_record(&self) -> Option<u64> {
        self.entries.first().map(|entry| entry.record)
    }

    pub(super) fn last_record(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.record)
    }

    /// The entry at a position, counted from zero.
    pub(super) fn get(&self, position: usize) -> Option<(&IndexEntry, &[IndexPart])> {
        let entry = self.entries.get(position)?;
        let first = entry.first_part as usize;
        Some((entry, &self.parts[first..first + usize::from(entry.part_count)]))
    }

    /// The position of the first record that is not below `record`.
    pub(super) fn position(&self, record: u64) -> usize {
        self.entries.partition_point(|entry| entry.record < record)
    }

    /// The entry of a record.
    pub(super) fn find(&self, record: u64) -> Option<(&IndexEntry, &[IndexPart])> {
        self.get(self.position(record)).filter(|(entry, _)| entry.record == record)
    }

    /// All entries in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&IndexEntry, &[IndexPart])> {
        (0..self.entries.len()).filter_map(|position| self.get(position))
    }

    /// All parts that are not erased, mutable, with their records' numbers.
    pub(super) fn parts_mut(&mut self, record: u64) -> &mut [IndexPart] {
        let position = self.position(record);
        match self.entries.get(position) {
            Some(entry) if entry.record == record => {
                let first = entry.first_part as usize;
                &mut self.parts[first..first + usize::from(entry.part_count)]
            }
            _ => &mut [],
        }
    }

    /// Removes all records from `record` on and returns their parts.
    pub(super) fn split_off(&mut self, record: u64) -> Vec<IndexPart> {
        let position = self.position(record);
        match self.entries.get(position) {
            Some(entry) => {
                let parts = self.parts.split_off(entry.first_part as usize);
                self.entries.truncate(position);
                parts
            }
            None => Vec::new(),
        }
    }

    /// The bytes that a page or a frame holds.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(4 + self.entries.len() * 41 + self.parts.len() * 26));
        self.encode_into(&mut out);
        out
    }

    pub(super) fn encode_into(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.entries.len()).expect("a bundle is shorter than 4 GiB");
        out.extend_from_slice(&count.to_be_bytes());
        for (entry, parts) in self.iter() {
            out.extend_from_slice(&entry.record.to_be_bytes());
            out.extend_from_slice(&entry.statement.0);
            out.push(entry.part_count);
            for part in parts {
                out.push(part.slot);
                out.push(u8::from(part.key.is_some()));
                out.extend_from_slice(&part.key.map_or([0; 16], |key| key.0));
                out.extend_from_slice(&part.offset.to_be_bytes());
                out.extend_from_slice(&part.len.to_be_bytes());
            }
        }
    }

    /// Reads what [`Index::encode`] wrote.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, WHAT, usize::MAX)?;
        let count = reader.u32(WHAT)? as usize;
        let mut index = Self::default();
        index.entries.reserve(count.min(bytes.len() / 41));
        index.parts.reserve(bytes.len() / 64);
        for _ in 0..count {
            let record = reader.u64(WHAT)?;
            let statement = Hash(reader.array(WHAT)?);
            let part_count = reader.u8(WHAT)?;
            if index.last_record().is_some_and(|last| last >= record) {
                return Err(DecodeError::BadValue { what: WHAT });
            }
            let first_part =
                u32::try_from(index.parts.len()).map_err(|_| DecodeError::BadValue { what: WHAT })?;
            for _ in 0..part_count {
                index.parts.push(decode_part(&mut reader)?);
            }
            index.entries.push(IndexEntry { record, statement, first_part, part_count });
        }
        reader.finish(WHAT)?;
        Ok(index)
    }
}

fn decode_part(reader: &mut Reader<'_>) -> Result<IndexPart, DecodeError> {
    let slot = reader.u8(WHAT)?;
    let live = reader.u8(WHAT)?;
    let key = KeyId(reader.array(WHAT)?);
    let key = match live {
        0 if key == KeyId([0; 16]) => None,
        1 => Some(key),
        _ => return Err(DecodeError::BadValue { what: WHAT }),
    };
    Ok(IndexPart { slot, key, offset: reader.u32(WHAT)?, len: reader.u32(WHAT)? })
}

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
/// An entry without its parts: record, statement, and how many parts there are.
const ENTRY_BYTES: usize = 8 + 32 + 1;
/// A part: slot, whether there is a key, which, offset and length.
const PART_BYTES: usize = 1 + 1 + 16 + 4 + 4;

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
        let mut out = Zeroizing::new(Vec::with_capacity(
            4 + self.entries.len() * ENTRY_BYTES + self.parts.len() * PART_BYTES,
        ));
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
        let mut index = Self::default();
        index.entries.reserve(bytes.len() / (ENTRY_BYTES + PART_BYTES));
        index.parts.reserve(bytes.len() / (ENTRY_BYTES + PART_BYTES));
        read(bytes, |item| match item {
            Item::Entry { record, statement } => index.push(record, statement, []),
            Item::Part { part, .. } => {
                index.parts.push(part);
                index.entries.last_mut().into_iter().for_each(|entry| entry.part_count += 1);
            }
        })?;
        Ok(index)
    }
}

/// What is left of an index after parts of it were forgotten in its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forgotten {
    /// The parts, as they were.
    pub(super) parts: Vec<IndexPart>,
    /// The first record and the last; none if there is none.
    pub(super) bounds: Option<(u64, u64)>,
}

/// Forgets the keys of parts in the bytes that [`Index::encode`] wrote: of those of the named records, ascending, under a
/// key that is to be forgotten. As reading the index, changing and writing it would do.
pub(super) fn forget_in_bytes<'r>(
    bytes: &mut [u8],
    named: impl IntoIterator<Item = &'r u64>,
    is_forgotten: impl Fn(&KeyId) -> bool,
) -> Result<Forgotten, DecodeError> {
    let (mut named, mut is_named) = (named.into_iter().peekable(), false);
    let (mut places, mut forgotten) = (Vec::new(), Forgotten { parts: Vec::new(), bounds: None });
    read(bytes, |item| match item {
        Item::Entry { record, .. } => {
            while named.next_if(|next| **next < record).is_some() {}
            is_named = named.peek().is_some_and(|next| **next == record);
            forgotten.bounds = Some((forgotten.bounds.map_or(record, |(first, _)| first), record));
        }
        Item::Part { part, at } if is_named && part.key.is_some_and(|key| is_forgotten(&key)) => {
            places.push(at);
            forgotten.parts.push(part);
        }
        Item::Part { .. } => {}
    })?;
    // Behind the slot: that there is a key, and which.
    places.into_iter().for_each(|at| bytes[at + 1..at + 18].fill(0));
    Ok(forgotten)
}

/// What an index's bytes consist of, in their order.
enum Item {
    Entry {
        record: u64,
        statement: Hash,
    },
    /// Of the entry before.
    Part {
        part: IndexPart,
        /// Where in the bytes it stands.
        at: usize,
    },
}

/// Reads an index's bytes, all of them and nothing else.
fn read(bytes: &[u8], mut item: impl FnMut(Item)) -> Result<(), DecodeError> {
    let mut reader = Reader::new(bytes, WHAT, usize::MAX)?;
    let mut last = None;
    for _ in 0..reader.u32(WHAT)? {
        let record = reader.u64(WHAT)?;
        if last.replace(record).is_some_and(|last| last >= record) {
            return Err(DecodeError::BadValue { what: WHAT });
        }
        item(Item::Entry { record, statement: Hash(reader.array(WHAT)?) });
        for _ in 0..reader.u8(WHAT)? {
            let at = bytes.len() - reader.rest().len();
            item(Item::Part { part: decode_part(&mut reader)?, at });
        }
    }
    reader.finish(WHAT)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn index() -> impl Strategy<Value = Index> {
        let part = (any::<u8>(), prop::option::of(0..4_u8), any::<u32>(), any::<u32>());
        let part = part.prop_map(|(slot, key, offset, len)| {
            let key = key.map(|key| KeyId([key; 16]));
            IndexPart { slot, key, offset, len }
        });
        let entry = (1..4_u64, any::<[u8; 32]>(), prop::collection::vec(part, 0..4));
        prop::collection::vec(entry, 0..12).prop_map(|entries| {
            let (mut index, mut record) = (Index::default(), 0);
            for (step, statement, parts) in entries {
                record += step;
                index.push(record, Hash(statement), parts);
            }
            index
        })
    }

    proptest! {
        #[test]
        fn what_is_forgotten_in_the_bytes_is_what_is_forgotten_in_the_index(
            mut index in index(),
            named in prop::collection::btree_set(0..40_u64, 0..20),
            keys in prop::collection::btree_set(0..4_u8, 0..4),
        ) {
            let mut bytes = index.encode();
            prop_assert_eq!(&Index::decode(&bytes).expect("an index"), &index);
            let keys: BTreeSet<KeyId> = keys.into_iter().map(|key| KeyId([key; 16])).collect();
            let bounds = index.first_record().zip(index.last_record());
            let mut parts = Vec::new();
            for record in &named {
                for part in index.parts_mut(*record) {
                    if part.key.is_some_and(|key| keys.contains(&key)) {
                        parts.push(*part);
                        part.key = None;
                    }
                }
            }
            let forgotten = forget_in_bytes(&mut bytes, &named, |key| keys.contains(key)).expect("an index");
            prop_assert_eq!(forgotten, Forgotten { parts, bounds });
            prop_assert_eq!(&bytes, &index.encode());
        }

        #[test]
        fn bytes_that_are_no_index_are_refused_and_stay_as_they_are(index in index(), at in any::<prop::sample::Index>()) {
            let sound = index.encode();
            let cut = at.index(sound.len());
            let mut bytes = sound[..cut].to_vec();
            prop_assert!(Index::decode(&bytes).is_err());
            prop_assert!(forget_in_bytes(&mut bytes, &(0..40).collect::<Vec<_>>(), |_| true).is_err());
            prop_assert_eq!(&bytes, &sound[..cut]);
        }
    }
}

//! Opening entries: one by its number, or all in order.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::bundle::file_name;
use super::index::{Index, IndexEntry, IndexPart};
use super::seal::{KeyId, ReadyKey, part_binding, unpad};
use super::{Opened, Part, Vault, VaultError};
use crate::disk::{Open, read_all};
use crate::name_hash::NameMap;

/// So many records' parts are read together: what one core opens while the bytes are still at hand.
const STRETCH_RECORDS: usize = 128;

impl Vault {
    /// A record's entry; `None` if it has none. A part whose bytes are gone or changed is
    /// [`Part::Damaged`]; a damaged index or shard is an error.
    pub fn get(&self, record: u64) -> Result<Option<Opened>, VaultError> {
        for (number, index) in self.segment.indexes.iter().rev() {
            if index.first_record().is_some_and(|first| first <= record) {
                return index
                    .find(record)
                    .map(|(entry, parts)| self.open_at(*number, entry, parts))
                    .transpose();
            }
        }
        let Some(number) = self.folded_bundle_of(record) else { return Ok(None) };
        let Some(index) = self.index_page(number)? else { return Ok(None) };
        let number = super::shards::index_u32(number);
        index.find(record).map(|(entry, parts)| self.open_at(number, entry, parts)).transpose()
    }

    /// The entries of these records, which ascend, as [`Vault::get`] gives them: each bundle is read once, the parts are
    /// opened on all cores, and each entry is looked at on the core that has opened it, while it is still at hand.
    pub fn see_all<W: Sync, T: Send>(
        &self,
        wanted: &[W],
        record_of: impl Fn(&W) -> u64 + Sync,
        see: impl Fn(&W, Result<Option<Opened>, VaultError>) -> T + Sync,
    ) -> Vec<T> {
        let mut stretches: Vec<(Option<usize>, &[W])> = Vec::new();
        let mut left = wanted;
        while let Some(first) = left.first() {
            let (bundle, end) = self.bundle_of(record_of(first));
            let of_bundle = left.partition_point(|wanted| end.is_none_or(|end| record_of(wanted) < end));
            let (these, rest) = left.split_at(of_bundle.max(1));
            stretches.extend(these.chunks(STRETCH_RECORDS).map(|wanted| (bundle, wanted)));
            left = rest;
        }
        let seen =
            stretches.par_iter().map(|(bundle, wanted)| self.see_stretch(*bundle, wanted, &record_of, &see));
        seen.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// As [`Vault::see_all`], of one bundle: its bytes are read, and looked at while they are at hand.
    fn see_stretch<W, T>(
        &self,
        bundle: Option<usize>,
        wanted: &[W],
        record_of: impl Fn(&W) -> u64,
        see: impl Fn(&W, Result<Option<Opened>, VaultError>) -> T,
    ) -> Vec<T> {
        let index = bundle.map_or(Ok(WholeIndex::default()), |number| self.index_of(number));
        let opened = index.and_then(|index| {
            let found: Vec<Option<Found<'_>>> =
                wanted.iter().map(|wanted| index.find(record_of(wanted))).collect();
            let (bytes, base) = self.bytes_of(bundle, &found)?;
            let keys = self.keys_of(&found)?;
            let mut keys = keys.in_order();
            let mut open = |(entry, parts): Found<'_>| {
                self.open_parts_with(entry, parts, (&bytes, base), || Ok(keys.next().flatten()))
            };
            let opened = found.into_iter().map(|found| found.map(&mut open).transpose());
            Ok(wanted.iter().zip(opened).map(|(wanted, opened)| see(wanted, opened)).collect())
        });
        // One by one, so that each says what is wrong with it.
        let each = |wanted: &W| see(wanted, self.get(record_of(wanted)));
        opened.unwrap_or_else(|_: VaultError| wanted.iter().map(each).collect())
    }

    /// The keys of these entries' parts. In a stretch of records one key may be that of many parts, since a case's steps
    /// often stand close together.
    fn keys_of(&self, found: &[Option<Found<'_>>]) -> Result<StretchKeys, VaultError> {
        let (mut known, mut names, mut order) = (NameMap::<KeyId, usize>::default(), Vec::new(), Vec::new());
        for name in found.iter().flatten().flat_map(|(_, parts)| names_of(parts)) {
            order.push(*known.entry(name).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            }));
        }
        let keys = self.keys(&names)?;
        Ok(StretchKeys { ready: keys.into_iter().map(|key| key.map(|key| key.ready())).collect(), order })
    }

    /// The bundle that can hold a record, and the first record that is none of its.
    fn bundle_of(&self, record: u64) -> (Option<usize>, Option<u64>) {
        let mut end = None;
        for (number, index) in self.segment.indexes.iter().rev() {
            match index.first_record() {
                Some(first) if first <= record => return (Some(*number as usize), end),
                first => end = first.or(end),
            }
        }
        let folded = self.folded_bundle_of(record);
        let next = self.manifest.bundles.get(folded.map_or(0, |number| number + 1));
        (folded, next.map(|bundle| bundle.first_record).or(end))
    }

    /// The bytes of a bundle that hold these entries' parts, and where they begin in it.
    fn bytes_of(
        &self,
        bundle: Option<usize>,
        found: &[Option<Found<'_>>],
    ) -> Result<(Vec<u8>, u32), VaultError> {
        let Some(number) = bundle else { return Ok((Vec::new(), 0)) };
        let live = || found.iter().flatten().flat_map(|(_, parts)| *parts).filter(|part| part.key.is_some());
        let base = live().map(|part| part.offset).min().unwrap_or(0);
        let end = live().map(|part| part.offset.saturating_add(part.len)).max().unwrap_or(0);
        let mut bytes = vec![0; (end - base) as usize];
        let file = file_name(super::shards::index_u32(number));
        let opened = self.disk.open(&self.folder.join(&file), Open::Read);
        opened
            .and_then(|opened| opened.read_exact_at(&mut bytes, u64::from(base)))
            .map_err(VaultError::io(file))?;
        Ok((bytes, base))
    }

    /// The only bundle whose index page can hold this record.
    pub(super) fn folded_bundle_of(&self, record: u64) -> Option<usize> {
        self.manifest.bundles.partition_point(|bundle| bundle.first_record <= record).checked_sub(1)
    }

    /// All entries from a record on, in order. One bundle at a time is in memory.
    pub fn records(&self, from: u64) -> Records<'_> {
        let bundle = self.folded_bundle_of(from).unwrap_or(0);
        Records { vault: self, next_bundle: bundle, from, current: None }
    }

    /// How many bundles there are or may be.
    pub(super) fn bundle_count(&self) -> usize {
        let tail = self.segment.indexes.last_key_value().map_or(0, |(number, _)| *number as usize + 1);
        tail.max(self.manifest.bundles.len())
    }

    /// The whole index of a bundle: what is folded and what the open segment added.
    pub(super) fn index_of(&self, number: usize) -> Result<WholeIndex<'_>, VaultError> {
        let folded = self.index_page(number)?;
        let tail = self.segment.indexes.get(&super::shards::index_u32(number));
        Ok(match (folded, tail) {
            (None, None) => WholeIndex::default(),
            (Some(folded), None) => WholeIndex::Shared(folded),
            (None, Some(tail)) => WholeIndex::Lent(tail),
            (Some(folded), Some(tail)) => {
                let mut whole = Index::clone(&folded);
                whole.append(tail);
                WholeIndex::Shared(Arc::new(whole))
            }
        })
    }

    fn open_at(&self, number: u32, entry: &IndexEntry, parts: &[IndexPart]) -> Result<Opened, VaultError> {
        let live = || parts.iter().filter(|part| part.key.is_some());
        let start = live().map(|part| part.offset).min().unwrap_or(0);
        let end = live().map(|part| part.offset.saturating_add(part.len)).max().unwrap_or(0);
        let mut bytes = vec![0; (end - start) as usize];
        if !bytes.is_empty() {
            let file = self.disk.open(&self.folder.join(file_name(number)), Open::Read);
            if file.and_then(|file| file.read_exact_at(&mut bytes, u64::from(start))).is_err() {
                // The parts are reported as damaged; the others of the vault stay readable.
                bytes.clear();
            }
        }
        self.open_parts(entry, parts, &bytes, start)
    }

    /// Opens an entry's parts from bytes of its bundle that begin at `base`.
    fn open_parts(
        &self,
        entry: &IndexEntry,
        parts: &[IndexPart],
        bytes: &[u8],
        base: u32,
    ) -> Result<Opened, VaultError> {
        let mut names = names_of(parts);
        let keys = || names.next().map_or(Ok(None), |name| Ok(self.key(&name)?.map(|key| key.ready())));
        self.open_parts_with(entry, parts, (bytes, base), keys)
    }

    /// As [`Vault::open_parts`]; `next_key` gives the keys that [`names_of`] names, in that order.
    fn open_parts_with<K: Borrow<ReadyKey>>(
        &self,
        entry: &IndexEntry,
        parts: &[IndexPart],
        (bytes, base): (&[u8], u32),
        mut next_key: impl FnMut() -> Result<Option<K>, VaultError>,
    ) -> Result<Opened, VaultError> {
        let mut opened = Vec::with_capacity(parts.len());
        // Most records have two parts under their spine's key, of which one comes first.
        let mut first: Option<(KeyId, Option<K>)> = None;
        for part in parts {
            let Some(id) = &part.key else {
                opened.push((part.slot, Part::Erased));
                continue;
            };
            let looked_up;
            let key = if first.as_ref().is_none_or(|(known, _)| known == id) {
                if first.is_none() {
                    first = Some((*id, next_key()?));
                }
                first.as_ref().and_then(|(_, key)| key.as_ref())
            } else {
                looked_up = next_key()?;
                looked_up.as_ref()
            };
            let Some(key) = key else {
                opened.push((part.slot, Part::Erased));
                continue;
            };
            let binding = part_binding(&self.ledger, entry.record, &entry.statement, part.slot, id);
            let start = part.offset.checked_sub(base).map(|start| start as usize);
            let sealed = start.and_then(|start| bytes.get(start..)?.get(..part.len as usize));
            let plaintext: Option<Zeroizing<Vec<u8>>> =
                sealed.and_then(|sealed| key.borrow().open(&binding, sealed)).and_then(unpad);
            opened.push((part.slot, plaintext.map_or(Part::Damaged, Part::Open)));
        }
        Ok(Opened { record: entry.record, statement: entry.statement, parts: opened })
    }
}

/// The keys that are looked up to open an entry's parts, in order. Most records have two parts under their spine's key, of
/// which one comes first; that key is looked up once.
fn names_of(parts: &[IndexPart]) -> impl Iterator<Item = KeyId> {
    let mut names = parts.iter().filter_map(|part| part.key);
    let first = names.next();
    first.into_iter().chain(names.filter(move |name| Some(*name) != first))
}

/// A bundle's index: the open segment's own, or one that others may hold too.
pub(super) enum WholeIndex<'a> {
    Lent(&'a Index),
    Shared(Arc<Index>),
}

impl Default for WholeIndex<'_> {
    fn default() -> Self {
        Self::Shared(Arc::default())
    }
}

impl WholeIndex<'_> {
    /// An index of one's own: copied only if somebody else holds it too.
    pub(super) fn into_owned(self) -> Index {
        match self {
            Self::Lent(index) => index.clone(),
            Self::Shared(index) => Arc::unwrap_or_clone(index),
        }
    }
}

impl Deref for WholeIndex<'_> {
    type Target = Index;

    fn deref(&self) -> &Index {
        match self {
            Self::Lent(index) => index,
            Self::Shared(index) => index,
        }
    }
}

/// A record's entry in an index.
type Found<'i> = (&'i IndexEntry, &'i [IndexPart]);

/// The keys of a stretch of records, each made ready once.
struct StretchKeys {
    ready: Vec<Option<ReadyKey>>,
    order: Vec<usize>,
}

impl StretchKeys {
    /// As they are asked for, one entry after the other.
    fn in_order(&self) -> impl Iterator<Item = Option<&ReadyKey>> {
        self.order.iter().map(|at| self.ready[*at].as_ref())
    }
}

/// All entries from a record on: see [`Vault::records`].
pub struct Records<'a> {
    vault: &'a Vault,
    next_bundle: usize,
    from: u64,
    current: Option<(WholeIndex<'a>, Vec<u8>, usize)>,
}

impl Records<'_> {
    fn load_next_bundle(&mut self) -> Result<(), VaultError> {
        let number = self.next_bundle;
        self.next_bundle += 1;
        let index = self.vault.index_of(number)?;
        let position = index.position(self.from);
        let file = file_name(super::shards::index_u32(number));
        // A bundle that can't be read makes its parts damaged, one by one, so that a count is possible.
        let bytes = read_all(&*self.vault.disk, &self.vault.folder.join(file)).unwrap_or_default();
        self.current = Some((index, bytes, position));
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Opened, VaultError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((index, bytes, position)) = &mut self.current {
                if let Some((entry, parts)) = index.get(*position) {
                    *position += 1;
                    return Some(self.vault.open_parts(entry, parts, bytes, 0));
                }
                self.current = None;
            }
            if self.next_bundle >= self.vault.bundle_count() {
                return None;
            }
            if let Err(error) = self.load_next_bundle() {
                return Some(Err(error));
            }
        }
    }
}

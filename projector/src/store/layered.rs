//! Views on disk: what was built, as sorted files, and what has changed since, in sled over it.
//!
//! A rebuild writes rows in the order of their keys, which a file takes as fast as the disk does and sled at a few
//! microseconds of processor time each (docs/performance.md). Small batches, taken whole or not at all, are what sled
//! is good at. A row in sled hides the one below it; a removed one is a mark.

use std::fs;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use crate::store::blocks::Blocks;
use crate::store::entry::{Lot, Ordered};
use crate::store::filter::{Groups, Known};
use crate::store::merge::Merging;
use crate::store::sled_store::SledStore;
use crate::store::sorted::{Entry, FullKey, SortedFile, SortedWriter, full_key};
use crate::store::{Change, Pairs, StoreError, Table, ViewStore};

/// In front of a value in sled: the row is there, or it is gone.
const PRESENT: u8 = 1;
const REMOVED: u8 = 0;
/// The sorted rows, and the folder of what has changed since.
const ROWS: &str = "rows";
const CHANGES: &str = "changes";

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

/// Sorted rows with changes over them.
pub struct LayeredStore {
    rows: SortedFile,
    changes: SledStore,
}

impl LayeredStore {
    /// Opens the views in a folder that [`Build`] has filled. sled's cache holds at most `cache_bytes`.
    ///
    /// # Errors
    /// If they can't be opened, for whatever reason.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let rows = SortedFile::open(&folder.join(ROWS))?;
        Ok(Self { rows, changes: SledStore::open(&folder.join(CHANGES), cache_bytes)? })
    }

    fn scan_over<'a>(
        &'a self,
        table: Table,
        from: Bound<&[u8]>,
        is_in: impl Fn(&[u8]) -> bool + 'a,
    ) -> Pairs<'a> {
        let full = match from {
            Bound::Included(key) => Bound::Included(full_key(table, key)),
            Bound::Excluded(key) => Bound::Excluded(full_key(table, key)),
            Bound::Unbounded => Bound::Included(full_key(table, &[])),
        };
        let below = self.rows.scan(full.as_ref().map(Vec::as_slice));
        let over = self.changes.scan(table, from).map(move |pair| {
            let (key, value) = pair?;
            Ok((full_key(table, &key), untagged(&value)?))
        });
        let merged = Merged::of(vec![Box::new(below), Box::new(over)]);
        let within = move |entry: &Result<Entry, StoreError>| {
            entry.as_ref().map_or(true, |(key, _)| key[0] == table as u8 && is_in(&key[1..]))
        };
        Box::new(merged.take_while(within).filter_map(|entry| match entry {
            Ok((key, value)) => value.map(|value| Ok((key[1..].to_vec(), value))),
            Err(error) => Some(Err(error)),
        }))
    }
}

fn untagged(value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match value.split_first() {
        Some((&PRESENT, value)) => Ok(Some(value.to_vec())),
        Some((&REMOVED, [])) => Ok(None),
        _ => Err(StoreError("a changed row is damaged".to_owned())),
    }
}

impl ViewStore for LayeredStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(table, key)? {
            Some(changed) => untagged(&changed),
            None => Ok(self.rows.get(&full_key(table, key))?.flatten()),
        }
    }

    fn scan(&self, table: Table, from: Bound<&[u8]>) -> Pairs<'_> {
        self.scan_over(table, from, |_| true)
    }

    fn scan_prefix<'a>(&'a self, table: Table, prefix: &'a [u8]) -> Pairs<'a> {
        self.scan_over(table, Bound::Included(prefix), |key| key.starts_with(prefix))
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let tagged = changes.iter().map(|Change { table, key, value }| {
            let value = match value {
                Some(value) => [&[PRESENT], value.as_slice()].concat(),
                None => vec![REMOVED],
            };
            Change { table: *table, key: key.clone(), value: Some(value) }
        });
        self.changes.apply(&tagged.collect::<Vec<_>>())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.changes.flush()
    }
}

/// So many entries of a batch are made into blocks at a time.
const ENTRIES_EACH: usize = 4_096;

/// A view under construction in a folder that nobody reads yet: one sorted file for each batch that was folded in
/// memory. Earlier batches are read while later ones are folded.
pub struct Build {
    folder: PathBuf,
    files: Vec<SortedFile>,
    known: Known,
}

impl Build {
    /// Begins in a folder that is not there yet.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn begin(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(failed)?;
        Ok(Self { folder: folder.to_owned(), files: Vec::new(), known: Known::default() })
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("batch-{number}"))
    }

    /// Writes a batch, after which about so many come. Keys are asked for only until the last one.
    ///
    /// # Errors
    /// If it can't be written, or has two entries at one key.
    pub fn write(&mut self, lots: &[Lot], to_come: usize) -> Result<(), StoreError> {
        let path = self.path(self.files.len());
        let ordered = Ordered::of(lots)?;
        let mut writer = SortedWriter::create(&path)?;
        let begin = |part: usize| part * ENTRIES_EACH;
        writer.append_all(ordered.len().div_ceil(ENTRIES_EACH), |part| {
            Blocks::of(&ordered, begin(part)..begin(part + 1).min(ordered.len()))
        })?;
        writer.finish()?;
        let mut file = SortedFile::open(&path)?;
        if to_come > 0 {
            let groups = Groups::of(&ordered)?;
            self.known.add(&groups, to_come);
            file = file.with_filter(groups.filter());
        } else {
            // Who asks after the last one all the same must not be told that what it holds is not there.
            self.known = Known::default();
        }
        self.files.push(file);
        Ok(())
    }

    /// Ends: all batches become the one sorted file of the view.
    ///
    /// # Errors
    /// If they can't be read or written.
    pub fn finish(self) -> Result<(), StoreError> {
        let path = self.folder.join(ROWS);
        if let [_] = &self.files[..] {
            return fs::rename(self.path(0), path).map_err(failed);
        }
        let mut writer = SortedWriter::create(&path)?;
        let merging = Merging::of(&self.files);
        writer.append_all(merging.stretches(), |number| merging.stretch(number))?;
        writer.finish()?;
        (0..self.files.len()).try_for_each(|number| fs::remove_file(self.path(number)).map_err(failed))
    }
}

impl ViewStore for Build {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = full_key(table, key);
        let files = if self.known.may_hold(&key) { &self.files[..] } else { &[] };
        for file in files.iter().rev() {
            if let Some(entry) = file.get(&key)? {
                return Ok(entry);
            }
        }
        Ok(None)
    }

    fn scan(&self, table: Table, from: Bound<&[u8]>) -> Pairs<'_> {
        self.scan_files(table, from, &[])
    }

    fn scan_prefix<'a>(&'a self, table: Table, prefix: &'a [u8]) -> Pairs<'a> {
        self.scan_files(table, Bound::Included(prefix), prefix)
    }

    fn apply(&mut self, _: &[Change]) -> Result<(), StoreError> {
        Err(StoreError("a view under construction takes whole batches".to_owned()))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Build {
    fn scan_files<'a>(&'a self, table: Table, from: Bound<&[u8]>, prefix: &'a [u8]) -> Pairs<'a> {
        let begin = full_key(table, prefix);
        if self.files.is_empty() || !self.known.may_hold(&begin) {
            return Box::new(std::iter::empty());
        }
        let from = match from {
            Bound::Included(key) => Bound::Included(full_key(table, key)),
            Bound::Excluded(key) => Bound::Excluded(full_key(table, key)),
            Bound::Unbounded => Bound::Included(full_key(table, &[])),
        };
        let files = self.files.iter().filter(|file| file.may_hold(&begin));
        let sources = files.map(|file| Box::new(file.scan(from.as_ref().map(Vec::as_slice))) as Source<'_>);
        let merged = Merged::of(sources.collect());
        let within = move |entry: &Result<Entry, StoreError>| {
            entry.as_ref().map_or(true, |(key, _)| key.starts_with(&begin))
        };
        Box::new(merged.take_while(within).filter_map(|entry| match entry {
            Ok((key, value)) => value.map(|value| Ok((key[1..].to_vec(), value))),
            Err(error) => Some(Err(error)),
        }))
    }
}

type Source<'a> = Box<dyn Iterator<Item = Result<Entry, StoreError>> + 'a>;

/// Sorted entries from several places as one; where two know a key, the later place counts.
struct Merged<'a> {
    sources: Vec<Source<'a>>,
    heads: Vec<Option<Entry>>,
    /// Told before anything else.
    error: Option<StoreError>,
}

impl<'a> Merged<'a> {
    fn of(sources: Vec<Source<'a>>) -> Self {
        let mut merged = Self { heads: Vec::new(), sources, error: None };
        for at in 0..merged.sources.len() {
            let head = merged.pull(at);
            merged.heads.push(head);
        }
        merged
    }

    fn pull(&mut self, at: usize) -> Option<Entry> {
        match self.sources[at].next()? {
            Ok(entry) => Some(entry),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.error.take() {
            self.heads.iter_mut().for_each(|head| *head = None);
            return Some(Err(error));
        }
        let mut least: Option<(usize, &FullKey)> = None;
        for (at, head) in self.heads.iter().enumerate() {
            if let Some((key, _)) = head
                && least.is_none_or(|(_, least)| key <= least)
            {
                least = Some((at, key));
            }
        }
        let (chosen, _) = least?;
        let entry = self.heads[chosen].take()?;
        for at in 0..self.heads.len() {
            let is_same = self.heads[at].as_ref().is_some_and(|(key, _)| *key == entry.0);
            if at == chosen || is_same {
                self.heads[at] = self.pull(at);
            }
        }
        Some(Ok(entry))
    }
}

//! Rows under work: what is stored, with the changes of one batch laid over it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use vandel_core::event::Compartment;
use vandel_core::id::{SubjectId, ThreadId};
use vandel_core::time::Day;
use vandel_ledger::sealing::thread_key;
use vandel_ledger::vault::VaultError;

use crate::clocks::calendar_key;
use crate::grouped::Grouped;
use crate::projector::ProjectError;
use crate::row::{IdentityRow, NoteRow, ProcessRow, Row, SpineRow};
use crate::seal::{Sealer, spine_key};
use crate::store::{Batch, Build, Change, Table, ViewStore};

/// Rows that can be asked for: stored ones, or those under work.
pub(crate) trait Rows {
    /// A row, lent where it is at hand; none if it was never there or its key has been destroyed.
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Cow<'_, Row>>, ProjectError>;

    /// The keys that begin so, in order.
    fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError>;

    /// How rows are sealed.
    fn sealer(&self) -> &Sealer<'_>;

    /// A thread's steps.
    fn spine(&self, thread: &ThreadId) -> Result<Option<Cow<'_, SpineRow>>, ProjectError> {
        self.spine_at(&spine_key(thread).0)
    }

    /// The steps of the thread with this spine key.
    fn spine_at(&self, key: &[u8]) -> Result<Option<Cow<'_, SpineRow>>, ProjectError> {
        Ok(match self.row(Table::Spines, key)? {
            Some(Cow::Borrowed(Row::Spine(row))) => Some(Cow::Borrowed(row)),
            Some(Cow::Owned(Row::Spine(row))) => Some(Cow::Owned(row)),
            _ => None,
        })
    }

    /// What a compartment of a thread told.
    fn piece(
        &self,
        compartment: Compartment,
        thread: &ThreadId,
    ) -> Result<Option<Cow<'_, Row>>, ProjectError> {
        self.row(Table::Pieces, &thread_key(compartment, thread).0)
    }

    /// What was done.
    fn process(&self, thread: &ThreadId) -> Result<Option<Cow<'_, ProcessRow>>, ProjectError> {
        Ok(match self.piece(Compartment::Process, thread)? {
            Some(Cow::Borrowed(Row::Process(row))) => Some(Cow::Borrowed(row)),
            Some(Cow::Owned(Row::Process(row))) => Some(Cow::Owned(*row)),
            _ => None,
        })
    }

    /// The note.
    fn note(&self, thread: &ThreadId) -> Result<Option<NoteRow>, ProjectError> {
        Ok(match self.piece(Compartment::Note, thread)?.as_deref() {
            Some(Row::Note(row)) => Some(row.clone()),
            _ => None,
        })
    }

    /// Whom a case has been about, in the order of its steps.
    fn identities(&self, spine: &[u8]) -> Result<Vec<Cow<'_, IdentityRow>>, ProjectError> {
        let mut identities = Vec::new();
        for key in self.keys(Table::Identities, spine)? {
            match self.row(Table::Identities, &key)? {
                Some(Cow::Borrowed(Row::Identity(row))) => identities.push(Cow::Borrowed(&**row)),
                Some(Cow::Owned(Row::Identity(row))) => identities.push(Cow::Owned(*row)),
                _ => {}
            }
        }
        Ok(identities)
    }
}

/// Stored rows.
pub(crate) struct Stored<'a> {
    pub(crate) store: &'a dyn ViewStore,
    pub(crate) sealer: Sealer<'a>,
}

impl Rows for Stored<'_> {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Cow<'_, Row>>, ProjectError> {
        let Some(sealed) = self.store.get(table, key)? else { return Ok(None) };
        Ok(self.sealer.open(table, key, &sealed)?.map(Cow::Owned))
    }

    fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        self.store.scan_prefix(table, prefix).map(|pair| Ok(pair?.0)).collect()
    }

    fn sealer(&self) -> &Sealer<'_> {
        &self.sealer
    }
}

/// How many changes are sealed on all cores before they are written.
const SEALED_EACH: usize = 8_192;

/// How many of them look for their keys together.
const SEALED_TOGETHER: usize = 32;

/// The name of a vault key, in one of the tables whose keys are nothing else.
type Named = (Table, [u8; 16]);

/// Names of keys are hashes already: one of their words serves.
#[derive(Default)]
pub(crate) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let word = bytes.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        self.0 = self.0.rotate_left(29) ^ word;
    }

    fn write_isize(&mut self, number: isize) {
        self.0 ^= number.unsigned_abs() as u64;
    }

    fn write_u8(&mut self, number: u8) {
        self.0 ^= u64::from(number);
    }

    fn write_usize(&mut self, _: usize) {} // the length of a name, always the same
}

/// One change, not sealed yet.
enum Unwritten {
    Row(Option<Row>),
    Entry(bool),
}

/// Stored rows with a batch's changes over them.
pub(crate) struct Working<'a> {
    stored: &'a Stored<'a>,
    /// Rows of the tables whose keys are names alone; nobody asks for them in order.
    named: HashMap<Named, Option<Row>, BuildHasherDefault<NameHasher>>,
    rows: Grouped<Option<Row>>,
    entries: Grouped<bool>,
    /// The calendar's entries; nobody asks for them in order while they are under work.
    calendar: HashMap<([u8; 16], Day), bool, BuildHasherDefault<NameHasher>>,
    /// Threads whose clocks must be added up again.
    pub(crate) threads: BTreeSet<ThreadId>,
    /// Subjects whose identities' clocks must be added up again.
    pub(crate) subjects: BTreeSet<SubjectId>,
    /// A case got another person: clocks that depended on it can no longer be found from it.
    pub(crate) reassigned: bool,
}

impl<'a> Working<'a> {
    pub(crate) fn over(stored: &'a Stored<'a>) -> Self {
        Self {
            stored,
            named: HashMap::default(),
            rows: Grouped::new(),
            entries: Grouped::new(),
            calendar: HashMap::default(),
            threads: BTreeSet::new(),
            subjects: BTreeSet::new(),
            reassigned: false,
        }
    }

    fn set(&mut self, table: Table, key: &[u8], row: Option<Row>) {
        match name_in(table, key) {
            Some(named) => drop(self.named.insert(named, row)),
            None => self.rows.insert(table, key.to_vec(), row),
        }
    }

    /// Sets a row.
    pub(crate) fn put(&mut self, table: Table, key: &[u8], row: Row) {
        self.set(table, key, Some(row));
    }

    /// Removes a row.
    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) {
        self.set(table, key, None);
    }

    /// A row that is about to be put back changed: until then it is not there.
    pub(crate) fn take(&mut self, table: Table, key: &[u8]) -> Result<Option<Row>, ProjectError> {
        match name_in(table, key).and_then(|named| self.named.get_mut(&named)) {
            Some(row) => Ok(row.take()),
            None => Ok(self.row(table, key)?.map(Cow::into_owned)),
        }
    }

    /// Puts an entry into an index, or takes it out.
    pub(crate) fn enter(&mut self, index: Table, key: Vec<u8>, present: bool) {
        self.entries.insert(index, key, present);
    }

    /// Puts a key's day into the calendar, or takes it out.
    pub(crate) fn note_day(&mut self, key: [u8; 16], day: Day, present: bool) {
        self.calendar.insert((key, day), present);
    }

    /// All changes in the order of their keys, not sealed yet.
    fn into_unwritten(self) -> Vec<(Table, Vec<u8>, Unwritten)> {
        let named = self.named.into_iter().map(|((table, key), row)| (table, key.to_vec(), row));
        let rows = self.rows.into_all();
        let rows = named.chain(rows).map(|(table, key, row)| (table, key, Unwritten::Row(row)));
        let days = self.calendar.into_iter();
        let days = days.map(|((key, day), present)| (Table::Calendar, calendar_key(day, &key), present));
        let entries = self.entries.into_all().chain(days);
        let entries = entries.map(|(table, key, present)| (table, key, Unwritten::Entry(present)));
        let mut all: Vec<_> = rows.chain(entries).collect();
        all.par_sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        all
    }

    /// All changes, sealed. A row whose key has been destroyed meanwhile is removed instead.
    pub(crate) fn into_changes(self) -> Result<Vec<Change>, VaultError> {
        let sealer = &self.stored.sealer;
        seal_lot(sealer, self.into_unwritten())
    }

    /// Writes all changes as the next batch of a view that is being built, sealed on all cores. `first` comes before
    /// all of them.
    pub(crate) fn into_batch(self, build: &Build, first: &Change) -> Result<Batch, ProjectError> {
        let sealer = &self.stored.sealer;
        let mut unwritten = self.into_unwritten();
        let mut batch = build.next_batch(unwritten.len())?;
        batch.push(first)?;
        let mut all = unwritten.drain(..);
        let mut changes: Vec<Change> = Vec::new();
        loop {
            let lot: Vec<_> = all.by_ref().take(SEALED_EACH).collect();
            let is_last = lot.is_empty();
            // While one lot is written the next is sealed.
            let write = || changes.iter().try_for_each(|change| batch.push(change));
            let (written, sealed) = rayon::join(write, || seal_lot(sealer, lot));
            written?;
            changes = sealed?;
            if is_last {
                return Ok(batch);
            }
        }
    }
}

/// The key of a row in a table whose keys are names alone.
fn name_in(table: Table, key: &[u8]) -> Option<Named> {
    let is_named = matches!(table, Table::Spines | Table::Pieces | Table::Clocks);
    is_named.then(|| key.try_into().ok().map(|key| (table, key))).flatten()
}

/// Seals changes on all cores, in their order.
fn seal_lot(sealer: &Sealer<'_>, lot: Vec<(Table, Vec<u8>, Unwritten)>) -> Result<Vec<Change>, VaultError> {
    let some = lot.into_par_iter().chunks(SEALED_TOGETHER);
    let sealed: Vec<Vec<Change>> = some.map(|some| seal_some(sealer, some)).collect::<Result<_, _>>()?;
    Ok(sealed.into_iter().flatten().collect())
}

fn seal_some(sealer: &Sealer<'_>, some: Vec<(Table, Vec<u8>, Unwritten)>) -> Result<Vec<Change>, VaultError> {
    let rows = some.iter().filter_map(|(table, key, unwritten)| match unwritten {
        Unwritten::Row(Some(row)) => Some((*table, key.as_slice(), row)),
        _ => None,
    });
    let mut values = sealer.seal_all(&rows.collect::<Vec<_>>())?.into_iter();
    let change = |(table, key, unwritten)| {
        let value = match unwritten {
            Unwritten::Row(Some(_)) => values.next().flatten(),
            Unwritten::Row(None) => None,
            Unwritten::Entry(present) => present.then(Vec::new),
        };
        Change { table, key, value }
    };
    Ok(some.into_iter().map(change).collect())
}

impl Rows for Working<'_> {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Cow<'_, Row>>, ProjectError> {
        let held = match name_in(table, key) {
            Some(named) => self.named.get(&named),
            None => self.rows.get(table, key),
        };
        held.map_or_else(|| self.stored.row(table, key), |row| Ok(row.as_ref().map(Cow::Borrowed)))
    }

    fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        debug_assert!(!matches!(table, Table::Spines | Table::Pieces | Table::Clocks), "not kept in order");
        let mut keys = self.stored.keys(table, prefix)?;
        let rows = self.rows.beginning(table, prefix).map(|(key, row)| (key, row.is_some()));
        let entries = self.entries.beginning(table, prefix).map(|(key, present)| (key, *present));
        for (key, present) in rows.chain(entries) {
            match (keys.binary_search_by(|other| other.as_slice().cmp(key)), present) {
                (Err(at), true) => keys.insert(at, key.to_vec()),
                (Ok(at), false) => drop(keys.remove(at)),
                _ => {}
            }
        }
        Ok(keys)
    }

    fn sealer(&self) -> &Sealer<'_> {
        &self.stored.sealer
    }
}

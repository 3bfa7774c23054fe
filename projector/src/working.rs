//! Rows under work: what is stored, with the changes of one batch laid over it.

use std::collections::{BTreeMap, BTreeSet};

use vandel_core::event::Compartment;
use vandel_core::id::{SubjectId, ThreadId};
use vandel_ledger::sealing::thread_key;
use vandel_ledger::vault::VaultError;

use crate::projector::ProjectError;
use crate::row::{NoteRow, ProcessRow, Row, SpineRow};
use crate::seal::{Sealer, spine_key};
use crate::store::{Change, Table, ViewStore};

/// Rows that can be asked for: stored ones, or those under work.
pub(crate) trait Rows {
    /// A row; none if it was never there or its key has been destroyed.
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Row>, ProjectError>;

    /// The keys that begin so, in order.
    fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError>;

    /// How rows are sealed.
    fn sealer(&self) -> &Sealer<'_>;

    /// A thread's steps.
    fn spine(&self, thread: &ThreadId) -> Result<Option<SpineRow>, ProjectError> {
        self.spine_at(&spine_key(thread).0)
    }

    /// The steps of the thread with this spine key.
    fn spine_at(&self, key: &[u8]) -> Result<Option<SpineRow>, ProjectError> {
        Ok(match self.row(Table::Spines, key)? {
            Some(Row::Spine(row)) => Some(row),
            _ => None,
        })
    }

    /// What a compartment of a thread told.
    fn piece(&self, compartment: Compartment, thread: &ThreadId) -> Result<Option<Row>, ProjectError> {
        self.row(Table::Pieces, &thread_key(compartment, thread).0)
    }

    /// What was done.
    fn process(&self, thread: &ThreadId) -> Result<Option<ProcessRow>, ProjectError> {
        Ok(match self.piece(Compartment::Process, thread)? {
            Some(Row::Process(row)) => Some(*row),
            _ => None,
        })
    }

    /// The note.
    fn note(&self, thread: &ThreadId) -> Result<Option<NoteRow>, ProjectError> {
        Ok(match self.piece(Compartment::Note, thread)? {
            Some(Row::Note(row)) => Some(row),
            _ => None,
        })
    }

    /// Whom a case has been about, in the order of its steps.
    fn identities(&self, spine: &[u8]) -> Result<Vec<crate::row::IdentityRow>, ProjectError> {
        let mut identities = Vec::new();
        for key in self.keys(Table::Identities, spine)? {
            if let Some(Row::Identity(row)) = self.row(Table::Identities, &key)? {
                identities.push(*row);
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
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Row>, ProjectError> {
        let Some(sealed) = self.store.get(table, key)? else { return Ok(None) };
        Ok(self.sealer.open(table, key, &sealed)?)
    }

    fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        self.store.scan_prefix(table, prefix).map(|pair| Ok(pair?.0)).collect()
    }

    fn sealer(&self) -> &Sealer<'_> {
        &self.sealer
    }
}

/// Stored rows with a batch's changes over them.
pub(crate) struct Working<'a> {
    stored: &'a Stored<'a>,
    rows: BTreeMap<(Table, Vec<u8>), Option<Row>>,
    entries: BTreeMap<(Table, Vec<u8>), bool>,
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
            rows: BTreeMap::new(),
            entries: BTreeMap::new(),
            threads: BTreeSet::new(),
            subjects: BTreeSet::new(),
            reassigned: false,
        }
    }

    /// Sets a row.
    pub(crate) fn put(&mut self, table: Table, key: &[u8], row: Row) {
        self.rows.insert((table, key.to_vec()), Some(row));
    }

    /// Removes a row.
    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) {
        self.rows.insert((table, key.to_vec()), None);
    }

    /// Puts an entry into an index, or takes it out.
    pub(crate) fn enter(&mut self, index: Table, key: Vec<u8>, present: bool) {
        self.entries.insert((index, key), present);
    }

    /// All changes, sealed. A row whose key has been destroyed meanwhile is removed instead.
    pub(crate) fn into_changes(self) -> Result<Vec<Change>, VaultError> {
        let mut changes = Vec::with_capacity(self.rows.len() + self.entries.len());
        for ((table, key), row) in self.rows {
            let value = match row {
                Some(row) => self.stored.sealer.seal(table, &key, &row)?,
                None => None,
            };
            changes.push(Change { table, key, value });
        }
        for ((table, key), present) in self.entries {
            changes.push(Change { table, key, value: present.then(Vec::new) });
        }
        Ok(changes)
    }
}

impl Rows for Working<'_> {
    fn row(&self, table: Table, key: &[u8]) -> Result<Option<Row>, ProjectError> {
        match self.rows.get(&(table, key.to_vec())) {
            Some(row) => Ok(row.clone()),
            None => self.stored.row(table, key),
        }
    }

    fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        let mut keys: BTreeSet<Vec<u8>> = self.stored.keys(table, prefix)?.into_iter().collect();
        let from = (table, prefix.to_vec());
        let ours = |key: &(Table, Vec<u8>)| key.0 == table && key.1.starts_with(prefix);
        let rows = self.rows.range(from.clone()..).map(|(key, row)| (key, row.is_some()));
        let entries = self.entries.range(from..).map(|(key, present)| (key, *present));
        for (key, present) in
            rows.take_while(|(key, _)| ours(key)).chain(entries.take_while(|(key, _)| ours(key)))
        {
            if present {
                keys.insert(key.1.clone());
            } else {
                keys.remove(&key.1);
            }
        }
        Ok(keys.into_iter().collect())
    }

    fn sealer(&self) -> &Sealer<'_> {
        &self.stored.sealer
    }
}

//! Rows that can be asked for: stored ones, or those under work.

use std::borrow::Cow;

use vandel_core::event::Compartment;
use vandel_core::id::{SubjectId, ThreadId};
use vandel_ledger::sealing::thread_key;

use crate::fold::token_key;
use crate::projector::ProjectError;
use crate::row::{IdentityRow, NoteRow, ProcessRow, Row, SpineRow};
use crate::seal::{Sealer, Term, spine_key};
use crate::store::{Table, ViewStore};

/// The name of a spine's key: what all that is known of a thread hangs on.
pub(crate) type SpineName = [u8; 16];

/// A thread, and its spine's name, which is a hash over it: worked out once and handed on.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) thread: ThreadId,
    pub(crate) spine: SpineName,
}

impl From<&ThreadId> for Named {
    fn from(thread: &ThreadId) -> Self {
        Self { thread: *thread, spine: spine_key(thread).0 }
    }
}

/// Rows that can be asked for. None of them is there if it never was, or its key has been destroyed.
pub(crate) trait Rows {
    /// How rows are sealed.
    fn sealer(&self) -> &Sealer<'_>;

    /// What a compartment of a thread told; lent where it is at hand.
    fn piece(
        &self,
        compartment: Compartment,
        thread: impl Into<Named>,
    ) -> Result<Option<Cow<'_, Row>>, ProjectError>;

    /// The steps of the thread whose spine has this name.
    fn spine_at(&self, name: &[u8]) -> Result<Option<Cow<'_, SpineRow>>, ProjectError>;

    /// Whom a case has been about, in the order of its steps.
    fn identities(&self, spine: &[u8]) -> Result<Vec<Cow<'_, IdentityRow>>, ProjectError>;

    /// The keys of an index that begin so, in order.
    fn entries(&self, index: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError>;

    /// A thread's steps.
    fn spine(&self, thread: impl Into<Named>) -> Result<Option<Cow<'_, SpineRow>>, ProjectError> {
        self.spine_at(&thread.into().spine)
    }

    /// What was done.
    fn process(&self, thread: impl Into<Named>) -> Result<Option<Cow<'_, ProcessRow>>, ProjectError> {
        Ok(match self.piece(Compartment::Process, thread)? {
            Some(Cow::Borrowed(Row::Process(row))) => Some(Cow::Borrowed(row)),
            Some(Cow::Owned(Row::Process(row))) => Some(Cow::Owned(*row)),
            _ => None,
        })
    }

    /// The note.
    fn note(&self, thread: impl Into<Named>) -> Result<Option<NoteRow>, ProjectError> {
        Ok(match self.piece(Compartment::Note, thread)?.as_deref() {
            Some(Row::Note(row)) => Some(row.clone()),
            _ => None,
        })
    }

    /// The names of the spines of cases that rely on a case's note.
    fn relying_on(&self, spine: &SpineName) -> Result<Vec<Vec<u8>>, ProjectError> {
        let entries = self.entries(Table::Relying, spine)?;
        Ok(entries.into_iter().map(|entry| entry[spine.len()..].to_vec()).collect())
    }

    /// The names of the spines of cases that are about a person.
    fn about(&self, subject: &SubjectId) -> Result<Vec<Vec<u8>>, ProjectError> {
        let token = token_key(self, Term::Subject, &subject.0, &[]);
        let entries = self.entries(Table::Tokens, &token)?;
        Ok(entries.into_iter().map(|entry| entry[token.len()..].to_vec()).collect())
    }
}

/// Stored rows.
pub(crate) struct Stored<'a> {
    pub(crate) store: &'a dyn ViewStore,
    pub(crate) sealer: Sealer<'a>,
}

impl Stored<'_> {
    /// The row at a key.
    pub(crate) fn row(&self, table: Table, key: &[u8]) -> Result<Option<Row>, ProjectError> {
        let Some(sealed) = self.store.get(table, key)? else { return Ok(None) };
        Ok(self.sealer.open(table, key, &sealed)?)
    }

    /// The keys that begin so, in order.
    pub(crate) fn keys(&self, table: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        self.store.scan_prefix(table, prefix).map(|pair| Ok(pair?.0)).collect()
    }
}

impl Rows for Stored<'_> {
    fn sealer(&self) -> &Sealer<'_> {
        &self.sealer
    }

    fn piece(
        &self,
        compartment: Compartment,
        thread: impl Into<Named>,
    ) -> Result<Option<Cow<'_, Row>>, ProjectError> {
        let name = thread_key(compartment, &thread.into().thread);
        Ok(self.row(Table::Pieces, &name.0)?.map(Cow::Owned))
    }

    fn spine_at(&self, name: &[u8]) -> Result<Option<Cow<'_, SpineRow>>, ProjectError> {
        Ok(match self.row(Table::Spines, name)? {
            Some(Row::Spine(row)) => Some(Cow::Owned(row)),
            _ => None,
        })
    }

    fn identities(&self, spine: &[u8]) -> Result<Vec<Cow<'_, IdentityRow>>, ProjectError> {
        let mut identities = Vec::new();
        for key in self.keys(Table::Identities, spine)? {
            if let Some(Row::Identity(row)) = self.row(Table::Identities, &key)? {
                identities.push(Cow::Owned(*row));
            }
        }
        Ok(identities)
    }

    fn entries(&self, index: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        self.keys(index, prefix)
    }
}

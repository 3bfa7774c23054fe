//! Rows under work: what is stored, with the changes of one batch laid over it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

use vandel_core::event::Compartment;
use vandel_core::id::{PublicKey, SubjectId};
use vandel_core::keyring::KeyEntry;
use vandel_ledger::name_hash::NameMap;

use crate::grouped::Grouped;
use crate::projector::ProjectError;
use crate::row::{ClockRow, IdentityRow, ReadingRow, Row, SpineRow};
use crate::rows::{Named, Rows, SpineName, Stored};
use crate::seal::Sealer;
use crate::store::Table;
use crate::thread_rows::{Clock, KeyOf, ThreadRows};

/// Stored rows with a batch's changes over them. Changes lie by threads, as they come, so that a step finds all that it
/// changes in one place.
pub(crate) struct Working<'a> {
    pub(crate) stored: &'a Stored<'a>,
    pub(crate) threads: NameMap<SpineName, Box<ThreadRows>>,
    /// Entries of the indexes that are asked for by the fronts of their keys.
    pub(crate) entries: Grouped<bool>,
    pub(crate) keys: Vec<(PublicKey, Row)>,
    /// Threads whose clocks must be added up again.
    pub(crate) touched: Vec<Named>,
    /// Subjects whose identities' clocks must be added up again.
    pub(crate) subjects: BTreeSet<SubjectId>,
    /// A case got another person: clocks that depended on it can no longer be found from it.
    pub(crate) reassigned: bool,
}

impl<'a> Working<'a> {
    pub(crate) fn over(stored: &'a Stored<'a>) -> Self {
        Self {
            stored,
            threads: NameMap::default(),
            entries: Grouped::new(),
            keys: Vec::new(),
            touched: Vec::new(),
            subjects: BTreeSet::new(),
            reassigned: false,
        }
    }

    /// A thread's rows under work.
    fn thread(&mut self, named: Named) -> Result<&mut ThreadRows, ProjectError> {
        match self.threads.entry(named.spine) {
            Entry::Occupied(held) => Ok(held.into_mut()),
            Entry::Vacant(vacant) => {
                let before = self.stored.row(Table::Spines, &named.spine)?;
                Ok(vacant.insert(Box::new(ThreadRows::of(named, before))))
            }
        }
    }

    /// Marks a thread: its clocks must be added up again.
    pub(crate) fn touch(&mut self, named: Named) -> Result<(), ProjectError> {
        let thread = self.thread(named)?;
        if !std::mem::replace(&mut thread.touched, true) {
            self.touched.push(named);
        }
        Ok(())
    }

    /// The marked threads, which are marked no more.
    pub(crate) fn take_touched(&mut self) -> Vec<Named> {
        let touched = std::mem::take(&mut self.touched);
        for named in &touched {
            if let Some(thread) = self.threads.get_mut(&named.spine) {
                thread.touched = false;
            }
        }
        touched
    }

    /// Sets what a compartment told.
    pub(crate) fn put(
        &mut self,
        named: Named,
        compartment: Compartment,
        row: Row,
    ) -> Result<(), ProjectError> {
        self.thread(named)?.pieces.insert(compartment, Some(row));
        Ok(())
    }

    /// What a compartment told, which is about to be put back changed: until then it is not there.
    pub(crate) fn take(
        &mut self,
        named: Named,
        compartment: Compartment,
    ) -> Result<Option<Row>, ProjectError> {
        let stored = self.stored;
        let thread = self.thread(named)?;
        if let Some(row) = thread.pieces.get_mut(compartment) {
            return Ok(row.take());
        }
        if thread.is_new() {
            return Ok(None);
        }
        if compartment == Compartment::Spine {
            return Ok(thread.before.clone());
        }
        Ok(stored.piece(compartment, named)?.map(Cow::into_owned))
    }

    /// Sets whom a step has told the case to be about.
    pub(crate) fn put_identity(&mut self, named: Named, row: IdentityRow) -> Result<(), ProjectError> {
        self.thread(named)?.identities.insert(row.number, Some(row));
        Ok(())
    }

    /// Removes all identities of a case, also those that no longer open.
    pub(crate) fn remove_identities(&mut self, named: Named) -> Result<(), ProjectError> {
        let stored = self.stored;
        let thread = self.thread(named)?;
        let number_of = |key: Vec<u8>| key.last_chunk().copied().map_or(0, u32::from_be_bytes);
        let kept = match thread.is_new() {
            true => Vec::new(),
            false => stored.keys(Table::Identities, &named.spine)?,
        };
        let under_work = thread.identities.iter().map(|(number, _)| *number);
        let numbers: Vec<u32> = under_work.chain(kept.into_iter().map(number_of)).collect();
        numbers.into_iter().for_each(|number| thread.identities.insert(number, None));
        Ok(())
    }

    /// Adds a reading.
    pub(crate) fn put_reading(&mut self, named: Named, row: ReadingRow) -> Result<(), ProjectError> {
        self.thread(named)?.readings.insert(row.number, row);
        Ok(())
    }

    /// Puts an entry into an index, or takes it out.
    pub(crate) fn enter(&mut self, index: Table, key: Vec<u8>, present: bool) {
        self.entries.insert(index, key, present);
    }

    /// Sets a clock, and with it its entry in the calendar.
    pub(crate) fn set_clock(
        &mut self,
        named: Named,
        of: KeyOf,
        clock: Option<ClockRow>,
    ) -> Result<(), ProjectError> {
        let stored = self.stored;
        let thread = self.thread(named)?;
        if let Some(held) = thread.clocks.get_mut(of) {
            held.now = clock;
            return Ok(());
        }
        let before = match thread.is_new() {
            true => None,
            false => match stored.row(Table::Clocks, &thread.key_name(of).0)? {
                Some(Row::Clock(row)) => Some(row),
                _ => None,
            },
        };
        if before != clock {
            thread.clocks.insert(of, Clock { before: before.map(Box::new), now: clock });
        }
        Ok(())
    }

    /// Sets a key, as it stands on the chain.
    pub(crate) fn put_key(&mut self, key: &PublicKey, entry: &KeyEntry) -> Result<(), ProjectError> {
        let row = Row::Key(entry.clone());
        if self.stored.row(Table::Keys, &key.0)?.as_ref() != Some(&row) {
            self.keys.push((*key, row));
        }
        Ok(())
    }

    fn held(&self, spine: &[u8]) -> Option<&ThreadRows> {
        let name: &SpineName = spine.try_into().ok()?;
        self.threads.get(name).map(|thread| &**thread)
    }
}

impl Rows for Working<'_> {
    fn sealer(&self) -> &Sealer<'_> {
        &self.stored.sealer
    }

    fn piece(
        &self,
        compartment: Compartment,
        thread: impl Into<Named>,
    ) -> Result<Option<Cow<'_, Row>>, ProjectError> {
        let named = thread.into();
        match self.held(&named.spine).and_then(|held| held.piece(compartment)) {
            Some(row) => Ok(row.map(Cow::Borrowed)),
            None => self.stored.piece(compartment, named),
        }
    }

    fn spine_at(&self, name: &[u8]) -> Result<Option<Cow<'_, SpineRow>>, ProjectError> {
        match self.held(name).and_then(|held| held.piece(Compartment::Spine)) {
            Some(Some(Row::Spine(row))) => Ok(Some(Cow::Borrowed(row))),
            Some(_) => Ok(None),
            None => self.stored.spine_at(name),
        }
    }

    fn identities(&self, spine: &[u8]) -> Result<Vec<Cow<'_, IdentityRow>>, ProjectError> {
        let Some(held) = self.held(spine) else { return self.stored.identities(spine) };
        let mut all = match held.is_new() {
            true => Vec::new(),
            false => self.stored.identities(spine)?,
        };
        all.retain(|row| held.identities.get(row.number).is_none());
        all.extend(held.identities.iter().filter_map(|(_, row)| row.as_ref()).map(Cow::Borrowed));
        all.sort_by_key(|row| row.number);
        Ok(all)
    }

    fn entries(&self, index: Table, prefix: &[u8]) -> Result<Vec<Vec<u8>>, ProjectError> {
        let mut keys = self.stored.entries(index, prefix)?;
        for (key, present) in self.entries.beginning(index, prefix) {
            match (keys.binary_search_by(|other| other.as_slice().cmp(key)), present) {
                (Err(at), true) => keys.insert(at, key.to_vec()),
                (Ok(at), false) => drop(keys.remove(at)),
                _ => {}
            }
        }
        Ok(keys)
    }
}

//! The rows of one thread that are under work.

use vandel_core::event::Compartment;
use vandel_core::id::ThreadId;
use vandel_ledger::sealing::{identity_key, thread_key};
use vandel_ledger::vault::KeyId;

use crate::row::{ClockRow, IdentityRow, ReadingRow, Row};
use crate::rows::{Named, SpineName};

/// Few things in order.
pub(crate) struct Few<K, V>(Vec<(K, V)>);

impl<K: Ord + Copy, V> Few<K, V> {
    /// With room for as many as are usual: there are as many of these as threads.
    fn with_room(usual: usize) -> Self {
        Self(Vec::with_capacity(usual))
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let at = self.0.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(&self.0[at].1)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.0.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(&mut self.0[at].1)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.0.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which key of a thread: a compartment's, or that of the identity which a step told.
pub(crate) type KeyOf = (Compartment, Option<u32>);

/// A clock: as it is stored, and as it has been added up.
pub(crate) struct Clock {
    pub(crate) before: Option<Box<ClockRow>>,
    pub(crate) now: Option<ClockRow>,
}

/// The rows of one thread that are under work; none where one is to be removed.
pub(crate) struct ThreadRows {
    pub(crate) thread: ThreadId,
    pub(crate) spine: SpineName,
    /// Its steps as they are stored. Where there are none, nothing of the thread is stored: each fold begins with them.
    pub(crate) before: Option<Row>,
    /// Its clocks must be added up again.
    pub(crate) touched: bool,
    pub(crate) pieces: Few<Compartment, Option<Row>>,
    pub(crate) identities: Few<u32, Option<IdentityRow>>,
    pub(crate) readings: Few<u32, ReadingRow>,
    pub(crate) clocks: Few<KeyOf, Clock>,
}

impl ThreadRows {
    /// Nothing changed yet.
    pub(crate) fn of(named: Named, before: Option<Row>) -> Self {
        Self {
            thread: named.thread,
            spine: named.spine,
            before,
            touched: false,
            pieces: Few::with_room(4),
            identities: Few::with_room(1),
            readings: Few::with_room(0),
            clocks: Few::with_room(5),
        }
    }

    /// Whether nothing of it is stored.
    pub(crate) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// What a compartment told, where that is known without asking the store: then it is there, or it is not.
    pub(crate) fn piece(&self, compartment: Compartment) -> Option<Option<&Row>> {
        match self.pieces.get(compartment) {
            Some(row) => Some(row.as_ref()),
            None if self.is_new() => Some(None),
            None if compartment == Compartment::Spine => Some(self.before.as_ref()),
            None => None,
        }
    }

    /// The name of one of its keys.
    pub(crate) fn key_name(&self, (compartment, number): KeyOf) -> KeyId {
        match number {
            Some(number) => identity_key(&self.thread, number),
            None if compartment == Compartment::Spine => KeyId(self.spine),
            None => thread_key(compartment, &self.thread),
        }
    }

    /// The keys under which something is to be written, the spine's first.
    pub(crate) fn keys(&self) -> Vec<KeyOf> {
        let mut keys = vec![(Compartment::Spine, None)];
        let mut add = |of: KeyOf| {
            if !keys.contains(&of) {
                keys.push(of);
            }
        };
        self.pieces.iter().for_each(|(compartment, _)| add((*compartment, None)));
        self.identities.iter().for_each(|(number, _)| add((Compartment::Identity, Some(*number))));
        if !self.readings.is_empty() {
            add((Compartment::Reads, None));
        }
        self.clocks.iter().for_each(|(of, _)| add(*of));
        keys
    }
}

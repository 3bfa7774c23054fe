//! What is under work of the tables that are asked for by the front of a key.
//!
//! Keys begin with the name of a vault key, or with a token; nobody asks for less of them, and few keys begin alike. So
//! they lie by their fronts, each group in order, and only a group is ever searched.

use vandel_ledger::name_hash::NameMap;

use crate::store::{NAME_BYTES, TOKEN_BYTES, Table};

type Front = (Table, [u8; TOKEN_BYTES]);
/// The keys that begin alike, in order, with their values.
type Group<T> = Vec<(Vec<u8>, T)>;

/// Values by table and key.
pub(crate) struct Grouped<T> {
    groups: NameMap<Front, Group<T>>,
}

fn front(table: Table, key: &[u8]) -> Front {
    let decides = if table == Table::Tokens { TOKEN_BYTES } else { NAME_BYTES };
    debug_assert!(key.len() >= decides, "nobody asks for less");
    let mut front = [0; TOKEN_BYTES];
    let len = decides.min(key.len());
    front[..len].copy_from_slice(&key[..len]);
    (table, front)
}

impl<T> Grouped<T> {
    pub(crate) fn new() -> Self {
        Self { groups: NameMap::default() }
    }

    /// Sets the value at a key.
    pub(crate) fn insert(&mut self, table: Table, key: Vec<u8>, value: T) {
        let group = self.groups.entry(front(table, &key)).or_default();
        match group.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(at) => group[at].1 = value,
            Err(at) => group.insert(at, (key, value)),
        }
    }

    /// The keys that begin so, in order, with their values.
    pub(crate) fn beginning<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a T)> {
        let group = self.groups.get(&front(table, prefix)).into_iter().flatten();
        group.map(|(key, value)| (key.as_slice(), value)).filter(move |(key, _)| key.starts_with(prefix))
    }

    /// All of it, in no order.
    pub(crate) fn into_all(self) -> impl Iterator<Item = (Table, Vec<u8>, T)> {
        let groups = self.groups.into_iter();
        groups.flat_map(|((table, _), group)| group.into_iter().map(move |(key, value)| (table, key, value)))
    }
}

//! Which keys of a batch are told by a filter, and by which part.
//!
//! Asked for are the spines of threads, since where there is none nothing is known of a thread, and the entries of two
//! indexes by the fronts of their keys: 16 bytes of a hash, or 17 of a token. What else is asked for is there nearly always.

use vandel_ledger::filter::Filter;

use crate::store::entry::{Ordered, damaged};
use crate::store::{NAME_BYTES, StoreError, TOKEN_BYTES, Table};

/// How much of a table's keys, behind the table itself, a filter tells; none if it tells nothing of them.
fn told(table: u8) -> Option<usize> {
    const SPINES: u8 = Table::Spines as u8;
    const RELYING: u8 = Table::Relying as u8;
    const TOKENS: u8 = Table::Tokens as u8;
    match table {
        SPINES | RELYING => Some(NAME_BYTES),
        TOKENS => Some(TOKEN_BYTES),
        _ => None,
    }
}

/// A group takes the room of two: with the room of one, a filter is wrong once in a hundred times and a block is read in
/// vain; with that of two, once in three thousand, and most say no at their first bit.
const ROOM_EACH: usize = 2;

/// What filters tell of a batch.
pub(super) struct Groups {
    bytes: Vec<u8>,
    lengths: Vec<u8>,
}

impl Groups {
    /// Of the entries of a batch.
    pub(super) fn of(ordered: &Ordered<'_>) -> Result<Self, StoreError> {
        let mut groups = Self { bytes: Vec::new(), lengths: Vec::new() };
        for entry in ordered.range(0..ordered.len()) {
            let entry = entry?;
            if let Some(key) = told(entry.table).and_then(|len| entry.key.get(..len)) {
                groups.bytes.push(entry.table);
                groups.bytes.extend_from_slice(key);
                groups.lengths.push(u8::try_from(1 + key.len()).map_err(|_| damaged())?);
            }
        }
        Ok(groups)
    }

    fn add_to(&self, filter: &mut Filter) {
        let mut rest = &self.bytes[..];
        for length in &self.lengths {
            let (group, after) = rest.split_at(usize::from(*length));
            filter.add(group);
            rest = after;
        }
    }

    /// The filter over this batch.
    pub(super) fn filter(&self) -> Filter {
        let mut filter = Filter::with_room(ROOM_EACH * self.lengths.len());
        self.add_to(&mut filter);
        filter
    }
}

/// One filter over all batches so far: each new thread is asked for in every batch that was built before, of which a
/// country has some forty, and here that is one question.
#[derive(Default)]
pub(super) struct Known(Option<Filter>);

impl Known {
    /// Adds a batch, after which about so many come that are alike. If they are longer, more keys seem to be there, no more.
    pub(super) fn add(&mut self, groups: &Groups, to_come: usize) {
        let room = ROOM_EACH * groups.lengths.len() * (1 + to_come);
        groups.add_to(self.0.get_or_insert_with(|| Filter::with_room(room)));
    }

    /// False if no batch holds the key, nor any that begins so.
    pub(super) fn may_hold(&self, full: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|filter| may_hold(filter, full))
    }
}

/// False if the key, which has its table in front, is not there, nor any that begins so. Of most keys nothing is told.
pub(super) fn may_hold(filter: &Filter, full: &[u8]) -> bool {
    let len = full.first().and_then(|table| told(*table));
    len.and_then(|len| full.get(..1 + len)).is_none_or(|group| filter.may_hold(group))
}

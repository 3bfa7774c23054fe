//! Which keys of a batch are told by a filter, and by which part.
//!
//! Asked for are the spines of threads, since where there is none nothing is known of a thread, and the entries of two
//! indexes by the fronts of their keys: 16 bytes of a hash, or 17 of a token. What else is asked for is there nearly always.

use vandel_ledger::filter::Filter;

use crate::store::entry::Ordered;
use crate::store::sorted::full_key_of;
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

/// A group takes the room of two. Each new thread is asked for in every batch that was built before, of which a country
/// has some forty: with the room of one, the filter of one batch in a hundred is wrong and a block is read in vain; with
/// that of two, one in three thousand, and most say no at their first bit.
const ROOM_EACH: usize = 2;

/// The filter over a batch.
pub(super) fn of(ordered: &Ordered<'_>) -> Result<Filter, StoreError> {
    let mut groups = 0;
    each_group(ordered, |_| groups += 1)?;
    let mut filter = Filter::with_room(ROOM_EACH * groups);
    each_group(ordered, |group| filter.add(group))?;
    Ok(filter)
}

fn each_group(ordered: &Ordered<'_>, mut take: impl FnMut(&[u8])) -> Result<(), StoreError> {
    for entry in ordered.range(0..ordered.len()) {
        let entry = entry?;
        if let Some(key) = told(entry.table).and_then(|len| entry.key.get(..len)) {
            take(&full_key_of(entry.table, key));
        }
    }
    Ok(())
}

/// False if the key, which has its table in front, is not there, nor any that begins so. Of most keys nothing is told.
pub(super) fn may_hold(filter: &Filter, full: &[u8]) -> bool {
    let len = full.first().and_then(|table| told(*table));
    len.and_then(|len| full.get(..1 + len)).is_none_or(|group| filter.may_hold(group))
}

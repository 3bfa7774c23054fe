//! Which part of a view's key decides in a filter.
//!
//! Keys begin with a table and the 16 bytes of a hash, or 17 of a token; those decide, so that the filter answers for all
//! keys that begin alike, too.

use vandel_ledger::filter::Filter;

use crate::store::Table;

/// What decides in most tables, with the table's own byte.
const GROUP_BYTES: usize = 1 + 16;

fn group(key: &[u8]) -> Option<&[u8]> {
    let len = if key.first() == Some(&(Table::Tokens as u8)) { GROUP_BYTES + 1 } else { GROUP_BYTES };
    key.get(..len)
}

/// Adds a key.
pub(super) fn add(filter: &mut Filter, key: &[u8]) {
    if let Some(group) = group(key) {
        filter.add(group);
    }
}

/// False if the key is not there, nor any that begins so. Of a key that is too short nothing can be told.
pub(super) fn may_hold(filter: &Filter, key: &[u8]) -> bool {
    group(key).is_none_or(|group| filter.may_hold(group))
}

//! After an erasure: what no longer opens goes from the store too, a chunk at a time.
//!
//! Nothing depends on it for secrecy or for the digest, since a row without its key is not there
//! already. It keeps the store from filling with noise, and takes away tokens and days.

use std::ops::Bound;

use vandel_ledger::vault::KeyId;

use crate::fold::{handle_term, token_key};
use crate::projector::ProjectError;
use crate::rows::{Rows, Stored};
use crate::seal::Term;
use crate::store::{Change, Pair, Table};

/// How many pairs are looked at between two batches of removals.
const CHUNK: usize = 1_024;

/// The next pairs of a table after a key, at most a chunk of them.
pub(crate) fn chunk_after(
    stored: &Stored<'_>,
    table: Table,
    after: Option<&[u8]>,
) -> Result<Vec<Pair>, ProjectError> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    stored.store.scan(table, from).take(CHUNK).map(|pair| Ok(pair?)).collect()
}

/// The removals among these pairs.
pub(crate) fn removals(
    stored: &Stored<'_>,
    table: Table,
    pairs: &[Pair],
) -> Result<Vec<Change>, ProjectError> {
    let mut changes = Vec::new();
    for (key, value) in pairs {
        if !lives(stored, table, key, value)? {
            changes.push(Change { table, key: key.clone(), value: None });
        }
    }
    Ok(changes)
}

fn lives(stored: &Stored<'_>, table: Table, key: &[u8], value: &[u8]) -> Result<bool, ProjectError> {
    match table {
        Table::Meta => Ok(true),
        Table::Calendar => names_a_key(stored, key, 4),
        Table::Relying => Ok(names_a_key(stored, key, 0)? && names_a_key(stored, key, 16)?),
        Table::Tokens => token_lives(stored, key),
        _ => Ok(stored.sealer.open(table, key, value)?.is_some()),
    }
}

/// Whether the vault has the key that is named from byte `at` on.
fn names_a_key(stored: &Stored<'_>, key: &[u8], at: usize) -> Result<bool, ProjectError> {
    match key.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(id) => Ok(stored.sealer.has(&KeyId(*id))?),
        None => Ok(false),
    }
}

/// A token lives as long as the row that it was made from.
fn token_lives(stored: &Stored<'_>, key: &[u8]) -> Result<bool, ProjectError> {
    let Some((front, leads_to)) = key.split_at_checked(17) else { return Ok(false) };
    let is = |term: Term| front[0] == term as u8;
    if is(Term::ReadCase) {
        return Ok(stored.row(Table::Readings, leads_to)?.is_some());
    }
    if is(Term::Reference) {
        let Some(spine) = stored.spine_at(leads_to)? else { return Ok(false) };
        return Ok(stored.process(&spine.thread)?.is_some());
    }
    for identity in stored.identities(leads_to)? {
        let identity = &identity.identity;
        let handle = token_key(stored, Term::Handle, handle_term(&identity.handle).as_bytes(), leads_to);
        let subject = token_key(stored, Term::Subject, &identity.subject.0, leads_to);
        if key == handle || key == subject {
            return Ok(true);
        }
    }
    Ok(false)
}

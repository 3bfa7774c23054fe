//! Published views: what a projector sums up, as a tree of rows whose digest a service key signs.
//!
//! Two views are published ([`crate::event::DigestPublished`]), so that a dossier can show that it
//! leaves nothing out:
//!
//! | view | row | recomputed by |
//! |---|---|---|
//! | `cases` | a case: how many steps it has, and the hash of its last statement | whoever has log and openings |
//! | `authority` | a key, the checkpoint keys, the policies: the records that speak of it | whoever has the log |
//!
//! Rows are sorted and are the leaves of an RFC 6962 tree, so one can be proved without the others. A
//! case's row begins with its thread's id: 16 random bytes that stand nowhere on the chain. Who lacks
//! the opening learns nothing from the row's hash, and when the case is erased its row leaves the view.
//! The bytes stand in `docs/format.md`, section 12.

mod computed;

use std::collections::BTreeMap;

pub use computed::{Computed, ComputedDigests, ComputedError};

use crate::event::{DigestPublished, OpenEvent};
use crate::hash::{Domain, Hash, leaf_hash};
use crate::id::{LedgerId, PublicKey, ThreadId};
use crate::merkle::{Frontier, NodeMemory, inclusion_proof};
use crate::thread::{Matter, Threads};

/// The view over cases.
pub const CASES: &str = "cases";
/// The view over keys, checkpoint keys and policies.
pub const AUTHORITY: &str = "authority";
/// The version of both views' bytes.
pub const VIEW_VERSION: u16 = 1;

/// A case, as the view over cases has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// The case's thread.
    pub thread: ThreadId,
    /// How many steps it has.
    pub count: u32,
    /// The hash of its last statement.
    pub last: Hash,
}

/// What a row of the view over authority speaks of. The order is the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// A key: enrolled, rotated from or to, revoked.
    Key(PublicKey),
    /// The checkpoint keys.
    CheckpointKeys,
    /// The adopted policies.
    Policies,
}

/// Which records speak of what: the view over authority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorityRows {
    rows: BTreeMap<Authority, Vec<u64>>,
}

/// A published view as a tree.
pub struct ViewTree {
    name: &'static str,
    leaves: Vec<Hash>,
}

impl CaseRow {
    /// The rows of all cases that a fold over openings knows, as they stand now.
    #[must_use]
    pub fn of_threads(threads: &Threads) -> Vec<Self> {
        let cases = threads.iter().filter(|(_, thread)| matches!(thread.matter, Matter::Case(_)));
        cases.map(|(id, thread)| Self { thread: *id, count: thread.next(), last: thread.previous }).collect()
    }

    /// The row's hash as a leaf.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf(CASES, &[&self.thread.0, &self.count.to_be_bytes(), &self.last.0])
    }
}

impl Authority {
    fn id(&self) -> (u8, [u8; 32]) {
        match self {
            Self::Key(key) => (0, key.0),
            Self::CheckpointKeys => (1, [0; 32]),
            Self::Policies => (2, [0; 32]),
        }
    }

    /// What an open event speaks of; nothing for events that change no authority.
    #[must_use]
    pub fn of_event(event: &OpenEvent) -> Vec<Self> {
        match event {
            OpenEvent::LedgerOpened(opened) => {
                let [first, second] = opened.administrators;
                let keys = [first.key, second.key, opened.service_key].map(Self::Key);
                [&keys[..], &[Self::CheckpointKeys]].concat()
            }
            OpenEvent::KeyEnrolled(enrolled) => vec![Self::Key(enrolled.key)],
            OpenEvent::KeyRotated(rotated) => vec![Self::Key(rotated.old), Self::Key(rotated.new)],
            OpenEvent::KeyRevoked(revoked) => vec![Self::Key(revoked.key)],
            OpenEvent::CheckpointKeyRotated(_) => vec![Self::CheckpointKeys],
            OpenEvent::PolicyAdopted(_) => vec![Self::Policies],
            _ => Vec::new(),
        }
    }

    /// The hash, as a leaf, of the row that names these records.
    #[must_use]
    pub fn leaf(&self, records: &[u64]) -> Hash {
        let (sort, subject) = self.id();
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let records: Vec<u8> = records.iter().flat_map(|record| record.to_be_bytes()).collect();
        leaf(AUTHORITY, &[&[sort], &subject, &count.to_be_bytes(), &records])
    }
}

impl AuthorityRows {
    /// Takes in the next record's event.
    pub fn fold(&mut self, record: u64, event: &OpenEvent) {
        for subject in Authority::of_event(event) {
            let records = self.rows.entry(subject).or_default();
            // One record may name a key in two places; it is listed once.
            if records.last() != Some(&record) {
                records.push(record);
            }
        }
    }

    /// The rows as they stood after the first `position` records.
    #[must_use]
    pub fn at(&self, position: u64) -> Self {
        let before = |records: &Vec<u64>| records[..records.partition_point(|one| *one < position)].to_vec();
        let rows = self.rows.iter().map(|(subject, records)| (*subject, before(records)));
        Self { rows: rows.filter(|(_, records)| !records.is_empty()).collect() }
    }

    /// The records that speak of a subject, ascending.
    #[must_use]
    pub fn records(&self, subject: &Authority) -> &[u64] {
        self.rows.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The view as a tree.
    #[must_use]
    pub fn tree(&self) -> ViewTree {
        let leaves = self.rows.iter().map(|(subject, records)| subject.leaf(records)).collect();
        ViewTree { name: AUTHORITY, leaves }
    }

    /// A subject's place among the rows.
    #[must_use]
    pub fn index(&self, subject: &Authority) -> Option<u64> {
        self.rows.keys().position(|one| one == subject).map(|index| index as u64)
    }
}

impl ViewTree {
    /// The view over cases. The rows are sorted here.
    #[must_use]
    pub fn of_cases(rows: &[CaseRow]) -> Self {
        let mut rows: Vec<&CaseRow> = rows.iter().collect();
        rows.sort_unstable_by_key(|row| row.thread);
        Self { name: CASES, leaves: rows.into_iter().map(CaseRow::leaf).collect() }
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// The digest at a position of the log.
    #[must_use]
    pub fn digest(&self, ledger: &LedgerId, position: u64) -> Hash {
        let mut frontier = Frontier::new();
        frontier.extend(self.leaves.iter().copied());
        view_digest(self.name, ledger, position, self.rows(), &frontier.root())
    }

    /// The audit path of a row; none if there is no such row.
    #[must_use]
    pub fn proof(&self, index: u64) -> Option<Vec<Hash>> {
        let mut nodes = NodeMemory::new();
        self.leaves.iter().for_each(|leaf| nodes.append(*leaf));
        inclusion_proof(&nodes, index, self.rows()).ok()
    }

    /// The event that publishes it.
    #[must_use]
    pub fn event(&self, ledger: &LedgerId, position: u64) -> DigestPublished {
        let digest = self.digest(ledger, position);
        DigestPublished { view: self.name.to_owned(), version: VIEW_VERSION, position, digest }
    }
}

/// The digest of a published view: over its name, version, ledger, position, number of rows and root.
#[must_use]
pub fn view_digest(name: &str, ledger: &LedgerId, position: u64, rows: u64, root: &Hash) -> Hash {
    Domain::ViewDigest.hash(&[
        &[u8::try_from(name.len()).unwrap_or(u8::MAX)],
        name.as_bytes(),
        &VIEW_VERSION.to_be_bytes(),
        &ledger.0,
        &position.to_be_bytes(),
        &rows.to_be_bytes(),
        &root.0,
    ])
}

/// The leaf of a row: RFC 6962's hash of the domain, the view's name and the row's fields.
fn leaf(name: &str, fields: &[&[u8]]) -> Hash {
    let mut row = Domain::ViewRow.bytes().to_vec();
    row.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    row.extend_from_slice(name.as_bytes());
    fields.iter().for_each(|field| row.extend_from_slice(field));
    leaf_hash(&row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::verify_inclusion;

    fn row(number: u8) -> CaseRow {
        CaseRow { thread: ThreadId([number; 16]), count: u32::from(number), last: Hash([number; 32]) }
    }

    #[test]
    fn the_order_of_the_rows_is_the_views_own_and_each_row_is_bound_to_all_its_fields() {
        let ledger = LedgerId([7; 32]);
        let tree = ViewTree::of_cases(&[row(2), row(1), row(3)]);
        assert_eq!(tree.digest(&ledger, 9), ViewTree::of_cases(&[row(1), row(2), row(3)]).digest(&ledger, 9));
        // The example of docs/format.md, computed there by another program.
        let example = "217464e264f27f455948c83f8f6c20ce3d6feff0fb408527521af3b660f21d80";
        assert_eq!(tree.digest(&ledger, 9).to_string(), example);
        let changed = [
            CaseRow { thread: ThreadId([9; 16]), ..row(3) },
            CaseRow { count: 4, ..row(3) },
            CaseRow { last: Hash([9; 32]), ..row(3) },
        ];
        for other in changed {
            let tree = ViewTree::of_cases(&[row(1), row(2), other]);
            assert_ne!(
                tree.digest(&ledger, 9),
                ViewTree::of_cases(&[row(1), row(2), row(3)]).digest(&ledger, 9)
            );
        }
        let other_places = [tree.digest(&ledger, 8), tree.digest(&LedgerId([8; 32]), 9)];
        assert!(!other_places.contains(&tree.digest(&ledger, 9)));
        assert_ne!(
            view_digest(CASES, &ledger, 9, 3, &Hash::ZERO),
            view_digest(CASES, &ledger, 9, 4, &Hash::ZERO),
            "the number of rows is part of the digest: a proof needs it"
        );
    }

    #[test]
    fn a_row_is_proved_in_views_of_every_size_and_no_other_row_in_its_place() {
        for size in 1..40_u8 {
            let rows: Vec<CaseRow> = (0..size).map(row).collect();
            let tree = ViewTree::of_cases(&rows);
            let mut frontier = Frontier::new();
            frontier.extend(rows.iter().map(CaseRow::leaf));
            for (index, row) in (0..).zip(&rows) {
                let proof = tree.proof(index).expect("a row");
                let at = |leaf| verify_inclusion(&leaf, index, tree.rows(), &frontier.root(), &proof);
                assert!(at(row.leaf()).is_ok(), "row {index} of {size}");
                assert!(at(CaseRow { count: 99, ..*row }.leaf()).is_err());
            }
            assert_eq!(tree.proof(u64::from(size)), None);
        }
    }

    #[test]
    fn a_record_is_listed_once_under_everything_that_it_speaks_of() {
        let key = |number: u8| PublicKey([number; 32]);
        let mut rows = AuthorityRows::default();
        let revoked = |key| {
            OpenEvent::KeyRevoked(crate::event::KeyRevoked {
                key,
                reason: crate::event::Revocation::Lost,
                suspect_since: None,
            })
        };
        rows.fold(3, &revoked(key(1)));
        rows.fold(5, &revoked(key(2)));
        rows.fold(8, &revoked(key(1)));
        assert_eq!(rows.records(&Authority::Key(key(1))), [3, 8]);
        assert_eq!(rows.at(8).records(&Authority::Key(key(1))), [3]);
        assert_eq!(rows.at(4).index(&Authority::Key(key(2))), None, "a row without records is no row");
        assert_eq!(rows.at(u64::MAX), rows);
    }
}

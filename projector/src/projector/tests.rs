//! Rows changed by a hand that has all keys: the digest tells.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use vandel_core::event::ThreadSort;
use vandel_core::time::Period;
use vandel_ledger::sealing::identity_key;
use vandel_ledger::vault::KeyId;

use super::*;
use crate::lively::Lively;
use crate::row::Row;
use crate::seal::{Room, spine_key};
use crate::store::Pair;

/// The row with one thing in it changed.
fn changed(row: &Row) -> Row {
    let mut row = row.clone();
    match &mut row {
        Row::Spine(row) => row.count += 1,
        Row::Process(row) => {
            row.follow_up = Some(row.follow_up.map_or(crate::world::today(), |day| day.plus(Period::days(1))))
        }
        Row::Note(row) => row.shown = row.shown.map_or(Some(7), |_| None),
        Row::Presence(row) => row.steps.push(9),
        Row::Identity(row) => row.identity.protected = !row.identity.protected,
        Row::Reading(row) => row.count += 1,
        Row::Clock(row) => row.held = !row.held,
        Row::Key(row) => row.enrolled_at += 1,
    }
    row
}

fn sealed_again(sealer: &Sealer<'_>, table: Table, key: &[u8], row: &Row) -> Option<Vec<u8>> {
    let ready = |name: &[u8]| {
        let key = sealer.vault().key(&KeyId(*name.first_chunk().unwrap())).unwrap();
        key.unwrap().ready()
    };
    let (mut room, mut out) = (Room::default(), Vec::new());
    match row {
        Row::Key(_) => out = row.encode(),
        Row::Identity(identity) => {
            let label = identity_key(&identity.thread, identity.number);
            let keys = (ready(key), ready(&label.0));
            sealer.seal_identity((&keys.0, &keys.1), (key, &label), row, &mut room, &mut out).unwrap();
        }
        _ => sealer.seal(&ready(key), (table, key), row, &mut room, &mut out).unwrap(),
    }
    Some(out)
}

fn pairs(projector: &Projector, table: Table) -> Vec<Pair> {
    projector.store.scan(table, Bound::Unbounded).collect::<Result<_, _>>().unwrap()
}

fn digest(projector: &Projector, source: &Source<'_>) -> Result<Hash, ProjectError> {
    projector.views(source).digest()
}

#[test]
fn one_changed_row_changes_the_digest_and_one_moved_row_does_not_open() {
    let mut lively = Lively::found(2);
    (0..30).for_each(|_| lively.act());
    let source = lively.source();
    let mut projector = Projector::in_memory(&source, Settings::default()).unwrap();
    let before = digest(&projector, &source).unwrap();
    let (mut rows, mut digests) = (0, BTreeSet::from([before]));
    for table in Table::ROWS {
        let all = pairs(&projector, table);
        for (at, (key, sealed)) in all.iter().enumerate() {
            let sealer = Sealer::new(source.vault, source.chain.ledger, &projector.secret);
            let row = sealer.open(table, key, sealed).unwrap().unwrap();
            let other = sealed_again(&sealer, table, key, &changed(&row));
            let put = |value: Option<Vec<u8>>| [Change { table, key: key.clone(), value }];
            projector.store.apply(&put(other)).unwrap();
            assert!(digests.insert(digest(&projector, &source).unwrap()), "changed: {row:?}");
            projector.store.apply(&put(None)).unwrap();
            assert!(digests.insert(digest(&projector, &source).unwrap()), "removed: {row:?}");
            let neighbour = &all[(at + 1) % all.len()].1;
            if table != Table::Keys && neighbour != sealed {
                projector.store.apply(&put(Some(neighbour.clone()))).unwrap();
                assert!(digest(&projector, &source).is_err(), "moved: {row:?}");
            }
            projector.store.apply(&put(Some(sealed.clone()))).unwrap();
            rows += 1;
        }
    }
    assert_eq!(digest(&projector, &source).unwrap(), before);
    eprintln!("{rows} rows, {} digests, all distinct", digests.len());
}

#[test]
fn after_an_erasure_the_store_holds_exactly_what_a_rebuilt_one_holds() {
    let keys = |projector: &Projector| -> BTreeMap<Table, Vec<Vec<u8>>> {
        let of = |table| pairs(projector, table).into_iter().map(|(key, _)| key).collect();
        Table::ALL.into_iter().map(|table| (table, of(table))).collect()
    };
    let mut erasures = 0;
    for seed in 20..26 {
        let mut lively = Lively::found(seed);
        let mut projector = lively.projector();
        for _ in 0..10 {
            (0..3).for_each(|_| lively.act());
            projector.catch_up(&lively.source()).unwrap();
        }
        let cases = lively.cases.clone();
        let erased = cases.into_iter().find(|case| lively.erase(*case));
        let source = lively.source();
        projector.catch_up(&source).unwrap();
        let rebuilt = Projector::in_memory(&source, Settings::default()).unwrap();
        assert_eq!(keys(&projector), keys(&rebuilt), "seed {seed}");
        projector.rebuild(&source).unwrap();
        assert_eq!(keys(&projector), keys(&rebuilt), "seed {seed}, in batches and merged");
        if let Some(erased) = erased {
            erasures += 1;
            assert!(projector.store.get(Table::Spines, &spine_key(&erased).0).unwrap().is_none());
            assert!(projector.views(&source).case(&erased).unwrap().is_none());
        }
        for (key, _) in pairs(&projector, Table::Spines) {
            let stored = projector.stored(&source);
            let spine = stored.spine_at(&key).unwrap().unwrap();
            assert!(spine.sort == ThreadSort::Reader || spine.steps.len() == spine.count as usize);
        }
    }
    assert!(erasures > 0, "everything was held");
}

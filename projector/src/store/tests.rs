//! What lies on disk against a map: built in batches, changed afterwards, damaged.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::ops::Bound;

use proptest::prelude::*;

use super::*;

const TABLES: [Table; 3] = [Table::Spines, Table::Identities, Table::Tokens];

/// A batch of changes: table, one of a few keys, the length of a value or none.
type Batches = Vec<Vec<(usize, u8, Option<u8>)>>;

fn key(table: Table, number: u8) -> Vec<u8> {
    let hash = vandel_core::hash::sha256(&[&[number / 3]]).0;
    // Some keys begin alike, as a case's identities do.
    let len = if table == Table::Tokens { 17 } else { 16 };
    [&hash[..len], &vec![number; usize::from(table != Table::Spines)][..]].concat()
}

fn changes(batch: &[(usize, u8, Option<u8>)]) -> Vec<Change> {
    let mut changes: std::collections::BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>> = Default::default();
    for (table, number, value) in batch {
        let table = TABLES[*table];
        changes.insert((table, key(table, *number)), value.map(|len| vec![len; 40 * usize::from(len)]));
    }
    changes.into_iter().map(|((table, key), value)| Change { table, key, value }).collect()
}

/// Changes in lots, in no order.
fn lots(changes: &[Change]) -> Vec<Lot> {
    let mut lots = vec![Lot::default(), Lot::default(), Lot::default()];
    for (at, change) in changes.iter().enumerate().rev() {
        lots[at % 3].push(change).unwrap();
    }
    lots
}

fn same(store: &dyn ViewStore, model: &MemoryStore) {
    for table in Table::ALL {
        let all = |store: &dyn ViewStore, from: Bound<&[u8]>| -> Vec<Pair> {
            store.scan(table, from).collect::<Result<_, _>>().unwrap()
        };
        assert!(all(store, Bound::Unbounded) == all(model, Bound::Unbounded), "{}", table.name());
        for number in 0..40 {
            let key = key(table, number);
            assert!(store.get(table, &key).unwrap() == model.get(table, &key).unwrap());
            for from in [Bound::Included(&key[..]), Bound::Excluded(&key[..])] {
                assert!(all(store, from) == all(model, from));
            }
            let prefix = &key[..16];
            let begun = |store: &dyn ViewStore| -> Vec<Pair> {
                store.scan_prefix(table, prefix).collect::<Result<_, _>>().unwrap()
            };
            assert!(begun(store) == begun(model));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rows_built_in_batches_and_changed_afterwards_are_those_of_a_map(
        built: Drawn,
        changed: Drawn,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("projection");
        let mut build = Build::begin(&path).unwrap();
        let mut model = MemoryStore::default();
        for (number, batch) in built.0.iter().enumerate() {
            let changes = changes(batch);
            build.write(&lots(&changes), built.0.len() - 1 - number).unwrap();
            model.apply(&changes).unwrap();
            same(&build, &model);
        }
        build.finish().unwrap();
        if built.0.is_empty() {
            return Ok(());
        }
        let mut store = LayeredStore::open(&path, 1 << 20).unwrap();
        same(&store, &model);
        for batch in &changed.0 {
            let changes = changes(batch);
            store.apply(&changes).unwrap();
            model.apply(&changes).unwrap();
        }
        same(&store, &model);
    }
}

/// Batches, as proptest draws them.
#[derive(Clone, Debug)]
struct Drawn(Batches);

impl Arbitrary for Drawn {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let change = (0..TABLES.len(), 0..40_u8, proptest::option::weighted(0.8, 1..250_u8));
        let batch = proptest::collection::vec(change, 1..60);
        proptest::collection::vec(batch, 0..5).prop_map(Self).boxed()
    }
}

#[test]
fn no_bit_of_a_file_of_rows_changes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projection");
    let batch: Vec<_> = (0..40).map(|number| (0, number, Some(30))).collect();
    let all = changes(&batch);
    let mut build = Build::begin(&path).unwrap();
    build.write(&lots(&all), 0).unwrap();
    build.finish().unwrap();
    let rows = path.join("rows");
    let bytes = std::fs::read(&rows).unwrap();
    let mut trials = 0;
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&rows, &changed).unwrap();
        let read = LayeredStore::open(&path, 1 << 20).and_then(|store| {
            store.scan(Table::Spines, Bound::Unbounded).collect::<Result<Vec<_>, _>>().map(drop)
        });
        assert!(read.is_err(), "byte {at}");
        trials += 1;
    }
    println!("{trials} damages");
}

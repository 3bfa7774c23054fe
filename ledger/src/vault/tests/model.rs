//! Random histories against a map.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<(u64, Vec<u8>)>),
    Erase(Vec<u8>, bool),
    DestroyAfter(u64),
    Ensure(u8),
    Fold,
    Reopen,
    CutPower,
}

fn step() -> impl Strategy<Value = Step> {
    let entry = (1_u64..4, proptest::collection::vec(0_u8..20, 0..4));
    prop_oneof![
        6 => proptest::collection::vec(entry, 0..6).prop_map(Step::Put),
        2 => (proptest::collection::vec(0_u8..20, 0..4), any::<bool>()).prop_map(|(keys, all)| Step::Erase(keys, all)),
        1 => (0_u64..8).prop_map(Step::DestroyAfter),
        1 => (0_u8..20).prop_map(Step::Ensure),
        1 => Just(Step::Fold),
        1 => Just(Step::Reopen),
        1 => Just(Step::CutPower),
    ]
}

/// What must be there: each record's parts, erased for good (`None`) or open, and the keys alive.
#[derive(Default)]
struct Model {
    records: BTreeMap<u64, Vec<(u8, bool)>>,
    keys: BTreeSet<u8>,
}

impl Model {
    fn expected(&self) -> Vec<Opened> {
        let opened = self.records.iter().map(|(record, parts)| {
            let parts = parts.iter().zip(0_u8..).map(|((_, lives), slot)| {
                let bytes = Zeroizing::new(text(*record, slot));
                (slot, if *lives { Part::Open(bytes) } else { Part::Erased })
            });
            Opened { record: *record, statement: statement(*record), parts: parts.collect() }
        });
        opened.collect()
    }

    fn erase(&mut self, keys: &[u8]) {
        for (key, lives) in self.records.values_mut().flatten() {
            *lives &= !keys.contains(key);
        }
        self.keys.retain(|key| !keys.contains(key));
    }

    fn destroy_after(&mut self, record: u64) {
        let gone = self.records.split_off(&record);
        let living = |records: &BTreeMap<u64, Vec<(u8, bool)>>| -> BTreeSet<u8> {
            records.values().flatten().filter(|(_, lives)| *lives).map(|(key, _)| *key).collect()
        };
        let kept = living(&self.records);
        self.keys.retain(|key| kept.contains(key) || !living(&gone).contains(key));
    }
}

fn apply(disk: &MemoryDisk, vault: &mut Vault, model: &mut Model, step: Step) {
    let last = model.records.last_key_value().map_or(0, |(record, _)| *record);
    match step {
        Step::Put(steps) => {
            let mut record = last;
            let mut entries = Vec::new();
            for (gap, keys) in steps {
                record += gap;
                entries.push(entry(record, &keys));
                model.keys.extend(&keys);
                model.records.insert(record, keys.into_iter().map(|key| (key, true)).collect());
            }
            vault.put(&entries).expect("puts");
        }
        Step::Erase(keys, in_all) => {
            // The records that use a key must be named, or a key made again under the same id would
            // find parts that it does not open; more may be named.
            let uses = |parts: &Vec<(u8, bool)>| parts.iter().any(|(key, _)| keys.contains(key));
            let records =
                model.records.iter().filter(|(_, parts)| in_all || uses(parts)).map(|(r, _)| *r).collect();
            vault.erase(&ids(&keys), &records).expect("erases");
            model.erase(&keys);
        }
        Step::DestroyAfter(back) => {
            vault.destroy_after(last.saturating_sub(back)).expect("destroys");
            model.destroy_after(last.saturating_sub(back));
        }
        Step::Ensure(key) => {
            vault.ensure_keys(&[key_id(key)]).expect("makes");
            model.keys.insert(key);
        }
        Step::Fold => vault.fold().expect("folds"),
        Step::Reopen => *vault = open(disk).expect("opens"),
        Step::CutPower => {
            disk.cut_power();
            *vault = open(disk).expect("opens");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_vault_is_a_map_that_can_forget(steps in proptest::collection::vec(step(), 1..40), from in 0_u64..60) {
        let disk = MemoryDisk::default();
        let mut vault = create(&disk).expect("creates");
        let mut model = Model::default();
        for step in steps {
            apply(&disk, &mut vault, &mut model, step);
            prop_assert_eq!(vault.last_record(), model.records.last_key_value().map(|(record, _)| *record));
        }
        let expected = model.expected();
        let all: Vec<Opened> = vault.records(0).map(|opened| opened.expect("readable")).collect();
        prop_assert_eq!(&all, &expected);
        let later: Vec<Opened> = vault.records(from).map(|opened| opened.expect("readable")).collect();
        let expected_later: Vec<Opened> = expected.into_iter().filter(|opened| opened.record >= from).collect();
        prop_assert_eq!(later, expected_later);
        for record in 0..200 {
            let found = all.iter().find(|opened| opened.record == record);
            let got = vault.get(record).expect("readable");
            prop_assert_eq!(got.as_ref(), found);
        }
        let keys: BTreeSet<u8> = (0..20).filter(|key| vault.key(&key_id(*key)).expect("readable").is_some()).collect();
        prop_assert_eq!(&keys, &model.keys);
        let audit = vault.audit(&[]).expect("audits");
        prop_assert_eq!(audit.keys, ids(&keys.into_iter().collect::<Vec<_>>()));
        prop_assert_eq!((audit.records_damaged, audit.damage.len()), (0, 0));
    }
}

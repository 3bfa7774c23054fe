//! The vault on a disk that stops, loses what was not synced, and remembers everything it ever held.

mod crash;
mod damage;
mod forget;
mod memory_disk;
mod model;
mod rivals;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use vandel_core::hash::{Hash, sha256};
use vandel_core::id::LedgerId;
use zeroize::Zeroizing;

use super::*;
use memory_disk::MemoryDisk;

const FOLDER: &str = "/vault";
const CELL: &str = "/cell/root.cell";
const LEDGER: LedgerId = LedgerId([9; 32]);

/// So small that a few records fill bundles, split shards and fold segments.
const SMALL: VaultConfig = VaultConfig {
    shards_max: 8,
    keys_per_shard: 4,
    bundle_bytes: 2_048,
    segment_max: 24,
    cached_keys: 8,
    cached_entries: 8,
    cache_lifetime: std::time::Duration::from_secs(600),
    take_over: false,
};

fn cell(disk: &MemoryDisk) -> Box<dyn RootCell> {
    Box::new(FileCell::new(Arc::new(disk.clone()), Path::new(CELL)))
}

fn create(disk: &MemoryDisk) -> Result<Vault, VaultError> {
    Vault::create(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell(disk), SMALL)
}

fn open(disk: &MemoryDisk) -> Result<Vault, VaultError> {
    Vault::open(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell(disk), SMALL)
}

fn key_id(number: u8) -> KeyId {
    KeyId(*sha256(&[b"test key", &[number]]).0.first_chunk().expect("32 bytes"))
}

fn statement(record: u64) -> Hash {
    sha256(&[b"statement", &record.to_be_bytes()])
}

fn text(record: u64, slot: u8) -> Vec<u8> {
    format!("record {record} slot {slot} ")
        .repeat(1 + usize::try_from(record % 30).expect("small"))
        .into_bytes()
}

/// An entry with one part for each key, in slots from zero.
fn entry(record: u64, keys: &[u8]) -> Entry {
    let parts = keys.iter().zip(0..).map(|(key, slot)| EntryPart {
        slot,
        key: key_id(*key),
        bytes: Zeroizing::new(text(record, slot)),
    });
    Entry { record, statement: statement(record), parts: parts.collect() }
}

fn ids(keys: &[u8]) -> BTreeSet<KeyId> {
    keys.iter().map(|key| key_id(*key)).collect()
}

/// What a record must look like when these of its keys are gone.
fn expect(entry: &Entry, gone: &BTreeSet<KeyId>) -> Opened {
    let parts = entry.parts.iter().map(|part| {
        let erased = gone.contains(&part.key);
        (part.slot, if erased { Part::Erased } else { Part::Open(part.bytes.clone()) })
    });
    Opened { record: entry.record, statement: entry.statement, parts: parts.collect() }
}

/// Every entry looks as it must, one by one and in order, and nothing else is there.
fn assert_holds(vault: &Vault, entries: &[Entry], gone: &BTreeSet<KeyId>) {
    let expected: Vec<Opened> = entries.iter().map(|entry| expect(entry, gone)).collect();
    for opened in &expected {
        assert_eq!(vault.get(opened.record).expect("readable").as_ref(), Some(opened));
    }
    let all: Vec<Opened> = vault.records(0).map(|opened| opened.expect("readable")).collect();
    assert_eq!(all, expected);
    assert_eq!(vault.last_record(), entries.last().map(|entry| entry.record));
}

/// Six cases with three keys each in thirty records, over several bundles, folds and shards.
fn history() -> Vec<Entry> {
    (0..30)
        .map(|record| {
            let case = 3 * u8::try_from(record % 6).expect("small");
            entry(2 * record, &[case, case + 1, case + 2])
        })
        .collect()
}

fn filled(disk: &MemoryDisk) -> Vault {
    let mut vault = create(disk).expect("creates");
    for entries in history().chunks(4) {
        vault.put(entries).expect("puts");
    }
    vault
}

#[test]
fn an_older_handle_can_neither_add_nor_rotate() {
    let disk = MemoryDisk::default();
    let mut older = filled(&disk);
    let mut newer = open(&disk).expect("opens");
    let before = disk.read(CELL);
    assert!(matches!(older.put(&[entry(100, &[1])]), Err(VaultError::Fenced)));
    assert!(matches!(older.erase(&ids(&[0]), &BTreeSet::new()), Err(VaultError::Fenced)));
    assert!(matches!(older.ensure_keys(&[key_id(200)]), Err(VaultError::Fenced)));
    assert_eq!(disk.read(CELL), before);
    newer.put(&[entry(100, &[1])]).expect("the newer one writes");

    // A cell that another has rotated refuses too, even if the fence were missed.
    let root = Root { epoch: 99, key: DataKey::random().expect("randomness") };
    assert!(matches!(
        cell(&disk).replace(Some(98), &root, &|| Ok(true)),
        Err(RootCellError::Fenced { expected: Some(98), .. })
    ));
    let mut reader =
        Vault::open_read_only(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell(&disk), SMALL)
            .expect("opens");
    assert!(matches!(reader.fold(), Err(VaultError::ReadOnly)));
    newer.put(&[entry(101, &[1])]).expect("a reader does not fence");
}

#[test]
fn entries_out_of_order_and_double_slots_are_refused() {
    let disk = MemoryDisk::default();
    let mut vault = filled(&disk);
    let last = vault.last_record().expect("filled");
    for bad in [vec![entry(last, &[1])], vec![entry(last + 2, &[1]), entry(last + 1, &[1])]] {
        assert!(matches!(vault.put(&bad), Err(VaultError::OutOfOrder { .. })));
    }
    let mut twice = entry(last + 1, &[1, 2]);
    twice.parts[1].slot = 0;
    assert!(matches!(vault.put(&[twice]), Err(VaultError::BadEntry { .. })));
    assert_holds(&vault, &history(), &BTreeSet::new());
    assert!(matches!(create(&disk), Err(VaultError::Exists)));
    let other = Vault::open(Arc::new(disk.clone()), Path::new(FOLDER), LedgerId([8; 32]), cell(&disk), SMALL);
    assert!(matches!(other, Err(VaultError::Damaged { .. })), "another ledger's vault");
}

#[test]
fn a_sealed_cell_opens_with_its_passphrase_only() {
    let disk = MemoryDisk::default();
    let cheap = ScryptCost { log_n: 4, r: 8, p: 1 };
    let cell = |passphrase: &str| {
        let passphrase = Zeroizing::new(passphrase.to_owned());
        Box::new(PassphraseCell::new(Arc::new(disk.clone()), Path::new(CELL), passphrase, cheap))
    };
    let open =
        |passphrase| Vault::open(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell(passphrase), SMALL);
    let mut vault = Vault::create(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell("right"), SMALL)
        .expect("creates");
    vault.put(&[entry(0, &[1, 2])]).expect("puts");
    let evidence = vault.erase(&ids(&[1]), &BTreeSet::from([0])).expect("erases");
    assert_eq!((evidence.root_cell, evidence.epoch), (RootCellKind::SealedFile, 2));
    assert!(evidence.root_cell.assurance().contains("best effort"));
    assert_holds(&open("right").expect("opens"), &[entry(0, &[1, 2])], &ids(&[1]));

    let refused = open("wrong").expect_err("the wrong passphrase");
    assert!(matches!(refused, VaultError::RootCell(RootCellError::DoesNotOpen)));
    assert!(!format!("{refused:?} {refused}").contains("wrong\""));
    let sound = disk.read(CELL);
    for at in 0..sound.len() {
        let mut changed = sound.clone();
        // The cost's low bits would only make the test slow; its bounds are checked by the high ones.
        changed[at] ^= 0x80;
        disk.write(CELL, changed);
        assert!(cell("right").load().is_err(), "byte {at}");
    }
}

#[test]
fn names_are_kept_replaced_and_erased() {
    let disk = MemoryDisk::default();
    let mut vault = filled(&disk);
    let name = |kind, id: u8, text: &str| Name {
        kind,
        id: [id; 16],
        parent: Some([id; 16]),
        text: Zeroizing::new(text.to_owned()),
    };
    let ada = name(NameKind::Actor, 1, "Ada Åberg");
    let school = name(NameKind::Unit, 1, "Ekskolan");
    for name in [&name(NameKind::Actor, 1, "Ada Ek"), &school, &ada] {
        vault.put_name(name).expect("puts");
    }
    assert_eq!(vault.names().expect("reads"), vec![ada.clone(), school.clone()]);
    assert!(!format!("{ada:?}").contains("Ada"));

    let key = BTreeSet::from([name_key(NameKind::Actor, &[1; 16])]);
    assert_eq!(vault.erase(&key, &BTreeSet::new()).expect("erases").keys_destroyed, 1);
    assert_eq!(open(&disk).expect("opens").names().expect("reads"), vec![school]);
    let long = "x".repeat(2_000);
    assert!(matches!(
        open(&disk).expect("opens").put_name(&name(NameKind::Unit, 2, &long)),
        Err(VaultError::TooLarge)
    ));
}

#[test]
fn keys_for_callers_are_durable_and_die_like_all_others() {
    let disk = MemoryDisk::default();
    let mut vault = create(&disk).expect("creates");
    vault.ensure_keys(&[key_id(1), key_id(2), key_id(1)]).expect("makes");
    let key = vault.key(&key_id(1)).expect("reads").expect("there");
    vault.ensure_keys(&[key_id(1)]).expect("changes nothing");
    disk.cut_power();
    let mut vault = open(&disk).expect("opens");
    assert_eq!(vault.key(&key_id(1)).expect("reads").as_ref(), Some(&key));
    vault.put(&[entry(7, &[1, 2])]).expect("puts");
    vault.erase(&ids(&[1]), &BTreeSet::from([7])).expect("erases");
    assert_eq!(vault.key(&key_id(1)).expect("reads"), None);
    vault.ensure_keys(&[key_id(1)]).expect("makes another");
    assert_ne!(vault.key(&key_id(1)).expect("reads"), Some(key));
    assert_holds(&open(&disk).expect("opens"), &[entry(7, &[1, 2])], &ids(&[1]));
}

/// A reader beside the writer, after every put, fold and erasure: brought up to date it holds what one that was opened
/// anew holds.
#[test]
fn a_reader_that_is_refreshed_holds_what_one_opened_anew_holds() {
    let disk = MemoryDisk::default();
    let mut writer = create(&disk).expect("creates");
    let read =
        || Vault::open_read_only(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell(&disk), SMALL);
    let mut reader = read().expect("opens");
    let (mut put, mut gone, mut epochs) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for number in 0..12_u8 {
        let (record, key) = (2 * u64::from(number), 3 * number);
        let entries = [entry(record, &[key, key + 1]), entry(record + 1, &[key + 1, key + 2])];
        writer.put(&entries).expect("puts");
        put.extend(entries);
        if number % 3 == 2 {
            // Of a case that gets no more records, or its key would be made anew.
            let keys = ids(&[key - 3]);
            let records = put.iter().map(|entry| entry.record).collect();
            writer.erase(&keys, &records).expect("erases");
            gone.extend(keys);
        }
        reader.refresh().expect("refreshes");
        assert_holds(&reader, &put, &gone);
        assert_holds(&read().expect("opens"), &put, &gone);
        assert_eq!(reader.manifest_hash(), writer.manifest_hash());
        epochs.insert(reader.epoch());
    }
    assert!(epochs.len() > 2, "it was rotated");
    reader.refresh().expect("nothing new is no error");
    assert_holds(&reader, &put, &gone);
}

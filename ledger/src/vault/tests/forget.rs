//! The adversary: everything that was ever on the disk, and the present root.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The root's own file is the one place where old bytes must not survive: it is left out, and the
/// control below shows what would come of it.
fn found_blobs(disk: &MemoryDisk) -> Vec<PathBuf> {
    let blobs = disk.everything_ever_synced().into_iter().filter(|blob| !blob.starts_with(b"VVr1"));
    let paths = blobs.enumerate().map(|(number, blob)| {
        let path = format!("/found/{number}");
        disk.write(&path, blob);
        PathBuf::from(path)
    });
    paths.collect()
}

#[test]
fn all_old_blobs_with_the_present_root_open_nothing_erased_and_everything_living() {
    let disk = MemoryDisk::default();
    let mut vault = filled(&disk);
    let stolen = disk.fork();
    let mut gone = BTreeSet::new();
    for case in [0_u8, 6, 15] {
        let keys = ids(&[case, case + 1, case + 2]);
        let records =
            history().iter().filter(|entry| keys.contains(&entry.parts[0].key)).map(|e| e.record).collect();
        let evidence = vault.erase(&keys, &records).expect("erases");
        assert_eq!((evidence.keys_destroyed, evidence.parts_overwritten), (3, 15));
        gone.extend(keys);
    }
    let found = found_blobs(&disk);
    assert!(found.len() > 40);
    let audit = vault.audit(&found).expect("audits");
    assert_eq!((audit.records_open, audit.records_erased, audit.records_damaged), (15, 15, 0));
    assert_eq!((audit.keys.len(), audit.damage.len()), (9, 0));
    assert!(audit.keys.is_disjoint(&gone));
    assert!(audit.blobs.iter().any(|blob| blob.opens), "the present pages are among them");
    for blob in &audit.blobs {
        assert_ne!(blob.looks_like, "root");
        assert_eq!((blob.forgotten_keys, blob.erased_parts_opened), (0, 0), "{blob:?}");
    }
    assert_holds(&vault, &history(), &gone);

    // The control: with the first root the same blobs give everything back, so the audit above is not
    // blind, and the root cell really is the one place that must forget.
    assert_holds(&open(&stolen).expect("opens"), &history(), &BTreeSet::new());
}

#[test]
fn an_audit_sees_a_key_that_came_back() {
    let disk = MemoryDisk::default();
    let mut vault = filled(&disk);
    let records = history().iter().map(|entry| entry.record).collect();
    vault.erase(&ids(&[0]), &records).expect("erases");
    let found = found_blobs(&disk);

    // As if the root cell had kept the old root: the audit of its holder finds the shard.
    let mut careless = filled(&MemoryDisk::default());
    careless.disk = Arc::new(disk.fork());
    careless.ensure_keys(&[]).expect_err("another disk's fence");
    let audit = vault.audit(&found).expect("audits");
    assert!(audit.blobs.iter().all(|blob| blob.forgotten_keys == 0));

    // A bundle's old copy still holds the erased part; give the vault its key back under another id.
    let old = disk.everything_ever_synced();
    let index = vault.index_of(0).expect("reads");
    let (entry, parts) = index.iter().find(|(_, parts)| parts[0].key.is_none()).expect("erased");
    let span = parts[0].offset as usize..(parts[0].offset + parts[0].len) as usize;
    let sealed =
        old.iter().filter(|blob| blob.starts_with(b"VVf1")).filter_map(|blob| blob.get(span.clone()));
    assert!(
        sealed.clone().any(|bytes| bytes.iter().any(|byte| *byte != 0)),
        "old copies hold {}",
        entry.record
    );
    let live = vault.key(&key_id(3)).expect("reads").expect("lives");
    assert!(sealed.into_iter().all(|sealed| live.open(b"", sealed).is_none()));
}

#[test]
fn no_key_id_plaintext_or_key_ever_reaches_the_disk_in_clear() {
    let disk = MemoryDisk::default();
    let mut vault = filled(&disk);
    let name = Name { kind: NameKind::Actor, id: [3; 16], text: Zeroizing::new("Ada Åberg".into()) };
    vault.put_name(&name).expect("puts");
    let keys: Vec<DataKey> = (0..18).filter_map(|key| vault.key(&key_id(key)).expect("reads")).collect();
    assert_eq!(keys.len(), 18);
    vault.erase(&ids(&[0, 1]), &BTreeSet::from([0, 12])).expect("erases");
    for blob in disk.everything_ever_synced() {
        assert!(!contains(&blob, b"record ") && !contains(&blob, "Åberg".as_bytes()));
        for key in 0..18 {
            assert!(!contains(&blob, &key_id(key).0), "key ids would link the steps of a case");
        }
        assert!(keys.iter().all(|key| !contains(&blob, key.bytes())));
    }
    let shown = format!("{vault:?} {:?} {:?}", vault.get(2), keys[0]);
    assert!(!shown.contains("record 2 slot") && shown.contains("redacted"));
}

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

    // As if a shard that held the key had been sealed under a key that the root still reaches.
    let name = page::PageName { kind: page::PageKind::Shard, number: 0, generation: 1 };
    let shard = [&key_id(0).0[..], &[7; 32]].concat();
    let segment_key = &vault.manifest.segment_key;
    let (blob, _) = page::make(&LEDGER, name, segment_key, &shard).expect("sealed");
    let found = Path::new("/found").join(name.file());
    vault.fence().expect("a writer").replace(&found, &blob).expect("writes");

    // As if an erased part had been sealed under a key that is still there.
    let index = vault.index_of(0).expect("reads");
    let (entry, parts) = index.iter().find(|(_, parts)| parts[0].key.is_none()).expect("erased");
    let living = vault.key(&key_id(3)).expect("reads").expect("lives");
    let binding = seal::part_binding(&LEDGER, entry.record, &entry.statement, 0, &key_id(3));
    let sealed =
        living.seal(&binding, &vec![1; parts[0].len as usize - seal::OVERHEAD_BYTES]).expect("seals");
    let mut bundle = disk.read(&format!("{FOLDER}/bundle-0"));
    bundle[parts[0].offset as usize..][..sealed.len()].copy_from_slice(&sealed);
    disk.write("/found/bundle", bundle);

    let audit = vault.audit(&["/found/shard-0.1".into(), "/found/bundle".into()]).expect("audits");
    let told: Vec<_> =
        audit.blobs.iter().map(|blob| (blob.forgotten_keys, blob.erased_parts_opened)).collect();
    assert_eq!(told, [(1, 0), (0, 1)]);
}

#[test]
fn no_key_id_plaintext_or_key_ever_reaches_the_disk_in_clear() {
    let disk = MemoryDisk::default();
    let mut vault = filled(&disk);
    let name =
        Name { kind: NameKind::Actor, id: [3; 16], parent: None, text: Zeroizing::new("Ada Åberg".into()) };
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

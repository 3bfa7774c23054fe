//! Every operation of the vault, stopped at each of its changes to the disk, by a kill and by a power cut.

use std::collections::BTreeSet;

use super::*;

/// Runs `act` on forks of `disk`, stopped at its first change, its second, … until it gets through,
/// and looks at what a reopened vault holds. `check` is told whether `act` was acknowledged.
fn at_every_stop(
    disk: &MemoryDisk,
    act: impl Fn(&MemoryDisk) -> Result<(), VaultError>,
    check: impl Fn(&MemoryDisk, bool),
) {
    for restart in [MemoryDisk::restart, MemoryDisk::cut_power] {
        for stop in 1.. {
            let fork = disk.fork();
            fork.stop_after(stop);
            let acknowledged = act(&fork).is_ok();
            restart(&fork);
            check(&fork, acknowledged);
            if acknowledged {
                assert!(stop > 2, "the operation changes the disk");
                break;
            }
        }
    }
}

#[test]
fn a_vault_is_created_or_not() {
    let disk = MemoryDisk::default();
    at_every_stop(
        &disk,
        |disk| create(disk).map(drop),
        |disk, acknowledged| {
            let vault = match open(disk) {
                Err(VaultError::NoRoot) if !acknowledged => create(disk).expect("creates at the second try"),
                other => other.expect("opens"),
            };
            assert_holds(&vault, &[], &BTreeSet::new());
        },
    );
}

#[test]
fn what_was_put_is_there_and_what_was_not_acknowledged_may_be() {
    let disk = MemoryDisk::default();
    drop(filled(&disk));
    let added = [entry(100, &[0, 50]), entry(101, &[51]), entry(103, &[50, 1])];
    let act = |disk: &MemoryDisk| open(disk)?.put(&added);
    at_every_stop(&disk, act, |disk, acknowledged| {
        let mut vault = open(disk).expect("opens");
        let came = vault.last_record() == Some(103);
        assert!(came || !acknowledged);
        let whole = [history(), if came { added.to_vec() } else { Vec::new() }].concat();
        assert_holds(&vault, &whole, &BTreeSet::new());

        // A tail that no record names goes, with the keys that only it used.
        vault.destroy_after(100).expect("destroys");
        assert_holds(&vault, &history(), &BTreeSet::new());
        assert!(vault.key(&key_id(50)).expect("reads").is_none());
        assert!(vault.key(&key_id(0)).expect("reads").is_some());
        vault.put(&added).expect("the same numbers may come again");
        assert_holds(&open(disk).expect("opens"), &[history(), added.to_vec()].concat(), &BTreeSet::new());
    });
}

#[test]
fn an_erasure_is_whole_or_not_begun() {
    let disk = MemoryDisk::default();
    drop(filled(&disk));
    let gone = ids(&[0, 1, 2, 4, 17]);
    let records: BTreeSet<u64> = history().iter().map(|entry| entry.record).collect();
    let act = |disk: &MemoryDisk| open(disk)?.erase(&gone, &records).map(drop);
    let before = open(&disk).expect("opens").epoch();
    at_every_stop(&disk, act, |disk, acknowledged| {
        let mut vault = open(disk).expect("opens");
        if vault.epoch() == before {
            assert!(!acknowledged);
            assert_holds(&vault, &history(), &BTreeSet::new());
        } else {
            assert_holds(&vault, &history(), &gone);
            assert_overwritten(&vault, disk);
        }
        let evidence = vault.erase(&gone, &records).expect("erases");
        assert_eq!((evidence.epoch, evidence.keys_absent), (before + 1, 5));
        assert_holds(&vault, &history(), &gone);
        assert_overwritten(&vault, disk);
        let again = vault.erase(&gone, &records).expect("nothing to do");
        assert_eq!((again.epoch, again.keys_destroyed, again.parts_overwritten), (before + 1, 0, 0));
    });
}

/// The bytes of erased parts are zeros in the bundles, and no page is left that the root does not reach.
fn assert_overwritten(vault: &Vault, disk: &MemoryDisk) {
    let mut erased = 0;
    for number in 0..vault.bundle_count() {
        let index = vault.index_of(number).expect("readable");
        let bytes = disk.read(&format!("{FOLDER}/bundle-{number}"));
        for part in index.iter().flat_map(|(_, parts)| parts).filter(|part| part.key.is_none()) {
            let (start, end) = (part.offset as usize, (part.offset + part.len) as usize);
            assert!(bytes[start..end].iter().all(|byte| *byte == 0));
            erased += 1;
        }
    }
    assert!(erased > 0);
    let reachable = vault.reachable().len();
    let pages = disk.paths().into_iter().filter(|path| path.contains('.') && path.starts_with(FOLDER));
    assert_eq!(pages.filter(|path| !path.ends_with(".new")).count(), reachable);
}

#[test]
fn a_destroyed_tail_is_gone_or_still_there() {
    let disk = MemoryDisk::default();
    drop(filled(&disk));
    let before = open(&disk).expect("opens").epoch();
    let act = |disk: &MemoryDisk| open(disk)?.destroy_after(11).map(drop);
    at_every_stop(&disk, act, |disk, acknowledged| {
        let mut vault = open(disk).expect("opens");
        assert!(!acknowledged || vault.epoch() > before);
        if vault.epoch() == before {
            assert_holds(&vault, &history(), &BTreeSet::new());
            vault.destroy_after(11).expect("destroys");
        }
        assert_holds(&vault, &history()[..6], &BTreeSet::new());
        vault.put(&[entry(11, &[90]), entry(12, &[0])]).expect("puts");
        let whole = [&history()[..6], &[entry(11, &[90]), entry(12, &[0])]].concat();
        assert_holds(&open(disk).expect("opens"), &whole, &BTreeSet::new());
    });
}

#[test]
fn a_name_is_there_or_the_former_one() {
    let disk = MemoryDisk::default();
    let name = |text: &str| Name {
        kind: NameKind::Actor,
        id: [1; 16],
        parent: None,
        text: Zeroizing::new(text.into()),
    };
    filled(&disk).put_name(&name("before")).expect("puts");
    let act = |disk: &MemoryDisk| open(disk)?.put_name(&name("after"));
    at_every_stop(&disk, act, |disk, acknowledged| {
        let names = open(disk).expect("opens").names().expect("reads");
        assert!(names == [name("after")] || (!acknowledged && names == [name("before")]));
    });
}

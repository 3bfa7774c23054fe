//! After an erasure and the destruction of older generations, nothing that was planted is anywhere: not in the
//! home, not in a backup taken after, and no key that is left opens any byte ever written.

use std::sync::Arc;

use vandel_ledger::backup::{BackupError, Half};
use vandel_ledger::disk::Disk;
use vandel_ledger::vault::{FileCell, Vault, VaultConfig};
use vandel_tests::canary::Canaries;
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;

use super::course::{
    DATA, FIRST, KEYS, Known, LATER, back_up, bring_back, check, destroy, files_under, found, home,
    ledger_at, open_restored,
};

/// A word that random bytes do not hold.
fn word(random: &mut Random) -> String {
    let letters: String =
        (0..14).map(|_| char::from(b'a' + u8::try_from(random.below(26)).unwrap())).collect();
    format!("Kanarie-{letters}")
}

#[test]
fn a_thousand_canaries_are_in_no_file_of_home_or_later_backups() {
    let disk = RecordingDisk::default();
    let mut sequencer = found(&disk, 2);
    let (mut known, mut random, mut canaries) = (Known::default(), Random::seeded(1), Canaries::new());
    for _ in 0..100 {
        let words: Vec<String> = (0..10).map(|_| word(&mut random)).collect();
        words.iter().for_each(|word| canaries.add(word));
        known.read(&mut sequencer, FIRST, &words.join(" "));
    }
    known.read(&mut sequencer, FIRST + 1, "granskning");
    drop(sequencer);
    // Every byte of the vault of before, as a thief would keep it.
    let mut sequencer = ledger_at(&disk, home(), LATER).open().unwrap();
    back_up(&disk, LATER).unwrap();
    let before = files_under(&disk, &home().vault());
    known.erase(&mut sequencer, FIRST, 1);
    drop(sequencer);
    for half in Half::ALL {
        destroy(&disk, 1, half).unwrap();
    }
    back_up(&disk, LATER).unwrap();
    let mut searched = 0;
    for folder in ["/home", "/memory", DATA, KEYS] {
        for (path, bytes) in files_under(&disk, folder.as_ref()) {
            searched += 1;
            assert!(canaries.search(&bytes).is_empty(), "{}", path.display());
        }
    }
    // The blobs of before, under the present root and all it reaches.
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let id = vandel_ledger::home_log::ledger_id_of(&shared, &home()).unwrap();
    let cell = Box::new(FileCell::new(shared.clone(), &home().root_cell()));
    let vault = Vault::open_read_only(shared, &home().vault(), id, cell, VaultConfig::default()).unwrap();
    let mut blobs = Vec::new();
    for (path, bytes) in before {
        let kept = std::path::Path::new("/kept").join(path.file_name().unwrap());
        disk.put(&kept, &bytes);
        blobs.push(kept);
    }
    for finding in vault.audit(&blobs).unwrap().blobs {
        assert_eq!((finding.forgotten_keys, finding.erased_parts_opened), (0, 0), "{finding:?}");
    }
    assert!(matches!(bring_back(&disk, 1, None), Err(BackupError::NoGeneration { .. })));
    bring_back(&disk, 2, None).unwrap();
    check(&open_restored(&disk).unwrap(), &known);
    println!(
        "deep: 1000 canaries in {} forms, {searched} files searched, {} blobs tried",
        canaries.len(),
        blobs.len()
    );
    assert!(searched > 30 && !blobs.is_empty());
}

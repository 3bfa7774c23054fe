//! Backups made while a writer works, on a real disk: every one of them is whole, whatever it was cut out of.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vandel_core::verify::Level;
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::backup::{self, GenerationDisk, Making};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_tests::small_ledger::{NOON, SmallLedger, adopt_policy, assess, enrol};

#[test]
fn a_backup_taken_beside_a_writer_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let ledger = SmallLedger::at(disk.clone(), Home::new(folder.path().join("home")));
    ledger.found().unwrap();
    let (data, keys) = (folder.path().join("data"), folder.path().join("keys"));
    let done = AtomicBool::new(false);
    let count = if std::env::var_os("VANDEL_DEEP").is_some() { 40 } else { 6 };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut sequencer = ledger.open().unwrap();
            for submission in [adopt_policy, |sequencer: &_| enrol(sequencer, 3)] {
                let submission = submission(&sequencer);
                sequencer.commit_one(submission).unwrap();
            }
            let mut thread = 10;
            while !done.load(Ordering::Relaxed) {
                let group = assess(&sequencer, thread, 3);
                sequencer.commit(vec![group]).remove(0).unwrap();
                // The root is rotated now and then, as an erasure does.
                thread = 10 + (thread + 1) % 200;
                if thread % 25 == 0 {
                    sequencer.vault_mut().fold().unwrap();
                }
            }
            sequencer.chain().size()
        });
        // The writer ends with this thread, also where something here does not hold.
        let end = End(&done);
        let (mut attempts, mut written) = (0, Vec::new());
        for number in 1..=count {
            let day = NOON.latest_day_in_sweden();
            let making = Making {
                home: &ledger.home,
                data: &data,
                keys: Some(&keys),
                root_cell: true,
                root_passphrase: None,
                now: NOON,
                expires: (day, day),
            };
            let made = backup::create(&disk, &making, &mut |_| {}).unwrap();
            assert_eq!(made.generation, number);
            attempts += made.attempts;
            written.push(made.progress.written);
            verify(&disk, number, &data, &keys, &ledger.home.trust(), made.data.records);
        }
        drop(end);
        let records = writer.join().unwrap();
        println!(
            "deep: {count} backups beside a writer of {records} records, {attempts} attempts, bytes new {written:?}"
        );
    });
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn verify(disk: &Arc<dyn Disk>, number: u32, data: &Path, keys: &Path, trust: &Path, records: u64) {
    let root = Path::new("/generation");
    let generation = GenerationDisk::open(disk.clone(), root, number, data, Some(keys)).unwrap();
    assert!(generation.check(&mut |_| {}).unwrap().is_empty());
    let generation: Arc<dyn Disk> = Arc::new(generation);
    let options = AuditOptions {
        place: root.to_owned(),
        trust: Some(trust.to_owned()),
        levels: Some([Level::Integrity, Level::Coverage].into()),
        ..AuditOptions::default()
    };
    let report = audit(&generation, options, &mut |_| {}).unwrap();
    assert_eq!(report.exit, 0, "generation {number}: {:?} {:?}", report.summary, report.findings);
    assert!(report.size >= records);
}

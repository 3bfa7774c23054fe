//! Two writers at once: one is paused before each of its operations on the disk, reads included, while another
//! takes over, works, and goes on working. The first then wakes up. Whatever it was about to do, the second's vault
//! is whole, and what the first was told is durable is there.

#![allow(clippy::print_stdout)]

use std::sync::Mutex;

use super::*;
use crate::disk::Open;

/// A disk that calls a hook once, before one of the operations that are made through it.
#[derive(Clone)]
struct PausingDisk {
    inner: MemoryDisk,
    state: Arc<Mutex<Pause>>,
}

#[derive(Default)]
struct Pause {
    operations: u64,
    at: u64,
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

impl PausingDisk {
    fn pause(&self) {
        let meanwhile = {
            let mut state = self.state.lock().expect("the hook is called outside the lock");
            state.operations += 1;
            if state.operations == state.at { state.meanwhile.take() } else { None }
        };
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
    }
}

struct PausingFile(Box<dyn DiskFile>, PausingDisk);

impl Disk for PausingDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        self.pause();
        Ok(Box::new(PausingFile(self.inner.open(path, open)?, self.clone())))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.pause();
        self.inner.create_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.pause();
        self.inner.list(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pause();
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.pause();
        self.inner.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.pause();
        self.inner.sync_directory(path)
    }
}

impl DiskFile for PausingFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.1.pause();
        self.0.read_exact_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.1.pause();
        self.0.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        self.1.pause();
        self.0.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.pause();
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.1.pause();
        self.0.sync()
    }
}

fn take_over(disk: &MemoryDisk) -> Vault {
    let config = VaultConfig { take_over: true, ..SMALL };
    Vault::open(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, cell(disk), config).expect("takes over")
}

fn name(id: u8, text: &str) -> Name {
    Name { kind: NameKind::Actor, id: [id; 16], parent: None, text: Zeroizing::new(text.to_owned()) }
}

/// What the second writer does while the first is paused: new records, a new bundle, a rotation, a name.
fn work(vault: &mut Vault) {
    let first = vault.last_record().map_or(0, |last| last + 1).max(500);
    for record in first..first + 6 {
        vault.put(&[entry(record, &[40, 41])]).expect("the second writer puts");
    }
    vault.erase(&ids(&[5]), &history().iter().map(|entry| entry.record).collect()).expect("and erases");
    vault.put(&[entry(first + 6, &[42, 1])]).expect("and puts");
    vault.put_name(&name(7, "second")).expect("and names");
}

/// Everything in the vault is as it was put, whoever put it, and `gone` is gone.
fn assert_whole(vault: &Vault, firsts: &[Entry], acknowledged: bool, gone: &BTreeSet<KeyId>) {
    let held: Vec<Opened> = vault.records(0).map(|opened| opened.expect("readable")).collect();
    for opened in &held {
        let entry =
            history().into_iter().chain(firsts.iter().cloned()).find(|entry| entry.record == opened.record);
        let entry = entry.unwrap_or_else(|| {
            let last = held.iter().map(|opened| opened.record).max();
            entry_of_second(opened.record, last == Some(opened.record))
        });
        let mut expected = expect(&entry, gone);
        // The first may have erased too, if it came before.
        for (slot, part) in &mut expected.parts {
            let erased = opened.part(*slot) == Some(&Part::Erased);
            if erased && entry.parts[usize::from(*slot)].key == key_id(0) {
                *part = Part::Erased;
            }
        }
        assert_eq!(*opened, expected);
    }
    let has = |record: u64| held.iter().any(|opened| opened.record == record);
    assert!(history().iter().all(|entry| has(entry.record)), "nothing of before is lost");
    assert!(!acknowledged || firsts.iter().all(|entry| has(entry.record)), "what was acknowledged is there");
    assert_eq!(held.iter().filter(|opened| opened.record >= 500).count() % 7, 0, "the second's are there");
}

fn entry_of_second(record: u64, is_last: bool) -> Entry {
    entry(record, if is_last { &[42, 1] } else { &[40, 41] })
}

/// Runs `act` as the first writer, paused before its n-th operation for every n, and gives back how many there were.
fn at_every_pause(act: impl Fn(&mut Vault) -> Result<(), VaultError>, firsts: &[Entry]) -> u64 {
    let disk = MemoryDisk::default();
    drop(filled(&disk));
    for at in 1.. {
        let fork = disk.fork();
        let pausing = PausingDisk { inner: fork.clone(), state: Arc::default() };
        let second: Arc<Mutex<Option<Vault>>> = Arc::default();
        let (kept, shared) = (second.clone(), fork.clone());
        let meanwhile = move || {
            let mut vault = take_over(&shared);
            work(&mut vault);
            *kept.lock().expect("one hook") = Some(vault);
        };
        *pausing.state.lock().expect("no hook yet") =
            Pause { operations: 0, at, meanwhile: Some(Box::new(meanwhile)) };
        let cell = Box::new(FileCell::new(Arc::new(pausing.clone()), Path::new(CELL)));
        let first = Vault::open(Arc::new(pausing.clone()), Path::new(FOLDER), LEDGER, cell, SMALL);
        let (first, outcome) = match first {
            Ok(mut vault) => {
                let outcome = act(&mut vault);
                (Some(vault), outcome)
            }
            Err(error) => (None, Err(error)),
        };
        let Some(mut second) = second.lock().expect("no hook any more").take() else {
            outcome.expect("the act gets through where nobody disturbs it");
            return at - 1;
        };
        let acknowledged = outcome.is_ok();
        // The first was paused before it took the fence itself: then it is the newer one of the two.
        let second_holds = second.check_fence().is_ok();
        if let (Some(mut first), true) = (first, second_holds) {
            let refused = first.put(&[entry(900, &[9])]);
            assert!(matches!(refused, Err(VaultError::Fenced | VaultError::ReadOnly)), "{refused:?} at {at}");
        }
        let gone = ids(&[5]);
        if second_holds {
            assert_whole(&second, firsts, acknowledged, &gone);
            let next = second.last_record().expect("filled") + 1;
            second.ensure_keys(&[key_id(77)]).unwrap_or_else(|error| panic!("{error} at {at}"));
            second.erase(&ids(&[77]), &BTreeSet::new()).unwrap_or_else(|error| panic!("{error} at {at}"));
            assert!(next > 500);
        }
        let third = take_over(&fork);
        assert_whole(&third, firsts, acknowledged, &gone);
        let names = third.names().expect("readable");
        assert!(names.iter().any(|name| name.text.as_str() == "second"), "its name at {at}");
    }
    0
}

#[test]
fn a_writer_that_wakes_up_after_another_took_over_harms_nothing() {
    let firsts = [entry(100, &[0, 30]), entry(101, &[31]), entry(103, &[30, 1])];
    let all: BTreeSet<u64> = history().iter().map(|entry| entry.record).collect();
    let put = at_every_pause(|vault| vault.put(&firsts), &firsts);
    let erase = at_every_pause(|vault| vault.erase(&ids(&[0]), &all).map(|_| ()), &[]);
    let fold = at_every_pause(Vault::fold, &[]);
    let named = at_every_pause(|vault| vault.put_name(&name(9, "first")), &[]);
    println!("vault deep: {} pauses of a writer while another took over", put + erase + fold + named);
    assert!(put > 30 && erase > 60 && fold > 60 && named > 20, "{put} {erase} {fold} {named}");
}

//! Rotates the root and carries an erasure out in a real home, and is killed (SIGKILL) before its n-th change to the
//! disk: the victim of the erasure's kill test.
//!
//! `eraser HOME N` prints how many changes it made if N is never reached.

#![allow(clippy::print_stdout)]

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use vandel_ledger::disk::{Disk, DiskFile, Open, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::opening;
use vandel_tests::erasure_scene::{LATER, go_on, ledger_at, plan};

/// The machine's disk, which kills its own process before a change.
#[derive(Clone, Default)]
struct KillingDisk {
    /// Changes made so far.
    made: Arc<AtomicU64>,
    /// Before which change, from 1, to die; none while 0.
    at: Arc<AtomicU64>,
}

impl KillingDisk {
    fn change(&self) {
        let at = self.at.load(Ordering::SeqCst);
        if at > 0 && self.made.fetch_add(1, Ordering::SeqCst) + 1 == at {
            // Nothing of this process runs on: no destructor, no flush.
            let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            std::thread::sleep(Duration::from_secs(60));
        }
    }
}

struct KillingFile(Box<dyn DiskFile>, KillingDisk);

impl Disk for KillingDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        if open == Open::CreateNew {
            self.change();
        }
        Ok(Box::new(KillingFile(RealDisk.open(path, open)?, self.clone())))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change();
        RealDisk.create_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change();
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change();
        RealDisk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change();
        RealDisk.sync_directory(path)
    }
}

impl DiskFile for KillingFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.1.change();
        self.0.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.change();
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.1.change();
        self.0.sync()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "usage: eraser HOME N";
    let home = PathBuf::from(arguments.next().ok_or(usage)?);
    let at: u64 = arguments.next().and_then(|text| text.to_str()?.parse().ok()).ok_or(usage)?;
    let disk = KillingDisk::default();
    let ledger = ledger_at(Arc::new(disk.clone()), Home::new(home), LATER);
    let mut open = opening::open(&ledger.home, ledger.opening())?;
    let plan = plan(&open.sequencer);
    disk.at.store(at, Ordering::SeqCst);
    open.sequencer.vault_mut().fold()?;
    go_on(&mut open.sequencer, &plan);
    println!("{}", disk.made.load(Ordering::SeqCst));
    Ok(())
}

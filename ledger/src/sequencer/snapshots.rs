//! When snapshots of admission are written: now and then beside the writer, and in the end.

use crate::sequencer::snapshot::{self, SNAPSHOT_KEY, Snapshot};
use crate::sequencer::{OpenError, Sequencer, ThreadsError};
use crate::threads::Commit;

/// A snapshot holds the root of each block: there are no more of them than for this many blocks each has one.
const BLOCKS_EACH: u64 = 8;
/// So few records at the end are read again rather than written down.
const TAIL_MAX: u64 = 64;

/// How often snapshots are written while the sequencer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshots {
    /// After so many records: about so many are read again at a start after a crash.
    pub every: u64,
    /// Between two blocks, and not on a thread of its own.
    pub wait: bool,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self { every: 1 << 15, wait: false }
    }
}

impl Sequencer {
    /// Sets how often snapshots of admission are written.
    pub fn set_snapshots(&mut self, snapshots: Snapshots) {
        self.snapshots = snapshots;
    }

    /// After a block that is settled. A snapshot that can't be written is a slower start next time, no more.
    pub(super) fn write_snapshot_if_due(&mut self) {
        self.take_over_snapshot();
        if self.halted.is_none() && self.is_snapshot_due() {
            let _ = self.write_snapshot(self.snapshots.wait);
        }
    }

    /// Takes over a snapshot that has been written beside the writer.
    pub(super) fn take_over_snapshot(&mut self) {
        let finished = self.threads.finish_snapshot(false);
        let _ = self.readable(finished);
    }

    /// Whether enough has come since the last one.
    pub(super) fn is_snapshot_due(&self) -> bool {
        let every = self.snapshots.every.max(self.chain.blocks / BLOCKS_EACH);
        self.chain.size() - self.snapshot_size >= every
    }

    /// When the instance ends in order.
    pub(super) fn write_last_snapshot(&mut self) -> Result<(), OpenError> {
        let finished = self.threads.finish_snapshot(true);
        let _ = self.readable(finished);
        if self.chain.size() - self.snapshot_size > TAIL_MAX {
            match self.write_snapshot(true) {
                // What the disk refuses here is a slower start.
                Err(OpenError::Threads(error @ (ThreadsError::Io(_) | ThreadsError::Damaged))) => {
                    let _ = self.readable::<()>(Err(error));
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn write_snapshot(&mut self, wait: bool) -> Result<(), OpenError> {
        self.vault.ensure_keys(&[SNAPSHOT_KEY])?;
        let Some(key) = self.vault.key(&SNAPSHOT_KEY)? else { return Ok(()) };
        // A snapshot vouches for the tree's nodes below it, so they must be durable first.
        self.tree.sync()?;
        let mut snapshot = Snapshot {
            chain: self.chain.to_parts(),
            open_records: self.open_records.clone(),
            epoch: self.vault.epoch(),
            threads: Vec::new(),
        };
        let (disk, views) = (self.disk.clone(), self.home.views());
        let commit: Commit = {
            let (disk, views, key) = (disk.clone(), views.clone(), key.clone());
            Box::new(move |threads| {
                snapshot.threads = threads;
                snapshot::write(&*disk, &views, &key, &snapshot)
            })
        };
        let size = self.chain.size();
        self.threads.begin_snapshot((&disk, &views), (&self.vault, key), commit, wait)?;
        self.snapshot_size = size;
        Ok(())
    }
}

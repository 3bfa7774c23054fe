//! The threads of a snapshot: a few sealed files, looked up newest first.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use vandel_core::id::{LedgerId, ThreadId};
use vandel_core::thread::{Thread, Threads};

use super::ThreadsError;
use super::level::{Level, LevelHead, PREFIX};
use super::merge::{Merged, Source};
use super::row;
use crate::disk::Disk;
use crate::vault::{DataKey, Vault};

/// How many rows are opened at a time when all are read.
const ROWS_AT_ONCE: usize = 8_192;

/// The files, newest first.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(super) ledger: LedgerId,
    pub(super) levels: Vec<Arc<Level>>,
}

impl Stored {
    /// No file.
    pub(crate) fn none(ledger: LedgerId) -> Self {
        Self { ledger, levels: Vec::new() }
    }

    /// Opens the files that a snapshot names.
    pub(crate) fn open(
        disk: &dyn Disk,
        folder: &Path,
        (key, ledger): (&DataKey, LedgerId),
        heads: &[LevelHead],
    ) -> Result<Self, ThreadsError> {
        let open = |head: &LevelHead| Level::open(disk, folder, (key, ledger), *head).map(Arc::new);
        Ok(Self { ledger, levels: heads.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// What must be known to open them again.
    pub(crate) fn heads(&self) -> Vec<LevelHead> {
        self.levels.iter().map(|level| level.head()).collect()
    }

    /// Removes files of the same folder that are none of these: what a crash, or an instance that was replaced, has
    /// left. What can't be removed now is removed the next time.
    pub(crate) fn remove_others(&self, disk: &dyn Disk, folder: &Path) {
        let keep: Vec<String> = self.levels.iter().map(|level| level.head().file_name()).collect();
        let names = disk.list(folder).unwrap_or_default();
        let others = names.into_iter().filter(|name| name.starts_with(PREFIX) && !keep.contains(name));
        others.for_each(|name| drop(disk.remove(&folder.join(name))));
    }

    /// A thread, as far as its keys are there.
    pub(super) fn thread(&self, vault: &Vault, id: &ThreadId) -> Result<Option<Thread>, ThreadsError> {
        let key = row::thread_row(id);
        for level in &self.levels {
            if let Some(found) = level.get(&key)? {
                return match found {
                    Some(sealed) => row::open(&self.ledger, id, &sealed, vault),
                    None => Ok(None),
                };
            }
        }
        Ok(None)
    }

    /// The threads that rows lead to which begin so.
    pub(super) fn linked(&self, prefix: &[u8]) -> Result<Vec<ThreadId>, ThreadsError> {
        let levels = self.levels.iter().filter(|level| level.may_hold(prefix));
        let sources = levels.map(|level| Box::new(level.scan(prefix)) as Source<'_>);
        let mut found = Vec::new();
        for entry in Merged::of(sources.collect()) {
            let (key, value) = entry?;
            if !key.starts_with(prefix) {
                break;
            }
            found.extend(value.and_then(|_| row::linked(&key)));
        }
        Ok(found)
    }

    /// All threads, as far as their keys are there, without those that `is_known`.
    pub(super) fn all(
        &self,
        vault: &Vault,
        is_known: impl Fn(&ThreadId) -> bool,
    ) -> Result<Threads, ThreadsError> {
        vault.keep_shards(true);
        let opened = self.open_all(vault, is_known);
        vault.keep_shards(false);
        opened
    }

    fn open_all(&self, vault: &Vault, is_known: impl Fn(&ThreadId) -> bool) -> Result<Threads, ThreadsError> {
        let sources = self.levels.iter().map(|level| Box::new(level.scan(&[])) as Source<'_>);
        let (mut threads, mut waiting) = (Threads::default(), Vec::with_capacity(ROWS_AT_ONCE));
        let open = |waiting: &mut Vec<(ThreadId, Vec<u8>)>, threads: &mut Threads| {
            let opened = waiting.par_iter().map(|(id, sealed)| row::open(&self.ledger, id, sealed, vault));
            let opened: Vec<_> = opened.collect();
            for ((id, _), opened) in waiting.drain(..).zip(opened) {
                threads.restore(id, opened?);
            }
            Ok::<(), ThreadsError>(())
        };
        for entry in Merged::of(sources.collect()) {
            let (key, value) = entry?;
            let Some(id) = row::thread_of(&key) else { break };
            if let Some(sealed) = value.filter(|_| !is_known(&id)) {
                waiting.push((id, sealed));
            }
            if waiting.len() == ROWS_AT_ONCE {
                open(&mut waiting, &mut threads)?;
            }
        }
        open(&mut waiting, &mut threads)?;
        Ok(threads)
    }
}

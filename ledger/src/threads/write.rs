//! Writing what has changed as a new file, and merging files so that there are ever only a few.
//!
//! Files have sizes, each four times the one before. Four of one size become one of the next, so that a thread is written
//! about once for each fourfold growth of the ledger, and there are at most three times as many files as sizes. Merging moves
//! sealed rows and opens none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use vandel_core::id::ThreadId;
use vandel_core::thread::Thread;

use super::ThreadsError;
use super::level::{Level, LevelHead, LevelWriter, Row};
use super::merge::{Merged, Source};
use super::row::{self, Share};
use super::stored::Stored;
use crate::disk::Disk;
use crate::vault::{DataKey, Vault, VaultError};

/// So many files of one size become one of the next, which is as many times as long.
const GROWTH: u64 = 4;
/// Files of fewer rows than [`GROWTH`] times this are all of the smallest size: that they are merged now and then costs
/// nothing.
const SMALLEST_ROWS: u64 = 256;

/// A thread that has changed, on its way to disk; gone if it has no shares.
pub(super) struct Changed {
    id: ThreadId,
    identity_step: u32,
    shares: Option<Vec<Share>>,
    link: Option<(Vec<u8>, bool)>,
}

impl Changed {
    /// What is to be written of a thread, with the keys that seal it.
    pub(super) fn of(id: ThreadId, thread: Option<&Thread>, vault: &Vault) -> Result<Self, VaultError> {
        let shares = thread.map(|thread| row::shares(&id, thread, vault)).transpose()?.flatten();
        let link = thread.and_then(|thread| row::link(&id, thread));
        Ok(Self { id, identity_step: thread.map_or(0, row::identity_step), shares, link })
    }
}

/// Where files are written, and what seals them.
pub(super) struct Place {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    pub(super) key: DataKey,
}

/// Makes a snapshot durable that names these files: the last step of [`write`].
pub(crate) type Commit = Box<dyn FnOnce(Vec<LevelHead>) -> Result<(), ThreadsError> + Send>;

/// Writes what has changed, over what is stored, and then the snapshot that names the files. Returns what is stored
/// then. A crash before the end leaves files that no snapshot names; the next start removes them.
pub(super) fn write(
    place: &Place,
    stored: &Stored,
    changed: Vec<Changed>,
    commit: Commit,
) -> Result<Stored, ThreadsError> {
    let mut levels = stored.levels.clone();
    let mut merged = Vec::new();
    if !changed.is_empty() {
        let rows = sealed(stored, changed)?;
        let files: Vec<u64> = levels.iter().map(|level| level.head().rows()).collect();
        let rest = levels.split_off(merged_with(rows.len() as u64, &files));
        merged = std::mem::replace(&mut levels, rest);
        levels.insert(0, Arc::new(one_file(place, stored, rows, &merged, levels.is_empty())?));
        // The names of the files must be durable before anything names them.
        place.disk.sync_directory(&place.folder)?;
    }
    let written = Stored { ledger: stored.ledger, levels };
    let committed = commit(written.heads());
    if committed.is_err() {
        // Whether the snapshot names the new file is not known, so it stays; the next start knows.
        committed?;
    }
    for level in merged {
        let _ = place.disk.remove(&place.folder.join(level.head().file_name()));
    }
    Ok(written)
}

/// With how many of the files, whose rows are counted newest first, so many new rows are merged.
fn merged_with(rows: u64, files: &[u64]) -> usize {
    let size_of = |rows: u64| (rows / SMALLEST_ROWS).max(1).ilog(GROWTH);
    let (mut sum, mut merged) = (rows, 0);
    loop {
        let left = &files[merged..];
        let no_longer = left.iter().take_while(|rows| size_of(**rows) <= size_of(sum)).count();
        if no_longer as u64 + 1 < GROWTH {
            return merged;
        }
        sum += left[..no_longer].iter().sum::<u64>();
        merged += no_longer;
    }
}

fn sealed(
    stored: &Stored,
    changed: Vec<Changed>,
) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, ThreadsError> {
    let mut rows = BTreeMap::new();
    for Changed { id, identity_step, shares, link } in changed {
        let row = shares.map(|shares| row::seal(&stored.ledger, &id, identity_step, &shares)).transpose()?;
        if let Some((key, stands)) = link {
            rows.insert(key, (stands && row.is_some()).then(Vec::new));
        }
        rows.insert(row::thread_row(&id), row);
    }
    Ok(rows)
}

/// One file of the new rows and those of these files. Marks of what is gone are left out if nothing lies below.
fn one_file(
    place: &Place,
    stored: &Stored,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    older: &[Arc<Level>],
    is_lowest: bool,
) -> Result<Level, ThreadsError> {
    let room = rows.len() as u64 + older.iter().map(|level| level.head().rows()).sum::<u64>();
    let room = usize::try_from(room).map_err(|_| ThreadsError::Damaged)?;
    let mut writer = LevelWriter::create(&*place.disk, &place.folder, (&place.key, stored.ledger), room)?;
    let path = writer.path().to_owned();
    let new: Source<'_> = Box::new(rows.into_iter().map(Ok));
    let older = older.iter().map(|level| Box::new(level.scan(&[])) as Source<'_>);
    let mut push = |row: Row| match row {
        (_, None) if is_lowest => Ok(()),
        (key, value) => writer.push(&key, value.as_deref()),
    };
    let pushed = Merged::of(std::iter::once(new).chain(older).collect()).try_for_each(|row| push(row?));
    let finished = pushed.and_then(|()| writer.finish());
    if finished.is_err() {
        let _ = place.disk.remove(&path);
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_once_for_each_fourfold_growth_and_files_stay_few() {
        for (rows_each, snapshots) in [(8_000_u64, 1_000_u64), (3, 1_000), (500, 5_000)] {
            let (mut files, mut written, mut most): (Vec<u64>, u64, usize) = (Vec::new(), 0, 0);
            for snapshot in 0..snapshots {
                // Now and then an instance ends early.
                let rows = if snapshot % 7 == 0 { 1 + rows_each / 50 } else { rows_each };
                let merged: u64 = files.drain(..merged_with(rows, &files)).sum();
                files.insert(0, rows + merged);
                written += rows + merged;
                most = most.max(files.len());
            }
            let all: u64 = files.iter().sum();
            let sizes = u64::from((all / SMALLEST_ROWS).max(1).ilog(GROWTH)) + 1;
            assert!(most as u64 <= sizes * (GROWTH - 1), "{most} files of {sizes} sizes");
            // Those of the smallest size are written again with each other until they have left it.
            let times = sizes + if rows_each < SMALLEST_ROWS { 2 * SMALLEST_ROWS / rows_each } else { 0 };
            assert!(
                written < all * times,
                "{all} rows of {rows_each} each were written {} times",
                written / all
            );
        }
    }
}

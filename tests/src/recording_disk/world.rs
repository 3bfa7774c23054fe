//! What a process sees, what the medium holds, and what a power cut makes of the difference.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::RecordingDisk;
use crate::random::Random;

/// The unit in which a medium writes: whole sectors are kept or lost.
const SECTOR_BYTES: usize = 512;

/// One operation that changes the disk.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A folder is made.
    CreateDirectory(PathBuf),
    /// A file is made, and numbered.
    Create(PathBuf, usize),
    /// A name is given to another file.
    Rename(PathBuf, PathBuf),
    /// A name is removed.
    Remove(PathBuf),
    /// The names in a folder become durable.
    SyncDirectory(PathBuf),
    /// Bytes are written to a file at an offset.
    Write(usize, usize, Vec<u8>),
    /// A file is cut or extended.
    SetLen(usize, usize),
    /// A file's bytes and length become durable.
    Sync(usize),
    /// A sync failed, and what it should have written is lost while the process still sees it: Linux
    /// marks the pages clean, and no later sync writes them.
    SyncLost(usize),
}

/// What a power cut spares of all that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spares {
    /// Only what was synced.
    Nothing,
    /// All of it, as if it had been synced.
    Everything,
    /// Any part of it.
    AnyPart,
}

#[derive(Clone, Debug, Default)]
pub(super) struct FileWorld {
    /// What a process reads.
    pub(super) seen: Vec<u8>,
    /// What the medium holds.
    pub(super) durable: Vec<u8>,
    /// What was done since the last sync.
    pub(super) pending: Vec<Change>,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    File(usize),
}

pub(super) type Names = BTreeMap<PathBuf, Entry>;
/// Changes of names that come true together: to `None` is a removal.
type NameChange = Vec<(PathBuf, Option<Entry>)>;

/// Both worlds, at one moment.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(super) files: Vec<FileWorld>,
    pub(super) seen: Names,
    pub(super) durable: Names,
    pending: Vec<NameChange>,
}

impl World {
    pub(super) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::CreateDirectory(path) => self.change_names(vec![(path.clone(), Some(Entry::Folder))]),
            Operation::Create(path, file) => {
                self.files.resize_with(self.files.len().max(file + 1), FileWorld::default);
                self.change_names(vec![(path.clone(), Some(Entry::File(*file)))]);
            }
            Operation::Rename(from, to) => {
                let entry = self.seen.get(from).copied();
                self.change_names(vec![(from.clone(), None), (to.clone(), entry)]);
            }
            Operation::Remove(path) => self.change_names(vec![(path.clone(), None)]),
            Operation::SyncDirectory(folder) => {
                let (synced, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
                    .into_iter()
                    .partition(|change| change.iter().any(|(path, _)| path.parent() == Some(folder)));
                synced.iter().for_each(|change| change_names(&mut self.durable, change));
                self.pending = still;
            }
            Operation::Write(file, offset, bytes) => {
                self.change_file(*file, Change::Write(*offset, bytes.clone()));
            }
            Operation::SetLen(file, len) => self.change_file(*file, Change::SetLen(*len)),
            Operation::Sync(file) => {
                let file = &mut self.files[*file];
                let pending = std::mem::take(&mut file.pending);
                pending.iter().for_each(|change| change.make(&mut file.durable));
            }
            Operation::SyncLost(file) => self.files[*file].pending.clear(),
        }
    }

    fn change_names(&mut self, change: NameChange) {
        change_names(&mut self.seen, &change);
        self.pending.push(change);
    }

    fn change_file(&mut self, file: usize, change: Change) {
        change.make(&mut self.files[file].seen);
        self.files[file].pending.push(change);
    }

    /// A disk as a power cut at this moment may leave it. What is on it is durable.
    #[must_use]
    pub fn after_power_cut(&self, spares: Spares, random: &mut Random) -> RecordingDisk {
        let mut names = self.durable.clone();
        for change in &self.pending {
            if spares == Spares::Everything || spares == Spares::AnyPart && random.once_in(2) {
                change_names(&mut names, change);
            }
        }
        let whole = names.clone();
        names.retain(|path, _| {
            path.ancestors().skip(1).all(|above| above == Path::new("/") || whole.contains_key(above))
        });
        let files = self.files.iter().map(|file| {
            let mut bytes = file.durable.clone();
            for change in &file.pending {
                match spares {
                    Spares::Nothing => {}
                    Spares::Everything => change.make(&mut bytes),
                    Spares::AnyPart => change.make_in_part(&mut bytes, random),
                }
            }
            FileWorld { seen: bytes.clone(), durable: bytes, pending: Vec::new() }
        });
        let files = files.collect();
        RecordingDisk::of(World { files, seen: names.clone(), durable: names, pending: Vec::new() })
    }

    /// A disk as a *killed process* leaves it: all is seen, and what was not synced still is not.
    #[must_use]
    pub fn after_kill(&self) -> RecordingDisk {
        RecordingDisk::of(self.clone())
    }
}

fn change_names(names: &mut Names, change: &NameChange) {
    for (path, entry) in change {
        match entry {
            Some(entry) => names.insert(path.clone(), *entry),
            None => names.remove(path),
        };
    }
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::SetLen(len) => bytes.resize(*len, 0),
            Self::Write(offset, written) => write(bytes, *offset, written),
        }
    }

    /// Not at all, whole, up to any byte, or any set of its sectors.
    fn make_in_part(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        match (self, random.below(4)) {
            (_, 0) => {}
            (Self::Write(offset, written), 1) => {
                write(bytes, *offset, &written[..random.below(written.len() + 1)])
            }
            (Self::Write(offset, written), 2) => {
                // The length is metadata: it may be there although the bytes are not.
                let end =
                    offset + if random.once_in(2) { written.len() } else { random.below(written.len()) };
                bytes.resize(bytes.len().max(end), 0);
                for sector in sectors(*offset, written.len()) {
                    if random.once_in(2) {
                        write(bytes, sector.start, &written[sector.start - offset..sector.end - offset]);
                    }
                }
            }
            _ => self.make(bytes),
        }
    }
}

fn write(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    let end = offset + written.len();
    bytes.resize(bytes.len().max(end), 0);
    bytes[offset..end].copy_from_slice(written);
}

/// The pieces of a write that lie in one sector each.
fn sectors(offset: usize, len: usize) -> impl Iterator<Item = Range<usize>> {
    (offset / SECTOR_BYTES..(offset + len).div_ceil(SECTOR_BYTES)).map(move |sector| {
        (sector * SECTOR_BYTES).max(offset)..((sector + 1) * SECTOR_BYTES).min(offset + len)
    })
}

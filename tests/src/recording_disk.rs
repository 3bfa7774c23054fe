//! A disk in memory that remembers what was not synced, loses it on command, and fails when told.
//!
//! It holds two worlds: what a process sees, and what the medium holds. A power cut leaves the medium
//! and *some* of what was not synced: any subset of the writes, each whole, cut at any byte or at any
//! set of sectors; any subset of the created, renamed and removed names. Every operation is recorded,
//! so a test can replay a run and cut the power after each step ([`RecordingDisk::replay`]).
//!
//! It is more forgetful than a file system is: tests that pass here rely on nothing but POSIX.

mod world;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vandel_ledger::disk::{Disk, DiskFile, Open};

use self::world::{Entry, FileWorld};
use crate::random::Random;

pub use self::world::{Operation, Spares, World};

/// `errno` values, so that the errors are those a real disk would give.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

/// What goes wrong at one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It fails (EIO). Half of a write is done, a sync loses what it should have written.
    Lost,
    /// It fails (EIO), yet it is done: the acknowledgement is what was lost.
    DoneAll,
    /// It fails (ENOSPC), and nothing is done.
    Full,
    /// It fails (EROFS), and nothing is done.
    ReadOnly,
}

impl Trouble {
    const fn errno(self) -> i32 {
        match self {
            Self::Lost | Self::DoneAll => EIO,
            Self::Full => ENOSPC,
            Self::ReadOnly => EROFS,
        }
    }
}

#[derive(Default)]
struct State {
    world: World,
    journal: Vec<Operation>,
    trouble: Option<(usize, Trouble)>,
    space: Option<usize>,
    read_only: bool,
    /// How many bytes were read of each file.
    read: BTreeMap<usize, u64>,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct RecordingDisk(Arc<Mutex<State>>);

impl RecordingDisk {
    fn of(world: World) -> Self {
        Self(Arc::new(Mutex::new(State { world, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many operations have been recorded.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.state().journal.len()
    }

    /// Replays what was recorded from the empty disk on, and shows the worlds after each operation.
    pub fn replay(&self, mut show: impl FnMut(usize, &Operation, &World)) {
        let journal = self.state().journal.clone();
        let mut world = World::default();
        for (count, operation) in journal.iter().enumerate() {
            world.apply(operation);
            show(count + 1, operation, &world);
        }
    }

    /// The worlds as they are now.
    #[must_use]
    pub fn world(&self) -> World {
        self.state().world.clone()
    }

    /// Makes the operation after the next `after` ones fail, once.
    pub fn fail_after(&self, after: usize, trouble: Trouble) {
        let mut state = self.state();
        state.trouble = Some((after, trouble));
    }

    /// Takes back a failure that has not come yet. False if it came.
    pub fn stop_failing(&self) -> bool {
        self.state().trouble.take().is_some()
    }

    /// From now on files can grow by this many bytes in all (ENOSPC); `None`: without limit.
    pub fn limit_space(&self, space: Option<usize>) {
        self.state().space = space;
    }

    /// Whether every change is refused (EROFS).
    pub fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// The bytes of a file as a process sees them.
    #[must_use]
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        match state.world.seen.get(path)? {
            Entry::File(file) => Some(state.world.files[*file].seen.clone()),
            Entry::Folder => None,
        }
    }

    /// How many bytes have been read of the files that now lie under this path.
    #[must_use]
    pub fn bytes_read(&self, under: &Path) -> u64 {
        let state = self.state();
        let files = state.world.seen.iter().filter(|(path, _)| path.starts_with(under));
        let read = |entry: &Entry| match entry {
            Entry::File(file) => state.read.get(file).copied(),
            Entry::Folder => None,
        };
        files.filter_map(|(_, entry)| read(entry)).sum()
    }

    /// Puts a file there, durably, behind everybody's back: for tests that tamper.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.world.files.len();
        state.world.files.push(FileWorld {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
            pending: Vec::new(),
        });
        state.world.seen.insert(path.to_owned(), Entry::File(file));
        state.world.durable.insert(path.to_owned(), Entry::File(file));
    }

    /// Takes a file away, durably, behind everybody's back.
    pub fn take(&self, path: &Path) {
        let mut state = self.state();
        state.world.seen.remove(path);
        state.world.durable.remove(path);
    }

    /// A disk with the same content, of which nothing is pending.
    #[must_use]
    pub fn copy(&self) -> Self {
        self.world().after_power_cut(Spares::Everything, &mut Random::seeded(0))
    }
}

impl State {
    fn perform(&mut self, operation: Operation) -> io::Result<()> {
        if self.read_only {
            return Err(io::Error::from_raw_os_error(EROFS));
        }
        if let Some(trouble) = self.next_trouble() {
            match (operation, trouble) {
                (operation, Trouble::DoneAll) => self.record(operation),
                (Operation::Write(file, offset, bytes), Trouble::Lost) => {
                    self.record(Operation::Write(file, offset, bytes[..bytes.len() / 2].to_vec()));
                }
                (Operation::Sync(file), Trouble::Lost) => self.record(Operation::SyncLost(file)),
                (_, Trouble::Lost | Trouble::Full | Trouble::ReadOnly) => {}
            }
            return Err(io::Error::from_raw_os_error(trouble.errno()));
        }
        let (operation, fits) = self.take_space(operation);
        self.record(operation);
        if fits { Ok(()) } else { Err(io::Error::from_raw_os_error(ENOSPC)) }
    }

    /// A write that doesn't fit is done as far as it does.
    fn take_space(&mut self, operation: Operation) -> (Operation, bool) {
        let Some(space) = &mut self.space else {
            return (operation, true);
        };
        match operation {
            Operation::Write(file, offset, mut bytes) => {
                let len = self.world.files[file].seen.len();
                let grows = (offset + bytes.len()).saturating_sub(len);
                let lacks = grows.saturating_sub(*space);
                bytes.truncate(bytes.len() - lacks);
                *space -= grows - lacks;
                (Operation::Write(file, offset, bytes), lacks == 0)
            }
            Operation::SetLen(file, len) => {
                *space += self.world.files[file].seen.len().saturating_sub(len);
                (Operation::SetLen(file, len), true)
            }
            Operation::Remove(path) => {
                if let Some(Entry::File(file)) = self.world.seen.get(&path) {
                    *space += self.world.files[*file].seen.len();
                }
                (Operation::Remove(path), true)
            }
            other => (other, true),
        }
    }

    fn next_trouble(&mut self) -> Option<Trouble> {
        let (after, trouble) = self.trouble.take()?;
        if after == 0 {
            return Some(trouble);
        }
        self.trouble = Some((after - 1, trouble));
        None
    }

    fn record(&mut self, operation: Operation) {
        self.world.apply(&operation);
        self.journal.push(operation);
    }
}

impl Disk for RecordingDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let file = match (state.world.seen.get(path), open) {
            (Some(Entry::File(_)), Open::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(Entry::Folder), _) => return Err(io::ErrorKind::IsADirectory.into()),
            (None, Open::Read | Open::Write) => return Err(io::ErrorKind::NotFound.into()),
            (Some(Entry::File(_)), Open::Write) if state.read_only => {
                return Err(io::Error::from_raw_os_error(EROFS));
            }
            (Some(Entry::File(file)), _) => *file,
            (None, Open::CreateNew) => {
                let file = state.world.files.len();
                state.perform(Operation::Create(path.to_owned(), file))?;
                file
            }
        };
        drop(state);
        Ok(Box::new(RecordingFile { disk: self.clone(), file }))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let mut missing: Vec<_> = path.ancestors().filter(|path| path.parent().is_some()).collect();
        missing.retain(|path| !state.world.seen.contains_key(*path));
        missing
            .iter()
            .rev()
            .try_for_each(|path| state.perform(Operation::CreateDirectory((*path).to_owned())))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        if state.world.seen.get(path) != Some(&Entry::Folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = state.world.seen.keys().filter(|entry| entry.parent() == Some(path));
        Ok(inside.filter_map(|entry| Some(entry.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        if !state.world.seen.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.perform(Operation::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if !state.world.seen.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.perform(Operation::Remove(path.to_owned()))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.state().perform(Operation::SyncDirectory(path.to_owned()))
    }
}

struct RecordingFile {
    disk: RecordingDisk,
    file: usize,
}

impl DiskFile for RecordingFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        *state.read.entry(self.file).or_default() += buffer.len() as u64;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = state.world.files[self.file].seen.get(start..start + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.disk.state().perform(Operation::Write(self.file, offset, bytes.to_vec()))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().world.files[self.file].seen.len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.disk.state().perform(Operation::SetLen(self.file, len))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.state().perform(Operation::Sync(self.file))
    }
}

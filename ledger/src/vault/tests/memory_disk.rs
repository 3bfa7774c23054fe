//! A disk in memory that can stop at any operation, lose what was not synced, and remembers every
//! content that any file ever had when it was synced.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskFile, Open};

#[derive(Clone, Default)]
struct Inode {
    now: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    changes: u64,
    stop_at: Option<u64>,
    ever: Vec<Vec<u8>>,
}

impl State {
    /// Counts a change; at the one to stop at, and from then on, nothing works any more.
    fn change(&mut self) -> io::Result<()> {
        self.changes += 1;
        match self.stop_at {
            Some(stop) if self.changes >= stop => Err(io::Error::other("the disk has stopped")),
            _ => Ok(()),
        }
    }
}

/// The disk. Clones share it.
#[derive(Clone, Default)]
pub(super) struct MemoryDisk(Arc<Mutex<State>>);

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the disk")
    }

    /// A disk with the same content that goes its own way from here, without its memory.
    pub(super) fn fork(&self) -> Self {
        let State { inodes, names, durable_names, changes, stop_at, ever: _ } = &*self.state();
        let (inodes, names, durable_names) = (inodes.clone(), names.clone(), durable_names.clone());
        let ever = Vec::new();
        Self(Arc::new(Mutex::new(State {
            inodes,
            names,
            durable_names,
            changes: *changes,
            stop_at: *stop_at,
            ever,
        })))
    }

    /// Stops at the n-th change from now, counted from one.
    pub(super) fn stop_after(&self, changes: u64) {
        let mut state = self.state();
        state.stop_at = Some(state.changes + changes);
    }

    /// Works again, with everything that was written: a killed process.
    pub(super) fn restart(&self) {
        self.state().stop_at = None;
    }

    /// Works again, with what was synced only: a power cut.
    pub(super) fn cut_power(&self) {
        let mut state = self.state();
        state.stop_at = None;
        state.names = state.durable_names.clone();
        for inode in &mut state.inodes {
            inode.now = inode.durable.clone();
        }
    }

    pub(super) fn read(&self, path: &str) -> Vec<u8> {
        let state = self.state();
        state.inodes[state.names[Path::new(path)]].now.clone()
    }

    /// Puts bytes under a name, durably.
    pub(super) fn write(&self, path: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        let inode = state.inodes.len();
        state.inodes.push(Inode { now: bytes.clone(), durable: bytes });
        state.names.insert(path.into(), inode);
        state.durable_names.insert(path.into(), inode);
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.state().names.keys().map(|path| path.display().to_string()).collect()
    }

    /// Every content that any file had when it was synced.
    pub(super) fn everything_ever_synced(&self) -> Vec<Vec<u8>> {
        self.state().ever.clone()
    }
}

struct MemoryFile(MemoryDisk, usize);

impl Disk for MemoryDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let held = state.names.get(path).copied();
        let inode = match (held, open) {
            (Some(_), Open::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(inode), _) => inode,
            (None, Open::CreateNew) => {
                state.change()?;
                state.inodes.push(Inode::default());
                let inode = state.inodes.len() - 1;
                state.names.insert(path.to_owned(), inode);
                inode
            }
            (None, _) => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Box::new(MemoryFile(self.clone(), inode)))
    }

    fn create_directory(&self, _path: &Path) -> io::Result<()> {
        self.state().change()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let here = state.names.keys().filter(|held| held.parent() == Some(path));
        Ok(here.filter_map(|held| Some(held.file_name()?.to_str()?.to_owned())).collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change()?;
        state.names.remove(path);
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let State { names, durable_names, .. } = &mut *state;
        durable_names.retain(|held, _| held.parent() != Some(path));
        let here = names.iter().filter(|(held, _)| held.parent() == Some(path));
        durable_names.extend(here.map(|(held, inode)| (held.clone(), *inode)));
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.0.state();
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = state.inodes[self.1].now.get(from..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.0.state();
        let stopped_before = state.stop_at.is_some_and(|stop| state.changes >= stop);
        let outcome = state.change();
        // The write at which the disk stops is torn: half of it got through, even to the medium.
        let written = match outcome {
            Ok(()) => bytes,
            Err(_) if stopped_before => &[],
            Err(_) => &bytes[..bytes.len() / 2],
        };
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let inode = &mut state.inodes[self.1];
        let torn = outcome.is_err();
        for content in [&mut inode.now, &mut inode.durable].into_iter().take(if torn { 2 } else { 1 }) {
            if content.len() < from + written.len() && !written.is_empty() {
                content.resize(from + written.len(), 0);
            }
            if !written.is_empty() {
                content[from..from + written.len()].copy_from_slice(written);
            }
        }
        outcome
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.state().inodes[self.1].now.len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.0.state();
        state.change()?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        state.inodes[self.1].now.resize(len, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.state();
        state.change()?;
        let inode = &mut state.inodes[self.1];
        inode.durable = inode.now.clone();
        let content = inode.now.clone();
        state.ever.push(content);
        Ok(())
    }
}

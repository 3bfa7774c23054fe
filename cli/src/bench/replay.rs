//! A disk that notes what is done to it, so that the same writes and syncs can be made again, bare.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vandel_ledger::disk::{Disk, DiskFile, Open, RealDisk};

/// One thing done to a disk that costs something. Reading is left out: it is no part of the limit.
#[derive(Clone, Debug)]
enum Done {
    Created(PathBuf),
    Wrote(PathBuf, u64, usize),
    Synced(PathBuf),
    SyncedDirectory,
    Renamed(PathBuf, PathBuf),
    /// A file of this length.
    Removed(PathBuf, u64),
}

/// The real disk, and a note of what was done to it.
#[derive(Clone, Default)]
pub struct NotingDisk {
    done: Arc<Mutex<Vec<Done>>>,
}

impl NotingDisk {
    fn done(&self) -> MutexGuard<'_, Vec<Done>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what has been noted since the last time.
    #[must_use]
    pub fn take(&self) -> Noted {
        Noted(std::mem::take(&mut *self.done()))
    }
}

/// What was done to a disk, in order.
pub struct Noted(Vec<Done>);

impl Noted {
    /// Does the same in another folder, with other bytes: the same files, lengths, offsets and syncs, one after the other.
    /// Files that were there before are made beforehand, outside the time that counts.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn replay(&self, from: &Path, to: &Path) -> io::Result<Duration> {
        let place =
            |path: &Path| to.join(path.strip_prefix(from).unwrap_or(path).file_name().unwrap_or_default());
        std::fs::create_dir_all(to)?;
        self.prepare(to, &place)?;
        let longest =
            self.0.iter().map(|done| if let Done::Wrote(_, _, length) = done { *length } else { 0 });
        let bytes = vec![0x5a; longest.max().unwrap_or(0)];
        let mut open: Vec<(PathBuf, File)> = Vec::new();
        let start = Instant::now();
        for done in &self.0 {
            match done {
                Done::Created(path) => {
                    let file = OpenOptions::new().write(true).create_new(true).open(place(path))?;
                    open.push((path.clone(), file));
                }
                Done::Wrote(path, offset, length) => {
                    file_of(&mut open, path, &place)?.write_all_at(&bytes[..*length], *offset)?;
                }
                Done::Synced(path) => file_of(&mut open, path, &place)?.sync_data()?,
                Done::SyncedDirectory => File::open(to)?.sync_all()?,
                Done::Renamed(old, new) => std::fs::rename(place(old), place(new))?,
                Done::Removed(path, _) => match std::fs::remove_file(place(path)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => open.retain(|(held, _)| held != path),
                },
            }
        }
        let took = start.elapsed();
        std::fs::remove_dir_all(to)?;
        Ok(took)
    }

    /// Makes the files that are written to or removed and not created: an erasure overwrites and removes old ones. They
    /// are whole and synced, as the old ones were, so that nothing of them is left for the time that counts.
    fn prepare(&self, to: &Path, place: &dyn Fn(&Path) -> PathBuf) -> io::Result<()> {
        let (mut new, mut old) = (BTreeSet::new(), BTreeMap::new());
        for done in &self.0 {
            match done {
                Done::Created(path) => {
                    new.insert(path);
                }
                // Removed later, it is no old one.
                Done::Renamed(_, path) => {
                    old.entry(path).or_insert(0);
                }
                Done::Wrote(path, offset, length) if !new.contains(path) => {
                    let end = offset + *length as u64;
                    old.entry(path).and_modify(|held: &mut u64| *held = end.max(*held)).or_insert(end);
                }
                Done::Removed(path, length) if !new.contains(path) => {
                    old.entry(path).or_insert(*length);
                }
                _ => {}
            }
        }
        for (path, length) in old.into_iter().filter(|(_, length)| *length > 0) {
            let mut file = File::create(place(path))?;
            file.write_all(&vec![0x5a; usize::try_from(length).map_err(io::Error::other)?])?;
            file.sync_all()?;
        }
        File::open(to)?.sync_all()
    }
}

fn file_of<'f>(
    open: &'f mut Vec<(PathBuf, File)>,
    path: &Path,
    place: &dyn Fn(&Path) -> PathBuf,
) -> io::Result<&'f File> {
    let at = match open.iter().rposition(|(held, _)| held == path) {
        Some(at) => at,
        None => {
            open.push((path.to_owned(), OpenOptions::new().write(true).open(place(path))?));
            open.len() - 1
        }
    };
    Ok(&open[at].1)
}

struct NotingFile {
    disk: NotingDisk,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl DiskFile for NotingFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.done().push(Done::Wrote(self.path.clone(), offset, bytes.len()));
        self.file.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.done().push(Done::Synced(self.path.clone()));
        self.file.sync()
    }
}

impl Disk for NotingDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        let file = RealDisk.open(path, open)?;
        if open == Open::CreateNew {
            self.done().push(Done::Created(path.to_owned()));
        }
        Ok(Box::new(NotingFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done().push(Done::Renamed(from.to_owned(), to.to_owned()));
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let len = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        RealDisk.remove(path).inspect(|()| self.done().push(Done::Removed(path.to_owned(), len)))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.done().push(Done::SyncedDirectory);
        RealDisk.sync_directory(path)
    }

    fn sync_files(&self, files: &[Box<dyn DiskFile>]) -> io::Result<()> {
        RealDisk.sync_files(files)
    }
}

//! A generation as a disk that can only be read: so that everything that reads a home reads a generation too.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vandel_core::hash::{Hash, Hasher};

use super::files::{CHUNK_BYTES, FileEntry};
use super::folder::{Folder, labels_in};
use super::label::{Half, Label};
use super::{BackupError, Progress};
use crate::disk::{Disk, DiskFile, Open};

/// How many pieces are kept at hand.
const CACHED: usize = 16;

/// Something that is wrong with a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub what: &'static str,
}

/// A generation, laid under a folder that does not exist; everywhere else is the disk beneath.
pub struct GenerationDisk {
    base: Arc<dyn Disk>,
    root: PathBuf,
    labels: Vec<Label>,
    shelves: Arc<Shelves>,
    files: BTreeMap<PathBuf, (usize, FileEntry)>,
    names: BTreeMap<PathBuf, BTreeSet<String>>,
}

struct Shelves {
    folders: Vec<Folder>,
    cache: Mutex<Vec<(Hash, Arc<Vec<u8>>)>>,
}

impl Shelves {
    /// A piece, if it is what its name says.
    fn get(&self, folder: usize, hash: &Hash) -> io::Result<Arc<Vec<u8>>> {
        let lock = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = lock().iter().find(|(held, _)| held == hash) {
            return Ok(bytes.clone());
        }
        let found = self.folders[folder].get(hash).map_err(io::Error::other)?;
        let damaged =
            || io::Error::new(io::ErrorKind::InvalidData, "a piece of this file is damaged or missing");
        let bytes = Arc::new(found.ok_or_else(damaged)?);
        let mut cache = lock();
        if cache.len() >= CACHED {
            cache.remove(0);
        }
        cache.push((*hash, bytes.clone()));
        Ok(bytes)
    }
}

impl GenerationDisk {
    /// Lays the halves of a generation under `root`.
    ///
    /// # Errors
    /// If a label or a list of files can't be read, or the halves were not made together.
    pub fn open(
        base: Arc<dyn Disk>,
        root: &Path,
        generation: u32,
        data: &Path,
        keys: Option<&Path>,
    ) -> Result<Self, BackupError> {
        let mut disk = Self {
            base: base.clone(),
            root: root.to_owned(),
            labels: Vec::new(),
            shelves: Arc::new(Shelves { folders: Vec::new(), cache: Mutex::default() }),
            files: BTreeMap::new(),
            names: BTreeMap::from([(root.to_owned(), BTreeSet::new())]),
        };
        let mut folders = Vec::new();
        for (half, path) in [(Half::Data, Some(data)), (Half::Keys, keys)] {
            let Some(path) = path else { continue };
            let folder = Folder::open(&base, path)?;
            let label = folder.expect(generation, half)?;
            if let Some(other) = disk.labels.first() {
                if other.ledger != label.ledger {
                    return Err(BackupError::OtherLedger { expected: other.ledger, found: label.ledger });
                }
                if (other.epoch, other.manifest) != (label.epoch, label.manifest) {
                    return Err(BackupError::HalvesDiffer { data: other.epoch, keys: label.epoch });
                }
            }
            for file in folder.files(&label)? {
                disk.enter(folders.len(), file);
            }
            folders.push(folder);
            disk.labels.push(label);
        }
        disk.shelves = Arc::new(Shelves { folders, cache: Mutex::default() });
        Ok(disk)
    }

    /// Lays one half under `root`.
    fn half(base: Arc<dyn Disk>, root: &Path, folder: &Path, label: &Label) -> Result<Self, BackupError> {
        let folder = Folder::open(&base, folder)?;
        let files = folder.files(label)?;
        let mut disk = Self {
            base,
            root: root.to_owned(),
            labels: vec![label.clone()],
            shelves: Arc::new(Shelves { folders: vec![folder], cache: Mutex::default() }),
            files: BTreeMap::new(),
            names: BTreeMap::from([(root.to_owned(), BTreeSet::new())]),
        };
        files.into_iter().for_each(|file| disk.enter(0, file));
        Ok(disk)
    }

    fn enter(&mut self, folder: usize, file: FileEntry) {
        let path = self.root.join(&file.path);
        let mut below = path.clone();
        while let (Some(name), Some(parent)) = (below.file_name(), below.parent()) {
            let name = name.to_string_lossy().into_owned();
            self.names.entry(parent.to_owned()).or_default().insert(name);
            if parent == self.root {
                break;
            }
            below = parent.to_owned();
        }
        self.files.insert(path, (folder, file));
    }

    /// The labels: the data half's, and the key half's if it is there.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The files, by path.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.values().map(|(_, file)| file)
    }

    /// Reads every piece of every file and compares it with its hash.
    ///
    /// # Errors
    /// If the disk fails; what is damaged or missing is a problem, not an error.
    pub fn check(&self, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Problem>, BackupError> {
        let (mut problems, mut told) = (Vec::new(), Progress::default());
        for (folder, file) in self.files.values() {
            let (mut whole, mut len, mut sound) = (Hasher::new(), 0, true);
            for chunk in &file.chunks {
                match self.shelves.folders[*folder].get(chunk)? {
                    Some(bytes) => {
                        len += bytes.len() as u64;
                        whole.update(&bytes);
                    }
                    None => sound = false,
                }
            }
            let problem = |what| Problem { file: file.path.clone(), what };
            if !sound {
                problems.push(problem("a piece is damaged or missing"));
            } else if len != file.len || whole.finish() != file.hash {
                problems.push(problem("its pieces do not add up to it"));
            }
            told.files += 1;
            told.bytes += file.len;
            progress(told);
        }
        Ok(problems)
    }

    fn is_ours(&self, path: &Path) -> bool {
        path.starts_with(&self.root)
    }

    fn refuse<T>(&self, path: &Path, otherwise: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.is_ours(path) { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { otherwise() }
    }
}

/// A folder of generations as a folder of whole files, for whoever tries keys on them: a piece of a file shows
/// nothing of what it is a piece of.
pub struct LaidOut {
    /// The disk on which they lie.
    pub disk: Arc<dyn Disk>,
    /// The files of every generation, each under the name of its label.
    pub files: Vec<PathBuf>,
    /// The pieces that these files consist of.
    pub pieces: BTreeSet<PathBuf>,
}

impl LaidOut {
    /// Lays out what is in a folder; no file if it holds no generation.
    ///
    /// # Errors
    /// If a label or a list of files can't be read.
    pub fn of(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, BackupError> {
        let mut laid = Self { disk, files: Vec::new(), pieces: BTreeSet::new() };
        for label in labels_in(&laid.disk, path)? {
            let root = path.join(format!("generation-{}-{}", label.generation, label.half)).join("files");
            let half = GenerationDisk::half(laid.disk.clone(), &root, path, &label)?;
            laid.files.extend(half.files.keys().cloned());
            let chunks = half.files.values().flat_map(|(_, file)| &file.chunks);
            let pieces = chunks.chain([&label.files.list]).map(|hash| half.shelves.folders[0].object(hash));
            laid.pieces.extend(pieces);
            laid.disk = Arc::new(half);
        }
        Ok(laid)
    }
}

impl Disk for GenerationDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        if !self.is_ours(path) {
            return self.base.open(path, open);
        }
        if open != Open::Read {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let (folder, file) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(HeldFile { shelves: self.shelves.clone(), folder: *folder, file: file.clone() }))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.refuse(path, || self.base.create_directory(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        if !self.is_ours(path) {
            return self.base.list(path);
        }
        let names = self.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(names.iter().cloned().collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.refuse(to, || self.base.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.refuse(path, || self.base.remove(path))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.refuse(path, || self.base.sync_directory(path))
    }
}

/// A file of a generation.
struct HeldFile {
    shelves: Arc<Shelves>,
    folder: usize,
    file: FileEntry,
}

impl DiskFile for HeldFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let (mut at, mut filled) = (usize::try_from(offset).map_err(io::Error::other)?, 0);
        while filled < buffer.len() {
            let hash = self.file.chunks.get(at / CHUNK_BYTES).ok_or(io::ErrorKind::UnexpectedEof)?;
            let bytes = self.shelves.get(self.folder, hash)?;
            let rest = bytes.get(at % CHUNK_BYTES..).filter(|rest| !rest.is_empty());
            let rest = rest.ok_or(io::ErrorKind::UnexpectedEof)?;
            let count = rest.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            at += count;
        }
        Ok(())
    }

    fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.len)
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

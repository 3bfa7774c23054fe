//! A folder of generations: objects named by their content, and labels.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::hash::{Hash, sha256};
use vandel_core::signature::SigningKey;

use super::files::{self, FileEntry};
use super::label::{Half, Label};
use super::{BackupError, at, not_found};
use crate::disk::{Disk, Open, create_durably, read_all, replace_atomically};

/// Objects lie in folders by their first digit.
const SHELVES: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// A folder of generations.
pub(super) struct Folder {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) path: PathBuf,
    known: BTreeSet<Hash>,
    used: BTreeSet<&'static str>,
}

impl Folder {
    /// The folder as it is; one that does not exist is empty.
    pub(super) fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<Self, BackupError> {
        let mut known = BTreeSet::new();
        for shelf in SHELVES {
            let shelf = path.join("objects").join(shelf);
            let names = match disk.list(&shelf) {
                Err(error) if not_found(&error) => continue,
                other => other.map_err(at(&shelf))?,
            };
            known.extend(names.iter().filter_map(|name| Hash::from_hex(name)));
        }
        Ok(Self { disk: disk.clone(), path: path.to_owned(), known, used: BTreeSet::new() })
    }

    /// Makes the folder and its shelves.
    pub(super) fn prepare(&self) -> Result<(), BackupError> {
        for shelf in SHELVES {
            let shelf = self.path.join("objects").join(shelf);
            create_durably(&*self.disk, &shelf).map_err(at(&shelf))?;
        }
        Ok(())
    }

    fn shelf(&self, hash: &Hash) -> (&'static str, PathBuf) {
        let shelf = SHELVES[usize::from(hash.0[0] >> 4)];
        (shelf, self.path.join("objects").join(shelf))
    }

    pub(super) fn object(&self, hash: &Hash) -> PathBuf {
        self.shelf(hash).1.join(hash.to_string())
    }

    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.known.contains(hash)
    }

    /// Says that a generation relies on an object that is there.
    pub(super) fn rely_on(&mut self, hash: &Hash) {
        self.used.insert(self.shelf(hash).0);
    }

    /// Stores bytes under their hash, unless they are there. Returns the hash and how many bytes were written.
    ///
    /// The content is synced before it gets its name, so that a name never stands for less. A crash
    /// leaves a file that no label names; the next sweep takes it away.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(Hash, u64), BackupError> {
        let hash = sha256(&[bytes]);
        self.rely_on(&hash);
        if self.has(&hash) {
            return Ok((hash, 0));
        }
        let path = self.object(&hash);
        let beside = path.with_extension("new");
        match self.disk.remove(&beside) {
            Err(error) if !not_found(&error) => return Err(at(&beside)(error)),
            _ => {}
        }
        let write = || {
            let file = self.disk.open(&beside, Open::CreateNew)?;
            file.write_all_at(bytes, 0)?;
            file.sync()?;
            self.disk.rename(&beside, &path)
        };
        write().map_err(at(&path))?;
        self.known.insert(hash);
        Ok((hash, bytes.len() as u64))
    }

    /// Makes the names of all objects that were put or relied on durable.
    pub(super) fn settle(&mut self) -> Result<(), BackupError> {
        for shelf in std::mem::take(&mut self.used) {
            let shelf = self.path.join("objects").join(shelf);
            self.disk.sync_directory(&shelf).map_err(at(&shelf))?;
        }
        Ok(())
    }

    /// An object's bytes, if they are what its name says.
    pub(super) fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, BackupError> {
        let path = self.object(hash);
        match read_all(&*self.disk, &path) {
            Ok(bytes) => Ok((sha256(&[&bytes]) == *hash).then_some(bytes)),
            Err(error) if not_found(&error) => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    pub(super) fn label_path(&self, generation: u32, half: Half) -> PathBuf {
        self.path.join(format!("generation-{generation}-{half}"))
    }

    pub(super) fn destroyed_path(&self, generation: u32, half: Half) -> PathBuf {
        self.path.join(format!("destroyed-{generation}-{half}"))
    }

    /// A generation's label.
    pub(super) fn label(&self, generation: u32, half: Half) -> Result<Option<Label>, BackupError> {
        let path = self.label_path(generation, half);
        match read_all(&*self.disk, &path) {
            Ok(bytes) => Label::read(&bytes, &path).map(Some),
            Err(error) if not_found(&error) => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// The label that must be there.
    pub(super) fn expect(&self, generation: u32, half: Half) -> Result<Label, BackupError> {
        let missing = || BackupError::NoGeneration { generation, half, folder: self.path.clone() };
        self.label(generation, half)?.ok_or_else(missing)
    }

    /// Writes a label: from here on the generation is there.
    pub(super) fn write_label(&self, label: &Label, service: &SigningKey) -> Result<(), BackupError> {
        let path = self.label_path(label.generation, label.half);
        let note = label.sign(service, &path)?;
        replace_atomically(&*self.disk, &path, note.as_bytes()).map_err(at(path))
    }

    /// The generations here, by number.
    pub(super) fn generations(&self) -> Result<Vec<(u32, Half)>, BackupError> {
        self.numbered("generation-")
    }

    /// The highest number that was ever used here.
    pub(super) fn last_number(&self) -> Result<u32, BackupError> {
        let all = [self.generations()?, self.numbered("destroyed-")?].concat();
        Ok(all.into_iter().map(|(number, _)| number).max().unwrap_or(0))
    }

    fn numbered(&self, prefix: &str) -> Result<Vec<(u32, Half)>, BackupError> {
        let names = match self.disk.list(&self.path) {
            Err(error) if not_found(&error) => return Ok(Vec::new()),
            other => other.map_err(at(&self.path))?,
        };
        let read = |name: &String| {
            let (number, half) = name.strip_prefix(prefix)?.split_once('-')?;
            let half = Half::ALL.into_iter().find(|known| known.name() == half)?;
            Some((number.parse().ok()?, half))
        };
        let mut found: Vec<(u32, Half)> = names.iter().filter_map(read).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The files of a generation.
    pub(super) fn files(&self, label: &Label) -> Result<Vec<FileEntry>, BackupError> {
        let damaged =
            || BackupError::Damaged { generation: label.generation, file: "the list of files".to_owned() };
        let bytes = self.get(&label.files.list)?.ok_or_else(damaged)?;
        files::decode(&bytes).ok_or_else(damaged)
    }

    /// Overwrites and removes every object that no generation here names, save `gone`'s: what an
    /// interrupted run left, and what only a destroyed generation used. Returns how many.
    pub(super) fn sweep(&mut self, gone: Option<(u32, Half)>) -> Result<u64, BackupError> {
        let mut keep = BTreeSet::new();
        for (generation, half) in self.generations()? {
            if gone == Some((generation, half)) {
                continue;
            }
            let label = self.expect(generation, half)?;
            keep.insert(label.files.list);
            keep.extend(self.files(&label)?.into_iter().flat_map(|file| file.chunks));
        }
        let mut removed = 0;
        for shelf in SHELVES {
            let shelf = self.path.join("objects").join(shelf);
            let names = match self.disk.list(&shelf) {
                Err(error) if not_found(&error) => continue,
                other => other.map_err(at(&shelf))?,
            };
            let mut changed = false;
            for name in names {
                if Hash::from_hex(&name).is_some_and(|hash| keep.contains(&hash)) {
                    continue;
                }
                overwrite_and_remove(&*self.disk, &shelf.join(&name))?;
                changed = true;
                removed += 1;
            }
            if changed {
                self.disk.sync_directory(&shelf).map_err(at(&shelf))?;
            }
        }
        self.known = keep;
        Ok(removed)
    }
}

/// Best effort, like the vault's own: zeros over the bytes, then the name goes.
fn overwrite_and_remove(disk: &dyn Disk, path: &Path) -> Result<(), BackupError> {
    let gone = || {
        let file = disk.open(path, Open::Write)?;
        let len = usize::try_from(file.len()?).map_err(std::io::Error::other)?;
        file.write_all_at(&vec![0; len], 0)?;
        file.sync()?;
        disk.remove(path)
    };
    gone().map_err(at(path))
}

/// The labels in a folder, finished ones, by number.
///
/// # Errors
/// If the folder can't be read, or a label is not one.
pub fn labels_in(disk: &Arc<dyn Disk>, path: &Path) -> Result<Vec<Label>, BackupError> {
    let folder = Folder::open(disk, path)?;
    folder.generations()?.into_iter().map(|(generation, half)| folder.expect(generation, half)).collect()
}

//! A fence: what makes a writer that was thought dead harmless when it wakes up.
//!
//! Whoever begins to write puts a random token into a file; who finds another token there has been replaced. A
//! look at the token alone is not enough, since a writer can be paused between the look and the write. So every
//! file is replaced by a rename of a temporary one that carries the writer's token in its name, in this order:
//!
//! ```text
//! old writer    write the temporary file · look at the fence · rename
//! new writer    take the fence · remove all temporary files of others · read
//! ```
//!
//! If the look came before the fence was taken, the temporary file was there before it was, too: so either the
//! rename is done before the removal, and the new writer reads its effect, or it fails for want of a source.
//! Nothing in between is possible, wherever either of them is paused and for however long.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, Open, read_all};

/// The right to write, until somebody else takes it.
pub(crate) struct Fence {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    token: [u8; 16],
}

/// Why a fenced change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FenceError {
    /// Another writer has taken the fence.
    #[error("another writer has taken over")]
    Lost,
    /// The disk failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Fence {
    /// Takes the fence from whoever holds it. What is read after [`Fence::withdraw_others`] can't be changed by any
    /// earlier holder.
    pub(crate) fn take(disk: Arc<dyn Disk>, path: &Path) -> io::Result<Self> {
        let mut token = [0; 16];
        getrandom::fill(&mut token)
            .map_err(|_| io::Error::other("the operating system gives no randomness"))?;
        let fence = Self { disk, path: path.to_owned(), token };
        let beside = fence.beside(path);
        fence.write_beside(&beside, &token)?.sync()?;
        fence.disk.rename(&beside, path)?;
        fence.sync_folder_of(path)?;
        Ok(fence)
    }

    /// Whether nobody has taken it since.
    pub(crate) fn is_held(&self) -> io::Result<bool> {
        Ok(read_all(&*self.disk, &self.path)? == self.token)
    }

    /// Removes the temporary files of others in a folder: whatever they were about to rename, they can't any more.
    pub(crate) fn withdraw_others(&self, folder: &Path) -> io::Result<()> {
        let own = self.suffix();
        for name in self.disk.list(folder)? {
            if name.ends_with(".new") && !name.ends_with(&own) {
                remove_if_there(&*self.disk, &folder.join(name))?;
            }
        }
        Ok(())
    }

    /// Replaces a file in one step, if the fence is still held. Durable as a name after its folder was synced.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FenceError> {
        self.replace_all(&[(path.to_owned(), bytes)])
    }

    /// [`Fence::replace`] of files none of which has to be there before another: they are synced together. Each is
    /// replaced in one step, but not all of them in one.
    pub(crate) fn replace_all(&self, files: &[(PathBuf, impl AsRef<[u8]>)]) -> Result<(), FenceError> {
        let mut written = Vec::with_capacity(files.len());
        for (path, bytes) in files {
            written.push(self.write_beside(&self.beside(path), bytes.as_ref())?);
        }
        self.disk.sync_files(&written)?;
        drop(written);
        self.put_in_place(files.iter().map(|(path, _)| path.as_path()))
    }

    /// As [`Fence::replace`], for what is held elsewhere too: nothing is synced.
    pub(crate) fn replace_unsynced(&self, path: &Path, bytes: &[u8]) -> Result<(), FenceError> {
        self.write_beside(&self.beside(path), bytes)?;
        self.put_in_place(std::iter::once(path))
    }

    /// As [`Fence::replace`], and the name is durable too.
    pub(crate) fn replace_durably(&self, path: &Path, bytes: &[u8]) -> Result<(), FenceError> {
        self.replace(path, bytes)?;
        Ok(self.sync_folder_of(path)?)
    }

    /// Makes an empty file in the place of whatever is there, if the fence is still held. What somebody else still
    /// writes to the one that was there goes nowhere.
    pub(crate) fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, FenceError> {
        let file = self.write_beside(&self.beside(path), &[])?;
        self.put_in_place(std::iter::once(path))?;
        Ok(file)
    }

    /// Renames the temporary files of these, after one look at the fence: all of them were there when it looked.
    fn put_in_place<'p>(&self, mut paths: impl Iterator<Item = &'p Path>) -> Result<(), FenceError> {
        if !self.is_held()? {
            paths.try_for_each(|path| remove_if_there(&*self.disk, &self.beside(path)))?;
            return Err(FenceError::Lost);
        }
        paths.try_for_each(|path| match self.disk.rename(&self.beside(path), path) {
            // Only who takes over removes it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FenceError::Lost),
            other => Ok(other?),
        })
    }

    /// Not synced.
    fn write_beside(&self, beside: &Path, bytes: &[u8]) -> io::Result<Box<dyn DiskFile>> {
        remove_if_there(&*self.disk, beside)?;
        let file = self.disk.open(beside, Open::CreateNew)?;
        if !bytes.is_empty() {
            file.write_all_at(bytes, 0)?;
        }
        Ok(file)
    }

    fn suffix(&self) -> String {
        let hex: String = self.token[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        format!(".{hex}.new")
    }

    fn beside(&self, path: &Path) -> PathBuf {
        let mut beside = path.as_os_str().to_owned();
        beside.push(self.suffix());
        beside.into()
    }

    fn sync_folder_of(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_directory(path.parent().ok_or(io::ErrorKind::InvalidInput)?)
    }
}

/// Removes a file that may be gone already.
pub(crate) fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

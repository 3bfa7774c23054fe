//! The folders of a stored view, and the lock on them.
//!
//! ```text
//! views/projection              the view
//! views/projection.new          one that is being built; removed at the next opening
//! views/projection.old          one that was replaced; removed likewise
//! views/projection.set-aside    the last one that was not what it should be, for whoever wants to look
//! views/lock                    held by the one process that uses them
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vandel_ledger::lock::HomeLock;

use crate::projector::ProjectError;

/// The folders, locked.
pub(crate) struct Folder {
    views: PathBuf,
    _lock: HomeLock,
}

impl Folder {
    /// Takes the lock and removes what an interrupted rebuild left.
    pub(crate) fn open(views: &Path) -> Result<Self, ProjectError> {
        fs::create_dir_all(views)?;
        let folder = Self { views: views.to_owned(), _lock: HomeLock::acquire(views)? };
        remove(&folder.beside("new"))?;
        remove(&folder.beside("old"))?;
        Ok(folder)
    }

    /// Where the view lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.views.join("projection")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.views.join(format!("projection.{suffix}"))
    }

    /// An empty place to build a new view in.
    pub(crate) fn fresh(&self) -> io::Result<PathBuf> {
        let path = self.beside("new");
        remove(&path)?;
        Ok(path)
    }

    /// Puts the new view in the old one's place. A crash in between leaves no view, and the next
    /// opening builds one.
    pub(crate) fn swap(&self) -> io::Result<()> {
        let old = self.beside("old");
        remove(&old)?;
        if self.path().exists() {
            fs::rename(self.path(), &old)?;
        }
        fs::rename(self.beside("new"), self.path())?;
        remove(&old)
    }

    /// Moves the view out of the way; the one moved before it is removed. None if there is no view.
    pub(crate) fn set_aside(&self) -> io::Result<Option<PathBuf>> {
        let aside = self.beside("set-aside");
        if !self.path().exists() {
            return Ok(None);
        }
        remove(&aside)?;
        fs::rename(self.path(), &aside)?;
        Ok(Some(aside))
    }
}

/// Removes a folder, or a file in its place; nothing there is no error.
fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

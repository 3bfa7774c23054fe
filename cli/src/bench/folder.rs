//! The folder in which a bench works.

use std::path::{Path, PathBuf};

use super::world::internal;
use crate::error::CliError;

/// A folder that goes when this does.
pub(super) struct Folder {
    path: PathBuf,
    goes: bool,
}

impl Folder {
    pub(super) fn make(parent: &Path) -> Result<Self, CliError> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(|error| internal(&error))?;
        let folder = parent.join(format!("vandel-bench-{:016x}", u64::from_be_bytes(name)));
        std::fs::create_dir_all(&folder).map_err(|error| CliError::file(&folder, &error))?;
        Ok(Self { path: folder, goes: true })
    }

    /// A folder that another process has made and removes.
    pub(super) fn of_another(path: &Path) -> Self {
        Self { path: path.to_owned(), goes: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.goes {
            // A folder that can't be removed is left; its name says whose it is.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

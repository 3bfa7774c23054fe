//! One writer: an advisory lock on a ledger's home.
//!
//! The lock is `flock(2)` on the file `lock` in the home folder (never in `log/`, where nothing but
//! segments may lie). It goes when the process ends, however it ends, so there is no stale lock to
//! remove. It keeps out a second process on machines that share the file system's locks; it is no
//! fence against a machine that comes back from a partition. That is the memory's work.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The lock file's name in the home folder.
pub const LOCK_FILE: &str = "lock";

/// The home's lock, held until this is dropped.
#[derive(Debug)]
pub struct HomeLock {
    file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process (or another handle in this one) holds it.
    #[error(
        "{path} is held by {holder}: one process at a time may append to a ledger. Wait for it, stop it, \
         or send the work to it instead; the lock goes by itself when that process ends",
        path = path.display(),
        holder = pid.map_or("an unknown process".to_owned(), |pid| format!("process {pid}"))
    )]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The holder's process id, if it could be read.
        pid: Option<u32>,
    },
    /// The lock file can't be opened or locked.
    #[error("cannot lock {path}: {source}", path = path.display())]
    Unavailable {
        /// The lock file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl HomeLock {
    /// Takes the lock of a home folder, which must exist; does not wait.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn acquire(home: &Path) -> Result<Self, LockError> {
        let path = home.join(LOCK_FILE);
        let unavailable = |source| LockError::Unavailable { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(unavailable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // Who takes over puts another file under the name: then this one locks nothing.
            Ok(()) if !is_the_file_at(&file, &path).map_err(unavailable)? => return Self::acquire(home),
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(LockError::Held { path, pid });
            }
            Err(error) => return Err(unavailable(error.into())),
        }
        // Whose it is helps the next one who asks. It is told, not relied on, so nothing is synced.
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(unavailable)?;
        Ok(Self { file })
    }
}

impl HomeLock {
    /// Takes the lock from a holder that does not answer any more: puts another file under its name. The former
    /// holder keeps a lock on a file that has no name; what makes it harmless is the vault's fence, the log's
    /// position and the memory, not this.
    ///
    /// # Errors
    /// [`LockError::Unavailable`].
    pub fn take_over(home: &Path) -> Result<Self, LockError> {
        let path = home.join(LOCK_FILE);
        let beside = home.join(format!("{LOCK_FILE}.{}.new", std::process::id()));
        let unavailable = |source| LockError::Unavailable { path: path.clone(), source };
        let _ = std::fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let mut file = options.open(&beside).map_err(unavailable)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| unavailable(error.into()))?;
        writeln!(file, "{}", std::process::id()).map_err(unavailable)?;
        std::fs::rename(&beside, &path).map_err(unavailable)?;
        Ok(Self { file })
    }
}

fn is_the_file_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((held.dev(), held.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Drop for HomeLock {
    fn drop(&mut self) {
        // The lock itself goes with the file handle. A name left behind would only mislead.
        let _ = self.file.set_len(0);
    }
}

//! A witness's folder: made once, then read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::note::{KeyKind, VerifierKey, VerifierKeyError};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::trust::{Trust, TrustLineError, parse_trust};

use super::shelf_name;
use crate::disk::{Disk, create_durably, read_all, replace_atomically};
use crate::lock::{HomeLock, LockError};
use crate::memory::{FileMemory, Memory, MemoryError};
use crate::signer::{self, KeyFileError};

/// Where a witness's things lie.
#[derive(Clone, Debug)]
pub struct WitnessFolder {
    root: PathBuf,
}

/// Why a witness's folder could not be made, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// There is a witness already: a second key would split what others trust.
    #[error("{} holds a witness already", .0.display())]
    Exists(PathBuf),
    /// There is none.
    #[error("{} holds no witness; make one with: vandel witness init", .0.display())]
    None(PathBuf),
    /// Another process cosigns from this folder.
    #[error("another process ({}) cosigns from {}", pid.map_or("unknown".to_owned(), |pid| pid.to_string()), path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
        /// The process.
        pid: Option<u32>,
    },
    /// The name cannot be a key's.
    #[error("{0}")]
    Name(#[from] VerifierKeyError),
    /// The key file.
    #[error("{0}")]
    Key(#[from] KeyFileError),
    /// The files that name known logs.
    #[error("{0}")]
    Policy(String),
    /// A log that cannot be added.
    #[error("{0}")]
    Log(#[from] TrustLineError),
    /// What is held of a log.
    #[error("{0}")]
    Held(#[from] MemoryError),
    /// The disk failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl WitnessFolder {
    /// The folder at a path.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that names the logs it knows.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs.policy")
    }

    fn key(&self) -> PathBuf {
        self.root.join("witness.pem")
    }

    fn name(&self) -> PathBuf {
        self.root.join("name")
    }

    /// Where the last checkpoint cosigned of a log lies.
    #[must_use]
    pub fn held(&self, origin: &str) -> PathBuf {
        self.root.join("held").join(shelf_name(origin))
    }

    /// Makes a witness: a new key under a name, which should be a URL without its scheme (C2SP tlog-cosignature).
    ///
    /// # Errors
    /// [`WitnessError`]; nothing is replaced.
    pub fn init(&self, disk: &dyn Disk, name: &str) -> Result<VerifierKey, WitnessError> {
        let key = signer::generate().map_err(self.io(&self.key()))?;
        let verifier = VerifierKey::new(name, KeyKind::Cosignature, &public_key(&key))?;
        create_durably(disk, &self.root).map_err(self.io(&self.root))?;
        match disk.list(&self.root) {
            Ok(names) if names.iter().any(|name| name == "witness.pem") => {
                return Err(WitnessError::Exists(self.root.clone()));
            }
            _ => {}
        }
        replace_atomically(disk, &self.name(), format!("{name}\n").as_bytes())
            .map_err(self.io(&self.name()))?;
        signer::write(disk, &self.key(), &key, None)?;
        Ok(verifier)
    }

    /// The key and the name that it cosigns under.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn read(&self, disk: &dyn Disk) -> Result<(SigningKey, String), WitnessError> {
        let name = match read_all(disk, &self.name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(WitnessError::None(self.root.clone()));
            }
            other => other.map_err(self.io(&self.name()))?,
        };
        let key = signer::read(disk, &self.key(), None)?;
        Ok((key, String::from_utf8_lossy(&name).trim_end().to_owned()))
    }

    /// Adds logs to those known; whoever cosigns from this folder sees it at the next request.
    ///
    /// # Errors
    /// [`WitnessError`]; nothing has been changed.
    pub fn add_logs(&self, disk: &dyn Disk, keys: Vec<VerifierKey>) -> Result<usize, WitnessError> {
        let mut policy = self.known(disk)?;
        let before = policy.logs().len();
        for key in keys {
            if !policy.logs().iter().any(|log| log.key == key) {
                policy.add_log(key, None)?;
            }
        }
        replace_atomically(disk, &self.logs(), policy.to_string().as_bytes())
            .map_err(self.io(&self.logs()))?;
        Ok(policy.logs().len() - before)
    }

    /// The logs that the folder's own file names.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn known(&self, disk: &dyn Disk) -> Result<Trust, WitnessError> {
        match read_all(disk, &self.logs()) {
            Ok(bytes) => parse_trust(&bytes)
                .map_err(|error| WitnessError::Policy(format!("{}: {error}", self.logs().display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Trust::default()),
            Err(source) => Err(WitnessError::Io { path: self.logs(), source }),
        }
    }

    /// The last checkpoint cosigned of each log that ever asked, signed by the log.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn all_held(&self, disk: &Arc<dyn Disk>) -> Result<Vec<String>, WitnessError> {
        let folder = self.root.join("held");
        let names = match disk.list(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(self.io(&folder))?,
        };
        let note = |name: String| {
            let memory = FileMemory::open(disk.clone(), &folder.join(name));
            memory.map(|memory| memory.note().map(str::to_owned)).map_err(WitnessError::Held).transpose()
        };
        names.into_iter().filter_map(note).collect()
    }

    pub(super) fn lock(&self) -> Result<HomeLock, WitnessError> {
        HomeLock::acquire(&self.root).map_err(|error| match error {
            LockError::Held { pid, .. } => WitnessError::Busy { path: self.root.clone(), pid },
            LockError::Unavailable { path, source } => WitnessError::Io { path, source },
        })
    }

    fn io(&self, path: &Path) -> impl FnOnce(io::Error) -> WitnessError + use<> {
        let path = path.to_owned();
        move |source| WitnessError::Io { path, source }
    }
}

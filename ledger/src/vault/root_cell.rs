//! The root cell: the one place of the vault that must truly forget.
//!
//! It holds a single key, which opens the manifest, which opens everything else. Replacing it *is*
//! the erasure: what only the old root opened is from then on noise, on this disk and in every copy.
//! So how well the cell forgets is how good an erasure is, and each kind says so itself.
//!
//! A cell need not hand out a stored key. One on OpenBao transit keeps the root wrapped under a key
//! version and, in [`RootCell::replace`], rotates, wraps the new root, raises
//! `min_decryption_version` and trims; one on PKCS#11 makes a new wrapping object and destroys the
//! old. Both finish an interrupted replacement in [`RootCell::load`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::codec::{DecodeError, Reader};
use zeroize::Zeroizing;

use super::passphrase_cell::{PassphraseCell, ScryptCost};
use super::seal::{DataKey, fill_random};
use crate::disk::{Disk, Open, read_all};
use crate::fence::remove_if_there;

/// A root key and the epoch of the manifest it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Counts the rotations, from one.
    pub epoch: u64,
    /// Opens the manifest of this epoch and nothing else.
    pub key: DataKey,
}

/// How a root is held; it stands in the evidence of every erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootCellKind {
    /// A file, readable by its owner.
    File,
    /// A file sealed under a passphrase.
    SealedFile,
}

impl RootCellKind {
    /// The kind's name in evidence and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::SealedFile => "sealed-file",
        }
    }

    /// How surely a replaced root is gone.
    #[must_use]
    pub fn assurance(self) -> &'static str {
        match self {
            Self::File => {
                "best effort: the old root's bytes are overwritten, but a solid-state drive, a journal, a snapshot \
                 or a copy of the file may keep them"
            }
            Self::SealedFile => {
                "best effort: the old root's bytes are overwritten, but a kept copy of the sealed file opens with \
                 the same passphrase"
            }
        }
    }
}

/// Why a root cell failed. Never holds a key or a passphrase.
#[derive(Debug, thiserror::Error)]
pub enum RootCellError {
    /// The store behind the cell failed.
    #[error("the root cell can't be reached")]
    Io(#[from] io::Error),
    /// The cell's content is not what was written.
    #[error("the root cell is damaged: {0}; restore it from the second cell, for without it nothing opens")]
    Damaged(&'static str),
    /// The passphrase is not the cell's, or its sealed bytes were changed: the two can't be told apart.
    #[error("the root cell does not open: wrong passphrase, or its bytes were changed")]
    DoesNotOpen,
    /// Another writer has rotated the root in the meantime.
    #[error("the root cell holds epoch {found:?}, not {expected:?}: another writer has rotated it")]
    Fenced {
        /// The epoch the caller believed in.
        expected: Option<u64>,
        /// The epoch in the cell.
        found: Option<u64>,
    },
    /// It is sealed under a passphrase, and none was given.
    #[error("the root cell is sealed under a passphrase, and none was given")]
    PassphraseNeeded,
    /// Another writer has taken over while the replacement was being prepared.
    #[error("another writer has taken over the root cell")]
    TakenOver,
    /// The operating system gave no randomness, or refused the cost of the key derivation.
    #[error("the root cell's key could not be made")]
    NoKey,
}

/// A place for one root.
pub trait RootCell: Send + Sync {
    /// How the root is held.
    fn kind(&self) -> RootCellKind;

    /// The root, or `None` if none was ever put there.
    fn load(&self) -> Result<Option<Root>, RootCellError>;

    /// Replaces the root in one atomic and durable step, if the cell still holds `expected` (`None`:
    /// is empty), and forgets the old one as well as the kind can. After an error the cell holds
    /// either root: the caller loads it again to learn which.
    ///
    /// `is_held` tells whether the caller may still write. It is asked when all that is left to do is one step
    /// that [`RootCell::withdraw`] can make impossible.
    fn replace(
        &self,
        expected: Option<u64>,
        root: &Root,
        is_held: &dyn Fn() -> io::Result<bool>,
    ) -> Result<(), RootCellError>;

    /// Makes every replacement impossible that somebody else has prepared and not committed. Called when the
    /// right to write was just taken, before the root is loaded.
    fn withdraw(&self) -> Result<(), RootCellError>;
}

/// One cell for several openings of a vault: what it costs to open it is paid once.
impl<C: RootCell + ?Sized> RootCell for Arc<C> {
    fn kind(&self) -> RootCellKind {
        (**self).kind()
    }

    fn load(&self) -> Result<Option<Root>, RootCellError> {
        (**self).load()
    }

    fn replace(
        &self,
        expected: Option<u64>,
        root: &Root,
        is_held: &dyn Fn() -> io::Result<bool>,
    ) -> Result<(), RootCellError> {
        (**self).replace(expected, root, is_held)
    }

    fn withdraw(&self) -> Result<(), RootCellError> {
        (**self).withdraw()
    }
}

const MAGIC: [u8; 4] = *b"VVr1";
const FILE_BYTES: usize = 4 + 8 + 32 + 4;

/// A root in a file of the owner. For one machine and for trying out: see [`RootCellKind::assurance`].
pub struct FileCell {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl FileCell {
    /// The cell in this file. Nothing is read or written yet.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, path: &Path) -> Self {
        Self { disk, path: path.to_owned() }
    }
}

impl RootCell for FileCell {
    fn kind(&self) -> RootCellKind {
        RootCellKind::File
    }

    fn load(&self) -> Result<Option<Root>, RootCellError> {
        let Some(bytes) = read_if_present(&*self.disk, &self.path)? else { return Ok(None) };
        decode_root(&bytes).map(Some).map_err(|_| RootCellError::Damaged("its bytes are not a root"))
    }

    fn replace(
        &self,
        expected: Option<u64>,
        root: &Root,
        is_held: &dyn Fn() -> io::Result<bool>,
    ) -> Result<(), RootCellError> {
        check_expected(expected, self.load()?.as_ref())?;
        replace_and_overwrite(&*self.disk, &self.path, &encode_root(root), is_held)
    }

    fn withdraw(&self) -> Result<(), RootCellError> {
        withdraw(&*self.disk, &self.path)
    }
}

/// How the root in a file is held, by what its first bytes say; none if there is no such file.
///
/// # Errors
/// If it can't be read, or is no root cell.
pub fn cell_kind(disk: &dyn Disk, path: &Path) -> Result<Option<RootCellKind>, RootCellError> {
    let Some(bytes) = read_if_present(disk, path)? else { return Ok(None) };
    kind_of(&bytes).map(Some).ok_or(RootCellError::Damaged("its bytes are no root cell"))
}

/// The cell in a file, of the kind that the file says it is; a plain one if there is no file yet.
///
/// # Errors
/// If it can't be read, is no root cell, or is sealed and there is no passphrase.
pub fn cell_in(
    disk: &Arc<dyn Disk>,
    path: &Path,
    passphrase: Option<&Zeroizing<String>>,
) -> Result<Box<dyn RootCell>, RootCellError> {
    match cell_kind(&**disk, path)? {
        None | Some(RootCellKind::File) => Ok(Box::new(FileCell::new(disk.clone(), path))),
        Some(RootCellKind::SealedFile) => {
            let passphrase = passphrase.ok_or(RootCellError::PassphraseNeeded)?.clone();
            Ok(Box::new(PassphraseCell::new(disk.clone(), path, passphrase, ScryptCost::default())))
        }
    }
}

/// What kind of root cell these bytes begin.
pub(super) fn kind_of(bytes: &[u8]) -> Option<RootCellKind> {
    match bytes.first_chunk::<4>()? {
        magic if *magic == MAGIC => Some(RootCellKind::File),
        magic if *magic == super::passphrase_cell::MAGIC => Some(RootCellKind::SealedFile),
        _ => None,
    }
}

/// Refuses when the cell does not hold what the caller believes.
pub(super) fn check_expected(expected: Option<u64>, found: Option<&Root>) -> Result<(), RootCellError> {
    let found = found.map(|root| root.epoch);
    if expected == found { Ok(()) } else { Err(RootCellError::Fenced { expected, found }) }
}

pub(super) fn read_if_present(disk: &dyn Disk, path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    match read_all(disk, path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the file, then writes zeros over the bytes of the replaced one, through a handle taken before.
/// The temporary file has a random name, which nobody else renames.
pub(super) fn replace_and_overwrite(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    is_held: &dyn Fn() -> io::Result<bool>,
) -> Result<(), RootCellError> {
    let old = match disk.open(path, Open::Write) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let mut random = [0; 6];
    fill_random(&mut random).map_err(|_| RootCellError::NoKey)?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{random}.new"));
    let beside = PathBuf::from(beside);
    let file = disk.open(&beside, Open::CreateNew)?;
    file.write_all_at(bytes, 0)?;
    file.sync()?;
    if !is_held()? {
        remove_if_there(disk, &beside)?;
        return Err(RootCellError::TakenOver);
    }
    match disk.rename(&beside, path) {
        // Only who takes over removes it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RootCellError::TakenOver),
        other => other?,
    }
    disk.sync_directory(path.parent().ok_or(io::Error::from(io::ErrorKind::InvalidInput))?)?;
    if let Some(old) = old {
        let len = usize::try_from(old.len()?).map_err(|_| RootCellError::Damaged("it is far too long"))?;
        old.write_all_at(&vec![0; len], 0)?;
        old.sync()?;
    }
    Ok(())
}

/// Removes what others have written beside a cell's file and not yet put in its place.
pub(super) fn withdraw(disk: &dyn Disk, path: &Path) -> Result<(), RootCellError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let prefix = format!("{}.", name.to_string_lossy());
    for name in disk.list(folder)? {
        if name.starts_with(&prefix) && name.ends_with(".new") {
            remove_if_there(disk, &folder.join(name))?;
        }
    }
    Ok(())
}

pub(super) fn encode_root(root: &Root) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&root.epoch.to_be_bytes());
    bytes.extend_from_slice(root.key.bytes());
    let check = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&check.to_be_bytes());
    bytes
}

pub(super) fn decode_root(bytes: &[u8]) -> Result<Root, DecodeError> {
    const WHAT: &str = "a root";
    let mut reader = Reader::new(bytes, WHAT, FILE_BYTES)?;
    let magic = reader.array::<4>(WHAT)?;
    let epoch = reader.u64(WHAT)?;
    let key = Zeroizing::new(reader.array::<32>(WHAT)?);
    let check = reader.u32(WHAT)?;
    reader.finish(WHAT)?;
    if magic != MAGIC || check != crc32c::crc32c(&bytes[..FILE_BYTES - 4]) {
        return Err(DecodeError::BadValue { what: WHAT });
    }
    Ok(Root { epoch, key: DataKey::from_bytes(&key) })
}

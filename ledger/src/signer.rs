//! Key files: PKCS#8 PEM that OpenSSL reads, under a passphrase where one is given.
//!
//! Version 1 of the structure (RFC 5208) without the public key, since OpenSSL 3.0 refuses version 2.
//! Under a passphrase: PBES2 with scrypt and AES-256-CBC (RFC 8018, RFC 7914).

use std::io;
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::{KeypairBytes, spki::der::pem::LineEnding};
use pkcs8::{EncodePrivateKey, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use vandel_core::id::PublicKey;
use vandel_core::signature::{SigningKey, public_key};
use zeroize::Zeroizing;

use crate::disk::{Disk, Open, read_all};

/// Why a key file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The disk refused.
    #[error("key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a PKCS#8 PEM file with an Ed25519 key.
    #[error("{} is not an Ed25519 key in PKCS#8 PEM", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// The file is encrypted and no passphrase was given.
    #[error("{} is encrypted; a passphrase is needed", path.display())]
    PassphraseNeeded {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may read it.
    #[error("{} can be read by others than its owner (mode {mode:o}); run: chmod 600 {0}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// A new key from the operating system's randomness.
///
/// # Errors
/// If the operating system has none to give.
pub fn generate() -> io::Result<SigningKey> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *secret)
        .map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    Ok(SigningKey::from_bytes(&secret))
}

/// Writes a key file; refuses to replace one. Mode 0600.
///
/// # Errors
/// If the file exists or the disk refuses.
pub fn write(
    disk: &dyn Disk,
    path: &Path,
    key: &SigningKey,
    passphrase: Option<&str>,
) -> Result<PublicKey, KeyFileError> {
    let not_a_key = || KeyFileError::NotAKey { path: path.to_owned() };
    let pair = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let document: SecretDocument = pair.to_pkcs8_der().map_err(|_| not_a_key())?;
    let pem = match passphrase {
        None => document.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|_| not_a_key())?,
        Some(passphrase) => {
            let info = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| not_a_key())?;
            let encrypted = info.encrypt(passphrase).map_err(|_| not_a_key())?;
            encrypted.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).map_err(|_| not_a_key())?
        }
    };
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let file = disk.open(path, Open::CreateNew).map_err(io)?;
    file.write_all_at(pem.as_bytes(), 0).and_then(|()| file.sync()).map_err(io)?;
    if let Some(folder) = path.parent() {
        disk.sync_directory(folder).map_err(io)?;
    }
    Ok(public_key(key))
}

/// Whether a key file is encrypted.
///
/// # Errors
/// If it cannot be read.
pub fn is_encrypted(disk: &dyn Disk, path: &Path) -> Result<bool, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let pem = Zeroizing::new(read_all(disk, path).map_err(io)?);
    Ok(pem.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"))
}

/// Reads a key file.
///
/// # Errors
/// If it is no key file, others may read it, or the passphrase is missing or wrong.
pub fn read(disk: &dyn Disk, path: &Path, passphrase: Option<&str>) -> Result<SigningKey, KeyFileError> {
    refuse_exposed(path)?;
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let not_a_key = || KeyFileError::NotAKey { path: path.to_owned() };
    let bytes = Zeroizing::new(read_all(disk, path).map_err(io)?);
    let pem = std::str::from_utf8(&bytes).map_err(|_| not_a_key())?;
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| not_a_key())?;
    let document = match (label, passphrase) {
        ("PRIVATE KEY", _) => document,
        ("ENCRYPTED PRIVATE KEY", None) => {
            return Err(KeyFileError::PassphraseNeeded { path: path.to_owned() });
        }
        ("ENCRYPTED PRIVATE KEY", Some(passphrase)) => {
            let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| not_a_key())?;
            info.decrypt(passphrase).map_err(|_| KeyFileError::WrongPassphrase { path: path.to_owned() })?
        }
        _ => return Err(not_a_key()),
    };
    let info = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| not_a_key())?;
    let pair = KeypairBytes::try_from(info).map_err(|_| not_a_key())?;
    Ok(SigningKey::from_bytes(&Zeroizing::new(pair.secret_key)))
}

/// Refuses a secret file that others than its owner may read.
pub(crate) fn refuse_exposed(path: &Path) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;
    // A disk of a test's own has no modes; then there is nothing to refuse.
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::Exposed { path: path.to_owned(), mode }) }
}

//! Dossiers sealed to their recipient, opened with what the recipient has.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use vandel_core::dossier::SealedDossier;
use vandel_ledger::disk::{Disk, read_all};
use vandel_ledger::outgoing::{OutgoingError, Recipient, open_dossier};
use zeroize::Zeroizing;

use crate::Refusal;

/// What OpenSSL puts before the 32 bytes of an X25519 key (RFC 8410): public, and private.
const PUBLIC_PREFIX: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00];
const PRIVATE_PREFIX: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];

/// What a recipient opens a dossier with.
#[derive(Clone, Debug, Default)]
pub struct Unseal {
    /// A file with the X25519 private key.
    pub key: Option<PathBuf>,
    /// A file whose first line is the passphrase.
    pub passphrase: Option<PathBuf>,
}

/// Opens a sealed dossier; gives the dossier's own file.
///
/// # Errors
/// 3 if it is no sealed dossier or was changed, 6 if nothing was brought to open it with or it does not fit, 2 if what
/// was brought is no key.
pub fn open(
    disk: &dyn Disk,
    bytes: &[u8],
    with: &Unseal,
) -> Result<(SealedDossier, Zeroizing<Vec<u8>>), Refusal> {
    let sealed =
        SealedDossier::decode(bytes).map_err(|error| Refusal::wrong("malformed", error.to_string()))?;
    let key = if let Some(file) = &with.key {
        Recipient::PrivateKey(private_key(disk, file)?)
    } else if let Some(file) = &with.passphrase {
        Recipient::Passphrase(first_line(disk, file)?)
    } else {
        let message = format!("the dossier is sealed, for {}", sealed.recipient);
        return Err(Refusal::not_authorised("sealed-dossier", message)
            .next("--unseal-key FILE or --unseal-passphrase-file FILE"));
    };
    let plain = open_dossier(&sealed, &key).map_err(|error| match error {
        OutgoingError::Sealing | OutgoingError::Cost => {
            Refusal::unreadable("sealed-dossier", error.to_string())
        }
        OutgoingError::OtherLock(_) | OutgoingError::DoesNotOpen => {
            Refusal::not_authorised("sealed-dossier", error.to_string())
        }
    })?;
    Ok((sealed, plain))
}

/// The 32 bytes of an X25519 public key in a PEM file.
///
/// # Errors
/// If the file cannot be read, or holds something else.
pub fn public_key(disk: &dyn Disk, file: &Path) -> Result<Zeroizing<[u8; 32]>, Refusal> {
    pem(disk, file, "PUBLIC KEY", PUBLIC_PREFIX)
}

/// The 32 bytes of an X25519 private key in a PEM file.
///
/// # Errors
/// If the file cannot be read, or holds something else.
pub fn private_key(disk: &dyn Disk, file: &Path) -> Result<Zeroizing<[u8; 32]>, Refusal> {
    pem(disk, file, "PRIVATE KEY", PRIVATE_PREFIX)
}

fn pem(disk: &dyn Disk, file: &Path, label: &str, prefix: &[u8]) -> Result<Zeroizing<[u8; 32]>, Refusal> {
    let bytes = Zeroizing::new(read_all(disk, file).map_err(|error| Refusal::file(file, &error))?);
    let bad = || {
        let message = format!("{} is no X25519 {} in PEM", file.display(), label.to_lowercase());
        Refusal::unreadable("not-a-key", message)
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| bad())?;
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let (_, rest) = text.split_once(&begin).ok_or_else(bad)?;
    let (body, _) = rest.split_once(&end).ok_or_else(bad)?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    let der = Zeroizing::new(BASE64_STANDARD.decode(body.as_bytes()).map_err(|_| bad())?);
    let key = der.strip_prefix(prefix).and_then(|key| <[u8; 32]>::try_from(key).ok());
    key.map(Zeroizing::new).ok_or_else(bad)
}

/// The first line of a file, as a passphrase.
///
/// # Errors
/// If the file cannot be read, or the line is empty or no text.
pub fn first_line(disk: &dyn Disk, file: &Path) -> Result<Zeroizing<String>, Refusal> {
    let bytes = Zeroizing::new(read_all(disk, file).map_err(|error| Refusal::file(file, &error))?);
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(text) if !text.is_empty() => Ok(Zeroizing::new(text.to_owned())),
        _ => {
            let message = format!("the first line of {} is no passphrase", file.display());
            Err(Refusal::unreadable("passphrase-file", message))
        }
    }
}

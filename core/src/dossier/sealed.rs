//! The form of a sealed dossier: who may open it, until when, and what. The sealing itself is not done
//! here: it needs randomness.

use serde::{Deserialize, Serialize};

use crate::dossier::text::{Base64, Hex};
use crate::dossier::{DOSSIER_BYTES_MAX, DossierFormError};
use crate::hash::Hash;
use crate::time::Day;

/// The name of this form.
pub const SEALED_FORM: &str = "vandel-sealed-dossier/1";

/// What opens a sealed dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// A key derived from a passphrase by scrypt (RFC 7914).
    Passphrase {
        /// The salt.
        salt: [u8; 32],
        /// The binary logarithm of N.
        log_n: u8,
        /// The block size.
        r: u32,
        /// The parallelisation.
        p: u32,
    },
    /// An X25519 key, by HPKE (RFC 9180).
    X25519 {
        /// The encapsulated key.
        encapsulated: [u8; 32],
    },
}

/// A sealed dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDossier {
    /// Whom it is for, in words.
    pub recipient: String,
    /// The day after which the recipient must have destroyed it.
    pub expires: Day,
    /// What opens it.
    pub lock: Lock,
    /// The ciphertext: nonce, ciphertext and tag for a passphrase, ciphertext and tag for a key.
    pub sealed: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "type")]
    form: String,
    recipient: String,
    expires: String,
    lock: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<Hex<Hash>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_n: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encapsulated: Option<Hex<Hash>>,
    sealed: Base64,
}

impl SealedDossier {
    /// Whether bytes begin as a sealed dossier does.
    #[must_use]
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(b"{\"type\":\"vandel-sealed-dossier/")
    }

    /// What the seal covers besides the content: form, recipient and expiry.
    #[must_use]
    pub fn associated(recipient: &str, expires: Day) -> Vec<u8> {
        format!("{SEALED_FORM}\n{recipient}\n{expires}").into_bytes()
    }

    /// The file's bytes.
    ///
    /// # Panics
    /// Never: the form holds only numbers and texts.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut file = File {
            form: SEALED_FORM.to_owned(),
            recipient: self.recipient.clone(),
            expires: self.expires.to_string(),
            lock: String::new(),
            salt: None,
            log_n: None,
            r: None,
            p: None,
            encapsulated: None,
            sealed: Base64(self.sealed.clone()),
        };
        match self.lock {
            Lock::Passphrase { salt, log_n, r, p } => {
                "passphrase".clone_into(&mut file.lock);
                (file.salt, file.log_n, file.r, file.p) =
                    (Some(Hex(Hash(salt))), Some(log_n), Some(r), Some(p));
            }
            Lock::X25519 { encapsulated } => {
                "x25519".clone_into(&mut file.lock);
                file.encapsulated = Some(Hex(Hash(encapsulated)));
            }
        }
        let mut bytes = serde_json::to_vec(&file).expect("the form is numbers and texts");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the bytes are not exactly those that [`SealedDossier::encode`] would write.
    pub fn decode(bytes: &[u8]) -> Result<Self, DossierFormError> {
        if bytes.len() > 2 * DOSSIER_BYTES_MAX {
            return Err(DossierFormError::TooLong { found: bytes.len() });
        }
        let form = |what: String| DossierFormError::Form(what);
        let file: File = serde_json::from_slice(bytes).map_err(|error| form(error.to_string()))?;
        if file.form != SEALED_FORM {
            return Err(DossierFormError::Version { found: file.form });
        }
        let expires = file.expires.parse().map_err(|_| form("expires is no day".to_owned()))?;
        let lock = match (&*file.lock, file.salt, file.log_n, file.r, file.p, file.encapsulated) {
            ("passphrase", Some(Hex(salt)), Some(log_n), Some(r), Some(p), None) => {
                Lock::Passphrase { salt: salt.0, log_n, r, p }
            }
            ("x25519", None, None, None, None, Some(Hex(key))) => Lock::X25519 { encapsulated: key.0 },
            _ => return Err(form("the lock is neither a passphrase nor an X25519 key".to_owned())),
        };
        let read = Self { recipient: file.recipient, expires, lock, sealed: file.sealed.0 };
        if read.encode() == bytes { Ok(read) } else { Err(DossierFormError::NotCanonical) }
    }
}

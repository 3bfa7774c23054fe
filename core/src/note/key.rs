//! Verifier keys as text (*vkeys*): `name+keyid+base64(type ‖ key)`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::is_key_name;
use crate::hash::sha256;
use crate::id::PublicKey;
use crate::signature::{KeyError, VerifyingKey, check_key};

/// The first four bytes of the hash over name, type and key: a hint for finding the key, no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::id::write_hex(f, &self.0)
    }
}

/// What a key's signatures say. Other types (ML-DSA-44 among them) are unknown to this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Type 0x01: a plain Ed25519 signature over the note's text; what a log makes.
    Ed25519,
    /// Type 0x04: a timestamped cosignature (`cosignature/v1`); what a witness makes.
    Cosignature,
}

impl KeyKind {
    /// The signature type's byte (C2SP signed-note, "Signature types").
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A key that a reader of notes knows: name, kind and public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: KeyId,
    pub(super) key: VerifyingKey,
}

/// Why a verifier key was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// Not three parts joined by `+`.
    #[error("a verifier key has the form name+keyid+base64")]
    Form,
    /// The name is empty, or holds white space, a control character or `+`.
    #[error("{0:?} is not a key name: it must not be empty or hold spaces, control characters or +")]
    Name(String),
    /// The key id is not eight lower-case hexadecimal digits.
    #[error("{0:?} is not a key id: expected 8 lower-case hexadecimal digits")]
    IdForm(String),
    /// The key is not canonical base64.
    #[error("the key is not canonical base64")]
    Base64,
    /// A signature type that this release doesn't verify.
    #[error(
        "signature type {0:#04x} is unknown; this release knows 0x01 (Ed25519) and 0x04 (cosignature/v1)"
    )]
    UnknownType(u8),
    /// Not 32 bytes after the type.
    #[error("an Ed25519 key has 32 bytes, not {0}")]
    Length(usize),
    /// The stated key id is not that of this name, type and key.
    #[error("the key id is {found}, but name and key give {expected}")]
    IdDiffers {
        /// The id in the text.
        found: KeyId,
        /// The id that name, type and key give.
        expected: KeyId,
    },
    /// The public key itself is unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl VerifierKey {
    /// A verifier key from its parts. The public key gets the full enrolment check.
    pub fn new(name: &str, kind: KeyKind, key: &PublicKey) -> Result<Self, VerifierKeyError> {
        if !is_key_name(name) {
            return Err(VerifierKeyError::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), kind, id: key_id(name, kind, key), key: check_key(key)? })
    }

    /// The key's name; for a log's key this is the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key's signatures say.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The id that stands in its signatures.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }
}

/// `SHA-256(name ‖ 0x0A ‖ type ‖ key)[..4]`.
#[must_use]
pub fn key_id(name: &str, kind: KeyKind, key: &PublicKey) -> KeyId {
    let hash = sha256(&[name.as_bytes(), b"\n", &[kind.byte()], &key.0]);
    KeyId(*hash.0.first_chunk().expect("32 bytes hold 4"))
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut material = vec![self.kind.byte()];
        material.extend_from_slice(&self.public_key().0);
        write!(f, "{}+{}+{}", self.name, self.id, BASE64_STANDARD.encode(material))
    }
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Base64 may hold `+` too, so only the first two are separators.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Form);
        };
        let mut found = KeyId([0; 4]);
        if !crate::id::decode_hex(id, &mut found.0) {
            return Err(VerifierKeyError::IdForm(id.to_owned()));
        }
        let material = BASE64_STANDARD.decode(material).map_err(|_| VerifierKeyError::Base64)?;
        let (kind, key) = match material.split_first() {
            Some((0x01, key)) => (KeyKind::Ed25519, key),
            Some((0x04, key)) => (KeyKind::Cosignature, key),
            Some((other, _)) => return Err(VerifierKeyError::UnknownType(*other)),
            None => return Err(VerifierKeyError::Length(0)),
        };
        let key = PublicKey(key.try_into().map_err(|_| VerifierKeyError::Length(key.len()))?);
        let parsed = Self::new(name, kind, &key)?;
        if parsed.id == found {
            Ok(parsed)
        } else {
            Err(VerifierKeyError::IdDiffers { found, expected: parsed.id })
        }
    }
}

//! Ed25519 (RFC 8032), read strictly.
//!
//! Libraries disagree about signatures that a key's own holder crafts: with small-order points or
//! points outside the prime-order group, one verifier accepts what another refuses. Two rules
//! close that gap. A key is taken in only if [`check_key`] finds it canonical and in the
//! prime-order group, and a signature counts only if [`VerifyingKey::verify`] accepts it, which is
//! stricter than RFC 8032 section 5.1.7 asks. What passes both, every common verifier accepts.
//! Batch verification accepts more, so nothing here uses it.

use ed25519_dalek::{Signature, Signer as _, Verifier as _};

pub use ed25519_dalek::SigningKey;

use crate::hash::Domain;
use crate::id::PublicKey;

/// Why a signature was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key itself is unusable, so nothing can be signed with it.
    #[error("the signature's key is unusable: {0}")]
    Key(#[from] KeyError),
    /// The signature does not fit these bytes, this domain and this key.
    #[error("the signature does not fit the bytes, the purpose and the key")]
    Mismatch,
}

/// Why a public key was refused. The order is the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no point of the curve.
    #[error("the bytes are not a point of the curve")]
    NotOnCurve,
    /// A second spelling of a point (RFC 8032 section 5.1.3 asks for y < p, and sign 0 for x = 0):
    /// one key must have one name.
    #[error("the point is not in its canonical encoding")]
    NotCanonical,
    /// One of the eight points for which signatures can be made that fit any message.
    #[error("the point has small order")]
    SmallOrder,
    /// A point outside the prime-order group: verifiers would disagree about its signatures.
    #[error("the point lies outside the prime-order group")]
    Torsion,
}

/// A public key decompressed once, for many signatures by the same key.
///
/// The bytes may come from anywhere; [`check_key`] adds the dearer check that is made when a key
/// is enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    inner: ed25519_dalek::VerifyingKey,
}

impl VerifyingKey {
    /// Decompresses a key; refuses one that is not on the curve, not canonical or of small order.
    pub fn new(key: &PublicKey) -> Result<Self, KeyError> {
        let inner = ed25519_dalek::VerifyingKey::from_bytes(&key.0).map_err(|_| KeyError::NotOnCurve)?;
        // The library keeps the bytes it was given; compressing the point gives the one encoding.
        if inner.to_edwards().compress().to_bytes() != key.0 {
            return Err(KeyError::NotCanonical);
        }
        if inner.is_weak() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self { inner })
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.inner.to_bytes())
    }

    /// Verifies a signature over `domain ‖ pieces…`, strictly. The pieces run together: their
    /// lengths must be fixed or stated in the bytes themselves.
    pub fn verify(
        &self,
        domain: Domain,
        pieces: &[&[u8]],
        signature: &[u8; 64],
    ) -> Result<(), SignatureError> {
        self.verify_raw(&message(domain, pieces), signature)
    }

    /// Verifies a signature over exactly these bytes, for formats that bring their own separation
    /// of purposes (signed notes).
    ///
    /// The verdict is that of the library's `verify_strict`, a fifth sooner. Its `verify` compares `R` with the one encoding
    /// of a point that it computes, so an `R` that it accepts is canonical, and its bytes alone say whether the point
    /// has small order: nothing needs to be decompressed. The key was judged by [`VerifyingKey::new`]. Why the two are equal
    /// stands in decision 0018.
    pub fn verify_raw(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        if crate::stubbed::IS_STUBBED {
            return Ok(());
        }
        let signature = Signature::from_bytes(signature);
        if has_small_order(signature.r_bytes()) {
            return Err(SignatureError::Mismatch);
        }
        self.inner.verify(message, &signature).map_err(|_| SignatureError::Mismatch)
    }
}

/// The y coordinates of the eight points of small order, little-endian: 0, 1, −1, and the two of the points of order 8.
/// Points with x and −x share theirs.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether a canonical encoding is that of a point of small order: its y is, whatever the sign of its x.
fn has_small_order(encoding: &[u8; 32]) -> bool {
    let mut y = *encoding;
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y)
}

/// The check made once, when a key is enrolled (about 30 µs): everything [`VerifyingKey::new`]
/// refuses, and points outside the prime-order group.
pub fn check_key(key: &PublicKey) -> Result<VerifyingKey, KeyError> {
    let parsed = VerifyingKey::new(key)?;
    if parsed.inner.to_edwards().is_torsion_free() { Ok(parsed) } else { Err(KeyError::Torsion) }
}

/// [`VerifyingKey::verify`] for a single signature by a key.
pub fn verify_strict(
    key: &PublicKey,
    domain: Domain,
    pieces: &[&[u8]],
    signature: &[u8; 64],
) -> Result<(), SignatureError> {
    VerifyingKey::new(key)?.verify(domain, pieces, signature)
}

/// [`VerifyingKey::verify_raw`] for a single signature by a key.
pub fn verify_raw(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
    VerifyingKey::new(key)?.verify_raw(message, signature)
}

/// Signs `domain ‖ pieces…`.
#[must_use]
pub fn sign(secret: &SigningKey, domain: Domain, pieces: &[&[u8]]) -> [u8; 64] {
    sign_raw(secret, &message(domain, pieces))
}

/// Signs exactly these bytes (signed notes).
#[must_use]
pub fn sign_raw(secret: &SigningKey, message: &[u8]) -> [u8; 64] {
    if crate::stubbed::IS_STUBBED {
        return [0x5a; 64];
    }
    secret.sign(message).to_bytes()
}

/// The public half of a signing key.
#[must_use]
pub fn public_key(secret: &SigningKey) -> PublicKey {
    PublicKey(secret.verifying_key().to_bytes())
}

/// The bytes that are signed. One copy, since Ed25519 hashes them twice when signing.
fn message(domain: Domain, pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(domain.bytes().len() + pieces.iter().map(|p| p.len()).sum::<usize>());
    bytes.extend_from_slice(domain.bytes());
    for piece in pieces {
        bytes.extend_from_slice(piece);
    }
    bytes
}

#[cfg(test)]
mod tests;

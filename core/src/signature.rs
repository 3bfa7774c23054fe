//! Ed25519 (RFC 8032), read strictly.
//!
//! Libraries disagree about signatures that a key's own holder crafts: with small-order points or
//! points outside the prime-order group, one verifier accepts what another refuses. Two rules
//! close that gap. A key is taken in only if [`check_key`] finds it canonical and in the
//! prime-order group, and a signature counts only if [`VerifyingKey::verify`] accepts it, which is
//! stricter than RFC 8032 section 5.1.7 asks. What passes both, every common verifier accepts.
//! Batch verification accepts more, so nothing here uses it: [`verify_each`] judges each signature alone.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use ed25519_dalek::Signer as _;

pub use ed25519_dalek::SigningKey;

use crate::hash::Domain;
use crate::id::PublicKey;
use equation::{Equation, each_holds};

mod equation;

/// How many signatures are worth judging together: with more of them, the step that they share would cost each no less.
pub(crate) const TOGETHER: usize = 64;

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
    bytes: PublicKey,
    /// The point −A, which the equation of a signature asks for.
    minus: EdwardsPoint,
}

/// A signature over bytes that a key is said to have made; [`verify_each`] judges many of them.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose signature it is said to be.
    pub key: &'a VerifyingKey,
    /// What it was made for.
    pub domain: Domain,
    /// The signed bytes, without the domain's.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a [u8; 64],
}

impl VerifyingKey {
    /// Decompresses a key; refuses one that is not on the curve, not canonical or of small order.
    pub fn new(key: &PublicKey) -> Result<Self, KeyError> {
        let point = CompressedEdwardsY(key.0).decompress().ok_or(KeyError::NotOnCurve)?;
        // A point has several spellings; compressing it gives the one encoding.
        if point.compress().to_bytes() != key.0 {
            return Err(KeyError::NotCanonical);
        }
        if point.is_small_order() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self { bytes: *key, minus: -point })
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.bytes
    }

    /// Verifies a signature over `domain ‖ pieces…`, strictly. The pieces run together: their
    /// lengths must be fixed or stated in the bytes themselves.
    pub fn verify(
        &self,
        domain: Domain,
        pieces: &[&[u8]],
        signature: &[u8; 64],
    ) -> Result<(), SignatureError> {
        let mut message = Vec::with_capacity(pieces.len() + 1);
        message.push(domain.bytes());
        message.extend_from_slice(pieces);
        self.judge(&message, signature)
    }

    /// Verifies a signature over exactly these bytes, for formats that bring their own separation
    /// of purposes (signed notes).
    pub fn verify_raw(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        self.judge(&[message], signature)
    }

    /// The verdict is that of the library's `verify_strict`, a fifth sooner. `R` is compared with the one encoding
    /// of a point that is computed, so an `R` that fits is canonical, and its bytes alone say whether the point
    /// has small order: nothing needs to be decompressed. The key was judged by [`VerifyingKey::new`]. Why the two are equal
    /// stands in decision 0018.
    fn judge(&self, message: &[&[u8]], signature: &[u8; 64]) -> Result<(), SignatureError> {
        let fits = crate::stubbed::IS_STUBBED
            || self.equation(message, signature).is_some_and(|equation| equation.holds());
        if fits { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    fn equation(&self, message: &[&[u8]], signature: &[u8; 64]) -> Option<Equation> {
        Equation::new(&self.bytes.0, &self.minus, message, signature)
    }
}

/// Whether each of these signatures fits, in their order. Each has the verdict that [`VerifyingKey::verify`] would
/// give it alone; that there are many of them only makes the last step of each cheaper, by another sixth of the whole.
#[must_use]
pub fn verify_each(claims: &[Claim<'_>]) -> Vec<bool> {
    if crate::stubbed::IS_STUBBED {
        return vec![true; claims.len()];
    }
    let equation =
        |claim: &Claim<'_>| claim.key.equation(&[claim.domain.bytes(), claim.message], claim.signature);
    let judged = |claims: &[Claim<'_>]| each_holds(&claims.iter().map(equation).collect::<Vec<_>>());
    claims.chunks(TOGETHER).flat_map(judged).collect()
}

/// The check made once, when a key is enrolled (about 30 µs): everything [`VerifyingKey::new`]
/// refuses, and points outside the prime-order group.
pub fn check_key(key: &PublicKey) -> Result<VerifyingKey, KeyError> {
    let parsed = VerifyingKey::new(key)?;
    if parsed.minus.is_torsion_free() { Ok(parsed) } else { Err(KeyError::Torsion) }
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

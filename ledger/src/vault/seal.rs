//! AES-256-GCM as the vault uses it (NIST SP 800-38D), and the keys it uses.
//!
//! One shape everywhere: a random 96-bit nonce, the ciphertext, the tag. Data keys and the open
//! segment's key seal many blobs; with random nonces SP 800-38D section 8.3 allows 2^32 of them, far
//! above the few parts of a case or the frames of a segment. A shard's key seals its pieces; all other keys seal
//! exactly one blob.

use std::cell::RefCell;
use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use vandel_core::id::LedgerId;
use zeroize::{Zeroize, Zeroizing};

use super::VaultError;

/// The length of a nonce, in bytes.
pub(super) const NONCE_BYTES: usize = 12;
/// The length of a tag, in bytes.
pub(super) const TAG_BYTES: usize = 16;
/// How many bytes sealing adds.
pub(super) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;
/// Plaintext of a part is padded to a multiple of this, so that lengths tell little.
pub(super) const PADDING_BYTES: usize = 256;

/// The name of a data key: derived by the caller from a thread and a compartment, and never shown on the chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A random AES-256 key. It leaves memory when it goes out of use, and is never printed. Its bytes
/// stand in one place on the heap, so that moving the key leaves no copies behind.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKey(Box<[u8; 32]>);

impl Drop for DataKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

impl DataKey {
    /// A new key from the operating system's randomness.
    pub fn random() -> Result<Self, VaultError> {
        let mut key = Self(Box::new([0; 32]));
        fill_random(&mut *key.0)?;
        Ok(key)
    }

    /// New keys one after the other, with one call to the operating system for many of them.
    pub(super) fn fresh() -> impl FnMut() -> Result<Self, VaultError> {
        let mut drawn = Zeroizing::new(vec![[0; 32]; 64]);
        let mut left = 0;
        move || {
            if left == 0 {
                fill_random(drawn.as_flattened_mut())?;
                left = drawn.len();
            }
            left -= 1;
            // Each is given once, and copied from heap to heap.
            let mut key = Self(Box::new([0; 32]));
            key.0.copy_from_slice(&drawn[left]);
            drawn[left].zeroize();
            Ok(key)
        }
    }

    /// The key with these bytes. The caller clears its own copy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Box::new(*bytes))
    }

    /// The key's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `plaintext`: nonce, ciphertext, tag.
    pub fn seal(&self, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut out = Vec::with_capacity(plaintext.len() + OVERHEAD_BYTES);
        self.ready().seal_onto(&mut out, associated, plaintext)?;
        Ok(out)
    }

    /// Opens what [`DataKey::seal`] made; `None` if it is anything else, or another key's.
    #[must_use]
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.ready().open(associated, sealed)
    }

    /// The key made ready, for whoever seals or opens several blobs with it.
    #[must_use]
    pub fn ready(&self) -> ReadyKey {
        ReadyKey(Aes256Gcm::new(self.bytes().into()))
    }
}

/// A key that is ready for use: its schedule is made once. Cleared when it goes out of use, as the key is.
pub struct ReadyKey(Aes256Gcm);

impl ReadyKey {
    /// Appends to `out` what [`DataKey::seal`] makes of `plaintext`.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn seal_onto(
        &self,
        out: &mut Vec<u8>,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<(), VaultError> {
        self.seal_into(out, associated, plaintext.len(), |room| room.extend_from_slice(plaintext))
    }

    /// Appends a sealed blob to `out`. `write` appends exactly `len` bytes of plaintext, which are
    /// encrypted where they stand, so that no second copy of them has to be cleared.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub(super) fn seal_into(
        &self,
        out: &mut Vec<u8>,
        associated: &[u8],
        len: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), VaultError> {
        let nonce = next_nonce()?;
        // Growing later would leave plaintext behind in the old allocation.
        out.reserve(len + OVERHEAD_BYTES);
        out.extend_from_slice(&nonce);
        let start = out.len();
        write(out);
        debug_assert_eq!(out.len() - start, len);
        let tag = self
            .0
            .encrypt_inout_detached(&nonce.into(), associated, InOutBuf::from(&mut out[start..]))
            .expect("AES-GCM seals up to 64 GiB");
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// As [`DataKey::open`].
    #[must_use]
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        self.0
            .decrypt_inout_detached(
                &(*nonce).into(),
                associated,
                InOutBuf::from(plaintext.as_mut_slice()),
                &(*tag).into(),
            )
            .ok()?;
        Some(plaintext)
    }
}

/// How many nonces are asked of the operating system at once.
const NONCES_EACH: usize = 256;

/// A random nonce that nobody has had before. Asking for each alone costs more than sealing a row. Nonces are no secrets:
/// they stand in the clear in front of every blob, so nothing is given away by having some ahead.
fn next_nonce() -> Result<[u8; NONCE_BYTES], VaultError> {
    thread_local! {
        static AHEAD: RefCell<Vec<[u8; NONCE_BYTES]>> = const { RefCell::new(Vec::new()) };
    }
    AHEAD.with_borrow_mut(|ahead| {
        if ahead.is_empty() {
            ahead.resize(NONCES_EACH, [0; NONCE_BYTES]);
            if let Err(error) = fill_random(ahead.as_flattened_mut()) {
                ahead.clear();
                return Err(error);
            }
        }
        ahead.pop().ok_or(VaultError::NoRandomness)
    })
}

/// Fills a buffer from the operating system's randomness.
pub(super) fn fill_random(out: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(out).map_err(|_| VaultError::NoRandomness)
}

/// The length of a padded plaintext: four bytes of length, the bytes, zeros.
pub(super) fn padded_len(len: usize) -> usize {
    (len + 4).next_multiple_of(PADDING_BYTES)
}

/// Appends the padded form of `bytes`.
pub(super) fn pad_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    vandel_core::codec::put_bytes(out, bytes);
    out.resize(start + padded_len(bytes.len()), 0);
}

/// Undoes [`pad_into`] in place; `None` if the padding is not what it writes.
pub(super) fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let len = u32::from_be_bytes(*padded.first_chunk()?) as usize;
    // All of it is looked at, in wide steps, instead of one byte after the other up to the first that is wrong.
    let is_zero = |padding: &[u8]| padding.iter().fold(0, |all, byte| all | byte) == 0;
    if padded_len(len) != padded.len() || !is_zero(&padded[4 + len..]) {
        return None;
    }
    padded.copy_within(4..4 + len, 0);
    // Behind it lie its own last bytes once more, and zeros.
    padded[len..len + 4].zeroize();
    padded.truncate(len);
    Some(padded)
}

/// What a part is bound to: moved to another record, statement, slot or key it does not open.
pub(super) fn part_binding(
    ledger: &LedgerId,
    record: u64,
    statement: &vandel_core::hash::Hash,
    slot: u8,
    key: &KeyId,
) -> [u8; 105] {
    let mut binding = [0; 105];
    binding[..16].copy_from_slice(b"vandel/v1/vpart\0");
    binding[16..48].copy_from_slice(&ledger.0);
    binding[48..56].copy_from_slice(&record.to_be_bytes());
    binding[56..88].copy_from_slice(&statement.0);
    binding[88] = slot;
    binding[89..].copy_from_slice(&key.0);
    binding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_hides_lengths_and_comes_off_exactly() {
        for len in [0, 1, 251, 252, 253, 508, 509, 4_096] {
            let bytes = vec![7; len];
            let mut padded = Vec::new();
            pad_into(&mut padded, &bytes);
            assert_eq!(padded.len() % PADDING_BYTES, 0);
            assert_eq!(unpad(Zeroizing::new(padded.clone())).expect("own padding").as_slice(), &bytes[..]);
            *padded.last_mut().expect("not empty") ^= 1;
            assert!(unpad(Zeroizing::new(padded)).is_none_or(|other| *other != bytes));
        }
        assert!(unpad(Zeroizing::new(vec![0; 512])).is_none());
        assert!(unpad(Zeroizing::new(vec![255; 256])).is_none());
        assert!(unpad(Zeroizing::new(Vec::new())).is_none());
    }

    #[test]
    fn a_changed_bit_or_another_binding_does_not_open() {
        let key = DataKey::random().expect("randomness");
        let sealed = key.seal(b"here", b"secret").expect("seals");
        assert_eq!(key.open(b"here", &sealed).expect("opens").as_slice(), b"secret");
        assert!(key.open(b"there", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"here", &changed).is_none());
            assert!(key.open(b"here", &sealed[..at]).is_none());
        }
        assert_eq!(format!("{key:?}"), "DataKey(redacted)");
    }
}

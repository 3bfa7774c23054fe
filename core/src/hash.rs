//! SHA-256 and the domains that keep one use of it apart from another.
//!
//! Two of the uses are fixed by RFC 6962 section 2.1 (leaf and node). Every other hash and every
//! signature begins with its own domain, an ASCII string ending in a zero byte, so that no bytes
//! made for one purpose can be passed off for another.

use std::fmt;

use serde::{Deserialize, Serialize};
#[cfg(not(vandel_stubbed))]
use sha2::{Digest, Sha256};

#[cfg(vandel_stubbed)]
use crate::stubbed::Mixer as Sha256;

/// A SHA-256 value.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

/// What a hash or a signature is for. The strings stand in `docs/format.md` and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The ledger's id: over the unsigned opening statement.
    LedgerId,
    /// What an author signs: over the bytes of a statement.
    Statement,
    /// The hash by which a statement names the one before it in its thread.
    StatementHash,
    /// What a sequencer instance signs: over the bytes of a block.
    Block,
    /// The hash by which a block names the one before it.
    BlockHash,
    /// One part of a payload, salted.
    Part,
    /// The payload's commitment on the chain, salted.
    Commitment,
    /// The second person's approval of a sealed step.
    Approval,
    /// Proof that who enrols a key holds it.
    Possession,
    /// A policy pack's identity.
    Policy,
    /// An erasure plan's salted hash.
    Plan,
    /// The digest of a view.
    View,
    /// One row of a published view.
    ViewRow,
    /// The digest of a published view: over its tree's root.
    ViewDigest,
    /// The order in which an auditor's sample is drawn.
    Sample,
    /// The digest of a table of statistics.
    Statistics,
    /// The name under which a vault holds the key of a compartment.
    KeyId,
    /// An entry in the register of sinks.
    Sink,
    /// What a sequencer instance and the checkpoint key sign: over an intake key's announcement.
    IntakeKey,
    /// What whoever asks from afar signs: over the bytes of the inquiry.
    Inquiry,
    /// The purpose that a request's sealing is bound to (RFC 9180 `info`).
    Sealing,
}

impl Domain {
    /// The domain's bytes, with the terminating zero.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::LedgerId => b"vandel/v1/ledger-id\0",
            Self::Statement => b"vandel/v1/statement\0",
            Self::StatementHash => b"vandel/v1/statement-hash\0",
            Self::Block => b"vandel/v1/block\0",
            Self::BlockHash => b"vandel/v1/block-hash\0",
            Self::Part => b"vandel/v1/part\0",
            Self::Commitment => b"vandel/v1/commitment\0",
            Self::Approval => b"vandel/v1/approval\0",
            Self::Possession => b"vandel/v1/possession\0",
            Self::Policy => b"vandel/v1/policy\0",
            Self::Plan => b"vandel/v1/plan\0",
            Self::View => b"vandel/v1/view\0",
            Self::ViewRow => b"vandel/v1/view-row\0",
            Self::ViewDigest => b"vandel/v1/view-digest\0",
            Self::Sample => b"vandel/v1/sample\0",
            Self::Statistics => b"vandel/v1/statistics\0",
            Self::KeyId => b"vandel/v1/key-id\0",
            Self::Sink => b"vandel/v1/sink\0",
            Self::IntakeKey => b"vandel/v1/intake-key\0",
            Self::Inquiry => b"vandel/v1/inquiry\0",
            Self::Sealing => b"vandel/v1/sealing\0",
        }
    }

    /// `SHA-256(domain ‖ pieces…)`. The pieces run together: their lengths must be fixed or
    /// stated in the bytes themselves.
    #[must_use]
    pub fn hash(self, pieces: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(self.bytes());
        for piece in pieces {
            hasher.update(piece);
        }
        Hash(hasher.finalize().into())
    }
}

/// RFC 6962 section 2.1: the hash of a leaf, `SHA-256(0x00 ‖ leaf)`.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(leaf);
    Hash(hasher.finalize().into())
}

/// RFC 6962 section 2.1: the hash of an inner node, `SHA-256(0x01 ‖ left ‖ right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.0);
    hasher.update(right.0);
    Hash(hasher.finalize().into())
}

/// Plain SHA-256 over bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// More bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them.
    #[must_use]
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// Plain SHA-256 without a domain, where another standard asks for it (RFC 6962 empty tree, C2SP key ids).
#[must_use]
pub fn sha256(pieces: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    Hash(hasher.finalize().into())
}

impl Hash {
    /// Thirty-two zero bytes: "no predecessor".
    pub const ZERO: Self = Self([0; 32]);

    /// The hash from 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        crate::id::decode_hex(text, &mut bytes).then_some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::id::write_hex(f, &self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

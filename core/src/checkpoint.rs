//! Checkpoints (C2SP tlog-checkpoint v1): the tree's size and root, signed by the log.
//!
//! ```text
//! vandel.example/ledger        origin: which log
//! 20852163                     size: how many records
//! CsUYapGGPo4dkMgIAUqom/…=     root: the Merkle tree's root over them
//! ```
//!
//! Further lines (extensions) are allowed and kept, since foreign logs may have them; Vandel
//! writes none.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::hash::Hash;
use crate::id::PublicKey;
use crate::merkle::empty_root;
use crate::note::{KeyKind, Note, NoteError, NoteOpenError, NoteSignature, VerifierKey, VerifierKeyError};
use crate::signature::SigningKey;
use crate::time::Second;

/// A tree head of one log. Well-formed by construction; who vouches for it is another matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why text is not a checkpoint. The order is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Fewer than three lines, or the last is not ended.
    #[error("a checkpoint has at least three lines, each ended by a newline")]
    Lines,
    /// The size is not a decimal number without leading zeros, below 2^64.
    #[error("{0:?} is not a tree size")]
    Size(String),
    /// The root is not 32 bytes in canonical base64.
    #[error("{0:?} is not a root hash in base64")]
    Root(String),
    /// The origin is empty or holds a control character.
    #[error("{0:?} cannot be an origin: it must be one line that is not empty")]
    Origin(String),
    /// An extension line is empty or holds a control character.
    #[error("{0:?} cannot be an extension line")]
    Extension(String),
    /// No leaves, but not the empty tree's root.
    #[error("a tree without leaves cannot have the root {0}")]
    EmptyRoot(Hash),
}

/// Why a checkpoint could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointSignError {
    /// The origin cannot be a key name.
    #[error(transparent)]
    Key(#[from] VerifierKeyError),
    /// The checkpoint doesn't fit into a note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Why a signed checkpoint was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointOpenError {
    /// The bytes are not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A known key's signature is bad, or no known key has signed.
    #[error(transparent)]
    Signature(#[from] NoteOpenError),
    /// The signed text is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// No known log key named after the origin has signed: witnesses alone don't make a checkpoint.
    #[error("no known key of the log {origin:?} has signed the checkpoint")]
    NotByLog {
        /// The checkpoint's origin.
        origin: String,
    },
}

/// A checkpoint whose log signature, and every cosignature by a known key, was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCheckpoint {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The log's key.
    pub log_key: PublicKey,
    /// The known witnesses that cosigned, in the order of their lines.
    pub cosignatures: Vec<Cosignature>,
}

/// A verified cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness's key name.
    pub name: String,
    /// The witness's key.
    pub key: PublicKey,
    /// The second that the witness states.
    pub time: Second,
}

impl OpenCheckpoint {
    /// The keys that cosigned, as [`crate::trust::Trust::quorum_met`] takes them.
    #[must_use]
    pub fn cosigners(&self) -> Vec<PublicKey> {
        self.cosignatures.iter().map(|cosignature| cosignature.key).collect()
    }
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        Self::with_extensions(origin, size, root, Vec::new())
    }

    /// A checkpoint with extension lines (without their newlines). C2SP advises against them.
    pub fn with_extensions(
        origin: &str,
        size: u64,
        root: Hash,
        extensions: Vec<String>,
    ) -> Result<Self, CheckpointError> {
        // A line break inside a field would let one checkpoint read as another.
        let is_line = |line: &str| !line.is_empty() && !line.chars().any(|c| c < ' ');
        if !is_line(origin) {
            return Err(CheckpointError::Origin(origin.to_owned()));
        }
        if let Some(bad) = extensions.iter().find(|line| !is_line(line)) {
            return Err(CheckpointError::Extension(bad.clone()));
        }
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot(root));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }

    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves its tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Extension lines, without their newlines.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The log's own signature, in a note. The key is named after the origin.
    pub fn sign(&self, secret: &SigningKey) -> Result<Note, CheckpointSignError> {
        let mut note = Note::new(self.to_string())?;
        note.attach(NoteSignature::sign(&self.origin, secret, note.text())?)?;
        Ok(note)
    }

    /// Reads a signed checkpoint and verifies it with the keys that the reader trusts: log keys
    /// (kind [`KeyKind::Ed25519`], named after their origin) and witness keys
    /// ([`KeyKind::Cosignature`]). A log key must have signed; whether the cosignatures suffice
    /// is for the trust file to say.
    pub fn open(bytes: &[u8], known: &[VerifierKey]) -> Result<OpenCheckpoint, CheckpointOpenError> {
        let note = Note::parse(bytes)?;
        let signed = note.open(known)?;
        let checkpoint: Self = note.text().parse()?;
        let log_key = signed
            .iter()
            .find(|signed| signed.key.kind() == KeyKind::Ed25519 && signed.key.name() == checkpoint.origin)
            .map(|signed| signed.key.public_key())
            .ok_or_else(|| CheckpointOpenError::NotByLog { origin: checkpoint.origin.clone() })?;
        let cosignatures = signed
            .iter()
            .filter_map(|signed| {
                let (name, key) = (signed.key.name().to_owned(), signed.key.public_key());
                signed.time.map(|time| Cosignature { name, key, time })
            })
            .collect();
        Ok(OpenCheckpoint { checkpoint, log_key, cosignatures })
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, BASE64_STANDARD.encode(self.root.0))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a checkpoint (without signatures).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        let size = parse_decimal(size).ok_or_else(|| CheckpointError::Size(size.to_owned()))?;
        let root = decode_hash(root).ok_or_else(|| CheckpointError::Root(root.to_owned()))?;
        Self::with_extensions(origin, size, root, lines.map(str::to_owned).collect())
    }
}

/// A decimal number in its one spelling: digits only, no leading zeros.
#[must_use]
pub fn parse_decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    // `parse` takes "+1" and "01" as well.
    (number.to_string() == text).then_some(number)
}

/// A hash in canonical base64, as the lines of checkpoints and proofs hold it.
#[must_use]
pub fn decode_hash(text: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
}

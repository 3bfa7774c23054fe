//! Witnessing (C2SP tlog-witness): the request `add-checkpoint`, and the one judgement on it.
//!
//! A witness remembers, for each log it knows, the size and root of the last tree it cosigned, and cosigns
//! another only if that tree continues the remembered one. So whoever trusts the witness knows that it has
//! seen one history and not two.
//!
//! ```text
//! old 20852014                  the size that the witness is believed to hold
//! PlRNCrwHpqhGrupue0L7gxbj…     the consistency proof from there (RFC 6962 section 2.1.2), a hash to a line
//!
//! vandel/…                      the signed checkpoint
//! ```
//!
//! What is here is pure: [`AddCheckpoint`] reads, writes and judges the request, [`take_cosignature`] reads the
//! answer. Keeping what was cosigned, durably and before the answer leaves, is
//! the witness's own work.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, CheckpointOpenError, decode_hash, parse_decimal};
use crate::hash::Hash;
use crate::limits::ADD_CHECKPOINT_BYTES_MAX;
use crate::merkle::{ConsistencyError, PROOF_HASHES_MAX, verify_consistency};
use crate::note::{Note, NoteError, NoteOpenError, NoteSignature, VerifierKey};
use crate::statement::Seen;
use crate::time::Second;

/// A request to cosign a checkpoint; well-formed, and not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the tree that the witness is believed to have cosigned last; 0 if none.
    pub old: u64,
    /// The proof that the checkpoint's tree continues that one; empty if `old` is 0.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub note: String,
}

/// Why bytes are no request (HTTP 400). Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Longer than [`ADD_CHECKPOINT_BYTES_MAX`].
    #[error("the request has {0} bytes; at most {ADD_CHECKPOINT_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// The first line is not `old` and a size.
    #[error("line 1 should read: old, a space, and a tree size in decimal")]
    OldLine,
    /// A line of the proof is no hash.
    #[error("line {0} should hold a hash of the consistency proof in base64, or be empty")]
    ProofLine(usize),
    /// More hashes than a proof can have.
    #[error("the proof has more than {PROOF_HASHES_MAX} hashes")]
    ProofTooLong,
    /// No empty line ends the proof.
    #[error("no empty line parts the proof from the checkpoint")]
    NoSeparator,
    /// What follows is no signed note.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The note's text is no checkpoint.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// Why a witness does not cosign. The order is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be read (400).
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No key is known for the log of this origin (404).
    #[error("the log {0:?} is not known here")]
    UnknownOrigin(String),
    /// No known key of the log has signed, or a known key's signature is bad (403).
    #[error("{0}")]
    NotSigned(CheckpointOpenError),
    /// The old size is larger than the checkpoint's (400).
    #[error("the old size {old} is larger than the checkpoint's, {new}")]
    OldBeyondNew {
        /// The old size.
        old: u64,
        /// The checkpoint's size.
        new: u64,
    },
    /// The old size is not the size held (409).
    #[error("the last checkpoint cosigned has size {held}")]
    OtherSize {
        /// The size held; 0 if nothing was ever cosigned.
        held: u64,
    },
    /// Another root for the size held: two histories, both signed by the log (409).
    #[error("the last checkpoint cosigned has root {held} at size {size}, not {found}")]
    Fork {
        /// The size of both.
        size: u64,
        /// The root held.
        held: Hash,
        /// The root offered.
        found: Hash,
    },
    /// The proof does not show that the tree held is a beginning of the checkpoint's (422).
    #[error("the consistency proof is refused: {0}")]
    Proof(ConsistencyError),
}

impl Refusal {
    /// The HTTP status that the specification asks for.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Request(_) | Self::OldBeyondNew { .. } => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownOrigin(_) => 404,
            Self::OtherSize { .. } | Self::Fork { .. } => 409,
            Self::Proof(_) => 422,
        }
    }
}

impl AddCheckpoint {
    /// Reads a request.
    ///
    /// # Errors
    /// [`RequestError`]: the answer is 400.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(RequestError::TooLong(bytes.len()));
        }
        let mut rest = std::str::from_utf8(bytes).map_err(|_| RequestError::NotUtf8)?;
        let mut next = || {
            let (line, after) = rest.split_once('\n')?;
            rest = after;
            Some(line)
        };
        let old = next().and_then(|line| line.strip_prefix("old ")).and_then(parse_decimal);
        let old = old.ok_or(RequestError::OldLine)?;
        let mut proof = Vec::new();
        loop {
            let line = next().ok_or(RequestError::NoSeparator)?;
            if line.is_empty() {
                break;
            }
            if proof.len() == PROOF_HASHES_MAX {
                return Err(RequestError::ProofTooLong);
            }
            proof.push(decode_hash(line).ok_or(RequestError::ProofLine(proof.len() + 2))?);
        }
        Ok(Self { old, proof, note: rest.to_owned() })
    }

    /// The first half of the judgement: the checkpoint, if a key of its log is known and has signed it. It needs
    /// nothing that the witness holds, so whoever is not a known log costs the witness no lock.
    ///
    /// # Errors
    /// [`Refusal`], which names the HTTP status.
    pub fn open(&self, logs: &[VerifierKey]) -> Result<Checkpoint, Refusal> {
        let note = Note::parse(self.note.as_bytes()).map_err(RequestError::Note)?;
        let claimed: Checkpoint = note.text().parse().map_err(RequestError::Checkpoint)?;
        let keys: Vec<_> = logs.iter().filter(|key| key.name() == claimed.origin()).cloned().collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownOrigin(claimed.origin().to_owned()));
        }
        let opened = Checkpoint::open(self.note.as_bytes(), &keys).map_err(Refusal::NotSigned)?.checkpoint;
        if self.old > opened.size() {
            return Err(Refusal::OldBeyondNew { old: self.old, new: opened.size() });
        }
        Ok(opened)
    }

    /// The second half: whether the checkpoint's tree continues the one that is held of its log; size 0 and the
    /// empty root if none is. It must not change until the checkpoint is kept. What passes may be cosigned then.
    ///
    /// # Errors
    /// [`Refusal`], which names the HTTP status.
    pub fn judge(&self, checkpoint: &Checkpoint, held: Seen) -> Result<(), Refusal> {
        let (size, root) = (checkpoint.size(), checkpoint.root());
        if self.old != held.size {
            return Err(Refusal::OtherSize { held: held.size });
        }
        if self.old == size && held.root != root {
            return Err(Refusal::Fork { size, held: held.root, found: root });
        }
        verify_consistency(held.size, &held.root, size, &root, &self.proof).map_err(Refusal::Proof)
    }
}

impl fmt::Display for AddCheckpoint {
    /// The request's body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", BASE64_STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.note)
    }
}

/// Why a witness's answer is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A line is no signature line.
    #[error(transparent)]
    Line(#[from] NoteError),
    /// The witness's own signature is missing, or does not fit.
    #[error(transparent)]
    Signature(#[from] NoteOpenError),
}

/// The cosignature of the witness with this key in the answer to a request, verified over the checkpoint's
/// text, and the second that it states. Lines by others are passed over.
///
/// # Errors
/// [`AnswerError`].
pub fn take_cosignature(
    text: &str,
    witness: &VerifierKey,
    answer: &str,
) -> Result<(NoteSignature, Second), AnswerError> {
    let mut note = Note::new(text)?;
    let mut found = None;
    for line in answer.lines() {
        let signature: NoteSignature = line.parse()?;
        if signature.name() == witness.name() && signature.id() == witness.id() {
            note.attach(signature.clone())?;
            found = Some(signature);
        }
    }
    let known = [witness.clone()];
    let signed = note.open(&known)?;
    let time = signed.first().and_then(|signed| signed.time);
    match (found, time) {
        (Some(signature), Some(time)) => Ok((signature, time)),
        _ => Err(NoteOpenError::Unsigned.into()),
    }
}

/// The size in the body of a 409 answer (`text/x.tlog.size`): a decimal number and a newline.
#[must_use]
pub fn parse_size(body: &str) -> Option<u64> {
    parse_decimal(body.strip_suffix('\n')?)
}

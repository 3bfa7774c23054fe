//! What an author hands in and what comes back.

use std::sync::Arc;

use vandel_core::admit::{Evidence, Refusal};
use vandel_core::chain::{FaultKind, OpenRefusal};
use vandel_core::codec::DecodeError;
use vandel_core::hash::Hash;
use vandel_core::payload::{Payload, PayloadError};
use vandel_core::signature::SignatureError;
use vandel_core::time::Second;

use crate::erasure::ErasureRefusal;
use crate::refused::RefusedClass;

/// A signed statement with what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The signed statement's bytes.
    pub statement: Vec<u8>,
    /// The payload; sealed statements have one, open ones none.
    pub payload: Option<Payload>,
    /// What the author saw and nobody keeps.
    pub evidence: Option<Evidence>,
    /// The signed checkpoint that the statement names, if the author has it: should the sequencer
    /// lack it although its own key signed it, the sequencer has been rolled back, and says so.
    pub seen: Option<String>,
}

impl Submission {
    /// About how many bytes it takes in memory: the statement, the payload's parts and the checkpoint.
    #[must_use]
    pub fn weight(&self) -> usize {
        let parts = self.payload.iter().flat_map(|payload| payload.parts.iter().flatten());
        let payload: usize = parts.map(|part| part.stored().len()).sum();
        self.statement.len() + payload + self.seen.as_ref().map_or(0, String::len)
    }
}

/// The promise that a statement stands in the ledger for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The record's number.
    pub record: u64,
    /// When it was placed.
    pub time: Second,
    /// The record's hash.
    pub hash: Hash,
    /// The hash of the record before it; zero for record 0. With it an author makes the record anew from
    /// the statement, and sees that the hash is of nothing else.
    pub previous: Hash,
    /// RFC 6962 audit path of the record in the checkpoint's tree.
    pub proof: Vec<Hash>,
    /// The signed checkpoint: one text for all receipts of a block.
    pub checkpoint: Arc<str>,
}

/// Why a submission was not taken. Nothing of its group was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The statement's bytes are refused.
    #[error("the statement is refused: {0}")]
    Decode(#[from] DecodeError),
    /// A signature does not fit.
    #[error("a signature of the statement is wrong: {0}")]
    Signature(#[from] SignatureError),
    /// The payload is missing, or there is one with an open statement.
    #[error("a sealed statement comes with its payload, an open one without")]
    PayloadMismatch,
    /// The payload does not open to the commitment.
    #[error("the payload is refused: {0}")]
    Payload(#[from] PayloadError),
    /// The step may not be taken.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The open event may not be said.
    #[error("{0}")]
    Open(#[from] OpenRefusal),
    /// The erasure may not be started, or not be called executed or completed.
    #[error("{0}")]
    Erasure(#[from] ErasureRefusal),
    /// The statement does not fit the chain.
    #[error("{0}")]
    Chain(FaultKind),
    /// An open statement comes alone, and a group has at most as many statements as a block.
    #[error("an open statement comes alone; a group has at most {max} statements")]
    Group {
        /// The most statements in a group.
        max: usize,
    },
    /// Another statement of the group was refused.
    #[error("another statement of the group was refused")]
    WithGroup,
    /// The author holds a checkpoint that our key signed and that our log does not reach.
    #[error(
        "the author holds our own checkpoint of size {size}, which this log does not contain: it has been rolled back"
    )]
    RolledBack {
        /// The checkpoint's size.
        size: u64,
    },
    /// The sequencer has stopped; it must be opened again.
    #[error("the sequencer has stopped: {0}")]
    Halted(Halt),
}

/// Why a sequencer has stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Halt {
    /// What happened, down to what the disk or the broker said.
    pub reason: String,
    /// What sort of trouble it is: only after [`RefusedClass::Integrity`] is opening anew of no use.
    pub class: RefusedClass,
}

impl Halt {
    /// A stop after which opening anew finds out where the ledger stands.
    #[must_use]
    pub fn of_io(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), class: RefusedClass::Io }
    }
}

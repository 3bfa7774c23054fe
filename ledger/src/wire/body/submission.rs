//! Submissions, and the answers with their receipts.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use vandel_core::admit::Evidence;
use vandel_core::codec::{DecodeError, decode_body, encode_body_after};
use vandel_core::hash::Hash;
use vandel_core::limits::{NOTE_BYTES_MAX, PARTS_MAX, STATEMENT_BYTES_MAX};
use vandel_core::payload::{Header, Part, Payload, Slot};
use vandel_core::time::Second;

use super::check_version;
use crate::refused::Refused;
use crate::sequencer::Group;
use crate::submission::{Receipt, Submission};
use crate::wire::{MESSAGE_BYTES_MAX, WIRE_VERSION};

/// The most groups in one submission.
pub const GROUPS_MAX: usize = 1_000;

/// A payload, as it travels.
#[derive(Serialize, Deserialize)]
struct WirePayload<'a> {
    #[serde(borrow, with = "serde_bytes")]
    header: Cow<'a, [u8]>,
    /// The parts by ascending slot.
    #[serde(borrow)]
    parts: Vec<(u8, &'a Bytes)>,
}

/// A statement with what belongs to it, as it travels. It borrows, since a request holds hundreds.
#[derive(Serialize, Deserialize)]
pub(super) struct WireSubmission<'a> {
    #[serde(borrow)]
    statement: &'a Bytes,
    #[serde(borrow)]
    payload: Option<WirePayload<'a>>,
    evidence: Option<Cow<'a, Evidence>>,
    #[serde(borrow)]
    seen: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct WireSubmit<'a> {
    version: u16,
    #[serde(borrow)]
    groups: Vec<Vec<WireSubmission<'a>>>,
}

impl<'a> WireSubmission<'a> {
    pub(super) fn from(submission: &'a Submission) -> Self {
        let payload = submission.payload.as_ref().map(|payload| {
            let parts = Slot::ALL.into_iter().filter_map(|slot| {
                payload.parts[slot.index()].as_ref().map(|part| (slot as u8, Bytes::new(part.stored())))
            });
            WirePayload { header: payload.header.encode().into(), parts: parts.collect() }
        });
        Self {
            statement: Bytes::new(&submission.statement),
            payload,
            evidence: submission.evidence.as_ref().map(Cow::Borrowed),
            seen: submission.seen.as_deref(),
        }
    }

    pub(super) fn open(self) -> Result<Submission, DecodeError> {
        limit("statement", self.statement.len(), STATEMENT_BYTES_MAX + 1024)?;
        limit("checkpoint", self.seen.map_or(0, str::len), NOTE_BYTES_MAX)?;
        Ok(Submission {
            statement: self.statement.to_vec(),
            payload: self.payload.map(WirePayload::open).transpose()?,
            evidence: self.evidence.map(Cow::into_owned),
            seen: self.seen.map(str::to_owned),
        })
    }
}

fn limit(what: &'static str, found: usize, max: usize) -> Result<(), DecodeError> {
    if found <= max { Ok(()) } else { Err(DecodeError::TooLong { what, found, max }) }
}

impl WirePayload<'_> {
    fn open(self) -> Result<Payload, DecodeError> {
        let header = Header::decode(&self.header)?;
        let mut parts: [Option<Part>; PARTS_MAX] = Default::default();
        let mut before = None;
        for (slot, stored) in self.parts {
            let place = parts.get_mut(usize::from(slot)).filter(|_| before < Some(slot));
            *place.ok_or(DecodeError::BadValue { what: "payload slot" })? = Some(Part::decode(stored)?);
            before = Some(slot);
        }
        Ok(Payload { header, parts })
    }
}

/// The bytes of a submission.
#[must_use]
pub fn encode_submit(groups: &[Group]) -> Vec<u8> {
    let room: usize = groups.iter().flatten().map(|submission| submission.weight() + 512).sum();
    let groups = groups.iter().map(|group| group.iter().map(WireSubmission::from).collect()).collect();
    encode_body_after(Vec::with_capacity(room), &WireSubmit { version: WIRE_VERSION, groups })
}

/// Reads a submission.
///
/// # Errors
/// If the bytes are none.
pub fn decode_submit(bytes: &[u8]) -> Result<Vec<Group>, DecodeError> {
    let submit: WireSubmit<'_> = decode_body(bytes, "submission", MESSAGE_BYTES_MAX)?;
    check_version(submit.version, "submission")?;
    if submit.groups.is_empty() || submit.groups.len() > GROUPS_MAX {
        return Err(DecodeError::BadValue { what: "groups" });
    }
    let group = |group: Vec<WireSubmission<'_>>| group.into_iter().map(WireSubmission::open).collect();
    submit.groups.into_iter().map(group).collect()
}

/// A receipt as it travels. Receipts of one answer share their checkpoint, which travels once.
#[derive(Clone, Serialize, Deserialize)]
struct WireReceipt<'a> {
    record: u64,
    time: Second,
    hash: Hash,
    previous: Hash,
    /// The hashes of the audit path, one after another: as one piece, since a large answer holds thousands.
    #[serde(borrow, with = "serde_bytes")]
    proof: Cow<'a, [u8]>,
    /// The index of its checkpoint.
    checkpoint: u16,
}

#[derive(Serialize, Deserialize)]
struct WireAnswers<'a> {
    version: u16,
    #[serde(borrow)]
    checkpoints: Vec<&'a str>,
    #[serde(borrow)]
    answers: Vec<Result<Vec<WireReceipt<'a>>, Refused>>,
}

impl<'a> WireReceipt<'a> {
    /// A receipt whose checkpoint is the last of `checkpoints`, or put there, and whose proof is the first of `proofs`.
    fn from(receipt: &'a Receipt, proofs: &mut &'a [u8], checkpoints: &mut Vec<&'a str>) -> Self {
        if checkpoints.last() != Some(&&*receipt.checkpoint) {
            checkpoints.push(&receipt.checkpoint);
        }
        let Receipt { record, time, hash, previous, ref proof, .. } = *receipt;
        let checkpoint = u16::try_from(checkpoints.len() - 1).unwrap_or(u16::MAX);
        let (proof, rest) = proofs.split_at(32 * proof.len());
        *proofs = rest;
        Self { record, time, hash, previous, proof: proof.into(), checkpoint }
    }
}

/// The answer to each group: receipts, or why nothing of it was taken.
pub type SubmitAnswers = Vec<Result<Vec<Receipt>, Refused>>;

/// The bytes of the answer to a submission.
#[must_use]
pub fn encode_answers(answers: &SubmitAnswers) -> Vec<u8> {
    // The hashes of all proofs in one piece, not a piece for each of thousands.
    let proofs = answers.iter().flatten().flatten().map(|receipt| &receipt.proof);
    let mut hashes = Vec::with_capacity(32 * proofs.clone().map(Vec::len).sum::<usize>());
    proofs.flatten().for_each(|hash| hashes.extend_from_slice(&hash.0));
    let mut proofs = &hashes[..];
    let mut checkpoints: Vec<&str> = Vec::new();
    let mut wired = Vec::with_capacity(answers.len());
    for answer in answers {
        let wire = |receipt| WireReceipt::from(receipt, &mut proofs, &mut checkpoints);
        wired.push(match answer {
            Ok(receipts) => Ok(receipts.iter().map(wire).collect()),
            Err(refused) => Err(refused.clone()),
        });
    }
    let room = 1_024 * (1 + answers.len());
    let answers = WireAnswers { version: WIRE_VERSION, checkpoints, answers: wired };
    encode_body_after(Vec::with_capacity(room), &answers)
}

/// Reads the answer to a submission.
///
/// # Errors
/// If the bytes are none.
pub fn decode_answers(bytes: &[u8]) -> Result<SubmitAnswers, DecodeError> {
    let wire: WireAnswers<'_> = decode_body(bytes, "answers", MESSAGE_BYTES_MAX)?;
    check_version(wire.version, "answers")?;
    let checkpoints: Vec<Arc<str>> = wire.checkpoints.into_iter().map(Arc::from).collect();
    let receipt = |receipt: WireReceipt<'_>| {
        let WireReceipt { record, time, hash, previous, proof, checkpoint } = receipt;
        let checkpoint = checkpoints.get(usize::from(checkpoint)).cloned();
        let checkpoint = checkpoint.ok_or(DecodeError::BadValue { what: "checkpoint of a receipt" })?;
        let (hashes, []) = proof.as_chunks() else {
            return Err(DecodeError::BadValue { what: "proof of a receipt" });
        };
        let proof = hashes.iter().map(|bytes| Hash(*bytes)).collect();
        Ok(Receipt { record, time, hash, previous, proof, checkpoint })
    };
    let answer = |answer: Result<Vec<WireReceipt<'_>>, Refused>| match answer {
        Ok(receipts) => receipts.into_iter().map(receipt).collect::<Result<Vec<_>, _>>().map(Ok),
        Err(refused) => Ok(Err(refused)),
    };
    wire.answers.into_iter().map(answer).collect()
}

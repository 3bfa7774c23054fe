//! Submissions, and the answers with their receipts.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use vandel_core::admit::Evidence;
use vandel_core::codec::{DecodeError, decode_body, encode_body_after};
use vandel_core::hash::Hash;
use vandel_core::limits::{NOTE_BYTES_MAX, PARTS_MAX, STATEMENT_BYTES_MAX};
use vandel_core::merkle::PROOF_HASHES_MAX;
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

/// A receipt as it travels. Receipts of one answer share their checkpoint, which travels once; and most of them stand beside
/// each other in one block, so that one has most of its audit path in common with the one before.
#[derive(Clone, Serialize, Deserialize)]
struct WireReceipt<'a> {
    record: u64,
    time: Second,
    hash: Hash,
    /// None if it is the hash of the receipt before in this answer.
    previous: Option<Hash>,
    /// The hashes of the audit path from below, as far as it has others than the path of the receipt before: one after
    /// another, since a large answer holds thousands.
    #[serde(borrow, with = "serde_bytes")]
    own: Cow<'a, [u8]>,
    /// How many at its end are those at the end of the path before.
    shared: u8,
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

/// The answer to each group: receipts, or why nothing of it was taken.
pub type SubmitAnswers = Vec<Result<Vec<Receipt>, Refused>>;

/// How many hashes at the end of a path are those at the end of the path before.
fn shared(before: &[Hash], path: &[Hash]) -> usize {
    let pairs = path.iter().rev().zip(before.iter().rev());
    pairs.take_while(|(one, other)| one == other).count().min(usize::from(u8::MAX))
}

/// What the receipts of one answer have in common while they are packed.
struct Packing<'a> {
    checkpoints: Vec<&'a str>,
    before: Option<&'a Receipt>,
    /// What is left of the hashes that the paths have of their own.
    own: &'a [u8],
}

impl<'a> Packing<'a> {
    fn pack(&mut self, receipt: &'a Receipt) -> WireReceipt<'a> {
        if self.checkpoints.last() != Some(&&*receipt.checkpoint) {
            self.checkpoints.push(&receipt.checkpoint);
        }
        let checkpoint = u16::try_from(self.checkpoints.len() - 1).unwrap_or(u16::MAX);
        let Receipt { record, time, hash, previous, ref proof, .. } = *receipt;
        let before = self.before.replace(receipt);
        let shared = shared(path_of(before), proof);
        let (own, rest) = self.own.split_at(32 * (proof.len() - shared));
        self.own = rest;
        WireReceipt {
            record,
            time,
            hash,
            previous: Some(previous).filter(|previous| before.is_none_or(|before| before.hash != *previous)),
            own: own.into(),
            shared: u8::try_from(shared).unwrap_or(u8::MAX),
            checkpoint,
        }
    }
}

fn path_of(receipt: Option<&Receipt>) -> &[Hash] {
    receipt.map_or(&[], |receipt| &receipt.proof)
}

/// The bytes of the answer to a submission.
#[must_use]
pub fn encode_answers(answers: &SubmitAnswers) -> Vec<u8> {
    // The hashes of all paths in one piece, not a piece for each of thousands.
    let (mut own, mut before) = (Vec::new(), None);
    for receipt in answers.iter().flatten().flatten() {
        let path = &receipt.proof[..receipt.proof.len() - shared(path_of(before), &receipt.proof)];
        path.iter().for_each(|hash| own.extend_from_slice(&hash.0));
        before = Some(receipt);
    }
    let mut packing = Packing { checkpoints: Vec::new(), before: None, own: &own };
    let mut packed = Vec::with_capacity(answers.len());
    for answer in answers {
        packed.push(match answer {
            Ok(receipts) => Ok(receipts.iter().map(|receipt| packing.pack(receipt)).collect()),
            Err(refused) => Err(refused.clone()),
        });
    }
    let room = 1_024 + own.len() + 128 * answers.len();
    let answers = WireAnswers { version: WIRE_VERSION, checkpoints: packing.checkpoints, answers: packed };
    encode_body_after(Vec::with_capacity(room), &answers)
}

/// What the receipts of one answer have in common while they are unpacked.
struct Unpacking {
    checkpoints: Vec<Arc<str>>,
    /// The path before.
    path: Vec<Hash>,
    /// The hash before.
    hash: Option<Hash>,
}

impl Unpacking {
    /// The receipt; what is not packed as it would be here is refused.
    fn unpack(&mut self, packed: WireReceipt<'_>) -> Result<Receipt, DecodeError> {
        let bad = |what| DecodeError::BadValue { what };
        let WireReceipt { record, time, hash, previous, own, shared: count, checkpoint } = packed;
        let checkpoint = self.checkpoints.get(usize::from(checkpoint)).cloned();
        let checkpoint = checkpoint.ok_or(bad("checkpoint of a receipt"))?;
        let (own, []) = own.as_chunks() else { return Err(bad("proof of a receipt")) };
        let first = self.path.len().checked_sub(usize::from(count)).ok_or(bad("proof of a receipt"))?;
        limit("proof of a receipt", own.len() + usize::from(count), PROOF_HASHES_MAX)?;
        let mut proof = Vec::with_capacity(own.len() + usize::from(count));
        proof.extend(own.iter().map(|bytes| Hash(*bytes)));
        proof.extend_from_slice(&self.path[first..]);
        let is_packed = shared(&self.path, &proof) == usize::from(count) && previous != self.hash;
        let previous = previous.or(self.hash).filter(|_| is_packed).ok_or(bad("proof of a receipt"))?;
        self.path.clone_from(&proof);
        self.hash = Some(hash);
        Ok(Receipt { record, time, hash, previous, proof, checkpoint })
    }
}

/// Reads the answer to a submission.
///
/// # Errors
/// If the bytes are none.
pub fn decode_answers(bytes: &[u8]) -> Result<SubmitAnswers, DecodeError> {
    let wire: WireAnswers<'_> = decode_body(bytes, "answers", MESSAGE_BYTES_MAX)?;
    check_version(wire.version, "answers")?;
    limit("answers", wire.answers.len(), GROUPS_MAX)?;
    let checkpoints = wire.checkpoints.into_iter().map(Arc::from).collect();
    let mut unpacking = Unpacking { checkpoints, path: Vec::new(), hash: None };
    let mut answer = |answer: Result<Vec<WireReceipt<'_>>, Refused>| match answer {
        Ok(receipts) => {
            let receipts = receipts.into_iter().map(|receipt| unpacking.unpack(receipt));
            receipts.collect::<Result<Vec<_>, _>>().map(Ok)
        }
        Err(refused) => Ok(Err(refused)),
    };
    wire.answers.into_iter().map(&mut answer).collect()
}

#[cfg(test)]
mod tests {
    use vandel_core::merkle::{Frontier, prove_appended};

    use super::*;

    /// Receipts of neighbours in a tree.
    fn receipts(count: u8) -> Vec<Receipt> {
        let hashes: Vec<Hash> = (1..=count).map(|byte| Hash([byte; 32])).collect();
        let (_, proofs) = prove_appended(&Frontier::new(), &hashes);
        let previous = std::iter::once(Hash::ZERO).chain(hashes.clone());
        let all = hashes.iter().zip(previous).zip(proofs);
        let receipt = |(record, ((hash, previous), proof)): (usize, ((&Hash, Hash), Vec<Hash>))| {
            let checkpoint = Arc::from(if record < 40 { "one" } else { "two" });
            Receipt { record: record as u64, time: Second(7), hash: *hash, previous, proof, checkpoint }
        };
        all.enumerate().map(receipt).collect()
    }

    #[test]
    fn what_neighbours_have_in_common_travels_once() {
        let receipts = receipts(100);
        let weight: usize = receipts.iter().map(|receipt| 32 * (2 + receipt.proof.len())).sum();
        let together = vec![Ok(receipts[..30].to_vec()), Ok(Vec::new()), Ok(receipts[30..].to_vec())];
        let bytes = encode_answers(&together);
        assert_eq!(decode_answers(&bytes).expect("answers"), together);
        assert!(bytes.len() < weight / 2, "{} of {weight}", bytes.len());
        // In any order, and where a path is repeated whole.
        let mut strewn: Vec<Receipt> = receipts.iter().step_by(7).rev().cloned().collect();
        strewn.push(receipts[0].clone());
        let strewn: SubmitAnswers = strewn.into_iter().map(|receipt| Ok(vec![receipt])).collect();
        assert_eq!(decode_answers(&encode_answers(&strewn)).expect("answers"), strewn);
    }

    #[test]
    fn a_receipt_that_is_packed_otherwise_is_refused() {
        let receipts = receipts(9);
        let paths = receipts[4..6].iter().flat_map(|receipt| &receipt.proof);
        let own: Vec<u8> = paths.flat_map(|hash| hash.0).collect();
        let refused = |change: &dyn Fn(&mut WireReceipt<'_>)| {
            let mut packing = Packing { checkpoints: Vec::new(), before: None, own: &own };
            let first = packing.pack(&receipts[4]);
            let mut second = packing.pack(&receipts[5]);
            let mut unpacking = Unpacking { checkpoints: vec!["one".into()], path: Vec::new(), hash: None };
            unpacking.unpack(first).expect("a receipt");
            change(&mut second);
            unpacking.unpack(second).is_err()
        };
        assert!(!refused(&|_| ()));
        assert!(refused(&|receipt| receipt.previous = Some(receipts[4].hash)), "the hash before, given");
        assert!(refused(&|receipt| receipt.shared = 5), "more than there is");
        assert!(refused(&|receipt| receipt.own.to_mut().truncate(31)), "half a hash");
        assert!(refused(&|receipt| receipt.own = vec![0; 32 * 64].into()), "longer than any path");
        assert!(refused(&|receipt| receipt.checkpoint = 1), "no such checkpoint");
        let less = |receipt: &mut WireReceipt<'_>| {
            receipt.shared -= 1;
            let first = receipts[5].proof.len() - usize::from(receipt.shared) - 1;
            receipt.own.to_mut().extend_from_slice(&receipts[5].proof[first].0);
        };
        assert!(refused(&less), "less than it has in common");
    }
}

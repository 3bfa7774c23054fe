//! What is sealed: inquiries, submissions, and their answers.
//!
//! Bodies are postcard in its one encoding, as the events are. An inquiry is signed by who asks, over
//! the intake key that it is sealed to and the second it was made: nobody can pass one on under another
//! name, to another instance or a day later. A submission needs no signature of its own: each statement
//! in it has one.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use vandel_core::admit::Evidence;
use vandel_core::codec::{DecodeError, Reader, decode_body, encode_body, encode_body_after, put_bytes};
use vandel_core::event::Step;
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::limits::{NOTE_BYTES_MAX, PARTS_MAX, STATEMENT_BYTES_MAX};
use vandel_core::payload::{Header, Part, Payload, Slot};
use vandel_core::signature::{SignatureError, SigningKey, VerifyingKey, public_key, sign};
use vandel_core::statement::{Body, SignedStatement};
use vandel_core::time::Second;

use super::sealed::IntakePublic;
use super::{MESSAGE_BYTES_MAX, WIRE_VERSION};
use crate::inquiry::{Content, Question, Reply, Showing};
use crate::refused::Refused;
use crate::sequencer::Group;
use crate::submission::{Receipt, Submission};

/// The most groups in one submission.
pub const GROUPS_MAX: usize = 1_000;
/// The most checkpoints that one inquiry asks a consistency proof from: the author's and a second person's.
pub const SEEN_MAX: usize = 4;

/// Refuses a version that this release does not know.
pub(crate) fn check_version(found: u16, what: &'static str) -> Result<(), DecodeError> {
    if found == WIRE_VERSION {
        Ok(())
    } else {
        Err(DecodeError::UnknownVersion { what, found, expected: WIRE_VERSION })
    }
}

/// A checkpoint, and that it extends one that somebody has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistentCheckpoint {
    /// The signed checkpoint.
    pub note: String,
    /// RFC 9162 section 2.1.4; empty if nothing or the same was seen.
    pub extends: Vec<Hash>,
}

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
struct WireSubmission<'a> {
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
    fn from(submission: &'a Submission) -> Self {
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

    fn open(self) -> Result<Submission, DecodeError> {
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
    /// A receipt whose checkpoint is the last of `checkpoints`, or put there.
    fn from(receipt: &'a Receipt, checkpoints: &mut Vec<&'a str>) -> Self {
        if checkpoints.last() != Some(&&*receipt.checkpoint) {
            checkpoints.push(&receipt.checkpoint);
        }
        let Receipt { record, time, hash, previous, ref proof, .. } = *receipt;
        let checkpoint = u16::try_from(checkpoints.len() - 1).unwrap_or(u16::MAX);
        let mut hashes = Vec::with_capacity(32 * proof.len());
        proof.iter().for_each(|hash| hashes.extend_from_slice(&hash.0));
        Self { record, time, hash, previous, proof: hashes.into(), checkpoint }
    }
}

/// The answer to each group: receipts, or why nothing of it was taken.
pub type SubmitAnswers = Vec<Result<Vec<Receipt>, Refused>>;

/// The bytes of the answer to a submission.
#[must_use]
pub fn encode_answers(answers: &SubmitAnswers) -> Vec<u8> {
    let mut checkpoints: Vec<&str> = Vec::new();
    let mut wired = Vec::with_capacity(answers.len());
    for answer in answers {
        let wire = |receipt| WireReceipt::from(receipt, &mut checkpoints);
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

/// What is asked: a question before signing, or content for a signed reading.
#[derive(Clone, PartialEq)]
pub enum Asked {
    /// A question.
    Question(Question),
    /// Content, and the reading that is appended before it is shown.
    Content(Content, Box<Submission>),
}

#[derive(Serialize, Deserialize)]
enum WireAsked<'a> {
    Question(Question),
    Content(Content, #[serde(borrow)] Box<WireSubmission<'a>>),
}

#[derive(Serialize, Deserialize)]
struct WireInquiry<'a> {
    version: u16,
    ledger: LedgerId,
    author: PublicKey,
    at: Second,
    intake: IntakePublic,
    seen: Vec<u64>,
    #[serde(borrow)]
    asked: WireAsked<'a>,
}

/// An inquiry, its signature not yet verified.
pub struct Inquiry {
    /// The ledger it is for.
    pub ledger: LedgerId,
    /// Who asks.
    pub author: PublicKey,
    /// When it was made, by the author's clock.
    pub at: Second,
    /// The intake key that it was sealed to.
    pub intake: IntakePublic,
    /// The sizes of the checkpoints that author and second person have seen.
    pub seen: Vec<u64>,
    /// What is asked.
    pub asked: Asked,
    signed_bytes: Vec<u8>,
    signature: [u8; 64],
}

impl Inquiry {
    /// Verifies its signature.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), SignatureError> {
        key.verify(Domain::Inquiry, &[&self.signed_bytes], &self.signature)
    }
}

/// The bytes of an inquiry, signed: `length ‖ body ‖ signature`.
#[must_use]
pub fn encode_inquiry(
    author: &SigningKey,
    ledger: LedgerId,
    intake: IntakePublic,
    at: Second,
    seen: &[u64],
    asked: &Asked,
) -> Vec<u8> {
    let asked = match asked {
        Asked::Question(question) => WireAsked::Question(question.clone()),
        Asked::Content(content, reading) => {
            WireAsked::Content(content.clone(), Box::new(WireSubmission::from(reading)))
        }
    };
    let (author_key, seen) = (public_key(author), seen.to_vec());
    let body = encode_body(&WireInquiry {
        version: WIRE_VERSION,
        ledger,
        author: author_key,
        at,
        intake,
        seen,
        asked,
    });
    let mut bytes = Vec::with_capacity(body.len() + 68);
    put_bytes(&mut bytes, &body);
    bytes.extend_from_slice(&sign(author, Domain::Inquiry, &[&body]));
    bytes
}

/// Reads an inquiry.
///
/// # Errors
/// If the bytes are none.
pub fn decode_inquiry(bytes: &[u8]) -> Result<Inquiry, DecodeError> {
    let mut reader = Reader::new(bytes, "inquiry", MESSAGE_BYTES_MAX)?;
    let body = reader.bytes("inquiry", MESSAGE_BYTES_MAX)?;
    let signature = reader.array("inquiry signature")?;
    reader.finish("inquiry")?;
    let wire: WireInquiry<'_> = decode_body(body, "inquiry", MESSAGE_BYTES_MAX)?;
    check_version(wire.version, "inquiry")?;
    if wire.seen.len() > SEEN_MAX {
        return Err(DecodeError::BadValue { what: "checkpoints seen" });
    }
    let asked = match wire.asked {
        WireAsked::Question(question) => Asked::Question(question),
        WireAsked::Content(content, reading) => Asked::Content(content, Box::new(reading.open()?)),
    };
    let WireInquiry { ledger, author, at, intake, seen, .. } = wire;
    Ok(Inquiry { ledger, author, at, intake, seen, asked, signed_bytes: body.to_vec(), signature })
}

/// What an inquiry is told.
#[derive(Clone, PartialEq)]
pub enum Told {
    /// The reply to a question.
    Reply(Reply),
    /// What is shown, and the receipt of the reading.
    Showing(Showing, Box<Receipt>),
}

#[derive(Serialize, Deserialize)]
enum WireTold {
    Reply(Reply),
    Showing(Showing, Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct WireReply {
    version: u16,
    note: String,
    /// For each size that was asked about: that the checkpoint extends it, or none if this ledger never
    /// had a checkpoint of this size.
    extends: Vec<Option<Vec<Hash>>>,
    told: Result<WireTold, Refused>,
}

/// The answer to an inquiry.
#[derive(Clone, PartialEq)]
pub struct InquiryAnswer {
    /// The newest checkpoint, signed.
    pub note: String,
    /// For each size that was asked about: that the checkpoint extends it; none if this ledger never had
    /// a checkpoint of this size.
    pub extends: Vec<Option<Vec<Hash>>>,
    /// What is told, or why nothing is.
    pub told: Result<Told, Refused>,
}

/// The bytes of the answer to an inquiry.
#[must_use]
pub fn encode_inquiry_answer(answer: &InquiryAnswer) -> Vec<u8> {
    let told = match &answer.told {
        Ok(Told::Reply(reply)) => Ok(WireTold::Reply(reply.clone())),
        Ok(Told::Showing(showing, receipt)) => {
            let receipts = encode_answers(&vec![Ok(vec![(**receipt).clone()])]);
            Ok(WireTold::Showing(showing.clone(), receipts))
        }
        Err(refused) => Err(refused.clone()),
    };
    let (note, extends) = (answer.note.clone(), answer.extends.clone());
    encode_body(&WireReply { version: WIRE_VERSION, note, extends, told })
}

/// Reads the answer to an inquiry.
///
/// # Errors
/// If the bytes are none.
pub fn decode_inquiry_answer(bytes: &[u8]) -> Result<InquiryAnswer, DecodeError> {
    let wire: WireReply = decode_body(bytes, "inquiry answer", MESSAGE_BYTES_MAX)?;
    check_version(wire.version, "inquiry answer")?;
    let told = match wire.told {
        Ok(WireTold::Reply(reply)) => Ok(Told::Reply(reply)),
        Ok(WireTold::Showing(showing, receipts)) => {
            let receipt = match decode_answers(&receipts)?.pop() {
                Some(Ok(mut receipts)) if receipts.len() == 1 => receipts.pop(),
                _ => None,
            };
            let receipt = receipt.ok_or(DecodeError::BadValue { what: "receipt of a reading" })?;
            Ok(Told::Showing(showing, Box::new(receipt)))
        }
        Err(refused) => Err(refused),
    };
    Ok(InquiryAnswer { note: wire.note, extends: wire.extends, told })
}

/// The step of a submission, opened: what a reading that comes with an inquiry says.
#[must_use]
pub fn step_of(submission: &Submission) -> Option<(PublicKey, Step)> {
    let signed = SignedStatement::decode(&submission.statement).ok()?;
    let Body::Sealed(commitment) = signed.statement.body else { return None };
    let step = submission.payload.as_ref()?.open(&commitment).ok()?;
    Some((signed.statement.author, step))
}

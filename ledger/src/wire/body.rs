//! What is sealed: inquiries, submissions, and their answers.
//!
//! Bodies are postcard in its one encoding, as the events are. An inquiry is signed by who asks, over
//! the intake key that it is sealed to and the second it was made: nobody can pass one on under another
//! name, to another instance or a day later. A submission needs no signature of its own: each statement
//! in it has one.

mod submission;

pub use submission::{
    GROUPS_MAX, SubmitAnswers, decode_answers, decode_submit, encode_answers, encode_submit,
};

use serde::{Deserialize, Serialize};
use vandel_core::codec::{DecodeError, Reader, decode_body, encode_body, put_bytes};
use vandel_core::event::Step;
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::signature::{SignatureError, SigningKey, VerifyingKey, public_key, sign};
use vandel_core::statement::{Body, SignedStatement};
use vandel_core::time::Second;

use self::submission::WireSubmission;
use super::sealed::IntakePublic;
use super::{MESSAGE_BYTES_MAX, WIRE_VERSION};
use crate::inquiry::{Content, Question, Reply, Showing};
use crate::refused::Refused;
use crate::submission::{Receipt, Submission};

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

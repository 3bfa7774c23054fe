//! The author's side: making a statement from a step or an event, and signing it.
//!
//! The private key is used here and nowhere else; what leaves is a [`Submission`].

use std::io;

use vandel_core::admit::Evidence;
use vandel_core::event::{Approval, BodySignature, OpenEvent, Step};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::LedgerId;
use vandel_core::payload::{Part, Payload, Slot, approval_message};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{Body, Seen, Statement, assemble, statement_hash};

use crate::submission::Submission;

/// What an author must know of the ledger to sign for it.
#[derive(Clone, Debug)]
pub struct Standpoint {
    /// The ledger.
    pub ledger: LedgerId,
    /// The checkpoint seen last.
    pub seen: Seen,
    /// The same, signed.
    pub checkpoint: Option<String>,
}

/// A signed step and the hash by which the thread's next step names it: an author can sign several
/// steps ahead.
pub struct SignedStep {
    /// What to submit.
    pub submission: Submission,
    /// The statement's hash.
    pub hash: Hash,
}

/// Thirty-two bytes of the operating system's randomness.
fn random32() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    Ok(bytes)
}

/// Cuts a step into a payload with fresh salts.
///
/// # Errors
/// If the operating system gives no randomness.
pub fn seal(step: &Step) -> io::Result<Payload> {
    let mut failed = None;
    let payload = Payload::from_step(step, || {
        random32().unwrap_or_else(|error| {
            failed = Some(error);
            [0; 32]
        })
    });
    failed.map_or(Ok(payload), Err)
}

/// Signs a step. `approver` signs the payload too where the step needs a second person.
///
/// # Errors
/// If the operating system gives no randomness.
pub fn sign_step(
    standpoint: &Standpoint,
    author: &SigningKey,
    approver: Option<&SigningKey>,
    step: &Step,
    evidence: Option<Evidence>,
) -> io::Result<SignedStep> {
    let mut payload = seal(step)?;
    if let Some(approver) = approver {
        let message = approval_message(&standpoint.ledger, &public_key(author), &payload.header);
        let signature = BodySignature::from_bytes(&sign(approver, Domain::Approval, &[&message]));
        let approval = Approval { key: public_key(approver), signature };
        let content = vandel_core::codec::encode_body(&approval);
        payload.set(Slot::Approval, Part::new(random32()?, &content));
    }
    let statement = Statement {
        ledger: standpoint.ledger,
        author: public_key(author),
        seen: standpoint.seen,
        body: Body::Sealed(payload.header.commitment()),
    };
    let bytes = statement.encode();
    let signature = sign(author, Domain::Statement, &[&bytes]);
    let submission = Submission {
        statement: assemble(&bytes, &signature, None),
        payload: Some(payload),
        evidence,
        seen: standpoint.checkpoint.clone(),
    };
    Ok(SignedStep { submission, hash: statement_hash(&bytes) })
}

/// Signs an open event, with a second person where it needs one.
#[must_use]
pub fn sign_event(
    standpoint: &Standpoint,
    author: &SigningKey,
    second: Option<&SigningKey>,
    event: OpenEvent,
) -> Submission {
    let statement = Statement {
        ledger: standpoint.ledger,
        author: public_key(author),
        seen: standpoint.seen,
        body: Body::Open(Box::new(event)),
    };
    let bytes = statement.encode();
    let signature = sign(author, Domain::Statement, &[&bytes]);
    let second = second.map(|key| (public_key(key), sign(key, Domain::Statement, &[&bytes])));
    Submission {
        statement: assemble(&bytes, &signature, second),
        payload: None,
        evidence: None,
        seen: standpoint.checkpoint.clone(),
    }
}

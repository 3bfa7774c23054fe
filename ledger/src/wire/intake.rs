//! The intake key: what requests are sealed to, and why an author may trust it.
//!
//! The sequencer makes a key pair for an hour or two; the private half never leaves its memory. The
//! public half is *announced*: ledger, key, from when until when, signed twice. By the instance's own
//! enrolled service key, so that it can be told who received what. And by the ledger's checkpoint key,
//! which the author's trust file pins: a service key that was stolen and revoked announces nothing,
//! although no short proof could show its revocation to somebody who has not read the chain.
//!
//! ```text
//! announcement  version u16 ‖ ledger id 32 ‖ intake key 32 ‖ from u64 ‖ until u64 ‖ service key 32
//! signatures    over D(intake-key) ‖ announcement
//! ```
//! Beside it comes the *evidence*: the record that opened the ledger, whose statement hashes to the
//! ledger's id; the records that enrolled the service key; their inclusion proofs in the newest
//! checkpoint; and a proof that this checkpoint extends the one that the author saw last.
//! [`check`] makes all of it before anything is sealed.

use std::io;

use serde::{Deserialize, Serialize};
use vandel_core::checkpoint::{Checkpoint, CheckpointOpenError, OpenCheckpoint};
use vandel_core::codec::{DecodeError, Reader, decode_body, encode_body};
use vandel_core::event::{BodySignature, Grant, OpenEvent, Role};
use vandel_core::hash::Domain;
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::merkle::{verify_consistency, verify_inclusion};
use vandel_core::note::Note;
use vandel_core::record::Record;
use vandel_core::signature::{SigningKey, public_key, sign, verify_strict};
use vandel_core::statement::{Body, Seen, ledger_id};
use vandel_core::time::Second;
use vandel_core::trust::Trust;

use super::WIRE_VERSION;
use super::sealed::IntakePublic;
use crate::wire::body::ConsistentCheckpoint;

/// The longest answer with an intake key, in bytes: a few records and proofs.
pub const KEY_ANSWER_BYTES_MAX: usize = 128 * 1024;
/// The longest that an intake key may be announced for, in seconds.
pub const LIFETIME_MAX: u64 = 24 * 3_600;
/// How far an author's clock may be off, in seconds.
pub const SKEW: u64 = 300;
/// The most records that show how a service key came to be: the opening, an enrolment, rotations.
const EVIDENCE_RECORDS_MAX: usize = 16;

/// The request for the intake key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRequest {
    /// [`WIRE_VERSION`].
    pub version: u16,
    /// The size of the checkpoint that the author saw last; 0 if none.
    pub seen: u64,
}

/// What an announcement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The ledger.
    pub ledger: LedgerId,
    /// The key.
    pub key: IntakePublic,
    /// The first second.
    pub from: Second,
    /// The last second.
    pub until: Second,
    /// The service key of the instance.
    pub service: PublicKey,
}

/// A signed announcement with its evidence: the answer to a [`KeyRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAnswer {
    /// [`WIRE_VERSION`].
    pub version: u16,
    /// The announcement's bytes.
    pub announcement: Vec<u8>,
    /// The service key's signature.
    pub by_service: BodySignature,
    /// The checkpoint key's signature.
    pub by_log: BodySignature,
    /// The records that show whose key it is: number and bytes, ascending.
    pub records: Vec<(u64, Vec<u8>)>,
    /// Their audit paths in the checkpoint's tree.
    pub paths: Vec<Vec<vandel_core::hash::Hash>>,
    /// The newest checkpoint, and that it extends the one which the author saw.
    pub checkpoint: ConsistentCheckpoint,
}

/// A signed announcement without its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAnnouncement {
    /// The announcement's bytes.
    pub bytes: Vec<u8>,
    /// The service key's signature.
    pub by_service: BodySignature,
    /// The checkpoint key's signature.
    pub by_log: BodySignature,
}

/// Why an author seals nothing to a key. The order is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum IntakeRefusal {
    /// The bytes are no answer to the request.
    #[error("the answer is refused: {0}")]
    Decode(#[from] DecodeError),
    /// The checkpoint is not signed by a log that the trust file names.
    #[error("the checkpoint is not one of the trust file's log: {0}")]
    Checkpoint(#[from] CheckpointOpenError),
    /// The trust file asks for witnesses, and too few have cosigned.
    #[error("the trust file asks for a quorum of witnesses; {cosigned} of them have cosigned the checkpoint")]
    Quorum {
        /// How many trusted witnesses have cosigned.
        cosigned: usize,
    },
    /// The checkpoint does not extend the one that the author saw last.
    #[error("the checkpoint of {size} records does not extend the one of {seen} that you have seen")]
    DoesNotExtend {
        /// The size seen.
        seen: u64,
        /// The size offered.
        size: u64,
    },
    /// A record is not in the checkpoint's tree.
    #[error("record {record} is not proved to stand in the ledger")]
    NotIncluded {
        /// The record.
        record: u64,
    },
    /// The key is announced for another ledger.
    #[error("the key is announced for ledger {found}; this is {expected}")]
    AnotherLedger {
        /// The ledger whose opening is proved, or that is pinned.
        expected: LedgerId,
        /// The ledger named.
        found: LedgerId,
    },
    /// The records do not enrol the service key.
    #[error("the ledger does not show that {service} was enrolled as a service key")]
    NotEnrolled {
        /// The key.
        service: PublicKey,
    },
    /// The service key's signature is wrong.
    #[error("the announcement is not signed by the service key that it names")]
    ByService,
    /// The checkpoint key's signature is wrong.
    #[error("the announcement is not signed by the ledger's checkpoint key; a revoked service key looks so")]
    ByLog,
    /// The key is not in force, or announced for too long.
    #[error("the key is announced from {from} until {until}; it is {now}")]
    NotNow {
        /// The first second.
        from: Second,
        /// The last second.
        until: Second,
        /// The author's second.
        now: Second,
    },
}

impl Announcement {
    /// The bytes that are signed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = WIRE_VERSION.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.ledger.0);
        bytes.extend_from_slice(&self.key.0);
        bytes.extend_from_slice(&self.from.0.to_be_bytes());
        bytes.extend_from_slice(&self.until.0.to_be_bytes());
        bytes.extend_from_slice(&self.service.0);
        bytes
    }

    /// Reads an announcement.
    ///
    /// # Errors
    /// If the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, "announcement", 128)?;
        reader.version("announcement", WIRE_VERSION)?;
        let announcement = Self {
            ledger: LedgerId(reader.array("ledger id")?),
            key: IntakePublic(reader.array("intake key")?),
            from: Second(reader.u64("from")?),
            until: Second(reader.u64("until")?),
            service: PublicKey(reader.array("service key")?),
        };
        reader.finish("announcement")?;
        Ok(announcement)
    }

    /// Signs it with both keys.
    #[must_use]
    pub fn sign(&self, service: &SigningKey, checkpoint_key: &SigningKey) -> SignedAnnouncement {
        let bytes = self.encode();
        let signature = |key| BodySignature::from_bytes(&sign(key, Domain::IntakeKey, &[&bytes]));
        SignedAnnouncement { by_service: signature(service), by_log: signature(checkpoint_key), bytes }
    }

    /// The announcement that an instance with this service key makes.
    #[must_use]
    pub fn of(ledger: LedgerId, key: IntakePublic, from: Second, seconds: u64, service: &SigningKey) -> Self {
        Self { ledger, key, from, until: Second(from.0 + seconds), service: public_key(service) }
    }
}

impl KeyRequest {
    /// The request's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode_body(self)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// If the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let request: Self = decode_body(bytes, "key request", 64)?;
        super::body::check_version(request.version, "key request")?;
        Ok(request)
    }
}

impl KeyAnswer {
    /// The answer's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode_body(self)
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// If the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let answer: Self = decode_body(bytes, "key answer", KEY_ANSWER_BYTES_MAX)?;
        super::body::check_version(answer.version, "key answer")?;
        Ok(answer)
    }
}

/// What an author knows of the ledger before asking.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The trust file.
    pub trust: &'a Trust,
    /// The ledger, if it is pinned.
    pub ledger: Option<LedgerId>,
    /// The checkpoint seen last; size 0 if none.
    pub seen: Seen,
    /// The author's clock.
    pub now: Second,
}

/// A key to seal to, checked.
#[derive(Clone, Debug)]
pub struct Intake {
    /// What was announced.
    pub announcement: Announcement,
    /// The checkpoint that it came with, signed.
    pub note: String,
    /// What the checkpoint says.
    pub checkpoint: Checkpoint,
}

/// Checks an answer.
///
/// # Errors
/// [`IntakeRefusal`]: then nothing may be sealed to the key.
pub fn check(answer: &KeyAnswer, known: &Known<'_>) -> Result<Intake, IntakeRefusal> {
    let announcement = Announcement::decode(&answer.announcement)?;
    let opened = check_checkpoint(&answer.checkpoint, known.trust, known.seen)?;
    let checkpoint = opened.checkpoint;
    let ledger = check_records(answer, &checkpoint, &announcement)?;
    let expected = known.ledger.filter(|pinned| *pinned != ledger).unwrap_or(ledger);
    if expected != ledger || announcement.ledger != ledger {
        let found = if expected == ledger { announcement.ledger } else { ledger };
        return Err(IntakeRefusal::AnotherLedger { expected, found });
    }
    let message = [&answer.announcement[..]];
    verify_strict(&announcement.service, Domain::IntakeKey, &message, &answer.by_service.to_bytes())
        .map_err(|_| IntakeRefusal::ByService)?;
    let logs = known.trust.logs().iter().filter(|log| log.key.name() == checkpoint.origin());
    let signed = |log: &vandel_core::trust::Log| {
        let key = log.key.public_key();
        verify_strict(&key, Domain::IntakeKey, &message, &answer.by_log.to_bytes()).is_ok()
    };
    if !logs.into_iter().any(signed) {
        return Err(IntakeRefusal::ByLog);
    }
    let Announcement { from, until, .. } = announcement;
    let (now, lasts) = (known.now, until.0.saturating_sub(from.0));
    if until <= from || lasts > LIFETIME_MAX || from.0 > now.0 + SKEW || until < now {
        return Err(IntakeRefusal::NotNow { from, until, now });
    }
    Ok(Intake { announcement, note: answer.checkpoint.note.clone(), checkpoint })
}

/// The checkpoint is a trusted log's, cosigned as the trust file asks, and extends what was seen.
pub(crate) fn check_checkpoint(
    offered: &ConsistentCheckpoint,
    trust: &Trust,
    seen: Seen,
) -> Result<OpenCheckpoint, IntakeRefusal> {
    let opened = trust.open(offered.note.as_bytes())?;
    let cosigners = opened.cosigners();
    if !trust.quorum_met(&cosigners) {
        return Err(IntakeRefusal::Quorum { cosigned: cosigners.len() });
    }
    let (size, root) = (opened.checkpoint.size(), opened.checkpoint.root());
    let extends = seen.size == 0
        || (seen.size == size && seen.root == root)
        || (seen.size < size
            && verify_consistency(seen.size, &seen.root, size, &root, &offered.extends).is_ok());
    if extends { Ok(opened) } else { Err(IntakeRefusal::DoesNotExtend { seen: seen.size, size }) }
}

/// The records stand in the tree, the first one opened the ledger, and together they enrolled the
/// service key. Gives the ledger's id.
fn check_records(
    answer: &KeyAnswer,
    checkpoint: &Checkpoint,
    announcement: &Announcement,
) -> Result<LedgerId, IntakeRefusal> {
    let not_enrolled = || IntakeRefusal::NotEnrolled { service: announcement.service };
    if answer.records.len() > EVIDENCE_RECORDS_MAX || answer.records.len() != answer.paths.len() {
        return Err(not_enrolled());
    }
    let (mut ledger, mut service) = (None, None);
    for ((number, bytes), path) in answer.records.iter().zip(&answer.paths) {
        let record = Record::decode(bytes)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        let included = verify_inclusion(&record.hash(), *number, size, &root, path).is_ok();
        if !included || record.number != *number {
            return Err(IntakeRefusal::NotIncluded { record: *number });
        }
        let Body::Open(event) = &record.statement.statement.body else { return Err(not_enrolled()) };
        match &**event {
            OpenEvent::LedgerOpened(opened) if *number == 0 && opened.origin == checkpoint.origin() => {
                ledger = Some(ledger_id(record.statement.signed_bytes));
                service = Some(opened.service_key);
            }
            OpenEvent::KeyEnrolled(enrolled) if serves(&enrolled.grants) => service = Some(enrolled.key),
            OpenEvent::KeyRotated(rotated) if service == Some(rotated.old) => service = Some(rotated.new),
            _ => return Err(not_enrolled()),
        }
    }
    ledger.filter(|_| service == Some(announcement.service)).ok_or_else(not_enrolled)
}

fn serves(grants: &[Grant]) -> bool {
    grants.iter().any(|grant| grant.role == Role::Service)
}

/// The checkpoint of a note, without looking at its signatures.
///
/// # Errors
/// If the note holds none.
pub fn checkpoint_of(note: &str) -> io::Result<Checkpoint> {
    let parsed = Note::parse(note.as_bytes()).ok().and_then(|note| note.text().parse().ok());
    parsed.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the note holds no checkpoint"))
}

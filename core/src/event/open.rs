//! Open events: about the ledger itself, readable by anyone who holds the chain. They name no person,
//! only random actor ids and public keys. Adopted policies and disposal decisions are public acts.

use serde::{Deserialize, Serialize};

use crate::event::role::Grant;
use crate::hash::Hash;
use crate::id::{ActorId, PublicKey};
use crate::time::{Day, Second};

/// An Ed25519 signature inside an event body: two halves, because serde derives arrays up to 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodySignature(pub [u8; 32], pub [u8; 32]);

impl BodySignature {
    /// From the 64 bytes of RFC 8032.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        Self(r, s)
    }

    /// The 64 bytes of RFC 8032.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.0);
        bytes[32..].copy_from_slice(&self.1);
        bytes
    }
}

/// An open event. Order is the wire order: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpenEvent {
    /// Record 0, and only record 0.
    LedgerOpened(LedgerOpened),
    /// A sequencer instance begins to append; what stands before it is settled.
    SequencerStarted(SequencerStarted),
    /// A key is enrolled, or the grants of an enrolled key are replaced.
    KeyEnrolled(KeyEnrolled),
    /// A key takes another's place, with its grants.
    KeyRotated(KeyRotated),
    /// A key is no longer accepted.
    KeyRevoked(KeyRevoked),
    /// The checkpoint key is replaced from a tree size on.
    CheckpointKeyRotated(CheckpointKeyRotated),
    /// A policy pack comes into force.
    PolicyAdopted(PolicyAdopted),
    /// A disposal decision (*gallringsbeslut*) was adopted.
    DisposalAdopted(DisposalDecision),
    /// A view's digest at a position.
    DigestPublished(DigestPublished),
    /// A table of statistics was released; here is its commitment.
    StatisticsCommitted(StatisticsCommitted),
    /// Erasure of these records begins: from here holds on them come too late.
    ErasureStarted(ErasureStarted),
    /// Their keys and payloads have been destroyed.
    ErasureExecuted(ErasureExecuted),
    /// So have the backups that were older.
    ErasureCompleted(ErasureCompleted),
}

/// The kind of an open event, for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each stands for the event of the same name")]
pub enum OpenKind {
    LedgerOpened,
    SequencerStarted,
    KeyEnrolled,
    KeyRotated,
    KeyRevoked,
    CheckpointKeyRotated,
    PolicyAdopted,
    DisposalAdopted,
    DigestPublished,
    StatisticsCommitted,
    ErasureStarted,
    ErasureExecuted,
    ErasureCompleted,
}

/// The opening statement: two administrators found a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerOpened {
    /// The checkpoint origin (C2SP tlog-checkpoint): random, names nobody.
    pub origin: String,
    /// The key that signs checkpoints, until it is rotated.
    pub checkpoint_key: PublicKey,
    /// The first sequencer instance.
    pub service: ActorId,
    /// Its key.
    pub service_key: PublicKey,
    /// The two founders; both sign this statement. The first is its author.
    pub administrators: [Administrator; 2],
    /// The day they found it; their grants begin here.
    pub day: Day,
    /// The last checkpoint of the ledger that this one continues, as the signed note's text and
    /// signatures: so that a ledger can be closed each year, or named when its end was lost.
    pub predecessor: Option<String>,
}

/// A founder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administrator {
    /// The person.
    pub actor: ActorId,
    /// The person's key.
    pub key: PublicKey,
}

/// A sequencer instance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequencerStarted {
    /// Random: two starts are never the same statement.
    pub instance: [u8; 16],
}

/// A key is enrolled, or its grants are replaced as a whole. Needs two administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEnrolled {
    /// The person or service.
    pub actor: ActorId,
    /// The key.
    pub key: PublicKey,
    /// All grants of the key from now on.
    pub grants: Vec<Grant>,
    /// After this second the key signs nothing more; none means no set end.
    pub expires: Option<Second>,
    /// Signature of the new key: that who enrols it holds it.
    pub possession: BodySignature,
}

/// One key takes another's place. Needs two administrators, or the old key and one administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// The key that ends here.
    pub old: PublicKey,
    /// The key that takes its actor and grants.
    pub new: PublicKey,
    /// The new key's end.
    pub expires: Option<Second>,
    /// Signature of the new key.
    pub possession: BodySignature,
}

/// A key ends. Needs two administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// The key.
    pub key: PublicKey,
    /// Why.
    pub reason: Revocation,
    /// From this second on, what the key signed is suspect: still on the chain, listed by every audit.
    pub suspect_since: Option<Second>,
}

/// Why a key was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Revocation {
    /// The person left or changed duties.
    DutiesEnded,
    /// The key was lost; nobody else is known to have it.
    Lost,
    /// Somebody else has or may have it.
    Compromised,
}

/// The checkpoint key is replaced. Needs two administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointKeyRotated {
    /// The new key. It signs checkpoints of trees that contain this record; the old key signs no
    /// checkpoint of a larger size than this record's number.
    pub new: PublicKey,
    /// Signature of the new key.
    pub possession: BodySignature,
}

/// A policy pack comes into force. Needs two administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAdopted {
    /// The pack, whole, as TOML.
    pub pack: String,
    /// The first day it applies to.
    pub from: Day,
    /// Who confirmed it: the office (not a person) and the reference of its opinion.
    pub confirmed_by: String,
}

/// A disposal decision. Needs two administrators; the deciding body and the law stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalDecision {
    /// The body that decided.
    pub body: String,
    /// Its number or paragraph in the minutes.
    pub number: String,
    /// The day of the decision.
    pub decided: Day,
    /// The retention classes it covers, by the names in the policy pack.
    pub classes: Vec<String>,
    /// First day it may be carried out.
    pub from: Day,
    /// Last day.
    pub until: Option<Day>,
}

/// A view's digest, published by a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestPublished {
    /// The view's name.
    pub view: String,
    /// The view's version.
    pub version: u16,
    /// How many records it had folded.
    pub position: u64,
    /// The digest.
    pub digest: Hash,
}

/// A table of statistics was released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatisticsCommitted {
    /// The period's first day.
    pub from: Day,
    /// The period's last day.
    pub until: Day,
    /// Salted commitment to the table.
    pub commitment: Hash,
}

/// Erasure begins. Needs two people: who orders it and the controller's delegate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureStarted {
    /// The records, ascending. Which parts of them go stands in the plan.
    pub records: Vec<u64>,
    /// Salted hash of the plan.
    pub plan: Hash,
    /// Both signatures are void after this second: an approval does not wait for ever.
    pub expires: Second,
}

/// Keys and payloads have been destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureExecuted {
    /// The record number of the `ErasureStarted` that this carries out.
    pub started: u64,
    /// What held the root key.
    pub root_cell: RootCellKind,
    /// The root cell's epoch after the destruction.
    pub epoch: u64,
    /// SHA-256 of the vault's manifest after the destruction.
    pub manifest: Hash,
}

/// Older backups are gone too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureCompleted {
    /// The record number of the `ErasureStarted`.
    pub started: u64,
    /// The oldest root cell epoch of which any copy still exists.
    pub oldest_epoch: u64,
}

/// What held the root key when it was destroyed: a certificate claims no more than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RootCellKind {
    /// A file; best effort, since an old copy may survive.
    File,
    /// A file sealed under a passphrase; best effort likewise.
    PassphraseFile,
    /// A transit engine with trimmed key versions.
    Transit,
    /// A hardware token that destroyed the object.
    Token,
}

impl OpenEvent {
    /// The event's kind.
    #[must_use]
    pub const fn kind(&self) -> OpenKind {
        match self {
            Self::LedgerOpened(_) => OpenKind::LedgerOpened,
            Self::SequencerStarted(_) => OpenKind::SequencerStarted,
            Self::KeyEnrolled(_) => OpenKind::KeyEnrolled,
            Self::KeyRotated(_) => OpenKind::KeyRotated,
            Self::KeyRevoked(_) => OpenKind::KeyRevoked,
            Self::CheckpointKeyRotated(_) => OpenKind::CheckpointKeyRotated,
            Self::PolicyAdopted(_) => OpenKind::PolicyAdopted,
            Self::DisposalAdopted(_) => OpenKind::DisposalAdopted,
            Self::DigestPublished(_) => OpenKind::DigestPublished,
            Self::StatisticsCommitted(_) => OpenKind::StatisticsCommitted,
            Self::ErasureStarted(_) => OpenKind::ErasureStarted,
            Self::ErasureExecuted(_) => OpenKind::ErasureExecuted,
            Self::ErasureCompleted(_) => OpenKind::ErasureCompleted,
        }
    }

    /// Whether two people must have signed it.
    #[must_use]
    pub const fn needs_second_signature(&self) -> bool {
        !matches!(
            self,
            Self::SequencerStarted(_)
                | Self::DigestPublished(_)
                | Self::StatisticsCommitted(_)
                | Self::ErasureExecuted(_)
        )
    }
}

impl OpenKind {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LedgerOpened => "ledger_opened",
            Self::SequencerStarted => "sequencer_started",
            Self::KeyEnrolled => "key_enrolled",
            Self::KeyRotated => "key_rotated",
            Self::KeyRevoked => "key_revoked",
            Self::CheckpointKeyRotated => "checkpoint_key_rotated",
            Self::PolicyAdopted => "policy_adopted",
            Self::DisposalAdopted => "disposal_adopted",
            Self::DigestPublished => "digest_published",
            Self::StatisticsCommitted => "statistics_committed",
            Self::ErasureStarted => "erasure_started",
            Self::ErasureExecuted => "erasure_executed",
            Self::ErasureCompleted => "erasure_completed",
        }
    }
}

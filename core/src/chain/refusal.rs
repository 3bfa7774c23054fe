//! Why an open event was refused: a closed list, in order of precedence.

use crate::event::{OpenKind, Role};
use crate::id::{ActorId, PublicKey};
use crate::keyring::KeyRefusal;
use crate::signature::{KeyError, SignatureError};
use crate::time::{Day, Second};

/// Why an open event was refused. The order is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub enum OpenRefusal {
    /// Record 0 is something else.
    #[error("a ledger begins with its opening statement")]
    NotOpened,
    /// An opening statement stands elsewhere.
    #[error("a ledger is opened once, by record 0")]
    OpenedAgain,
    /// A sequencer's start stands elsewhere than at the front of its first block.
    #[error("a sequencer's start is the first record of its block")]
    StartNotFirst,
    /// One signature where two are needed, or two where one is.
    #[error("{} needs {needed} signature(s); it has {found}", kind.name())]
    SignatureCount { kind: OpenKind, needed: u8, found: u8 },
    /// A key may not sign here.
    #[error("{0}")]
    Key(#[from] KeyRefusal),
    /// Both keys belong to one person.
    #[error("{} needs two different people; both keys belong to actor {actor}", kind.name())]
    SamePerson { kind: OpenKind, actor: ActorId },
    /// A signer lacks the role.
    #[error("{} needs the role {}; key {key} does not hold it here and now", kind.name(), role.name())]
    Role { kind: OpenKind, role: Role, key: PublicKey },
    /// A new key is unusable.
    #[error("key {key} cannot be enrolled: {error}")]
    BadKey { key: PublicKey, error: KeyError },
    /// The new key's holder did not prove to hold it.
    #[error("nobody has proved to hold key {key}: {error}")]
    Possession { key: PublicKey, error: SignatureError },
    /// A key is enrolled already, for another actor or after its end.
    #[error("key {key} has been enrolled before")]
    KeyKnown { key: PublicKey },
    /// Grants are missing, too many, or end before they begin.
    #[error("the grants are missing, too many or end before they begin")]
    Grants,
    /// Fewer than two administrators would remain.
    #[error("fewer than two administrators would remain; enrol another first")]
    LastAdministrators,
    /// The origin is not a key name (C2SP signed-note): empty, spaces or a plus sign.
    #[error("{origin:?} cannot be a checkpoint origin")]
    Origin { origin: String },
    /// The policy pack is refused.
    #[error("the policy pack is refused: {reason}")]
    Policy { reason: String },
    /// A policy begins before the one adopted last.
    #[error("a policy from {from} cannot follow one from {last}")]
    PolicyOrder { from: Day, last: Day },
    /// A disposal decision names no body, number or class, or ends before it begins.
    #[error("the disposal decision is incomplete")]
    Disposal,
    /// The list of records of an erasure is empty, too long, unsorted or names records not yet there.
    #[error("the erasure's list of records is refused")]
    ErasureRecords,
    /// The approval of an erasure has expired.
    #[error("the approval expired at {expired}")]
    ApprovalExpired { expired: Second },
    /// The erasure named has not started, or is past this step.
    #[error("no erasure started at record {started} waits for this step")]
    ErasureState { started: u64 },
}

/// The codes, once: the list and the match are made from the same lines.
macro_rules! codes {
    ($($pattern:pat => $code:literal;)*) => {
        /// Every code, in order of precedence.
        pub const CODES: &'static [&'static str] = &[$($code),*];

        /// A stable name for scripts and for the texts in other languages.
        #[must_use]
        pub const fn code(&self) -> &'static str {
            match self { $($pattern => $code),* }
        }
    };
}

impl OpenRefusal {
    codes! {
        Self::NotOpened => "not-opened";
        Self::OpenedAgain => "opened-again";
        Self::StartNotFirst => "start-not-first";
        Self::SignatureCount { .. } => "signature-count";
        Self::Key(_) => "key";
        Self::SamePerson { .. } => "same-person";
        Self::Role { .. } => "role";
        Self::BadKey { .. } => "bad-key";
        Self::Possession { .. } => "possession";
        Self::KeyKnown { .. } => "key-known";
        Self::Grants => "grants";
        Self::LastAdministrators => "last-administrators";
        Self::Origin { .. } => "origin";
        Self::Policy { .. } => "policy";
        Self::PolicyOrder { .. } => "policy-order";
        Self::Disposal => "disposal";
        Self::ErasureRecords => "erasure-records";
        Self::ApprovalExpired { .. } => "approval-expired";
        Self::ErasureState { .. } => "erasure-state";
    }
}

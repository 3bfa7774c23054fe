//! A refusal as it is told: what, why, what it rests on and what to do next.
//!
//! The errors of this crate and of the core are typed; over the wire and on the command line they are
//! words. This is the one place where the ones become the others, so that a step that is refused far
//! away is told exactly like one that is refused at home.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use vandel_core::admit::{ExitClass, Refusal};
use vandel_core::chain::{FaultKind, OpenRefusal};

use crate::casework::CaseworkError;
use crate::names::NamesError;
use crate::submission::{Halt, SubmitError};
use crate::threads::ThreadsError;
use crate::vault::VaultError;

/// What a ledger says that must not be written to any more.
pub const DO_NOT_WRITE: &str =
    "do not write to this ledger; copy the home as it is and run: vandel verify HOME --trust FILE";

/// What to do about a file that is not what was written.
pub const RESTORE: &str =
    "restore this file from a backup that is as new as the log; nothing repairs it in place";

/// Why something was not done, in words that can travel. Its fields are those of [`Words`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Refused(Box<Words>);

/// What a refusal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What sort of refusal it is.
    pub class: RefusedClass,
    /// A stable name for scripts.
    pub code: String,
    /// What happened, in English.
    pub message: String,
    /// The paragraph that it rests on.
    pub paragraph: Option<String>,
    /// What was expected, and what was found.
    pub difference: Option<(String, String)>,
    /// What to do next.
    pub next: Option<String>,
}

/// The sort of a refusal; it decides the command line's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusedClass {
    /// A defect.
    Internal,
    /// What was asked for cannot be asked for.
    Usage,
    /// Log, vault or memory is not what it must be.
    Integrity,
    /// A disk, a network or the ledger itself stopped.
    Io,
    /// Whoever asks may not.
    NotAuthorised,
    /// There is no such thing.
    NotFound,
    /// The policy or the order of steps forbids it.
    Refused,
    /// Somebody was quicker: read again and retry.
    Conflict,
}

impl Refused {
    /// A refusal with its stable name and message.
    #[must_use]
    pub fn new(class: RefusedClass, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self(Box::new(Words { class, code, message, paragraph: None, difference: None, next: None }))
    }

    /// What it says, to be taken apart.
    #[must_use]
    pub fn into_words(self) -> Words {
        *self.0
    }

    /// With what to do next.
    #[must_use]
    pub fn next(mut self, next: &str) -> Self {
        self.0.next = Some(next.to_owned());
        self
    }

    /// With what was expected and what was found.
    #[must_use]
    pub fn expected(mut self, expected: impl ToString, found: impl ToString) -> Self {
        self.0.difference = Some((expected.to_string(), found.to_string()));
        self
    }

    /// With the paragraph that it rests on.
    #[must_use]
    pub fn paragraph(mut self, paragraph: impl Into<String>) -> Self {
        self.0.paragraph = Some(paragraph.into());
        self
    }
}

impl Deref for Refused {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.0
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let class = match refusal.exit_class() {
            ExitClass::NotAuthorised => RefusedClass::NotAuthorised,
            ExitClass::NotFound => RefusedClass::NotFound,
            ExitClass::Refused => RefusedClass::Refused,
            ExitClass::Conflict => RefusedClass::Conflict,
        };
        let refused = Self::new(class, refusal.code(), refusal.to_string()).paragraph(refusal.paragraph());
        match refusal {
            Refusal::Conflict { expected, found } => refused
                .expected(expected, found)
                .next("somebody else was quicker: look at the case again, then repeat the command"),
            Refusal::WrongPrevious { expected, found } => refused.expected(expected, found),
            Refusal::NoPolicy { .. } => refused.next("adopt a policy pack: vandel policy adopt --help"),
            Refusal::Key(_) | Refusal::Role { .. } => {
                refused.next("two administrators grant roles: vandel key enroll --help")
            }
            _ => refused,
        }
    }
}

impl From<OpenRefusal> for Refused {
    fn from(refusal: OpenRefusal) -> Self {
        let refused = Self::new(open_class(&refusal), refusal.code(), refusal.to_string());
        match refusal {
            OpenRefusal::SamePerson { .. } => refused
                .next("let another person sign with --second; one person with two keys is one person")
                .paragraph("docs/decisions: two people"),
            OpenRefusal::Key(_) | OpenRefusal::Role { .. } => {
                refused.next("see who may sign: vandel key list")
            }
            OpenRefusal::SignatureCount { needed, found, .. } => {
                refused.expected(needed, found).next("name the second person's key file with --second")
            }
            OpenRefusal::LastAdministrators => {
                refused.next("enroll another administrator first: vandel key enroll --role administrator")
            }
            _ => refused,
        }
    }
}

const fn open_class(refusal: &OpenRefusal) -> RefusedClass {
    match refusal {
        OpenRefusal::Key(_)
        | OpenRefusal::Role { .. }
        | OpenRefusal::SignatureCount { .. }
        | OpenRefusal::Possession { .. } => RefusedClass::NotAuthorised,
        OpenRefusal::KeyKnown { .. } | OpenRefusal::ErasureState { .. } => RefusedClass::Conflict,
        _ => RefusedClass::Refused,
    }
}

impl From<SubmitError> for Refused {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Open(refusal) => refusal.into(),
            SubmitError::Chain(fault @ (FaultKind::SeenSize { .. } | FaultKind::SeenRoot { .. })) => {
                Self::new(RefusedClass::Conflict, "seen-checkpoint", fault.to_string())
            }
            SubmitError::Erasure(_) => Self::new(RefusedClass::Refused, "erasure", error.to_string()),
            SubmitError::RolledBack { .. } => {
                Self::new(RefusedClass::Integrity, "rolled-back", error.to_string()).next(DO_NOT_WRITE)
            }
            SubmitError::Halted(Halt { class: RefusedClass::Integrity, .. }) => {
                Self::new(RefusedClass::Integrity, "log-broken", error.to_string()).next(DO_NOT_WRITE)
            }
            SubmitError::Halted(Halt { class, .. }) => Self::new(class, "halted", error.to_string())
                .next("run the command again: opening the ledger finds out whether the step was taken"),
            other => Self::new(RefusedClass::Internal, "submission", other.to_string()),
        }
    }
}

impl From<VaultError> for Refused {
    fn from(error: VaultError) -> Self {
        let message = error.to_string();
        match error {
            VaultError::Damaged { .. } => {
                Self::new(RefusedClass::Integrity, "vault-damaged", message).next(RESTORE)
            }
            VaultError::Io { file, source } => {
                Self::new(RefusedClass::Io, "vault", format!("the vault's file {file}: {source}"))
            }
            VaultError::Fenced => Self::new(RefusedClass::Conflict, "vault-fenced", message),
            _ => Self::new(RefusedClass::Io, "vault", message),
        }
    }
}

impl From<ThreadsError> for Refused {
    fn from(error: ThreadsError) -> Self {
        match error {
            ThreadsError::Vault(error) => error.into(),
            ThreadsError::Damaged | ThreadsError::Io(_) => {
                Self::new(RefusedClass::Io, "threads", error.to_string())
                    .next("open the ledger again: what is damaged is made anew from the log")
            }
        }
    }
}

impl From<CaseworkError> for Refused {
    fn from(error: CaseworkError) -> Self {
        let message = error.to_string();
        match error {
            CaseworkError::NotAHandle(_) => Self::new(RefusedClass::Usage, "not-a-handle", message),
            CaseworkError::UnknownHandle(_) => {
                Self::new(RefusedClass::NotFound, "unknown-handle", message).next("vandel case list")
            }
            CaseworkError::Threads(error) => error.into(),
            CaseworkError::Vault(error) => error.into(),
            CaseworkError::Io(_) => Self::new(RefusedClass::Io, "io", message),
        }
    }
}

impl From<NamesError> for Refused {
    fn from(error: NamesError) -> Self {
        let message = error.to_string();
        match error {
            NamesError::Unknown { .. } => Self::new(RefusedClass::NotFound, "unknown-name", message),
            NamesError::Ambiguous { .. } => Self::new(RefusedClass::Usage, "ambiguous-name", message),
            NamesError::Vault(error) => error.into(),
            NamesError::Randomness => Self::new(RefusedClass::Internal, "randomness", message),
        }
    }
}

//! The ledger's and the core's errors as exit codes, with advice.

use std::io;

use vandel_core::admit::Refusal;
use vandel_core::chain::OpenRefusal;
use vandel_ledger::casework::CaseworkError;
use vandel_ledger::lock::LockError;
use vandel_ledger::log::ReadError;
use vandel_ledger::memory::MemoryError;
use vandel_ledger::names::NamesError;
use vandel_ledger::opening::HomeError;
use vandel_ledger::refused::{Refused, RefusedClass};
use vandel_ledger::sequencer::{Disagreement, FoundingError, OpenError, SettleError, ThreadsError};
use vandel_ledger::signer::KeyFileError;
use vandel_ledger::submission::SubmitError;
use vandel_ledger::vault::VaultError;

use super::{CliError, Exit};

pub(super) use vandel_ledger::refused::{DO_NOT_WRITE, RESTORE};

impl From<RefusedClass> for Exit {
    fn from(class: RefusedClass) -> Self {
        match class {
            RefusedClass::Internal => Self::Internal,
            RefusedClass::Usage => Self::Usage,
            RefusedClass::Integrity => Self::Integrity,
            RefusedClass::Io => Self::Io,
            RefusedClass::NotAuthorised => Self::NotAuthorised,
            RefusedClass::NotFound => Self::NotFound,
            RefusedClass::Refused => Self::Refused,
            RefusedClass::Conflict => Self::Conflict,
        }
    }
}

impl From<Refused> for CliError {
    fn from(refused: Refused) -> Self {
        let refused = refused.into_words();
        let mut error = Self::new(refused.class.into(), refused.code, refused.message);
        if let Some(paragraph) = refused.paragraph {
            error = error.paragraph(paragraph);
        }
        if let Some((expected, found)) = refused.difference {
            error = error.expected(expected, found);
        }
        match refused.next {
            Some(next) => error.next(next),
            None => error,
        }
    }
}

/// What is told in the same words wherever it is refused: see [`Refused`].
macro_rules! told_as_refused {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Refused::from(error).into()
            }
        }
    )*};
}
told_as_refused!(Refusal, OpenRefusal, VaultError, ThreadsError, CaseworkError, NamesError);

impl From<SubmitError> for CliError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Erasure(refusal) => refusal.into(),
            other => Refused::from(other).into(),
        }
    }
}

impl From<LockError> for CliError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { .. } => Self::new(Exit::Conflict, "held", error.to_string())
                .next("wait for that process to end, then repeat the command"),
            LockError::Unavailable { .. } => Self::new(Exit::Io, "lock", error.to_string()),
        }
    }
}

impl From<KeyFileError> for CliError {
    fn from(error: KeyFileError) -> Self {
        let (exit, code) = match &error {
            KeyFileError::Io { path, source } if source.kind() == io::ErrorKind::NotFound => {
                return Self::file(path, source)
                    .next("name the file of your key; if you have none, make one: vandel key new FILE");
            }
            KeyFileError::Io { path, source } => return Self::file(path, source),
            KeyFileError::NotAKey { .. } => (Exit::Usage, "not-a-key"),
            KeyFileError::PassphraseNeeded { .. } => (Exit::NotAuthorised, "passphrase-needed"),
            KeyFileError::WrongPassphrase { .. } => (Exit::NotAuthorised, "wrong-passphrase"),
            KeyFileError::Exposed { .. } => (Exit::NotAuthorised, "key-exposed"),
        };
        let message = error.to_string();
        match error {
            KeyFileError::Exposed { path, mode } => {
                let message =
                    format!("{} can be read by others than its owner (mode {mode:o})", path.display());
                Self::new(exit, code, message).next(format!("chmod 600 {}", path.display()))
            }
            KeyFileError::PassphraseNeeded { .. } => Self::new(exit, code, message)
                .next("run the command in a terminal, or name the passphrase's file with --passphrase-file"),
            _ => Self::new(exit, code, message),
        }
    }
}

impl From<ReadError> for CliError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged(_) => {
                Self::new(Exit::Integrity, "log-damaged", error.to_string()).next(DO_NOT_WRITE)
            }
            ReadError::Altered(_) => {
                Self::new(Exit::Integrity, "log-altered", error.to_string()).next(DO_NOT_WRITE)
            }
            ReadError::Torn(_) => {
                Self::new(Exit::Integrity, "log-torn", error.to_string()).next(DO_NOT_WRITE)
            }
            ReadError::Unavailable { .. } => Self::new(Exit::Io, "log", error.to_string()),
        }
    }
}

impl From<MemoryError> for CliError {
    fn from(error: MemoryError) -> Self {
        let message = error.to_string();
        match error {
            MemoryError::Rollback { remembered, found } => Self::new(Exit::Integrity, "rolled-back", message)
                .expected(remembered, found)
                .next(DO_NOT_WRITE),
            MemoryError::Fork { .. } => Self::new(Exit::Integrity, "fork", message).next(DO_NOT_WRITE),
            MemoryError::Origin { remembered, found } => {
                Self::new(Exit::Integrity, "memory-of-another-ledger", message)
                    .expected(remembered, found)
                    .next("name this ledger's own memory with --memory DIR")
            }
            MemoryError::WitnessAhead { held, found, .. } => {
                Self::new(Exit::Integrity, "rolled-back", message).expected(held, found).next(DO_NOT_WRITE)
            }
            MemoryError::WitnessFork { .. } | MemoryError::Unproven { .. } => {
                Self::new(Exit::Integrity, "fork", message).next(DO_NOT_WRITE)
            }
            MemoryError::NoMajority { .. } => Self::new(Exit::Io, "no-majority", message).next(
                "bring the witnesses back, then repeat the command; nothing leaves before they have cosigned",
            ),
            MemoryError::Policy { .. } => Self::new(Exit::Usage, "memory-policy", message),
            MemoryError::Damaged { .. } => {
                Self::new(Exit::Integrity, "memory-damaged", message).next(RESTORE)
            }
            MemoryError::Changed { .. } => Self::new(Exit::Conflict, "memory-changed", message)
                .next("another process writes to this ledger; wait for it, then repeat the command"),
            MemoryError::Io { .. } => Self::new(Exit::Io, "memory", message),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        let integrity = |code| Self::new(Exit::Integrity, code, message.clone()).next(DO_NOT_WRITE);
        match error {
            OpenError::Log(error) => error.into(),
            OpenError::Gate(error) => error.into(),
            OpenError::Vault(error) => error.into(),
            OpenError::Threads(error) => error.into(),
            OpenError::Memory(error) | OpenError::Settle(SettleError::Memory(error)) => error.into(),
            OpenError::Io(error) => error.into(),
            OpenError::Decode { .. } => integrity("block-undecodable"),
            OpenError::Fault { fault } => {
                let error = integrity("fault");
                match fault.place.record {
                    Some(record) => error.record(record),
                    None => error,
                }
            }
            OpenError::WrongLedger { expected, found } => {
                integrity("another-ledger").expected(expected, found)
            }
            OpenError::Disagreement(disagreement) => match disagreement {
                Disagreement::Behind { size, remembered, .. } => {
                    integrity("rolled-back").expected(remembered, size)
                }
                Disagreement::Fork { remembered, found, .. } => {
                    integrity("fork").expected(remembered, found)
                }
                Disagreement::AnnouncedBehind { announced, held, .. } => {
                    Self::new(Exit::Integrity, "checkpoints-went-back", message)
                        .expected(held, announced)
                        .next("find out who changed the checkpoint stream; if log and memory are right, --trust-new-memory")
                }
                Disagreement::MemoryBehind { remembered, held, .. } => {
                    Self::new(Exit::Integrity, "memory-went-back", message)
                        .expected(held, remembered)
                        .next("name the ledger's own memory with --memory DIR; only if it is truly lost, --trust-new-memory")
                }
            },
            OpenError::PayloadMissing { record } => integrity("payload-missing").record(record).next(RESTORE),
            OpenError::PayloadDamaged { record } => integrity("payload-damaged").record(record).next(RESTORE),
            OpenError::WrongKey { .. } => Self::new(Exit::NotAuthorised, "wrong-service-key", message)
                .next("put the ledger's own keys back into the home's keys folder"),
            OpenError::Start(error) => error.into(),
            _ => Self::new(Exit::Io, "settle", message),
        }
    }
}

impl From<HomeError> for CliError {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::NoLedger(path) => {
                Self::new(Exit::NotFound, "no-ledger", format!("there is no ledger in {}", path.display()))
                    .next("name its folder with --home DIR or VANDEL_HOME, or found one: vandel init --help")
            }
            HomeError::FoundingInterrupted { .. } => {
                Self::new(Exit::NotFound, "founding-interrupted", error.to_string())
                    .next("remove the folder and found the ledger again: vandel init --help")
            }
            HomeError::Place(_) => Self::new(Exit::Usage, "log-place", error.to_string()),
            HomeError::Bus(error) => error.into(),
            HomeError::Stream(error) => error.into(),
            HomeError::Locked(error) => error.into(),
            HomeError::Key(error) => error.into(),
            HomeError::Log(error) => error.into(),
            HomeError::Vault(error) => error.into(),
            HomeError::Memory(error) => error.into(),
            HomeError::Open(error) => error.into(),
        }
    }
}

impl From<FoundingError> for CliError {
    fn from(error: FoundingError) -> Self {
        let message = error.to_string();
        match error {
            FoundingError::NotEmpty(_) => Self::new(Exit::Conflict, "home-not-empty", message)
                .next("name another folder with --home; init never touches one that is in use"),
            FoundingError::Refused(_) => Self::new(Exit::Refused, "founding", message),
            FoundingError::Bus(error) => error.into(),
            FoundingError::Stream(error) => error.into(),
            FoundingError::Append(_) => {
                Self::new(Exit::Io, "append", message).next("remove the folder and found the ledger again")
            }
            FoundingError::Key(error) => error.into(),
            FoundingError::Vault(error) => error.into(),
            FoundingError::Memory(error) => error.into(),
            FoundingError::Io(error) => error.into(),
        }
    }
}

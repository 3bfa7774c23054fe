//! The ledger's and the core's errors as exit codes, with advice.

use vandel_core::admit::{ExitClass, Refusal};
use vandel_core::chain::{FaultKind, OpenRefusal};
use vandel_ledger::lock::LockError;
use vandel_ledger::log::ReadError;
use vandel_ledger::memory::MemoryError;
use vandel_ledger::opening::HomeError;
use vandel_ledger::sequencer::{Disagreement, FoundingError, OpenError, SettleError};
use vandel_ledger::signer::KeyFileError;
use vandel_ledger::submission::SubmitError;
use vandel_ledger::vault::VaultError;

use super::{CliError, Exit};

pub(super) const DO_NOT_WRITE: &str =
    "do not write to this ledger; copy the home as it is and run: vandel verify HOME --trust FILE";
pub(super) const RESTORE: &str =
    "restore this file from a backup that is as new as the log; nothing repairs it in place";

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        let exit = match refusal.exit_class() {
            ExitClass::NotAuthorised => Exit::NotAuthorised,
            ExitClass::NotFound => Exit::NotFound,
            ExitClass::Refused => Exit::Refused,
            ExitClass::Conflict => Exit::Conflict,
        };
        let error = Self::new(exit, refusal.code(), refusal.to_string()).paragraph(refusal.paragraph());
        match refusal {
            Refusal::Conflict { expected, found } => error
                .expected(expected, found)
                .next("somebody else was quicker: look at the case again, then repeat the command"),
            Refusal::WrongPrevious { expected, found } => error.expected(expected, found),
            Refusal::NoPolicy { .. } => error.next("adopt a policy pack: vandel policy adopt --help"),
            Refusal::Key(_) | Refusal::Role { .. } => {
                error.next("two administrators grant roles: vandel key enroll --help")
            }
            _ => error,
        }
    }
}

impl From<OpenRefusal> for CliError {
    fn from(refusal: OpenRefusal) -> Self {
        let (exit, code) = open_refusal_code(&refusal);
        let error = Self::new(exit, code, refusal.to_string());
        match refusal {
            OpenRefusal::SamePerson { .. } => error
                .next("let another person sign with --second; one person with two keys is one person")
                .paragraph("docs/decisions: two people"),
            OpenRefusal::Key(_) | OpenRefusal::Role { .. } => error.next("see who may sign: vandel key list"),
            OpenRefusal::SignatureCount { needed, found, .. } => {
                error.expected(needed, found).next("name the second person's key file with --second")
            }
            OpenRefusal::LastAdministrators => {
                error.next("enroll another administrator first: vandel key enroll --role administrator")
            }
            _ => error,
        }
    }
}

const fn open_refusal_code(refusal: &OpenRefusal) -> (Exit, &'static str) {
    match refusal {
        OpenRefusal::Key(_) => (Exit::NotAuthorised, "key"),
        OpenRefusal::Role { .. } => (Exit::NotAuthorised, "role"),
        OpenRefusal::SignatureCount { .. } => (Exit::NotAuthorised, "signature-count"),
        OpenRefusal::SamePerson { .. } => (Exit::Refused, "same-person"),
        OpenRefusal::Possession { .. } => (Exit::NotAuthorised, "possession"),
        OpenRefusal::KeyKnown { .. } => (Exit::Conflict, "key-known"),
        OpenRefusal::Policy { .. } => (Exit::Refused, "policy"),
        OpenRefusal::PolicyOrder { .. } => (Exit::Refused, "policy-order"),
        OpenRefusal::Disposal => (Exit::Refused, "disposal"),
        OpenRefusal::LastAdministrators => (Exit::Refused, "last-administrators"),
        OpenRefusal::BadKey { .. } => (Exit::Refused, "bad-key"),
        OpenRefusal::Grants => (Exit::Refused, "grants"),
        OpenRefusal::ApprovalExpired { .. } => (Exit::Refused, "approval-expired"),
        OpenRefusal::ErasureRecords => (Exit::Refused, "erasure-records"),
        OpenRefusal::ErasureState { .. } => (Exit::Conflict, "erasure-state"),
        _ => (Exit::Refused, "open-event"),
    }
}

impl From<SubmitError> for CliError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Open(refusal) => refusal.into(),
            SubmitError::Erasure(refusal) => refusal.into(),
            SubmitError::Chain(fault @ (FaultKind::SeenSize { .. } | FaultKind::SeenRoot { .. })) => {
                Self::new(Exit::Conflict, "seen-checkpoint", fault.to_string())
            }
            SubmitError::RolledBack { size } => {
                Self::new(Exit::Integrity, "rolled-back", SubmitError::RolledBack { size }.to_string())
                    .next(DO_NOT_WRITE)
            }
            SubmitError::Halted { .. } => Self::new(Exit::Io, "halted", error.to_string())
                .next("run the command again: opening the ledger finds out whether the step was taken"),
            other => Self::new(Exit::Internal, "submission", other.to_string()),
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

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> Self {
        match &error {
            VaultError::Damaged { .. } => {
                Self::new(Exit::Integrity, "vault-damaged", error.to_string()).next(RESTORE)
            }
            VaultError::Io { file, source } => {
                Self::new(Exit::Io, "vault", format!("the vault's file {file}: {source}"))
            }
            VaultError::Fenced => Self::new(Exit::Conflict, "vault-fenced", error.to_string()),
            _ => Self::new(Exit::Io, "vault", error.to_string()),
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
            OpenError::Vault(error) => error.into(),
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

impl From<crate::casework::CaseworkError> for CliError {
    fn from(error: crate::casework::CaseworkError) -> Self {
        use crate::casework::CaseworkError;
        match error {
            CaseworkError::NotAHandle(_) => Self::new(Exit::Usage, "not-a-handle", error.to_string()),
            CaseworkError::UnknownHandle(_) => {
                Self::new(Exit::NotFound, "unknown-handle", error.to_string()).next("vandel case list")
            }
            CaseworkError::Submit(error) => error.into(),
            CaseworkError::Vault(error) => error.into(),
            CaseworkError::Io(error) => error.into(),
        }
    }
}

impl From<crate::names::NamesError> for CliError {
    fn from(error: crate::names::NamesError) -> Self {
        use crate::names::NamesError;
        match error {
            NamesError::Unknown { .. } => Self::new(Exit::NotFound, "unknown-name", error.to_string()),
            NamesError::Ambiguous { .. } => Self::new(Exit::Usage, "ambiguous-name", error.to_string()),
            NamesError::Vault(error) => error.into(),
            NamesError::Randomness => Self::new(Exit::Internal, "randomness", error.to_string()),
        }
    }
}

impl From<crate::import::TakeError> for CliError {
    fn from(error: crate::import::TakeError) -> Self {
        use crate::import::TakeError;
        match error {
            TakeError::Submit(error) => error.into(),
            TakeError::Vault(error) => error.into(),
            TakeError::Names(error) => error.into(),
            TakeError::Io(error) => error.into(),
        }
    }
}

//! Errors about backups and the restore gate, with advice.

use vandel_ledger::backup::BackupError;
use vandel_ledger::gate::GateError;

use super::ledger::{DO_NOT_WRITE, RESTORE};
use super::{CliError, Exit};

impl From<GateError> for CliError {
    fn from(error: GateError) -> Self {
        let message = error.to_string();
        let shut = |code| {
            Self::new(Exit::Integrity, code, message.clone())
                .next("restore it with: vandel backup restore; until then nothing is served from it")
        };
        match error {
            GateError::RestoreUnfinished(_) => shut("restore-unfinished"),
            GateError::VaultBehind { record, erasure, vault } => {
                shut("vault-behind-erasure").record(record).expected(format!("epoch {erasure}"), vault)
            }
            GateError::OtherVault { record, .. } => shut("vault-other").record(record),
            GateError::StillOpens { started, .. } => shut("erased-still-opens").record(started),
            GateError::List { .. } => Self::new(Exit::Integrity, "erased-keys", message)
                .next("restore the file with the memory it lies in"),
            GateError::Vault(error) => error.into(),
            GateError::Io(error) => error.into(),
        }
    }
}

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> Self {
        let message = error.to_string();
        let new = |exit, code| Self::new(exit, code, message.clone());
        match error {
            BackupError::Io { path, source } => Self::file(&path, &source),
            BackupError::Restless(_) => new(Exit::Conflict, "vault-rotated"),
            BackupError::NoGeneration { .. } => {
                new(Exit::NotFound, "no-generation").next("see which there are: vandel backup list")
            }
            BackupError::Label { .. } => new(Exit::Integrity, "backup-label"),
            BackupError::Damaged { .. } => new(Exit::Integrity, "backup-damaged"),
            BackupError::OtherLedger { expected, found } => {
                new(Exit::Integrity, "another-ledger").expected(expected, found)
            }
            BackupError::HalvesDiffer { data, keys } => {
                new(Exit::Usage, "halves-differ").expected(data, keys).next("give both halves of one generation")
            }
            BackupError::Place(_) => new(Exit::Usage, "place"),
            BackupError::NotEmpty(_) => {
                new(Exit::Refused, "not-empty").next("name an empty folder with --home DIR")
            }
            BackupError::NoRootCell(_) => new(Exit::NotProven, "no-root-cell").next("--root-cell FILE"),
            BackupError::UnknownErasure { started } => new(Exit::Refused, "unknown-erasure")
                .record(started)
                .next("give the old memory's folder with --old-memory DIR; if it is lost, --erase-whole-records"),
            BackupError::OtherHistory(_) => new(Exit::Integrity, "fork").next(DO_NOT_WRITE),
            BackupError::PayloadsLost { first, .. } => new(Exit::Integrity, "payloads-lost").record(first).next(
                "restore a later generation; if there is none, restore without --log and found a successor: \
                 vandel init --successor-of CHECKPOINT (deploy/restore.md)",
            ),
            BackupError::Log(error) => error.into(),
            BackupError::Chain(_) => new(Exit::Integrity, "backup-chain").next(RESTORE),
            BackupError::Vault(error) => error.into(),
            BackupError::RootCell(_) => new(Exit::NotProven, "root-cell")
                .next("give the root cell of the generation's own epoch with --root-cell FILE"),
            BackupError::Memory(error) => error.into(),
            BackupError::Home(error) => (*error).into(),
            BackupError::Key(error) => error.into(),
            BackupError::Register(_) => new(Exit::Integrity, "sinks-register"),
            BackupError::Gate(error) => error.into(),
            BackupError::Bus(error) => error.into(),
            BackupError::Stream(error) => error.into(),
            BackupError::Append(_) => new(Exit::Io, "stream-append")
                .next("when the servers are well again, run the same restore again: it goes on where it stopped"),
            BackupError::List(_) => new(Exit::Integrity, "erased-keys"),
        }
    }
}

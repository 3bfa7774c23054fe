//! The read side's errors as exit codes, with advice.

use vandel_projector::ProjectError;
use vandel_projector::source::ReadOnlyError;

use super::ledger::{DO_NOT_WRITE, RESTORE};
use super::{CliError, Exit};

impl From<ReadOnlyError> for CliError {
    fn from(error: ReadOnlyError) -> Self {
        let message = error.to_string();
        let integrity = |code| Self::new(Exit::Integrity, code, message.clone()).next(DO_NOT_WRITE);
        match error {
            ReadOnlyError::Home(error) => error.into(),
            ReadOnlyError::Log(error) => error.into(),
            ReadOnlyError::Gate(error) => error.into(),
            ReadOnlyError::Vault(error) => error.into(),
            ReadOnlyError::Memory(error) => error.into(),
            ReadOnlyError::NoMemory(_) => Self::new(Exit::Integrity, "no-memory", message),
            ReadOnlyError::Decode { .. } => integrity("block-undecodable"),
            ReadOnlyError::Fault(fault) => match fault.place.record {
                Some(record) => integrity("fault").record(record),
                None => integrity("fault"),
            },
            ReadOnlyError::NotRemembered { expected, found: Some(found), .. } => {
                integrity("fork").expected(expected, found)
            }
            ReadOnlyError::NotRemembered { size, found: None, .. } => {
                integrity("rolled-back").expected(format!("{size} records"), "fewer")
            }
        }
    }
}

impl From<ProjectError> for CliError {
    fn from(error: ProjectError) -> Self {
        let message = error.to_string();
        match error {
            ProjectError::Vault(error) => error.into(),
            ProjectError::Io(error) => error.into(),
            ProjectError::PayloadDamaged { record } => {
                Self::new(Exit::Integrity, "payload-damaged", message).record(record).next(RESTORE)
            }
            ProjectError::PayloadMissing { record } => {
                Self::new(Exit::Integrity, "payload-missing", message).record(record).next(RESTORE)
            }
            ProjectError::NotTheChain => Self::new(Exit::Integrity, "fork", message).next(DO_NOT_WRITE),
            error if error.is_the_views_fault() => {
                Self::new(Exit::Io, "view", message).next("build the views anew: vandel view rebuild")
            }
            _ => Self::new(Exit::Io, "view", message),
        }
    }
}

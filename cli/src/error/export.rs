//! Errors about exports as exit codes, with advice.

use vandel_ledger::tiles::TilesError;

use super::ledger::DO_NOT_WRITE;
use super::{CliError, Exit};

impl From<TilesError> for CliError {
    fn from(error: TilesError) -> Self {
        let message = error.to_string();
        match error {
            TilesError::Log(error) => error.into(),
            TilesError::Decode { .. } => {
                Self::new(Exit::Integrity, "block-undecodable", message).next(DO_NOT_WRITE)
            }
            TilesError::Size { .. } => Self::new(Exit::Integrity, "checkpoint-size", message)
                .next("run: vandel verify HOME --trust FILE"),
            TilesError::OtherHistory { .. } => Self::new(Exit::Integrity, "fork", message)
                .next("keep both; compare: vandel checkpoint compare FILE"),
            TilesError::NotTiles(_) => Self::new(Exit::Conflict, "folder-in-use", message)
                .next("name a new folder, or one of an earlier export"),
            TilesError::Io { ref path, ref source } => Self::file(path, source),
        }
    }
}

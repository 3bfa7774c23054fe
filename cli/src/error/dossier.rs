//! Errors about dossiers and published views as exit codes, with advice.

use vandel_core::dossier::MakeError;
use vandel_ledger::dossier::DossierError;
use vandel_ledger::outgoing::OutgoingError;
use vandel_ledger::publish::PublishError;

use super::ledger::{DO_NOT_WRITE, RESTORE};
use super::{CliError, Exit};

impl From<PublishError> for CliError {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        match error {
            PublishError::ErasureUnderWay { .. } => Self::new(Exit::Conflict, "erasure-under-way", message)
                .next("carry it out first: vandel retention apply --plan HASH"),
            PublishError::Threads(error) => error.into(),
            PublishError::Log(error) => error.into(),
            PublishError::Decode { .. } => {
                Self::new(Exit::Integrity, "block-undecodable", message).next(DO_NOT_WRITE)
            }
            PublishError::Submit(error) => error.into(),
        }
    }
}

impl From<DossierError> for CliError {
    fn from(error: DossierError) -> Self {
        let message = error.to_string();
        match error {
            DossierError::NoCase => Self::new(Exit::NotFound, "no-case", message),
            DossierError::Payload { record, .. } => {
                Self::new(Exit::Integrity, "payload-damaged", message).record(record).next(RESTORE)
            }
            DossierError::Threads(error) => error.into(),
            DossierError::Vault(error) => error.into(),
            DossierError::Log(error) => error.into(),
            DossierError::Decode { .. } => {
                Self::new(Exit::Integrity, "block-undecodable", message).next(DO_NOT_WRITE)
            }
            DossierError::Publish(error) => error.into(),
            DossierError::Make(MakeError::NoDigest) => Self::new(Exit::Conflict, "no-digest", message),
            DossierError::Make(_) => Self::new(Exit::Internal, "dossier", message),
        }
    }
}

impl From<OutgoingError> for CliError {
    fn from(error: OutgoingError) -> Self {
        let exit = match error {
            OutgoingError::Sealing | OutgoingError::Cost => Exit::Usage,
            OutgoingError::OtherLock(_) | OutgoingError::DoesNotOpen => Exit::NotAuthorised,
        };
        Self::new(exit, "sealed-dossier", error.to_string())
    }
}

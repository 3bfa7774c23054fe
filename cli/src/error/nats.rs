//! Errors of NATS and of the log on JetStream.

use vandel_ledger::bus::BusError;
use vandel_ledger::log::jetstream::{ApiError, StreamError};

use super::{CliError, Exit};

impl From<BusError> for CliError {
    fn from(error: BusError) -> Self {
        let (exit, code) = match &error {
            BusError::Options(_) => (Exit::Usage, "nats-options"),
            BusError::Key(_) => (Exit::NotAuthorised, "nats-key"),
            BusError::Refused { .. } | BusError::Denied { .. } => (Exit::NotAuthorised, "nats-denied"),
            BusError::NobodyListens { .. } => (Exit::NotFound, "nats-nobody"),
            _ => (Exit::Io, "nats"),
        };
        let failure = Self::new(exit, code, error.to_string());
        match error {
            BusError::Unreachable { .. } => failure.next("is the server up, and the address right? See --nats"),
            BusError::Refused { .. } => {
                failure.next("name the seed of a user that this server knows: --nats-key FILE")
            }
            BusError::Denied { .. } => failure.next(
                "use the key of a role that may do this: --nats-key FILE; the permissions stand in the server's configuration",
            ),
            BusError::NobodyListens { .. } => {
                failure.next("is JetStream on, and does the service run? A cluster that elects answers in some seconds")
            }
            _ => failure,
        }
    }
}

impl From<ApiError> for CliError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Bus(error) => error.into(),
            error => Self::new(Exit::Io, "jetstream", error.to_string()),
        }
    }
}

impl From<StreamError> for CliError {
    fn from(error: StreamError) -> Self {
        let message = error.to_string();
        match error {
            StreamError::Api(error) => error.into(),
            StreamError::Read(error) => error.into(),
            StreamError::NoStream { .. } => Self::new(Exit::NotFound, "no-stream", message)
                .next("is this the right server and account? If the stream was deleted, restore it; do not make a new one"),
            StreamError::Exists { .. } => Self::new(Exit::Conflict, "stream-exists", message),
            StreamError::Settings(wrong) => {
                let failure = Self::new(Exit::Refused, "log-settings", message);
                match wrong.first() {
                    Some(first) => failure.expected(&first.expected, &first.found).next(first.mend.clone()),
                    None => failure,
                }
            }
            StreamError::SyncUnproven { .. } => Self::new(Exit::NotProven, "sync-unproven", message)
                .next("name the servers' monitoring addresses: --nats-monitor URL"),
        }
    }
}

//! What can go wrong with a request.

use std::time::Duration;

use crate::signer::KeyFileError;

/// Why a request over NATS did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The options contradict each other, or name something that is not there.
    #[error("{0}")]
    Options(String),
    /// The file of the NKey seed.
    #[error("{0}")]
    Key(#[from] KeyFileError),
    /// No server could be reached.
    #[error("no NATS server answers at {servers}: {why}")]
    Unreachable {
        /// The addresses tried.
        servers: String,
        /// Why.
        why: String,
    },
    /// The server does not know this key, or wants one and got none.
    #[error("the NATS server at {servers} refuses these credentials: {why}")]
    Refused {
        /// The addresses tried.
        servers: String,
        /// Why.
        why: String,
    },
    /// The server forbids this role to publish or subscribe there.
    #[error("the NATS server forbids it: {what}")]
    Denied {
        /// The server's words.
        what: String,
    },
    /// Nobody listens on the subject: no such service, or no JetStream leader at this moment.
    #[error("nobody answers on {subject}")]
    NobodyListens {
        /// The subject.
        subject: String,
    },
    /// No answer came in time; whether the request was carried out is unknown.
    #[error("no answer on {subject} within {} ms{}", after.as_millis(), if *connected { "" } else { ": the connection is down" })]
    Silence {
        /// The subject.
        subject: String,
        /// How long was waited.
        after: Duration,
        /// Whether the connection stood when the time was up.
        connected: bool,
    },
    /// The message is larger than the server takes.
    #[error(
        "{bytes} bytes are more than the NATS server takes in one message ({limit}); raise max_payload in its configuration"
    )]
    TooLarge {
        /// The size of the payload.
        bytes: usize,
        /// The server's limit.
        limit: usize,
    },
    /// The client failed.
    #[error("NATS: {0}")]
    Client(String),
}

impl BusError {
    /// Whether trying again later may succeed: the other end was silent, absent or restarting.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NobodyListens { .. } | Self::Silence { .. } | Self::Client(_))
    }

    /// Whether the server certainly did not carry out the request.
    #[must_use]
    pub fn is_without_effect(&self) -> bool {
        !matches!(self, Self::Silence { .. } | Self::Client(_))
    }
}

impl From<BusError> for std::io::Error {
    fn from(error: BusError) -> Self {
        let kind = match &error {
            BusError::Denied { .. } | BusError::Refused { .. } => std::io::ErrorKind::PermissionDenied,
            BusError::Silence { .. } => std::io::ErrorKind::TimedOut,
            BusError::Unreachable { .. } | BusError::NobodyListens { .. } => std::io::ErrorKind::NotConnected,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

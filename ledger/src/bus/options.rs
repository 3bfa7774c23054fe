//! Where the servers are, and as whom to connect.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::ServerAddr;
use zeroize::Zeroizing;

use super::BusError;
use crate::signer::{self, KeyFileError};

/// What a connection is for. Each role has an inbox prefix of its own, so that a server can keep one
/// role from reading the answers to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The one writer.
    Sequencer,
    /// Whoever submits, and signs at home.
    #[default]
    Author,
    /// The read side, which publishes the feed.
    Projector,
    /// Reads log and checkpoints, and nothing else.
    Auditor,
    /// Reads the operational feed, and nothing else.
    Dashboard,
    /// Sees besides that records come, for those who work on cases.
    CaseDashboard,
    /// Makes the streams, and looks after them.
    Operator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sequencer,
        Self::Author,
        Self::Projector,
        Self::Auditor,
        Self::Dashboard,
        Self::CaseDashboard,
        Self::Operator,
    ];

    /// Its name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequencer => "sequencer",
            Self::Author => "author",
            Self::Projector => "projector",
            Self::Auditor => "auditor",
            Self::Dashboard => "dashboard",
            Self::CaseDashboard => "case-dashboard",
            Self::Operator => "operator",
        }
    }

    /// What its inboxes begin with: a server's permissions allow it to subscribe to `PREFIX.>`.
    #[must_use]
    pub fn inbox_prefix(self) -> String {
        format!("_INBOX_{}", self.name().to_uppercase().replace('-', "_"))
    }
}

/// How to connect.
#[derive(Clone, Debug)]
pub struct BusOptions {
    /// The servers' addresses, such as `nats://host:4222` or `tls://host:4222`; the port defaults to 4222.
    pub servers: Vec<String>,
    /// A file whose first line is an NKey seed (`SU…`), readable by its owner only.
    pub key: Option<PathBuf>,
    /// A PEM file with the certificate authority that the servers' certificates must come from. It
    /// makes TLS obligatory.
    pub ca: Option<PathBuf>,
    /// What the connection is for.
    pub role: Role,
    /// How long to wait for a server.
    pub connect_timeout: Duration,
    /// How long to wait for an answer, where nothing else is said.
    pub request_timeout: Duration,
}

impl BusOptions {
    /// Options for these servers (several are separated by commas) with nothing else set.
    #[must_use]
    pub fn new(servers: &str, role: Role) -> Self {
        let servers = servers.split(',').map(str::trim).filter(|server| !server.is_empty());
        Self {
            servers: servers.map(str::to_owned).collect(),
            key: None,
            ca: None,
            role,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
        }
    }

    /// The name that the server shows for the connection.
    #[must_use]
    pub fn name(&self) -> String {
        format!("vandel {}", self.role.name())
    }

    /// Whether TLS is obligatory.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        self.ca.is_some()
            || self.servers.iter().any(|server| server.starts_with("tls://") || server.starts_with("wss://"))
    }

    /// The addresses.
    ///
    /// # Errors
    /// If there is none, or one is no address.
    pub fn addresses(&self) -> Result<Vec<ServerAddr>, BusError> {
        if self.servers.is_empty() {
            return Err(BusError::Options("no NATS server is named: give --nats URL".to_owned()));
        }
        let parse = |server: &String| match server.parse::<ServerAddr>() {
            // Arguments show in process lists, and end in shell histories and units.
            Ok(address) if address.has_user_pass() => Err(BusError::Options(
                "a NATS address holds no user and password: give --nats-key FILE".to_owned(),
            )),
            Ok(address) => Ok(address),
            Err(_) => Err(BusError::Options(format!(
                "{server:?} is no address of a NATS server, such as nats://host:4222"
            ))),
        };
        self.servers.iter().map(parse).collect()
    }

    /// The hosts of the addresses, to look for the servers' monitoring there.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let addresses = self.addresses().unwrap_or_default();
        addresses.iter().map(|address| address.host().to_owned()).collect()
    }

    /// The seed in the key file.
    ///
    /// # Errors
    /// If it cannot be read, others may read it, or it is no seed.
    pub fn seed(&self) -> Result<Option<Zeroizing<String>>, BusError> {
        let Some(path) = &self.key else { return Ok(None) };
        signer::refuse_exposed(path)?;
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|source| KeyFileError::Io { path: path.clone(), source })?;
        let is_seed = |line: &&str| {
            let letters = line.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte));
            line.starts_with("SU") && line.len() == 58 && letters
        };
        // Tools wrap a seed in comment lines; the first line that looks like one counts.
        match text.lines().map(str::trim).find(is_seed) {
            Some(seed) => Ok(Some(Zeroizing::new(seed.to_owned()))),
            None => Err(BusError::Options(format!(
                "{} holds no NKey seed of a user (58 characters that begin with SU)",
                path.display()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_separated_by_commas_and_checked() {
        let options = BusOptions::new("nats://a:4222, b ,tls://[::1]:4333", Role::Author);
        assert_eq!(options.hosts(), ["a", "b", "::1"]);
        assert!(options.needs_tls());
        for wrong in ["", " , ", "nats://a:99999", "http://a", "nats://a:b@c"] {
            assert!(BusOptions::new(wrong, Role::Author).addresses().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_two_roles_share_an_inbox() {
        let prefixes: std::collections::BTreeSet<_> =
            Role::ALL.iter().map(|role| role.inbox_prefix()).collect();
        assert_eq!(prefixes.len(), Role::ALL.len());
    }
}

//! Arguments about the NATS server.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vandel_ledger::bus::Role;
use vandel_ledger::place::NatsAccess;
use vandel_ledger::sequencer::NewStream;

/// The NATS server.
#[derive(Debug, Subcommand)]
pub enum NatsCommand {
    /// Write the configuration of a secured server: accounts, users with new keys, permissions, TLS
    ///
    /// Run it again with --user to add users: those that are there keep their keys.
    Config(NatsConfigArgs),
}

/// A server's configuration.
#[derive(Debug, Args)]
pub struct NatsConfigArgs {
    /// The folder to write to
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The server's certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub tls_cert: PathBuf,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub tls_key: PathBuf,
    /// The authority that the servers of a cluster have their certificates from
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// A user: sequencer, author, projector, auditor, dashboard, case-dashboard, operator or system; several
    /// of a role are told apart by a name [default: one of each]
    #[arg(long = "user", value_name = "ROLE[=NAME]")]
    pub users: Vec<String>,
    /// A server of a cluster; give three
    #[arg(long = "node", value_name = "NAME=HOST", requires = "tls_ca")]
    pub nodes: Vec<String>,
    /// The address that clients reach
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub listen: std::net::IpAddr,
    /// The port for clients
    #[arg(long, env = "VANDEL_NATS_PORT", value_name = "PORT", default_value_t = 4222)]
    pub port: u16,
    /// The port for browsers
    #[arg(long, env = "VANDEL_NATS_WEBSOCKET_PORT", value_name = "PORT", default_value_t = 8443)]
    pub websocket_port: u16,
    /// The port for monitoring, on this machine only
    #[arg(long, env = "VANDEL_NATS_MONITOR_PORT", value_name = "PORT", default_value_t = 8222)]
    pub monitor_port: u16,
    /// A web page's origin that may connect over WebSocket, such as `https://dashboard.example`
    /// [default: the server's own]
    #[arg(long = "origin", value_name = "URL")]
    pub origins: Vec<String>,
    /// Where the server stores [default: store/ in the folder]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// The most it stores
    #[arg(long, value_name = "SIZE", default_value = "100GB")]
    pub max_file: String,
}

/// The stream that a log is put on, where --nats names servers.
#[derive(Clone, Debug, Args)]
pub struct NewStreamArgs {
    /// With --nats: how many servers must hold each block
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: u8,
    /// With --nats: the NKey seed that may make streams, where the sequencer's (--nats-key) may not
    #[arg(long, value_name = "FILE")]
    pub nats_operator_key: Option<PathBuf>,
    /// With --nats: append even if no monitoring address shows that a server syncs before it
    /// acknowledges; a power cut may then lose acknowledged records
    #[arg(long)]
    pub accept_unproven_sync: bool,
}

impl NewStreamArgs {
    /// The stream on the servers that a command line names; none if it names none.
    #[must_use]
    pub fn on(&self, access: &NatsAccess) -> Option<NewStream> {
        let mut operator = access.options(Role::Operator)?;
        operator.key.clone_from(&self.nats_operator_key);
        Some(NewStream {
            replicas: usize::from(self.replicas),
            accept_unproven_sync: self.accept_unproven_sync,
            operator: self.nats_operator_key.is_some().then_some(operator),
        })
    }
}

//! Arguments about the feed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// The feed.
#[derive(Debug, Subcommand)]
pub enum FeedCommand {
    /// Follow the ledger, keep views, and publish the feed over NATS (CloudEvents)
    ///
    /// Runs until it is told to stop. What is wrong with the ledger ends it with exit code 3.
    Serve(FeedServeArgs),
    /// Show what comes: from a home, or over NATS with a dashboard's key
    ///
    /// On a home: every record, with what is public of it. Over NATS: the feed that the key may watch.
    Tail(FeedTailArgs),
}

/// The service.
#[derive(Debug, Args)]
pub struct FeedServeArgs {
    /// Seconds between two heartbeats
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub interval: u32,
    /// Show metrics and health here, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<SocketAddr>,
    /// A file that `vandel verify --json` wrote: what the last verification found
    #[arg(long, value_name = "FILE")]
    pub verification: Option<PathBuf>,
}

/// Watching.
#[derive(Debug, Args)]
pub struct FeedTailArgs {
    /// Begin with this record; on a home [default: the last ten]
    #[arg(long, value_name = "RECORD")]
    pub from: Option<u64>,
    /// Only this kind: recorded, act, a kind of public act such as policy_adopted, or over NATS heartbeat,
    /// activity, retention, erasures, verification
    #[arg(long = "kind", value_name = "KIND")]
    pub kinds: Vec<String>,
    /// Stop when all that is there has been shown
    #[arg(long)]
    pub no_follow: bool,
    /// Watch over NATS in this role, instead of a home
    #[arg(long = "as", value_enum, value_name = "ROLE")]
    pub role: Option<WatcherArg>,
    /// The ledger, in hexadecimal: over NATS its last events come at once [default: the first one heard of]
    #[arg(long, value_name = "ID")]
    pub ledger: Option<String>,
}

/// Who watches over NATS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WatcherArg {
    /// The operational feed.
    Dashboard,
    /// Both feeds.
    CaseDashboard,
    /// Both feeds.
    Author,
    /// Both feeds.
    Auditor,
    /// The operational feed.
    Operator,
}

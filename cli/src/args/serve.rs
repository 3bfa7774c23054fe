//! Arguments of `vandel serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// The sequencer as a service.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Show metrics (/metrics) and health (/healthz, /readyz) on this address
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
    /// A file whose first line is the passphrase of the service's key files
    #[arg(long, env = "VANDEL_SERVICE_PASSPHRASE_FILE", value_name = "FILE")]
    pub service_passphrase_file: Option<PathBuf>,
    /// Wait beside an instance that serves this home, and take over when it ends or hangs
    #[arg(long)]
    pub standby: bool,
    /// For how many seconds the other instance may give no sign of life before a standby takes over
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=3_600))]
    pub patience: u64,
    /// The most requests under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 512)]
    pub requests: usize,
    /// The most statements that may wait; beyond it the answer is: busy
    #[arg(long, value_name = "COUNT", default_value_t = 16_384)]
    pub queue: usize,
    /// How many inquiries one author may make in a second, on average
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub inquiries: u32,
    /// For how many seconds an intake key is announced; it is renewed at half of that
    #[arg(long, value_name = "SECONDS", default_value_t = 7_200, value_parser = clap::value_parser!(u64).range(120..=86_400))]
    pub key_seconds: u64,
    /// Publish the digests of the views at most so often, if anything was recorded; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    pub publish_every: u64,
}

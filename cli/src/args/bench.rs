//! Arguments about measuring.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Measures ours beside the bare limit, alternating; prints medians, spread and the ratio.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// A full audit, beside bare strict verification of the same statements
    Verify(BenchVerifyArgs),
    /// Many clients' statements made durable, beside bare verification and bare synced writes; with `--nats own`
    /// the log lies on a server that the bench starts: VANDEL_NATS_SERVER names it, or the path
    Append(BenchAppendArgs),
    /// One event at a time, beside the bare syncs of the commit order
    Latency(BenchLatencyArgs),
    /// The vault's forgetting of one subject, and of a thousand at once, beside the same writes bare
    Erase(BenchEraseArgs),
    /// All views from an empty folder under the remembered checkpoint, beside reading, hashing, opening and decoding
    /// alone, and beside a bare sled that the same rows are loaded into
    Rebuild(BenchRebuildArgs),
    /// A due list of 100, one case, one inclusion proof: median and 99th percentile, beside one read of a bare sled
    Query(BenchQueryArgs),
    /// The projector's feed to many subscribers, beside bare NATS fan-out: events a second, and the delay from a receipt
    /// to its delivery, on a server that the bench starts: VANDEL_NATS_SERVER names it, or the path
    Feed(BenchFeedArgs),
    /// A whole country: one ledger that grows to 1.2 million cases, everything measured at three sizes. Takes half an
    /// hour and 30 GB
    National(BenchNationalArgs),
    /// One stage of `national`, in a process of its own: what that command calls
    #[command(hide = true)]
    Stage(BenchStageArgs),
}

/// What every bench takes.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// How many rounds
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub rounds: u16,
    /// Where the ledger is made and removed again: on the disk to be measured
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
}

/// Measuring an audit.
#[derive(Debug, Args)]
pub struct BenchVerifyArgs {
    /// How many events the ledger has, at least
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub events: u64,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring appends.
#[derive(Debug, Args)]
pub struct BenchAppendArgs {
    /// How many events are appended in a round, about
    #[arg(long, default_value_t = 80_000, value_name = "N")]
    pub events: u64,
    /// How many clients wait for a receipt at once: so many that signatures are checked, a block is made and another is on
    /// its way at the same time
    #[arg(long, default_value_t = 4_096, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub clients: u32,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring delay.
#[derive(Debug, Args)]
pub struct BenchLatencyArgs {
    /// How many events are appended in a round, about
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(8..))]
    pub events: u32,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring the vault's forgetting.
#[derive(Debug, Args)]
pub struct BenchEraseArgs {
    /// How many subjects the vault holds
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = clap::value_parser!(u64).range(110_000..))]
    pub subjects: u64,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring the rebuilding of views.
#[derive(Debug, Args)]
pub struct BenchRebuildArgs {
    /// How many events the ledger has, at least
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    pub events: u64,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring questions.
#[derive(Debug, Args)]
pub struct BenchQueryArgs {
    /// How many events the ledger has, at least
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    pub events: u64,
    /// How many times each question is asked in a round; a tenth of it for lists
    #[arg(long, default_value_t = 5_000, value_name = "N", value_parser = clap::value_parser!(u32).range(10..))]
    pub queries: u32,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring the feed.
#[derive(Debug, Args)]
pub struct BenchFeedArgs {
    /// How many events a round are told as fast as it goes, about
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=200_000))]
    pub events: u64,
    /// How many subscribers
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=400))]
    pub subscribers: u16,
    /// How many events a second are appended while delays are measured
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=20_000))]
    pub rate: u32,
    /// For how many seconds a round
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    pub seconds: u32,
    /// Rounds and place.
    #[command(flatten)]
    pub bench: BenchArgs,
}

/// Measuring a country.
#[derive(Debug, Args)]
pub struct BenchNationalArgs {
    /// How many events the ledger grows to
    #[arg(long, default_value_t = 10_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..))]
    pub events: u64,
    /// How many times each question is asked in a round; a tenth of it for lists
    #[arg(long, default_value_t = 5_000, value_name = "N", value_parser = clap::value_parser!(u32).range(10..))]
    pub queries: u32,
    /// Where the ledger is made and removed again
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// Where a plot of cost against size is written, as SVG
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
}

/// A stage of the country.
#[derive(Debug, Args)]
pub struct BenchStageArgs {
    /// Which
    pub stage: BenchStage,
    /// The folder of the country that is being measured
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The number of the first case
    #[arg(long, value_name = "N")]
    pub first: u64,
    /// How many cases, or events
    #[arg(long, value_name = "N")]
    pub count: u64,
}

/// What is measured of a country at each size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchStage {
    /// Cases are signed and appended until there are so many events
    Fill,
    /// The ledger is opened for writing
    Start,
    /// So many cases, signed ahead, are appended
    Append,
    /// A full audit's first level
    Integrity,
    /// A full audit
    Audit,
    /// All views from an empty folder
    Rebuild,
}

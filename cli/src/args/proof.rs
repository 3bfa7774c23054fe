//! Arguments about verifying, checkpoints, proofs and views.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vandel_core::id::LedgerId;
use vandel_core::verify::Level;

use super::UnsealArgs;

/// What to verify, against what.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A home, a copy of its log, a tiles folder or a dossier [default: the home]
    pub path: Option<PathBuf>,
    /// The trust file (C2SP tlog-policy): your own, never one that came with the log
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// What the verdict must rest on
    #[arg(long, value_enum, value_name = "ANCHOR")]
    pub require: Option<Require>,
    /// The levels asked for [default: all that the input supports]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LEVEL")]
    pub level: Vec<LevelArg>,
    /// The ledger that it must be
    #[arg(long, value_name = "ID")]
    pub ledger: Option<LedgerId>,
    /// Your own memory of this ledger: read if it is there, written after success
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// A signed checkpoint that you kept; repeat for more
    #[arg(long, value_name = "FILE")]
    pub kept: Vec<PathBuf>,
    /// A signed checkpoint that you kept when you verified up to it: proves that the log continues it, and
    /// verifies what has come since
    #[arg(long, value_name = "CHECKPOINT")]
    pub since: Vec<PathBuf>,
    /// Verify what has come since --state was written, having proved that the log continues it
    #[arg(long, requires = "state")]
    pub incremental: bool,
    /// A folder of receipts (C2SP tlog-proof)
    #[arg(long, value_name = "DIR")]
    pub receipts: Option<PathBuf>,
    /// Whatever is kept longer than its retention allows, as of --as-of, is a violation (exit 3); without this it is
    /// found all the same, and the verdict on the log stands beside it
    #[arg(long)]
    pub overdue: bool,
    /// Open the vault, where it is there, to check coverage and conduct [default: yes]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub open: bool,
    /// Compute the published digests of views again, and compare
    #[arg(long)]
    pub views: bool,
    /// Write the digests that you have computed to this file, to check dossiers with
    #[arg(long, value_name = "FILE", requires = "views")]
    pub write_digests: Option<PathBuf>,
    /// For a dossier: digests that you have computed yourself; repeat for more
    #[arg(long = "digests", value_name = "FILE")]
    pub digests: Vec<PathBuf>,
    /// For a sealed dossier: what opens it.
    #[command(flatten)]
    pub unseal: UnsealArgs,
}

/// What a verdict must rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Require {
    /// A quorum of the trust file's witnesses
    Witnessed,
}

/// What to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// Bytes, chain, signatures, keys, checkpoints
    Integrity,
    /// Every sealed record can be opened or is covered by an erasure
    Coverage,
    /// The rules, step by step
    Conduct,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Integrity => Self::Integrity,
            LevelArg::Coverage => Self::Coverage,
            LevelArg::Conduct => Self::Conduct,
        }
    }
}

/// Checkpoints.
#[derive(Debug, Subcommand)]
pub enum CheckpointCommand {
    /// Print the newest published checkpoint, signed
    Show,
    /// Say whether a checkpoint is one of this log's, or whether two parties' copies tell one story
    Compare(CheckpointCompareArgs),
}

/// Comparison.
#[derive(Debug, Args)]
pub struct CheckpointCompareArgs {
    /// The signed checkpoint
    pub file: PathBuf,
    /// Another party's, to compare it with instead of the log
    #[arg(requires = "trust")]
    pub other: Option<PathBuf>,
    /// Your trust file: whose checkpoints they must be
    #[arg(long, value_name = "FILE", requires = "other")]
    pub trust: Option<PathBuf>,
    /// A proof between two sizes, as `vandel proof consistency` prints it
    #[arg(long, value_name = "FILE", requires = "other")]
    pub proof: Option<PathBuf>,
}

/// Proofs.
#[derive(Debug, Subcommand)]
pub enum ProofCommand {
    /// Print the proof that a record is in the tree of the newest checkpoint (C2SP tlog-proof)
    Inclusion(ProofInclusionArgs),
    /// Print the proof that the newest checkpoint's tree continues a smaller one
    Consistency(ProofConsistencyArgs),
    /// Check an inclusion proof with a trust file, without the ledger
    Check(ProofCheckArgs),
}

/// Which record.
#[derive(Debug, Args)]
pub struct ProofInclusionArgs {
    /// The record's number
    pub record: u64,
}

/// From which size.
#[derive(Debug, Args)]
pub struct ProofConsistencyArgs {
    /// The smaller tree's size
    pub from: u64,
}

/// Which proof.
#[derive(Debug, Args)]
pub struct ProofCheckArgs {
    /// The proof's file
    pub file: PathBuf,
    /// The trust file
    #[arg(long, value_name = "FILE")]
    pub trust: PathBuf,
}

/// Views.
#[derive(Debug, Subcommand)]
pub enum ViewCommand {
    /// Say where the views stand
    Status,
    /// Throw the views away and build them anew
    Rebuild,
    /// Print the views' state digest, and compare what was published with what the views hold
    Digest,
    /// Publish the digests of the views over cases and authority, signed by a service key
    Publish(ViewPublishArgs),
}

/// Whose word the digests are.
#[derive(Debug, Args)]
pub struct ViewPublishArgs {
    /// The key file of another service, which has computed them for itself [default: the instance's own key]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file whose first line is its passphrase
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

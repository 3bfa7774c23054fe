//! Arguments about backups.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vandel_ledger::backup::{DATA_HORIZON_DAYS, KEYS_HORIZON_DAYS};

use super::nats::NewStreamArgs;
use super::{AuthorArgs, LevelArg};

/// Backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Make a generation, while the ledger works; copies only what is new
    Create(BackupCreateArgs),
    /// List every generation that was ever made, from the register of sinks
    List,
    /// Check a generation: its files, its chain against your trust file, and whether its keys open it
    Verify(BackupVerifyArgs),
    /// Restore a generation into an empty home, with every erasure of the log applied again; with --nats the log
    /// goes onto a stream
    Restore(BackupRestoreArgs),
    /// Destroy a generation, or attest that a copy was destroyed elsewhere; signed
    Destroy(BackupDestroyArgs),
}

/// What to make.
#[derive(Debug, Args)]
pub struct BackupCreateArgs {
    /// The folder for the log and the sealed payloads
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// The folder for what opens them, in other hands than the first; without it no key is copied
    #[arg(long, value_name = "DIR")]
    pub keys_to: Option<PathBuf>,
    /// Copy the root cell too. Dangerous: whoever has both halves then has everything, and every erasure after
    /// this stays at "executed" until this generation is destroyed
    #[arg(long, requires = "keys_to")]
    pub with_root_cell: bool,
    /// How many days the log and the payloads are kept
    #[arg(long, value_name = "DAYS", default_value_t = DATA_HORIZON_DAYS)]
    pub horizon: u16,
    /// How many days the keys are kept
    #[arg(long, value_name = "DAYS", default_value_t = KEYS_HORIZON_DAYS)]
    pub keys_horizon: u16,
}

/// Where a generation lies.
#[derive(Debug, Args)]
pub struct GenerationArgs {
    /// The generation's number
    pub generation: u32,
    /// The folder of the log and the sealed payloads
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The folder of the keys
    #[arg(long, value_name = "DIR")]
    pub keys_from: Option<PathBuf>,
}

/// What to check.
#[derive(Debug, Args)]
pub struct BackupVerifyArgs {
    /// Which generation.
    #[command(flatten)]
    pub generation: GenerationArgs,
    /// Your own trust file
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// A file with the root of the generation's epoch, if it is not in the generation
    #[arg(long, value_name = "FILE")]
    pub root_cell: Option<PathBuf>,
    /// The levels asked for [default: all that the generation supports]
    #[arg(long, value_enum, value_name = "LEVEL", value_delimiter = ',')]
    pub level: Vec<LevelArg>,
}

/// What to restore.
#[derive(Debug, Args)]
pub struct BackupRestoreArgs {
    /// Which generation.
    #[command(flatten)]
    pub generation: GenerationArgs,
    /// A file with the root of the generation's epoch, if it is not in the generation
    #[arg(long, value_name = "FILE")]
    pub root_cell: Option<PathBuf>,
    /// The log/ folder of the ledger that was lost, or of a copy, as far as it could be saved
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// The memory's folder of the ledger that was lost, to learn which keys its erasures destroyed
    #[arg(long, value_name = "DIR")]
    pub old_memory: Option<PathBuf>,
    /// Where it is not known which keys an erasure destroyed: destroy all that its records hold
    #[arg(long)]
    pub erase_whole_records: bool,
    /// The stream to put the log on, with --nats: the ledger's own, if it outlived the home, or a new one.
    #[command(flatten)]
    pub stream: NewStreamArgs,
}

/// One half or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HalfArg {
    /// The log and the sealed payloads.
    Data,
    /// What opens them.
    Keys,
}

/// What to destroy.
#[derive(Debug, Args)]
pub struct BackupDestroyArgs {
    /// The generation's number
    pub generation: u32,
    /// The folder of the log and the sealed payloads
    #[arg(long, value_name = "DIR", required_unless_present = "keys_from")]
    pub from: Option<PathBuf>,
    /// The folder of the keys
    #[arg(long, value_name = "DIR")]
    pub keys_from: Option<PathBuf>,
    /// Delete nothing here: attest that it was destroyed, in these words (which medium, by whom, reference)
    #[arg(long, value_name = "TEXT")]
    pub attested: Option<String>,
    /// Who destroys it or attests it: an administrator, the data-protection officer or the controller's delegate.
    #[command(flatten)]
    pub author: AuthorArgs,
}

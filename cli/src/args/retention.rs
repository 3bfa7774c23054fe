//! Arguments about the retention calendar.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The retention calendar, as of `--as-of`.
#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// What is to be erased: overdue, due, and within so many days
    Due(RetentionDueArgs),
    /// Why a case's compartments are due when they are; recorded as a reading
    Why(RetentionWhyArgs),
    /// Plan the erasure of what is due and covered by a disposal decision
    Plan(super::RetentionPlanArgs),
    /// Order a plan to be carried out: the first signature
    Order(super::RetentionOrderArgs),
    /// Approve an order: the second person's signature over the same bytes
    Approve(super::RetentionApproveArgs),
    /// Carry out an approved plan, or go on where it was interrupted
    Apply(super::RetentionApplyArgs),
}

/// How far to look.
#[derive(Debug, Args)]
pub struct RetentionDueArgs {
    /// Also what is due within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub within: u16,
    /// Your key file: with it the cases' handles are shown, and a reading is recorded
    #[arg(long, env = "VANDEL_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Which case.
#[derive(Debug, Args)]
pub struct RetentionWhyArgs {
    /// The case's handle
    pub handle: String,
    /// Who reads.
    #[command(flatten)]
    pub author: super::AuthorArgs,
}

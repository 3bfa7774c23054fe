//! Arguments about the retention calendar.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vandel_core::time::Day;

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
    /// Stop a plan that has not begun: the data-protection officer alone (GDPR art. 38.6)
    Stop(super::RetentionStopArgs),
    /// Let a stopped plan go on: the data-protection officer alone
    Release(super::RetentionStopArgs),
    /// Carry out an approved plan, or go on where it was interrupted
    Apply(super::RetentionApplyArgs),
    /// Say, by two people, that every older backup and root key is gone: from executed to completed
    Complete(super::RetentionCompleteArgs),
    /// The stored plans and how far each has come
    Plans,
    /// The erasures that have been carried out: executed, and completed
    Done,
    /// What a policy pack would move, compartment by compartment, if it were adopted
    Moved(RetentionMovedArgs),
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

/// Which pack.
#[derive(Debug, Args)]
pub struct RetentionMovedArgs {
    /// A pack that comes with Vandel, or a file
    pub pack: String,
    /// The first day it would apply to
    #[arg(long, value_name = "DAY")]
    pub from: Day,
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

//! Arguments about statistics.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vandel_core::time::Day;

use super::AuthorArgs;

/// Statistics for the council.
#[derive(Debug, Subcommand)]
pub enum StatisticsCommand {
    /// Release the tables of a period: kept in the home, their commitment on the chain
    Release(StatisticsReleaseArgs),
    /// Check that a released table is the one on the chain
    Verify(StatisticsVerifyArgs),
    /// List what was released
    List,
}

/// What a release counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortArg {
    /// Cases opened, by month, unit, role and legal ground.
    Volume,
    /// Decisions by outcome, and whether with support: the whole ledger, one calendar year.
    Outcome,
    /// Closed cases by how long they were open: the whole ledger, one calendar year.
    LeadTime,
}

/// A release.
#[derive(Debug, Args)]
pub struct StatisticsReleaseArgs {
    /// The first day, of a month
    #[arg(long, value_name = "DAY")]
    pub from: Day,
    /// The last day, of a month
    #[arg(long, value_name = "DAY")]
    pub until: Day,
    /// What is counted
    #[arg(long, value_enum, default_value_t = SortArg::Volume)]
    pub sort: SortArg,
    /// Who releases: an administrator or the data-protection officer.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// A check.
#[derive(Debug, Args)]
pub struct StatisticsVerifyArgs {
    /// The released table
    pub file: PathBuf,
}

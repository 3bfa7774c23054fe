//! Arguments about exporting what may be public.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Exports.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Write the log as a tiles folder (C2SP tlog-tiles); run again, it only adds
    Tiles(ExportTilesArgs),
    /// Print every record's header, and open events in full, as JSON lines
    Jsonl(ExportRecordsArgs),
    /// Print every record's header as CSV
    Csv(ExportRecordsArgs),
}

/// Where to.
#[derive(Debug, Args)]
pub struct ExportTilesArgs {
    /// The folder: new, empty, or of an earlier export
    pub dir: PathBuf,
}

/// Which records.
#[derive(Debug, Args)]
pub struct ExportRecordsArgs {
    /// The first record
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub from: u64,
    /// Only open events
    #[arg(long)]
    pub open_only: bool,
}

//! Arguments about the register of sinks: every other place that got a payload or a key.

use clap::{Args, Subcommand};
use vandel_core::time::Day;
use vandel_ledger::sinks::{SinkId, SinkKind};

use super::AuthorArgs;

fn sink_kind(text: &str) -> Result<SinkKind, String> {
    SinkKind::from_name(text).ok_or_else(|| {
        let names: Vec<_> = SinkKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("expected one of: {}", names.join(", "))
    })
}

/// The register of sinks.
#[derive(Debug, Subcommand)]
pub enum SinkCommand {
    /// Enter a place that got a payload or a key: an export, a paper, a copy of a root cell
    Add(SinkAddArgs),
    /// Sign that one was destroyed, and how
    Destroyed(SinkEndArgs),
    /// Sign that one can't be reached any more, and why
    Unreachable(SinkEndArgs),
    /// The places, and what became of each
    List,
}

/// A sink.
#[derive(Debug, Args)]
pub struct SinkAddArgs {
    /// backup-data, backup-keys, root-cell-copy, export, report, hr-file or paper
    #[arg(long, value_parser = sink_kind)]
    pub kind: SinkKind,
    /// Where it is or which office has it; no person's name
    #[arg(long, value_name = "TEXT")]
    pub place: String,
    /// A case whose content is in it, by handle; repeat for more
    #[arg(long = "case", value_name = "HANDLE")]
    pub cases: Vec<String>,
    /// The day on which it is to be gone
    #[arg(long, value_name = "DAY")]
    pub expires: Option<Day>,
    /// Who enters it.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// An end.
#[derive(Debug, Args)]
pub struct SinkEndArgs {
    /// The sink's id: see `vandel sink list`
    pub sink: SinkId,
    /// How it was destroyed, or why it can't be reached
    #[arg(long, value_name = "TEXT")]
    pub how: String,
    /// Who signs for it.
    #[command(flatten)]
    pub author: AuthorArgs,
}

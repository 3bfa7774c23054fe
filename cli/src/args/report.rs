//! Arguments about the report under article 15, and about the review of readings.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vandel_core::event::Purpose;
use vandel_core::time::Day;

use super::{AuthorArgs, term};

term!(purpose, Purpose);

/// The form of a report; with --json it is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// Plain text.
    Text,
    /// A page to print.
    Html,
}

/// A report.
#[derive(Debug, Args)]
pub struct SubjectReportArgs {
    /// The handle of one of the person's cases
    #[arg(required_unless_present = "number")]
    pub handle: Option<String>,
    /// A file whose first line is the personal identity number; `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "handle")]
    pub number: Option<PathBuf>,
    /// The day the request came [default: today]; the answer is due a month later
    #[arg(long, value_name = "DAY")]
    pub received: Option<Day>,
    /// Name staff, by the controller's weighing: its reference, which is recorded
    #[arg(long, value_name = "REFERENCE")]
    pub name_staff: Option<String>,
    /// Text, or a page to print
    #[arg(long, value_enum, default_value_t = ReportForm::Text)]
    pub form: ReportForm,
    /// Write it here; never over another file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Who answers.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// Readings.
#[derive(Debug, Subcommand)]
pub enum ReadCommand {
    /// Review readings: by whom, why, how often; with a sample to ask about
    List(ReadListArgs),
}

/// Which readings to review.
#[derive(Debug, Args)]
pub struct ReadListArgs {
    /// Only by this person, by name or id
    #[arg(long, value_name = "NAME")]
    pub reader: Option<String>,
    /// Only for this purpose
    #[arg(long, value_parser = purpose)]
    pub purpose: Option<Purpose>,
    /// Only in this month, such as 2026-03
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
    /// Draw so many at random, to ask their readers about; without it all are listed
    #[arg(long, value_name = "COUNT")]
    pub sample: Option<usize>,
    /// Who reviews: the data-protection officer, an auditor or the controller's delegate.
    #[command(flatten)]
    pub author: AuthorArgs,
}

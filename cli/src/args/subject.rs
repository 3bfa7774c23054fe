//! Arguments about what a person may ask for.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vandel_core::time::Day;

use super::{AuthorArgs, HoldRestrictArgs, SubjectReportArgs};

/// What a person may ask for.
#[derive(Debug, Subcommand)]
pub enum SubjectCommand {
    /// Record a request for erasure (GDPR art. 17), and say what the law lets go; the answer is due in a month
    Request(SubjectRequestArgs),
    /// Everything held on the person (GDPR art. 15), recorded as read before it is shown
    Report(SubjectReportArgs),
    /// Restrict processing of a case (GDPR art. 18); `vandel hold release` ends it
    Restrict(HoldRestrictArgs),
    /// Refuse the request, with the reason that the person is told
    Refuse(SubjectRefuseArgs),
    /// The requests, and by when each must be answered
    Requests(SubjectRequestsArgs),
}

/// A request.
#[derive(Debug, Args)]
pub struct SubjectRequestArgs {
    /// The case's handle
    pub handle: String,
    /// The day the request came [default: today]
    #[arg(long, value_name = "DAY")]
    pub received: Option<Day>,
    /// Who records it.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// A refusal.
#[derive(Debug, Args)]
pub struct SubjectRefuseArgs {
    /// The case's handle
    pub handle: String,
    /// Why, without names: the paragraph, and what it keeps
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who refuses.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// Which requests, to whom.
#[derive(Debug, Args)]
pub struct SubjectRequestsArgs {
    /// Your key file: with it handles and reasons are shown, and a reading is recorded
    #[arg(long, env = "VANDEL_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

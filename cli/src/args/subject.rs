//! Arguments about what a person may ask for.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vandel_core::erasure::Right;
use vandel_core::time::Day;

use super::{AuthorArgs, HoldRestrictArgs, SubjectReportArgs};

/// What a person may ask for.
#[derive(Debug, Subcommand)]
pub enum SubjectCommand {
    /// Record a request for erasure (GDPR art. 17), and say what the law lets go, or for access (art. 15); the answer
    /// is due in a month
    Request(SubjectRequestArgs),
    /// Everything held on the person (GDPR art. 15), recorded as read before it is shown; answers the request
    Report(SubjectReportArgs),
    /// Extend the time to answer by two months, with the reason that the person is told (GDPR art. 12.3)
    Extend(SubjectExtendArgs),
    /// Restrict processing of a case (GDPR art. 18); `vandel hold release` ends it
    Restrict(HoldRestrictArgs),
    /// Refuse the request, with the reason that the person is told
    Refuse(SubjectRefuseArgs),
    /// The requests, and by when each must be answered
    Requests(SubjectRequestsArgs),
}

/// The right under which a person asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RightArg {
    /// Erasure (GDPR art. 17)
    Erasure,
    /// Access (GDPR art. 15)
    Access,
}

impl From<RightArg> for Right {
    fn from(right: RightArg) -> Self {
        match right {
            RightArg::Erasure => Self::Erasure,
            RightArg::Access => Self::Access,
        }
    }
}

/// A request.
#[derive(Debug, Args)]
pub struct SubjectRequestArgs {
    /// The case's handle
    pub handle: String,
    /// What the person asks for
    #[arg(long, value_enum, default_value_t = RightArg::Erasure, value_name = "RIGHT")]
    pub right: RightArg,
    /// The day the request came [default: today]
    #[arg(long, value_name = "DAY")]
    pub received: Option<Day>,
    /// Who records it.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// An extension.
#[derive(Debug, Args)]
pub struct SubjectExtendArgs {
    /// The case's handle
    pub handle: String,
    /// What the person asked for
    #[arg(long, value_enum, default_value_t = RightArg::Access, value_name = "RIGHT")]
    pub right: RightArg,
    /// Why, without names: how complex the request is, or how many there are
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who extends it.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// A refusal.
#[derive(Debug, Args)]
pub struct SubjectRefuseArgs {
    /// The case's handle
    pub handle: String,
    /// What the person asked for
    #[arg(long, value_enum, default_value_t = RightArg::Erasure, value_name = "RIGHT")]
    pub right: RightArg,
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

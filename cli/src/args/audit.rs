//! Arguments about auditing conduct: what those who audit the employer ask.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Audits of conduct.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Answer what auditors ask: grounds, extracts, delegations, erasures, holds, readings, keys
    Conduct(AuditConductArgs),
    /// Match the employer's own list of hires: who was hired without a check
    Reconcile(AuditReconcileArgs),
    /// Draw cases by a published seed, so that somebody else draws the same
    Sample(AuditSampleArgs),
}

/// Who audits, and what.
#[derive(Clone, Debug, Args)]
pub struct AuditorArgs {
    /// The auditor's key file: the reading of the home is signed with it and recorded
    #[arg(long, env = "VANDEL_KEY", value_name = "FILE", required_unless_present = "copy")]
    pub key: Option<PathBuf>,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The home is a copy: nothing is recorded in it, and the report says so
    #[arg(long)]
    pub copy: bool,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text.
    #[default]
    Table,
    /// CSV, one table after the other.
    Csv,
    /// JSON.
    Json,
    /// A page to print.
    Html,
}

/// The conduct audit.
#[derive(Debug, Args)]
pub struct AuditConductArgs {
    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: ReportFormat,
    /// Who audits.
    #[command(flatten)]
    pub auditor: AuditorArgs,
}

/// Matching hires.
#[derive(Debug, Args)]
pub struct AuditReconcileArgs {
    /// The list of hires, in the form of `vandel case import`
    #[arg(long, value_name = "FILE")]
    pub hires: PathBuf,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: ReportFormat,
    /// Who audits.
    #[command(flatten)]
    pub auditor: AuditorArgs,
}

/// A sample.
#[derive(Debug, Args)]
pub struct AuditSampleArgs {
    /// The seed, told only after the checkpoint was signed
    #[arg(long, value_name = "TEXT")]
    pub seed: String,
    /// How many cases
    #[arg(long, default_value_t = 25)]
    pub count: usize,
    /// Only this role
    #[arg(long, value_name = "CODE")]
    pub role: Option<String>,
    /// The signed checkpoint that the draw rests on [default: the newest published one]
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: ReportFormat,
    /// Who audits.
    #[command(flatten)]
    pub auditor: AuditorArgs,
}

//! Arguments about erasure: plan, order, approve, apply, prove.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vandel_core::erasure::ErasureReason;
use vandel_core::hash::Hash;
use vandel_core::time::Day;

use super::{AuthorArgs, TwoPeopleArgs};

/// The person's own grounds of an erasure.
fn own_ground(text: &str) -> Result<ErasureReason, String> {
    let known = ErasureReason::from_name(text).filter(|reason| *reason != ErasureReason::Retention);
    known.ok_or_else(|| "expected request or withdrawal".to_owned())
}

/// A plan's hash as people pass it on: `sha256:` and 64 hexadecimal digits.
pub fn plan_hash(text: &str) -> Result<Hash, String> {
    let hash = text.strip_prefix("sha256:").and_then(Hash::from_hex);
    hash.ok_or_else(|| "expected sha256: and 64 lower-case hexadecimal digits".to_owned())
}

/// What to plan.
#[derive(Debug, Args)]
pub struct RetentionPlanArgs {
    /// The record of the disposal decision: see `vandel disposal list`
    #[arg(long, value_name = "RECORD")]
    pub disposal: u64,
    /// Only this case, on the person's own ground; needs --ground and --key
    #[arg(long, value_name = "HANDLE", requires_all = ["ground", "key"])]
    pub case: Option<String>,
    /// request (GDPR art. 17; see `vandel subject request`) or withdrawal
    #[arg(long, value_name = "GROUND", value_parser = own_ground, requires = "case")]
    pub ground: Option<ErasureReason>,
    /// Your key file: with it the cases' handles are shown, and a reading is recorded
    #[arg(long, env = "VANDEL_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Write the plan's lines here as JSON too, without handles
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// An order.
#[derive(Debug, Args)]
pub struct RetentionOrderArgs {
    /// The plan: sha256:…
    #[arg(long, value_name = "HASH", value_parser = plan_hash)]
    pub plan: Hash,
    /// The last day on which the order may be carried out [default: in seven days]
    #[arg(long, value_name = "DAY")]
    pub expires: Option<Day>,
    /// Who orders: a handler or an administrator.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// An approval.
#[derive(Debug, Args)]
pub struct RetentionApproveArgs {
    /// The plan: sha256:…
    #[arg(long, value_name = "HASH", value_parser = plan_hash)]
    pub plan: Hash,
    /// Who approves: the controller's delegate, another person than the one who ordered.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// A stop, or its end.
#[derive(Debug, Args)]
pub struct RetentionStopArgs {
    /// The plan: sha256:…
    #[arg(long, value_name = "HASH", value_parser = plan_hash)]
    pub plan: Hash,
    /// Why, without names; kept sealed
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who stops or releases: the data-protection officer.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// Completion.
#[derive(Debug, Args)]
pub struct RetentionCompleteArgs {
    /// The plan: sha256:…
    #[arg(long, value_name = "HASH", value_parser = plan_hash)]
    pub plan: Hash,
    /// Who signs: a handler or an administrator, and the controller's delegate.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
}

/// Carrying out.
#[derive(Debug, Args)]
pub struct RetentionApplyArgs {
    /// The plan: sha256:…
    #[arg(long, value_name = "HASH", value_parser = plan_hash)]
    pub plan: Hash,
}

/// Erasures that have been carried out.
#[derive(Debug, Subcommand)]
pub enum ErasureCommand {
    /// Print the certificate of one line of a plan
    Certificate(ErasureCertificateArgs),
    /// Check a certificate with a trust file, and against the home if it is the ledger's
    Verify(ErasureVerifyArgs),
}

/// Which line.
#[derive(Debug, Args)]
pub struct ErasureCertificateArgs {
    /// The plan: sha256:…
    #[arg(value_parser = plan_hash)]
    pub plan: Hash,
    /// The line's number in the plan, from 0
    pub line: u32,
    /// Write the certificate that can be checked to this file too, as JSON
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A page of text, or one in HTML to print; what can be checked is --json
    #[arg(long, value_enum, default_value_t = PageFormat::Text, value_name = "FORMAT")]
    pub format: PageFormat,
}

/// How a page for people is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PageFormat {
    /// Text.
    Text,
    /// HTML, made to be printed.
    Html,
}

/// Which certificate.
#[derive(Debug, Args)]
pub struct ErasureVerifyArgs {
    /// The certificate as JSON
    pub file: PathBuf,
    /// The trust file
    #[arg(long, value_name = "FILE")]
    pub trust: PathBuf,
}

//! The command line, by noun. Help is generated from these comments, so it can't drift from them.

mod audit;
mod backup;
mod bench;
mod case;
mod demo;
mod directory;
mod dossier;
mod erasure;
mod export;
mod feed;
mod hold;
mod keys;
mod ledger;
mod nats;
mod policy;
mod position;
mod proof;
mod report;
mod retention;
mod serve;
mod sink;
mod statistics;
mod subject;
mod vault;
mod witness;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use vandel_core::id::LedgerId;
use vandel_core::time::Day;

use crate::lang::Lang;

pub use audit::*;
pub use backup::*;
pub use bench::*;
pub use case::*;
pub use demo::*;
pub use dossier::*;
pub use export::*;
pub use hold::*;
pub use keys::*;
pub use ledger::*;
pub use nats::*;
pub use position::*;
pub use proof::*;
pub use report::*;
pub use retention::*;
pub use serve::*;
pub use sink::*;
pub use statistics::*;
pub use subject::*;
pub use vault::*;
pub use witness::*;

/// Reads a term of a closed list, and names the list if it is no such term.
macro_rules! term {
    ($function:ident, $name:ident) => {
        fn $function(text: &str) -> Result<$name, String> {
            $name::from_name(text).ok_or_else(|| {
                let names: Vec<_> = $name::ALL.iter().map(|one| one.name()).collect();
                format!("expected one of: {}", names.join(", "))
            })
        }
    };
}
pub use directory::*;
pub use erasure::*;
pub use feed::*;
pub use policy::*;
use term;

/// The record a public employer can be held to when it checks the background of people it hires.
///
/// Exit codes: 0 done or verified, 1 internal, 2 usage, 3 integrity violated or a rule broken in the log,
/// 4 not proven, 5 input or output failed, 6 not authorised, 7 not found, 8 refused by policy, 9 conflict,
/// 130 interrupted. Results go to stdout, progress and errors to stderr.
///
/// VANDEL_CLOCK sets the clock (2026-11-23T12:00:00Z, or a day) for demonstrations and tests.
#[derive(Debug, Parser)]
#[command(
    name = "vandel",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A number of seconds, or a number with its unit: ms, s, m or h.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let number = digits.parse::<u64>().ok();
    let millis = match &text[digits.len()..] {
        "ms" => Some(1),
        "" | "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = number.zip(millis).and_then(|(number, millis)| number.checked_mul(millis));
    let most = 24 * 3_600_000;
    millis
        .filter(|millis| *millis <= most)
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a duration of at most a day, such as 500ms, 30s or 2m".to_owned())
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The ledger's folder [default: vandel-home]
    #[arg(long, global = true, env = "VANDEL_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// The memory's folder, better on another disk [default: memory/ in the home]
    #[arg(long, global = true, env = "VANDEL_MEMORY", value_name = "DIR")]
    pub memory: Option<PathBuf>,
    /// A file whose first line is the passphrase of the vault's root cell, where it has one
    #[arg(long, global = true, env = "VANDEL_ROOT_PASSPHRASE_FILE", value_name = "FILE")]
    pub root_passphrase_file: Option<PathBuf>,
    /// Accept, this once, a memory that was lost or taken back, having compared the log with receipts
    #[arg(long, global = true)]
    pub trust_new_memory: bool,
    /// NATS servers, separated by commas: nats://HOST:PORT or tls://HOST:PORT
    #[arg(long, global = true, env = "VANDEL_NATS", value_name = "URL")]
    pub nats: Option<String>,
    /// The file of your NKey seed for NATS, mode 0600
    #[arg(long, global = true, env = "VANDEL_NATS_KEY", value_name = "FILE")]
    pub nats_key: Option<PathBuf>,
    /// The certificate authority of the NATS servers (PEM); makes TLS obligatory
    #[arg(long, global = true, env = "VANDEL_NATS_CA", value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// The monitoring addresses of the NATS servers [default: http://HOST:8222 on each]
    #[arg(long, global = true, env = "VANDEL_NATS_MONITOR", value_name = "URL")]
    pub nats_monitor: Option<String>,
    /// How long to try again over NATS while the ledger is busy or silent, such as 30s or 2m; then exit 5
    #[arg(long, global = true, env = "VANDEL_WAIT", value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub wait: Duration,
    /// Print JSON: one document, or lines that end with a summary
    #[arg(long, global = true)]
    pub json: bool,
    /// The language of texts [default: from the locale, else en]
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    pub lang: Option<Lang>,
    /// The day that retention is computed for [default: today]
    #[arg(long, global = true, value_name = "DAY")]
    pub as_of: Option<Day>,
    /// No progress on stderr; warnings and errors stay
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Colours on stderr; NO_COLOR is heeded
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whose key signs. A passphrase is asked for without echo, or read from a file; never an argument.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Who signs")]
pub struct AuthorArgs {
    /// Your key file
    #[arg(long, env = "VANDEL_KEY", value_name = "FILE")]
    pub key: PathBuf,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Keep the receipts in this folder (C2SP tlog-proof), for `vandel verify --receipts`
    #[arg(long, env = "VANDEL_RECEIPTS", value_name = "DIR")]
    pub receipts: Option<PathBuf>,
}

/// Over NATS instead of in a home: with a trust file, everything goes sealed to the ledger's service.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "From afar, with --nats URL")]
pub struct AfarArgs {
    /// The ledger's trust file; without it the command works in the home
    #[arg(long, env = "VANDEL_TRUST", value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The ledger's id, if you know it besides
    #[arg(long, value_name = "ID")]
    pub ledger: Option<LedgerId>,
}

/// Two people who sign the same bytes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Who signs")]
pub struct TwoPeopleArgs {
    /// The first person.
    #[command(flatten)]
    pub first: AuthorArgs,
    /// The second person's key file
    #[arg(long, env = "VANDEL_SECOND", value_name = "FILE")]
    pub second: PathBuf,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_SECOND_PASSPHRASE_FILE", value_name = "FILE")]
    pub second_passphrase_file: Option<PathBuf>,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play two lively years of an invented municipality; ends with what to try next
    Demo(DemoArgs),
    /// Found a ledger: two administrators sign its first record
    Init(InitArgs),
    /// Keys: make, enroll, rotate, revoke, list
    #[command(subcommand)]
    Key(KeyCommand),
    /// Positions: assess them before anybody is checked
    #[command(subcommand)]
    Position(PositionCommand),
    /// Cases: every step of a check
    #[command(subcommand)]
    Case(CaseCommand),
    /// Holds and restrictions
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Names of controllers and units
    #[command(subcommand)]
    Directory(DirectoryCommand),
    /// Policy packs: show, check, compare, adopt
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Disposal decisions (gallringsbeslut): record, list
    #[command(subcommand)]
    Disposal(DisposalCommand),
    /// Backups: make, list, verify, restore, destroy
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Verify a home, or a copy of its log, with your own trust file
    Verify(VerifyArgs),
    /// Serve authors over NATS: the one writer, until it is told to stop
    Serve(ServeArgs),
    /// Audit conduct: what those who audit the employer ask
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look after the ledger: what is wrong, weak or late
    Doctor,
    /// Checkpoints: show the newest, compare another with this log
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// Proofs: make them, and check them without the ledger
    #[command(subcommand)]
    Proof(ProofCommand),
    /// Views: where they stand, build them anew, their digest
    #[command(subcommand)]
    View(ViewCommand),
    /// Export what may be public: tiles for any web server, records as JSON lines or CSV
    #[command(subcommand)]
    Export(ExportCommand),
    /// The retention calendar: what is due, and why
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// What a person may ask for: erasure
    #[command(subcommand)]
    Subject(SubjectCommand),
    /// Readings: review who looked at what, and why
    #[command(subcommand)]
    Read(ReadCommand),
    /// Statistics for the council: release, verify, list
    #[command(subcommand)]
    Statistics(StatisticsCommand),
    /// The register of sinks: every other place that got a payload or a key
    #[command(subcommand)]
    Sink(SinkCommand),
    /// The vault: what is in it, and what copies of it still open
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Erasures: their certificates, made and checked
    #[command(subcommand)]
    Erasure(ErasureCommand),
    /// The live feed: publish it, watch it
    #[command(subcommand)]
    Feed(FeedCommand),
    /// A NATS server for the ledger: its configuration, users and permissions
    #[command(subcommand)]
    Nats(NatsCommand),
    /// Witnesses: keep one for others, use theirs
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Measure ours beside the bare limit, on this machine
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Print a shell's completions
    Completions(CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_command_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}

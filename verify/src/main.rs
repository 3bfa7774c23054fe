//! `vandel-verify`: verifies a ledger, or a file of evidence, on the auditor's own machine.
//!
//! It is built without the network (`cargo build --release -p vandel-verify`), and `cargo xtask tidy` checks that
//! nothing below it can open a socket. What it is given it leaves as it was; it writes the files named by
//! `--state` and `--write-digests` and nothing else.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use vandel_core::id::LedgerId;
use vandel_core::time::Day;
use vandel_core::verify::Level;
use vandel_ledger::clock::{Clock as _, SystemClock};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_verify::dossier::{read_digests, write_digests};
use vandel_verify::evidence::read_trust;
use vandel_verify::file::{self, FileOptions, Said};
use vandel_verify::report::{VerifyOptions, render_text, verify};
use vandel_verify::sealed::Unseal;
use vandel_verify::{Refusal, receipts};

/// Verify a ledger, or a file of evidence, without a network and without trusting who keeps it.
///
/// PATH is a home or a copy of one, a folder of segments or of tiles, a folder of receipts, or a file: an inclusion
/// proof or a receipt (.tlog-proof), a signed checkpoint, a dossier, sealed or not, or a certificate of erasure.
#[derive(Debug, Parser)]
#[command(
    name = "vandel-verify",
    version,
    after_help = "Exit codes: 0 verified · 2 usage, or not readable as what it should be · 3 violation · 4 not proven · 5 I/O · 6 sealed to somebody else · 7 not found"
)]
struct Arguments {
    /// What to verify
    path: PathBuf,
    /// The trust file (C2SP tlog-policy): your own, never one that came with the log
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Nothing less than a quorum of the trust file's witnesses
    #[arg(long)]
    require_witnessed: bool,
    /// The levels asked for [default: all that the input supports]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LEVEL")]
    level: Vec<LevelArg>,
    /// The ledger that it must be
    #[arg(long, value_name = "ID")]
    ledger: Option<LedgerId>,
    /// Your own memory of this ledger: read if it is there, written after success
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// A signed checkpoint that you kept; repeat for more
    #[arg(long, value_name = "FILE")]
    kept: Vec<PathBuf>,
    /// A signed checkpoint that you kept when you verified up to it: proves that the log continues it, and
    /// verifies what has come since
    #[arg(long, value_name = "CHECKPOINT")]
    since: Vec<PathBuf>,
    /// A folder of receipts (C2SP tlog-proof)
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
    /// The day on which what is kept too long is found [default: today]
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,
    /// Compute the published digests of views again, and compare
    #[arg(long)]
    views: bool,
    /// Write the digests that were computed to this file, to check dossiers with
    #[arg(long, value_name = "FILE", requires = "views")]
    write_digests: Option<PathBuf>,
    /// For a dossier: digests that you have computed yourself; repeat for more
    #[arg(long, value_name = "FILE")]
    digests: Vec<PathBuf>,
    /// For a sealed dossier: its recipient's X25519 private key (PEM, as OpenSSL writes it)
    #[arg(long, value_name = "FILE", conflicts_with = "unseal_passphrase_file")]
    unseal_key: Option<PathBuf>,
    /// For a sealed dossier: a file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    unseal_passphrase_file: Option<PathBuf>,
    /// The verdict as JSON
    #[arg(long)]
    json: bool,
}

/// What to check.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    /// Bytes, chain, signatures, keys, checkpoints
    Integrity,
    /// Every sealed record can be opened or is covered by an erasure
    Coverage,
    /// The rules, step by step
    Conduct,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let said = run(&arguments).unwrap_or_else(|refusal| {
        let mut text = format!("{}: {refusal}", word(refusal.exit));
        text += &refusal.record.map_or_else(String::new, |record| format!("\n  record: {record}"));
        text += &refusal.next.as_ref().map_or_else(String::new, |next| format!("\n  next: {next}"));
        Said { exit: refusal.exit, text, json: serde_json::to_value(&refusal).unwrap_or_default() }
    });
    let text = if arguments.json { said.json.to_string() } else { said.text };
    // A verdict is a result, whatever it says; that there is none is an error. A closed pipe has seen enough.
    let _ = match said.exit {
        0 | 3 | 4 => writeln!(std::io::stdout(), "{}", text.trim_end()),
        _ => writeln!(std::io::stderr(), "{}", text.trim_end()),
    };
    ExitCode::from(said.exit)
}

const fn word(exit: u8) -> &'static str {
    match exit {
        3 => "VIOLATION",
        4 => "NOT PROVEN",
        _ => "error",
    }
}

fn run(arguments: &Arguments) -> Result<Said, Refusal> {
    let path = &arguments.path;
    let disk: &dyn Disk = &RealDisk;
    if path.is_file() {
        return file::verify(disk, path, &brought(disk, arguments)?);
    }
    if let Some(receipts) = receipts::in_folder(disk, path)? {
        return receipts::verify(disk, path, &receipts, &brought(disk, arguments)?);
    }
    ledger(arguments)
}

/// What the reader brings to a file of evidence.
fn brought(disk: &dyn Disk, arguments: &Arguments) -> Result<FileOptions, Refusal> {
    Ok(FileOptions {
        trust: arguments.trust.as_ref().map(|trust| read_trust(disk, trust)).transpose()?,
        require_witnessed: arguments.require_witnessed,
        ledger: arguments.ledger,
        digests: read_digests(disk, &arguments.digests)?,
        unseal: Unseal {
            key: arguments.unseal_key.clone(),
            passphrase: arguments.unseal_passphrase_file.clone(),
        },
    })
}

fn ledger(arguments: &Arguments) -> Result<Said, Refusal> {
    let levels = arguments.level.iter().map(|level| match level {
        LevelArg::Integrity => Level::Integrity,
        LevelArg::Coverage => Level::Coverage,
        LevelArg::Conduct => Level::Conduct,
    });
    let options = VerifyOptions {
        place: arguments.path.clone(),
        trust: arguments.trust.clone(),
        kept: arguments.kept.clone(),
        since: arguments.since.clone(),
        receipts: arguments.receipts.clone(),
        state: arguments.state.clone(),
        ledger: arguments.ledger,
        levels: (!arguments.level.is_empty()).then(|| levels.collect()),
        require_witnessed: arguments.require_witnessed,
        views: arguments.views,
        as_of: Some(arguments.as_of.unwrap_or_else(|| SystemClock.now().day_in_sweden())),
        ..VerifyOptions::default()
    };
    let report = verify(options, &mut |_| {}).map_err(|error| {
        let exit = error.exit_code();
        Refusal { exit, ..Refusal::unreadable("no-verdict", error.to_string()).next(error.next()) }
    })?;
    if let Some(file) = &arguments.write_digests {
        write_digests(&RealDisk, file, &report)?;
    }
    Ok(Said { exit: report.exit, ..Said::of(&report, render_text(&report))? })
}

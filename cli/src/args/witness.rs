//! Arguments about witnesses: keeping one, and using those of others.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Witnesses (C2SP tlog-witness): others who remember what this ledger has said, or this machine for others.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make a witness: a new key under a name; prints the verifier key for others' trust files
    Init(WitnessInitArgs),
    /// Let a witness know logs, from their trust files or verifier keys
    AddLog(WitnessAddLogArgs),
    /// Cosign what known logs submit, over HTTP
    Serve(WitnessServeArgs),
    /// Say which logs a witness knows, and what it holds of each
    Status(WitnessFolderArgs),
    /// Make witnesses part of this ledger's memory and of its trust file
    Use(WitnessUseArgs),
}

/// A witness's folder.
#[derive(Clone, Debug, Args)]
pub struct WitnessFolderArgs {
    /// The witness's folder
    #[arg(long, env = "VANDEL_WITNESS", value_name = "DIR")]
    pub dir: PathBuf,
}

/// Making one.
#[derive(Debug, Args)]
pub struct WitnessInitArgs {
    /// The folder.
    #[command(flatten)]
    pub folder: WitnessFolderArgs,
    /// Its name, a URL without the scheme, such as witness.region.example/w1
    #[arg(long, value_name = "NAME")]
    pub name: String,
}

/// Knowing logs.
#[derive(Debug, Args)]
pub struct WitnessAddLogArgs {
    /// The folder.
    #[command(flatten)]
    pub folder: WitnessFolderArgs,
    /// Trust files (their log lines count), or verifier keys
    #[arg(required = true, value_name = "FILE|KEY")]
    pub logs: Vec<String>,
}

/// Serving.
#[derive(Debug, Args)]
pub struct WitnessServeArgs {
    /// The folder.
    #[command(flatten)]
    pub folder: WitnessFolderArgs,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8700")]
    pub listen: SocketAddr,
    /// Trust files whose log lines count besides those added; read again when they change
    #[arg(long, value_name = "FILE")]
    pub trust: Vec<PathBuf>,
    /// How many requests a second each log may make
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
}

/// Using others'.
#[derive(Debug, Args)]
pub struct WitnessUseArgs {
    /// Where each is asked and its verifier key, joined by =
    #[arg(required = true, value_name = "URL=KEY")]
    pub witnesses: Vec<String>,
    /// They are the operator's own: they guard its memory, and auditors are not told to count them
    #[arg(long)]
    pub own: bool,
}

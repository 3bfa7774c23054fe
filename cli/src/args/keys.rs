//! Arguments about keys and people.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key file and a request to enroll it
    New(KeyNewArgs),
}

/// A new key.
#[derive(Debug, Args)]
pub struct KeyNewArgs {
    /// The file to write; it must not exist
    pub file: PathBuf,
    /// A file whose first line is the new passphrase; without it the passphrase is asked for
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Write the key without a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    pub no_passphrase: bool,
}

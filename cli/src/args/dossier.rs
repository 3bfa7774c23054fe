//! Arguments about dossiers: what leaves the ledger for a recipient.

use std::path::PathBuf;

use clap::Args;
use vandel_core::time::Day;

use super::AuthorArgs;

/// A dossier.
#[derive(Debug, Args)]
pub struct CaseExportArgs {
    /// The case's handle
    pub handle: String,
    /// The dossier's file; it may not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Whom it is for, in words: an authority or an office, recorded with the reading
    #[arg(long, value_name = "WORDS")]
    pub recipient: String,
    /// The day after which the recipient must have destroyed it, recorded likewise
    #[arg(long, value_name = "DAY")]
    pub expires: Day,
    /// Show every compartment, not the case's spine alone; the file is then sealed to the recipient
    #[arg(long)]
    pub with_openings: bool,
    /// Seal it to this X25519 public key (PEM, as OpenSSL writes it)
    #[arg(long, value_name = "FILE", conflicts_with = "recipient_passphrase_file")]
    pub recipient_key: Option<PathBuf>,
    /// Seal it with the passphrase in the first line of this file
    #[arg(long, value_name = "FILE")]
    pub recipient_passphrase_file: Option<PathBuf>,
    /// Who exports, and signs the reading.
    #[command(flatten)]
    pub author: AuthorArgs,
}

/// A sealed dossier.
#[derive(Debug, Args)]
pub struct CaseUnsealArgs {
    /// The sealed dossier
    pub file: PathBuf,
    /// The opened dossier's file; it may not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What opens it.
    #[command(flatten)]
    pub with: UnsealArgs,
}

/// What opens a sealed dossier.
#[derive(Clone, Debug, Default, Args)]
pub struct UnsealArgs {
    /// The recipient's X25519 private key (PEM, as OpenSSL writes it)
    #[arg(long, value_name = "FILE", conflicts_with = "unseal_passphrase_file")]
    pub unseal_key: Option<PathBuf>,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    pub unseal_passphrase_file: Option<PathBuf>,
}

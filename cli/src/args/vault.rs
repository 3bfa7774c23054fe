//! Arguments about the vault.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The vault.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// List what the root key reaches, check every blob, and try all keys at hand on copies: exit 3 if a blob is
    /// damaged, or a copy still opens what was erased
    Audit(VaultAuditArgs),
}

/// What to look at besides the vault itself.
#[derive(Debug, Args)]
pub struct VaultAuditArgs {
    /// Blobs from anywhere, such as a backup or a found disk; of a folder, every file in it, and of a folder of backups
    /// every file of every generation
    #[arg(value_name = "BLOB")]
    pub blobs: Vec<PathBuf>,
    /// List the name of every key that the root reaches: one that is not there is gone
    #[arg(long)]
    pub keys: bool,
}

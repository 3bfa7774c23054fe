//! Arguments about the ledger as a whole.

use std::path::PathBuf;

use clap::Args;

/// Founding.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The first administrator's key file
    #[arg(long, value_name = "FILE", required_unless_present = "generate_keys")]
    pub admin_key: Option<PathBuf>,
    /// The second administrator's key file: another person
    #[arg(long, value_name = "FILE", required_unless_present = "generate_keys")]
    pub second_admin_key: Option<PathBuf>,
    /// Files whose first lines are the passphrases
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The same for the second administrator
    #[arg(long, value_name = "FILE")]
    pub second_passphrase_file: Option<PathBuf>,
    /// Make both administrators' keys in this folder, outside the home
    #[arg(long, value_name = "DIR", conflicts_with_all = ["admin_key", "second_admin_key"])]
    pub generate_keys: Option<PathBuf>,
    /// The administrators' names, kept sealed in the vault
    #[arg(long, value_name = "NAME", num_args = 2)]
    pub names: Vec<String>,
    /// The signed last checkpoint of the ledger that this one continues
    #[arg(long, value_name = "FILE")]
    pub predecessor: Option<PathBuf>,
    /// Witnesses on other machines, for the memory and the trust file: where each is asked and its verifier key
    #[arg(long = "witness", value_name = "URL=KEY")]
    pub witnesses: Vec<String>,
}

/// Completions.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

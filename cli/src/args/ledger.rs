//! Arguments about the ledger as a whole.

use std::path::PathBuf;

use clap::Args;

use super::nats::NewStreamArgs;

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
    /// How the vault's root key is held: in a file, or in one sealed under a passphrase. Both are best effort,
    /// since an old copy may survive
    #[arg(long, value_enum, default_value_t = RootCellArg::File, value_name = "KIND")]
    pub root_cell: RootCellArg,
    /// The signed last checkpoint of the ledger that this one continues, such as one whose end was lost
    #[arg(long = "successor-of", alias = "predecessor", value_name = "CHECKPOINT")]
    pub predecessor: Option<PathBuf>,
    /// Witnesses on other machines, for the memory and the trust file: where each is asked and its verifier key
    #[arg(long = "witness", value_name = "URL=KEY")]
    pub witnesses: Vec<String>,
    /// The stream, with --nats.
    #[command(flatten)]
    pub stream: NewStreamArgs,
}

/// How the vault's root key is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RootCellArg {
    /// A file that its owner alone can read
    File,
    /// A file sealed under a passphrase, which every command then needs: --root-passphrase-file
    Passphrase,
}

/// Completions.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

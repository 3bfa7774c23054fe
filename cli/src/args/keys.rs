//! Arguments about keys and the people who hold them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vandel_core::event::{Revocation, Role};
use vandel_core::id::{ActorId, LedgerId};
use vandel_core::time::Day;

use super::TwoPeopleArgs;

/// Keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key file, and a request to enroll it
    New(KeyNewArgs),
    /// Write a request to enroll a key that you hold
    Request(KeyRequestArgs),
    /// Enroll a key with its roles, or replace the roles of one (two administrators)
    Enroll(KeyEnrollArgs),
    /// Let a key take another's place (two administrators, or its holder and one)
    Rotate(KeyRotateArgs),
    /// End a key (two administrators)
    Revoke(KeyRevokeArgs),
    /// List keys, their holders and their roles
    List(KeyListArgs),
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
    /// For which ledger and person.
    #[command(flatten)]
    pub whose: WhoseArgs,
}

/// A request for a key that is there.
#[derive(Debug, Args)]
pub struct KeyRequestArgs {
    /// The key file
    pub file: PathBuf,
    /// A file whose first line is its passphrase
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// For which ledger and person.
    #[command(flatten)]
    pub whose: WhoseArgs,
}

/// For which ledger and person a key asks to be enrolled.
#[derive(Debug, Args)]
pub struct WhoseArgs {
    /// The ledger [default: that of the home, if there is one]
    #[arg(long, value_name = "ID")]
    pub ledger: Option<LedgerId>,
    /// Your actor id, if you hold a key already [default: a new one]
    #[arg(long, value_name = "ID")]
    pub actor: Option<ActorId>,
}

/// The new key's holder takes part: by a request file, or by the key itself.
#[derive(Debug, Args)]
#[group(required = true, multiple = false, id = "holder")]
pub struct HolderArgs {
    /// The request that its holder wrote with `key new` or `key request`
    #[arg(long, value_name = "FILE", group = "holder")]
    pub request: Option<PathBuf>,
    /// The key file itself, if its holder is present
    #[arg(long, value_name = "FILE", group = "holder")]
    pub new_key: Option<PathBuf>,
}

/// Enrolment.
#[derive(Debug, Args)]
pub struct KeyEnrollArgs {
    /// The new key.
    #[command(flatten)]
    pub holder: HolderArgs,
    /// A file whose first line is the new key's passphrase
    #[arg(long, value_name = "FILE", requires = "new_key")]
    pub new_passphrase_file: Option<PathBuf>,
    /// `new`, an actor id or a name in the directory [default: the request's, else new]
    #[arg(long, value_name = "ACTOR")]
    pub actor: Option<String>,
    /// The person's name, kept sealed in the vault
    #[arg(long)]
    pub name: Option<String>,
    /// ROLE, ROLE:CONTROLLER, ROLE:CONTROLLER/UNIT or ROLE:CONTROLLER/UNIT/ASSIGNMENT; repeat for more
    #[arg(long = "role", value_name = "ROLE[:SCOPE]", required = true, value_parser = parse_role)]
    pub roles: Vec<RoleArg>,
    /// The roles' first day [default: today]
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// The roles' last day
    #[arg(long, value_name = "DAY")]
    pub until: Option<Day>,
    /// After this day the key signs nothing more
    #[arg(long, value_name = "DAY")]
    pub expires: Option<Day>,
    /// Who signs.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
}

/// Rotation.
#[derive(Debug, Args)]
pub struct KeyRotateArgs {
    /// The public key that ends, or its first digits
    pub old: String,
    /// The new key.
    #[command(flatten)]
    pub holder: HolderArgs,
    /// A file whose first line is the new key's passphrase
    #[arg(long, value_name = "FILE", requires = "new_key")]
    pub new_passphrase_file: Option<PathBuf>,
    /// After this day the new key signs nothing more
    #[arg(long, value_name = "DAY")]
    pub expires: Option<Day>,
    /// Who signs.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
}

/// Revocation.
#[derive(Debug, Args)]
pub struct KeyRevokeArgs {
    /// The public key, or its first digits
    pub public_key: String,
    /// Why
    #[arg(long, value_enum)]
    pub reason: RevocationArg,
    /// From this day on, what the key signed is suspect; every audit lists it
    #[arg(long, value_name = "DAY")]
    pub suspect_since: Option<Day>,
    /// Who signs.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
}

/// Which keys.
#[derive(Debug, Args)]
pub struct KeyListArgs {
    /// Ended and expired keys too
    #[arg(long)]
    pub all: bool,
}

/// Why a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RevocationArg {
    /// The person left or changed duties
    DutiesEnded,
    /// The key was lost; nobody else is known to have it
    Lost,
    /// Somebody else has it, or may have it
    Compromised,
}

impl From<RevocationArg> for Revocation {
    fn from(reason: RevocationArg) -> Self {
        match reason {
            RevocationArg::DutiesEnded => Self::DutiesEnded,
            RevocationArg::Lost => Self::Lost,
            RevocationArg::Compromised => Self::Compromised,
        }
    }
}

/// A role and the place where it holds, by names or ids that are still to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArg {
    /// The role.
    pub role: Role,
    /// Controller, unit, assignment: as many as were given.
    pub place: Vec<String>,
}

fn parse_role(text: &str) -> Result<RoleArg, String> {
    let (role, place) = match text.split_once(':') {
        Some((role, place)) => (role, place.split('/').map(|name| name.trim().to_owned()).collect()),
        None => (text, Vec::new()),
    };
    let role = Role::from_name(role).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
        format!("{role:?} is no role; roles are {}", known.join(", "))
    })?;
    if place.len() > 3 || place.iter().any(String::is_empty) {
        return Err("a scope is CONTROLLER, CONTROLLER/UNIT or CONTROLLER/UNIT/ASSIGNMENT".to_owned());
    }
    Ok(RoleArg { role, place })
}

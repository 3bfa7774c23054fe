//! Arguments about policy packs and disposal decisions.

use clap::{Args, Subcommand};
use vandel_core::time::Day;

use super::TwoPeopleArgs;

/// Policy packs. PACK is a shipped pack's name, a file, or `adopted`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Show a pack role by role, with the points that are local choices or not yet verified
    Show(PolicyShowArgs),
    /// Say everything that is wrong with a pack, or missing in it
    Check(PolicyCheckArgs),
    /// Say what changes from one pack to another
    Diff(PolicyDiffArgs),
    /// Put a pack into force (two administrators)
    Adopt(PolicyAdoptArgs),
}

/// Which pack to show.
#[derive(Debug, Args)]
pub struct PolicyShowArgs {
    /// A shipped pack's name, a file, or `adopted` [default: adopted]
    pub pack: Option<String>,
    /// Only this role
    #[arg(long, value_name = "CODE")]
    pub role: Option<String>,
    /// Print the pack's own text
    #[arg(long, conflicts_with_all = ["role", "json"])]
    pub text: bool,
}

/// Which pack to check.
#[derive(Debug, Args)]
pub struct PolicyCheckArgs {
    /// A shipped pack's name, or a file
    pub pack: String,
}

/// Which packs to compare.
#[derive(Debug, Args)]
pub struct PolicyDiffArgs {
    /// The old pack
    pub old: String,
    /// The new pack
    pub new: String,
}

/// Adoption.
#[derive(Debug, Args)]
pub struct PolicyAdoptArgs {
    /// A shipped pack's name, or a file
    pub pack: String,
    /// The first day it applies to
    #[arg(long, value_name = "DAY")]
    pub from: Day,
    /// The office that confirmed it and the reference of its opinion; never a person's name
    #[arg(long, value_name = "TEXT")]
    pub confirmed_by: String,
    /// Who signs.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
}

/// Disposal decisions (gallringsbeslut).
#[derive(Debug, Subcommand)]
pub enum DisposalCommand {
    /// Record a disposal decision (an administrator, and another or the controller's delegate)
    Adopt(Box<DisposalAdoptArgs>),
    /// List the decisions
    List,
}

/// A decision.
#[derive(Debug, Args)]
pub struct DisposalAdoptArgs {
    /// The body that decided
    #[arg(long)]
    pub body: String,
    /// Its number or paragraph in the minutes
    #[arg(long)]
    pub number: String,
    /// The day of the decision
    #[arg(long, value_name = "DAY")]
    pub decided: Day,
    /// A retention class that it covers; repeat for more
    #[arg(long = "class", value_name = "CLASS", required = true)]
    pub classes: Vec<String>,
    /// The first day it may be carried out [default: the day of the decision]
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// The last day
    #[arg(long, value_name = "DAY")]
    pub until: Option<Day>,
    /// Who signs.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
}

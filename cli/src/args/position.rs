//! Arguments about positions.

use clap::{Args, Subcommand};
use vandel_core::time::Day;

use super::{AfarArgs, AuthorArgs};

/// Positions.
#[derive(Debug, Subcommand)]
pub enum PositionCommand {
    /// Assess a position: the need for a check, weighed against the intrusion
    Assess(Box<PositionAssessArgs>),
    /// List the assessed positions
    List,
    /// Show a role's assessments under a board: the need, and what was negotiated first
    Show(PositionShowArgs),
    /// Show what a role's law demands, forbids and keeps, without recording anything
    Simulate(PositionSimulateArgs),
}

/// An assessment.
#[derive(Debug, Args)]
pub struct PositionAssessArgs {
    /// Role codes of the policy, such as SCHOOL
    #[arg(long = "role", required = true, value_name = "CODE")]
    pub roles: Vec<String>,
    /// The board; made if there is none of this name
    #[arg(long, value_name = "NAME")]
    pub board: String,
    /// The unit; made if there is none of this name
    #[arg(long, value_name = "NAME", default_value = "–")]
    pub unit: String,
    /// The position in words
    #[arg(long, default_value = "–")]
    pub title: String,
    /// Why a check is needed
    #[arg(long)]
    pub need: String,
    /// Reference of the negotiation with the unions (MBL)
    #[arg(long, value_name = "REFERENCE")]
    pub union_reference: String,
    /// Reference of the data protection impact assessment (DPIA)
    #[arg(long, value_name = "REFERENCE")]
    pub impact_reference: String,
    /// Last day it may be relied on
    #[arg(long, value_name = "DAY")]
    pub until: Option<Day>,
    /// Who signs: a decider.
    #[command(flatten)]
    pub author: AuthorArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

/// Which assessments.
#[derive(Debug, Args)]
pub struct PositionShowArgs {
    /// The role's code in the policy
    pub role: String,
    /// Only under this board
    #[arg(long, value_name = "NAME")]
    pub board: Option<String>,
}

/// What a role's law says.
#[derive(Debug, Args)]
pub struct PositionSimulateArgs {
    /// The role's code in the policy
    pub role: String,
}

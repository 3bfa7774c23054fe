//! Arguments about holds and restrictions.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vandel_core::event::{HoldGround, RestrictionGround};
use vandel_core::time::Day;

use super::{AfarArgs, StepArgs, TwoPeopleArgs, term};

term!(hold_ground, HoldGround);
term!(restriction_ground, RestrictionGround);

/// Holds and restrictions.
#[derive(Debug, Subcommand)]
pub enum HoldCommand {
    /// Stop erasure: a request for disclosure, a dispute, supervision
    Place(HoldPlaceArgs),
    /// Restrict processing (GDPR art. 18)
    Restrict(HoldRestrictArgs),
    /// Release a hold or a restriction; the controller's delegate approves
    Release(HoldReleaseArgs),
    /// List the holds and restrictions in force
    List(HoldListArgs),
}

/// Which holds, to whom.
#[derive(Debug, Args)]
pub struct HoldListArgs {
    /// Your key file: with it the cases' handles are shown, and a reading is recorded
    #[arg(long, env = "VANDEL_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file whose first line is its passphrase
    #[arg(long, env = "VANDEL_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

/// A hold.
#[derive(Debug, Args)]
pub struct HoldPlaceArgs {
    /// disclosure-request, dispute or supervision
    #[arg(long, value_parser = hold_ground)]
    pub ground: HoldGround,
    /// The day it is looked at again
    #[arg(long, value_name = "DAY")]
    pub review: Day,
    /// Words of explanation, without names
    #[arg(long, default_value = "")]
    pub remark: String,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A restriction.
#[derive(Debug, Args)]
pub struct HoldRestrictArgs {
    /// contested, unlawful, legal-claim or objection
    #[arg(long, value_parser = restriction_ground)]
    pub ground: RestrictionGround,
    /// The day it is looked at again
    #[arg(long, value_name = "DAY")]
    pub review: Day,
    /// Words of explanation, without names
    #[arg(long, default_value = "")]
    pub remark: String,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A release.
#[derive(Debug, Args)]
pub struct HoldReleaseArgs {
    /// The case's handle
    pub handle: String,
    /// The number in the case of the step that placed it [default: the only one in force]
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<u32>,
    /// The day [default: today]
    #[arg(long, value_name = "DAY")]
    pub day: Option<Day>,
    /// Who signs, and who approves.
    #[command(flatten)]
    pub people: TwoPeopleArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

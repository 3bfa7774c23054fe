//! `vandel demo`.

use clap::Args;

/// A story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Story {
    /// Two lively years of an invented municipality.
    Years,
    /// The whole way of an erasure.
    Erasure,
}

/// A demonstration.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// How many cases; from 36 on, everything is shown
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub cases: u32,
    /// What happens follows from it; keys, salts and ids are random, as in life
    #[arg(long, default_value_t = 7, value_name = "S")]
    pub seed: u64,
    /// Which story: two lively years, or one case from its opening to the completed erasure, command by command
    #[arg(long, value_enum, default_value_t = Story::Years, value_name = "STORY")]
    pub story: Story,
    /// Leave the tampered copy of the log where it is
    #[arg(long)]
    pub keep: bool,
}

//! What each event says. The JSON Schemas in `schemas/feed/` are made from these types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scope;
use super::cloud_event::FeedEvent;

/// The service is there. It comes at set times, so that silence shows as such: who has heard none for three
/// intervals shows what it has as stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// When the next is to be expected, in seconds.
    pub interval_seconds: u32,
    /// How the projector stands.
    pub state: State,
    /// Why it has halted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halted: Option<Halt>,
    /// Records folded.
    pub position: u64,
    /// Records settled and not folded yet.
    pub lag: u64,
    /// The newest signed checkpoint (C2SP signed note): whoever has the trust file can check it.
    pub checkpoint: String,
    /// Requests that wait at the sequencer, if it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<u64>,
}

/// How the projector stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It reads what came before.
    CatchingUp,
    /// It is where the ledger is.
    Following,
    /// It has stopped and needs a person; figures are as old as this event.
    Halted,
}

/// Why a projector has halted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// A stable name, as in the command line's errors.
    pub code: String,
    /// The record it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// In words, for a person who looks after it.
    pub message: String,
}

/// How many routine steps were recorded in a week that has ended, by role. Published once for each week.
///
/// Figures are rounded down to multiples of five, and one under five is not listed; steps that only some
/// cases have (rejection, assessment, hearing, decision, withdrawal, hold …) and readings are not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// The week's first second (Monday, UTC).
    pub from: String,
    /// The first second after it.
    pub until: String,
    /// Figures are rounded down to multiples of this.
    pub step: u64,
    /// By role, then by kind of step: at least so many.
    pub roles: BTreeMap<String, BTreeMap<String, u64>>,
}

/// What the retention calendar says, computed once a day and at the service's start. Figures are rounded up
/// to multiples of five: 0 means none, 5 means one to five.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The day it holds for.
    pub as_of: String,
    /// Compartments that should have been erased: at most so many.
    pub overdue_at_most: u64,
    /// Compartments that are due within `days`: at most so many.
    pub due_soon_at_most: u64,
    /// How far ahead `due_soon_at_most` looks.
    pub days: u16,
    /// Figures are rounded up to multiples of this.
    pub step: u64,
}

/// How erasures stand. Their starts and ends are public acts on the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasures {
    /// Announced, and not yet carried out.
    pub under_way: u64,
    /// Carried out in all live places; older backups may remain.
    pub executed: u64,
    /// The older backups are gone too.
    pub completed: u64,
}

/// What the last verification found, as its own report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// `passed`, `failed` or `not_proven`.
    pub verdict: String,
    /// What the verdict rests on: `none`, `operator`, `witnessed` or `remembered`.
    pub anchor: String,
    /// How many records were looked at.
    pub records: u64,
    /// When the report was written.
    pub ended: String,
}

/// A public act came: a key, a policy, a disposal decision, an erasure's start or end. Such acts stand readable
/// on the chain. The last one is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Its record's number.
    pub record: u64,
    /// What was done, such as `policy_adopted`.
    pub kind: String,
}

/// A sealed record came. What it says is learnt by reading the case, which is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Its number.
    pub record: u64,
}

macro_rules! events {
    ($($name:ident: $scope:ident $text:literal,)*) => {
        $(impl FeedEvent for $name {
            const NAME: &'static str = $text;
            const SCOPE: Scope = Scope::$scope;
        })*

        /// The names of all events, with their scopes.
        pub const ALL: &[(Scope, &str)] = &[$((Scope::$scope, $text),)*];
    };
}

events! {
    Heartbeat: Operational "heartbeat",
    Activity: Operational "activity",
    Retention: Operational "retention",
    Erasures: Operational "erasures",
    Verification: Operational "verification",
    Act: Operational "act",
    Recorded: Case "recorded",
}

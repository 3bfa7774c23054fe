//! The feed: what dashboards are told, as CloudEvents 1.0 in structured JSON.
//!
//! Two scopes, for two kinds of eyes. The *operational* feed tells figures about the whole ledger: nothing
//! in it follows a single step, and figures that follow from cases are coarse and come at set times
//! (docs/decisions, "The feed tells figures that cannot be counted back"). The *case* feed tells that a sealed record
//! came, its number, time and hash; what it says is learnt by a logged reading. It is not stored.
//!
//! | modules | hold |
//! |---|---|
//! | [`cloud_event`] | the envelope |
//! | [`event`] | what each event says |
//! | [`activity`], [`calendar`] | figures that follow from cases, made coarse |
//! | [`outlet`] | the port to whoever carries events, and NATS behind it |
//! | [`service`] | the service: follows the log, folds, publishes |

pub mod activity;
pub mod calendar;
pub mod cloud_event;
pub mod event;
pub mod outlet;
pub mod service;

use vandel_core::id::LedgerId;
use vandel_ledger::log::jetstream::short;

/// The stream that keeps the last value of each operational subject.
pub const STREAM: &str = "VANDEL_FEED";

/// What that stream listens to.
pub const STREAM_SUBJECT: &str = "vandel.*.feed.ops.>";

/// A scope of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Figures about the whole ledger; the last value of each is kept.
    Operational,
    /// That a sealed record came. Not stored.
    Case,
}

impl Scope {
    /// Its name in subjects and event types.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operational => "ops",
            Self::Case => "case",
        }
    }
}

/// The subject of a kind of event.
#[must_use]
pub fn subject(ledger: &LedgerId, scope: Scope, name: &str) -> String {
    format!("vandel.{}.feed.{}.{name}", short(ledger), scope.name())
}

//! What a running service shows of itself: metrics for Prometheus, health, and words to systemd.
//!
//! Opt-in (`--metrics ADDR`), and never about a case or a person: there is no label whose values grow with
//! the ledger's content.
//!
//! ```text
//! GET /metrics   OpenMetrics text
//! GET /healthz   200 while it works; 503 once it has halted and needs a person
//! GET /readyz    200 when it can be used; 503 with the reason until then
//! ```

mod endpoint;
mod health;
pub mod metrics;
mod stop;
pub mod systemd;

pub use endpoint::Endpoint;
pub use health::Health;
pub use metrics::{Metrics, ProjectorMetrics, SequencerMetrics};
pub use stop::Stop;

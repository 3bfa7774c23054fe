//! The metrics, by who sets them. A process shows only those that it sets: a gauge that nobody sets would
//! read as zero, and zero lag or zero overdue is an answer.
//!
//! No label names a case, a person, a board or a kind of step. Figures that follow from cases are rounded
//! up to [`STEP`], so that watching them change tells of no single case (see [`rounded_up`]).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Figures that follow from cases are shown in multiples of this.
pub const STEP: u64 = 5;

/// A figure that follows from cases, as it may be shown while it changes: the next multiple of [`STEP`];
/// 0 only for none.
#[must_use]
pub const fn rounded_up(figure: u64) -> u64 {
    figure.div_ceil(STEP) * STEP
}

/// All metrics of a process.
#[derive(Debug)]
pub struct Metrics(Mutex<Registry>);

/// What the sequencer's process sets.
#[derive(Clone, Debug)]
pub struct SequencerMetrics {
    /// Records in the ledger.
    pub records: Gauge,
    /// Statements that wait to be committed.
    pub queue: Gauge,
    /// Whether this instance is the one that writes: 1, or 0 for a standby.
    pub active: Gauge,
    /// Whether it has halted: 1 needs a person.
    pub halted: Gauge,
    /// Witnesses of the memory.
    pub witnesses: Gauge,
    /// Witnesses that did not count for the newest checkpoint.
    pub witness_troubles: Gauge,
    /// Cosignatures on the newest checkpoint.
    pub cosignatures: Gauge,
    /// Seconds from taking a statement to its receipt.
    pub append_seconds: Histogram,
    /// The newest checkpoint.
    pub checkpoint: Age,
    appended: Counter,
    refused: Counter,
    turned_away: Counter,
}

/// What the projector's process sets.
#[derive(Clone, Debug)]
pub struct ProjectorMetrics {
    /// Records folded.
    pub position: Gauge,
    /// Records that are settled and not folded yet.
    pub lag: Gauge,
    /// Whether it has halted: 1 needs a person.
    pub halted: Gauge,
    /// Troubles that passed: a connection lost, a log that could not be read for a while.
    pub errors: Counter,
    /// Events published, by scope of the feed.
    pub published: Family<Scope, Counter>,
    /// The newest checkpoint that it has seen.
    pub checkpoint: Age,
    overdue: Figure,
    due_soon: Figure,
    verified: Figure,
    verified_at: Figure,
}

/// A scope of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Scope {
    /// `ops` or `case`.
    pub scope: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// A moment whose age is computed when somebody asks.
#[derive(Clone, Debug)]
pub struct Age(Figure);

/// A figure that is not shown before it is known: unset, a gauge would read as zero, and that is an answer.
#[derive(Clone, Debug)]
struct Figure(Arc<Known>);

#[derive(Debug)]
struct Known {
    name: &'static str,
    help: &'static str,
    is_moment: bool,
    /// [`UNKNOWN`] until it is set.
    value: AtomicU64,
}

const UNKNOWN: u64 = u64::MAX;

impl Metrics {
    /// Metrics of a process, with nothing but the version yet.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("vandel");
        registry.register(
            "build",
            "The running version",
            Info::new(Build { version: env!("CARGO_PKG_VERSION") }),
        );
        Self(Mutex::new(registry))
    }

    /// Adds what a sequencer sets.
    #[must_use]
    pub fn sequencer(&self) -> SequencerMetrics {
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        SequencerMetrics::register(&mut registry)
    }

    /// Adds what a projector sets.
    #[must_use]
    pub fn projector(&self) -> ProjectorMetrics {
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ProjectorMetrics::register(&mut registry)
    }

    /// All of them as OpenMetrics text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &self.0.lock().unwrap_or_else(PoisonError::into_inner));
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

impl SequencerMetrics {
    fn register(registry: &mut Registry) -> Self {
        let append_seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let help = "From taking a statement to its receipt";
        registry.register_with_unit("append_duration", help, Unit::Seconds, append_seconds.clone());
        Self {
            records: gauge(registry, "records", "Records in the ledger"),
            queue: gauge(registry, "queue_statements", "Statements taken and not yet answered"),
            active: gauge(registry, "sequencer_active", "1 if this instance writes, 0 if it stands by"),
            halted: gauge(registry, "sequencer_halted", "1 if it has halted and needs a person"),
            witnesses: gauge(registry, "witnesses", "Witnesses that the memory consists of"),
            witness_troubles: gauge(
                registry,
                "witness_troubles",
                "Witnesses that did not count for the newest checkpoint",
            ),
            cosignatures: gauge(registry, "witness_cosignatures", "Cosignatures on the newest checkpoint"),
            append_seconds,
            checkpoint: Age::register(registry, "checkpoint_age", "Since the newest checkpoint was signed"),
            appended: counter(registry, "events_appended", "Statements answered with a receipt"),
            refused: counter(registry, "statements_refused", "Statements refused by a rule"),
            turned_away: counter(
                registry,
                "statements_turned_away",
                "Statements turned away: too much waited",
            ),
        }
    }

    /// Takes the totals since the start, as the desk counts them.
    pub fn totals(&self, appended: u64, refused: u64, turned_away: u64) {
        self.appended.inner().store(appended, Ordering::Relaxed);
        self.refused.inner().store(refused, Ordering::Relaxed);
        self.turned_away.inner().store(turned_away, Ordering::Relaxed);
    }
}

impl ProjectorMetrics {
    fn register(registry: &mut Registry) -> Self {
        let published = Family::default();
        registry.register("feed_events_published", "Events published, by scope", published.clone());
        Self {
            position: gauge(registry, "projector_position_records", "Records folded"),
            lag: gauge(registry, "projector_lag_events", "Records settled and not folded yet"),
            halted: gauge(registry, "projector_halted", "1 if it has halted and needs a person"),
            errors: counter(registry, "projector_errors", "Troubles that passed"),
            published,
            checkpoint: Age::register(registry, "checkpoint_age", "Since the newest checkpoint was seen"),
            overdue: Figure::register(
                registry,
                "retention_overdue_cases",
                "Compartments that should have been erased, rounded up to a multiple of 5",
            ),
            due_soon: Figure::register(
                registry,
                "retention_due_soon_cases",
                "Compartments due within 30 days, rounded up to a multiple of 5",
            ),
            verified: Figure::register(
                registry,
                "verify_last_result",
                "1 if the last verification known found nothing, else 0",
            ),
            verified_at: Figure::register(
                registry,
                "verify_last_success_timestamp_seconds",
                "When the last verification that found nothing ended",
            ),
        }
    }

    /// Sets what the retention calendar of the day says, rounded up.
    pub fn retention(&self, overdue: u64, due_soon: u64) {
        for (gauge, figure) in [(&self.overdue, overdue), (&self.due_soon, due_soon)] {
            gauge.set(rounded_up(figure));
        }
    }

    /// Sets what the last verification found, and when it ended, in seconds since 1970.
    pub fn verification(&self, found_nothing: bool, at: u64) {
        self.verified.set(found_nothing.into());
        if found_nothing {
            self.verified_at.set(at);
        }
    }
}

impl Age {
    fn register(registry: &mut Registry, name: &'static str, help: &'static str) -> Self {
        Self(Figure::new(registry, name, help, true))
    }

    /// It happened now.
    pub fn is_now(&self) {
        self.0.set(now());
    }
}

impl Figure {
    fn register(registry: &mut Registry, name: &'static str, help: &'static str) -> Self {
        Self::new(registry, name, help, false)
    }

    fn new(registry: &mut Registry, name: &'static str, help: &'static str, is_moment: bool) -> Self {
        let known = Arc::new(Known { name, help, is_moment, value: AtomicU64::new(UNKNOWN) });
        registry.register_collector(Box::new(known.clone()));
        Self(known)
    }

    fn set(&self, value: u64) {
        self.0.value.store(value, Ordering::Relaxed);
    }
}

impl Collector for Known {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let value = match self.value.load(Ordering::Relaxed) {
            UNKNOWN => return Ok(()),
            since if self.is_moment => now().saturating_sub(since),
            value => value,
        };
        let gauge = ConstGauge::<i64>::new(i64::try_from(value).unwrap_or(i64::MAX));
        let unit = self.is_moment.then_some(&Unit::Seconds);
        gauge.encode(encoder.encode_descriptor(self.name, self.help, unit, gauge.metric_type())?)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_follow_from_cases_are_rounded_up() {
        for (figure, shown) in [(0, 0), (1, 5), (4, 5), (5, 5), (6, 10), (11, 15)] {
            assert_eq!(rounded_up(figure), shown);
        }
    }

    #[test]
    fn a_process_shows_what_it_sets_and_nothing_else() {
        let metrics = Metrics::new();
        let sequencer = metrics.sequencer();
        sequencer.totals(3, 2, 1);
        sequencer.queue.set(7);
        let text = metrics.text();
        for line in [
            "vandel_events_appended_total 3",
            "vandel_statements_refused_total 2",
            "vandel_statements_turned_away_total 1",
            "vandel_queue_statements 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
        }
        assert!(!text.contains("projector") && !text.contains("retention"), "{text}");
        assert!(!text.contains("checkpoint_age_seconds "), "an age before anything happened:\n{text}");
        sequencer.checkpoint.is_now();
        assert!(metrics.text().contains("vandel_checkpoint_age_seconds 0"), "{}", metrics.text());
    }

    #[test]
    fn a_projector_rounds_and_counts_by_scope() {
        let metrics = Metrics::new();
        let projector = metrics.projector();
        let unknown = metrics.text();
        assert!(
            !unknown.contains("vandel_retention_overdue_cases") && !unknown.contains("verify_last"),
            "{unknown}"
        );
        projector.retention(1, 12);
        projector.published.get_or_create(&Scope { scope: "ops" }).inc();
        projector.verification(true, 1_000);
        projector.verification(false, 2_000);
        let text = metrics.text();
        for line in [
            "vandel_retention_overdue_cases 5",
            "vandel_retention_due_soon_cases 15",
            "vandel_feed_events_published_total{scope=\"ops\"} 1",
            "vandel_verify_last_result 0",
            "vandel_verify_last_success_timestamp_seconds 1000",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn alerts_speak_of_metrics_that_exist() {
        let metrics = Metrics::new();
        let (sequencer, projector) = (metrics.sequencer(), metrics.projector());
        sequencer.totals(1, 1, 1);
        projector.retention(1, 1);
        projector.verification(true, 1);
        let text = metrics.text();
        let rules = include_str!("../../../deploy/prometheus/vandel.rules.yml");
        let mut named = 0;
        for word in rules
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with("vandel_"))
        {
            assert!(
                text.lines().any(|line| line.starts_with(&format!("{word} "))),
                "no metric is called {word}:\n{text}"
            );
            named += 1;
        }
        assert!(named >= 8, "the alerts name {named} metrics");
    }
}

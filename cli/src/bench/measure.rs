//! Ours beside the bare limit: alternating rounds, medians, spread and the ratio.
//!
//! Machines are noisy and differ; what both do in the same minute on the same machine, divided, holds.

use serde::Serialize;

/// One quantity over all rounds.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<f64>);

/// What is told of a series.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Series {
    /// Takes one round's value.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// How many rounds.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.0.len()
    }

    /// Median and extremes; zeros if there was no round.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
        let (lower, upper) = (at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2));
        Spread { median: f64::midpoint(lower, upper), low: at(0), high: at(sorted.len().saturating_sub(1)) }
    }

    /// Round by round: this over that.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect())
    }
}

/// Something bare, and how fast it goes.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What it is.
    pub name: &'static str,
    /// How fast, round by round.
    pub series: Series,
}

/// Whether more is better, as of events a second, or less, as of microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Throughput.
    More,
    /// Delay.
    Less,
}

/// One row of a bench.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was measured.
    pub name: &'static str,
    /// The unit of all its numbers.
    pub unit: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// Ours.
    pub ours: Series,
    /// The limits beside it.
    pub limits: Vec<Limit>,
    /// The ratio that the design asks for.
    pub reach: Option<f64>,
    /// The same events without blocks, one after the other: not a limit, but what blocks are for.
    pub single: Option<Limit>,
}

/// A row as JSON: medians as numbers, and the spread of each beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `bench`.
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    unit: &'static str,
    rounds: usize,
    /// Ours: the median.
    pub ours: f64,
    ours_spread: Spread,
    /// The limit that binds: the slowest of `limits`, its median.
    pub limit: Option<f64>,
    limit_name: Option<&'static str>,
    limits: Vec<LimitRow>,
    /// Ours over the limit that binds, round by round: the median.
    pub ratio: Option<f64>,
    ratio_spread: Option<Spread>,
    reach: Option<f64>,
    reached: Option<bool>,
    /// What ours is to be in the unit of the row, where the design gives a figure and no ratio.
    aim: Option<f64>,
    aim_reached: Option<bool>,
    single: Option<LimitRow>,
    /// Ours over the same events one by one.
    pub ratio_single: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
struct LimitRow {
    name: &'static str,
    #[serde(flatten)]
    spread: Spread,
}

impl Comparison {
    /// The limit that binds: the slowest.
    fn binding(&self) -> Option<&Limit> {
        let median = |limit: &&Limit| limit.series.spread().median;
        let by = |a: &&Limit, b: &&Limit| median(a).total_cmp(&median(b));
        match self.better {
            Better::More => self.limits.iter().min_by(by),
            Better::Less => self.limits.iter().max_by(by),
        }
    }

    /// The row.
    #[must_use]
    pub fn row(&self) -> Row {
        let tell = |limit: &Limit| LimitRow { name: limit.name, spread: limit.series.spread() };
        let over = |limit: &Limit| self.ours.over(&limit.series).spread();
        let ratio = self.binding().map(over);
        let reached = ratio.zip(self.reach).map(|(ratio, reach)| match self.better {
            Better::More => ratio.median >= reach,
            Better::Less => ratio.median <= reach,
        });
        Row {
            kind: "bench",
            name: self.name,
            unit: self.unit,
            rounds: self.ours.rounds(),
            ours: self.ours.spread().median,
            ours_spread: self.ours.spread(),
            limit: self.binding().map(|limit| limit.series.spread().median),
            limit_name: self.binding().map(|limit| limit.name),
            limits: self.limits.iter().map(tell).collect(),
            ratio: ratio.map(|ratio| ratio.median),
            ratio_spread: ratio,
            reach: self.reach,
            reached,
            aim: None,
            aim_reached: None,
            single: self.single.as_ref().map(tell),
            ratio_single: self.single.as_ref().map(|single| over(single).median),
        }
    }
}

/// A row's figures, for who wants nothing else.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figures {
    ours: f64,
    limit: Option<f64>,
    ratio: Option<f64>,
    ratio_single: Option<f64>,
}

impl Row {
    /// The medians, and the ratios.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let Self { ours, limit, ratio, ratio_single, .. } = *self;
        Figures { ours, limit, ratio, ratio_single }
    }

    /// Judges ours by a figure in the unit of the row.
    #[must_use]
    pub fn aiming_at(mut self, aim: f64, better: Better) -> Self {
        self.aim = Some(aim);
        self.aim_reached = Some(match better {
            Better::More => self.ours >= aim,
            Better::Less => self.ours <= aim,
        });
        self
    }

    /// The row for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{:<22} {} ({} rounds)\n", self.name, self.unit, self.rounds);
        text += &format!("  {:<48} {}\n", "ours", numbers(&self.ours_spread));
        for limit in self.limits.iter().chain(&self.single) {
            text += &format!("  {:<48} {}\n", limit.name, numbers(&limit.spread));
        }
        if let (Some(ratio), Some(limit)) = (&self.ratio_spread, self.limit_name) {
            text += &format!("  {:<48} {}, to: {limit}", "ratio", numbers(ratio));
            if let (Some(reach), Some(reached)) = (self.reach, self.reached) {
                text += &format!("; aim {reach}: {}", if reached { "reached" } else { "not reached" });
            }
        }
        if let (Some(aim), Some(reached)) = (self.aim, self.aim_reached) {
            text += &format!("\n  {:<48} {aim}: {}", "aim", if reached { "reached" } else { "not reached" });
        }
        if let Some(single) = self.ratio_single {
            text += &format!("\n  {:<48} {single:.2}", "ratio to single events");
        }
        text.trim_end().to_owned()
    }
}

fn numbers(spread: &Spread) -> String {
    let digits = usize::from(spread.median < 100.0) * 2;
    format!("{:.digits$}  ({:.digits$} to {:.digits$})", spread.median, spread.low, spread.high)
}

/// What a figure can't be read without.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    #[serde(rename = "type")]
    kind: &'static str,
    cores: usize,
    processor: String,
    build: &'static str,
    curve_backend: &'static str,
    sync: &'static str,
    version: &'static str,
}

impl Machine {
    /// This machine and this build.
    #[must_use]
    pub fn here() -> Self {
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            kind: "machine",
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned()),
            build: if cfg!(debug_assertions) { "debug: figures mean nothing" } else { "release" },
            curve_backend: if cfg!(curve25519_dalek_backend = "avx512") {
                "avx512 where the processor has it"
            } else {
                "avx2 where the processor has it"
            },
            sync: "fdatasync for each block, vault frame and remembered checkpoint",
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{} cores, {}; {} build, curve arithmetic {}; {}",
            self.cores, self.processor, self.build, self.curve_backend, self.sync
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series(values.to_vec())
    }

    #[test]
    fn the_slowest_limit_binds_and_the_ratio_is_taken_round_by_round() {
        let limits = vec![
            Limit { name: "fast", series: series(&[100.0, 200.0, 300.0]) },
            Limit { name: "slow", series: series(&[50.0, 80.0, 60.0]) },
        ];
        let mut compared = Comparison {
            name: "x",
            unit: "events/s",
            better: Better::More,
            ours: series(&[25.0, 80.0, 30.0]),
            limits,
            reach: Some(0.5),
            single: Some(Limit { name: "single", series: series(&[5.0, 10.0, 10.0]) }),
        };
        let row = compared.row();
        assert_eq!((row.limit_name, row.ratio, row.ratio_single), (Some("slow"), Some(0.5), Some(5.0)));
        assert_eq!(row.ratio_spread.map(|ratio| (ratio.low, ratio.high)), Some((0.5, 1.0)));
        assert_eq!(row.reached, Some(true));
        compared.better = Better::Less;
        let row = compared.row();
        assert_eq!(row.limit_name, Some("fast"));
        assert_eq!(row.reached, Some(true));
    }

    #[test]
    fn a_median_of_an_even_number_lies_between() {
        let spread = series(&[4.0, 1.0, 3.0, 2.0]).spread();
        assert_eq!((spread.low, spread.median, spread.high), (1.0, 2.5, 4.0));
    }
}

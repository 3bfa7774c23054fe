//! How often a log may ask: a bucket that fills with time and that each request takes one from.

use std::time::Instant;

/// How many requests a log may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In each second, on average.
    pub per_second: u32,
    /// At once, after a quiet time.
    pub burst: u32,
}

impl Default for Rate {
    /// More than a sequencer under load makes, and little enough for a small machine's disk.
    fn default() -> Self {
        Self { per_second: 100, burst: 500 }
    }
}

/// One log's bucket.
pub(super) struct Bucket {
    rate: Rate,
    left: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn full(rate: Rate) -> Self {
        Self { rate, left: f64::from(rate.burst), at: Instant::now() }
    }

    /// Takes one, or says after how many seconds there will be one.
    pub(super) fn take(&mut self) -> Result<(), u64> {
        let now = Instant::now();
        let gained = now.duration_since(self.at).as_secs_f64() * f64::from(self.rate.per_second);
        self.left = (self.left + gained).min(f64::from(self.rate.burst));
        self.at = now;
        if self.left < 1.0 {
            return Err(1);
        }
        self.left -= 1.0;
        Ok(())
    }
}

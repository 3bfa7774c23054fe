//! How many inquiries an author makes: a bucket for each, filled at a steady rate.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vandel_core::id::PublicKey;

/// How many seconds' worth an author may ask in one go.
const BURST: f64 = 5.0;

struct Bucket {
    left: f64,
    at: Instant,
}

/// The buckets of all authors. Only keys that are enrolled get one, so their number is bounded.
pub(super) struct Rates {
    per_second: f64,
    buckets: Mutex<HashMap<PublicKey, Bucket>>,
}

impl Rates {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second.max(1)), buckets: Mutex::default() }
    }

    /// Takes one inquiry out of an author's bucket.
    ///
    /// # Errors
    /// When it is worth trying again.
    pub(super) fn take(&self, author: PublicKey, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = BURST * self.per_second;
        let bucket = buckets.entry(author).or_insert(Bucket { left: full, at: now });
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * self.per_second).min(full);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / self.per_second));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_then_the_steady_rate_and_nobody_pays_for_another() {
        let rates = Rates::new(10);
        let (one, other, start) = (PublicKey([1; 32]), PublicKey([2; 32]), Instant::now());
        assert_eq!((0..60).filter(|_| rates.take(one, start).is_ok()).count(), 50);
        assert_eq!(rates.take(one, start), Err(Duration::from_millis(100)));
        assert_eq!(rates.take(other, start), Ok(()));
        let later = start + Duration::from_secs(1);
        assert_eq!((0..60).filter(|_| rates.take(one, later).is_ok()).count(), 10);
    }
}

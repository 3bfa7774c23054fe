//! The clock as a port: only adapters own one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use vandel_core::time::Second;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The second it is.
    fn now(&self) -> Second;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Second {
        // A clock before 1970 is as good as none; records then carry the last record's second.
        Second(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

/// A clock that is set by hand: for demonstrations that span years, and for tests.
#[derive(Clone, Debug, Default)]
pub struct SettableClock(Arc<AtomicU64>);

impl SettableClock {
    /// A clock that stands at `second`.
    #[must_use]
    pub fn at(second: Second) -> Self {
        Self(Arc::new(AtomicU64::new(second.0)))
    }

    /// Sets it.
    pub fn set(&self, second: Second) {
        self.0.store(second.0, Ordering::SeqCst);
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Second {
        Second(self.0.load(Ordering::SeqCst))
    }
}

//! Being told to stop: SIGTERM and SIGINT, noticed between two pieces of work.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

/// Whether it is time to stop. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Stops at the first SIGTERM or SIGINT. A second one ends the process at once.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut terminate, mut interrupt) = {
            let _entered = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        let told = stop.clone();
        std::thread::Builder::new().name("vandel-signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                for told_before in [false, true] {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    if told_before {
                        std::process::exit(130);
                    }
                    told.now();
                }
            });
        })?;
        Ok(stop)
    }

    /// Says that it is time.
    pub fn now(&self) {
        let (told, changed) = &*self.0;
        *told.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Waits so long, or until it is time to stop. True if it is.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let (told, changed) = &*self.0;
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(told, at_most, |told| !*told);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_when_it_is_time() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::from_millis(1)));
        let other = stop.clone();
        let thread = std::thread::spawn(move || other.wait(Duration::from_secs(60)));
        stop.now();
        assert!(thread.join().expect("joined") && stop.wait(Duration::ZERO));
    }
}

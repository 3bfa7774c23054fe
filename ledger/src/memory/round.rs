//! One round of asking all witnesses: whom to ask, how often, and when to stop waiting.

use std::time::{Duration, Instant};

use super::quorum::Patience;

/// How long after an answer that was none a witness is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// A round of asking.
pub(super) struct Round {
    began: Instant,
    patience: Patience,
    /// When each was asked last.
    pub(super) asked: Vec<Option<Instant>>,
    /// Whose answer is under way.
    pub(super) is_waiting: Vec<bool>,
    /// Who needs not be asked again.
    pub(super) is_done: Vec<bool>,
    /// When there was a majority.
    pub(super) majority_at: Option<Instant>,
}

impl Round {
    pub(super) fn new(witnesses: usize, patience: &Patience) -> Self {
        Self {
            began: Instant::now(),
            patience: *patience,
            asked: vec![None; witnesses],
            is_waiting: vec![false; witnesses],
            is_done: vec![false; witnesses],
            majority_at: None,
        }
    }

    pub(super) fn note_majority(&mut self, is_there: bool) {
        if is_there && self.majority_at.is_none() {
            self.majority_at = Some(Instant::now());
        }
    }

    /// Whether this one should be asked now. With a majority, nobody is asked a second time.
    pub(super) fn is_due(&self, index: usize, now: Instant) -> bool {
        let is_time = match self.asked[index] {
            None => true,
            Some(asked) => self.majority_at.is_none() && now.duration_since(asked) >= AGAIN,
        };
        is_time && !self.is_waiting[index] && !self.is_done[index]
    }

    /// Asks this one again without waiting.
    pub(super) fn ask_again(&mut self, index: usize) {
        self.asked[index] = None;
    }

    /// How long to wait for the next answer; none if the round is over.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let end = match self.majority_at {
            // Only those that were asked can still answer.
            Some(_) if !self.is_waiting.contains(&true) => return None,
            Some(at) => at + self.patience.rest,
            None if self.is_done.iter().all(|done| *done) => return None,
            None => self.began + self.patience.majority,
        };
        let left = end.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(left.min(AGAIN))
    }
}

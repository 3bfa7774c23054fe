//! Whether a service can be used, and whether it needs a person.

use std::sync::{Arc, Mutex, PoisonError};

/// How a service stands. Clones share it.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Clone, Debug)]
enum State {
    NotReady(String),
    Ready,
    Halted(String),
}

impl Health {
    /// Not ready yet, and why. Reasons name no case and no person.
    #[must_use]
    pub fn not_ready(why: &str) -> Self {
        Self(Arc::new(Mutex::new(State::NotReady(why.to_owned()))))
    }

    /// It can be used.
    pub fn is_ready(&self) {
        self.set(State::Ready);
    }

    /// It can't be used at the moment.
    pub fn is_not_ready(&self, why: &str) {
        self.set(State::NotReady(why.to_owned()));
    }

    /// It has stopped and needs a person. Nothing but a new start ends this.
    pub fn has_halted(&self, why: &str) {
        self.set(State::Halted(why.to_owned()));
    }

    /// For `/healthz`.
    ///
    /// # Errors
    /// The reason, if it has halted.
    pub fn live(&self) -> Result<(), String> {
        match self.get() {
            State::Halted(why) => Err(why),
            State::Ready | State::NotReady(_) => Ok(()),
        }
    }

    /// For `/readyz`.
    ///
    /// # Errors
    /// The reason, if it can't be used.
    pub fn ready(&self) -> Result<(), String> {
        match self.get() {
            State::Ready => Ok(()),
            State::NotReady(why) | State::Halted(why) => Err(why),
        }
    }

    fn get(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*held, State::Halted(_)) {
            *held = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_is_final() {
        let health = Health::not_ready("starting");
        assert_eq!((health.live(), health.ready()), (Ok(()), Err("starting".to_owned())));
        health.is_ready();
        assert_eq!((health.live(), health.ready()), (Ok(()), Ok(())));
        health.has_halted("a gap");
        health.is_ready();
        assert_eq!((health.live(), health.ready()), (Err("a gap".to_owned()), Err("a gap".to_owned())));
    }
}

//! What is told of one record.

use vandel_core::id::LedgerId;

use crate::feed::cloud_event::{Basis, CloudEvent};
use crate::feed::event::{Act, Recorded};
use crate::following::Judged;

/// What is told of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordEvent {
    /// That it came.
    Sealed(CloudEvent<Recorded>),
    /// Which public act it is.
    Open(CloudEvent<Act>),
}

impl Judged {
    /// What is told of this record.
    #[must_use]
    pub fn event(&self, ledger: &LedgerId) -> RecordEvent {
        let (record, basis) = (self.record, Basis { time: self.time, hash: self.hash });
        match &self.open {
            None => {
                RecordEvent::Sealed(CloudEvent::new(ledger, record, self.time, basis, Recorded { record }))
            }
            Some(event) => {
                let act = Act { record, kind: event.kind().name().to_owned() };
                RecordEvent::Open(CloudEvent::new(ledger, record, self.time, basis, act))
            }
        }
    }
}

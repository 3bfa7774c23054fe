//! The intake keys of an instance: one that is announced, and those before it for as long as they were.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use vandel_core::time::Second;

use super::{ServiceFailure, Shared};
use crate::desk::DeskError;
use crate::sequencer::Sequencer;
use crate::wire::body::ConsistentCheckpoint;
use crate::wire::intake::{KeyAnswer, SKEW, SignedAnnouncement};
use crate::wire::sealed::IntakeSecret;
use crate::wire::{Trouble, WIRE_VERSION};

/// How often it is looked whether the key is due for renewal.
const LOOK_EVERY: Duration = Duration::from_secs(20);

struct Key {
    secret: Arc<IntakeSecret>,
    announcement: SignedAnnouncement,
    from: Second,
    seconds: u64,
}

/// The keys, newest last.
pub(super) struct Keys {
    seconds: u64,
    /// The records that show whose keys they are.
    records: Vec<(u64, Vec<u8>)>,
    keys: Mutex<Vec<Key>>,
}

impl Keys {
    pub(super) fn new(sequencer: &Sequencer, seconds: u64) -> Result<Self, ServiceFailure> {
        let records = sequencer.service_records()?;
        let keys = Mutex::new(vec![Key::announce(sequencer, seconds)?]);
        Ok(Self { seconds, records, keys })
    }

    fn keys(&self) -> MutexGuard<'_, Vec<Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret that a request names.
    pub(super) fn secret(&self, id: [u8; 8]) -> Result<Arc<IntakeSecret>, Trouble> {
        let keys = self.keys();
        let key = keys.iter().find(|key| key.secret.public().id() == id);
        key.map(|key| Arc::clone(&key.secret)).ok_or(Trouble::UnknownKey)
    }

    /// The announced key, with its evidence as of now.
    pub(super) fn answer(&self, sequencer: &mut Sequencer, seen: u64) -> Result<KeyAnswer, Trouble> {
        let numbers: Vec<u64> = self.records.iter().map(|(number, _)| *number).collect();
        let paths = sequencer.audit_paths(&numbers).map_err(|_| Trouble::Closing)?;
        // Whoever has seen a checkpoint that this ledger never had gets no proof, and refuses the key.
        let extends = sequencer.extension(seen).map_err(|_| Trouble::Closing)?.unwrap_or_default();
        let note = sequencer.checkpoint().to_owned();
        let announcement = self.keys().last().map(|key| key.announcement.clone()).ok_or(Trouble::Closing)?;
        Ok(KeyAnswer {
            version: WIRE_VERSION,
            announcement: announcement.bytes,
            by_service: announcement.by_service,
            by_log: announcement.by_log,
            records: self.records.clone(),
            paths,
            checkpoint: ConsistentCheckpoint { note, extends },
        })
    }

    /// Makes a new key when half of the last one's time is over, and forgets what has run out.
    fn renew(&self, sequencer: &Sequencer) {
        let now = sequencer.now();
        let mut keys = self.keys();
        if keys.last().is_none_or(|key| key.from.0 + key.seconds / 2 <= now.0)
            && let Ok(key) = Key::announce(sequencer, self.seconds)
        {
            keys.push(key);
        }
        // A client may have fetched it at its last moment, by a clock that is a little late.
        keys.retain(|key| key.from.0 + key.seconds + SKEW >= now.0);
    }
}

impl Key {
    fn announce(sequencer: &Sequencer, seconds: u64) -> Result<Self, ServiceFailure> {
        let secret = Arc::new(IntakeSecret::generate());
        let announced = sequencer.announce(secret.public(), seconds);
        let announcement = announced.map_err(|refusal| ServiceFailure::Key(refusal.into()))?;
        Ok(Self { secret, announcement, from: sequencer.now(), seconds })
    }
}

/// Renews keys until the service stops.
pub(super) async fn renew(shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let renewing = Arc::clone(&shared);
        let asked = shared.desk.ask(move |sequencer| renewing.keys.renew(sequencer));
        if matches!(asked, Err(DeskError::Closing | DeskError::Halted(_))) {
            return;
        }
    }
}

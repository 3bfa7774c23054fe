//! Keys over time: who held which key, with which roles, from where to where on the chain.
//!
//! A key is judged at the position and second of the record that it signed, never at the time of the
//! audit: a key revoked today does not make yesterday's signatures wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Grant, Revocation, Role, Scope};
use crate::id::{ActorId, PublicKey};
use crate::signature::VerifyingKey;
use crate::time::{Day, Second};

/// One key and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// The person or service that holds it.
    pub actor: ActorId,
    /// Its grants now.
    pub grants: Vec<Grant>,
    /// The record that enrolled it.
    pub enrolled_at: u64,
    /// When that was.
    pub since: Second,
    /// The last second at which it may sign.
    pub expires: Option<Second>,
    /// How it ended, if it did.
    pub end: Option<KeyEnd>,
}

/// The end of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEnd {
    /// The record that ended it.
    pub at: u64,
    /// How.
    pub how: KeyEnding,
    /// From when on its signatures are suspect.
    pub suspect_since: Option<Second>,
}

/// How a key ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyEnding {
    /// Another key took its place.
    Rotated(PublicKey),
    /// It was revoked.
    Revoked(Revocation),
}

/// Why a key may not sign here. The order is the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// No such key was ever enrolled.
    #[error("key {0} is not enrolled")]
    Unknown(PublicKey),
    /// The key has been rotated or revoked.
    #[error("key {key} ended at record {at}")]
    Ended {
        /// The key.
        key: PublicKey,
        /// The record that ended it.
        at: u64,
    },
    /// The key's own end has passed.
    #[error("key {key} expired at {expired}")]
    Expired {
        /// The key.
        key: PublicKey,
        /// Its last second.
        expired: Second,
    },
}

/// All keys of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring {
    entries: BTreeMap<PublicKey, KeyEntry>,
    /// Decompressed once, since each signs many statements.
    verifying: BTreeMap<PublicKey, VerifyingKey>,
}

impl Keyring {
    /// Rebuilds a keyring from entries that were in one before.
    ///
    /// A key that is not a point was never in a keyring; such an entry is left without its
    /// decompressed form, so nothing it signed is accepted.
    #[must_use]
    pub fn from_entries(entries: BTreeMap<PublicKey, KeyEntry>) -> Self {
        let verifying = entries.keys().filter_map(|key| Some((*key, VerifyingKey::new(key).ok()?))).collect();
        Self { entries, verifying }
    }

    /// All keys ever enrolled.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<PublicKey, KeyEntry> {
        &self.entries
    }

    /// The entry of a key, whether or not it still may sign.
    #[must_use]
    pub fn get(&self, key: &PublicKey) -> Option<&KeyEntry> {
        self.entries.get(key)
    }

    /// A key decompressed, whether or not it may sign. What a signature fits never changes; whether the
    /// key may sign does, and is asked at the place: [`Keyring::signer`].
    #[must_use]
    pub fn verifying(&self, key: &PublicKey) -> Option<&VerifyingKey> {
        self.verifying.get(key)
    }

    /// The entry and the decompressed key, if the key may sign at this second.
    pub fn signer(&self, key: &PublicKey, at: Second) -> Result<(&KeyEntry, &VerifyingKey), KeyRefusal> {
        let found = self.entries.get(key).zip(self.verifying.get(key));
        let (entry, verifying) = found.ok_or(KeyRefusal::Unknown(*key))?;
        if let Some(end) = entry.end {
            return Err(KeyRefusal::Ended { key: *key, at: end.at });
        }
        match entry.expires {
            Some(expired) if expired < at => Err(KeyRefusal::Expired { key: *key, expired }),
            _ => Ok((entry, verifying)),
        }
    }

    /// Puts a key in, or replaces its entry.
    pub(crate) fn insert(&mut self, verifying: VerifyingKey, entry: KeyEntry) {
        let key = verifying.public_key();
        self.entries.insert(key, entry);
        self.verifying.insert(key, verifying);
    }

    pub(crate) fn end(&mut self, key: &PublicKey, end: KeyEnd) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.end = Some(end);
        }
    }

    /// How many different people hold the administrator's role through keys that may sign at this
    /// second, leaving one key out of the count.
    #[must_use]
    pub fn administrators_without(&self, left_out: &PublicKey, at: Second) -> usize {
        let day = at.latest_day_in_sweden();
        let people = self.entries.iter().filter(|(key, entry)| {
            *key != left_out
                && self.signer(key, at).is_ok()
                && entry.holds(Role::Administrator, &Scope::default(), day)
        });
        people.map(|(_, entry)| entry.actor).collect::<std::collections::BTreeSet<_>>().len()
    }
}

impl KeyEntry {
    /// Whether the key's grants give it this role, at this place, on this day.
    #[must_use]
    pub fn holds(&self, role: Role, place: &Scope, day: Day) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.role == role && grant.scope.reaches(place) && grant.in_force_on(day))
    }
}

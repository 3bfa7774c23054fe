//! The index by personal identity number: in memory, for one search, and under a key that dies with it.
//!
//! Some forty million numbers are plausible, so nothing on a disk may be testable against one, however it is hashed.
//! The index is made at need from the sealed identities and holds only hashes under a random key of its own: a
//! core dump or a swapped page of it tells nothing to who does not have that key too.

use std::collections::HashMap;

use vandel_core::hash::{Hash, sha256};
use vandel_core::id::ThreadId;
use vandel_core::person::PersonalNumber;
use vandel_core::thread::Matter;
use vandel_ledger::sequencer::Sequencer;
use zeroize::Zeroizing;

use crate::casework;
use crate::error::{CliError, Exit};

/// Cases by their persons' numbers.
pub struct NumberIndex {
    key: Zeroizing<[u8; 32]>,
    cases: HashMap<Hash, Vec<ThreadId>>,
    count: usize,
}

impl NumberIndex {
    /// Opens every identity once.
    ///
    /// # Errors
    /// If the vault can't be read, or there is no randomness.
    pub fn build(sequencer: &Sequencer) -> Result<Self, CliError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)
            .map_err(|_| CliError::new(Exit::Io, "randomness", "the operating system gives no randomness"))?;
        let mut index = Self { key, cases: HashMap::new(), count: 0 };
        for (id, thread) in sequencer.threads().iter() {
            if !matches!(thread.matter, Matter::Case(_)) {
                continue;
            }
            let Some(identity) = casework::identity(sequencer, *id)? else { continue };
            if let Some(number) = identity.number.number() {
                let hash = index.hash(number);
                index.cases.entry(hash).or_default().push(*id);
                index.count += 1;
            }
        }
        Ok(index)
    }

    fn hash(&self, number: &PersonalNumber) -> Hash {
        let digits = Zeroizing::new(number.reveal());
        sha256(&[b"vandel number index\0", &*self.key, digits.as_bytes()])
    }

    /// The cases of a number.
    #[must_use]
    pub fn find(&self, number: &PersonalNumber) -> &[ThreadId] {
        self.cases.get(&self.hash(number)).map_or(&[], Vec::as_slice)
    }

    /// How many identities are in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

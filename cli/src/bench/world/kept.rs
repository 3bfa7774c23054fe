//! A ledger of a bench that another process goes on with.

use std::path::Path;

use vandel_core::signature::SigningKey;
use vandel_ledger::clock::SettableClock;
use vandel_ledger::home::Home;

use super::{Folder, NOON, POSITIONS, World, internal};
use crate::error::CliError;

/// Where keys are left.
const KEYS: &str = "bench-keys";

impl World {
    /// Leaves its people's keys in the folder, for stages that are taken in processes of their own. They are worth
    /// nothing outside.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn leave_keys(&self) -> Result<(), CliError> {
        let keys = self.administrators.iter().chain(&self.authors);
        let bytes: Vec<u8> = keys.flat_map(SigningKey::to_bytes).collect();
        let path = self.folder().join(KEYS);
        std::fs::write(&path, bytes).map_err(|error| CliError::file(&path, &error))
    }

    /// The ledger that another process has made in this folder, with its log in files; the folder stays.
    ///
    /// # Errors
    /// If its keys are not there.
    pub fn again(folder: &Path) -> Result<Self, CliError> {
        let path = folder.join(KEYS);
        let bytes = std::fs::read(&path).map_err(|error| CliError::file(&path, &error))?;
        let keys: Vec<SigningKey> = bytes.as_chunks::<32>().0.iter().map(SigningKey::from_bytes).collect();
        let [first, second, authors @ ..] = &keys[..] else {
            return Err(internal(&"no keys"));
        };
        Ok(Self {
            folder: Folder::of_another(folder),
            home: Home::new(folder.join("home")),
            clock: SettableClock::at(NOON),
            administrators: [first.clone(), second.clone()],
            authors: authors.to_vec(),
            positions: POSITIONS,
            server: None,
        })
    }
}

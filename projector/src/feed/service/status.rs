//! What the service notes of itself: where it stands, whether it has halted, and the week it counted last.
//! `doctor` reads it. Losing it costs nothing but that some records are not told again.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vandel_core::time::Second;
use vandel_ledger::disk::{Disk, read_all, replace_atomically};
use vandel_ledger::home::Home;

use crate::feed::event::{Activity, Halt};

/// What the service notes of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Records before this one have been told.
    pub told: u64,
    /// Records folded.
    pub position: u64,
    /// When this was written, in seconds since 1970.
    pub at: u64,
    /// Why it has halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<Halt>,
    /// The week that was counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// Where the service's views and its status lie.
pub(super) fn folder(home: &Home) -> PathBuf {
    home.views().join("feed")
}

/// The status file of a home.
#[must_use]
pub fn status_file(home: &Home) -> PathBuf {
    folder(home).join("status.json")
}

impl Status {
    /// The status in a home; none if there is none that can be read. A halt is of the run that noted it.
    #[must_use]
    pub fn read(disk: &dyn Disk, home: &Home) -> Option<Self> {
        let bytes = read_all(disk, &status_file(home)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Notes that a service could not even begin.
    ///
    /// # Errors
    /// If that can't be written.
    pub fn note_halt(disk: &dyn Disk, home: &Home, halt: Halt, now: Second) -> io::Result<()> {
        let known = Self::read(disk, home).unwrap_or_default();
        Self { halted: Some(halt), at: now.0, ..known }.write(disk, home)
    }

    pub(super) fn write(&self, disk: &dyn Disk, home: &Home) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::other)?;
        disk.create_directory(&folder(home))?;
        replace_atomically(disk, &status_file(home), &bytes)
    }
}

//! What each witness is known to have cosigned, from one process to the next.

use std::path::Path;

use vandel_core::note::VerifierKey;

use crate::disk::{Disk, read_all};

/// How much each witness is known to have cosigned: `verifier key, space, size`, a line each.
pub(super) struct Highs(Vec<(String, u64)>);

impl Highs {
    /// A file that is not there, or torn, knows nothing.
    pub(super) fn read(disk: &dyn Disk, path: &Path) -> Self {
        let text = read_all(disk, path).unwrap_or_default();
        let line = |line: &str| {
            let (key, size) = line.rsplit_once(' ')?;
            Some((key.to_owned(), size.parse().ok()?))
        };
        Self(String::from_utf8_lossy(&text).lines().filter_map(line).collect())
    }

    pub(super) fn of(&self, key: &VerifierKey) -> u64 {
        let key = key.to_string();
        self.0.iter().find(|(known, _)| *known == key).map_or(0, |(_, size)| *size)
    }
}

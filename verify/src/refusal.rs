//! Why a file does not hold, or why nothing can be said of it.

use std::io;
use std::path::Path;

use serde::Serialize;

/// A refusal, with the exit code of the command line (`vandel help`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// 2 unreadable as what it should be, 3 wrong, 4 not proven, 5 the disk failed, 6 sealed to somebody else, 7 not
    /// there.
    pub exit: u8,
    /// A stable name for scripts.
    pub code: &'static str,
    /// What is wrong, and where.
    pub message: String,
    /// The record concerned.
    pub record: Option<u64>,
    /// What to do next.
    pub next: Option<String>,
}

impl Refusal {
    fn new(exit: u8, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), record: None, next: None }
    }

    /// The file is not what it should be: nothing is said about what it claims.
    #[must_use]
    pub fn unreadable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(2, code, message)
    }

    /// What the file claims is wrong.
    #[must_use]
    pub fn wrong(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(3, code, message)
    }

    /// What the file claims may be right, and is not proven by what was given.
    #[must_use]
    pub fn not_proven(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(4, code, message)
    }

    /// The file is sealed, and what was brought does not open it.
    #[must_use]
    pub fn not_authorised(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(6, code, message)
    }

    /// A file that could not be read: 7 if it is not there.
    #[must_use]
    pub fn file(path: &Path, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::NotFound { 7 } else { 5 };
        Self::new(exit, "file", format!("{}: {error}", path.display()))
    }

    /// With the record concerned.
    #[must_use]
    pub fn record(mut self, record: u64) -> Self {
        self.record = Some(record);
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

//! Errors that advise: what, where (record, expected, found), what it rests on and what to do next.

mod backup;
mod dossier;
mod erasure;
mod export;
mod ledger;
mod nats;
mod network;
mod reading;

use std::borrow::Cow;
use std::io;
use std::path::Path;

/// How a command ended. Scripts rely on the numbers; an unknown one is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, verified, or nothing to do.
    Done = 0,
    /// A defect of this program.
    Internal = 1,
    /// The command line, or a file given with it, is wrong.
    Usage = 2,
    /// Integrity violated, or a rule broken in the log.
    Integrity = 3,
    /// Not proven: no anchor, quorum short, data missing.
    NotProven = 4,
    /// A disk or a network failed.
    Io = 5,
    /// Not authorised.
    NotAuthorised = 6,
    /// Not found.
    NotFound = 7,
    /// Refused by policy.
    Refused = 8,
    /// Conflict: read again and retry.
    Conflict = 9,
    /// Interrupted by the user: what shells report for SIGINT, which is left to end the program at once.
    /// Every step is then in the ledger whole or not at all.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct CliError(Box<Report>);

/// What is told about a failure; in JSON with these names.
#[derive(Debug, serde::Serialize)]
pub struct Report {
    #[serde(rename = "type")]
    kind: &'static str,
    /// A stable name for scripts.
    pub code: Cow<'static, str>,
    /// The exit code.
    pub exit: u8,
    /// What happened, in English: stable enough to search for, not to parse.
    pub message: String,
    /// The record it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The paragraph that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paragraph: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(skip)]
    exit_as: Exit,
}

impl CliError {
    /// An error with its exit code, stable name and message.
    #[must_use]
    pub fn new(exit: Exit, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Report {
            kind: "error",
            code: code.into(),
            exit: exit as u8,
            message: message.into(),
            record: None,
            expected: None,
            found: None,
            paragraph: None,
            next: None,
            exit_as: exit,
        }))
    }

    /// A file that could not be read or written; 7 if it is not there.
    #[must_use]
    pub fn file(path: &Path, error: &io::Error) -> Self {
        let message = format!("{}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(Exit::NotFound, "file", message).next(
                "see whether the path is right; a relative one begins in the folder that the command runs in",
            ),
            _ => Self::new(Exit::Io, "file", message),
        }
    }

    /// With what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.0.next = Some(next.into());
        self
    }

    /// With the record it is about.
    #[must_use]
    pub fn record(mut self, record: u64) -> Self {
        self.0.record = Some(record);
        self
    }

    /// With what was expected and what was found.
    #[must_use]
    pub fn expected(mut self, expected: impl ToString, found: impl ToString) -> Self {
        self.0.expected = Some(expected.to_string());
        self.0.found = Some(found.to_string());
        self
    }

    /// With the paragraph that it rests on.
    #[must_use]
    pub fn paragraph(mut self, paragraph: impl Into<String>) -> Self {
        self.0.paragraph = Some(paragraph.into());
        self
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.0.exit_as
    }

    /// What is told.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl Exit {
    /// What the verifier means by a code; it knows fewer of them.
    pub(crate) fn of_verifier(code: u8) -> Self {
        match code {
            2 => Self::Usage,
            3 => Self::Integrity,
            4 => Self::NotProven,
            5 => Self::Io,
            6 => Self::NotAuthorised,
            7 => Self::NotFound,
            _ => Self::Internal,
        }
    }
}

impl From<vandel_verify::Refusal> for CliError {
    fn from(refusal: vandel_verify::Refusal) -> Self {
        let mut error = Self::new(Exit::of_verifier(refusal.exit), refusal.code, refusal.message);
        (error.0.record, error.0.next) = (refusal.record, refusal.next);
        error
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Io, "io", error.to_string())
    }
}

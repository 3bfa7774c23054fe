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

/// What to do next where nothing better is known: every refusal has some.
fn advice(exit: u8, code: &str) -> Option<&'static str> {
    Some(match code {
        "file" if exit == 7 => "check the name: nothing of that name is there",
        "file" => "check that the disk is whole and that you may read and write there",
        "trust-file" => "ask the ledger's owner for the trust file again, over another way than the ledger",
        "not-a-proof" => {
            "get it again: vandel proof inclusion RECORD, or the receipt that the author was given"
        }
        "not-included" => {
            "keep the proof: either it was changed, or the log that was promised is not the one that was signed"
        }
        "checkpoint" => "get the checkpoint again from where it was published, and compare the two",
        "quorum-short" => {
            "wait until the witnesses have cosigned and get it anew; or ask one of them what it has seen"
        }
        "other-ledger" | "another-ledger" => "check which ledger it is of, and name that one's trust file",
        "malformed" | "sealed-dossier" if exit != 6 => "ask whoever sent it for a whole copy",
        "sealed-dossier" => {
            "name the key or the passphrase that it was sealed to: --unseal-key, --unseal-passphrase-file"
        }
        "not-a-key" => "make one with: openssl genpkey -algorithm X25519 -out me.pem",
        "passphrase-file" => "write the passphrase as the file's first line",
        "json" => "run it again without --json",
        _ => return None,
    })
}

impl Refusal {
    fn new(exit: u8, code: &'static str, message: impl Into<String>) -> Self {
        let next = advice(exit, code).map(str::to_owned);
        Self { exit, code, message: message.into(), record: None, next }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code in this package's sources has something to do next: here, or where it is made.
    #[test]
    fn every_refusal_says_what_to_do_next() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let (mut files, mut codes) = (vec![sources], Vec::new());
        while let Some(path) = files.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(path).expect("the sources can be listed");
                files.extend(entries.map(|entry| entry.expect("an entry").path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source is text");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (exit, maker) in
                [(2, "unreadable("), (3, "wrong("), (4, "not_proven("), (6, "not_authorised(")]
            {
                for made in text.split(&format!("Refusal::{maker}")).skip(1) {
                    // Up to the end of the statement: what it is given besides stands there.
                    let statement = made.split(';').next().unwrap_or_default();
                    let Some(code) = statement.strip_prefix('"').and_then(|rest| rest.split('"').next())
                    else {
                        continue;
                    };
                    assert!(
                        advice(exit, code).is_some() || statement.contains(".next("),
                        "{}: {code} says nothing of what to do next",
                        path.display()
                    );
                    codes.push(code.to_owned());
                }
            }
        }
        assert!(codes.len() >= 15, "{codes:?}");
        for exit in [5, 7] {
            assert!(advice(exit, "file").is_some());
        }
    }
}

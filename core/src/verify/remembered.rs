//! What an auditor remembers from one audit to the next: the ledger, and the size and root it verified.
//!
//! ```text
//! vandel auditor's memory v1
//! ledger 5f…        id, hexadecimal
//! size 20852163
//! root 09…          hexadecimal
//! ```

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::parse_decimal;
use crate::hash::Hash;
use crate::id::LedgerId;

const HEAD: &str = "vandel auditor's memory v1";

/// A tree head that the auditor verified itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The ledger.
    pub ledger: LedgerId,
    /// How many records.
    pub size: u64,
    /// The tree's root over them.
    pub root: Hash,
}

/// Text that is no auditor's memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the auditor's memory should read: {form}")]
pub struct RememberedError {
    /// The line, from 1.
    pub line: usize,
    /// What it should be.
    pub form: &'static str,
}

impl fmt::Display for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nledger {}\nsize {}\nroot {}", self.ledger, self.size, self.root)
    }
}

impl FromStr for Remembered {
    type Err = RememberedError;

    fn from_str(text: &str) -> Result<Self, RememberedError> {
        let error = |line, form| RememberedError { line, form };
        let mut lines = text.strip_suffix('\n').ok_or(error(1, HEAD))?.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        if next() != HEAD {
            return Err(error(1, HEAD));
        }
        let ledger = next().strip_prefix("ledger ").and_then(|id| id.parse().ok());
        let size = next().strip_prefix("size ").and_then(parse_decimal);
        let root = next().strip_prefix("root ").and_then(Hash::from_hex);
        let read = Self {
            ledger: ledger.ok_or(error(2, "ledger, and 64 hexadecimal digits"))?,
            size: size.ok_or(error(3, "size, and a decimal number"))?,
            root: root.ok_or(error(4, "root, and 64 hexadecimal digits"))?,
        };
        if lines.next().is_some() { Err(error(5, "nothing more")) } else { Ok(read) }
    }
}

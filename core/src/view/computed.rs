//! Digests of views that a reader has computed for itself, kept in a file of its own.
//!
//! ```text
//! vandel computed digests v1
//! ledger 5f3c…
//! cases 4711 9ab0…
//! ```
//!
//! `vandel verify HOME --views` writes them; with them a dossier's completeness is proven to this reader
//! and does not rest on the service's word alone.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::parse_decimal;
use crate::hash::Hash;
use crate::id::LedgerId;
use crate::view::{AUTHORITY, CASES};

const HEAD: &str = "vandel computed digests v1";

/// Digests of one ledger's views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputedDigests {
    /// The ledger.
    pub ledger: LedgerId,
    /// The digests.
    pub digests: Vec<Computed>,
}

/// One digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// The view.
    pub view: String,
    /// How many records were folded.
    pub position: u64,
    /// The digest.
    pub digest: Hash,
}

/// Text that holds no computed digests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the computed digests should read: {form}")]
pub struct ComputedError {
    /// The line, from 1.
    pub line: usize,
    /// What it should be.
    pub form: &'static str,
}

impl fmt::Display for ComputedDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nledger {}", self.ledger)?;
        self.digests.iter().try_for_each(|one| writeln!(f, "{} {} {}", one.view, one.position, one.digest))
    }
}

impl FromStr for ComputedDigests {
    type Err = ComputedError;

    fn from_str(text: &str) -> Result<Self, ComputedError> {
        let error = |line, form| ComputedError { line, form };
        let mut lines = text.strip_suffix('\n').ok_or(error(1, HEAD))?.split('\n');
        if lines.next() != Some(HEAD) {
            return Err(error(1, HEAD));
        }
        let ledger = lines.next().and_then(|line| line.strip_prefix("ledger ")?.parse().ok());
        let ledger = ledger.ok_or(error(2, "ledger, and 64 hexadecimal digits"))?;
        let digests = lines.enumerate().map(|(index, line)| {
            read(line).ok_or(error(3 + index, "a view's name, its position and its digest"))
        });
        Ok(Self { ledger, digests: digests.collect::<Result<_, _>>()? })
    }
}

fn read(line: &str) -> Option<Computed> {
    let mut words = line.split(' ');
    let view = words.next().filter(|view| [CASES, AUTHORITY].contains(view))?.to_owned();
    let (position, digest) = (parse_decimal(words.next()?)?, Hash::from_hex(words.next()?)?);
    words.next().is_none().then_some(Computed { view, position, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let computed = |view: &str| Computed { view: view.to_owned(), position: 7, digest: Hash([9; 32]) };
        let digests = vec![computed(CASES), computed(AUTHORITY)];
        let kept = ComputedDigests { ledger: LedgerId([1; 32]), digests };
        let text = kept.to_string();
        assert_eq!(text.parse(), Ok(kept));
        let bad = [
            text.trim_end().to_owned(),
            text.replacen("v1", "v2", 1),
            text.replace("ledger ", "Ledger "),
            text.replace("cases 7", "cases 07"),
            text.replace("cases 7", "case 7"),
            text.replace("cases 7", "cases  7"),
            text.replace("authority 7 ", "authority 7 x "),
            format!("{text}\n"),
        ];
        for text in bad {
            assert!(text.parse::<ComputedDigests>().is_err(), "{text}");
        }
    }
}

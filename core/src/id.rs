//! Names. On the chain nothing has a name that means anything outside the ledger: people, boards,
//! units, cases are random ids whose meaning lies sealed in the vault.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// Text that is not the lower-case hexadecimal form of the id asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: expected {digits} lower-case hexadecimal digits")]
pub struct IdParseError {
    /// The text found.
    pub text: String,
    /// The id expected.
    pub what: &'static str,
    /// How many digits it has.
    pub digits: usize,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; $len]);

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                order_of(&self.0, &other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $len];
                if decode_hex(text, &mut bytes) {
                    Ok(Self(bytes))
                } else {
                    Err(IdParseError { text: text.to_owned(), what: $what, digits: 2 * $len })
                }
            }
        }
    };
}

id!(
    /// A ledger: the hash of its unsigned opening statement, covered by every later signature.
    LedgerId, 32, "ledger id"
);
id!(
    /// An Ed25519 public key (RFC 8032). A key is named by itself, so two keys cannot share a name.
    PublicKey, 32, "public key"
);
id!(
    /// A person who acts (or a service instance): random, so that a chain names nobody.
    ActorId, 16, "actor id"
);
id!(
    /// A line of steps that follow each other: a case, a position, or one reader's readings. Random, never shown.
    ThreadId, 16, "thread id"
);
id!(
    /// A person who is checked. Several cases of one person share it; it lives only in sealed payloads.
    SubjectId, 16, "subject id"
);
id!(
    /// A controller (*personuppgiftsansvarig*): one board (*nämnd*), with secrecy towards the others.
    ControllerId, 16, "controller id"
);
id!(
    /// A unit under a controller, such as a school.
    UnitId, 16, "unit id"
);
id!(
    /// An assignment: the recruitment (vacancy) that a handler was given, the narrowest scope of a role.
    AssignmentId, 16, "assignment id"
);

impl LedgerId {
    /// The id as a hash, to be hashed or signed over.
    #[must_use]
    pub fn from_hash(hash: Hash) -> Self {
        Self(hash.0)
    }
}

/// The order of the bytes. Maps of ids are asked for each event, and ids are random, so that the first half nearly always
/// decides: it is compared as one number.
fn order_of<const LEN: usize>(one: &[u8; LEN], other: &[u8; LEN]) -> Ordering {
    const { assert!(LEN >= 16, "an id has sixteen bytes at least") };
    let front = |id: &[u8; LEN]| id.first_chunk().map(|front| u128::from_be_bytes(*front));
    front(one).cmp(&front(other)).then_with(|| one.cmp(other))
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `out.len()` bytes of lower-case hexadecimal digits; false if the text is anything else.
pub(crate) fn decode_hex(text: &str, out: &mut [u8]) -> bool {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != out.len() * 2 {
        return false;
    }
    for (pair, out) in text.as_bytes().chunks_exact(2).zip(out) {
        match (digit(pair[0]), digit(pair[1])) {
            (Some(high), Some(low)) => *out = high << 4 | low,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_ids_is_that_of_their_bytes(one: [u8; 32], other: [u8; 32], same in 0..=32_usize) {
            let mut other = other;
            other[..same].copy_from_slice(&one[..same]);
            prop_assert_eq!(PublicKey(one).cmp(&PublicKey(other)), one.cmp(&other));
            let front = |bytes: [u8; 32]| *bytes.first_chunk::<16>().expect("half of it");
            let (one, other) = (front(one), front(other));
            prop_assert_eq!(ThreadId(one).cmp(&ThreadId(other)), one.cmp(&other));
        }
    }
}

//! Strict bytes. Every value has exactly one encoding, and decoders refuse all others.
//!
//! Frames (statement, record, block, payload) have fixed fields and are read with [`Reader`]:
//! integers are big-endian, variable fields carry their length in front. Bodies (events, parts) are
//! postcard; since postcard accepts several encodings of one value, [`decode_body`] encodes what it
//! read once more and compares.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

/// Why bytes were refused. The order is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than the limit for this structure allows.
    #[error("{what} has {found} bytes; at most {max} are allowed")]
    TooLong {
        /// The structure.
        what: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The bytes end inside the structure.
    #[error("the bytes end inside {what}")]
    Truncated {
        /// The field that was cut.
        what: &'static str,
    },
    /// Bytes remain after the structure.
    #[error("{count} bytes follow the end of {what}")]
    Trailing {
        /// The structure.
        what: &'static str,
        /// How many bytes remain.
        count: usize,
    },
    /// A version that this release does not know.
    #[error("{what} has version {found}; this release reads version {expected}")]
    UnknownVersion {
        /// The structure.
        what: &'static str,
        /// The version found.
        found: u16,
        /// The version expected.
        expected: u16,
    },
    /// A field holds a value that it may not hold.
    #[error("{what} has a value that is not allowed")]
    BadValue {
        /// The field.
        what: &'static str,
    },
    /// A body is not postcard of the expected type.
    #[error("{what} does not decode")]
    BadBody {
        /// The body.
        what: &'static str,
    },
    /// A body decodes, but is not the one encoding of its value.
    #[error("{what} is not in its canonical encoding")]
    NotCanonical {
        /// The body.
        what: &'static str,
    },
}

/// Reads fixed fields from the front of a slice.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`, which may be no longer than `max`.
    pub fn new(bytes: &'a [u8], what: &'static str, max: usize) -> Result<Self, DecodeError> {
        if bytes.len() > max {
            return Err(DecodeError::TooLong { what, found: bytes.len(), max });
        }
        Ok(Self { rest: bytes })
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(DecodeError::Truncated { what })?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated { what })?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_be_bytes)
    }

    /// Two bytes, big-endian.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_be_bytes)
    }

    /// A length in four bytes, at most `max`, and that many bytes.
    pub fn bytes(&mut self, what: &'static str, max: usize) -> Result<&'a [u8], DecodeError> {
        let found = self.u32(what)? as usize;
        if found > max {
            return Err(DecodeError::TooLong { what, found, max });
        }
        self.take(found, what)
    }

    /// A version in two bytes, which must be the expected one.
    pub fn version(&mut self, what: &'static str, expected: u16) -> Result<(), DecodeError> {
        let found = self.u16(what)?;
        if found == expected { Ok(()) } else { Err(DecodeError::UnknownVersion { what, found, expected }) }
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Ends the reading; refuses bytes that remain.
    pub fn finish(self, what: &'static str) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing { what, count: self.rest.len() })
        }
    }
}

/// Writes a length in four bytes and the bytes, as [`Reader::bytes`] reads them.
///
/// # Panics
/// If `bytes` is longer than `u32::MAX`; every structure's limit is far below.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// The length that [`put_bytes`] writes in front, for bytes that are made where they will stand.
///
/// # Panics
/// As [`put_bytes`].
pub fn put_len(out: &mut Vec<u8>, len: usize) {
    let len = u32::try_from(len).expect("limits keep lengths below 4 GiB");
    out.extend_from_slice(&len.to_be_bytes());
}

/// The postcard encoding of a body.
///
/// # Panics
/// Never for the types of this crate: they hold only integers, fixed arrays, strings, options,
/// vectors and plain enums, all of which postcard can write to a vector.
#[must_use]
pub fn encode_body<T: Serialize>(value: &T) -> Vec<u8> {
    encode_body_after(Vec::new(), value)
}

/// [`encode_body`] after bytes that are there already; who knows about how long a large body gets reserves
/// the room, so that it is not copied again and again as it grows.
///
/// # Panics
/// As [`encode_body`].
#[must_use]
pub fn encode_body_after<T: Serialize>(bytes: Vec<u8>, value: &T) -> Vec<u8> {
    postcard::to_extend(value, bytes).expect("the types of this crate always encode")
}

/// Where an encoding goes that is only compared: the bytes that are still expected.
struct Expected<'a>(&'a [u8]);

impl Flavor for Expected<'_> {
    /// Whether nothing was missing.
    type Output = bool;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0 = self.0.strip_prefix(bytes).ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.0.is_empty())
    }
}

/// Whether these bytes are the value's encoding; makes no second copy of them.
fn is_encoding<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    postcard::serialize_with_flavor(value, Expected(bytes)).unwrap_or(false)
}

/// Reads a postcard body: no trailing bytes, and equal to its own encoding.
pub fn decode_body<'bytes, T: Serialize + Deserialize<'bytes>>(
    bytes: &'bytes [u8],
    what: &'static str,
    max: usize,
) -> Result<T, DecodeError> {
    if bytes.len() > max {
        return Err(DecodeError::TooLong { what, found: bytes.len(), max });
    }
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).map_err(|_| DecodeError::BadBody { what })?;
    if !rest.is_empty() {
        return Err(DecodeError::Trailing { what, count: rest.len() });
    }
    if is_encoding(&value, bytes) { Ok(value) } else { Err(DecodeError::NotCanonical { what }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_one_encoding() {
        let bytes = encode_body(&(300_u32, String::from("å")));
        assert_eq!(decode_body::<(u32, String)>(&bytes, "pair", 64).expect("its own encoding").0, 300);

        let mut trailing = bytes.clone();
        trailing.push(0);
        assert_eq!(
            decode_body::<(u32, String)>(&trailing, "pair", 64),
            Err(DecodeError::Trailing { what: "pair", count: 1 })
        );
        // 1 as an overlong varint: postcard reads it, we refuse it.
        assert_eq!(
            decode_body::<u32>(&[0x81, 0x00], "one", 64),
            Err(DecodeError::NotCanonical { what: "one" })
        );
        assert_eq!(decode_body::<u32>(&[0x81], "one", 64), Err(DecodeError::BadBody { what: "one" }));
        assert_eq!(
            decode_body::<u32>(&[0; 9], "one", 8),
            Err(DecodeError::TooLong { what: "one", found: 9, max: 8 })
        );
    }
}

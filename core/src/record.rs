//! Records: a statement in its place.
//!
//! ```text
//! offset  bytes  field
//!      0      2  version, 1
//!      2      8  number, from 0
//!     10      8  time: UTC seconds since 1970, never decreasing
//!     18     32  previous record's hash; zero in record 0
//!     50      n  signed statement
//! ```
//! A record's hash is the RFC 6962 leaf hash `SHA-256(0x00 ‖ record)`: link of the chain and leaf of
//! the tree at once.

use crate::codec::{DecodeError, Reader};
use crate::hash::{Hash, leaf_hash};
use crate::limits::RECORD_BYTES_MAX;
use crate::statement::{SignedStatement, VERSION};
use crate::time::Second;

/// The length of a record that holds a sealed statement: all of them have it.
pub const SEALED_RECORD_BYTES: usize = 254;

/// The bytes in front of the statement.
const HEAD_BYTES: usize = 50;

/// A record, borrowed from the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// All its bytes.
    pub bytes: &'a [u8],
    /// Its number.
    pub number: u64,
    /// When the sequencer placed it.
    pub time: Second,
    /// The previous record's hash.
    pub previous: Hash,
    /// The signed statement's bytes.
    pub statement_bytes: &'a [u8],
    /// The signed statement.
    pub statement: SignedStatement<'a>,
}

impl<'a> Record<'a> {
    /// Reads a record and the statement in it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, "record", RECORD_BYTES_MAX)?;
        reader.version("record", VERSION)?;
        let number = reader.u64("record number")?;
        let time = Second(reader.u64("record time")?);
        let previous = Hash(reader.array("previous hash")?);
        let statement_bytes = reader.rest();
        let statement = SignedStatement::decode(statement_bytes)?;
        Ok(Self { bytes, number, time, previous, statement_bytes, statement })
    }

    /// The record's hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(self.bytes)
    }
}

/// The bytes of a record around a signed statement.
#[must_use]
pub fn encode_record(number: u64, time: Second, previous: &Hash, statement_bytes: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(record_len(statement_bytes.len()));
    put_record(&mut bytes, number, time, previous, statement_bytes);
    bytes
}

/// [`encode_record`] behind bytes that are there already: who makes many records needs no vector for each.
pub fn put_record(out: &mut Vec<u8>, number: u64, time: Second, previous: &Hash, statement_bytes: &[u8]) {
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&time.0.to_be_bytes());
    out.extend_from_slice(&previous.0);
    out.extend_from_slice(statement_bytes);
}

/// The length of a record around a signed statement of this length.
#[must_use]
pub const fn record_len(statement_len: usize) -> usize {
    HEAD_BYTES + statement_len
}

//! Statements: what an author signs. Bytes are made once; whoever verifies hashes the bytes it got.
//!
//! ```text
//! offset  bytes  field
//!      0      2  version, 1
//!      2      1  sort: 1 open, 2 sealed
//!      3     32  ledger id (zero in the opening statement, whose hash becomes the id)
//!     35     32  author's public key
//!     67      8  size of the checkpoint that the author had seen
//!     75     32  its root
//!    107     32  sealed: commitment
//!    107    4+n  open: length and postcard body of the event
//! ```
//! A signed statement is these bytes, the author's signature (64), a count of further signatures (1),
//! and for each its key (32) and signature (64). A sealed statement has none: a second person's
//! approval lies in the payload, since a second signature would tell which sort of step it was.

use crate::codec::{DecodeError, Reader, decode_body, encode_body, put_bytes};
use crate::event::OpenEvent;
use crate::hash::{Domain, Hash};
use crate::id::{LedgerId, PublicKey};
use crate::limits::STATEMENT_BYTES_MAX;

/// The version of statements, records and blocks in this release.
pub const VERSION: u16 = 1;
const SORT_OPEN: u8 = 1;
const SORT_SEALED: u8 = 2;

/// What an author says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The ledger it is meant for.
    pub ledger: LedgerId,
    /// The author's key.
    pub author: PublicKey,
    /// The checkpoint that the author had seen.
    pub seen: Seen,
    /// What it says.
    pub body: Body,
}

/// A checkpoint by size and root: evidence that a statement is not older than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The number of records.
    pub size: u64,
    /// The tree's root over them.
    pub root: Hash,
}

/// Open or sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// About the ledger itself.
    Open(Box<OpenEvent>),
    /// About a case, a position or a reading: the commitment to its payload.
    Sealed(Hash),
}

/// A statement with its signatures, as it stands in a record. Decoded, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement<'a> {
    /// The exact bytes that were signed.
    pub signed_bytes: &'a [u8],
    /// What they say.
    pub statement: Statement,
    /// The author's signature.
    pub signature: [u8; 64],
    /// The second person's key and signature over the same bytes.
    pub second: Option<(PublicKey, [u8; 64])>,
}

impl Statement {
    /// The bytes to sign.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(139);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.push(match self.body {
            Body::Open(_) => SORT_OPEN,
            Body::Sealed(_) => SORT_SEALED,
        });
        bytes.extend_from_slice(&self.ledger.0);
        bytes.extend_from_slice(&self.author.0);
        bytes.extend_from_slice(&self.seen.size.to_be_bytes());
        bytes.extend_from_slice(&self.seen.root.0);
        match &self.body {
            Body::Open(event) => put_bytes(&mut bytes, &encode_body(event)),
            Body::Sealed(commitment) => bytes.extend_from_slice(&commitment.0),
        }
        bytes
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.version("statement", VERSION)?;
        let sort = reader.u8("statement sort")?;
        let ledger = LedgerId(reader.array("ledger id")?);
        let author = PublicKey(reader.array("author key")?);
        let seen = Seen { size: reader.u64("seen size")?, root: Hash(reader.array("seen root")?) };
        let body = match sort {
            SORT_OPEN => {
                let body = reader.bytes("event", STATEMENT_BYTES_MAX)?;
                Body::Open(Box::new(decode_body(body, "event", STATEMENT_BYTES_MAX)?))
            }
            SORT_SEALED => Body::Sealed(Hash(reader.array("commitment")?)),
            _ => return Err(DecodeError::BadValue { what: "statement sort" }),
        };
        Ok(Self { ledger, author, seen, body })
    }
}

impl<'a> SignedStatement<'a> {
    /// Reads a signed statement; refuses every encoding but the canonical one.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, "statement", STATEMENT_BYTES_MAX)?;
        let statement = Statement::read(&mut reader)?;
        let signed_bytes = &bytes[..bytes.len() - reader.rest().len()];
        let signature = reader.array("author signature")?;
        let second = match (reader.u8("signature count")?, &statement.body) {
            (0, _) => None,
            (1, Body::Open(_)) => {
                Some((PublicKey(reader.array("second key")?), reader.array("second signature")?))
            }
            _ => return Err(DecodeError::BadValue { what: "signature count" }),
        };
        reader.finish("statement")?;
        Ok(Self { signed_bytes, statement, signature, second })
    }

    /// The hash by which the thread's next statement names this one: over what was signed, so that an
    /// author can sign several steps ahead.
    #[must_use]
    pub fn hash(&self) -> Hash {
        statement_hash(self.signed_bytes)
    }
}

/// `SHA-256(domain ‖ statement)`; see [`SignedStatement::hash`].
#[must_use]
pub fn statement_hash(signed_bytes: &[u8]) -> Hash {
    Domain::StatementHash.hash(&[signed_bytes])
}

/// The ledger's id: `SHA-256(domain ‖ unsigned opening statement)`.
#[must_use]
pub fn ledger_id(opening_bytes: &[u8]) -> LedgerId {
    LedgerId::from_hash(Domain::LedgerId.hash(&[opening_bytes]))
}

/// Puts the signatures behind the signed bytes.
#[must_use]
pub fn assemble(signed_bytes: &[u8], signature: &[u8; 64], second: Option<(PublicKey, [u8; 64])>) -> Vec<u8> {
    let mut bytes = [signed_bytes, signature].concat();
    bytes.push(u8::from(second.is_some()));
    if let Some((key, signature)) = second {
        bytes.extend_from_slice(&key.0);
        bytes.extend_from_slice(&signature);
    }
    bytes
}

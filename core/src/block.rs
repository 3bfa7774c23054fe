//! Blocks: records that became durable together, signed by the sequencer instance that placed them.
//!
//! ```text
//! offset  bytes  field
//!      0      2  version, 1
//!      2     32  ledger id
//!     34      8  position, from 0
//!     42     32  previous block's hash; zero in block 0
//!     74      8  number of the first record
//!     82      4  count of records, 1 to 1,000
//!     86     32  the sequencer instance's public key
//!    118    4+n  each record: length, bytes
//!      …     64  signature over everything before it
//! ```

use crate::codec::{DecodeError, Reader, put_bytes};
use crate::hash::{Domain, Hash};
use crate::id::{LedgerId, PublicKey};
use crate::limits::{BLOCK_BYTES_MAX, BLOCK_RECORDS_MAX, RECORD_BYTES_MAX};
use crate::record::Record;
use crate::statement::VERSION;

/// A block, borrowed from the bytes it was read from. Decoded, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// All its bytes.
    pub bytes: &'a [u8],
    /// What was signed: all bytes but the last 64.
    pub signed_bytes: &'a [u8],
    /// What stands in front of the records.
    pub head: BlockHead,
    /// The records.
    pub records: Vec<Record<'a>>,
    /// The sequencer instance's signature.
    pub signature: [u8; 64],
}

/// The fields in front of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// The ledger.
    pub ledger: LedgerId,
    /// The block's position in the log.
    pub position: u64,
    /// The previous block's hash.
    pub previous: Hash,
    /// The number of its first record.
    pub first_record: u64,
    /// The sequencer instance's key.
    pub sequencer: PublicKey,
}

/// Why a block was refused, and at which of its records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct BlockDecodeError {
    /// The index in the block of the record that was refused; none if the block's own fields were.
    pub record_index: Option<u32>,
    /// Why.
    pub error: DecodeError,
}

impl<'a> Block<'a> {
    /// Reads a block, its records and their statements.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BlockDecodeError> {
        let (head, encoded, signature) = split(bytes)?;
        let mut records = Vec::with_capacity(encoded.len());
        for (index, record) in encoded.into_iter().enumerate() {
            let record = Record::decode(record);
            let index = u32::try_from(index).ok();
            records.push(record.map_err(|error| BlockDecodeError { record_index: index, error })?);
        }
        let signed_bytes = &bytes[..bytes.len() - signature.len()];
        Ok(Self { bytes, signed_bytes, head, records, signature })
    }

    /// The hash by which the next block names this one: `SHA-256(domain ‖ block with signature)`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        block_hash(self.bytes)
    }

    /// The number of the record after this block's last.
    #[must_use]
    pub fn next_record(&self) -> u64 {
        self.head.first_record + self.records.len() as u64
    }
}

/// `SHA-256(domain ‖ block)`; see [`Block::hash`].
#[must_use]
pub fn block_hash(bytes: &[u8]) -> Hash {
    Domain::BlockHash.hash(&[bytes])
}

/// The number of the record after a block's last, by the fields in front alone: for readers that gather blocks before
/// they decode them. None if those are not a block's.
#[must_use]
pub fn next_record(bytes: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(bytes, "block", BLOCK_BYTES_MAX).ok()?;
    let (head, count) = read_head(&mut reader).ok()?;
    head.first_record.checked_add(u64::from(count))
}

/// The bytes to sign for a block of these records.
#[must_use]
pub fn encode_unsigned<'r>(
    head: &BlockHead,
    records: impl ExactSizeIterator<Item = &'r [u8]> + Clone,
) -> Vec<u8> {
    let room = records.clone().map(|record| record_bytes_in_block(record.len())).sum::<usize>();
    let mut bytes = begin_unsigned(head, records.len(), room);
    records.for_each(|record| put_bytes(&mut bytes, record));
    bytes
}

/// The beginning of the bytes to sign, for a block of so many records, which are put behind it as
/// [`put_bytes`] does, and take up `room` bytes in all. There is room for the signature too.
#[must_use]
pub fn begin_unsigned(head: &BlockHead, records: usize, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FRAME_BYTES + room);
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(&head.ledger.0);
    bytes.extend_from_slice(&head.position.to_be_bytes());
    bytes.extend_from_slice(&head.previous.0);
    bytes.extend_from_slice(&head.first_record.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(records).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&head.sequencer.0);
    bytes
}

/// How many bytes a record takes up in a block.
#[must_use]
pub const fn record_bytes_in_block(record_len: usize) -> usize {
    4 + record_len
}

/// The bytes of a block besides its records: the fields in front and the signature.
pub const FRAME_BYTES: usize = 118 + 64;

type Split<'a> = (BlockHead, Vec<&'a [u8]>, [u8; 64]);

fn split(bytes: &[u8]) -> Result<Split<'_>, BlockDecodeError> {
    let whole = |error| BlockDecodeError { record_index: None, error };
    let mut reader = Reader::new(bytes, "block", BLOCK_BYTES_MAX).map_err(whole)?;
    let (head, count) = read_head(&mut reader).map_err(whole)?;
    let mut records = Vec::with_capacity(count as usize);
    for index in 0..count {
        let record = reader.bytes("record", RECORD_BYTES_MAX);
        records.push(record.map_err(|error| BlockDecodeError { record_index: Some(index), error })?);
    }
    let signature = reader.array("block signature").map_err(whole)?;
    reader.finish("block").map_err(whole)?;
    Ok((head, records, signature))
}

fn read_head(reader: &mut Reader<'_>) -> Result<(BlockHead, u32), DecodeError> {
    reader.version("block", VERSION)?;
    let ledger = LedgerId(reader.array("ledger id")?);
    let position = reader.u64("block position")?;
    let previous = Hash(reader.array("previous block hash")?);
    let first_record = reader.u64("first record number")?;
    let count = reader.u32("record count")?;
    if count == 0 || count as usize > BLOCK_RECORDS_MAX {
        return Err(DecodeError::BadValue { what: "record count" });
    }
    let sequencer = PublicKey(reader.array("sequencer key")?);
    Ok((BlockHead { ledger, position, previous, first_record, sequencer }, count))
}

//! The log: blocks in order, and nothing else.
//!
//! A log holds opaque blocks at positions 0, 1, 2, … without gaps. It can be appended to and read; it
//! cannot be changed. What a block means (records, signatures, chain) is no business of the log: it
//! promises order and durability, and it notices damage by its own checksums. Whether a block is
//! genuine, and whether the log was cut back to an earlier length or rewritten as a whole, is for the
//! verifier and the memory to tell; no log can know that of itself.
//!
//! [`Log`] keeps to what both implementations truly do: segment files ([`mod@file`]), and a NATS JetStream
//! stream in which a block is one message, fenced by the expected last sequence.

use std::io;

pub mod file;
#[cfg(feature = "network")]
pub mod jetstream;

/// The blocks of one ledger, in order.
///
/// # Contract
///
/// *Order.* Positions are dense and begin at 0. A block is appended at [`Log::next_position`] or not at all.
///
/// *Durability.* When [`Log::append`] returns `Ok`, the block and all before it survive a power cut.
/// The same holds for every block that a newly opened log shows: opening makes durable whatever an
/// earlier process wrote and could not confirm, so what has once been read is never lost again.
///
/// *Atomicity.* After a crash at any instant a block is there whole, or not there.
///
/// *Who may call.* One thread holds a handle (`Send`, not `Sync`). One handle appends to a log at a
/// time: for files the lock of the home ([`crate::lock`]) sees to it; JetStream refuses the stale
/// writer by itself. Any number of handles may read.
///
/// *A lost acknowledgement.* After [`AppendError::Uncertain`] the block is stored or not, and nobody
/// knows which. The handle refuses further appends ([`AppendError::Halted`]). The caller opens the
/// log anew and then either reads the position, or appends the same bytes there again: if they are
/// there already that is no error. Other bytes at that position may be sent only after reading has
/// shown that it is free.
///
/// *Refusals leave no trace.* After any other error nothing was stored, and the handle goes on working.
pub trait Log: Send {
    /// The position the next block will have: the number of blocks in the log, as far as this handle
    /// knows. A block whose append ended uncertain is not counted.
    fn next_position(&self) -> u64;

    /// Appends `block` (at most [`vandel_core::limits::BLOCK_BYTES_MAX`] bytes) at `position`; durable
    /// when this returns. If exactly these bytes stand at the position already, that is success too.
    ///
    /// # Errors
    /// [`AppendError`]; only after [`AppendError::Uncertain`] may the block have been stored.
    fn append(&mut self, position: u64, block: &[u8]) -> Result<(), AppendError>;

    /// The block at `position`, or `None` if the log isn't that long.
    ///
    /// # Errors
    /// [`ReadError`]; damage is never passed over or repaired.
    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, ReadError>;

    /// The blocks from `position` to the end as it is now, in order, in bounded memory. After an error
    /// the iterator ends. A position beyond the end gives nothing.
    fn blocks_from(&self, position: u64) -> Box<dyn Iterator<Item = Result<PlacedBlock, ReadError>> + '_>;
}

/// A block and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedBlock {
    /// Its position, counted from 0.
    pub position: u64,
    /// Its bytes, as they were appended.
    pub bytes: Vec<u8>,
}

/// Why a block was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another block stands there: another writer was first, or the caller's count is behind.
    #[error("position {position} is taken: the log's next position is {next}")]
    Taken {
        /// The position asked for.
        position: u64,
        /// The log's next position.
        next: u64,
    },
    /// The position lies beyond the end. A log has no holes.
    #[error("position {position} would leave a hole: the log's next position is {next}")]
    Hole {
        /// The position asked for.
        position: u64,
        /// The log's next position.
        next: u64,
    },
    /// The block is longer than [`vandel_core::limits::BLOCK_BYTES_MAX`].
    #[error("a block of {bytes} bytes exceeds the limit of {} bytes", vandel_core::limits::BLOCK_BYTES_MAX)]
    TooLarge {
        /// The block's length.
        bytes: usize,
    },
    /// No space is left. Nothing was stored and nothing is lost; append again when there is space.
    #[error("no space is left for the block at position {position}; nothing is lost: free space and go on")]
    Full {
        /// The position asked for.
        position: u64,
    },
    /// The medium is mounted read-only.
    #[error("the log lies on a read-only file system; remount it writable and go on")]
    ReadOnly,
    /// This process may not write there.
    #[error("no permission to write the log; check the owner and mode of its folder and segments")]
    PermissionDenied,
    /// The end of the log is torn. Nothing is appended until the torn bytes are cut.
    #[error("{0}; it must be cut before anything is appended")]
    Torn(TornTail),
    /// The block may have been stored, or not. Open the log anew and read, or append the same bytes again.
    #[error(
        "the block at position {position} may have been stored or not ({source}); open the log anew and read back"
    )]
    Uncertain {
        /// The position asked for.
        position: u64,
        /// What went wrong.
        source: io::Error,
    },
    /// The log can't be reached. Nothing was sent and nothing is lost; append again when it is back.
    #[error("the log can't be reached, so block {position} was not sent: {source}")]
    Unavailable {
        /// The position asked for.
        position: u64,
        /// What went wrong.
        source: io::Error,
    },
    /// The log's settings would lose or change what is appended. Nothing was sent.
    #[error("nothing is appended to a log that might lose it: {what}")]
    Unfit {
        /// Each setting, and how to mend it.
        what: String,
    },
    /// The log has lost or changed something that it held. Nothing is appended behind a loss.
    #[error("nothing is appended behind a loss: {what}")]
    Broken {
        /// What was lost, and where.
        what: String,
    },
    /// An earlier append through this handle ended uncertain.
    #[error("whether position {position} is stored is uncertain; open the log anew before appending")]
    Halted {
        /// The position whose append ended uncertain.
        position: u64,
    },
}

/// Why a block could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What is stored is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// What the broker holds is not what was published.
    #[cfg(feature = "network")]
    #[error(transparent)]
    Altered(Box<jetstream::StreamDamage>),
    /// The last append did not reach the medium whole. Only a read-only opening reports it here.
    #[error("{0}")]
    Torn(TornTail),
    /// The medium could not be read; that says nothing about what is stored.
    #[error("cannot read {place}: {source}")]
    Unavailable {
        /// The file, folder or stream.
        place: String,
        /// What went wrong.
        source: io::Error,
    },
}

/// The bytes of an append that a crash interrupted, at the very end of a log.
///
/// A crash can leave no more than this: one frame, or the header of one new segment, unsound, with
/// nothing sound after it. A log whose last *acknowledged* block was damaged looks the same. Therefore
/// the tail is reported and not cut: the caller first compares [`TornTail::position`] with the
/// checkpoint in the memory, and cuts only what the memory never held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{segment} is torn at byte {offset}, before block {position}: {bytes} bytes that are no whole block")]
pub struct TornTail {
    /// The last segment's file name.
    pub segment: String,
    /// Where the unsound bytes begin; 0 if the segment's own header is torn.
    pub offset: u64,
    /// How many there are.
    pub bytes: u64,
    /// The number of sound blocks before them: the position the torn block would have had.
    pub position: u64,
}

/// What is stored is not what was written. Nothing repairs it; it is restored from another copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{segment} is damaged at byte {offset}, at block {position}: {what}")]
pub struct Damage {
    /// The file's name (of the file that should be there, if it is missing).
    pub segment: String,
    /// The first byte of the header or frame that is unsound.
    pub offset: u64,
    /// The position of the first block concerned.
    pub position: u64,
    /// What is wrong.
    pub what: Fault,
}

/// What is wrong with a file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The folder holds a file that is no segment.
    #[error("this file does not belong in a log")]
    ForeignFile,
    /// A segment is not there.
    #[error("this segment is missing")]
    MissingSegment,
    /// A segment begins before the one ahead of it has ended.
    #[error("the segment before it already reaches to block {until}")]
    Overlap {
        /// The position after the last block of the segment before.
        until: u64,
    },
    /// The segment's header is short, or its magic or checksum is wrong.
    #[error("the segment header is unsound")]
    Header,
    /// The segment belongs to another ledger.
    #[error("the segment belongs to ledger {found}")]
    OtherLedger {
        /// That ledger.
        found: vandel_core::id::LedgerId,
    },
    /// The header names another first position than the file's name.
    #[error("the segment header says that it begins at block {found}")]
    OtherFirst {
        /// The position in the header.
        found: u64,
    },
    /// The segment ends before a block that was there when the log was opened.
    #[error("the segment has been cut short")]
    CutShort,
    /// A frame is incomplete, or its magic, length or checksum is wrong.
    #[error("the frame is unsound")]
    Frame,
    /// A sound frame stands where another should: repeated, removed or out of order.
    #[error("here stands block {found}")]
    OtherPosition {
        /// The position in the frame.
        found: u64,
    },
    /// Before a sound frame lie bytes that are no frame.
    #[error("the frame is unsound, yet block {found} follows it")]
    SoundFollows {
        /// The position of the sound frame that follows.
        found: u64,
    },
}

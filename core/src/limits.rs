//! Every upper bound in one place. What exceeds one is refused before it is decoded.

/// The longest statement, in bytes: room for a policy pack in the event that adopts it.
pub const STATEMENT_BYTES_MAX: usize = 256 * 1024;
/// The longest record, in bytes: a statement, its signatures and the record's own fields.
pub const RECORD_BYTES_MAX: usize = STATEMENT_BYTES_MAX + 1024;
/// The most records in one block.
pub const BLOCK_RECORDS_MAX: usize = 1_000;
/// The longest block, in bytes. Below the 1 MiB that a NATS message may have by default.
pub const BLOCK_BYTES_MAX: usize = 768 * 1024;
/// The most parts in a payload; the commitment's list is padded to this many.
pub const PARTS_MAX: usize = 8;
/// The longest content of one part, in bytes, before padding.
pub const PART_BYTES_MAX: usize = 256 * 1024;
/// The longest free text in a sealed part, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// The longest signed note (checkpoint with cosignatures), in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// The most signatures on a note; C2SP asks readers to accept at least 16.
pub const NOTE_SIGNATURES_MAX: usize = 100;
/// The longest request to a witness (C2SP tlog-witness `add-checkpoint`), in bytes: proof and note.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = 64 * 1024;
/// The longest trust file, in bytes.
pub const TRUST_BYTES_MAX: usize = 64 * 1024;
/// The longest policy pack, in bytes of TOML.
pub const POLICY_BYTES_MAX: usize = 192 * 1024;
/// The most record numbers in one erasure event; a larger plan is carried out in batches.
pub const ERASURE_RECORDS_MAX: usize = 16_384;
/// The most grants in one enrolment.
pub const GRANTS_MAX: usize = 64;

//! The bytes of a segment: header and frames. All integers are big-endian.
//!
//! ```text
//! header   magic "VANDLOG1"  8 │ ledger id 32 │ first position 8 │ crc32c 4 over the 48 before it
//! frame    magic "VBLK"      4 │ position 8 │ length 4 │ crc32c 4 over position‖length‖block │ block
//! ```
//!
//! The magic is compared, the rest is summed, so no bit of a segment can change unseen. The checksum
//! (CRC-32C, RFC 3720 section 12.1) tells torn from whole; against intent it proves nothing.

use vandel_core::id::LedgerId;
use vandel_core::limits::BLOCK_BYTES_MAX;

use crate::log::Fault;

const HEADER_MAGIC: [u8; 8] = *b"VANDLOG1";
pub(super) const FRAME_MAGIC: [u8; 4] = *b"VBLK";

/// The length of a segment's header.
pub(super) const HEADER_BYTES: usize = 8 + 32 + 8 + 4;
/// The length of a frame without its block.
pub(super) const FRAME_HEADER_BYTES: usize = 4 + 8 + 4 + 4;
/// The longest frame.
pub(super) const FRAME_BYTES_MAX: usize = FRAME_HEADER_BYTES + BLOCK_BYTES_MAX;

/// The file name of the segment that begins at `first`.
pub(super) fn segment_name(first: u64) -> String {
    format!("segment-{first:020}.vlog")
}

/// The first position in a segment's file name; `None` for any other name.
pub(super) fn parse_segment_name(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("segment-")?.strip_suffix(".vlog")?;
    let first = digits.parse().ok()?;
    // Only the name this module itself would give: 20 digits, no sign.
    (segment_name(first) == name).then_some(first)
}

pub(super) fn encode_header(ledger: LedgerId, first: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&HEADER_MAGIC);
    header[8..40].copy_from_slice(&ledger.0);
    header[40..48].copy_from_slice(&first.to_be_bytes());
    let sum = crc32c::crc32c(&header[..48]);
    header[48..].copy_from_slice(&sum.to_be_bytes());
    header
}

/// The ledger and first position in a header, if it is sound.
pub(super) fn decode_header(header: &[u8; HEADER_BYTES]) -> Result<(LedgerId, u64), Fault> {
    let sum = u32::from_be_bytes(array(&header[48..]));
    if header[..8] != HEADER_MAGIC || crc32c::crc32c(&header[..48]) != sum {
        return Err(Fault::Header);
    }
    Ok((LedgerId(array(&header[8..40])), u64::from_be_bytes(array(&header[40..48]))))
}

/// Replaces `out` by the frame of a block, which is no longer than [`BLOCK_BYTES_MAX`].
pub(super) fn encode_frame(position: u64, block: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(block.len()).expect("a block is shorter than 4 GiB");
    out.clear();
    out.extend_from_slice(&FRAME_MAGIC);
    out.extend_from_slice(&position.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&out[4..16]), block);
    out.extend_from_slice(&sum.to_be_bytes());
    out.extend_from_slice(block);
}

/// The fields at the head of a frame; not yet checked against the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHeader {
    pub(super) position: u64,
    /// The length of the whole frame.
    pub(super) frame_bytes: usize,
}

/// Reads the head of the frame at the beginning of `bytes`; `None` if it cannot be one.
pub(super) fn peek_frame(bytes: &[u8]) -> Option<FrameHeader> {
    let head = bytes.get(..FRAME_HEADER_BYTES)?;
    let length = usize::try_from(u32::from_be_bytes(array(&head[12..16]))).ok()?;
    if head[..4] != FRAME_MAGIC || length > BLOCK_BYTES_MAX {
        return None;
    }
    let position = u64::from_be_bytes(array(&head[4..12]));
    Some(FrameHeader { position, frame_bytes: FRAME_HEADER_BYTES + length })
}

/// The frame at the beginning of `bytes`, if it is whole and its checksum is right.
pub(super) fn sound_frame(bytes: &[u8]) -> Option<FrameHeader> {
    let header = peek_frame(bytes)?;
    let frame = bytes.get(..header.frame_bytes)?;
    let sum = crc32c::crc32c_append(crc32c::crc32c(&frame[4..16]), &frame[FRAME_HEADER_BYTES..]);
    (sum.to_be_bytes() == frame[16..FRAME_HEADER_BYTES]).then_some(header)
}

/// A slice of known length as an array.
fn array<const N: usize>(slice: &[u8]) -> [u8; N] {
    slice.try_into().expect("the caller slices exactly N bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of `docs/format.md`, section 5.4. The checksums were computed by another program.
    #[test]
    fn the_bytes_of_a_segment_are_pinned() {
        let header = [
            &b"VANDLOG1"[..],
            &[0x4c; 32],               // ledger id
            &[0, 0, 0, 0, 0, 0, 0, 7], // first position
            &[0xef, 0xef, 0xab, 0xef], // CRC-32C of the 48 bytes before
        ];
        assert_eq!(encode_header(LedgerId([0x4c; 32]), 7).as_slice(), header.concat());
        let frame = [
            &b"VBLK"[..],
            &[0, 0, 0, 0, 0, 0, 0, 7], // position
            &[0, 0, 0, 5],             // length
            &[0x77, 0xd9, 0xfd, 0x61], // CRC-32C of position, length and block
            b"block",
        ];
        let mut encoded = Vec::new();
        encode_frame(7, b"block", &mut encoded);
        assert_eq!(encoded, frame.concat());
        assert_eq!(segment_name(7), "segment-00000000000000000007.vlog");
    }
}

//! The bytes that a log in files would have, made without a disk: for a copy of a log that lies elsewhere.
//!
//! The same blocks give the same bytes, so that a copy of a log that has grown shares its pieces with the copy before.

use vandel_core::id::LedgerId;

use super::SEGMENT_BYTES;
use super::frame::{
    FRAME_HEADER_BYTES, HEADER_BYTES, encode_frame, encode_header, parse_segment_name, peek_frame,
    segment_name,
};

/// Segments in the making.
pub(crate) struct Image {
    ledger: LedgerId,
    /// The length of the segment so far; none before the first.
    len: Option<u64>,
    scratch: Vec<u8>,
}

impl Image {
    /// Of a ledger's log, from a block on with which a segment begins.
    pub(crate) fn new(ledger: LedgerId) -> Self {
        Self { ledger, len: None, scratch: Vec::new() }
    }

    /// What a block adds: where it begins a segment, that one's name and header; and its frame.
    pub(crate) fn add(
        &mut self,
        position: u64,
        block: &[u8],
    ) -> (Option<(String, [u8; HEADER_BYTES])>, &[u8]) {
        encode_frame(position, block, &mut self.scratch);
        let (frame, header) = (self.scratch.len() as u64, HEADER_BYTES as u64);
        // As an append decides it.
        let goes_on = self.len.filter(|len| *len == header || len + frame <= SEGMENT_BYTES);
        self.len = Some(goes_on.unwrap_or(header) + frame);
        let begins =
            goes_on.is_none().then(|| (segment_name(position), encode_header(self.ledger, position)));
        (begins, &self.scratch)
    }
}

/// The position of a segment's first block, by its file's name.
pub(crate) fn first_position(name: &str) -> Option<u64> {
    parse_segment_name(name)
}

/// A segment's first block, by the segment's first bytes; none if they are too few.
pub(crate) fn first_block(segment: &[u8]) -> Option<&[u8]> {
    let frames = segment.get(HEADER_BYTES..)?;
    let head = peek_frame(frames)?;
    frames.get(FRAME_HEADER_BYTES..head.frame_bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::disk::{Disk, RealDisk, read_all};
    use crate::log::Log;
    use crate::log::file::FileLog;

    #[test]
    fn an_image_is_what_a_log_in_files_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let (path, ledger) = (folder.path().join("log"), LedgerId([7; 32]));
        FileLog::create(&*disk, &path, ledger).expect("a log");
        let (mut log, _) = FileLog::open(disk.clone(), &path, ledger).expect("opened");
        let mut image = Image::new(ledger);
        let mut segments: Vec<(String, Vec<u8>)> = Vec::new();
        // Blocks of half a MiB: the last of them do not fit into the first segment.
        let blocks = (0..130_u8).map(|at| vec![at; (1 << 19) + usize::from(at)]);
        for (position, block) in (0..).zip(blocks) {
            log.append(position, &block).expect("appended");
            let (begins, frame) = image.add(position, &block);
            if let Some((name, header)) = begins {
                segments.push((name, header.to_vec()));
            }
            segments.last_mut().expect("a segment").1.extend_from_slice(frame);
        }
        let names = disk.list(&path).expect("listed");
        assert!(names.len() > 1, "one segment shows nothing");
        assert_eq!(names, segments.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
        for (name, bytes) in &segments {
            assert!(read_all(&*disk, &path.join(name)).expect("read") == *bytes, "{name} differs");
        }
        let (name, bytes) = &segments[1];
        let first = first_position(name).expect("a position");
        assert_eq!(first_block(bytes).map(|block| block[0]), u8::try_from(first).ok());
        assert_eq!(first_block(&bytes[..100]), None);
    }
}

//! Reading segments front to back, in big pieces and bounded memory.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use vandel_core::id::LedgerId;

use super::frame::{
    FRAME_BYTES_MAX, FRAME_HEADER_BYTES, FRAME_MAGIC, HEADER_BYTES, decode_header, parse_segment_name,
    peek_frame, segment_name, sound_frame,
};
use crate::disk::{Disk, DiskFile, Open};
use crate::log::{Damage, Fault, PlacedBlock, ReadError, TornTail};

/// How much is read at first: whoever wants one block needs no more.
const FIRST_CHUNK_BYTES: usize = 16 * 1024;
/// How much is read at a time further on. At least one frame must fit.
const CHUNK_BYTES: usize = 1024 * 1024;
const _: () = assert!(CHUNK_BYTES >= FRAME_BYTES_MAX);

/// A folder of segments, as found on a disk.
#[derive(Clone)]
pub(super) struct Folder {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) path: PathBuf,
    /// The ledger it must belong to; `None` until the first segment has told it (audits only).
    pub(super) ledger: Option<LedgerId>,
}

impl Folder {
    /// The first positions of all segments, in order. The first is 0.
    pub(super) fn segments(&self) -> Result<Vec<u64>, ReadError> {
        let names = self.disk.list(&self.path).map_err(|source| self.unavailable(None, source))?;
        let mut segments = Vec::with_capacity(names.len());
        for name in names {
            let Some(first) = parse_segment_name(&name) else {
                let position = segments.last().copied().unwrap_or(0);
                return Err(Damage { segment: name, offset: 0, position, what: Fault::ForeignFile }.into());
            };
            segments.push(first);
        }
        match segments.first() {
            Some(0) => Ok(segments),
            _ => Err(damage(0, 0, 0, Fault::MissingSegment)),
        }
    }

    /// Opens a segment and checks its header. `Ok(None)` if the header is no longer than a crash
    /// during the segment's creation may leave it, and unsound.
    pub(super) fn open_segment(&mut self, first: u64, open: Open) -> Result<Option<Segment>, ReadError> {
        let fails = |source| self.unavailable(Some(first), source);
        let file = self.disk.open(&self.path.join(segment_name(first)), open).map_err(fails)?;
        let len = file.len().map_err(fails)?;
        if len < HEADER_BYTES as u64 {
            return Ok(None);
        }
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).map_err(fails)?;
        let (ledger, header_first) = match decode_header(&header) {
            Ok(fields) => fields,
            Err(_) if len == HEADER_BYTES as u64 => return Ok(None),
            Err(fault) => return Err(damage(first, 0, first, fault)),
        };
        if *self.ledger.get_or_insert(ledger) != ledger {
            return Err(damage(first, 0, first, Fault::OtherLedger { found: ledger }));
        }
        if header_first != first {
            return Err(damage(first, 0, first, Fault::OtherFirst { found: header_first }));
        }
        Ok(Some(Segment { file, first, len }))
    }

    /// An error of the disk, with the file it concerns.
    pub(super) fn unavailable(&self, first: Option<u64>, source: io::Error) -> ReadError {
        let place = first.map_or_else(|| self.path.clone(), |first| self.path.join(segment_name(first)));
        ReadError::Unavailable { place: place.display().to_string(), source }
    }
}

/// Damage in the segment that begins (or should begin) at `first`.
pub(super) fn damage(first: u64, offset: u64, position: u64, what: Fault) -> ReadError {
    Damage { segment: segment_name(first), offset, position, what }.into()
}

/// An open segment with a sound header.
pub(super) struct Segment {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) first: u64,
    pub(super) len: u64,
}

impl Segment {
    /// What stands at `offset`, where the frame of block `position` should be and is not: torn bytes,
    /// or damage. Only in the last segment can bytes be torn.
    fn judge(&self, offset: u64, position: u64, is_last: bool) -> io::Result<ReadError> {
        let found = |what| Ok(damage(self.first, offset, position, what));
        let rest = self.len - offset;
        let mut bytes = vec![0; usize::try_from(rest).unwrap_or(usize::MAX).min(2 * FRAME_BYTES_MAX)];
        self.file.read_exact_at(&mut bytes, offset)?;
        if let Some(frame) = sound_frame(&bytes) {
            return found(Fault::OtherPosition { found: frame.position });
        }
        // A crash tears one frame, the last. A sound block at or after this position shows that
        // something else happened. (Bytes inside a torn block that look like such a frame are taken
        // for one: in doubt the log stays shut.)
        let follows = bytes.windows(FRAME_MAGIC.len()).enumerate().find_map(|(at, window)| {
            if window != FRAME_MAGIC.as_slice() {
                return None;
            }
            sound_frame(&bytes[at..]).filter(|frame| frame.position >= position)
        });
        match follows {
            Some(frame) => found(Fault::SoundFollows { found: frame.position }),
            None if is_last && rest <= FRAME_BYTES_MAX as u64 => Ok(ReadError::Torn(TornTail {
                segment: segment_name(self.first),
                offset,
                bytes: rest,
                position,
            })),
            None => found(Fault::Frame),
        }
    }
}

/// A place in a segment where a frame begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct FramePlace {
    pub(super) position: u64,
    pub(super) offset: u64,
}

/// Walks over the frames of one segment.
pub(super) struct Frames {
    pub(super) segment: Segment,
    /// Where the next frame begins.
    pub(super) place: FramePlace,
    /// Bytes of the file from `buffer_offset` on.
    buffer: Vec<u8>,
    buffer_offset: u64,
    /// How much is read next.
    chunk: usize,
}

impl Frames {
    /// From the segment's first frame.
    pub(super) fn of(segment: Segment) -> Self {
        let place = FramePlace { position: segment.first, offset: HEADER_BYTES as u64 };
        Self::from(segment, place)
    }

    /// From a frame known to begin at `place`.
    pub(super) fn from(segment: Segment, place: FramePlace) -> Self {
        Self { segment, place, buffer: Vec::new(), buffer_offset: place.offset, chunk: FIRST_CHUNK_BYTES }
    }

    /// The next block; `None` at the end of the file. The place moves only past sound frames.
    pub(super) fn next(&mut self, is_last: bool) -> io::Result<Result<Option<&[u8]>, ReadError>> {
        if self.place.offset == self.segment.len {
            return Ok(Ok(None));
        }
        self.fill(FRAME_HEADER_BYTES)?;
        if let Some(header) = peek_frame(self.buffered()) {
            self.fill(header.frame_bytes)?;
        }
        let FramePlace { position, offset } = self.place;
        match sound_frame(self.buffered()) {
            Some(frame) if frame.position == position => {
                let start = self.buffer.len() - self.buffered().len();
                self.place = FramePlace { position: position + 1, offset: offset + frame.frame_bytes as u64 };
                Ok(Ok(Some(&self.buffer[start + FRAME_HEADER_BYTES..start + frame.frame_bytes])))
            }
            _ => self.segment.judge(offset, position, is_last).map(Err),
        }
    }

    /// Whether the frame at the place says that it is the one of the block there.
    pub(super) fn begins_here(&mut self) -> io::Result<bool> {
        self.fill(FRAME_HEADER_BYTES)?;
        Ok(peek_frame(self.buffered()).is_some_and(|frame| frame.position == self.place.position))
    }

    /// The bytes at hand from the place on.
    fn buffered(&self) -> &[u8] {
        let start = usize::try_from(self.place.offset - self.buffer_offset).unwrap_or(usize::MAX);
        self.buffer.get(start..).unwrap_or_default()
    }

    /// Has at least `wanted` bytes at hand, or all there are.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let rest = self.segment.len - self.place.offset;
        if self.buffered().len() >= wanted || self.buffered().len() as u64 == rest {
            return Ok(());
        }
        let at_hand = self.buffered().len();
        let start = self.buffer.len() - at_hand;
        self.buffer.copy_within(start.., 0);
        self.buffer_offset = self.place.offset;
        let len = usize::try_from(rest).unwrap_or(usize::MAX).min(self.chunk.max(wanted));
        self.chunk = CHUNK_BYTES.min(self.chunk * 4);
        self.buffer.resize(len, 0);
        self.segment.file.read_exact_at(&mut self.buffer[at_hand..], self.buffer_offset + at_hand as u64)
    }
}

/// Blocks in order over all segments, each checked as it is read. After an error the iterator ends.
///
/// A scan that runs to the end of the files has seen every byte of the log: it ends with `None` if all
/// of them are sound, and otherwise with the damage or the torn tail.
pub struct Blocks {
    folder: Folder,
    /// The first positions of the segments not yet begun.
    segments: VecDeque<u64>,
    current: Option<Frames>,
    /// Where to stop before the end of the files; a writer may be busy beyond it.
    until: Option<u64>,
    ended: bool,
    /// Where the last block ended.
    mark: Option<Mark>,
}

/// Where a block ended that was read: so that a later reading need not begin before it.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The first position of the segment.
    segment: u64,
    /// Where the next frame begins.
    place: FramePlace,
}

impl Mark {
    /// The position of the next block.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.place.position
    }

    /// The place to begin at in a segment to read the block at `position`, if this mark lies before it there. A file
    /// that has become shorter is read from its beginning, which tells what is wrong with it.
    pub(super) fn in_segment(self, segment: &Segment, position: u64) -> Option<FramePlace> {
        let fits = self.segment == segment.first
            && self.place.position <= position
            && self.place.offset <= segment.len;
        fits.then_some(self.place)
    }
}

impl Blocks {
    /// From the beginning of the first of `segments`.
    pub(super) fn new(folder: Folder, segments: Vec<u64>, until: Option<u64>) -> Self {
        Self { folder, segments: segments.into(), current: None, until, ended: false, mark: None }
    }

    /// Begins in the middle of a segment. `segments` are those after it.
    pub(super) fn starting_in(mut self, frames: Frames) -> Self {
        self.current = Some(frames);
        self
    }

    /// Where the last block ended that was read.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    fn advance(&mut self) -> Result<Option<PlacedBlock>, ReadError> {
        loop {
            // What a writer has counted cannot be torn: there, everything unsound is damage.
            let is_last = self.segments.is_empty() && self.until.is_none();
            let Some(frames) = &mut self.current else {
                return Ok(None);
            };
            let position = frames.place.position;
            if self.until.is_some_and(|until| position >= until) {
                return Ok(None);
            }
            let first = frames.segment.first;
            match frames.next(is_last).map_err(|source| self.folder.unavailable(Some(first), source))?? {
                Some(block) => {
                    let bytes = block.to_vec();
                    self.mark = Some(Mark { segment: first, place: frames.place });
                    return Ok(Some(PlacedBlock { position, bytes }));
                }
                None if self.segments.is_empty() && self.until.is_some() => {
                    return Err(damage(first, frames.place.offset, position, Fault::CutShort));
                }
                None => self.next_segment(position)?,
            }
        }
    }

    /// Goes on to the segment that begins at `position`.
    fn next_segment(&mut self, position: u64) -> Result<(), ReadError> {
        self.current = None;
        let Some(first) = self.segments.pop_front() else {
            return Ok(());
        };
        check_joined(position, first)?;
        let Some(segment) = self.folder.open_segment(first, Open::Read)? else {
            return Err(self.torn_header(first));
        };
        self.current = Some(Frames::of(segment));
        Ok(())
    }

    /// The header at `first` is short or unsound: torn in the last segment, damage in any other.
    fn torn_header(&self, first: u64) -> ReadError {
        if !self.segments.is_empty() || self.until.is_some() {
            return damage(first, 0, first, Fault::Header);
        }
        let path = self.folder.path.join(segment_name(first));
        match self.folder.disk.open(&path, Open::Read).and_then(|file| file.len()) {
            Ok(bytes) => ReadError::Torn(torn_header(first, bytes)),
            Err(source) => self.folder.unavailable(Some(first), source),
        }
    }
}

/// The torn tail that a header cut short is.
pub(super) fn torn_header(first: u64, bytes: u64) -> TornTail {
    TornTail { segment: segment_name(first), offset: 0, bytes, position: first }
}

/// A segment must begin where the one before it ended.
pub(super) fn check_joined(end: u64, first: u64) -> Result<(), ReadError> {
    match end.cmp(&first) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(damage(end, 0, end, Fault::MissingSegment)),
        std::cmp::Ordering::Greater => Err(damage(first, 0, first, Fault::Overlap { until: end })),
    }
}

impl Iterator for Blocks {
    type Item = Result<PlacedBlock, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if self.current.is_none()
            && let Some(&first) = self.segments.front()
            && let Err(error) = self.next_segment(first)
        {
            self.ended = true;
            return Some(Err(error));
        }
        let item = self.advance().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

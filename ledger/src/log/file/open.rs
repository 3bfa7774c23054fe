//! Opening for appending: what is checked, and how what is shown becomes durable.

use std::io;

use vandel_core::id::LedgerId;

use super::frame::{
    FRAME_BYTES_MAX, FRAME_MAGIC, FrameHeader, HEADER_BYTES, encode_header, peek_frame, segment_name,
    sound_frame,
};
use super::places::Places;
use super::read::{Folder, FramePlace, Frames, Segment, check_joined, damage, torn_header};
use super::{FileLog, SEGMENT_BYTES, State};
use crate::disk::{DiskFile, Open};
use crate::log::{Fault, ReadError, TornTail};

pub(super) fn open(mut folder: Folder, ledger: LedgerId) -> Result<FileLog, ReadError> {
    let segments = folder.segments()?;
    for pair in segments.windows(2) {
        check_full_segment(&mut folder, pair[0], pair[1])?;
    }
    let last = segments.last().copied().unwrap_or(0);
    let tail = open_last(&mut folder, last)?;
    if tail.torn.is_none() {
        settle(&folder, ledger, last, &tail).map_err(|source| folder.unavailable(Some(last), source))?;
    }
    Ok(FileLog {
        folder,
        ledger,
        segment_bytes: SEGMENT_BYTES,
        segments,
        places: tail.places,
        file: tail.file,
        next: tail.next,
        state: tail.torn.map_or(State::Ready, State::Torn),
        scratch: Vec::new(),
    })
}

/// A segment that was whole when the log was opened.
pub(super) fn whole_segment(folder: &mut Folder, first: u64) -> Result<Segment, ReadError> {
    let segment = folder.open_segment(first, Open::Read)?;
    segment.ok_or_else(|| damage(first, 0, first, Fault::Header))
}

/// The frames of a segment from the block at `position` on, which belongs in it. Damage is reported by whoever reads on,
/// or here if it lies before that block and its place is not known.
pub(super) fn frames_at(
    folder: &Folder,
    segment: Segment,
    places: &Places,
    position: u64,
) -> Result<Frames, ReadError> {
    let first = segment.first;
    let fails = |source| folder.unavailable(Some(first), source);
    let mut frames = Frames::of(segment);
    if position == first {
        return Ok(frames);
    }
    if let Some(offset) = places.get(position).filter(|offset| *offset < frames.segment.len) {
        frames = Frames::from(frames.segment, FramePlace { position, offset });
        if frames.begins_here().map_err(fails)? {
            return Ok(frames);
        }
        frames = Frames::of(frames.segment);
    }
    let offsets = offsets_until_damage(&mut frames);
    places.note(first, &offsets);
    match usize::try_from(position - first).ok().and_then(|index| offsets.get(index)) {
        Some(offset) => return Ok(Frames::from(frames.segment, FramePlace { position, offset: *offset })),
        // Damaged before that block, or cut short since it was opened, which the iterator reports.
        None if frames.place.position < position => drop(frames.next(false).map_err(fails)??),
        None => {}
    }
    Ok(frames)
}

/// Where a segment's frames begin, as far as they are sound.
fn offsets_until_damage(frames: &mut Frames) -> Vec<u64> {
    let mut offsets = Vec::new();
    loop {
        let offset = frames.place.offset;
        match frames.next(false) {
            Ok(Ok(Some(_))) => offsets.push(offset),
            _ => return offsets,
        }
    }
}

/// Checks a segment that another follows: its header, and that its last frame is the one before `next`.
fn check_full_segment(folder: &mut Folder, first: u64, next: u64) -> Result<(), ReadError> {
    let mut frames = Frames::of(whole_segment(folder, first)?);
    let fails = |source| folder.unavailable(Some(first), source);
    if ends_before(&frames.segment, next).map_err(fails)? {
        return Ok(());
    }
    // Something is wrong; read it whole to say what and where.
    while frames.next(false).map_err(fails)??.is_some() {}
    check_joined(frames.place.position, next)
}

/// Whether the last bytes of a segment are the sound frame of the block before `next`.
fn ends_before(segment: &Segment, next: u64) -> io::Result<bool> {
    let frames_bytes = usize::try_from(segment.len).unwrap_or(usize::MAX) - HEADER_BYTES;
    // Most blocks are far below the limit, so look at a little first.
    for look in [64 * 1024, FRAME_BYTES_MAX] {
        let mut bytes = vec![0; frames_bytes.min(look)];
        let from = segment.len - bytes.len() as u64;
        segment.file.read_exact_at(&mut bytes, from)?;
        let found = bytes.windows(FRAME_MAGIC.len()).enumerate().rev().any(|(at, window)| {
            let rest = &bytes[at..];
            let is_it = |frame: FrameHeader| frame.position + 1 == next && frame.frame_bytes == rest.len();
            window == FRAME_MAGIC.as_slice()
                && peek_frame(rest).is_some_and(is_it)
                && sound_frame(rest).is_some()
        });
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the last segment holds.
struct Tail {
    file: Box<dyn DiskFile>,
    places: Places,
    /// The last sound frame.
    last_frame: Option<FramePlace>,
    next: FramePlace,
    torn: Option<TornTail>,
}

/// Opens the last segment for writing and reads it whole.
fn open_last(folder: &mut Folder, first: u64) -> Result<Tail, ReadError> {
    let Some(segment) = folder.open_segment(first, Open::Write)? else {
        return open_torn_header(folder, first).map_err(|source| folder.unavailable(Some(first), source));
    };
    let mut frames = Frames::of(segment);
    let mut offsets = Vec::new();
    let mut last_frame = None;
    let torn = loop {
        let place = frames.place;
        match frames.next(true).map_err(|source| folder.unavailable(Some(first), source))? {
            Ok(None) => break None,
            Ok(Some(_)) => {
                offsets.push(place.offset);
                last_frame = Some(place);
            }
            Err(ReadError::Torn(tail)) => break Some(tail),
            Err(error) => return Err(error),
        }
    };
    let places = Places::in_memory();
    places.note(first, &offsets);
    Ok(Tail { places, last_frame, next: frames.place, torn, file: frames.segment.file })
}

/// The last segment was being made when the power went.
fn open_torn_header(folder: &Folder, first: u64) -> io::Result<Tail> {
    let file = folder.disk.open(&folder.path.join(segment_name(first)), Open::Write)?;
    let torn = Some(torn_header(first, file.len()?));
    let next = FramePlace { position: first, offset: HEADER_BYTES as u64 };
    Ok(Tail { file, places: Places::in_memory(), last_frame: None, next, torn })
}

/// Makes durable what the last segment shows.
///
/// The process before may have been killed between a write and its sync, so what can be read need not
/// be on the medium. Nor is a sync now enough: after a *failed* sync, Linux marks the pages clean, and
/// later syncs succeed without writing them. So the last frame (or the header of a segment without
/// one) is written again, byte for byte, and synced. Only it can be in doubt: each append waits for
/// the sync of the one before. Should the power go meanwhile, identical bytes leave nothing torn that
/// was whole.
fn settle(folder: &Folder, ledger: LedgerId, first: u64, tail: &Tail) -> io::Result<()> {
    match tail.last_frame {
        Some(FramePlace { offset, .. }) => {
            let len = usize::try_from(tail.next.offset - offset).map_err(io::Error::other)?;
            let mut frame = vec![0; len];
            tail.file.read_exact_at(&mut frame, offset)?;
            tail.file.write_all_at(&frame, offset)?;
        }
        None => tail.file.write_all_at(&encode_header(ledger, first), 0)?,
    }
    tail.file.sync()?;
    folder.disk.sync_directory(&folder.path)
}

//! Every bit flipped, every file cut, and frames and segments removed, repeated, swapped and inserted.

use std::path::{Path, PathBuf};

use vandel_ledger::disk::Disk;
use vandel_ledger::log::{Log, ReadError};
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;

use crate::{FOLDER, FRAME_HEADER_BYTES, HEADER_BYTES, audit, blocks, filled, open};

/// One frame (or header) of a sound log.
#[derive(Clone, Debug)]
struct Piece {
    segment: String,
    start: usize,
    end: usize,
    /// The position that is unreadable once this piece is damaged.
    position: u64,
    is_header: bool,
    in_last_segment: bool,
    is_last: bool,
}

/// A small log of several segments and its pieces, found with the format document alone.
struct Sample {
    disk: RecordingDisk,
    sent: Vec<Vec<u8>>,
    pieces: Vec<Piece>,
}

/// The first sample from a seed on that has several segments and several frames in the last.
fn sample(seed: u64) -> Sample {
    let several = |sample: &Sample| {
        let headers = sample.pieces.iter().filter(|piece| piece.is_header).count();
        let last = sample.pieces.iter().filter(|piece| piece.in_last_segment).count();
        headers >= 3 && last >= 3
    };
    (0..).map(|more| any_sample(seed + 100 * more)).find(several).unwrap()
}

fn any_sample(seed: u64) -> Sample {
    let (disk, sent) = filled(11, 60, 300, seed);
    let names = disk.list(Path::new(FOLDER)).unwrap();
    let mut pieces = Vec::new();
    let mut position = 0;
    for name in &names {
        let len = disk.bytes(&path(name)).unwrap().len();
        let in_last_segment = Some(name) == names.last();
        let piece = |start, end, position, is_header| Piece {
            segment: name.clone(),
            start,
            end,
            position,
            is_header,
            in_last_segment,
            is_last: in_last_segment && end == len,
        };
        pieces.push(piece(0, HEADER_BYTES, position, true));
        let mut start = HEADER_BYTES;
        while start < len {
            let end = start + FRAME_HEADER_BYTES + sent[usize::try_from(position).unwrap()].len();
            pieces.push(piece(start, end, position, false));
            (start, position) = (end, position + 1);
        }
        assert_eq!(start, len);
    }
    assert_eq!(position, sent.len() as u64);
    Sample { disk, sent, pieces }
}

fn path(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

/// Where an error says that something is wrong: segment, offset, position, and whether torn.
fn place(error: &ReadError) -> (&str, u64, u64, bool) {
    match error {
        ReadError::Damaged(damage) => (&damage.segment, damage.offset, damage.position, false),
        ReadError::Torn(tail) => (&tail.segment, tail.offset, tail.position, true),
        ReadError::Unavailable { .. } | ReadError::Altered(_) => panic!("{error}"),
    }
}

/// Opening or verifying for appending notices it too; it never lets an append through.
fn writer_notices(disk: &RecordingDisk) -> bool {
    match open(disk, 300) {
        Err(ReadError::Damaged(_)) => true,
        Err(error) => panic!("{error}"),
        Ok((mut log, Some(_))) => log.append(log.next_position(), b"x").is_err(),
        Ok((log, None)) => log.verify().is_err(),
    }
}

#[test]
fn every_flipped_bit_is_noticed_at_its_place() {
    let (sample, mut flips, mut torn) = (sample(21), 0, 0);
    for piece in &sample.pieces {
        let original = sample.disk.bytes(&path(&piece.segment)).unwrap();
        for bit in piece.start * 8..piece.end * 8 {
            let disk = sample.disk.copy();
            let mut bytes = original.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            disk.put(&path(&piece.segment), &bytes);
            let (sound, error) = audit(&disk);
            let error = error.unwrap_or_else(|| panic!("bit {bit} of {piece:?} went unnoticed"));
            let expected = (piece.segment.as_str(), piece.start as u64, piece.position, piece.is_last);
            assert_eq!(place(&error), expected, "bit {bit} of {piece:?}: {error}");
            assert_eq!(sound, sample.sent[..usize::try_from(piece.position).unwrap()]);
            assert!(writer_notices(&disk), "bit {bit} of {piece:?}");
            flips += 1;
            torn += usize::from(piece.is_last);
        }
    }
    println!("flipped bits: {flips}, all noticed in place, {torn} of them as a torn tail");
}

#[test]
fn opening_alone_notices_what_it_promises_to() {
    let sample = sample(22);
    let mut flips = 0;
    for (at, piece) in sample.pieces.iter().enumerate() {
        let ends_segment = sample.pieces.get(at + 1).is_none_or(|next| next.is_header);
        if !(piece.is_header || piece.in_last_segment || ends_segment) {
            continue;
        }
        for byte in piece.start..piece.end {
            let disk = sample.disk.copy();
            let mut bytes = disk.bytes(&path(&piece.segment)).unwrap();
            bytes[byte] ^= 0x10;
            disk.put(&path(&piece.segment), &bytes);
            match open(&disk, 300) {
                Err(error) => assert_eq!(place(&error).1, piece.start as u64),
                Ok((_, torn)) => assert!(torn.is_some() && piece.is_last, "{piece:?}"),
            }
            flips += 1;
        }
    }
    println!("noticed by opening alone: {flips}");
}

#[test]
fn damage_after_opening_is_noticed_on_reading() {
    let sample = sample(23);
    for piece in sample.pieces.iter().filter(|piece| !piece.is_header) {
        let disk = sample.disk.copy();
        let (log, _) = open(&disk, 300).unwrap();
        let mut bytes = disk.bytes(&path(&piece.segment)).unwrap();
        bytes[piece.end - 1] ^= 1;
        disk.put(&path(&piece.segment), &bytes);
        // The last segment's file is open, but read through its name.
        let error = log.read(piece.position).unwrap_err();
        assert_eq!(place(&error), (piece.segment.as_str(), piece.start as u64, piece.position, false));
        let before = log.blocks_from(0).take_while(Result::is_ok).count();
        assert_eq!(before as u64, piece.position);
        bytes.truncate(piece.start);
        disk.put(&path(&piece.segment), &bytes);
        assert!(log.read(piece.position).is_err());
    }
}

#[test]
fn every_cut_is_noticed_but_one_at_the_end_of_a_last_block() {
    let (sample, mut cuts, mut unnoticed) = (sample(24), 0, 0);
    for piece in &sample.pieces {
        let original = sample.disk.bytes(&path(&piece.segment)).unwrap();
        for len in piece.start..piece.end {
            let disk = sample.disk.copy();
            disk.put(&path(&piece.segment), &original[..len]);
            let (sound, error) = audit(&disk);
            let at_frame = !piece.is_header && len == piece.start;
            if at_frame && piece.in_last_segment {
                // A shorter log, sound in itself: only the memory knows better.
                assert!(error.is_none());
                unnoticed += 1;
            } else {
                let error = error.unwrap_or_else(|| panic!("cut at {len} in {piece:?} went unnoticed"));
                assert_eq!(place(&error).2, piece.position, "cut at {len} in {piece:?}: {error}");
                assert_eq!(place(&error).3, piece.in_last_segment);
                assert!(writer_notices(&disk));
            }
            assert_eq!(sound, sample.sent[..usize::try_from(piece.position).unwrap()]);
            cuts += 1;
        }
    }
    println!("cuts: {cuts}, {unnoticed} of them at the end of a last block");
}

/// Rebuilds a segment from other pieces and demands that it is noticed, as damage, from `position` on.
fn rebuilt_is_damage(sample: &Sample, segment: &str, bytes: &[u8], position: u64) {
    let disk = sample.disk.copy();
    disk.put(&path(segment), bytes);
    let (sound, error) = audit(&disk);
    let error = error.expect("tampering went unnoticed");
    assert!(matches!(error, ReadError::Damaged(_)), "{error}");
    assert_eq!(place(&error).2, position, "{error}");
    assert_eq!(sound, sample.sent[..usize::try_from(position).unwrap()]);
    assert!(writer_notices(&disk));
}

#[test]
fn frames_removed_repeated_swapped_or_inserted_are_damage() {
    let (sample, mut trials) = (sample(25), 0);
    let frames: Vec<&Piece> = sample.pieces.iter().filter(|piece| !piece.is_header).collect();
    let bytes_of =
        |piece: &Piece| sample.disk.bytes(&path(&piece.segment)).unwrap()[piece.start..piece.end].to_vec();
    for frame in &frames {
        let original = sample.disk.bytes(&path(&frame.segment)).unwrap();
        let splice =
            |from: usize, to: usize, with: &[u8]| [&original[..from], with, &original[to..]].concat();
        if !frame.is_last {
            rebuilt_is_damage(&sample, &frame.segment, &splice(frame.start, frame.end, &[]), frame.position);
            trials += 1;
        }
        for other in &frames {
            // Inserted before the frame, and in its place: any frame of the log, itself included.
            let inserted = splice(frame.start, frame.start, &bytes_of(other));
            let first_wrong =
                if other.position == frame.position { frame.position + 1 } else { frame.position };
            rebuilt_is_damage(&sample, &frame.segment, &inserted, first_wrong);
            let appended = splice(frame.end, frame.end, &bytes_of(other));
            if other.position != frame.position + 1 {
                rebuilt_is_damage(&sample, &frame.segment, &appended, frame.position + 1);
            }
            if other.position != frame.position {
                let replaced = splice(frame.start, frame.end, &bytes_of(other));
                rebuilt_is_damage(&sample, &frame.segment, &replaced, frame.position);
            }
            trials += 3;
        }
    }
    println!("frames removed, repeated, swapped, inserted: {trials}");
}

#[test]
fn garbage_between_and_behind_frames_is_noticed() {
    let (sample, mut random, mut trials) = (sample(26), Random::seeded(26), 0);
    for piece in &sample.pieces {
        for len in [1, 2, 19, 20, 21, 500] {
            let original = sample.disk.bytes(&path(&piece.segment)).unwrap();
            let garbage = random.bytes(len);
            let bytes = [&original[..piece.end], garbage.as_slice(), &original[piece.end..]].concat();
            let disk = sample.disk.copy();
            disk.put(&path(&piece.segment), &bytes);
            let (_, error) = audit(&disk);
            let error = error.expect("garbage went unnoticed");
            let (segment, offset, _, torn) = place(&error);
            assert_eq!((segment, offset, torn), (piece.segment.as_str(), piece.end as u64, piece.is_last));
            assert!(writer_notices(&disk));
            trials += 1;
        }
    }
    println!("garbage: {trials}");
}

#[test]
fn segments_missing_renamed_copied_or_foreign_are_damage() {
    let (sample, mut trials) = (sample(27), 0);
    let names = sample.disk.list(Path::new(FOLDER)).unwrap();
    let mut is_damage = |disk: RecordingDisk, what: &str| {
        let (_, error) = audit(&disk);
        assert!(matches!(error, Some(ReadError::Damaged(_))), "{what}: {error:?}");
        assert!(matches!(open(&disk, 300), Err(ReadError::Damaged(_))), "{what}");
        trials += 1;
    };
    for (at, name) in names.iter().enumerate() {
        if at + 1 < names.len() {
            let disk = sample.disk.copy();
            disk.take(&path(name));
            is_damage(disk, "missing");
        }
        for other in &names[..at] {
            let disk = sample.disk.copy();
            let (one, two) = (disk.bytes(&path(name)).unwrap(), disk.bytes(&path(other)).unwrap());
            disk.put(&path(name), &two);
            disk.put(&path(other), &one);
            is_damage(disk, "swapped");
        }
        for new in ["segment-00000000000000000001.vlog", "segment-00000000000000000999.vlog"] {
            let disk = sample.disk.copy();
            disk.put(&path(new), &disk.bytes(&path(name)).unwrap());
            is_damage(disk, "copied");
        }
    }
    for foreign in [
        "lock",
        ".hidden",
        "segment-0.vlog",
        "segment-+0000000000000000000.vlog",
        "segment-00000000000000000000.vlog~",
        "Segment-00000000000000000000.vlog",
        "segment-99999999999999999999.vlog",
    ] {
        let disk = sample.disk.copy();
        disk.put(&path(foreign), b"");
        is_damage(disk, foreign);
    }
    let disk = sample.disk.copy();
    names.iter().for_each(|name| disk.take(&path(name)));
    is_damage(disk, "empty");
    println!("segments missing, swapped, copied, foreign: {trials}");
    let (log, _) = open(&sample.disk, 300).unwrap();
    assert_eq!(blocks(&log), sample.sent, "the sample itself is untouched");
}

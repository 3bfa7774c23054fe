//! Bundles: the files that hold sealed parts, written as frames, one for each append.
//!
//! ```text
//! frame  = magic 4 ‖ bundle u32 ‖ offset u32 ‖ sequence u32 ‖ head length u32 ‖ body length u32 ‖ crc32c u32
//!          ‖ head ‖ body
//! head   = AEAD(segment key, count u32 ‖ (key id 16 ‖ data key 32)… ‖ index)
//! body   = the sealed parts of the records, in order
//! ```
//!
//! The checksum covers everything but itself. It is looked at only while the frame belongs to the
//! open segment, for later an erasure may overwrite parts of the body; then each part's own tag
//! speaks for it. The frame names its bundle, its offset and its place in the open segment, and its
//! head is bound to them, so that no frame can pass for another or go missing between two others.

use std::io;
use std::path::Path;

use rayon::prelude::*;
use vandel_core::codec::{DecodeError, Reader};
use vandel_core::id::LedgerId;
use zeroize::Zeroizing;

use super::index::{Index, IndexPart};
use super::keys::Keys;
use super::seal::{DataKey, KeyId, OVERHEAD_BYTES, pad_into, padded_len, part_binding};
use super::shards::index_u32;
use super::{Entry, VaultError};
use crate::disk::{Disk, Open};

const MAGIC: [u8; 4] = *b"VVf1";
const HEADER_BYTES: usize = 28;
const CHECKSUM_AT: usize = 24;
/// A wrapped key in a frame's head: its id and its bytes.
pub(super) const KEY_BYTES: usize = 48;

/// The name of a bundle's file. Numbered, not named by its first record: after a destroyed tail the
/// same record number may come again, and a file's name must never have meant two things.
pub(super) fn file_name(number: u32) -> String {
    format!("bundle-{number}")
}

/// Where a frame goes and what it is bound to.
pub(super) struct Place<'a> {
    pub(super) ledger: &'a LedgerId,
    pub(super) bundle: u32,
    pub(super) offset: u32,
    /// How many frames of the open segment come before it.
    pub(super) sequence: u32,
    pub(super) segment_key: &'a DataKey,
}

impl Place<'_> {
    fn binding(&self) -> Vec<u8> {
        [b"vandel/v1/vhead\0", &self.ledger.0[..], &self.bundle.to_be_bytes(), &self.offset.to_be_bytes()]
            .concat()
    }
}

/// How many bytes an entry's parts take in a frame's body.
pub(super) fn body_len(entry: &Entry) -> usize {
    entry.parts.iter().map(|part| padded_len(part.bytes.len()) + OVERHEAD_BYTES).sum()
}

/// Builds a frame. `keys` holds a key for each part; `new_keys` are those of them that go into the head.
pub(super) fn build_frame(
    place: &Place<'_>,
    new_keys: &[KeyId],
    entries: &[Entry],
    keys: &Keys,
) -> Result<(Vec<u8>, Index), VaultError> {
    let part_count: usize = entries.iter().map(|entry| entry.parts.len()).sum();
    let head_len = 4 + new_keys.len() * KEY_BYTES + 4 + entries.len() * 41 + part_count * 26 + OVERHEAD_BYTES;
    let body_len: usize = entries.iter().map(body_len).sum();
    let total = HEADER_BYTES + head_len + body_len;
    let end = u32::try_from(total).ok().and_then(|total| place.offset.checked_add(total));
    if end.is_none() {
        return Err(VaultError::TooLarge);
    }
    let index = lay_out(place.offset, HEADER_BYTES + head_len, entries);

    let mut frame = Vec::with_capacity(total);
    frame.extend_from_slice(&MAGIC);
    for field in [place.bundle, place.offset, place.sequence, fit(head_len), fit(body_len), 0] {
        frame.extend_from_slice(&field.to_be_bytes());
    }
    let head_len = head_len - OVERHEAD_BYTES;
    place.segment_key.ready().seal_into(&mut frame, &place.binding(), head_len, |out| {
        out.extend_from_slice(&fit(new_keys.len()).to_be_bytes());
        for id in new_keys {
            out.extend_from_slice(&id.0);
            out.extend_from_slice(keys[id].bytes());
        }
        index.encode_into(out);
    })?;
    seal_parts(&mut frame, place.ledger, entries, keys)?;
    debug_assert_eq!(frame.len(), total);
    let check = checksum(&frame);
    frame[CHECKSUM_AT..HEADER_BYTES].copy_from_slice(&check.to_be_bytes());
    Ok((frame, index))
}

/// So many entries are sealed on the writer's own thread: waking others would cost more.
const SEALED_ALONE: usize = 64;

/// Appends the sealed parts, one after the other; those of many entries on all cores.
fn seal_parts(
    frame: &mut Vec<u8>,
    ledger: &LedgerId,
    entries: &[Entry],
    keys: &Keys,
) -> Result<(), VaultError> {
    let seal = |out: &mut Vec<u8>, entry: &Entry| {
        // Most records have two parts under their spine's key, of which one comes first.
        let first = entry.parts.first().map(|part| (part.key, keys[&part.key].ready()));
        entry.parts.iter().try_for_each(|part| {
            let binding = part_binding(ledger, entry.record, &entry.statement, part.slot, &part.key);
            let own;
            let key = match &first {
                Some((name, key)) if *name == part.key => key,
                _ => {
                    own = keys[&part.key].ready();
                    &own
                }
            };
            key.seal_into(out, &binding, padded_len(part.bytes.len()), |out| pad_into(out, &part.bytes))
        })
    };
    if entries.len() <= SEALED_ALONE {
        return entries.iter().try_for_each(|entry| seal(frame, entry));
    }
    let sealed = entries.par_chunks(SEALED_ALONE).map(|entries| {
        let mut sealed = Vec::with_capacity(entries.iter().map(body_len).sum());
        entries.iter().try_for_each(|entry| seal(&mut sealed, entry))?;
        Ok(sealed)
    });
    let sealed = sealed.collect::<Result<Vec<_>, VaultError>>()?;
    sealed.iter().for_each(|sealed| frame.extend_from_slice(sealed));
    Ok(())
}

fn fit(len: usize) -> u32 {
    u32::try_from(len).expect("checked against the length of the frame")
}

fn lay_out(frame_offset: u32, body_start: usize, entries: &[Entry]) -> Index {
    let mut index = Index::default();
    let mut offset = frame_offset + fit(body_start);
    for entry in entries {
        let parts = entry.parts.iter().map(|part| {
            let len = fit(padded_len(part.bytes.len()) + OVERHEAD_BYTES);
            let place = IndexPart { slot: part.slot, key: Some(part.key), offset, len };
            offset += len;
            place
        });
        index.push(entry.record, entry.statement, parts.collect::<Vec<_>>());
    }
    index
}

fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..CHECKSUM_AT]), &frame[HEADER_BYTES..])
}

/// What a frame's head holds.
pub(super) struct Head {
    pub(super) keys: Vec<(KeyId, DataKey)>,
    pub(super) index: Index,
}

/// What the frames of one bundle hold, from some offset on.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) heads: Vec<Head>,
    /// Where the last whole frame ends. If the bundle is longer, the rest is a torn append.
    pub(super) end: u32,
}

/// The head, the sequence number and the end of the whole frame at an offset, if there is one; `bytes` are what the bundle
/// holds from `base` on.
fn frame_at(bytes: &[u8], base: usize, bundle: u32, offset: usize) -> Option<(&[u8], u32, usize)> {
    let frame = bytes.get(offset.checked_sub(base)?..)?;
    let mut reader = Reader::new(frame.get(..HEADER_BYTES)?, "frame", HEADER_BYTES).ok()?;
    let magic = reader.array::<4>("magic").ok()?;
    let fields: Result<Vec<u32>, DecodeError> = (0..6).map(|_| reader.u32("frame")).collect();
    let [found_bundle, found_offset, sequence, head, body, check] = fields.ok()?[..] else { return None };
    let body_start = HEADER_BYTES.checked_add(head as usize)?;
    let frame = frame.get(..body_start.checked_add(body as usize)?)?;
    let is_here = magic == MAGIC && found_bundle == bundle && found_offset as usize == offset;
    (is_here && check == checksum(frame))
        .then(|| (&frame[HEADER_BYTES..body_start], sequence, offset + frame.len()))
}

/// What is wrong with a bundle that ends before the place to read on from.
pub(super) const SHORTER: &str = "it is shorter than the manifest says";

/// Reads the frames from `place.offset` on; `bytes` are what the bundle holds from `base` on. Only the very last append can
/// be torn, since each is synced before the next: bytes that are no frame but have one after them are damage.
pub(super) fn scan(bytes: &[u8], base: u32, place: &Place<'_>) -> Result<Scan, VaultError> {
    let base = base as usize;
    let mut at = place.offset as usize;
    let mut scan = Scan { heads: Vec::new(), end: place.offset };
    let end = base + bytes.len();
    if end < at {
        return Err(VaultError::damaged(file_name(place.bundle), SHORTER));
    }
    let frame_at = |at: usize| frame_at(bytes, base, place.bundle, at);
    while at < end {
        let Some((head, sequence, end)) = frame_at(at) else {
            let mut later = (at + 1..end).filter(|later| bytes[later - base..].starts_with(&MAGIC));
            if later.any(|later| frame_at(later).is_some()) {
                return Err(VaultError::damaged(
                    file_name(place.bundle),
                    "a frame before the last is not whole",
                ));
            }
            return Ok(scan);
        };
        let offset = u32::try_from(at).map_err(|_| VaultError::TooLarge)?;
        let expected = place.sequence + index_u32(scan.heads.len());
        if sequence != expected {
            return Err(VaultError::damaged(file_name(place.bundle), "a frame before it is missing"));
        }
        let head = open_head(head, &Place { offset, sequence, ..*place }).ok_or_else(|| {
            VaultError::damaged(file_name(place.bundle), "a whole frame has a head that does not open")
        })?;
        scan.heads.push(head);
        scan.end = u32::try_from(end).map_err(|_| VaultError::TooLarge)?;
        at = end;
    }
    Ok(scan)
}

/// A frame's head in a blob, with the place it claims.
pub(super) struct FoundHead<'a> {
    pub(super) bundle: u32,
    pub(super) offset: u32,
    pub(super) sequence: u32,
    pub(super) sealed: &'a [u8],
}

/// Every sealed head in a blob, for an audit to try keys on. Checksums are not looked at.
pub(super) fn heads_in(blob: &[u8]) -> Vec<FoundHead<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = blob.get(at..at + HEADER_BYTES).filter(|header| header.starts_with(&MAGIC)) {
        let field = |from: usize| header[from..from + 4].try_into().map_or(0, u32::from_be_bytes);
        let (bundle, offset, sequence) = (field(4), field(8), field(12));
        let (head, body) = (field(16) as usize, field(20) as usize);
        let Some(sealed) = blob.get(at + HEADER_BYTES..).and_then(|rest| rest.get(..head)) else { break };
        found.push(FoundHead { bundle, offset, sequence, sealed });
        at += HEADER_BYTES + head + body;
    }
    found
}

/// Opens a frame's head.
pub(super) fn open_head(sealed: &[u8], place: &Place<'_>) -> Option<Head> {
    let plaintext = place.segment_key.open(&place.binding(), sealed)?;
    decode_head(&plaintext).ok()
}

fn decode_head(plaintext: &[u8]) -> Result<Head, DecodeError> {
    let mut reader = Reader::new(plaintext, "a frame's head", usize::MAX)?;
    let count = reader.u32("keys")? as usize;
    let mut keys = Vec::with_capacity(count.min(plaintext.len() / KEY_BYTES));
    for _ in 0..count {
        let id = KeyId(reader.array("key id")?);
        keys.push((id, DataKey::from_bytes(&Zeroizing::new(reader.array("key")?))));
    }
    Ok(Head { keys, index: Index::decode(reader.rest())? })
}

/// A stretch of a bundle to overwrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) bundle: u32,
    pub(super) offset: u32,
    pub(super) len: u32,
}

/// The bytes of a list of spans.
pub(super) fn encode_spans(spans: &[Span]) -> Vec<u8> {
    let fields = spans.iter().flat_map(|span| [span.bundle, span.offset, span.len]);
    fields.flat_map(u32::to_be_bytes).collect()
}

/// Reads what [`encode_spans`] wrote.
pub(super) fn decode_spans(bytes: &[u8]) -> Result<Vec<Span>, DecodeError> {
    const WHAT: &str = "the list of spans to overwrite";
    let mut reader = Reader::new(bytes, WHAT, usize::MAX)?;
    let mut spans = Vec::with_capacity(bytes.len() / 12);
    while !reader.rest().is_empty() {
        spans.push(Span { bundle: reader.u32(WHAT)?, offset: reader.u32(WHAT)?, len: reader.u32(WHAT)? });
    }
    Ok(spans)
}

/// Writes zeros over the spans, which are sorted, and syncs each bundle once. A bundle that is gone
/// has nothing left to overwrite.
pub(super) fn overwrite(disk: &dyn Disk, folder: &Path, spans: &[Span]) -> io::Result<()> {
    for spans in spans.chunk_by(|a, b| a.bundle == b.bundle) {
        let file = match disk.open(&folder.join(file_name(spans[0].bundle)), Open::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let len = file.len()?;
        for stretch in spans.chunk_by(|a, b| a.offset.checked_add(a.len) == Some(b.offset)) {
            let start = u64::from(stretch[0].offset);
            let end = start + stretch.iter().map(|span| u64::from(span.len)).sum::<u64>();
            let zeros = usize::try_from(end.min(len).saturating_sub(start)).map_err(io::Error::other)?;
            file.write_all_at(&vec![0; zeros], start)?;
        }
        file.sync()?;
    }
    Ok(())
}

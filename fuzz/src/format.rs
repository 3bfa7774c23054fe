//! The bytes of the ledger itself: docs/format.md.

use vandel_core::block::{Block, encode_unsigned};
use vandel_core::chain::Chain;
use vandel_core::codec::{decode_body, encode_body};
use vandel_core::event::{Approval, Assessment, Copy, Identity, Note, OpenEvent, Process, Reading, Spine};
use vandel_core::limits::{PART_BYTES_MAX, STATEMENT_BYTES_MAX};
use vandel_core::payload::{Header, Part, Payload, Slot};
use vandel_core::record::{Record, encode_record};
use vandel_core::statement::{SignedStatement, assemble};
use vandel_core::tiles::{Series, decode_entries};

pub(crate) fn statement(bytes: &[u8]) {
    if let Ok(signed) = SignedStatement::decode(bytes) {
        assert_eq!(signed.statement.encode(), signed.signed_bytes);
        assert_eq!(assemble(&signed.statement.encode(), &signed.signature, signed.second), bytes);
    }
}

pub(crate) fn record(bytes: &[u8]) {
    if let Ok(record) = Record::decode(bytes) {
        let again = encode_record(record.number, record.time, &record.previous, record.statement_bytes);
        assert_eq!(again, bytes);
    }
}

pub(crate) fn block(bytes: &[u8]) {
    if let Ok(block) = Block::decode(bytes) {
        let records = block.records.iter().map(|record| record.bytes);
        assert_eq!([encode_unsigned(&block.head, records), block.signature.to_vec()].concat(), bytes);
    }
}

/// A block offered as the first of a ledger: all that is judged before a signature is looked at.
pub(crate) fn chain(bytes: &[u8]) {
    if let Ok(block) = Block::decode(bytes) {
        let mut checks = Vec::new();
        drop(Chain::before_opening().take(&block, &mut checks, |_, _| ()));
    }
}

pub(crate) fn event(bytes: &[u8]) {
    body::<OpenEvent>(bytes, STATEMENT_BYTES_MAX);
}

/// The first byte chooses the slot.
pub(crate) fn part(bytes: &[u8]) {
    if let Ok(part) = Part::decode(bytes) {
        assert_eq!(part.stored(), bytes);
    }
    let Some((slot, content)) = bytes.split_first() else { return };
    match Slot::ALL[usize::from(*slot) % Slot::ALL.len()] {
        Slot::Spine => body::<Spine>(content, PART_BYTES_MAX),
        Slot::Identity => body::<Identity>(content, PART_BYTES_MAX),
        Slot::Process => body::<Process>(content, PART_BYTES_MAX),
        Slot::Note => body::<Note>(content, PART_BYTES_MAX),
        Slot::Copy => body::<Copy>(content, PART_BYTES_MAX),
        Slot::Assessment => body::<Assessment>(content, PART_BYTES_MAX),
        Slot::Reads => body::<Reading>(content, PART_BYTES_MAX),
        Slot::Approval => body::<Approval>(content, PART_BYTES_MAX),
    }
}

fn body<T: serde::Serialize + serde::de::DeserializeOwned>(bytes: &[u8], max: usize) {
    if let Ok(value) = decode_body::<T>(bytes, "body", max) {
        assert_eq!(encode_body(&value), bytes);
    }
}

/// A header, and a payload whose header fits what the bytes hold: opening goes as far as it can go.
pub(crate) fn payload(bytes: &[u8]) {
    if let Ok(header) = Header::decode(bytes) {
        assert_eq!(header.encode(), bytes);
    }
    let Some((salt, rest)) = bytes.split_first_chunk::<32>() else { return };
    let mut payload =
        Payload { header: Header { salt: *salt, slots: Default::default() }, parts: Default::default() };
    // Length in one byte, then the part's content: enough to reach every body and every shape.
    let mut rest = rest;
    for slot in Slot::ALL {
        let Some((len, after)) = rest.split_first() else { break };
        let (content, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        if *len > 0 {
            payload.set(slot, Part::new(*salt, content));
        }
    }
    let commitment = payload.header.commitment();
    drop(payload.open(&commitment));
}

/// A bundle of entries, as a tile holds them.
pub(crate) fn entries(bytes: &[u8]) {
    let Some((width, rest)) = bytes.split_first() else { return };
    for series in [Series::Entries, Series::LongEntries] {
        if let Some(entries) = decode_entries(series, rest, u64::from(*width)) {
            assert_eq!(entries.len(), usize::from(*width));
        }
    }
}

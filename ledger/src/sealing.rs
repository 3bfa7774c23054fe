//! Between payloads and the vault: which key seals which part.
//!
//! A compartment of a thread has one key. Identity parts have one each, so that an identity that was
//! changed or wrong can be destroyed as soon as another takes its place (domain, point 8). The header
//! lies beside the spine, under the spine's key.

use vandel_core::event::{Compartment, Spine, Step};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::ThreadId;
use vandel_core::payload::{Header, Part, Payload, Slot};
use zeroize::Zeroizing;

use crate::vault;
use crate::vault::{Entry, EntryPart, KeyId, Opened};

/// The vault slot of the header; the parts have their own slot's number.
const HEADER_SLOT: u8 = 8;

/// The key of a compartment of a thread.
#[must_use]
pub fn thread_key(compartment: Compartment, thread: &ThreadId) -> KeyId {
    key_id(compartment, &thread.0)
}

/// The key of the identity part of one step of a case.
#[must_use]
pub fn identity_key(thread: &ThreadId, number: u32) -> KeyId {
    key_id(Compartment::Identity, &[&thread.0[..], &number.to_be_bytes()].concat())
}

fn key_id(compartment: Compartment, owner: &[u8]) -> KeyId {
    let hash = Domain::KeyId.hash(&[&[compartment as u8], owner]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    KeyId(id)
}

/// The key that seals a slot of a step.
fn slot_key(slot: Slot, step: &Step) -> KeyId {
    let Spine { thread, number, .. } = &step.spine;
    match slot.compartment() {
        Compartment::Identity => identity_key(thread, *number),
        compartment => thread_key(compartment, thread),
    }
}

/// A payload on its way into the vault: its parts go there.
#[must_use]
pub fn to_entry(record: u64, statement: Hash, payload: &mut Payload, step: &Step) -> Entry {
    let spine = thread_key(Compartment::Spine, &step.spine.thread);
    let mut parts = Vec::with_capacity(payload.parts.iter().flatten().count() + 1);
    for (slot, part) in Slot::ALL.into_iter().zip(&mut payload.parts) {
        let Some(part) = part.take() else { continue };
        let key = if slot == Slot::Spine { spine } else { slot_key(slot, step) };
        parts.push(EntryPart { slot: slot as u8, key, bytes: Zeroizing::new(part.into_stored()) });
    }
    let header = Zeroizing::new(payload.header.encode());
    parts.push(EntryPart { slot: HEADER_SLOT, key: spine, bytes: header });
    Entry { record, statement, parts }
}

/// What the vault still holds of a payload.
#[derive(Debug)]
pub enum Unsealed {
    /// The header and the parts whose keys are there.
    Payload(Box<Payload>),
    /// Everything has been erased.
    Erased,
    /// Something is there and does not open, or is not what the format says.
    Damaged,
}

/// A payload from the vault, with what has been erased left out.
#[must_use]
pub fn from_opened(opened: Opened) -> Unsealed {
    match open_parts(opened.parts) {
        Some(Some(payload)) => Unsealed::Payload(Box::new(payload)),
        Some(None) => Unsealed::Erased,
        None => Unsealed::Damaged,
    }
}

/// None if damaged; none inside if erased.
fn open_parts(stored: Vec<(u8, vault::Part)>) -> Option<Option<Payload>> {
    let mut header = None;
    let mut parts: [Option<Part>; Slot::ALL.len()] = Default::default();
    for (slot, part) in stored {
        let mut bytes = match part {
            vault::Part::Open(bytes) => bytes,
            vault::Part::Erased => continue,
            vault::Part::Damaged => return None,
        };
        if slot == HEADER_SLOT {
            header = Some(Header::decode(&bytes).ok()?);
        } else {
            *parts.get_mut(usize::from(slot))? = Some(Part::from_stored(std::mem::take(&mut *bytes)).ok()?);
        }
    }
    Some(header.map(|header| Payload { header, parts }))
}

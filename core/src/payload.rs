//! Payloads: a sealed step cut into salted parts, and the commitment that stands for it on the chain.
//!
//! A payload has eight slots, one for each [`Slot`]. A slot that is used holds the salted hash of its
//! part; one that is not holds random bytes, so that nobody can count parts. The commitment hashes a
//! salt and the eight slots. One part can therefore be erased, salt and all, and the others still
//! verify; when the [`Header`] is erased too, nothing on the chain says which step it was.

use crate::codec::{DecodeError, Reader, decode_body, encode_body_after};
use crate::event::{Compartment, Step, StepShapeError};
use crate::hash::{Domain, Hash};
use crate::id::{LedgerId, PublicKey};
use crate::limits::{PART_BYTES_MAX, PARTS_MAX};

/// A place in the payload: one for each compartment, and one for the approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Slot {
    /// [`crate::event::Spine`].
    Spine = 0,
    /// [`crate::event::Identity`].
    Identity = 1,
    /// [`crate::event::Process`].
    Process = 2,
    /// [`crate::event::Note`].
    Note = 3,
    /// [`crate::event::Copy`].
    Copy = 4,
    /// [`crate::event::Assessment`].
    Assessment = 5,
    /// [`crate::event::Reading`].
    Reads = 6,
    /// [`crate::event::Approval`]; lives with the process compartment.
    Approval = 7,
}

/// One part: content under its own salt, kept as it is stored: salt, then content.
#[derive(Clone, PartialEq, Eq)]
pub struct Part(Vec<u8>);

/// What the commitment hashes: its salt and the eight slots.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Random.
    pub salt: [u8; 32],
    /// Salted part hashes, or random bytes where there is no part.
    pub slots: [Hash; PARTS_MAX],
}

/// A header and the parts that are still there.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// The header.
    pub header: Header,
    /// The parts, by slot.
    pub parts: [Option<Part>; PARTS_MAX],
}

/// Why a payload cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The header does not hash to the commitment on the chain.
    #[error("the payload does not match its commitment: expected {expected}, found {found}")]
    Commitment {
        /// On the chain.
        expected: Hash,
        /// From the header.
        found: Hash,
    },
    /// A part does not hash to its slot.
    #[error("the {slot:?} part does not match its slot")]
    PartHash {
        /// The slot.
        slot: Slot,
    },
    /// A part's bytes are refused.
    #[error("the {slot:?} part is refused: {error}")]
    Part {
        /// The slot.
        slot: Slot,
        /// Why.
        error: DecodeError,
    },
    /// There is no spine, so nothing says what the step was.
    #[error("the payload has no spine")]
    NoSpine,
    /// The parts do not fit the kind.
    #[error(transparent)]
    Shape(#[from] StepShapeError),
}

/// Sealed content prints as its name alone.
macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(sealed)"))
            }
        }
    )*};
}
redacted!(Part, Header, Payload);

impl Slot {
    /// All slots in order.
    pub const ALL: [Self; PARTS_MAX] = [
        Self::Spine,
        Self::Identity,
        Self::Process,
        Self::Note,
        Self::Copy,
        Self::Assessment,
        Self::Reads,
        Self::Approval,
    ];

    /// The slot's number.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The compartment whose key seals this slot.
    #[must_use]
    pub const fn compartment(self) -> Compartment {
        match self {
            Self::Spine => Compartment::Spine,
            Self::Identity => Compartment::Identity,
            Self::Process | Self::Approval => Compartment::Process,
            Self::Note => Compartment::Note,
            Self::Copy => Compartment::Copy,
            Self::Assessment => Compartment::Assessment,
            Self::Reads => Compartment::Reads,
        }
    }
}

impl Part {
    /// The length of a salt in bytes.
    const SALT_BYTES: usize = 32;

    /// A part of a random salt, without which its hash tells nothing, and the postcard body of its slot's type.
    #[must_use]
    pub fn new(salt: [u8; 32], content: &[u8]) -> Self {
        Self([&salt, content].concat())
    }

    /// The salt.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.0[..Self::SALT_BYTES]
    }

    /// The postcard body of the slot's type.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0[Self::SALT_BYTES..]
    }

    /// `SHA-256(domain ‖ slot ‖ salt ‖ content)`.
    #[must_use]
    pub fn hash(&self, slot: Slot) -> Hash {
        Domain::Part.hash(&[&[slot as u8], &self.0])
    }

    /// The part as stored: salt, then content.
    #[must_use]
    pub fn stored(&self) -> &[u8] {
        &self.0
    }

    /// The part as stored, taken out.
    #[must_use]
    pub fn into_stored(self) -> Vec<u8> {
        self.0
    }

    /// Reads a stored part.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_stored(bytes.to_vec())
    }

    /// The part whose stored bytes these are: the other way from [`Part::into_stored`].
    ///
    /// # Errors
    /// If they are too long, or too short for a salt.
    pub fn from_stored(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(&bytes, "part", PART_BYTES_MAX + Self::SALT_BYTES)?;
        reader.take(Self::SALT_BYTES, "part salt")?;
        Ok(Self(bytes))
    }
}

impl Header {
    /// The length of an encoded header.
    pub const BYTES: usize = 32 + 32 * PARTS_MAX;

    /// `SHA-256(domain ‖ salt ‖ slot 0 ‖ … ‖ slot 7)`: what the statement carries.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        Domain::Commitment.hash(&[&self.encode()])
    }

    /// The header as stored: salt, then the eight slots.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend_from_slice(&self.salt);
        self.slots.iter().for_each(|slot| bytes.extend_from_slice(&slot.0));
        bytes
    }

    /// Reads a stored header.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, "payload header", Self::BYTES)?;
        let salt = reader.array("payload salt")?;
        let mut slots = [Hash::ZERO; PARTS_MAX];
        for slot in &mut slots {
            *slot = Hash(reader.array("payload slot")?);
        }
        reader.finish("payload header")?;
        Ok(Self { salt, slots })
    }
}

/// What an approver signs (under [`Domain::Approval`]): the ledger, the author's key, the payload's
/// salt and every slot but the approval's own.
#[must_use]
pub fn approval_message(ledger: &LedgerId, author: &PublicKey, header: &Header) -> Vec<u8> {
    let mut bytes = [&ledger.0[..], &author.0, &header.salt].concat();
    header.slots[..Slot::Approval.index()].iter().for_each(|slot| bytes.extend_from_slice(&slot.0));
    bytes
}

impl Payload {
    /// Seals a step into parts. `random` gives 32 fresh random bytes at each call; every salt and
    /// filler comes from it.
    #[must_use]
    pub fn from_step(step: &Step, mut random: impl FnMut() -> [u8; 32]) -> Self {
        let mut payload = Self {
            header: Header { salt: random(), slots: std::array::from_fn(|_| Hash(random())) },
            parts: Default::default(),
        };
        payload.fill(Slot::Spine, Some(&step.spine), &mut random);
        payload.fill(Slot::Identity, step.identity.as_ref(), &mut random);
        payload.fill(Slot::Process, step.process.as_ref(), &mut random);
        payload.fill(Slot::Note, step.note.as_ref(), &mut random);
        payload.fill(Slot::Copy, step.copy.as_ref(), &mut random);
        payload.fill(Slot::Assessment, step.assessment.as_ref(), &mut random);
        payload.fill(Slot::Reads, step.reading.as_ref(), &mut random);
        payload.fill(Slot::Approval, step.approval.as_ref(), &mut random);
        payload
    }

    /// Puts content, if there is any, into its slot under a salt of its own.
    fn fill<T: serde::Serialize>(
        &mut self,
        slot: Slot,
        content: Option<&T>,
        random: &mut impl FnMut() -> [u8; 32],
    ) {
        if let Some(content) = content {
            self.set(slot, Part(encode_body_after(random().to_vec(), content)));
        }
    }

    /// Puts a part into its slot.
    pub fn set(&mut self, slot: Slot, part: Part) {
        self.header.slots[slot.index()] = part.hash(slot);
        self.parts[slot.index()] = Some(part);
    }

    /// Opens what is there: the header against the commitment, each part against its slot, each body
    /// strictly, and the parts against the kind. Missing parts are allowed here (they may have been
    /// erased); a new step must besides pass [`Step::check_shape`].
    pub fn open(&self, commitment: &Hash) -> Result<Step, PayloadError> {
        let found = self.header.commitment();
        if found != *commitment {
            return Err(PayloadError::Commitment { expected: *commitment, found });
        }
        for slot in Slot::ALL {
            if let Some(part) = &self.parts[slot.index()]
                && part.hash(slot) != self.header.slots[slot.index()]
            {
                return Err(PayloadError::PartHash { slot });
            }
        }
        let spine = self.body(Slot::Spine)?.ok_or(PayloadError::NoSpine)?;
        let step = Step {
            identity: self.body(Slot::Identity)?,
            process: self.body(Slot::Process)?,
            note: self.body(Slot::Note)?,
            copy: self.body(Slot::Copy)?,
            assessment: self.body(Slot::Assessment)?,
            reading: self.body(Slot::Reads)?,
            approval: self.body(Slot::Approval)?,
            ..Step::new(spine)
        };
        step.check_contents()?;
        Ok(step)
    }

    fn body<T: serde::Serialize + serde::de::DeserializeOwned>(
        &self,
        slot: Slot,
    ) -> Result<Option<T>, PayloadError> {
        self.parts[slot.index()]
            .as_ref()
            .map(|part| decode_body(part.content(), "part content", PART_BYTES_MAX))
            .transpose()
            .map_err(|error| PayloadError::Part { slot, error })
    }
}

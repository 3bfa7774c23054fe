//! What a reader does with a vector, and the stable names of what it answers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vandel_core::block::Block;
use vandel_core::chain::{Chain, Fault, FaultKind, OpenRefusal, SignatureOf};
use vandel_core::checkpoint::{Checkpoint, CheckpointOpenError};
use vandel_core::codec::{DecodeError, decode_body, encode_body};
use vandel_core::event::{
    Approval, Assessment, Copy, Identity, Note, OpenEvent, Process, Reading, Spine, Step,
};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::PublicKey;
use vandel_core::limits::{PART_BYTES_MAX, STATEMENT_BYTES_MAX};
use vandel_core::merkle::{verify_consistency, verify_inclusion};
use vandel_core::note::VerifierKey;
use vandel_core::payload::{Header, Part, Payload, PayloadError, Slot, approval_message};
use vandel_core::record::Record;
use vandel_core::signature::{SignatureError, VerifyingKey, check_key, verify_raw};
use vandel_core::statement::SignedStatement;
use vandel_core::trust::{TrustError, parse_trust};

use crate::dossiers;
use crate::file::{Case, Expected, from_hex};
use crate::world::take;

/// The name of an error's variant.
pub(crate) fn variant(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

pub(crate) fn decode_error(error: &DecodeError) -> Expected {
    let named = Expected::named(variant(error));
    match error {
        DecodeError::TooLong { what, .. }
        | DecodeError::Truncated { what }
        | DecodeError::Trailing { what, .. }
        | DecodeError::UnknownVersion { what, .. }
        | DecodeError::BadValue { what }
        | DecodeError::BadBody { what }
        | DecodeError::NotCanonical { what } => named.what(*what),
    }
}

fn signature_error(error: &SignatureError) -> String {
    match error {
        SignatureError::Key(key) => format!("Key.{}", variant(key)),
        SignatureError::Mismatch => "Mismatch".to_owned(),
    }
}

fn open_refusal(refusal: &OpenRefusal) -> String {
    let name = variant(refusal);
    match refusal {
        OpenRefusal::Key(inner) => format!("{name}.{}", variant(inner)),
        OpenRefusal::BadKey { error, .. } => format!("{name}.{}", variant(error)),
        OpenRefusal::Possession { error, .. } => format!("{name}.{}", signature_error(error)),
        _ => name,
    }
}

pub(crate) fn fault(fault: &Fault) -> Expected {
    let name = variant(&fault.kind);
    let name = match &fault.kind {
        FaultKind::Open(refusal) => format!("{name}.{}", open_refusal(refusal)),
        FaultKind::Author(refusal) | FaultKind::Sequencer(refusal) => format!("{name}.{}", variant(refusal)),
        FaultKind::Signature { of, error } => {
            let of = match of {
                SignatureOf::Author => "Author",
                SignatureOf::Second => "Second",
                SignatureOf::Block => "Block",
            };
            format!("{name}.{of}.{}", signature_error(error))
        }
        _ => name,
    };
    Expected::named(name).at(fault.place.block, fault.place.record)
}

/// What other vectors follow: the ledger's blocks, one by one, and the dossier that others are changes of.
#[derive(Default)]
pub(crate) struct Prefix(pub(crate) Vec<Vec<u8>>, pub(crate) Vec<u8>);

impl Prefix {
    fn chain(&self, blocks: usize) -> Chain {
        let mut chain = Chain::before_opening();
        for bytes in &self.0[..blocks] {
            take(&mut chain, bytes).expect("the accepted ledger is accepted");
        }
        chain
    }
}

/// Reads a vector as its structure asks.
pub(crate) fn check(structure: &str, case: &Case, prefix: &Prefix) -> Result<(), Expected> {
    let bytes = case.bytes();
    match structure {
        "event" => body::<OpenEvent>(&bytes, "event", STATEMENT_BYTES_MAX),
        "statement" => SignedStatement::decode(&bytes).map(drop).map_err(|error| decode_error(&error)),
        "record" => Record::decode(&bytes).map(drop).map_err(|error| decode_error(&error)),
        "block" => Block::decode(&bytes).map(drop).map_err(|error| Expected {
            record: error.record_index.map(u64::from),
            ..decode_error(&error.error)
        }),
        "chain" => {
            let after: usize = context(case, "after").parse().expect("a number of blocks");
            take(&mut prefix.chain(after), &bytes)
        }
        "part" => part(context(case, "slot").parse().expect("a slot's number"), &bytes),
        "header" => Header::decode(&bytes).map(drop).map_err(|error| decode_error(&error)),
        "payload" => payload(case).map(drop),
        "approval" => approval(case, prefix),
        "dossier" => dossiers::judge(case, &dossiers::bytes_of(case, &prefix.1)),
        "key" => {
            let key = PublicKey(bytes.try_into().expect("32 bytes"));
            check_key(&key).map(drop).map_err(|error| Expected::named(variant(&error)))
        }
        "signature" => signature(case),
        "checkpoint" => checkpoint(case),
        "trust" => parse_trust(&bytes).map(drop).map_err(|error| match error {
            TrustError::Line { problem, .. } => Expected::named(format!("Line.{}", variant(&problem))),
            other => Expected::named(variant(&other)),
        }),
        "inclusion" => inclusion(case).map_err(Expected::named),
        "consistency" => consistency(case).map_err(Expected::named),
        other => panic!("the structure {other:?} is unknown"),
    }
}

fn context<'c>(case: &'c Case, name: &str) -> &'c str {
    let value = case.context.get(name);
    value.unwrap_or_else(|| panic!("the case {:?} has no {name:?}", case.name))
}

fn array<const N: usize>(bytes: Vec<u8>) -> [u8; N] {
    bytes.try_into().expect("a field of its length")
}

/// A body is read, and what was read is written again.
fn body<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
    max: usize,
) -> Result<(), Expected> {
    let value: T = decode_body(bytes, what, max).map_err(|error| decode_error(&error))?;
    assert_eq!(encode_body(&value), bytes, "a body that was read is the one encoding of its value");
    Ok(())
}

fn part(slot: usize, bytes: &[u8]) -> Result<(), Expected> {
    let read = match Slot::ALL[slot] {
        Slot::Spine => body::<Spine>,
        Slot::Identity => body::<Identity>,
        Slot::Process => body::<Process>,
        Slot::Note => body::<Note>,
        Slot::Copy => body::<Copy>,
        Slot::Assessment => body::<Assessment>,
        Slot::Reads => body::<Reading>,
        Slot::Approval => body::<Approval>,
    };
    read(bytes, "part content", PART_BYTES_MAX)
}

fn read_payload(case: &Case) -> Payload {
    let mut header = case.field("header/salt").expect("a payload has a header");
    (0..8).for_each(|slot| header.extend(case.field(&format!("header/slot {slot}")).expect("eight slots")));
    let header = Header::decode(&header).expect("a header of 288 bytes");
    let parts = std::array::from_fn(|slot| {
        let stored =
            [case.field(&format!("part {slot}/salt"))?, case.field(&format!("part {slot}/content"))?];
        Some(Part::decode(&stored.concat()).expect("a part with its salt"))
    });
    Payload { header, parts }
}

fn payload(case: &Case) -> Result<Step, Expected> {
    let commitment = Hash(array(case.field("commitment").expect("a payload is held against a commitment")));
    read_payload(case).open(&commitment).map_err(|error| {
        let name = variant(&error);
        match &error {
            PayloadError::PartHash { slot } => Expected::named(name).what(format!("slot {}", slot.index())),
            PayloadError::Part { error, .. } => {
                let inner = decode_error(error);
                Expected { name: format!("{name}.{}", inner.name), ..inner }
            }
            PayloadError::Shape(shape) => Expected::named(format!("{name}.{}", variant(shape))),
            PayloadError::Commitment { .. } | PayloadError::NoSpine => Expected::named(name),
        }
    })
}

/// The approver's signature over the header, as a step's author and this ledger have it.
fn approval(case: &Case, prefix: &Prefix) -> Result<(), Expected> {
    let step = payload(case)?;
    let approval = step.approval.expect("a payload with an approval");
    let author = PublicKey(array(from_hex(context(case, "author"))));
    let message = approval_message(&prefix.chain(1).ledger, &author, &read_payload(case).header);
    let verdict = VerifyingKey::new(&approval.key)
        .map_err(SignatureError::from)
        .and_then(|key| key.verify(Domain::Approval, &[&message], &approval.signature.to_bytes()));
    verdict.map_err(|error| Expected::named(signature_error(&error)))
}

fn signature(case: &Case) -> Result<(), Expected> {
    let field = |name| case.field(name).expect("key, R, S and message");
    let key = PublicKey(array(field("key")));
    let signature: [u8; 64] = array([field("R"), field("S")].concat());
    verify_raw(&key, &field("message"), &signature).map_err(|error| Expected::named(signature_error(&error)))
}

fn checkpoint(case: &Case) -> Result<(), Expected> {
    let keys: Vec<VerifierKey> =
        context(case, "keys").split(' ').map(|key| key.parse().expect("a verifier key")).collect();
    Checkpoint::open(&case.bytes(), &keys).map(drop).map_err(|error| {
        let name = variant(&error);
        Expected::named(match &error {
            CheckpointOpenError::Note(inner) => format!("{name}.{}", variant(inner)),
            CheckpointOpenError::Signature(inner) => format!("{name}.{}", variant(inner)),
            CheckpointOpenError::Checkpoint(inner) => format!("{name}.{}", variant(inner)),
            CheckpointOpenError::NotByLog { .. } => name,
        })
    })
}

fn number(case: &Case, name: &str) -> u64 {
    u64::from_be_bytes(array(case.field(name).expect("a number in eight bytes")))
}

fn hash(case: &Case, name: &str) -> Hash {
    Hash(array(case.field(name).expect("a hash in 32 bytes")))
}

fn proof(case: &Case) -> Vec<Hash> {
    let bytes = case.field("proof").expect("a proof");
    bytes.chunks(32).map(|chunk| Hash(array(chunk.to_vec()))).collect()
}

fn inclusion(case: &Case) -> Result<(), String> {
    let (leaf, root) = (hash(case, "leaf"), hash(case, "root"));
    let verdict = verify_inclusion(&leaf, number(case, "index"), number(case, "size"), &root, &proof(case));
    verdict.map_err(|error| variant(&error))
}

fn consistency(case: &Case) -> Result<(), String> {
    let (old, new) = (hash(case, "old root"), hash(case, "new root"));
    let verdict =
        verify_consistency(number(case, "old size"), &old, number(case, "new size"), &new, &proof(case));
    verdict.map_err(|error| variant(&error))
}

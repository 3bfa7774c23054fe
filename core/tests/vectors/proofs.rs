//! Keys, signatures, tree proofs, checkpoints and trust files.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::merkle::{NodeMemory, consistency_proof, inclusion_proof, root_at};
use vandel_core::note::{KeyKind, Note, NoteSignature, VerifierKey};
use vandel_core::signature::{SigningKey, public_key, sign_raw};

use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::ledger::Ledger;
use crate::world::{START, filler, public, second, secret};

/// L, the order of the prime-order group (RFC 8032 section 5.1), little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
const MESSAGE: &[u8] = b"vandel";

fn key_case(bytes: [u8; 32], name: &str, comment: &str, error: Option<&str>) -> Case {
    let fields = Fields::new().raw("key", bytes, "public key");
    match error {
        None => fields.accept(name, comment),
        Some(error) => fields.reject(name, comment, Expected::named(error)),
    }
}

fn flip_sign(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] ^= 0x80;
    bytes
}

/// p + `low`, little-endian, for `low` below 19: a second spelling of y = `low`.
fn above_field(low: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed + low, 0x7f);
    bytes
}

pub(crate) fn keys() -> (Vec<Case>, Vec<Case>) {
    let alice = secret("alice").to_scalar() * ED25519_BASEPOINT_POINT;
    let accepted = vec![key_case(
        public("alice").0,
        "alice",
        "seed: SHA-256 of \"vandel test vector key: alice\"",
        None,
    )];
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut rejected = vec![
        key_case([2; 32], "no point", "the bytes are no point of the curve", Some("NotOnCurve")),
        key_case(above_field(0), "y = p", "a second spelling of y = 0", Some("NotCanonical")),
        key_case(above_field(1), "y = p + 1", "a second spelling of the identity", Some("NotCanonical")),
        key_case(
            flip_sign(identity),
            "negative zero",
            "the identity with the sign bit on",
            Some("NotCanonical"),
        ),
    ];
    for (index, point) in EIGHT_TORSION.iter().enumerate() {
        let name = format!("small order {index}");
        rejected.push(key_case(
            point.compress().to_bytes(),
            &name,
            "one of the eight points of small order",
            Some("SmallOrder"),
        ));
    }
    for (index, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
        let key = (alice + torsion).compress().to_bytes();
        rejected.push(key_case(
            key,
            &format!("torsion {index}"),
            "alice's key plus a point of small order",
            Some("Torsion"),
        ));
    }
    (accepted, rejected)
}

fn signed(key: &[u8; 32], r: &[u8; 32], s: &[u8; 32], message: &[u8]) -> Fields {
    Fields::new()
        .raw("key", key, "public key")
        .raw("R", r, "first half of the signature")
        .raw("S", s, "second half, little-endian")
        .raw("message", message, "the signed bytes, domain and all")
}

/// S for a chosen R, which only the key's holder can make.
fn crafted(secret: &SigningKey, r: &[u8; 32], nonce: Scalar) -> [u8; 32] {
    let key = public_key(secret).0;
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(MESSAGE).finalize();
    (nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * secret.to_scalar()).to_bytes()
}

fn halves(signature: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (r, s) = signature.split_at(32);
    (r.try_into().expect("32 bytes"), s.try_into().expect("32 bytes"))
}

/// S + L, the same number modulo L.
fn plus_order(s: &[u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    std::array::from_fn(|at| {
        let [low, high] = (u16::from(s[at]) + u16::from(ORDER[at]) + carry).to_le_bytes();
        carry = u16::from(high);
        low
    })
}

pub(crate) fn signatures() -> (Vec<Case>, Vec<Case>) {
    let (alice, key) = (secret("alice"), public("alice").0);
    let (r, s) = halves(&sign_raw(&alice, MESSAGE));
    let mismatch = || Expected::named("Mismatch");
    let mut identity = [0; 32];
    identity[0] = 1;
    let nonce = Scalar::from(12_345_u64);
    let honest = (nonce * ED25519_BASEPOINT_POINT).compress().to_bytes();
    let accepted = vec![
        signed(&key, &r, &s, MESSAGE).accept("sound", "RFC 8032, deterministic"),
        signed(&key, &honest, &crafted(&alice, &honest, nonce), MESSAGE)
            .accept("another nonce", "not deterministic, and as valid"),
    ];
    let (mut bad_r, mut bad_s) = (r, s);
    (bad_r[0], bad_s[0]) = (r[0] ^ 1, s[0] ^ 1);
    let reject = |fields: Fields, name: &str, comment: &str| fields.reject(name, comment, mismatch());
    let mut rejected = vec![
        reject(signed(&key, &r, &s, b"vande1"), "another message", "one byte differs"),
        reject(signed(&public("bob").0, &r, &s, MESSAGE), "another key", "bob's"),
        reject(signed(&key, &bad_r, &s, MESSAGE), "R flipped", "one bit"),
        reject(signed(&key, &r, &bad_s, MESSAGE), "S flipped", "one bit"),
        reject(signed(&key, &s, &r, MESSAGE), "halves swapped", "S before R"),
        reject(signed(&key, &[0; 32], &[0; 32], MESSAGE), "all zero", "64 zero bytes"),
        reject(
            signed(&key, &r, &plus_order(&s), MESSAGE),
            "S + L",
            "the same number modulo L, spelt otherwise",
        ),
        reject(signed(&key, &r, &[0xff; 32], MESSAGE), "S largest", "far above L"),
        reject(signed(&key, &flip_sign(r), &s, MESSAGE), "R negated", "the sign bit flipped"),
    ];
    for (name, r) in [
        ("R is the identity", identity),
        ("R is p + 1", above_field(1)),
        ("R is negative zero", flip_sign(identity)),
    ] {
        let fields = signed(&key, &r, &crafted(&alice, &r, Scalar::ZERO), MESSAGE);
        rejected.push(reject(fields, name, "the equation holds; R has small order or two spellings"));
    }
    for (index, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
        let r = (nonce * ED25519_BASEPOINT_POINT + torsion).compress().to_bytes();
        let fields = signed(&key, &r, &crafted(&alice, &r, nonce), MESSAGE);
        rejected.push(reject(
            fields,
            &format!("R with torsion {index}"),
            "cofactored and batch verifiers accept it",
        ));
    }
    let forged = signed(&identity, &identity, &[0; 32], MESSAGE);
    rejected.push(forged.reject(
        "key is the identity",
        "fits every message in a lenient verifier",
        Expected::named("Key.SmallOrder"),
    ));
    (accepted, rejected)
}

fn tree(ledger: &Ledger) -> (NodeMemory, Vec<Hash>) {
    let mut nodes = NodeMemory::new();
    let leaves: Vec<Hash> = (0..ledger.chains.last().expect("chains").size())
        .map(|index| Hash(filler(&index.to_string())))
        .collect();
    leaves.iter().for_each(|leaf| nodes.append(*leaf));
    (nodes, leaves)
}

fn path(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

/// The tree of 20 fillers `0`, `1`, …: proofs of every shape, and broken ones.
pub(crate) fn inclusion(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let (nodes, leaves) = tree(ledger);
    let fields = |index: u64, size: u64, proof: Vec<u8>| {
        Fields::new()
            .raw("leaf", leaves[usize::try_from(index).expect("small") % leaves.len()].0, "leaf hash")
            .u64("index", index)
            .u64("size", size)
            .raw(
                "root",
                root_at(&nodes, size).expect("a size of this tree").0,
                "root of the tree of this size",
            )
            .raw("proof", proof, "hashes from the leaf's sibling to the root's child")
    };
    let proof = |index, size| inclusion_proof(&nodes, index, size).expect("a leaf of this tree");
    let shapes = [(0, 1), (0, 2), (1, 2), (2, 3), (0, 20), (7, 20), (15, 16), (16, 20), (19, 20), (12, 13)];
    let accepted = shapes.iter().map(|(index, size)| {
        fields(*index, *size, path(&proof(*index, *size)))
            .accept(&format!("leaf {index} of {size}"), "RFC 9162 section 2.1.3")
    });
    let sound = proof(7, 20);
    let longer = [&sound[..], &[leaves[0]]].concat();
    let mut swapped = sound.clone();
    swapped.swap(0, 1);
    let case = |fields: Fields, name: &str, error: &str| fields.reject(name, "", Expected::named(error));
    let rejected = vec![
        case(fields(20, 20, path(&sound)), "index is the size", "NoSuchLeaf"),
        case(fields(7, 20, path(&longer)), "one hash too many", "TooLong"),
        case(fields(7, 20, path(&sound[..sound.len() - 1])), "one hash too few", "TooShort"),
        case(fields(7, 20, path(&swapped)), "hashes swapped", "RootDiffers"),
        case(fields(6, 20, path(&sound)), "another leaf's proof", "RootDiffers"),
        case(fields(7, 19, path(&sound)), "another size's proof", "RootDiffers"),
    ];
    (accepted.collect(), rejected)
}

pub(crate) fn consistency(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let (nodes, _) = tree(ledger);
    let root = |size| root_at(&nodes, size).expect("a size of this tree").0;
    let fields = |old: u64, new: u64, proof: Vec<u8>| {
        Fields::new()
            .u64("old size", old)
            .raw("old root", root(old), "root of the older tree")
            .u64("new size", new)
            .raw("new root", root(new), "root of the newer tree")
            .raw("proof", proof, "RFC 9162 section 2.1.4.1")
    };
    let proof = |old, new| consistency_proof(&nodes, old, new).expect("sizes of this tree");
    let shapes = [(0, 0), (0, 5), (5, 5), (1, 2), (3, 7), (4, 8), (8, 20), (13, 20), (19, 20)];
    let accepted = shapes.iter().map(|(old, new)| {
        fields(*old, *new, path(&proof(*old, *new)))
            .accept(&format!("{old} to {new}"), "sizes from 0: the empty tree begins every tree")
    });
    let sound = proof(13, 20);
    let case = |fields: Fields, name: &str, error: &str| fields.reject(name, "", Expected::named(error));
    let mut longer = path(&sound);
    longer.extend([0; 32]);
    let rejected = vec![
        case(fields(20, 13, path(&sound)), "shrinking", "Shrinking"),
        case(fields(13, 20, longer), "one hash too many", "TooLong"),
        case(fields(13, 20, path(&sound[1..])), "one hash too few", "TooShort"),
        case(fields(0, 5, vec![0; 32]), "a proof from the empty tree", "TooLong"),
        case(
            fields(0, 5, Vec::new()).with("old root", [0; 32], "zero"),
            "empty tree, other root",
            "EmptyRootDiffers",
        ),
        case(
            fields(5, 5, Vec::new()).with("old root", filler("fork"), "another root"),
            "two roots, one size",
            "Fork",
        ),
        case(
            fields(13, 20, path(&sound)).with("old root", filler("fork"), "another root"),
            "another older tree",
            "OldRootDiffers",
        ),
        case(
            fields(13, 20, path(&sound)).with("new root", filler("fork"), "another root"),
            "another newer tree",
            "NewRootDiffers",
        ),
    ];
    (accepted.collect(), rejected)
}

const ORIGIN: &str = "vandel.example/vectors";
const WITNESS: &str = "witness.example/one";

fn vkey(name: &str, kind: KeyKind, key: &str) -> VerifierKey {
    VerifierKey::new(name, kind, &public(key)).expect("a sound key and name")
}

/// The checkpoint of the accepted ledger's last block, cosigned.
fn cosigned(ledger: &Ledger) -> Note {
    let tip = ledger.chains.last().expect("chains").tip();
    let checkpoint = Checkpoint::new(ORIGIN, tip.size, tip.root).expect("a sound origin");
    let mut note = checkpoint.sign(&secret("checkpoint 2")).expect("a short note");
    let cosignature = NoteSignature::cosign(WITNESS, &secret("witness"), second(START + 900), note.text());
    note.attach(cosignature.expect("a sound name")).expect("room");
    note
}

fn lines(text: &str) -> Fields {
    let mut fields = Fields::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        fields = fields.raw(&format!("line {}", index + 1), line, line.trim_end());
    }
    fields
}

pub(crate) fn checkpoints(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let log = vkey(ORIGIN, KeyKind::Ed25519, "checkpoint 2");
    let witness = vkey(WITNESS, KeyKind::Cosignature, "witness");
    let both = format!("{log} {witness}");
    let note = cosigned(ledger).to_string();
    let with = |case: Case, keys: &str| case.context("keys", keys);
    let middle = &ledger.chains[6];
    let first = Checkpoint::new(ORIGIN, middle.size(), middle.frontier.root()).expect("sound");
    let first = first.sign(&secret("checkpoint")).expect("short").to_string();
    let old = vkey(ORIGIN, KeyKind::Ed25519, "checkpoint").to_string();
    let accepted = vec![
        with(lines(&first).accept("genesis key", "9 records, before the checkpoint key is replaced"), &old),
        with(
            lines(&note)
                .accept("rotated key", "20 records, signed by the second checkpoint key and a witness"),
            &both,
        ),
        with(
            lines(&note).accept(
                "witness unknown",
                "a cosignature by a key that the reader doesn't know is passed over",
            ),
            &log.to_string(),
        ),
    ];
    let changed = |from: &str, to: &str| {
        assert!(note.contains(from), "the note has {from:?}");
        lines(&note.replacen(from, to, 1))
    };
    let resigned = |text: &str| {
        let mut note = Note::new(text).expect("a text");
        note.attach(NoteSignature::sign(ORIGIN, &secret("checkpoint 2"), text).expect("sound"))
            .expect("room");
        lines(&note.to_string())
    };
    let text = cosigned(ledger).text().to_owned();
    let edit = |from: &str, to: &str| resigned(&text.replacen(from, to, 1));
    let case = |fields: Fields, name: &str, error: &str| {
        with(fields.reject(name, "", Expected::named(error)), &both)
    };
    let rejected = vec![
        case(changed("\n20\n", "\n21\n"), "size changed", "Signature.Mismatch"),
        case(changed("\n\n", "\n"), "no empty line", "Note.NoSeparator"),
        case(changed("vectors\n20", "vectors\r\n20"), "carriage return", "Note.ControlCharacter"),
        case(lines(note.trim_end()), "last line not ended", "Note.Unended"),
        case(changed("— vandel", "- vandel"), "hyphen for a dash", "Note.SignatureLine"),
        case(edit("\n20\n", "\n020\n"), "leading zero", "Checkpoint.Size"),
        case(edit("\n20\n", "\n+20\n"), "plus sign", "Checkpoint.Size"),
        case(edit("=\n", "\n"), "base64 without padding", "Checkpoint.Root"),
        case(edit("\n20\n", "\n0\n"), "size 0 with a root", "Checkpoint.EmptyRoot"),
        case(resigned("one\ntwo\n"), "two lines", "Checkpoint.Lines"),
        case(edit("vandel.example/vectors", "other.example/log"), "another origin", "NotByLog"),
        with(
            lines(&note).reject(
                "no known key",
                "neither key is the reader's",
                Expected::named("Signature.Unsigned"),
            ),
            &old,
        ),
        with(
            lines(&note).reject("witness alone", "witnesses make no checkpoint", Expected::named("NotByLog")),
            &witness.to_string(),
        ),
    ];
    (accepted, rejected)
}

pub(crate) fn trust() -> (Vec<Case>, Vec<Case>) {
    let log = vkey(ORIGIN, KeyKind::Ed25519, "checkpoint");
    let [a, b] = ["witness", "witness 2"].map(|name| vkey(WITNESS, KeyKind::Cosignature, name));
    let sound = format!("log {log}\nwitness a {a}\nwitness b {b}\ngroup both all a b\nquorum both\n");
    let accepted = vec![
        lines(&format!("log {log}\nquorum none\n")).accept("no witnesses", "anchor: operator"),
        lines(&sound).accept("two of two", "both must have cosigned"),
        lines(&format!("# a comment\n\nlog {log} https://vandel.example\nquorum\tnone\n"))
            .accept("comment, URL, tab", ""),
    ];
    let changed = |from: &str, to: &str, name: &str, error: &str| {
        assert!(sound.contains(from), "the file has {from:?}");
        lines(&sound.replacen(from, to, 1)).reject(name, "", Expected::named(error))
    };
    let rejected = vec![
        changed("quorum both\n", "", "no quorum", "NoQuorum"),
        changed("quorum both\n", "quorum both", "last line not ended", "Unended"),
        changed("quorum both", "quorum all", "quorum undefined", "Line.UnknownName"),
        changed("quorum both\n", "quorum both\nquorum a\n", "two quorums", "Line.SecondQuorum"),
        changed("all a b", "3 a b", "threshold above the members", "Line.Threshold"),
        changed("all a b", "0 a b", "threshold 0", "Line.Threshold"),
        changed("all a b", "all a a", "member twice", "Line.MemberTwice"),
        changed("all a b", "all a both", "group in itself", "Line.UnknownName"),
        changed("witness b", "witness a", "name twice", "Line.DuplicateName"),
        changed(&b.to_string(), &a.to_string(), "key twice", "Line.DuplicateKey"),
        changed(
            &format!("witness a {a}"),
            &format!("witness a {log}"),
            "witness with a log's key type",
            "Line.KeyKind",
        ),
        changed("group both", "cluster both", "unknown keyword", "Line.Keyword"),
    ];
    (accepted, rejected)
}

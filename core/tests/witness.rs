//! The witness's request and judgement (C2SP tlog-witness): the specification's example, each refusal with its
//! status and in its order, and a model: whatever is asked, no size is ever cosigned with two roots, and no
//! smaller one after a larger.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::limits::ADD_CHECKPOINT_BYTES_MAX;
use vandel_core::merkle::{NodeMemory, consistency_proof, empty_root, root_at};
use vandel_core::note::{KeyKind, NoteSignature, VerifierKey};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::statement::Seen;
use vandel_core::time::Second;
use vandel_core::witness::{AddCheckpoint, Refusal, RequestError, parse_size, take_cosignature};

const ORIGIN: &str = "vandel/test";

/// C2SP tlog-witness, "add-checkpoint".
const EXAMPLE: &str = "old 20852014\n\
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
    5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
    /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
    \n\
    example.com/behind-the-sofa\n\
    20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    \n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn log_key() -> VerifierKey {
    VerifierKey::new(ORIGIN, KeyKind::Ed25519, &public_key(&secret(1))).expect("a key")
}

fn witness_key() -> VerifierKey {
    VerifierKey::new("witness.example/w1", KeyKind::Cosignature, &public_key(&secret(2))).expect("a key")
}

/// A tree whose leaves from `fork` on are of another history.
fn tree(size: u64, fork: u64, branch: u8) -> NodeMemory {
    let mut nodes = NodeMemory::new();
    for leaf in 0..size {
        nodes.append(leaf_hash(&[&leaf.to_be_bytes()[..], &[if leaf < fork { 0 } else { branch }]].concat()));
    }
    nodes
}

fn head(nodes: &NodeMemory, size: u64) -> Checkpoint {
    let root = if size == 0 { empty_root() } else { root_at(nodes, size).expect("a root") };
    Checkpoint::new(ORIGIN, size, root).expect("a checkpoint")
}

fn request(nodes: &NodeMemory, old: u64, new: u64) -> AddCheckpoint {
    let proof = if old == 0 || old >= new {
        Vec::new()
    } else {
        consistency_proof(nodes, old, new).expect("a proof")
    };
    AddCheckpoint { old, proof, note: head(nodes, new).sign(&secret(1)).expect("signed").to_string() }
}

fn seen(nodes: &NodeMemory, size: u64) -> Seen {
    Seen { size, root: head(nodes, size).root() }
}

fn answer(request: &AddCheckpoint, held: Seen) -> Result<Checkpoint, Refusal> {
    let read = AddCheckpoint::parse(request.to_string().as_bytes())?;
    assert_eq!(read, *request, "what is written is what is read");
    let checkpoint = read.open(&[log_key()])?;
    read.judge(&checkpoint, held).map(|()| checkpoint)
}

#[test]
fn the_specifications_example_comes_back_byte_for_byte() {
    let read = AddCheckpoint::parse(EXAMPLE.as_bytes()).expect("the example");
    assert_eq!((read.old, read.proof.len()), (20_852_014, 4));
    assert_eq!(read.to_string(), EXAMPLE);
    assert_eq!(read.open(&[log_key()]).map_err(|refusal| refusal.status()), Err(404));
    assert_eq!(parse_size("20852163\n"), Some(20_852_163));
    for wrong in ["", "\n", "20852163", "0020\n", "-1\n", "12 \n", "12\n\n"] {
        assert_eq!(parse_size(wrong), None, "{wrong:?}");
    }
}

#[test]
fn bytes_that_are_no_request_are_refused_by_line() {
    let good = request(&tree(9, 9, 1), 4, 9).to_string();
    let with = |from: &str, to: &str| good.replacen(from, to, 1).into_bytes();
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
    let many =
        |count: usize| format!("old 4\n{}\n{}", hash.repeat(count), good.split_once("\n\n").expect("note").1);
    let cases: Vec<(Vec<u8>, RequestError)> = vec![
        (Vec::new(), RequestError::OldLine),
        (b"old 4".to_vec(), RequestError::OldLine),
        (with("old 4", "old 04"), RequestError::OldLine),
        (with("old 4", "old  4"), RequestError::OldLine),
        (with("old 4", "old +4"), RequestError::OldLine),
        (with("old 4", "old 18446744073709551616"), RequestError::OldLine),
        (with("old 4", "size 4"), RequestError::OldLine),
        (with("old 4\n", "old 4\r\n"), RequestError::OldLine),
        (with("old 4\n", "old 4\nabc\n"), RequestError::ProofLine(2)),
        (with("old 4\n", "old 4\nAAAA\n"), RequestError::ProofLine(2)),
        (b"old 4\n".to_vec(), RequestError::NoSeparator),
        (format!("old 4\n{hash}").into_bytes(), RequestError::NoSeparator),
        (many(64).into_bytes(), RequestError::ProofTooLong),
        (vec![b'o'; ADD_CHECKPOINT_BYTES_MAX + 1], RequestError::TooLong(ADD_CHECKPOINT_BYTES_MAX + 1)),
        (vec![b'o', b'l', b'd', 0xff], RequestError::NotUtf8),
    ];
    for (bytes, expected) in cases {
        let shown = String::from_utf8_lossy(&bytes).chars().take(80).collect::<String>();
        assert_eq!(AddCheckpoint::parse(&bytes), Err(expected), "{shown}");
    }
    assert!(AddCheckpoint::parse(many(63).as_bytes()).is_ok(), "63 hashes are allowed");
    // Below the empty line stands a note, and in it a checkpoint.
    for note in ["", "\n", "no note\n", "vandel/test\n1\n", "vandel/test\nx\ny\n\n— a AAAAAAAA\n"] {
        let read = AddCheckpoint::parse(format!("old 0\n\n{note}").as_bytes()).expect("a request");
        assert_eq!(read.open(&[log_key()]).map_err(|refusal| refusal.status()), Err(400), "{note:?}");
    }
}

#[test]
fn every_refusal_has_its_status_and_its_place_in_the_order() {
    let (nodes, other) = (tree(12, 12, 0), tree(12, 3, 9));
    let status =
        |request: &AddCheckpoint, held| answer(request, held).map_err(|refusal| refusal.status()).err();
    let good = request(&nodes, 5, 9);
    assert_eq!(status(&good, seen(&nodes, 5)), None);
    // The same size and root again: cosigned again. So is the empty tree.
    assert_eq!(status(&request(&nodes, 9, 9), seen(&nodes, 9)), None);
    assert_eq!(status(&request(&nodes, 0, 0), seen(&nodes, 0)), None);
    // 404 before 403 before 400 before 409 before 422.
    let mut unknown = request(&nodes, 10, 9);
    unknown.note = unknown.note.replace(ORIGIN, "vandel/other");
    assert_eq!(status(&unknown, seen(&nodes, 5)), Some(404));
    let mut unsigned = request(&nodes, 10, 9);
    unsigned.note = head(&nodes, 9).sign(&secret(7)).expect("signed").to_string();
    assert_eq!(status(&unsigned, seen(&nodes, 5)), Some(403));
    assert_eq!(status(&request(&nodes, 10, 9), seen(&nodes, 5)), Some(400));
    assert_eq!(answer(&request(&other, 3, 9), seen(&nodes, 5)), Err(Refusal::OtherSize { held: 5 }));
    assert_eq!(answer(&request(&nodes, 0, 9), seen(&nodes, 5)), Err(Refusal::OtherSize { held: 5 }));
    assert_eq!(answer(&request(&nodes, 5, 9), seen(&nodes, 0)), Err(Refusal::OtherSize { held: 0 }));
    assert_eq!(status(&request(&other, 9, 9), seen(&nodes, 9)), Some(409));
    assert_eq!(status(&request(&other, 5, 9), seen(&nodes, 5)), Some(422));
    // A proof where none may be, none where one must be, and one hash changed, dropped or added.
    let mut proofless = good.clone();
    proofless.proof.clear();
    assert_eq!(status(&proofless, seen(&nodes, 5)), Some(422));
    for (mut request, size) in [(request(&nodes, 0, 9), 0), (request(&nodes, 9, 9), 9)] {
        request.proof = good.proof.clone();
        assert_eq!(status(&request, seen(&nodes, size)), Some(422));
    }
    let mut refused = 0;
    for index in 0..good.proof.len() {
        for bit in 0..256 {
            let mut changed = good.clone();
            changed.proof[index].0[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(status(&changed, seen(&nodes, 5)), Some(422));
            refused += 1;
        }
        let mut dropped = good.clone();
        dropped.proof.remove(index);
        assert_eq!(status(&dropped, seen(&nodes, 5)), Some(422));
    }
    let mut longer = good.clone();
    longer.proof.push(Hash::ZERO);
    assert_eq!(status(&longer, seen(&nodes, 5)), Some(422));
    assert!(refused >= 256);
}

#[test]
fn a_cosignature_counts_only_by_the_right_key_over_the_right_text() {
    let text = head(&tree(9, 9, 0), 9).to_string();
    let cosign = |seed: u8, text: &str| {
        let line = NoteSignature::cosign("witness.example/w1", &secret(seed), Second(1_700_000_000), text);
        format!("{}\n", line.expect("a name"))
    };
    let (good, stranger) = (cosign(2, &text), cosign(3, &text));
    // Of several lines its own is taken, wherever it stands.
    for answer in [format!("{stranger}{good}"), format!("{good}{stranger}")] {
        let (line, time) = take_cosignature(&text, &witness_key(), &answer).expect("its own line");
        assert_eq!((time, format!("{line}\n")), (Second(1_700_000_000), good.clone()));
    }
    let other = cosign(2, &head(&tree(10, 10, 0), 10).to_string());
    let plain = NoteSignature::sign("witness.example/w1", &secret(2), &text).expect("a name");
    for wrong in ["", "nonsense\n", &stranger, &other, &format!("{plain}\n"), &format!("{good}x\n")] {
        assert!(take_cosignature(&text, &witness_key(), wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_asked_no_size_gets_two_roots_and_none_goes_back(
        asked in prop::collection::vec((0_u64..14, 0_u64..14, 0_u8..3, 0_u64..14), 1..60)
    ) {
        let (mut held, mut roots) = (seen(&tree(0, 0, 0), 0), BTreeMap::<u64, Hash>::new());
        for (old, new, branch, fork) in asked {
            let nodes = tree(14, fork, branch);
            // Half of the requests name the size that is held, as a client does after a 409.
            let old = if branch == 0 { held.size } else { old };
            let before = held.size;
            if let Ok(checkpoint) = answer(&request(&nodes, old, new), held) {
                prop_assert!(checkpoint.size() >= before);
                let root = roots.entry(checkpoint.size()).or_insert(checkpoint.root());
                prop_assert_eq!(*root, checkpoint.root());
                held = Seen { size: checkpoint.size(), root: checkpoint.root() };
            }
        }
    }
}

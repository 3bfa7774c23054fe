//! Checkpoints: `tlog_tiles` as oracle in both directions, and every way they can be wrong.

use proptest::prelude::*;
use vandel_core::checkpoint::{Checkpoint, CheckpointError, CheckpointOpenError, CheckpointSignError};
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::merkle::empty_root;
use vandel_core::note::{KeyKind, NoteOpenError, NoteSignature, VerifierKey, VerifierKeyError};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::time::Second;

const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn key(name: &str, kind: KeyKind, seed: u8) -> VerifierKey {
    VerifierKey::new(name, kind, &public_key(&secret(seed))).expect("a key made from a seed")
}

#[test]
fn the_specifications_example_comes_back_byte_for_byte() {
    let text = format!("example.com/behind-the-sofa\n20852163\n{ROOT}\n");
    let checkpoint: Checkpoint = text.parse().expect("the specification's text");
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.to_string(), text);
}

proptest! {
    #[test]
    fn the_oracle_reads_ours_and_we_read_the_oracles(
        origin in "[^\\x00-\\x1f]{1,40}",
        size in 1_u64..,
        root: [u8; 32],
        extensions in prop::collection::vec("[^\\x00-\\x1f]{1,20}", 0..3),
    ) {
        let ours = Checkpoint::with_extensions(&origin, size, Hash(root), extensions).expect("well-formed");
        let text = ours.to_string();
        prop_assert_eq!(text.parse::<Checkpoint>(), Ok(ours.clone()));
        let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).expect("the oracle reads ours");
        prop_assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (origin.as_str(), size, root));
        prop_assert_eq!(String::from_utf8(theirs.to_bytes()).expect("UTF-8").parse::<Checkpoint>(), Ok(ours));
    }

    #[test]
    fn one_changed_byte_is_another_checkpoint_or_none(at in any::<prop::sample::Index>(), byte in 0_u8..0x80) {
        let text = format!("example.com/log\n20852163\n{ROOT}\nextension\n");
        let mut bytes = text.clone().into_bytes();
        *at.get_mut(&mut bytes) = byte;
        let changed = String::from_utf8(bytes).expect("ASCII");
        if let Ok(read) = changed.parse::<Checkpoint>() {
            prop_assert_eq!(read.to_string(), changed.clone());
            prop_assert!(changed.contains('\r') || tlog_tiles::Checkpoint::from_bytes(changed.as_bytes()).is_ok());
        }
        let signed = Checkpoint::new("example.com/log", 1, Hash([7; 32])).expect("well-formed").sign(&secret(1)).expect("signs");
        let mut bytes = signed.to_string().into_bytes();
        let before = bytes.clone();
        *at.get_mut(&mut bytes) = byte;
        let opened = Checkpoint::open(&bytes, &[key("example.com/log", KeyKind::Ed25519, 1)]);
        prop_assert_eq!(opened.is_ok(), bytes == before);
    }
}

#[test]
fn malformed_checkpoints_are_refused_by_name() {
    let parse = |text: String| text.parse::<Checkpoint>().map(|_| ());
    assert_eq!(parse(String::new()), Err(CheckpointError::Lines));
    assert_eq!(parse("o\n1\n".into()), Err(CheckpointError::Lines));
    assert_eq!(parse(format!("o\n1\n{ROOT}")), Err(CheckpointError::Lines));
    assert_eq!(parse(format!("\n1\n{ROOT}\n")), Err(CheckpointError::Origin(String::new())));
    assert_eq!(parse(format!("o\r\n1\n{ROOT}\n")), Err(CheckpointError::Origin("o\r".into())));
    for size in ["", "01", "00", "+1", "-1", "1 ", " 1", "1.0", "0x1", "1_000", "18446744073709551616", "١"]
    {
        assert_eq!(parse(format!("o\n{size}\n{ROOT}\n")), Err(CheckpointError::Size(size.into())));
    }
    for root in [
        "",
        "AAAA",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I", // no padding
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=", // stray bits
        "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=", // the other alphabet
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= ", // space at the end
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA", // 33 bytes
    ] {
        assert_eq!(parse(format!("o\n1\n{root}\n")), Err(CheckpointError::Root(root.into())));
    }
    assert_eq!(parse(format!("o\n1\n{ROOT}\n\n")), Err(CheckpointError::Extension(String::new())));
    assert_eq!(parse(format!("o\n1\n{ROOT}\nx\n\ny\n")), Err(CheckpointError::Extension(String::new())));
    assert!(matches!(parse(format!("o\n0\n{ROOT}\n")), Err(CheckpointError::EmptyRoot(_))));
    assert!(Checkpoint::new("o", 0, empty_root()).is_ok());
    // A field with a line break would read back as a different checkpoint.
    let smuggled = format!("o\n9\n{ROOT}");
    assert_eq!(Checkpoint::new(&smuggled, 1, Hash::ZERO), Err(CheckpointError::Origin(smuggled.clone())));
    let extended = Checkpoint::with_extensions("o", 1, Hash::ZERO, vec!["a\nb".into()]);
    assert_eq!(extended, Err(CheckpointError::Extension("a\nb".into())));
    let spaced = Checkpoint::new("två ord", 1, Hash::ZERO).expect("an origin, but no key name");
    let refused = CheckpointSignError::Key(VerifierKeyError::Name("två ord".into()));
    assert_eq!(spaced.sign(&secret(1)), Err(refused));
}

#[test]
fn a_checkpoint_counts_only_with_its_logs_signature() {
    let known = [
        key("log.example", KeyKind::Ed25519, 1),
        key("other.example", KeyKind::Ed25519, 2),
        key("w.example", KeyKind::Cosignature, 3),
    ];
    let checkpoint = Checkpoint::new("log.example", 1, leaf_hash(b"x")).expect("well-formed");
    let mut note = checkpoint.sign(&secret(1)).expect("signs");
    let cosignature =
        NoteSignature::cosign("w.example", &secret(3), Second(99), note.text()).expect("a name");
    note.attach(cosignature.clone()).expect("room");
    let opened = Checkpoint::open(note.to_string().as_bytes(), &known).expect("signed by log and witness");
    assert_eq!((&opened.checkpoint, opened.log_key), (&checkpoint, public_key(&secret(1))));
    assert_eq!(opened.cosignatures.len(), 1);
    assert_eq!(
        (opened.cosignatures[0].name.as_str(), opened.cosignatures[0].time),
        ("w.example", Second(99))
    );

    let open = |lines: &[NoteSignature], known: &[VerifierKey]| {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        Checkpoint::open(format!("{checkpoint}\n{lines}").as_bytes(), known).map(|_| ())
    };
    let not_by_log = Err(CheckpointOpenError::NotByLog { origin: "log.example".into() });
    // A witness alone; another trusted log; the log's own key used to cosign.
    assert_eq!(open(&[cosignature], &known), not_by_log);
    let other = NoteSignature::sign("other.example", &secret(2), &checkpoint.to_string()).expect("a name");
    assert_eq!(open(&[other], &known), not_by_log);
    let own =
        NoteSignature::cosign("log.example", &secret(1), Second(1), &checkpoint.to_string()).expect("a name");
    assert_eq!(open(std::slice::from_ref(&own), &[key("log.example", KeyKind::Cosignature, 1)]), not_by_log);
    assert_eq!(open(&[own], &known), Err(CheckpointOpenError::Signature(NoteOpenError::Unsigned)));
    // A signed text that is no checkpoint.
    let text = "log.example\nnot a size\n";
    let line = NoteSignature::sign("log.example", &secret(1), text).expect("a name");
    let opened = Checkpoint::open(format!("{text}\n{line}\n").as_bytes(), &known);
    assert_eq!(opened, Err(CheckpointOpenError::Checkpoint(CheckpointError::Lines)));
}

//! Signed notes: the specification's own vectors, the `signed_note` crate as oracle in both
//! directions, and every way that a note can be wrong.

use proptest::prelude::*;
use signed_note::{StandardVerifier, VerifierList};
use vandel_core::id::PublicKey;
use vandel_core::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};
use vandel_core::note::{
    KeyId, KeyKind, Note, NoteError, NoteOpenError, NoteSignature, VerifierKey, VerifierKeyError,
    cosigned_message,
};
use vandel_core::signature::{KeyError, SigningKey, public_key};
use vandel_core::time::Second;

/// From C2SP signed-note, "Example".
const SPEC_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn key(name: &str, kind: KeyKind, seed: u8) -> VerifierKey {
    VerifierKey::new(name, kind, &public_key(&secret(seed))).expect("a key made from a seed")
}

fn signed(text: &str, seed: u8) -> Note {
    let mut note = Note::new(text).expect("a text");
    note.attach(NoteSignature::sign("log.example", &secret(seed), text).expect("a name")).expect("room");
    note
}

#[test]
fn the_specifications_examples_are_read() {
    let key: VerifierKey = SPEC_KEY.parse().expect("the specification's key");
    assert_eq!(key.to_string(), SPEC_KEY);
    let note = Note::parse(SPEC_NOTE.as_bytes()).expect("the specification's note");
    assert_eq!(note.to_string(), SPEC_NOTE);
    let known = [key];
    assert_eq!(note.open(&known).expect("its signature")[0].time, None);

    // A witness in use, from transparency-dev/formats: pins the key id of type 0x04.
    let witness = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let parsed: VerifierKey = witness.parse().expect("a witness in use");
    assert_eq!((parsed.kind(), parsed.to_string().as_str()), (KeyKind::Cosignature, witness));

    // C2SP tlog-cosignature, "Ed25519 signed message".
    assert_eq!(cosigned_message(Second(1_679_315_147), "o\n1\n"), b"cosignature/v1\ntime 1679315147\no\n1\n");
    // The log line and the cosignature of tlog-cosignature's example come back byte for byte.
    let example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(example.as_bytes()).expect("the specification's note");
    assert_eq!(note.to_string(), example);
    assert_eq!(note.open(&known), Err(NoteOpenError::Unsigned));
}

proptest! {
    #[test]
    fn the_oracle_reads_ours_and_we_read_the_oracles(seed in 1_u8.., lines in prop::collection::vec("[^\\x00-\\x1f]{0,30}", 1..5)) {
        let text = lines.join("\n") + "\n";
        let known = [key("log.example", KeyKind::Ed25519, seed)];
        let ours = signed(&text, seed);
        prop_assert_eq!(Note::parse(ours.to_string().as_bytes()), Ok(ours.clone()));

        let read = signed_note::Note::from_bytes(ours.to_string().as_bytes()).expect("the oracle reads ours");
        let verifier = StandardVerifier::new(&known[0].to_string()).expect("the oracle reads our key");
        let (verified, _) = read.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("the oracle verifies ours");
        prop_assert_eq!(verified.len(), 1);
        prop_assert_eq!(read.text(), text.as_bytes());

        let theirs = signed_note::Note::new(text.as_bytes(), &verified).expect("the oracle writes");
        let back = Note::parse(&theirs.to_bytes()).expect("we read the oracle's");
        prop_assert_eq!(back.open(&known).expect("we verify the oracle's").len(), 1);
    }

    #[test]
    fn what_the_oracle_refuses_to_parse_so_do_we(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = SPEC_NOTE.as_bytes().to_vec();
        *at.get_mut(&mut bytes) = byte;
        let known = [SPEC_KEY.parse::<VerifierKey>().expect("the specification's key")];
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes.clone(), "one value, one encoding");
            prop_assert!(signed_note::Note::from_bytes(&bytes).is_ok());
            prop_assert!(bytes == SPEC_NOTE.as_bytes() || note.open(&known).is_err());
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(— |[a-z+ =]|\n){0,60}") {
        let _ = Note::parse(&bytes);
        let _ = Note::parse(text.as_bytes());
        let _ = text.parse::<VerifierKey>();
    }
}

#[test]
fn malformed_notes_are_refused_by_name() {
    let line = |line: &str| Err(NoteError::SignatureLine(line.to_owned()));
    let parse = |text: &str| Note::parse(text.as_bytes()).map(|_| ());
    assert_eq!(parse(""), Err(NoteError::NoSeparator));
    assert_eq!(parse("text\n— a AAAAAAE=\n"), Err(NoteError::NoSeparator));
    assert_eq!(parse("text\n\n"), Err(NoteError::Unended));
    assert_eq!(parse("text\n\n— a AAAAAAE="), Err(NoteError::Unended));
    assert_eq!(parse("text\n\n— a AAAAAAE=\n\n"), Err(NoteError::Unended));
    assert_eq!(parse("te\txt\n\n— a AAAAAAE=\n"), Err(NoteError::ControlCharacter));
    assert_eq!(parse("text\r\n\n— a AAAAAAE=\n"), Err(NoteError::ControlCharacter));
    assert_eq!(Note::parse(b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAE=\n"), Err(NoteError::NotUtf8));
    for bad in [
        "- a AAAAAAE=",          // a hyphen
        "—  a AAAAAAE=",         // two spaces
        "— AAAAAAE=",            // no name
        "— a+b AAAAAAE=",        // plus in the name
        "— a\u{2003}b AAAAAAE=", // Unicode space in the name
        "— a AAAAAAE= ",         // space at the end
        "— a AAAAAAE",           // no padding
        "— a AAAAAAF=",          // stray bits
        "— a AAAAAA==",          // key id without a signature
        "— a AAA=",              // no key id
        "— a AAAA_AE=",          // the other alphabet
        "— a ",
        "—",
    ] {
        assert_eq!(parse(&format!("text\n\n{bad}\n")), line(bad), "{bad}");
    }
    let many = |count| format!("text\n\n{}", "— a AAAAAAE=\n".repeat(count));
    assert_eq!(parse(&many(NOTE_SIGNATURES_MAX)), Ok(()));
    assert_eq!(parse(&many(NOTE_SIGNATURES_MAX + 1)), Err(NoteError::TooManySignatures));
    assert_eq!(parse(&"x".repeat(NOTE_BYTES_MAX + 1)), Err(NoteError::TooLong(NOTE_BYTES_MAX + 1)));
    assert_eq!(Note::new("no newline"), Err(NoteError::Unended));
    assert_eq!(Note::new("bell\u{7}\n"), Err(NoteError::ControlCharacter));
    let mut full = Note::new("x".repeat(NOTE_BYTES_MAX - 1) + "\n").expect("just fits");
    let signature = NoteSignature::sign("a", &secret(1), full.text()).expect("a name");
    assert!(matches!(full.attach(signature), Err(NoteError::TooLong(_))));
    assert_eq!(full.signatures(), []);
}

#[test]
fn malformed_keys_are_refused_by_name() {
    let (name, rest) = SPEC_KEY.split_once('+').expect("parts");
    let material = &rest[9..];
    let parse = |text: String| text.parse::<VerifierKey>().map(|_| ());
    assert_eq!(parse(String::new()), Err(VerifierKeyError::Form));
    assert_eq!(parse(format!("{name}+530d903a")), Err(VerifierKeyError::Form));
    assert_eq!(parse(format!("+530d903a+{material}")), Err(VerifierKeyError::Name(String::new())));
    assert_eq!(parse(format!("a b+530d903a+{material}")), Err(VerifierKeyError::Name("a b".into())));
    for id in ["530D903A", "530d903", "530d903a0", "0x530d90", ""] {
        let refused = Err(VerifierKeyError::IdForm(id.to_owned()));
        assert_eq!(parse(format!("{name}+{id}+{material}")), refused);
    }
    let differs =
        VerifierKeyError::IdDiffers { found: KeyId([0; 4]), expected: KeyId([0x53, 0x0d, 0x90, 0x3a]) };
    assert_eq!(parse(format!("{name}+00000000+{material}")), Err(differs));
    assert!(matches!(parse(format!("{name}x+530d903a+{material}")), Err(VerifierKeyError::IdDiffers { .. })));
    assert_eq!(parse(format!("{name}+530d903a+{material}=")), Err(VerifierKeyError::Base64));
    assert_eq!(parse(format!("{name}+530d903a+{material}+x")), Err(VerifierKeyError::Base64));
    assert_eq!(parse(format!("{name}+530d903a+")), Err(VerifierKeyError::Length(0)));
    assert_eq!(parse(format!("{name}+530d903a+AQID")), Err(VerifierKeyError::Length(2)));
    assert_eq!(parse(format!("{name}+530d903a+BgID")), Err(VerifierKeyError::UnknownType(6)));
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = VerifierKey::new(name, KeyKind::Ed25519, &PublicKey(identity));
    assert_eq!(weak, Err(VerifierKeyError::Key(KeyError::SmallOrder)));
}

#[test]
fn only_known_keys_count_and_one_bad_signature_spoils_the_note() {
    let known = [key("log.example", KeyKind::Ed25519, 1), key("w.example", KeyKind::Cosignature, 2)];
    let mut note = signed("text\n", 1);
    let mut cosign = |seed, name: &str, time, text: &str| {
        note.attach(NoteSignature::cosign(name, &secret(seed), Second(time), text).expect("a name"))
            .expect("room");
        note.clone()
    };
    let note_with_witness = cosign(2, "w.example", 42, "text\n");
    let opened = note_with_witness.open(&known).expect("both");
    assert_eq!(opened.iter().map(|signed| signed.time).collect::<Vec<_>>(), [None, Some(Second(42))]);
    // The same name under another key, and the same key under another name, are strangers.
    cosign(3, "w.example", 42, "text\n");
    let strangers = cosign(2, "v.example", 42, "text\n");
    assert_eq!(strangers.signatures().len(), 4);
    assert_eq!(strangers.open(&known).expect("the known two"), opened);
    assert_eq!(strangers.open(&[key("x.example", KeyKind::Ed25519, 9)]), Err(NoteOpenError::Unsigned));
    // A cosignature over another text refuses the whole note.
    let other = cosign(2, "w.example", 42, "another\n");
    assert_eq!(other.open(&known), Err(NoteOpenError::Mismatch("w.example".into())));
    let far = cosign(2, "w.example", 1 << 63, "text\n");
    assert_eq!(far.open(&known), Err(NoteOpenError::Time("w.example".into())));
}

#[test]
fn a_signature_of_one_kind_is_none_of_the_other() {
    let (log, witness) = (key("a", KeyKind::Ed25519, 1), key("a", KeyKind::Cosignature, 1));
    let opened = |signature: NoteSignature, known: &VerifierKey| {
        let mut note = Note::new("text\n").expect("a text");
        note.attach(signature).expect("room");
        note.open(std::slice::from_ref(known)).map(|_| ())
    };
    let plain = NoteSignature::sign("a", &secret(1), "text\n").expect("a name");
    assert_eq!(opened(plain.clone(), &log), Ok(()));
    assert_eq!(opened(plain, &witness), Err(NoteOpenError::Unsigned));
    let length = |found, expected| Err(NoteOpenError::Length { name: "a".into(), found, expected });
    for found in [1, 7, 63, 65, 72] {
        assert_eq!(opened(NoteSignature::from_parts(&log, vec![0; found]), &log), length(found, 64));
    }
    for found in [1, 7, 8, 64, 71, 73] {
        assert_eq!(opened(NoteSignature::from_parts(&witness, vec![0; found]), &witness), length(found, 72));
    }
    // The time is signed: changing it in the line breaks the cosignature.
    let cosigned = NoteSignature::cosign("a", &secret(1), Second(7), "text\n").expect("a name").to_string();
    let earlier = NoteSignature::cosign("a", &secret(1), Second(6), "text\n").expect("a name").to_string();
    let spliced = format!("{}{}", &earlier[..earlier.len() - 80], &cosigned[cosigned.len() - 80..]);
    assert_eq!(opened(spliced.parse().expect("a line"), &witness), Err(NoteOpenError::Mismatch("a".into())));
}

#[test]
fn a_key_that_signs_twice_counts_once_with_its_latest_second() {
    let known = [key("w", KeyKind::Cosignature, 2)];
    let line = |time| NoteSignature::cosign("w", &secret(2), Second(time), "text\n").expect("a name");
    let twice = format!("text\n\n{}\n{}\n{}\n", line(5), line(9), line(7));
    let note = Note::parse(twice.as_bytes()).expect("a note");
    let opened = note.open(&known).expect("all three");
    assert_eq!((opened.len(), opened[0].time), (1, Some(Second(9))));
    // A second, bad line of a known key is not hidden behind the first good one.
    let spoilt = format!("{twice}{}\n", NoteSignature::from_parts(&known[0], vec![0; 72]));
    let note = Note::parse(spoilt.as_bytes()).expect("a note");
    assert_eq!(note.open(&known), Err(NoteOpenError::Mismatch("w".into())));
}

#[test]
fn two_known_keys_with_one_name_and_id_are_refused() {
    // Found by search: two seeds whose keys share the four bytes 674c4489.
    let colliding = |number: u32| {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        SigningKey::from_bytes(&seed)
    };
    let (one, two) = (colliding(88_939), colliding(106_782));
    let key = |secret: &SigningKey| {
        VerifierKey::new("w", KeyKind::Cosignature, &public_key(secret)).expect("sound")
    };
    assert_eq!((key(&one).id(), key(&two).id()), (KeyId([0x67, 0x4c, 0x44, 0x89]), key(&one).id()));
    let mut note = Note::new("text\n").expect("a text");
    note.attach(NoteSignature::cosign("w", &one, Second(1), "text\n").expect("a name")).expect("room");
    assert_eq!(note.open(&[key(&one)]).map(|signed| signed.len()), Ok(1));
    assert_eq!(note.open(&[key(&two)]), Err(NoteOpenError::Mismatch("w".into())));
    assert_eq!(note.open(&[key(&one), key(&two)]), Err(NoteOpenError::AmbiguousKey("w".into())));
    // The same key listed twice is no ambiguity.
    assert_eq!(note.open(&[key(&one), key(&one)]).map(|signed| signed.len()), Ok(1));
}

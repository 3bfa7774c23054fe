//! Trust files: what is refused, and that the quorum means what it says.

use proptest::prelude::*;
use vandel_core::checkpoint::{Checkpoint, CheckpointOpenError};
use vandel_core::hash::Hash;
use vandel_core::id::PublicKey;
use vandel_core::limits::TRUST_BYTES_MAX;
use vandel_core::note::{KeyKind, NoteOpenError, NoteSignature, VerifierKey, VerifierKeyError};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::time::Second;
use vandel_core::trust::{Threshold, Trust, TrustError, TrustLineError, Witness, parse_trust};

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> PublicKey {
    public_key(&secret(seed))
}

fn log_key(seed: u8) -> VerifierKey {
    VerifierKey::new("log.example", KeyKind::Ed25519, &public(seed)).expect("a key made from a seed")
}

fn witness_key(seed: u8) -> VerifierKey {
    VerifierKey::new(&format!("w{seed}.example"), KeyKind::Cosignature, &public(seed)).expect("from a seed")
}

/// The specification's example: two of X1 X2 X3, and any of Y1 Y2 Y3.
fn example() -> String {
    let mut text = format!("# a comment\n\n  log {}\t https://log.example/ \n", log_key(100));
    for (name, seed) in [("X1", 1), ("X2", 2), ("X3", 3)] {
        text += &format!("witness {name} {}\n", witness_key(seed));
    }
    text += "group X-witnesses 2 X1 X2 X3\n \t # another\n";
    for (name, seed) in [("Y1", 4), ("Y2", 5), ("Y3", 6)] {
        text += &format!("witness\t{name}  {}\n", witness_key(seed));
    }
    text + "group Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
}

#[test]
fn the_specifications_example_decides_for_every_set_of_witnesses() {
    let trust: Trust = example().parse().expect("the specification's example");
    assert_eq!(trust.logs()[0].url.as_deref(), Some("https://log.example/"));
    assert_eq!((trust.witnesses().count(), trust.asks_for_witnesses()), (6, true));
    for set in 0_u8..64 {
        let cosigners: Vec<PublicKey> =
            (0..6).filter(|bit| set >> bit & 1 == 1).map(|bit| public(bit + 1)).collect();
        let expected = (set & 0b111).count_ones() >= 2 && set >> 3 != 0;
        assert_eq!(trust.quorum_met(&cosigners), expected, "{set:06b}");
    }
    // Repetitions, strangers and the log itself count for nothing.
    assert!(!trust.quorum_met(&[public(1), public(1), public(4)]));
    assert!(!trust.quorum_met(&[public(1), public(4), public(9), public(100)]));
}

#[test]
fn no_witnesses_must_be_said() {
    let trust: Trust = format!("log {}\nquorum none\n", log_key(1)).parse().expect("no witnesses");
    assert!(trust.quorum_met(&[]) && !trust.asks_for_witnesses());
    let one: Trust = format!("witness W {}\nquorum W\n", witness_key(1)).parse().expect("one witness");
    assert!(one.quorum_met(&[public(1)]) && !one.quorum_met(&[]) && !one.quorum_met(&[public(2)]));
}

#[test]
fn refused_lines_are_named_with_their_numbers() {
    let (log, w1, w2) = (log_key(100), witness_key(1), witness_key(2));
    // Lines 1 to 4 are sound; the bad line is the fifth.
    let sound = format!("log {log}\nwitness A {w1}\nwitness B {w2}\ngroup G 1 A\n");
    let line = |bad: &str| match parse_trust(format!("{sound}{bad}\n").as_bytes()) {
        Err(TrustError::Line { line: 5, problem }) => problem,
        other => panic!("{bad:?} gave {other:?}"),
    };
    let name = String::from;

    assert_eq!(line("logs x"), TrustLineError::Keyword(name("logs")));
    assert_eq!(line("Quorum none"), TrustLineError::Keyword(name("Quorum")));
    assert_eq!(line("\u{a0}quorum none"), TrustLineError::Keyword(name("\u{a0}quorum")));
    for bad in [
        "log",
        "witness",
        "witness C",
        "group",
        "group H",
        "quorum",
        "quorum A B",
        "quorum none # why",
        "group H all",
    ] {
        let problem = line(bad);
        assert!(matches!(problem, TrustLineError::Form(_)), "{bad}: {problem:?}");
    }
    assert!(matches!(line(&format!("log {} u v", log_key(9))), TrustLineError::Form(_)));
    assert!(matches!(line(&format!("witness C {} u v", witness_key(9))), TrustLineError::Form(_)));

    assert_eq!(line("log x"), TrustLineError::Key(VerifierKeyError::Form));
    assert_eq!(line("witness C x"), TrustLineError::Key(VerifierKeyError::Form));
    let kind = |role, found, expected| TrustLineError::KeyKind { role, found, expected };
    assert_eq!(line(&format!("log {}", witness_key(9))), kind("log", 4, 1));
    assert_eq!(line(&format!("witness C {}", log_key(9))), kind("witness", 1, 4));

    assert_eq!(line(&format!("log {log}")), TrustLineError::DuplicateKey(public(100)));
    assert_eq!(line(&format!("witness C {w1}")), TrustLineError::DuplicateKey(public(1)));
    // Another name for the same public key is the same witness; a log is not its own witness.
    assert_eq!(line(&format!("log {}", log_key(1))), TrustLineError::DuplicateKey(public(1)));
    assert_eq!(line(&format!("witness C {}", witness_key(100))), TrustLineError::DuplicateKey(public(100)));

    assert_eq!(line(&format!("witness A {}", witness_key(9))), TrustLineError::DuplicateName(name("A")));
    assert_eq!(line(&format!("witness G {}", witness_key(9))), TrustLineError::DuplicateName(name("G")));
    assert_eq!(line("group A any B"), TrustLineError::DuplicateName(name("A")));
    assert_eq!(line(&format!("witness none {}", witness_key(9))), TrustLineError::ReservedName);
    assert_eq!(line("group none any B"), TrustLineError::ReservedName);

    assert_eq!(line("quorum C"), TrustLineError::UnknownName(name("C")));
    assert_eq!(line("quorum a"), TrustLineError::UnknownName(name("a")));
    assert_eq!(line("group H any C"), TrustLineError::UnknownName(name("C")));
    assert_eq!(line("group H any H"), TrustLineError::UnknownName(name("H")));
    assert_eq!(line("group H any none"), TrustLineError::UnknownName(name("none")));
    assert_eq!(line("group H any A"), TrustLineError::MemberTwice(name("A")));
    assert_eq!(line("group H any B B"), TrustLineError::MemberTwice(name("B")));

    for found in ["0", "3", "01", "+1", "-1", "ALL", "1.0", "18446744073709551616"] {
        let expected = TrustLineError::Threshold { found: name(found), members: 2 };
        assert_eq!(line(&format!("group H {found} G B")), expected);
    }
}

#[test]
fn refused_files_are_named() {
    assert_eq!(parse_trust(b""), Err(TrustError::Unended));
    assert_eq!(parse_trust(b"\n"), Err(TrustError::NoQuorum));
    assert_eq!(parse_trust(b"#quorum none\n"), Err(TrustError::NoQuorum));
    assert_eq!(parse_trust(b"quorum none"), Err(TrustError::Unended));
    assert_eq!(parse_trust(b"quorum \xff\n"), Err(TrustError::NotUtf8));
    assert_eq!(parse_trust(b"# c\nquorum none\r\n"), Err(TrustError::ControlCharacter { line: 2 }));
    assert_eq!(parse_trust(b"# \x7f\nquorum none\n"), Err(TrustError::ControlCharacter { line: 1 }));
    assert_eq!(parse_trust(b"# \0\nquorum none\n"), Err(TrustError::ControlCharacter { line: 1 }));
    let second = TrustError::Line { line: 3, problem: TrustLineError::SecondQuorum };
    assert_eq!(parse_trust(b"quorum none\n\nquorum none\n"), Err(second));
    assert_eq!(parse_trust(&vec![b'\n'; TRUST_BYTES_MAX + 1]), Err(TrustError::TooLong(TRUST_BYTES_MAX + 1)));
    let refused = parse_trust(b"quorum X\n").expect_err("unknown").to_string();
    assert_eq!(refused, "line 1 of the trust file: \"X\" is not defined on an earlier line");
}

#[test]
fn what_a_program_adds_obeys_the_same_rules() {
    let mut trust = Trust::default();
    let witness = |name: &str, url: Option<&str>| Witness {
        name: name.to_owned(),
        key: witness_key(1),
        url: url.map(str::to_owned),
    };
    // A line break in a name or URL would add lines to the file.
    for bad in ["", "a b", "a\nquorum none", "a\tb"] {
        let word = Err(TrustLineError::Word(bad.to_owned()));
        assert_eq!(trust.add_witness(witness(bad, None)), word);
        assert_eq!(trust.add_witness(witness("A", Some(bad))), word);
        assert_eq!(trust.add_log(log_key(2), Some(bad.to_owned())), word);
        assert_eq!(trust.add_group(bad, Threshold::Any, &["A"]), word);
    }
    assert_eq!(trust, Trust::default());
    trust.add_witness(witness("A", Some("https://a.example/"))).expect("sound");
    for count in [0, 2, usize::MAX] {
        let refused = TrustLineError::Threshold { found: count.to_string(), members: 1 };
        assert_eq!(trust.add_group("G", Threshold::AtLeast(count), &["A"]), Err(refused));
    }
    assert!(matches!(trust.add_group("G", Threshold::All, &[]), Err(TrustLineError::Form(_))));
    trust.set_quorum("A").expect("defined");
    assert_eq!(trust.to_string().parse(), Ok(trust));
}

#[test]
fn a_checkpoint_is_opened_with_the_trust_files_keys() {
    let trust: Trust =
        format!("log {}\nwitness A {}\nquorum A\n", log_key(7), witness_key(1)).parse().expect("sound");
    let checkpoint = Checkpoint::new("log.example", 3, Hash([3; 32])).expect("well-formed");
    let mut note = checkpoint.sign(&secret(7)).expect("signs");
    let alone = trust.open(note.to_string().as_bytes()).expect("the log has signed");
    assert!(!trust.quorum_met(&alone.cosigners()), "no witness yet");
    let line = NoteSignature::cosign("w1.example", &secret(1), Second(5), note.text()).expect("a name");
    note.attach(line).expect("room");
    let witnessed = trust.open(note.to_string().as_bytes()).expect("signed and cosigned");
    assert!(trust.quorum_met(&witnessed.cosigners()));
    let stranger = checkpoint.sign(&secret(8)).expect("signs").to_string();
    let refused = Err(CheckpointOpenError::Signature(NoteOpenError::Unsigned));
    assert_eq!(trust.open(stranger.as_bytes()), refused);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        groups in prop::collection::vec((0_usize..3, prop::collection::vec(any::<prop::sample::Index>(), 1..4)), 0..6),
        quorum in any::<prop::sample::Index>(),
        witnessed in prop::collection::vec(any::<bool>(), 6),
    ) {
        let mut trust = Trust::default();
        trust.add_log(log_key(100), Some("https://log.example/".to_owned())).expect("sound");
        let mut free: Vec<String> = Vec::new();
        for seed in 1..=6 {
            free.push(format!("W{seed}"));
            trust.add_witness(Witness { name: format!("W{seed}"), key: witness_key(seed), url: None }).expect("sound");
        }
        for (number, (threshold, picks)) in groups.iter().enumerate() {
            let mut members: Vec<String> = Vec::new();
            for pick in &picks[..picks.len().min(free.len())] {
                members.push(free.swap_remove(pick.index(free.len())));
            }
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            let threshold = [Threshold::Any, Threshold::All, Threshold::AtLeast(members.len().div_ceil(2))][*threshold];
            trust.add_group(&format!("G{number}"), threshold, &members).expect("sound");
            free.push(format!("G{number}"));
        }
        trust.set_quorum(&free[quorum.index(free.len())]).expect("defined");

        let read: Trust = trust.to_string().parse().expect("what was written");
        prop_assert_eq!(&read, &trust);
        let cosigners: Vec<PublicKey> =
            (1..).zip(&witnessed).filter(|(_, cosigned)| **cosigned).map(|(seed, _)| public(seed)).collect();
        prop_assert_eq!(read.quorum_met(&cosigners), trust.quorum_met(&cosigners));
        // More witnesses never break a quorum, and all of them always make it.
        prop_assert!(trust.quorum_met(&(1..=6).map(public).collect::<Vec<_>>()));
        prop_assert!(!trust.quorum_met(&[]));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "((log|witness|group|quorum|any|all|none|A|B|[0-9]|#)[ \t\n]){0,40}") {
        let _ = parse_trust(text.as_bytes());
    }
}

//! The edges of Ed25519: Google's Wycheproof vectors; and every mixture of points of small order, in every spelling,
//! for the key and for R, with the numbers S that lenient verifiers take. Three verifiers give one answer.

use std::collections::BTreeMap;

use serde_json::json;
use vandel_core::id::PublicKey;
use vandel_core::signature::{SignatureError, check_key, public_key, sign_raw, verify_raw};
use vandel_tests::independent::{Batch, hex};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use crate::matrix::Matrix;
use crate::three::Three;

/// The eight points of small order, and the spellings of them that are not canonical: y of p and p + 1, and a
/// sign where x is 0.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];
/// The order of the prime-order group, little-endian.
const L: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

/// The answer of ours by the name that the vectors give it.
fn name(result: Result<(), SignatureError>) -> Option<String> {
    result.err().map(|error| match error {
        SignatureError::Key(error) => format!("Key.{error:?}"),
        other => format!("{other:?}"),
    })
}

/// One signature by all three. True if it was accepted.
fn alike(others: &mut [Batch], key: &[u8; 32], message: &[u8], signature: &[u8; 64], what: &str) -> bool {
    let ours = name(verify_raw(&PublicKey(*key), message, signature));
    let case =
        json!({ "signature": { "key": hex(key), "message": hex(message), "signature": hex(signature) } });
    for other in others {
        let answer = other.ask(&case);
        assert_eq!(answer["error"].as_str(), ours.as_deref(), "{what}: {}", other.language);
    }
    ours.is_none()
}

/// S + L, little-endian; none if that takes more than 32 bytes.
fn plus_order(s: &[u8; 32]) -> Option<[u8; 32]> {
    let order: [u8; 32] = bytes(L);
    let mut carry = 0_u16;
    let sum = std::array::from_fn(|at| {
        carry = (carry >> 8) + u16::from(s[at]) + u16::from(order[at]);
        carry.to_le_bytes()[0]
    });
    (carry >> 8 == 0).then_some(sum)
}

pub(crate) fn edges(three: &mut Three, matrix: &mut Matrix) {
    wycheproof(three, matrix);
    small_order(three, matrix);
    let others = &mut three.others;
    let row = matrix.row("Ed25519: S + L, for 40 signatures");
    for number in 0..40_u8 {
        let secret = vandel_core::signature::SigningKey::from_bytes(&[number; 32]);
        let (key, message) = (public_key(&secret).0, [number; 9]);
        let signature = sign_raw(&secret, &message);
        assert!(alike(others, &key, &message, &signature, "sound"));
        let (r, s) = (&signature[..32], bytes::<32>(&hex(&signature[32..])));
        let malleable: [u8; 64] = bytes(&hex(&[r, &plus_order(&s).unwrap()].concat()));
        assert!(!alike(others, &key, &message, &malleable, "S + L"));
        row.found("signature", true);
    }
}

fn small_order(three: &mut Three, matrix: &mut Matrix) {
    let others = &mut three.others;
    let secret = vandel_core::signature::SigningKey::from_bytes(&[5; 32]);
    let mut keys: Vec<[u8; 32]> = SMALL_ORDER.iter().map(|point| bytes(point)).collect();
    for key in &keys {
        let ours = check_key(&PublicKey(*key)).map(|_| ()).unwrap_err();
        for other in &mut *others {
            let answer = other.ask(&json!({ "key": hex(key) }));
            assert_eq!(answer["error"].as_str(), Some(format!("{ours:?}").as_str()), "{}", other.language);
        }
        matrix.row("Ed25519: a key of small order, enrolled").found("open-rule", true);
    }
    keys.push(public_key(&secret).0);
    let row = matrix.row("Ed25519: key or R of small order, S from 0 to L");
    let numbers = [&"00".repeat(32), &format!("01{}", "00".repeat(31)), L, &"ff".repeat(32)];
    for (key, r) in keys.iter().flat_map(|key| SMALL_ORDER.iter().map(move |r| (key, r))) {
        for s in numbers {
            let signature: [u8; 64] = bytes(&format!("{r}{s}"));
            let accepted = alike(others, key, b"vandel", &signature, &format!("{} {r} {s}", hex(key)));
            assert!(!accepted, "{} {r} {s}", hex(key));
            row.found("signature", true);
        }
    }
}

fn wycheproof(three: &mut Three, matrix: &mut Matrix) {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut results: BTreeMap<bool, u32> = BTreeMap::new();
    for group in &set.test_groups {
        for test in &group.tests {
            let Ok(key) = <[u8; 32]>::try_from(&group.key.pk[..]) else { continue };
            // A signature of another length is no field of any structure here: it cannot be asked about.
            let Ok(signature) = <[u8; 64]>::try_from(&test.sig[..]) else { continue };
            let what = format!("Wycheproof {}: {}", test.tc_id, test.comment);
            let accepted = alike(&mut three.others, &key, &test.msg, &signature, &what);
            match test.result {
                TestResult::Valid => assert!(accepted, "{what}"),
                TestResult::Invalid => {
                    assert!(!accepted, "{what}");
                    matrix.row("Ed25519: Wycheproof, invalid").found("signature", true);
                }
                TestResult::Acceptable => {}
            }
            *results.entry(accepted).or_insert(0) += 1;
        }
    }
    println!("Wycheproof by acceptance: {results:?}");
}

//! The edges of Ed25519, and that the verdict is the library's strict one.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signature, Verifier as _};
use proptest::prelude::*;
use sha2::{Digest, Sha512};

use super::equation::{SMALL_ORDER, has_small_order};
use super::*;

const IDENTITY: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};
/// p = 2^255 − 19, little-endian.
const FIELD: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};
/// L, the order of the prime-order group (RFC 8032 section 5.1), little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The library's key of the same bytes.
fn theirs(key: &VerifyingKey) -> ed25519_dalek::VerifyingKey {
    ed25519_dalek::VerifyingKey::from_bytes(&key.public_key().0).expect("a point of the curve")
}

fn secret() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn add(a: &[u8], b: &[u8; 32]) -> [u8; 32] {
    let mut sum = [0; 32];
    let mut carry = 0;
    for (out, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        let [low, high] = (u16::from(*a) + u16::from(*b) + carry).to_le_bytes();
        *out = low;
        carry = u16::from(high);
    }
    sum
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(r);
    bytes[32..].copy_from_slice(s);
    bytes
}

/// RFC 8032 section 5.1.7, step 2: h = SHA-512(R ‖ A ‖ M).
fn challenge(r: &[u8; 32], key: &[u8; 32], bytes: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(bytes).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// A signature as a key's own holder may craft it: any R and A, S = nonce + h·a.
fn craft(scalar: Scalar, r_point: EdwardsPoint, key: EdwardsPoint, nonce: Scalar, bytes: &[u8]) -> [u8; 64] {
    let r = r_point.compress().to_bytes();
    let challenge = challenge(&r, &key.compress().to_bytes(), bytes);
    join(&r, &(nonce + challenge * scalar).to_bytes())
}

#[test]
fn rfc_8032_test_1_is_reproduced() {
    let seed = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44,
        0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];
    let secret = SigningKey::from_bytes(&seed);
    let key = public_key(&secret);
    assert_eq!(key.to_string(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = sign_raw(&secret, b"");
    assert_eq!(signature[..4], [0xe5, 0x56, 0x43, 0x00]);
    assert_eq!(verify_raw(&key, b"", &signature), Ok(()));
}

#[test]
fn a_signature_serves_one_purpose() {
    let key = public_key(&secret());
    let signature = sign(&secret(), Domain::Statement, &[b"he", b"j"]);
    assert_eq!(verify_strict(&key, Domain::Statement, &[b"hej"], &signature), Ok(()));
    let refused = Err(SignatureError::Mismatch);
    assert_eq!(verify_strict(&key, Domain::Block, &[b"hej"], &signature), refused);
    assert_eq!(verify_strict(&key, Domain::Statement, &[b"hej", b"\0"], &signature), refused);
    assert_eq!(verify_raw(&key, b"hej", &signature), refused);
    let other = public_key(&SigningKey::from_bytes(&[8; 32]));
    assert_eq!(verify_strict(&other, Domain::Statement, &[b"hej"], &signature), refused);
}

proptest! {
    #[test]
    fn every_flipped_bit_is_seen(seed: [u8; 32], bytes in proptest::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>()) {
        let secret = SigningKey::from_bytes(&seed);
        let key = check_key(&public_key(&secret)).expect("a key made from a seed");
        let signature = sign(&secret, Domain::Block, &[&bytes]);
        prop_assert_eq!(key.verify(Domain::Block, &[&bytes], &signature), Ok(()));
        let bit = at.index(8 * (64 + bytes.len()));
        let (mut bad_signature, mut bad_bytes) = (signature, bytes.clone());
        match bit / 8 {
            byte @ 0..64 => bad_signature[byte] ^= 1 << (bit % 8),
            byte => bad_bytes[byte - 64] ^= 1 << (bit % 8),
        }
        prop_assert_eq!(key.verify(Domain::Block, &[&bad_bytes], &bad_signature), Err(SignatureError::Mismatch));
    }
}

#[test]
fn a_second_spelling_of_a_signature_is_refused() {
    let key = public_key(&secret());
    let signature = sign_raw(&secret(), b"hej");
    let mut high = signature;
    high[32..].copy_from_slice(&add(&signature[32..], &ORDER));
    assert_eq!(verify_raw(&key, b"hej", &high), Err(SignatureError::Mismatch));

    // R = the identity, spelt as y = 1 + p or with the sign bit on: the equation S·B = R + h·A
    // holds for S = h·a, so only a strict reader refuses.
    let mut negative_zero = IDENTITY;
    negative_zero[31] |= 0x80;
    let scalar = secret().to_scalar();
    let key_bytes = public_key(&secret()).0;
    for r in [IDENTITY, add(&IDENTITY, &FIELD), negative_zero] {
        let crafted = join(&r, &(challenge(&r, &key_bytes, b"hej") * scalar).to_bytes());
        assert_eq!(verify_raw(&key, b"hej", &crafted), Err(SignatureError::Mismatch));
    }
}

#[test]
fn small_order_keys_are_refused_by_name() {
    for point in EIGHT_TORSION {
        let key = PublicKey(point.compress().to_bytes());
        assert_eq!(check_key(&key), Err(KeyError::SmallOrder));
        // A = R = identity with S = 0 fits every message in a lenient verifier.
        let forged = join(&IDENTITY, &[0; 32]);
        assert_eq!(verify_raw(&key, b"anything", &forged), Err(SignatureError::Key(KeyError::SmallOrder)));
    }
}

#[test]
fn non_canonical_and_foreign_points_are_refused() {
    let mut seen = 0;
    for y in 0..19_u8 {
        let mut low = [0; 32];
        low[0] = y;
        for sign in [0, 0x80] {
            let mut bytes = add(&low, &FIELD);
            bytes[31] |= sign;
            let verdict = check_key(&PublicKey(bytes));
            if CompressedEdwardsY(bytes).decompress().is_some() {
                assert_eq!(verdict, Err(KeyError::NotCanonical), "y = p + {y}");
                seen += 1;
            } else {
                assert_eq!(verdict, Err(KeyError::NotOnCurve), "y = p + {y}");
            }
        }
    }
    assert!(seen > 0, "no non-canonical point was tried");
    assert_eq!(check_key(&PublicKey([2; 32])).err(), Some(KeyError::NotOnCurve));
    let mut negative_zero = IDENTITY;
    negative_zero[31] |= 0x80;
    assert_eq!(check_key(&PublicKey(negative_zero)), Err(KeyError::NotCanonical));
}

#[test]
fn a_key_with_torsion_is_refused_at_enrolment() {
    let scalar = secret().to_scalar();
    for torsion in &EIGHT_TORSION[1..] {
        let key = scalar * ED25519_BASEPOINT_POINT + torsion;
        assert_eq!(check_key(&PublicKey(key.compress().to_bytes())), Err(KeyError::Torsion));
    }
    assert!(check_key(&public_key(&secret())).is_ok());
}

/// A signature whose `R` is this point of small order, that fits in the sense of RFC 8032: the key has a part of
/// order 8, and among messages there is one whose challenge turns it into −R.
fn fits_but_for_strictness(r: EdwardsPoint) -> (VerifyingKey, [u8; 64], Vec<u8>) {
    let scalar = secret().to_scalar();
    let key = scalar * ED25519_BASEPOINT_POINT + EIGHT_TORSION[1];
    let encoded = key.compress().to_bytes();
    let parsed = VerifyingKey::new(&PublicKey(encoded)).expect("a point outside the prime-order group");
    for number in 0..1_000_u32 {
        let bytes = number.to_le_bytes().to_vec();
        let signature = craft(scalar, r, key, Scalar::ZERO, &bytes);
        if theirs(&parsed).verify(&bytes, &Signature::from_bytes(&signature)).is_ok() {
            return (parsed, signature, bytes);
        }
    }
    panic!("no message fits: one of eight should");
}

#[test]
fn a_nonce_of_small_order_is_refused_though_the_equation_holds() {
    for point in EIGHT_TORSION {
        assert!(has_small_order(&point.compress().to_bytes()));
        let (key, signature, bytes) = fits_but_for_strictness(point);
        assert!(theirs(&key).verify_strict(&bytes, &Signature::from_bytes(&signature)).is_err());
        assert_eq!(key.verify_raw(&bytes, &signature), Err(SignatureError::Mismatch));
    }
    let ys: std::collections::BTreeSet<_> = EIGHT_TORSION
        .iter()
        .map(|point| {
            let mut y = point.compress().to_bytes();
            y[31] &= 0x7f;
            y
        })
        .collect();
    assert_eq!(ys, SMALL_ORDER.into_iter().collect(), "no other point is refused");
}

proptest! {
    /// Ours and the library's `verify_strict` give one verdict, for keys and nonces with any part of small order, in any
    /// spelling, with S as it should be, increased by L, or anything.
    #[test]
    fn the_verdict_is_that_of_verify_strict(
        scalar in 0_u64.., nonce in prop_oneof![Just(0), 1_u64..], key_torsion in 0..8_usize, nonce_torsion in 0..8_usize,
        message in 0..32_u8, spelling in 0..4_u8, s in 0..4_u8,
    ) {
        let (scalar, nonce) = (Scalar::from(scalar), Scalar::from(nonce));
        let key = scalar * ED25519_BASEPOINT_POINT + EIGHT_TORSION[key_torsion];
        let r = nonce * ED25519_BASEPOINT_POINT + EIGHT_TORSION[nonce_torsion];
        let bytes = [Domain::Statement.bytes(), &[message]].concat();
        let mut signature = craft(scalar, r, key, nonce, &bytes);
        match spelling {
            0 => signature[31] ^= 0x80,
            1 => {
                let high = add(&signature[..32], &FIELD);
                signature[..32].copy_from_slice(&high);
            }
            _ => {}
        }
        match s {
            0 => {
                let high = add(&signature[32..], &ORDER);
                signature[32..].copy_from_slice(&high);
            }
            1 => signature[40] ^= 1,
            _ => {}
        }
        let Ok(key) = VerifyingKey::new(&PublicKey(key.compress().to_bytes())) else { return Ok(()) };
        let strict = theirs(&key).verify_strict(&bytes, &Signature::from_bytes(&signature));
        prop_assert_eq!(key.verify_raw(&bytes, &signature).is_ok(), strict.is_ok());
        let claim = Claim { key: &key, domain: Domain::Statement, message: &[message], signature: &signature };
        prop_assert_eq!(verify_each(&[claim]), [strict.is_ok()]);
        // Beside others that fit or don't.
        let honest = check_key(&public_key(&secret())).expect("a key made from a seed");
        let (right, wrong) = (sign(&secret(), Domain::Statement, &[b"hej"]), [0x11; 64]);
        let honest = |signature| Claim { key: &honest, domain: Domain::Statement, message: b"hej", signature };
        let verdicts = verify_each(&[honest(&right), claim, honest(&wrong), claim, honest(&right)]);
        prop_assert_eq!(verdicts, [true, strict.is_ok(), false, strict.is_ok(), true]);
    }
}

proptest! {
    /// Of any number of signatures exactly those that fit are said to, wherever they stand.
    #[test]
    fn each_of_many_has_its_own_verdict(fits in proptest::collection::vec(any::<bool>(), 0..300)) {
        let secrets = [secret(), SigningKey::from_bytes(&[8; 32])];
        let keys = secrets.each_ref().map(|secret| check_key(&public_key(secret)).expect("a key made from a seed"));
        let messages: Vec<[u8; 8]> = (0..fits.len()).map(|index| (index / 2).to_le_bytes()).collect();
        let signatures: Vec<[u8; 64]> = fits.iter().enumerate().map(|(index, fits)| {
            sign(&secrets[(index + usize::from(!fits)) % 2], Domain::Block, &[&messages[index]])
        }).collect();
        let claims: Vec<Claim<'_>> = (0..fits.len()).map(|index| Claim {
            key: &keys[index % 2],
            domain: Domain::Block,
            message: &messages[index],
            signature: &signatures[index],
        }).collect();
        prop_assert_eq!(verify_each(&claims), fits);
    }
}

#[test]
fn a_nonce_with_torsion_is_refused() {
    let scalar = secret().to_scalar();
    let key = scalar * ED25519_BASEPOINT_POINT;
    let nonce = Scalar::from(12_345_u64);
    let honest = craft(scalar, nonce * ED25519_BASEPOINT_POINT, key, nonce, b"hej");
    assert_eq!(verify_raw(&public_key(&secret()), b"hej", &honest), Ok(()));
    for torsion in &EIGHT_TORSION[1..] {
        // Cofactored and batch verifiers accept these.
        let crafted = craft(scalar, nonce * ED25519_BASEPOINT_POINT + torsion, key, nonce, b"hej");
        assert_eq!(verify_raw(&public_key(&secret()), b"hej", &crafted), Err(SignatureError::Mismatch));
    }
}

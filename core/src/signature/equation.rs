//! The equation of Ed25519 (RFC 8032 section 5.1.7), by the group arithmetic of the library.
//!
//! A signature `R ‖ S` by `A` fits a message if `R` is the point `[S]B − [h]A`, `h` being the hash of `R`, `A` and the message.
//! That point is computed here and its one encoding compared with the bytes of `R`. An encoding asks for an inversion,
//! which takes a sixth of the whole; those of many points are made from one. That is all that signatures judged together
//! share: each keeps a verdict of its own. Decision 0019 says why this is not left to the library.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};

/// What a key, a message and a signature must come to.
pub(super) struct Equation {
    /// `[S]B − [h]A`.
    expected: EdwardsPoint,
    /// The bytes of `R`.
    found: [u8; 32],
}

impl Equation {
    /// Puts them together; none if `S` is not below the order of the group or `R` is an encoding of a point of small order,
    /// so that there is nothing to compute. `key` is the encoding of `A`, `minus` the point −A.
    pub(super) fn new(
        key: &[u8; 32],
        minus: &EdwardsPoint,
        message: &[&[u8]],
        signature: &[u8; 64],
    ) -> Option<Self> {
        let (found, s) = (half(signature, 0), half(signature, 32));
        if has_small_order(&found) {
            return None;
        }
        let s = Option::from(Scalar::from_canonical_bytes(s))?;
        let hash = Sha512::new().chain_update(found).chain_update(key);
        let hash = message.iter().fold(hash, |hash, piece| hash.chain_update(piece)).finalize();
        let h = Scalar::from_bytes_mod_order_wide(&hash.into());
        let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&h, minus, &s);
        Some(Self { expected, found })
    }

    /// Whether it holds.
    pub(super) fn holds(&self) -> bool {
        self.expected.compress().to_bytes() == self.found
    }
}

/// Whether each of these holds, in their order. What there was nothing to compute for does not.
pub(super) fn each_holds(equations: &[Option<Equation>]) -> Vec<bool> {
    let points: Vec<_> = equations.iter().flatten().map(|equation| equation.expected).collect();
    let mut encoded = EdwardsPoint::compress_batch_alloc(&points).into_iter();
    let holds = |equation: &Option<Equation>| {
        equation.as_ref().is_some_and(|equation| {
            encoded.next().is_some_and(|expected| expected.to_bytes() == equation.found)
        })
    };
    equations.iter().map(holds).collect()
}

fn half(signature: &[u8; 64], at: usize) -> [u8; 32] {
    std::array::from_fn(|index| signature[at + index])
}

/// The y coordinates of the eight points of small order, little-endian: 0, 1, −1, and the two of the points of order 8.
/// Points with x and −x share theirs.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether a canonical encoding is that of a point of small order: its y is, whatever the sign of its x.
pub(super) fn has_small_order(encoding: &[u8; 32]) -> bool {
    let mut y = *encoding;
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y)
}

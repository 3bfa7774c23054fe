//! Sealing: HPKE (RFC 9180) for requests, and answers as Oblivious HTTP makes them (RFC 9458).
//!
//! ```text
//! request  version u16 ‖ endpoint u8 ‖ key id 8 ‖ encapsulated key 32 ‖ ciphertext
//! answer   version u16 ‖ nonce 32 ‖ ciphertext
//! ```
//! Suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, mode base. `info` is `D(sealing) ‖ ledger
//! id`, and a request's first eleven bytes are its associated data, so that no request passes for one of
//! another ledger or endpoint. The answer's key and nonce come from a secret exported from the request's
//! context, salted with the encapsulated key and a nonce of the answer's own (RFC 9458 section 4.4).
//!
//! Inside, bytes are led by their length and padded with zeros to whole kibibytes: lengths tell little.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use sha2::Sha256;
use vandel_core::codec::{Reader, put_bytes};
use vandel_core::hash::Domain;
use vandel_core::id::LedgerId;
use zeroize::Zeroizing;

use super::{Endpoint, MESSAGE_BYTES_MAX, Trouble, WIRE_VERSION};

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;

/// The bytes in front of the encapsulated key.
const HEAD_BYTES: usize = 11;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// The length in front of a body.
const LENGTH_BYTES: usize = 4;
/// The bytes in front of an answer's ciphertext: version and nonce.
const ANSWER_HEAD_BYTES: usize = 34;
/// What is sealed has a multiple of this length.
const PADDING_BYTES: usize = 1024;
/// What the answers' secret is exported under (RFC 9180 section 5.3).
const ANSWER_EXPORT: &[u8] = b"vandel/v1 answer";

/// An X25519 public key to seal requests to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct IntakePublic(pub [u8; 32]);

/// Its private half. It lives in memory only, and leaves it zeroised.
pub struct IntakeSecret {
    private: PrivateKey,
    public: IntakePublic,
}

/// What an answer is sealed with: only the two ends of one request have it.
pub struct AnswerKey {
    secret: Zeroizing<[u8; KEY_BYTES]>,
    encapped: [u8; KEY_BYTES],
}

/// Sealing failed: the key is no point that can be sealed to, the message is too long, or there is no
/// randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be sealed: {0}")]
pub struct SealError(&'static str);

/// An answer that does not open with the key of the request: it was changed on its way, or never made
/// by whoever holds the intake key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer does not open: it does not come from the ledger's service")]
pub struct AnswerError;

impl IntakePublic {
    /// The eight bytes by which a request names the key.
    #[must_use]
    pub fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&self.0[..8]);
        id
    }
}

impl IntakeSecret {
    /// A new key pair.
    #[must_use]
    pub fn generate() -> Self {
        let (private, public) = X25519HkdfSha256::gen_keypair();
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&public.to_bytes());
        Self { private, public: IntakePublic(bytes) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> IntakePublic {
        self.public
    }
}

fn info(ledger: &LedgerId) -> Vec<u8> {
    [Domain::Sealing.bytes(), &ledger.0].concat()
}

fn head(endpoint: Endpoint, key: &IntakePublic) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..2].copy_from_slice(&WIRE_VERSION.to_be_bytes());
    head[2] = endpoint as u8;
    head[3..].copy_from_slice(&key.id());
    head
}

/// Seals a request to an intake key; gives the key to open the answer with.
///
/// # Errors
/// If the key cannot be sealed to, or the message is too long.
pub fn seal_request(
    key: &IntakePublic,
    ledger: &LedgerId,
    endpoint: Endpoint,
    body: &[u8],
) -> Result<(Vec<u8>, AnswerKey), SealError> {
    let public = PublicKey::from_bytes(&key.0).map_err(|_| SealError("the intake key is no key"))?;
    let setup = hpke::setup_sender::<AesGcm256, HkdfSha256, X25519HkdfSha256>;
    let (encapped, mut context) =
        setup(&OpModeS::Base, &public, &info(ledger)).map_err(|_| SealError("the intake key is no key"))?;
    let head = head(endpoint, key);
    let start = HEAD_BYTES + KEY_BYTES;
    // The body is sealed where it stands: growing later would leave a copy of it behind.
    let mut bytes = Vec::with_capacity(start + padded_len(body) + TAG_BYTES);
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&encapped.to_bytes());
    pad_into(&mut bytes, body);
    let tag = context.seal_inout_detached(InOutBuf::from(&mut bytes[start..]), &head);
    bytes.extend_from_slice(&tag.map_err(|_| SealError("it is too long"))?.to_bytes());
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(SealError("it is too long"));
    }
    let mut answer = AnswerKey { secret: Zeroizing::default(), encapped: [0; KEY_BYTES] };
    answer.encapped.copy_from_slice(&encapped.to_bytes());
    context.export(ANSWER_EXPORT, &mut *answer.secret).map_err(|_| SealError("no secret can be exported"))?;
    Ok((bytes, answer))
}

/// The intake key that a request names.
///
/// # Errors
/// If the bytes are no request for this endpoint.
pub fn key_id(endpoint: Endpoint, bytes: &[u8]) -> Result<[u8; 8], Trouble> {
    let malformed = |_| Trouble::Malformed;
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(Trouble::TooLarge);
    }
    let mut reader = Reader::new(bytes, "request", MESSAGE_BYTES_MAX).map_err(malformed)?;
    reader.version("request", WIRE_VERSION).map_err(malformed)?;
    if reader.u8("endpoint").map_err(malformed)? != endpoint as u8 {
        return Err(Trouble::Malformed);
    }
    reader.array("intake key id").map_err(malformed)
}

/// Opens a request.
///
/// # Errors
/// [`Trouble`]; whatever does not open is malformed.
pub fn open_request(
    secret: &IntakeSecret,
    ledger: &LedgerId,
    endpoint: Endpoint,
    bytes: &[u8],
) -> Result<(OpenedBody, AnswerKey), Trouble> {
    if key_id(endpoint, bytes)? != secret.public.id() {
        return Err(Trouble::UnknownKey);
    }
    let malformed = Trouble::Malformed;
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(malformed)?;
    let (encapped, ciphertext) = rest.split_first_chunk::<KEY_BYTES>().ok_or(malformed)?;
    let key = EncappedKey::from_bytes(encapped).map_err(|_| malformed)?;
    let setup = hpke::setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>;
    let mut context = setup(&OpModeR::Base, &secret.private, &key, &info(ledger)).map_err(|_| malformed)?;
    let padded = context.open(ciphertext, head).map(Zeroizing::new).map_err(|_| malformed)?;
    let body = OpenedBody::unpad(padded).ok_or(malformed)?;
    let mut answer = AnswerKey { secret: Zeroizing::default(), encapped: *encapped };
    context.export(ANSWER_EXPORT, &mut *answer.secret).map_err(|_| malformed)?;
    Ok((body, answer))
}

impl AnswerKey {
    fn cipher(&self, nonce: &[u8; 32]) -> (Aes256Gcm, [u8; 12]) {
        let salt = [self.encapped, *nonce].concat();
        let derived = Hkdf::<Sha256>::new(Some(&salt), &*self.secret);
        let (mut key, mut aead_nonce) = (Zeroizing::new([0; KEY_BYTES]), [0; 12]);
        derived.expand(b"key", &mut *key).expect("32 bytes are fewer than HKDF can give");
        derived.expand(b"nonce", &mut aead_nonce).expect("12 bytes are fewer than HKDF can give");
        (Aes256Gcm::new((&*key).into()), aead_nonce)
    }

    /// Seals an answer.
    ///
    /// # Errors
    /// If it is too long, or the operating system gives no randomness.
    pub fn seal(&self, body: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|_| SealError("the operating system gives no randomness"))?;
        let (cipher, aead_nonce) = self.cipher(&nonce);
        let start = ANSWER_HEAD_BYTES;
        let mut bytes = Vec::with_capacity(start + padded_len(body) + TAG_BYTES);
        bytes.extend_from_slice(&WIRE_VERSION.to_be_bytes());
        bytes.extend_from_slice(&nonce);
        pad_into(&mut bytes, body);
        let tag = cipher
            .encrypt_inout_detached(&aead_nonce.into(), &[], InOutBuf::from(&mut bytes[start..]))
            .map_err(|_| SealError("it is too long"))?;
        bytes.extend_from_slice(&tag);
        if bytes.len() > MESSAGE_BYTES_MAX { Err(SealError("it is too long")) } else { Ok(bytes) }
    }

    /// Opens an answer.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn open(&self, bytes: &[u8]) -> Result<OpenedBody, AnswerError> {
        self.try_open(bytes).ok_or(AnswerError)
    }

    fn try_open(&self, bytes: &[u8]) -> Option<OpenedBody> {
        let mut reader = Reader::new(bytes, "answer", MESSAGE_BYTES_MAX).ok()?;
        reader.version("answer", WIRE_VERSION).ok()?;
        let nonce = reader.array("answer nonce").ok()?;
        let (ciphertext, tag) = reader.rest().split_last_chunk::<TAG_BYTES>()?;
        let (cipher, aead_nonce) = self.cipher(&nonce);
        let mut padded = Zeroizing::new(ciphertext.to_vec());
        cipher
            .decrypt_inout_detached(&aead_nonce.into(), &[], InOutBuf::from(&mut padded[..]), &(*tag).into())
            .ok()?;
        OpenedBody::unpad(padded)
    }
}

/// The length of a padded body.
fn padded_len(body: &[u8]) -> usize {
    (LENGTH_BYTES + body.len()).next_multiple_of(PADDING_BYTES)
}

/// Appends the padded form of a body.
fn pad_into(bytes: &mut Vec<u8>, body: &[u8]) {
    let end = bytes.len() + padded_len(body);
    put_bytes(bytes, body);
    bytes.resize(end, 0);
}

/// The body of a message that was opened, where it was opened: a copy would have to be cleared too.
pub struct OpenedBody {
    padded: Zeroizing<Vec<u8>>,
    len: usize,
}

impl OpenedBody {
    /// None if the padding is not the one that [`pad_into`] makes.
    fn unpad(padded: Zeroizing<Vec<u8>>) -> Option<Self> {
        let mut reader = Reader::new(&padded, "padded body", MESSAGE_BYTES_MAX).ok()?;
        let len = reader.bytes("body", MESSAGE_BYTES_MAX).ok()?.len();
        let zeros = reader.rest();
        let sound = padded.len().is_multiple_of(PADDING_BYTES)
            && zeros.len() < PADDING_BYTES
            && zeros.iter().all(|byte| *byte == 0);
        sound.then_some(Self { padded, len })
    }
}

impl std::ops::Deref for OpenedBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.padded[LENGTH_BYTES..][..self.len]
    }
}

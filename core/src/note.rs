//! Signed notes (C2SP signed-note v1): text with signatures below it, the form of checkpoints.
//!
//! A note is its text, an empty line, and one line for each signature:
//! `— name base64(key id ‖ signature)`. Two kinds of signature are read here: plain Ed25519 over
//! the text (what a log makes), and `cosignature/v1` (C2SP tlog-cosignature: what a witness makes,
//! with the second at which it had seen nothing newer). Others are kept and passed on unread, as
//! the format asks.
//!
//! Nothing in a note may be believed before [`Note::open`] has found a signature by a known key.

mod key;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

pub use key::{KeyId, KeyKind, VerifierKey, VerifierKeyError, key_id};

use crate::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};
use crate::signature::{SigningKey, public_key, sign_raw};
use crate::time::Second;

/// The latest second that a cosignature may state: 2^63 − 1 (C2SP tlog-cosignature, "Format").
const COSIGNATURE_SECOND_MAX: u64 = (1 << 63) - 1;

/// Text and the signatures below it, well-formed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line: whose, and bytes that only a known key gives a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: KeyId,
    bytes: Vec<u8>,
}

/// A signature that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The known key that made it.
    pub key: &'a VerifierKey,
    /// For a cosignature, the second that it states; the latest, if the key signed more than once.
    pub time: Option<Second>,
}

/// Why bytes are not a note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note has {0} bytes; at most {NOTE_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// An ASCII control character other than the newline.
    #[error("the note holds a control character")]
    ControlCharacter,
    /// No empty line between text and signatures.
    #[error("no empty line parts the text from its signatures")]
    NoSeparator,
    /// The text, or the last signature line, doesn't end in a newline.
    #[error("the note does not end its last line")]
    Unended,
    /// A signature line of another form.
    #[error("{0:?} is not a signature line")]
    SignatureLine(String),
    /// More signatures than [`NOTE_SIGNATURES_MAX`].
    #[error("the note has more than {NOTE_SIGNATURES_MAX} signatures")]
    TooManySignatures,
}

/// Why no signature of a note was accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteOpenError {
    /// Two of the reader's keys share name and id.
    #[error("two known keys share the name {0} and a key id")]
    AmbiguousKey(String),
    /// A known key's signature has the wrong length for its kind.
    #[error("the signature by {name} has {found} bytes, not {expected}")]
    Length {
        /// The key's name.
        name: String,
        /// The signature's length.
        found: usize,
        /// The length of signatures of this kind.
        expected: usize,
    },
    /// A cosignature states a second that the format doesn't allow.
    #[error("the cosignature by {0} states a second beyond 2^63 - 1")]
    Time(String),
    /// A known key's signature does not fit the text: the note was altered, or forged.
    #[error("the signature by {0} does not fit the text")]
    Mismatch(String),
    /// None of the signatures is by a known key.
    #[error("no known key has signed the note")]
    Unsigned,
}

impl Note {
    /// A note that nobody has signed yet. The text must end in a newline.
    pub fn new(text: impl Into<String>) -> Result<Self, NoteError> {
        let note = Self { text: text.into(), signatures: Vec::new() };
        check_bytes(note.text.as_bytes())?;
        if note.text.ends_with('\n') { Ok(note) } else { Err(NoteError::Unended) }
    }

    /// Reads a note with at least one signature line.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = check_bytes(bytes)?;
        // The text may hold empty lines itself: the last one parts.
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::NoSeparator)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Unended)?;
        let signatures = lines
            .split('\n')
            .take(NOTE_SIGNATURES_MAX + 1)
            .map(NoteSignature::from_str)
            .collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The signed text, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, verified or not, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Verifies every signature by a known key; signatures by others are passed over.
    ///
    /// One bad signature by a known key refuses the note, even beside good ones. A key that signed
    /// several times is returned once.
    pub fn open<'a>(&self, known: &'a [VerifierKey]) -> Result<Vec<Signed<'a>>, NoteOpenError> {
        let mut verified: Vec<Signed<'a>> = Vec::new();
        for signature in &self.signatures {
            let mut keys = known.iter().filter(|key| signature.is_by(key));
            let Some(key) = keys.next() else { continue };
            if keys.any(|other| other != key) {
                return Err(NoteOpenError::AmbiguousKey(signature.name.clone()));
            }
            let time = signature.verify(key, &self.text)?;
            match verified.iter_mut().find(|earlier| earlier.key == key) {
                Some(earlier) => earlier.time = earlier.time.max(time),
                None => verified.push(Signed { key, time }),
            }
        }
        if verified.is_empty() { Err(NoteOpenError::Unsigned) } else { Ok(verified) }
    }

    /// Adds a signature line, for instance one that a witness sent. It takes the place of an
    /// earlier one by the same key.
    pub fn attach(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let mut signed = self.clone();
        signed.signatures.retain(|s| (&s.name, s.id) != (&signature.name, signature.id));
        signed.signatures.push(signature);
        // What is written must be readable, so the reader's limits hold here too.
        if signed.signatures.len() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        check_bytes(signed.to_string().as_bytes())?;
        *self = signed;
        Ok(())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// A line from bytes that another signer made (a device, a remote witness).
    #[must_use]
    pub fn from_parts(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), id: key.id(), bytes }
    }

    /// A plain Ed25519 signature over `text`, under a key name.
    pub fn sign(name: &str, secret: &SigningKey, text: &str) -> Result<Self, VerifierKeyError> {
        let key = VerifierKey::new(name, KeyKind::Ed25519, &public_key(secret))?;
        Ok(Self::from_parts(&key, sign_raw(secret, text.as_bytes()).to_vec()))
    }

    /// A cosignature over `text`: its maker has seen, at `time`, no newer tree of this log, and
    /// this one grew out of those it saw before.
    pub fn cosign(
        name: &str,
        secret: &SigningKey,
        time: Second,
        text: &str,
    ) -> Result<Self, VerifierKeyError> {
        let key = VerifierKey::new(name, KeyKind::Cosignature, &public_key(secret))?;
        let mut bytes = time.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&sign_raw(secret, &cosigned_message(time, text)));
        Ok(Self::from_parts(&key, bytes))
    }

    /// The name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that is said to have signed.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == key.name()
    }

    /// The stated second, if the key's kind has one; a refusal if the signature doesn't verify.
    fn verify(&self, key: &VerifierKey, text: &str) -> Result<Option<Second>, NoteOpenError> {
        let name = || self.name.clone();
        let length = |expected| NoteOpenError::Length { name: name(), found: self.bytes.len(), expected };
        let (verdict, time) = match key.kind() {
            KeyKind::Ed25519 => {
                let signature = self.bytes.as_slice().try_into().map_err(|_| length(64))?;
                (key.key.verify_raw(text.as_bytes(), signature), None)
            }
            KeyKind::Cosignature => {
                let (time, signature) = self.bytes.split_first_chunk().ok_or_else(|| length(72))?;
                let signature = signature.try_into().map_err(|_| length(72))?;
                let time = Second(u64::from_be_bytes(*time));
                if time.0 > COSIGNATURE_SECOND_MAX {
                    return Err(NoteOpenError::Time(name()));
                }
                (key.key.verify_raw(&cosigned_message(time, text), signature), Some(time))
            }
        };
        verdict.map(|()| time).map_err(|_| NoteOpenError::Mismatch(name()))
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.0.to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "— {} {}", self.name, BASE64_STANDARD.encode(bytes))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads a signature line without its newline.
    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
            let bytes = BASE64_STANDARD.decode(base64).ok()?;
            let (id, bytes) = bytes.split_first_chunk()?;
            // "4+n bytes": a signature without bytes says nothing.
            (is_key_name(name) && !bytes.is_empty()).then(|| Self {
                name: name.to_owned(),
                id: KeyId(*id),
                bytes: bytes.to_vec(),
            })
        };
        parse().ok_or_else(|| NoteError::SignatureLine(line.to_owned()))
    }
}

/// What a witness signs (C2SP tlog-cosignature, "Ed25519 signed message").
#[must_use]
pub fn cosigned_message(time: Second, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {}\n{text}", time.0).into_bytes()
}

/// Whether a text can name a key: not empty, and without Unicode white space, `+` and ASCII control characters.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c < ' ')
}

/// The rules for all bytes of a note, whether text or signatures.
fn check_bytes(bytes: &[u8]) -> Result<&str, NoteError> {
    if bytes.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::ControlCharacter);
    }
    Ok(text)
}

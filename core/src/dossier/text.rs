//! Bytes as text in a dossier: ids and hashes in hexadecimal digits, everything longer in base64.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hash::Hash;
use crate::id::{LedgerId, ThreadId};

/// A value in lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex<T>(pub(super) T);

/// What is written in hexadecimal digits.
pub(super) trait FromHex: Display + Sized {
    fn from_hex(text: &str) -> Option<Self>;
}

impl FromHex for Hash {
    fn from_hex(text: &str) -> Option<Self> {
        Self::from_hex(text)
    }
}

impl FromHex for LedgerId {
    fn from_hex(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromHex for ThreadId {
    fn from_hex(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<T: FromHex> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromHex> Deserialize<'de> for Hex<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor {
            form: "lower-case hexadecimal digits of the right length",
            read: |text: &str| T::from_hex(text).map(Hex),
            of: PhantomData,
        })
    }
}

/// Bytes in canonical base64 with padding.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Base64(pub(super) Vec<u8>);

/// What a dossier opens is personal data: it prints as its length alone.
impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor {
            form: "canonical base64 with padding",
            read: |text: &str| BASE64_STANDARD.decode(text).ok().map(Base64),
            of: PhantomData,
        })
    }
}

/// Reads a text by a function. No error quotes it.
struct TextVisitor<T, F> {
    form: &'static str,
    read: F,
    of: PhantomData<T>,
}

impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for TextVisitor<T, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::custom(format_args!("expected {}", self.form)))
    }
}

/// What a row of the view over authority speaks of: `key:…`, `checkpoint-keys` or `policies`.
pub(super) mod authority_text {
    use super::{Deserializer, Serializer, TextVisitor};
    use crate::view::Authority;

    pub(in crate::dossier) fn serialize<S: Serializer>(
        subject: &Authority,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match subject {
            Authority::Key(key) => serializer.collect_str(&format_args!("key:{key}")),
            Authority::CheckpointKeys => serializer.serialize_str("checkpoint-keys"),
            Authority::Policies => serializer.serialize_str("policies"),
        }
    }

    pub(in crate::dossier) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Authority, D::Error> {
        deserializer.deserialize_str(TextVisitor {
            form: "key:, checkpoint-keys or policies",
            read: |text: &str| match text {
                "checkpoint-keys" => Some(Authority::CheckpointKeys),
                "policies" => Some(Authority::Policies),
                _ => text.strip_prefix("key:")?.parse().ok().map(Authority::Key),
            },
            of: std::marker::PhantomData,
        })
    }
}

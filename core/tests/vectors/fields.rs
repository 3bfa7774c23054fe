//! Bytes put together field by field, by the words of `docs/format.md` and without the code under
//! test: a second implementation of the encodings, against which the first one is held.

use crate::file::{Case, Expected, Field, to_hex};

/// Named bytes with their meaning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, Vec<u8>, String)>);

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

fn zigzag(value: i32) -> Vec<u8> {
    varint(2 * u64::from(value.unsigned_abs()) - u64::from(value < 0))
}

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn raw(mut self, name: &str, bytes: impl AsRef<[u8]>, meaning: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), bytes.as_ref().to_vec(), meaning.into()));
        self
    }

    pub(crate) fn u16(self, name: &str, value: u16) -> Self {
        self.raw(name, value.to_be_bytes(), format!("u16 big-endian: {value}"))
    }

    pub(crate) fn u32(self, name: &str, value: u32) -> Self {
        self.raw(name, value.to_be_bytes(), format!("u32 big-endian: {value}"))
    }

    pub(crate) fn u64(self, name: &str, value: u64) -> Self {
        self.raw(name, value.to_be_bytes(), format!("u64 big-endian: {value}"))
    }

    pub(crate) fn varint(self, name: &str, value: u64) -> Self {
        self.raw(name, varint(value), format!("varint: {value}"))
    }

    pub(crate) fn variant(self, index: u64, name: &str) -> Self {
        self.raw("variant", varint(index), format!("varint {index}: {name}"))
    }

    /// A term of a closed list.
    pub(crate) fn term(self, name: &str, index: u64, term: &str) -> Self {
        self.raw(name, varint(index), format!("varint {index}: {term}"))
    }

    pub(crate) fn day(self, name: &str, days: i32) -> Self {
        self.raw(name, zigzag(days), format!("zigzag varint: day {days} after 1970-01-01"))
    }

    pub(crate) fn none(self, name: &str) -> Self {
        self.raw(name, [0], "none")
    }

    pub(crate) fn some(self, name: &str) -> Self {
        self.raw(name, [1], "some")
    }

    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.raw(name, [u8::from(value)], format!("bool: {value}"))
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        let bytes = [&varint(text.len() as u64)[..], text.as_bytes()].concat();
        self.raw(name, bytes, format!("varint length {}, UTF-8: {text}", text.len()))
    }

    /// Fields of another structure inside this one.
    pub(crate) fn inner(mut self, prefix: &str, inner: Self) -> Self {
        self.0.extend(
            inner.0.into_iter().map(|(name, bytes, meaning)| (format!("{prefix}{name}"), bytes, meaning)),
        );
        self
    }

    /// Replaces a field, and says so.
    #[track_caller]
    pub(crate) fn with(mut self, name: &str, bytes: impl AsRef<[u8]>, meaning: &str) -> Self {
        let field = self.0.iter_mut().find(|field| field.0 == name);
        let field = field.unwrap_or_else(|| panic!("there is no field {name:?}"));
        (field.1, field.2) = (bytes.as_ref().to_vec(), format!("CHANGED: {meaning}"));
        self
    }

    /// Ends in the middle of a field: its last byte and all that follows are gone.
    #[track_caller]
    pub(crate) fn cut(mut self, name: &str) -> Self {
        let at = self.0.iter().position(|field| field.0 == name);
        let at = at.unwrap_or_else(|| panic!("there is no field {name:?}"));
        self.0.truncate(at + 1);
        self.0[at].1.pop();
        self.0[at].2 = "CHANGED: cut one byte short, nothing follows".to_owned();
        self
    }

    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> &[u8] {
        let field = self.0.iter().find(|field| field.0 == name);
        &field.unwrap_or_else(|| panic!("there is no field {name:?}")).1
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|field| field.1.iter().copied()).collect()
    }

    pub(crate) fn accept(self, name: &str, comment: &str) -> Case {
        self.case(name, comment, None)
    }

    pub(crate) fn reject(self, name: &str, comment: &str, error: Expected) -> Case {
        self.case(name, comment, Some(error))
    }

    fn case(self, name: &str, comment: &str, error: Option<Expected>) -> Case {
        let field = |(name, bytes, meaning): (String, Vec<u8>, String)| Field(name, to_hex(&bytes), meaning);
        Case {
            name: name.to_owned(),
            comment: comment.to_owned(),
            error,
            context: Default::default(),
            fields: self.0.into_iter().map(field).collect(),
        }
    }
}

impl Case {
    pub(crate) fn context(mut self, name: &str, value: impl ToString) -> Self {
        self.context.insert(name.to_owned(), value.to_string());
        self
    }
}

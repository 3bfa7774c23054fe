//! The directory: what the random ids of actors, controllers and units are called.
//!
//! A few hundred names in one file, replaced whole. Each name is sealed under a data key of its own,
//! so that one person's name can be erased like any part: by its key, [`name_key`].

use std::io;

use vandel_core::codec::{DecodeError, Reader, put_bytes};
use vandel_core::hash::sha256;
use zeroize::Zeroizing;

use super::seal::{KeyId, pad_into, unpad};
use super::{Vault, VaultError};
use crate::disk::read_all;

const FILE: &str = "names";
const MAGIC: [u8; 4] = *b"VVn1";
/// The longest name, in bytes of UTF-8.
const NAME_BYTES_MAX: usize = 1_024;

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A person who acts.
    Actor,
    /// A controller.
    Controller,
    /// A unit under a controller.
    Unit,
}

/// An id's name, as people see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// What it names.
    pub kind: NameKind,
    /// The id that stands on the chain.
    pub id: [u8; 16],
    /// What it belongs to: the controller of a unit.
    pub parent: Option<[u8; 16]>,
    /// The display text.
    pub text: Zeroizing<String>,
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Name").field("kind", &self.kind).field("id", &KeyId(self.id)).finish_non_exhaustive()
    }
}

/// A name in the file: which one, and its sealed text.
struct SealedName {
    kind: NameKind,
    id: [u8; 16],
    sealed: Vec<u8>,
}

/// The key that a name is sealed under. Erasing it erases the name, here and in every copy.
#[must_use]
pub fn name_key(kind: NameKind, id: &[u8; 16]) -> KeyId {
    let hash = sha256(&[b"vandel/v1/vname\0", &[kind_byte(kind)], id]);
    KeyId(*hash.0.first_chunk().expect("a hash has 32 bytes"))
}

/// A name's parent and text, from what is sealed.
fn split_plain(plain: &[u8]) -> Option<(Option<[u8; 16]>, Zeroizing<String>)> {
    let (flag, rest) = plain.split_first()?;
    let (parent, text) = match flag {
        0 => (None, rest),
        1 => rest.split_first_chunk().map(|(parent, text)| (Some(*parent), text))?,
        _ => return None,
    };
    Some((parent, Zeroizing::new(std::str::from_utf8(text).ok()?.to_owned())))
}

fn kind_byte(kind: NameKind) -> u8 {
    match kind {
        NameKind::Actor => 1,
        NameKind::Controller => 2,
        NameKind::Unit => 3,
    }
}

impl Vault {
    /// Gives an id a name, or another one. Durable when this returns. The former text stays readable
    /// in old copies of the file; to forget it, erase [`name_key`] first.
    pub fn put_name(&mut self, name: &Name) -> Result<(), VaultError> {
        if name.text.len() > NAME_BYTES_MAX {
            return Err(VaultError::TooLarge);
        }
        let id = name_key(name.kind, &name.id);
        self.ensure_keys(&[id])?;
        let key = self.key(&id)?.ok_or_else(|| VaultError::damaged(FILE, "its key is gone"))?;
        let mut padded = Zeroizing::new(Vec::with_capacity(2 * NAME_BYTES_MAX));
        let mut plain = Zeroizing::new(vec![u8::from(name.parent.is_some())]);
        plain.extend_from_slice(name.parent.as_ref().map_or(&[][..], |parent| parent));
        plain.extend_from_slice(name.text.as_bytes());
        pad_into(&mut padded, &plain);
        let sealed = key.seal(&self.name_binding(name.kind, &name.id), &padded)?;

        let mut names = Vec::new();
        for held in self.read_names()? {
            let is_other = (held.kind, held.id) != (name.kind, name.id);
            if is_other && self.key(&name_key(held.kind, &held.id))?.is_some() {
                names.push(held);
            }
        }
        names.push(SealedName { kind: name.kind, id: name.id, sealed });
        names.sort_by_key(|name| (name.kind, name.id));
        let writer = self.writer.as_ref().ok_or(VaultError::ReadOnly)?;
        let replaced = writer.fence.replace_durably(&self.folder.join(FILE), &encode(&names));
        replaced.map_err(VaultError::fenced(FILE))
    }

    /// All names whose keys are there, by kind and id.
    pub fn names(&self) -> Result<Vec<Name>, VaultError> {
        let mut names = Vec::new();
        for SealedName { kind, id, sealed } in self.read_names()? {
            let Some(key) = self.key(&name_key(kind, &id))? else { continue };
            let (parent, text) = key
                .open(&self.name_binding(kind, &id), &sealed)
                .and_then(unpad)
                .and_then(|plain| split_plain(&plain))
                .ok_or_else(|| VaultError::damaged(FILE, "a name does not open under its key"))?;
            names.push(Name { kind, id, parent, text });
        }
        Ok(names)
    }

    fn name_binding(&self, kind: NameKind, id: &[u8; 16]) -> Vec<u8> {
        [b"vandel/v1/vname\0", &self.ledger.0[..], &[kind_byte(kind)], id].concat()
    }

    fn read_names(&self) -> Result<Vec<SealedName>, VaultError> {
        match read_all(&*self.disk, &self.folder.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(VaultError::Io { file: FILE.into(), source }),
            Ok(bytes) => decode(&bytes).map_err(|_| VaultError::damaged(FILE, "it is no list of names")),
        }
    }
}

fn encode(names: &[SealedName]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for name in names {
        out.push(kind_byte(name.kind));
        out.extend_from_slice(&name.id);
        put_bytes(&mut out, &name.sealed);
    }
    out.extend_from_slice(&crc32c::crc32c(&out).to_be_bytes());
    out
}

fn decode(bytes: &[u8]) -> Result<Vec<SealedName>, DecodeError> {
    const BAD: DecodeError = DecodeError::BadValue { what: FILE };
    let (content, check) = bytes.split_last_chunk::<4>().ok_or(BAD)?;
    let mut reader = Reader::new(content, FILE, usize::MAX)?;
    if reader.array::<4>(FILE)? != MAGIC || u32::from_be_bytes(*check) != crc32c::crc32c(content) {
        return Err(BAD);
    }
    let mut names = Vec::new();
    while !reader.rest().is_empty() {
        let kind = match reader.u8(FILE)? {
            1 => NameKind::Actor,
            2 => NameKind::Controller,
            3 => NameKind::Unit,
            _ => return Err(BAD),
        };
        let id = reader.array(FILE)?;
        names.push(SealedName { kind, id, sealed: reader.bytes(FILE, 4 * NAME_BYTES_MAX)?.to_vec() });
    }
    Ok(names)
}

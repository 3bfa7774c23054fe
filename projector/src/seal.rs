//! How rows lie in the store: sealed under the key of the compartment they were folded from.
//!
//! A row's key in the store begins with the name of a vault key, which is a hash over a random id. So
//! whoever holds the vault can open every row that may still be opened, and nobody can test a guess
//! against what lies on the disk. What people would guess (handles, references) is looked up by
//! tokens: keyed hashes, whose key lies in the vault too.

use vandel_core::codec::decode_body;
use vandel_core::event::Compartment;
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, ThreadId};
use vandel_ledger::sealing::thread_key;
use vandel_ledger::vault::{DataKey, KeyId, ReadyKey, Vault, VaultError};
use zeroize::Zeroizing;

use crate::row::Row;
use crate::store::Table;

/// The vault key under which the views' own things lie: their position, and the tokens.
pub const VIEW_KEY: KeyId = KeyId(*b"projector-views\0");

/// The longest row, in bytes.
const ROW_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a sealed label is: a key's name, nonce and tag.
const LABEL_BYTES: usize = 16 + 12 + 16;

/// Room to seal rows in, one after the other. Cleared when it goes.
pub(crate) struct Room {
    binding: Vec<u8>,
    bytes: Zeroizing<Vec<u8>>,
}

impl Room {
    /// Large enough for nearly every row: where it grows, a copy stays behind.
    const BYTES: usize = 16 * 1024;
}

impl Default for Room {
    fn default() -> Self {
        Self { binding: Vec::with_capacity(128), bytes: Zeroizing::new(Vec::with_capacity(Self::BYTES)) }
    }
}

/// Seals and opens rows, and makes tokens.
pub struct Sealer<'a> {
    vault: &'a Vault,
    ledger: LedgerId,
    secret: &'a DataKey,
}

/// Why a row was not opened. A row whose key was destroyed is no error: it is not there.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The key is there, and the row is not what was sealed.
    #[error("a row of the table {} is damaged", table.name())]
    Damaged {
        /// The table.
        table: Table,
    },
}

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Term {
    /// A case's handle.
    Handle = 1,
    /// A recruitment's reference.
    Reference = 2,
    /// A subject.
    Subject = 3,
    /// A case that was read.
    ReadCase = 4,
}

impl<'a> Sealer<'a> {
    /// With the views' own key.
    #[must_use]
    pub fn new(vault: &'a Vault, ledger: LedgerId, secret: &'a DataKey) -> Self {
        Self { vault, ledger, secret }
    }

    /// Whether a vault key is there.
    ///
    /// # Errors
    /// If the vault fails.
    pub fn has(&self, key: &KeyId) -> Result<bool, VaultError> {
        Ok(self.vault.key(key)?.is_some())
    }

    /// The token of a term.
    #[must_use]
    pub fn token(&self, term: Term, value: &[u8]) -> [u8; 16] {
        // The secret comes first, has a fixed length and is used with this one domain; the output is
        // cut in half. So SHA-256 serves as a keyed hash here without being open to extension.
        let hash = Domain::View.hash(&[b"token", self.secret.bytes(), &[term as u8], value]);
        let mut token = [0; 16];
        token.copy_from_slice(&hash.0[..16]);
        token
    }

    /// What a row is bound to: moved to another table or key it does not open.
    fn binding(&self, table: Table, key: &[u8]) -> Vec<u8> {
        let mut binding = Vec::new();
        self.bind(&mut binding, table, key);
        binding
    }

    fn bind(&self, binding: &mut Vec<u8>, table: Table, key: &[u8]) {
        binding.clear();
        binding.extend_from_slice(b"vandel/v1/view-row\0");
        binding.extend_from_slice(&self.ledger.0);
        binding.push(table as u8);
        binding.extend_from_slice(key);
    }

    /// Seals the views' own things.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn seal_own(&self, table: Table, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.secret.seal(&self.binding(table, key), bytes)
    }

    /// Opens the views' own things.
    #[must_use]
    pub fn open_own(&self, table: Table, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        Some(self.secret.open(&self.binding(table, key), sealed)?.to_vec())
    }

    /// The vault.
    pub(crate) fn vault(&self) -> &'a Vault {
        self.vault
    }

    /// Appends a row, sealed under its compartment's key.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub(crate) fn seal(
        &self,
        own: &ReadyKey,
        (table, key): (Table, &[u8]),
        row: &Row,
        room: &mut Room,
        out: &mut Vec<u8>,
    ) -> Result<(), VaultError> {
        self.bind(&mut room.binding, table, key);
        row.encode_into(&mut room.bytes);
        own.seal_onto(out, &room.binding, &room.bytes)
    }

    /// Appends an identity's row. It is found by the spine's key and sealed under its own, whose name lies under the
    /// spine's.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub(crate) fn seal_identity(
        &self,
        (spine, own): (&ReadyKey, &ReadyKey),
        (key, label): (&[u8], &KeyId),
        row: &Row,
        room: &mut Room,
        out: &mut Vec<u8>,
    ) -> Result<(), VaultError> {
        self.bind(&mut room.binding, Table::Identities, key);
        spine.seal_onto(out, &room.binding, &label.0)?;
        self.seal(own, (Table::Identities, key), row, room, out)
    }

    /// Opens a row; none if its key, or its thread's spine, has been destroyed.
    ///
    /// # Errors
    /// If the vault fails or the row is damaged.
    pub fn open(&self, table: Table, key: &[u8], sealed: &[u8]) -> Result<Option<Row>, SealError> {
        let damaged = || SealError::Damaged { table };
        let binding = self.binding(table, key);
        let first = KeyId(*key.first_chunk().ok_or_else(damaged)?);
        let bytes = match table {
            Table::Keys => Zeroizing::new(sealed.to_vec()),
            Table::Identities => {
                let Some(spine) = self.vault.key(&first)? else { return Ok(None) };
                let (label, sealed) = sealed.split_at_checked(LABEL_BYTES).ok_or_else(damaged)?;
                let label = spine.open(&binding, label).ok_or_else(damaged)?;
                let label = KeyId(label.as_slice().try_into().map_err(|_| damaged())?);
                let Some(own) = self.vault.key(&label)? else { return Ok(None) };
                own.open(&binding, sealed).ok_or_else(damaged)?
            }
            _ => {
                let Some(own) = self.vault.key(&first)? else { return Ok(None) };
                own.open(&binding, sealed).ok_or_else(damaged)?
            }
        };
        let row: Row = decode_body(&bytes, "view row", ROW_BYTES_MAX).map_err(|_| damaged())?;
        match row.thread() {
            Some(thread) if !self.has(&spine_key(thread))? => Ok(None),
            _ => Ok(Some(row)),
        }
    }
}

/// The name of a thread's spine key: the key of all that is known of it.
#[must_use]
pub fn spine_key(thread: &ThreadId) -> KeyId {
    thread_key(Compartment::Spine, thread)
}

/// Feeds one row into a digest: table, key and canonical bytes, with their lengths.
pub(crate) fn digest_piece(table: Table, key: &[u8], row: &Row) -> Vec<u8> {
    let mut piece = vec![table as u8];
    vandel_core::codec::put_bytes(&mut piece, key);
    vandel_core::codec::put_bytes(&mut piece, &row.encode());
    piece
}

/// Starts a digest.
pub(crate) fn digest_start(name: &str, ledger: &LedgerId) -> Hash {
    Domain::View.hash(&[
        b"digest",
        &[u8::try_from(name.len()).unwrap_or(u8::MAX)],
        name.as_bytes(),
        &ledger.0,
    ])
}

/// Chains a row into a digest.
pub(crate) fn digest_next(before: &Hash, piece: &[u8]) -> Hash {
    Domain::View.hash(&[b"row", &before.0, piece])
}

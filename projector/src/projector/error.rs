//! Why views fail, and whether building them anew helps.

use std::io;

use vandel_core::block::BlockDecodeError;
use vandel_ledger::lock::LockError;
use vandel_ledger::log::ReadError;
use vandel_ledger::vault::VaultError;

use crate::seal::SealError;
use crate::store::{StoreError, Table};

/// Why a view could not be brought up to date or asked.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Another process uses the views.
    #[error(transparent)]
    Busy(#[from] LockError),
    /// The vault has no key for views yet.
    #[error("the vault has no key for views yet: open the ledger for writing once, or read in memory")]
    NoViewKey,
    /// The log can't be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A block's bytes are refused.
    #[error("block {block}: {error}")]
    Decode {
        /// The block.
        block: u64,
        /// Why.
        error: BlockDecodeError,
    },
    /// The blocks read are not those that the chain was judged from.
    #[error("the log is not the one that the chain was judged from; run `vandel verify`")]
    NotTheChain,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A payload is damaged.
    #[error("the payload of record {record} is damaged; restore the vault from a backup")]
    PayloadDamaged {
        /// The record.
        record: u64,
    },
    /// A sealed record has no payload and no erasure explains it.
    #[error("record {record} is sealed, its payload is not in the vault, and no erasure explains it")]
    PayloadMissing {
        /// The record.
        record: u64,
    },
    /// The view's folder could not be moved or made.
    #[error("the views' folder: {0}")]
    Io(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row is damaged.
    #[error("a row of the table {} is damaged", table.name())]
    Damaged {
        /// The table.
        table: Table,
    },
    /// The view is of another schema, ledger or history.
    #[error("the view does not belong to this log: {0}")]
    OtherHistory(String),
}

impl From<SealError> for ProjectError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Vault(error) => Self::Vault(error),
            SealError::Damaged { table } => Self::Damaged { table },
        }
    }
}

impl ProjectError {
    /// Whether the view is at fault, so that building it anew helps.
    #[must_use]
    pub fn is_the_views_fault(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Damaged { .. } | Self::OtherHistory(_))
    }
}

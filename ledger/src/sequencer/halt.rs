//! Why the sequencer stops, and what sort of trouble that is.
//!
//! Most stops are passing: a disk is full, an acknowledgement did not come; opening anew finds out. Where log,
//! vault or memory are not what they must be, opening anew helps nobody, and who waits is told so at once.

use vandel_core::block::{Block, BlockHead};
use vandel_core::event::Role;
use vandel_core::hash::Domain;

use crate::log::{AppendError, ReadError};
use crate::memory::MemoryError;
use crate::refused::{Refused, RefusedClass};
use crate::sequencer::settle::Settling;
use crate::sequencer::{Sequencer, SettleError};
use crate::submission::{Halt, Receipt, SubmitError};
use crate::threads::ThreadsError;
use crate::vault::VaultError;

/// Another instance has replaced this one.
pub(super) fn replaced() -> Halt {
    let reason = "another instance has taken over this ledger, since this one did not answer";
    Halt { reason: reason.to_owned(), class: RefusedClass::Conflict }
}

/// The reason to stop, if an author has shown that this log was rolled back, or a group could not be judged.
pub(super) fn of_admission(answer: &Result<Vec<Receipt>, SubmitError>) -> Option<Halt> {
    match answer {
        Err(SubmitError::Halted(halt)) => Some(halt.clone()),
        Err(error @ SubmitError::RolledBack { .. }) => {
            Some(Halt { reason: error.to_string(), class: RefusedClass::Integrity })
        }
        _ => None,
    }
}

/// A thread could not be looked up: opening anew reads the log if the snapshot is of no use.
pub(super) fn of_threads(error: &ThreadsError) -> SubmitError {
    SubmitError::Halted(Halt::of_io(error.to_string()))
}

/// The vault did not take a payload.
pub(super) fn of_vault(error: VaultError) -> Halt {
    Halt { reason: because("the vault took no payload", &error), class: Refused::from(error).class }
}

/// A block of our own could not be settled.
pub(super) fn of_settling(error: SettleError) -> Halt {
    let class = match &error {
        SettleError::Memory(MemoryError::Changed { .. }) | SettleError::Replaced => RefusedClass::Conflict,
        SettleError::Memory(MemoryError::NoMajority { .. } | MemoryError::Io { .. }) => RefusedClass::Io,
        SettleError::Memory(MemoryError::Policy { .. }) => RefusedClass::Usage,
        SettleError::Memory(_) => RefusedClass::Integrity,
        SettleError::Decode(_) | SettleError::Fault(_) | SettleError::Root => RefusedClass::Internal,
        _ => RefusedClass::Io,
    };
    Halt { reason: error.to_string(), class }
}

impl Sequencer {
    /// Whether another instance has taken this one's vault.
    pub(super) fn is_replaced(&self) -> bool {
        matches!(self.vault.check_held(), Err(VaultError::Fenced))
    }
}

impl Settling<'_> {
    /// Our block was not appended.
    pub(super) fn halt_of_append(&self, error: AppendError, ours: &[u8]) -> Halt {
        let class = match &error {
            AppendError::Broken { .. } => RefusedClass::Integrity,
            AppendError::Unfit { .. } => RefusedClass::Refused,
            AppendError::PermissionDenied => RefusedClass::NotAuthorised,
            AppendError::Taken { position, .. } => self.whose_is(*position, ours),
            _ => RefusedClass::Io,
        };
        let mut reason = because("the block was not appended", &error);
        if class == RefusedClass::Integrity && matches!(error, AppendError::Taken { .. }) {
            reason += ", and what stands there is no block of this ledger";
        }
        Halt { reason, class }
    }

    /// What it means that something stands where our block belongs: a block that continues the same one, signed by the
    /// key of an instance, is another instance's, and anything else is no part of a ledger.
    fn whose_is(&self, position: u64, ours: &[u8]) -> RefusedClass {
        let theirs = match self.log.read(position) {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(ReadError::Unavailable { .. }) => return RefusedClass::Io,
            Err(_) => return RefusedClass::Integrity,
        };
        let (Ok(ours), Ok(theirs)) = (Block::decode(ours), Block::decode(&theirs)) else {
            return RefusedClass::Integrity;
        };
        let place = |block: &Block<'_>| {
            let BlockHead { ledger, position, previous, first_record, .. } = block.head;
            (ledger, position, previous, first_record)
        };
        let signer = self.chain.keyring.signer(&theirs.head.sequencer, theirs.records[0].time);
        let is_instance = signer.is_ok_and(|(entry, key)| {
            entry.grants.iter().any(|grant| grant.role == Role::Service)
                && key.verify(Domain::Block, &[theirs.signed_bytes], &theirs.signature).is_ok()
        });
        let is_next = place(&ours) == place(&theirs);
        if is_instance && is_next { RefusedClass::Conflict } else { RefusedClass::Integrity }
    }
}

/// What failed and why, down to what the disk said: "no space left" is what an operator must read.
fn because(what: &str, error: &dyn std::error::Error) -> String {
    let mut text = format!("{what}: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}

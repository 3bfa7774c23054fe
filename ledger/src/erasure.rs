//! Carrying out an erasure: the order of its effects, written once.
//!
//! 1. The plan lies sealed in the home, durably. A crash leaves a plan that nobody has begun.
//! 2. Which keys will be destroyed is noted with the memory, for the restore gate ([`crate::gate`]). Then
//!    `erasure started` is appended, remembered and published, signed by two people. From here on
//!    holds on its records come too late, and a restored copy that lacks the erasure serves nothing.
//!    A crash leaves a started erasure; [`Sequencer::pending_erasures`] names it, and it is resumed.
//! 3. The vault destroys the keys and overwrites the payloads: one commit of its own, idempotent.
//!    The admission snapshot goes with them, since it was made from what they held.
//! 4. The threads are folded anew from what remains.
//! 5. `erasure executed` is appended with the vault's evidence. A crash before it repeats 3 and 4,
//!    which find nothing left to do, and ends here.

mod complete;
mod judge;
mod order;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use vandel_core::codec::DecodeError;
use vandel_core::erasure::Plan;
use vandel_core::event::{Compartment, ErasureExecuted, OpenEvent, RootCellKind};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::ThreadId;
use vandel_core::statement::{Body, SignedStatement};
use vandel_core::thread::Thread;

use crate::disk::{Disk, read_all, replace_atomically};
use crate::gate::{ErasedKeys, GateError};
use crate::home::Home;
use crate::sealing::{identity_key, thread_key};
use crate::sequencer::Sequencer;
use crate::sinks::RegisterError;
use crate::submission::{Receipt, Submission, SubmitError};
use crate::threads::ThreadsError;
use crate::vault::{self, ErasureEvidence, KeyId, Vault, VaultError};

pub use complete::Outstanding;
pub use judge::ErasureRefusal;
pub use order::Order;

/// Why an erasure stopped. It can be resumed from where it stands.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The erasure named has not been started, or not with this plan.
    #[error("no erasure with plan {plan} was started at record {started}")]
    NotStarted {
        /// The plan's hash.
        plan: Hash,
        /// The record named.
        started: u64,
    },
    /// The plan is not there.
    #[error("plan {plan} is not in this home")]
    NoPlan {
        /// The plan's hash.
        plan: Hash,
    },
    /// The plan's file is not what was stored.
    #[error("plan {plan} is damaged")]
    Damaged {
        /// The plan's hash.
        plan: Hash,
    },
    /// The order that lies beside the plan is not for it.
    #[error("what lies beside plan {plan} is no order to carry it out")]
    AnotherPlan {
        /// The plan's hash.
        plan: Hash,
    },
    /// The plan's bytes are refused.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The threads.
    #[error("{0}")]
    Threads(#[from] ThreadsError),
    /// The list of destroyed keys.
    #[error("{0}")]
    List(#[from] GateError),
    /// The register of sinks.
    #[error("{0}")]
    Register(#[from] RegisterError),
    /// The ledger did not take the event.
    #[error("{0}")]
    Submit(#[from] SubmitError),
    /// The disk.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What an erasure destroys, and its plan, if that is there.
pub(crate) struct Extent {
    pub(crate) keys: BTreeSet<KeyId>,
    pub(crate) plan: Option<Plan>,
}

/// The vault keys that a plan destroys.
#[must_use]
pub fn keys_of(plan: &Plan) -> BTreeSet<KeyId> {
    let keys = plan.lines.iter().flat_map(|line| {
        let identities = line.identities.iter().map(|number| identity_key(&line.thread, *number));
        let others = line.compartments.iter().filter(|ground| ground.compartment != Compartment::Identity);
        identities.chain(others.map(|ground| thread_key(ground.compartment, &line.thread)))
    });
    keys.collect()
}

/// The key that seals a plan; destroyed when its certificates need it no more.
#[must_use]
pub fn plan_key(plan: &Hash) -> KeyId {
    let hash = Domain::Plan.hash(&[b"key", &plan.0]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    KeyId(id)
}

fn plan_path(home: &Home, plan: &Hash) -> PathBuf {
    home.plans().join(format!("{plan}.plan"))
}

/// A plan that lies sealed in a home: also for readers who do not write.
///
/// # Errors
/// If there is none, its key is gone, or it is damaged.
pub fn read_plan(disk: &dyn Disk, home: &Home, vault: &Vault, hash: &Hash) -> Result<Plan, ErasureError> {
    let no_plan = || ErasureError::NoPlan { plan: *hash };
    let sealed = match read_all(disk, &plan_path(home, hash)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_plan()),
        other => other?,
    };
    let key = vault.key(&plan_key(hash))?.ok_or_else(no_plan)?;
    let bytes = key.open(&hash.0, &sealed).ok_or(ErasureError::Damaged { plan: *hash })?;
    Ok(Plan::decode(&bytes)?)
}

impl Sequencer {
    /// Stores a plan, sealed and durable. Storing it again is no error.
    ///
    /// # Errors
    /// If the vault or the disk refuses.
    pub fn store_plan(&mut self, plan: &Plan) -> Result<Hash, ErasureError> {
        let hash = plan.hash();
        let disk = self.disk().clone();
        disk.create_directory(&self.home().plans())?;
        disk.sync_directory(self.home().root())?;
        self.vault_mut().ensure_keys(&[plan_key(&hash)])?;
        let key = self.vault().key(&plan_key(&hash))?.ok_or(ErasureError::NoPlan { plan: hash })?;
        let sealed = key.seal(&hash.0, &plan.encode())?;
        replace_atomically(&*disk, &plan_path(self.home(), &hash), &sealed)?;
        Ok(hash)
    }

    /// A stored plan.
    ///
    /// # Errors
    /// If there is none, its key is gone, or it is damaged.
    pub fn load_plan(&self, hash: &Hash) -> Result<Plan, ErasureError> {
        read_plan(&**self.disk(), self.home(), self.vault(), hash)
    }
    /// The erasures that have been started and not executed: the start's record and the plan's hash.
    #[must_use]
    pub fn pending_erasures(&self) -> Vec<(u64, Hash)> {
        let erasures = self.chain().erasures.iter();
        erasures
            .filter(|(_, erasure)| erasure.executed.is_none())
            .map(|(at, erasure)| (*at, erasure.plan))
            .collect()
    }

    /// Step 2. `start` is the `erasure started` event with both signatures; the plan must be stored.
    ///
    /// # Errors
    /// If the ledger refuses the event.
    pub fn start_erasure(&mut self, start: Submission) -> Result<Receipt, ErasureError> {
        self.note_destroyed_keys(&start)?;
        Ok(self.commit_one(start)?)
    }

    /// Before the start: which keys will go, where no backup takes it back. A crash leaves a list for an
    /// erasure that was not begun, which nobody asks for.
    fn note_destroyed_keys(&self, start: &Submission) -> Result<(), ErasureError> {
        let signed = SignedStatement::decode(&start.statement)?;
        let Body::Open(event) = &signed.statement.body else { return Ok(()) };
        let OpenEvent::ErasureStarted(started) = &**event else { return Ok(()) };
        let keys = keys_of(&self.load_plan(&started.plan)?);
        let (ledger, lists) = (self.chain().ledger, ErasedKeys::of(self.home()));
        Ok(lists.note(&**self.disk(), ledger, &started.plan, &keys, self.service_key())?)
    }

    /// Steps 3 to 5, from wherever an earlier attempt stopped.
    ///
    /// # Errors
    /// [`ErasureError`]; calling again goes on.
    pub fn execute_erasure(&mut self, started: u64) -> Result<(ErasureEvidence, Receipt), ErasureError> {
        let erasure = self.chain().erasures.get(&started).filter(|erasure| erasure.executed.is_none());
        let hash = erasure.map(|erasure| erasure.plan);
        let plan_hash = hash.ok_or(ErasureError::NotStarted { plan: Hash::ZERO, started })?;
        let records = self.chain().erasures[&started].records.clone();
        let extent = self.extent(&plan_hash, &records)?;
        if extent.plan.as_ref().is_some_and(|plan| plan.records() != records) {
            return Err(ErasureError::NotStarted { plan: plan_hash, started });
        }
        // 3. Destroy.
        let records: BTreeSet<u64> = records.into_iter().collect();
        let evidence = self.vault_mut().erase(&extent.keys, &records)?;
        // 4. Fold anew.
        let touched = |(id, thread): (&ThreadId, &Thread)| {
            thread.records.iter().any(|record| records.contains(record)).then_some(*id)
        };
        let threads: Vec<ThreadId> = match &extent.plan {
            Some(plan) => plan.lines.iter().map(|line| line.thread).collect(),
            None => self.threads()?.iter().filter_map(touched).collect(),
        };
        for thread in threads {
            self.refold(&thread)?;
        }
        // 5. Say so.
        let event = OpenEvent::ErasureExecuted(ErasureExecuted {
            started,
            root_cell: kind_on_chain(evidence.root_cell),
            epoch: evidence.epoch,
            manifest: evidence.manifest,
        });
        let receipt = self.commit_own(event)?;
        Ok((evidence, receipt))
    }

    /// What an erasure destroys: by its plan; or, in a restored home whose backup was made before the plan, by the
    /// list that lies with the memory; or nothing more, where its records hold nothing that opens.
    pub(crate) fn extent(&self, plan: &Hash, records: &[u64]) -> Result<Extent, ErasureError> {
        match self.load_plan(plan) {
            Ok(plan) => return Ok(Extent { keys: keys_of(&plan), plan: Some(plan) }),
            Err(ErasureError::NoPlan { .. }) => {}
            Err(error) => return Err(error),
        }
        let listed = ErasedKeys::of(self.home()).read(&**self.disk(), self.chain(), plan)?;
        if let Some(keys) = listed {
            return Ok(Extent { keys, plan: None });
        }
        match self.vault().keys_in(&records.iter().copied().collect())?.is_empty() {
            true => Ok(Extent { keys: BTreeSet::new(), plan: None }),
            false => Err(ErasureError::NoPlan { plan: *plan }),
        }
    }

    /// Folds a thread anew from what the vault still opens.
    fn refold(&mut self, thread: &ThreadId) -> Result<(), ErasureError> {
        let known = self.thread(thread)?;
        let records = known.map(|thread| thread.records.clone()).unwrap_or_default();
        self.fold_thread_anew(*thread, &records).map_err(|error| match error {
            crate::sequencer::OpenError::Vault(error) => ErasureError::Vault(error),
            other => ErasureError::Io(io::Error::other(other.to_string())),
        })
    }
}

const fn kind_on_chain(kind: vault::RootCellKind) -> RootCellKind {
    match kind {
        vault::RootCellKind::File => RootCellKind::File,
        vault::RootCellKind::SealedFile => RootCellKind::PassphraseFile,
    }
}

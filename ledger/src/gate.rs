//! The restore gate: a vault that an erasure in the log was not applied to serves nothing.
//!
//! A restored backup is older than the ledger it is put beside. Its *log* is caught by the memory, which lies
//! outside every backup. Its *vault* is caught here, by three marks that an erasure leaves outside it:
//!
//! 1. the record `erasure executed` names the vault's epoch and the hash of its manifest: a vault of a lower epoch,
//!    or of that epoch with another manifest, is from before the erasure or from beside it;
//! 2. the list of keys that each erasure destroys lies with the memory ([`ErasedKeys`]): a vault in which such a
//!    key still opens a record of the erasure is refused, whatever its epoch;
//! 3. a home that is being restored says so in a file of its own, written first and removed last.
//!
//! Every opening passes it: the sequencer's, the read-only one and the audit's.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vandel_core::chain::Chain;
use vandel_core::codec::{DecodeError, decode_body, encode_body};
use vandel_core::event::{BodySignature, Role};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::signature::{SigningKey, public_key, sign, verify_strict};

use crate::disk::{Disk, create_durably, read_all, replace_atomically};
use crate::home::Home;
use crate::vault::{KeyId, Vault, VaultError};

/// The longest list, in bytes.
const LIST_BYTES_MAX: usize = 64 * 1024 * 1024;
/// At how many erased records an opening looks, the last erasures' first. A restore looks at all.
const RECORDS_LOOKED_AT: usize = 1_000;

/// Why a home serves nothing.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// It is being restored.
    #[error(
        "{} is there: a backup is being restored here, or was not restored to the end. Nothing is served; run the          same `vandel backup restore` again", .0.display()
    )]
    RestoreUnfinished(PathBuf),
    /// The vault is older than an erasure.
    #[error(
        "the vault has epoch {vault}, and the erasure executed in record {record} led to epoch {erasure}: the vault is an          old copy, in which the erased still opens. Nothing is served; restore with `vandel backup restore`, which          erases again"
    )]
    VaultBehind {
        /// The record that says it was executed.
        record: u64,
        /// The epoch it led to.
        erasure: u64,
        /// The vault's.
        vault: u64,
    },
    /// The vault is another one than the erasure left.
    #[error(
        "the vault has the epoch {epoch} of the erasure executed in record {record} and another manifest: it is a copy that          went its own way. Nothing is served; restore with `vandel backup restore`, which erases again"
    )]
    OtherVault {
        /// The record that says it was executed.
        record: u64,
        /// The epoch.
        epoch: u64,
    },
    /// Something erased still opens.
    #[error(
        "{keys} key(s) that the erasure begun in record {started} destroyed are in the vault: it is an old copy. Nothing          is served; restore with `vandel backup restore`, which erases again"
    )]
    StillOpens {
        /// The record that began it.
        started: u64,
        /// How many keys.
        keys: usize,
    },
    /// The vault can't be looked at.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// A list can't be read.
    #[error("{}: {why}", path.display())]
    List {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The disk.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Which keys an erasure destroys. Key names are hashes of random ids: they say nothing about anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    ledger: LedgerId,
    plan: Hash,
    keys: Vec<[u8; 16]>,
    service: PublicKey,
    signature: BodySignature,
}

fn message(ledger: &LedgerId, plan: &Hash, keys: &[[u8; 16]]) -> Vec<u8> {
    [&b"destroyed keys"[..], &ledger.0, &plan.0, &keys.concat()].concat()
}

/// The lists of destroyed keys that lie with a memory.
#[derive(Clone, Debug)]
pub struct ErasedKeys {
    folder: PathBuf,
}

impl ErasedKeys {
    /// Those of a home.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { folder: home.erased_keys() }
    }

    /// Those in a folder, such as that of the memory of a home that was lost.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, plan: &Hash) -> PathBuf {
        self.folder.join(format!("{plan}.keys"))
    }

    /// Notes which keys a plan destroys, durably. Done before the erasure is begun, so that there is no erasure
    /// in a log whose keys are not known outside the vault.
    ///
    /// # Errors
    /// Any error of the disk.
    pub fn note(
        &self,
        disk: &dyn Disk,
        ledger: LedgerId,
        plan: &Hash,
        keys: &BTreeSet<KeyId>,
        service: &SigningKey,
    ) -> io::Result<()> {
        let keys: Vec<[u8; 16]> = keys.iter().map(|key| key.0).collect();
        let signature = sign(service, Domain::Plan, &[&message(&ledger, plan, &keys)]);
        let signature = BodySignature::from_bytes(&signature);
        let list = List { ledger, plan: *plan, keys, service: public_key(service), signature };
        create_durably(disk, &self.folder)?;
        replace_atomically(disk, &self.path(plan), &encode_body(&list))
    }

    /// Copies the list of a plan, as it is, to where another memory's lists lie.
    ///
    /// # Errors
    /// Any error of the disk.
    pub fn copy(&self, disk: &dyn Disk, to: &Self, plan: &Hash) -> io::Result<()> {
        let list = read_all(disk, &self.path(plan))?;
        create_durably(disk, &to.folder)?;
        replace_atomically(disk, &to.path(plan), &list)
    }

    /// The keys that a plan destroys; none if no list is there.
    ///
    /// # Errors
    /// If the list is not one that a service of this ledger signed.
    pub fn read(
        &self,
        disk: &dyn Disk,
        chain: &Chain,
        plan: &Hash,
    ) -> Result<Option<BTreeSet<KeyId>>, GateError> {
        let path = self.path(plan);
        let bytes = match read_all(disk, &path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            other => other?,
        };
        let wrong =
            |why: &dyn std::fmt::Display| GateError::List { path: path.clone(), why: why.to_string() };
        let list: Result<List, DecodeError> = decode_body(&bytes, "list of destroyed keys", LIST_BYTES_MAX);
        let list = list.map_err(|error| wrong(&error))?;
        let entry = chain.keyring.get(&list.service);
        if !entry.is_some_and(|entry| entry.grants.iter().any(|grant| grant.role == Role::Service)) {
            return Err(wrong(&"it is not signed by a service of this ledger"));
        }
        let message = message(&list.ledger, &list.plan, &list.keys);
        verify_strict(&list.service, Domain::Plan, &[&message], &list.signature.to_bytes())
            .map_err(|error| wrong(&error))?;
        if list.ledger != chain.ledger || list.plan != *plan {
            return Err(wrong(&"it is of another plan"));
        }
        Ok(Some(list.keys.into_iter().map(KeyId).collect()))
    }
}

/// Refuses a home that is being restored.
///
/// # Errors
/// [`GateError::RestoreUnfinished`].
pub fn check_restored(disk: &dyn Disk, home: &Home) -> Result<(), GateError> {
    let path = home.restoring();
    match read_all(disk, &path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(GateError::RestoreUnfinished(path)),
    }
}

/// Refuses a vault by what the chain alone says of it.
///
/// # Errors
/// [`GateError::VaultBehind`] and [`GateError::OtherVault`].
pub fn check_epoch(chain: &Chain, epoch: u64, manifest: &Hash) -> Result<(), GateError> {
    let executed = chain.erasures.values().filter_map(|erasure| Some((erasure.executed?.0, erasure.vault?)));
    let Some((record, (erasure, expected))) = executed.max_by_key(|(_, (epoch, _))| *epoch) else {
        return Ok(());
    };
    if epoch < erasure {
        return Err(GateError::VaultBehind { record, erasure, vault: epoch });
    }
    if epoch == erasure && *manifest != expected {
        return Err(GateError::OtherVault { record, epoch });
    }
    Ok(())
}

/// Refuses a vault that an executed erasure was not applied to.
///
/// # Errors
/// [`GateError`].
pub fn check(disk: &dyn Disk, home: &Home, chain: &Chain, vault: &Vault) -> Result<(), GateError> {
    check_epoch(chain, vault.epoch(), &vault.manifest_hash())?;
    let (lists, mut left) = (ErasedKeys::of(home), RECORDS_LOOKED_AT);
    for (started, erasure) in chain.erasures.iter().rev().filter(|(_, erasure)| erasure.executed.is_some()) {
        let Some(keys) = lists.read(disk, chain, &erasure.plan)? else { continue };
        let keys = still_used(vault, &keys, &erasure.records)?.len();
        if keys > 0 {
            return Err(GateError::StillOpens { started: *started, keys });
        }
        left = left.saturating_sub(erasure.records.len());
        if left == 0 {
            break;
        }
    }
    Ok(())
}

/// The keys of a list that the vault still has for parts of these records. A key of the same name may have
/// been made since, for later records: it is not the one that was destroyed.
pub(crate) fn still_used(
    vault: &Vault,
    keys: &BTreeSet<KeyId>,
    records: &[u64],
) -> Result<BTreeSet<KeyId>, VaultError> {
    let mut used = vault.keys_in(&records.iter().copied().collect())?;
    used.retain(|key| keys.contains(key));
    Ok(used)
}

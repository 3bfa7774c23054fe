//! Applying the erasures of a log to a vault that is older than they are.

use std::collections::BTreeSet;
use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::chain::Chain;
use vandel_core::hash::Hash;
use vandel_core::statement::Body;

use super::label::Label;
use super::restore::{Restored, Restoring};
use super::{BackupError, at};
use crate::disk::Disk;
use crate::erasure::{keys_of, read_plan};
use crate::gate::{self, ErasedKeys, GateError};
use crate::log::file::FileLog;
use crate::sequencer::SNAPSHOT_KEY;
use crate::vault::{KeyId, Vault, VaultConfig, cell_in};

/// Destroys again what every erasure of the log has destroyed, whether or not its end was recorded.
pub(super) fn reconcile(
    disk: &Arc<dyn Disk>,
    what: &Restoring<'_>,
    label: &Label,
    chain: &Chain,
) -> Result<Restored, BackupError> {
    let home = what.home;
    let cell = cell_in(disk, &home.root_cell(), what.root_passphrase.as_ref())?;
    let mut vault = Vault::open(disk.clone(), &home.vault(), label.ledger, cell, VaultConfig::default())?;
    let (mut keys, mut records, mut whole_records) =
        (BTreeSet::from([SNAPSHOT_KEY]), BTreeSet::new(), Vec::new());
    let (mut erasures, mut destroyed) = (0, BTreeSet::new());
    for (started, erasure) in &chain.erasures {
        let known = known_keys(disk, what, chain, &vault, erasure.plan)?;
        let gone = match known {
            Some(keys) => gate::still_used(&vault, &keys, &erasure.records)?,
            None => {
                let found = vault.keys_in(&erasure.records.iter().copied().collect())?;
                if !found.is_empty() && label.epoch < erasure.vault.map_or(u64::MAX, |(epoch, _)| epoch) {
                    if !what.erase_whole_records {
                        return Err(BackupError::UnknownErasure { started: *started });
                    }
                    whole_records.push(*started);
                    found
                } else {
                    // The vault is as new as this erasure: what its records still hold was not in it.
                    BTreeSet::new()
                }
            }
        };
        if !gone.is_empty() {
            erasures += 1;
            records.extend(erasure.records.iter().copied());
            destroyed.extend(gone.iter().copied());
            keys.extend(gone);
        }
    }
    let reached = chain.erasures.values().filter_map(|erasure| erasure.vault).map(|(epoch, _)| epoch).max();
    if !destroyed.is_empty() || reached.is_some_and(|reached| reached > vault.epoch()) {
        vault.erase_again(&keys, &records, reached.unwrap_or(0) + 1)?;
    }
    for (started, erasure) in chain.erasures.iter().filter(|(_, erasure)| erasure.executed.is_some()) {
        if let Some(keys) = known_keys(disk, what, chain, &vault, erasure.plan)? {
            let left = gate::still_used(&vault, &keys, &erasure.records)?.len();
            if left > 0 {
                return Err(GateError::StillOpens { started: *started, keys: left }.into());
            }
        }
    }
    gate::check_epoch(chain, vault.epoch(), &vault.manifest_hash())?;
    Ok(Restored {
        labels: Vec::new(),
        records: chain.size(),
        newer: 0,
        erasures,
        keys_destroyed: destroyed.len() as u64,
        whole_records,
        behind: None,
        has_memory: false,
        epoch: vault.epoch(),
    })
}

/// Which keys a plan destroys: from the list that lies with the memory, or from the plan if it opens here.
fn known_keys(
    disk: &Arc<dyn Disk>,
    what: &Restoring<'_>,
    chain: &Chain,
    vault: &Vault,
    plan: Hash,
) -> Result<Option<BTreeSet<KeyId>>, BackupError> {
    let own = ErasedKeys::of(what.home);
    if let Some(keys) = own.read(&**disk, chain, &plan)? {
        return Ok(Some(keys));
    }
    let others = what.erased_keys.clone().map(ErasedKeys::in_folder);
    if let Some(others) = others
        && let Some(keys) = others.read(&**disk, chain, &plan)?
    {
        // From now on this home's own memory knows it: the gate asks there, and so does an erasure that is
        // carried on without its plan.
        others.copy(&**disk, &own, &plan).map_err(at(what.home.erased_keys()))?;
        return Ok(Some(keys));
    }
    Ok(read_plan(&**disk, what.home, vault, &plan).ok().map(|plan| keys_of(&plan)))
}

/// Sealed records that came after the generation have no payload in it, unless they were erased since.
pub(super) fn check_payloads(
    disk: &Arc<dyn Disk>,
    what: &Restoring<'_>,
    label: &Label,
    chain: &Chain,
) -> Result<(), BackupError> {
    let home = what.home;
    let cell = cell_in(disk, &home.root_cell(), what.root_passphrase.as_ref())?;
    let vault =
        Vault::open_read_only(disk.clone(), &home.vault(), label.ledger, cell, VaultConfig::default())?;
    let after = vault.last_record().map_or(0, |last| last + 1);
    let covered =
        |record: &u64| chain.erasures.values().any(|erasure| erasure.records.binary_search(record).is_ok());
    let mut lost = Vec::new();
    for placed in FileLog::open_read_only(disk.clone(), &home.log(), Some(label.ledger))? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes).map_err(|error| BackupError::Chain(error.to_string()))?;
        let sealed =
            block.records.iter().filter(|one| matches!(one.statement.statement.body, Body::Sealed(_)));
        lost.extend(sealed.map(|one| one.number).filter(|number| *number >= after && !covered(number)));
    }
    match (lost.first(), lost.last()) {
        (Some(first), Some(last)) => {
            Err(BackupError::PayloadsLost { count: lost.len(), first: *first, last: *last })
        }
        _ => Ok(()),
    }
}

//! The vault as a source of openings. Opening by a verifier is no reading: nobody is shown anything.

use std::path::Path;
use std::sync::Arc;

use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::payload::Slot;
use vandel_core::verify::{Opening, Openings, Wanted};

use super::FoundOpenings;
use crate::disk::Disk;
use crate::sealing::{Unsealed, from_opened};
use crate::vault::{FileCell, Opened, Part, RootCell, Vault, VaultConfig, VaultError};

/// Opens the vault for reading, or says why its contents are not looked at.
///
/// A vault whose key is at hand and which is damaged is not one that was not there: every sealed
/// record then counts as damaged.
pub(super) fn find(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    ledger: Option<LedgerId>,
    cell: Option<Box<dyn RootCell>>,
) -> FoundOpenings {
    if disk.list(folder).is_err() {
        return Err("there is no vault beside this log".to_owned());
    }
    let ledger = ledger.ok_or("the log names no ledger to open the vault for")?;
    let cell = cell.unwrap_or_else(|| Box::new(FileCell::new(disk.clone(), &folder.join("root.cell"))));
    match Vault::open_read_only(disk.clone(), folder, ledger, cell, VaultConfig::default()) {
        Ok(vault) => Ok(Box::new(VaultOpenings { vault })),
        Err(error @ VaultError::Damaged { .. }) => Ok(Box::new(BrokenVault(error.to_string()))),
        Err(error) => Err(format!("the vault cannot be opened: {error}")),
    }
}

struct VaultOpenings {
    vault: Vault,
}

impl Openings for VaultOpenings {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        (&self.vault).openings(wanted)
    }

    fn vault(&self) -> Option<(u64, Hash)> {
        (&self.vault).vault()
    }
}

/// A vault that somebody else holds open.
impl Openings for &Vault {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        self.see_all(wanted, |wanted| wanted.record, opening)
    }

    fn vault(&self) -> Option<(u64, Hash)> {
        Some((self.epoch(), self.manifest_hash()))
    }
}

fn opening(wanted: &Wanted, held: Result<Option<Opened>, VaultError>) -> Opening {
    let opened = match held {
        Ok(Some(opened)) => opened,
        Ok(None) => return Opening::Missing,
        Err(error) => return Opening::Damaged(error.to_string()),
    };
    if opened.statement != wanted.statement {
        return Opening::Damaged("the vault holds the payload of another statement here".to_owned());
    }
    let is_gone = |slot: &Slot| opened.part(*slot as u8) == Some(&Part::Erased);
    let gone: Vec<Slot> = Slot::ALL.into_iter().filter(is_gone).collect();
    match from_opened(opened) {
        Unsealed::Payload(payload) if gone.is_empty() => Opening::Whole(payload),
        Unsealed::Payload(payload) => Opening::Part(payload, gone),
        Unsealed::Erased => Opening::Erased,
        Unsealed::Damaged => Opening::Damaged("a part does not open under its key".to_owned()),
    }
}

/// A vault that does not open although its key is at hand.
struct BrokenVault(String);

impl Openings for BrokenVault {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        wanted.iter().map(|_| Opening::Damaged(self.0.clone())).collect()
    }
}

//! `vandel bench erase`: what it takes to forget one person, and a thousand, beside the same writes bare.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use vandel_core::hash::sha256;
use vandel_core::id::LedgerId;
use vandel_ledger::vault::{Entry, EntryPart, FileCell, KeyId, Vault, VaultConfig};
use zeroize::Zeroizing;

use super::folder::Folder;
use super::measure::{Better, Comparison, Limit, Series};
use super::replay::NotingDisk;
use super::world::{id, internal};
use crate::error::CliError;

/// How many subjects are put into the vault at once.
const PUT_EACH: u64 = 2_000;
/// How many are erased together.
const TOGETHER: u64 = 1_000;
/// Who is erased lies spread over the whole vault: a prime, so that nobody comes up twice.
const STRIDE: u64 = 7_919;
const LEDGER: LedgerId = LedgerId([7; 32]);

/// Fills a vault with a key and a sealed part for each subject, then erases: one at a time, and a thousand
/// at once. Nobody is erased twice.
///
/// # Errors
/// If the vault refuses.
pub fn run(
    parent: &Path,
    subjects: u64,
    rounds: usize,
    told: &dyn Fn(&str),
) -> Result<Vec<Comparison>, CliError> {
    let folder = Folder::make(parent)?;
    let (home, bare) = (folder.path().join("vault"), folder.path().join("bare"));
    let disk = NotingDisk::default();
    let mut vault = filled(&disk, &home, subjects, told)?;
    let (mut one, mut one_bare) = (Series::default(), Series::default());
    let (mut many, mut many_bare) = (Series::default(), Series::default());
    let mut next = 0;
    for round in 0..rounds {
        told(&format!("round {} of {rounds}", round + 1));
        for (count, ours, limit) in [(1, &mut one, &mut one_bare), (TOGETHER, &mut many, &mut many_bare)] {
            let erased: BTreeSet<u64> =
                (next..next + count).map(|number| number * STRIDE % subjects).collect();
            next += count;
            let keys: BTreeSet<KeyId> = erased.iter().copied().map(key_of).collect();
            drop(disk.take());
            let start = Instant::now();
            let evidence = vault.erase(&keys, &erased)?;
            ours.push(start.elapsed().as_secs_f64() * 1e3);
            if evidence.keys_destroyed != count {
                return Err(internal(&"an erasure destroyed another number of keys than it was given"));
            }
            let took = disk.take().replay(&home, &bare).map_err(|error| CliError::file(&bare, &error))?;
            limit.push(took.as_secs_f64() * 1e3);
        }
    }
    let row = |name, ours, series| Comparison {
        name,
        unit: "milliseconds",
        better: Better::Less,
        ours,
        limits: vec![Limit { name: "the same writes and syncs, bare", series }],
        reach: Some(2.0),
        single: None,
    };
    Ok(vec![row("erase one", one, one_bare), row("erase a thousand at once", many, many_bare)])
}

fn filled(disk: &NotingDisk, home: &Path, subjects: u64, told: &dyn Fn(&str)) -> Result<Vault, CliError> {
    let shared = Arc::new(disk.clone());
    let cell = Box::new(FileCell::new(shared.clone(), &home.join("root.cell")));
    let mut vault = Vault::create(shared, home, LEDGER, cell, VaultConfig::default())?;
    for first in (0..subjects).step_by(usize::try_from(PUT_EACH).unwrap_or(1)) {
        if first.is_multiple_of(50 * PUT_EACH) {
            told(&format!("{first} of {subjects} subjects in the vault"));
        }
        let entries: Vec<Entry> = (first..(first + PUT_EACH).min(subjects)).map(entry).collect();
        vault.put(&entries)?;
        // Only what an erasure does is to be replayed.
        drop(disk.take());
    }
    // What was put last goes into the pages here: the first erasure would pay for all of it.
    told(&format!("{subjects} of {subjects} subjects in the vault; folding the last of them"));
    vault.fold()?;
    drop(disk.take());
    Ok(vault)
}

fn key_of(subject: u64) -> KeyId {
    KeyId(id(9, subject))
}

fn entry(subject: u64) -> Entry {
    let part = EntryPart { slot: 1, key: key_of(subject), bytes: Zeroizing::new(vec![0x5a; 200]) };
    Entry { record: subject, statement: sha256(&[&subject.to_be_bytes()]), parts: vec![part] }
}

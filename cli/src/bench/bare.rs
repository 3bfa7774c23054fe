//! The limits: the primitive, and nothing around it. Signatures are verified by the library's own `verify_strict`, not by the
//! quicker equal of it that Vandel uses (decision 0018).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, VerifyingKey};
use rayon::prelude::*;
use vandel_core::hash::Domain;
use vandel_core::id::PublicKey;
use vandel_core::statement::SignedStatement;

use super::world::internal;
use crate::error::CliError;

/// Signatures of statements, ready for the one call.
#[derive(Default)]
pub struct Signatures {
    keys: HashMap<PublicKey, VerifyingKey>,
    /// Key, the exact message, signature.
    checks: Vec<(PublicKey, Vec<u8>, [u8; 64])>,
}

impl Signatures {
    /// Adds the author's signature, and the second person's if there is one.
    ///
    /// # Errors
    /// If the statement is not one.
    pub fn add(&mut self, statement: &[u8]) -> Result<(), CliError> {
        let signed = SignedStatement::decode(statement).map_err(|error| internal(&error))?;
        let message = [Domain::Statement.bytes(), signed.signed_bytes].concat();
        let author = (signed.statement.author, signed.signature);
        for (key, signature) in std::iter::once(author).chain(signed.second) {
            if let Entry::Vacant(vacant) = self.keys.entry(key) {
                vacant.insert(VerifyingKey::from_bytes(&key.0).map_err(|error| internal(&error))?);
            }
            self.checks.push((key, message.clone(), signature));
        }
        Ok(())
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.checks.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// Verifies all of them strictly on all cores, the keys decompressed beforehand.
    ///
    /// # Errors
    /// If one does not verify, which would make the measurement worthless.
    pub fn verify_strict(&self) -> Result<Duration, CliError> {
        let start = Instant::now();
        let sound = self.checks.par_iter().with_min_len(64).all(|(key, message, signature)| {
            self.keys[key].verify_strict(message, &Signature::from_bytes(signature)).is_ok()
        });
        let took = start.elapsed();
        if sound { Ok(took) } else { Err(internal(&"a signature does not verify")) }
    }
}

/// Appends pieces of these lengths to a new file, `fdatasync` after each; then the file goes.
///
/// # Errors
/// If the disk refuses.
pub fn group_committed_writes(folder: &Path, lengths: &[usize]) -> Result<Duration, CliError> {
    let path = folder.join("bare-writes");
    let took = write_synced(&path, lengths).map_err(|error| CliError::file(&path, &error));
    // The next round makes it anew.
    let _ = std::fs::remove_file(&path);
    took
}

fn write_synced(path: &Path, lengths: &[usize]) -> std::io::Result<Duration> {
    let bytes = vec![0x5a; lengths.iter().copied().max().unwrap_or(0)];
    let mut file = File::create(path)?;
    let start = Instant::now();
    for length in lengths {
        file.write_all(&bytes[..*length])?;
        file.sync_data()?;
    }
    Ok(start.elapsed())
}

/// What the commit order syncs for one block, bare: the vault's frame, the block, and the checkpoint that
/// takes the remembered one's place (new file, rename, folder). One duration for each round.
///
/// # Errors
/// If the disk refuses.
pub fn commit_syncs(
    folder: &Path,
    frame: usize,
    block: usize,
    rounds: usize,
) -> Result<Vec<Duration>, CliError> {
    let inside = folder.join("bare-syncs");
    let run = || -> std::io::Result<Vec<Duration>> {
        std::fs::create_dir_all(&inside)?;
        let directory = File::open(&inside)?;
        let (mut vault, mut log) = (File::create(inside.join("vault"))?, File::create(inside.join("log"))?);
        let bytes = vec![0x5a; frame.max(block).max(512)];
        let mut took = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let start = Instant::now();
            vault.write_all(&bytes[..frame])?;
            vault.sync_data()?;
            log.write_all(&bytes[..block])?;
            log.sync_data()?;
            let mut note = File::create(inside.join("note.new"))?;
            note.write_all(&bytes[..300])?;
            note.sync_data()?;
            std::fs::rename(inside.join("note.new"), inside.join("note"))?;
            directory.sync_all()?;
            took.push(start.elapsed());
        }
        Ok(took)
    };
    let took = run().map_err(|error| CliError::file(&inside, &error));
    let _ = std::fs::remove_dir_all(&inside);
    took
}

//! sled 0.34 behind the port. The only file that knows of sled.
//!
//! What is known of it and heeded here: its `flush` is no power-loss barrier; it may panic on damaged
//! files, so every call is caught; old values stay on disk after they are replaced, so only ciphertext
//! and random tokens come here; one tree for each table, since prefixes in one tree cost memory.

use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use sled::transaction::{ConflictableTransactionError, Transactional};

use crate::store::{Change, Pair, Pairs, StoreError, Table, ViewStore};

/// What sled says when its folder is locked.
const LOCKED: &str = "could not acquire lock";
/// How long a closed store may take to let go of its lock.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(10);

/// Views in a folder of sled's.
pub struct SledStore {
    database: sled::Db,
    trees: Vec<sled::Tree>,
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

/// Runs a call of sled's; a panic becomes an error.
fn guarded<T>(call: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(StoreError("sled panicked".to_owned())))
}

impl SledStore {
    /// Opens the store in a folder, or makes one there. The cache holds at most `cache_bytes`.
    ///
    /// # Errors
    /// If sled does not open it, for whatever reason.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let begin = Instant::now();
        loop {
            match Self::open_now(folder, cache_bytes) {
                // A store that was just closed lets go of its lock when its own threads have ended. Who
                // opens this holds the views' lock, so sled's is never another process's.
                Err(StoreError(error)) if error.contains(LOCKED) && begin.elapsed() < LOCK_WAIT_MAX => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                other => return other,
            }
        }
    }

    fn open_now(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        guarded(|| {
            let database =
                sled::Config::new().path(folder).cache_capacity(cache_bytes).open().map_err(failed)?;
            let trees = Table::ALL.iter().map(|table| database.open_tree(table.name()));
            let trees = trees.collect::<Result<_, _>>().map_err(failed)?;
            Ok(Self { database, trees })
        })
    }

    /// Writes many changes without a transaction, into a folder that nobody reads yet.
    ///
    /// # Errors
    /// If sled does not take them; the folder is then thrown away.
    pub fn load(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        guarded(|| {
            for change in changes {
                if let Some(value) = &change.value {
                    self.tree(change.table).insert(&change.key, value.as_slice()).map_err(failed)?;
                }
            }
            Ok(())
        })
    }

    fn tree(&self, table: Table) -> &sled::Tree {
        &self.trees[table as usize]
    }
}

impl ViewStore for SledStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| Ok(self.tree(table).get(key).map_err(failed)?.map(|value| value.to_vec())))
    }

    fn scan(&self, table: Table, from: Bound<&[u8]>) -> Pairs<'_> {
        let from = (from.map(<[u8]>::to_vec), Bound::Unbounded);
        let mut pairs = self.tree(table).range::<Vec<u8>, _>(from);
        let mut ended = false;
        let next = move || -> Option<Result<Pair, StoreError>> {
            if ended {
                return None;
            }
            let pair = guarded(|| {
                let pair = pairs.next().transpose().map_err(failed)?;
                Ok(pair.map(|(key, value)| (key.to_vec(), value.to_vec())))
            });
            ended = !matches!(pair, Ok(Some(_)));
            pair.transpose()
        };
        Box::new(std::iter::from_fn(next))
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        guarded(|| {
            let taken = self.trees.as_slice().transaction(|trees| {
                for Change { table, key, value } in changes {
                    let tree = &trees[*table as usize];
                    match value {
                        Some(value) => tree.insert(key.as_slice(), value.as_slice())?,
                        None => tree.remove(key.as_slice())?,
                    };
                }
                Ok::<(), ConflictableTransactionError<()>>(())
            });
            taken.map_err(|error| StoreError(format!("{error:?}")))
        })
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        guarded(|| self.database.flush().map(|_| ()).map_err(failed))
    }
}

//! The projector: keeps a view at the chain's head, and builds it anew when it is not what it should be.

mod error;
mod meta;

use std::path::Path;

use vandel_core::hash::Hash;
use vandel_ledger::home::Home;
use vandel_ledger::vault::{DataKey, Vault, VaultError};

use crate::clocks;
use crate::folder::Folder;
use crate::rows::{Named, Rows, Stored};
use crate::seal::{Sealer, VIEW_KEY};
use crate::source::Source;
use crate::store::{Build, Change, LayeredStore, Lot, MemoryStore, Table, ViewStore};
use crate::sweep;
use crate::tail::{Position, Tail};
use crate::view::Views;
use crate::working::Working;

pub use error::ProjectError;
use meta::{Circumstances, Meta, position_change, read_position};

/// The version of everything stored. A view of another version is set aside and rebuilt.
pub const SCHEMA: u16 = 2;

/// Sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most memory that the store's cache takes, in bytes.
    pub cache_bytes: u64,
    /// How many records are folded, at least, between two batches; it bounds memory when catching up.
    pub batch_records: u64,
    /// How many records are folded in memory, at least, before their rows are written, when a view is built anew. It
    /// bounds memory there: about 1 KiB for each.
    pub build_records: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, batch_records: 1_024, build_records: 1 << 18 }
    }
}

/// Keeps one view.
pub struct Projector {
    store: Box<dyn ViewStore>,
    folder: Option<Folder>,
    secret: DataKey,
    meta: Option<Meta>,
    settings: Settings,
    notes: Vec<String>,
}

impl Projector {
    /// Makes the key that views need, once for each vault.
    ///
    /// # Errors
    /// If the vault is not open for writing or fails.
    pub fn prepare(vault: &mut Vault) -> Result<(), VaultError> {
        vault.ensure_keys(&[VIEW_KEY])
    }

    /// Opens the view in a home and brings it up to date. A view that can't be read, or belongs to
    /// another log, is set aside and built anew; [`Projector::take_notes`] then says so.
    ///
    /// # Errors
    /// [`ProjectError`], never one that is the view's own fault.
    pub fn open(home: &Home, source: &Source<'_>, settings: Settings) -> Result<Self, ProjectError> {
        Self::open_in(&home.views(), source, settings)
    }

    /// As [`Projector::open`], with the view in a folder of its own: for a process that holds one for long.
    ///
    /// # Errors
    /// As [`Projector::open`].
    pub fn open_in(views: &Path, source: &Source<'_>, settings: Settings) -> Result<Self, ProjectError> {
        let secret = source.vault.key(&VIEW_KEY)?.ok_or(ProjectError::NoViewKey)?;
        let folder = Folder::open(views)?;
        let is_there = folder.path().exists();
        let mut projector = Self::new(Some(folder), secret, settings);
        match projector.reopen(source) {
            Ok(()) => projector.catch_up(source)?,
            Err(_) if !is_there => projector.rebuild(source)?,
            Err(error) => projector.heal(source, error)?,
        }
        Ok(projector)
    }

    /// Builds a view in memory: for homes that nothing may be written to, or while another process
    /// uses the stored view.
    ///
    /// # Errors
    /// As [`Projector::open`].
    pub fn in_memory(source: &Source<'_>, settings: Settings) -> Result<Self, ProjectError> {
        let secret = match source.vault.key(&VIEW_KEY)? {
            Some(secret) => secret,
            // Tokens in memory need no key that outlives them.
            None => DataKey::random()?,
        };
        let mut projector = Self::new(None, secret, settings);
        projector.rebuild(source)?;
        Ok(projector)
    }

    fn new(folder: Option<Folder>, secret: DataKey, settings: Settings) -> Self {
        let store = Box::new(MemoryStore::default());
        Self { store, folder, secret, meta: None, settings, notes: Vec::new() }
    }

    /// Where the view stands.
    #[must_use]
    pub fn position(&self) -> Position {
        self.meta.map(|meta| meta.position).unwrap_or_default()
    }

    /// What had to be set aside and why, for people; taken out by asking.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Folds what has come since. Each batch of rows is stored with its position, or not at all.
    ///
    /// # Errors
    /// [`ProjectError`], never one that is the view's own fault.
    pub fn catch_up(&mut self, source: &Source<'_>) -> Result<(), ProjectError> {
        match self.advance(source) {
            Err(error) if error.is_the_views_fault() => self.heal(source, error),
            other => other,
        }
    }

    /// Asks the view. If an answer shows that it is damaged, it is built anew and asked again.
    ///
    /// # Errors
    /// What the question gives, or [`ProjectError`] if the view can't be built.
    pub fn ask<T>(
        &mut self,
        source: &Source<'_>,
        question: impl Fn(&Views<'_>) -> Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        match question(&self.views(source)) {
            Err(error) if error.is_the_views_fault() => {
                self.heal(source, error)?;
                question(&self.views(source))
            }
            other => other,
        }
    }

    /// The questions that can be asked.
    #[must_use]
    pub fn views<'a>(&'a self, source: &Source<'a>) -> Views<'a> {
        Views::new(self.stored(source), source.chain, self.position())
    }

    /// The state digest: over every row that still opens, in canonical order.
    ///
    /// # Errors
    /// As [`Projector::ask`].
    pub fn digest(&mut self, source: &Source<'_>) -> Result<Hash, ProjectError> {
        self.ask(source, |views| views.digest())
    }

    /// Builds the view anew: folds in memory, [`Settings::build_records`] at a time, writes the rows in order into a
    /// new folder, and puts that in the old one's place.
    ///
    /// # Errors
    /// [`ProjectError`]; the old view then stands as it was.
    pub fn rebuild(&mut self, source: &Source<'_>) -> Result<(), ProjectError> {
        let Some(folder) = &self.folder else { return self.rebuild_in_memory(source) };
        let fresh = folder.fresh()?;
        let mut build = Build::begin(&fresh)?;
        let mut tail = Tail::after(source, Position::default())?;
        let (mut reassigned, mut batches) = (false, 0);
        let meta = loop {
            let stored = Stored { store: &build, sealer: self.sealer(source) };
            let mut rows = Working::over(&stored);
            tail.fold_ahead(&mut rows, self.settings.build_records)?;
            batches += 1;
            clocks::recompute(&mut rows, source.chain)?;
            reassigned |= rows.reassigned;
            let ended = tail.position.records == source.chain.size();
            if ended {
                fold_keys(&mut rows, source)?;
            }
            // Within one batch nothing is asked of what is stored, so nothing can have been missed.
            let meta = Meta { reassigned: reassigned && batches > 1, ..Meta::of(source, tail.position) };
            let mut stands = Lot::default();
            stands.push(&position_change(&stored.sealer, &meta)?)?;
            let mut lots = rows.into_lots()?;
            lots.push(stands);
            let left = source.chain.size() - tail.position.records;
            let to_come = left.div_ceil(self.settings.build_records.max(1));
            build.write(&lots, usize::try_from(to_come).unwrap_or(usize::MAX))?;
            if ended {
                break meta;
            }
        };
        build.finish()?;
        self.replace_with_fresh(meta)?;
        self.keep_up_with_law_and_erasures(source)
    }

    fn rebuild_in_memory(&mut self, source: &Source<'_>) -> Result<(), ProjectError> {
        let empty = MemoryStore::default();
        let stored = Stored { store: &empty, sealer: self.sealer(source) };
        let mut rows = Working::over(&stored);
        let mut tail = Tail::after(source, Position::default())?;
        tail.fold_ahead(&mut rows, u64::MAX)?;
        clocks::recompute(&mut rows, source.chain)?;
        fold_keys(&mut rows, source)?;
        let meta = Meta::of(source, tail.position);
        let mut changes = rows.into_changes()?;
        changes.push(position_change(&stored.sealer, &meta)?);
        let mut store = MemoryStore::default();
        store.apply(&changes)?;
        self.store = Box::new(store);
        self.meta = Some(meta);
        Ok(())
    }

    /// Puts what was built beside the view in its place, and opens it.
    fn replace_with_fresh(&mut self, meta: Meta) -> Result<(), ProjectError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        // sled holds its folder by lock: it is closed before it is moved.
        self.store = Box::new(MemoryStore::default());
        folder.swap()?;
        self.store = Box::new(LayeredStore::open(&folder.path(), self.settings.cache_bytes)?);
        self.meta = Some(meta);
        Ok(())
    }

    fn sealer<'a>(&'a self, source: &Source<'a>) -> Sealer<'a> {
        Sealer::new(source.vault, source.chain.ledger, &self.secret)
    }

    fn stored<'a>(&'a self, source: &Source<'a>) -> Stored<'a> {
        Stored { store: &*self.store, sealer: self.sealer(source) }
    }

    /// Opens the stored view and reads its position.
    fn reopen(&mut self, source: &Source<'_>) -> Result<(), ProjectError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        self.store = Box::new(LayeredStore::open(&folder.path(), self.settings.cache_bytes)?);
        self.meta = Some(read_position(&self.stored(source), source)?);
        Ok(())
    }

    /// Sets the view aside and builds it anew.
    fn heal(&mut self, source: &Source<'_>, error: ProjectError) -> Result<(), ProjectError> {
        if !error.is_the_views_fault() {
            return Err(error);
        }
        self.store = Box::new(MemoryStore::default());
        self.meta = None;
        if let Some(folder) = &self.folder
            && let Some(aside) = folder.set_aside()?
        {
            self.notes.push(format!("the view was set aside in {} and built anew: {error}", aside.display()));
        }
        self.rebuild(source)
    }

    fn advance(&mut self, source: &Source<'_>) -> Result<(), ProjectError> {
        let unknown = || ProjectError::OtherHistory("it has no position".to_owned());
        let begin = self.meta.ok_or_else(unknown)?;
        let mut tail = Tail::after(source, begin.position)?;
        loop {
            let stored = self.stored(source);
            let mut rows = Working::over(&stored);
            if !tail.fold_into(&mut rows, self.settings.batch_records)? {
                break;
            }
            clocks::recompute(&mut rows, source.chain)?;
            if tail.position.records == source.chain.size() {
                fold_keys(&mut rows, source)?;
            }
            let before = self.meta.unwrap_or(begin);
            let reassigned = before.reassigned || rows.reassigned;
            let meta = Meta { position: tail.position, reassigned, ..before };
            let changes = rows.into_changes()?;
            self.apply(source, changes, meta)?;
        }
        self.keep_up_with_law_and_erasures(source)
    }

    /// Stores a batch with the position it leads to.
    fn apply(
        &mut self,
        source: &Source<'_>,
        mut changes: Vec<Change>,
        meta: Meta,
    ) -> Result<(), ProjectError> {
        changes.push(position_change(&self.stored(source).sealer, &meta)?);
        self.store.apply(&changes)?;
        self.meta = Some(meta);
        Ok(())
    }

    /// Where a policy was adopted, an erasure came or a case got another person, what no longer opens is
    /// swept out and every clock is added up again. The mark that it was done comes last: an interrupted one
    /// is done again.
    fn keep_up_with_law_and_erasures(&mut self, source: &Source<'_>) -> Result<(), ProjectError> {
        let Some(meta) = self.meta else { return Ok(()) };
        let done = Meta { added_up: Circumstances::of(source), reassigned: false, ..meta };
        if done == meta {
            return Ok(());
        }
        for table in Table::ALL {
            self.sweep(source, table, meta)?;
        }
        self.recompute_all(source, meta)?;
        self.apply(source, Vec::new(), done)
    }

    fn sweep(&mut self, source: &Source<'_>, table: Table, meta: Meta) -> Result<(), ProjectError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let stored = self.stored(source);
            let pairs = sweep::chunk_after(&stored, table, after.as_deref())?;
            let Some((last, _)) = pairs.last() else { return Ok(()) };
            after = Some(last.clone());
            let changes = sweep::removals(&stored, table, &pairs)?;
            self.apply(source, changes, meta)?;
        }
    }

    fn recompute_all(&mut self, source: &Source<'_>, meta: Meta) -> Result<(), ProjectError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let stored = self.stored(source);
            let pairs = sweep::chunk_after(&stored, Table::Spines, after.as_deref())?;
            let Some((last, _)) = pairs.last() else { return Ok(()) };
            after = Some(last.clone());
            let mut rows = Working::over(&stored);
            for (key, _) in &pairs {
                if let Some(spine) = stored.spine_at(key)? {
                    rows.touch(Named::from(&spine.thread))?;
                }
            }
            clocks::recompute(&mut rows, source.chain)?;
            let changes = rows.into_changes()?;
            self.apply(source, changes, meta)?;
        }
    }
}

/// The keys as they stand on the chain now.
fn fold_keys(rows: &mut Working<'_>, source: &Source<'_>) -> Result<(), ProjectError> {
    source.chain.keyring.entries().iter().try_for_each(|(key, entry)| rows.put_key(key, entry))
}

#[cfg(test)]
mod tests;

//! Creating and opening a vault. Recovery is the ordinary path: every opening runs it.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use vandel_core::hash::{Hash, sha256};
use vandel_core::id::LedgerId;

use super::bundle::{self, Place, file_name};
use super::manifest::Manifest;
use super::page::{self, PageKind, PageName};
use super::root_cell::{Root, RootCell};
use super::seal::DataKey;
use super::{Segment, Vault, VaultConfig, VaultError, Writer};
use crate::disk::{Disk, Open, read_all};
use crate::fence::{Fence, remove_if_there};

const FENCE: &str = "fence";

/// What opening the vault had to finish or cut. All of it is what a crash leaves, none of it damage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of a torn last append that were cut. Nothing in them was ever acknowledged.
    pub cut_bytes: u64,
    /// Parts of an interrupted erasure whose bytes were overwritten now; their keys were gone already.
    pub overwritten_parts: u64,
    /// Files of an interrupted rotation, or replaced by a finished one, that were removed.
    pub removed_files: u64,
}

/// The name of the list of spans that a rotation still has to overwrite.
pub(super) fn overwrite_name(epoch: u64) -> String {
    format!("overwrite.{epoch}")
}

/// What a file holds from a place on; none if it ends before.
fn read_from(disk: &dyn Disk, path: &Path, from: u32) -> io::Result<Option<Vec<u8>>> {
    let file = disk.open(path, Open::Read)?;
    let Some(len) = file.len()?.checked_sub(u64::from(from)) else { return Ok(None) };
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, u64::from(from))?;
    Ok(Some(bytes))
}

impl Vault {
    /// Makes an empty vault in `folder` and opens it. The cell must be empty.
    pub fn create(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: LedgerId,
        cell: Box<dyn RootCell>,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        if cell.load()?.is_some() {
            return Err(VaultError::Exists);
        }
        disk.create_directory(folder).map_err(VaultError::io("(folder)"))?;
        let fence = Fence::take(disk.clone(), &folder.join(FENCE)).map_err(VaultError::io(FENCE))?;
        let root = Root { epoch: 1, key: DataKey::random()? };
        let manifest = Manifest::new(DataKey::random()?);
        let name = PageName { kind: PageKind::Manifest, number: 0, generation: 1 };
        let (blob, _) = page::make(&ledger, name, &root.key, &manifest.encode())?;
        fence.replace(&folder.join(name.file()), &blob).map_err(VaultError::fenced(name.file()))?;
        if let Some(parent) = folder.parent() {
            disk.sync_directory(parent).map_err(VaultError::io("(folder)"))?;
        }
        disk.sync_directory(folder).map_err(VaultError::io("(folder)"))?;
        cell.replace(None, &root, &|| fence.is_held())?;
        Self::open(disk, folder, ledger, cell, config)
    }

    /// Opens the vault for the one writer: takes the fence from any other, finishes what a crash
    /// interrupted and cuts a torn last append. Anything else that is wrong is an error.
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: LedgerId,
        cell: Box<dyn RootCell>,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        if cell.load()?.is_none() {
            return Err(VaultError::NoRoot);
        }
        // The fence comes first: once it is taken, and what others have prepared is withdrawn, no older writer
        // can change what is read below.
        let fence = Fence::take(disk.clone(), &folder.join(FENCE)).map_err(VaultError::io(FENCE))?;
        fence.withdraw_others(folder).map_err(VaultError::io("(folder)"))?;
        cell.withdraw()?;
        let mut vault = Self::load(disk, folder, ledger, cell, config)?;
        vault.writer =
            Some(Writer { fence: Arc::new(fence), bundle: 0, offset: 0, file: None, failed: false });
        vault.keep_shards(false);
        vault.recovery.overwritten_parts = vault.finish_overwriting()?;
        let (bundle, offset) = vault.read_segment(true)?;
        if let Some(writer) = &mut vault.writer {
            (writer.bundle, writer.offset) = (bundle, offset);
        }
        vault.recovery.removed_files = vault.remove_unreachable()?;
        vault.reopen_bundle()?;
        Ok(vault)
    }

    /// Opens the vault for reading beside a writer. Nothing on disk changes. After the writer has
    /// rotated the root, pages are missing and reads fail: [`Vault::refresh`] it.
    pub fn open_read_only(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: LedgerId,
        cell: Box<dyn RootCell>,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        let mut vault = Self::load(disk, folder, ledger, cell, config)?;
        vault.read_segment(false)?;
        Ok(vault)
    }

    /// Brings a vault that was opened for reading up to what its writer has done since: reads what was added, or, after
    /// a rotation, everything that the new root reaches.
    ///
    /// # Errors
    /// As [`Vault::open_read_only`]. After one of the disk, try again.
    pub fn refresh(&mut self) -> Result<(), VaultError> {
        let root = self.cell.load()?.ok_or(VaultError::NoRoot)?;
        if root.epoch == self.manifest.epoch {
            self.read_frames(self.read_until, false)?;
            return Ok(());
        }
        (self.manifest, self.manifest_hash) = read_manifest(&*self.disk, &self.folder, &self.ledger, &root)?;
        self.segment = Segment::default();
        self.read_until = self.manifest.segment_start;
        self.caches = Self::new_caches(&self.config);
        self.read_segment(false)?;
        Ok(())
    }

    fn load(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: LedgerId,
        cell: Box<dyn RootCell>,
        config: VaultConfig,
    ) -> Result<Self, VaultError> {
        let root = cell.load()?.ok_or(VaultError::NoRoot)?;
        let (manifest, manifest_hash) = read_manifest(&*disk, folder, &ledger, &root)?;
        let caches = Self::new_caches(&config);
        let read_until = manifest.segment_start;
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            ledger,
            cell,
            config,
            manifest,
            manifest_hash,
            segment: Segment::default(),
            read_until,
            writer: None,
            last_record: None,
            recovery: Recovery::default(),
            caches,
            // Whoever only reads looks many keys up.
            keeps_shards: AtomicBool::new(true),
        })
    }

    /// Reads the frames since the last rotation, and returns where the next one goes.
    fn read_segment(&mut self, cut: bool) -> Result<(u32, u32), VaultError> {
        self.last_record = self.last_record_before(self.manifest.bundles.len())?;
        self.read_frames(self.manifest.segment_start, cut)
    }

    /// Reads the frames from a place in the open segment on, and returns where the next one goes.
    fn read_frames(&mut self, (first, mut offset): (u32, u32), cut: bool) -> Result<(u32, u32), VaultError> {
        let last = self.last_bundle()?.filter(|last| *last >= first);
        // A closed bundle that is missing fails the reading; an open one that was never made is no loss.
        let last = last.or((offset > 0).then_some(first));
        for number in first..last.map_or(first, |last| last + 1) {
            let name = file_name(number);
            let path = self.folder.join(&name);
            let from = if number == first { offset } else { 0 };
            // What was read before is not read again, unless the whole bundle may have to be written anew.
            let base = if cut { 0 } else { from };
            let bytes = read_from(&*self.disk, &path, base).map_err(VaultError::io(&*name))?;
            let bytes = bytes.ok_or_else(|| VaultError::damaged(&*name, bundle::SHORTER))?;
            let place = Place {
                ledger: &self.ledger,
                bundle: number,
                offset: from,
                sequence: self.segment.frames,
                segment_key: &self.manifest.segment_key,
            };
            let scan = bundle::scan(&bytes, base, &place)?;
            let torn = u64::from(base) + bytes.len() as u64 - u64::from(scan.end);
            if torn > 0 && Some(number) != last {
                return Err(VaultError::damaged(name, "a closed bundle ends inside a frame"));
            }
            if cut && self.config.take_over && Some(number) == last {
                // Whoever still writes to the file that is there now writes to one that has no name any more.
                let sound = bytes.get(..scan.end as usize).unwrap_or(&bytes);
                self.fence()?.replace_durably(&path, sound).map_err(VaultError::fenced(name))?;
                self.recovery.cut_bytes = torn;
            } else if torn > 0 && cut {
                self.cut(&path, scan.end).map_err(VaultError::io(name))?;
                self.recovery.cut_bytes = torn;
            }
            for head in scan.heads {
                self.take_head(number, head)?;
            }
            offset = scan.end;
            self.read_until = (number, offset);
        }
        Ok((last.unwrap_or(first), offset))
    }

    /// The highest number of a bundle that is there.
    fn last_bundle(&self) -> Result<Option<u32>, VaultError> {
        let names = self.disk.list(&self.folder).map_err(VaultError::io("(folder)"))?;
        Ok(names.iter().filter_map(|name| name.strip_prefix("bundle-")?.parse().ok()).max())
    }

    fn cut(&self, path: &Path, len: u32) -> io::Result<()> {
        let file = self.disk.open(path, Open::Write)?;
        file.set_len(u64::from(len))?;
        file.sync()
    }

    /// Takes a frame's keys and index into the open segment.
    pub(super) fn take_head(&mut self, number: u32, head: bundle::Head) -> Result<(), VaultError> {
        if let Some(first) = head.index.first_record() {
            if self.last_record.is_some_and(|last| last >= first) {
                return Err(VaultError::damaged(file_name(number), "its records are not in order"));
            }
            self.last_record = head.index.last_record();
        }
        self.segment.frames += 1;
        self.segment.records += head.index.len();
        self.segment.indexes.entry(number).or_default().append(&head.index);
        self.segment.keys.extend(head.keys);
        Ok(())
    }

    /// The last record that is folded into a bundle below this number.
    pub(super) fn last_record_before(&self, bundle: usize) -> Result<Option<u64>, VaultError> {
        for number in (0..bundle).rev() {
            if let Some(last) = self.index_page(number)?.and_then(|index| index.last_record()) {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    /// Overwrites what the last rotation had still to overwrite, and forgets the list.
    pub(super) fn finish_overwriting(&self) -> Result<u64, VaultError> {
        if self.manifest.overwrite == Hash::ZERO {
            return Ok(0);
        }
        let name = overwrite_name(self.manifest.epoch);
        let path = self.folder.join(&name);
        let bytes = match read_all(&*self.disk, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            other => other.map_err(VaultError::io(&*name))?,
        };
        if sha256(&[&bytes]) != self.manifest.overwrite {
            return Err(VaultError::damaged(name, "its hash is not the one in the manifest"));
        }
        let spans = bundle::decode_spans(&bytes).map_err(|_| VaultError::damaged(&*name, "it is no list"))?;
        bundle::overwrite(&*self.disk, &self.folder, &spans).map_err(VaultError::io("bundle"))?;
        remove_if_there(&*self.disk, &path).map_err(VaultError::io(&*name))?;
        self.disk.sync_directory(&self.folder).map_err(VaultError::io(name))?;
        Ok(spans.len() as u64)
    }

    /// The names of all pages that the root reaches.
    pub(super) fn reachable(&self) -> BTreeSet<PageName> {
        let pages = |kind, pages: Vec<Option<u64>>| {
            let numbered = pages.into_iter().enumerate();
            numbered.filter_map(move |(number, generation)| {
                let number = super::shards::index_u32(number);
                Some(PageName { kind, number, generation: generation? })
            })
        };
        let shards = self.manifest.shards.iter().map(|page| page.as_ref().map(|page| page.generation));
        let indexes = self.manifest.bundles.iter();
        let indexes = indexes.map(|bundle| bundle.index.as_ref().map(|page| page.generation));
        let mut names: BTreeSet<PageName> = pages(PageKind::Shard, shards.collect()).collect();
        names.extend(pages(PageKind::Index, indexes.collect()));
        names.insert(PageName { kind: PageKind::Manifest, number: 0, generation: self.manifest.epoch });
        names
    }

    /// Removes pages that the root does not reach. Only tidiness: nothing opens them any more. Pages of a later
    /// epoch are left alone: they may be those of a writer that has taken over.
    pub(super) fn remove_unreachable(&self) -> Result<u64, VaultError> {
        let keep: BTreeSet<String> = self.reachable().iter().map(PageName::file).collect();
        let names = self.disk.list(&self.folder).map_err(VaultError::io("(folder)"))?;
        let ours = ["shard-", "index-", "manifest.", "overwrite."];
        let mut removed = 0;
        for name in names.iter().filter(|name| ours.iter().any(|prefix| name.starts_with(prefix))) {
            let epoch = name.rsplit_once('.').and_then(|(_, epoch)| epoch.parse::<u64>().ok());
            if !keep.contains(name) && epoch.is_some_and(|epoch| epoch <= self.epoch()) {
                remove_if_there(&*self.disk, &self.folder.join(name)).map_err(VaultError::io(&**name))?;
                removed += 1;
            }
        }
        if removed > 0 {
            self.disk.sync_directory(&self.folder).map_err(VaultError::io("(folder)"))?;
        }
        Ok(removed)
    }

    /// Refuses unless this handle is the one writer and no write of it has failed.
    pub(super) fn check_writer(&self) -> Result<(), VaultError> {
        self.writer.as_ref().filter(|writer| !writer.failed).ok_or(VaultError::ReadOnly)?;
        self.check_fence()
    }

    /// The right to write.
    pub(super) fn fence(&self) -> Result<&Fence, VaultError> {
        self.writer.as_ref().map(|writer| &*writer.fence).ok_or(VaultError::ReadOnly)
    }

    /// The right to write, for files outside the vault that are replaced while the vault is at work: until another writer
    /// has opened the vault and then [withdrawn](Vault::withdraw_beside) what was prepared.
    pub(crate) fn fence_beside(&self) -> Option<Arc<Fence>> {
        self.writer.as_ref().map(|writer| writer.fence.clone())
    }

    /// Withdraws what earlier writers have prepared in a folder outside the vault: whatever is read there from now
    /// on, they can't change any more.
    pub(crate) fn withdraw_beside(&self, folder: &Path) -> Result<(), VaultError> {
        match self.fence()?.withdraw_others(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(VaultError::io(FENCE)(error)),
            _ => Ok(()),
        }
    }

    /// Refuses if another writer has opened the vault: this one has been replaced, and can only end.
    ///
    /// # Errors
    /// [`VaultError::Fenced`].
    pub fn check_held(&self) -> Result<(), VaultError> {
        self.check_fence()
    }

    /// Refuses if another writer has opened the vault.
    pub(super) fn check_fence(&self) -> Result<(), VaultError> {
        if self.fence()?.is_held().map_err(VaultError::io(FENCE))? { Ok(()) } else { Err(VaultError::Fenced) }
    }
}

/// The manifest that a root opens, and its hash.
fn read_manifest(
    disk: &dyn Disk,
    folder: &Path,
    ledger: &LedgerId,
    root: &Root,
) -> Result<(Manifest, Hash), VaultError> {
    let name = PageName { kind: PageKind::Manifest, number: 0, generation: root.epoch };
    let blob = read_all(disk, &folder.join(name.file())).map_err(VaultError::io(name.file()))?;
    let plaintext = page::open_blob(&blob, ledger, name, &root.key)
        .ok_or_else(|| VaultError::damaged(name.file(), "it does not open under the root"))?;
    let manifest = Manifest::decode(&plaintext)
        .ok()
        .filter(|manifest| manifest.epoch == root.epoch)
        .ok_or_else(|| VaultError::damaged(name.file(), "it is no manifest of this epoch"))?;
    Ok((manifest, sha256(&[&blob])))
}

//! Making a generation, beside a writer at work.

use std::path::Path;
use std::sync::Arc;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::{Hash, Hasher};
use vandel_core::id::LedgerId;
use vandel_core::note::Note;
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::time::{Day, Second};

use super::files::{self, CHUNK_BYTES, FileEntry};
use super::folder::Folder;
use super::label::{Files, Half, Label};
use super::{BackupError, Progress, at, not_found};
use crate::disk::{Disk, Open, read_all};
use crate::home::Home;
use crate::home_log::ledger_id_of;
use crate::memory::{FileMemory, Memory};
use crate::opening::HomeError;
use crate::place::StreamPlace;
use crate::signer;
use crate::sinks::{self, Register, SinkId, SinkKind, What};
use crate::vault::{FileCell, Vault, VaultConfig, VaultError};

/// How often a copy is begun anew because the root was rotated under it.
const ATTEMPTS: u32 = 10;

/// What to make.
pub struct Making<'a> {
    /// The home.
    pub home: &'a Home,
    /// The folder for the data half.
    pub data: &'a Path,
    /// The folder for the key half; none leaves it out.
    pub keys: Option<&'a Path>,
    /// Whether the root cell goes into the key half.
    pub root_cell: bool,
    /// Now.
    pub now: Second,
    /// The last day of the data half, and of the key half.
    pub expires: (Day, Day),
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its number.
    pub generation: u32,
    /// The label of the data half.
    pub data: Label,
    /// The label of the key half.
    pub keys: Option<Label>,
    /// How much was read, and how much of it had to be written.
    pub progress: Progress,
    /// How often it was begun.
    pub attempts: u32,
}

/// Makes a generation. No lock is taken; see the module's own words for why the copy is consistent.
///
/// # Errors
/// [`BackupError`]. What an interrupted making leaves stands in the register as a sink that may exist, until it
/// is destroyed.
pub fn create(
    disk: &Arc<dyn Disk>,
    making: &Making<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, BackupError> {
    let home = making.home;
    if StreamPlace::of(&**disk, home).map_err(HomeError::from)?.is_some() {
        return Err(BackupError::LogOnStream);
    }
    let ledger = ledger_id_of(disk, home)?;
    let service = signer::read(&**disk, &home.service_key(), None)?;
    let mut data = Folder::open(disk, making.data)?;
    let mut keys = making.keys.map(|path| Folder::open(disk, path)).transpose()?;
    let mut register = Register::read(&**disk, home, ledger)?;
    let generation = next_number(&register, &data, keys.as_ref())?;
    let mut standing = Standing::of(disk, home, ledger)?;
    // 1. The register knows of it before the first byte is written. A crash from here on leaves a sink
    //    of which nothing more is known than that it may exist.
    let mut entered = Vec::new();
    for half in Half::ALL.into_iter().filter(|half| *half == Half::Data || keys.is_some()) {
        let made = making.sink(half, generation, standing.epoch)?;
        entered.push(made.sink);
        register.enter(&**disk, home, What::Made(made), making.now, &service)?;
    }
    data.prepare()?;
    keys.as_ref().map_or(Ok(()), Folder::prepare)?;
    let mut copied = Copying { disk, home, ledger, progress, told: Progress::default() };
    for attempts in 1..=ATTEMPTS {
        // 2. The objects. A crash leaves some that no label names; the next sweep takes them away.
        copied.told = Progress::default();
        let found = copied.all(&mut data, keys.as_mut(), making.root_cell);
        let now = Standing::of(disk, home, ledger)?;
        let same_root = now.epoch == standing.epoch;
        match found {
            Ok((of_data, of_keys)) if same_root => {
                // 3. All of it is durable, then the labels, the keys' first: a data half whose label is
                //    there has its keys too.
                let label = |half, files| {
                    standing.label(making, &service, (generation, half), entered[half as usize], files)
                };
                let of_data = store_list(&mut data, &of_data)?;
                data.settle()?;
                let mut key_label = None;
                if let Some(folder) = &mut keys {
                    let of_keys = store_list(folder, &of_keys)?;
                    folder.settle()?;
                    let made = label(Half::Keys, of_keys);
                    folder.write_label(&made, &service)?;
                    key_label = Some(made);
                }
                let made = label(Half::Data, of_data);
                data.write_label(&made, &service)?;
                return Ok(Made { generation, data: made, keys: key_label, progress: copied.told, attempts });
            }
            // The root was rotated meanwhile: pages have gone, or what was copied is of two epochs.
            Ok(_) => {}
            Err(_) if !same_root => {}
            Err(error) => return Err(error),
        }
        standing = now;
    }
    Err(BackupError::Restless(ATTEMPTS))
}

/// The number after every one that was ever used, by the register or in the folders.
fn next_number(register: &Register, data: &Folder, keys: Option<&Folder>) -> Result<u32, BackupError> {
    let made = register.states().iter().filter(|sink| sink.made.kind == SinkKind::BackupData).count();
    let mut last = u32::try_from(made).unwrap_or(u32::MAX);
    for folder in [Some(data), keys].into_iter().flatten() {
        last = last.max(folder.last_number()?);
    }
    Ok(last.saturating_add(1))
}

impl Making<'_> {
    fn folder(&self, half: Half) -> &Path {
        match half {
            Half::Data => self.data,
            Half::Keys => self.keys.unwrap_or(self.data),
        }
    }

    fn expires(&self, half: Half) -> Day {
        match half {
            Half::Data => self.expires.0,
            Half::Keys => self.expires.1,
        }
    }

    /// The entry in the register of sinks.
    fn sink(&self, half: Half, generation: u32, epoch: u64) -> Result<sinks::Made, BackupError> {
        let folder = self.folder(half);
        if folder.to_string_lossy().contains(|c: char| c.is_control()) {
            return Err(BackupError::Place(folder.to_owned()));
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| VaultError::NoRandomness)?;
        Ok(sinks::Made {
            sink: SinkId(id),
            kind: half.kind(),
            epoch,
            expires: Some(self.expires(half)),
            cases: Vec::new(),
            place: place(generation, folder),
        })
    }
}

/// How the register names the place of a generation.
pub(super) fn place(generation: u32, folder: &Path) -> String {
    format!("generation {generation} in {}", folder.display())
}

/// Where the ledger stands when a copy is begun.
struct Standing {
    ledger: LedgerId,
    epoch: u64,
    manifest: Hash,
    records: u64,
    root: Hash,
}

impl Standing {
    fn of(disk: &Arc<dyn Disk>, home: &Home, ledger: LedgerId) -> Result<Self, BackupError> {
        // The checkpoint is read before the log, which therefore reaches at least so far. The memory's is
        // durable; the published one may be torn by a power cut until the ledger is opened again.
        let memory = FileMemory::open(disk.clone(), &home.memory())?;
        let path = home.checkpoint();
        let note = match memory.note() {
            Some(note) => note.as_bytes().to_vec(),
            None => read_all(&**disk, &path).map_err(at(&path))?,
        };
        let checkpoint: Option<Checkpoint> =
            Note::parse(&note).ok().and_then(|note| note.text().parse().ok());
        let wrong = || BackupError::Label { path, why: "it is no checkpoint".to_owned() };
        let checkpoint = checkpoint.ok_or_else(wrong)?;
        let vault = open_vault(disk, home, ledger)?;
        let (records, root) = (checkpoint.size(), checkpoint.root());
        Ok(Self { ledger, epoch: vault.epoch(), manifest: vault.manifest_hash(), records, root })
    }

    fn label(
        &self,
        making: &Making<'_>,
        service: &SigningKey,
        (generation, half): (u32, Half),
        sink: SinkId,
        files: Files,
    ) -> Label {
        Label {
            ledger: self.ledger,
            generation,
            half,
            created: making.now,
            expires: making.expires(half),
            records: self.records,
            root: self.root,
            epoch: self.epoch,
            manifest: self.manifest,
            root_cell: half == Half::Keys && making.root_cell,
            place: making.folder(half).to_string_lossy().into_owned(),
            service: public_key(service),
            sink,
            files,
        }
    }
}

fn open_vault(disk: &Arc<dyn Disk>, home: &Home, ledger: LedgerId) -> Result<Vault, BackupError> {
    let mut last = None;
    // A rotation between the cell and its manifest is over by the next look.
    for _ in 0..ATTEMPTS {
        let cell = Box::new(FileCell::new(disk.clone(), &home.root_cell()));
        match Vault::open_read_only(disk.clone(), &home.vault(), ledger, cell, VaultConfig::default()) {
            Ok(vault) => return Ok(vault),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(VaultError::NoRoot).into())
}

fn store_list(folder: &mut Folder, entries: &[FileEntry]) -> Result<Files, BackupError> {
    let (list, _) = folder.put(&files::encode(entries))?;
    let bytes = entries.iter().map(|file| file.len).sum();
    Ok(Files { count: entries.len() as u64, bytes, list })
}

/// The copying of one attempt.
struct Copying<'a> {
    disk: &'a Arc<dyn Disk>,
    home: &'a Home,
    ledger: LedgerId,
    progress: &'a mut dyn FnMut(Progress),
    told: Progress,
}

impl Copying<'_> {
    /// What is published first, so that the log reaches its checkpoint; then the log, so that the vault holds
    /// what its records are about; then the rest.
    fn all(
        &mut self,
        data: &mut Folder,
        mut keys: Option<&mut Folder>,
        root_cell: bool,
    ) -> Result<(Vec<FileEntry>, Vec<FileEntry>), BackupError> {
        let (mut of_data, mut of_keys) = (Vec::new(), Vec::new());
        let home = self.home.clone();
        self.folder(data, &home.public(), "public", &mut of_data)?;
        for name in self.list(&home.log())? {
            of_data.push(self.file(data, &home.log(), "log", &name)?);
        }
        let set = open_vault(self.disk, &home, self.ledger)?.backup_set()?;
        for name in set.data {
            of_data.push(self.file(data, &home.vault(), "vault", &name)?);
        }
        self.folder(data, &home.plans(), "plans", &mut of_data)?;
        self.folder(data, &home.sinks(), "sinks", &mut of_data)?;
        let policy = home.memory_policy();
        if self.list(home.root())?.iter().any(|name| home.root().join(name) == policy) {
            of_data.push(self.file_at(data, &policy, "memory.policy".to_owned())?);
        }
        if let Some(keys) = &mut keys {
            for name in set.keys {
                of_keys.push(self.file(keys, &home.vault(), "vault", &name)?);
            }
            for name in self.list(&home.keys())? {
                of_keys.push(self.file(keys, &home.keys(), "keys", &name)?);
            }
            if root_cell {
                of_keys.push(self.file(keys, &home.vault(), "vault", "root.cell")?);
            }
        }
        Ok((of_data, of_keys))
    }

    /// A folder's files, without what is being written.
    fn folder(
        &mut self,
        data: &mut Folder,
        folder: &Path,
        inside: &str,
        entries: &mut Vec<FileEntry>,
    ) -> Result<(), BackupError> {
        let names = self.list(folder)?;
        for name in names.iter().filter(|name| !name.ends_with(".new") && *name != "lock") {
            entries.push(self.file(data, folder, inside, name)?);
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, BackupError> {
        match self.disk.list(folder) {
            Err(error) if not_found(&error) => Ok(Vec::new()),
            other => other.map_err(at(folder)),
        }
    }

    /// Copies one file as it is now: a writer may add to it meanwhile, and what it adds comes next time.
    fn file(
        &mut self,
        folder: &mut Folder,
        from: &Path,
        inside: &str,
        name: &str,
    ) -> Result<FileEntry, BackupError> {
        self.file_at(folder, &from.join(name), format!("{inside}/{name}"))
    }

    fn file_at(
        &mut self,
        folder: &mut Folder,
        path: &Path,
        inside: String,
    ) -> Result<FileEntry, BackupError> {
        let file = self.disk.open(path, Open::Read).map_err(at(path))?;
        let len = file.len().map_err(at(path))?;
        let (mut whole, mut chunks) = (Hasher::new(), Vec::new());
        let mut offset = 0;
        while offset < len {
            let size = usize::try_from(len - offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let mut bytes = vec![0; size];
            file.read_exact_at(&mut bytes, offset).map_err(at(path))?;
            whole.update(&bytes);
            let (hash, written) = folder.put(&bytes)?;
            chunks.push(hash);
            offset += size as u64;
            self.told.written += written;
            self.told.bytes += size as u64;
            (self.progress)(self.told);
        }
        self.told.files += 1;
        (self.progress)(self.told);
        Ok(FileEntry { path: inside, len, hash: whole.finish(), chunks })
    }
}

//! Making a generation, beside a writer at work.

use std::path::Path;
use std::sync::Arc;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::note::Note;
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::time::{Day, Second};
use zeroize::Zeroizing;

use super::copying::Copying;
use super::files::{self, FileEntry};
use super::folder::Folder;
use super::label::{Files, Half, Label};
use super::{BackupError, Progress, at};
use crate::disk::{Disk, read_all};
use crate::home::Home;
use crate::home_log::{HomeLog, ledger_id_of};
use crate::memory::{FileMemory, Memory};
use crate::signer;
use crate::sinks::{self, Register, SinkId, SinkKind, What};
use crate::vault::{Vault, VaultConfig, VaultError, cell_in};

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
    /// The passphrase that the home's root cell is sealed under, if it is.
    pub root_passphrase: Option<Zeroizing<String>>,
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
    let ledger = ledger_id_of(disk, home)?;
    let service = signer::read(&**disk, &home.service_key(), None)?;
    let mut data = Folder::open(disk, making.data)?;
    let mut keys = making.keys.map(|path| Folder::open(disk, path)).transpose()?;
    let mut register = Register::read(&**disk, home, ledger)?;
    let generation = next_number(&register, &data, keys.as_ref())?;
    let mut standing = Standing::of(disk, making, ledger)?;
    let log = HomeLog::open(disk, home)?;
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
    let mut copied = Copying {
        disk,
        making,
        log: &log,
        service: public_key(&service),
        progress,
        told: Progress::default(),
    };
    for attempts in 1..=ATTEMPTS {
        // 2. The objects. A crash leaves some that no label names; the next sweep takes them away.
        copied.told = Progress::default();
        let found = copied.all(&mut data, keys.as_mut());
        let now = Standing::of(disk, making, ledger)?;
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
    pub(super) fn open_vault(&self, disk: &Arc<dyn Disk>, ledger: LedgerId) -> Result<Vault, BackupError> {
        let mut last = None;
        // A rotation between the cell and its manifest is over by the next look.
        for _ in 0..ATTEMPTS {
            let cell = cell_in(disk, &self.home.root_cell(), self.root_passphrase.as_ref())?;
            let vault = self.home.vault();
            match Vault::open_read_only(disk.clone(), &vault, ledger, cell, VaultConfig::default()) {
                Ok(vault) => return Ok(vault),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(VaultError::NoRoot).into())
    }

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
    fn of(disk: &Arc<dyn Disk>, making: &Making<'_>, ledger: LedgerId) -> Result<Self, BackupError> {
        let home = making.home;
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
        let vault = making.open_vault(disk, ledger)?;
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

fn store_list(folder: &mut Folder, entries: &[FileEntry]) -> Result<Files, BackupError> {
    let (list, _) = folder.put(&files::encode(entries))?;
    let bytes = entries.iter().map(|file| file.len).sum();
    Ok(Files { count: entries.len() as u64, bytes, list })
}

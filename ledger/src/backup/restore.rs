//! Restoring a generation into an empty folder, with every erasure of the log applied.
//!
//! The order of effects, written once in [`restore`]: the mark that a restore is under way comes first and goes last,
//! and no opening passes it ([`crate::gate`]). So a crash anywhere leaves a home that serves nothing, and the
//! same restore begun again starts from an empty folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::block::Block;
use vandel_core::chain::{Chain, check_signatures};
use zeroize::Zeroizing;

use super::label::Label;
use super::reconcile::{check_payloads, reconcile};
#[cfg(feature = "network")]
use super::to_stream;
use super::view::GenerationDisk;
use super::{BackupError, Progress, at, not_found};
use crate::disk::{Disk, Open, create_durably, read_all, replace_atomically};
use crate::home::Home;
use crate::home_log::ledger_id_of;
use crate::log::file::FileLog;
use crate::log::{Log, PlacedBlock, ReadError};
use crate::memory::{FileMemory, Memory};
use crate::place::PLACE_FILE;
#[cfg(feature = "network")]
use crate::sequencer::NewStream;
use crate::vault::{RootCellError, cell_in};

/// Where the generation is laid while it is read.
const ROOT: &str = "/generation";
const PIECE_BYTES: usize = 1 << 20;

/// What to restore, and where to.
pub struct Restoring<'a> {
    /// The folder of the data half.
    pub data: &'a Path,
    /// The folder of the key half.
    pub keys: &'a Path,
    /// The generation.
    pub generation: u32,
    /// The home to make. Its memory is left as it is.
    pub home: &'a Home,
    /// A file with the root of the generation's epoch; none if it is in the generation.
    pub root_cell: Option<&'a Path>,
    /// The folder of a log that goes on after the generation's.
    pub newer_log: Option<&'a Path>,
    /// The folder of another memory that knows which keys erasures destroyed; none for the home's own.
    pub erased_keys: Option<PathBuf>,
    /// Where it is not known which keys an erasure destroyed: destroy all that the records named by it hold.
    pub erase_whole_records: bool,
    /// The passphrase that the generation's root cell is sealed under, if it is.
    pub root_passphrase: Option<Zeroizing<String>>,
    /// The stream to put the log on, on the servers that the home names; none for segment files. If the ledger's
    /// stream is there still, what it has beyond the generation is a newer log.
    #[cfg(feature = "network")]
    pub stream: Option<NewStream>,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The labels of both halves.
    pub labels: Vec<Label>,
    /// How many records the log has now.
    pub records: u64,
    /// How many of them came from a newer log.
    pub newer: u64,
    /// How many erasures of the log were applied again, and how many keys that destroyed.
    pub erasures: u64,
    /// How many keys were destroyed again.
    pub keys_destroyed: u64,
    /// Erasures of which all content of the records was destroyed, since it was not known which keys had gone.
    pub whole_records: Vec<u64>,
    /// The size of the checkpoint that the memory holds, if the log does not reach it: the home serves nothing then.
    pub behind: Option<u64>,
    /// Whether there is a memory at all.
    pub has_memory: bool,
    /// The vault's epoch now.
    pub epoch: u64,
}

/// Restores a generation.
///
/// # Errors
/// [`BackupError`]; the home then serves nothing, and may be restored again.
pub fn restore(
    disk: &Arc<dyn Disk>,
    what: &Restoring<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, BackupError> {
    let home = what.home;
    let generation = Arc::new(GenerationDisk::open(
        disk.clone(),
        Path::new(ROOT),
        what.generation,
        what.data,
        Some(what.keys),
    )?);
    let label = &generation.labels()[0];
    check_root(disk, what, &generation, label.epoch)?;
    // 1. The mark. A crash before it leaves an empty folder; from here on nothing opens the home.
    begin(disk, home, what.generation)?;
    // 2. The files. A crash leaves some of them; the next run takes them away again.
    copy(disk, home, &generation, what.root_cell, progress)?;
    // 3. The newer logs, block by block behind the generation's. A crash leaves some of it.
    let newer = append_newer(disk, what, label)?;
    // 4. Every erasure of that log, on the vault as it was. One commit of the vault's own.
    let chain = fold(disk, home, label)?;
    let mut restored = reconcile(disk, what, label, &chain)?;
    // 5. What the log names must be there, or be erased.
    check_payloads(disk, what, label, &chain)?;
    let memory = FileMemory::open(disk.clone(), &home.memory())?;
    let remembered = memory.latest().size;
    restored.newer = newer;
    restored.labels = generation.labels().to_vec();
    restored.has_memory = memory.note().is_some();
    restored.behind = (remembered > chain.size()).then_some(remembered);
    // 6. Where it belongs on a stream, the log goes there. A crash leaves blocks on the stream that are the log's
    //    own, and the next run finds them there.
    #[cfg(feature = "network")]
    if let Some(stream) = &what.stream {
        to_stream::place(disk, home, stream, &chain, memory.note())?;
    }
    // 7. The mark goes. Whether the log reaches the memory's checkpoint every opening asks for itself.
    disk.remove(&home.restoring()).map_err(at(home.restoring()))?;
    disk.sync_directory(home.root()).map_err(at(home.root()))?;
    Ok(restored)
}

/// The root must be of the generation's epoch, or nothing opens: told before anything is written.
fn check_root(
    disk: &Arc<dyn Disk>,
    what: &Restoring<'_>,
    generation: &Arc<GenerationDisk>,
    epoch: u64,
) -> Result<(), BackupError> {
    let (disk, path): (Arc<dyn Disk>, PathBuf) = match what.root_cell {
        Some(path) => (disk.clone(), path.to_owned()),
        None => (generation.clone(), Path::new(ROOT).join("vault").join("root.cell")),
    };
    match cell_in(&disk, &path, what.root_passphrase.as_ref())?.load()? {
        None => Err(BackupError::NoRootCell(what.generation)),
        Some(root) if root.epoch != epoch => {
            Err(RootCellError::Fenced { expected: Some(epoch), found: Some(root.epoch) }.into())
        }
        Some(_) => Ok(()),
    }
}

/// Marks the home, and empties what an interrupted restore left.
fn begin(disk: &Arc<dyn Disk>, home: &Home, generation: u32) -> Result<(), BackupError> {
    create_durably(&**disk, home.root()).map_err(at(home.root()))?;
    let names = disk.list(home.root()).map_err(at(home.root()))?;
    let resumes = names.iter().any(|name| name == "restoring");
    let foreign =
        |name: &String| name != "lock" && name != "restoring.new" && home.root().join(name) != home.memory();
    if !resumes && names.iter().any(foreign) {
        return Err(BackupError::NotEmpty(home.root().to_owned()));
    }
    let mark = format!("generation {generation} is being restored here; nothing is served until it is\n");
    replace_atomically(&**disk, &home.restoring(), mark.as_bytes()).map_err(at(home.restoring()))?;
    let place = home.root().join(PLACE_FILE);
    match disk.remove(&place) {
        Err(error) if !not_found(&error) => return Err(at(&place)(error)),
        _ => {}
    }
    for folder in ["log", "vault", "plans", "public", "sinks", "keys", "views"] {
        let folder = home.root().join(folder);
        create_durably(&**disk, &folder).map_err(at(&folder))?;
        for name in disk.list(&folder).map_err(at(&folder))? {
            let path = folder.join(name);
            disk.remove(&path).map_err(at(&path))?;
        }
        disk.sync_directory(&folder).map_err(at(&folder))?;
    }
    Ok(())
}

fn copy(
    disk: &Arc<dyn Disk>,
    home: &Home,
    generation: &Arc<GenerationDisk>,
    root_cell: Option<&Path>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    let mut told = Progress::default();
    for file in generation.files() {
        let from: PathBuf = Path::new(ROOT).join(&file.path);
        copy_file(&**generation, &from, disk, &home.root().join(&file.path))?;
        told.files += 1;
        told.bytes += file.len;
        progress(told);
    }
    if let Some(path) = root_cell {
        let bytes = read_all(&**disk, path).map_err(at(path))?;
        replace_atomically(&**disk, &home.root_cell(), &bytes).map_err(at(home.root_cell()))?;
    }
    for folder in ["log", "vault", "plans", "public", "sinks", "keys"] {
        let folder = home.root().join(folder);
        disk.sync_directory(&folder).map_err(at(&folder))?;
    }
    Ok(())
}

fn copy_file(from_disk: &dyn Disk, from: &Path, disk: &Arc<dyn Disk>, to: &Path) -> Result<(), BackupError> {
    let write = || {
        let source = from_disk.open(from, Open::Read)?;
        let file = disk.open(to, Open::CreateNew)?;
        let (len, mut offset) = (source.len()?, 0);
        while offset < len {
            let size = usize::try_from(len - offset).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            let mut bytes = vec![0; size];
            source.read_exact_at(&mut bytes, offset)?;
            file.write_all_at(&bytes, offset)?;
            offset += size as u64;
        }
        file.sync()
    };
    write().map_err(at(to))
}

/// Appends what newer logs have beyond the generation's. Returns how many records that was.
fn append_newer(disk: &Arc<dyn Disk>, what: &Restoring<'_>, label: &Label) -> Result<u64, BackupError> {
    let home = what.home;
    let (mut log, torn) = FileLog::open(disk.clone(), &home.log(), label.ledger)?;
    log = log.with_places(&home.block_places());
    if torn.is_some() {
        // The copy ended inside a block that was being written: what a newer log has of it is whole.
        log.cut_torn_tail().map_err(at(home.log()))?;
    }
    let mut records = 0;
    if let Some(newer) = what.newer_log {
        records += append_all(&mut log, FileLog::open_read_only(disk.clone(), newer, Some(label.ledger))?)?;
    }
    #[cfg(feature = "network")]
    if let Some(stream) = &what.stream
        && let Some(reader) = to_stream::reader(home, &label.ledger, stream)?
    {
        records += append_all(&mut log, reader.blocks_from(0)?)?;
    }
    Ok(records)
}

fn append_all(
    log: &mut FileLog,
    newer: impl Iterator<Item = Result<PlacedBlock, ReadError>>,
) -> Result<u64, BackupError> {
    let mut records = 0;
    for placed in newer {
        let placed = match placed {
            // Its last block never was acknowledged.
            Err(ReadError::Torn(_)) => break,
            other => other?,
        };
        if placed.position < log.next_position() {
            if log.read(placed.position)?.is_none_or(|ours| ours != placed.bytes) {
                return Err(BackupError::OtherHistory(placed.position));
            }
            continue;
        }
        let block = Block::decode(&placed.bytes).map_err(|_| BackupError::OtherHistory(placed.position))?;
        records += block.records.len() as u64;
        log.append(placed.position, &placed.bytes).map_err(|error| BackupError::Chain(error.to_string()))?;
    }
    Ok(records)
}

/// The chain of the restored log, with every signature checked: nobody has vouched for it yet.
fn fold(disk: &Arc<dyn Disk>, home: &Home, label: &Label) -> Result<Chain, BackupError> {
    let faulty = |error: &dyn std::fmt::Display| BackupError::Chain(error.to_string());
    let mut chain = Chain::before_opening();
    for placed in FileLog::open_read_only(disk.clone(), &home.log(), Some(label.ledger))? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes).map_err(|error| faulty(&error))?;
        let mut checks = Vec::new();
        chain.take(&block, &mut checks, |_, _| ()).map_err(|fault| faulty(&fault))?;
        check_signatures(&checks).map_err(|fault| faulty(&fault))?;
    }
    let ledger = ledger_id_of(disk, home)?;
    if ledger != chain.ledger {
        return Err(BackupError::OtherLedger { expected: chain.ledger, found: ledger });
    }
    if chain.root_at(label.records) != Some(label.root) {
        return Err(BackupError::Chain(
            "it does not contain the checkpoint of the generation's label".to_owned(),
        ));
    }
    Ok(chain)
}

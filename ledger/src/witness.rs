//! The keeper of a witness (C2SP tlog-witness): what it holds of each log, and that it never goes back.
//!
//! ```text
//! witness.pem    the cosigning key
//! name           the name that it cosigns under
//! logs.policy    the logs it knows (C2SP tlog-policy; only its log lines count)
//! held/<id>/     for each log, by the SHA-256 of its origin: the last checkpoint cosigned
//! lock           held by the one process that cosigns
//! ```
//!
//! What a log's checkpoint is compared with, and what is written before it is cosigned, is a
//! [`crate::memory::FileMemory`]: the embedded memory *is* a witness in a file, and this is the same one
//! behind HTTP. One lock for each log is held from the comparison until the checkpoint is on the medium, so
//! two requests can't overtake one another (tlog-witness, "add-checkpoint").

mod folder;
mod rate;
#[cfg(feature = "network")]
pub mod service;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::sha256;
use vandel_core::note::{KeyKind, Note, NoteSignature, VerifierKey};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::time::Second;
use vandel_core::trust::parse_trust;
use vandel_core::witness::{AddCheckpoint, Refusal};

pub use folder::{WitnessError, WitnessFolder};
pub use rate::Rate;

use crate::clock::Clock;
use crate::disk::{Disk, create_durably, read_all};
use crate::lock::HomeLock;
use crate::memory::{FileMemory, Memory, MemoryError};
use rate::Bucket;

/// A witness at work. Requests may come from several threads at once.
pub struct Keeper {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    folder: WitnessFolder,
    key: SigningKey,
    verifier: VerifierKey,
    /// Files that name known logs; read again whenever their bytes have changed.
    policies: Vec<PathBuf>,
    logs: Mutex<Logs>,
    rate: Rate,
    shelves: Mutex<BTreeMap<String, Arc<Mutex<Shelf>>>>,
    _lock: HomeLock,
}

/// The known logs, as the files said when they were read last.
#[derive(Default)]
struct Logs {
    bytes: Vec<Vec<u8>>,
    keys: Arc<Vec<VerifierKey>>,
    /// What is wrong with the files now; the keys are those from before.
    trouble: Option<String>,
}

/// What is held of one log.
struct Shelf {
    /// None after the disk failed: what is on it must then be read anew.
    memory: Option<FileMemory>,
    bucket: Bucket,
    /// The last second stated in a cosignature; it never goes back while this process runs.
    time: Second,
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Cosigned: the signature line, with its newline (200).
    Cosigned(String),
    /// Refused by the specification's rules.
    Refused(Refusal),
    /// More requests for this log than the rate allows (429): try again after so many seconds.
    TooMany(u64),
    /// The disk failed; nothing was cosigned (500).
    Failed(String),
}

impl Keeper {
    /// Opens a witness's folder for cosigning; no other process can until this is dropped. `policies` are
    /// files that name known logs besides the folder's own.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        folder: WitnessFolder,
        mut policies: Vec<PathBuf>,
        rate: Rate,
    ) -> Result<Self, WitnessError> {
        let (key, name) = folder.read(&*disk)?;
        let lock = folder.lock()?;
        let verifier = VerifierKey::new(&name, KeyKind::Cosignature, &public_key(&key))?;
        policies.push(folder.logs());
        let logs = Mutex::default();
        let shelves = Mutex::default();
        let keeper = Self { disk, clock, folder, key, verifier, policies, logs, rate, shelves, _lock: lock };
        match keeper.trouble() {
            None => Ok(keeper),
            Some(why) => Err(WitnessError::Policy(why)),
        }
    }

    /// The key that others verify its cosignatures with.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// What is wrong with the files that name the logs, if anything is. Logs known before stay known.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let _ = self.known_logs();
        lock(&self.logs).trouble.clone()
    }

    /// The keys of the known logs, as the files say now.
    #[must_use]
    pub fn known_logs(&self) -> Arc<Vec<VerifierKey>> {
        let mut logs = lock(&self.logs);
        let read = |path: &PathBuf| match read_all(&*self.disk, path) {
            // A folder's own file comes with its first log.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && *path == self.folder.logs() => {
                Ok(b"quorum none\n".to_vec())
            }
            other => other.map_err(|error| format!("{}: {error}", path.display())),
        };
        match self.policies.iter().map(read).collect::<Result<Vec<_>, _>>() {
            Err(why) => logs.trouble = Some(why),
            Ok(bytes) if bytes == logs.bytes => logs.trouble = None,
            Ok(bytes) => match parse_logs(&self.policies, &bytes) {
                Ok(keys) => *logs = Logs { bytes, keys: Arc::new(keys), trouble: None },
                Err(why) => logs.trouble = Some(why),
            },
        }
        logs.keys.clone()
    }

    /// Answers a request (tlog-witness, "add-checkpoint"). When it says that a checkpoint was cosigned, the
    /// checkpoint is on the medium.
    pub fn add_checkpoint(&self, body: &[u8]) -> Reply {
        let known = self.known_logs();
        let opened = AddCheckpoint::parse(body)
            .map_err(Refusal::Request)
            .and_then(|request| request.open(&known).map(|checkpoint| (request, checkpoint)));
        let (request, checkpoint) = match opened {
            Ok(opened) => opened,
            Err(refusal) => return Reply::Refused(refusal),
        };
        let shelf = self.shelf(checkpoint.origin());
        let mut shelf = lock(&shelf);
        // Only the log itself, whose signature was just verified, uses up what is its own.
        if let Err(seconds) = shelf.bucket.take() {
            return Reply::TooMany(seconds);
        }
        self.keep_and_cosign(&mut shelf, &request, &checkpoint).unwrap_or_else(|error| {
            // What the disk did is not known: it is read anew at the next request.
            shelf.memory = None;
            Reply::Failed(error.to_string())
        })
    }

    fn keep_and_cosign(
        &self,
        shelf: &mut Shelf,
        request: &AddCheckpoint,
        checkpoint: &Checkpoint,
    ) -> Result<Reply, MemoryError> {
        let memory = match &mut shelf.memory {
            Some(memory) => memory,
            none => none.insert(self.open_memory(checkpoint.origin())?),
        };
        if let Err(refusal) = request.judge(checkpoint, memory.latest()) {
            return Ok(Reply::Refused(refusal));
        }
        // Only the log's own lines are kept: others' could fill the disk.
        let kept = self.signed_by_log(request);
        memory.advance(&kept, checkpoint, &mut |_| Ok(request.proof.clone()))?;
        // It is on the medium now, so it may be cosigned. A crash before the answer leaves a witness that
        // holds what nobody has its word for; the log asks again and gets it.
        shelf.time = shelf.time.max(self.clock.now());
        let text = checkpoint.to_string();
        let signature = NoteSignature::cosign(self.verifier.name(), &self.key, shelf.time, &text);
        Ok(match signature {
            Ok(signature) => Reply::Cosigned(format!("{signature}\n")),
            Err(error) => Reply::Failed(error.to_string()),
        })
    }

    fn signed_by_log(&self, request: &AddCheckpoint) -> String {
        let known = lock(&self.logs).keys.clone();
        let is_known = |line: &&NoteSignature| {
            known.iter().any(|key| key.name() == line.name() && key.id() == line.id())
        };
        let whole = Note::parse(request.note.as_bytes());
        let stripped = whole.and_then(|whole| {
            let mut note = Note::new(whole.text())?;
            whole.signatures().iter().filter(is_known).try_for_each(|line| note.attach(line.clone()))?;
            Ok(note.to_string())
        });
        stripped.unwrap_or_else(|_| request.note.clone())
    }

    fn shelf(&self, origin: &str) -> Arc<Mutex<Shelf>> {
        let new = || Shelf { memory: None, bucket: Bucket::full(self.rate), time: Second(0) };
        let mut shelves = lock(&self.shelves);
        shelves.entry(origin.to_owned()).or_insert_with(|| Arc::new(Mutex::new(new()))).clone()
    }

    fn open_memory(&self, origin: &str) -> Result<FileMemory, MemoryError> {
        let folder = self.folder.held(origin);
        create_durably(&*self.disk, &folder)
            .map_err(|source| MemoryError::Io { path: folder.clone(), source })?;
        FileMemory::open(self.disk.clone(), &folder)
    }
}

/// The keys on the log lines of these files. A key that stands in several counts once.
fn parse_logs(paths: &[PathBuf], files: &[Vec<u8>]) -> Result<Vec<VerifierKey>, String> {
    let mut keys: Vec<VerifierKey> = Vec::new();
    for (path, bytes) in paths.iter().zip(files) {
        let policy = parse_trust(bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        for log in policy.logs() {
            if !keys.contains(&log.key) {
                keys.push(log.key.clone());
            }
        }
    }
    Ok(keys)
}

/// The name of a log's folder.
fn shelf_name(origin: &str) -> String {
    sha256(&[origin.as_bytes()]).to_string()
}

/// A panic elsewhere leaves nothing half changed behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

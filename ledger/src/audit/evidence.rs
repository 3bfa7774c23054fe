//! Gathering what the auditor brings and what lies beside the log.

use std::io;
use std::path::{Path, PathBuf};

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::sha256;
use vandel_core::note::Note;
use vandel_core::statement::Seen;
use vandel_core::trust::parse_trust;
use vandel_core::verify::{
    CheckpointSource, Evidence, ReceiptEvidence, Remembered, RememberedError, SignedCheckpoint, TrustFile,
};

use super::{AuditError, AuditOptions};
use crate::disk::{Disk, read_all};

pub(super) fn gather(
    disk: &dyn Disk,
    root: Option<&Path>,
    options: &AuditOptions,
) -> Result<Evidence, AuditError> {
    Ok(Evidence {
        trust: options.trust.as_ref().map(|path| trust(disk, root, path)).transpose()?,
        checkpoints: checkpoints(disk, root, options)?,
        remembered: remembered(disk, root, options)?,
        ledger: options.ledger,
        receipts: receipts(disk, options)?,
    })
}

/// A file's bytes; none if it does not exist.
fn optional(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, AuditError> {
    match read_all(disk, path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(AuditError::Io { path: path.to_owned(), source }),
    }
}

fn required(disk: &dyn Disk, path: &Path) -> Result<Vec<u8>, AuditError> {
    read_all(disk, path).map_err(|source| AuditError::Io { path: path.to_owned(), source })
}

/// Whether a file lies inside the audited folder, links followed. A disk of a test's own has no
/// links; its paths are compared as they are.
fn is_inside(root: Option<&Path>, file: &Path) -> bool {
    let Some(root) = root else { return false };
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // The file may not exist yet; its folder does.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The parent of a folder that is named by itself has no name: it is where we stand.
    let root = real(if root.as_os_str().is_empty() { Path::new(".") } else { root });
    real(file).starts_with(&root) || real(folder).starts_with(&root)
}

fn trust(disk: &dyn Disk, root: Option<&Path>, path: &Path) -> Result<TrustFile, AuditError> {
    let bytes = required(disk, path)?;
    let trust = parse_trust(&bytes).map_err(|error| AuditError::Trust { path: path.to_owned(), error })?;
    let file = path.display().to_string();
    Ok(TrustFile { file, hash: sha256(&[&bytes]), trust, is_inside: is_inside(root, path) })
}

fn checkpoints(
    disk: &dyn Disk,
    root: Option<&Path>,
    options: &AuditOptions,
) -> Result<Vec<SignedCheckpoint>, AuditError> {
    let mut found = Vec::new();
    let mut push = |source, note: Option<Vec<u8>>| {
        found.extend(note.map(|note| SignedCheckpoint { source, note }));
    };
    match &options.checkpoint {
        Some(path) => push(CheckpointSource::Published, Some(required(disk, path)?)),
        None => {
            let in_root = |name: &str| match root {
                Some(root) => optional(disk, &root.join(name)),
                None => Ok(None),
            };
            let published = in_root("public/checkpoint")?;
            let beside = if published.is_some() { None } else { in_root("checkpoint")? };
            push(CheckpointSource::Published, published.or(beside));
        }
    }
    let memory = options.memory.clone().or_else(|| root.map(|root| root.join("memory")));
    if let Some(memory) = memory {
        push(CheckpointSource::Memory, optional(disk, &memory.join("checkpoint"))?);
    }
    for path in options.kept.iter().chain(&options.since) {
        // What lies where the audited party writes was not kept by the auditor.
        let kept = !is_inside(root, path);
        let source = if kept {
            CheckpointSource::Kept(path.display().to_string())
        } else {
            CheckpointSource::Published
        };
        push(source, Some(required(disk, path)?));
    }
    Ok(found)
}

/// The largest tree head up to which the auditor has verified the log before. Only what the auditor itself kept
/// counts: a checkpoint from the audited folder was never verified by anybody we know.
pub(super) fn verified_before(evidence: &Evidence, options: &AuditOptions) -> Option<Seen> {
    let since: Vec<String> = options.since.iter().map(|path| path.display().to_string()).collect();
    let kept = evidence.checkpoints.iter().filter_map(|signed| match &signed.source {
        CheckpointSource::Kept(file) if since.contains(file) => {
            let text = Note::parse(&signed.note).ok()?;
            let checkpoint: Checkpoint = text.text().parse().ok()?;
            Some(Seen { size: checkpoint.size(), root: checkpoint.root() })
        }
        _ => None,
    });
    let own = evidence.remembered.filter(|_| options.incremental);
    kept.chain(own.map(|own| Seen { size: own.size, root: own.root })).max_by_key(|seen| seen.size)
}

fn remembered(
    disk: &dyn Disk,
    root: Option<&Path>,
    options: &AuditOptions,
) -> Result<Option<Remembered>, AuditError> {
    let Some(path) = &options.state else { return Ok(None) };
    if is_inside(root, path) {
        return Err(AuditError::StateInside(path.clone()));
    }
    let Some(bytes) = optional(disk, path)? else { return Ok(None) };
    let state = |error: RememberedError| AuditError::State { path: path.clone(), error };
    String::from_utf8_lossy(&bytes).parse().map(Some).map_err(state)
}

fn receipts(disk: &dyn Disk, options: &AuditOptions) -> Result<Vec<ReceiptEvidence>, AuditError> {
    let Some(folder) = &options.receipts else { return Ok(Vec::new()) };
    let names = disk.list(folder).map_err(|source| AuditError::Io { path: folder.clone(), source })?;
    let read = |name: String| {
        let path: PathBuf = folder.join(&name);
        let bytes = required(disk, &path)?;
        ReceiptEvidence::parse(&name, &String::from_utf8_lossy(&bytes))
            .map_err(|error| AuditError::Receipt { path, error })
    };
    names.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_inside_is_told_where_the_audited_folder_is_where_we_stand() {
        let here = Some(Path::new(""));
        assert!(is_inside(here, Path::new("auditor.state")) && is_inside(here, Path::new("./src/lib.rs")));
        assert!(!is_inside(here, Path::new("../auditor.state")));
        assert!(!is_inside(None, Path::new("auditor.state")));
    }
}

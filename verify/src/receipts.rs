//! A folder of receipts (C2SP tlog-proof): what the ledger acknowledged to somebody who submitted.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vandel_ledger::disk::{Disk, read_all};

use crate::file::{FileOptions, Said, demand};
use crate::{Refusal, proof};

const ENDING: &str = ".tlog-proof";

#[derive(Serialize)]
struct Checked {
    #[serde(rename = "type")]
    kind: &'static str,
    receipts: Vec<proof::Checked>,
    not_looked_at: Vec<&'static str>,
}

/// The receipts in a folder that holds nothing else; none if it is a folder of another sort.
///
/// # Errors
/// If the folder cannot be listed.
pub fn in_folder(disk: &dyn Disk, folder: &Path) -> Result<Option<Vec<PathBuf>>, Refusal> {
    let mut names = disk.list(folder).map_err(|error| Refusal::file(folder, &error))?;
    names.sort();
    let all = !names.is_empty() && names.iter().all(|name| name.ends_with(ENDING));
    Ok(all.then(|| names.iter().map(|name| folder.join(name)).collect()))
}

/// Checks each receipt by the trust file; the first that does not hold is the verdict.
///
/// # Errors
/// [`Refusal`] with the receipt's file and record.
pub fn verify(
    disk: &dyn Disk,
    folder: &Path,
    files: &[PathBuf],
    brought: &FileOptions,
) -> Result<Said, Refusal> {
    let trust = brought.trust()?;
    let check = |file: &PathBuf| {
        let bytes = read_all(disk, file).map_err(|error| Refusal::file(file, &error))?;
        let name = file.display().to_string();
        let checked = proof::check(&name, &bytes, trust).and_then(|checked| {
            demand(brought, checked.anchor)?;
            Ok(checked)
        });
        checked.map_err(|refusal| Refusal { message: format!("{name}: {}", refusal.message), ..refusal })
    };
    let receipts = files.iter().map(check).collect::<Result<Vec<_>, _>>()?;
    let not_looked_at = "whether the log still holds these records: verify a copy of it with --receipts";
    let text = format!(
        "VERIFIED: {} receipt(s) in {}, each of a record in a tree that the log's key has signed\n\nnot looked at:\n  - {}",
        receipts.len(),
        folder.display(),
        not_looked_at
    );
    Said::of(&Checked { kind: "receipts_checked", receipts, not_looked_at: vec![not_looked_at] }, text)
}

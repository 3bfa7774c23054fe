//! The vectors of tiles folders, which `core/tests/vectors/` makes, judged by who reads folders.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use vandel_ledger::audit::{AuditError, AuditOptions, audit};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::tiles::{TilesEnd, TilesLog};
use vandel_tests::town::repository;

/// A folder's files by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn read(sort: &str) -> Vec<Value> {
    let text = std::fs::read(repository("schemas/vectors/v1").join(sort).join("tiles.json")).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn context<'c>(case: &'c Value, name: &str) -> Option<&'c str> {
    case["context"][name].as_str()
}

fn own_files(case: &Value) -> Files {
    let fields = case["fields"].as_array().unwrap();
    fields.iter().map(|one| (one[0].as_str().unwrap().to_owned(), unhex(one[1].as_str().unwrap()))).collect()
}

/// The files of a case, which may be a change of another.
fn files(case: &Value, folders: &BTreeMap<String, Files>) -> Files {
    let mut own = own_files(case);
    let Some(base) = context(case, "of").map(|of| &folders[of]) else { return own };
    if let (Some(from), Some(to)) = (context(case, "from"), context(case, "to")) {
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        for (path, bytes) in &mut own {
            *bytes = [&base[path][..from], bytes, &base[path][to..]].concat();
        }
    }
    let mut files = base.clone();
    files.extend(own);
    context(case, "remove").into_iter().for_each(|path| drop(files.remove(path)));
    files
}

/// Writes a folder.
pub(crate) fn write(folder: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// The exit code; and the refusal with block and record, as the vectors name it.
type Said = (u8, Option<(String, Option<u64>, Option<u64>)>);

fn judge(folder: &Path, trust: Option<&str>) -> Said {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let file = folder.with_extension("trust");
    trust.into_iter().for_each(|text| std::fs::write(&file, text).unwrap());
    let options =
        AuditOptions { place: folder.to_owned(), trust: trust.map(|_| file), ..AuditOptions::default() };
    let report = match audit(&disk, options, &mut |_| {}) {
        Ok(report) => report,
        Err(error @ AuditError::NoBlocks(_)) => return (error.exit_code(), None),
        Err(error) => panic!("{error}"),
    };
    let Some(finding) = report.findings.first() else { return (report.exit, None) };
    let name = match finding.code.as_str() {
        "log-damaged" => {
            let mut log = TilesLog::open(&*disk, folder);
            while log.next_block().unwrap().is_some() {}
            let TilesEnd::Damaged(fault) = log.end() else { panic!("{finding:?}, and the folder is whole") };
            fault.name().to_owned()
        }
        "checkpoint-root" => "Checkpoint.Differs".to_owned(),
        other => other.to_owned(),
    };
    (report.exit, Some((name, finding.block, finding.record)))
}

#[test]
fn every_folder_gets_its_verdict() {
    let (accepted, refused) = (read("accept"), read("reject"));
    let name = |case: &Value| case["name"].as_str().unwrap().to_owned();
    let folders = accepted.iter().map(|case| (name(case), own_files(case))).collect();
    let place = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (number, case) in accepted.iter().chain(&refused).enumerate() {
        let folder = place.path().join(number.to_string());
        write(&folder, &files(case, &folders));
        let error = &case["error"];
        let expected = match error["name"].as_str() {
            Some(name) => (3, Some((name.to_owned(), error["block"].as_u64(), error["record"].as_u64()))),
            None => (context(case, "exit").unwrap().parse().unwrap(), None),
        };
        let found = judge(&folder, context(case, "trust"));
        if found != expected {
            wrong.push(format!("{}: {expected:?} expected, {found:?} found", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted.len() >= 5 && refused.len() >= 30, "{} and {}", accepted.len(), refused.len());
    println!("deep: {} vectors of tiles folders, {} refused", accepted.len() + refused.len(), refused.len());
}

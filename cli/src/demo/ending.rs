//! The end of a demonstration: the real verifier on the real ledger, and on a copy that was touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vandel_core::verify::Report;

use super::{DemoError, Places, Tampering};
use crate::verify::{VerifyError, VerifyOptions};

fn audit(place: &Path, places: &Places, views: bool) -> Result<Report, VerifyError> {
    let options = VerifyOptions {
        place: place.to_owned(),
        trust: Some(places.trust()),
        state: Some(places.state()),
        views,
        ..VerifyOptions::default()
    };
    crate::verify::verify(options, &mut |_| {})
}

/// Verifies the ledger as its auditor would: with the trust file of the first day, and the published digests computed again.
pub(super) fn verify(places: &Places) -> Result<Report, DemoError> {
    Ok(audit(&places.home, places, true)?)
}

/// Copies what anybody may hold, changes one byte, and verifies again.
pub(super) fn tamper(places: &Places, keep: bool) -> Result<Tampering, DemoError> {
    let copy = places.auditor.join("tampered-copy");
    copy_folder(&places.home.join("log"), &copy.join("log"))?;
    fs::copy(places.home.join("public").join("checkpoint"), copy.join("checkpoint"))?;
    let (file, offset) = flip_a_byte(&copy.join("log"))?;
    let report = audit(&copy, places, false)?;
    if !keep {
        fs::remove_dir_all(&copy)?;
    }
    let first = report.findings.first();
    Ok(Tampering {
        file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        offset,
        record: first.and_then(|finding| finding.record),
        found: first.map_or_else(|| report.summary.clone(), |finding| finding.what.clone()),
        exit: report.exit,
        kept: keep.then_some(copy),
    })
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Flips the lowest bit of a byte in the middle of the first segment.
fn flip_a_byte(log: &Path) -> io::Result<(PathBuf, u64)> {
    let mut segments = fs::read_dir(log)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    segments.sort();
    let segment = segments.into_iter().next();
    let segment = segment.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the log has no segment"))?;
    let mut bytes = fs::read(&segment)?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    fs::write(&segment, &bytes)?;
    Ok((segment, middle as u64))
}

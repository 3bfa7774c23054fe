//! Views that are corrupted, foreign or half written are noticed, set aside and built anew.

use std::fs;
use std::path::{Path, PathBuf};

use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_projector::{ProjectError, Projector, ReadOnly, Settings, Source};

use crate::fresh_digest;
use crate::lively::Lively;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn put_back(saved: &Path, view: &Path) {
    if view.exists() {
        fs::remove_dir_all(view).unwrap();
    }
    copy(saved, view);
}

fn lively(seed: u8, actions: usize) -> Lively {
    let mut lively = Lively::found(seed);
    (0..actions).for_each(|_| lively.act());
    lively
}

#[test]
fn whatever_is_done_to_any_file_the_view_comes_back_the_same() {
    let mut lively = lively(3, 30);
    let digest = fresh_digest(&lively);
    drop(lively.projector());
    let view = lively.world.home.views().join("projection");
    let saved = tempfile::tempdir().unwrap();
    copy(&view, saved.path());
    let names: Vec<PathBuf> =
        files(saved.path()).iter().map(|path| path.strip_prefix(saved.path()).unwrap().to_owned()).collect();
    let (mut damages, mut healed) = (0, 0);
    for name in &names {
        let bytes = fs::read(saved.path().join(name)).unwrap();
        let mut variants: Vec<Option<Vec<u8>>> =
            vec![None, Some(Vec::new()), Some(bytes[..bytes.len() / 2].to_vec())];
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for part in 0..12 {
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(used * part / 12) {
                *byte ^= 0x10;
                variants.push(Some(flipped));
            }
        }
        variants.push(Some(vec![0xA5; bytes.len()]));
        for variant in variants {
            put_back(saved.path(), &view);
            match variant {
                Some(bytes) => fs::write(view.join(name), bytes).unwrap(),
                None => fs::remove_file(view.join(name)).unwrap(),
            }
            let mut projector = lively.projector();
            let source = lively.source();
            assert_eq!(projector.digest(&source).unwrap(), digest, "{}", name.display());
            assert_eq!(projector.position().records, source.chain.size());
            damages += 1;
            healed += usize::from(!projector.take_notes().is_empty());
        }
    }
    let aside = lively.world.home.views().join("projection.set-aside");
    assert!(aside.exists() && healed > 0);
    eprintln!("{damages} damages to {} files: {healed} set aside, the others harmless", names.len());
}

#[test]
fn a_view_of_another_ledger_or_of_the_future_is_set_aside() {
    let mut ours = lively(4, 20);
    let mut theirs = lively(5, 20);
    let digest = fresh_digest(&ours);
    drop(theirs.projector());
    let view = ours.world.home.views().join("projection");
    put_back(&theirs.world.home.views().join("projection"), &view);
    let mut projector = ours.projector();
    assert_eq!(projector.take_notes().len(), 1);
    assert_eq!(projector.digest(&ours.source()).unwrap(), digest);
    drop(projector);

    fs::remove_dir_all(&view).unwrap();
    fs::write(&view, b"no folder at all").unwrap();
    let mut projector = ours.projector();
    assert_eq!(projector.take_notes().len(), 1);
    assert_eq!(projector.digest(&ours.source()).unwrap(), digest);
}

#[test]
fn a_process_killed_between_batches_goes_on_from_whole_batches() {
    let mut lively = Lively::found(6);
    let mut projector = lively.projector();
    let view = lively.world.home.views().join("projection");
    let mut killed = 0;
    for _ in 0..12 {
        (0..4).for_each(|_| lively.act());
        projector.catch_up(&lively.source()).unwrap();
        // What a kill leaves: the files as they are now, nothing flushed.
        let crash = tempfile::tempdir().unwrap();
        copy(&view, crash.path());
        drop(projector);
        put_back(crash.path(), &view);
        (0..2).for_each(|_| lively.act());
        projector = lively.projector();
        assert_eq!(projector.digest(&lively.source()).unwrap(), fresh_digest(&lively));
        killed += 1;
    }
    eprintln!("{killed} kills");
}

/// Where the blocks of a segment lie (`docs/format.md`, section 5.4): from the frame's beginning, with its length.
fn frames(segment: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut frames) = (52, Vec::new());
    while let Some(length) = segment.get(at + 12..at + 16) {
        let len = 20 + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        frames.push((at, len));
        at += len;
    }
    frames
}

/// The second reading of the log must find what the first has judged, to the last byte: also in signatures, which no
/// record's hash covers.
#[test]
fn a_block_that_is_another_when_it_is_folded_than_when_it_was_judged_is_refused() {
    let lively = lively(5, 12);
    let (disk, home) = (lively.world.disk.clone(), &lively.world.home);
    let judged = ReadOnly::open(disk.clone(), home, None).unwrap();
    let other = tempfile::tempdir().unwrap();
    copy(home.root(), other.path());
    let other = Home::new(other.path().to_owned());
    let segment = files(&other.log()).remove(0);
    let bytes = fs::read(&segment).unwrap();
    let fold = || {
        let log = HomeLog::open(&disk, &other).unwrap();
        let source = Source::of_home(judged.source().chain, judged.source().vault, &log);
        Projector::in_memory(&source, Settings::default()).map(drop)
    };
    fold().unwrap();
    let frames = frames(&bytes);
    for (at, len) in &frames {
        let mut changed = bytes.clone();
        changed[at + len - 1] ^= 1; // the block's signature
        let sum =
            crc32c::crc32c_append(crc32c::crc32c(&changed[at + 4..at + 16]), &changed[at + 20..at + len]);
        changed[at + 16..at + 20].copy_from_slice(&sum.to_be_bytes());
        fs::write(&segment, &changed).unwrap();
        assert!(matches!(fold(), Err(ProjectError::NotTheChain)), "the block at byte {at}");
    }
    assert!(frames.len() > 10, "{} blocks", frames.len());
}

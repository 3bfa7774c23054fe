//! A real process that rotates and erases on a real disk, killed (SIGKILL) before each of its changes to it: whoever
//! comes after finishes it, and the end is the same.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use vandel_ledger::disk::RealDisk;
use vandel_ledger::home::Home;
use vandel_ledger::opening;
use vandel_tests::erasure_scene::{LATER, check, fill, go_on, ledger_at, plan};
use vandel_tests::small_ledger::NOON;

/// How many changes are tried unless `VANDEL_DEEP` asks for each.
const SHALLOW: u64 = 16;

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn an_eraser_killed_before_any_change_to_the_disk_leaves_nothing_half() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template");
    let ledger = ledger_at(Arc::new(RealDisk), Home::new(&template), NOON);
    let (sequencer, living) = fill(&ledger);
    let plan = plan(&sequencer);
    drop(sequencer);
    let run = |name: &str, at: u64| {
        let home = folder.path().join(name);
        copy_folder(&template, &home);
        let ran = Command::new(env!("CARGO_BIN_EXE_eraser")).arg(&home).arg(at.to_string()).output().unwrap();
        (home, ran)
    };
    let (_, whole) = run("whole", u64::MAX);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let changes: u64 = String::from_utf8(whole.stdout).unwrap().trim().parse().unwrap();
    assert!(changes > 20, "the erasure changes too little to have been looked at: {changes}");

    let step = if std::env::var_os("VANDEL_DEEP").is_some() { 1 } else { changes.div_ceil(SHALLOW) };
    let mut trials = 0;
    for at in (1..=changes).step_by(usize::try_from(step).unwrap()) {
        let (home, ran) = run(&at.to_string(), at);
        assert_eq!(ran.status.signal(), Some(9), "{at}: {}", String::from_utf8_lossy(&ran.stderr));
        let ledger = ledger_at(Arc::new(RealDisk), Home::new(&home), LATER);
        let mut open = opening::open(&ledger.home, ledger.opening()).unwrap();
        go_on(&mut open.sequencer, &plan);
        check(&open.sequencer, &plan, &living);
        open.close().unwrap();
        let again = opening::open(&ledger.home, ledger.opening()).unwrap();
        check(&again.sequencer, &plan, &living);
        drop(again);
        std::fs::remove_dir_all(home).unwrap();
        trials += 1;
    }
    println!("deep: {trials} trials of an eraser killed, of {changes} changes to the disk");
}

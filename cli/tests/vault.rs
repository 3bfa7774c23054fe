//! What a vault's audit finds in the vault and in copies of it, and a root cell under a passphrase.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;
mod story;

use runner::Ledger;
use story::{DUE, Story, carry_out};

fn end(ran: &runner::Ran) -> serde_json::Value {
    ran.lines().pop().unwrap()
}

#[test]
fn an_old_root_cell_and_a_damaged_bundle_are_found() {
    let story = Story::closed_case();
    story.ledger.copy("home/vault", "before");
    carry_out(&story);
    let audit = |arguments: &[&str]| story.on(DUE, &[&["vault", "audit"], arguments].concat());
    let alone = audit(&[]).ok();
    assert_eq!((&end(&alone)["records_damaged"], &end(&alone)["damage"]), (&0.into(), &0.into()));
    assert!(
        end(&alone)["records_erased"].as_u64().unwrap() >= 3 && end(&alone)["keys"].as_u64().unwrap() > 0
    );
    assert!(end(&alone)["assurance"].as_str().unwrap().starts_with("best effort"));
    let listed = audit(&["--keys"]).ok().lines();
    assert_eq!(listed.len() as u64 - 1, end(&alone)["keys"].as_u64().unwrap());

    // Of the copy made before, only the old root cell undoes what was erased; the blobs alone are noise.
    let copy = audit(&["before"]);
    copy.exits(3);
    let undoes: Vec<_> = copy.lines().into_iter().filter(|line| line["undoes_erasure"] == true).collect();
    assert_eq!(undoes.len(), 1, "{undoes:?}");
    assert_eq!((&undoes[0]["looks_like"], &undoes[0]["forgotten_keys"]), (&"root-cell".into(), &0.into()));
    std::fs::remove_file(story.ledger.path("before/root.cell")).unwrap();
    assert_eq!(end(&audit(&["before"]).ok())["blobs_that_undo"], 0);

    let bundle = story.ledger.path("home/vault/bundle-0");
    let mut bytes = std::fs::read(&bundle).unwrap();
    bytes.iter_mut().step_by(32).for_each(|byte| *byte ^= 1);
    std::fs::write(&bundle, bytes).unwrap();
    let damaged = audit(&[]);
    damaged.exits(3);
    assert!(damaged.lines().iter().any(|line| line["type"] == "damage"));
    audit(&["nowhere"]).exits(7);
}

#[test]
fn a_root_cell_under_a_passphrase_is_asked_for_by_every_command() {
    let ledger = Ledger::nowhere();
    std::fs::write(ledger.path("root.txt"), "korrekt häst batteri\n").unwrap();
    std::fs::write(ledger.path("wrong.txt"), "fel häst\n").unwrap();
    let init = ["init", "--generate-keys", "keys", "--root-cell", "passphrase"];
    ledger.run(&init).exits(6);
    let with = |file: &'static str, arguments: &[&'static str]| {
        ledger.run(&[&["--json", "--root-passphrase-file", file], arguments].concat())
    };
    with("root.txt", &init).ok();
    let cell = std::fs::read(ledger.path("home/vault/root.cell")).unwrap();
    assert!(cell.starts_with(b"VVs1"));

    let bare = ledger.run(&["--json", "retention", "due"]);
    bare.exits(6);
    assert_eq!(bare.error()["code"], "root-passphrase-needed");
    let wrong = with("wrong.txt", &["vault", "audit"]);
    assert!(!wrong.error().to_string().contains("häst"));
    with("root.txt", &["verify", "--trust", "home/public/trust.policy"]).ok();
    let audit = with("root.txt", &["vault", "audit"]).ok();
    assert_eq!(end(&audit)["root_cell"], "sealed-file");
    assert!(end(&audit)["assurance"].as_str().unwrap().starts_with("best effort"));

    // Backups too: made, verified where they lie, and restored, each with the passphrase.
    let make = ["backup", "create", "--to", "data", "--keys-to", "kept", "--with-root-cell"];
    let bare = ledger.run(&[&["--json"], &make[..]].concat());
    assert_eq!((bare.exits(6), &bare.error()["code"]), ((), &"root-passphrase-needed".into()));
    with("root.txt", &make).ok();
    let from = ["1", "--from", "data", "--keys-from", "kept"];
    let verify = [&["backup", "verify"], &from[..], &["--trust", "home/public/trust.policy"]].concat();
    assert_eq!(with("root.txt", &verify).ok().lines()[0]["report"]["levels"][1]["verdict"], "passed");
    let restore = [&["--memory", "home/memory", "backup", "restore"], &from[..]].concat();
    let restored = |file: &'static str, home: &'static str| {
        let to = ["--json", "--root-passphrase-file", file, "--home", home];
        ledger.run(&[&to[..], &restore].concat())
    };
    restored("wrong.txt", "wrong-home").exits(4);
    assert!(!ledger.path("wrong-home/vault").exists(), "found out before anything is written");
    assert_eq!(restored("root.txt", "other").ok().lines()[0]["serves"], true);
    let audit = ["--home", "other", "--memory", "home/memory", "vault", "audit"];
    assert_eq!(end(&with("root.txt", &audit).ok())["root_cell"], "sealed-file");
}

#[test]
fn the_files_of_a_backup_are_tried_whole() {
    let story = Story::closed_case();
    let make = ["backup", "create", "--to", "data", "--keys-to", "kept", "--with-root-cell"];
    story.on(DUE, &make).ok();
    carry_out(&story);
    let audit = story.on(DUE, &["vault", "audit", "data", "kept"]);
    audit.exits(3);
    let blobs: Vec<_> = audit.lines().into_iter().filter(|line| line["type"] == "blob").collect();
    let of = |name: &str| {
        let is = |line: &&serde_json::Value| line["path"].as_str().unwrap().ends_with(name);
        blobs.iter().find(is).unwrap_or_else(|| panic!("{name} was not tried: {blobs:?}"))
    };
    assert_eq!(of("generation-1-data/files/vault/bundle-0")["looks_like"], "bundle");
    assert_eq!(of("generation-1-keys/files/vault/root.cell")["undoes_erasure"], true);
    assert!(blobs.iter().all(|line| !line["path"].as_str().unwrap().contains("objects")), "{blobs:?}");
}

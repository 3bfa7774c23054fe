//! The binary in trouble: rollbacks, second writers, closed pipes, wrong usage.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;

use std::io::Read;
use std::process::Stdio;

use runner::Ledger;
use vandel_ledger::lock::HomeLock;

const ADOPT: [&str; 7] =
    ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen, dnr 1"];

#[test]
fn a_rollback_of_the_whole_home_is_found_by_whoever_signed() {
    let ledger = Ledger::found();
    ledger.copy("home", "old");
    ledger.two(&ADOPT).ok();
    ledger.copy("home", "new");
    // The memory was rolled back with everything else: the home alone looks sound.
    ledger.copy("old", "home");
    ledger.run(&["key", "list"]).ok();
    let error = ledger.two(&[&["--json"], &ADOPT[..]].concat());
    error.exits(3);
    assert_eq!(error.error()["code"], "rolled-back");
    let seen = "keys/administrator-1.pem.seen";
    let compared = ledger.run(&["--json", "checkpoint", "compare", seen]);
    compared.exits(3);
    assert_eq!(compared.error()["code"], "rolled-back");
    // A memory outside the home finds it without anybody's key.
    let outside = ledger.path("new/memory");
    ledger.run(&["--memory", outside.to_str().unwrap(), "key", "list"]).exits(3);
    ledger.run(&["--memory", outside.to_str().unwrap(), "directory", "add", "controller", "N"]).exits(3);
    // The true home still serves.
    ledger.copy("new", "home");
    ledger.run(&["checkpoint", "compare", seen]).ok();
}

#[test]
fn what_an_author_has_seen_is_kept_and_believed_only_with_its_signature() {
    let ledger = Ledger::found();
    let seen = ledger.path("keys/administrator-1.pem.seen");
    let before = std::fs::read_to_string(&seen).unwrap();
    ledger.two(&ADOPT).ok();
    let after = std::fs::read_to_string(&seen).unwrap();
    assert_ne!(before, after, "the receipt's checkpoint is remembered");
    let again = ["policy", "adopt", "se-2026", "--from", "2026-02-01", "--confirmed-by", "Juristen, dnr 2"];
    let size = after.lines().nth(1).unwrap();
    std::fs::write(&seen, after.replacen(&format!("\n{size}\n"), "\n999\n", 1)).unwrap();
    ledger.two(&again).exits(4);
    std::fs::write(&seen, "nonsense").unwrap();
    ledger.two(&again).exits(4);
    let other = Ledger::found();
    std::fs::copy(other.path("keys/administrator-1.pem.seen"), &seen).unwrap();
    ledger.two(&again).exits(9);
    std::fs::remove_file(&seen).unwrap();
    ledger.two(&again).ok();
}

#[test]
fn a_damaged_log_is_an_integrity_error_everywhere() {
    let ledger = Ledger::found();
    ledger.two(&ADOPT).ok();
    let segment = std::fs::read_dir(ledger.path("home/log")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    ledger.run(&["key", "list"]).exits(3);
    ledger.run(&["doctor"]).exits(3);
    ledger.run(&["verify", "--trust", "home/public/trust.policy"]).exits(3);
    ledger.two(&ADOPT).exits(3);
}

#[test]
fn a_second_writer_waits_its_turn_and_readers_do_not() {
    let ledger = Ledger::found();
    let held = HomeLock::acquire(&ledger.path("home")).unwrap();
    let refused = ledger.two(&[&["--json"], &ADOPT[..]].concat());
    refused.exits(9);
    assert_eq!(refused.error()["code"], "held");
    ledger.run(&["key", "list"]).ok();
    ledger.run(&["checkpoint", "show"]).ok();
    drop(held);
    ledger.two(&ADOPT).ok();
}

#[test]
fn a_folder_without_a_ledger_is_not_found_and_one_with_is_not_founded_again() {
    let ledger = Ledger::nowhere();
    for arguments in
        [&["key", "list"][..], &["doctor"], &["verify"], &["checkpoint", "show"], &["view", "status"]]
    {
        ledger.run(arguments).exits(7);
    }
    assert!(!ledger.path("home").exists(), "looking makes nothing");
    let ledger = Ledger::found();
    let init = ["init", "--admin-key", "keys/administrator-1.pem", "--second-admin-key"];
    ledger.run(&[&init[..], &["keys/administrator-2.pem"]].concat()).exits(9);
    ledger.run(&["--home", "b", "init", "--generate-keys", "b/keys"]).exits(2);
    let same = [&["--home", "c"], &init[..], &["keys/administrator-1.pem"]].concat();
    ledger.run(&same).exits(8);
    assert!(!ledger.path("c").exists());
}

#[test]
fn a_ledger_names_the_one_that_it_continues() {
    let ledger = Ledger::found();
    std::fs::write(ledger.path("last"), ledger.run(&["checkpoint", "show"]).ok().text()).unwrap();
    let init = ["--home", "next", "init", "--admin-key", "keys/administrator-1.pem", "--second-admin-key"];
    let predecessor = ["keys/administrator-2.pem", "--predecessor", "last"];
    ledger.run(&[&init[..], &predecessor].concat()).ok();
    ledger.run(&["--home", "next", "verify", "--trust", "next/public/trust.policy"]).ok();
    std::fs::write(ledger.path("last"), "nonsense").unwrap();
    let init = ["--home", "third", "init", "--generate-keys", "more", "--predecessor", "last"];
    ledger.run(&init).exits(2);
}

#[test]
fn proofs_are_made_and_checked_without_the_ledger() {
    let ledger = Ledger::found();
    ledger.two(&ADOPT).ok();
    let proof = ledger.run(&["proof", "inclusion", "2"]).ok().text();
    std::fs::copy(ledger.path("home/public/trust.policy"), ledger.path("trust")).unwrap();
    let check = |text: &str| {
        std::fs::write(ledger.path("p"), text).unwrap();
        ledger.run(&["--home", "nowhere", "--json", "proof", "check", "p", "--trust", "trust"])
    };
    let good = check(&proof).ok();
    assert_eq!((&good.lines()[0]["record"], &good.lines()[0]["anchor"]), (&2.into(), &"operator".into()));
    check(&proof.replace("index 2", "index 1")).exits(3);
    check(&proof.replace("index 2", "index 02")).exits(2);
    check(&proof.replace("tlog-proof@v1", "tlog-proof@v2")).exits(2);
    let hash = proof.lines().nth(3).unwrap();
    check(&proof.replacen(&format!("{hash}\n"), "", 1)).exits(3);
    std::fs::copy(Ledger::found().path("home/public/trust.policy"), ledger.path("trust")).unwrap();
    check(&proof).exits(4);
    ledger.run(&["proof", "inclusion", "99"]).exits(7);
    ledger.run(&["proof", "consistency", "2"]).ok();
    ledger.run(&["proof", "consistency", "99"]).exits(7);
}

#[test]
fn receipts_find_a_log_that_lost_a_record() {
    let ledger = Ledger::found();
    ledger.copy("home", "old");
    ledger.two(&[&ADOPT[..], &["--receipts", "receipts"]].concat()).ok();
    let verify = ["verify", "--trust", "home/public/trust.policy", "--receipts", "receipts"];
    ledger.run(&verify).ok();
    ledger.copy("old", "home");
    ledger.run(&verify).exits(3);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let ledger = Ledger::nowhere();
    for arguments in [
        &["policy", "show", "se-2026"][..],
        &["--json", "policy", "show", "se-2026"],
        &["completions", "zsh"],
    ] {
        let mut child =
            ledger.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    let ledger = Ledger::nowhere();
    for arguments in [
        &["nonsense"][..],
        &["key", "revoke", "x"],
        &["--as-of", "2026-02-30", "retention", "due"],
        &["--lang", "fr", "doctor"],
        &[
            "key",
            "enroll",
            "--request",
            "a",
            "--new-key",
            "b",
            "--role",
            "handler",
            "--key",
            "c",
            "--second",
            "d",
        ],
        &["key", "enroll", "--request", "a", "--role", "king", "--key", "c", "--second", "d"],
        &["key", "enroll", "--request", "a", "--role", "handler:N//A", "--key", "c", "--second", "d"],
    ] {
        ledger.run(arguments).exits(2);
        let json = ledger.run(&[&["--json"], arguments].concat());
        json.exits(2);
        assert_eq!(json.error()["code"], "usage", "{arguments:?}");
        assert_eq!(json.text(), "");
    }
    ledger.run(&["--help"]).exits(0);
    ledger.run(&["key", "enroll", "--help"]).exits(0);
    let clock = ledger.command(&["doctor"]).env("VANDEL_CLOCK", "yesterday").output().unwrap();
    assert_eq!(clock.status.code(), Some(2));
}

//! The auditor's second visit: what has come since, and two parties' copies of what the ledger said.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;

use runner::Ledger;
use serde_json::Value;

fn adopt(ledger: &Ledger, number: u32) {
    let by = format!("Juristen, dnr {number}");
    let from = format!("2026-01-{number:02}");
    ledger.two(&["policy", "adopt", "se-2026", "--from", &from, "--confirmed-by", &by]).ok();
}

fn keep(ledger: &Ledger, name: &str) {
    std::fs::copy(ledger.path("home/public/checkpoint"), ledger.path(name)).unwrap();
}

fn report(ledger: &Ledger, code: i32, more: &[&str]) -> Value {
    let ran = ledger.run(&[&["--json", "verify", "--trust", "trust.policy"], more].concat());
    ran.exits(code);
    serde_json::from_str(&ran.text()).unwrap()
}

fn count(report: &Value, name: &str) -> u64 {
    report["counts"][name].as_u64().unwrap()
}

#[test]
fn the_second_visit_verifies_what_has_come_since_and_proves_the_rest_unchanged() {
    let ledger = Ledger::found();
    std::fs::copy(ledger.path("home/public/trust.policy"), ledger.path("trust.policy")).unwrap();
    (1..5).for_each(|number| adopt(&ledger, number));
    let first = report(&ledger, 0, &["--state", "state"]);
    keep(&ledger, "kept");
    adopt(&ledger, 5);
    let whole = report(&ledger, 0, &[]);
    for since in [&["--since", "kept"][..], &["--state", "state", "--incremental"]] {
        let found = report(&ledger, 0, since);
        assert_eq!(found["anchor"]["kind"], "remembered", "{since:?}");
        assert_eq!(found["root"], whole["root"]);
        assert_eq!(count(&found, "signatures_before"), count(&first, "signatures"), "{since:?}");
        assert_eq!(
            count(&found, "signatures") + count(&found, "signatures_before"),
            count(&whole, "signatures"),
            "{since:?}"
        );
        assert!(count(&found, "signatures") > 0, "what has come since is verified");
        let text = found["not_looked_at"].to_string();
        assert!(text.contains("you have verified them before"), "{text}");
    }
    // The state has grown, so that the third visit has nothing left to verify.
    assert_eq!(count(&report(&ledger, 0, &["--state", "state", "--incremental"]), "signatures"), 0);
    // A checkpoint that lies with the log was kept by nobody: everything is verified.
    let inside = report(&ledger, 0, &["--since", "home/public/checkpoint"]);
    assert_eq!((count(&inside, "signatures_before"), &inside["anchor"]["kind"]), (0, &"operator".into()));
    ledger.run(&["verify", "--trust", "trust.policy", "--incremental"]).exits(2);
    // What was verified before and is not the same any more is found, although its signatures are not looked at.
    let segment = std::fs::read_dir(ledger.path("home/log")).unwrap().next().unwrap().unwrap().path();
    let sound = std::fs::read(&segment).unwrap();
    let mut trials = 0;
    for at in (0..sound.len() / 2).step_by(997) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&segment, bytes).unwrap();
        report(&ledger, 3, &["--since", "kept", "--level", "integrity"]);
        trials += 1;
    }
    assert!(trials > 20, "{trials}");
    std::fs::write(&segment, &sound).unwrap();
    report(&ledger, 0, &["--since", "kept"]);
}

#[test]
fn a_log_that_was_set_back_or_went_another_way_since_is_found() {
    let ledger = Ledger::found();
    std::fs::copy(ledger.path("home/public/trust.policy"), ledger.path("trust.policy")).unwrap();
    ledger.copy("home", "old");
    adopt(&ledger, 1);
    report(&ledger, 0, &["--state", "state"]);
    keep(&ledger, "kept");
    ledger.copy("home", "true");
    // Set back whole.
    ledger.copy("old", "home");
    for since in [&["--since", "kept"][..], &["--state", "state", "--incremental"]] {
        let found = report(&ledger, 3, since);
        assert_eq!(found["findings"][0]["code"], "records-missing");
    }
    // And gone another way from there: another history under the same keys.
    (2..4).for_each(|number| adopt_anew(&ledger, number));
    for since in [&["--since", "kept"][..], &["--state", "state", "--incremental"]] {
        report(&ledger, 3, since);
    }
    report(&ledger, 0, &[]);
}

/// As [`adopt`], by people who do not remember what they saw.
fn adopt_anew(ledger: &Ledger, number: u32) {
    for key in 1..3 {
        let _ = std::fs::remove_file(ledger.path(&format!("keys/administrator-{key}.pem.seen")));
    }
    adopt(ledger, number);
}

#[test]
fn two_parties_copies_tell_one_story_or_prove_that_there_are_two() {
    let ledger = Ledger::found();
    std::fs::copy(ledger.path("home/public/trust.policy"), ledger.path("trust.policy")).unwrap();
    adopt(&ledger, 1);
    keep(&ledger, "early");
    ledger.copy("home", "old");
    adopt(&ledger, 2);
    keep(&ledger, "mine");
    keep(&ledger, "same");
    let size: Value = serde_json::from_str(&ledger.run(&["--json", "checkpoint", "show"]).text()).unwrap();
    let proof = ledger.run(&["proof", "consistency", &early_size(&ledger)]);
    std::fs::write(ledger.path("proof"), proof.text()).unwrap();
    let compare = |code: i32, words: &[&str]| {
        let words = [&["--json", "checkpoint", "compare", "--trust", "trust.policy"], words].concat();
        let ran = ledger.run(&words);
        ran.exits(code);
        if code == 0 || code == 3 { serde_json::from_str(&ran.text()).unwrap() } else { ran.error() }
    };
    assert_eq!(compare(0, &["mine", "same"])["relation"], "same");
    assert_eq!(compare(4, &["early", "mine"])["code"], "no-consistency-proof");
    assert_eq!(compare(0, &["mine", "early", "--proof", "proof"])["relation"], "continues");
    // The same ledger, set back and led another way to the same size.
    ledger.copy("old", "home");
    adopt_anew(&ledger, 3);
    keep(&ledger, "theirs");
    let fork = compare(3, &["mine", "theirs"]);
    assert_eq!((&fork["relation"], &fork["first"]["size"]), (&"fork".into(), &size["size"]));
    for (side, file) in [("first", "mine"), ("second", "theirs")] {
        let note = std::fs::read_to_string(ledger.path(file)).unwrap();
        assert_eq!(fork[side]["note"], note, "the evidence is the signed note itself");
    }
    let said = ledger.run(&["checkpoint", "compare", "mine", "theirs", "--trust", "trust.policy"]);
    said.exits(3);
    assert!(said.text().starts_with("FORK"), "{}", said.text());
    // A proof between one history's sizes proves nothing about the other's.
    let longer = std::fs::read_to_string(ledger.path("proof")).unwrap();
    std::fs::write(ledger.path("junk"), longer.lines().take(1).collect::<String>()).unwrap();
    compare(2, &["early", "mine", "--proof", "junk"]);
    adopt_anew(&ledger, 4);
    keep(&ledger, "further");
    assert_eq!(compare(4, &["early", "further", "--proof", "proof"])["code"], "consistency-proof");
    // Signed by nobody we trust, or of another ledger.
    let other = Ledger::found();
    std::fs::copy(other.path("home/public/checkpoint"), ledger.path("foreign")).unwrap();
    assert_eq!(compare(4, &["mine", "foreign"])["code"], "not-signed");
    ledger.run(&["checkpoint", "compare", "mine", "theirs"]).exits(2);
}

fn early_size(ledger: &Ledger) -> String {
    std::fs::read_to_string(ledger.path("early")).unwrap().lines().nth(1).unwrap().to_owned()
}

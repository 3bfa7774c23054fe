//! What auditors ask, from the command line: logged on a live ledger, said to be unlogged on a copy.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;

use runner::{Ledger, Ran};
use serde_json::Value;

const DECIDER: [&str; 2] = ["--key", "decider.pem"];
const AUDITOR: [&str; 2] = ["--key", "auditor.pem"];

fn open(ledger: &Ledger, reference: &str, identity: &str) -> String {
    std::fs::write(ledger.path("identity"), identity).unwrap();
    let open = ["--json", "case", "open", "--role", "SCHOOL", "--board", "Nämnden", "--reference", reference];
    let opened = ledger.run(&[&open[..], &["--identity", "identity"], &DECIDER].concat()).ok();
    opened.lines()[0]["handle"].as_str().unwrap().to_owned()
}

/// A ledger with a closed school case, a held one, a protected one, and attempts to write too much.
fn story() -> (Ledger, String, String) {
    let ledger = Ledger::found();
    ledger.two(&["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen"]).ok();
    for role in ["decider", "auditor"] {
        let file = format!("{role}.pem");
        ledger.run(&["key", "new", &file, "--no-passphrase"]).ok();
        let name = if role == "decider" { "=cmd|' /C calc'!A0" } else { "<b>Revisor</b>" };
        ledger.two(&["key", "enroll", "--new-key", &file, "--name", name, "--role", role]).ok();
    }
    let assess = ["position", "assess", "--role", "SCHOOL", "--board", "Nämnden", "--need", "barn"];
    let references = ["--union-reference", "MBL 1", "--impact-reference", "DPIA 1"];
    ledger.run(&[&assess[..], &references, &DECIDER].concat()).ok();
    let closed = open(&ledger, "R1", "number: 19961010-9945\nsurname: A\ngiven name: B\n");
    let shown = ["case", "shown", &closed, "--issued", "2026-03-01", "--authenticity", "control-service"];
    for _ in 0..3 {
        ledger.run(&[&shown[..], &["--remark", "x"], &DECIDER].concat()).exits(8);
    }
    ledger.run(&[&shown[..], &DECIDER].concat()).ok();
    ledger.run(&[&["case", "close", &closed], &DECIDER[..]].concat()).ok();
    let held = open(&ledger, "R2", "number: not-yet-assigned\nsurname: C\ngiven name: D\n");
    let hold = ["hold", "place", &held, "--ground", "dispute", "--review", "2026-04-01"];
    ledger.run(&[&hold[..], &DECIDER].concat()).ok();
    let hidden = open(&ledger, "R3", "number: not-resident\nsurname: E\ngiven name: F\nprotected: yes\n");
    ledger.run(&[&["case", "show", &hidden, "--remark", "x"], &DECIDER[..]].concat()).ok();
    ledger.run(&[&["case", "show", &closed], &DECIDER[..]].concat()).ok();
    (ledger, closed, hidden)
}

fn table<'r>(report: &'r Value, code: &str) -> &'r Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().find(|table| table["code"] == code).unwrap()["rows"].as_array().unwrap()
}

fn audit(ledger: &Ledger, what: &[&str]) -> Ran {
    ledger.run(&[&["--json", "audit"], what].concat())
}

#[test]
fn every_question_is_answered_and_the_reading_is_logged() {
    let (ledger, closed, hidden) = story();
    let before = ledger.run(&["--json", "checkpoint", "show"]).ok().text();
    let report = audit(&ledger, &[&["conduct"], &AUDITOR[..]].concat()).ok().lines().remove(0);
    assert!(report["logged"].as_u64().is_some());
    assert_ne!(ledger.run(&["--json", "checkpoint", "show"]).ok().text(), before, "a record was appended");
    for code in ["no-ground", "extract", "start-before-check", "delegation", "over-documented", "other-rule"]
    {
        assert!(table(&report, code).is_empty(), "{code}: {report}");
    }
    let extract =
        report["tables"].as_array().unwrap().iter().find(|table| table["code"] == "extract").unwrap();
    assert!(extract["answer"].as_str().unwrap().contains("not checkable by law"), "{extract}");
    assert_eq!(table(&report, "refused")[0], serde_json::json!(["2026-03", "SCHOOL", "3"]));
    assert_eq!(table(&report, "documentation")[0], serde_json::json!(["SCHOOL", "note_only", "1", "0", "1"]));
    assert_eq!(table(&report, "holds").len(), 1);
    let looked = table(&report, "readings-to-review");
    let reasons: Vec<&str> = looked.iter().map(|row| row[5].as_str().unwrap()).collect();
    assert_eq!(reasons, ["protected identity", "handled or decided on after closing"]);
    assert_eq!(
        (looked[0][4].as_str(), looked[1][4].as_str()),
        (Some("(protected identity)"), Some(&*closed))
    );
    assert!(!report.to_string().contains(&hidden), "a protected identity is named to nobody");
    assert!(table(&report, "overdue").is_empty());
    let later = ["--as-of", "2030-01-01", "audit", "conduct", "--copy", "--json"];
    let late = ledger.run(&later).ok().lines().remove(0);
    let overdue: Vec<&Value> = table(&late, "overdue").iter().map(|row| &row[0]).collect();
    assert!(overdue.contains(&&Value::from(&*closed)), "{late}");
    assert!(late["logged"].is_null());
}

#[test]
fn a_copy_is_left_alone_and_the_report_says_so() {
    let (ledger, ..) = story();
    ledger.copy("home", "copy");
    let files = |name: &str| {
        let mut found: Vec<_> =
            std::fs::read_dir(ledger.path(name)).unwrap().map(|one| one.unwrap()).collect();
        found.sort_by_key(std::fs::DirEntry::file_name);
        found.iter().map(|one| std::fs::read(one.path()).unwrap()).collect::<Vec<_>>()
    };
    let before = files("copy/log");
    let ran = ledger.run(&["--home", "copy", "audit", "conduct", "--copy"]).ok();
    assert!(ran.text().contains("NOT logged"), "{}", ran.text());
    assert_eq!(files("copy/log"), before);
    audit(&ledger, &["conduct"]).exits(2);
}

#[test]
fn tables_carry_no_formula_and_no_markup() {
    let (ledger, ..) = story();
    let csv = ledger.run(&["audit", "conduct", "--copy", "--format", "csv"]).ok().text();
    assert!(csv.contains("'=cmd|"), "{csv}");
    let formula = |cell: &str| cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']);
    assert!(!csv.lines().flat_map(|line| line.split(',')).any(formula), "{csv}");
    let arguments = ["--lang", "sv", "audit", "conduct", "--copy", "--format", "html"];
    let page = ledger.run(&arguments).ok().text();
    assert!(page.contains("&lt;b&gt;Revisor&lt;/b&gt;") && !page.contains("<b>"), "{page}");
    assert!(page.contains("lang=\"sv\"") && page.contains("INTE loggad"));
    assert!(!page.contains("<script") && !page.contains("http"));
    let json = ledger.run(&["audit", "conduct", "--copy", "--format", "json"]).ok().text();
    assert!(serde_json::from_str::<Value>(&json).is_ok());
}

#[test]
fn hires_are_matched_by_line_and_only_counts_are_recorded() {
    let (ledger, ..) = story();
    let heading = "Personnummer;Efternamn;Förnamn;Befattning;Rollkod;Förvaltning;Startdatum;Rekryteringsärende;Anmärkning";
    let row = |number: &str, role: &str| format!("{number};A;B;Lärare;{role};Nämnden;2026-03-20;R1;");
    let good = format!("{heading}\n{}\n", row("19961010-9945", "SCHOOL"));
    std::fs::write(ledger.path("good.csv"), &good).unwrap();
    let report = audit(&ledger, &[&["reconcile", "--hires", "good.csv"], &AUDITOR[..]].concat()).ok();
    let report = report.lines().remove(0);
    assert_eq!(table(&report, "hires")[0], serde_json::json!(["SCHOOL", "checked", "1"]));
    assert!(
        report["logged"].as_u64().is_some() && report["remarks"][0].as_str().unwrap().contains("commitment")
    );
    let bad = format!("{good}{}\n{}\n", row("19900101-9802", "SCHOOL"), row("19900101-9802", "GARDENER"));
    std::fs::write(ledger.path("bad.csv"), bad).unwrap();
    let found = audit(&ledger, &["reconcile", "--hires", "bad.csv", "--copy"]);
    found.exits(3);
    let report = found.lines().remove(0);
    assert_eq!(table(&report, "hired-without-check")[0], serde_json::json!(["3", "SCHOOL", "no-case"]));
    assert!(!found.text().contains("9802"), "no cell is quoted");
    std::fs::write(ledger.path("open.csv"), format!("{heading}\n{}\n", row("19900101-9802", "GARDENER")))
        .unwrap();
    audit(&ledger, &["reconcile", "--hires", "open.csv", "--copy"]).exits(4);
}

#[test]
fn a_second_person_draws_the_same_sample() {
    let (ledger, ..) = story();
    std::fs::copy(ledger.path("home/public/checkpoint"), ledger.path("kept")).unwrap();
    let sample = |seed: &str, more: &[&str]| {
        let arguments = ["sample", "--seed", seed, "--count", "2", "--checkpoint", "kept"];
        audit(&ledger, &[&arguments[..], more].concat())
    };
    let first = sample("7 14 21", &AUDITOR).ok().lines().remove(0);
    let second = sample("7 14 21", &["--copy"]).ok().lines().remove(0);
    assert_eq!(first["tables"], second["tables"], "another size of the log changes nothing");
    assert_eq!(table(&first, "drawn").len(), 2);
    let ranks = |report: &Value| table(report, "drawn").iter().map(|row| row[3].clone()).collect::<Vec<_>>();
    assert_ne!(ranks(&first), ranks(&sample("7 14 22", &["--copy"]).ok().lines().remove(0)));
    sample(" ", &["--copy"]).exits(2);
}

#[test]
fn what_may_be_public_is_exported_and_nothing_sealed() {
    let (ledger, closed, _) = story();
    let lines = ledger.run(&["export", "jsonl"]).ok();
    assert!(!lines.text().contains(&closed));
    let lines = lines.lines();
    assert_eq!((&lines[0]["record"], &lines[0]["kind"]), (&0.into(), &"ledger_opened".into()));
    assert_eq!(lines.last().unwrap()["records"], lines.len() as u64 - 1);
    let csv = ledger.run(&["export", "csv", "--open-only"]).ok().text();
    assert!(csv.starts_with("record,time,hash,"), "{csv}");
    assert!(csv.lines().skip(1).all(|line| line.contains(",open,")));
    ledger.run(&["export", "tiles", "tiles"]).ok();
    let verified = ["verify", "tiles", "--trust", "home/public/trust.policy"];
    ledger.run(&verified).ok();
    ledger.run(&["export", "tiles", "keys"]).exits(9);
}

//! The rights of the person, the review of readings, the council's figures, and a backup's way there and back.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;
mod story;

use runner::Ran;
use story::{DECIDER, DUE, Story, carry_out};

const TODAY: &str = "2026-03-20";
const TRUST: [&str; 2] = ["--trust", "home/public/trust.policy"];

fn enroll(story: &Story, role: &str) {
    let file = format!("{role}.pem");
    story.ledger.run(&["key", "new", &file, "--no-passphrase"]).ok();
    let enroll = ["key", "enroll", "--new-key", &file, "--name", "Dora Ombud", "--role", role];
    story.ledger.two(&enroll).ok();
}

fn by_number(story: &Story, number: &str, more: &[&str]) -> Ran {
    std::fs::write(story.ledger.path("number"), number).unwrap();
    let report = ["subject", "report", "--number", "number"];
    story.on(TODAY, &[&report[..], more, &["--key", "data-protection-officer.pem"]].concat())
}

#[test]
fn a_person_is_told_everything_and_the_telling_is_recorded() {
    let story = Story::closed_case();
    enroll(&story, "data-protection-officer");
    let told = by_number(&story, "19961010-9945", &["--received", "2026-02-01"]).ok().lines().remove(0);
    assert_eq!((&told["answer_by"], &told["late"]), (&"2026-03-01".into(), &true.into()));
    let case = &told["cases"][0];
    assert_eq!(case["handle"], *story.handle);
    let identity = case["identity"].to_string();
    assert!(identity.contains("Kanariesson") && identity.contains("199610109945"), "{identity}");
    assert_eq!(case["steps"].as_array().unwrap().len(), 3);
    assert!(case["steps"][1]["held"].to_string().contains("shown"), "{case}");
    assert!(case["retention"].to_string().contains("note"), "{case}");
    // Its own reading stands in it, by role: a name is told only after a weighing, which is recorded.
    let reading = &case["readings"][0];
    assert_eq!(
        (&reading["purpose"], &reading["by"]),
        (&"subject-access".into(), &"data-protection-officer".into())
    );
    assert!(!told.to_string().contains("Dora"));
    let weighed =
        by_number(&story, "199610109945", &["--name-staff", "Nämnden 2026-17"]).ok().lines().remove(0);
    assert_eq!(weighed["staff_named_by"], "Nämnden 2026-17");
    assert!(weighed["cases"][0]["readings"].to_string().contains("Dora Ombud"));
    assert_eq!(weighed["cases"][0]["readings"].as_array().unwrap().len(), 2);
    assert!(
        weighed["cases"][0]["recipients"].to_string().contains("report"),
        "the first report is a copy somebody has"
    );
    // The page says the same, and writes over nothing.
    let page = ["--form", "html", "--out", "page.html"];
    std::fs::write(story.ledger.path("number"), "19961010-9945").unwrap();
    let html =
        ["--lang", "sv", "subject", "report", "--number", "number", "--key", "data-protection-officer.pem"];
    story.ledger.run(&[&html[..], &page].concat()).ok();
    let written = std::fs::read_to_string(story.ledger.path("page.html")).unwrap();
    assert!(
        written.starts_with("<!doctype html>")
            && written.contains("Kanariesson")
            && written.contains("artikel 15")
    );
    story.ledger.run(&[&html[..], &page].concat()).exits(5);
    story.ledger.run(&["verify", TRUST[0], TRUST[1]]).ok();
}

#[test]
fn a_search_without_a_hit_is_a_reading_too_and_readings_are_reviewed() {
    let story = Story::closed_case();
    enroll(&story, "data-protection-officer");
    let review = ["read", "list", "--key", "data-protection-officer.pem"];
    let count = |ran: Ran| ran.ok().lines().pop().unwrap()["readings"].as_u64().unwrap();
    let before = count(story.on(TODAY, &review));
    let nobody = by_number(&story, "19820321-9848", &[]);
    nobody.exits(7);
    assert_eq!(nobody.error()["code"], "nobody");
    // The review before, the search, and nothing else.
    assert_eq!(count(story.on(TODAY, &review)), before + 2);
    by_number(&story, "not a number", &[]).exits(2);
    story.on(TODAY, &[&["read", "list"], &DECIDER[..]].concat()).exits(6);
    let sample = story.on(TODAY, &[&review[..], &["--sample", "1"]].concat()).ok().lines();
    assert_eq!((sample.len(), &sample[0]["type"]), (2, &"reading".into()));
    let other_month = story.on(TODAY, &[&review[..], &["--month", "2026-02"]].concat());
    assert_eq!(count(other_month), 0);
}

#[test]
fn readings_of_another_month_are_due_by_themselves() {
    let story = Story::closed_case();
    let show = ["case", "show", &*story.handle];
    for day in ["2026-03-21", "2026-05-02", "2027-11-30"] {
        story.on(day, &[&show[..], &DECIDER].concat()).ok();
    }
    let due = |day: &str| {
        let lines = story.on(day, &["retention", "due"]).ok().lines();
        lines.iter().filter(|line| line["compartment"] == "reads").count()
    };
    assert_eq!((due("2028-03-20"), due("2028-03-21"), due("2028-05-02")), (0, 1, 2));
}

#[test]
fn figures_are_released_once_and_every_changed_byte_is_found() {
    let story = Story::closed_case();
    for number in 0..6 {
        story::open(&story.ledger, &format!("Q{number}"));
    }
    let admin = ["--key", "keys/administrator-1.pem"];
    let release = ["statistics", "release", "--from", "2026-03-01", "--until", "2026-03-31"];
    let early = story.on(TODAY, &[&release[..], &admin].concat());
    early.exits(8);
    assert_eq!(early.error()["code"], "statistics-period");
    let released = story.on("2026-04-02", &[&release[..], &admin].concat()).ok().lines().remove(0);
    let file = released["file"].as_str().unwrap().to_owned();
    assert_eq!(
        story.on("2026-04-02", &["statistics", "verify", &file]).ok().lines()[0]["record"],
        released["record"]
    );
    let text = std::fs::read_to_string(story.ledger.path(&file)).unwrap();
    assert!(text.contains("SCHOOL") && !text.contains("Kanariesson"), "{text}");
    story.on("2026-04-02", &[&release[..], &admin].concat()).exits(8);
    std::fs::write(story.ledger.path("changed.json"), text.replacen("SCHOOL", "SKOLAN", 1)).unwrap();
    story.on("2026-04-02", &["statistics", "verify", "changed.json"]).exits(3);
    let outcome =
        ["statistics", "release", "--sort", "outcome", "--from", "2026-03-01", "--until", "2026-03-31"];
    story.on("2026-06-01", &[&outcome[..], &admin].concat()).exits(8);
}

#[test]
fn a_backup_goes_there_and_back_and_the_erased_stays_erased() {
    let story = Story::closed_case();
    let create = ["backup", "create", "--to", "data", "--keys-to", "keyhalf", "--with-root-cell"];
    story.on(TODAY, &create).ok();
    let where_it_is = ["--from", "data", "--keys-from", "keyhalf"];
    let verify = ["backup", "verify", "1", TRUST[0], TRUST[1]];
    let verified = story.on(TODAY, &[&verify[..], &where_it_is].concat()).ok().lines().remove(0);
    assert_eq!((&verified["report"]["exit"], verified["damaged"].as_array().unwrap().len()), (&0.into(), 0));
    carry_out(&story);
    // The old vault beside the present log: refused by whatever opens it, and found by an audit.
    story.ledger.copy("home", "mixed");
    let restore = |home: &str, more: &[&str]| {
        let restore = ["--home", home, "backup", "restore", "1"];
        story.on(DUE, &[&restore[..], &where_it_is, more].concat())
    };
    restore("old", &["--memory", "nowhere"]).ok();
    story.ledger.copy("old/vault", "mixed/vault");
    let looked = story.on(DUE, &["--home", "mixed", "retention", "due"]);
    looked.exits(3);
    assert_eq!(looked.error()["code"], "vault-behind-erasure");
    let audited = story.on(DUE, &["verify", "mixed", TRUST[0], TRUST[1]]);
    audited.exits(3);
    assert!(audited.text().contains("vault-behind-erasure"), "{}", audited.text());
    // Alone it is behind the memory; with the log that was saved it comes back, without what was erased.
    let behind = restore("behind", &["--memory", "home/memory"]);
    behind.exits(3);
    assert_eq!(behind.error()["code"], "rolled-back");
    let back = restore("back", &["--memory", "home/memory", "--log", "home/log"]);
    if back.error_text().contains("payloads-lost") {
        // Readings came after the backup: their content is lost with the disk, and that is said.
        back.exits(3);
    } else {
        back.exits(0);
        // Looked at only: two homes under one memory must not both go on writing.
        let whole = ["verify", "back", TRUST[0], TRUST[1]];
        let report = story.on(DUE, &whole).ok().lines().remove(0);
        assert_eq!((&report["exit"], &report["counts"]["erased"]), (&0.into(), &3.into()));
    }
    let destroy = ["backup", "destroy", "1", "--key", "keys/administrator-1.pem"];
    story.on(DUE, &[&destroy[..], &where_it_is].concat()).ok();
    let list = story.on(DUE, &["backup", "list"]).ok().lines();
    assert_eq!(list.last().unwrap()["destroyed"], 2);
    story.on(DUE, &[&verify[..], &where_it_is].concat()).exits(7);
}

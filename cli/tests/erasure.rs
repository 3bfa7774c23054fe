//! From the calendar to the certificate: what may go, who must agree, and what is left of it.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;
mod story;

use runner::Ledger;
use story::{DECIDER, DUE, Story, carry_out, open, refused};

#[test]
fn a_case_goes_the_whole_way_and_nothing_of_it_is_left() {
    let story = Story::closed_case();
    let decision = story.decide(&["note", "case", "identity", "reads"]);
    let with_handles = ["retention", "plan", "--disposal", &*decision, "--out", "plan.json"];
    let keeper = ["--key", "keys/administrator-1.pem"];
    let seen = story.on(DUE, &[&with_handles[..], &keeper].concat()).ok().lines();
    assert!(seen[0]["handle"].is_null(), "who keeps the ledger opens no case");
    let planned = story.on(DUE, &[&with_handles[..], &DECIDER].concat()).ok().lines();
    let line = &planned[0];
    assert_eq!((&line["handle"], &line["records"]), (&(*story.handle).into(), &3.into()));
    let compartments: Vec<_> = line["compartments"].as_array().unwrap().iter().collect();
    let names: Vec<_> = compartments.iter().map(|one| one["compartment"].as_str().unwrap()).collect();
    assert_eq!(names, ["note", "process", "identity", "spine"], "what holds the rest comes last");
    assert!(compartments[0]["why"].to_string().contains("2026-03-20 + 2y = 2028-03-20"));
    let written = std::fs::read_to_string(story.ledger.path("plan.json")).unwrap();
    assert!(!written.contains(&story.handle), "a file that lies about holds no handle");

    let plan = planned.last().unwrap()["plans"][0].as_str().unwrap().to_owned();
    story.order(DUE, &plan).ok();
    story.approve(DUE, &plan).ok();
    let applied = story.apply(DUE, &plan).ok().lines().remove(0);
    assert_eq!((&applied["type"], &applied["resumed"]), (&"erasure_executed".into(), &false.into()));
    assert!(applied["assurance"].as_str().unwrap().starts_with("best effort"));
    let again = story.apply(DUE, &plan).ok().lines().remove(0);
    assert_eq!(again["type"], "erasure_already_executed");
    assert_eq!(again["executed"], applied["executed"]);

    let show = ["case", "show", &*story.handle];
    story.on(DUE, &[&show[..], &DECIDER].concat()).exits(7);
    let due = story.on(DUE, &["retention", "due"]).ok().lines();
    assert_eq!(due.last().unwrap()["count"], 0);
    let report = story.on(DUE, &["verify", "--trust", "home/public/trust.policy"]).ok().lines().remove(0);
    assert_eq!((&report["exit"], &report["counts"]["erased"]), (&0.into(), &3.into()));
}

#[test]
fn what_is_overdue_is_a_finding_and_a_violation_when_asked() {
    let story = Story::closed_case();
    let verify = ["verify", "--trust", "home/public/trust.policy"];
    for day in ["2028-03-19", DUE] {
        let report = story.on(day, &verify).ok().lines().remove(0);
        assert_eq!((&report["counts"]["overdue"], &report["findings_total"]), (&0.into(), &0.into()));
    }
    // The log is whole, and something must be done: the one verdict does not stand for the other.
    let report = story.on("2028-04-20", &verify).ok().lines().remove(0);
    assert_eq!((&report["verdict"], &report["exit"]), (&"passed".into(), &0.into()));
    assert!(report["summary"].as_str().unwrap().contains("1 overdue for erasure"), "{report}");
    let finding = &report["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"overdue".into(), &"notice".into()));
    assert!(report["levels"].as_array().unwrap().iter().all(|level| level["verdict"] == "passed"));

    let asked = |day: &str| story.on(day, &[&verify[..], &["--overdue"]].concat());
    asked(DUE).ok();
    let late = asked("2028-04-20");
    late.exits(3);
    let finding = late.lines().remove(0)["findings"][0].clone();
    assert_eq!((&finding["code"], &finding["level"]), (&"overdue".into(), &"conduct".into()));
    assert_eq!(finding["severity"], "violation");
    assert!(finding["what"].as_str().unwrap().contains("note"), "{finding}");
    assert_eq!(finding["expected"], "erased by 2028-04-19");
    // What a hold stops is not late.
    story.hold("2028-04-20");
    asked("2028-04-20").ok();
    assert_eq!(story.on("2028-04-20", &verify).ok().lines().remove(0)["findings_total"], 0);
}

#[test]
fn nothing_is_planned_without_a_decision_or_beyond_it() {
    let story = Story::closed_case();
    refused(&story.on(DUE, &["retention", "plan", "--disposal", "2"]), "no-disposal");
    let early = story.decide(&["note"]);
    refused(
        &story.on("2026-01-05", &["--as-of", "2026-01-05", "retention", "plan", "--disposal", &early]),
        "disposal-not-in-force",
    );
    let planned = story.on(DUE, &["retention", "plan", "--disposal", &early]).ok().lines();
    let lines: Vec<_> = planned.iter().filter(|line| line["type"] == "line").collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["compartments"].as_array().unwrap().len(), 1, "the note alone is covered");
    let left_out: Vec<_> = planned.iter().filter(|line| line["type"] == "left_out").collect();
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert!(left_out.iter().all(|line| line["reason"] == "not-covered" && line["handle"].is_null()));
}

#[test]
fn two_people_sign_one_plan_and_the_approval_expires() {
    let story = Story::closed_case();
    let decision = story.decide(&["note", "case", "identity"]);
    let plan = story.plan(DUE, &decision);
    let unknown = format!("sha256:{}", "0".repeat(64));
    refused(&story.order(DUE, &unknown), "no-plan");
    refused(&story.apply(DUE, &unknown), "no-plan");
    refused(&story.approve(DUE, &plan), "not-ordered");
    refused(&story.apply(DUE, &plan), "not-ordered");

    story.order(DUE, &plan).ok();
    refused(&story.apply(DUE, &plan), "not-approved");
    let itself = story.on(DUE, &["retention", "approve", "--plan", &plan, "--key", "handler.pem"]);
    refused(&itself, "same-person");
    let decider = story.on(DUE, &["retention", "approve", "--plan", &plan, "--key", "decider.pem"]);
    decider.exits(6);

    // An order that was made for another plan carries out neither.
    let other = story.plan(DUE, &decision);
    let [this, that] = [&plan, &other].map(|plan| {
        story.ledger.path("home/plans").join(format!("{}.order", plan.trim_start_matches("sha256:")))
    });
    std::fs::copy(this, that).unwrap();
    refused(&story.approve(DUE, &other), "order-of-another-plan");

    story.approve(DUE, &plan).ok();
    refused(&story.apply("2028-04-09", &plan), "approval-expired");
    refused(&story.approve("2028-04-09", &plan), "approval-expired");
    assert!(story.on("2028-04-09", &["retention", "due"]).ok().lines().len() > 1, "nothing has gone");
}

#[test]
fn a_hold_and_a_day_that_has_not_come_stop_a_plan_at_every_step() {
    let story = Story::closed_case();
    let decision = story.decide(&["note", "case", "identity"]);
    let early = ["--as-of", DUE, "retention", "plan", "--disposal", &*decision];
    let planned = story.on("2026-04-01", &early).ok().lines();
    let early = planned.last().unwrap()["plans"][0].as_str().unwrap().to_owned();
    refused(&story.order("2026-04-01", &early), "not-due");

    let plan = story.plan(DUE, &decision);
    story.order(DUE, &plan).ok();
    story.approve(DUE, &plan).ok();
    story.hold(DUE);
    refused(&story.apply(DUE, &plan), "held");
    refused(&story.order(DUE, &plan), "held");
    refused(&story.approve(DUE, &plan), "held");
    let planned = story.on(DUE, &["retention", "plan", "--disposal", &decision]).ok().lines();
    assert_eq!(planned.last().unwrap()["plans"].as_array().unwrap().len(), 0);
    let reasons: Vec<_> = planned.iter().filter(|line| line["reason"] == "held").collect();
    assert_eq!(reasons.len(), 3, "{planned:?}");
}

#[test]
fn a_persons_earlier_case_goes_whole_and_the_later_one_stays() {
    let story = Story::closed_case();
    let later = open(&story.ledger, "R2");
    carry_out(&story);
    let show = |handle: &str| story.on(DUE, &[&["case", "show", handle], &DECIDER[..]].concat());
    show(&story.handle).exits(7);
    let shown = show(&later).ok().lines().remove(0);
    assert_eq!(shown["surname"], "Kanariesson");
    story.on(DUE, &["verify", "--trust", "home/public/trust.policy"]).ok();
}

#[test]
fn a_stranger_checks_a_certificate_and_finds_every_change_in_it() {
    let story = Story::closed_case();
    let decision = story.decide(&["note", "case", "identity"]);
    let plan = story.plan(DUE, &decision);
    story.on(DUE, &["erasure", "certificate", &plan, "0"]).exits(7);
    story.order(DUE, &plan).ok();
    story.approve(DUE, &plan).ok();
    story.apply(DUE, &plan).ok();
    let certificate = story.on(DUE, &["erasure", "certificate", &plan, "0"]).ok();
    assert!(!certificate.text().contains(&story.handle));
    story.on(DUE, &["erasure", "certificate", &plan, "1"]).exits(7);
    for lang in ["sv", "en"] {
        let page = story.ledger.on(DUE, &["--lang", lang, "erasure", "certificate", &plan, "0"]).ok();
        assert!(page.text().contains(&plan) && page.text().contains("hr-file"));
    }
    let certificate = certificate.lines().remove(0);
    let verify = |certificate: &serde_json::Value, home: &str| {
        std::fs::write(story.ledger.path("certificate.json"), certificate.to_string()).unwrap();
        let check = ["erasure", "verify", "certificate.json", "--trust", "home/public/trust.policy"];
        story.on(DUE, &[&["--home", home], &check[..]].concat())
    };
    let at_home = verify(&certificate, "home").ok().lines().remove(0);
    assert_eq!((&at_home["home_looked_at"], &at_home["anchor"]), (&true.into(), &"operator".into()));
    let stranger = verify(&certificate, "nowhere").ok().lines().remove(0);
    assert_eq!(stranger["home_looked_at"], false);

    let change = |path: &str, value: serde_json::Value| {
        let mut changed = certificate.clone();
        *changed.pointer_mut(path).unwrap() = value;
        verify(&changed, "nowhere").exits(3);
    };
    change("/pseudonym", "0000000000000000".into());
    change("/compartments/0/compartment", "copy".into());
    change("/compartments/0/due", "2028-03-21".into());
    change("/records/0", 1.into());
    change("/plan/as_of", "2028-04-02".into());
    change("/plan/disposal", 9.into());
    change("/plan/line", 1.into());
    change("/plan/line_salt", "0".repeat(64).into());
    change("/ordered_by/key", certificate["approved_by"]["key"].clone());
    change("/approved_by/actor", certificate["ordered_by"]["actor"].clone());
    change("/started/time", "2028-04-02T12:00:00Z".into());
    change("/executed/bytes", certificate["started"]["bytes"].clone());
    change("/evidence/assurance", "certain".into());
    change("/evidence/epoch", 9.into());
    change("/evidence/keys", 9.into());
    change("/sinks/10/state", "destroyed".into());
    change("/sinks/6/state", "destroyed".into());
    change("/state", "completed".into());
    change("/executed/proof", serde_json::json!([]));

    // Another ledger's trust file vouches for nothing here.
    let other = Ledger::found();
    std::fs::copy(other.path("home/public/trust.policy"), story.ledger.path("other.policy")).unwrap();
    story.on(DUE, &["erasure", "verify", "certificate.json", "--trust", "other.policy"]).exits(4);
}

#[test]
fn a_certificate_does_not_hold_against_a_vault_that_still_has_the_keys() {
    let story = Story::closed_case();
    story.ledger.copy("home", "before");
    let plan = carry_out(&story);
    let certificate = story.on(DUE, &["erasure", "certificate", &plan, "0"]).ok().text();
    std::fs::write(story.ledger.path("certificate.json"), certificate).unwrap();
    std::fs::remove_dir_all(story.ledger.path("home/vault")).unwrap();
    story.ledger.copy("before/vault", "home/vault");
    let check = ["erasure", "verify", "certificate.json", "--trust", "home/public/trust.policy"];
    let found = story.on(DUE, &check);
    // No copy of the vault from before an erasure is opened at all, so nothing in it can be held against it.
    found.exits(3);
    assert_eq!(found.error()["code"], "vault-behind-erasure");
}

//! The officer's stop, the person's request, and the way from executed to completed, at the command line.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;
mod story;

use story::{DECIDER, DUE, Story, carry_out, open, refused};

const OFFICER: [&str; 2] = ["--key", "data-protection-officer.pem"];

fn enrol_officer(story: &Story) {
    let file = "data-protection-officer.pem";
    story.ledger.run(&["key", "new", file, "--no-passphrase"]).ok();
    let enroll = ["key", "enroll", "--new-key", file, "--actor", "new", "--role", "data-protection-officer"];
    story.ledger.two(&enroll).ok();
}

#[test]
fn a_stopped_plan_waits_for_the_officer_at_every_step_or_for_a_new_plan() {
    let story = Story::closed_case();
    enrol_officer(&story);
    let decision = story.decide(&["note", "case", "identity"]);
    let plan = story.plan(DUE, &decision);
    story.order(DUE, &plan).ok();
    story.approve(DUE, &plan).ok();
    let say = |verb: &'static str, who: [&'static str; 2]| {
        let say = ["retention", verb, "--plan", &*plan, "--reason", "Begäran om utlämnande väntar"];
        story.on(DUE, &[&say[..], &who].concat())
    };
    say("stop", ["--key", "handler.pem"]).exits(6);
    let stopped = say("stop", OFFICER).ok().lines().remove(0);
    assert_eq!(stopped["type"], "plan_stopped");
    for ran in [story.order(DUE, &plan), story.approve(DUE, &plan), story.apply(DUE, &plan)] {
        refused(&ran, "plan-stopped");
        assert_eq!(ran.error()["record"], stopped["record"]);
        assert!(!ran.error().to_string().contains("utlämnande"), "the reason is content");
    }
    let listed = story.on(DUE, &["retention", "plans"]).ok().lines();
    assert_eq!((&listed[0]["state"], &listed[0]["stopped"]), (&"stopped".into(), &stopped["record"]));
    // A new plan is the controller's answer: ordered and approved anew.
    let other = story.plan(DUE, &decision);
    story.order(DUE, &other).ok();
    say("release", ["--key", "controllers-delegate.pem"]).exits(6);
    say("release", OFFICER).ok();
    story.apply(DUE, &plan).ok();
    refused(&say("stop", OFFICER), "started-before");
    refused(&story.approve(DUE, &other), "plan-case-unknown");
    let done = story.on(DUE, &["retention", "done"]).ok().lines();
    assert_eq!((&done[0]["plan"], &done[0]["state"]), (&(*plan).into(), &"executed".into()));
}

#[test]
fn a_request_is_recorded_answered_in_a_month_and_carried_out_like_every_erasure() {
    let story = Story::closed_case();
    let (day, handle) = ("2026-06-01", &*story.handle);
    let decision = story.decide(&["note", "case", "identity"]);
    let ask = ["retention", "plan", "--disposal", &*decision, "--case", handle, "--ground", "request"];
    let ask = || story.on(day, &[&ask[..], &DECIDER].concat());
    // Not before it is recorded.
    refused(&ask(), "not-requested");
    let request = ["subject", "request", handle, "--received", "2026-05-31"];
    story.on("2026-05-30", &[&request[..], &DECIDER].concat()).exits(8);
    let keeper = ["--key", "keys/administrator-1.pem"];
    story.on(day, &[&request[..], &keeper].concat()).exits(6);
    let told = story.on(day, &[&request[..], &DECIDER].concat()).ok().lines().remove(0);
    assert_eq!((&told["answer_by"], &told["type"]), (&"2026-06-30".into(), &"erasure_requested".into()));
    assert_eq!(told["goes"], serde_json::json!(["note", "process", "identity", "spine"]));
    let state = |day: &str| {
        let rows = story.on(day, &["subject", "requests"]).ok().lines();
        assert!(rows[0]["handle"].is_null(), "no handle without a reading");
        rows[0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!((&*state(day), &*state("2026-07-01")), ("open", "late"));
    let point = |day: &str| {
        let points = story.on(day, &["doctor"]);
        let points = points.lines();
        points.iter().find(|point| point["check"] == "requests").unwrap()["state"].clone()
    };
    assert_eq!((point(day), point("2026-07-01")), ("weak".into(), "wrong".into()));

    // Refused, with its reason, which is shown to a recorded reader; then it is no ground.
    let refuse = ["subject", "refuse", handle, "--reason", "skollagen 2 kap. 32 § kräver anteckningen"];
    story.on(day, &[&refuse[..], &DECIDER].concat()).ok();
    story.on(day, &[&refuse[..], &DECIDER].concat()).exits(7);
    refused(&ask(), "not-requested");
    let rows = story.on(day, &[&["subject", "requests"], &DECIDER[..]].concat()).ok().lines();
    assert_eq!((&rows[0]["state"], &rows[0]["handle"]), (&"refused".into(), &handle.into()));
    assert!(rows[0]["reason"].as_str().unwrap().contains("skollagen"));

    // Asked for again, and granted: two people, one plan, before any clock has run out.
    story.on(day, &[&request[..], &DECIDER].concat()).ok();
    let planned = ask().ok().lines();
    assert_eq!(planned[0]["compartments"][0]["ground"], "request");
    let plan = planned.last().unwrap()["plans"][0].as_str().unwrap().to_owned();
    story.order(day, &plan).ok();
    refused(&story.apply(day, &plan), "not-approved");
    story.approve(day, &plan).ok();
    story.apply(day, &plan).ok();
    story.on(day, &[&["case", "show", handle], &DECIDER[..]].concat()).exits(7);
    assert_eq!(state("2026-07-01"), "erased");
    story.on(day, &["verify", "--trust", "home/public/trust.policy"]).ok();
}

#[test]
fn a_hold_refuses_a_request_and_nobody_withdraws_for_another() {
    let story = Story::closed_case();
    let decision = story.decide(&["note", "case", "identity"]);
    let (day, handle) = ("2026-06-01", &*story.handle);
    story.on(day, &[&["subject", "request", handle], &DECIDER[..]].concat()).ok();
    story.hold(day);
    let plan = |ground: &'static str, handle: &str| {
        let plan = ["retention", "plan", "--disposal", &*decision, "--case", handle, "--ground", ground];
        story.on(day, &[&plan[..], &DECIDER].concat())
    };
    let planned = plan("request", handle).ok().lines();
    let left: Vec<_> = planned.iter().filter(|line| line["reason"] == "held").collect();
    assert!(
        left.len() >= 2 && planned.last().unwrap()["plans"].as_array().unwrap().is_empty(),
        "{planned:?}"
    );
    plan("retention", handle).exits(2);

    // Note-only law lets nobody record that a candidate withdrew: two people answer for the ground.
    let later = open(&story.ledger, "R2");
    let planned = plan("withdrawal", &later).ok().lines();
    assert_eq!(planned[0]["compartments"][0]["ground"], "withdrawal");
}

#[test]
fn an_erasure_is_completed_when_every_older_copy_is_signed_for() {
    let story = Story::closed_case();
    let by = |arguments: &[&str], who: [&str; 2]| story.on(DUE, &[arguments, &who].concat());
    let add =
        ["sink", "add", "--kind", "root-cell-copy", "--place", "kassaskåp 2", "--expires", "2028-06-30"];
    let copy = by(&add, DECIDER).ok().lines().remove(0);
    let export = ["sink", "add", "--kind", "export", "--place", "Länsrätten", "--case", &*story.handle];
    let export = by(&export, DECIDER).ok().lines().remove(0);
    by(&["sink", "add", "--kind", "paper", "--place", "pärm"], DECIDER).exits(2);
    let (copy, export) = (copy["sink"].as_str().unwrap(), export["sink"].as_str().unwrap());

    let decision = story.decide(&["note", "case", "identity"]);
    let plan = story.plan(DUE, &decision);
    let complete = || {
        let complete = ["retention", "complete", "--plan", &*plan, "--second", "controllers-delegate.pem"];
        by(&complete, ["--key", "handler.pem"])
    };
    refused(&complete(), "not-executed");
    story.order(DUE, &plan).ok();
    story.approve(DUE, &plan).ok();
    story.apply(DUE, &plan).ok();
    refused(&complete(), "older-copies");
    let certificate = || story.on(DUE, &["erasure", "certificate", &plan, "0"]).ok().lines().remove(0);
    let executed = certificate();
    assert_eq!((&executed["state"], &executed["backup_horizon"]), (&"executed".into(), &"2028-06-30".into()));

    let end = |verb: &'static str, sink: &str, who: [&str; 2]| {
        by(&["sink", verb, sink, "--how", "destruerat enligt rutin 4"], who)
    };
    end("destroyed", &"0".repeat(32), DECIDER).exits(7);
    end("unreachable", copy, DECIDER).ok();
    end("unreachable", export, DECIDER).ok();
    refused(&complete(), "older-copies");
    end("destroyed", copy, DECIDER).ok();
    end("destroyed", copy, DECIDER).exits(9);
    let alone = ["retention", "complete", "--plan", &*plan, "--second", "handler.pem"];
    refused(&by(&alone, ["--key", "handler.pem"]), "same-person");
    let done = complete().ok().lines().remove(0);
    assert_eq!(done["type"], "erasure_completed");
    assert_eq!(complete().ok().lines()[0]["completed"], done["completed"]);
    // A sink that is made afterwards holds nothing of what went.
    by(&add, DECIDER).ok();

    let completed = certificate();
    assert_eq!((&completed["state"], completed["backup_horizon"].is_null()), (&"completed".into(), true));
    let verify = |certificate: &serde_json::Value| {
        std::fs::write(story.ledger.path("certificate.json"), certificate.to_string()).unwrap();
        let check = ["erasure", "verify", "certificate.json", "--trust", "home/public/trust.policy"];
        story.on(DUE, &[&["--home", "nowhere"], &check[..]].concat())
    };
    assert_eq!(verify(&completed).ok().lines()[0]["state"], "completed");
    let at = completed["sinks"].as_array().unwrap().iter().position(|sink| sink["sink"] == "root-cell-copy");
    let at = at.unwrap();
    let change = |path: &str, value: serde_json::Value| {
        let mut changed = completed.clone();
        *changed.pointer_mut(path).unwrap() = value;
        verify(&changed).exits(3);
    };
    change("/state", "executed".into());
    change("/completed/said_by/key", completed["completed"]["confirmed_by"]["key"].clone());
    change("/completed/record/bytes", completed["executed"]["bytes"].clone());
    change(&format!("/sinks/{at}/told"), "destruerat av någon".into());
    change(&format!("/sinks/{at}/sink"), "paper".into());
    change(&format!("/sinks/{at}/acknowledged"), completed["sinks"][at]["made"].clone());
    let mut without = completed.clone();
    without["sinks"].as_array_mut().unwrap().remove(at);
    verify(&without).exits(3);

    for (lang, title) in [("sv", "Gallringsintyg"), ("en", "Certificate of erasure")] {
        let arguments = ["--lang", lang, "erasure", "certificate", &*plan, "0", "--format", "html"];
        let page = story.ledger.on(DUE, &arguments).ok().text();
        assert!(page.starts_with("<!doctype html>") && page.contains(&format!("<html lang=\"{lang}\">")));
        assert!(page.contains(title) && page.contains(&plan) && page.contains("kassaskåp 2"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains(&story.handle));
    }
}

#[test]
fn a_policy_shows_what_it_would_move_before_it_is_adopted() {
    let story = Story::closed_case();
    let pack = story.ledger.run(&["policy", "show", "se-2026", "--text"]).ok().text();
    let same = story.on(DUE, &["retention", "moved", "se-2026", "--from", "2026-01-01"]).ok().lines();
    assert_eq!((same.len(), &same[0]["moved"]), (1, &0.into()));
    let longer = pack.replace("keep = \"2y\"", "keep = \"3y\"").replace("\"2y30d\"", "\"3y30d\"");
    std::fs::write(story.ledger.path("longer.toml"), longer).unwrap();
    let moved = story.on(DUE, &["retention", "moved", "longer.toml", "--from", "2026-01-01"]).ok().lines();
    let note = moved.iter().find(|line| line["compartment"] == "note").unwrap();
    assert_eq!((&note["before"], &note["after"]), (&"2028-03-20".into(), &"2029-03-20".into()));
    assert_eq!((&note["state_before"], &note["state_after"]), (&"due".into(), &"running".into()));
    let _ = carry_out(&story);
}

#[test]
fn a_request_for_access_is_listed_extended_in_time_and_answered_by_the_report() {
    let story = Story::closed_case();
    let handle = &*story.handle;
    let subject =
        |day: &str, arguments: &[&str]| story.on(day, &[&["subject"], arguments, &DECIDER[..]].concat());
    let listed = |day: &str| story.on(day, &["subject", "requests"]).ok().lines();
    // Nothing to extend or refuse before it is recorded.
    let why = ["--reason", "tre nämnder berörs"];
    subject("2026-04-01", &[&["extend", handle], &why[..]].concat()).exits(7);
    let asked = subject("2026-04-02", &["request", handle, "--right", "access", "--received", "2026-03-31"]);
    let asked = asked.ok().lines().remove(0);
    assert_eq!((&asked["type"], &asked["answer_by"]), (&"access_requested".into(), &"2026-04-30".into()));
    // It is no request for erasure.
    let decision = story.decide(&["note", "case", "identity"]);
    let plan = ["retention", "plan", "--disposal", &*decision, "--case", handle, "--ground", "request"];
    story.on("2026-04-02", &[&plan[..], &DECIDER].concat()).exits(8);
    let open = listed("2026-04-30");
    assert_eq!((&open[0]["right"], &open[0]["state"]), (&"access".into(), &"open".into()));
    let late = listed("2026-05-01");
    assert_eq!((&late[0]["state"], &late[1]["late"]), (&"late".into(), &1.into()));
    let doctor = story.on("2026-05-01", &["doctor"]);
    assert!(doctor.text().contains("1 past the day"), "{}", doctor.text());
    // Two months more: said within the first, with a reason, and once.
    refused(&subject("2026-05-01", &[&["extend", handle], &why[..]].concat()), "extension-too-late");
    let extended = subject("2026-04-30", &[&["extend", handle], &why[..]].concat()).ok().lines().remove(0);
    assert_eq!(extended["answer_by"], "2026-06-30");
    let open = listed("2026-06-30");
    assert_eq!((&open[0]["state"], &open[0]["extended"]), (&"open".into(), &true.into()));
    assert!(open[0]["handle"].is_null() && open[0]["reason"].is_null(), "content is shown to readers only");
    // The report answers it, by the month it came in, whatever file it goes to.
    std::fs::write(story.ledger.path("there.txt"), "").unwrap();
    subject("2026-06-15", &["report", handle, "--out", "there.txt"]).exits(5);
    assert_eq!(listed("2026-06-15")[0]["state"], "open", "nothing was given");
    let report = subject("2026-06-15", &["report", handle]).ok().lines().remove(0);
    assert_eq!((&report["received"], &report["late"]), (&"2026-03-31".into(), &false.into()));
    assert_eq!(listed("2027-01-01")[0]["state"], "answered");
    subject("2026-06-15", &[&["refuse", handle, "--right", "access"], &why[..]].concat()).exits(7);
    // The next one is refused, with its reason.
    subject("2026-07-01", &["request", handle, "--right", "access"]).ok();
    subject("2026-07-02", &["refuse", handle, "--right", "access", "--reason", "uppenbart ogrundad"]).ok();
    let shown = story.on("2026-07-02", &[&["subject", "requests"], &DECIDER[..]].concat()).ok().lines();
    assert_eq!((&shown[0]["state"], &shown[0]["reason"]), (&"refused".into(), &"uppenbart ogrundad".into()));
}

#[test]
fn why_is_told_in_swedish_too() {
    let story = Story::closed_case();
    let why = ["--lang", "sv", "retention", "why", &*story.handle];
    let told = story.ledger.on(DUE, &[&why[..], &DECIDER].concat()).ok();
    for part in ["notering", "att gallra", "startar tiden", "2 år", "sista dag att gallra"] {
        assert!(told.text().contains(part), "{part}: {}", told.text());
    }
}

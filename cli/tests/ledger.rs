//! The binary, from founding to verdict: what it refuses, with which exit code, and what it prints.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;

use runner::{Ledger, Ran};

/// The digits of a public key in a line of `key list --json`.
fn key_of(ledger: &Ledger, name: &str) -> String {
    let listed = ledger.run(&["--json", "key", "list", "--all"]).ok();
    let line = listed.lines().into_iter().find(|line| line["name"] == name).unwrap();
    line["key"].as_str().unwrap().to_owned()
}

#[test]
fn a_ledger_is_founded_staffed_and_verified() {
    let ledger = Ledger::found();
    ledger
        .two(&["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen, dnr 1"])
        .ok();
    ledger.run(&["directory", "add", "controller", "Utbildningsnämnden"]).ok();
    ledger.run(&["directory", "add", "unit", "Alfaskolan", "--controller", "utbildningsnämnden"]).ok();
    ledger.run(&["key", "new", "cilla.pem", "--no-passphrase"]).ok();
    let scope = "handler:Utbildningsnämnden/Alfaskolan";
    ledger.two(&["key", "enroll", "--request", "cilla.pem.request", "--name", "Cilla", "--role", scope]).ok();
    let decision = ["disposal", "adopt", "--body", "Nämnden", "--number", "§ 12", "--decided", "2026-01-10"];
    ledger.two(&[&decision[..], &["--class", "note", "--class", "case"]].concat()).ok();

    let listed = ledger.run(&["--json", "key", "list"]).ok();
    let lines = listed.lines();
    let cilla = lines.iter().find(|line| line["name"] == "Cilla").unwrap();
    assert_eq!(cilla["grants"][0]["place"], "Utbildningsnämnden/Alfaskolan");
    assert_eq!(lines.last().unwrap()["type"], "summary");
    assert_eq!(lines.last().unwrap()["count"], 4);

    let report = ledger.run(&["--json", "verify", "--trust", "home/public/trust.policy"]).ok();
    let report = &report.lines()[0];
    assert_eq!((&report["verdict"], &report["exit"]), (&"passed".into(), &0.into()));
    assert_eq!(report["anchor"]["kind"], "operator");
    let unanchored = ledger.run(&["verify", "home/log"]);
    unanchored.exits(4);

    let mut checks = ledger.run(&["--json", "doctor"]).ok().lines();
    let end = checks.pop().unwrap();
    assert_eq!((&end["type"], &end["wrong"]), (&"summary".into(), &0.into()));
    let memory = checks.iter().find(|check| check["check"] == "memory").unwrap();
    assert_eq!(memory["state"], "weak", "an embedded memory does not survive a rollback of the home");
}

#[test]
fn one_person_with_two_keys_is_one_person() {
    let ledger = Ledger::found();
    let anna = ledger.run(&["--json", "key", "list"]).ok().lines();
    let anna = anna.iter().find(|line| line["name"] == "Anna").unwrap()["actor"].as_str().unwrap().to_owned();
    ledger.run(&["key", "new", "anna-2.pem", "--no-passphrase", "--actor", &anna]).ok();
    ledger.two(&["key", "enroll", "--request", "anna-2.pem.request", "--role", "administrator"]).ok();
    let adopt = ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen, dnr 1"];
    let people = ["--key", "keys/administrator-1.pem", "--second", "anna-2.pem"];
    let refused = ledger.run(&[&["--json"], &adopt[..], &people[..]].concat());
    refused.exits(8);
    let error = refused.error();
    assert_eq!((&error["type"], &error["code"]), (&"error".into(), &"same-person".into()));
    assert!(error["next"].as_str().unwrap().contains("--second"), "{error}");
    let same = ["--key", "keys/administrator-1.pem", "--second", "keys/administrator-1.pem"];
    ledger.run(&[&adopt[..], &same[..]].concat()).exits(8);
    assert!(ledger.run(&["policy", "show"]).error_text().contains("no-policy"), "nothing was adopted");
}

#[test]
fn whoever_may_not_is_told_so() {
    let ledger = Ledger::found();
    let adopt = ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen, dnr 1"];
    ledger.run(&["key", "new", "stranger.pem", "--no-passphrase"]).ok();
    let stranger = ["--key", "stranger.pem", "--second", "keys/administrator-2.pem"];
    ledger.run(&[&adopt[..], &stranger[..]].concat()).refused(6, "key");
    ledger.run(&["key", "new", "cilla.pem", "--no-passphrase"]).ok();
    ledger.two(&["key", "enroll", "--request", "cilla.pem.request", "--role", "handler"]).ok();
    let handler = ["--key", "keys/administrator-1.pem", "--second", "cilla.pem"];
    ledger.run(&[&adopt[..], &handler[..]].concat()).refused(6, "role");
    let last = key_of(&ledger, "Anna");
    ledger.two(&["key", "revoke", &last, "--reason", "lost"]).refused(8, "last-administrators");
    ledger.two(&["key", "revoke", "0000000000", "--reason", "lost"]).refused(7, "unknown-key");
    ledger.two(&["key", "enroll", "--request", "cilla.pem", "--role", "handler"]).refused(2, "not-a-request");
}

#[test]
fn a_request_serves_the_ledger_and_the_person_it_names() {
    let (ledger, other) = (Ledger::found(), Ledger::found());
    let file = other.path("x.pem");
    other.run(&["key", "new", "x.pem", "--no-passphrase"]).ok();
    let request = format!("{}.request", file.display());
    let enroll = ["key", "enroll", "--request", &request, "--role", "handler"];
    ledger.two(&enroll).refused(2, "request-ledger");
    let actor = "ab".repeat(16);
    other.two(&[&enroll[..], &["--actor", &actor]].concat()).refused(2, "request-actor");
    let text = std::fs::read_to_string(&request).unwrap();
    let forged = text.replace("\"possession\": \"", "\"possession\": \"00").replacen("\"\n}", "", 1);
    let cut = forged.trim_end().strip_suffix(char::is_alphanumeric).unwrap().to_owned();
    std::fs::write(&request, format!("{}\"\n}}", &cut[..cut.len() - 1])).unwrap();
    other.two(&enroll).refused(6, "possession");
}

#[test]
fn keys_rotate_and_end() {
    let ledger = Ledger::found();
    ledger.run(&["key", "new", "cilla.pem", "--no-passphrase"]).ok();
    ledger
        .two(&[
            "key",
            "enroll",
            "--request",
            "cilla.pem.request",
            "--name",
            "Cilla",
            "--role",
            "administrator",
        ])
        .ok();
    let old = key_of(&ledger, "Cilla");
    let prefix = &old[..12];
    ledger.run(&["key", "new", "cilla-2.pem", "--no-passphrase"]).ok();
    ledger.two(&["key", "rotate", prefix, "--new-key", "cilla-2.pem"]).ok();
    let states: Vec<_> = ledger
        .run(&["--json", "key", "list", "--all"])
        .ok()
        .lines()
        .iter()
        .filter(|line| line["name"] == "Cilla")
        .map(|line| line["state"].as_str().unwrap().to_owned())
        .collect();
    assert!(states.contains(&"active".to_owned()) && states.contains(&"rotated".to_owned()), "{states:?}");
    let adopt = ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen, dnr 1"];
    let with = |key: &'static str| ["--key", "keys/administrator-1.pem", "--second", key];
    ledger.run(&[&adopt[..], &with("cilla.pem")].concat()).refused(6, "key");
    ledger.run(&[&adopt[..], &with("cilla-2.pem")].concat()).ok();
    ledger.two(&["key", "revoke", prefix, "--reason", "lost"]).exits(6);
    let new = ["key", "revoke", &key_of(&ledger, "Bo"), "--reason", "compromised", "--suspect-since"];
    ledger.two(&[&new[..], &["1969-12-31"]].concat()).refused(2, "day-too-early");
    let people = ["--key", "keys/administrator-1.pem", "--second", "cilla-2.pem"];
    ledger.run(&[&new[..], &["2026-03-01"], &people].concat()).ok();
    let bo = ledger.run(&["--json", "key", "list", "--all"]).ok().lines();
    let bo = bo.into_iter().find(|line| line["name"] == "Bo").unwrap();
    assert_eq!(
        (&bo["state"], &bo["suspect_since"]),
        (&"revoked: compromised".into(), &"2026-03-01T00:00:00Z".into())
    );
}

#[test]
fn passphrases_come_from_files_and_never_from_arguments() {
    let ledger = Ledger::found();
    std::fs::write(ledger.path("right"), "korrekt häst\nmore\n").unwrap();
    std::fs::write(ledger.path("wrong"), "fel häst\n").unwrap();
    std::fs::write(ledger.path("empty"), "\n").unwrap();
    ledger.run(&["key", "new", "k.pem", "--passphrase-file", "right"]).ok();
    assert!(std::fs::read_to_string(ledger.path("k.pem")).unwrap().contains("ENCRYPTED"));
    ledger.run(&["key", "new", "k.pem", "--passphrase-file", "right"]).exits(5);
    ledger.run(&["key", "request", "k.pem", "--passphrase-file", "right"]).ok();
    ledger.run(&["key", "request", "k.pem", "--passphrase-file", "wrong"]).refused(6, "wrong-passphrase");
    ledger.run(&["key", "request", "k.pem", "--passphrase-file", "empty"]).refused(2, "passphrase-file");
    ledger.run(&["key", "request", "k.pem"]).refused(6, "passphrase-needed");
    ledger.run(&["key", "new", "n.pem"]).refused(2, "passphrase-needed");
    ledger.run(&["key", "request", "k.pem", "--passphrase", "x"]).exits(2);
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(ledger.path("k.pem"), everybody).unwrap();
    let exposed = ledger.run(&["--json", "key", "request", "k.pem", "--passphrase-file", "right"]);
    exposed.refused(6, "key-exposed");
    assert_eq!(exposed.error()["next"], "chmod 600 k.pem");
    let missing = ledger.run(&["--json", "key", "request", "nowhere.pem"]);
    missing.refused(7, "file");
    assert!(missing.error()["next"].as_str().unwrap().contains("vandel key new"), "{:?}", missing.error());
}

#[test]
fn languages_differ_and_codes_do_not() {
    let ledger = Ledger::found();
    let swedish = ledger.run(&["--lang", "sv", "policy", "show"]);
    swedish.refused(7, "no-policy");
    assert!(swedish.error_text().starts_with("fel: inget regelpaket gäller"), "{}", swedish.error_text());
    let english = ledger.run(&["--lang", "en", "policy", "show"]);
    english.refused(7, "no-policy");
    assert!(english.error_text().starts_with("error: no policy applies"), "{}", english.error_text());
    let shown = ledger.run(&["--lang", "sv", "policy", "show", "se-2026"]).ok();
    assert!(shown.text().contains("[lokalt val]") && shown.text().contains("[overifierat]"));
    assert!(shown.text().contains("en jurist hos myndigheten bekräftar"));
    let shown = ledger.run(&["policy", "show", "se-2026"]).ok();
    assert!(shown.text().contains("[local]") && shown.text().contains("[unverified]"));
}

#[test]
fn packs_are_checked_compared_and_adopted_only_when_confirmed() {
    let ledger = Ledger::found();
    ledger.run(&["policy", "check", "se-2026"]).ok();
    ledger.run(&["policy", "check", "se-school-2026-07-15"]).exits(8);
    let school = ["policy", "adopt", "se-school-2026-07-15", "--from", "2026-08-01", "--confirmed-by", "x"];
    ledger.two(&school).refused(8, "policy");
    let diff = ledger.run(&["--json", "policy", "diff", "se-2026", "se-school-2026-07-15"]).ok();
    assert!(diff.lines().iter().any(|line| line["key"] == "name"));
    ledger.run(&["policy", "show", "se-2026", "--role", "NOBODY"]).refused(7, "unknown-role");
    ledger.run(&["policy", "show", "no-such-file"]).refused(7, "file");
    let decision =
        ["disposal", "adopt", "--body", "N", "--number", "1", "--decided", "2026-01-10", "--class", "x"];
    ledger.two(&decision).refused(8, "no-policy");
}

#[test]
fn views_have_one_digest_however_they_were_made() {
    let ledger = Ledger::found();
    let digest = |arguments: &[&str]| ledger.run(arguments).ok().lines()[0]["digest"].clone();
    let stored = digest(&["--json", "view", "digest"]);
    assert_eq!(stored, digest(&["--json", "view", "rebuild"]));
    let status = ledger.run(&["--json", "view", "status"]).ok().lines();
    assert_eq!((&status[0]["behind"], &status[0]["digest"]), (&0.into(), &serde_json::Value::Null));
    let due = ledger.run(&["--json", "retention", "due", "--within", "365"]).ok().lines();
    assert_eq!((&due[0]["type"], &due[0]["overdue"]), (&"summary".into(), &0.into()));
    let why = ["retention", "why", "K-0000-0000", "--key", "keys/administrator-1.pem"];
    ledger.run(&why).refused(7, "unknown-handle");
}

#[test]
fn the_doctor_names_what_others_can_read() {
    let ledger = Ledger::found();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(ledger.path("home/vault"), everybody).unwrap();
    let checked = ledger.run(&["--json", "doctor"]);
    checked.exits(5);
    let lines = checked.lines();
    let wrong: Vec<_> = lines.iter().filter(|line| line["state"] == "wrong").collect();
    assert_eq!((wrong.len(), &wrong[0]["next"]), (1, &"chmod go-rwx home/vault".into()));
}

impl Ran {
    /// Refused with this exit code and stable name.
    fn refused(&self, exit: i32, code: &str) {
        self.exits(exit);
        let text = self.error_text();
        let forms = [format!("code: {code}\n"), format!("kod: {code}\n"), format!("\"code\":\"{code}\"")];
        assert!(forms.iter().any(|form| text.contains(form)), "{text}");
    }
}

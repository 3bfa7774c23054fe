//! A case leaves the ledger as a dossier, and a reader who has only the trust file judges it.

#![allow(clippy::unwrap_used, missing_docs)]

mod runner;

use runner::{Ledger, Ran};

const DECIDER: [&str; 2] = ["--key", "decider.pem"];
const TRUST: [&str; 2] = ["--trust", "home/public/trust.policy"];

fn open(ledger: &Ledger, reference: &str, identity: &str) -> String {
    std::fs::write(ledger.path("identity"), identity).unwrap();
    let open = ["--json", "case", "open", "--role", "SCHOOL", "--board", "Nämnden", "--reference", reference];
    let opened = ledger.run(&[&open[..], &["--identity", "identity"], &DECIDER].concat()).ok();
    opened.lines()[0]["handle"].as_str().unwrap().to_owned()
}

/// A ledger with one school case, shown and closed, and a passphrase for its reader.
fn story() -> (Ledger, String) {
    let ledger = Ledger::found();
    ledger.two(&["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen"]).ok();
    ledger.run(&["key", "new", "decider.pem", "--no-passphrase"]).ok();
    ledger.two(&["key", "enroll", "--new-key", "decider.pem", "--actor", "new", "--role", "decider"]).ok();
    let assess = ["position", "assess", "--role", "SCHOOL", "--board", "Nämnden", "--need", "barn"];
    let references = ["--union-reference", "MBL 1", "--impact-reference", "DPIA 1"];
    ledger.run(&[&assess[..], &references, &DECIDER].concat()).ok();
    let handle = open(&ledger, "R1", "number: 19961010-9945\nsurname: Kanariesson\ngiven name: Göran\n");
    let shown = ["case", "shown", &handle, "--issued", "2026-03-01", "--authenticity", "control-service"];
    ledger.run(&[&shown[..], &DECIDER].concat()).ok();
    ledger.run(&[&["case", "close", &handle], &DECIDER[..]].concat()).ok();
    std::fs::write(ledger.path("secret"), "rätt häst\n").unwrap();
    std::fs::write(ledger.path("other"), "fel häst\n").unwrap();
    (ledger, handle)
}

fn export(ledger: &Ledger, handle: &str, out: &str, more: &[&str]) -> Ran {
    let export = ["--json", "case", "export", handle, "--out", out, "--recipient", "Revisionen"];
    ledger.run(&[&export[..], &["--expires", "2026-12-31"], more, &DECIDER].concat())
}

#[test]
fn a_dossier_is_proven_to_who_has_computed_the_digest_and_only_to_them() {
    let (ledger, handle) = story();
    let exported = export(&ledger, &handle, "a.dossier", &[]).ok().lines().remove(0);
    assert_eq!((&exported["steps"], &exported["sealed"]), (&3.into(), &false.into()));
    let text = std::fs::read_to_string(ledger.path("a.dossier")).unwrap();
    assert!(!text.contains("Kanariesson"));

    let verify = ["--json", "verify", "a.dossier"];
    ledger.run(&verify).exits(4);
    let alone = ledger.run(&[&verify[..], &TRUST].concat());
    alone.exits(4);
    assert!(alone.lines()[0]["not_proven"][0].as_str().unwrap().contains("alone"));
    let views = ["verify", "home", "--views", "--write-digests", "digests"];
    ledger.run(&[&views[..], &TRUST].concat()).ok();
    let proven = ledger.run(&[&verify[..], &TRUST, &["--digests", "digests"]].concat()).ok();
    let report = proven.lines().remove(0);
    assert_eq!(report["complete"]["recomputed_by"][0], "yourself");
    assert_eq!(report["complete"]["below_record"], exported["published"]);
    for (lang, word) in [("en", "VERIFIED: "), ("sv", "VERIFIERAD: ")] {
        let arguments =
            [&["--lang", lang, "verify", "a.dossier", "--digests", "digests"][..], &TRUST].concat();
        assert!(ledger.run(&arguments).ok().text().starts_with(word));
    }

    std::fs::write(ledger.path("b.dossier"), text.replacen("\"number\":", "\"nummer\":", 1) + " ").unwrap();
    ledger.run(&[&["verify", "b.dossier"][..], &TRUST].concat()).exits(3);
    ledger.run(&["verify", "identity"]).exits(2);
    export(&ledger, &handle, "a.dossier", &[]).exits(9);
    let digest = ledger.run(&["view", "digest"]).ok();
    assert!(digest.error_text().contains("agrees with what was published"), "{}", digest.error_text());
}

#[test]
fn openings_leave_sealed_to_their_recipient_and_are_recorded() {
    let (ledger, handle) = story();
    export(&ledger, &handle, "a.dossier", &["--with-openings"]).exits(2);
    assert!(!ledger.path("a.dossier").exists());
    let sealed = ["--with-openings", "--recipient-passphrase-file", "secret"];
    let exported = export(&ledger, &handle, "a.dossier", &sealed).ok().lines().remove(0);
    let bytes = std::fs::read(ledger.path("a.dossier")).unwrap();
    assert!(!bytes.windows(11).any(|window| window == b"Kanariesson"));
    ledger.run(&[&["verify", "a.dossier"][..], &TRUST].concat()).exits(6);
    let with = |file| [&["verify", "a.dossier", "--unseal-passphrase-file", file][..], &TRUST].concat();
    ledger.run(&with("other")).exits(6);
    ledger.run(&with("secret")).exits(4);
    ledger.run(&["case", "unseal", "a.dossier", "--out", "plain", "--unseal-passphrase-file", "secret"]).ok();
    ledger.run(&[&["verify", "plain"][..], &TRUST].concat()).exits(4);
    let sinks = ledger.run(&["--json", "sink", "list"]).ok();
    assert_eq!((&sinks.lines()[0]["what"], &sinks.lines()[0]["cases"]), (&"export".into(), &1.into()));
    assert_eq!(sinks.lines()[0]["sink"], exported["sink"]);
    let timeline = ledger.run(&[&["--json", "verify", "home"][..], &TRUST].concat()).ok();
    assert!(timeline.lines()[0]["size"].as_u64() > exported["reading"].as_u64());
}

#[test]
fn a_protected_identity_and_a_stranger_are_refused() {
    let (ledger, handle) = story();
    let protected = "number: 19961010-9945\nsurname: A\ngiven name: B\nprotected: yes\n";
    let hidden = open(&ledger, "R2", protected);
    let refused = export(&ledger, &hidden, "a.dossier", &[]);
    refused.exits(8);
    assert_eq!(refused.error()["code"], "protected-identity");
    let keeper = ["--key", "keys/administrator-1.pem"];
    let export = ["case", "export", &handle, "--out", "a", "--recipient", "IVO", "--expires", "2026-12-31"];
    ledger.run(&[&export[..], &keeper].concat()).exits(6);
    let past = ["case", "export", &handle, "--out", "a", "--recipient", "IVO", "--expires", "2025-12-31"];
    ledger.run(&[&past[..], &DECIDER].concat()).exits(2);
    assert!(!ledger.path("a").exists() && !ledger.path("a.dossier").exists());
}

#[test]
fn a_key_pair_of_openssl_opens_what_was_sealed_to_it() {
    let (ledger, handle) = story();
    let openssl = |arguments: &[&str]| {
        let mut command = std::process::Command::new("openssl");
        command.args(arguments).current_dir(ledger.path("."));
        command.status().is_ok_and(|status| status.success())
    };
    if !openssl(&["genpkey", "-algorithm", "X25519", "-out", "me.pem"]) {
        return; // A machine without OpenSSL; the seal itself is tested in the ledger.
    }
    assert!(openssl(&["pkey", "-in", "me.pem", "-pubout", "-out", "me.pub"]));
    export(&ledger, &handle, "a.dossier", &["--with-openings", "--recipient-key", "me.pub"]).ok();
    ledger.run(&[&["verify", "a.dossier", "--unseal-key", "me.pem"][..], &TRUST].concat()).exits(4);
    ledger.run(&["case", "unseal", "a.dossier", "--out", "plain", "--unseal-key", "me.pub"]).exits(2);
}

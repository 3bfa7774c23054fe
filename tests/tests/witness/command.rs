//! From the command line, as the README says: two witnesses of ours and a foreign one, and an auditor who asks
//! for them.

use std::path::Path;
use std::process::{Command, Output};

use vandel_core::trust::parse_trust;
use vandel_tests::town::vandel;
use vandel_tests::witnesses::{PythonWitness, ServedWitness};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(vandel());
    command.args(arguments).current_dir(folder).env_remove("VANDEL_MEMORY").env("LANG", "C.UTF-8");
    command.env("VANDEL_HOME", "home").env("VANDEL_CLOCK", "2026-03-20").output().unwrap()
}

fn exits(code: i32, folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    said
}

#[test]
fn an_auditor_asks_for_witnesses_and_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    exits(0, place, &["init", "--generate-keys", "keys"]);
    std::fs::copy(place.join("home/public/trust.policy"), place.join("early.policy")).unwrap();
    let log = parse_trust(&std::fs::read(place.join("early.policy")).unwrap()).unwrap().logs()[0].key.clone();
    let trust_file = place.join("home/public/trust.policy").display().to_string();
    let mut ours = [
        ServedWitness::start(&place.join("w1"), "witness.example/w1", &[], &["--trust", &trust_file]),
        ServedWitness::start(&place.join("w2"), "witness.example/w2", &[&log], &[]),
    ];
    let foreign = PythonWitness::start("witness.example/foreign", &log);
    let uses: Vec<String> = ours.iter().map(|one| format!("{}={}", one.url(), one.key())).collect();
    let third = format!("{}={}", foreign.url, foreign.key);
    let said = exits(0, place, &["witness", "use", &uses[0], &uses[1], &third]);
    assert!(said.contains("3 witnesses") && said.contains(&log.to_string()), "{said}");
    // Before any of them has cosigned, an auditor who asks for them gets "not proven".
    std::fs::copy(place.join("home/public/trust.policy"), place.join("mine.policy")).unwrap();
    let witnessed = ["verify", "--trust", "mine.policy", "--require", "witnessed"];
    exits(4, place, &witnessed);
    let adopt = ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen, dnr 1"];
    let people = ["--key", "keys/administrator-1.pem", "--second", "keys/administrator-2.pem"];
    exits(0, place, &[&adopt[..], &people].concat());
    let said = exits(0, place, &witnessed);
    assert!(said.contains("anchor     witnessed"), "{said}");
    let shown = exits(0, place, &["checkpoint", "show"]);
    assert_eq!(shown.matches('—').count(), 4, "the log and three witnesses: {shown}");
    // What one witness holds can be compared with the log by whoever gets it.
    let held = exits(0, place, &["--json", "witness", "status", "--dir", "w1"]);
    let held: serde_json::Value = serde_json::from_str(held.lines().next().unwrap()).unwrap();
    std::fs::write(place.join("held"), held["note"].as_str().unwrap()).unwrap();
    exits(0, place, &["checkpoint", "compare", "held"]);
    // One down: it goes on, and says so. Two down: nothing leaves, and nothing is lost.
    ours[0].kill();
    let said = exits(0, place, &["directory", "add", "controller", "Barnnämnden"]);
    assert!(said.contains("witness.example/w1"), "{said}");
    exits(0, place, &witnessed);
    ours[1].kill();
    let said = exits(5, place, &["directory", "add", "controller", "Kulturnämnden"]);
    assert!(said.contains("1 of 3 witnesses"), "{said}");
    exits(0, place, &witnessed);
}

#[test]
fn the_operators_own_witness_guards_the_memory_and_counts_for_no_auditor() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    exits(0, place, &["init", "--generate-keys", "keys"]);
    let trust_file = place.join("home/public/trust.policy").display().to_string();
    let own = ServedWitness::start(&place.join("w"), "own.example/w", &[], &["--trust", &trust_file]);
    let before = std::fs::read_to_string(&trust_file).unwrap();
    exits(0, place, &["witness", "use", "--own", &format!("{}={}", own.url(), own.key())]);
    assert_eq!(std::fs::read_to_string(&trust_file).unwrap(), before, "auditors are not told to count it");
    std::fs::write(place.join("mine.policy"), &before).unwrap();
    exits(0, place, &["directory", "add", "controller", "Barnnämnden"]);
    let shown = exits(0, place, &["checkpoint", "show"]);
    assert_eq!(shown.matches('—').count(), 2, "{shown}");
    exits(4, place, &["verify", "--trust", "mine.policy", "--require", "witnessed"]);
    exits(0, place, &["verify", "--trust", "mine.policy"]);
    // Words that are no witness are refused before anything is written.
    for wrong in ["http://127.0.0.1:1", "ftp://x=y", &format!("127.0.0.1:1={}", own.key()), "http://x=a+b+c"]
    {
        exits(2, place, &["witness", "use", wrong]);
    }
    exits(9, place, &["witness", "init", "--dir", "w", "--name", "another"]);
    exits(7, place, &["witness", "serve", "--dir", "nowhere"]);
    exits(9, place, &["witness", "serve", "--dir", "w", "--listen", "127.0.0.1:0"]);
}

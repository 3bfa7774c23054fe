//! The page in a real browser, from disk: files chosen and dropped, mouse and keyboard, sound and tampered.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use vandel_tests::independent::{chromium, node};
use vandel_tests::town::repository;

use crate::Demo;

/// Has the browser do some things on a page, one after the other.
fn drive(page: &Path, actions: &[Value]) -> Vec<Value> {
    let mut command = Command::new(node());
    command.arg(repository("verifiers/page/drive.js")).arg(chromium()).arg(page);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> = actions.iter().map(|action| action.to_string() + "\n").collect();
    child.stdin.take().unwrap().write_all(lines.concat().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the browser on {}", page.display());
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), actions.len());
    answers
}

/// What a file of evidence is, sound and with one byte changed, and which exit each must have.
fn files(demo: &Demo) -> Vec<(Vec<String>, i64, &'static str)> {
    let show = |path: std::path::PathBuf| path.display().to_string();
    let segment = demo.home().join("log/segment-00000000000000000000.vlog");
    let checkpoint = show(demo.home().join("public/checkpoint"));
    let changed = |name: &str, bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        std::fs::write(demo.path(name), bytes).unwrap();
        show(demo.path(name))
    };
    let log = std::fs::read(&segment).unwrap();
    let tampered_log = changed("tampered.vlog", &log, log.len() / 2);
    let proof = demo.ok(&["proof", "inclusion", "9", "--home", "town"]);
    std::fs::write(demo.path("nine.tlog-proof"), &proof).unwrap();
    // Another place in the tree: the index, which no signature covers.
    let moved = proof.replace("index 9", "index 8");
    std::fs::write(demo.path("eight.tlog-proof"), moved).unwrap();
    let note = std::fs::read(demo.home().join("public/checkpoint")).unwrap();
    let tampered_note = changed("tampered-checkpoint", &note, note.len() - 10);
    let (dossier, digests) = demo.dossier();
    let text = std::fs::read_to_string(&dossier).unwrap();
    // Another number of rows; and one character of a step's header.
    let shorter = text.replacen("\"rows\":", "\"rows\":1", 1);
    std::fs::write(demo.path("tampered.dossier"), shorter).unwrap();
    let at = text.find("\"header\":\"").unwrap() + 40;
    // Still base64, so that it is what the header says that is wrong.
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut touched = text.clone();
    touched.replace_range(at..=at, other);
    std::fs::write(demo.path("flipped.dossier"), touched).unwrap();
    let flipped = show(demo.path("flipped.dossier"));
    let certificate = demo.certificate();
    std::fs::write(demo.path("erased.certificate.json"), &certificate).unwrap();
    let lies =
        String::from_utf8(certificate).unwrap().replace("\"state\":\"executed\"", "\"state\":\"completed\"");
    std::fs::write(demo.path("lying.certificate.json"), lies).unwrap();
    let (sealed, key) = crate::sealed::for_alice(text.as_bytes());
    std::fs::write(demo.path("sealed.dossier"), sealed).unwrap();
    std::fs::write(demo.path("alice.pem"), key).unwrap();
    let (sealed, key) = (show(demo.path("sealed.dossier")), show(demo.path("alice.pem")));
    let (dossier, digests) = (show(dossier), show(digests));
    vec![
        (vec![sealed.clone(), digests.clone(), key], 0, "operator"),
        (vec![sealed], 6, "Kommunrevisionen"),
        (vec![dossier.clone(), digests.clone()], 0, "operator"),
        (vec![dossier], 4, ""),
        (vec![show(demo.path("tampered.dossier")), digests.clone()], 3, "row-proof"),
        (vec![flipped, digests], 3, "commitment"),
        (vec![show(demo.path("erased.certificate.json"))], 0, "operator"),
        (vec![show(demo.path("lying.certificate.json"))], 3, "C14"),
        (vec![show(segment.clone()), checkpoint.clone()], 0, "operator"),
        (vec![tampered_log, checkpoint.clone()], 3, "V15"),
        (vec![show(segment), tampered_note], 3, "V16"),
        (vec![show(demo.path("nine.tlog-proof"))], 0, "operator"),
        (vec![show(demo.path("eight.tlog-proof"))], 3, "Inclusion"),
        (vec![checkpoint], 0, "operator"),
    ]
}

#[test]
fn the_page_verifies_from_disk_and_says_it_in_two_languages() {
    let demo = Demo::get();
    let trust = demo.trust().display().to_string();
    let words = |language: &str, exit: i64| match (language, exit) {
        ("svenska", 0) => "GRANSKAT OCH STYRKT",
        ("svenska", 3) => "FEL FUNNET",
        ("svenska", 4) => "INTE STYRKT",
        ("svenska", 6) => "FÖRSEGLAD",
        (_, 0) => "VERIFIED",
        (_, 6) => "SEALED",
        (_, 3) => "VIOLATION FOUND",
        _ => "NOT PROVEN",
    };
    let tried = files(demo);
    let log = tried.iter().find(|(files, ..)| files[0].ends_with(".vlog")).unwrap();
    let mut actions = Vec::new();
    let mut expected = Vec::new();
    for language in ["svenska", "english"] {
        for (files, exit, says) in &tried {
            actions.push(json!({ "action": "choose", "language": language, "trust": trust, "files": files }));
            expected.push((words(language, *exit), *exit, *says));
        }
        actions.push(json!({ "action": "choose", "language": language, "files": log.0 }));
        expected.push((words(language, 4), 4, ""));
    }
    let page = repository("verifiers/page/index.html");
    for ((action, answer), (word, exit, says)) in actions.iter().zip(drive(&page, &actions)).zip(expected) {
        let text = answer["text"].as_str().unwrap();
        assert_eq!(answer["exit"], exit, "{action}: {text}");
        assert!(text.starts_with(word) && text.contains(says), "{action}: {text}");
        assert_eq!(answer["focus"], "verdict", "{action}");
        if action["language"] == "svenska" {
            for english in ["not checked", "Not checked", " the ", "whether"] {
                let told = text.lines().filter(|line| !line.contains('('));
                assert!(!told.clone().any(|line| line.contains(english)), "{english:?} in Swedish: {text}");
            }
            assert_eq!(answer["lang"], "sv");
        }
    }
    println!("deep: {} verdicts of the page in a browser, all as expected", actions.len());
}

#[test]
fn the_page_as_one_file_needs_no_mouse_sends_nothing_and_names_its_controls() {
    let demo = Demo::get();
    let single = Command::new(node()).arg(repository("verifiers/page/single-file.js")).output().unwrap();
    assert!(single.status.success());
    let page = demo.path("vandel-verify.html");
    std::fs::write(&page, single.stdout).unwrap();
    let trust = demo.trust().display().to_string();
    let checkpoint = demo.home().join("public/checkpoint").display().to_string();
    let segment = demo.home().join("log/segment-00000000000000000000.vlog").display().to_string();
    let answers = drive(
        &page,
        &[
            json!({ "action": "keyboard", "trust": trust, "files": [checkpoint] }),
            json!({ "action": "drop", "files": [segment, checkpoint, trust] }),
            json!({ "action": "accessibility" }),
            json!({ "action": "offline" }),
        ],
    );
    assert_eq!(answers[0]["exit"], 0, "{}", answers[0]);
    let way = json!(["svenska", "english", "trust", "files", "kept", "verify"]);
    assert_eq!(answers[0]["way"], way, "every control is reached by the keyboard, in reading order");
    assert_eq!(answers[1]["exit"], 0, "{}", answers[1]);
    let controls = answers[2]["controls"].as_array().unwrap();
    let unnamed: Vec<&Value> = controls.iter().filter(|control| control["name"] == "").collect();
    assert!(controls.len() >= 7 && unnamed.is_empty(), "without a name: {unnamed:?}");
    assert!(answers[2]["width"].as_u64().unwrap() <= 320, "it fits a narrow window: {}", answers[2]["width"]);
    assert_eq!(answers[3]["refused"], "connect-src", "the page opens no connection");
}

#[test]
fn the_page_and_node_load_the_same_scripts_in_the_same_order() {
    let page = std::fs::read_to_string(repository("verifiers/page/index.html")).unwrap();
    let named: Vec<&str> = page
        .split("<script src=\"../javascript/")
        .skip(1)
        .map(|rest| rest.split(".js\"").next().unwrap())
        .collect();
    let list = "console.log(require(process.argv[1]).PARTS.join(' '))";
    let index = repository("verifiers/javascript/index.js");
    let output = Command::new(node()).args(["-e", list]).arg(index).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), named.join(" "));
}

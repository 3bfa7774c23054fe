//! Three verifiers that share no code: ours, one in Python and one in JavaScript. On the vectors, on a demonstration
//! ledger and on its evidence, sound and tampered, they must say the same.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod evidence;
mod page;
mod sealed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
pub(crate) use vandel_tests::demo_town::Demo;
use vandel_tests::independent::Independent;
use vandel_tests::town::repository;

#[test]
fn every_vector_is_read_alike() {
    let mut expected: BTreeMap<(String, String), Value> = BTreeMap::new();
    for sort in ["accept", "reject"] {
        for entry in std::fs::read_dir(repository("schemas/vectors/v1").join(sort)).unwrap() {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = format!("{sort}/{}", path.file_name().unwrap().to_string_lossy());
            for case in file["cases"].as_array().unwrap() {
                let case_name = case["name"].as_str().unwrap().to_owned();
                expected.insert((name.clone(), case_name), case["error"].clone());
            }
        }
    }
    for verifier in Independent::all() {
        let mut left = expected.clone();
        let mut refused = 0;
        for line in verifier.vectors() {
            let of = |name: &str| line[name].as_str().unwrap().to_owned();
            let wanted = left.remove(&(of("file"), of("name"))).unwrap();
            let place = format!("{}: {} {}: {line}", verifier.language, of("file"), of("name"));
            for member in ["name", "block", "record"] {
                assert_eq!(line["error"][member], wanted[member], "{place}, not {wanted}");
            }
            refused += u32::from(!wanted.is_null());
        }
        assert!(left.is_empty(), "{} did not read {left:?}", verifier.language);
        let read = expected.len();
        println!("deep: {}: {read} vectors read, {refused} refused, each for its reason", verifier.language);
    }
}

/// Ours and the others on a folder: the exit code, and the record that the first finding names.
fn all_say(place: &Path, trust: Option<&Path>, extra: &[&str]) -> (i32, Option<u64>) {
    let demo = Demo::get();
    let place_text = place.display().to_string();
    let mut words = vec!["verify", &place_text, "--json", "--open", "false"];
    let trust_text = trust.map(|path| path.display().to_string());
    let mut more: Vec<&str> = trust_text.iter().flat_map(|text| ["--trust", text]).collect();
    more.extend(extra);
    words.extend(&more);
    let (ours, printed) = demo.run(&words);
    let report: Value = serde_json::from_str(&printed).unwrap();
    let record = report["findings"][0]["record"].as_u64();
    for verifier in Independent::all() {
        let (code, verdict) = verifier.verify(place, &more);
        assert_eq!(code, ours, "{}: {verdict:#}\nours: {report:#}", verifier.language);
        let found = verdict["findings"][0]["record"].as_u64();
        assert_eq!(found, record, "{}: {verdict:#}\nours: {report:#}", verifier.language);
        for member in ["ledger", "size", "root"] {
            if ours == Some(0) {
                assert_eq!(verdict[member], report[member], "{}: {member}", verifier.language);
            }
        }
    }
    (ours.unwrap(), record)
}

fn copy_of_the_log(demo: &Demo, name: &str) -> (PathBuf, PathBuf, Vec<u8>) {
    let copy = demo.path(name);
    std::fs::create_dir_all(copy.join("log")).unwrap();
    std::fs::copy(demo.home().join("public/checkpoint"), copy.join("checkpoint")).unwrap();
    let segment = "segment-00000000000000000000.vlog";
    let bytes = std::fs::read(demo.home().join("log").join(segment)).unwrap();
    let file = copy.join("log").join(segment);
    std::fs::write(&file, &bytes).unwrap();
    (copy, file, bytes)
}

#[test]
fn a_demonstration_ledger_and_tampered_copies_get_one_verdict() {
    let demo = Demo::get();
    let trust = demo.trust();
    assert_eq!(all_say(&demo.home(), Some(&trust), &[]), (0, None));
    assert_eq!(all_say(&demo.home(), None, &[]).0, 4);
    let (copy, file, bytes) = copy_of_the_log(demo, "copy");
    assert_eq!(all_say(&copy, Some(&trust), &[]), (0, None));
    let other = "00".repeat(32);
    assert_eq!(all_say(&copy, Some(&trust), &["--ledger", &other]), (3, Some(0)));
    let mut tampered = 0;
    let mut check = |changed: &[u8], expected: Option<i32>| {
        std::fs::write(&file, changed).unwrap();
        let (code, _) = all_say(&copy, Some(&trust), &[]);
        assert!(expected.is_none_or(|expected| code == expected), "exit {code}");
        assert_ne!(code, 0);
        tampered += 1;
    };
    // In the files a flipped byte breaks the frame's checksum.
    for step in 1..8 {
        let mut changed = bytes.clone();
        changed[step * bytes.len() / 8] ^= 0x40;
        check(&changed, Some(3));
    }
    check(&bytes[..bytes.len() / 2], Some(3));
    check(&bytes[..40], Some(3));
    check(&bytes[..bytes.len() - 1], Some(3));
    check(&[], Some(3));
    check(&[&bytes[..], b"VBLK and some more"].concat()[..52], Some(3));
    std::fs::write(&file, &bytes).unwrap();
    std::fs::write(copy.join("log/notes.txt"), "x").unwrap();
    assert_eq!(all_say(&copy, Some(&trust), &[]), (3, None));
    println!(
        "deep: {} tampered copies of a demonstration ledger: one verdict by three verifiers",
        tampered + 1
    );
}

//! HR exports through the command line: taken once, killed at any moment, nothing acknowledged lost.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use vandel_tests::random::Random;
use vandel_tests::town::{Town, repository};

fn import(town: &Town, file: &str) -> Vec<String> {
    let file = repository("cli/tests/data").join(file);
    town.by("handler", &["--json", "case", "import", &file.to_string_lossy()])
}

fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let rest = line.split_once(&format!("\"{name}\":"))?.1;
    Some(rest.split([',', '}']).next()?.trim_matches('"'))
}

fn summary(printed: &str) -> (usize, usize, usize) {
    let line = printed.lines().find(|line| line.contains("\"summary\"")).unwrap();
    let count = |name| field(line, name).unwrap().parse().unwrap();
    (count("opened"), count("known"), count("refused"))
}

#[test]
fn good_rows_are_taken_bad_ones_reported_and_a_second_import_adds_nothing() {
    let town = Town::found();
    let arguments = import(&town, "hr-export-utf8.csv");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let printed = town.ok(&arguments);
    let (opened, known, refused) = summary(&printed);
    println!("import: {opened} opened, {known} known, {refused} refused");
    assert!(opened > 150 && known == 0, "{opened} {known} {refused}");
    assert_eq!(opened + refused, 321);
    for code in
        ["check-forbidden", "policy-incomplete", "unknown-role", "identity-check-digit", "repeated-row"]
    {
        assert!(printed.contains(code), "{code} is missing");
    }
    let again = summary(&town.ok(&arguments));
    assert_eq!(again, (0, opened, refused));
    let (exit, report) = town.verify();
    assert_eq!(exit, Some(0), "{report}");
    assert!(report.contains("operator"), "{report}");
}

#[test]
fn an_import_killed_at_any_moment_loses_nothing_that_was_acknowledged() {
    let rounds = if std::env::var_os("VANDEL_DEEP").is_some() { 200 } else { 8 };
    let town = Town::found();
    let arguments = import(&town, "hr-export-utf8.csv");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut random = Random::seeded(20_260_320);
    let mut acknowledged = BTreeSet::new();
    for _ in 0..rounds {
        let mut child =
            town.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let pause = Duration::from_millis(random.below(400) as u64);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
        // The pipe holds what was printed before the kill: each line was acknowledged.
        for line in stdout.lines().map_while(Result::ok).filter(|line| line.contains("\"opened\"")) {
            if let (Some(handle), Some(record)) = (field(&line, "handle"), field(&line, "record")) {
                acknowledged.insert((handle.to_owned(), record.to_owned()));
            }
        }
    }
    let rest = town.ok(&arguments);
    let (opened, known, _) = summary(&rest);
    assert!(known >= acknowledged.len(), "{} acknowledged, {known} found", acknowledged.len());
    let listed = town.by("handler", &["--json", "case", "list", "--limit", "1000"]);
    let listed = town.ok(&listed.iter().map(String::as_str).collect::<Vec<_>>());
    for (handle, _) in &acknowledged {
        // A protected person's case is listed only to who names the recruitment.
        let there = listed.contains(handle.as_str()) || {
            let shown = town.by("handler", &["case", "show", handle]);
            town.run(&shown.iter().map(String::as_str).collect::<Vec<_>>()).status.success()
        };
        assert!(there, "an acknowledged case is gone");
    }
    let (exit, report) = town.verify();
    assert_eq!(exit, Some(0), "{report}");
    println!(
        "import: {rounds} kills, {} acknowledged before one, {known} known after, {opened} opened last",
        acknowledged.len()
    );
}

//! The sequencer as a service, end to end: the real binary, a real nats-server, authors that are
//! processes of their own.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod authors;
mod broken;
mod faults;
mod hostile;
mod liar;
mod waiting;

use std::path::Path;
use std::process::Output;

use vandel_tests::town::Town;

/// `shallow` on every change, `far` at night.
fn deep(shallow: usize, far: usize) -> usize {
    if std::env::var_os("VANDEL_DEEP").is_some() { far } else { shallow }
}

/// A person's identity in a file, as the command line reads it.
fn identity(town: &Town, number: &str, surname: &str) -> String {
    let file = town.path(&format!("{number}.txt"));
    std::fs::write(&file, format!("number: {number}\nsurname: {surname}\ngiven name: Göran\n")).unwrap();
    file
}

/// What a command printed as JSON, by name.
fn field(output: &Output, name: &str) -> Option<String> {
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    printed.lines().rev().find_map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        match &value[name] {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    })
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// Verifies the home with all receipts in a folder.
fn verify_with(town: &Town, receipts: &Path) -> (Option<i32>, String) {
    let (trust, receipts) = (town.trust_file(), receipts.to_string_lossy().into_owned());
    let output = town.run(&["verify", "--trust", &trust.to_string_lossy(), "--receipts", &receipts]);
    (output.status.code(), told(&output))
}

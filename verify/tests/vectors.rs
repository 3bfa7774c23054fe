//! The vectors of certificates, which `core/tests/vectors/` makes, judged by who judges certificates.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;

use serde_json::Value;
use vandel_core::trust::parse_trust;
use vandel_verify::certificate::{Certificate, check};

fn read(verdict: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/vectors/v1").join(verdict);
    let text = std::fs::read_to_string(folder.join("certificates.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn fields(case: &Value) -> Vec<u8> {
    let digits: String =
        case["fields"].as_array().unwrap().iter().map(|one| one[1].as_str().unwrap()).collect();
    vandel_verify::certificate::unhex(&digits).unwrap()
}

/// The bytes of a case, which may be a change of another.
fn bytes(case: &Value, base: &[u8]) -> Vec<u8> {
    let context = |name: &str| case["context"][name].as_str();
    match context("of") {
        None => fields(case),
        Some(_) => {
            let at = |name: &str| context(name).unwrap().parse::<usize>().unwrap();
            [&base[..at("from")], &fields(case), &base[at("to")..]].concat()
        }
    }
}

/// The name of the error and the record it names, as the vectors have them.
fn judge(case: &Value, bytes: &[u8]) -> Option<(String, Option<u64>)> {
    let trust = parse_trust(case["context"]["trust"].as_str().unwrap().as_bytes()).unwrap();
    let checked = Certificate::read("vector", bytes).and_then(|certificate| check(&certificate, &trust));
    let refusal = checked.err()?;
    let name = match refusal.code.strip_prefix("certificate-") {
        Some(step) => format!("Certificate.{}", step.to_uppercase()),
        None if refusal.code == "not-a-certificate" => "Form".to_owned(),
        None => refusal.code.to_owned(),
    };
    Some((name, refusal.record))
}

#[test]
fn every_certificate_gets_its_verdict() {
    let accepted = read("accept");
    let base = fields(&accepted[0]);
    let refused = read("reject");
    let mut wrong = Vec::new();
    for case in accepted.iter().chain(&refused) {
        let error = &case["error"];
        let expected = error["name"].as_str().map(|name| (name.to_owned(), error["record"].as_u64()));
        let found = judge(case, &bytes(case, &base));
        if found != expected {
            wrong.push(format!("{}: {expected:?} expected, {found:?} found", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted.len() >= 2 && refused.len() >= 40, "{} and {}", accepted.len(), refused.len());
    println!("deep: {} vectors of certificates, {} refused", accepted.len() + refused.len(), refused.len());
}

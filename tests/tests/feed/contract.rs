//! What is promised to other programs: schemas, the AsyncAPI document, alerts. Read by programs that are not ours.

use serde_json::Value;
use vandel_tests::town::repository;

use crate::foreign::{javascript, python};

#[test]
fn another_implementation_of_json_schema_agrees_on_every_example() {
    let output = python("schemas.py").arg(repository("schemas")).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert!(count("schemas") >= 7 && count("valid") >= 7 && count("invalid") >= 30, "{counts}");
    println!(
        "schemas deep: {} schemas, {} valid and {} invalid examples",
        count("schemas"),
        count("valid"),
        count("invalid")
    );
}

#[test]
fn the_official_parser_accepts_the_asyncapi_document_and_it_names_every_event() {
    let (mut command, _folder) = javascript("asyncapi.mjs");
    let file = repository("schemas/asyncapi.yaml");
    let output = command.arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let events = vandel_projector::feed::event::ALL;
    assert_eq!(
        (found["version"].as_str(), found["channels"].as_u64()),
        (Some("3.0.0"), Some(events.len() as u64))
    );
    let text = std::fs::read_to_string(file).unwrap();
    for (scope, name) in events {
        let address = format!("address: vandel.{{ledger}}.feed.{}.{name}\n", scope.name());
        assert!(text.contains(&address), "no channel has the {address}");
    }
}

#[test]
fn every_alert_has_a_summary_and_a_runbook_that_is_there() {
    let (mut command, _folder) = javascript("rules.mjs");
    let output = command.arg(repository("deploy/prometheus/vandel.rules.yml")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rules: Value = serde_json::from_slice(&output.stdout).unwrap();
    let alerts: Vec<&Value> = rules["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    assert!(alerts.len() >= 8);
    for alert in alerts {
        let name = alert["alert"].as_str().unwrap();
        assert!(alert["expr"].is_string() && alert["labels"]["severity"].is_string(), "{name}");
        assert!(alert["annotations"]["summary"].is_string(), "{name}");
        let runbook = repository("deploy").join(alert["annotations"]["runbook"].as_str().unwrap());
        assert!(runbook.exists(), "{name}: {}", runbook.display());
    }
}

//! The JSON Schemas of reports are those of the types, and what the program prints fits them.
//!
//! `VANDEL_BLESS=1 cargo test --test schemas` writes the files anew. A later version may add members to a report, so its
//! readers pass over what they do not know; a certificate is closed.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use serde_json::{Value, json};
use vandel_core::verify::Report;
use vandel_tests::schemas::Schemas;
use vandel_tests::small_ledger::NOON;
use vandel_verify::certificate::{
    Certificate, Completed, Evidence, FORM, OfPlan, Proven, Signer, Sink, Went,
};

/// A verification report as `vandel --json verify` prints it.
const VERIFIED: &str = include_str!("../data/verify-report.json");

fn certificate() -> Certificate {
    let hash = "3".repeat(64);
    let signer = |actor: &str| Signer { actor: actor.repeat(32), key: "2".repeat(64), enrolled_at: 3 };
    let proven = |record| Proven {
        record,
        time: NOON.to_string(),
        bytes: "00".repeat(80),
        proof: vec![hash.clone(), hash.clone()],
    };
    Certificate {
        form: FORM.to_owned(),
        ledger: "1".repeat(64),
        pseudonym: "4".repeat(32),
        compartments: vec![Went {
            compartment: "assessment".to_owned(),
            class: Some("assessment".to_owned()),
            due: "2028-03-20".to_owned(),
            ground: "retention".to_owned(),
        }],
        records: vec![12, 13],
        plan: OfPlan {
            hash: format!("sha256:{hash}"),
            as_of: "2028-04-01".to_owned(),
            disposal: 5,
            line: 0,
            line_bytes: "00".repeat(40),
            line_salt: "5".repeat(64),
            lines: vec![hash.clone()],
        },
        ordered_by: signer("6"),
        approved_by: signer("7"),
        started: proven(40),
        executed: proven(41),
        evidence: Evidence {
            root_cell: "file".to_owned(),
            assurance: "best effort".to_owned(),
            epoch: 2,
            manifest: hash.clone(),
            keys: 4,
        },
        state: "executed".to_owned(),
        completed: None,
        sinks: vec![Sink {
            sink: "vault bundles".to_owned(),
            state: "destroyed".to_owned(),
            made: None,
            acknowledged: None,
            told: None,
        }],
        backup_horizon: Some("2028-05-01".to_owned()),
        checkpoint: "vandel/0123456789abcdef\n42\nq6s=\n\n\u{2014} vandel/0123456789abcdef AAAA\n".to_owned(),
    }
}

#[test]
fn the_committed_schemas_of_reports_are_those_of_the_types() {
    let mut schemas = Schemas::default();
    let verified: Value = serde_json::from_str(VERIFIED).unwrap();
    schemas.add::<Report>(
        "verify-report",
        "urn:vandel:schema:report:verify:v1",
        &[verified],
        &[
            ("no-verdict", &|report| drop(report.as_object_mut().unwrap().remove("verdict"))),
            ("verdict-of-its-own", &|report| report["verdict"] = json!("probably")),
            ("anchor-of-its-own", &|report| report["anchor"]["kind"] = json!("trusted")),
            ("no-list-of-what-was-not-looked-at", &|report| {
                drop(report.as_object_mut().unwrap().remove("not_looked_at"));
            }),
            ("negative-size", &|report| report["size"] = json!(-1)),
        ],
    );
    let executed = certificate();
    let of = |certificate: &Certificate| serde_json::to_value(certificate).unwrap();
    let completed = Completed {
        record: executed.executed.clone(),
        said_by: executed.ordered_by.clone(),
        confirmed_by: executed.approved_by.clone(),
    };
    let completed = Certificate {
        state: "completed".to_owned(),
        completed: Some(completed),
        backup_horizon: None,
        ..certificate()
    };
    schemas.add::<Certificate>(
        "erasure-certificate",
        "urn:vandel:schema:report:erasure-certificate:v2",
        &[of(&executed), of(&completed)],
        &[
            ("names-a-person", &|certificate| certificate["name"] = json!("Anna Andersson")),
            ("names-who-ordered", &|certificate| certificate["ordered_by"]["name"] = json!("Bo Bengtsson")),
            ("no-checkpoint", &|certificate| drop(certificate.as_object_mut().unwrap().remove("checkpoint"))),
            ("silent-about-sinks", &|certificate| drop(certificate.as_object_mut().unwrap().remove("sinks"))),
            ("silent-about-the-horizon", &|certificate| {
                drop(certificate.as_object_mut().unwrap().remove("backup_horizon"));
            }),
        ],
    );
    println!("schemas deep: {} files of reports compared", schemas.compare("reports"));
}

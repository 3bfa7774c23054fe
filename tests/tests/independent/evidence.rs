//! Evidence that is verified alone: inclusion proofs, checkpoints and erasure certificates, sound and tampered.

use serde_json::{Value, json};
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::trust::{Witness, parse_trust};
use vandel_tests::changes::changes;
use vandel_tests::independent::{Batch, Independent, hex};
use vandel_verify::certificate::{self, Certificate};

use crate::Demo;

/// What the others say of a file.
fn others(batches: &mut [Batch], bytes: &[u8], trust: &str) -> Vec<(i64, Value)> {
    let case = json!({ "file": hex(bytes), "trust": trust });
    let ask = |batch: &mut Batch| {
        let answer = batch.ask(&case);
        (answer["exit"].as_i64().unwrap(), answer)
    };
    batches.iter_mut().map(ask).collect()
}

fn batches() -> Vec<Batch> {
    Independent::all().iter().map(Independent::batch).collect()
}

/// A trust file that asks for a witness who has cosigned nothing.
fn asking_for_a_witness(trust: &str) -> String {
    let mut trust = parse_trust(trust.as_bytes()).unwrap();
    let key = public_key(&SigningKey::from_bytes(&[9; 32]));
    let key = VerifierKey::new("region.example/witness", KeyKind::Cosignature, &key).unwrap();
    trust.add_witness(Witness { name: "region".to_owned(), key, url: None }).unwrap();
    trust.set_quorum("region").unwrap();
    trust.to_string()
}

fn proof_exit(bytes: &[u8], trust: &str) -> i64 {
    let trust = parse_trust(trust.as_bytes()).unwrap();
    vandel_verify::proof::check("proof", bytes, &trust).map_or_else(|refusal| i64::from(refusal.exit), |_| 0)
}

#[test]
fn a_proof_and_every_bit_of_it_get_one_verdict() {
    let demo = Demo::get();
    let proof = demo.ok(&["proof", "inclusion", "9", "--home", "town"]).into_bytes();
    let trust = std::fs::read_to_string(demo.trust()).unwrap();
    let mut batches = batches();
    let mut counts = std::collections::BTreeMap::new();
    let mut compare = |bytes: &[u8], trust: &str, place: &str| {
        let ours = proof_exit(bytes, trust);
        for (exit, answer) in others(&mut batches, bytes, trust) {
            assert_eq!(exit, ours, "{place}: {answer:#}");
        }
        *counts.entry(ours).or_insert(0_u32) += 1;
        ours
    };
    assert_eq!(compare(&proof, &trust, "sound"), 0);
    assert_eq!(compare(&proof, &asking_for_a_witness(&trust), "no quorum"), 4);
    for offset in 0..proof.len() {
        for bit in 0..8 {
            let mut flipped = proof.clone();
            flipped[offset] ^= 1 << bit;
            assert_ne!(compare(&flipped, &trust, &format!("byte {offset} bit {bit}")), 0, "{offset} {bit}");
        }
    }
    for length in 0..proof.len() {
        assert_ne!(compare(&proof[..length], &trust, &format!("cut to {length}")), 0, "cut to {length}");
    }
    println!("deep: proofs by exit code, three verifiers alike: {counts:?}");
}

#[test]
fn an_erasure_certificate_and_every_value_of_it_get_one_verdict() {
    let demo = Demo::get();
    let sound = demo.certificate();
    let trust = std::fs::read_to_string(demo.trust()).unwrap();
    let mut batches = batches();
    let parsed = parse_trust(trust.as_bytes()).unwrap();
    // The certificate alone, without a home: the exit code, the step and the record named.
    let ours = |bytes: &[u8]| -> (i64, Option<String>, Option<u64>) {
        let checked = Certificate::read("certificate", bytes)
            .and_then(|certificate| certificate::check(&certificate, &parsed));
        let Err(refusal) = checked else { return (0, None, None) };
        let step = refusal.code.strip_prefix("certificate-").map(str::to_uppercase);
        (i64::from(refusal.exit), step, refusal.record)
    };
    let whole: Value = serde_json::from_slice(&sound).unwrap();
    assert_eq!(ours(&sound).0, 0);
    std::fs::write(demo.path("certificate.json"), &sound).unwrap();
    let trust_path = demo.trust().display().to_string();
    // No home: the certificate alone.
    demo.ok(&["erasure", "verify", "certificate.json", "--trust", &trust_path, "--home", "nowhere"]);
    for (exit, answer) in others(&mut batches, &sound, &trust) {
        assert_eq!(exit, 0, "{answer:#}");
    }
    for (exit, answer) in others(&mut batches, &sound, &asking_for_a_witness(&trust)) {
        assert_eq!(exit, 4, "{answer:#}");
    }
    let mut counts = std::collections::BTreeMap::new();
    let mut accepted = Vec::new();
    for changed in changes(&whole) {
        let bytes = serde_json::to_vec(&changed).unwrap();
        let (code, step, record) = ours(&bytes);
        for (exit, answer) in others(&mut batches, &bytes, &trust) {
            assert_eq!(exit, code, "{answer:#}\nours: {step:?}\n{changed:#}");
            let finding = &answer["findings"][0];
            if let Some(step) = &step {
                assert_eq!(finding["step"], **step, "{answer:#}\n{changed:#}");
                assert_eq!(finding["record"].as_u64(), record, "{answer:#}\n{changed:#}");
            }
        }
        *counts.entry((code, step.unwrap_or_default())).or_insert(0_u32) += 1;
        if code == 0 {
            accepted.push(changed);
        }
    }
    // What the two records do not hold is a claim that the chain alone can bear out.
    for changed in accepted {
        let claims = ["ordered_by", "approved_by"].map(|person| changed[person] != whole[person]);
        assert!(claims.contains(&true), "accepted: {changed:#}");
    }
    println!("deep: changed certificates by exit code and step, three verifiers alike: {counts:?}");
}

#[test]
fn a_dossier_of_a_case_with_something_erased_comes_with_the_certificate() {
    let demo = Demo::get();
    assert!(!demo.certificate().is_empty());
    let trust = std::fs::read_to_string(demo.trust()).unwrap();
    let mut batches = batches();
    let mut certified = 0;
    for person in ["social-handler.pem", "utbildning-decider.pem"] {
        // A key remembers the ledger that it has seen: a copy of it for this copy of the ledger.
        let own = demo.path(&format!("erased-{person}"));
        std::fs::copy(demo.path("town-people").join(person), &own).unwrap();
        let key = own.display().to_string();
        let listed = demo.ok(&["case", "list", "--home", "erased", "--key", &key]);
        for handle in listed.lines().filter_map(|line| line.split_whitespace().next()) {
            let file = demo.path(&format!("{handle}.dossier"));
            let out = file.display().to_string();
            let to = ["--recipient", "Kommunrevisionen", "--expires", "2099-12-31", "--out", &out];
            let words = [&["case", "export", handle, "--home", "erased", "--key", &key], &to[..]].concat();
            let (code, printed) = demo.run(&words);
            // A protected identity is not exported.
            if code == Some(8) {
                continue;
            }
            assert_eq!(code, Some(0), "{printed}");
            let dossier = std::fs::read(&file).unwrap();
            let erased = String::from_utf8_lossy(&dossier).contains("\"why\":\"erased\"");
            let certificate = demo.path(&format!("{handle}.dossier.certificate-1.json"));
            assert_eq!(certificate.exists(), erased, "{handle}: {printed}");
            // Nobody here has computed the digest: not proven, by all.
            for (exit, answer) in others(&mut batches, &dossier, &trust) {
                assert_eq!(exit, 4, "{handle}: {answer:#}");
            }
            if erased {
                for (exit, answer) in others(&mut batches, &std::fs::read(&certificate).unwrap(), &trust) {
                    assert_eq!(exit, 0, "{handle}: {answer:#}");
                }
                certified += 1;
            }
        }
    }
    assert!(certified > 0, "the demonstration has cases with something erased");
    println!(
        "deep: {certified} dossiers with something erased, each with its certificate, by three verifiers"
    );
}

//! What an auditor is handed: notes, proofs, dossiers, certificates, policies.

use vandel_core::checkpoint::Checkpoint;
use vandel_core::dossier::Dossier;
use vandel_core::erasure::{Line, Plan};
use vandel_core::note::Note;
use vandel_core::person::IdentityNumber;
use vandel_core::policy::PolicyPack;
use vandel_core::time::Day;
use vandel_core::trust::parse_trust;
use vandel_core::verify::ReceiptEvidence;
use vandel_verify::certificate::Certificate;
use vandel_verify::compare::parse_proof;

pub(crate) fn checkpoint(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        drop(note.text().parse::<Checkpoint>());
    }
    drop(Checkpoint::open(bytes, &[]));
}

pub(crate) fn trust(bytes: &[u8]) {
    if let Ok(trust) = parse_trust(bytes) {
        drop(trust.open(bytes));
    }
}

pub(crate) fn receipt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(ReceiptEvidence::parse("receipt", text));
}

pub(crate) fn consistency(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(parse_proof(text));
}

pub(crate) fn dossier(bytes: &[u8]) {
    if let Ok(dossier) = Dossier::decode(bytes) {
        assert_eq!(dossier.encode(), bytes);
    }
}

pub(crate) fn certificate(bytes: &[u8]) {
    drop(Certificate::read("certificate", bytes));
}

pub(crate) fn plan(bytes: &[u8]) {
    if let Ok(plan) = Plan::decode(bytes) {
        assert_eq!(plan.encode(), bytes);
        let _ = plan.hash();
    }
    if let Ok(line) = Line::decode(bytes) {
        assert_eq!(line.encode(), bytes);
    }
}

pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(PolicyPack::parse_for_adoption(text));
}

pub(crate) fn personal_number(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(today) = Day::from_ymd(2026, 7, 1) else { return };
    drop(IdentityNumber::parse(text, today));
}

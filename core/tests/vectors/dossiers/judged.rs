//! What the judgement of a dossier says besides accepted or refused: how far, by whose word, and of what nothing.

use serde_json::{Value, json};
use vandel_core::dossier::{Brought, Dossier, DossierReport, check};
use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::note::{KeyKind, Note, NoteSignature, VerifierKey};
use vandel_core::trust::parse_trust;
use vandel_core::verify::{Anchor, Verdict};
use vandel_core::view::{AUTHORITY, CASES, Computed, ComputedDigests};

use super::tale::{Part, Tale};
use crate::world::{START, filler, public, second, secret};

const WITNESS: &str = "witness.example/one";

/// A reader with a trust file and the digest computed.
fn reader(tale: &Tale) -> Brought {
    Brought {
        trust: Some(parse_trust(tale.trust().as_bytes()).expect("a trust file")),
        recomputed: vec![tale.digests().parse().expect("digests")],
        ..Brought::default()
    }
}

fn judged(tale: &Tale, dossier: &Dossier) -> DossierReport {
    check(&dossier.encode(), &reader(tale))
}

fn edited(dossier: &Dossier, edit: impl FnOnce(&mut Value)) -> Dossier {
    let mut value = serde_json::to_value(dossier).expect("a form");
    edit(&mut value);
    serde_json::from_value(value).expect("still of the form")
}

fn code(report: &DossierReport) -> Option<&str> {
    report.fault.as_ref().map(|fault| fault.code)
}

fn is_open(report: &DossierReport, words: &str) -> bool {
    report.not_checked.iter().any(|line| line.contains(words))
}

#[test]
fn the_report_counts_what_was_checked_and_says_how_far() {
    let tale = Tale::told(&Part::WHOLE);
    let report = judged(&tale, &tale.dossier());
    assert_eq!((report.exit, report.verdict, report.anchor), (0, Verdict::Passed, Anchor::Operator));
    let counts = report.counts;
    assert_eq!(
        (counts.records, counts.parts, counts.steps_judged, counts.steps_beyond_judging),
        (8, 6, 0, 3)
    );
    let complete = report.complete.as_ref().expect("complete");
    assert_eq!((complete.below_record, complete.later_steps, complete.published), (9, 0, 9));
    assert_eq!(complete.recomputed_by, ["yourself"]);
    assert!(report.summary.starts_with("3 steps, complete below record 9 by"), "{}", report.summary);
    assert!(report.summary.ends_with("anchor operator"), "{}", report.summary);
    assert!(is_open(&report, "What was withheld") && is_open(&report, "no witness was asked for"));
    assert!(!is_open(&report, "Whether a key that signed here ended"));
    let withheld: Vec<_> = report.steps.iter().map(|step| step.withheld.as_slice()).collect();
    assert_eq!(withheld, [&["identity"][..], &[], &[]]);
    assert_eq!(report.size, Some(11));
    let shown: Vec<_> = report.steps.iter().map(|step| step.shown.as_slice()).collect();
    assert_eq!(shown, [["spine", "process"], ["spine", "note"], ["spine", "process"]]);
    let policy = report.policy.expect("the one in force when the case was opened");
    assert_eq!((policy.name.as_str(), policy.record), ("small", 4));
}

#[test]
fn a_step_on_the_digests_position_stands_beyond_it() {
    let tale = Tale::told(&[Part::Early]);
    let report = judged(&tale, &tale.dossier());
    assert_eq!((report.exit, code(&report)), (0, None), "{:?}", report.fault);
    let complete = report.complete.expect("complete");
    assert_eq!((complete.below_record, complete.later_steps), (8, 1));
}

#[test]
fn a_dossier_of_another_ledger_than_the_one_asked_for_is_refused() {
    let tale = Tale::told(&Part::WHOLE);
    let dossier = tale.dossier();
    let asked = |ledger| check(&dossier.encode(), &Brought { ledger: Some(ledger), ..reader(&tale) });
    assert_eq!(asked(dossier.ledger()).exit, 0);
    let report = asked(LedgerId(filler("other")));
    assert_eq!((report.exit, code(&report)), (3, Some("other-ledger")));
    assert!(report.complete.is_none() && report.steps.is_empty());
}

/// The dossier with its checkpoint cosigned, and a trust file whose quorum is that witness.
fn cosigned(tale: &Tale, by: &str) -> (Dossier, Brought) {
    let mut dossier = tale.dossier();
    let mut note = Note::parse(dossier.checkpoint.as_bytes()).expect("a note");
    let line = NoteSignature::cosign(WITNESS, &secret(by), second(START + 900), note.text());
    note.attach(line.expect("a name")).expect("room");
    dossier.checkpoint = note.to_string();
    let witness = VerifierKey::new(WITNESS, KeyKind::Cosignature, &public(by)).expect("a key");
    let trust = tale.trust().replace("quorum none", &format!("witness one {witness}\nquorum one"));
    let trust = Some(parse_trust(trust.as_bytes()).expect("a trust file"));
    (dossier, Brought { trust, ..reader(tale) })
}

#[test]
fn a_quorum_is_met_by_an_outsider_and_asked_for_where_it_is_not_there() {
    let tale = Tale::told(&Part::WHOLE);
    let (dossier, brought) = cosigned(&tale, "witness");
    let report = check(&dossier.encode(), &brought);
    assert_eq!((report.exit, report.anchor), (0, Anchor::Witnessed), "{:?}", report.not_proven);
    assert_eq!(report.cosigned, [(WITNESS.to_owned(), START + 900)]);
    assert!(!is_open(&report, "no witness was asked for"));
    assert_eq!(check(&dossier.encode(), &Brought { require_witnessed: true, ..brought.clone() }).exit, 0);
    let unseen = check(&tale.dossier().encode(), &brought);
    assert_eq!((unseen.exit, unseen.anchor, unseen.not_proven.len()), (4, Anchor::Operator, 1));
    assert!(unseen.not_proven[0].contains("is not met"));
    // Who signs in the ledger is no witness to it.
    let (dossier, brought) = cosigned(&tale, "carol");
    let own = check(&dossier.encode(), &brought);
    assert_eq!((own.exit, own.anchor), (4, Anchor::Operator));
    let demanded = Brought { require_witnessed: true, ..reader(&tale) };
    let report = check(&tale.dossier().encode(), &demanded);
    assert_eq!((report.exit, report.not_proven.len()), (4, 1));
    assert!(report.not_proven[0].contains("was required"));
}

#[test]
fn the_readers_digest_counts_for_its_own_view_position_and_ledger() {
    let tale = Tale::told(&Part::WHOLE);
    let dossier = tale.dossier();
    let own: ComputedDigests = tale.digests().parse().expect("digests");
    let wrong = |view: &str, position| Computed {
        view: view.to_owned(),
        position,
        digest: Hash(filler("another digest")),
    };
    let with =
        |own: ComputedDigests| check(&dossier.encode(), &Brought { recomputed: vec![own], ..reader(&tale) });
    let beside = [wrong(CASES, 8), wrong(AUTHORITY, 9)];
    let digests = [&own.digests[..], &beside].concat();
    assert_eq!(with(ComputedDigests { digests, ..own.clone() }).exit, 0, "of other views and positions");
    let alone = with(ComputedDigests { digests: beside.to_vec(), ..own.clone() });
    assert_eq!((alone.exit, alone.not_proven.len()), (4, 1), "nobody has computed this one");
    let elsewhere = ComputedDigests { ledger: LedgerId(filler("other")), digests: vec![wrong(CASES, 9)] };
    assert_eq!(with(elsewhere).exit, 4);
    let other = with(ComputedDigests { digests: vec![wrong(CASES, 9)], ..own });
    assert_eq!((other.exit, code(&other)), (3, Some("digest-differs")));
    assert!(other.complete.is_none() && other.anchor == Anchor::None, "nothing before a fault counts");
}

#[test]
fn a_confirmation_is_the_same_digest_of_the_same_position() {
    let tale = Tale::told(&[Part::Confirmed, Part::Disputed]);
    let dossier = tale.dossier();
    let report = judged(&tale, &dossier);
    assert_eq!((report.exit, report.complete.expect("complete").recomputed_by.len()), (0, 2));
    assert_eq!(dossier.complete.confirmed, [11]);
    let report = judged(
        &tale,
        &edited(&dossier, |value| {
            value["complete"]["confirmed"] = json!([10]);
            let record = tale.shown_record(10);
            let records = value["records"].as_array_mut().expect("a list");
            let at = records.iter().position(|record| record["record"] == 11).expect("the confirmation");
            records.insert(at, record);
        }),
    );
    let fault = report.fault.expect("a fault");
    assert_eq!((fault.code, fault.record), ("confirmation", Some(10)), "{fault}");
}

#[test]
fn keys_that_are_shown_less_far_than_the_case_are_said_to_be() {
    let words = "Whether a key that signed here ended";
    let tale = Tale::told(&Part::CONFIRMED);
    assert!(!is_open(&judged(&tale, &tale.dossier()), words), "the keys to record 11, the case to 9");
    let tale = Tale::told(&[Part::KeysFirst]);
    let report = judged(&tale, &tale.dossier());
    assert_eq!((report.exit, report.complete.as_ref().expect("complete").below_record), (0, 9));
    assert!(is_open(&report, words), "{:?}", report.not_checked);
}

#[test]
fn an_identity_is_replaced_by_a_later_one_and_nothing_else_is() {
    let tale = Tale::told(&[Part::Renamed]);
    let dossier = tale.dossier();
    let claimed = |at: usize, slot: u8, by: u64| {
        let claim = |value: &mut Value| {
            let step = &mut value["case"]["steps"][at];
            let parts = step["parts"].as_array_mut().expect("a list");
            parts.retain(|part| part["slot"] != slot);
            step["absent"] = json!([{ "slot": slot, "why": "replaced", "by": by }]);
        };
        judged(&tale, &edited(&dossier, claim))
    };
    let report = claimed(0, 1, 2);
    assert_eq!((report.exit, report.steps[0].replaced.as_slice()), (0, &["identity"][..]));
    for (at, slot, by) in [(0, 1, 1), (0, 1, 3), (0, 1, 9), (1, 3, 2), (2, 1, 2)] {
        let report = claimed(at, slot, by);
        assert_eq!((report.exit, code(&report)), (3, Some("absent")), "slot {slot} of step {at} by {by}");
    }
}

#[test]
fn what_was_withheld_is_said_where_something_was() {
    let tale = Tale::told(&Part::WHOLE);
    let dossier = tale.dossier();
    assert!(is_open(&judged(&tale, &dossier), "What was withheld"));
    // Replaced, and its successor shown: nothing is withheld.
    let replaced = Tale::told(&[Part::Renamed]);
    let shown = edited(&replaced.dossier(), |value| {
        value["case"]["steps"][0]["absent"] = json!([{ "slot": 1, "why": "replaced", "by": 2 }]);
        value["case"]["steps"][2]["absent"] = json!([]);
        let part = replaced.part(2, 1);
        value["case"]["steps"][2]["parts"].as_array_mut().expect("a list").push(part);
    });
    let report = judged(&replaced, &shown);
    assert_eq!((report.exit, is_open(&report, "What was withheld")), (0, false), "{:?}", report.fault);
}

#[test]
fn what_a_step_may_have_can_be_withheld_and_what_it_cannot_have_is_not() {
    let tale = Tale::told(&[Part::Decided]);
    let dossier = tale.dossier();
    let withheld = |at: usize, slot: u8| {
        let report = judged(
            &tale,
            &edited(&dossier, |value| {
                value["case"]["steps"][at]["absent"] = json!([{ "slot": slot, "why": "withheld" }]);
            }),
        );
        code(&report).map(str::to_owned)
    };
    assert_eq!(withheld(2, 5), None, "an assessment beside a decision");
    for (at, slot) in [(2, 4), (2, 7), (3, 5), (3, 7)] {
        assert_eq!(withheld(at, slot).as_deref(), Some("step"), "slot {slot} of step {at}");
    }
}

#[test]
fn what_is_absent_is_said_once_and_of_slots_that_there_are() {
    let tale = Tale::told(&Part::WHOLE);
    let dossier = tale.dossier();
    let withheld = |slots: &[u8]| {
        let absent: Vec<_> = slots.iter().map(|slot| json!({ "slot": slot, "why": "withheld" })).collect();
        let report =
            judged(&tale, &edited(&dossier, |value| value["case"]["steps"][0]["absent"] = json!(absent)));
        code(&report).map(str::to_owned)
    };
    assert_eq!(withheld(&[1]), None);
    let two = |first: u8, second: u8| {
        let claim = |value: &mut Value| {
            let step = &mut value["case"]["steps"][0];
            step["parts"].as_array_mut().expect("a list").truncate(1);
            let absent = [first, second].map(|slot| json!({ "slot": slot, "why": "withheld" }));
            step["absent"] = json!(absent);
        };
        code(&judged(&tale, &edited(&dossier, claim))).map(str::to_owned)
    };
    assert_eq!((two(1, 2), two(2, 1).as_deref()), (None, Some("step")), "in the order of their slots");
    let doubled = |value: &mut Value| {
        let parts = value["case"]["steps"][0]["parts"].as_array_mut().expect("a list");
        parts.push(parts[1].clone());
    };
    assert_eq!(code(&judged(&tale, &edited(&dossier, doubled))), Some("step"));
    for slots in [&[1, 1][..], &[1, 8], &[0, 1], &[1, 3]] {
        assert_eq!(withheld(slots).as_deref(), Some("step"), "{slots:?}");
    }
}

#[test]
fn a_record_is_shown_once() {
    let tale = Tale::told(&Part::WHOLE);
    let report = judged(
        &tale,
        &edited(&tale.dossier(), |value| {
            let records = value["records"].as_array_mut().expect("a list");
            let first = records[1].clone();
            records.insert(1, first);
        }),
    );
    assert_eq!((report.exit, code(&report)), (3, Some("record")));
}

#[test]
fn what_belongs_into_no_case_is_refused_though_rules_are_passed_over() {
    let tale = Tale::told(&[Part::Stray]);
    let report = judged(&tale, &tale.dossier());
    let fault = report.fault.expect("a fault");
    assert_eq!((fault.code, fault.record), ("rule", Some(8)), "{fault}");
}

//! Nothing passes that was not gathered: every byte flipped, things left out, false digests, foreign rows.

use vandel_core::dossier::{Dossier, check};
use vandel_core::event::OpenEvent;
use vandel_core::id::ThreadId;
use vandel_core::view::CaseRow;
use vandel_ledger::signer;
use vandel_tests::ledger_builder::LedgerBuilder;

use vandel_tests::dossiers::{
    CASE, dossier, enrol_service, false_digest, gather, narrow, publish, publish_authority, reader, revoke,
    rows, statement_of, steps,
};

fn lively() -> (LedgerBuilder, vandel_ledger::opening::OpenLedger) {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    built.case(&mut open.sequencer, 1);
    built.case(&mut open.sequencer, 2);
    narrow(&built, &mut open.sequencer, "2026-12-31");
    publish(&mut open.sequencer);
    (built, open)
}

#[test]
fn every_changed_byte_is_found() {
    let (built, open) = lively();
    let made = dossier(&open.sequencer);
    let brought = reader(&built, &open.sequencer, &made);
    let bytes = made.encode();
    assert_eq!(check(&bytes, &brought).exit, 0);
    // All of them are tried in the long run; else a fifth of the file, each place with one bit of eight.
    let deep = std::env::var_os("VANDEL_DEEP").is_some();
    let pack = longest_text(&bytes);
    let tried =
        |at: &usize| deep || if pack.contains(at) { at.is_multiple_of(197) } else { at.is_multiple_of(5) };
    let places: Vec<usize> = (0..bytes.len()).filter(tried).collect();
    let masks =
        |at: usize| if deep { (0..8).map(|bit| 1 << bit).collect() } else { vec![1_u8 << (at / 5 % 8)] };
    use rayon::prelude::*;
    let missed: Vec<(usize, u8)> = places
        .par_iter()
        .flat_map_iter(|at| masks(*at).into_iter().map(move |mask| (*at, mask)))
        .filter(|(at, mask)| {
            let mut changed = bytes.clone();
            changed[*at] ^= mask;
            check(&changed, &brought).exit != 3
        })
        .collect();
    assert!(missed.is_empty(), "{:?}", &missed[..missed.len().min(5)]);
    println!("dossier bytes deep: {} trials", places.len() * masks(0).len());
    for cut in (0..bytes.len()).step_by(bytes.len() / 50) {
        assert_eq!(check(&bytes[..cut], &brought).exit, 3, "cut at {cut}");
    }
}

/// Where the longest quoted text of a JSON file stands.
fn longest_text(bytes: &[u8]) -> std::ops::Range<usize> {
    let quotes: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at).collect();
    let spans = quotes.windows(2).map(|pair| pair[0] + 1..pair[1]);
    spans.max_by_key(|span| span.len()).expect("a file with texts")
}

/// What a dossier's file says, to be changed and written again in its one encoding.
fn edit(made: &Dossier, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(made).expect("a form");
    change(&mut value);
    let edited: Dossier = serde_json::from_value(value).expect("still of the form");
    edited.encode()
}

fn list<'v>(value: &'v mut serde_json::Value, path: &str) -> &'v mut Vec<serde_json::Value> {
    value.pointer_mut(path).and_then(serde_json::Value::as_array_mut).expect("a list")
}

#[test]
fn nothing_can_be_dropped_doubled_or_exchanged() {
    let (built, open) = lively();
    let made = dossier(&open.sequencer);
    let brought = reader(&built, &open.sequencer, &made);
    let mut trials = 0;
    for path in ["/records", "/case/steps", "/complete/authority/shown", "/case/steps/0/parts"] {
        let mut value = serde_json::to_value(&made).expect("a form");
        let count = list(&mut value, path).len();
        for at in 0..count {
            let dropped = edit(&made, |value| drop(list(value, path).remove(at)));
            let report = check(&dropped, &brought);
            assert_eq!(report.exit, 3, "{path} without {at}: {report:?}");
            let doubled = edit(&made, |value| {
                let one = list(value, path)[at].clone();
                list(value, path).insert(at, one);
            });
            // The same proved row twice changes nothing of what was proved.
            let harmless = path == "/complete/authority/shown";
            assert_eq!(check(&doubled, &brought).exit, if harmless { 0 } else { 3 }, "{path} doubled {at}");
            for other in at + 1..count {
                let exchanged = edit(&made, |value| list(value, path).swap(at, other));
                assert_eq!(
                    check(&exchanged, &brought).exit,
                    if harmless { 0 } else { 3 },
                    "{path} {at} {other}"
                );
                trials += 1;
            }
            trials += 2;
        }
    }
    println!("dossier lists deep: {trials} trials");
}

#[test]
fn a_case_without_its_last_steps_is_found_though_all_else_is_made_anew() {
    let (built, open) = lively();
    let sequencer = &open.sequencer;
    let brought = reader(&built, sequencer, &dossier(sequencer));
    for left in 1..3 {
        let gathered = gather(sequencer);
        let digests = gathered.digests(0).expect("published");
        let mut shown = steps(sequencer, |_| true);
        shown.truncate(left);
        let ledger = sequencer.chain().ledger;
        // The rows are the published ones, since others do not give the digest.
        let made = gathered.dossier(ledger, CASE, &shown, digests, &rows(sequencer), sequencer.checkpoint());
        let report = check(&made.expect("made").encode(), &brought);
        assert_eq!(report.fault.map(|fault| fault.code), Some("completeness"), "{left} steps left");
    }
    for missing in 0..2 {
        let gathered = gather(sequencer);
        let mut shown = steps(sequencer, |_| true);
        shown.remove(missing);
        let digests = gathered.digests(0).expect("published");
        let ledger = sequencer.chain().ledger;
        let made = gathered.dossier(ledger, CASE, &shown, digests, &rows(sequencer), sequencer.checkpoint());
        let report = check(&made.expect("made").encode(), &brought);
        assert_eq!(report.fault.map(|fault| fault.code), Some("thread"), "without step {missing}");
    }
}

#[test]
fn a_false_digest_convinces_nobody_who_has_recomputed_it_and_is_never_called_proven() {
    let (built, mut open) = lively();
    let sequencer = &mut open.sequencer;
    let honest = reader(&built, sequencer, &dossier(sequencer));
    // The operator leaves out the last step and publishes a digest that suits.
    let mut shown = steps(sequencer, |_| true);
    shown.truncate(2);
    let mut false_rows = rows(sequencer);
    let step_two = {
        let gathered = gather(sequencer);
        let made = gathered.dossier(
            sequencer.chain().ledger,
            CASE,
            &steps(sequencer, |_| true),
            gathered.digests(0).expect("published"),
            &rows(sequencer),
            sequencer.checkpoint(),
        );
        let value = serde_json::to_value(made.expect("made")).expect("a form");
        statement_of(&value, shown[1].record)
    };
    for row in &mut false_rows {
        if row.thread == CASE {
            *row = CaseRow { count: 2, last: step_two, ..*row };
        }
    }
    let true_rows = rows(sequencer);
    let (event, _) = false_digest(sequencer, &false_rows);
    let position = sequencer.chain().size();
    sequencer.commit_own(event).expect("a service says anything");
    publish_authority(sequencer);
    let gathered = gather(sequencer);
    let digests = gathered.digests(0).expect("published");
    let ledger = sequencer.chain().ledger;
    let made = gathered.dossier(ledger, CASE, &shown, digests, &false_rows, sequencer.checkpoint());
    let bytes = made.expect("made").encode();
    let alone = check(&bytes, &vandel_tests::dossiers::truster(&built));
    assert_eq!((alone.exit, alone.fault), (4, None), "by nobody recomputed: not proven, and it says so");
    let mut brought = honest;
    brought.recomputed[0].digests[0].position = position;
    brought.recomputed[0].digests[0].digest =
        vandel_core::view::ViewTree::of_cases(&true_rows).digest(&ledger, position);
    let report = check(&bytes, &brought);
    assert_eq!(report.fault.map(|fault| fault.code), Some("digest-differs"));
}

#[test]
fn a_digest_of_a_revoked_service_or_of_another_role_or_of_a_time_to_come_does_not_count() {
    let (built, mut open) = lively();
    let sequencer = &mut open.sequencer;
    let second = signer::generate().expect("randomness");
    enrol_service(&built, sequencer, &second, 9);
    let (event, _) = false_digest(sequencer, &rows(sequencer));
    revoke(&built, sequencer, &second);
    let refused = |key: &_, sequencer: &mut vandel_ledger::sequencer::Sequencer| {
        let submission = vandel_ledger::author::sign_event(&sequencer.standpoint(), key, None, event.clone());
        sequencer.commit_one(submission).expect_err("it may not publish")
    };
    refused(&second, sequencer);
    refused(&built.decider, sequencer);
    // The sequencer refuses such records; a dossier that shows one all the same was made by hand.
    let OpenEvent::DigestPublished(mut later) = event.clone() else { panic!("a digest") };
    later.position = sequencer.chain().size() + 5;
    sequencer.commit_own(OpenEvent::DigestPublished(later)).expect("admitted: positions are a claim");
    publish(sequencer);
    let made = dossier(sequencer);
    let to_come = edit(&made, |value| {
        value["complete"]["cases"]["published"] = (made.complete.cases.published - 1).into();
    });
    let report = check(&to_come, &reader(&built, sequencer, &made));
    assert_eq!(report.fault.map(|fault| fault.code), Some("digest"));
}

#[test]
fn another_cases_row_does_not_stand_for_this_one() {
    let (built, open) = lively();
    let sequencer = &open.sequencer;
    let made = dossier(sequencer);
    let brought = reader(&built, sequencer, &made);
    let foreign = ThreadId([2 ^ 0x80; 16]);
    let gathered = gather(sequencer);
    let digests = gathered.digests(0).expect("published");
    let ledger = sequencer.chain().ledger;
    let shown = steps(sequencer, |_| true);
    let other = gathered.dossier(ledger, foreign, &shown, digests, &rows(sequencer), sequencer.checkpoint());
    let other = other.expect("made");
    let report = check(&other.encode(), &brought);
    assert_eq!(report.fault.map(|fault| fault.code), Some("thread"), "steps of one case, thread of another");
    let row = serde_json::to_value(&other).expect("a form")["complete"]["cases"].clone();
    let mixed = edit(&made, |value| value["complete"]["cases"] = row);
    let report = check(&mixed, &brought);
    assert_eq!(report.fault.map(|fault| fault.code), Some("completeness"));
}

#[test]
fn a_revocation_that_is_left_out_is_found() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    revoke(&built, sequencer, &built.decider);
    let revocation = sequencer.chain().size() - 1;
    publish(sequencer);
    let made = dossier(sequencer);
    let brought = reader(&built, sequencer, &made);
    assert_eq!(check(&made.encode(), &brought).exit, 0);
    let without = edit(&made, |value| {
        list(value, "/records").retain(|record| record["record"] != revocation);
        for row in list(value, "/complete/authority/shown") {
            row["records"].as_array_mut().expect("records").retain(|record| *record != revocation);
        }
    });
    let report = check(&without, &brought);
    assert_eq!(report.fault.map(|fault| fault.code), Some("authority"));
}

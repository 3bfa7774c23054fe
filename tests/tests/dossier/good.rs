//! What a dossier proves, and what it leaves open.

use vandel_core::dossier::{Brought, check};
use vandel_core::payload::Slot;
use vandel_core::verify::{Anchor, Verdict};
use vandel_core::view::ViewTree;
use vandel_ledger::signer;
use vandel_tests::ledger_builder::LedgerBuilder;

use vandel_tests::dossiers::{
    CASE, dossier, enrol_service, false_digest, gather, narrow, publish, publish_authority, reader, revoke,
    rows, say, steps, truster,
};

#[test]
fn a_whole_case_is_proved_complete_to_who_has_recomputed_the_digest() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    built.case(sequencer, 2);
    publish(sequencer);
    let dossier = dossier(sequencer);
    let bytes = dossier.encode();
    let report = check(&bytes, &reader(&built, sequencer, &dossier));
    assert_eq!((report.exit, report.verdict), (0, Verdict::Passed), "{report:?}");
    assert_eq!(report.anchor, Anchor::Operator);
    let complete = report.complete.expect("complete");
    assert_eq!(complete.below_record, dossier.complete.cases.published);
    assert_eq!((complete.later_steps, &*complete.recomputed_by), (0, &["yourself".to_owned()][..]));
    let kinds: Vec<_> = report.steps.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, ["case_opened", "extract_shown", "case_closed"]);
    assert_eq!(report.counts.steps_judged + report.counts.steps_beyond_judging, 3);
    assert!(report.policy.is_some());
}

#[test]
fn by_the_services_word_alone_or_without_a_trust_file_it_is_not_proven() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    publish(sequencer);
    let bytes = dossier(sequencer).encode();
    let report = check(&bytes, &truster(&built));
    assert_eq!((report.exit, report.not_proven.len()), (4, 1), "{report:?}");
    assert!(report.not_proven[0].contains("alone"), "{:?}", report.not_proven);
    let report = check(&bytes, &Brought::default());
    assert_eq!((report.exit, report.not_proven.len(), report.anchor), (4, 2, Anchor::None));
    let report = check(&bytes, &Brought { require_witnessed: true, ..truster(&built) });
    assert_eq!((report.exit, report.not_proven.len()), (4, 2));
}

#[test]
fn a_second_service_that_publishes_the_same_digest_is_named_and_another_key_of_the_first_is_not() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    let (second, own) = (signer::generate().expect("randomness"), signer::generate().expect("randomness"));
    enrol_service(&built, sequencer, &second, 9);
    let service = sequencer.chain().keyring.get(&sequencer.chain().sequencer).expect("a service").actor;
    built.enrol(sequencer, &own, service, vandel_core::event::Role::Service);
    built.case(sequencer, 1);
    let (event, _) = false_digest(sequencer, &rows(sequencer));
    sequencer.commit_own(event.clone()).expect("published");
    say(sequencer, &own, event.clone());
    say(sequencer, &second, event);
    publish_authority(sequencer);
    // The newest of the three records with this digest is the one that is relied on; others confirm it.
    let made = dossier(sequencer);
    assert_eq!(made.complete.confirmed.len(), 1, "the service's two keys are one actor, and confirm as one");
    let report = check(&made.encode(), &truster(&built));
    assert_eq!(report.exit, 0, "{report:?}");
    assert!(report.complete.expect("complete").recomputed_by[0].contains("service key"));
}

#[test]
fn what_is_withheld_is_said_to_be_and_the_case_is_still_complete() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    publish(sequencer);
    let gathered = gather(sequencer);
    let digests = gathered.digests(0).expect("published");
    let shown = steps(sequencer, |slot| slot == Slot::Spine);
    let ledger = sequencer.chain().ledger;
    let made = gathered.dossier(ledger, CASE, &shown, digests, &rows(sequencer), sequencer.checkpoint());
    let made = made.expect("made");
    let bytes = made.encode();
    assert!(!String::from_utf8_lossy(&bytes).contains("Kanariesson"));
    let report = check(&bytes, &reader(&built, sequencer, &made));
    assert_eq!(report.exit, 0, "{report:?}");
    assert_eq!(report.steps[0].withheld, ["identity", "process"]);
    assert!(report.not_checked.iter().any(|line| line.contains("withheld")));
}

#[test]
fn steps_after_the_digest_are_shown_and_not_called_complete() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 2);
    let opened = built.case(sequencer, 1).remove(1).record;
    publish(sequencer);
    let old_rows = rows(sequencer);
    let held = vandel_tests::ledger_builder::next_step(
        sequencer,
        CASE,
        vandel_core::event::Kind::EmploymentStarted,
        |step| step.process = Some(vandel_core::event::Process::EmploymentStarted),
    );
    let late = built.take(sequencer, &held, None);
    let gathered = gather(sequencer);
    let digests = gathered.digests(opened).expect("published before");
    let shown = steps(sequencer, |_| true);
    let ledger = sequencer.chain().ledger;
    let made = gathered.dossier(ledger, CASE, &shown, digests, &old_rows, sequencer.checkpoint());
    let made = made.expect("made");
    let position = made.complete.cases.published;
    let digest = ViewTree::of_cases(&old_rows).digest(&ledger, position);
    let mut brought = reader(&built, sequencer, &made);
    brought.recomputed[0].digests[0].digest = digest;
    let report = check(&made.encode(), &brought);
    let complete = report.complete.clone().expect("complete to the digest");
    assert_eq!(complete.below_record, position);
    assert_eq!(complete.later_steps, usize::from(late.is_ok()), "{report:?}");
}

#[test]
fn a_key_that_was_given_other_grants_or_revoked_since_keeps_its_history() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    narrow(&built, sequencer, "2026-12-31");
    revoke(&built, sequencer, &built.decider);
    publish(sequencer);
    let made = dossier(sequencer);
    let report = check(&made.encode(), &reader(&built, sequencer, &made));
    assert_eq!(report.exit, 0, "what was signed before a revocation stands: {report:?}");
}

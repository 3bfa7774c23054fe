//! Dossiers as the ledger makes them: fresh digests, erased and replaced parts; and digests computed again.

use std::sync::Arc;

use vandel_core::dossier::check;
use vandel_core::erasure::{ErasureReason, Ground, Line, Plan};
use vandel_core::event::{Compartment, DisposalDecision, ErasureStarted, Identity, Kind, OpenEvent, Role};
use vandel_core::id::{ActorId, SubjectId};
use vandel_core::person::IdentityNumber;
use vandel_core::time::Second;
use vandel_core::verify::{Report, ViewOutcome};
use vandel_core::view::{CaseRow, ViewTree};
use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::author::sign_event;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::dossier::{DossierError, make_dossier};
use vandel_ledger::publish::{PublishError, Publisher, publish_views};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_tests::ledger_builder::{LedgerBuilder, NOON, next_step, today};

use vandel_tests::dossiers::{CASE, false_digest, reader, rows};

fn verify_views(built: &LedgerBuilder) -> Report {
    let options = AuditOptions {
        place: built.home.root().to_owned(),
        trust: Some(built.home.trust()),
        views: true,
        ..AuditOptions::default()
    };
    audit(&(Arc::new(RealDisk) as Arc<dyn vandel_ledger::disk::Disk>), options, &mut |_| {})
        .expect("a report")
}

/// Two years and some days later, when what was closed at noon is due.
const LATER: Second = Second(NOON.0 + 740 * 86_400);

/// Starts to erase compartments of the case that are due, under a decision, by two people.
fn erase(
    built: &LedgerBuilder,
    sequencer: &mut Sequencer,
    compartments: &[(Compartment, Option<&str>)],
) -> Plan {
    let day = |text: &str| text.parse().expect("a day");
    let decision = DisposalDecision {
        body: "KF".to_owned(),
        number: "7".to_owned(),
        decided: day("2026-01-10"),
        classes: ["note", "case", "identity"].map(str::to_owned).to_vec(),
        from: day("2026-01-10"),
        until: None,
    };
    let disposal = built.say(sequencer, OpenEvent::DisposalAdopted(decision)).expect("two people").record;
    let delegate = signer::generate().expect("randomness");
    built.enrol(sequencer, &delegate, ActorId([8; 16]), Role::ControllersDelegate);
    built.clock.set(LATER);
    let ground = |(compartment, class): &(Compartment, Option<&str>)| Ground {
        compartment: *compartment,
        reason: ErasureReason::Retention,
        class: class.map(str::to_owned),
        due: day("2028-03-20"),
    };
    let whole = compartments.iter().any(|(one, _)| *one == Compartment::Spine);
    let records = sequencer.threads().expect("the threads").get(&CASE).expect("the case").records.clone();
    let line = Line {
        pseudonym: [1; 8],
        thread: CASE,
        identities: if whole { vec![0] } else { Vec::new() },
        records: if whole { records } else { vec![records[1]] },
        compartments: compartments.iter().map(ground).collect(),
    };
    let (ledger, as_of) = (sequencer.chain().ledger, LATER.latest_day_in_sweden());
    let plan = Plan { ledger, salt: [7; 32], as_of, disposal, lines: vec![line] };
    let event =
        ErasureStarted { records: plan.records(), plan: plan.hash(), expires: Second(LATER.0 + 3600) };
    let [first, _] = &built.administrators;
    let start = sign_event(&sequencer.standpoint(), first, Some(&delegate), OpenEvent::ErasureStarted(event));
    sequencer.store_plan(&plan).expect("stored");
    sequencer.start_erasure(start).unwrap_or_else(|error| panic!("two people ask for it: {error}"));
    plan
}

fn execute(sequencer: &mut Sequencer) {
    for (started, _) in sequencer.pending_erasures() {
        sequencer.execute_erasure(started).expect("carried out");
    }
}

#[test]
fn an_erased_compartment_is_shown_as_erased_and_the_case_is_still_whole() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    erase(&built, sequencer, &[(Compartment::Note, Some("note"))]);
    let waiting = publish_views(sequencer, None);
    assert!(matches!(waiting, Err(PublishError::ErasureUnderWay { .. })), "no digest in between");
    execute(sequencer);
    let made = make_dossier(sequencer, CASE, &|_| true).expect("made");
    let bytes = made.encode();
    let report = check(&bytes, &reader(&built, sequencer, &made));
    assert_eq!(report.exit, 0, "{report:?}");
    let erased = &report.steps[1].erased;
    assert_eq!((erased.len(), erased[0].compartment), (1, "note"), "{report:?}");
    assert!(erased[0].executed.is_some());
    let text = String::from_utf8(bytes).expect("JSON");
    let (started, executed) = (erased[0].started, erased[0].executed.expect("executed"));
    let claim = format!("\"why\":\"erased\",\"started\":{started},\"executed\":{executed}");
    assert_eq!(text.matches(&claim).count(), 1);
    // Another reason than the true one is refused, and so is an erasure that names other records.
    for (other, code) in
        [("\"why\":\"replaced\",\"by\":2", "absent"), ("\"why\":\"erased\",\"started\":0", "absent")]
    {
        let changed = text.replace(&claim, other);
        let report = check(changed.as_bytes(), &reader(&built, sequencer, &made));
        assert_eq!(report.fault.map(|fault| fault.code), Some(code), "{other}");
    }
}

#[test]
fn a_case_that_was_erased_whole_leaves_the_view_and_older_digests_accuse_nobody() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    built.case(sequencer, 2);
    publish_views(sequencer, None).expect("published");
    let all = [
        (Compartment::Note, Some("note")),
        (Compartment::Process, Some("case")),
        (Compartment::Identity, Some("identity")),
        (Compartment::Spine, None),
    ];
    erase(&built, sequencer, &all);
    execute(sequencer);
    assert_eq!(rows(sequencer).len(), 1);
    assert!(matches!(make_dossier(sequencer, CASE, &|_| true), Err(DossierError::NoCase)));
    publish_views(sequencer, None).expect("published");
    open.close().expect("closed");
    let report = verify_views(&built);
    assert_eq!(report.exit, 0, "{:?}", report.findings);
    let outcomes: Vec<_> = report.views.iter().map(|view| view.outcome).collect();
    use ViewOutcome::{Agrees, NotComputed};
    assert_eq!(outcomes, [NotComputed, Agrees, Agrees, Agrees]);
}

#[test]
fn a_replaced_identity_is_shown_as_replaced() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    built.case(sequencer, 1);
    let renamed = next_step(sequencer, CASE, Kind::IdentityChanged, |step| {
        step.identity = Some(Identity {
            subject: SubjectId([1; 16]),
            handle: "K-1".to_owned(),
            number: IdentityNumber::parse("19961010-9945", today()).expect("a number"),
            surname: "Nygift".to_owned(),
            given_name: "Göran".to_owned(),
            protected: false,
        });
    });
    built.take(sequencer, &renamed, None).expect("a changed name");
    let made = make_dossier(sequencer, CASE, &|_| true).expect("made");
    let report = check(&made.encode(), &reader(&built, sequencer, &made));
    assert_eq!(report.exit, 0, "{report:?}");
    assert_eq!(
        (&*report.steps[0].replaced, &*report.steps[3].shown),
        (&["identity"][..], &["spine", "identity"][..])
    );
}

#[test]
fn digests_are_computed_again_at_their_own_position_and_a_false_one_is_named() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    built.case(&mut open.sequencer, 1);
    publish_views(&mut open.sequencer, None).expect("published");
    built.case(&mut open.sequencer, 2);
    open.close().expect("closed");
    let report = verify_views(&built);
    assert_eq!(report.exit, 0, "{:?}", report.findings);
    assert!(report.views.iter().all(|view| view.outcome == ViewOutcome::Agrees), "{:?}", report.views);
    assert_eq!(report.views.len(), 2);

    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    let mut changed = rows(sequencer);
    changed[0] = CaseRow { count: changed[0].count - 1, ..changed[0] };
    let (event, _) = false_digest(sequencer, &changed);
    let record = sequencer.commit_own(event).expect("a service says anything").record;
    open.close().expect("closed");
    let report = verify_views(&built);
    assert_eq!(report.exit, 3);
    let finding = &report.findings[0];
    assert_eq!((&*finding.code, finding.record), ("view-digest", Some(record)));
}

#[test]
fn a_false_digest_of_the_keys_is_found_without_openings_and_nothing_published_is_not_proven() {
    let built = LedgerBuilder::found();
    assert_eq!(verify_views(&built).exit, 4, "asked for, and nothing is there to compare");
    let mut open = built.open();
    let size = open.sequencer.chain().size();
    let empty = vandel_core::view::AuthorityRows::default().tree();
    let event = empty.event(&built.ledger, size);
    open.sequencer.commit_own(OpenEvent::DigestPublished(event)).expect("a service says anything");
    let none = ViewTree::of_cases(&[]).event(&built.ledger, size);
    open.sequencer.commit_own(OpenEvent::DigestPublished(none)).expect("a service says anything");
    open.close().expect("closed");
    std::fs::remove_dir_all(built.home.vault()).expect("no openings");
    let report = verify_views(&built);
    assert_eq!(report.exit, 3, "{:?}", report.views);
    assert_eq!(report.views[1].outcome, ViewOutcome::NotComputed);
}

#[test]
fn a_publisher_reads_only_what_is_new_and_says_nothing_when_nothing_is() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let mut publisher = Publisher::default();
    for seed in 1..4 {
        built.case(&mut open.sequencer, seed);
        assert!(publisher.publish_news(&mut open.sequencer).expect("published").is_some());
        assert_eq!(publisher.publish_news(&mut open.sequencer).expect("asked").map(|_| ()), None);
    }
    open.close().expect("closed");
    let report = verify_views(&built);
    assert_eq!((report.exit, report.views.len()), (0, 6), "{:?}", report.views);
    assert!(report.views.iter().all(|view| view.outcome == ViewOutcome::Agrees), "{:?}", report.views);
}

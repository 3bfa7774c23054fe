//! The demonstration shows what it promises, verifies, tells the same story to the same seed, and leaves
//! nobody's name where anybody could read it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use vandel::demo::{
    Act, CASES_MIN, DemoError, DemoOptions, DemoOutcome, Fate, Incident, Outline, Places, Script, Trait,
    play_script, render_text, run,
};
use vandel_core::block::Block;
use vandel_core::event::{Kind, Occasion, Process, Step};
use vandel_core::statement::Body;
use vandel_core::time::{Day, Period, Second};
use vandel_ledger::clock::SystemClock;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::log::file::FileLog;
use vandel_ledger::opening::{self, Opening};
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_tests::canary::Canaries;

const NOW: Second = Second(1_795_435_200); // 2026-11-23, noon in UTC

fn today() -> Day {
    "2026-11-23".parse().unwrap()
}

fn options(folder: &Path, cases: usize, seed: u64) -> DemoOptions {
    let home = Some(folder.join("home"));
    DemoOptions { home, cases, seed, now: NOW, today: today(), keep: false }
}

/// One demonstration for all tests that only look; each run costs a few hundred syncs.
fn shared() -> &'static (tempfile::TempDir, DemoOutcome) {
    static SHARED: OnceLock<(tempfile::TempDir, DemoOutcome)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let outcome = run(&options(folder.path(), 40, 7), &mut |_| {}).unwrap();
        (folder, outcome)
    })
}

/// The steps that the vault still holds.
fn steps_of(home: &Path) -> Vec<Step> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let opening = Opening {
        disk,
        clock: Arc::new(SystemClock),
        cell: None,
        passphrase: None,
        trust_new_memory: false,
        take_over: false,
    };
    let ledger = opening::open(&Home::new(home), opening).unwrap();
    let vault = ledger.sequencer.vault();
    let payloads = (0..ledger.sequencer.chain().size()).filter_map(|record| vault.get(record).unwrap());
    let steps = payloads
        .filter_map(|opened| match from_opened(opened) {
            Unsealed::Payload(payload) => Some(payload.open(&payload.header.commitment()).unwrap()),
            Unsealed::Erased | Unsealed::Damaged => None,
        })
        .collect();
    ledger.close().unwrap();
    steps
}

#[test]
fn everything_promised_is_shown() {
    let outcome = &shared().1;
    let keys: Vec<_> = outcome.roles.keys().copied().collect();
    assert_eq!(keys, ["CARE_FETCH", "CHILD", "HOME_CARE", "HVB", "SCHOOL", "SCHOOL_HOME"]);
    assert_eq!(outcome.occasions.len(), Occasion::ALL.len(), "{:?}", outcome.occasions);
    assert_eq!(outcome.fates.len(), 11, "{:?}", outcome.fates);
    assert_eq!(outcome.incidents.len(), 11, "{:?}", outcome.incidents);
    assert!(outcome.people.iter().all(|count| *count > 0), "{:?}", outcome.people);

    let never: BTreeSet<_> = [Kind::ConsentGiven, Kind::ConsentWithdrawn, Kind::PositionAssessed].into();
    let expected = Kind::ALL.iter().filter(|kind| !never.contains(kind)).map(|kind| kind.name());
    let missing: Vec<_> = expected.filter(|kind| !outcome.steps.contains_key(kind)).collect();
    assert!(missing.is_empty(), "no step of kind {missing:?}");
}

#[test]
fn every_refusal_names_its_code_and_paragraph() {
    let refusals = &shared().1.refusals;
    let codes: Vec<_> = refusals.iter().map(|refusal| (refusal.code, refusal.exit)).collect();
    let expected = [
        "policy-incomplete",
        "check-forbidden",
        "field-not-recordable",
        "kind-not-recordable",
        "extract-too-old",
        "another-case-open",
        "not-heard",
        "approval",
    ];
    assert_eq!(codes, expected.map(|code| (code, 8)));
    assert!(refusals.iter().all(|refusal| !refusal.paragraph.is_empty()));
}

#[test]
fn the_ledger_verifies_and_a_copy_with_one_bit_changed_does_not() {
    let outcome = &shared().1;
    let report = &outcome.verification;
    assert_eq!(report.exit, 0, "{}", vandel::verify::render_text(report));
    assert!(report.levels.iter().all(|level| level.verdict.name() == "passed"), "{:?}", report.levels);
    assert_eq!(outcome.tampering.exit, 3);
    assert!(outcome.tampering.record.is_some(), "the first bad record is named");
}

#[test]
fn the_views_are_the_same_when_they_are_built_again() {
    let views = &shared().1.views;
    assert!(views.same_when_rebuilt);
    assert_eq!(views.position, shared().1.verification.counts.records);
    assert!(views.calendar.values().any(|count| count.overdue > 0), "{:?}", views.calendar);
    assert!(views.calendar.values().any(|count| count.due > 0), "{:?}", views.calendar);
}

#[test]
fn the_text_ends_with_commands_that_name_the_real_home() {
    let (_, outcome) = shared();
    let text = render_text(outcome);
    let home = outcome.places.home.display().to_string();
    assert!(text.contains(&format!("vandel verify {home} --trust")), "{text}");
    assert!(outcome.places.trust().is_file());
    assert!(outcome.places.people.join("social-handler.pem").is_file());
    assert!(text.lines().all(|line| line == line.trim_end()), "no trailing blanks");
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    let folder = tempfile::tempdir().unwrap();
    let again = run(&options(folder.path(), 40, 7), &mut |_| {}).unwrap();
    let first = &shared().1;
    assert_eq!(again.story, first.story);
    assert_eq!(again.steps, first.steps);
    assert_eq!(again.refusals, first.refusals);
    assert_eq!(again.verification.counts.records, first.verification.counts.records);
    assert_ne!(again.verification.ledger, first.verification.ledger, "ids and keys are random all the same");
}

#[test]
fn nothing_about_anybody_lies_open_in_the_home() {
    let (_, outcome) = shared();
    let script = Script::new(7, 40, today());
    let mut canaries = Canaries::new();
    let add = |canaries: &mut Canaries, person: &vandel::demo::people::Person| {
        canaries.add(&person.surname);
        canaries.add(&person.given_name);
        canaries.add(&format!("{} {}", person.given_name, person.surname));
        if let Some(number) = person.identity.number() {
            canaries.add_number(&number.reveal());
        }
    };
    for case in &script.cases {
        add(&mut canaries, &case.person);
        for step in &case.steps {
            if let Act::Reassign(person) | Act::ChangeIdentity(person) = &step.act {
                add(&mut canaries, person);
            }
        }
    }
    let (mut handles, mut references) = (0, 0);
    for step in steps_of(&outcome.places.home) {
        if let Some(identity) = &step.identity {
            canaries.add(&identity.handle);
            handles += 1;
        }
        if let Some(Process::CaseOpened(opening)) = &step.process {
            canaries.add(&opening.reference);
            references += 1;
        }
    }
    assert_eq!(references, 40);
    assert!(handles >= 40, "{handles}");
    assert!(canaries.len() > 5_000, "{}", canaries.len());
    for folder in [&outcome.places.home, &outcome.places.people, &outcome.places.auditor] {
        let finds = canaries.search_folder(folder).unwrap();
        assert!(finds.is_empty(), "{finds:#?}");
    }
}

/// Each record's kind, or that it is sealed, and how many bytes it has.
fn shapes_of(places: &Places) -> BTreeSet<(String, usize)> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let log = Home::new(&places.home).log();
    let blocks = FileLog::open_read_only(disk, &log, None).unwrap();
    let mut shapes = BTreeSet::new();
    for placed in blocks {
        let placed = placed.unwrap();
        for record in Block::decode(&placed.bytes).unwrap().records {
            let kind = match &record.statement.statement.body {
                Body::Open(event) => event.kind().name().to_owned(),
                Body::Sealed(_) => "sealed".to_owned(),
            };
            shapes.insert((kind, record.bytes.len()));
        }
    }
    shapes
}

#[test]
fn a_chain_does_not_tell_what_became_of_a_candidate() {
    let shapes = |role: &'static str, fate: Fate| {
        let (occasion, person) = (Occasion::NewEmployment, Trait::Any);
        let outline = Outline { when: 100, role, occasion, fate, incident: Incident::None, person };
        let script = Script::of(vec![outline], 5, today().minus(Period::years(2)), today());
        let folder = tempfile::tempdir().unwrap();
        shapes_of(&play_script(&script, &options(folder.path(), 1, 5)).unwrap())
    };
    let hired = shapes("HVB", Fate::Clear);
    assert_eq!(hired, shapes("HVB", Fate::NotFitAppealed));
    assert_eq!(hired, shapes("SCHOOL", Fate::NotShown));
    let sealed: Vec<_> = hired.iter().filter(|(kind, _)| kind == "sealed").collect();
    assert_eq!(sealed, [&("sealed".to_owned(), 254)], "all sealed records have one size");
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), CASES_MIN, 1);
    std::fs::create_dir_all(folder.path().join("home")).unwrap();
    std::fs::write(folder.path().join("home").join("mine"), b"mine").unwrap();
    assert!(matches!(run(&options, &mut |_| {}), Err(DemoError::NotEmpty(_))));
    assert_eq!(std::fs::read(folder.path().join("home").join("mine")).unwrap(), b"mine");
    assert!(!folder.path().join("home-people").exists());
}

/// Seeds 9 and 19 once renewed the engagement of a person whose case then turned out to be another's.
#[test]
fn seeds_that_once_stopped_play_to_their_end() {
    for seed in [9, 19] {
        let folder = tempfile::tempdir().unwrap();
        let outcome = run(&options(folder.path(), 300, seed), &mut |_| {});
        assert!(outcome.is_ok(), "seed {seed}: {}", outcome.err().unwrap());
    }
}

//! What is kept for too long, given–when–then: which case is late on which day, with what, and what excuses it.

use vandel_core::event::{OpenEvent, Outcome, Purpose};
use vandel_core::hash::Hash;
use vandel_core::verify::{Level, Report, Request, Severity};

use crate::contents::{audited, execute_erasure, found, having, school, start_erasure};
use crate::ledger::{ANNA, Ledger, day};
use crate::moves::{
    acknowledged, assessed, closed, copied, decided, heard, held, informed, opened, read, released,
    requested, restricted, reviewed, shown, started,
};

fn seen_on(ledger: &Ledger, as_of: &str) -> Report {
    audited(ledger, Request { as_of: Some(day(as_of)), ..Request::default() }, &[])
}

/// The first record of each thread that is late, and what of it.
fn late(ledger: &Ledger, as_of: &str) -> Vec<(u64, String)> {
    let report = seen_on(ledger, as_of);
    assert_eq!(report.counts.overdue, Some(report.findings.len() as u64));
    let one = |finding: &vandel_core::verify::Finding| {
        assert_eq!((finding.code.as_str(), finding.level), ("overdue", Level::Conduct));
        let (_, names) = finding.what.split_once(": ").unwrap();
        (finding.record.unwrap(), names.to_owned())
    };
    report.findings.iter().map(one).collect()
}

fn all_of(record: u64) -> Vec<(u64, String)> {
    vec![(record, "note, process, spine, identity".to_owned())]
}

#[test]
fn a_case_is_late_on_the_day_after_its_last_and_that_is_a_notice_or_a_violation() {
    let ledger = school();
    assert_eq!(late(&ledger, "2028-04-19"), []);
    assert_eq!(late(&ledger, "2028-04-20"), all_of(11));
    let report = seen_on(&ledger, "2028-04-20");
    let finding = &report.findings[0];
    assert_eq!((finding.severity, report.exit), (Severity::Notice, 4));
    assert_eq!(finding.expected.as_deref(), Some("erased by 2028-04-19"));
    assert_eq!(finding.found.as_deref(), Some("still there on 2028-04-20"));
    let conduct = &report.levels[2].why;
    assert!(conduct.ends_with("1 thread(s) are kept longer than their retention allows"), "{conduct}");
    assert!(!report.levels[1].why.contains("retention"), "of conduct alone");
    assert!(!report.not_looked_at.iter().any(|line| line.contains("retention day")));
    assert!(!seen_on(&ledger, "2028-04-19").levels[2].why.contains("retention"));
    let request = Request { as_of: Some(day("2028-04-20")), overdue_violates: true, ..Request::default() };
    let strict = audited(&ledger, request, &[]);
    assert_eq!((strict.findings[0].severity, strict.exit), (Severity::Violation, 3));
    assert_eq!(strict.levels[2].why, "see the findings");
}

#[test]
fn what_waits_is_held_restricted_or_under_way_is_not_late() {
    let ever = "2040-01-01";
    assert_eq!(late(&having("SCHOOL", [opened(), shown("SCHOOL")]), ever), [], "never closed");
    let with = |more: Vec<crate::moves::Move>| {
        let steps = [opened(), shown("SCHOOL"), closed()];
        having("SCHOOL", steps.into_iter().chain(more))
    };
    assert_eq!(late(&with(vec![held()]), ever), []);
    assert_eq!(late(&with(vec![restricted()]), ever), []);
    assert_eq!(late(&with(vec![held(), released(3)]), ever), all_of(11));
    let mut erasing = school();
    // One record of the case is enough: what is being erased goes as a whole.
    let started = start_erasure(&mut erasing, &[13]);
    assert_eq!(late(&erasing, ever), []);
    execute_erasure(&mut erasing, started, 2, Hash([2; 32]));
    assert_eq!(late(&erasing, ever), all_of(11), "executed, and it is still there");
}

#[test]
fn only_what_is_late_is_named_and_the_spine_and_the_identity_wait_for_the_rest() {
    let steps = [opened(), informed(), acknowledged(), requested(), shown("HVB"), copied(), assessed()];
    let steps = steps.into_iter().chain([heard(), reviewed(), decided(Outcome::Fit), started()]);
    let ledger = having("HVB", steps);
    let days = ["2026-06-01", "2026-07-15", "2028-04-19", "2028-04-20", "2040-01-01"];
    let names = days.map(|day| late(&ledger, day).pop());
    let of = |names: &str| Some((11, names.to_owned()));
    assert_eq!(
        names,
        [None, of("assessment"), of("assessment"), of("copy, assessment"), of("copy, assessment")],
        "what waits for the end of the employment does not begin"
    );
}

#[test]
fn readings_are_late_by_the_rule_of_the_pack() {
    let ledger = having("SCHOOL", [opened(), read(Purpose::Handling)]);
    assert_eq!(late(&ledger, "2026-03-21"), []);
    assert_eq!(late(&ledger, "2040-01-01"), [(12, "reads".to_owned())]);
}

#[test]
fn nothing_is_said_of_what_is_late_where_not_everything_opens() {
    let ledger = school();
    let request = || Request { as_of: Some(day("2040-01-01")), ..Request::default() };
    let report = audited(&ledger, request(), &[(12, crate::contents::Instead::Missing)]);
    assert_eq!((found(&report), report.counts.overdue), (vec![("payload-missing", Some(12))], None));
    assert!(report.not_looked_at.iter().any(|line| line.contains("retention day")));
    // Nor where the log goes on unread.
    let mut cut = ledger.clone();
    cut.say_as(OpenEvent::PolicyAdopted(adopted()), ANNA, Some(crate::ledger::BO)).unwrap();
    cut.blocks.last_mut().unwrap().truncate(100);
    assert_eq!(audited(&cut, request(), &[]).counts.overdue, None);
}

fn adopted() -> vandel_core::event::PolicyAdopted {
    let OpenEvent::PolicyAdopted(adopted) = crate::ledger::adoption(crate::ledger::SE_2026) else {
        panic!("an adoption")
    };
    adopted
}

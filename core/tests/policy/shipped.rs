//! What the shipped packs say.

use vandel_core::event::{Compartment, Field, Kind, Register};
use vandel_core::hash::Domain;
use vandel_core::policy::{Acquisition, Engagement, Storage, Trigger};
use vandel_core::time::Period;

use crate::{SE_2026, day, se_2026};

#[test]
fn every_storage_mode_works_through_the_years_that_cases_come_from() {
    let pack = se_2026();
    assert_eq!(pack.id, Domain::Policy.hash(&[SE_2026.as_bytes()]));
    for (code, storage, acquisition) in [
        ("SCHOOL", Storage::NoteOnly, Acquisition::Shown),
        ("SCHOOL_HOME", Storage::NoteOnly, Acquisition::Shown),
        ("CHILD", Storage::NoteOnly, Acquisition::Shown),
        ("HVB", Storage::CopyRequired, Acquisition::HandedIn),
        ("CARE_FETCH", Storage::None, Acquisition::Fetched),
    ] {
        for on in ["2024-01-01", "2025-06-15", "2026-11-23"] {
            let role = pack.role_on(code, day(on)).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(role.storage, Some(storage), "{code}");
            assert!(role.acquisition.contains(&acquisition), "{code}");
            assert!(role.compartments().contains(&Compartment::Process), "{code}");
        }
    }
    assert!(pack.role_on("HOME_CARE", day("2026-03-01")).is_ok());
}

#[test]
fn a_note_only_role_records_the_note_and_nothing_that_tells_what_came_of_it() {
    let pack = se_2026();
    let school = pack.role_on("SCHOOL", day("2026-05-01")).expect("in force");
    for kind in [Kind::CaseOpened, Kind::ExtractShown, Kind::ExtractExempted, Kind::PositionAssessed] {
        assert!(school.may_record(kind), "{}", kind.name());
    }
    for kind in [Kind::ExtractRejected, Kind::DecisionMade, Kind::EmploymentStarted, Kind::AssessmentMade] {
        assert!(!school.may_record(kind), "{}", kind.name());
    }
    assert!(Field::ALL.iter().all(|field| !school.may_record_field(*field)));
    assert_eq!(school.compartments(), [Compartment::Identity, Compartment::Process, Compartment::Note]);
    let child = pack.role_on("CHILD", day("2025-05-01")).expect("in force");
    assert!(!child.may_record(Kind::ExtractExempted), "2013:852 has no exemption for renewals");
}

#[test]
fn the_law_on_work_with_children_changes_with_the_day() {
    let pack = se_2026();
    let registers = |on| &pack.role_on("CHILD", day(on)).expect("in force").registers;
    assert_eq!(*registers("2026-02-28"), [Register::CriminalRecords]);
    assert_eq!(*registers("2026-03-01"), [Register::CriminalRecords, Register::Suspicions]);
}

#[test]
fn hvb_copies_are_kept_two_years_and_gone_thirty_days_later() {
    let pack = se_2026();
    let hvb = pack.role_on("HVB", day("2025-05-01")).expect("in force");
    let retention = hvb.retention.as_ref().expect("set");
    let rule = retention.rule(Compartment::Copy, Some(Engagement::Hired)).expect("a rule");
    assert_eq!((rule.trigger, rule.keep), (Trigger::EmploymentStart, Period::years(2)));
    assert_eq!(rule.never_before.map(|bound| bound.period), Some(Period::years(2)));
    assert_eq!(rule.no_later_than.map(|bound| bound.to_string()), Some("2y30d".to_owned()));
    assert!(retention.rule(Compartment::Copy, None).is_none(), "not before the outcome is known");
    let copy = hvb.entries().into_iter().find(|entry| entry.key == "retention.copy.hired").expect("an entry");
    assert!(copy.local, "the thirty days are a local choice");
}

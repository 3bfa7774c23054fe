//! The shipped packs are sound, and packs that contradict a statute or themselves are refused by name.
//! Each bad pack is the shipped one with one small edit, as a hurried editor would make it.

use vandel_core::event::{Compartment, Field, Kind, Occasion, Register};
use vandel_core::hash::Domain;
use vandel_core::limits::POLICY_BYTES_MAX;
use vandel_core::policy::{
    Acquisition, Duty, Engagement, Finding, PolicyError, PolicyGap, PolicyPack, Problem, RoleLookupError,
    Severity, Storage, Trigger, check, diff,
};
use vandel_core::time::{Day, Period};

const SE_2026: &str = include_str!("../../schemas/policy/se-2026.toml");
const SCHOOL_26: &str = include_str!("../../schemas/policy/se-school-2026-07-15.toml");

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn se_2026() -> PolicyPack {
    PolicyPack::parse_for_adoption(SE_2026).expect("the shipped pack can be adopted")
}

/// The shipped pack with `from` replaced by `to` inside one role: the `version`th of this code, from 0.
fn edit_role(code: &str, version: usize, from: &str, to: &str) -> String {
    let head = format!("code = \"{code}\"\n");
    let (start, _) = SE_2026.match_indices(&head).nth(version).expect("the role is in the pack");
    let end = SE_2026[start..].find("\n[[role]]").map_or(SE_2026.len(), |length| start + length);
    assert!(SE_2026[start..end].contains(from), "{code} has {from:?}");
    format!("{}{}{}", &SE_2026[..start], SE_2026[start..end].replacen(from, to, 1), &SE_2026[end..])
}

fn edit(from: &str, to: &str) -> String {
    assert!(SE_2026.contains(from), "the pack has {from:?}");
    SE_2026.replacen(from, to, 1)
}

/// The refusals of a pack, without the notes about incomplete roles.
fn refusals(text: &str) -> Vec<Finding> {
    let refused: Vec<Finding> =
        check(text).into_iter().filter(|finding| finding.problem.severity() == Severity::Refusal).collect();
    assert_eq!(PolicyPack::parse(text).is_err(), !refused.is_empty(), "parse and check agree");
    refused
}

#[track_caller]
fn refused(text: &str, role: Option<&str>, field: &str, problem: &Problem) {
    let found = refusals(text);
    let matches = |finding: &&Finding| {
        finding.role.as_deref() == role && finding.field == field && finding.problem == *problem
    };
    assert!(found.iter().any(|finding| matches(&finding)), "expected {problem:?}, found {found:#?}");
}

#[track_caller]
fn unreadable(text: &str, words: &str) -> Option<usize> {
    match PolicyPack::parse(text) {
        Err(PolicyError::Unreadable { line, reason }) => {
            assert!(reason.contains(words), "{reason}");
            line
        }
        other => panic!("expected an unreadable pack, found {other:?}"),
    }
}

// --- what is shipped --------------------------------------------------------------------------------

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

// --- roles that can't be used -----------------------------------------------------------------------

#[test]
fn unset_law_is_never_a_default() {
    let pack = se_2026();
    let on = day("2026-05-01");
    let incomplete = |code: &str, what: &[&str]| {
        let what = what.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(
            pack.role_on(code, on).expect_err("incomplete"),
            RoleLookupError::Incomplete { code: code.to_owned(), what }
        );
    };
    incomplete("LSS_CHILD", &["storage", "records", "retention"]);
    incomplete("LEADING", &["sfs"]);
    assert!(
        matches!(pack.role_on("NONE", on), Err(RoleLookupError::Forbidden { law }) if law.contains("RF 2 kap. 6 §"))
    );
    assert!(
        matches!(pack.role_on("SECURITY", on), Err(RoleLookupError::External { law }) if law.contains("2018:585"))
    );
    assert!(matches!(pack.role_on("SCHOOL_26", on), Err(RoleLookupError::UnknownRole { .. })));
    assert!(matches!(pack.role_on("school", on), Err(RoleLookupError::UnknownRole { .. })));
}

#[test]
fn a_role_is_not_used_outside_its_days() {
    let pack = se_2026();
    assert_eq!(
        pack.role_on("HOME_CARE", day("2026-02-28")).expect_err("too early"),
        RoleLookupError::NotInForce {
            code: "HOME_CARE".to_owned(),
            day: day("2026-02-28"),
            from: day("2026-03-01"),
            until: None
        }
    );
    let first = pack.versions("CHILD").next().expect("a version");
    assert!(matches!(first.usable_on(day("2026-03-01")), Err(PolicyGap::NotInForce { .. })));
}

#[test]
fn each_key_of_law_that_is_taken_out_makes_the_role_incomplete() {
    for (line, key) in [
        ("storage = \"note_only\"", "storage"),
        ("acquisition = [\"shown\"]", "acquisition"),
        ("noted_by = \"decider\"", "noted_by"),
        ("legal_ground = \"legal_obligation\"", "legal_ground"),
        ("purposes = [\"children_in_school\"]", "purposes"),
        ("registers = [\"criminal_records\"]", "registers"),
        ("extract_age = { max = \"1y\", on = \"showing\" }", "extract_age"),
        ("position = { assessed = true, union_reference = true, impact_reference = true }", "position"),
        ("retention = \"note_only\"", "retention"),
        ("sfs = \"2010:800\"", "sfs"),
    ] {
        let pack = PolicyPack::parse(&edit_role("SCHOOL", 0, line, ""))
            .unwrap_or_else(|error| panic!("without {key}: {error}"));
        match pack.role_on("SCHOOL", day("2026-05-01")) {
            Err(RoleLookupError::Incomplete { what, .. }) => assert_eq!(what, [key]),
            other => panic!("without {key}: {other:?}"),
        }
    }
}

#[test]
fn the_school_amendment_is_adopted_only_with_its_number_and_who_confirmed_it() {
    let number = |text: &str| text.replacen("sfs = \"\"", "sfs = \"2026:999\"", 1);
    let office =
        |text: &str| text.replacen("confirmed_by = \"\"", "confirmed_by = \"Stadsjuristen, 2026-17\"", 1);
    assert!(PolicyPack::parse(SCHOOL_26).is_ok(), "it may be shown");
    let missing = |text: &str| match PolicyPack::parse_for_adoption(text) {
        Err(PolicyError::Refused(findings)) => findings.into_iter().map(|finding| finding.field).collect(),
        Ok(_) => Vec::new(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(missing(SCHOOL_26), ["confirmed_by", "sfs"]);
    assert_eq!(missing(&number(SCHOOL_26)), ["confirmed_by"]);
    assert_eq!(missing(&office(SCHOOL_26)), ["sfs"]);
    assert_eq!(missing(&number(&office(SCHOOL_26))), [""; 0]);
}

// --- packs that can't be read -----------------------------------------------------------------------

#[test]
fn unknown_keys_and_terms_are_refused_with_their_line() {
    let line = unreadable(&edit("jurisdiction =", "juristiction ="), "unknown field `juristiction`");
    assert_eq!(line, Some(1 + SE_2026.lines().take_while(|line| !line.starts_with("jurisdiction")).count()));
    for (from, to, words) in [
        ("duty = \"mandatory\"", "duty = \"compulsory\"", "\"compulsory\" is not a duty"),
        ("\"extract_shown\"", "\"extract_seen\"", "\"extract_seen\" is not a kind of event"),
        ("registers = [\"criminal_records\"]", "registers = [\"br\"]", "\"br\" is not a register"),
        ("max = \"1y\"", "max = \"12 m\"", "\"12 m\" is not a period"),
        ("on = \"showing\"", "on = \"someday\"", "\"someday\" is not a deciding day"),
        ("in_force_from = \"2022-01-01\"", "in_force_from = \"2022-02-30\"", "\"2022-02-30\" is not a day"),
        (
            "retention = \"note_only\"",
            "retention = \"note_only\"\nkeep_copy = true",
            "unknown field `keep_copy`",
        ),
        ("position = { assessed = true, ", "position = { ", "missing field `assessed`"),
        ("duty = \"mandatory\"", "", "missing field `duty`"),
        ("storage = \"note_only\"", "storage = \"note_only\"\nstorage = \"none\"", "duplicate key"),
    ] {
        assert!(unreadable(&edit_role("SCHOOL", 0, from, to), words).is_some(), "{to}");
    }
    unreadable(&edit("[retention.note_only]", "[retention.note_only]\nreads = []"), "unknown field `reads`");
    unreadable(&edit("never_before = \"2y\"", "never_before = \"start + 2y\""), "is not a bound");
    unreadable(&edit("name = \"se-2026\"", ""), "missing field `name`");
    assert_eq!(check("name = 1")[0].field, "pack");
}

#[test]
fn a_pack_longer_than_the_limit_is_refused_unread() {
    let long = format!("{SE_2026}#{}", "x".repeat(POLICY_BYTES_MAX));
    assert_eq!(PolicyPack::parse(&long), Err(PolicyError::TooLong { found: long.len() }));
}

// --- packs that contradict a statute ----------------------------------------------------------------

#[test]
fn a_note_only_role_can_not_be_taught_to_record_more() {
    for kind in Kind::ALL {
        let text =
            edit_role("CHILD", 0, "\"extract_shown\",", &format!("\"extract_shown\", \"{}\",", kind.name()));
        let problem = match kind {
            Kind::PositionAssessed => Problem::NotOfACase(*kind),
            Kind::CaseOpened
            | Kind::ExtractShown
            | Kind::CaseClosed
            | Kind::Rectified
            | Kind::Restricted
            | Kind::Held
            | Kind::Released
            | Kind::Reassigned
            | Kind::IdentityChanged
            | Kind::RecordRead => Problem::Repeated(kind.name().to_owned()),
            _ => Problem::NoteOnlyKind(*kind),
        };
        refused(&text, Some("CHILD"), "records", &problem);
    }
    for field in Field::ALL {
        let text =
            edit_role("CHILD", 0, "position =", &format!("fields = [\"{}\"]\nposition =", field.name()));
        refused(&text, Some("CHILD"), "fields", &Problem::NoteOnlyField(*field));
    }
}

#[test]
fn an_exemption_needs_the_law_that_makes_it() {
    let text = edit_role("SCHOOL", 0, "renewal = { within = \"1y\", on = \"offer\" }", "").replacen(
        "unverified = [\"renewal.on\"]",
        "",
        1,
    );
    refused(&text, Some("SCHOOL"), "records", &Problem::NoteOnlyKind(Kind::ExtractExempted));
}

#[test]
fn copies_and_fetched_extracts_need_the_mode_that_allows_them() {
    let copy = Problem::KindNeeds { kind: Kind::CopyStored, needs: "storage = copy_required" };
    refused(
        &edit_role("CARE_FETCH", 0, "\"authority_fetched\"", "\"copy_stored\", \"authority_fetched\""),
        Some("CARE_FETCH"),
        "records",
        &copy,
    );
    refused(
        &edit_role("HVB", 0, "storage = \"copy_required\"", "storage = \"none\""),
        Some("HVB"),
        "records",
        &copy,
    );
    refused(
        &edit_role("HVB", 0, "acquisition = [\"handed_in\", \"fetched\"]", "acquisition = [\"handed_in\"]"),
        Some("HVB"),
        "records",
        &Problem::KindNeeds { kind: Kind::AuthorityFetched, needs: "fetched among the ways of acquisition" },
    );
    refused(
        &edit_role("HVB", 0, "\"information_given\"", "\"information_given\", \"consent_given\""),
        Some("HVB"),
        "records",
        &Problem::KindNeeds { kind: Kind::ConsentGiven, needs: "consent_is_ground" },
    );
}

#[test]
fn consent_is_a_ground_only_where_the_law_names_it() {
    refused(
        &edit_role("HVB", 0, "duty = \"mandatory\"", "duty = \"mandatory\"\nconsent_is_ground = true"),
        Some("HVB"),
        "consent_is_ground",
        &Problem::ConsentMismatch,
    );
}

#[test]
fn a_forbidden_or_external_role_says_nothing_on_how_to_check() {
    for code in ["NONE", "SECURITY"] {
        let from = "in_force_from";
        refused(
            &edit_role(code, 0, from, "storage = \"none\"\nin_force_from"),
            Some(code),
            "storage",
            &Problem::NoCheckHere,
        );
        let to = "records = [\"case_opened\"]\nin_force_from";
        refused(&edit_role(code, 0, from, to), Some(code), "records", &Problem::NoCheckHere);
    }
}

#[test]
fn a_confirmed_pack_has_a_number_for_every_law() {
    let text = edit("confirmed_by = \"\"", "confirmed_by = \"Stadsjuristen, 2026-17\"");
    refused(&text, Some("LEADING"), "sfs", &Problem::ConfirmedWithoutSfs);
    let text = text.replacen("sfs = \"\"", "sfs = \"2026:999\"", 1);
    assert_eq!(refusals(&text), []);
}

// --- packs that contradict themselves ---------------------------------------------------------------

#[test]
fn versions_of_a_role_follow_each_other_day_by_day() {
    let field = "in_force_from";
    let until = "in_force_until = \"2026-02-28\"";
    for (to, problem) in [
        ("in_force_until = \"2026-03-01\"", Problem::Overlap(day("2020-01-01"))),
        ("", Problem::Overlap(day("2020-01-01"))),
        ("in_force_until = \"2026-02-27\"", Problem::DateGap(day("2026-03-01"))),
        ("in_force_until = \"2019-12-31\"", Problem::EndsBeforeStart),
    ] {
        refused(&edit_role("CHILD", 0, until, to), Some("CHILD"), field, &problem);
    }
    let same = edit_role("CHILD", 1, "in_force_from = \"2026-03-01\"", "in_force_from = \"2020-01-01\"");
    refused(&same, Some("CHILD"), field, &Problem::DuplicateRole(day("2020-01-01")));
    let twice = edit("code = \"SCHOOL_HOME\"", "code = \"SCHOOL\"");
    refused(&twice, Some("SCHOOL"), field, &Problem::DuplicateRole(day("2022-01-01")));
}

#[test]
fn names_that_the_pack_does_not_define_are_refused() {
    let undefined = |name: &str, what| Problem::Undefined(name.to_owned(), what);
    let school = Some("SCHOOL");
    refused(
        &edit_role("SCHOOL", 0, "retention = \"note_only\"", "retention = \"none\""),
        school,
        "retention",
        &undefined("none", "retention"),
    );
    refused(
        &edit_role("SCHOOL", 0, "[\"children_in_school\"]", "[\"pupils\"]"),
        school,
        "purposes",
        &undefined("pupils", "purpose"),
    );
    refused(
        &edit("{ class = \"note\", trigger", "{ class = \"notes\", trigger"),
        school,
        "retention.note",
        &undefined("notes", "class"),
    );
    refused(&edit("{ class = \"reads\"", "{ class = \"log\""), None, "reads", &undefined("log", "class"));
    refused(
        &edit_role("SCHOOL", 0, "\"retention.note\"", "\"retention.not\""),
        school,
        "local",
        &Problem::UnknownMark("retention.not".to_owned()),
    );
    refused(
        &edit_role("SCHOOL", 0, "\"renewal.on\"", "\"renewal.year\""),
        school,
        "unverified",
        &Problem::UnknownMark("renewal.year".to_owned()),
    );
    refused(
        &edit("name = \"children\"", "name = \"patients\""),
        None,
        "purpose",
        &Problem::Repeated("patients".to_owned()),
    );
}

#[test]
fn codes_and_numbers_have_their_form() {
    for code in ["school", "SKÖLA", "", "A B", "ABCDEFGHIJKLMNOPQRSTUVWXYZ_012345"] {
        let text = edit("code = \"HVB\"", &format!("code = \"{code}\""));
        let form = "a code of at most 32 of A-Z, 0-9 and _";
        refused(&text, Some(code), "code", &Problem::BadForm(code.to_owned(), form));
    }
    for sfs in ["SFS 2007:171", "2007", "07:171", "2007:171 1 §", "2007:"] {
        let text = edit_role("HVB", 0, "sfs = \"2007:171\"", &format!("sfs = \"{sfs}\""));
        refused(
            &text,
            Some("HVB"),
            "sfs",
            &Problem::BadForm(sfs.to_owned(), "an SFS number such as 2010:800"),
        );
    }
}

#[test]
fn rules_need_the_kinds_and_fields_they_speak_of() {
    let hvb = Some("HVB");
    let without = |kind: &str| edit_role("HVB", 0, &format!("\"{kind}\","), "");
    refused(
        &without("information_acknowledged"),
        hvb,
        "acknowledgement_required",
        &Problem::NeedsKind(Kind::InformationAcknowledged),
    );
    refused(
        &without("candidate_heard"),
        hvb,
        "assessment.candidate_heard",
        &Problem::NeedsKind(Kind::CandidateHeard),
    );
    refused(
        &without("second_reviewed"),
        hvb,
        "assessment.second_reviewer",
        &Problem::NeedsKind(Kind::SecondReviewed),
    );
    refused(&without("interrupted"), hvb, "retention.note", &Problem::NeedsKind(Kind::Interrupted));
    refused(&without("extract_shown"), hvb, "fields", &Problem::FieldWithoutKind(Field::ShownIssued));
    refused(&without("case_closed"), hvb, "records", &Problem::NeedsKind(Kind::CaseClosed));
    refused(
        &edit_role("SCHOOL_HOME", 0, "subject_age_min = 15", ""),
        Some("SCHOOL_HOME"),
        "subject_age_min",
        &Problem::SubjectAge,
    );
    refused(
        &edit_role("HVB", 0, "subject = \"candidate\"", "subject_age_min = 15"),
        hvb,
        "subject_age_min",
        &Problem::SubjectAge,
    );
    refused(
        &edit_role("HVB", 0, "\"suspicions\"]", "\"suspicions\", \"foreign\"]"),
        hvb,
        "foreign_extract",
        &Problem::ForeignMismatch,
    );
}

#[test]
fn what_can_be_recorded_has_a_clock_that_can_start() {
    let (school, hvb) = (Some("SCHOOL"), Some("HVB"));
    let note =
        "note = [{ class = \"note\", trigger = \"closed\", keep = \"2y\", no_later_than = \"2y30d\" }]";
    refused(&edit(note, ""), school, "retention.note", &Problem::RetentionMissing(Compartment::Note));
    let started = Problem::TriggerNeverRecorded(Compartment::Note, Kind::EmploymentEnded);
    refused(&edit(note, &note.replace("closed", "employment_end")), school, "retention.note", &started);
    let read = Problem::WrongTrigger(Compartment::Note, Trigger::Reading);
    refused(&edit(note, &note.replace("closed", "reading")), school, "retention.note", &read);
    let linked = Problem::WrongTrigger(Compartment::Identity, Trigger::Closed);
    refused(
        &edit("trigger = \"last_linked\"", "trigger = \"closed\""),
        school,
        "retention.identity",
        &linked,
    );
    let reads = Problem::WrongTrigger(Compartment::Reads, Trigger::Closed);
    refused(&edit("trigger = \"reading\"", "trigger = \"closed\""), None, "reads", &reads);
    let ambiguous = Problem::RetentionAmbiguous(Compartment::Copy);
    refused(
        &edit(
            "when = \"not_hired\", class = \"copy_not_hired\"",
            "when = \"hired\", class = \"copy_not_hired\"",
        ),
        hvb,
        "retention.copy",
        &ambiguous,
    );
    refused(
        &edit("when = \"not_hired\", class = \"copy_not_hired\"", "class = \"copy_not_hired\""),
        hvb,
        "retention.copy",
        &ambiguous,
    );
}

#[test]
fn bounds_that_contradict_are_refused() {
    let bounds = "keep = \"2y\", never_before = \"2y\", no_later_than = \"2y30d\"";
    for (to, problem) in [
        (
            "keep = \"2y\", never_before = \"2y\", no_later_than = \"1y\"",
            Problem::BoundsContradict(Compartment::Copy),
        ),
        // 24 months are two years, but 730 days are a day short of them when a leap day lies between.
        (
            "keep = \"2y\", never_before = \"24m\", no_later_than = \"730d\"",
            Problem::BoundsContradict(Compartment::Copy),
        ),
        (
            "keep = \"1y\", never_before = \"2y\", no_later_than = \"2y30d\"",
            Problem::KeepOutsideBounds(Compartment::Copy),
        ),
        (
            "keep = \"3y\", never_before = \"2y\", no_later_than = \"2y30d\"",
            Problem::KeepOutsideBounds(Compartment::Copy),
        ),
        (
            "keep = \"2y\", no_later_than = \"decision + 2y\", interruption_extends = true",
            Problem::CeilingStopsInterruption(Compartment::Copy),
        ),
    ] {
        refused(&edit(bounds, to), Some("HVB"), "retention.copy", &problem);
    }
}

#[test]
fn the_process_outlives_everything_that_is_counted_from_it() {
    let too_short = |compartment, when| Problem::ProcessTooShort(compartment, when);
    let (hired, not_hired) = (Some(Engagement::Hired), Some(Engagement::NotHired));
    let process =
        "process = [{ class = \"case\", trigger = \"closed\", keep = \"2y\", no_later_than = \"2y30d\" }]";
    for shorter in ["keep = \"1y\"", "keep = \"730d\"", "keep = \"23m\""] {
        refused(
            &edit(process, &process.replace("keep = \"2y\"", shorter)),
            Some("SCHOOL"),
            "retention.process",
            &too_short(Compartment::Note, None),
        );
    }
    let first_hired = "class = \"case\", trigger = \"employment_end\", keep = \"2y\"";
    for (to, compartment) in [
        ("class = \"case\", trigger = \"employment_start\", keep = \"2y\"", Compartment::Note),
        ("class = \"case\", trigger = \"employment_end\", keep = \"1y\"", Compartment::Copy),
        ("class = \"case\", trigger = \"closed\", keep = \"2y\"", Compartment::Copy),
        ("class = \"case\", trigger = \"opened\", keep = \"9y\"", Compartment::Assessment),
    ] {
        refused(&edit(first_hired, to), Some("HVB"), "retention.process", &too_short(compartment, hired));
    }
    let extended = "class = \"case\", trigger = \"legal_force\", otherwise = \"closed\", keep = \"2y\", no_later_than = \"2y30d\"";
    let text = edit(&format!("{extended}, interruption_extends = true"), extended);
    refused(&text, Some("HVB"), "retention.process", &too_short(Compartment::Note, not_hired));
}

#[test]
fn a_lost_line_never_loosens_a_role() {
    let whole = se_2026();
    let lines: Vec<&str> = SE_2026.lines().collect();
    let on = day("2026-05-01");
    let (mut read, mut refused) = (0, 0);
    for lost in (0..lines.len()).filter(|line| !lines[*line].is_empty() && !lines[*line].starts_with('#')) {
        let text = [&lines[..lost], &lines[lost + 1..]].concat().join("\n");
        let Ok(pack) = PolicyPack::parse(&text) else {
            refused += 1;
            continue;
        };
        read += 1;
        for role in pack.roles.iter().filter(|role| role.usable_on(on).is_ok()) {
            let before =
                whole.role_on(&role.code, on).unwrap_or_else(|error| panic!("line {}: {error}", lost + 1));
            assert!(role.records.iter().all(|kind| before.may_record(*kind)), "line {}", lost + 1);
            assert!(role.fields.iter().all(|field| before.may_record_field(*field)), "line {}", lost + 1);
            assert_eq!(role.storage, before.storage, "line {}", lost + 1);
        }
    }
    assert!(refused > read, "{refused} refused, {read} read");
}

// --- comparing --------------------------------------------------------------------------------------

#[test]
fn a_difference_is_told_by_role_key_and_value() {
    let old = se_2026();
    assert_eq!(diff(&old, &old), []);
    let text = edit_role("CHILD", 1, "extract_age = { max = \"1y\"", "extract_age = { max = \"6m\"");
    let new = PolicyPack::parse(&text).expect("sound");
    let changes: Vec<String> = diff(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["CHILD (version 2): extract_age.max: 1y becomes 6m"]);
    assert_ne!(old.id, new.id);

    let new = PolicyPack::parse(&edit_role("LEADING", 0, "sfs = \"\"", "sfs = \"2026:999\"")).expect("sound");
    let changes: Vec<String> = diff(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["LEADING: sfs: now 2026:999, was not set"]);

    let school = PolicyPack::parse(SCHOOL_26).expect("sound");
    let gone = diff(&old, &school);
    assert!(gone.iter().any(|change| change.role.as_deref() == Some("HVB") && change.after.is_none()));
    assert!(gone.iter().any(|change| change.role.as_deref() == Some("SCHOOL_26") && change.before.is_none()));
}

// --- the document -----------------------------------------------------------------------------------

#[test]
fn the_document_explains_every_key_and_term_of_the_shipped_packs() {
    const DOCUMENT: &str = include_str!("../../docs/policy.md");
    let keys =
        [SE_2026, SCHOOL_26].into_iter().flat_map(str::lines).filter_map(|line| line.split_once(" = "));
    let keys = keys.map(|(key, _)| key.trim()).filter(|key| !key.starts_with(['#', '{']));
    for key in keys {
        assert!(DOCUMENT.contains(&format!("`{key}`")) || DOCUMENT.contains(&format!("`{key} =")), "{key}");
    }
    let names = Register::ALL.iter().map(|one| one.name()).chain(Occasion::ALL.iter().map(|one| one.name()));
    let names =
        names.chain(Duty::ALL.iter().map(|one| one.name())).chain(Storage::ALL.iter().map(|one| one.name()));
    let names = names.chain(Trigger::ALL.iter().map(|one| one.name()));
    for name in names.chain(Acquisition::ALL.iter().map(|one| one.name())) {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name}");
    }
}

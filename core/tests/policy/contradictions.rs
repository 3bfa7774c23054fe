//! Packs that contradict themselves.

use vandel_core::event::{Compartment, Field, Kind};
use vandel_core::policy::{Engagement, PolicyPack, Problem, Trigger};

use crate::{SE_2026, day, edit, edit_role, refused, se_2026};

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

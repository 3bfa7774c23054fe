//! Roles that can't be used, and packs that can't be read.

use vandel_core::limits::POLICY_BYTES_MAX;
use vandel_core::policy::{PolicyError, PolicyGap, PolicyPack, RoleLookupError, check};

use crate::{SCHOOL_26, SE_2026, day, edit, edit_role, se_2026, unreadable};

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

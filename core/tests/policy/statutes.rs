//! Packs that contradict a statute.

use vandel_core::event::{Field, Kind};
use vandel_core::policy::Problem;

use crate::{edit, edit_role, refusals, refused};

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

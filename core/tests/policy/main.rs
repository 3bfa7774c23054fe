//! The shipped packs are sound, and packs that contradict a statute or themselves are refused by name.
//! Each bad pack is the shipped one with one small edit, as a hurried editor would make it.

mod contradictions;
mod document;
mod shipped;
mod statutes;
mod unusable;

use vandel_core::policy::{Finding, PolicyError, PolicyPack, Problem, Severity, check};
use vandel_core::time::Day;

pub(crate) const SE_2026: &str = include_str!("../../../schemas/policy/se-2026.toml");
pub(crate) const SCHOOL_26: &str = include_str!("../../../schemas/policy/se-school-2026-07-15.toml");

pub(crate) fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

pub(crate) fn se_2026() -> PolicyPack {
    PolicyPack::parse_for_adoption(SE_2026).expect("the shipped pack can be adopted")
}

/// The shipped pack with `from` replaced by `to` inside one role: the `version`th of this code, from 0.
pub(crate) fn edit_role(code: &str, version: usize, from: &str, to: &str) -> String {
    let head = format!("code = \"{code}\"\n");
    let (start, _) = SE_2026.match_indices(&head).nth(version).expect("the role is in the pack");
    let end = SE_2026[start..].find("\n[[role]]").map_or(SE_2026.len(), |length| start + length);
    assert!(SE_2026[start..end].contains(from), "{code} has {from:?}");
    format!("{}{}{}", &SE_2026[..start], SE_2026[start..end].replacen(from, to, 1), &SE_2026[end..])
}

pub(crate) fn edit(from: &str, to: &str) -> String {
    assert!(SE_2026.contains(from), "the pack has {from:?}");
    SE_2026.replacen(from, to, 1)
}

/// The refusals of a pack, without the notes about incomplete roles.
pub(crate) fn refusals(text: &str) -> Vec<Finding> {
    let refused: Vec<Finding> =
        check(text).into_iter().filter(|finding| finding.problem.severity() == Severity::Refusal).collect();
    assert_eq!(PolicyPack::parse(text).is_err(), !refused.is_empty(), "parse and check agree");
    refused
}

#[track_caller]
pub(crate) fn refused(text: &str, role: Option<&str>, field: &str, problem: &Problem) {
    let found = refusals(text);
    let matches = |finding: &&Finding| {
        finding.role.as_deref() == role && finding.field == field && finding.problem == *problem
    };
    assert!(found.iter().any(|finding| matches(&finding)), "expected {problem:?}, found {found:#?}");
}

#[track_caller]
pub(crate) fn unreadable(text: &str, words: &str) -> Option<usize> {
    match PolicyPack::parse(text) {
        Err(PolicyError::Unreadable { line, reason }) => {
            assert!(reason.contains(words), "{reason}");
            line
        }
        other => panic!("expected an unreadable pack, found {other:?}"),
    }
}

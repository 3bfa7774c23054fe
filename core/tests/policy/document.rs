//! Packs compared, and explained.

use vandel_core::event::{Occasion, Register};
use vandel_core::policy::{Acquisition, Duty, PolicyPack, Storage, Trigger, diff};

use crate::{SCHOOL_26, SE_2026, edit_role, se_2026};

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

#[test]
fn the_document_explains_every_key_and_term_of_the_shipped_packs() {
    const DOCUMENT: &str = include_str!("../../../docs/policy.md");
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

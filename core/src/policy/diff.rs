//! What changes from one pack to another, key by key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::policy::role::RolePolicy;
use crate::policy::{Named, PolicyPack};

/// One difference between two packs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The role; none if it is the pack itself.
    pub role: Option<String>,
    /// The key.
    pub key: String,
    /// The value in the old pack; none if it was unset or not there.
    pub before: Option<String>,
    /// The value in the new pack.
    pub after: Option<String>,
}

/// A key's place: the role (its code and which of its versions, from 1), and the key.
type Place = (Option<(String, usize)>, String);

/// All differences from `old` to `new`, by role and key. Versions of a role are compared in their
/// order, so a moved first day shows as a changed day.
#[must_use]
pub fn diff(old: &PolicyPack, new: &PolicyPack) -> Vec<Change> {
    let (before, after) = (values(old), values(new));
    let places: BTreeSet<&Place> = before.keys().chain(after.keys()).collect();
    places
        .into_iter()
        .filter(|place| before.get(*place) != after.get(*place))
        .map(|place| Change {
            role: place.0.as_ref().map(|(code, version)| label(code, *version, old, new)),
            key: place.1.clone(),
            before: before.get(place).cloned(),
            after: after.get(place).cloned(),
        })
        .collect()
}

/// `CHILD`, or `CHILD (version 2)` where either pack has several.
fn label(code: &str, version: usize, old: &PolicyPack, new: &PolicyPack) -> String {
    let several = [old, new].iter().any(|pack| pack.versions(code).count() > 1);
    if several { format!("{code} (version {version})") } else { code.to_owned() }
}

fn values(pack: &PolicyPack) -> BTreeMap<Place, String> {
    let mut values = BTreeMap::new();
    let mut put = |key: &str, value: &str| values.insert((None, key.to_owned()), value.to_owned());
    put("name", &pack.name);
    put("version", &pack.version);
    put("title.sv", &pack.title.sv);
    put("title.en", &pack.title.en);
    put("jurisdiction", &pack.jurisdiction);
    put("confirmation_required", if pack.confirmation_required { "yes" } else { "no" });
    put("reads", &pack.reads.to_string());
    if let Some(office) = &pack.confirmed_by {
        put("confirmed_by", office);
    }
    if !pack.local.is_empty() {
        put("local", &pack.local.join(", "));
    }
    for (table, names) in [("purpose", &pack.purposes), ("class", &pack.classes)] {
        for Named { name, title } in names {
            put(&format!("{table}.{name}"), &format!("{} / {}", title.sv, title.en));
        }
    }
    let mut version = 0;
    let mut last: Option<&str> = None;
    for role in &pack.roles {
        version = if last == Some(&role.code) { version + 1 } else { 1 };
        last = Some(&role.code);
        for (key, value) in of_role(role) {
            values.insert((Some((role.code.clone(), version)), key), value);
        }
    }
    values
}

fn of_role(role: &RolePolicy) -> Vec<(String, String)> {
    let mut values: Vec<_> =
        role.entries().into_iter().filter_map(|entry| Some((entry.key, entry.value?))).collect();
    for (key, marks) in [("local", &role.local), ("unverified", &role.unverified)] {
        if !marks.is_empty() {
            values.push((key.to_owned(), marks.join(", ")));
        }
    }
    values
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.role.as_deref().unwrap_or("pack"), self.key)?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{before} becomes {after}"),
            (None, Some(after)) => write!(f, "now {after}, was not set"),
            (Some(before), None) => write!(f, "no longer set, was {before}"),
            (None, None) => f.write_str("not set"),
        }
    }
}

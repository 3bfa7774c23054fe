//! The manifests: who may import whom, what `core` may depend on, and why each dependency is there.
//!
//! Reads the small part of TOML that our own manifests use, one `name = value` a line.

use std::path::Path;

use super::Finding;
use super::repository::{Repository, TextFile};
use crate::step;

/// Each room's package and the rooms it may import: core <- ledger <- projector <- cli.
const ROOMS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("ledger", &["vandel-core"]),
    ("projector", &["vandel-core", "vandel-ledger"]),
    ("verify", &["vandel-core", "vandel-ledger"]),
    ("cli", &["vandel-core", "vandel-ledger", "vandel-projector", "vandel-verify"]),
    ("tests", &["vandel-core", "vandel-ledger", "vandel-projector", "vandel-verify"]),
    ("fuzz", &["vandel-core", "vandel-ledger", "vandel-verify"]),
    ("xtask", &[]),
];

/// All that `core` may depend on, and why that leaves it pure.
const CORE_DEPENDENCIES: &[(&str, &str)] = &[
    ("base64", "text form of bytes in signed notes"),
    ("curve25519-dalek", "arithmetic: the torsion check of a key"),
    ("ed25519-dalek", "arithmetic: signatures; deterministic, so no randomness"),
    ("jiff", "calendar arithmetic; built without clock and time zones"),
    ("postcard", "bytes to values and back"),
    ("rayon", "the same answer on several cores"),
    ("schemars", "types to JSON Schemas, at compile time; nothing of it runs in a ledger"),
    ("serde", "bytes to values and back"),
    ("serde_json", "text to values and back: the dossier's file"),
    ("sha2", "arithmetic: hashes"),
    ("thiserror", "writes error types at compile time"),
    ("toml", "text to values"),
];

/// Packages that bring files, network, clock or randomness; none may lie below `core`.
const IMPURE: &[&str] =
    &["getrandom", "rand", "tokio", "mio", "socket2", "async-nats", "sled", "rustix", "libc"];

/// Packages that open sockets or bring a runtime for them; none may lie below `vandel-verify`.
const NETWORK: &[&str] = &[
    "async-executor",
    "async-io",
    "async-nats",
    "async-std",
    "axum",
    "futures-executor",
    "futures-util",
    "h2",
    "hyper",
    "mio",
    "native-tls",
    "nkeys",
    "openssl",
    "polling",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tungstenite",
    "ureq",
];

/// One `name = value` in a dependency table.
struct Entry<'a> {
    line: usize,
    table: &'a str,
    name: &'a str,
    value: &'a str,
}

/// The entries of every table whose name ends in `dependencies`.
fn dependencies(manifest: &TextFile) -> Vec<Entry<'_>> {
    let mut table = "";
    let mut entries = Vec::new();
    for (number, line) in manifest.text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_end_matches(']');
        } else if let Some((name, value)) = line.split_once('=')
            && table.ends_with("dependencies")
            && !line.starts_with('#')
        {
            let name = name.trim().split('.').next().unwrap_or_default();
            entries.push(Entry { line: number + 1, table, name, value: value.trim() });
        }
    }
    entries
}

fn members(repository: &Repository) -> impl Iterator<Item = (&str, &TextFile)> {
    repository.ending("/Cargo.toml").filter_map(|file| {
        let room = file.path.strip_suffix("/Cargo.toml")?;
        (!room.contains('/')).then_some((room, file))
    })
}

/// Imports run one way, and every dependency is declared once, in the workspace.
pub(super) fn direction(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (room, file) in members(repository) {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            let what = "an unknown room: add it to ROOMS in tidy/manifest.rs and to docs/architecture.md";
            findings.push(Finding::new(&file.path, 1, what));
            continue;
        };
        for entry in dependencies(file) {
            // The harness serves everybody's suites; it is in nobody's product.
            let harness = entry.name == "vandel-tests" && entry.table.ends_with("dev-dependencies");
            if entry.name.starts_with("vandel") && !allowed.contains(&entry.name) && !harness {
                let what =
                    format!("{room} may not import {}: core <- ledger <- projector <- cli", entry.name);
                findings.push(Finding::new(&file.path, entry.line, what));
            }
            // A workspace of its own has nobody to inherit from, and says its reasons itself.
            let apart = file.text.lines().any(|line| line == "[workspace]");
            let declared = if apart { "#" } else { "workspace = true" };
            let own = apart && entry.name.starts_with("vandel");
            let line = file.text.lines().nth(entry.line - 1);
            if !own && !line.is_some_and(|line| line.contains(declared)) {
                let what = format!(
                    "declare {} in the root Cargo.toml with its reason, here `.workspace = true`",
                    entry.name
                );
                findings.push(Finding::new(&file.path, entry.line, what));
            }
        }
    }
    findings
}

/// `core` depends on exactly what is listed; neither more, nor a list that has outlived its use.
pub(super) fn core_dependencies(repository: &Repository) -> Vec<Finding> {
    let Some(manifest) = repository.text("core/Cargo.toml") else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let present: Vec<Entry<'_>> =
        dependencies(manifest).into_iter().filter(|entry| !entry.table.contains("dev-")).collect();
    for entry in &present {
        if !CORE_DEPENDENCIES.iter().any(|(name, _)| *name == entry.name) {
            let what = format!(
                "core may not depend on {}; if it leaves core pure, say why in tidy/manifest.rs",
                entry.name
            );
            findings.push(Finding::new(&manifest.path, entry.line, what));
        }
    }
    for (name, why) in CORE_DEPENDENCIES {
        if !present.iter().any(|entry| entry.name == *name) {
            let what = format!("{name} ({why}) is allowed but not used: take it out of tidy/manifest.rs");
            findings.push(Finding::new(&manifest.path, 1, what));
        }
    }
    findings
}

/// Nothing impure lies below `core`, and nothing that opens a socket below `verify`, in the trees that cargo
/// resolves for each alone.
pub(super) fn trees(root: &Path) -> Vec<Finding> {
    [("core", IMPURE), ("verify", NETWORK)]
        .iter()
        .flat_map(|(room, banned)| tree(root, room, banned))
        .collect()
}

fn tree(root: &Path, room: &str, banned: &[&str]) -> Vec<Finding> {
    let manifest = format!("{room}/Cargo.toml");
    let package = format!("vandel-{room}");
    let arguments = ["tree", "--locked", "-p", &package, "-e", "no-dev", "--prefix", "none"];
    let output = match step::cargo(root).args(arguments).output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            let what = format!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr).trim());
            return vec![Finding::new(&manifest, 1, what)];
        }
        Err(error) => return vec![Finding::new(&manifest, 1, format!("cargo tree: {error}"))],
    };
    banned_packages(room, &String::from_utf8_lossy(&output.stdout), banned)
}

fn banned_packages(room: &str, tree: &str, banned: &[&str]) -> Vec<Finding> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| banned.contains(name))
        .map(|name| {
            let what = format!("{name} lies below {room} (cargo tree -i {name}): switch its feature off");
            Finding::new(&format!("{room}/Cargo.toml"), 1, what)
        })
        .collect()
}

/// Every dependency in the root manifest has its reason beside it, or in a comment on the line above.
pub(super) fn reasons(repository: &Repository) -> Vec<Finding> {
    let Some(manifest) = repository.text("Cargo.toml") else {
        return Vec::new();
    };
    let lines: Vec<&str> = manifest.text.lines().collect();
    let is_reason = |text: &str| text.trim().len() >= 8 && !text.trim().starts_with('-');
    let mut findings = Vec::new();
    for entry in dependencies(manifest) {
        let beside = entry.value.rsplit_once('#').is_some_and(|(_, comment)| is_reason(comment));
        let above = lines[..entry.line - 1].last().and_then(|line| line.trim().strip_prefix('#'));
        if !entry.value.contains("path =") && !beside && !above.is_some_and(is_reason) {
            let what = format!("{} has no reason beside it: what does it earn its place with?", entry.name);
            findings.push(Finding::new(&manifest.path, entry.line, what));
        }
    }
    findings
}

/// Every package in the lock file comes from the public index, so that a fresh clone builds anywhere.
pub(super) fn lock_file(repository: &Repository) -> Vec<Finding> {
    let Some(lock) = repository.text("Cargo.lock") else {
        return vec![Finding::new("Cargo.lock", 1, "is missing: the builds are --locked")];
    };
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let lines = lock.text.lines().enumerate();
    lines
        .filter(|(_, line)| line.starts_with("source = ") && *line != public)
        .map(|(number, line)| {
            Finding::new(&lock.path, number + 1, format!("not from the public index: {line}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> Repository {
        Repository::sample(&[(path, text)])
    }

    #[test]
    fn an_import_against_the_stream_is_found_also_in_tests() {
        let upward = "[dependencies]\nvandel-projector.workspace = true\n[dev-dependencies]\nvandel.workspace = true\n";
        let found: Vec<usize> = direction(&one("ledger/Cargo.toml", upward)).iter().map(|f| f.line).collect();
        assert_eq!(found, [2, 4]);
        let downward = "[dependencies]\nvandel-core.workspace = true\n";
        assert!(direction(&one("ledger/Cargo.toml", downward)).is_empty());
        assert_eq!(direction(&one("core/Cargo.toml", downward)).len(), 1);
    }

    #[test]
    fn unknown_rooms_and_versions_outside_the_workspace_are_found() {
        assert_eq!(direction(&one("attic/Cargo.toml", "[package]\n")).len(), 1);
        assert_eq!(direction(&one("ledger/Cargo.toml", "[dependencies]\nserde = \"1\"\n"))[0].line, 2);
    }

    #[test]
    fn cores_list_is_exact() {
        let exact: String =
            CORE_DEPENDENCIES.iter().map(|(name, _)| format!("{name}.workspace = true\n")).collect();
        let exact = format!("[dependencies]\n{exact}[dev-dependencies]\nproptest.workspace = true\n");
        assert!(core_dependencies(&one("core/Cargo.toml", &exact)).is_empty());
        let more = exact.replace("[dev-", "tokio.workspace = true\n[dev-");
        assert!(core_dependencies(&one("core/Cargo.toml", &more))[0].what.contains("tokio"));
        let fewer = exact.replace("toml.workspace = true\n", "");
        assert!(core_dependencies(&one("core/Cargo.toml", &fewer))[0].what.contains("toml"));
    }

    #[test]
    fn an_impure_package_anywhere_below_core_is_found() {
        let below = |tree| banned_packages("core", tree, IMPURE);
        assert_eq!(below("vandel-core v0.1.0\nsha2 v1.0.0\ngetrandom v0.4.0 (*)\n").len(), 1);
        assert!(below("vandel-core v0.1.0\nrand_core v0.9.0\n").is_empty());
        assert_eq!(banned_packages("verify", "vandel-verify v0.1.0\ntokio v1.0.0\n", NETWORK).len(), 1);
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\na = { path = \"a\" }\nb = \"1\" # why it is here\n\
            # why the next is here\nc = \"1\"\n# --- heading ---\nd = \"1\"\ne = \"1\" #\n";
        let found: Vec<usize> = reasons(&one("Cargo.toml", text)).iter().map(|f| f.line).collect();
        assert_eq!(found, [7, 8]);
    }

    #[test]
    fn a_package_from_elsewhere_is_found() {
        let text = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nsource = \"git+https://x\"\n";
        assert_eq!(lock_file(&one("Cargo.lock", text))[0].line, 2);
        assert_eq!(lock_file(&one("a", "")).len(), 1);
    }
}

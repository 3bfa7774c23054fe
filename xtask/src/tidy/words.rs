//! What may not stand in the repository. The patterns are put together from pieces here, so that this file
//! doesn't find itself.

use super::Finding;
use super::repository::{Repository, TextFile};
use super::rust;

/// Unfinished or switched-off code, and what to do instead.
const LEFTOVERS: &[(&str, &str)] = &[
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "take it out"),
    ("#[ignore", "a test that nobody runs tells nothing: run it briefly, and longer under VANDEL_DEEP"),
];

/// Marks in comments of work left undone.
const MARKS: &[&str] = &[concat!("FIX", "ME"), concat!("X", "XX"), concat!("TO", "DO")];

/// Folders of one machine. Each must follow a character that can't be part of a longer path.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/"), concat!("/ho", "me/")];

/// Hosts that packages come from; which of them is used is the machine's business.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("pypi.py", "thon.org"),
    concat!("files.python", "hosted.org"),
    concat!("pypi", ".org/simple"),
    concat!("proxy.golang", ".org"),
    concat!("static.rust-lang", ".org"),
];

/// No unfinished code, no switched-off test.
pub(super) fn leftovers(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.ending(".rs") {
        let code = rust::code_only(&file.text);
        for (word, instead) in LEFTOVERS {
            for at in rust::find_words(&code, word) {
                let what = format!("`{word}` is left over: {instead}");
                findings.push(Finding::new(&file.path, rust::line_of(&code, at), what));
            }
        }
    }
    for file in repository.texts.iter().filter(|file| is_written_here(file)) {
        for mark in MARKS {
            for at in rust::find_words(&file.text, mark) {
                let what = format!("{mark} is left over: do it, or write what is so and why");
                findings.push(Finding::new(&file.path, rust::line_of(&file.text, at), what));
            }
        }
    }
    findings
}

/// No path of one person's machine.
pub(super) fn machine_paths(repository: &Repository) -> Vec<Finding> {
    let continues = |byte: u8| rust::is_word(byte) || matches!(byte, b'/' | b'.' | b'-' | b'}' | b')');
    find_all(repository, MACHINE_PATHS, "is a path of one machine: use a relative one, or a temporary folder")
        .into_iter()
        .filter(|(file, at, _)| *at == 0 || !continues(file.text.as_bytes()[at - 1]))
        .map(|(_, _, finding)| finding)
        .collect()
}

/// No package registry's host, and no registry or mirror set for cargo: a fresh clone uses the machine's own.
pub(super) fn registry_hosts(repository: &Repository) -> Vec<Finding> {
    let hosts = find_all(repository, REGISTRY_HOSTS, "names a package registry: leave that to the machine");
    let mut findings: Vec<Finding> = hosts.into_iter().map(|(_, _, finding)| finding).collect();
    for file in repository.ending(".cargo/config.toml") {
        for (number, line) in file.text.lines().enumerate() {
            let table = line.trim().trim_start_matches('[');
            if line.trim().starts_with('[')
                && ["source", "registr"].iter().any(|name| table.starts_with(name))
            {
                let what = "sets where packages come from: leave that to the machine";
                findings.push(Finding::new(&file.path, number + 1, what));
            }
        }
    }
    findings
}

type Found<'a> = (&'a TextFile, usize, Finding);

fn find_all<'a>(repository: &'a Repository, patterns: &[&str], what: &str) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for file in repository.texts.iter().filter(|file| is_written_here(file)) {
        for pattern in patterns {
            for (at, _) in file.text.match_indices(pattern) {
                let line = rust::line_of(&file.text, at);
                found.push((file, at, Finding::new(&file.path, line, format!("{pattern} {what}"))));
            }
        }
    }
    found
}

/// Cargo.lock is cargo's own, and has a rule of its own.
fn is_written_here(file: &TextFile) -> bool {
    !file.path.ends_with("Cargo.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Repository {
        Repository::sample(&[("core/src/a.rs", text)])
    }

    #[test]
    fn every_leftover_is_found() {
        for (word, _) in LEFTOVERS {
            assert_eq!(leftovers(&one(&format!("a\n {word}")))[0].line, 2, "{word}");
            assert!(leftovers(&one(&format!("// {word}"))).is_empty(), "{word}");
        }
        for mark in MARKS {
            assert_eq!(leftovers(&one(&format!("a\n// {mark}: b")))[0].line, 2, "{mark}");
            assert!(leftovers(&one(&format!("// {mark}X"))).is_empty(), "{mark}");
        }
    }

    #[test]
    fn every_machine_path_is_found_and_longer_paths_are_not() {
        for path in MACHINE_PATHS {
            assert_eq!(machine_paths(&one(&format!("a\n\"{path}x\"")))[0].line, 2, "{path}");
            assert_eq!(machine_paths(&one(&format!("{path}x"))).len(), 1, "{path}");
            assert!(machine_paths(&one(&format!("our{path}x"))).is_empty(), "{path}");
        }
    }

    #[test]
    fn every_registry_is_found() {
        for host in REGISTRY_HOSTS {
            assert_eq!(registry_hosts(&one(&format!("a\nhttps://{host}/b")))[0].line, 2, "{host}");
        }
        for table in ["[source.mirror]", "[registries.ours]", "[registry]"] {
            let repository = Repository::sample(&[(".cargo/config.toml", table)]);
            assert_eq!(registry_hosts(&repository).len(), 1, "{table}");
        }
        assert!(registry_hosts(&Repository::sample(&[(".cargo/config.toml", "[build]\n")])).is_empty());
    }
}

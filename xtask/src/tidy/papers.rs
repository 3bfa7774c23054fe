//! Documents that drift are worse than none: what they point at must be there.

use super::Finding;
use super::repository::{Repository, TextFile};
use super::rust;

/// The workspace's rooms, as they begin a path in a document.
const ROOMS: &[&str] =
    &["core/", "ledger/", "projector/", "cli/", "schemas/", "tests/", "deploy/", "docs/", "xtask/"];

/// What a changelog's sections may be called (Keep a Changelog 1.1.0).
const CHANGES: &[&str] = &["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// The parts of a decision, in the order given by docs/decisions/README.md.
const DECISION_PARTS: &[&str] = &["Status", "Context", "Decision", "Consequences", "Measured"];

/// The lines of a document outside its code blocks, numbered from 1.
fn prose(file: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    file.text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        in_block ^= fence;
        (!in_block && !fence).then_some((number + 1, line))
    })
}

/// The path that `target` names, seen from the folder of `from`. `None` if it leads out of the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { from.split('/').collect() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Every relative link leads to a file or folder that is there.
pub(super) fn links(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.ending(".md") {
        for (number, line) in prose(file) {
            for piece in line.split("](").skip(1) {
                let target = piece.split([')', ' ', '#']).next().unwrap_or_default();
                if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                if !resolve(&file.path, target).is_some_and(|path| repository.has(&path)) {
                    findings.push(Finding::new(
                        &file.path,
                        number,
                        format!("the link {target} leads nowhere"),
                    ));
                }
            }
        }
    }
    findings
}

/// Every file of ours that a document names in `code` is there, unless the line says `(planned)`.
pub(super) fn file_names(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.ending(".md") {
        for (number, line) in prose(file).filter(|(_, line)| !line.contains("(planned)")) {
            for name in line.split('`').skip(1).step_by(2) {
                let plain =
                    name.bytes().all(|byte| rust::is_word(byte) || matches!(byte, b'/' | b'.' | b'-'));
                let ours = ROOMS.iter().any(|room| name.starts_with(room));
                let names_a_file =
                    [".rs", ".md", ".toml", ".json", ".yaml"].iter().any(|end| name.ends_with(end));
                if plain && ours && names_a_file && !repository.has(name) {
                    let what = format!("{name} is not there: correct it, or mark the line (planned)");
                    findings.push(Finding::new(&file.path, number, what));
                }
            }
        }
    }
    findings
}

/// Every decision has a number of its own, the agreed parts, and a line in the index.
pub(super) fn decisions(repository: &Repository) -> Vec<Finding> {
    const FOLDER: &str = "docs/decisions/";
    let index = repository.text("docs/decisions/README.md").map_or("", |file| &file.text);
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for file in repository.ending(".md").filter(|file| file.path.starts_with(FOLDER)) {
        let name = &file.path[FOLDER.len()..];
        if name == "README.md" {
            continue;
        }
        let mut report = |what: String| findings.push(Finding::new(&file.path, 1, what));
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            report("a decision's file name begins with four digits and a hyphen".to_owned());
        }
        if seen.contains(&number) {
            report(format!("another decision has the number {number}"));
        }
        seen.push(number);
        if !index.contains(&format!("({name})")) {
            report("is not listed in docs/decisions/README.md".to_owned());
        }
        if !file.text.starts_with(&format!("# {number}")) {
            report(format!("begins with `# {number}` and its title"));
        }
        for part in DECISION_PARTS {
            if !file.text.lines().any(|line| line.strip_prefix("## ") == Some(part)) {
                report(format!("has no part `## {part}`"));
            }
        }
    }
    findings
}

/// The changelog keeps the form of Keep a Changelog.
pub(super) fn changelog(repository: &Repository) -> Vec<Finding> {
    const PATH: &str = "CHANGELOG.md";
    let Some(file) = repository.text(PATH) else {
        return vec![Finding::new(PATH, 1, "is missing")];
    };
    let mut findings = Vec::new();
    if file.text.lines().next() != Some("# Changelog") {
        findings.push(Finding::new(PATH, 1, "begins with `# Changelog`"));
    }
    let versions: Vec<(usize, &str)> = headings(file, "## ").collect();
    if versions.first().is_none_or(|(_, heading)| *heading != "[Unreleased]") {
        findings.push(Finding::new(PATH, 1, "the first version is `## [Unreleased]`"));
    }
    for (number, heading) in versions.iter().skip(1) {
        if !is_release(heading) {
            findings.push(Finding::new(PATH, *number, "a version is `## [1.2.3] - 2026-11-30`"));
        }
    }
    for (number, heading) in headings(file, "### ") {
        if !CHANGES.contains(&heading) {
            findings.push(Finding::new(PATH, number, format!("a section is one of {}", CHANGES.join(", "))));
        }
    }
    findings
}

fn headings<'a>(file: &'a TextFile, mark: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    prose(file).filter_map(move |(number, line)| Some((number, line.strip_prefix(mark)?)))
}

fn is_release(heading: &str) -> bool {
    let Some((version, day)) = heading.split_once(" - ") else { return false };
    let numbers = |text: &str, separator, count| {
        let parts: Vec<&str> = text.split(separator).collect();
        parts.len() == count && parts.iter().all(|part| part.parse::<u32>().is_ok())
    };
    let version = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    numbers(version, '.', 3) && numbers(day, '-', 3) && day.len() == 10
}

/// Every policy pack and test vector is read by something: its name, or its folder's, stands in a source file.
pub(super) fn unused_data(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in &repository.paths {
        let is_data = path.starts_with("schemas/policy/") || path.starts_with("schemas/vectors/");
        if !is_data || path.ends_with(".md") {
            continue;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !repository.ending(".rs").any(|file| file.text.contains(name) || file.text.contains(folder)) {
            findings.push(Finding::new(path, 1, "no test or source reads this file"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: &[Finding]) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](b.md) [c](../d.md#x)\n[e](none.md)\n[f](https://x.y) [g](#here) [h](../../i.md)\n\
            ```\n[j](none.md)\n```\n[k](../docs)\n";
        let repository = Repository::sample(&[("docs/a.md", text), ("docs/b.md", ""), ("d.md", "")]);
        assert_eq!(lines(&links(&repository)), [2, 3]);
    }

    #[test]
    fn files_that_are_named_but_not_there_are_found() {
        let text =
            "`core/src/a.rs`\n`core/src/none.rs`\n`core/src/later.rs` (planned)\n`core/src/*.rs` `x.rs`\n";
        let repository = Repository::sample(&[("docs/a.md", text), ("core/src/a.rs", "")]);
        assert_eq!(lines(&file_names(&repository)), [2]);
    }

    #[test]
    fn decisions_out_of_form_are_found() {
        let whole = "# 0001 A\n## Status\n## Context\n## Decision\n## Consequences\n## Measured\n";
        let index = ("docs/decisions/README.md", "[0001](0001-a.md)\n");
        assert!(decisions(&Repository::sample(&[index, ("docs/decisions/0001-a.md", whole)])).is_empty());
        let count = |path, text| {
            decisions(&Repository::sample(&[index, ("docs/decisions/0001-a.md", whole), (path, text)])).len()
        };
        assert_eq!(count("docs/decisions/0001-b.md", whole), 2, "number taken, not listed");
        assert_eq!(count("docs/decisions/b.md", ""), 2 + 1 + DECISION_PARTS.len());
        let unfinished = whole.replace("## Measured\n", "");
        let repository = Repository::sample(&[index, ("docs/decisions/0001-a.md", &unfinished)]);
        assert_eq!(decisions(&repository).len(), 1);
    }

    #[test]
    fn a_changelog_out_of_form_is_found() {
        let found = |text| lines(&changelog(&Repository::sample(&[("CHANGELOG.md", text)])));
        assert!(found("# Changelog\n## [Unreleased]\n### Added\n## [0.1.0] - 2026-11-30\n").is_empty());
        assert_eq!(found("# Changes\n## [Unreleased]\n"), [1]);
        assert_eq!(found("# Changelog\n## [0.1.0] - 2026-11-30\n"), [1]);
        assert_eq!(
            found("# Changelog\n## [Unreleased]\n### New\n## 0.1.0\n## [0.1.0] - 30/11/26\n"),
            [4, 5, 3]
        );
        assert_eq!(changelog(&Repository::default()).len(), 1);
    }

    #[test]
    fn data_that_nothing_reads_is_found() {
        let pack = ("schemas/policy/sweden.toml", "");
        let vector = ("schemas/vectors/v1/bad/short.hex", "");
        assert_eq!(unused_data(&Repository::sample(&[pack, vector])).len(), 2);
        let reader = ("core/tests/a.rs", "\"../schemas/policy/sweden.toml\" \"schemas/vectors/v1/bad\"");
        assert!(unused_data(&Repository::sample(&[pack, vector, reader])).is_empty());
    }
}

//! The shape of a file: what fits in a head and on a screen.

use super::Finding;
use super::repository::{Repository, TextFile};
use super::rust;

/// Lines of a source file without its test modules.
const FILE_LINES_MAX: usize = 400;
/// Lines of a source file with its test modules.
const FILE_LINES_WITH_TESTS_MAX: usize = 500;
/// Lines of a function, from `fn` to its closing brace. Tests are exempt: a table may be long.
const FUNCTION_LINES_MAX: usize = 70;

/// Files and functions are short.
pub(super) fn lengths(repository: &Repository) -> Vec<Finding> {
    repository.ending(".rs").flat_map(|file| file_length(file).into_iter().chain(functions(file))).collect()
}

fn file_length(file: &TextFile) -> Option<Finding> {
    let all = file.text.lines().count();
    let code = rust::code_only(&file.text);
    let tests: usize = rust::test_ranges(&code).into_iter().map(|range| code[range].lines().count()).sum();
    let (lines, max, which) = if rust::is_test_file(&file.path) || all > FILE_LINES_WITH_TESTS_MAX {
        (all, FILE_LINES_WITH_TESTS_MAX, "")
    } else {
        (all - tests, FILE_LINES_MAX, " without its tests")
    };
    (lines > max).then(|| {
        let what = format!("{lines} lines{which}, at most {max}: split the file by what it is about");
        Finding::new(&file.path, max + 1, what)
    })
}

fn functions(file: &TextFile) -> Vec<Finding> {
    if rust::is_test_file(&file.path) {
        return Vec::new();
    }
    let code = rust::code_only(&file.text);
    let tests = rust::test_ranges(&code);
    let mut findings = Vec::new();
    for at in rust::find_words(&code, "fn") {
        let name = code[at + 2..].trim_start();
        let is_function = name.bytes().next().is_some_and(rust::is_word);
        if !is_function || tests.iter().any(|range| range.contains(&at)) {
            continue;
        }
        let Some(body) = rust::body(&code, at) else { continue };
        let lines = code[at..body.end].lines().count();
        if lines > FUNCTION_LINES_MAX {
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let what = format!(
                "`{name}` has {lines} lines, at most {FUNCTION_LINES_MAX}: plan purely, execute in steps"
            );
            findings.push(Finding::new(&file.path, rust::line_of(&code, at), what));
        }
    }
    findings
}

/// Every source file begins by saying what it is for.
pub(super) fn module_documentation(repository: &Repository) -> Vec<Finding> {
    let documented = |text: &str| {
        text.lines()
            .next()
            .and_then(|line| line.strip_prefix("//!"))
            .is_some_and(|rest| !rest.trim().is_empty())
    };
    repository
        .ending(".rs")
        .filter(|file| !documented(&file.text))
        .map(|file| {
            Finding::new(&file.path, 1, "begin with `//!`: what this file is for, and what it leaves out")
        })
        .collect()
}

/// No white space at a line's end, and a line break at the file's end.
pub(super) fn white_space(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &repository.texts {
        if is_data(&file.path) {
            continue;
        }
        for (number, line) in file.text.split('\n').enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                findings.push(Finding::new(&file.path, number + 1, "white space at the end of the line"));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            let last = file.text.split('\n').count();
            findings.push(Finding::new(&file.path, last, "no line break at the end of the file"));
        }
    }
    findings
}

/// Data that a test reads byte for byte keeps its bytes.
fn is_data(path: &str) -> bool {
    path.contains("/vectors/") || path.contains("/data/") || path.ends_with(".csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> String {
        "// x\n".repeat(count)
    }

    fn one(path: &str, text: &str) -> Repository {
        Repository::sample(&[(path, text)])
    }

    #[test]
    fn long_files_are_found_and_tests_have_room() {
        assert!(lengths(&one("core/src/a.rs", &lines(400))).is_empty());
        assert_eq!(lengths(&one("core/src/a.rs", &lines(401)))[0].line, 401);
        let tested = |tests: usize| format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(400), lines(tests));
        assert!(lengths(&one("core/src/a.rs", &tested(97))).is_empty());
        assert_eq!(lengths(&one("core/src/a.rs", &tested(98)))[0].line, 501);
        assert!(lengths(&one("core/tests/a.rs", &lines(500))).is_empty());
        assert_eq!(lengths(&one("core/tests/a.rs", &lines(501))).len(), 1);
    }

    #[test]
    fn long_functions_are_found_and_tests_are_exempt() {
        let function =
            |inside: usize| format!("//! A.\npub fn a(f: fn(u8)) -> [u8; 2] {{\n{}}}\n", lines(inside));
        assert!(lengths(&one("core/src/a.rs", &function(68))).is_empty());
        let findings = lengths(&one("core/src/a.rs", &function(69)));
        assert_eq!((findings.len(), findings[0].line), (1, 2));
        assert!(findings[0].what.starts_with("`a` has 71 lines"));
        assert!(lengths(&one("core/tests/a.rs", &function(69))).is_empty());
        let within = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(69));
        assert!(lengths(&one("core/src/a.rs", &within)).is_empty());
    }

    #[test]
    fn a_file_without_a_purpose_is_found() {
        assert_eq!(module_documentation(&one("a.rs", "fn main() {}\n")).len(), 1);
        assert_eq!(module_documentation(&one("a.rs", "//!\nfn main() {}\n")).len(), 1);
        assert_eq!(module_documentation(&one("a.rs", "")).len(), 1);
        assert!(module_documentation(&one("a.rs", "//! Starts.\nfn main() {}\n")).is_empty());
    }

    #[test]
    fn stray_white_space_is_found() {
        let found = |text| {
            white_space(&one("a.md", text)).into_iter().map(|finding| finding.line).collect::<Vec<_>>()
        };
        assert_eq!(found("a\nb \nc\t\nd\r\n"), [2, 3, 4]);
        assert_eq!(found("a\nb"), [2]);
        assert!(found("a\n\nb\n").is_empty());
        assert!(white_space(&one("tests/data/a.csv", "a \r\n")).is_empty());
    }
}

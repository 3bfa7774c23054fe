//! `core` is pure: bytes, time and randomness come in as parameters, results and errors go out. The crate
//! boundary keeps most of it (see [`super::manifest`]); this rule keeps the standard library's part.

use super::Finding;
use super::repository::Repository;
use super::rust;

/// Modules of `std` that reach outside, and what to do instead.
const MODULES: &[(&str, &str)] = &[
    ("fs", "take bytes as a parameter"),
    ("net", "take bytes as a parameter"),
    ("io", "take bytes as a parameter and return them"),
    ("os", "take bytes as a parameter"),
    ("env", "take the value as a parameter"),
    ("process", "return an error"),
    ("thread", "use rayon's parallel iterators, which have no side effect"),
];

/// Names that reach outside wherever they come from.
const NAMES: &[(&str, &str)] = &[
    ("SystemTime", "take the time as a parameter"),
    ("Instant", "take the time as a parameter"),
    ("println!", "return the text"),
    ("print!", "return the text"),
    ("eprintln!", "return the text"),
    ("eprint!", "return the text"),
    ("getrandom", "take random bytes as a parameter"),
    ("rand::", "take random bytes as a parameter"),
    ("OsRng", "take random bytes as a parameter"),
    ("RandomState", "use an ordered map, so that every run gives the same order"),
    ("HashMap", "use a BTreeMap, so that every run gives the same order"),
    ("HashSet", "use a BTreeSet, so that every run gives the same order"),
    ("tokio", "core knows no runtime"),
    ("async", "core knows no runtime"),
    ("rayon::spawn", "use rayon's parallel iterators, which have no side effect"),
    ("thread_local!", "pass the state as a parameter"),
    ("static mut", "pass the state as a parameter"),
];

/// Scans `core/src`, test modules excepted (they may read vectors and the environment).
pub(super) fn sources(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.ending(".rs") {
        if !file.path.starts_with("core/src/") || rust::is_test_file(&file.path) {
            continue;
        }
        let code = rust::code_only(&file.text);
        let tests = rust::test_ranges(&code);
        let mut report = |at: usize, name: &str, instead: &str| {
            if !tests.iter().any(|range| range.contains(&at)) {
                let what = format!("core is pure and may not use {name}: {instead}");
                findings.push(Finding::new(&file.path, rust::line_of(&code, at), what));
            }
        };
        for (at, module) in std_modules(&code) {
            if let Some((_, instead)) = MODULES.iter().find(|(name, _)| *name == module) {
                report(at, &format!("std::{module}"), instead);
            }
        }
        for (name, instead) in NAMES {
            for at in rust::find_words(&code, name) {
                report(at, name, instead);
            }
        }
    }
    findings
}

/// Every module named directly below `std`, also within braces: `std::fs`, `std::{fmt, io}`.
fn std_modules(code: &str) -> Vec<(usize, &str)> {
    let mut modules = Vec::new();
    for at in rust::find_words(code, "std::") {
        let start = at + "std::".len();
        if !code[start..].starts_with('{') {
            modules.push((at, identifier(&code[start..])));
            continue;
        }
        let Some(group) = rust::body(code, start) else { continue };
        let mut depth = 0;
        let mut from = group.start + 1;
        for position in group.clone() {
            match code.as_bytes()[position] {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b',' if depth == 1 => {
                    modules.push((at, identifier(code[from..position].trim_start())));
                    from = position + 1;
                }
                _ => {}
            }
        }
        modules.push((at, identifier(code[from..group.end].trim_start())));
    }
    modules
}

fn identifier(text: &str) -> &str {
    let end = text.bytes().position(|byte| !rust::is_word(byte)).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, source: &str) -> Vec<usize> {
        sources(&Repository::sample(&[(path, source)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn every_way_out_of_core_is_found() {
        for module in MODULES {
            let plain = format!("//! A.\nuse std::{}::x;", module.0);
            let braced = format!("//! A.\nuse std::{{fmt::{{self, Display}}, {}}};", module.0);
            assert_eq!(found("core/src/a.rs", &plain), [2], "{plain}");
            assert_eq!(found("core/src/a.rs", &braced), [2], "{braced}");
        }
        for name in NAMES {
            let source = format!("fn a() {{\n    {}(1);\n}}", name.0);
            assert!(found("core/src/a.rs", &source).contains(&2), "{source}");
        }
    }

    #[test]
    fn other_crates_tests_comments_and_strings_may_say_it() {
        assert!(found("ledger/src/a.rs", "use std::fs;").is_empty());
        assert!(found("core/tests/a.rs", "use std::fs;").is_empty());
        assert!(found("core/src/a.rs", "#[cfg(test)]\nmod tests {\n use std::fs;\n}").is_empty());
        assert!(found("core/src/a.rs", "// std::fs\nconst A: &str = \"std::fs\";").is_empty());
        assert!(found("core/src/a.rs", "use std::fmt; use std::{collections::BTreeMap, str};").is_empty());
    }
}

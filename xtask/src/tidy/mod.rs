//! `cargo xtask tidy`: style as a test.
//!
//! Every rule is a function from the repository's files to findings, and has a test beside it that shows
//! that it can fail. All findings are printed at once. There is no list of exceptions by file name: a rule
//! that has to be broken somewhere is the wrong rule.
//!
//! | module | rules |
//! |---|---|
//! | [`purity`] | `core` has no files, network, clock, randomness, threads or output |
//! | [`manifest`] | import direction, core's dependencies, a reason beside every dependency, the lock file |
//! | [`shape`] | length of files and functions, module documentation, white space |
//! | [`words`] | what may not stand in the repository: leftovers, machine paths, registry hosts |
//! | [`papers`] | links and file names in documents, decisions, changelog, unused schemas and vectors |

mod manifest;
mod papers;
mod purity;
mod repository;
mod rust;
mod shape;
mod words;

use std::fmt;
use std::path::Path;

use repository::Repository;

/// One thing to put right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// The file, from the workspace root, with `/` between folders.
    path: String,
    /// The line, from 1.
    line: usize,
    /// What is wrong and what to do.
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

type Rule = fn(&Repository) -> Vec<Finding>;

const RULES: &[Rule] = &[
    purity::sources,
    manifest::direction,
    manifest::core_dependencies,
    manifest::reasons,
    manifest::lock_file,
    shape::lengths,
    shape::module_documentation,
    shape::white_space,
    words::leftovers,
    words::machine_paths,
    words::registry_hosts,
    papers::links,
    papers::file_names,
    papers::decisions,
    papers::changelog,
    papers::unused_data,
];

/// Applies every rule to the files that git knows or would add. True if nothing was found.
pub(crate) fn run(root: &Path) -> bool {
    let repository = match Repository::read(root) {
        Ok(repository) => repository,
        Err(problem) => {
            println!("tidy cannot list the files: {problem}");
            return false;
        }
    };
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&repository)).collect();
    findings.extend(manifest::trees(root));
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy: {} files, nothing to put right", repository.paths.len()),
        count => println!("tidy: {count} to put right"),
    }
    findings.is_empty()
}

//! `cargo xtask mutants`: every place of the verifier changed, one by one, to see whether a test notices.
//!
//! The changes and their runs are cargo-mutants' (<https://mutants.rs>), its scope stands in `.cargo/mutants.toml`. What
//! no test notices must be explained in `docs/mutants.md`, or the task fails. A whole run takes hours: name files for
//! a part of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step;

/// The tool, and the version that is installed where none is found.
const TOOL: &str = "cargo-mutants";
const VERSION: &str = "27.1.0";

/// Runs the mutants of these files, all of the scope if none is named. True if every survivor is explained.
pub(crate) fn run(root: &Path, files: &[&str]) -> bool {
    let Some(tool) = provide(root) else { return false };
    let output = root.join("target/mutants");
    if let Err(error) = fs::create_dir_all(&output) {
        println!("{}: {error}", output.display());
        return false;
    }
    let mut command = Command::new(tool);
    command
        .current_dir(root)
        .args(["mutants", "--package", "vandel-core", "--no-shuffle", "--output"])
        .arg(&output);
    if !files.is_empty() {
        // The tool adds files that it is given to the configured scope, and does not narrow it down to them.
        let narrow = output.join("scope.toml");
        let configured = fs::read_to_string(root.join(".cargo/mutants.toml")).unwrap_or_default();
        if let Err(error) = fs::write(&narrow, narrowed(&configured, files)) {
            println!("{}: {error}", narrow.display());
            return false;
        }
        command.arg("--config").arg(narrow);
    }
    // Survivors and time-outs have exit codes of their own; what came of it stands in the files.
    step::succeeds(&mut command);
    judge(root, &output.join("mutants.out"))
}

/// The configuration with these files as its scope.
fn narrowed(configured: &str, files: &[&str]) -> String {
    let (before, rest) = configured.split_once("examine_globs = [").unwrap_or((configured, "]\n"));
    let (_, after) = rest.split_once("\n]\n").unwrap_or(("", ""));
    format!("{before}examine_globs = {files:?}\n{after}")
}

/// Finds the tool, or installs it below `target/`.
fn provide(root: &Path) -> Option<PathBuf> {
    let found = Command::new(TOOL).args(["mutants", "--version"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(TOOL.into());
    }
    let place = root.join("target/mutants-tool");
    let tool = place.join("bin").join(TOOL);
    if !tool.exists() {
        let mut install = step::cargo(root);
        install.args(["install", TOOL, "--locked", "--version", VERSION, "--root"]).arg(&place);
        if !step::succeeds(&mut install) {
            return None;
        }
    }
    Some(tool)
}

/// Tells what came of a run, and whether each survivor stands in the document.
fn judge(root: &Path, results: &Path) -> bool {
    let lines = |name: &str| fs::read_to_string(results.join(name)).map(|text| names(&text));
    let (Ok(caught), Ok(missed), Ok(timeout), Ok(unviable)) =
        (lines("caught.txt"), lines("missed.txt"), lines("timeout.txt"), lines("unviable.txt"))
    else {
        println!("{}: there are no results", results.display());
        return false;
    };
    println!(
        "deep: mutants: {} caught, {} never ended, {} survived, {} do not compile",
        caught.len(),
        timeout.len(),
        missed.len(),
        unviable.len()
    );
    let explained = names(&fs::read_to_string(root.join("docs/mutants.md")).unwrap_or_default());
    let unexplained: Vec<&String> = missed.iter().filter(|name| !explained.contains(name)).collect();
    for name in &unexplained {
        println!("no test notices, and docs/mutants.md does not say why: {name}");
    }
    unexplained.is_empty() && !(caught.is_empty() && missed.is_empty())
}

/// The mutants that a text names, without line and column, which move: a line of the tool's, or a row of the
/// document's table.
fn names(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let line = line.trim_start_matches("| `").split("` |").next().unwrap_or_default();
        let (file, rest) = line.split_once(".rs:")?;
        let what = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').trim_start();
        file.starts_with("core/src/").then(|| format!("{file}.rs: {what}"))
    };
    text.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_scope_is_those_files_and_all_else_stays() {
        let configured = "# scope\nexamine_globs = [\n    \"a.rs\", \"b/*.rs\",\n]\nprofile = \"mutants\"\n";
        let narrow = "# scope\nexamine_globs = [\"b/c.rs\"]\nprofile = \"mutants\"\n";
        assert_eq!(narrowed(configured, &["b/c.rs"]), narrow);
    }

    #[test]
    fn a_mutant_has_one_name_in_the_tools_list_and_in_the_document() {
        let listed = names("core/src/merkle/verify.rs:91:14: replace == with != in verify_inclusion\n");
        let written = names(
            "| `core/src/merkle/verify.rs: replace == with != in verify_inclusion` | why |\n| x | y |\n",
        );
        assert_eq!(listed, ["core/src/merkle/verify.rs: replace == with != in verify_inclusion"]);
        assert_eq!(listed, written);
    }
}

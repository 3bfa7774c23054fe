//! `cargo xtask instructions`: how many instructions our own hot paths take, against a budget in the repository.
//!
//! Counts hardly depend on the machine or on what else it does, so a tenth more is a change of ours. Signatures and
//! hashes are stubbed out (`core/src/stubbed.rs`): callgrind hides the processor's extensions that they run on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::nats::{self, on_path};
use crate::step;

/// The budget, from the workspace root: a name and instructions an event on each line.
const BUDGET: &str = "xtask/instructions.txt";
/// Where the fixture is built, so that nothing of it comes near the product.
const TARGET: &str = "target/instructions";
/// How often a scenario is done in the two counts that are subtracted.
const TIMES: [u64; 2] = [1, 4];
/// By how much a count may exceed its budget: a tenth.
const LENIENCY: u64 = 10;

/// Counts, and compares with the budget, or writes a new one. True if nothing exceeds it, or valgrind can't be had.
pub(crate) fn run(root: &Path, update: bool) -> bool {
    if !nats::brings("valgrind", "valgrind") {
        println!("SKIPPED: instructions are not counted, since there is no valgrind and no apt to bring it");
        return on_path("apt-get").is_none();
    }
    let Some(fixture) = build(root) else { return false };
    let Some(counts) = scenarios(&fixture).and_then(|names| {
        names.into_iter().map(|name| Some((name.clone(), count(&fixture, &name)?))).collect()
    }) else {
        return false;
    };
    let counts: BTreeMap<String, u64> = counts;
    if update {
        return write(root, &counts);
    }
    let text = fs::read_to_string(root.join(BUDGET)).unwrap_or_default();
    let findings = judge(&counts, &parse(&text));
    findings.iter().for_each(|finding| println!("{finding}"));
    findings.is_empty()
}

fn build(root: &Path) -> Option<PathBuf> {
    step::succeeds(&mut build_command(root)).then(|| root.join(TARGET).join("quick/examples/instructions"))
}

/// What builds the fixture.
pub(crate) fn build_command(root: &Path) -> Command {
    let mut cargo = step::cargo(root);
    cargo
        .args([
            "build",
            "--profile",
            "quick",
            "--locked",
            "--package",
            "vandel-ledger",
            "--no-default-features",
        ])
        .args(["--example", "instructions", "--target-dir"])
        .arg(root.join(TARGET))
        // In place of the flags in .cargo/config.toml: no AVX-512, which valgrind does not know.
        .env("RUSTFLAGS", "--cfg vandel_stubbed");
    cargo
}

fn scenarios(fixture: &Path) -> Option<Vec<String>> {
    let output = Command::new(fixture).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.lines().map(str::to_owned).collect())
}

/// Instructions an event.
fn count(fixture: &Path, name: &str) -> Option<u64> {
    let [fewer, more] = TIMES.map(|times| collected(fixture, name, times));
    let ((fewer, events), (more, _)) = (fewer?, more?);
    let each = more.saturating_sub(fewer) / (events * (TIMES[1] - TIMES[0]));
    println!("{name:<18} {each:>8} instructions an event");
    Some(each)
}

/// All instructions of one run, and how many events one turn goes through.
fn collected(fixture: &Path, name: &str, times: u64) -> Option<(u64, u64)> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(fixture)
        .args([name, &times.to_string()])
        // One thread, so that nobody waits in a loop.
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let instructions = errors.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    let events = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    if !output.status.success() || instructions.is_none() {
        println!("{name} could not be counted:\n{errors}");
    }
    instructions.zip(events)
}

fn parse(text: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, count) = line.split_once(char::is_whitespace)?;
        Some((name.to_owned(), count.trim().parse().ok()?))
    };
    lines.filter_map(pair).collect()
}

/// What is wrong: a count above its budget, one without a budget, a budget without a count.
fn judge(counts: &BTreeMap<String, u64>, budget: &BTreeMap<String, u64>) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, count) in counts {
        match budget.get(name) {
            Some(allowed) if count * 100 > allowed * (100 + LENIENCY) => findings.push(format!(
                "{name} takes {count} instructions an event; its budget is {allowed}, and {LENIENCY} % more. Mend it, or, \
                 if it is worth it: cargo xtask instructions --update"
            )),
            Some(allowed) if count * 100 < allowed * (100 - LENIENCY) => {
                println!("{name} has become cheaper ({count} of {allowed}): cargo xtask instructions --update");
            }
            Some(_) => {}
            None => findings.push(format!("{name} has no budget in {BUDGET}: cargo xtask instructions --update")),
        }
    }
    let lost = budget.keys().filter(|name| !counts.contains_key(*name));
    findings.extend(lost.map(|name| format!("{name} stands in {BUDGET} and is no longer counted")));
    findings
}

fn write(root: &Path, counts: &BTreeMap<String, u64>) -> bool {
    let mut text = "# Instructions an event, counted by `cargo xtask instructions`, which fails when one is exceeded by a \
                    tenth.\n# To move it: cargo xtask instructions --update\n"
        .to_owned();
    counts.iter().for_each(|(name, count)| text += &format!("{name} {count}\n"));
    match fs::write(root.join(BUDGET), text) {
        Ok(()) => true,
        Err(error) => {
            println!("{BUDGET}: {error}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_passes_and_anything_above_does_not() {
        let budget = parse("# words\nappend 1000\nfold 50\n");
        let counts =
            |append, fold| BTreeMap::from([("append".to_owned(), append), ("fold".to_owned(), fold)]);
        assert!(judge(&counts(1_100, 55), &budget).is_empty());
        assert_eq!(judge(&counts(1_101, 55), &budget).len(), 1);
        assert!(judge(&counts(10, 1), &budget).is_empty());
    }

    #[test]
    fn what_has_no_budget_and_what_is_counted_no_more_is_found() {
        let (one, none) = (parse("append 1000\n"), BTreeMap::new());
        assert_eq!(judge(&one, &none).len(), 1);
        assert_eq!(judge(&none, &one).len(), 1);
    }
}

//! `cargo xtask deep`: the suites that take longer than a change can wait for.
//!
//! A suite is an ordinary test that looks at `VANDEL_DEEP` and then does more: more seeds, more operations,
//! every position instead of some. So what runs at night is the same code that runs on every change. A
//! suite prints what it covered on lines that begin `deep:`; those are gathered at the end. A suite whose
//! filter no longer selects any test has drifted from this table, and fails.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fuzz;
use crate::mutants;
use crate::nats;
use crate::step;
use crate::verifiers;

/// One long suite.
struct Suite {
    /// Its name on the command line.
    name: &'static str,
    /// The package whose tests it runs.
    package: &'static str,
    /// A part of the tests' names; empty for all tests of the package.
    filter: &'static str,
    /// What it is for.
    what: &'static str,
}

/// The name under which the parsers are fuzzed too, by another runner than the tests'.
const FUZZ: &str = "fuzz";
/// For how long each.
const FUZZ_SECONDS: u32 = 60;

/// The verifier's mutants, which take hours: only when they are named.
const MUTANTS: &str = "mutants";

/// The suites. To add one, add a row.
const SUITES: &[Suite] = &[
    Suite {
        name: "core",
        package: "vandel-core",
        filter: "",
        what: "bytes, trees, proofs and rules against models and other implementations",
    },
    Suite {
        name: "ledger",
        package: "vandel-ledger",
        filter: "",
        what: "log, vault, memory and sequencer: a crash at every write and sync",
    },
    Suite {
        name: "projector",
        package: "vandel-projector",
        filter: "",
        what: "views: a rebuild gives what following gave, at every prefix",
    },
    Suite {
        name: "sequencer",
        package: "vandel-tests",
        filter: "a_machine_that_stops",
        what: "commit order and recovery: kills and power cuts at every operation, twelve seeds",
    },
    Suite {
        name: "kill",
        package: "vandel-tests",
        filter: "what_was_acknowledged_before_a_kill",
        what: "a real process killed a thousand times",
    },
    Suite {
        name: "erasure",
        package: "vandel-tests",
        filter: "an_eraser_killed",
        what: "a real process that rotates and erases, killed before each of its changes to the disk",
    },
    Suite {
        name: "tampering",
        package: "vandel-tests",
        filter: "nothing_passes_and_the_document",
        what: "every bit and every position, judged by three verifiers that share no code",
    },
    Suite {
        name: "end-to-end",
        package: "vandel-tests",
        filter: "",
        what: "the command line against tampering, crashes and erasure",
    },
];

/// What one suite's run said.
#[derive(Default)]
struct Outcome {
    tests: u64,
    ignored: u64,
    counts: Vec<String>,
}

/// Runs the named suites, all if none is named. True if all passed; an unknown name is an error.
pub(crate) fn run<'a>(root: &Path, names: &[&'a str]) -> Result<bool, &'a str> {
    if names == ["--list"] {
        for suite in SUITES {
            println!("{:<12} {}", suite.name, suite.what);
        }
        println!("{FUZZ:<12} every parser of what comes from outside, {FUZZ_SECONDS} seconds each");
        println!(
            "{MUTANTS:<12} the verifier's code changed place by place (docs/mutants.md); hours, only when named"
        );
        return Ok(true);
    }
    let is_suite =
        |name: &str| name == FUZZ || name == MUTANTS || SUITES.iter().any(|suite| suite.name == name);
    if let Some(unknown) = names.iter().find(|name| !is_suite(name)) {
        return Err(unknown);
    }
    let chosen: Vec<&Suite> =
        SUITES.iter().filter(|suite| names.is_empty() || names.contains(&suite.name)).collect();
    let mut summary = Vec::new();
    let mut all_passed = true;
    for (number, suite) in chosen.iter().enumerate() {
        step::heading(number + 1, chosen.len(), suite.name, suite.what);
        let mut outcome = Outcome::default();
        let (exited_well, time) = step::timed(|| run_suite(root, suite, &mut outcome));
        let passed = exited_well && outcome.tests > 0;
        all_passed &= passed;
        let verdict = match (passed, outcome.tests) {
            (true, _) => "passed",
            (false, 0) => "FAILED (no test ran: has the table drifted?)",
            (false, _) => "FAILED",
        };
        summary.push(format!(
            "{:<12} {verdict}: {} tests, {} ignored, {:.1} s",
            suite.name,
            outcome.tests,
            outcome.ignored,
            time.as_secs_f64()
        ));
        summary.extend(outcome.counts.iter().map(|count| format!("{:<12} {count}", "")));
    }
    let fuzzed = !(names.is_empty() || names.contains(&FUZZ)) || fuzz::run(root, FUZZ_SECONDS, &[]);
    let changed = !names.contains(&MUTANTS) || mutants::run(root, &[]);
    println!("\n== summary");
    for line in summary {
        println!("{line}");
    }
    Ok(all_passed && fuzzed && changed)
}

/// The profile of the suites: many programs, which linked as a release would take an hour to build.
const PROFILE: [&str; 3] = ["--profile", "quick", "--locked"];

fn run_suite(root: &Path, suite: &Suite, outcome: &mut Outcome) -> bool {
    let mut command = step::cargo(root);
    command.arg("test").args(PROFILE).args(["-p", suite.package, "--"]);
    if !suite.filter.is_empty() {
        command.arg(suite.filter);
    }
    command.arg("--nocapture").env("VANDEL_DEEP", "1");
    if suite.package == "vandel-tests" {
        // The binaries that they drive lie beside them.
        let mut build = step::cargo(root);
        if !step::succeeds(build.arg("build").args(PROFILE).args(["-p", "vandel", "-p", "vandel-verify"])) {
            return false;
        }
        let Some(server) = nats::provide(root) else { return false };
        let Some(found) = verifiers::provide(root) else { return false };
        command.env(nats::VARIABLE, server).envs(found);
    }
    match listen(&mut command, |line| outcome.read(line)) {
        Ok(passed) => passed,
        Err(error) => {
            println!("cannot run cargo: {error}");
            false
        }
    }
}

/// Runs the command, passing its standard output on line by line as it comes. True if it exited with 0.
fn listen(command: &mut Command, mut hear: impl FnMut(&str)) -> std::io::Result<bool> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            hear(&line);
        }
    }
    Ok(child.wait()?.success())
}

impl Outcome {
    /// Takes in one line of a test run: a suite's own count, or the test runner's result.
    fn read(&mut self, line: &str) {
        // With --nocapture a test's first print stands behind "test name ... " on the same line.
        if let Some(at) = line.find("deep: ") {
            self.counts.push(line[at + "deep: ".len()..].to_owned());
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for piece in result.split(['.', ';']) {
            let mut words = piece.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else { continue };
            let number = number.parse().unwrap_or(0);
            match kind {
                "passed" | "failed" => self.tests += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_counts_are_read_from_the_output() {
        let mut outcome = Outcome::default();
        for line in [
            "running 3 tests",
            "test swaps ... deep: 50000 swaps, 50000 detected",
            "ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            outcome.read(line);
        }
        assert_eq!((outcome.tests, outcome.ignored), (6, 1));
        assert_eq!(outcome.counts, ["50000 swaps, 50000 detected"]);
    }

    #[test]
    fn an_unknown_suite_is_named_and_nothing_runs() {
        assert_eq!(run(Path::new("."), &["core", "no-such-suite"]), Err("no-such-suite"));
    }

    #[test]
    fn suite_names_are_unique() {
        let mut names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITES.len());
    }
}

//! `cargo xtask`: the tasks of whoever works on Vandel. Plain std, no dependency, so that it starts at once.
//!
//! | task | does |
//! |---|---|
//! | `test` | everything a change must pass, in order; stops at the first failure |
//! | `tidy` | style as a test: all findings at once, each with its file and line |
//! | `deep` | the long suites, in release, with their counts |
//! | `instructions` | counts the instructions of our own hot paths against their budget |
//! | `fuzz` | every parser under libFuzzer, for so many seconds each |
//! | `mutants` | the verifier's code changed place by place; what no test notices must be explained |
//! | `verifiers` | brings Python, Node and Chromium for the independent verifiers |
//! | `nats` | brings the nats-server that the tests run |

#![allow(clippy::print_stdout, reason = "a command line tool whose results are text")]

mod ahead;
mod deep;
mod foreign;
mod fuzz;
mod instructions;
mod mutants;
mod nats;
mod step;
mod test;
mod tidy;
mod verifiers;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask TASK

  test             format, lints, tidy, release binary, all tests, documentation; stops at the first failure
  tidy             style as a test: prints every finding as file:line
  deep [SUITE...]  the long suites, optimised, with counts; all of them if none is named
  deep --list      the suites and what they are for
  instructions     count the instructions of our own hot paths against their budget; --update moves it
  fuzz [SECONDS] [TARGET...]
                   every parser under libFuzzer, each for 10 seconds if nothing is said
  mutants [FILE...]
                   change the verifier place by place, and see whether the tests notice: hours for all of it
  verifiers        bring what the independent verifiers run on, and print where it is
  foreign          bring the foreign clients and parsers that the tests run
  nats             bring the nats-server that the tests run, and print where it is
  help             this text

Works from any folder of the repository. Exit code 0: passed; 1: failed; 2: usage.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(root) = workspace_root() else {
        println!("no Vandel workspace here or above: run this inside the repository");
        return ExitCode::from(2);
    };
    let mut words = arguments.iter().map(String::as_str);
    let task = words.next();
    let rest: Vec<&str> = words.collect();
    let passed = match (task, rest.as_slice()) {
        (Some("test"), []) => test::run(&root),
        (Some("tidy"), []) => tidy::run(&root),
        (Some("deep"), suites) => match deep::run(&root, suites) {
            Ok(passed) => passed,
            Err(unknown) => {
                println!("no suite is called {unknown:?}: see `cargo xtask deep --list`");
                return ExitCode::from(2);
            }
        },
        (Some("instructions"), []) => instructions::run(&root, false),
        (Some("instructions"), ["--update"]) => instructions::run(&root, true),
        (Some("fuzz"), words) => {
            let seconds = words.first().and_then(|word| word.parse().ok());
            fuzz::run(&root, seconds.unwrap_or(10), &words[usize::from(seconds.is_some())..])
        }
        (Some("mutants"), files) => mutants::run(&root, files),
        (Some("verifiers"), []) => match verifiers::provide(&root) {
            Some(found) => {
                found.iter().for_each(|(name, path)| println!("{name}={}", path.display()));
                true
            }
            None => false,
        },
        (Some("foreign"), []) => foreign::provide(&root),
        (Some("nats"), []) => match nats::provide(&root) {
            Some(binary) => {
                println!("{}", binary.display());
                true
            }
            None => false,
        },
        (Some("help" | "--help" | "-h"), _) => {
            println!("{HELP}");
            true
        }
        _ => {
            println!("{HELP}");
            return ExitCode::from(2);
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The folder that holds the workspace: the nearest one, from here upwards, whose `Cargo.toml` has a
/// `[workspace]` table.
fn workspace_root() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    let is_root = |folder: &PathBuf| {
        std::fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
    };
    here.ancestors().map(PathBuf::from).find(is_root)
}

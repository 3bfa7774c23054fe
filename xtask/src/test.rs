//! `cargo xtask test`: what every change must pass. The order puts the cheapest refusal first, and the
//! building of the tests before the binary, which [`ahead`] is linking meanwhile.
//!
//! The library tests run unoptimised, with overflow checks and debug assertions (dependencies are always
//! optimised, see the workspace profile, so signatures are not slow); the end-to-end tests drive the
//! release binary, whose path stands in `VANDEL_BIN`, and a nats-server, whose path stands in `VANDEL_NATS_SERVER`.
//!
//! Measured from cold on 2 cores, in processor seconds, before most suites were written: lints 246, release
//! binary 136, building the tests 234. Building core's tests alone in release, beside the binary, took 119.
//! So all suites in release would save under two minutes of processor time, and lose the checks.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::ahead::Ahead;
use crate::foreign;
use crate::fuzz;
use crate::instructions;
use crate::nats;
use crate::step::{self, Step};
use crate::tidy;
use crate::verifiers;

/// A step of the test task.
enum Work {
    /// A cargo command; the second field names the rustup component that it needs beyond a bare toolchain.
    Cargo(Step, Option<&'static str>),
    /// `tidy`, without a second process.
    Tidy,
    /// Every parser under libFuzzer, for a second each.
    Fuzz,
    /// The tests, against a nats-server that is brought first.
    Tests(Step),
    /// The instructions of our own hot paths against their budget.
    Instructions,
}

impl Work {
    fn name(&self) -> &'static str {
        match self {
            Self::Cargo(step, _) | Self::Tests(step) => step.name,
            Self::Tidy => "tidy",
            Self::Instructions => "instructions",
            Self::Fuzz => "fuzz",
        }
    }

    fn repeat_with(&self) -> String {
        match self {
            Self::Cargo(step, _) | Self::Tests(step) => step.repeat_with(),
            Self::Tidy => "cargo xtask tidy".to_owned(),
            Self::Instructions => "cargo xtask instructions".to_owned(),
            Self::Fuzz => "cargo xtask fuzz 1".to_owned(),
        }
    }

    fn run(&self, root: &Path) -> bool {
        match self {
            Self::Cargo(step, component) => {
                component.is_none_or(|component| ensure_component(root, component))
                    && step::succeeds(&mut step.command(root))
            }
            Self::Tidy => tidy::run(root),
            Self::Instructions => instructions::run(root, false),
            Self::Fuzz => fuzz::run(root, 1, &[]),
            Self::Tests(step) => nats::provide(root).is_some_and(|server| {
                let Some(found) = verifiers::provide(root) else { return false };
                if !foreign::provide(root) {
                    return false;
                }
                println!("against {}", server.display());
                step::succeeds(step.command(root).env(nats::VARIABLE, server).envs(found))
            }),
        }
    }
}

/// Runs all steps; stops at the first that fails and says how to repeat it. True if all passed.
pub(crate) fn run(root: &Path) -> bool {
    let steps = steps(&release_binary(root));
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let _ahead = Ahead::start(ahead(root));
    for (number, work) in steps.iter().enumerate() {
        step::heading(number + 1, steps.len(), work.name(), &work.repeat_with());
        let (passed, time) = step::timed(|| work.run(root));
        times.push((work.name(), time));
        if !passed {
            println!("\nFAILED: {}, after {:.1} s. To repeat it alone:", work.name(), time.as_secs_f64());
            println!("  {}", work.repeat_with());
            return false;
        }
        println!("-- {} passed in {:.1} s", work.name(), time.as_secs_f64());
    }
    println!("\nAll {} steps passed:", steps.len());
    for (name, time) in &times {
        println!("  {name:<10} {:>7.1} s", time.as_secs_f64());
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("  {:<10} {:>7.1} s", "together", total.as_secs_f64());
    true
}

/// What the later steps build in target folders or profiles of their own, in the order of the steps.
fn ahead(root: &Path) -> Vec<Command> {
    let cargo = |arguments: &[&str]| {
        let mut command = step::cargo(root);
        command.args(arguments);
        command
    };
    let mut commands = vec![cargo(BUILD_BINARY), cargo(BUILD_AUDITOR)];
    commands.extend(fuzz::build_command(root));
    commands.push(instructions::build_command(root));
    commands
}

/// Builds the same as [`steps`] runs.
const BUILD_BINARY: &[&str] = &["build", "--release", "--locked", "--bin", "vandel"];
const BUILD_AUDITOR: &[&str] = &["build", "--release", "--locked", "-p", "vandel-verify"];

fn steps(binary: &Path) -> Vec<Work> {
    vec![
        Work::Cargo(Step::new("format", &["fmt", "--all", "--check"]), Some("rustfmt")),
        // A workspace of its own, which `--all` does not reach.
        Work::Cargo(
            Step::new("format of fuzz", &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
            Some("rustfmt"),
        ),
        Work::Tidy,
        Work::Cargo(
            Step::new(
                "lints",
                &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
            ),
            Some("clippy"),
        ),
        // The tests before the binary, which is being linked meanwhile.
        Work::Cargo(Step::new("building", &["test", "--workspace", "--locked", "--no-run"]), None),
        // Run as the README runs it, so that `cargo run` from the root is sure to be the command.
        Work::Cargo(Step::new("binary", &["run", "--release", "--locked", "--", "--version"]), None),
        // Beside it, and alone: so it is built without the network.
        Work::Cargo(Step::new("auditor", BUILD_AUDITOR), None),
        Work::Tests(
            Step::new("tests", &["test", "--workspace", "--locked"])
                .with("VANDEL_BIN", binary.display().to_string()),
        ),
        Work::Fuzz,
        Work::Cargo(
            Step::new("docs", &["doc", "--workspace", "--no-deps", "--locked"])
                .with("RUSTDOCFLAGS", "-D warnings".to_owned()),
            None,
        ),
        Work::Instructions,
    ]
}

/// Where `cargo run --release` puts the binary. We lie at `TARGET/debug/xtask` ourselves, so this
/// holds wherever cargo was told to build; the default is for an xtask started in another way.
fn release_binary(root: &Path) -> PathBuf {
    let own = std::env::current_exe().ok();
    let target = own.as_deref().and_then(|own| own.parent()?.parent());
    target.unwrap_or(&root.join("target")).join("release").join("vandel")
}

/// Makes sure that a cargo command from a rustup component is there, and adds it if it isn't.
fn ensure_component(root: &Path, component: &str) -> bool {
    let command = if component == "rustfmt" { "fmt" } else { component };
    let present = || {
        let output = step::cargo(root).args([command, "--version"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    if present() {
        return true;
    }
    println!("{component} is missing; adding it: rustup component add {component}");
    let added = step::succeeds(std::process::Command::new("rustup").args(["component", "add", component]));
    if added && present() {
        return true;
    }
    println!("{component} could not be added. With a network connection: rustup component add {component}");
    println!("Without rustup, install your distribution's package for {component}.");
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_can_be_repeated_alone_and_builds_from_the_lock_file() {
        for work in steps(Path::new("target/release/vandel")) {
            let line = work.repeat_with();
            assert!(line.contains("cargo "), "{line}");
            let resolves = ["clippy", "cargo run", "cargo build", "cargo test", "doc"]
                .iter()
                .any(|verb| line.contains(verb));
            assert_eq!(resolves, line.contains("--locked"), "{line}");
        }
    }
}

//! `cargo xtask fuzz`: every parser of what comes from outside, driven by libFuzzer for a while.
//!
//! It runs on the stable toolchain: the coverage counters are a pass of LLVM that `rustc` is asked for, as
//! `cargo fuzz --sanitizer none` does. First inputs are the vectors of `schemas/vectors` and the files of
//! `fuzz/seeds`; what is found on the way stays under `target/fuzz/corpus`, so that the next run goes on from there. A
//! crash fails the task and names the input and how to repeat it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::nats;
use crate::step;

/// What makes LLVM count the edges that an input takes and tell libFuzzer the operands of comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// Where it is built, from the workspace root.
const BUILD: &str = "target/fuzz/build";

/// Runs the targets whose names are given, or all, each for so many seconds. True if nothing was found.
pub(crate) fn run(root: &Path, seconds: u32, names: &[&str]) -> bool {
    let Some(targets) = targets(root) else {
        println!("fuzz/src/lib.rs has no table of targets with a row to a line");
        return false;
    };
    if let Some(unknown) = names.iter().find(|name| targets.iter().all(|(target, _)| target != *name)) {
        let known: Vec<&str> = targets.iter().map(|(name, _)| name.as_str()).collect();
        println!("no target is called {unknown:?}; there are: {}", known.join(", "));
        return false;
    }
    let Some(binary) = build(root) else { return false };
    let chosen = targets.iter().filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()));
    let (mut inputs, mut count, mut failed) = (0, 0, Vec::new());
    for (name, structures) in chosen {
        count += 1;
        match fuzz(root, &binary, name, structures, seconds) {
            Ok(tried) => {
                println!("deep: fuzz {name}: {tried} inputs");
                inputs += tried;
            }
            Err(why) => {
                println!("fuzz {name}: FAILED: {why}");
                failed.push(name.as_str());
            }
        }
    }
    println!("deep: fuzz: {inputs} inputs to {count} parsers, {} of which broke", failed.len());
    failed.is_empty()
}

/// The names of the targets and their structures, from the table in the fuzzing crate.
fn targets(root: &Path) -> Option<Vec<(String, Vec<String>)>> {
    let text = fs::read_to_string(root.join("fuzz/src/lib.rs")).ok()?;
    let rows = text.lines().filter_map(|line| line.trim().strip_prefix("Target { name: \""));
    let targets: Vec<_> = rows
        .filter_map(|row| {
            let (name, rest) = row.split_once('"')?;
            let (structures, _) = rest.split_once("&[")?.1.split_once(']')?;
            let structures = structures.split(',').map(|word| word.trim().trim_matches('"').to_owned());
            Some((name.to_owned(), structures.filter(|word| !word.is_empty()).collect()))
        })
        .collect();
    // A row that is written otherwise must not drop out unseen.
    let all_found = text.matches("name: \"").count() == targets.len();
    (all_found && !targets.is_empty()).then_some(targets)
}

fn build(root: &Path) -> Option<PathBuf> {
    let host = host()?;
    if !nats::brings("c++", "g++") {
        println!("libFuzzer needs a C++ compiler: install one (Debian: apt-get install g++)");
        return None;
    }
    if !step::succeeds(&mut build_command(root)?) {
        return None;
    }
    Some(root.join(BUILD).join(host).join("release/parsers"))
}

/// What builds all targets, for this machine.
pub(crate) fn build_command(root: &Path) -> Option<Command> {
    let host = host()?;
    let mut command = step::cargo(root);
    // With --target, build scripts and macros are compiled without the counters.
    command.args(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    command.arg("--target-dir").arg(root.join(BUILD)).env("RUSTFLAGS", COVERAGE);
    Some(command)
}

/// The triple of this machine.
fn host() -> Option<String> {
    let output =
        Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

fn fuzz(root: &Path, binary: &Path, name: &str, structures: &[String], seconds: u32) -> Result<u64, String> {
    let failed = |error: io::Error| error.to_string();
    let folder = root.join("target/fuzz");
    let [corpus, seeds, artifacts] =
        ["corpus", "seeds", "artifacts"].map(|sort| folder.join(sort).join(name));
    for folder in [&corpus, &seeds, &artifacts] {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    plant(root, &seeds, name, structures).map_err(failed)?;
    let output = Command::new(binary)
        .env("VANDEL_FUZZ", name)
        .arg(&corpus)
        .arg(&seeds)
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=20", "-rss_limit_mb=2048", "-malloc_limit_mb=512", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last: Vec<&str> = said.lines().rev().take(30).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        let repeat = format!("VANDEL_FUZZ={name} {} FILE", binary.display());
        return Err(format!("{}\nthe input lies in {}; {repeat}", last.join("\n"), artifacts.display()));
    }
    let tried = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    tried.and_then(|count| count.trim().parse().ok()).ok_or_else(|| "it told no count".to_owned())
}

/// Writes the first inputs: the vectors of these structures, and the files kept for this target.
fn plant(root: &Path, seeds: &Path, name: &str, structures: &[String]) -> io::Result<()> {
    let (mut number, mut missing) = (0, structures.to_vec());
    let mut put = |bytes: &[u8]| {
        number += 1;
        fs::write(seeds.join(format!("{number:04}")), bytes)
    };
    for sort in ["accept", "reject"] {
        for entry in fs::read_dir(root.join("schemas/vectors/v1").join(sort))? {
            let text = fs::read_to_string(entry?.path())?;
            let is_of = |structure: &String| text.contains(&format!("\"structure\": \"{structure}\""));
            if structures.iter().any(is_of) {
                missing.retain(|structure| !is_of(structure));
                vectors(&text).iter().try_for_each(|bytes| put(bytes))?;
            }
        }
    }
    if let Some(structure) = missing.first() {
        return Err(io::Error::other(format!("schemas/vectors has no structure {structure:?}")));
    }
    for folder in [root.join("fuzz/seeds").join(name), root.join("schemas").join(name)] {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries {
            put(&fs::read(entry?.path())?)?;
        }
    }
    Ok(())
}

/// The bytes of each case of a file of vectors: its fields run together. The files are written so that each field
/// stands on a line of its own.
fn vectors(text: &str) -> Vec<Vec<u8>> {
    let mut cases: Vec<Vec<u8>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("{\"name\":") {
            cases.push(Vec::new());
        }
        let hex = line.find("[\"").and_then(|at| line[at + 2..].split('"').nth(2));
        if let (Some(case), Some(hex)) = (cases.last_mut(), hex) {
            let pairs = hex.as_bytes().chunks_exact(2);
            case.extend(
                pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()),
            );
        }
    }
    cases.retain(|case| !case.is_empty());
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_vector_are_run_together() {
        let text = "{\"name\": \"a\", \"comment\": \"\",\n \"fields\": [\n  [\"version\", \"0001\", \"x\"],\n  [\"sort\", \"02\", \"y\"]\n ]},\n{\"name\": \"b\",\n \"fields\": [[\"bytes\", \"ff\", \"\"]]}";
        assert_eq!(vectors(text), [vec![0, 1, 2], vec![255]]);
    }

    #[test]
    fn every_target_of_the_fuzzing_crate_is_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let targets = targets(root).expect("a table of targets");
        assert!(targets.len() >= 20, "{}", targets.len());
    }
}

//! Every command of the README runs as it stands there, in order, in an empty folder, and prints what
//! the README says it prints.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;

use vandel_tests::transcript;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The binary under test: the one `cargo xtask test` built, else the one built beside this test.
fn vandel() -> PathBuf {
    if let Some(path) = std::env::var_os("VANDEL_BIN") {
        return path.into();
    }
    let beside = std::env::current_exe().unwrap();
    beside.ancestors().nth(2).unwrap().join("vandel")
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let binary = vandel();
    assert!(binary.exists(), "{} is not built; run: cargo xtask test", binary.display());
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    let place = folder.path().join("work");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&place).unwrap();
    std::os::unix::fs::symlink(&binary, bin.join("vandel")).unwrap();
    std::os::unix::fs::symlink(repository().join("cli/tests/data"), place.join("data")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());

    let document = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let mut run = 0;
    let mut exported: Vec<(String, String)> = Vec::new();
    for command in transcript::commands(&document) {
        // This test runs inside `cargo xtask test`; cloning and building came before.
        if command.command.starts_with("git ") || command.command.starts_with("cargo xtask") {
            continue;
        }
        let mut text = command.command.replace("cargo run --release --", "vandel");
        // What one command exports, the following ones have.
        let name = text.strip_prefix("export ").and_then(|rest| rest.split('=').next()).map(str::to_owned);
        if let Some(name) = &name {
            text.push_str(&format!(" && printf %s \"${name}\""));
        }
        let output = Command::new("bash")
            .args(["-c", &text])
            .current_dir(&place)
            .env("PATH", &path)
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("VANDEL_HOME")
            .envs(exported.iter().cloned())
            .output()
            .unwrap();
        let printed =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let place = format!("README.md:{}: {text}", command.line);
        assert_eq!(output.status.code(), Some(command.exit), "{place}\n{printed}");
        if let Some(line) = transcript::missing(&command.expected, &printed) {
            panic!("{place}\ndoes not print: {line}\nbut:\n{printed}");
        }
        if let Some(name) = name {
            exported.push((name, String::from_utf8(output.stdout).unwrap()));
        }
        run += 1;
    }
    println!("README.md: {run} commands run");
    assert!(run >= 10, "the README shows too little: {run} commands");
}

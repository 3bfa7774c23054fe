//! Runs the binary in a folder of its own. `VANDEL_BIN` names another build, such as an installed one.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder with a founded ledger in `home` and both administrators' keys in `keys`.
pub(crate) struct Ledger {
    folder: tempfile::TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    arguments: String,
    output: Output,
}

impl Ledger {
    /// An empty folder.
    pub(crate) fn nowhere() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A ledger founded by Anna and Bo.
    pub(crate) fn found() -> Self {
        let ledger = Self::nowhere();
        ledger.run(&["init", "--generate-keys", "keys", "--names", "Anna", "Bo"]).ok();
        ledger
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command, ready to run: in the folder, at a fixed day, with nothing of the caller's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let binary = std::env::var_os("VANDEL_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_vandel").into());
        let mut command = Command::new(binary);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("VANDEL_HOME", "home").env("VANDEL_CLOCK", "2026-03-20");
        command.stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran { arguments: arguments.join(" "), output }
    }

    /// Runs it on another day.
    pub(crate) fn on(&self, day: &str, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).env("VANDEL_CLOCK", day).output().unwrap();
        Ran { arguments: arguments.join(" "), output }
    }

    /// Runs it with both administrators' signatures.
    pub(crate) fn two(&self, arguments: &[&str]) -> Ran {
        let people = ["--key", "keys/administrator-1.pem", "--second", "keys/administrator-2.pem"];
        self.run(&[arguments, &people].concat())
    }

    /// Copies a folder to another name, replacing what is there.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let (from, to) = (self.path(from), self.path(to));
        let _ = std::fs::remove_dir_all(&to);
        copy_folder(&from, &to);
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Ran {
    /// It exited 0.
    pub(crate) fn ok(self) -> Self {
        self.exits(0);
        self
    }

    /// It exited with this code.
    pub(crate) fn exits(&self, code: i32) {
        let found = self.output.status.code();
        assert_eq!(found, Some(code), "vandel {}\n{}\n{}", self.arguments, self.text(), self.error_text());
    }

    /// Stdout.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    /// Stderr without the note about the clock.
    pub(crate) fn error_text(&self) -> String {
        let text = String::from_utf8(self.output.stderr.clone()).unwrap();
        text.lines()
            .filter(|line| !line.starts_with("the clock is set"))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    /// Stdout as JSON lines.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error object on stderr.
    pub(crate) fn error(&self) -> Value {
        serde_json::from_str(self.error_text().lines().last().unwrap()).unwrap()
    }
}

//! One step of a task: a heading, a command run from the workspace root, and the time it took.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A command of a task, and how to describe it.
pub(crate) struct Step {
    /// A short name for the heading.
    pub(crate) name: &'static str,
    /// What follows `cargo`.
    pub(crate) arguments: &'static [&'static str],
    /// Variables set for this command only.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Step {
    /// A step that needs no variable of its own.
    pub(crate) fn new(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self { name, arguments, variables: Vec::new() }
    }

    /// The step with a variable set for its command.
    pub(crate) fn with(mut self, variable: &'static str, value: String) -> Self {
        self.variables.push((variable, value));
        self
    }

    /// The line a person types to repeat this step alone, from the workspace root.
    pub(crate) fn repeat_with(&self) -> String {
        let quote = |text: &str| if text.contains(' ') { format!("'{text}'") } else { text.to_owned() };
        let mut line = String::new();
        for (name, value) in &self.variables {
            line += &format!("{name}={} ", quote(value));
        }
        line += "cargo";
        for argument in self.arguments {
            line += &format!(" {}", quote(argument));
        }
        line
    }

    /// The command, ready to run in `root`.
    pub(crate) fn command(&self, root: &Path) -> Command {
        let mut command = cargo(root);
        command.args(self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// `cargo` in `root`: the same one that runs us, so that a toolchain named on the command line holds for
/// every step.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs the command with its output passed through. A command that cannot be started has failed.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("cannot start {}: {error}", command.get_program().display());
            false
        }
    }
}

/// Runs `work` and measures it.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Prints the heading of step `number` of `count`.
pub(crate) fn heading(number: usize, count: usize, name: &str, what: &str) {
    println!("\n== {number}/{count} {name}: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repeat_line_can_be_pasted_into_a_shell() {
        let step = Step::new("docs", &["doc", "--no-deps"]).with("RUSTDOCFLAGS", "-D warnings".to_owned());
        assert_eq!(step.repeat_with(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn a_command_that_cannot_start_has_failed() {
        assert!(!succeeds(&mut Command::new("no-such-command-as-this")));
    }
}

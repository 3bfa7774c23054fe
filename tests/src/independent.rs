//! The independent verifiers in `verifiers/`: Python and JavaScript, written from `docs/format.md` alone. As
//! processes of their own, for one command or for many cases.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::town::repository;

/// A verifier in another language.
#[derive(Clone, Debug)]
pub struct Independent {
    /// Its language.
    pub language: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
}

/// A program: what the tests were given, what `cargo xtask verifiers` has brought, or what is installed.
fn program(variable: &str, brought: &str, installed: &str) -> PathBuf {
    let brought = repository(brought);
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.unwrap_or_else(|| if brought.exists() { brought } else { installed.into() })
}

/// The Chromium that the page is tried in.
#[must_use]
pub fn chromium() -> PathBuf {
    program("VANDEL_CHROMIUM", "target/verifiers/chromium", "chromium")
}

/// Node.
#[must_use]
pub fn node() -> PathBuf {
    program("VANDEL_NODE", "target/verifiers/node", "node")
}

impl Independent {
    /// The one in Python.
    #[must_use]
    pub fn python() -> Self {
        Self {
            language: "Python",
            program: program("VANDEL_PYTHON", "target/verifiers/bin/python", "python3"),
            arguments: vec!["-m".to_owned(), "vandel_verifier".to_owned()],
        }
    }

    /// The one in JavaScript.
    #[must_use]
    pub fn javascript() -> Self {
        let main = repository("verifiers/javascript/main.js").display().to_string();
        Self { language: "JavaScript", program: node(), arguments: vec![main] }
    }

    /// Both.
    #[must_use]
    pub fn all() -> [Self; 2] {
        [Self::python(), Self::javascript()]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args(arguments)
            .env("PYTHONPATH", repository("verifiers/python"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Runs it on a path; the exit code, and the verdict or what it said instead.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn verify(&self, path: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
        let path = path.display().to_string();
        let all: Vec<&str> = [path.as_str(), "--json"].into_iter().chain(arguments.iter().copied()).collect();
        let output = self.command(&all).output().expect("the independent verifier starts");
        let verdict = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&output.stderr).into_owned()));
        (output.status.code(), verdict)
    }

    /// What it makes of every test vector, a line each.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn vectors(&self) -> Vec<Value> {
        let folder = repository("schemas/vectors/v1").display().to_string();
        let output = self.command(&["vectors", &folder]).output().expect("the independent verifier starts");
        assert!(output.status.success(), "{}: {}", self.language, String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Starts it for many cases.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn batch(&self) -> Batch {
        let mut command = self.command(&["batch"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Batch { language: self.language, child, input, output }
    }
}

/// A process that answers case by case (`verifiers/python/vandel_verifier/batch.py`). Its end is the handle's.
pub struct Batch {
    /// The verifier's language.
    pub language: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Batch {
    /// Asks about one case.
    ///
    /// # Panics
    /// If the process has died: a verifier answers whatever it is given.
    pub fn ask(&mut self, case: &Value) -> Value {
        let input = self.input.as_mut().expect("open until dropped");
        writeln!(input, "{case}").and_then(|()| input.flush()).expect("the verifier reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the verifier answers");
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{} did not survive {case}: {error}", self.language))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Bytes as the verifiers read them.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

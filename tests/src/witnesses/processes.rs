//! Witnesses in processes of their own: our binary's, and the foreign one.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use vandel_core::note::VerifierKey;

use crate::town::vandel;

/// `vandel witness serve` in a process of its own.
pub struct ServedWitness {
    folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
    address: SocketAddr,
    key: VerifierKey,
}

impl ServedWitness {
    /// Makes a witness in a folder, lets it know logs, and serves.
    ///
    /// # Panics
    /// If it does not come up.
    #[must_use]
    pub fn start(folder: &Path, name: &str, logs: &[&VerifierKey], arguments: &[&str]) -> Self {
        run_witness(folder, &["init", "--name", name]);
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        if !logs.is_empty() {
            let logs: Vec<String> = logs.iter().map(ToString::to_string).collect();
            let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
            run_witness(folder, &[&["add-log"], &logs[..]].concat());
        }
        let (child, address, key) = serve(folder, &arguments);
        Self { folder: folder.to_owned(), arguments, child, address, key }
    }

    /// Lets it know another log, while it serves.
    ///
    /// # Panics
    /// If the command fails.
    pub fn add_log(&self, log: &str) {
        run_witness(&self.folder, &["add-log", log]);
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is asked.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its verifier key.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The process's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once (SIGKILL).
    ///
    /// # Panics
    /// If the process can't be waited for.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("a child of ours");
    }

    /// Starts it again after it was killed, on another port.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn restart(&mut self) {
        (self.child, self.address, self.key) = serve(&self.folder, &self.arguments);
    }
}

impl Drop for ServedWitness {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run_witness(folder: &Path, arguments: &[&str]) {
    let output = Command::new(vandel())
        .arg("witness")
        .args(arguments)
        .arg("--dir")
        .arg(folder)
        .env_remove("VANDEL_HOME")
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn serve(folder: &Path, arguments: &[String]) -> (Child, SocketAddr, VerifierKey) {
    let mut child = Command::new(vandel())
        .args(["--json", "witness", "serve", "--listen", "127.0.0.1:0", "--dir"])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let said = first_line(&mut child);
    let address = said["listen"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    let key = said["key"].as_str().and_then(|text| text.parse().ok()).expect("a key");
    (child, address, key)
}

/// The foreign witness, `tests/foreign/witness.py`.
pub struct PythonWitness {
    child: Child,
    /// Where it is asked.
    pub url: String,
    /// Its verifier key.
    pub key: VerifierKey,
}

/// The foreign witness and client.
#[must_use]
pub fn python_witness() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign/witness.py")
}

impl PythonWitness {
    /// Starts one for a log.
    ///
    /// # Panics
    /// If Python is missing, or it does not come up.
    #[must_use]
    pub fn start(name: &str, log: &VerifierKey) -> Self {
        let mut child = Command::new("python3")
            .arg(python_witness())
            .args(["serve", name, name, &log.to_string()])
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 runs");
        let said = first_line(&mut child);
        let url = said["url"].as_str().expect("a URL").to_owned();
        let key = said["key"].as_str().and_then(|key| key.parse().ok()).expect("a key");
        Self { child, url, key }
    }
}

impl Drop for PythonWitness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_line(child: &mut Child) -> serde_json::Value {
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

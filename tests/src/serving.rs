//! A running `vandel serve`, which ends with its handle, and ways to it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vandel_core::signature::SigningKey;
use vandel_core::trust::{Trust, parse_trust};
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::client::{Client, Patience};
use vandel_ledger::clock::{Clock, SettableClock};
use vandel_ledger::disk::RealDisk;
use vandel_ledger::signer;

use crate::town::{NOW, Town};

/// How long a service may take to start or end: long, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running service of a town.
pub struct Serving {
    child: Child,
    /// What else it prints; kept, so that the pipe never fills.
    rest: Option<BufReader<std::process::ChildStdout>>,
    said: Arc<Mutex<String>>,
}

impl Serving {
    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(town: &Town, url: &str, more: &[&str]) -> Self {
        let mut serving = Self::spawn(town, url, more);
        serving.wait_until_it_serves();
        serving
    }

    /// Starts it, and does not wait: a standby serves when its time has come.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn spawn(town: &Town, url: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["--json", "serve", "--nats", url];
        arguments.extend(more);
        let mut command = town.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let rest = BufReader::new(child.stdout.take().expect("its output"));
        let errors = child.stderr.take().expect("its errors");
        let said = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                eprintln!("{line}");
                let mut said = kept.lock().unwrap_or_else(PoisonError::into_inner);
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { child, rest: Some(rest), said }
    }

    /// Waits until it says that it serves.
    ///
    /// # Panics
    /// If it ends instead.
    pub fn wait_until_it_serves(&mut self) {
        let mut line = String::new();
        self.rest.as_mut().expect("its output").read_line(&mut line).expect("readable");
        assert!(line.contains("\"serving\""), "it does not serve: {line:?} {:?}", self.child.try_wait());
    }

    /// What it has said on stderr.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends it a signal, such as `STOP` or `CONT`.
    ///
    /// # Panics
    /// If it can't be sent.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill runs");
        assert!(told.success());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Tells it to stop in order, and waits for its end.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// The same by another signal, such as `-INT`.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn stop_by(mut self, signal: &str) -> ExitStatus {
        self.signal(signal.trim_start_matches('-'));
        self.wait()
    }

    /// kill -9.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        drop(self.rest.take());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Town {
    /// A command from afar: over NATS, by a person, with no home at hand.
    #[must_use]
    pub fn afar(&self, url: &str, person: &str, arguments: &[&str]) -> Command {
        let mut all: Vec<String> = self.by(person, arguments);
        all.extend(["--nats", url, "--trust", &self.trust_file().to_string_lossy()].map(str::to_owned));
        let mut command = self.command(&all.iter().map(String::as_str).collect::<Vec<_>>());
        command.env_remove("VANDEL_HOME");
        command
    }

    /// The ledger's trust file.
    #[must_use]
    pub fn trust_file(&self) -> PathBuf {
        self.home().join("public/trust.policy")
    }

    /// The trust file, read.
    ///
    /// # Panics
    /// If it cannot be.
    #[must_use]
    pub fn trust(&self) -> Trust {
        parse_trust(&std::fs::read(self.trust_file()).expect("readable")).expect("a trust file")
    }

    /// A person's key.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn key(&self, person: &str) -> SigningKey {
        let file = PathBuf::from(self.path(&format!("{person}.pem")));
        signer::read(&RealDisk, &file, None).expect("a key file")
    }

    /// A client of this process, at the town's second.
    ///
    /// # Panics
    /// If the server cannot be reached.
    #[must_use]
    pub fn client(&self, url: &str) -> Client {
        let bus = Bus::connect(&BusOptions::new(url, Role::Author)).expect("connected");
        let clock: Arc<dyn Clock> = Arc::new(SettableClock::at(NOW));
        let mut client = Client::new(bus, self.trust(), None, clock).expect("one log");
        client.patience = Patience { answer: Duration::from_secs(3), whole: PATIENCE };
        client
    }
}

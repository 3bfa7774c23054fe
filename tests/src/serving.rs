//! A running `vandel serve`, which ends with its handle, and ways to it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
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
}

impl Serving {
    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(town: &Town, url: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["--json", "serve", "--nats", url];
        arguments.extend(more);
        let mut command = town.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("started");
        let mut rest = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        rest.read_line(&mut line).expect("readable");
        assert!(line.contains("\"serving\""), "it does not serve: {line:?} {:?}", child.try_wait());
        Self { child, rest: Some(rest) }
    }

    /// Tells it to stop in order, and waits for its end.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn stop(self) -> ExitStatus {
        self.stop_by("-TERM")
    }

    /// The same by another signal, such as `-INT`.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn stop_by(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(told.success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
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

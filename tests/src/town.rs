//! A small ledger made through the command line, as a municipality would make it: two administrators, a
//! handler, a decider, a policy, boards with assessed positions. Every suite that runs the binary
//! begins here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vandel_core::time::Second;

use crate::nats_server::NatsServer;

/// The day on which the town lives, unless a suite says otherwise.
pub const TODAY: &str = "2026-03-20";

/// The second that the command line takes it to be on that day.
pub const NOW: Second = Second(1_774_008_000);

/// A ledger in a temporary folder, with everybody's keys beside it.
pub struct Town {
    folder: tempfile::TempDir,
    /// The server that holds its log, and where it tells of itself; none if the log lies in files.
    nats: Option<(String, String)>,
}

/// The boards of the HR exports, and the roles that each has positions in.
const BOARDS: [(&str, &[&str]); 6] = [
    ("Utbildningsförvaltningen", &["SCHOOL"]),
    ("Socialförvaltningen", &["HVB"]),
    ("Vård- och omsorgsförvaltningen", &["HOME_CARE"]),
    ("Kultur- och fritidsförvaltningen", &["CHILD"]),
    ("Regionen", &["CARE_FETCH"]),
    ("Kommunledningsförvaltningen", &[]),
];

/// The binary under test: the one that `cargo xtask test` built, else the one built beside the tests.
///
/// # Panics
/// If it is not built.
#[must_use]
pub fn vandel() -> PathBuf {
    built("VANDEL_BIN", "vandel")
}

/// The auditor's binary, likewise.
///
/// # Panics
/// If it is not built.
#[must_use]
pub fn vandel_verify() -> PathBuf {
    built("VANDEL_VERIFY_BIN", "vandel-verify")
}

fn built(variable: &str, name: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(
        || {
            let test = std::env::current_exe().expect("a running test has a path");
            test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").join(name)
        },
        PathBuf::from,
    );
    assert!(path.exists(), "{} is not built; run: cargo build -p {name}", path.display());
    path
}

impl Town {
    /// Founds the ledger, adopts the shipped policy, enrolls people and assesses positions.
    ///
    /// # Panics
    /// If any command fails.
    #[must_use]
    pub fn found() -> Self {
        Self::found_with(None)
    }

    /// The same with its log on a server's JetStream.
    ///
    /// # Panics
    /// If any command fails.
    #[must_use]
    pub fn found_on(server: &NatsServer) -> Self {
        Self::found_with(Some((server.url(), server.monitor())))
    }

    fn found_with(nats: Option<(String, String)>) -> Self {
        let town = Self { folder: tempfile::tempdir().expect("a temporary folder"), nats };
        let keys = town.path("keys");
        town.ok(&["init", "--generate-keys", &keys, "--names", "Ada", "Bo"]);
        let names =
            std::fs::read_dir(&keys).expect("the keys folder").map(|entry| entry.expect("an entry").path());
        let mut pems: Vec<PathBuf> =
            names.filter(|path| path.extension().is_some_and(|end| end == "pem")).collect();
        pems.sort();
        assert_eq!(pems.len(), 2, "two administrators' keys in {keys}");
        for (number, pem) in pems.iter().enumerate() {
            std::fs::copy(pem, town.path(&format!("admin-{number}.pem"))).expect("copied");
        }
        town.by_two(&[
            "policy",
            "adopt",
            "se-2026",
            "--from",
            "2026-01-01",
            "--confirmed-by",
            "Kommunjuristen, dnr 1",
        ]);
        for (person, roles) in [
            ("handler", &["handler"][..]),
            ("decider", &["decider"]),
            ("delegate", &["controllers-delegate"]),
            ("officer", &["data-protection-officer"]),
        ] {
            town.enroll(person, roles);
        }
        for (board, roles) in BOARDS.into_iter().filter(|(_, roles)| !roles.is_empty()) {
            let mut arguments =
                vec!["position", "assess", "--board", board, "--need", "Arbete med barn eller vård"];
            arguments.extend(["--union-reference", "MBL 2026-1", "--impact-reference", "DPIA 2026-1"]);
            roles.iter().for_each(|role| arguments.extend(["--role", role]));
            town.ok(&town.by("decider", &arguments).iter().map(String::as_str).collect::<Vec<_>>());
        }
        town
    }

    /// A path in the town's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// The ledger's home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A command, ready to run: in this home, on the town's day.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(vandel());
        command
            .args(arguments)
            .env("VANDEL_HOME", self.home())
            .env("VANDEL_CLOCK", TODAY)
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .current_dir(self.folder.path());
        if let Some((servers, monitor)) = &self.nats {
            command.env("VANDEL_NATS", servers).env("VANDEL_NATS_MONITOR", monitor);
        }
        command
    }

    /// Runs a command.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Runs a command that must succeed, and gives what it printed.
    ///
    /// # Panics
    /// If it fails.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "vandel {}: {:?}\n{errors}",
            arguments.join(" "),
            output.status.code()
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Arguments with a person's key.
    #[must_use]
    pub fn by(&self, person: &str, arguments: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        all.extend(["--key".to_owned(), self.path(&format!("{person}.pem"))]);
        all
    }

    /// Runs a command signed by both administrators; it must succeed.
    ///
    /// # Panics
    /// If it fails.
    pub fn by_two(&self, arguments: &[&str]) -> String {
        let mut all = self.by("admin-0", arguments);
        all.extend(["--second".to_owned(), self.path("admin-1.pem")]);
        self.ok(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Makes a key and enrolls it.
    ///
    /// # Panics
    /// If a command fails.
    pub fn enroll(&self, person: &str, roles: &[&str]) {
        let key = self.path(&format!("{person}.pem"));
        self.ok(&["key", "new", &key, "--no-passphrase"]);
        let mut arguments =
            vec!["key", "enroll", "--new-key", &key, "--from", "2026-01-01", "--name", person];
        roles.iter().for_each(|role| arguments.extend(["--role", role]));
        self.by_two(&arguments);
    }

    /// Verifies the home; the exit code and what was printed.
    #[must_use]
    pub fn verify(&self) -> (Option<i32>, String) {
        let trust = self.home().join("public/trust.policy");
        let output = self.run(&["verify", "--trust", &trust.to_string_lossy()]);
        let printed = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
    }
}

/// A file of the repository.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

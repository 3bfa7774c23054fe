//! The demonstration town, made through the command line, for suites that need a ledger with a past.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::town::vandel;

/// A demonstration ledger with something erased, made once for all tests of this file.
pub struct Demo {
    folder: tempfile::TempDir,
    certificate: OnceLock<Vec<u8>>,
    dossier: OnceLock<(PathBuf, PathBuf)>,
}

impl Demo {
    /// The one of this test binary, made at the first call.
    ///
    /// # Panics
    /// If the demonstration, or the command, does not run.
    #[must_use]
    pub fn get() -> &'static Self {
        static DEMO: OnceLock<Demo> = OnceLock::new();
        DEMO.get_or_init(|| {
            let demo = Self {
                folder: tempfile::tempdir().expect("it works"),
                certificate: OnceLock::new(),
                dossier: OnceLock::new(),
            };
            demo.ok(&["demo", "--home", "town", "--cases", "25", "--seed", "7"]);
            demo
        })
    }

    /// A path in its folder.
    ///
    /// # Panics
    /// If the demonstration, or the command, does not run.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The ledger's home.
    ///
    /// # Panics
    /// If the demonstration, or the command, does not run.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.path("town")
    }

    /// The auditor's trust file.
    ///
    /// # Panics
    /// If the demonstration, or the command, does not run.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.path("town-auditor/trust.policy")
    }

    /// Runs `vandel`: the exit code, and what it printed.
    ///
    /// # Panics
    /// If the demonstration, or the command, does not run.
    #[must_use]
    pub fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(vandel());
        command.args(words).current_dir(self.folder.path()).env("LANG", "C.UTF-8").env_remove("LC_ALL");
        let output = command.output().expect("it works");
        let printed = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
    }

    /// Runs `vandel`, which must succeed; what it printed.
    ///
    /// # Panics
    /// If the demonstration, or the command, does not run.
    pub fn ok(&self, words: &[&str]) -> String {
        let (code, printed) = self.run(words);
        assert_eq!(code, Some(0), "vandel {words:?}: {printed}");
        printed
    }

    /// A certificate of what is erased in a copy of the town.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        self.certificate.get_or_init(|| self.erase()).clone()
    }

    fn erase(&self) -> Vec<u8> {
        // In a home of its own, since the other tests read the first.
        let copied =
            std::process::Command::new("cp").arg("-r").args([self.home(), self.path("erased")]).status();
        assert!(copied.expect("it works").success());
        let disposals = self.ok(&["disposal", "list", "--home", "erased"]);
        let disposal = disposals.split_whitespace().next().expect("it works").to_owned();
        let planned = self.ok(&["retention", "plan", "--home", "erased", "--disposal", &disposal]);
        let at = planned.find("sha256:").expect("a plan's hash");
        let plan = planned[at..].split_whitespace().next().expect("it works").to_owned();
        let key = |name: &str| self.path("town-people").join(name).display().to_string();
        let (orders, approves) = (key("administrator-1.pem"), key("social-delegate.pem"));
        self.ok(&["retention", "order", "--plan", &plan, "--home", "erased", "--key", &orders]);
        self.ok(&["retention", "approve", "--plan", &plan, "--home", "erased", "--key", &approves]);
        self.ok(&["retention", "apply", "--plan", &plan, "--home", "erased"]);
        self.ok(&["--json", "erasure", "certificate", &plan, "0", "--home", "erased"]).into_bytes()
    }

    /// A closed case's dossier out of a copy of the town, and the digests that a reader of that copy computed.
    ///
    /// # Panics
    /// If a command fails.
    #[must_use]
    pub fn dossier(&self) -> (PathBuf, PathBuf) {
        self.dossier.get_or_init(|| self.export()).clone()
    }

    fn export(&self) -> (PathBuf, PathBuf) {
        let (dossier, digests) = (self.path("case.dossier"), self.path("own.digests"));
        let copied = Command::new("cp").arg("-r").args([self.home(), self.path("exported")]).status();
        assert!(copied.is_ok_and(|status| status.success()));
        let key = self.path("town-people/social-handler.pem").display().to_string();
        let listed = self.ok(&["case", "list", "--home", "exported", "--key", &key]);
        let closed = listed.lines().find(|line| line.contains("closed")).expect("a closed case");
        let handle = closed.split_whitespace().next().expect("a handle").to_owned();
        let (out, own) = (dossier.display().to_string(), digests.display().to_string());
        let to = ["--recipient", "Kommunrevisionen", "--expires", "2099-12-31"];
        let words = ["case", "export", &handle, "--home", "exported", "--key", &key, "--out", &out];
        self.ok(&[&words[..], &to].concat());
        let trust = self.trust().display().to_string();
        self.ok(&["verify", "exported", "--trust", &trust, "--views", "--write-digests", &own]);
        (dossier, digests)
    }
}

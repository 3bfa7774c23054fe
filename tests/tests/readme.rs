//! Every command of the README runs as it stands there, in order, in an empty folder, and prints what
//! the README says it prints.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vandel_tests::{nats_server, transcript};

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

/// The auditor's binary, which is built beside the command's.
fn verifier(vandel: &Path) -> PathBuf {
    std::env::var_os("VANDEL_VERIFY_BIN")
        .map_or_else(|| vandel.with_file_name("vandel-verify"), PathBuf::from)
}

/// What commands have left running: ended with the test, however it ends.
#[derive(Default)]
struct Running(Vec<String>);

impl Drop for Running {
    fn drop(&mut self) {
        for process in &self.0 {
            let _ = Command::new("kill").arg(process).stderr(Stdio::null()).status();
        }
    }
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
    let installed = std::env::var("PATH").unwrap();
    let path = format!("{}:{installed}", bin.display());
    // The auditor's machine has the verifier, and not the command.
    let alone = folder.path().join("alone");
    std::fs::create_dir_all(&alone).unwrap();
    let verifier = verifier(&binary);
    assert!(verifier.exists(), "{} is not built; run: cargo xtask test", verifier.display());
    std::os::unix::fs::symlink(&verifier, alone.join("vandel-verify")).unwrap();
    let auditors = format!("{}:{installed}", alone.display());
    // A plain name is one on PATH, where the commands find it too.
    let nats = nats_server::binary();
    if nats.components().count() > 1 {
        std::os::unix::fs::symlink(std::path::absolute(nats).unwrap(), bin.join("nats-server")).unwrap();
    }
    // The document's ports may be in use here: others take their place, in its commands and in what they write.
    let [client, monitor, websocket, witness] = nats_server::free_ports();
    let ports = [("4222", client), ("8222", monitor), ("8443", websocket), ("8700", witness)];
    let mut running = Running::default();

    let document = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let mut run = 0;
    let mut exported: Vec<(String, String)> = Vec::new();
    for command in transcript::commands(&document) {
        // This test runs inside `cargo xtask test`; cloning and building came before.
        if command.command.starts_with("git ") || command.command.starts_with("cargo xtask") {
            continue;
        }
        let mut text = command.command.replace("cargo run --release --", "vandel");
        for (written, free) in ports {
            text = text.replace(written, &free.to_string());
        }
        // What one command exports, the following ones have.
        let name = text.strip_prefix("export ").and_then(|rest| rest.split('=').next()).map(str::to_owned);
        if let Some(name) = &name {
            text.push_str(&format!(" && printf %s \"${name}\""));
        }
        let output = Command::new("bash")
            .args(["-c", &text])
            .current_dir(&place)
            .env("PATH", if text.contains("vandel-verify") { &auditors } else { &path })
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("VANDEL_HOME")
            .envs(exported.iter().cloned())
            .output()
            .unwrap();
        let printed =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let at = format!("README.md:{}: {text}", command.line);
        assert_eq!(output.status.code(), Some(command.exit), "{at}\n{printed}");
        if let Some(line) = transcript::missing(&command.expected, &printed) {
            panic!("{at}\ndoes not print: {line}\nbut:\n{printed}");
        }
        if let Some(name) = name {
            let value = String::from_utf8(output.stdout).unwrap();
            if text.contains("echo $!") {
                running.0.push(value.clone());
            }
            exported.push((name, value));
        }
        if text.contains("vandel nats config") {
            let file = place.join("nats/nats-server.conf");
            let written = std::fs::read_to_string(&file).unwrap();
            let changed = ports.iter().fold(written, |text, (from, to)| text.replace(from, &to.to_string()));
            std::fs::write(&file, changed).unwrap();
        }
        run += 1;
    }
    println!("README.md: {run} commands run");
    assert!(run >= 10, "the README shows too little: {run} commands");
}

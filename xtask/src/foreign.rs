//! Brings the foreign clients and parsers that the tests run: the official NATS clients for Python and
//! JavaScript, a second implementation of JSON Schema, the official parser of AsyncAPI. Pinned by their hashes, under
//! `target/foreign/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::nats::{as_root, on_path};
use crate::step;

/// Makes sure that all are there; false if that fails, having said why and what to do.
pub(crate) fn provide(root: &Path) -> bool {
    python(root) && javascript(root)
}

/// Whether what a folder was made from is what is asked for now.
fn is_current(asked: &Path, made_from: &Path) -> bool {
    matches!((fs::read(asked), fs::read(made_from)), (Ok(asked), Ok(found)) if asked == found)
}

fn python(root: &Path) -> bool {
    let (asked, place) = (root.join("tests/foreign/requirements.txt"), root.join("target/foreign/python"));
    let made_from = place.join("requirements.txt");
    if is_current(&asked, &made_from) {
        return true;
    }
    println!("bringing the Python clients, pinned by their hashes, into {}", place.display());
    let make = || {
        let mut command = Command::new("python3");
        step::succeeds(command.args(["-m", "venv", "--clear"]).arg(&place).current_dir(root))
    };
    let debian = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv"];
    if !(make() || as_root(&["apt-get", "update", "-q"]) && as_root(&debian) && make()) {
        println!("python3 makes no virtual environment; install Python 3.11 or newer with venv");
        return false;
    }
    let mut pip = Command::new(place.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]).arg(&asked);
    step::succeeds(pip.current_dir(root)) && fs::copy(&asked, &made_from).is_ok()
}

fn javascript(root: &Path) -> bool {
    let (asked, place) = (root.join("tests/foreign/package-lock.json"), root.join("target/foreign/node"));
    let made_from = place.join("made-from.json");
    if is_current(&asked, &made_from) {
        return true;
    }
    println!("bringing the JavaScript clients, pinned by their hashes, into {}", place.display());
    let debian = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "npm"];
    if on_path("npm").is_none() && !(as_root(&["apt-get", "update", "-q"]) && as_root(&debian)) {
        println!("no npm: install it (Debian: apt-get install npm)");
        return false;
    }
    let copied = fs::create_dir_all(&place).is_ok()
        && ["package.json", "package-lock.json"]
            .iter()
            .all(|name| fs::copy(root.join("tests/foreign").join(name), place.join(name)).is_ok());
    let mut npm = Command::new("npm");
    npm.args(["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&place);
    copied && step::succeeds(&mut npm) && fs::copy(&asked, &made_from).is_ok()
}

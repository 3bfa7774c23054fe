//! Brings what the independent verifiers run on: a Python with `cryptography`, pinned by its hash in a virtual
//! environment under `target/` where none is installed; Node; and Debian's Chromium for the page.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::nats::{as_root, on_path};
use crate::step;

/// The variables by which the tests are told.
const PYTHON: &str = "VANDEL_PYTHON";
const NODE: &str = "VANDEL_NODE";
const CHROMIUM: &str = "VANDEL_CHROMIUM";

/// What a Python must be able to say yes to.
const PYTHON_SUFFICES: &str = "import sys, cryptography; \
    sys.exit(sys.version_info < (3, 11) or int(cryptography.__version__.split('.')[0]) < 42)";
/// What a Node must be able to say yes to: version 20, with Ed25519 in WebCrypto.
const NODE_SUFFICES: &str = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";

/// Finds or brings all three, as variables for the tests; none if that fails, having said why and what to do.
pub(crate) fn provide(root: &Path) -> Option<Vec<(&'static str, PathBuf)>> {
    Some(vec![(PYTHON, python(root)?), (NODE, node()?), (CHROMIUM, chromium()?)])
}

fn says_yes(program: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The program that a variable names, else one on the path.
fn named_or_installed(variable: &str, names: &[&str]) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.or_else(|| names.iter().find_map(|name| on_path(name)))
}

fn python(root: &Path) -> Option<PathBuf> {
    let suffices = |program: &Path| says_yes(program, &["-c", PYTHON_SUFFICES]);
    let environment = root.join("target/verifiers");
    let own = environment.join("bin/python");
    let installed = named_or_installed(PYTHON, &["python3"]);
    if let Some(found) = installed.into_iter().chain([own.clone()]).find(|found| suffices(found)) {
        return Some(found);
    }
    println!("bringing the Python package cryptography, pinned by its hash, into {}", environment.display());
    let make = || {
        let mut command = Command::new("python3");
        step::succeeds(command.args(["-m", "venv", "--clear"]).arg(&environment).current_dir(root))
    };
    let debian = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv"];
    let install = || as_root(&["apt-get", "update", "-q"]) && as_root(&debian);
    let made = make() || (install() && make());
    if !made {
        println!("python3 makes no virtual environment; install Python 3.11 or newer with venv");
        return None;
    }
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]);
    if step::succeeds(pip.arg("verifiers/python/requirements.txt").current_dir(root)) && suffices(&own) {
        return Some(own);
    }
    println!(
        "no Python with cryptography. Either install Python 3.11 or newer and the distribution's python3-cryptography \
         (42 or newer), or name one with {PYTHON}"
    );
    None
}

fn node() -> Option<PathBuf> {
    let found = named_or_installed(NODE, &["node", "nodejs"]);
    let found = found.filter(|found| says_yes(found, &["-e", NODE_SUFFICES]));
    if found.is_none() {
        println!("no Node 20 or newer (https://nodejs.org): install it, or name one with {NODE}");
    }
    found
}

fn chromium() -> Option<PathBuf> {
    let installed = || named_or_installed(CHROMIUM, &["chromium", "chromium-browser", "google-chrome"]);
    if let Some(found) = installed() {
        return Some(found);
    }
    println!("Chromium is missing; installing Debian's");
    let install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"];
    if as_root(&["apt-get", "update", "-q"])
        && as_root(&install)
        && let Some(found) = installed()
    {
        return Some(found);
    }
    println!("no Chromium: install it (Debian: apt-get install chromium), or name one with {CHROMIUM}");
    None
}

//! Which nats-server: what the tests were given, what is installed, or what `cargo xtask nats` brought.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The nats-server: `VANDEL_NATS_SERVER`, else one on `PATH` that is new enough, else the one that
/// `cargo xtask nats` has put under `target/`.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = std::env::var_os("VANDEL_NATS_SERVER") {
            return named.into();
        }
        if is_new_enough(Path::new("nats-server")) {
            return "nats-server".into();
        }
        let brought = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/nats/bin/nats-server");
        assert!(is_new_enough(&brought), "no nats-server of version 2.12 or newer; run: cargo xtask nats");
        brought
    })
}

fn is_new_enough(program: &Path) -> bool {
    let Ok(output) = Command::new(program).arg("--version").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(version) = text.trim().rsplit(['v', ' ']).next() else { return false };
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(2), Some(12))
}

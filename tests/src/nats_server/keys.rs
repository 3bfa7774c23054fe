//! Users' keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nkeys::KeyPair;

/// A new NKey of a user: its seed in a file of this name, mode 0600, and the public key for the
/// server's configuration.
///
/// # Panics
/// If the file cannot be written.
#[must_use]
pub fn nats_key(folder: &Path, name: &str) -> (PathBuf, String) {
    let pair = KeyPair::new_user();
    let file = folder.join(format!("{name}.nk"));
    fs::write(&file, pair.seed().expect("a new pair has a seed")).expect("the seed is written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the mode is set");
    (file, pair.public_key())
}

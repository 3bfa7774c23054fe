//! A checkpoint alone: who has signed it, and how large the tree was.

use serde::Serialize;
use vandel_core::trust::Trust;

use crate::Refusal;
use crate::evidence::{Rests, open_checkpoint, rests_on};

/// What a checkpoint shows by itself.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The log's name.
    pub origin: String,
    /// The tree's size.
    pub size: u64,
    /// The tree's root.
    pub root: String,
    /// The witnesses of the trust file that cosigned.
    pub witnesses: Vec<String>,
    /// What it rests on.
    pub anchor: Rests,
}

/// Whether bytes look like a signed checkpoint (C2SP tlog-checkpoint): a name, a size, and signatures at the end.
#[must_use]
pub fn may_be(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let size = text.lines().nth(1).unwrap_or_default();
    let is_size = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    is_size && text.contains("\n\n\u{2014} ")
}

/// Checks a checkpoint by a trust file.
///
/// # Errors
/// Not proven if the file's log did not sign it or its witnesses are not enough; wrong if a signature or the form is.
pub fn check(bytes: &[u8], trust: &Trust) -> Result<Checked, Refusal> {
    let opened = open_checkpoint(trust, bytes)?;
    let anchor = rests_on(trust, &opened)?;
    let checkpoint = &opened.checkpoint;
    Ok(Checked {
        kind: "checkpoint_checked",
        origin: checkpoint.origin().to_owned(),
        size: checkpoint.size(),
        root: checkpoint.root().to_string(),
        witnesses: opened.cosignatures.iter().map(|one| one.name.clone()).collect(),
        anchor,
    })
}

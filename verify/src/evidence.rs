//! Trust files, and checkpoints opened by them.

use std::path::Path;

use vandel_core::checkpoint::{CheckpointOpenError, OpenCheckpoint};
use vandel_core::note::NoteOpenError;
use vandel_core::trust::{Trust, parse_trust};
use vandel_ledger::disk::{Disk, read_all};

use crate::Refusal;

/// What a stand-alone proof rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rests {
    /// The trust file asks for no witnesses: whoever holds the checkpoint key could have made it.
    Operator,
    /// A quorum of the trust file's witnesses.
    Witnessed,
}

impl Rests {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Witnessed => "witnessed",
        }
    }
}

/// Reads a trust file.
///
/// # Errors
/// If it cannot be read, or is none.
pub fn read_trust(disk: &dyn Disk, file: &Path) -> Result<Trust, Refusal> {
    let bytes = read_all(disk, file).map_err(|error| Refusal::file(file, &error))?;
    parse_trust(&bytes)
        .map_err(|error| Refusal::unreadable("trust-file", format!("{}: {error}", file.display())))
}

/// Opens a checkpoint by a trust file.
///
/// # Errors
/// Not proven if the file's log did not sign it; wrong if a signature or the form is.
pub fn open_checkpoint(trust: &Trust, checkpoint: &[u8]) -> Result<OpenCheckpoint, Refusal> {
    trust.open(checkpoint).map_err(|error| match &error {
        CheckpointOpenError::Signature(NoteOpenError::Unsigned) | CheckpointOpenError::NotByLog { .. } => {
            Refusal::not_proven("not-signed", format!("the checkpoint: {error}"))
                .next("name the trust file of the ledger that the proof is from")
        }
        _ => Refusal::wrong("checkpoint", format!("the checkpoint: {error}")),
    })
}

/// What an opened checkpoint rests on.
///
/// # Errors
/// Not proven if the trust file asks for witnesses and they do not make its quorum.
pub fn rests_on(trust: &Trust, opened: &OpenCheckpoint) -> Result<Rests, Refusal> {
    if !trust.asks_for_witnesses() {
        return Ok(Rests::Operator);
    }
    if trust.quorum_met(&opened.cosigners()) {
        return Ok(Rests::Witnessed);
    }
    let message = "the witnesses that cosigned do not make the trust file's quorum";
    Err(Refusal::not_proven("quorum-short", message))
}

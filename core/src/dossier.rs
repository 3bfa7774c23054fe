//! The dossier: one case's evidence in one file, for a reader who has a trust file and nothing else.
//!
//! It holds the case's records and what opens them, the records that enrolled, rotated or revoked every
//! key whose signature it shows, the policies, a signed checkpoint with the audit path of each record,
//! and the proof that nothing of the case was left out: the row of the case in a view whose digest a
//! service key has signed, and likewise for each key.
//!
//! | module | holds |
//! |---|---|
//! | this one | the file's form: JSON with exactly one encoding |
//! | [`make`] | gathering a dossier from a log |
//! | [`mod@check`] | judging one, from its bytes, a trust file and what the reader has recomputed |
//! | [`report`] | what the judgement says |
//! | [`sealed`] | the form of a dossier that is encrypted to its recipient |
//!
//! The form and the steps of a checker stand in `docs/dossier.md`.

pub mod check;
mod complete;
pub mod make;
pub mod report;
pub mod sealed;
mod steps;
mod text;

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::id::{LedgerId, ThreadId};
use crate::view::Authority;
use text::{Base64, Hex, authority_text};

pub use check::{Brought, check};
pub use make::{Gathered, MakeError, ShownCompartments};
pub use report::{DossierFault, DossierReport, PolicyReport};
pub use sealed::{Lock, SealedDossier};

/// The name of this form.
pub const FORM: &str = "vandel-dossier/1";
/// The longest dossier, in bytes: room for some hundred copies of extracts.
pub const DOSSIER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A dossier, as its file has it. Nothing in it has been verified yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// [`FORM`].
    #[serde(rename = "type")]
    pub form: String,
    /// The ledger.
    ledger: Hex<LedgerId>,
    /// The signed checkpoint (C2SP tlog-checkpoint) that every audit path leads to.
    pub checkpoint: String,
    /// Every record that is shown, ascending, each once.
    pub records: Vec<ShownRecord>,
    /// The case.
    pub case: ShownCase,
    /// What shows that nothing was left out.
    pub complete: Completeness,
}

/// A record with its place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownRecord {
    /// Its number.
    pub record: u64,
    /// Its bytes.
    bytes: Base64,
    /// Its audit path in the checkpoint's tree (RFC 9162 section 2.1.3).
    proof: Vec<Hex<Hash>>,
}

/// The case: its thread, and each step in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownCase {
    thread: Hex<ThreadId>,
    /// The steps; the index is the number in the case.
    pub steps: Vec<ShownStep>,
}

/// One step's opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownStep {
    /// The record that holds its commitment.
    pub record: u64,
    header: Base64,
    /// The parts that are shown, by slot, ascending; the spine always.
    pub parts: Vec<ShownPart>,
    /// The parts that are not, by slot, ascending.
    pub absent: Vec<AbsentPart>,
}

/// A part that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownPart {
    /// Its slot.
    pub slot: u8,
    /// Salt and content.
    bytes: Base64,
}

/// A part that is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsentPart {
    /// Its slot.
    pub slot: u8,
    /// Why it is not shown.
    pub why: Absence,
    /// The record that started the erasure, if it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// The record that says the erasure was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executed: Option<u64>,
    /// The number of the later step that replaced an identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<u32>,
}

/// Why a part is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absence {
    /// It is there, and this recipient does not see it. Whether it is there is not proved.
    Withheld,
    /// It was erased, under a plan that two people signed.
    Erased,
    /// A later identity took its place.
    Replaced,
}

/// The digests that were published, and the rows in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// The case's row in the view over cases.
    pub cases: RowProof,
    /// The rows of keys, checkpoint keys and policies.
    pub authority: AuthorityProof,
    /// Records in which another service published the same digest of the view over cases.
    pub confirmed: Vec<u64>,
}

/// A row in a published view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowProof {
    /// The record that published the digest.
    pub published: u64,
    /// How many rows the view has.
    pub rows: u64,
    /// The row's place.
    pub index: u64,
    proof: Vec<Hex<Hash>>,
}

/// Rows in the view over authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityProof {
    /// The record that published the digest.
    pub published: u64,
    /// How many rows the view has.
    pub rows: u64,
    /// The rows that are shown, ascending by place.
    pub shown: Vec<AuthorityRow>,
}

/// One row of the view over authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRow {
    #[serde(with = "authority_text")]
    subject: Authority,
    /// The records that speak of it, ascending.
    pub records: Vec<u64>,
    /// The row's place.
    pub index: u64,
    proof: Vec<Hex<Hash>>,
}

/// Why bytes are no dossier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DossierFormError {
    /// Longer than a dossier may be.
    #[error("the file has {found} bytes; a dossier has at most {DOSSIER_BYTES_MAX}")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// Not JSON of the form.
    #[error("the file is no dossier: {0}")]
    Form(String),
    /// A form of another version.
    #[error("the file is a {found}; this release reads {FORM}")]
    Version {
        /// What it says it is.
        found: String,
    },
    /// Readable, and not the one encoding of what it says.
    #[error(
        "the file says what a dossier says and is not written as one: white space, order or spelling differ"
    )]
    NotCanonical,
}

impl Dossier {
    /// Whether bytes begin as a dossier does, so that a reader can tell it from other files.
    #[must_use]
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(b"{\"type\":\"vandel-dossier/")
    }

    /// Reads a dossier's file.
    ///
    /// # Errors
    /// If the bytes are not exactly those that [`Dossier::encode`] would write.
    pub fn decode(bytes: &[u8]) -> Result<Self, DossierFormError> {
        if bytes.len() > DOSSIER_BYTES_MAX {
            return Err(DossierFormError::TooLong { found: bytes.len() });
        }
        let dossier: Self =
            serde_json::from_slice(bytes).map_err(|error| DossierFormError::Form(error.to_string()))?;
        if dossier.form != FORM {
            return Err(DossierFormError::Version { found: dossier.form });
        }
        if dossier.encode() == bytes { Ok(dossier) } else { Err(DossierFormError::NotCanonical) }
    }

    /// The file's bytes: JSON without white space, the fields in their order, and a line break.
    ///
    /// # Panics
    /// Never: the form holds only numbers, texts and lists.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("the form is numbers, texts and lists");
        bytes.push(b'\n');
        bytes
    }

    /// The ledger that it says it is of.
    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        self.ledger.0
    }
}

//! The erasure certificate: its form, and what its words must be given the records (`docs/certificate.md`).
//!
//! It holds the two records whole, so that whoever has the trust file can hash them, check their
//! signatures and their places in the checkpoint's tree; and one line of the plan with the hashes of the
//! others, so that the line is shown to be of the plan and no other line is shown at all.
//!
//! Judged here is what the certificate itself shows. Whether keys and payloads are gone only who has the home can
//! look: `vandel erasure verify` does.

mod follow;
pub mod sinks;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vandel_core::erasure::Line;
use vandel_core::event::{ErasureExecuted, OpenEvent, RootCellKind};
use vandel_core::hash::Hash;
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_ledger::vault;

use crate::Refusal;
pub use follow::{Checked, Shown, check};
pub use sinks::Sink;

/// The name of this form of certificate.
pub const FORM: &str = "vandel-erasure-certificate/2";

/// A certificate.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// [`FORM`].
    #[serde(rename = "type")]
    pub form: String,
    /// The ledger's id.
    pub ledger: String,
    /// Stands for the case, whose handle is dead.
    pub pseudonym: String,
    /// What went, and on what ground.
    pub compartments: Vec<Went>,
    /// The records whose content went, wholly or in part.
    pub records: Vec<u64>,
    /// The plan and the line in it.
    pub plan: OfPlan,
    /// Who ordered, by actor id: the names lie in the ledger's vault.
    pub ordered_by: Signer,
    /// Who approved.
    pub approved_by: Signer,
    /// The start, signed by both.
    pub started: Proven,
    /// The end, signed by the ledger's service.
    pub executed: Proven,
    /// What the end says.
    pub evidence: Evidence,
    /// `executed`, or `completed` once every older backup and root key is gone.
    pub state: String,
    /// The completion, signed by two people.
    #[serde(deserialize_with = "Option::deserialize")]
    pub completed: Option<Completed>,
    /// Every place that may have held it.
    pub sinks: Vec<Sink>,
    /// The day by which the last older backup or root key is to be gone; none where none is left, or one is
    /// left without a day.
    #[serde(deserialize_with = "Option::deserialize")]
    pub backup_horizon: Option<String>,
    /// The signed checkpoint over both records.
    pub checkpoint: String,
}

/// A compartment that went.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Went {
    /// The compartment's name.
    pub compartment: String,
    /// The class of the disposal decision; none where the law itself asks for it.
    // There even where it is null: without this, a member that is left out would pass for null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub class: Option<String>,
    /// The day on which it was due.
    pub due: String,
    /// Why: retention, request or withdrawal.
    pub ground: String,
}

/// A line and what binds it to its plan.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfPlan {
    /// `sha256:…`, as it was ordered, approved and carried out.
    pub hash: String,
    /// The day it was made for.
    pub as_of: String,
    /// The record of the disposal decision.
    pub disposal: u64,
    /// The line's number.
    pub line: usize,
    /// The line's bytes.
    pub line_bytes: String,
    /// The line's salt.
    pub line_salt: String,
    /// The hashes of all lines.
    pub lines: Vec<String>,
}

/// A person who signed.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// The person, as an actor's id.
    pub actor: String,
    /// The key that signed.
    pub key: String,
    /// The record that enrolled the key.
    pub enrolled_at: u64,
}

/// A record with its place in the tree.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// Its number.
    pub record: u64,
    /// Its time.
    pub time: String,
    /// The record's bytes.
    pub bytes: String,
    /// RFC 6962 audit path in the checkpoint's tree.
    pub proof: Vec<String>,
}

/// What the vault could show for itself.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// How the root key was held.
    pub root_cell: String,
    /// How surely that forgets.
    pub assurance: String,
    /// The epoch of the root key that came after.
    pub epoch: u64,
    /// The hash of the vault's manifest after it.
    pub manifest: String,
    /// How many keys this line destroyed.
    pub keys: usize,
}

/// The completion.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completed {
    /// The record.
    pub record: Proven,
    /// Who signed first.
    pub said_by: Signer,
    /// Who signed second.
    pub confirmed_by: Signer,
}

/// The event of a record that ends an erasure.
#[must_use]
pub fn executed_event<'r>(record: &'r Record<'_>) -> Option<&'r ErasureExecuted> {
    match &record.statement.statement.body {
        Body::Open(event) => match &**event {
            OpenEvent::ErasureExecuted(executed) => Some(executed),
            _ => None,
        },
        Body::Sealed(_) => None,
    }
}

/// What a line took, in its order.
#[must_use]
pub fn went(line: &Line) -> Vec<Went> {
    let went = line.compartments.iter().map(|ground| Went {
        compartment: ground.compartment.name().to_owned(),
        class: ground.class.clone(),
        due: ground.due.to_string(),
        ground: ground.reason.name().to_owned(),
    });
    went.collect()
}

/// What the end's record and the line say of the destruction.
#[must_use]
pub fn evidence(executed: &ErasureExecuted, keys: usize) -> Evidence {
    let (root_cell, assurance) = match executed.root_cell {
        RootCellKind::File => named(vault::RootCellKind::File),
        RootCellKind::PassphraseFile => named(vault::RootCellKind::SealedFile),
        RootCellKind::Transit => ("transit", "as surely as the engine forgets trimmed key versions"),
        RootCellKind::Token => ("token", "as surely as the token destroys its objects"),
    };
    Evidence {
        root_cell: root_cell.to_owned(),
        assurance: assurance.to_owned(),
        epoch: executed.epoch,
        manifest: executed.manifest.to_string(),
        keys,
    }
}

fn named(kind: vault::RootCellKind) -> (&'static str, &'static str) {
    (kind.name(), kind.assurance())
}

impl Certificate {
    /// Whether bytes begin as a JSON object does: what no other file of evidence is.
    #[must_use]
    pub fn may_be(bytes: &[u8]) -> bool {
        bytes.trim_ascii_start().starts_with(b"{")
    }

    /// Reads a certificate (C1). `name` is the file's, for messages.
    ///
    /// # Errors
    /// If the bytes are no certificate of this form.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        let refuse = |why: String| {
            Refusal::unreadable("not-a-certificate", format!("{name}: {why}"))
                .next("make it with: vandel --json erasure certificate PLAN LINE")
        };
        let certificate: Self = serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))?;
        if certificate.form == FORM { Ok(certificate) } else { Err(refuse(format!("it is no {FORM}"))) }
    }
}

/// A plan's hash as people pass it on.
#[must_use]
pub fn shown(hash: &Hash) -> String {
    format!("sha256:{hash}")
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from lower-case hexadecimal digits.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| if let [high, low] = pair { Some(digit(high)? << 4 | digit(low)?) } else { None })
        .collect()
}

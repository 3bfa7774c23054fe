//! Inclusion proofs (C2SP tlog-proof), checked with a trust file and without the ledger.

use serde::Serialize;
use vandel_core::merkle::verify_inclusion;
use vandel_core::trust::Trust;
use vandel_core::verify::ReceiptEvidence;

use crate::Refusal;
use crate::evidence::{Rests, open_checkpoint, rests_on};

/// How such a file begins.
pub const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// What a proof shows.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The log's name.
    pub origin: String,
    /// The record's number.
    pub record: u64,
    /// The record's hash.
    pub hash: String,
    /// The tree's size.
    pub size: u64,
    /// Who cosigned.
    pub witnesses: Vec<String>,
    /// What it rests on.
    pub anchor: Rests,
}

/// Checks a proof. `name` is the file's, for messages.
///
/// # Errors
/// If the bytes are no proof, the proof is wrong, or the trust file does not bear it out.
pub fn check(name: &str, bytes: &[u8], trust: &Trust) -> Result<Checked, Refusal> {
    let refuse = |why: String| Refusal::unreadable("not-a-proof", format!("{name}: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8".to_owned()))?;
    let evidence = ReceiptEvidence::parse(name, text).map_err(|error| refuse(error.to_string()))?;
    let opened = open_checkpoint(trust, evidence.checkpoint.as_bytes())?;
    let checkpoint = &opened.checkpoint;
    let (record, size) = (evidence.record, checkpoint.size());
    verify_inclusion(&evidence.hash, record, size, &checkpoint.root(), &evidence.proof).map_err(|error| {
        Refusal::wrong("not-included", format!("the proof is wrong: {error}")).record(record)
    })?;
    let anchor = rests_on(trust, &opened).map_err(|refusal| refusal.record(record))?;
    Ok(Checked {
        kind: "proof_checked",
        origin: checkpoint.origin().to_owned(),
        record,
        hash: evidence.hash.to_string(),
        size,
        witnesses: opened.cosignatures.iter().map(|one| one.name.clone()).collect(),
        anchor,
    })
}

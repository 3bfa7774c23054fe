//! The certificate: what a stranger needs to check that a line of a plan was erased in the right way.
//!
//! It holds the two records whole, so that whoever has the trust file can hash them, check their
//! signatures and their places in the checkpoint's tree; and one line of the plan with the hashes of the
//! others, so that the line is shown to be of the plan and no other line is shown at all.

use serde::{Deserialize, Serialize};
use vandel_core::block::Block;
use vandel_core::chain::Erasure;
use vandel_core::erasure::{Line, Plan};
use vandel_core::event::{ErasureExecuted, OpenEvent, RootCellKind};
use vandel_core::hash::Hash;
use vandel_core::id::PublicKey;
use vandel_core::merkle::{NodeMemory, inclusion_proof};
use vandel_core::record::Record;
use vandel_core::statement::Body;
use vandel_ledger::disk::replace_atomically;
use vandel_ledger::erasure::{keys_of, read_plan};
use vandel_ledger::sinks::Register;
use vandel_ledger::vault;

use super::sinks::{self, Sink};
use super::{hex, page, shown};
use crate::args::{ErasureCertificateArgs, PageFormat};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::reading::Reading;

/// The name of this form of certificate.
pub(super) const FORM: &str = "vandel-erasure-certificate/2";

/// A certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Certificate {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Went {
    pub compartment: String,
    // There even where it is null: without this, a member that is left out would pass for null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub class: Option<String>,
    pub due: String,
    pub ground: String,
}

/// A line and what binds it to its plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfPlan {
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signer {
    pub actor: String,
    pub key: String,
    /// The record that enrolled the key.
    pub enrolled_at: u64,
}

/// A record with its place in the tree.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proven {
    pub record: u64,
    pub time: String,
    /// The record's bytes.
    pub bytes: String,
    /// RFC 6962 audit path in the checkpoint's tree.
    pub proof: Vec<String>,
}

/// What the vault could show for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    pub root_cell: String,
    pub assurance: String,
    pub epoch: u64,
    pub manifest: String,
    /// How many keys this line destroyed.
    pub keys: usize,
}

/// The completion.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Completed {
    /// The record.
    pub record: Proven,
    /// Who signed first.
    pub said_by: Signer,
    /// Who signed second.
    pub confirmed_by: Signer,
}

/// Prints a certificate.
pub(super) fn certificate(context: &Context, arguments: &ErasureCertificateArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let certificate = make(context, &reading, arguments)?;
    if let Some(out) = &arguments.out {
        let json = serde_json::to_string_pretty(&certificate)
            .map_err(|error| CliError::new(Exit::Internal, "json", error.to_string()))?;
        replace_atomically(&*context.disk, out, (json + "\n").as_bytes())
            .map_err(|error| CliError::file(out, &error))?;
    }
    context.output.result(&certificate, || match arguments.format {
        PageFormat::Text => page::text(context, &certificate),
        PageFormat::Html => page::html(context.lang, &certificate),
    })?;
    Ok(Exit::Done)
}

fn make(
    context: &Context,
    reading: &Reading<'_>,
    arguments: &ErasureCertificateArgs,
) -> Result<Certificate, CliError> {
    let plan = read_plan(&*context.disk, &context.home, reading.vault(), &arguments.plan)?;
    let number = arguments.line as usize;
    let line = plan.lines.get(number).ok_or_else(|| {
        CliError::new(Exit::NotFound, "no-line", format!("the plan has no line {number}"))
            .expected(format!("below {}", plan.lines.len()), number)
    })?;
    let (note, checkpoint) = reading.checkpoint()?;
    let erasures = &reading.chain().erasures;
    let found = erasures.iter().find(|(_, erasure)| erasure.plan == arguments.plan);
    let (started, executed, completed) = match found {
        Some((started, Erasure { executed: Some((executed, _)), completed, .. })) => {
            (*started, *executed, *completed)
        }
        _ => {
            let message = format!("{} has not been carried out", shown(&arguments.plan));
            return Err(CliError::new(Exit::NotFound, "not-executed", message)
                .next(format!("vandel retention apply --plan {}", shown(&arguments.plan))));
        }
    };
    let (_, nodes) = reading.tree(checkpoint.size())?;
    let prove = |number| prove(reading, &nodes, number, checkpoint.size());
    let (started, executed) = (prove(started)?, prove(executed)?);
    let completed = completed.map(prove).transpose()?;
    let completed = completed.map(|(record, bytes)| {
        let (said_by, confirmed_by) = signers(reading, &bytes)?;
        Ok::<_, CliError>(Completed { record, said_by, confirmed_by })
    });
    let completed = completed.transpose()?;
    let (author, approver) = signers(reading, &started.1)?;
    let end = shown_by(&executed.1)?;
    let alone = Plan { lines: vec![line.clone()], ..plan.clone() };
    let register = Register::read(&*context.disk, &context.home, plan.ledger)?;
    let sinks = sinks::all(&register, &end, line);
    Ok(Certificate {
        form: FORM.to_owned(),
        ledger: plan.ledger.to_string(),
        pseudonym: hex(&line.pseudonym),
        compartments: went(line),
        records: line.records.clone(),
        plan: OfPlan {
            hash: shown(&arguments.plan),
            as_of: plan.as_of.to_string(),
            disposal: plan.disposal,
            line: number,
            line_bytes: hex(&line.encode()),
            line_salt: plan.line_salt(arguments.line).to_string(),
            lines: plan.line_hashes().iter().map(Hash::to_string).collect(),
        },
        ordered_by: author,
        approved_by: approver,
        started: started.0,
        executed: executed.0,
        evidence: evidence(&end, keys_of(&alone).len()),
        state: if completed.is_some() { "completed" } else { "executed" }.to_owned(),
        completed,
        backup_horizon: sinks::horizon(&register, &end),
        sinks,
        checkpoint: note,
    })
}

/// A record with its proof, and its bytes.
fn prove(
    reading: &Reading<'_>,
    nodes: &NodeMemory,
    number: u64,
    size: u64,
) -> Result<(Proven, Vec<u8>), CliError> {
    let missing = || CliError::new(Exit::NotProven, "no-record", format!("record {number} is not to be had"));
    for placed in reading.source().blocks_from(0)? {
        let placed = placed?;
        let block = Block::decode(&placed.bytes)
            .map_err(|error| CliError::new(Exit::Integrity, "block-undecodable", error.to_string()))?;
        if let Some(record) = block.records.iter().find(|record| record.number == number) {
            let proof = inclusion_proof(nodes, number, size).map_err(|_| missing())?;
            let proven = Proven {
                record: number,
                time: record.time.to_string(),
                bytes: hex(record.bytes),
                proof: proof.iter().map(Hash::to_string).collect(),
            };
            return Ok((proven, record.bytes.to_vec()));
        }
    }
    Err(missing())
}

fn decode(bytes: &[u8]) -> Result<Record<'_>, CliError> {
    Record::decode(bytes)
        .map_err(|error| CliError::new(Exit::Integrity, "record-undecodable", error.to_string()))
}

fn signers(reading: &Reading<'_>, started: &[u8]) -> Result<(Signer, Signer), CliError> {
    let record = decode(started)?;
    let signer = |key: PublicKey| {
        let entry = reading.chain().keyring.get(&key);
        let unknown =
            || CliError::new(Exit::Integrity, "unknown-signer", format!("key {key} is not enrolled"));
        let entry = entry.ok_or_else(unknown)?;
        Ok::<_, CliError>(Signer {
            actor: entry.actor.to_string(),
            key: key.to_string(),
            enrolled_at: entry.enrolled_at,
        })
    };
    let second = record.statement.second.map(|(key, _)| key);
    let second = second
        .ok_or_else(|| CliError::new(Exit::Integrity, "one-signature", "the erasure has one signature"))?;
    Ok((signer(record.statement.statement.author)?, signer(second)?))
}

/// What the vault showed for itself, as the end's record has it.
fn shown_by(executed: &[u8]) -> Result<ErasureExecuted, CliError> {
    let record = decode(executed)?;
    executed_event(&record)
        .cloned()
        .ok_or_else(|| CliError::new(Exit::Integrity, "not-an-end", "the record does not end an erasure"))
}

/// The event of a record that ends an erasure.
pub(super) fn executed_event<'r>(record: &'r Record<'_>) -> Option<&'r ErasureExecuted> {
    match &record.statement.statement.body {
        Body::Open(event) => match &**event {
            OpenEvent::ErasureExecuted(executed) => Some(executed),
            _ => None,
        },
        Body::Sealed(_) => None,
    }
}

/// What a line took, in its order.
pub(super) fn went(line: &Line) -> Vec<Went> {
    let went = line.compartments.iter().map(|ground| Went {
        compartment: ground.compartment.name().to_owned(),
        class: ground.class.clone(),
        due: ground.due.to_string(),
        ground: ground.reason.name().to_owned(),
    });
    went.collect()
}

/// What the end's record and the line say of the destruction.
pub(super) fn evidence(executed: &ErasureExecuted, keys: usize) -> Evidence {
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

//! `vandel proof`: short proofs, made from the log and checked without it.

use std::path::Path;

use serde::Serialize;
use vandel_core::checkpoint::{CheckpointOpenError, OpenCheckpoint};
use vandel_core::merkle::{consistency_proof, inclusion_proof, verify_inclusion};
use vandel_core::trust::{Trust, parse_trust};
use vandel_core::verify::ReceiptEvidence;
use vandel_ledger::disk::read_all;

use crate::args::{ProofCheckArgs, ProofCommand, ProofConsistencyArgs, ProofInclusionArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::LedgerText;
use crate::reading::Reading;

/// Runs a command about proofs.
pub(super) fn run(context: &Context, command: ProofCommand) -> Result<Exit, CliError> {
    match command {
        ProofCommand::Inclusion(arguments) => inclusion(context, &arguments),
        ProofCommand::Consistency(arguments) => consistency(context, &arguments),
        ProofCommand::Check(arguments) => check(context, &arguments),
    }
}

#[derive(Serialize)]
struct Inclusion {
    #[serde(rename = "type")]
    kind: &'static str,
    record: u64,
    hash: String,
    proof: Vec<String>,
    size: u64,
    root: String,
    checkpoint: String,
}

fn inclusion(context: &Context, arguments: &ProofInclusionArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let (note, checkpoint) = reading.checkpoint()?;
    let (record, size) = (arguments.record, checkpoint.size());
    let (leaves, nodes) = reading.tree(size)?;
    let beyond = || {
        CliError::new(Exit::NotFound, "no-record", format!("there is no record {record}"))
            .expected(format!("below {size}"), record)
    };
    let hash = usize::try_from(record).ok().and_then(|at| leaves.get(at)).copied().ok_or_else(beyond)?;
    let proof = inclusion_proof(&nodes, record, size).map_err(|_| beyond())?;
    let made = Inclusion {
        kind: "inclusion_proof",
        record,
        hash: hash.to_string(),
        proof: proof.iter().map(ToString::to_string).collect(),
        size,
        root: checkpoint.root().to_string(),
        checkpoint: note.clone(),
    };
    // The text is the proof's file.
    let evidence = ReceiptEvidence { source: String::new(), record, hash, proof, checkpoint: note };
    context.output.result(&made, || evidence.to_string())?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Consistency {
    #[serde(rename = "type")]
    kind: &'static str,
    old_size: u64,
    old_root: String,
    new_size: u64,
    new_root: String,
    proof: Vec<String>,
}

fn consistency(context: &Context, arguments: &ProofConsistencyArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let (_, checkpoint) = reading.checkpoint()?;
    let (old, new) = (arguments.from, checkpoint.size());
    let (_, nodes) = reading.tree(new)?;
    let beyond = |_| {
        CliError::new(Exit::NotFound, "no-size", format!("the tree has no beginning of {old} records"))
            .expected(format!("at most {new}"), old)
    };
    let proof = consistency_proof(&nodes, old, new).map_err(beyond)?;
    let old_root = vandel_core::merkle::root_at(&nodes, old).map_err(beyond)?;
    let made = Consistency {
        kind: "consistency_proof",
        old_size: old,
        old_root: old_root.to_string(),
        new_size: new,
        new_root: checkpoint.root().to_string(),
        proof: proof.iter().map(ToString::to_string).collect(),
    };
    context.output.result(&made, || {
        let mut text = format!("{old} {}\n{new} {}\n", made.old_root, made.new_root);
        made.proof.iter().for_each(|hash| text += &format!("{hash}\n"));
        text
    })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Checked {
    #[serde(rename = "type")]
    kind: &'static str,
    origin: String,
    record: u64,
    hash: String,
    size: u64,
    witnesses: Vec<String>,
    anchor: &'static str,
}

fn check(context: &Context, arguments: &ProofCheckArgs) -> Result<Exit, CliError> {
    let evidence = read_proof(context, arguments)?;
    let trust = read_trust(context, &arguments.trust)?;
    let opened = open_checkpoint(&trust, evidence.checkpoint.as_bytes())?;
    let checkpoint = &opened.checkpoint;
    let (record, size) = (evidence.record, checkpoint.size());
    verify_inclusion(&evidence.hash, record, size, &checkpoint.root(), &evidence.proof).map_err(|error| {
        CliError::new(Exit::Integrity, "not-included", format!("the proof is wrong: {error}")).record(record)
    })?;
    let cosigners = opened.cosigners();
    if trust.asks_for_witnesses() && !trust.quorum_met(&cosigners) {
        let message = "the witnesses that cosigned do not make the trust file's quorum";
        return Err(CliError::new(Exit::NotProven, "quorum-short", message).record(record));
    }
    let checked = Checked {
        kind: "proof_checked",
        origin: checkpoint.origin().to_owned(),
        record,
        hash: evidence.hash.to_string(),
        size,
        witnesses: opened.cosignatures.iter().map(|one| one.name.clone()).collect(),
        anchor: if trust.asks_for_witnesses() { "witnessed" } else { "operator" },
    };
    let verdict =
        if trust.asks_for_witnesses() { LedgerText::ProofWitnessed } else { LedgerText::ProofOperator };
    let values = [("record", record.to_string()), ("hash", checked.hash.clone()), ("size", size.to_string())];
    context.output.result(&checked, || {
        verdict.with(context.lang, &values.each_ref().map(|(name, value)| (*name, &**value)))
    })?;
    Ok(Exit::Done)
}

fn read_proof(context: &Context, arguments: &ProofCheckArgs) -> Result<ReceiptEvidence, CliError> {
    let file = &arguments.file;
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let name = file.display().to_string();
    let refuse = |why: String| CliError::new(Exit::Usage, "not-a-proof", format!("{name}: {why}"));
    let text = String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8".to_owned()))?;
    ReceiptEvidence::parse(&name, &text).map_err(|error| refuse(error.to_string()))
}

/// Opens a checkpoint by a trust file.
pub(super) fn open_checkpoint(trust: &Trust, checkpoint: &[u8]) -> Result<OpenCheckpoint, CliError> {
    trust.open(checkpoint).map_err(|error| match &error {
        CheckpointOpenError::Signature(vandel_core::note::NoteOpenError::Unsigned)
        | CheckpointOpenError::NotByLog { .. } => {
            CliError::new(Exit::NotProven, "not-signed", format!("the checkpoint: {error}"))
                .next("name the trust file of the ledger that the proof is from")
        }
        _ => CliError::new(Exit::Integrity, "checkpoint", format!("the checkpoint: {error}")),
    })
}

/// Reads a trust file.
pub(super) fn read_trust(context: &Context, file: &Path) -> Result<Trust, CliError> {
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    parse_trust(&bytes)
        .map_err(|error| CliError::new(Exit::Usage, "trust-file", format!("{}: {error}", file.display())))
}

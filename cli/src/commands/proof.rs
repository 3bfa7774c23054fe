//! `vandel proof`: short proofs, made from the log and checked without it.

use std::path::Path;

use serde::Serialize;
use vandel_core::merkle::{consistency_proof, inclusion_proof};
use vandel_core::trust::Trust;
use vandel_core::verify::ReceiptEvidence;
use vandel_ledger::disk::read_all;
use vandel_verify::evidence::{self, Rests};
use vandel_verify::proof;

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

fn check(context: &Context, arguments: &ProofCheckArgs) -> Result<Exit, CliError> {
    let file = &arguments.file;
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let trust = read_trust(context, &arguments.trust)?;
    let checked = proof::check(&file.display().to_string(), &bytes, &trust)?;
    let verdict = match checked.anchor {
        Rests::Witnessed => LedgerText::ProofWitnessed,
        Rests::Operator => LedgerText::ProofOperator,
    };
    let (record, size) = (checked.record.to_string(), checked.size.to_string());
    let values = [("record", &*record), ("hash", &*checked.hash), ("size", &*size)];
    context.output.result(&checked, || verdict.with(context.lang, &values))?;
    Ok(Exit::Done)
}

/// Reads a trust file.
pub(crate) fn read_trust(context: &Context, file: &Path) -> Result<Trust, CliError> {
    Ok(evidence::read_trust(&*context.disk, file)?)
}

//! Making the certificate of a line of a plan that has been carried out.

use std::path::{Path, PathBuf};

use vandel_core::block::Block;
use vandel_core::chain::Erasure;
use vandel_core::erasure::Plan;
use vandel_core::event::ErasureExecuted;
use vandel_core::hash::Hash;
use vandel_core::id::{PublicKey, ThreadId};
use vandel_core::merkle::{NodeMemory, inclusion_proof};
use vandel_core::record::Record;
use vandel_ledger::disk::replace_atomically;
use vandel_ledger::erasure::{keys_of, read_plan};
use vandel_ledger::sinks::Register;
use vandel_verify::certificate::{
    Certificate, Completed, FORM, OfPlan, Proven, Signer, evidence, executed_event, hex, shown, went,
};

use super::{page, sinks};
use crate::args::{ErasureCertificateArgs, PageFormat};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::reading::Reading;

/// Prints a certificate.
pub(super) fn certificate(context: &Context, arguments: &ErasureCertificateArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let certificate = make(context, &reading, arguments)?;
    if let Some(out) = &arguments.out {
        write(context, &certificate, out)?;
    }
    context.output.result(&certificate, || match arguments.format {
        PageFormat::Text => page::text(context, &certificate),
        PageFormat::Html => page::html(context.lang, &certificate),
    })?;
    Ok(Exit::Done)
}

/// Writes the certificate of each line that took something of a case beside its dossier; the files.
pub(in crate::commands) fn beside(
    context: &Context,
    thread: ThreadId,
    dossier: &Path,
) -> Result<Vec<PathBuf>, CliError> {
    let reading = Reading::open(context)?;
    let mut files = Vec::new();
    let executed = reading.chain().erasures.values().filter(|erasure| erasure.executed.is_some());
    for erasure in executed {
        let plan = read_plan(&*context.disk, &context.home, reading.vault(), &erasure.plan)?;
        for (line, _) in (0_u32..).zip(&plan.lines).filter(|(_, line)| line.thread == thread) {
            let arguments =
                ErasureCertificateArgs { plan: erasure.plan, line, out: None, format: PageFormat::Text };
            let certificate = make(context, &reading, &arguments)?;
            let mut name = dossier.as_os_str().to_owned();
            name.push(format!(".certificate-{}.json", files.len() + 1));
            let file = PathBuf::from(name);
            write(context, &certificate, &file)?;
            files.push(file);
        }
    }
    Ok(files)
}

fn write(context: &Context, certificate: &Certificate, file: &Path) -> Result<(), CliError> {
    let json = serde_json::to_string_pretty(certificate)
        .map_err(|error| CliError::new(Exit::Internal, "json", error.to_string()))?;
    replace_atomically(&*context.disk, file, (json + "\n").as_bytes())
        .map_err(|error| CliError::file(file, &error))
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

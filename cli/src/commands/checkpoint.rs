//! `vandel checkpoint`: what the ledger has said about itself.

use std::path::Path;

use serde::Serialize;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_ledger::disk::read_all;
use vandel_verify::compare::{Copy, Relation, parse_proof};
use vandel_verify::evidence;

use crate::args::{CheckpointCommand, CheckpointCompareArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::LedgerText;
use crate::reading::{Reading, parse_checkpoint};

#[derive(Serialize)]
struct Shown {
    #[serde(rename = "type")]
    kind: &'static str,
    origin: String,
    size: u64,
    root: String,
    note: String,
}

#[derive(Serialize)]
struct Compared {
    #[serde(rename = "type")]
    kind: &'static str,
    size: u64,
    root: String,
    /// How many records have come since.
    since: u64,
}

/// Runs a command about checkpoints.
pub(super) fn run(context: &Context, command: CheckpointCommand) -> Result<Exit, CliError> {
    match command {
        CheckpointCommand::Show => show(context),
        CheckpointCommand::Compare(arguments) => compare(context, &arguments),
    }
}

fn show(context: &Context) -> Result<Exit, CliError> {
    let (note, checkpoint) = Reading::open(context)?.checkpoint()?;
    let shown = Shown {
        kind: "checkpoint",
        origin: checkpoint.origin().to_owned(),
        size: checkpoint.size(),
        root: checkpoint.root().to_string(),
        note,
    };
    // The text is the note itself, so that it can be kept as it is.
    context.output.result(&shown, || shown.note.clone())?;
    Ok(Exit::Done)
}

/// Two parties' copies. A fork is a result, with both notes as evidence; its exit code says it too.
fn compare_two(
    context: &Context,
    [first, second]: [&Path; 2],
    trust: &Path,
    proof: Option<&Path>,
) -> Result<Exit, CliError> {
    let read = |file: &Path| read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error));
    let (notes, sources) =
        ([read(first)?, read(second)?], [first, second].map(|file| file.display().to_string()));
    let trust = evidence::read_trust(&*context.disk, trust)?;
    let proof = match proof {
        None => None,
        Some(file) => {
            let text = String::from_utf8_lossy(&read(file)?).into_owned();
            let not_one = || {
                let message = format!("{} is no consistency proof", file.display());
                CliError::new(Exit::Usage, "not-a-proof", message).next("run: vandel proof consistency FROM")
            };
            Some(parse_proof(&text).ok_or_else(not_one)?)
        }
    };
    let copy = |index: usize| Copy { source: &sources[index], note: &notes[index] };
    let compared = vandel_verify::compare::compare(copy(0), copy(1), &trust, proof.as_deref())?;
    let text = match compared.relation {
        Relation::Same => LedgerText::CopiesSame,
        Relation::Continues => LedgerText::CopiesContinue,
        Relation::Fork => LedgerText::CopiesFork,
    };
    let sides = [&compared.first, &compared.second];
    let [one, two] = sides.map(|side| format!("{}, {} records, root {}", side.source, side.size, side.root));
    context.output.result(&compared, || {
        let mut said = text.with(context.lang, &[("one", &one), ("two", &two)]);
        if compared.relation == Relation::Fork {
            for side in sides {
                said += &format!("\n\n{}:\n\n{}", side.source, side.note);
            }
            for witness in &compared.cosigned_both {
                said += &format!("\n{}", LedgerText::CosignedBoth.with(context.lang, &[("name", witness)]));
            }
        }
        said
    })?;
    Ok(if compared.relation == Relation::Fork { Exit::Integrity } else { Exit::Done })
}

fn compare(context: &Context, arguments: &CheckpointCompareArgs) -> Result<Exit, CliError> {
    let file = &arguments.file;
    if let (Some(other), Some(trust)) = (&arguments.other, &arguments.trust) {
        return compare_two(context, [file, other], trust, arguments.proof.as_deref());
    }
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let (_, kept) = parse_checkpoint(&bytes).map_err(|why| {
        let message = format!("{} is no signed checkpoint: {why}", file.display());
        CliError::new(Exit::Usage, "not-a-checkpoint", message)
    })?;
    let reading = Reading::open(context)?;
    let chain = reading.chain();
    if kept.origin() != chain.origin {
        return Err(CliError::new(Exit::Conflict, "another-ledger", "the checkpoint is of another ledger")
            .expected(&chain.origin, kept.origin()));
    }
    let keys = chain.checkpoint_keys.iter();
    let keys: Vec<_> =
        keys.filter_map(|(_, key)| VerifierKey::new(&chain.origin, KeyKind::Ed25519, key).ok()).collect();
    if let Err(error) = Checkpoint::open(&bytes, &keys) {
        let message = format!("no key of this ledger has signed {}: {error}", file.display());
        return Err(CliError::new(Exit::NotProven, "not-signed", message));
    }
    let found = chain.root_at(kept.size());
    if found != Some(kept.root()) {
        let found = found.map_or_else(|| format!("{} records", chain.size()), |root| root.to_string());
        let message = format!("this log does not contain its own checkpoint of {} records", kept.size());
        return Err(CliError::new(Exit::Integrity, "rolled-back", message)
            .expected(kept.root(), found)
            .next("keep the checkpoint, it is evidence; do not write to this ledger"));
    }
    let compared = Compared {
        kind: "checkpoint_contained",
        size: kept.size(),
        root: kept.root().to_string(),
        since: chain.size() - kept.size(),
    };
    let values = [("size", compared.size.to_string()), ("since", compared.since.to_string())];
    context.output.result(&compared, || {
        LedgerText::Contained.with(context.lang, &values.each_ref().map(|(name, value)| (*name, &**value)))
    })?;
    Ok(Exit::Done)
}

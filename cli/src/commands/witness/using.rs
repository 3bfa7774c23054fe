//! Using others' witnesses: they become part of the memory, and auditors are told to count them.

use serde::Serialize;
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::trust::{Trust, parse_trust};
use vandel_ledger::disk::{read_all, replace_atomically};
use vandel_ledger::memory::policy::{MemoryPolicy, NamedWitness, with_witnesses};

use crate::args::WitnessUseArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::WitnessText;

#[derive(Serialize)]
struct Used {
    #[serde(rename = "type")]
    kind: &'static str,
    witnesses: usize,
    needed: usize,
    /// What their keepers must add before they cosign.
    log: String,
}

/// Adds witnesses to the home's memory and to its trust file.
pub(super) fn run(context: &Context, arguments: &WitnessUseArgs) -> Result<Exit, CliError> {
    let witnesses = parse_all(&arguments.witnesses)?;
    let policy = add_to_home(context, &witnesses, arguments.own)?;
    let log = policy.origin().to_owned();
    let log =
        trust_of(context)?.logs().iter().find(|one| one.key.name() == log).map(|one| one.key.to_string());
    let used = Used {
        kind: "witnesses_used",
        witnesses: policy.witnesses().len(),
        needed: policy.majority(),
        log: log.unwrap_or_default(),
    };
    let (count, needed) = (used.witnesses.to_string(), used.needed.to_string());
    let values = [("count", &*count), ("needed", &*needed), ("log", &*used.log)];
    context.output.result(&used, || WitnessText::Used.with(context.lang, &values))?;
    Ok(Exit::Done)
}

/// Reads `URL=KEY` words.
pub(crate) fn parse_all(words: &[String]) -> Result<Vec<NamedWitness>, CliError> {
    words.iter().map(|word| parse(word)).collect()
}

fn parse(word: &str) -> Result<NamedWitness, CliError> {
    let refuse = |why: String| {
        CliError::new(Exit::Usage, "witness", format!("{word}: {why}"))
            .next("write http://HOST:PORT=NAME+ID+KEY, as its keeper's `vandel witness init` printed the key")
    };
    let (url, key) =
        word.split_once('=').ok_or_else(|| refuse("no = parts the URL from the key".to_owned()))?;
    let has_host = |scheme: &str| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty());
    if !has_host("http://") && !has_host("https://") {
        return Err(refuse("a URL begins with http:// or https://".to_owned()));
    }
    let key: VerifierKey = key.parse().map_err(|error| refuse(format!("{error}")))?;
    if key.kind() != KeyKind::Cosignature {
        return Err(refuse("this is a log's key, not a witness's".to_owned()));
    }
    Ok(NamedWitness { key, url: url.trim_end_matches('/').to_owned() })
}

fn trust_of(context: &Context) -> Result<Trust, CliError> {
    let file = context.home.trust();
    let bytes = read_all(&*context.disk, &file).map_err(|error| CliError::file(&file, &error))?;
    parse_trust(&bytes)
        .map_err(|error| CliError::new(Exit::Usage, "trust-file", format!("{}: {error}", file.display())))
}

/// Writes the two files. The memory's list first: until the trust file names the witnesses too, auditors ask
/// for less than there is, never for more.
pub(crate) fn add_to_home(
    context: &Context,
    witnesses: &[NamedWitness],
    own: bool,
) -> Result<MemoryPolicy, CliError> {
    let refuse = |why: &dyn std::fmt::Display| CliError::new(Exit::Usage, "witness", why.to_string());
    let (trust, list) = (trust_of(context)?, context.home.memory_policy());
    let known = match read_all(&*context.disk, &list) {
        Ok(bytes) => parse_trust(&bytes).map_err(|error| refuse(&error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut known = Trust::default();
            for log in trust.logs() {
                known.add_log(log.key.clone(), None).map_err(|error| refuse(&error))?;
            }
            known
        }
        Err(error) => return Err(CliError::file(&list, &error)),
    };
    let memory = with_witnesses(&known, witnesses).map_err(|error| refuse(&error))?;
    let policy = MemoryPolicy::new(memory.clone()).map_err(|why| refuse(&why))?;
    let write = |file: &std::path::Path, text: String| {
        replace_atomically(&*context.disk, file, text.as_bytes())
            .map_err(|error| CliError::file(file, &error))
    };
    write(&list, memory.to_string())?;
    if !own {
        let trust = with_witnesses(&trust, witnesses).map_err(|error| refuse(&error))?;
        write(&context.home.trust(), trust.to_string())?;
    }
    Ok(policy)
}

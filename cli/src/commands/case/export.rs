//! `vandel case export` and `vandel case unseal`: a case's evidence for a recipient.
//!
//! The reading is recorded, with recipient and expiry, before anything is put together; the digests that
//! show the case whole are published after it. What shows more than the spine leaves sealed.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use vandel_core::dossier::SealedDossier;
use vandel_core::event::{Compartment, Purpose, Reading};
use vandel_ledger::disk::read_all;
use vandel_ledger::dossier::make_dossier;
use vandel_ledger::outgoing::{Recipient, seal_dossier};
use vandel_ledger::sealing::thread_key;
use vandel_ledger::sinks::{Made, SinkId, SinkKind, What};
use vandel_verify::sealed::{self, Unseal};
use zeroize::Zeroizing;

use super::read::{entry_of, record};
use crate::args::{CaseExportArgs, CaseUnsealArgs, UnsealArgs};
use crate::casework;
use crate::commands::erasure::certificates_beside;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::DossierText;
use crate::people::{Person, first_line};
use crate::workbench::Workbench;

#[derive(Serialize)]
struct Exported<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    file: String,
    sealed: bool,
    handle: &'a str,
    steps: usize,
    recipient: &'a str,
    expires: String,
    /// Its entry in the register of sinks: an erasure of the case names it.
    sink: String,
    /// The record of the reading.
    reading: u64,
    /// The record that published the digest which shows the case whole.
    published: u64,
    /// The files with the certificates of what has been erased of the case.
    certificates: Vec<String>,
}

/// Exports a case.
pub(super) fn run(context: &Context, arguments: &CaseExportArgs) -> Result<Exit, CliError> {
    let seal_to = recipient(context, arguments)?;
    if arguments.recipient.trim().is_empty() || arguments.recipient.contains(char::is_control) {
        return Err(CliError::new(Exit::Usage, "recipient", "--recipient says whom it is for, in one line"));
    }
    if arguments.expires < context.today() {
        return Err(CliError::new(Exit::Usage, "expires", "--expires lies in the past"));
    }
    if arguments.out.exists() {
        return Err(exists(&arguments.out));
    }
    let reader = Person::author(context, &arguments.author)?;
    let mut bench = Workbench::open(context)?;
    let thread = casework::find(bench.sequencer(), &arguments.handle)?;
    let handle = vandel_ledger::handle::parse_handle(&arguments.handle).unwrap_or_default();
    may_export(context, &bench, &reader, thread)?;
    let all = [
        Compartment::Spine,
        Compartment::Identity,
        Compartment::Process,
        Compartment::Note,
        Compartment::Copy,
        Compartment::Assessment,
    ];
    let compartments = if arguments.with_openings { all.to_vec() } else { vec![Compartment::Spine] };
    let remark = format!("{}; {}", arguments.recipient.trim(), arguments.expires);
    let reading = Reading { thread: Some(thread), purpose: Purpose::Export, remark, compartments, count: 1 };
    let reading = record(context, &mut bench, &reader, reading)?;
    let shows = |compartment| arguments.with_openings || compartment == Compartment::Spine;
    let dossier = make_dossier(bench.sequencer_mut(), thread, &shows)?;
    let plain = Zeroizing::new(dossier.encode());
    // Entered before the file exists: a register that names a file too many is safe, one too few is not.
    let sink = enter_sink(context, &bench, &reader, thread, arguments)?;
    match &seal_to {
        Some(to) => {
            let sealed = seal_dossier(&plain, arguments.recipient.trim(), arguments.expires, to)?;
            write_new(&arguments.out, &sealed.encode())?;
        }
        None => write_new(&arguments.out, &plain)?,
    }
    let (steps, published) = (dossier.case.steps.len(), dossier.complete.cases.published);
    let erased = dossier.case.steps.iter().flat_map(|step| &step.absent).any(|part| part.executed.is_some());
    bench.close()?;
    let certificates = if erased { certificates(context, thread, &arguments.out) } else { Vec::new() };
    let exported = Exported {
        kind: "dossier_exported",
        certificates,
        sink,
        file: arguments.out.display().to_string(),
        sealed: seal_to.is_some(),
        handle: &handle,
        steps,
        recipient: arguments.recipient.trim(),
        expires: arguments.expires.to_string(),
        reading,
        published,
    };
    context.output.result(&exported, || told(context, &exported))?;
    Ok(Exit::Done)
}

/// What was exported, in words.
fn told(context: &Context, exported: &Exported<'_>) -> String {
    let values = [
        ("file", exported.file.clone()),
        ("handle", exported.handle.to_owned()),
        ("steps", exported.steps.to_string()),
        ("recipient", exported.recipient.to_owned()),
        ("expires", exported.expires.clone()),
        ("reading", exported.reading.to_string()),
        ("published", exported.published.to_string()),
        ("sink", exported.sink.clone()),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, &**value));
    let mut text = DossierText::Exported.with(context.lang, &values);
    for file in &exported.certificates {
        text += &format!("\n  {}", DossierText::Certificate.with(context.lang, &[("file", file)]));
    }
    text
}

/// The certificates of what has been erased of the case, beside its dossier. The dossier stands without them.
fn certificates(context: &Context, thread: vandel_core::id::ThreadId, out: &Path) -> Vec<String> {
    match certificates_beside(context, thread, out) {
        Ok(files) => files.iter().map(|file| file.display().to_string()).collect(),
        Err(error) => {
            context.output.warn(&error.report().message);
            Vec::new()
        }
    }
}

/// Enters the file in the register of sinks, so that an erasure of the case asks what became of it.
fn enter_sink(
    context: &Context,
    bench: &Workbench<'_>,
    reader: &Person,
    thread: vandel_core::id::ThreadId,
    arguments: &CaseExportArgs,
) -> Result<String, CliError> {
    let sequencer = bench.sequencer();
    let made = Made {
        sink: SinkId(super::random()?),
        kind: SinkKind::Export,
        epoch: sequencer.vault().epoch(),
        expires: Some(arguments.expires),
        cases: vec![thread_key(Compartment::Spine, &thread).0],
        place: arguments.recipient.trim().to_owned(),
    };
    let sink = made.sink.to_string();
    let mut register = sequencer.sinks()?;
    register.enter(&*context.disk, &context.home, What::Made(made), sequencer.now(), &reader.key)?;
    Ok(sink)
}

/// Secrecy between boards holds here too, and a protected identity is never exported (domain, point 8).
fn may_export(
    context: &Context,
    bench: &Workbench<'_>,
    reader: &Person,
    thread: vandel_core::id::ThreadId,
) -> Result<(), CliError> {
    let entry = entry_of(bench, reader)?;
    let case = bench.sequencer().case(&thread)?;
    let place = case.as_ref().and_then(vandel_core::thread::Case::place).unwrap_or_default();
    if !casework::may_read(entry, &place, context.today()) {
        let message = "no role of this key reaches the case's board";
        return Err(CliError::new(Exit::NotAuthorised, "role", message)
            .paragraph("OSL 2009:400 ch. 8 section 2")
            .next("two administrators grant roles: vandel key enroll --help"));
    }
    if case.is_some_and(|case| case.protected) {
        let message = "the case is of a person with protected identity: it is not exported";
        return Err(CliError::new(Exit::Refused, "protected-identity", message)
            .paragraph("OSL 2009:400 ch. 22 section 1"));
    }
    Ok(())
}

/// What the file is sealed to; none where it shows the spine alone and nobody asked for a seal.
fn recipient(context: &Context, arguments: &CaseExportArgs) -> Result<Option<Recipient>, CliError> {
    if let Some(file) = &arguments.recipient_key {
        return Ok(Some(Recipient::PublicKey(*sealed::public_key(&*context.disk, file)?)));
    }
    if let Some(file) = &arguments.recipient_passphrase_file {
        return Ok(Some(Recipient::Passphrase(first_line(context, file)?)));
    }
    if arguments.with_openings {
        let message = "a dossier with openings is sealed to its recipient";
        return Err(CliError::new(Exit::Usage, "recipient-key", message).next(
            "--recipient-key FILE (openssl genpkey -algorithm X25519), or --recipient-passphrase-file FILE",
        ));
    }
    Ok(None)
}

fn exists(file: &Path) -> CliError {
    CliError::new(Exit::Conflict, "file-exists", format!("{} exists already", file.display()))
        .next("name another file, or move that one away")
}

/// Writes a file that did not exist, for its owner alone, and makes it durable.
pub(crate) fn write_new(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut opened = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(file),
        _ => CliError::file(file, &error),
    })?;
    opened.write_all(bytes).and_then(|()| opened.sync_all()).map_err(|error| CliError::file(file, &error))
}

/// A sealed dossier, opened.
pub(crate) fn open_sealed(
    context: &Context,
    bytes: &[u8],
    with: &UnsealArgs,
) -> Result<(SealedDossier, Zeroizing<Vec<u8>>), CliError> {
    let with = Unseal { key: with.unseal_key.clone(), passphrase: with.unseal_passphrase_file.clone() };
    Ok(sealed::open(&*context.disk, bytes, &with)?)
}

/// Opens a sealed dossier into a file of its own.
pub(super) fn unseal(context: &Context, arguments: &CaseUnsealArgs) -> Result<Exit, CliError> {
    let file = &arguments.file;
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let (sealed, plain) = open_sealed(context, &bytes, &arguments.with)?;
    write_new(&arguments.out, &plain)?;
    let (out, expires) = (arguments.out.display().to_string(), sealed.expires.to_string());
    let opened = serde_json::json!({
        "type": "dossier_unsealed", "file": out, "recipient": sealed.recipient, "expires": expires,
    });
    context.output.result(&opened, || {
        let values = [("file", &*out), ("recipient", &*sealed.recipient), ("expires", &*expires)];
        DossierText::Unsealed.with(context.lang, &values)
    })?;
    Ok(Exit::Done)
}

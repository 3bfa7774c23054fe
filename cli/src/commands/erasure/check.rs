//! `vandel erasure verify`: a certificate against a trust file, and against the home where it is there.

use serde::Serialize;
use vandel_core::checkpoint::OpenCheckpoint;
use vandel_core::erasure::{Line, Plan, PlanHead};
use vandel_core::event::{Compartment, ErasureCompleted, ErasureExecuted, ErasureStarted, OpenEvent};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::merkle::verify_inclusion;
use vandel_core::record::Record;
use vandel_core::signature::verify_strict;
use vandel_core::statement::Body;
use vandel_ledger::disk::read_all;
use vandel_ledger::erasure::keys_of;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sinks::Register;
use vandel_projector::{Projector, Settings};

use super::certificate::{Certificate, Completed, FORM, Proven, Signer, evidence, executed_event, went};
use super::{hex, shown, sinks, unhex};
use crate::args::ErasureVerifyArgs;
use crate::commands::proof::{open_checkpoint, read_trust};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::reading::Reading;

#[derive(Serialize)]
struct Checked {
    #[serde(rename = "type")]
    kind: &'static str,
    ledger: String,
    pseudonym: String,
    plan: String,
    records: usize,
    state: String,
    anchor: &'static str,
    cosigners: usize,
    home_looked_at: bool,
    not_looked_at: Vec<&'static str>,
}

/// What a certificate proves once its proofs have been followed.
struct Shown {
    ledger: LedgerId,
    line: Line,
    plan: Plan,
    executed: ErasureExecuted,
}

/// Checks a certificate.
pub(super) fn verify(context: &Context, arguments: &ErasureVerifyArgs) -> Result<Exit, CliError> {
    let certificate = read(context, arguments)?;
    let trust = read_trust(context, &arguments.trust)?;
    let opened = open_checkpoint(&trust, certificate.checkpoint.as_bytes())?;
    let witnessed = trust.asks_for_witnesses();
    if witnessed && !trust.quorum_met(&opened.cosigners()) {
        let message = "the witnesses that cosigned do not make the trust file's quorum";
        return Err(CliError::new(Exit::NotProven, "quorum-short", message));
    }
    let shown = follow(&certificate, &opened)?;
    let home_looked_at = look_at_home(context, &certificate, &shown)?;
    let mut not_looked_at = vec![
        "backups, exports, reports, HR files and paper: what people have signed about them is shown, not checked",
        "what a copy of an older root key would open, and copies that nobody entered in the register",
    ];
    if !home_looked_at {
        not_looked_at.push("the home: whether keys, payloads and views are gone there");
        not_looked_at.push("whose the keys are and which roles they held: the chain tells (vandel verify)");
    }
    let checked = Checked {
        kind: "erasure_verified",
        ledger: certificate.ledger.clone(),
        pseudonym: certificate.pseudonym.clone(),
        plan: certificate.plan.hash.clone(),
        records: certificate.records.len(),
        state: certificate.state.clone(),
        cosigners: opened.cosigners().len(),
        anchor: if witnessed { "witnessed" } else { "operator" },
        home_looked_at,
        not_looked_at,
    };
    context.output.result(&checked, || {
        let values =
            [("pseudonym", &*checked.pseudonym), ("plan", &*checked.plan), ("anchor", checked.anchor)];
        let mut text = ErasureText::Verified.with(context.lang, &values);
        checked.not_looked_at.iter().for_each(|one| text += &format!("\n  - {one}"));
        text
    })?;
    Ok(Exit::Done)
}

fn read(context: &Context, arguments: &ErasureVerifyArgs) -> Result<Certificate, CliError> {
    let file = &arguments.file;
    let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
    let refuse = |why: String| {
        CliError::new(Exit::Usage, "not-a-certificate", format!("{}: {why}", file.display()))
            .next("make it with: vandel --json erasure certificate PLAN LINE")
    };
    let certificate: Certificate =
        serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    if certificate.form == FORM { Ok(certificate) } else { Err(refuse(format!("it is no {FORM}"))) }
}

fn wrong(what: impl Into<String>) -> CliError {
    CliError::new(Exit::Integrity, "certificate-wrong", what).next("do not rely on it; ask for a new one")
}

/// Every sentence of the certificate, from the checkpoint down.
fn follow(certificate: &Certificate, opened: &OpenCheckpoint) -> Result<Shown, CliError> {
    let started_bytes = bytes(&certificate.started.bytes, "the start's record")?;
    let executed_bytes = bytes(&certificate.executed.bytes, "the end's record")?;
    let started = place(&certificate.started, &started_bytes, opened)?;
    let executed = place(&certificate.executed, &executed_bytes, opened)?;
    let event = started_event(&started).ok_or_else(|| wrong("the first record starts no erasure"))?;
    let (ledger, line, plan) = follow_plan(certificate, event)?;
    for record in [&started, &executed] {
        if record.statement.statement.ledger != ledger {
            return Err(wrong("a record is of another ledger"));
        }
    }
    follow_people(certificate, &started)?;
    if event.expires < started.time {
        return Err(wrong("the approval had expired when the erasure began"));
    }
    let end = executed_event(&executed).ok_or_else(|| wrong("the second record ends no erasure"))?;
    if end.started != started.number || executed.number <= started.number {
        return Err(wrong("the second record ends another erasure"));
    }
    let alone = Plan { lines: vec![line.clone()], ..plan.clone() };
    if certificate.evidence != evidence(end, keys_of(&alone).len()) {
        return Err(wrong("the evidence is not what the end's record says"));
    }
    follow_completion(certificate, end, opened)?;
    let completed = certificate.completed.is_some();
    let horizon = certificate.backup_horizon.as_deref();
    sinks::follow(&certificate.sinks, ledger, end.epoch, completed, horizon).map_err(wrong)?;
    Ok(Shown { ledger, line, plan: alone, executed: end.clone() })
}

/// A record's bytes, hashed, in its place in the tree, with sound signatures.
fn place<'b>(proven: &Proven, bytes: &'b [u8], opened: &OpenCheckpoint) -> Result<Record<'b>, CliError> {
    let record = Record::decode(bytes).map_err(|error| wrong(error.to_string()))?;
    let proof = proven.proof.iter().map(|hash| self::hash(hash)).collect::<Result<Vec<_>, _>>()?;
    let checkpoint = &opened.checkpoint;
    verify_inclusion(&record.hash(), record.number, checkpoint.size(), &checkpoint.root(), &proof).map_err(
        |error| wrong(format!("record {} is not in the checkpoint's tree: {error}", record.number)),
    )?;
    if record.number != proven.record || record.time.to_string() != proven.time {
        return Err(wrong("a record's number or time is not the one stated"));
    }
    let statement = &record.statement;
    let signatures = [Some((statement.statement.author, statement.signature)), statement.second];
    for (key, signature) in signatures.into_iter().flatten() {
        verify_strict(&key, Domain::Statement, &[statement.signed_bytes], &signature)
            .map_err(|error| wrong(format!("a signature of record {}: {error}", record.number)))?;
    }
    Ok(record)
}

fn started_event<'r>(record: &'r Record<'_>) -> Option<&'r ErasureStarted> {
    match &record.statement.statement.body {
        Body::Open(event) => match &**event {
            OpenEvent::ErasureStarted(started) => Some(started),
            _ => None,
        },
        Body::Sealed(_) => None,
    }
}

/// From the hash that two people signed to the line, and to every word about it.
fn follow_plan(
    certificate: &Certificate,
    event: &ErasureStarted,
) -> Result<(LedgerId, Line, Plan), CliError> {
    let of = &certificate.plan;
    let ledger: LedgerId = certificate.ledger.parse().map_err(|_| wrong("the ledger's id is none"))?;
    let as_of = of.as_of.parse().map_err(|_| wrong("the plan's day is none"))?;
    let head = PlanHead { ledger, as_of, disposal: of.disposal };
    let lines = of.lines.iter().map(|line| hash(line)).collect::<Result<Vec<_>, _>>()?;
    if head.hash(&lines) != event.plan || shown(&event.plan) != of.hash {
        return Err(wrong("the plan is not the one that two people signed"));
    }
    let line = Line::decode(&bytes(&of.line_bytes, "the line")?).map_err(|error| wrong(error.to_string()))?;
    if lines.get(of.line) != Some(&line.hash(&hash(&of.line_salt)?)) {
        return Err(wrong("the line is not of the plan"));
    }
    let said = certificate.compartments == went(&line)
        && certificate.records == line.records
        && certificate.pseudonym == hex(&line.pseudonym);
    if !said || line.records.iter().any(|record| event.records.binary_search(record).is_err()) {
        return Err(wrong("the compartments, records or pseudonym are not the line's"));
    }
    // The plan's own salt is not shown, and not needed for its keys.
    let plan = Plan { ledger, salt: [0; 32], as_of, disposal: of.disposal, lines: Vec::new() };
    Ok((ledger, line, plan))
}

fn follow_people(certificate: &Certificate, started: &Record<'_>) -> Result<(), CliError> {
    follow_signers([&certificate.ordered_by, &certificate.approved_by], started)
}

/// The two named are the two who signed, and are two.
fn follow_signers(people: [&Signer; 2], record: &Record<'_>) -> Result<(), CliError> {
    let signed = [Some(record.statement.statement.author), record.statement.second.map(|(key, _)| key)];
    for (person, signed) in people.iter().zip(signed) {
        if signed.map(|key: PublicKey| key.to_string()) != Some(person.key.clone()) {
            return Err(wrong("a person named did not sign"));
        }
    }
    if people[0].actor == people[1].actor || people[0].key == people[1].key {
        return Err(wrong("one person signed for two"));
    }
    Ok(())
}

/// The completion, where there is one: two people, of this erasure, after its end.
fn follow_completion(
    certificate: &Certificate,
    end: &ErasureExecuted,
    opened: &OpenCheckpoint,
) -> Result<(), CliError> {
    let said = if certificate.completed.is_some() { "completed" } else { "executed" };
    if certificate.state != said {
        return Err(wrong("the state is not the one that the records show"));
    }
    let Some(Completed { record, said_by, confirmed_by }) = &certificate.completed else { return Ok(()) };
    let bytes = bytes(&record.bytes, "the completion's record")?;
    let record = place(record, &bytes, opened)?;
    let event = completed_event(&record).ok_or_else(|| wrong("the third record completes no erasure"))?;
    if event.started != end.started || event.oldest_epoch < end.epoch {
        return Err(wrong("the third record completes another erasure"));
    }
    follow_signers([said_by, confirmed_by], &record)
}

fn completed_event<'r>(record: &'r Record<'_>) -> Option<&'r ErasureCompleted> {
    match &record.statement.statement.body {
        Body::Open(event) => match &**event {
            OpenEvent::ErasureCompleted(completed) => Some(completed),
            _ => None,
        },
        Body::Sealed(_) => None,
    }
}

/// Looks into the home, if it holds this ledger: keys, payloads, views. False if it does not.
fn look_at_home(context: &Context, certificate: &Certificate, shown: &Shown) -> Result<bool, CliError> {
    let reading = match Reading::open(context) {
        Ok(reading) => reading,
        Err(error) if error.exit() == Exit::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if reading.chain().ledger != shown.ledger {
        return Ok(false);
    }
    for person in [&certificate.ordered_by, &certificate.approved_by] {
        let entries = reading.chain().keyring.entries();
        let entry = entries.iter().find(|(key, _)| key.to_string() == person.key).map(|(_, entry)| entry);
        let stated = entry.map(|entry| (entry.actor.to_string(), entry.enrolled_at));
        if stated != Some((person.actor.clone(), person.enrolled_at)) {
            return Err(wrong("the chain gives a signer's key to another person"));
        }
    }
    let remains = |what: String| {
        Err(CliError::new(Exit::Integrity, "not-erased", what)
            .next("run: vandel retention apply --plan HASH, then verify again"))
    };
    let register = Register::read(&*context.disk, &context.home, shown.ledger)?;
    let now = sinks::all(&register, &shown.executed, &shown.line);
    if now.iter().any(|sink| !certificate.sinks.contains(sink)) {
        context.output.warn(&ErasureText::SinksChanged.in_lang(context.lang));
    }
    for key in keys_of(&shown.plan) {
        if reading.vault().key(&key)?.is_some() {
            return remains("a key that was to be destroyed is in the vault".to_owned());
        }
    }
    let whole = shown.line.erases(Compartment::Spine);
    for record in shown.line.records.iter().filter(|_| whole) {
        let opened = reading.vault().get(*record)?;
        if opened.is_some_and(|opened| !matches!(from_opened(&opened), Unsealed::Erased)) {
            return remains(format!("the payload of record {record} still opens"));
        }
    }
    // The negative test: every key that the vault still reaches is tried on every part that went.
    let opens = reading.vault().try_all_keys(&shown.line.records)?;
    if opens > 0 {
        return remains(format!("{opens} erased part(s) open under a key that is still there"));
    }
    let source = reading.source();
    let views = [reading.projector()?, Projector::in_memory(&source, Settings::default())?];
    for projector in &views {
        let views = projector.views(&source);
        let left = views.existing(&shown.line.thread);
        let answers = left.iter().any(|one| shown.line.erases(*one));
        if answers || (whole && views.records(&shown.line.thread).is_some()) {
            return remains("the views still answer about what was erased".to_owned());
        }
    }
    Ok(true)
}

fn bytes(text: &str, what: &str) -> Result<Vec<u8>, CliError> {
    unhex(text).ok_or_else(|| wrong(format!("{what} is not in hexadecimal digits")))
}

fn hash(text: &str) -> Result<Hash, CliError> {
    Hash::from_hex(text).ok_or_else(|| wrong("a hash is not 64 hexadecimal digits"))
}

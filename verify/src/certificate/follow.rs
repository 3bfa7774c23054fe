//! Following a certificate from the checkpoint down (`docs/certificate.md`, C2 to C16).

use serde::Serialize;
use vandel_core::checkpoint::OpenCheckpoint;
use vandel_core::erasure::{Line, Plan, PlanHead};
use vandel_core::event::{ErasureCompleted, ErasureExecuted, ErasureStarted, OpenEvent};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::merkle::verify_inclusion;
use vandel_core::record::Record;
use vandel_core::signature::verify_strict;
use vandel_core::statement::Body;
use vandel_core::trust::Trust;
use vandel_ledger::erasure::keys_of;

use super::{
    Certificate, Completed, Proven, Signer, evidence, executed_event, hex, shown, sinks, unhex, went,
};
use crate::Refusal;
use crate::evidence::{Rests, open_checkpoint, rests_on};

/// What a certificate shows, in words for a report.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The ledger's id.
    pub ledger: String,
    /// The log's name.
    pub origin: String,
    /// Stands for the case.
    pub pseudonym: String,
    /// The plan, `sha256:…`.
    pub plan: String,
    /// How many records it names.
    pub records: usize,
    /// The record that started the erasure.
    pub started: u64,
    /// The record that says it was carried out.
    pub executed: u64,
    /// `executed` or `completed`.
    pub state: String,
    /// What it rests on.
    pub anchor: Rests,
    /// How many witnesses of the trust file cosigned.
    pub cosigners: usize,
    /// Whether the home was looked at too.
    pub home_looked_at: bool,
    /// What was not.
    pub not_looked_at: Vec<&'static str>,
}

impl Checked {
    /// With what a look at the ledger's home has shown as well.
    #[must_use]
    pub fn with_home(self) -> Self {
        Self { home_looked_at: true, not_looked_at: NEVER_LOOKED_AT.to_vec(), ..self }
    }
}

const NEVER_LOOKED_AT: [&str; 2] = [
    "backups, exports, reports, HR files and paper: what people have signed about them is shown, not checked",
    "what a copy of an older root key would open, and copies that nobody entered in the register",
];
const WITHOUT_HOME: [&str; 2] = [
    "the home: whether keys, payloads and views are gone there",
    "whose the keys are and which roles they held: the chain tells (vandel-verify on a copy of the log)",
];

/// What the certificate has shown, for who can look into the home.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The ledger.
    pub ledger: LedgerId,
    /// The line.
    pub line: Line,
    /// A plan of this line alone, without its salt.
    pub plan: Plan,
    /// What the end says.
    pub executed: ErasureExecuted,
}

/// Checks a certificate.
///
/// # Errors
/// Wrong with the step (`certificate-c5`) and, where one is to blame, the record; not proven if the trust file does
/// not bear it out.
pub fn check(certificate: &Certificate, trust: &Trust) -> Result<(Checked, Shown), Refusal> {
    let opened = open_checkpoint(trust, certificate.checkpoint.as_bytes())?;
    let shown = follow(certificate, &opened)?;
    let checked = Checked {
        kind: "erasure_verified",
        ledger: certificate.ledger.clone(),
        origin: opened.checkpoint.origin().to_owned(),
        pseudonym: certificate.pseudonym.clone(),
        plan: certificate.plan.hash.clone(),
        records: certificate.records.len(),
        started: certificate.started.record,
        executed: certificate.executed.record,
        state: certificate.state.clone(),
        cosigners: opened.cosigners().len(),
        anchor: rests_on(trust, &opened)?,
        home_looked_at: false,
        not_looked_at: [NEVER_LOOKED_AT, WITHOUT_HOME].concat(),
    };
    Ok((checked, shown))
}

/// A refusal of a step.
fn wrong(step: &'static str, what: impl Into<String>) -> Refusal {
    Refusal::wrong(step, what).next("do not rely on it; ask for a new one")
}

/// Every sentence of the certificate, in the order of the document.
fn follow(certificate: &Certificate, opened: &OpenCheckpoint) -> Result<Shown, Refusal> {
    let Certificate { started: first, executed: second, .. } = certificate;
    let started_bytes = bytes_of(first)?;
    let started = place(first, &started_bytes, opened)?;
    let executed_bytes = bytes_of(second)?;
    let executed = place(second, &executed_bytes, opened)?;
    let at_first = |refusal: Refusal| refusal.record(first.record);
    let event = started_event(&started)
        .ok_or_else(|| at_first(wrong("certificate-c4", "the first record starts no erasure")))?;
    let (ledger, line, plan) = follow_plan(certificate, event).map_err(at_first)?;
    for record in [&started, &executed] {
        if record.statement.statement.ledger != ledger {
            return Err(wrong("certificate-c8", "a record is of another ledger").record(record.number));
        }
    }
    let people = [&certificate.ordered_by, &certificate.approved_by];
    follow_signers("certificate-c9", people, &started).map_err(at_first)?;
    if event.expires < started.time {
        let what = "the approval had expired when the erasure began";
        return Err(at_first(wrong("certificate-c10", what)));
    }
    let at_second = |step, what: &str| wrong(step, what).record(second.record);
    let end = executed_event(&executed)
        .ok_or_else(|| at_second("certificate-c11", "the second record ends no erasure"))?;
    if end.started != started.number || executed.number <= started.number {
        return Err(at_second("certificate-c11", "the second record ends another erasure"));
    }
    let alone = Plan { lines: vec![line.clone()], ..plan };
    if certificate.evidence != evidence(end, keys_of(&alone).len()) {
        return Err(at_second("certificate-c12", "the evidence is not what the end's record says"));
    }
    follow_completion(certificate, end, opened)?;
    let completed = certificate.completed.is_some();
    let horizon = certificate.backup_horizon.as_deref();
    sinks::follow(&certificate.sinks, ledger, end.epoch, completed, horizon)
        .map_err(|(step, what)| wrong(step, what))?;
    Ok(Shown { ledger, line, plan: alone, executed: end.clone() })
}

/// C3: a record's bytes, hashed, in its place in the tree, with sound signatures.
fn place<'b>(proven: &Proven, bytes: &'b [u8], opened: &OpenCheckpoint) -> Result<Record<'b>, Refusal> {
    let wrong = |what: String| wrong("certificate-c3", what).record(proven.record);
    let record = Record::decode(bytes).map_err(|error| wrong(error.to_string()))?;
    let proof = proven.proof.iter().map(|hash| Hash::from_hex(hash)).collect::<Option<Vec<_>>>();
    let proof = proof.ok_or_else(|| wrong(NO_HASH.to_owned()))?;
    let checkpoint = &opened.checkpoint;
    verify_inclusion(&record.hash(), record.number, checkpoint.size(), &checkpoint.root(), &proof).map_err(
        |error| wrong(format!("record {} is not in the checkpoint's tree: {error}", record.number)),
    )?;
    if record.number != proven.record || record.time.to_string() != proven.time {
        return Err(wrong("a record's number or time is not the one stated".to_owned()));
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

/// C5 to C7: from the hash that two people signed to the line, and to every word about it.
fn follow_plan(certificate: &Certificate, event: &ErasureStarted) -> Result<(LedgerId, Line, Plan), Refusal> {
    let of = &certificate.plan;
    let bad = |what: &str| wrong("certificate-c5", what);
    let ledger: LedgerId = certificate.ledger.parse().map_err(|_| bad("the ledger's id is none"))?;
    let as_of = of.as_of.parse().map_err(|_| bad("the plan's day is none"))?;
    let head = PlanHead { ledger, as_of, disposal: of.disposal };
    let lines = of.lines.iter().map(|line| Hash::from_hex(line)).collect::<Option<Vec<_>>>();
    let lines = lines.ok_or_else(|| bad(NO_HASH))?;
    if head.hash(&lines) != event.plan || shown(&event.plan) != of.hash {
        return Err(bad("the plan is not the one that two people signed"));
    }
    let bad = |what: &str| wrong("certificate-c6", what);
    let line = unhex(&of.line_bytes).ok_or_else(|| bad("the line is not in hexadecimal digits"))?;
    let line = Line::decode(&line).map_err(|error| bad(&error.to_string()))?;
    let salt = Hash::from_hex(&of.line_salt).ok_or_else(|| bad(NO_HASH))?;
    if lines.get(of.line) != Some(&line.hash(&salt)) {
        return Err(bad("the line is not of the plan"));
    }
    let said = certificate.compartments == went(&line)
        && certificate.records == line.records
        && certificate.pseudonym == hex(&line.pseudonym);
    if !said || line.records.iter().any(|record| event.records.binary_search(record).is_err()) {
        let what = "the compartments, records or pseudonym are not the line's";
        return Err(wrong("certificate-c7", what));
    }
    // The plan's own salt is not shown, and not needed for its keys.
    let plan = Plan { ledger, salt: [0; 32], as_of, disposal: of.disposal, lines: Vec::new() };
    Ok((ledger, line, plan))
}

/// C9 and C14: the two named are the two who signed, and are two.
fn follow_signers(step: &'static str, people: [&Signer; 2], record: &Record<'_>) -> Result<(), Refusal> {
    let signed = [Some(record.statement.statement.author), record.statement.second.map(|(key, _)| key)];
    for (person, signed) in people.iter().zip(signed) {
        if signed.map(|key: PublicKey| key.to_string()).as_ref() != Some(&person.key) {
            return Err(wrong(step, "a person named did not sign"));
        }
    }
    if people[0].actor == people[1].actor || people[0].key == people[1].key {
        return Err(wrong(step, "one person signed for two"));
    }
    Ok(())
}

/// C14: the completion, where there is one: two people, of this erasure, after its end.
fn follow_completion(
    certificate: &Certificate,
    end: &ErasureExecuted,
    opened: &OpenCheckpoint,
) -> Result<(), Refusal> {
    let said = if certificate.completed.is_some() { "completed" } else { "executed" };
    if certificate.state != said {
        let what = "the state is not the one that the records show";
        return Err(wrong("certificate-c14", what).record(certificate.executed.record));
    }
    let Some(Completed { record: proven, said_by, confirmed_by }) = &certificate.completed else {
        return Ok(());
    };
    let bad = |what: &str| wrong("certificate-c14", what).record(proven.record);
    let bytes = bytes_of(proven)?;
    let record = place(proven, &bytes, opened)?;
    let event = completed_event(&record).ok_or_else(|| bad("the third record completes no erasure"))?;
    if event.started != end.started || event.oldest_epoch < end.epoch {
        return Err(bad("the third record completes another erasure"));
    }
    follow_signers("certificate-c14", [said_by, confirmed_by], &record)
        .map_err(|refusal| refusal.record(proven.record))
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

const NO_HASH: &str = "a hash is not 64 hexadecimal digits";

fn bytes_of(proven: &Proven) -> Result<Vec<u8>, Refusal> {
    unhex(&proven.bytes).ok_or_else(|| {
        wrong("certificate-c3", "the record is not in hexadecimal digits").record(proven.record)
    })
}
